# Evaluation: one job scores one model, or one baseline, on every test set.


evaluate = study.rule("evaluate")


rule evaluate_model:
    input:
        evaluate.reads,
    output:
        **evaluate.writes,
    log:
        evaluate.log,
    benchmark:
        evaluate.timing
    threads: evaluate.threads
    resources:
        mem_mb=evaluate.memory,
        runtime=evaluate.minutes,
        gpu=evaluate.gpus,
    params:
        identity=evaluate.identity,
    shell:
        "mrisr evaluate --study {layout.study} --scale {wildcards.scale} --architecture {wildcards.architecture}"
        " --loss {wildcards.loss} --training-set {wildcards.training_set} --fold {wildcards.fold}"
        " --seed {wildcards.seed} --identity {params.identity} > {log} 2>&1"


baseline = study.rule("baseline")


rule evaluate_baseline:
    input:
        baseline.reads,
    output:
        **baseline.writes,
    log:
        baseline.log,
    benchmark:
        baseline.timing
    threads: 1
    resources:
        mem_mb=baseline.memory,
        runtime=baseline.minutes,
    params:
        identity=baseline.identity,
        fold=baseline.fold,
    shell:
        "mrisr evaluate --study {layout.study} --scale {wildcards.scale} --baseline {wildcards.baseline}"
        "{params.fold} --identity {params.identity} > {log} 2>&1"
