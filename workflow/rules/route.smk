# Router: one job chooses specialists in a study that names arms of remedies.

route = study.rule("route")


rule route_scans:
    input:
        route.reads,
    output:
        **route.writes,
    log:
        route.log,
    benchmark:
        route.timing
    threads: 1
    resources:
        mem_mb=route.memory,
        runtime=route.minutes,
    params:
        identity=route.identity,
    shell:
        "mrisr route --study {layout.study} --identity {params.identity} > {log} 2>&1"
