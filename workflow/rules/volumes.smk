# Volumes: fetched where they are built in, checked all at once, cut into slices.


rule fetch_volume:
    output:
        volume=layout.built_in,
        record=layout.built_in_record,
    log:
        f"{layout.logs}/fetch_volume/{{subject}}.log",
    wildcard_constraints:
        subject=study.built_in_subjects(),
    threads: 1
    resources:
        mem_mb=1000,
        runtime=30,
    params:
        identity=study.identity("fetch"),
    shell:
        "mrisr fetch {wildcards.subject} --identity {params.identity} > {log} 2>&1"


rule check_volumes:
    input:
        # Content counts, not time: Snakemake compares times whatever its triggers are.
        volumes=ancient(study.reads("check")),
    output:
        table=layout.volumes,
        record=layout.volumes_record,
    log:
        f"{layout.logs}/check_volumes.log",
    benchmark:
        f"{layout.timings}/check_volumes.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("check"),
        runtime=study.minutes("check"),
    params:
        identity=study.identity("check"),
    shell:
        "mrisr check --study {layout.study} --identity {params.identity} > {log} 2>&1"


rule slice_volume:
    input:
        volume=ancient(study.reads("slice")),
        checked=study.checked_volumes,
    output:
        slices=layout.slices,
        record=layout.slices_record,
    log:
        f"{layout.logs}/slice_volume/{{subject}}.log",
    benchmark:
        f"{layout.timings}/slice_volume/{{subject}}.tsv"
    threads: 1
    resources:
        mem_mb=study.memory("slice"),
        runtime=study.minutes("slice"),
    params:
        identity=study.identity("slice"),
    shell:
        "mrisr slice --study {layout.study} --subject {wildcards.subject} --identity {params.identity} > {log} 2>&1"
