# Tables: one job makes all tables from the scores of all models and baselines.

tabulate = study.rule("tabulate")


rule tabulate:
    input:
        tabulate.reads,
    output:
        **tabulate.writes,
        **{
            table: report(files, caption=f"../report/{table}.rst", category=category)
            for table, (files, category) in study.table_files().items()
        },
    log:
        tabulate.log,
    benchmark:
        tabulate.timing
    threads: 1
    resources:
        mem_mb=tabulate.memory,
        runtime=tabulate.minutes,
    params:
        identity=tabulate.identity,
    shell:
        "mrisr tabulate --study {layout.study} --identity {params.identity} > {log} 2>&1"
