"""On a real SLURM cluster `snakemake --profile slurm` makes the study of a single machine, byte for byte."""

from __future__ import annotations

from collections import Counter

import pytest
from slurm.cluster import Call, digests
from slurm.scenarios import too_little_time, whole_study

pytestmark = pytest.mark.slow

VERBS = {"check": 1, "slice": 3, "degrade": 6, "train": 2, "evaluate": 4, "tabulate": 1, "figures": 6}
"""Calls of each verb that the study takes."""


@pytest.fixture(scope="module")
def calls(happened) -> list[Call]:
    """Every call of a verb in the whole study."""
    project, _ = happened(whole_study)
    return [call for verb in VERBS for call in project.calls(verb)]


def uses_network(call: Call) -> bool:
    """Whether a call trains or runs a network; baselines do not."""
    return call.verb in {"train", "evaluate"} and "--baseline" not in call.environment["ARGUMENTS"]


def test_every_file_is_that_of_a_local_run(happened, undisturbed):
    project, _ = happened(whole_study)
    there = digests(project)
    assert {"scores.csv", "tables/psnr.csv", "tables/bias.csv", "tables/findings.csv"} <= set(there)
    assert sum(name.endswith("weights.safetensors") for name in there) == 2
    assert sum(name.endswith(".png") for name in there) >= 6
    assert there == digests(undisturbed)


def test_every_call_is_a_slurm_job_of_its_own(calls):
    assert Counter(call.verb for call in calls) == VERBS
    assert len({call.job for call in calls} - {0}) == len(calls)


def test_networks_run_on_the_gpu_partition_and_all_else_on_the_cpu_partition(calls):
    for call in calls:
        partition, node = (call.environment[f"SLURM{name}"] for name in ("_JOB_PARTITION", "D_NODENAME"))
        assert (partition, node == "n3") == (("gpu", True) if uses_network(call) else ("cpu", False)), call.verb


def test_a_network_is_given_one_gpu_by_slurm_and_all_else_none(calls):
    for call in calls:
        given = call.environment.get("CUDA_VISIBLE_DEVICES")
        assert given in ({"0", "1"} if uses_network(call) else {None}), call.verb


def test_two_trainings_at_once_are_given_different_gpus(calls):
    assert {call.environment["CUDA_VISIBLE_DEVICES"] for call in calls if call.verb == "train"} == {"0", "1"}


def test_trainings_go_on_in_the_same_slurm_job_as_often_as_they_need(happened, undisturbed):
    project, _ = happened(too_little_time)
    starts = Counter(call.job for call in project.calls("train"))
    assert len(starts) == 2
    assert min(starts.values()) >= 3
    there = digests(project)
    assert sum(name.endswith("weights.safetensors") for name in there) == 2
    assert there.items() <= digests(undisturbed).items()
