# The artifact: a rule without outputs, so that it is written anew whenever somebody asks for it.


localrules:
    publish,


rule publish:
    input:
        study.results,
        layout.report,
        layout.explorer,
    log:
        f"{layout.logs}/publish.log",
    threads: 1
    shell:
        "mrisr publish --study {layout.study} > {log} 2>&1"
