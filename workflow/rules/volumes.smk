# Volumes: fetched where they are built in, checked all at once, cut into slices.


fetch = study.rule("fetch")


rule fetch_volume:
    output:
        **fetch.writes,
    log:
        fetch.log,
    wildcard_constraints:
        subject=study.built_in_subjects(),
    threads: 1
    resources:
        mem_mb=fetch.memory,
        runtime=fetch.minutes,
    params:
        identity=fetch.identity,
    shell:
        "mrisr fetch {wildcards.subject} --identity {params.identity} > {log} 2>&1"


check = study.rule("check")


rule check_volumes:
    input:
        # Content counts, not time: Snakemake compares times whatever its triggers are.
        volumes=ancient(check.reads),
    output:
        **check.writes,
    log:
        check.log,
    benchmark:
        check.timing
    threads: 1
    resources:
        mem_mb=check.memory,
        runtime=check.minutes,
    params:
        identity=check.identity,
    shell:
        "mrisr check --study {layout.study} --identity {params.identity} > {log} 2>&1"


cut = study.rule("slice")


rule slice_volume:
    input:
        volume=ancient(cut.reads),
        checked=study.checked_volumes,
    output:
        **cut.writes,
    log:
        cut.log,
    benchmark:
        cut.timing
    threads: 1
    resources:
        mem_mb=cut.memory,
        runtime=cut.minutes,
    params:
        identity=cut.identity,
    shell:
        "mrisr slice --study {layout.study} --subject {wildcards.subject} --identity {params.identity} > {log} 2>&1"
