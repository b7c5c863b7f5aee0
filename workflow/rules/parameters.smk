# Networks: one job measures the networks of a study that asks for it.

parameters = study.rule("parameters")


rule measure_networks:
    input:
        parameters.reads,
    output:
        **{
            **parameters.writes,
            "parameters": report(
                parameters.writes["parameters"], caption="../report/parameters.rst", category="Tables"
            ),
        },
    log:
        parameters.log,
    benchmark:
        parameters.timing
    threads: parameters.threads
    resources:
        mem_mb=parameters.memory,
        runtime=parameters.minutes,
        gpu=parameters.gpus,
    params:
        identity=parameters.identity,
    shell:
        "mrisr parameters --study {layout.study} --identity {params.identity} > {log} 2>&1"
