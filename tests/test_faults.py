"""A full disk, damage, and every job run twice: a second run gives the results of an undisturbed run."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from finished import finish
from project import SUBJECTS, TINY, Project

STUDY = {
    **TINY,
    "degradations": {"gaussian": {"sigma": 1.0}},
    "losses": ["mse"],
    "models": None,
    "training": {**TINY["training"], "checkpoint_every": 1},
    "slices": {**TINY["slices"], "range": "3:8"},
    "evaluation": {"metrics": ["psnr", "ssim", "nrmse", "hfen"]},
}
"""One model, and slices and metrics enough that every table is longer than a kilobyte."""
SCORES = "results/tiny/scores.csv"
REMEMBERED = {".digests.json", ".costs.json", ".methods.json"}
OUTPUTS = {
    "slice": ("results/tiny/slices/",),
    "degrade": ("results/tiny/degraded/",),
    "train": ("results/tiny/models/", "results/checkpoints/"),
    "evaluate": ("results/tiny/scores/",),
    "tabulate": (SCORES, "results/tiny/tables/"),
}
"""What each stage writes."""

WRAPPER = """#!/bin/bash
# mrisr, to which $FAULT happens in the stage $STAGE
case "$FAULT:$STAGE" in
  full:$1) ulimit -f 1; export PYTHONDONTWRITEBYTECODE=1 ;;  # Python 3.11 would keep compiled modules that are cut
  truncated:$1) truncate --size=-7 "$VICTIM" ;;
  twice:*)
    {mrisr} "$@" &
    {mrisr} "$@" && wait $!
    exit ;;
esac
exec {mrisr} "$@"
"""


class Disturbed(Project):
    """A study of one model up to its scores, whose jobs a test can disturb."""

    def __init__(self, folder: Path):
        super().__init__(folder, STUDY, {name: split for name, split in SUBJECTS.items() if name != "dora"})
        (folder / "bin").mkdir()
        wrapper = folder / "bin/mrisr"
        wrapper.write_text(WRAPPER.format(mrisr=Path(sys.executable).with_name("mrisr")))
        wrapper.chmod(0o755)
        self.fault: dict[str, str] = {}

    @property
    def environment(self) -> dict[str, str]:
        """As of every project, with the wrapper first on the path."""
        mine = super().environment
        return {"FAULT": "", "STAGE": "", **mine, **self.fault, "PATH": f"{self.folder}/bin{os.pathsep}{mine['PATH']}"}

    def fails(self, **fault: str) -> str:
        """The output of a run that fails."""
        self.fault = fault
        failed = self.call("snakemake", "-c2", SCORES)
        self.fault = {}
        assert failed.returncode != 0
        return failed.stdout + failed.stderr

    def finished(self) -> dict[str, bytes]:
        """Run to the end: the scores, and every array."""
        self.snakemake("-c2", SCORES)
        return self.made()

    def made(self) -> dict[str, bytes]:
        """The scores, and every array."""
        files = [self.folder / SCORES, *(self.folder / "results/tiny").rglob("*.safetensors")]
        kept = [path for path in files if "set-aside" not in path.parts]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in kept}

    def written(self) -> set[str]:
        """All files of the results, hidden ones included, except logs, timings and what is set aside."""
        files = [path for path in (self.folder / "results").rglob("*") if path.is_file()]
        apart = {"logs", "timings", "set-aside"}
        return {str(path.relative_to(self.folder)) for path in files if not apart & set(path.parts)}


def half_written(names: set[str]) -> list[str]:
    """Files with a hidden name, which files have until they are complete. The library's own memory is left out."""
    return [name for name in names if Path(name).name.startswith(".") and Path(name).name not in REMEMBERED]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    return finish(Disturbed(tmp_path_factory.mktemp("undisturbed")), up_to="tabulate").made()


def test_the_disk_is_full_in_each_stage_in_turn_and_an_array_truncated_between_two_jobs(undisturbed, tmp_path):
    project = Disturbed(tmp_path)
    for stage, outputs in OUTPUTS.items():
        if stage == "train":
            victim = "results/tiny/degraded/x2/gaussian/anna.safetensors"
            said = project.fails(FAULT="truncated", STAGE=stage, VICTIM=victim)
            assert f"its input {victim} is not what its job wrote" in said
            assert "Traceback" not in said
        said = project.fails(FAULT="full", STAGE=stage)
        assert "File too large" in said
        assert "Traceback" not in said
        written = project.written()
        # No checkpoint fitted either, and nothing half-written is left under another name.
        # What a folder of states was to be made from may be noted: it is small, and whole. The check has its own table.
        others = ("/sources.json", "tables/volumes.csv")
        made = [name for name in written if name.startswith(outputs) and not name.endswith(others)]
        assert not made, stage
        assert not half_written(written), stage
    assert project.finished() == undisturbed


def test_every_job_runs_in_two_copies_at_once(undisturbed, tmp_path):
    project = Disturbed(tmp_path)
    project.fault = {"FAULT": "twice"}
    assert project.finished() == undisturbed
    assert not half_written(project.written())
    assert project.planned(SCORES) == {}
