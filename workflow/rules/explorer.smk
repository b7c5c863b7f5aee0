# The explorer: one page with every score, its pictures, curves and records.

explorer = study.rule("explorer")


rule write_explorer:
    input:
        explorer.reads,
    output:
        **explorer.writes,
    log:
        explorer.log,
    benchmark:
        explorer.timing
    threads: 1
    resources:
        mem_mb=explorer.memory,
        runtime=explorer.minutes,
    params:
        identity=explorer.identity,
    shell:
        "mrisr explorer --study {layout.study} --identity {params.identity} > {log} 2>&1"
