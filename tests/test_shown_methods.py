"""The figure and the table that show every method side by side: pictures and run times."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mrisr import baselines, degradations
from mrisr.arrays import save_slices
from mrisr.errors import InputError
from mrisr.evaluation import runtimes
from mrisr.figures import panel
from mrisr.figures.comparison import Comparison
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
from project import TINY, Project

BASELINES = {
    "bicubic": {"kind": "bicubic", "options": {}},
    "spline": {"kind": "cubic_spline", "options": {}},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """Slices of one subject and the same ones as block means."""
    folder = tmp_path_factory.mktemp("shown")
    random = np.random.default_rng(0)
    slices = {index: random.random((1, 48, 40), np.float32) for index in (3, 5, 8)}
    geometry = {"subject": "anna", "affine": np.eye(4).tolist(), "spacing": [1, 1, 1], "axis": 2}
    save_slices(folder / "sharp.safetensors", slices, geometry)
    degrade = degradations.build("box", scale=2, grid="low")
    save_slices(folder / "low.safetensors", {i: degrade(image) for i, image in slices.items()}, geometry)
    return SimpleNamespace(sharp=folder / "sharp.safetensors", low=folder / "low.safetensors", slices=slices)


def test_run_times_of_every_method_on_every_group(files, tmp_path, monkeypatch):
    monkeypatch.setattr(runtimes, "SECONDS", 0)
    meter = SimpleNamespace(update=lambda done: None)
    runtimes.run(
        {"weights": [], "slices": {"head": files.low, "rat": files.low}},
        {"runtimes": str(tmp_path / "runtimes.csv")},
        settings={"baselines": BASELINES, "models": [], "groups": {"head": "anna", "rat": "rita"}}
        | {"scale": 2, "grid": "low", "threads": 1},
        identity="x",
        device="cpu",
        progress=lambda total, done: meter,
    )
    table = pd.read_csv(tmp_path / "runtimes.csv")
    assert list(zip(table["group"], table["architecture"], strict=True)) == [
        (group, name) for group in ("head", "rat") for name in BASELINES
    ]
    assert set(zip(table["height"], table["width"], strict=True)) == {(24, 20)}
    np.testing.assert_allclose(table["seconds_a_volume"], 3 * table["seconds_a_slice"], rtol=1e-3)
    assert (table["seconds_a_slice"] > 0).all()


def test_slices_take_turns_after_one_that_is_not_timed(monkeypatch):
    monkeypatch.setattr(runtimes, "SECONDS", 0)
    seen = []
    assert runtimes.seconds_a_slice(lambda image: seen.append(int(image)), [np.array(4), np.array(7)]) >= 0
    assert seen == [4, 4, 7, 4]


def test_the_comparison_shows_the_slice_its_input_and_every_method_with_its_scores(files):
    pairs = {"references": {"anna": files.sharp}, "degraded": {"box": {"anna": files.low}}, "seed": 0}
    settings = {
        "pictures": {"comparison_box": {"test_set": "box", "group": "head"}},
        "shown": {"head": {"subject": "anna", "slice": None, "models": []}},
        "baselines": BASELINES,
        "scale": 2,
        "grid": "low",
    }
    reads = {"test_sets": {"head": {"box": pairs}}, "weights": {"head": []}}
    ((name, figure),) = Comparison.pictures(reads, settings)
    words = [text.get_text() for text in figure.texts]
    assert name == "comparison_box"
    assert {"ground truth", "input (box)", *BASELINES} <= set(words)
    reference = files.slices[5]
    estimate = np.clip(
        baselines.build("cubic_spline", scale=2)(degradations.build("box", scale=2, grid="low")(reference)), 0, 1
    )
    psnr = -10 * np.log10(np.mean((estimate.astype(float) - reference) ** 2))
    assert any(word.startswith(f"{psnr:.2f} / ") for word in words)


@pytest.mark.parametrize(("trained_on", "title"), [("gaussian", "bicubic"), ("bicubic", "bicubic (baseline)")])
def test_a_panel_shows_the_baselines_that_the_study_names_before_the_models(files, monkeypatch, trained_on, title):
    estimate = np.clip(files.slices[5] + 0.1, 0, 1)
    monkeypatch.setattr(panel, "estimators", lambda *arguments: [(trained_on, lambda image: estimate)])
    pairs = {"references": {"anna": files.sharp}, "degraded": {"box": {"anna": files.low}}, "seed": 0}
    settings = {"pictures": {"panel": {"test_set": "box"}}, "models": [], "subject": "anna", "slice": None, "scale": 2}
    reads = {"test_sets": {"box": pairs}, "weights": []}
    shown = {"baselines": {"bicubic": BASELINES["bicubic"]}, "grid": "low"}
    ((_, figure),) = panel.Panel.pictures(reads, settings | shown)
    words = [text.get_text() for text in figure.texts]
    assert [word for word in words if word in (title, trained_on)] == [title, trained_on]
    restored = np.clip(baselines.build("bicubic", scale=2)(degraded(files)), 0, 1)
    for image in (restored, estimate):
        psnr = -10 * np.log10(np.mean((image.astype(float) - files.slices[5]) ** 2))
        assert any(word.startswith(f"{psnr:.2f} / ") for word in words)
    ((_, plain),) = panel.Panel.pictures(reads, settings)
    assert title not in [text.get_text() for text in plain.texts if title != trained_on]


def degraded(files) -> np.ndarray:
    return degradations.build("box", scale=2, grid="low")(files.slices[5])


@pytest.mark.parametrize(
    ("named", "problem"),
    [
        (["bicubic"], None),
        (["lanczos"], "figures.panel_baselines: 'lanczos' is not known"),
        (
            ["reference"],
            "figures.panel_baselines: 'reference' is the high-resolution slice, which the panels show anyway",
        ),
        (["bicubic", "bicubic"], "figures.panel_baselines: 'bicubic' is listed twice"),
    ],
)
def test_the_baselines_of_the_panels_are_baselines_of_the_study(tmp_path, monkeypatch, named, problem):
    low = {**TINY, "protocol": {**TINY.get("protocol", {}), "grid": "low"}}
    project = Project(tmp_path, {**low, "figures": {"panel_baselines": named}})
    monkeypatch.chdir(project.folder)
    if problem is None:
        job = Plan(load_study("config.yaml")).job("figure", figure="panel", scale=2)
        assert job.settings["baselines"] == {"bicubic": {"kind": "bicubic", "options": {"a": -0.5}}}
        assert "mrisr.baselines.bicubic" in job.modules
        project.configure(low)
        assert "baselines" not in Plan(load_study("config.yaml")).job("figure", figure="panel", scale=2).settings
    else:
        with pytest.raises(InputError) as raised:
            load_study("config.yaml")
        (line,) = raised.value.problems
        assert problem in line
