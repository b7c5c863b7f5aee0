"""The study of remedies: its draws, its router and its table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr import degradations
from mrisr.arrays import save_slices
from mrisr.errors import InputError
from mrisr.evaluation import routes
from mrisr.statistics import measures, remedies
from mrisr.statistics.order import Order
from mrisr.study.validation import load_study, validate
from project import ROOT
from test_upscaling import head

STUDIES = ROOT / "workflow/studies"


@pytest.mark.parametrize("name", ["remedies", "remedies-small"])
def test_the_draws_of_the_studies_are_those_of_the_published_seed(name):
    random, expected = np.random.default_rng(11), {}
    for k in range(12):
        sigma, ratio, angle = random.uniform(1, 2.5), random.uniform(0.4, 1), random.uniform(0, 180)
        expected[f"d{k + 1:02d}"] = {
            "sigma": [round(sigma, 3), round(sigma * ratio, 3)],
            "angle": round(angle, 1),
            "displacement": [0, 0.25, 0.5, 1][k % 4],
            "noise": [0, 0.005, 0.01][k // 4],
        }
    study = yaml.safe_load((STUDIES / f"{name}.yaml").read_text())["degradations"]
    draws = {key: method for key, method in study.items() if key in expected}
    assert set(draws) == (set(expected) if name == "remedies" else {"d02", "d07"})
    for key, method in draws.items():
        assert {option: method[option] for option in expected[key]} == expected[key]
        assert method["denoise"] is True
        oracle = study[f"oracle_{key}"]
        assert (oracle["sigma"], oracle["angle"]) == (method["sigma"], method["angle"])
        assert [oracle[option] for option in ("displacement", "contrast", "noise")] == [0, 0, 0]


@pytest.mark.parametrize("name", ["remedies", "remedies-small"])
def test_every_arm_of_the_protocol_is_trained(name):
    study = load_study(str(STUDIES / f"{name}.yaml"))
    assert set(study.evaluation.remedies.training_sets()) == set(study.training_sets)


def test_an_arm_that_is_no_training_set_and_a_mixture_as_a_specialist_are_told():
    raw = yaml.safe_load((STUDIES / "remedies-small.yaml").read_text())
    raw["evaluation"]["remedies"]["specialists"] = ["bicubic", "combine", "bicubik"]
    raw["evaluation"]["remedies"]["sites"]["d07"]["displacement"] = 1
    with pytest.raises(InputError) as caught:
        validate(raw, source="study")
    text = "\n".join(caught.value.problems)
    assert "evaluation.remedies: 'bicubik' is not known" in text
    assert "evaluation.remedies.specialists: 'combine' is a mixture" in text
    assert "evaluation.remedies.sites.d07.displacement: 1 is not the displacement of 'd07', which is 0.5" in text


def test_the_router_finds_the_degradation_of_people_that_it_has_not_seen(tmp_path):
    specialists, grid = {"gaussian": {"sigma": 1.5}, "hanning": {}, "bicubic": {}}, {"scale": 2, "grid": "low"}
    reads = {"specialists": {}, "scans": {}}
    for role, seeds in (("specialists", (0, 1)), ("scans", (7, 8))):
        for name, options in specialists.items():
            paths = {}
            for seed in seeds:
                degraded = degradations.build(name, **grid, **options)(head(seed)[:, None])
                paths[f"s{seed}"] = str(tmp_path / f"{role}-{name}-{seed}.safetensors")
                save_slices(paths[f"s{seed}"], dict(enumerate(degraded)), {"subject": f"s{seed}"})
            reads[role][f"x2/{name}"] = paths
    settings = {"specialists": list(specialists), "test_sets": list(specialists)}
    routes.run(reads, {"routes": str(tmp_path / "routes.csv")}, settings=settings, identity="x")
    table = pd.read_csv(tmp_path / "routes.csv")
    assert len(table) == 6
    assert (table["specialist"] == table["test_set"]).all()
    assert (table["distance"] < table["next_distance"]).all()


# ---- the table --------------------------------------------------------------------------------------------------

ASKED = {
    "blur": "gb",
    "zero_filling": "zf",
    "specialists": ["gb", "zf"],
    "combine": "mix",
    "without": ["mix_less"],
    "randomised": "random",
    "sites": {
        "d1": {"dsgan": ["k1a", "k1b"], "dsn": ["n1"], "oracle": "o1", "paired": None},
        "d2": {"dsgan": ["k2"], "dsn": [], "oracle": "o2", "paired": None},
    },
}
ORDER = Order(
    training_sets=["gb", "zf", "mix", "mix_less", "random", "k1a", "k1b", "n1", "o1", "k2", "o2"],
    test_sets=["d1", "d2", "far"],
    architectures=["edsr"],
    losses=["l1"],
    groups=["people"],
    metrics=Order.of(
        {
            "training_sets": [],
            "test_sets": [],
            "architectures": [],
            "losses": [],
            "groups": [],
            "metrics": {"psnr": {"label": "PSNR (dB)", "higher_is_better": True, "options": {}}},
        }
    ).metrics,
)
MEANS = {
    "gb": (26.0, 26.0, 25.0),
    "zf": (25.0, 27.0, 24.0),
    "mix": (26.5, 26.5, 26.0),
    "mix_less": (26.4, 26.4, 25.0),
    "random": (26.5, 26.5, 26.0),
    "k1a": (27.0, 20.0, 20.0),
    "k1b": (28.0, 20.0, 20.0),
    "n1": (26.2, 20.0, 20.0),
    "o1": (29.0, 20.0, 20.0),
    "k2": (20.0, 30.0, 20.0),
    "o2": (20.0, 27.1, 20.0),
}
"""On d2 the oracle leads zero-filling by 0.1 dB only: it fails the gate."""


def made(subjects: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Scores with a value of each person that all arms share, and routes that always choose zero-filling."""
    people = np.random.default_rng(0).normal(0, 2, subjects)
    wobble = np.random.default_rng(1).normal(0, 0.05, (len(MEANS), subjects))
    rows = [
        (
            2,
            "edsr",
            "l1",
            name,
            seed,
            0,
            test_set,
            "people",
            f"p{n}",
            index,
            "psnr",
            values[t] + people[n] + wobble[a, n],
        )
        for a, (name, values) in enumerate(MEANS.items())
        for t, test_set in enumerate(ORDER.test_sets)
        for n in range(subjects)
        for seed in (0, 1)
        for index in (1, 2)
    ]
    columns = ["scale", "architecture", "loss", "training_set", "seed", "fold", "test_set", "group", "subject"]
    scores = pd.DataFrame(rows, columns=[*columns, "slice", "metric", "value"])
    chosen = [(2, test_set, f"p{n}", "zf") for test_set in ORDER.test_sets for n in range(subjects)]
    return scores, pd.DataFrame(chosen, columns=["scale", "test_set", "subject", "specialist"])


