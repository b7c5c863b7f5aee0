# Training: one job is one model. On a cluster it stops and checkpoints by itself before its
# time is up, and goes on when called again.


rule train_model:
    input:
        study.reads("train"),
    output:
        weights=layout.weights,
        history=layout.history,
        record=layout.model_record,
    log:
        f"{layout.logs}/train_model/{layout.model}.log",
    benchmark:
        f"{layout.timings}/train_model/{layout.model}.tsv"
    threads: study.training_threads
    resources:
        mem_mb=study.memory("train"),
        runtime=study.minutes("train"),
        gpu=study.gpus("training"),
    params:
        identity=study.identity("train"),
    shell:
        "mrisr train --study {layout.study} --scale {wildcards.scale} --architecture {wildcards.architecture}"
        " --loss {wildcards.loss} --training-set {wildcards.training_set} --fold {wildcards.fold}"
        f" --seed {{wildcards.seed}} --threads {{threads}}{study.time_limit}"
        " --identity {params.identity} > {log} 2>&1"
