# Figures: one job draws all pictures of one figure at one scale; every figure has its rule.
# A shell command is formatted late, when the loop has ended: the figure's name comes in by its parameter.

for name, figure in study.figure_rules():

    rule:
        name:
            figure.name
        input:
            figure.reads,
        output:
            pictures=report(study.pictures(name, "png"), caption=f"../report/{name}.rst", category=study.category(name)),
            vectors=study.pictures(name, "svg"),
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
