# Figures: one job draws all pictures of one figure at one scale. Every figure has its own rule.
# Snakemake formats a shell command after the loop has ended. So the figure's name is a parameter.

for name, figure in study.figure_rules():

    rule:
        name:
            figure.name
        input:
            figure.reads,
        output:
            pictures=report(study.pictures(name, "png"), caption=f"../report/{name}.rst", category=study.category(name)),
            vectors=study.pictures(name, "svg"),
            numbers=report(study.numbers(name), caption=f"../report/{name}.rst", category=study.category(name)),
            record=figure.record,
        log:
            figure.log,
        benchmark:
            figure.timing
        threads: 1
        resources:
            mem_mb=figure.memory,
            runtime=figure.minutes,
        params:
            figure=name,
            identity=figure.identity,
        shell:
            "mrisr figures {params.figure} --study {layout.study} --scale {wildcards.scale}"
            " --identity {params.identity} > {log} 2>&1"
