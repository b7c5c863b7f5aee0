# Degradations: one job degrades all slices of a subject in one way.


degrade = study.rule("degrade")


rule degrade_slices:
    input:
        degrade.reads,
    output:
        **degrade.writes,
    log:
        degrade.log,
    benchmark:
        degrade.timing
    threads: 1
    resources:
        mem_mb=degrade.memory,
        runtime=degrade.minutes,
    params:
        identity=degrade.identity,
        fold=degrade.fold,
    shell:
        "mrisr degrade --study {layout.study} --scale {wildcards.scale} --degradation {wildcards.degradation}"
        " --subject {wildcards.subject}{params.fold} --identity {params.identity} > {log} 2>&1"
