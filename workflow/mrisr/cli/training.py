"""A training job as the command line runs it: with its threads checked, its deadline and its progress shown."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mrisr.errors import InputError
from mrisr.gpus import one_gpu
from mrisr.job import Job
from mrisr.layout import CHECKPOINTS
from mrisr.plan import Plan
from mrisr.progress import Progress
from mrisr.training.stage import train_stage


def train_job(
    plan: Plan, job: Job, *, names: Mapping[str, Any], threads: int | None, deadline: float | None
) -> dict[str, Any]:
    """Train the model of a job; what is returned goes into run.json.

    Raises
    ------
    InputError
        Fewer threads were given than the study says: the numbers would be others.
    """
    wanted = job.settings["training"]["threads"]
    if threads is not None and threads != wanted:
        raise InputError(
            f"train: training.threads is {wanted}, but the job was given {threads}; "
            f"give snakemake at least {wanted} cores (-c{wanted}), or set training.threads to {threads}"
        )
    label = f"training {names['architecture']} {names['loss']} {names['training_set']}"
    with one_gpu(job.settings["training"]["device"]) as gpu:
        trained = train_stage(
            job.reads,
            job.writes,
            settings=job.settings,
            checkpoint_every=plan.study.training.for_architecture(names["architecture"]).checkpoint_every,
            names=names,
            identity=job.identity,
            checkpoints=CHECKPOINTS,
            deadline=deadline,
            progress=lambda total, start: Progress(label, total, start=start),
        )
    return {"threads": wanted, "device": trained.device, **({"gpu": gpu} if gpu else {})}
