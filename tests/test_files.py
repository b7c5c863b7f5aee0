"""Compares docs/files.md, which describes the path and content of every file, with the files that the verbs write."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import torch
from mrisr.cli.main import app
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
from project import SUBJECTS, Project
from safetensors import safe_open
from test_scanned import write_scans
from typer.testing import CliRunner

PAGE = (Path(__file__).parents[1] / "docs/files.md").read_text()
STUDY = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "range": "3:3", "minimum": 32},
    "protocol": {"grid": "low"},
    "degradations": {
        "hidden": {},
        "real": {"kind": "scanned"},
        "dsgan": {"kind": "estimated"},
        "dsn": {"kind": "estimated"},
    },
    "kernels": {
        "dsgan": {"source": "hidden", "iterations": 60, "learning_rate": 0.001, "attempts": 8},
        "dsn": {"source": "hidden", "features": 2, "training": {"epochs": 1}},
    },
    "training_sets": ["dsgan", "dsn"],
    "test_sets": ["hidden", "real"],
    "architectures": {"srcnn": {"features": [4, 2]}},
    "losses": ["mse"],
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 1, "patch": 16},
    "evaluation": {"metrics": ["psnr", "brisque"], "save_estimates": True},
    "brisque": {"slices": 1},
    "figures": {"further": ["mscn", "profile", "kernels"]},
}
LEARNED = "kernels/x2/{}/hidden/seed0/{}.safetensors"
MODEL = "x2/srcnn/mse/dsn/fold0/seed0"
WRITTEN = {
    "Slices": "slices/anna.safetensors",
    "Degraded slices": "degraded/x2/hidden/anna.safetensors",
    "Registered slices": "registered/x2/real/cleo.safetensors",
    "Kernels": LEARNED.format("dsgan", "anna"),
    "Regressor": "brisque/regressor.safetensors",
    "Weights": f"models/{MODEL}/weights.safetensors",
    "Estimates": f"scores/{MODEL}/estimates/real/cleo.safetensors",
}


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    """A results folder with a file of every kind, by the verbs in this process."""
    folder = tmp_path_factory.mktemp("files")
    project = Project(folder, STUDY)
    for number, subject in enumerate(SUBJECTS):
        write_scans(project, subject, number)
    project.write_manifest(SUBJECTS, scanned=SUBJECTS)
    deterministic = torch.are_deterministic_algorithms_enabled()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for subject in SUBJECTS:
            verb("slice", subject=subject)
            verb("degrade", scale=2, degradation="hidden", subject=subject)
        for subject in ("cleo", "dora"):
            verb("register", scale=2, degradation="real", subject=subject)
            verb("degrade", scale=2, degradation="real", subject=subject)
        verb("kernels", method="dsgan", subject="anna")
        verb("kernels", method="dsn")
        for subject in ("anna", "ben"):
            verb("degrade", scale=2, degradation="dsn", subject=subject)
        verb("brisque")
        model = {"scale": 2, "architecture": "srcnn", "loss": "mse", "training_set": "dsn"}
        verb("train", **model)
        verb("evaluate", **model)
    torch.use_deterministic_algorithms(deterministic)
    return folder / "results/tiny"


def verb(name: str, **options) -> None:
    """Run a verb of the command line."""
    words = [word for key, value in options.items() for word in (f"--{key.replace('_', '-')}", str(value))]
    done = CliRunner().invoke(app, [name, *words])
    assert done.exit_code == 0, (name, options, done.exception)


def test_a_verb_reads_the_study_once(results, monkeypatch):
    monkeypatch.chdir(results.parents[1])
    read = []
    monkeypatch.setattr("mrisr.study.validation.load_study", lambda path: read.append(path) or load_study(path))
    # The job is found, and is another one than the one that is asked for.
    done = CliRunner().invoke(app, ["kernels", "--method", "dsgan", "--subject", "anna", "--identity", "another"])
    assert "has changed since this job was planned" in str(done.exception)
    assert read == ["config.yaml"]


def section(heading: str) -> str:
    """The text under a heading of the page."""
    return re.search(rf"^### {heading}\n(.*?)(?=^##)", PAGE, flags=re.S | re.M).group(1)


def documented(heading: str) -> set[str]:
    """Keys of the metadata of a kind of file, with those of slices where it is said to be like them."""
    text = section(heading)
    keys = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.M))
    return keys | documented("Slices") if "in addition to those of slices" in text else keys


def metadata(path: Path) -> dict:
    with safe_open(path, framework="numpy") as file:
        return json.loads(file.metadata()["mrisr"])


@pytest.mark.parametrize("heading", WRITTEN)
def test_the_metadata_of_a_real_file_are_those_of_the_page(results, heading):
    assert set(metadata(results / WRITTEN[heading])) == documented(heading)


@pytest.mark.parametrize("path", [LEARNED.format("dsn", "network/weights"), f"models/{MODEL}/weights.safetensors"])
def test_what_the_names_of_weights_hold_is_said(results, path):
    said = metadata(results / path)
    assert said.keys() == documented("Weights")
    names = re.search(r"^\| `names` \| (.*) \|$", section("Weights"), flags=re.M).group(1)
    assert {f"`{name}`" for name in said["names"]} <= set(re.findall(r"`\w+`", names))


def test_every_tensor_that_is_no_parameter_is_named(results):
    for heading in ("Kernels", "Regressor"):
        with safe_open(results / WRITTEN[heading], framework="numpy") as file:
            assert {f"`{name}`" for name in file.keys()} <= set(re.findall(r"`\w+`", section(heading)))  # noqa: SIM118


def test_the_record_of_a_job_has_the_keys_of_the_page(results):
    table = PAGE.partition("## `run.json`")[2]
    keys = {key for cell in re.findall(r"^\| (`.*?`) \|", table, flags=re.M) for key in re.findall(r"`(\w+)`", cell)}
    for path in results.rglob("*run.json"):
        assert set(json.loads(path.read_text())) <= keys, path


def test_every_path_that_a_study_makes_stands_in_the_table(results, monkeypatch):
    monkeypatch.chdir(results.parents[1])
    plan = Plan(load_study("config.yaml"))
    cells = re.findall(r"^\| (`.*?) \|", PAGE.partition("## Arrays")[0], flags=re.M)
    written = [path for job in plan.jobs() if job.stage != "fetch" for path in job.writes.values()]
    for path in [*written, plan.layout.report, plan.layout.study]:
        place = path.removeprefix(f"{plan.layout.root}/")
        assert any(re.fullmatch(pattern, place) for cell in cells for pattern in patterns(cell)), path


def patterns(cell: str) -> list[str]:
    """A table's cell as regular expressions; ``.csv`` or ``history.csv`` after another path goes with that path."""
    first, *more = [path.replace("{model}", "x{}/{}/{}/{}/fold{}/seed{}") for path in re.findall(r"`(.*?)`", cell)]
    folder, _, name = first.rpartition("/")
    paths = [first]
    for path in more:
        beside = f"{folder}/{name.partition('.')[0]}{path}" if path.startswith(".") else f"{folder}/{path}"
        paths.append(path if path.endswith("/") else beside)
    wild = [re.sub(r"\\\{.*?\\\}|\\\*", "[^/]+", re.escape(path)) for path in paths]
    return [pattern + (".*" if pattern.endswith("/") else "") for pattern in wild]
