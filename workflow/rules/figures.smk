# Figures: one job draws all pictures of one kind at one scale.


rule plot_heatmap:
    input:
        study.reads("figure", figure="heatmap"),
    output:
        pictures=report(study.pictures("heatmap", "png"), caption="../report/heatmap.rst", category="Bias"),
        vectors=study.pictures("heatmap", "svg"),
        record=layout.figure_record.replace("{figure}", "heatmap"),
    log:
        f"{layout.logs}/plot_heatmap/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_heatmap/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="heatmap"),
        runtime=study.minutes("figure", figure="heatmap"),
    params:
        identity=study.identity("figure", figure="heatmap"),
    shell:
        "mrisr figures heatmap --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_gaps:
    input:
        study.reads("figure", figure="gaps"),
    output:
        pictures=report(study.pictures("gaps", "png"), caption="../report/gaps.rst", category="Bias"),
        vectors=study.pictures("gaps", "svg"),
        record=layout.figure_record.replace("{figure}", "gaps"),
    log:
        f"{layout.logs}/plot_gaps/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_gaps/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="gaps"),
        runtime=study.minutes("figure", figure="gaps"),
    params:
        identity=study.identity("figure", figure="gaps"),
    shell:
        "mrisr figures gaps --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_boxplot:
    input:
        study.reads("figure", figure="boxplot"),
    output:
        pictures=report(study.pictures("boxplot", "png"), caption="../report/boxplot.rst", category="Bias"),
        vectors=study.pictures("boxplot", "svg"),
        record=layout.figure_record.replace("{figure}", "boxplot"),
    log:
        f"{layout.logs}/plot_boxplot/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_boxplot/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="boxplot"),
        runtime=study.minutes("figure", figure="boxplot"),
    params:
        identity=study.identity("figure", figure="boxplot"),
    shell:
        "mrisr figures boxplot --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_panel:
    input:
        study.reads("figure", figure="panel"),
    output:
        pictures=report(study.pictures("panel", "png"), caption="../report/panel.rst", category="Pictures"),
        vectors=study.pictures("panel", "svg"),
        record=layout.figure_record.replace("{figure}", "panel"),
    log:
        f"{layout.logs}/plot_panel/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_panel/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="panel"),
        runtime=study.minutes("figure", figure="panel"),
    params:
        identity=study.identity("figure", figure="panel"),
    shell:
        "mrisr figures panel --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_gallery:
    input:
        study.reads("figure", figure="gallery"),
    output:
        pictures=report(study.pictures("gallery", "png"), caption="../report/gallery.rst", category="Pictures"),
        vectors=study.pictures("gallery", "svg"),
        record=layout.figure_record.replace("{figure}", "gallery"),
    log:
        f"{layout.logs}/plot_gallery/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_gallery/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="gallery"),
        runtime=study.minutes("figure", figure="gallery"),
    params:
        identity=study.identity("figure", figure="gallery"),
    shell:
        "mrisr figures gallery --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_curves:
    input:
        study.reads("figure", figure="curves"),
    output:
        pictures=report(study.pictures("curves", "png"), caption="../report/curves.rst", category="Training"),
        vectors=study.pictures("curves", "svg"),
        record=layout.figure_record.replace("{figure}", "curves"),
    log:
        f"{layout.logs}/plot_curves/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_curves/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="curves"),
        runtime=study.minutes("figure", figure="curves"),
    params:
        identity=study.identity("figure", figure="curves"),
    shell:
        "mrisr figures curves --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_mscn:
    input:
        study.reads("figure", figure="mscn"),
    output:
        pictures=report(study.pictures("mscn", "png"), caption="../report/mscn.rst", category="Degradations"),
        vectors=study.pictures("mscn", "svg"),
        record=layout.figure_record.replace("{figure}", "mscn"),
    log:
        f"{layout.logs}/plot_mscn/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_mscn/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="mscn"),
        runtime=study.minutes("figure", figure="mscn"),
    params:
        identity=study.identity("figure", figure="mscn"),
    shell:
        "mrisr figures mscn --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_profile:
    input:
        study.reads("figure", figure="profile"),
    output:
        pictures=report(study.pictures("profile", "png"), caption="../report/profile.rst", category="Degradations"),
        vectors=study.pictures("profile", "svg"),
        record=layout.figure_record.replace("{figure}", "profile"),
    log:
        f"{layout.logs}/plot_profile/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_profile/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="profile"),
        runtime=study.minutes("figure", figure="profile"),
    params:
        identity=study.identity("figure", figure="profile"),
    shell:
        "mrisr figures profile --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"


rule plot_kernels:
    input:
        study.reads("figure", figure="kernels"),
    output:
        pictures=report(study.pictures("kernels", "png"), caption="../report/kernels.rst", category="Degradations"),
        vectors=study.pictures("kernels", "svg"),
        record=layout.figure_record.replace("{figure}", "kernels"),
    log:
        f"{layout.logs}/plot_kernels/x{{scale}}.log",
    benchmark:
        f"{layout.timings}/plot_kernels/x{{scale}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("figure", figure="kernels"),
        runtime=study.minutes("figure", figure="kernels"),
    params:
        identity=study.identity("figure", figure="kernels"),
    shell:
        "mrisr figures kernels --study {layout.study} --scale {wildcards.scale} --identity {params.identity} > {log} 2>&1"
