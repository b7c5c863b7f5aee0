# Evaluation: one job scores one model, or one baseline, on every test set.


rule evaluate_model:
    input:
        study.reads("evaluate"),
    output:
        scores=layout.model_scores,
        record=layout.model_scores_record,
    log:
        f"{layout.logs}/evaluate_model/{layout.model}.log",
    benchmark:
        f"{layout.timings}/evaluate_model/{layout.model}.tsv"
    threads: study.study.evaluation.threads
    resources:
        mem_mb=study.memory("evaluate"),
        runtime=study.minutes("evaluate"),
        gpu=study.gpus("evaluation"),
    params:
        identity=study.identity("evaluate"),
    shell:
        "mrisr evaluate --study {layout.study} --scale {wildcards.scale} --architecture {wildcards.architecture}"
        " --loss {wildcards.loss} --training-set {wildcards.training_set} --fold {wildcards.fold}"
        " --seed {wildcards.seed} --identity {params.identity} > {log} 2>&1"


rule evaluate_baseline:
    input:
        study.reads("baseline"),
    output:
        scores=layout.baseline_scores,
        record=layout.baseline_scores_record,
    log:
        f"{layout.logs}/evaluate_baseline/x{{scale}}/{{baseline}}{{in_fold}}.log",
    benchmark:
        f"{layout.timings}/evaluate_baseline/x{{scale}}/{{baseline}}{{in_fold}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("baseline"),
        runtime=study.minutes("baseline"),
    params:
        identity=study.identity("baseline"),
        fold=study.fold,
    shell:
        "mrisr evaluate --study {layout.study} --scale {wildcards.scale} --baseline {wildcards.baseline}"
        "{params.fold} --identity {params.identity} > {log} 2>&1"