def test_only_test_sets_that_pass_the_gate_count_for_the_kernels():
    files = dict(remedies.tables(*_arguments(8)))
    draws = files["remedies_test_sets.csv"].set_index("test_set")
    assert draws["gate"].tolist() == ["passed", "failed", ""]
    row = files["remedies.csv"].set_index("measure").loc["dsgan minus blur"]
    assert row["test_sets"] == 1
    # The mean of both kernel seeds is 27.5, the Gaussian blur has 26.
    assert row["difference"] == pytest.approx(1.5, abs=0.15)
    assert draws.loc["d1", "recovered"] == pytest.approx(0.5, abs=0.05)


def _arguments(subjects: int):
    scores, chosen = made(subjects)
    return scores, ORDER, ASKED, chosen


def test_measures_are_decided_person_by_person_and_below_six_people_not_at_all():
    table = dict(remedies.tables(*_arguments(8)))["remedies.csv"].set_index("measure")
    assert table.loc["dsgan minus blur", "verdict"] == "better"
    assert table.loc["combine minus best specialist (gb)", "verdict"] == "better"
    assert table.loc["router minus combine", "verdict"] == "worse"
    assert table.loc["router minus combine", "difference"] == pytest.approx((25 + 27 + 24) / 3 - 79 / 3, abs=0.15)
    assert table.loc["mix_less minus combine", "role"] == "secondary"
    assert (table.loc[table["role"] == "primary", "subjects"] == 8).all()
    assert (table["p_adjusted"] >= table["p"]).all()
    few = dict(remedies.tables(*_arguments(5)))["remedies.csv"]
    assert set(few["verdict"]) == {"undecided"}
    assert measures.RISE not in set(few["measure"])


