"""The stage `register`, as the command line runs it: the slices, and a picture to check them by."""

from __future__ import annotations

from pathlib import Path

from mrisr.arrays import Cache, stored_slices
from mrisr.figures import save
from mrisr.figures.registration import draw
from mrisr.job import Job
from mrisr.plan import Plan
from mrisr.registration.stage import register_stage
from mrisr.scan_plan import require_scans


def register_job(plan: Plan, job: Job) -> None:
    """Register a subject's low-resolution scan; the picture shows the middle one of its slices."""
    require_scans(plan, [job])
    volume, slices = plan.subjects.volumes[job.wildcards["subject"]], job.reads["slices"]
    prepared = register_stage(volume, slices, job.writes["slices"], **job.settings, identity=job.identity)
    indices = list(stored_slices(slices, Cache(0)))
    save(draw(prepared, index=indices[len(indices) // 2]), Path(job.writes["picture"]).with_suffix(""))
    found = prepared.registered
    print(f"correlation {found.similarity_before:.3f} before registration, {found.similarity:.3f} after")
