"""Whatever ends a job on a SLURM cluster, or starts it twice, the study's numbers are those of an undisturbed run."""

from __future__ import annotations

from collections import Counter

import pytest
from slurm.cluster import digests
from slurm.scenarios import job_cancelled, node_lost, snakemake_killed

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scenario", [job_cancelled, node_lost, snakemake_killed])
def test_scores_and_weights_are_those_of_an_undisturbed_run(happened, undisturbed, scenario):
    project, _ = happened(scenario)
    there = digests(project)
    assert "scores.csv" in there
    assert sum(name.endswith("weights.safetensors") for name in there) == 2
    assert there.items() <= digests(undisturbed).items()


def test_a_cancelled_training_is_submitted_again(happened):
    project, _ = happened(job_cancelled)
    assert sorted(Counter(call.job for call in project.calls("train")).values()) == [1, 1, 1]


def test_after_the_loss_of_a_node_each_training_ran_twice_at_once_in_the_same_slurm_job(happened):
    project, at_once = happened(node_lost)
    assert at_once
    assert sorted(Counter(call.job for call in project.calls("train")).values()) == [2, 2]
    assert len({call.environment["SLURMD_NODENAME"] for call in project.calls("train")}) == 2


def test_after_snakemake_was_killed_it_names_the_lock_and_the_jobs_that_it_left(happened):
    _, (said, _) = happened(snakemake_killed)
    assert "snakemake --unlock" in said
    assert "scancel" in said
    assert "Traceback" not in said


def test_after_unlocking_without_cancelling_each_training_ran_twice_at_once(happened):
    project, (_, at_once) = happened(snakemake_killed)
    assert at_once
    assert len({call.job for call in project.calls("train")}) == 4
