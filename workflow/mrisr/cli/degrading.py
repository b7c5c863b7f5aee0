"""The stage `degrade`, as the command line runs it."""

from __future__ import annotations

from mrisr.degradations import from_description
from mrisr.degradations._stage import degrade_slices
from mrisr.job import Job


def degrade_job(job: Job) -> None:
    """Degrade a subject's slices: by formula, by the kernels of its slices, or by a downsampling network.

    Where kernels and network lie is not part of the settings: in another study the job is the same.
    """
    slices, output, options = job.reads["slices"], job.writes["slices"], {**job.settings, "identity": job.identity}
    if "network" in job.reads:
        from mrisr.learned.downsample import downsample_slices

        downsample_slices(slices, job.reads["network"], output, **options)
        return
    degradation = dict(job.settings["degradation"])
    if "kernels" in job.reads:
        degradation["options"] = {**degradation["options"], "file": job.reads["kernels"]}
    operator = from_description(degradation, scale=job.settings["scale"], grid=job.settings["grid"])
    degrade_slices(slices, output, operator=operator, **options)
