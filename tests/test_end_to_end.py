"""The whole pipeline on a real volume, cropped small: from the fetched scan to the report."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import shlex
import shutil
import signal
import subprocess
import time
from pathlib import Path

import nibabel
import numpy as np
import pandas as pd
import pytest
from finished import finish
from mrisr.arrays import load_slices
from mrisr.errors import InputError
from mrisr.volumes.fetch import fetch
from project import ROOT, SUBJECTS, TINY, Project
from skimage.metrics import peak_signal_noise_ratio

SCAN = "nirodents-rat15"
NOT_REPRODUCIBLE = ("logs/", "timings/", "explorer.html", "report.html", "study.yaml")
"""What may differ from run to run, beside the run.json files."""


@pytest.fixture(scope="session")
def scan(tmp_path_factory) -> np.ndarray:
    """The rat scan of the default study, [256, 24, 256]."""
    kept = ROOT / f"data/volumes/{SCAN}.nii.gz"
    path = kept if kept.exists() else tmp_path_factory.mktemp("scan") / f"{SCAN}.nii.gz"
    try:
        fetch(SCAN, ROOT / "data/sources.yaml", path)
    except InputError as error:
        pytest.skip(f"the real volume cannot be fetched here: {error}")
    return np.asarray(nibabel.load(path).dataobj, np.float32)


def crop_subjects(project: Project, scan: np.ndarray) -> None:
    """Four parts of the scan stand for four subjects: enough to run, nothing to conclude from."""
    corners = [(88, 120), (128, 120), (88, 150), (128, 150)]
    for subject, (left, low) in zip(SUBJECTS, corners, strict=True):
        project.write_volume(subject, scan[left : left + 40, 6:18, low : low + 36].transpose(0, 2, 1))


def make(folder: Path, scan: np.ndarray, config: dict = TINY) -> Project:
    project = Project(folder, config)
    crop_subjects(project, scan)
    return project


def digests(project: Project) -> dict[str, str]:
    """SHA-256 of every reproducible file of the study."""
    root = project.folder / "results/tiny"
    files = [path for path in root.rglob("*") if path.is_file() and not path.name.endswith("run.json")]
    names = {path.relative_to(root).as_posix(): path for path in files}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in names.items()
        if not name.startswith(NOT_REPRODUCIBLE)
    }


def kill_when_started(project: Project, rule: str) -> None:
    """Start Snakemake and kill -9 it with all its jobs soon after the first job of a rule began."""
    logs = project.folder / f"results/tiny/logs/{rule}"
    before = {path for path in logs.rglob("*.log")}
    command = "import os, sys; os.setsid(); os.execvp('snakemake', ['snakemake', '-c2'])"
    process = project.start("python", "-c", command)
    began = time.monotonic()
    while {path for path in logs.rglob("*.log")} == before and process.poll() is None:
        assert time.monotonic() - began < 120, f"no job of {rule} has started"
        time.sleep(0.1)
    time.sleep(0.7)
    if process.poll() is None:
        subprocess.run(["pkill", "-KILL", "-s", str(process.pid)], check=False)
        process.kill()
    process.wait()


@pytest.fixture(scope="module")
def done(tmp_path_factory, scan) -> Project:
    """The study, killed three times by the way and then run to its end."""
    project = make(tmp_path_factory.mktemp("first"), scan)
    for rule in ("degrade_slices", "train_model", "evaluate_model"):
        kill_when_started(project, rule)
        project.call("snakemake", "--unlock")
    project.snakemake("-c2")
    return project


def test_every_model_is_scored_on_every_test_slice(done):
    scores = pd.read_csv(done.folder / "results/tiny/scores.csv", keep_default_na=False)
    models = scores.groupby(["architecture", "loss", "training_set"]).size()
    # Two losses and three training sets, floor and ceiling; three test sets, two subjects, two slices, two metrics.
    assert len(models) == 8
    assert set(models) == {3 * 2 * 2 * 2}


def test_studies_are_joined_in_one_report(done):
    """Nothing is made again for it."""
    said = done.call("mrisr", "studies", "config.yaml")
    assert said.returncode == 0, said.stderr
    assert said.stdout.splitlines()[-1] == "results/all-studies/index.html"
    assert "Nothing to be done" in said.stdout + said.stderr
    page = (done.folder / "results/all-studies/tiny.html").read_text()
    assert "findings.csv" in page
    assert page.count("data:image/webp") == len(list((done.folder / "results/tiny/figures").rglob("*.png")))


def test_the_floor_is_what_scikit_image_measures_on_the_files(done):
    results = done.folder / "results/tiny"
    scores = pd.read_csv(results / "scores.csv", keep_default_na=False)
    floor = scores[(scores.architecture == "input") & (scores.metric == "psnr") & (scores.test_set == "mean")]
    assert len(floor) == 4
    for row in floor.itertuples():
        reference = load_slices(results / f"slices/{row.subject}.safetensors")[0][row.slice]
        degraded = load_slices(results / f"degraded/x2/mean/{row.subject}.safetensors")[0][row.slice]
        assert float(row.value) == pytest.approx(peak_signal_noise_ratio(reference, degraded, data_range=1), abs=1e-4)


def test_the_wide_table_is_the_mean_over_slices_then_subjects(done):
    results = done.folder / "results/tiny"
    scores = pd.read_csv(results / "scores.csv", keep_default_na=False)
    table = pd.read_csv(results / "tables/psnr.csv", keep_default_na=False)
    cell = scores.query("metric == 'psnr' and loss == 'l1' and training_set == 'mean' and test_set == 'combine'")
    expected = cell.groupby("subject")["value"].mean().mean()
    row = table.query("loss == 'l1' and training_set == 'mean'").iloc[0]
    assert float(row["combine"]) == pytest.approx(expected, rel=1e-8)


def test_a_mixture_uses_every_slice_once_from_one_member_each(done):
    scores = pd.read_csv(done.folder / "results/tiny/scores.csv", keep_default_na=False)
    floor = scores[(scores.architecture == "input") & (scores.metric == "psnr")]
    by_slice = floor.pivot(index=["subject", "slice"], columns="test_set", values="value")
    from_gaussian = by_slice["combine"] == by_slice["gaussian"]
    from_mean = by_slice["combine"] == by_slice["mean"]
    assert (from_gaussian ^ from_mean).all()
    assert from_gaussian.sum() == from_mean.sum() == 2


def test_the_report_holds_captions_tables_and_figures(done):
    report = (done.folder / "results/tiny/report.html").read_text()
    for name in ("heatmap_psnr.png", "psnr.csv", "findings.csv", "gallery.png"):
        assert name in report


def test_the_explorer_holds_a_picture_and_the_mean_of_every_cell(done):
    page = (done.folder / "results/tiny/explorer.html").read_text()
    data = json.loads(re.search(r'id="data">(.*?)</script>', page, flags=re.S)[1])
    table = pd.read_csv(done.folder / "results/tiny/tables/psnr.csv", keep_default_na=False).query("loss != ''")
    assert len([run for run in data["runs"] if "train" in run["records"]]) == len(table) == 6
    assert len(data["runs"]) == len(data["models"]) > 6
    for _, row in table.iterrows():
        model = data["models"].index([row["scale"], row["architecture"], row["loss"], row["training_set"]])
        cells = data["cells"]["main"]["psnr"][model]
        assert cells == pytest.approx([float(row[name]) for name in data["test_sets"]], rel=1e-4)
    shown = [entry for slices in data["pictures"]["shown"]["2"].values() for entry in slices]
    assert [len(entry["estimates"]) for entry in shown] == [len(data["runs"])] * len(shown)
    names = {name for entry in shown for pair in entry["estimates"].values() for name in pair}
    names |= {entry[name] for entry in shown for name in ("high", "low")}
    assert names == set(data["pictures"]["files"])
    command = shlex.split(data["runs"][0]["records"]["train"]["command"])
    assert command[:2] == ["mrisr", "train"]


def test_every_record_names_the_command_and_the_digests(done):
    records = list((done.folder / "results/tiny").rglob("*run.json"))
    assert len(records) == 1 + 4 + 8 + 6 + 6 + 2 + 1 + 6 + 1 + 1  # the last two are the pages
    for path in records:
        record = json.loads(path.read_text())
        assert record["command"][0] == "mrisr"
        for name, entry in record["outputs"].items():
            assert hashlib.sha256((path.parent / name).read_bytes()).hexdigest() == entry["sha256"]


def test_killed_and_started_again_is_the_same_bytes_as_in_one_go_without_snakemake(done, tmp_path, scan):
    assert digests(finish(make(tmp_path, scan))) == digests(done)


def test_a_broken_volume_stops_everything_before_anything_runs(tmp_path, scan):
    project = make(tmp_path, scan)
    for subject in ("anna", "dora"):
        path = project.folder / f"data/{subject}.nii"
        path.write_bytes(path.read_bytes()[:500])
    failed = project.call("snakemake", "-c2")
    assert failed.returncode != 0
    shown = failed.stdout + failed.stderr
    assert "anna" in shown
    assert "dora" in shown
    assert "Traceback" not in shown
    assert not (project.folder / "results/tiny/slices").exists()


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("trainig", {}, ["config.yaml", "trainig", "training"]),
        ("losses", ["mse", "l3"], ["config.yaml", "losses.l3", "l1"]),
        ("volumes", "data/none.tsv", ["data/none.tsv"]),
    ],
)
def test_a_wrong_study_is_one_line_and_nothing_is_touched(done, key, value, words):
    before = digests(done)
    done.configure({**TINY, key: value})
    failed = done.call("snakemake", "-c1")
    done.configure(TINY)
    assert failed.returncode != 0
    errors = [line for line in failed.stderr.splitlines() if line.startswith("error: ")]
    assert errors
    assert all(word in errors[0] for word in words)
    assert "Traceback" not in failed.stderr
    assert digests(done) == before


def test_the_low_grid_runs_too(tmp_path, scan):
    config = {**TINY, "protocol": {"grid": "low", "scales": [2]}, "losses": ["mse"], "models": None}
    project = finish(make(tmp_path, scan, config))
    with open(project.folder / "results/tiny/tables/psnr.csv") as file:
        rows = list(csv.DictReader(file))
    assert [row["architecture"] for row in rows] == ["bicubic", "reference", *["srcnn"] * 3]
    shutil.rmtree(project.folder)


def test_what_is_given_on_the_command_line_is_read_as_yaml(done):
    planned = done.planned("--config", "seeds=[0,1]", "training={epochs: 3}")
    assert planned["train_model"] == 12


def test_an_own_volume_may_lie_beside_the_built_in_ones(tmp_path, scan):
    project = make(tmp_path, scan)
    (project.folder / "data/volumes").mkdir()
    (project.folder / "data/anna.nii").rename(project.folder / "data/volumes/anna.nii")
    manifest = project.folder / "data/volumes.tsv"
    manifest.write_text(manifest.read_text().replace("data/anna.nii", "data/volumes/anna.nii"))
    assert project.planned()["slice_volume"] == 4


def test_the_papers_study_has_63_training_and_63_evaluation_jobs(done):
    study = "workflow/studies/training-bias.yaml"
    planned = done.planned("--configfile", study, "--config", "volumes=data/volumes.tsv")
    assert planned["train_model"] == planned["evaluate_model"] == 63


def test_a_terminated_training_keeps_its_state_and_says_so(tmp_path, scan):
    config = {**TINY, "training": {**TINY["training"], "epochs": 400, "steps_per_epoch": 50, "checkpoint_every": 25}}
    project = make(tmp_path, scan, config)
    finish(project, up_to="degrade")
    names = ["--scale", "2", "--architecture", "srcnn", "--loss", "mse", "--training-set", "mean"]
    process = project.start("mrisr", "train", *names)
    while not list((project.folder / "results/checkpoints").rglob("step-*.safetensors")):
        assert process.poll() is None, "the training has ended before its first checkpoint"
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 75
    assert "run again to go on" in errors
    assert list((project.folder / "results/checkpoints").rglob("step-*.safetensors"))
    assert not (project.folder / "results/tiny/models").exists()
