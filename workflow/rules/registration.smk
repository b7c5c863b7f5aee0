# Real low-resolution scans: denoised and registered to their high-resolution scans, with a picture to check it by.


rule register_scan:
    input:
        volumes=ancient(study.reads("register", role="volumes")),
        slices=study.reads("register", role="slices"),
    output:
        slices=layout.registered,
        picture=report(layout.registration_picture, caption="../report/registration.rst", category="Degradations"),
        vectors=layout.registration_vectors,
        record=layout.registered_record,
    log:
        f"{layout.logs}/register_scan/x{{scale}}/{{degradation}}/{{subject}}.log",
    benchmark:
        f"{layout.timings}/register_scan/x{{scale}}/{{degradation}}/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("register"),
        runtime=study.minutes("register"),
    params:
        identity=study.identity("register"),
    shell:
        "mrisr register --study {layout.study} --scale {wildcards.scale} --degradation {wildcards.degradation}"
        " --subject {wildcards.subject} --identity {params.identity} > {log} 2>&1"
