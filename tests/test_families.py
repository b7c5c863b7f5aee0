"""Families: test sets that differ in one option, scores against it, and how far a model keeps its score."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from mrisr import plugins
from mrisr.errors import InputError
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.figures import families as figure
from mrisr.planning import families as planning
from mrisr.planning import figures, tables
from mrisr.planning.plan import Plan
from mrisr.statistics import families, tabulate
from mrisr.study.validation import validate
from project import TINY, Project
from test_figures import overlapping, texts_outside

FAMILY = {"kind": "gaussian", "option": "sigma", "values": [0.5, 1.0, 2.0]}
STUDY = {**TINY, "families": {"blur": FAMILY}, "losses": ["mse"], "models": None}
VALUES = [0.5, 1.0, 1.5, 2.0]
MEMBERS = {f"blur_{value:g}": value for value in VALUES}
HOMES = {"narrow": 0.5, "middle": 1.2, "wide": 2.0}
ORDER = {
    "training_sets": [*HOMES, "other"],
    "test_sets": ["mean"],
    "architectures": ["input", "srcnn"],
    "losses": ["mse"],
    "groups": ["human"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True},
        "hfen": {"label": "HFEN", "higher_is_better": False},
    },
}
DESCRIBED = {"blur": {"option": "sigma", "members": MEMBERS, "homes": HOMES}}


def scores(score) -> pd.DataFrame:
    """Two subjects with 3 and 1 slices; ``score(training_set, value)`` is the mean over the subjects."""
    rows = []
    for training_set, test_set in itertools.product([*HOMES, "other", ""], [*MEMBERS, "mean"]):
        value = score(training_set, MEMBERS.get(test_set, 0.0))
        names = (2, "srcnn", "mse", training_set, "0", "0") if training_set else (2, "input", "", "", "", "")
        for subject, index, shift in (("a", 0, 2), ("a", 1, 1), ("a", 2, 0), ("b", 0, -1)):
            rows.append((*names, test_set, "human", subject, index, "psnr", value + shift))
            rows.append((*names, test_set, "human", subject, index, "hfen", 1 / value))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def tent(training_set: str, value: float) -> float:
    """30 dB, less by 2 dB for each unit away from home; 25 dB for the others."""
    return 30 - 2 * abs(value - HOMES[training_set]) if training_set in HOMES else 25.0


# ---- the study ------------------------------------------------------------------------------------------------------


def test_a_family_is_a_row_of_degradations_that_count_in_no_other_table():
    study = validate(STUDY, source="x")
    assert study.family_sets == ["blur_0.5", "blur_1", "blur_2"]
    assert study.test_sets == study.training_sets == ["gaussian", "mean", "combine"]
    assert study.scored_sets == [*study.test_sets, *study.family_sets]
    assert study.degradations["blur_0.5"].options == {"sigma": 0.5}
    (described,) = planning.described(study).values()
    assert described == {"option": "sigma", "members": dict(zip(study.family_sets, (0.5, 1.0, 2.0), strict=True))} | {
        "homes": {"gaussian": 1.0}
    }


def test_a_training_set_is_at_home_only_with_the_same_other_options():
    degradations = {
        "near": {"kind": "noisy", "degradation": "gaussian", "snr": 10},
        "default": {"kind": "noisy"},
        "far": {"kind": "noisy", "degradation": "gaussian", "seed": 3},
        "two": {"kind": "gaussian", "sigma": [1.0, 2.0]},
        "plain": {"kind": "gaussian"},
    }
    snr = {"kind": "noisy", "degradation": "gaussian", "option": "snr", "values": [5, 10, 80]}
    study = validate({**STUDY, "degradations": degradations, "families": {"snr": snr, "blur": FAMILY}}, source="x")
    described = planning.described(study)
    assert described["snr"]["homes"] == {"near": 10.0}
    assert described["blur"]["homes"] == {"plain": 1.0}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"option": "sgma"}, "families.blur.option: 'gaussian' has no option 'sgma'"),
        ({"kind": "gausian"}, "families.blur: kind 'gausian' is not known"),
        ({"kind": "combine", "option": "seed"}, "families.blur.kind: 'combine' is a mixture or learned"),
        ({"values": [1.0, 1.0]}, "families.blur.values: 1.0 is listed twice"),
        ({"values": [1.0]}, "families.blur.values: [1.0] is not allowed"),
        ({"values": [1.0, float("inf")]}, "families.blur.values"),
        ({"kind": "mean", "option": "size", "values": [3, 4.5]}, "families.blur.size: 4.5 is not allowed"),
        ({"values": [1.0, -1.0]}, "blur_-1"),
    ],
)
def test_a_wrong_family_is_told_before_anything_runs(changes, said):
    with pytest.raises(InputError) as caught:
        validate({**STUDY, "families": {"blur": {**FAMILY, **changes}}}, source="x")
    assert any(said in problem for problem in caught.value.problems), caught.value.problems


def test_a_member_that_is_another_degradation_of_the_study_is_refused():
    degradations = {**TINY["degradations"], "blur_1": {"kind": "mean"}}
    with pytest.raises(InputError, match="its member 'blur_1' is another degradation of the study"):
        validate({**STUDY, "degradations": degradations}, source="x")


@pytest.fixture
def plans(tmp_path, monkeypatch):
    project = Project(tmp_path, STUDY)
    monkeypatch.chdir(project.folder)
    without = {key: value for key, value in STUDY.items() if key != "families"}
    return Plan(validate(STUDY, source="x")), Plan(validate(without, source="x"))


def test_a_family_evaluates_every_model_again_and_trains_none(plans):
    with_family, without = plans
    for names in with_family.models():
        trained, before = (plan.job("train", **names).identity for plan in plans)
        assert trained == before
        files = with_family.job("evaluate", **names).reads["test_sets"]
        assert list(files) == with_family.study.scored_sets
    assert "families" in figures.drawn(with_family.study)
    assert "families" not in figures.drawn(without.study)
    assert set(tables.written(with_family.study)) - set(tables.written(without.study)) == {"reach"}
    settings = with_family.job("tabulate").settings
    assert settings["apart"] == with_family.study.family_sets
    assert {"apart", "families"}.isdisjoint(without.job("tabulate").settings)
    assert with_family.job("figure", figure="families", scale=2).reads == {
        "families": with_family.job("tabulate").writes["families.csv"]
    }


def test_scores_of_families_are_in_their_own_tables_only(tmp_path):
    write_scores(tmp_path / "one.csv", scores(tent))
    writes = {name: str(tmp_path / name) for name in ("scores", "families.csv", "families_reach.csv")}
    settings = {**ORDER, "tables": {"reach": {"families": DESCRIBED}}, "apart": list(MEMBERS)}
    tabulate.run({"scores": [tmp_path / "one.csv"]}, writes, settings=settings, identity="")
    assert set(pd.read_csv(writes["scores"])["test_set"]) == {"mean"}
    assert set(figure.read(tmp_path / "families.csv")["value"]) == set(VALUES)


# ---- the tables -----------------------------------------------------------------------------------------------------


def test_curves_have_the_mean_over_subjects_in_the_order_of_the_values():
    found = families.curves(scores(tent), ORDER, DESCRIBED)
    assert list(found.columns) == families.COLUMNS
    line = found[(found["training_set"] == "middle") & (found["metric"] == "psnr")]
    assert list(line["value"]) == VALUES
    np.testing.assert_allclose(line["score"], [tent("middle", value) for value in VALUES])
    assert set(line["home"]) == {1.2}
    assert set(line["subjects"]) == {2}
    assert found.loc[found["training_set"] == "other", "home"].isna().all()
    assert set(found.loc[found["training_set"] == "", "architecture"]) == {"input"}


def reached(score) -> pd.DataFrame:
    return families.reach(families.curves(scores(score), ORDER, DESCRIBED), ORDER).set_index(
        ["training_set", "reference"]
    )


def test_a_model_reaches_as_far_as_its_own_loss_is_a_decibel():
    found = reached(tent)
    assert set(found["metric"]) == {"psnr"}
    # Half a unit costs one decibel.
    for name, low, high in (("narrow", 0.5, 1.0), ("wide", 1.5, 2.0)):
        row = found.loc[(name, "own")]
        np.testing.assert_allclose([row["low"], row["high"], row["share"]], [low, high, 0.5 / 1.5])
        assert (row["low_open"], row["high_open"]) == (name == "narrow", name == "wide")
    assert found.loc[("other", "own"), ["low", "high", "share"]].isna().all()


def test_the_best_model_at_each_value_is_the_other_reference():
    found = reached(lambda name, value: 40 - 5 * value - (2 * abs(value - HOMES[name]) if name in HOMES else 3))
    best = {value: max(tent(name, value) for name in HOMES) for value in VALUES}
    grid = np.linspace(0.5, 2, 3001)
    for name, home in HOMES.items():
        loss = np.interp(grid, VALUES, [best[value] - tent(name, value) for value in VALUES])
        kept = loss <= 1
        row = found.loc[(name, "best")]
        assert row["share"] == pytest.approx(kept.mean(), abs=1e-3)
        around = grid[kept & (np.abs(grid - home) < 1)]
        np.testing.assert_allclose([row["low"], row["high"]], [around.min(), around.max()], atol=1e-3)


def test_an_end_is_open_if_the_score_is_kept_to_the_last_value():
    row = reached(lambda name, value: 30 - 0.1 * value).loc[("middle", "own")]
    assert (row["low"], row["low_open"], row["high"], row["high_open"], row["share"]) == (0.5, True, 2.0, True, 1.0)


def test_an_undefined_score_gives_no_reach():
    found = reached(lambda name, value: np.inf if name == "middle" and value == 1.5 else tent(name, value))
    assert found.loc[("middle", "own"), ["low", "high", "share"]].isna().all()
    assert found.loc[("narrow", "own"), "high"] == pytest.approx(1.0)


@pytest.mark.parametrize("seed", range(20))
def test_the_intervals_are_those_of_a_dense_grid(seed):
    random = np.random.default_rng(seed)
    values = np.cumsum(random.uniform(0.1, 1, 7))
    excess = np.round(random.normal(size=7), 1)
    found = families._intervals(values, excess)
    dense = np.linspace(values[0], values[-1], 20001)
    kept = np.interp(dense, values, excess) <= 0
    inside = np.any([(dense >= low) & (dense <= high) for low, high in found] or [dense < 0], axis=0)
    assert np.mean(kept != inside) < 1e-3
    assert all(a[1] < b[0] for a, b in itertools.pairwise(found))


# ---- the figure -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("metric", ["psnr", "hfen"])
def test_the_figure_has_a_panel_for_each_family_and_a_ring_at_each_home(metric):
    described = {
        **DESCRIBED,
        "a family with a long name": {**DESCRIBED["blur"], "homes": {}},
        "third": DESCRIBED["blur"],
    }
    curves = families.curves(scores(tent), ORDER, described)
    options = {name: family["option"] for name, family in described.items()}
    drawn = figure.draw(curves, order=ORDER, families=options, metric=metric, scale=2, architecture="srcnn", loss="mse")
    panels = [ax for ax in drawn.axes if ax.axison]
    assert [ax.get_title() for ax in panels] == list(described)
    for ax, family in zip(panels, described.values(), strict=True):
        rings = [line.get_xdata()[0] for line in ax.lines if line.get_markersize() == 8]
        assert sorted(x for x in rings if np.isfinite(x)) == sorted(family["homes"].values())
    assert texts_outside(drawn) == overlapping(drawn) == []


def test_the_table_and_the_figure_are_asked_for_by_the_section():
    assert plugins.constant("tables", "reach", "ASKED_BY") == plugins.constant("figures", "families", "ASKED_BY")
