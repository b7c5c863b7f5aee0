# Degradations: one job degrades all slices of a subject in one way.


rule degrade_slices:
    input:
        study.reads("degrade"),
    output:
        slices=layout.degraded,
        record=layout.degraded_record,
    log:
        f"{layout.logs}/degrade_slices/x{{scale}}/{{degradation}}{{in_fold}}/{{subject}}.log",
    benchmark:
        f"{layout.timings}/degrade_slices/x{{scale}}/{{degradation}}{{in_fold}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("degrade"),
        runtime=study.minutes("degrade"),
    params:
        identity=study.identity("degrade"),
        fold=study.fold,
    shell:
        "mrisr degrade --study {layout.study} --scale {wildcards.scale} --degradation {wildcards.degradation}"
        " --subject {wildcards.subject}{params.fold} --identity {params.identity} > {log} 2>&1"
