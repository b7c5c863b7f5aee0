"""A copy of the workflow in a folder of its own, with a tiny study, for tests that run Snakemake or change code."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import yaml
from mrisr.files import recorded
from scipy.ndimage import gaussian_filter

ROOT = Path(__file__).parents[1]

TINY = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "range": "5:6", "minimum": 16},
    "degradations": {
        "gaussian": {"sigma": 1.0},
        "mean": {"size": 3},
        "combine": {"members": ["gaussian", "mean"]},
    },
    "architectures": {"srcnn": {"features": [4, 2], "skip": True}},
    "losses": ["mse", "l1"],
    "models": [{"architectures": ["srcnn"], "losses": ["mse"]}, {"architectures": ["srcnn"], "losses": ["l1"]}],
    "training": {"epochs": 2, "steps_per_epoch": 2, "batch": 2, "patch": 16, "learning_rate": 0.001},
    "evaluation": {"metrics": ["psnr", "nrmse"]},
}
"""Two losses in two blocks, so that a test can take one away."""

UNFINISHED = shutil.ignore_patterns("*.pyc.*")
"""Names of compiled modules while Python writes them. Finished ones are copied: they need not be compiled again."""

PAGES = {"write_report", "write_explorer"}
"""Rules of the pages that show the results of all others."""

MEMORIES = (".methods.json", ".costs.json")
"""What the library remembers of methods by their code and options: that they can be made, and what they cost."""

SUBJECTS = {"anna": "train", "ben": "validation", "cleo": "test", "dora": "test"}


def phantom(seed: int, shape: tuple[int, int, int] = (40, 36, 12)) -> np.ndarray:
    """A smooth random head-like volume, float32."""
    noise = gaussian_filter(np.random.default_rng(seed).random(shape), 1.5)
    grid = np.stack(np.meshgrid(*(np.linspace(-1, 1, n) for n in shape), indexing="ij"))
    return (noise * ((grid[:2] ** 2).sum(0) < 0.9) * 1000).astype(np.float32)


class Project:
    """A folder that Snakemake and the verbs run in, with this repository's code copied.

    A project knows what the projects before it in this process remembered of methods. So each network is made and
    measured once, and not by a program of its own in every project.
    """

    last: Path | None = None
    """Folder of the newest project."""
    remembered: dict[str, dict[str, Any]] = {name: {} for name in MEMORIES}

    def __init__(self, folder: Path, config: dict = TINY, subjects: dict[str, str] = SUBJECTS):
        self.folder = folder
        for name in ("Snakefile", "profiles", "workflow"):
            source = ROOT / name
            copy = shutil.copytree if source.is_dir() else shutil.copy
            copy(source, folder / name, **({"ignore": UNFINISHED} if source.is_dir() else {}))
        (folder / "slurm").symlink_to("profiles/slurm")
        (folder / "data").mkdir()
        self._remember()
        for number, subject in enumerate(subjects):
            self.write_volume(subject, phantom(number))
        self.write_manifest(subjects)
        self.configure(config)

    def _remember(self) -> None:
        """Take over what the projects before this one remembered."""
        (self.folder / "results").mkdir()
        for name, values in Project.remembered.items():
            if Project.last is not None:
                values.update(recorded.read(Project.last / "results" / name, dict[str, Any]) or {})
            if values:
                (self.folder / "results" / name).write_text(json.dumps(values))
        Project.last = self.folder

    def write_volume(self, subject: str, array: np.ndarray, affine: np.ndarray | None = None) -> None:
        """Put a volume at data/<subject>.nii."""
        image = nibabel.Nifti1Image(array, np.eye(4) if affine is None else affine)
        nibabel.save(image, self.folder / f"data/{subject}.nii")

    def write_manifest(self, subjects: dict[str, str], scanned: Collection[str] = ()) -> None:
        """Write data/volumes.tsv; the low-resolution scans of ``scanned`` are data/<subject>-lr.nii."""
        scans = {subject: f"data/{subject}-lr.nii" for subject in scanned}
        rows = [f"{name}\tdata/{name}.nii\t{split}\t{scans.get(name, '')}" for name, split in subjects.items()]
        (self.folder / "data/volumes.tsv").write_text("\n".join(["subject\tpath\tsplit\tlr_path", *rows]) + "\n")

    def configure(self, config: dict) -> None:
        """Write config.yaml."""
        self.config = config
        (self.folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables with which programs run on this project's code."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("SNAKEMAKE")}
        return {
            **clean,
            "PYTHONPATH": str(self.folder / "workflow"),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "OMP_NUM_THREADS": "1",
        }

    def call(self, *command: str) -> subprocess.CompletedProcess:
        """Run a program of this environment in the project."""
        return subprocess.run(command, cwd=self.folder, env=self.environment, text=True, capture_output=True)

    def start(self, *command: str, stdout=subprocess.PIPE, stderr=subprocess.PIPE) -> subprocess.Popen:
        """Start a program of this environment in the project, without waiting for it."""
        pipes = {"stdout": stdout, "stderr": stderr}
        return subprocess.Popen(command, cwd=self.folder, env=self.environment, text=True, **pipes)

    def snakemake(self, *arguments: str) -> subprocess.CompletedProcess:
        """Run Snakemake. If it fails, the message has its output."""
        done = self.call("snakemake", *arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run lists, without ``all`` and the pages."""
        counts = self.planned_with_report(*arguments)
        return {rule: count for rule, count in counts.items() if rule not in PAGES}

    def planned_with_report(self, *arguments: str) -> dict[str, int]:
        """How many jobs of each rule a dry run lists, without ``all``."""
        done = self.snakemake("-n", *arguments)
        table = re.search(r"Job stats:\njob +count\n[- ]+\n(.*?)\ntotal", done.stdout + done.stderr, flags=re.S)
        counts = dict(line.split() for line in table.group(1).splitlines()) if table else {}
        return {rule: int(count) for rule, count in counts.items() if rule != "all"}

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace text in a file of the project's code."""
        file = self.folder / path
        text = file.read_text()
        assert old in text, f"{path} does not contain {old!r}"
        file.write_text(text.replace(old, new))
