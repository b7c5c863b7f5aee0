"""The figure and the table that show every method side by side: pictures and run times."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mrisr import baselines, degradations
from mrisr.arrays import save_slices
from mrisr.evaluation import runtimes
from mrisr.figures.comparison import Comparison

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
