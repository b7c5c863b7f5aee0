"""The measure of mode collapse: against pairwise distances, and on healthy and collapsed outputs."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from mrisr import models
from mrisr.arrays import save_slices
from mrisr.costs.calibration import Calibration
from mrisr.costs.forecast import Forecast
from mrisr.costs.resources import Resources
from mrisr.errors import InputError
from mrisr.evaluation.diversity import MOST_SLICES, MOST_SUBJECTS, chosen, measured, run
from mrisr.pairs import Pair
from mrisr.planning.plan import Plan
from mrisr.quality.diversity import diversity
from mrisr.stages.diversity import SLICES
from mrisr.stages.train import measured as measured_training
from mrisr.study.validation import load_study
from mrisr.training.weights import save_weights
from project import SUBJECTS, TINY, Project
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import pdist
from scipy.stats import linregress, pearsonr

RNG = np.random.default_rng(5)
REFERENCES = [gaussian_filter(RNG.random((1, 24, 20)), (0, 2, 2)).astype(np.float32) for _ in range(7)]


def flat(images):
    return np.reshape(np.asarray(images, np.float64), (len(images), -1))


def test_it_is_the_ratio_of_pairwise_distances_and_the_correlation_of_deviations():
    outputs = [gaussian_filter(image, (0, 1, 1)) + 0.1 * RNG.random(image.shape) for image in REFERENCES]
    found = diversity(REFERENCES, outputs)
    distances = [np.sqrt(np.mean(pdist(flat(images), "sqeuclidean"))) for images in (outputs, REFERENCES)]
    assert found.ratio == pytest.approx(distances[0] / distances[1], rel=1e-9)
    deviations = [flat(images) - flat(images).mean(axis=0) for images in (outputs, REFERENCES)]
    assert found.agreement == pytest.approx(pearsonr(deviations[0].ravel(), deviations[1].ravel())[0], rel=1e-9)


def test_what_is_kept_is_the_slope_of_the_line_of_least_squares():
    outputs = [0.3 * gaussian_filter(image, (0, 1, 1)) + 0.1 * RNG.random(image.shape) for image in REFERENCES]
    deviations = [flat(images) - flat(images).mean(axis=0) for images in (REFERENCES, outputs)]
    slope = linregress(deviations[0].ravel(), deviations[1].ravel()).slope
    assert diversity(REFERENCES, outputs).kept == pytest.approx(slope, rel=1e-9)
    assert diversity(REFERENCES, [REFERENCES[0]] * 7).kept == 0


def test_perfect_outputs_are_as_diverse_as_the_references():
    assert diversity(REFERENCES, REFERENCES) == pytest.approx((1, 1), abs=1e-12)


def test_an_error_that_all_outputs_share_changes_nothing_and_contrast_only_the_ratio():
    pattern = RNG.random((1, 24, 20))
    outputs = [0.5 * image + pattern for image in REFERENCES]
    assert diversity(REFERENCES, outputs) == pytest.approx((0.5, 1), abs=1e-12)


def test_one_output_for_every_slice_has_no_diversity():
    found = diversity(REFERENCES, [np.full((1, 24, 20), 0.3, np.float32)] * 7)
    assert found.ratio == 0
    assert np.isnan(found.agreement)


def test_small_variations_of_one_output_that_ignore_the_input_have_neither():
    one = REFERENCES[0]
    collapsed = diversity(REFERENCES, [one + 0.01 * RNG.normal(size=one.shape) for _ in REFERENCES])
    blurred = diversity(REFERENCES, [gaussian_filter(image, (0, 1, 1)) for image in REFERENCES])
    assert collapsed.ratio < blurred.ratio < 1
    assert abs(collapsed.agreement) < blurred.agreement < 1


def test_outputs_shuffled_over_the_slices_are_diverse_and_do_not_agree():
    """Deviations sum to 0 over slices, so the mean agreement over all shifts but none is -1 / (slices - 1)."""
    shifted = [diversity(REFERENCES, REFERENCES[n:] + REFERENCES[:n]) for n in range(1, 7)]
    assert [found.ratio for found in shifted] == pytest.approx([1] * 6)
    assert np.mean([found.agreement for found in shifted]) == pytest.approx(-1 / 6)


@pytest.mark.parametrize(
    ("references", "words"), [(REFERENCES[:1], "two slices or more"), (REFERENCES[:1] * 3, "all references are equal")]
)
def test_slices_that_cannot_be_compared_are_told(references, words):
    with pytest.raises(InputError, match=words):
        diversity(references, references)


def test_the_first_subjects_of_each_group_with_several_slices_are_measured():
    names = [f"s{n}" for n in range(9)]
    groups = {name: "rats" if name == "s8" else "people" for name in names} | {"alone": "single"}
    pairs = [Pair(name, n, np.ones((1, 8, 8)) * n, np.ones((1, 8, 8)) * n) for name in names for n in range(30)]
    pairs += [Pair("alone", 0, REFERENCES[0], REFERENCES[0])]
    found = chosen(pairs, groups)
    assert {group: list(own) for group, own in found.items()} == {
        "people": names[:MOST_SUBJECTS],
        "rats": ["s8"],
        "single": [],
    }
    assert [pair.index for pair in found["rats"]["s8"]][:: MOST_SLICES - 1] == [0, 29]
    pairs = [Pair("ann", n, image, image) for n, image in enumerate(REFERENCES)]
    assert measured(lambda image: image / 2, pairs) == pytest.approx((0.5, 1))


def test_the_stage_measures_each_model_on_its_own_test_set(tmp_path):
    """Without weights a network with a skip returns its input, and one without gives one output for every slice."""
    names = [
        {"scale": 2, "architecture": name, "loss": "mse", "training_set": "blur", "seed": 0, "fold": 0}
        for name in ("healthy", "collapsed")
    ]
    for skip, own in ((True, names[0]), (False, names[1])):
        options = {"features": [2, 2], "skip": skip}
        state = {
            key: np.zeros_like(value) for key, value in models.build("srcnn", scale=1, **options).state_dict().items()
        }
        described = {"architecture": {"kind": "srcnn", "options": options}, "scale": 1, "channels": 1}
        save_weights(tmp_path / own["architecture"], state, described)
    subjects = {"ann": REFERENCES, "bob": REFERENCES[:1]}
    for subject, images in subjects.items():
        geometry = {"subject": subject, "affine": np.eye(4).tolist(), "spacing": [1, 1, 1], "axis": 2}
        save_slices(tmp_path / subject, dict(enumerate(images)), geometry)
    files = {subject: tmp_path / subject for subject in subjects}
    pairs = {"references": files, "degraded": {"blur": files}, "seed": 0}
    run(
        {"weights": [tmp_path / own["architecture"] for own in names], "test_sets": {"x2/blur/fold0": pairs}},
        {"diversity": str(tmp_path / "diversity.csv")},
        settings={"models": names, "groups": {"ann": "people", "bob": "single"}, "threads": 1},
        identity="x",
        device="cpu",
        progress=lambda total, done: SimpleNamespace(update=lambda done: None),
    )
    table = pd.read_csv(tmp_path / "diversity.csv").set_index(["architecture", "group"])
    people = table.loc[[("healthy", "people"), ("collapsed", "people")]]
    assert people["kept"].to_list() == pytest.approx([1, 0], abs=1e-5)
    assert people["ratio"].to_list() == pytest.approx([1, 0], abs=1e-5)
    assert people["slices"].to_list() == [7, 7]
    assert table.loc[("healthy", "single"), ["subject", "kept"]].isna().all()


def test_a_study_that_asks_for_it_has_the_table_the_figure_and_the_verdicts(tmp_path, monkeypatch):
    project = Project(tmp_path, {**TINY, "evaluation": {"diversity": True, "paper": "perceptual-gan"}}, SUBJECTS)
    monkeypatch.chdir(project.folder)
    plan = Plan(load_study("config.yaml"))
    job = plan.job("diversity")
    assert len(job.reads["weights"]) == len(plan.models())
    assert plan.job("figure", figure="diversity", scale=2).reads["diversity"] == job.writes["diversity"]
    assert plan.job("tabulate").reads["diversity"] == job.writes["diversity"]
    project.configure({**TINY, "evaluation": {"paper": "perceptual-gan"}})
    plan = Plan(load_study("config.yaml"))
    assert not [job for job in plan.jobs() if job.stage == "diversity"]
    assert "diversity" not in plan.job("tabulate").reads


def test_the_cost_of_a_study_that_keeps_epochs_and_measures_diversity_is_known(tmp_path, monkeypatch):
    training = {**TINY["training"], "epochs": 4, "keep_epochs": [2, 4]}
    project = Project(tmp_path, {**TINY, "training": training, "evaluation": {"diversity": True}})
    monkeypatch.chdir(project.folder)
    plan, calibration = Plan(load_study("config.yaml")), Calibration(seconds=0.01)
    assert calibration.training_step(measured_training(plan.job("train", **plan.models()[0])), (1, 16, 16)) > 0
    costs = Forecast(plan, Path("config.yaml"), Resources(plan, auto="cpu"), calibration, "cpu")
    assert plan.stages["diversity"].takes(costs, plan.job("diversity")).seconds > 0


def test_the_forecast_counts_as_many_slices_as_are_measured():
    assert SLICES == MOST_SLICES
