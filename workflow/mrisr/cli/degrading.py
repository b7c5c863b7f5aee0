"""The stage `degrade`, as the command line runs it."""

from __future__ import annotations

from mrisr.degradations import from_description
from mrisr.imaging.degrading import degrade_slices
from mrisr.job import Job


def degrade_job(job: Job) -> None:
    """Degrade a subject's slices: by formula, kernels of its slices, or a network; or take those of its real scan.

    Where kernels, network and scan lie is not part of the settings: in another study the job is the same.
    """
    slices, output, options = job.reads["slices"], job.writes["slices"], {**job.settings, "identity": job.identity}
    if "network" in job.reads:
        from mrisr.learned.downsample import downsample_slices

        downsample_slices(slices, job.reads["network"], output, **options)
        return
    degradation = dict(job.settings["degradation"])
    for role in ("kernels", "registered"):
        if role in job.reads:
            degradation["options"] = {**degradation["options"], "file": job.reads[role]}
    operator = from_description(degradation, scale=job.settings["scale"], grid=job.settings["grid"])
    degrade_slices(slices, output, operator=operator, **options)
