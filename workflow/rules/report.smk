# The report: a separate call of Snakemake writes it, from the study file as it ran.

report_page = study.rule("report")


localrules:
    write_report,


rule write_report:
    input:
        report_page.reads,
    output:
        **report_page.writes,
    log:
        f"{layout.logs}/report.log",
    threads: 1
    params:
        identity=report_page.identity,
    shell:
        "mrisr report --study {layout.study} --identity {params.identity} > {log} 2>&1"
