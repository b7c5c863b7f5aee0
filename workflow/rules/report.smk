# The report: Snakemake writes it in a call of its own, from the study as it ran.


localrules:
    write_report,


rule write_report:
    input:
        study.tables(),
        study.figures(),
    output:
        layout.report,
    log:
        f"{layout.logs}/report.log",
    threads: 1
    params:
        identity=study.report_identity(),
    shell:
        "snakemake --nolock --cores 1 --configfile {layout.study} --report {output} results > {log} 2>&1"
