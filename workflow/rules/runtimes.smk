# Run times: one job at each scale times every method of a study that asks for it.

runtimes = study.rule("runtimes")


rule measure_runtimes:
    input:
        runtimes.reads,
    output:
        runtimes=report(runtimes.writes["runtimes"], caption="../report/runtimes.rst", category="Tables"),
        record=runtimes.record,
    log:
        runtimes.log,
    benchmark:
        runtimes.timing
    threads: runtimes.threads
    resources:
        mem_mb=runtimes.memory,
        runtime=runtimes.minutes,
        gpu=runtimes.gpus,
    params:
        identity=runtimes.identity,
    shell:
        "mrisr runtimes --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"
