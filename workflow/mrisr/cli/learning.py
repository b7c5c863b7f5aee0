"""What is learned before the models, as the command line runs it: kernels, downsampling networks, BRISQUE."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mrisr.gpus import one_gpu
from mrisr.job import Job
from mrisr.layout import CHECKPOINTS
from mrisr.plan import Plan
from mrisr.progress import Progress


def learn(plan: Plan, job: Job, *, deadline: float | None) -> dict[str, Any]:
    """Run a job of the stages ``kernels`` and ``network``; what is returned goes into run.json."""
    network = job.stage == "network"
    settings = job.settings["training"] if network else job.settings["method"]["options"]
    options = {
        "settings": job.settings,
        "identity": job.identity,
        "checkpoints": CHECKPOINTS,
        "deadline": deadline,
    }
    label = " ".join(str(job.wildcards[name]) for name in ("method", "degradation", "subject") if name in job.wildcards)
    label += f" fold{job.wildcards['fold']}" if "fold" in job.wildcards else ""
    with one_gpu(settings.get("device", "auto")) as gpu:
        if network:
            from mrisr.training.stage import train_stage

            trained = train_stage(
                job.reads,
                job.writes,
                checkpoint_every=plan.study.training_of(plan.study.kernels[job.wildcards["method"]]).checkpoint_every,
                names=job.wildcards,
                progress=lambda total, start: Progress(f"training {label}", total, start=start),
                **options,
            )
            return {"device": trained.device, **({"gpu": gpu} if gpu else {})}
        from mrisr.learned.estimate import estimate_stage

        estimate_stage(
            job.reads,
            job.writes,
            progress=lambda total, start: Progress(f"estimating {label}", total, start=start),
            **options,
        )
    return {"gpu": gpu} if gpu else {}


def train_regressor(plan: Plan, job: Job) -> None:
    """Run the job of the stage ``brisque``."""
    from mrisr.quality.stage import train_brisque

    options = {**job.settings, "identity": job.identity, "scores": job.reads.get("scores")}
    train_brisque(map(Path, job.reads["references"]), Path(job.writes["regressor"]), **options)
