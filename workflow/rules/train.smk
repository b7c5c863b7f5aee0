# Training: one job trains one model. On a cluster it writes a checkpoint and stops before its time is up. When it is
# called again, it continues.


train = study.rule("train")


rule train_model:
    input:
        train.reads,
    output:
        **train.writes,
    log:
        train.log,
    benchmark:
        train.timing
    threads: train.threads
    resources:
        mem_mb=train.memory,
        runtime=train.minutes,
        gpu=train.gpus,
    params:
        identity=train.identity,
    shell:
        "mrisr train --study {layout.study} --scale {wildcards.scale} --architecture {wildcards.architecture}"
        " --loss {wildcards.loss} --training-set {wildcards.training_set} --fold {wildcards.fold}"
        f" --seed {{wildcards.seed}} --threads {{threads}}{study.time_limit}"
        " --identity {params.identity} > {log} 2>&1"
