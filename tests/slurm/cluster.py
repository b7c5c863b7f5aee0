"""Python functions for the tests' SLURM cluster, and a project whose jobs run on it."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from project import Project

UP, DOWN = (Path(__file__).with_name(name) for name in ("up", "down"))
STATE = Path(os.environ.get("SLURM_TESTS") or f"{os.environ.get('TMPDIR') or '/tmp'}/mrisr-slurm")
CANNOT = 3
"""Exit status of ``up`` on a machine that cannot have the cluster."""
PROGRAMS = ("slurmctld", "slurmd", "munged", "sbatch", "squeue")

STUDY = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "range": "5:6", "minimum": 16},
    "degradations": {"gaussian": {"sigma": 1.0}, "mean": {"size": 3}},
    "architectures": {"srcnn": {"features": [4, 2], "skip": True}},
    "losses": ["patient"],
    "training": {"epochs": 4, "steps_per_epoch": 50, "batch": 2, "patch": 16, "checkpoint_every": 5},
    "evaluation": {"metrics": ["psnr", "nrmse"]},
}
"""Two trainings of 200 steps: the fewest jobs that still have every stage, for each costs Snakemake seconds."""
STEPS = 200
NOT_REPRODUCIBLE = ("logs/", "timings/", "set-aside/", "explorer.html", "report.html", "study.yaml")
"""What may differ from run to run, beside the run.json files."""
SUBJECTS = {"anna": "train", "ben": "validation", "cleo": "test"}

PATIENT_LOSS = '''"""Mean squared error that takes its time where the environment says so; the numbers are the same."""

import os
import time

from torch import nn
from torch.nn import functional


class Patient(nn.Module):
    """mean (estimate - target)^2, after $PATIENCE seconds."""

    def forward(self, estimate, target):
        """[N, C, H, W] twice -> scalar."""
        time.sleep(float(os.environ.get("PATIENCE", 0)))
        return functional.mse_loss(estimate, target)
'''

RECORDING_MRISR = """#!/bin/sh
# mrisr, leaving behind the environment that it was called in.
ARGUMENTS=$* env >"calls/.$$" && mv "calls/.$$" "calls/$1.${{SLURM_JOB_ID:-0}}.$$"
exec {mrisr} "$@"
"""


@dataclass(frozen=True)
class Call:
    """One call of a verb of ``mrisr``: its SLURM job (0 outside), its process and the environment it found.

    The environment has one variable more, ``ARGUMENTS``.
    """

    verb: str
    job: int
    process: int
    environment: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Call:
        """From the file that the recording ``mrisr`` has left."""
        verb, job, process = path.name.split(".")
        lines = (line.partition("=") for line in path.read_text().splitlines())
        return cls(verb, int(job), int(process), {name: value for name, _, value in lines})

    @property
    def runs(self) -> bool:
        """Whether the process still runs. A process that has ended has no program."""
        try:
            return bool(os.readlink(f"/proc/{self.process}/exe"))
        except OSError:
            return False


class ClusterProject(Project):
    """A project with a tiny study, whose calls of ``mrisr`` are recorded."""

    patience = 0.0
    """Seconds that each training step takes longer."""

    def __init__(self, folder: Path):
        super().__init__(folder, STUDY, SUBJECTS)
        (folder / "workflow/mrisr/losses/patient.py").write_text(PATIENT_LOSS)
        (folder / "calls").mkdir()
        (folder / "bin").mkdir()
        recording = folder / "bin/mrisr"
        recording.write_text(RECORDING_MRISR.format(mrisr=Path(sys.executable).with_name("mrisr")))
        recording.chmod(0o755)

    def copy(self, folder: Path) -> ClusterProject:
        """The same code, data and results in another folder, with no calls recorded."""
        shutil.copytree(self.folder, folder, symlinks=True, ignore=shutil.ignore_patterns("calls"))
        (folder / "calls").mkdir()
        project = object.__new__(ClusterProject)
        project.folder, project.config = folder, self.config
        return project

    def forget(self, *paths: str) -> None:
        """Delete files and folders."""
        for path in (self.folder / path for path in paths):
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    @property
    def environment(self) -> dict[str, str]:
        """As of every project, with the recording ``mrisr`` first on the path."""
        mine = super().environment
        return mine | {"PATH": f"{self.folder / 'bin'}{os.pathsep}{mine['PATH']}", "PATIENCE": str(self.patience)}

    def submit(self, *arguments: str) -> subprocess.Popen:
        """Start the command that a user types, without waiting. Only the waits for SLURM and files are shorter."""
        quicker = ["--slurm-init-seconds-before-status-checks", "3", "--latency-wait", "5"]
        with open(self.folder / "driver.log", "w") as log:
            return subprocess.Popen(
                ["snakemake", "--profile", "slurm", *quicker, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def finish(self, driver: subprocess.Popen) -> None:
        """Wait for the end of the submitted run. If it failed, the message has its output."""
        status = driver.wait(timeout=800)
        assert status == 0, (self.folder / "driver.log").read_text()

    def calls(self, verb: str) -> list[Call]:
        """Calls of a verb so far, in their order."""
        paths = sorted(self.folder.glob(f"calls/{verb}.*"), key=lambda path: path.stat().st_mtime_ns)
        return [Call.read(path) for path in paths]

    def trainings_under_way(self) -> int:
        """How many trainings have written a checkpoint."""
        return len({path.parent for path in self.folder.glob("results/checkpoints/*/step-*.safetensors")})


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 120) -> None:
    """Wait for a condition that has to come true within a time."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{what}: has not happened within {seconds} s"
        time.sleep(0.2)


def digests(project: Project) -> dict[str, str]:
    """SHA-256 of every file of the study that is reproducible to the byte."""
    root = project.folder / "results/tiny"
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith("run.json")]
    found = {path.relative_to(root).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}
    return {name: digest for name, digest in found.items() if not name.startswith(NOT_REPRODUCIBLE)}


def answer(*command: str) -> str:
    """What one of SLURM's commands says."""
    return subprocess.run(command, text=True, capture_output=True, check=True).stdout.strip()
