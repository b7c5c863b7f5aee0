# Tables: from the scores of all models and baselines to what a paper prints.


rule tabulate:
    input:
        study.reads("tabulate"),
    output:
        scores=layout.scores,
        wide=report(study.wide_tables(), caption="../report/table.rst", category="Tables"),
        methods=report(f"{layout.tables}/methods.csv", caption="../report/methods.rst", category="Tables"),
        tests=report(study.tests(), caption="../report/tests.rst", category="Findings"),
        bias=report(f"{layout.tables}/bias.csv", caption="../report/bias.rst", category="Findings"),
        findings=report(f"{layout.tables}/findings.csv", caption="../report/findings.rst", category="Findings"),
        record=layout.tables_record,
    log:
        f"{layout.logs}/tabulate.log",
    benchmark:
        f"{layout.timings}/tabulate.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("tabulate"),
        runtime=study.minutes("tabulate"),
    params:
        identity=study.identity("tabulate"),
    shell:
        "mrisr tabulate --study {layout.study} --identity {params.identity} > {log} 2>&1"
