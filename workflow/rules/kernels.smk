# What is learned from slices before the models: a kernel for each slice of a subject, a downsampling network, BRISQUE.


rule estimate_kernels:
    input:
        study.reads("kernels"),
    output:
        kernels=layout.kernels,
        table=layout.kernels_table,
        record=layout.kernels_record,
    log:
        f"{layout.logs}/estimate_kernels/x{{scale}}/{{method}}/{{degradation}}/seed{{kernel_seed}}/{{subject}}.log",
    benchmark:
        f"{layout.timings}/estimate_kernels/x{{scale}}/{{method}}/{{degradation}}/seed{{kernel_seed}}/{{subject}}.tsv"
    threads: study.kernel_threads
    resources:
        mem_mb=study.memory("kernels"),
        runtime=study.minutes("kernels"),
        gpu=study.kernel_gpus,
    params:
        identity=study.identity("kernels"),
    shell:
        "mrisr kernels --study {layout.study} --scale {wildcards.scale} --method {wildcards.method}"
        f" --subject {{wildcards.subject}}{study.time_limit}"
        " --identity {params.identity} > {log} 2>&1"


rule train_downsampler:
    input:
        study.reads("network"),
    output:
        weights=layout.network,
        history=layout.network_history,
        record=layout.network_record,
    log:
        f"{layout.logs}/train_downsampler/x{{scale}}/{{method}}/{{degradation}}/seed{{kernel_seed}}{{in_fold}}.log",
    benchmark:
        f"{layout.timings}/train_downsampler/x{{scale}}/{{method}}/{{degradation}}/seed{{kernel_seed}}{{in_fold}}.tsv"
    threads: study.kernel_threads
    resources:
        mem_mb=study.memory("network"),
        runtime=study.minutes("network"),
        gpu=study.kernel_gpus,
    params:
        identity=study.identity("network"),
        fold=study.fold,
    shell:
        "mrisr kernels --study {layout.study} --scale {wildcards.scale} --method {wildcards.method}{params.fold}"
        f"{study.time_limit} --identity {{params.identity}} > {{log}} 2>&1"


rule train_brisque:
    input:
        study.reads("brisque"),
    output:
        regressor=layout.regressor,
        record=layout.regressor_record,
    log:
        f"{layout.logs}/train_brisque{{in_fold}}.log",
    benchmark:
        f"{layout.timings}/train_brisque{{in_fold}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("brisque"),
        runtime=study.minutes("brisque"),
    params:
        identity=study.identity("brisque"),
        fold=study.fold,
    shell:
        "mrisr brisque --study {layout.study}{params.fold} --identity {params.identity} > {log} 2>&1"
