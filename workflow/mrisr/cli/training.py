"""From a training job of the plan to weights and history on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mrisr.errors import InputError
from mrisr.files import write_text
from mrisr.job import Job
from mrisr.layout import CHECKPOINTS
from mrisr.pairs import read_pairs
from mrisr.plan import Plan
from mrisr.progress import Progress
from mrisr.training.train import train
from mrisr.training.weights import save_weights


def train_job(
    plan: Plan, job: Job, *, names: Mapping[str, Any], threads: int | None, deadline: float | None
) -> dict[str, Any]:
    """Train the model of a job and write its outputs; what is returned goes into run.json.

    Raises
    ------
    InputError
        Fewer threads were given than the study says: the numbers would be others.
    """
    settings = job.settings
    wanted = settings["training"]["threads"]
    if threads is not None and threads != wanted:
        raise InputError(
            f"train: training.threads is {wanted}, but the job was given {threads}; "
            f"give snakemake at least {wanted} cores (-c{wanted}), or set training.threads to {threads}"
        )
    pairs = {split: read_pairs(**job.reads[split]) for split in ("train", "validation")}
    label = f"training {names['architecture']} {names['loss']} {names['training_set']}"
    trained = train(
        architecture=settings["architecture"],
        loss=settings["loss"],
        scale=settings["scale"],
        pairs=pairs["train"],
        validation=pairs["validation"],
        training={**settings["training"], "checkpoint_every": plan.study.training.checkpoint_every},
        seed=settings["seed"],
        checkpoints=CHECKPOINTS,
        identity=job.identity,
        deadline=deadline,
        progress=lambda total, start: Progress(label, total, start=start),
    )
    metadata = {
        **names,
        "architecture": settings["architecture"],
        "loss": settings["loss"],
        "scale": settings["scale"],
        "grid": plan.study.protocol.grid,
        "channels": pairs["train"][0].reference.shape[0],
        "identity": job.identity,
    }
    write_text(
        Path(job.writes["history"]), trained.history.to_csv(index=False, float_format="%.9g", lineterminator="\n")
    )
    save_weights(Path(job.writes["weights"]), trained.state, metadata)
    return {"threads": wanted, "device": trained.device}
