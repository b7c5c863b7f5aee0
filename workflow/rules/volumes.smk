# Volumes: built-in ones are fetched, all are checked in one job, and each is cut into slices, and its mask likewise if it is asked for.


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
        # The identity covers the content. `ancient` keeps Snakemake from comparing times, as it does for any triggers.
        volumes=ancient(check.reads),
    output:
        **{
            **check.writes,
            "shown": report(check.writes["shown"], caption="../report/volumes.rst", category="Tables"),
        },
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


cut_masks = study.rule("mask")


rule cut_mask:
    input:
        mask=ancient(cut_masks.reads),
    output:
        **cut_masks.writes,
    log:
        cut_masks.log,
    benchmark:
        cut_masks.timing
    threads: 1
    resources:
        mem_mb=cut_masks.memory,
        runtime=cut_masks.minutes,
    params:
        identity=cut_masks.identity,
    shell:
        "mrisr mask --study {layout.study} --subject {wildcards.subject} --identity {params.identity} > {log} 2>&1"
