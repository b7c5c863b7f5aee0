# Learned from slices before the models: a kernel for each slice of a subject, a downsampling network, and BRISQUE.


estimate = study.rule("kernels")


rule estimate_kernels:
    input:
        estimate.reads,
    output:
        **estimate.writes,
    log:
        estimate.log,
    benchmark:
        estimate.timing
    threads: estimate.threads
    resources:
        mem_mb=estimate.memory,
        runtime=estimate.minutes,
        gpu=estimate.gpus,
    params:
        identity=estimate.identity,
    shell:
        "mrisr kernels --study {layout.study} --scale {wildcards.scale} --method {wildcards.method}"
        f" --subject {{wildcards.subject}} --seed {{wildcards.kernel_seed}}{study.time_limit}"
        " --identity {params.identity} > {log} 2>&1"


downsampler = study.rule("network")


rule train_downsampler:
    input:
        downsampler.reads,
    output:
        **downsampler.writes,
    log:
        downsampler.log,
    benchmark:
        downsampler.timing
    threads: downsampler.threads
    resources:
        mem_mb=downsampler.memory,
        runtime=downsampler.minutes,
        gpu=downsampler.gpus,
    params:
        identity=downsampler.identity,
        fold=downsampler.fold,
    shell:
        "mrisr kernels --study {layout.study} --scale {wildcards.scale} --method {wildcards.method}{params.fold}"
        f"{study.time_limit} --identity {{params.identity}} > {{log}} 2>&1"


brisque = study.rule("brisque")


rule train_brisque:
    input:
        brisque.reads,
    output:
        **brisque.writes,
    log:
        brisque.log,
    benchmark:
        brisque.timing
    threads: 1
    resources:
        mem_mb=brisque.memory,
        runtime=brisque.minutes,
    params:
        identity=brisque.identity,
        fold=brisque.fold,
    shell:
        "mrisr brisque --study {layout.study}{params.fold} --identity {params.identity} > {log} 2>&1"