def test_if_no_test_set_passes_the_gate_that_is_said():
    scores, order, asked, chosen = _arguments(8)
    scores.loc[scores["training_set"] == "o1", "value"] -= 3
    row = (
        dict(remedies.tables(scores, order, asked, chosen))["remedies.csv"].set_index("measure").loc["dsgan minus blur"]
    )
    assert (row["verdict"], row["statement"]) == ("undecided", "dsgan minus blur: no test set counts")
    assert np.isnan(row["difference"])


def test_a_seed_whose_difference_has_the_other_sign_is_counted():
    scores, order, asked, chosen = _arguments(8)
    scores.loc[(scores["training_set"] == "random") & (scores["seed"] == 0), "value"] += 3
    scores.loc[(scores["training_set"] == "random") & (scores["seed"] == 1), "value"] -= 1
    row = dict(remedies.tables(scores, order, asked, chosen))["remedies.csv"].set_index("measure")
    row = row.loc["randomised minus combine"]
    assert (row["verdict"], row["seeds"], row["seeds_agree"]) == ("better", 2, 1)
    assert row["statement"].endswith("over 3 test sets and 8 people, the same sign in 1 of 2 seeds")


def test_robustness_is_the_slope_of_the_lead_over_the_displacements():
    scores, order, asked, chosen = _arguments(8)
    sites = {
        "d1": {**asked["sites"]["d1"], "displacement": 0.25},
        "d2": {**asked["sites"]["d2"], "dsn": ["n1"], "displacement": 0.75},
    }
    table = dict(remedies.tables(scores, order, {**asked, "sites": sites}, chosen))["remedies.csv"]
    row = table.set_index("measure").loc[measures.RISE]
    # The lead is 27.5 - 26.2 on d1 and 30 - 20 on d2.
    means = scores.groupby(["training_set", "test_set", "subject"])["value"].mean()
    leads = [means["k1a", "d1"] / 2 + means["k1b", "d1"] / 2 - means["n1", "d1"], means["k2", "d2"] - means["n1", "d2"]]
    assert row["difference"] == pytest.approx(((leads[1] - leads[0]) / 0.5).mean())
    assert row["statement"].startswith("the lead of dsgan over dsn rises with the displacement: +17.4 per pixel")
    assert (row["role"], row["test_sets"], row["verdict"]) == ("secondary", 2, "better")


def test_the_router_has_the_value_of_the_specialist_that_was_chosen_for_each_person():
    scores, chosen = made(6)
    chosen["specialist"] = np.where(chosen["subject"] == "p3", "gb", "zf")
    draws = dict(remedies.tables(scores, ORDER, ASKED, chosen))["remedies_test_sets.csv"].set_index("test_set")
    means = scores.groupby(["training_set", "test_set", "subject"])["value"].mean()
    expected = np.mean([means["gb" if n == 3 else "zf", "far", f"p{n}"] for n in range(6)])
    assert draws.loc["far", "router"] == pytest.approx(expected)
    assert draws.loc["far", "router_chose"] == "zf 5, gb 1"
