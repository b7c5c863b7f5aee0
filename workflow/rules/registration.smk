# Real low-resolution scans: one job denoises a scan, registers it to its high-resolution scan, and draws a picture.


register = study.rule("register")


rule register_scan:
    input:
        volumes=ancient(register.role("volumes")),
        slices=register.role("slices"),
    output:
        slices=register.writes["slices"],
        picture=report(register.writes["picture"], caption="../report/registration.rst", category="Degradations"),
        vectors=register.writes["vectors"],
        record=register.record,
    log:
        register.log,
    benchmark:
        register.timing
    threads: 1
    resources:
        mem_mb=register.memory,
        runtime=register.minutes,
    params:
        identity=register.identity,
    shell:
        "mrisr register --study {layout.study} --scale {wildcards.scale} --degradation {wildcards.degradation}"
        " --subject {wildcards.subject} --identity {params.identity} > {log} 2>&1"
