"""Real low-resolution scans: the jobs that register them, and who needs one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from . import plugins
from .errors import InputError
from .job import Job

if TYPE_CHECKING:
    from .plan import Plan

READING = ("normalise", "multiple", "volume_4d", "complex", "nonfinite")
"""What of the section ``slices`` counts for a scan."""


def registration_job(plan: Plan, scale: int, degradation: str, subject: str) -> Job:
    """Denoise a subject's low-resolution scan and register it to the high-resolution scan.

    A subject without one has the job too, without the scan in what it reads: `require_scans` tells of all of them.
    """
    if degradation not in plan.study.scanned:
        raise InputError(f"register: the degradation '{degradation}' is no scan; its kind would have to be scanned")
    names = {"scale": scale, "degradation": degradation, "subject": subject}
    sliced, paths = plan.job("slice", subject=subject), plan.layout
    files = plan.subjects.files(subject, "path", "mask", "lr_path")
    options = plugins.resolved("degradations", "scanned", plan.study.degradations[degradation].options)
    settings = plan.slice_settings()
    return Job(
        stage="register",
        settings={
            "scale": int(scale),
            "slices": {name: settings[name] for name in READING},
            "options": {name: value for name, value in options.items() if name != "file"},
        },
        # The picture's code is left out: how it looks shall not have anything learned again.
        modules=("mrisr.registration.stage",),
        reads={"volumes": list(files), "slices": sliced.writes["slices"]},
        writes={
            "slices": paths.registered.format(**names),
            "picture": paths.registration_picture.format(**names),
            "vectors": paths.registration_vectors.format(**names),
        },
        record=paths.registered_record.format(**names),
        needs={"slices": sliced.identity, "content": list(files.values())},
    )


def require_scans(plan: Plan, jobs: Iterable[Job]) -> None:
    """Raise `InputError`, a line a subject, if jobs register scans of subjects that have none."""
    wanted = {job.wildcards["subject"]: job.wildcards["degradation"] for job in jobs if job.stage == "register"}
    problems = [
        f"{plan.study.volumes}: subject '{subject}': lr_path: is empty, and the degradation '{degradation}' is the "
        "subject's low-resolution scan; name the scan in this column"
        for subject, degradation in wanted.items()
        if plan.subjects.volumes[subject].lr_path is None
    ]
    if problems:
        raise InputError(*problems)
