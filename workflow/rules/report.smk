# The report: Snakemake writes it in a call of its own, from the study as it ran.


localrules:
    write_report,


rule write_report:
    input:
        study.tables(),
        study.figures(),
    output:
        report=layout.report,
        record=layout.report_record,
    log:
        f"{layout.logs}/report.log",
    threads: 1
    params:
        identity=study.identity("report"),
    shell:
        "mrisr report --study {layout.study} --identity {params.identity} > {log} 2>&1"
