# Mode collapse: one job measures the outputs of all models of a study that asks for it.

diversity = study.rule("diversity")


rule measure_diversity:
    input:
        diversity.reads,
    output:
        diversity=report(diversity.writes["diversity"], caption="../report/diversity_table.rst", category="Tables"),
        record=diversity.record,
    log:
        diversity.log,
    benchmark:
        diversity.timing
    threads: diversity.threads
    resources:
        mem_mb=diversity.memory,
        runtime=diversity.minutes,
        gpu=diversity.gpus,
    params:
        identity=diversity.identity,
    shell:
        "mrisr diversity --study {layout.study} --identity {params.identity} > {log} 2>&1"
