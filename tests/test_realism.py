"""The claims of the realistic-downsampling paper, decided from made-up scores and from its own tables."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mrisr import plugins
from mrisr.evaluation.scoring import COLUMNS
from mrisr.statistics import beside, realism
from scipy.stats import permutation_test

ORDER = {
    "training_sets": ["zero_filling", "gaussian", "dsn", "dsgan"],
    "test_sets": ["lr"],
    "architectures": ["bicubic", "edsr"],
    "losses": ["l1"],
    "groups": ["main"],
    "metrics": {
        "brisque": {"label": "BRISQUE", "higher_is_better": False},
        "ssim": {"label": "SSIM", "higher_is_better": True},
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True},
    },
    "simulated": ["lr"],
}
BASE = np.array([22.0, 22.5, 23.0, 23.5, 24.0, 24.5, 25.0])
NOISE = np.array([0.03, -0.02, 0.01, -0.03, 0.02, -0.01, 0.01])


def scores(values: dict[str, np.ndarray], metric: str = "psnr") -> pd.DataFrame:
    """One slice a subject; a value for each. The name `bicubic` is that of the baseline."""
    rows = [
        {"scale": 2, "architecture": "bicubic" if name == "bicubic" else "edsr", "test_set": "lr", "group": "main"}
        | {"loss": "" if name == "bicubic" else "l1", "training_set": "" if name == "bicubic" else name}
        | {"seed": np.nan if name == "bicubic" else 0, "fold": np.nan if name == "bicubic" else number % 2}
        | {"subject": f"s{number}", "slice": 0, "metric": metric, "value": value}
        for name, found in values.items()
        for number, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def verdict(values: dict[str, np.ndarray], metric: str = "psnr") -> dict:
    (row,) = realism.verdicts(scores(values, metric), ORDER).to_dict("records")
    return row


@pytest.mark.parametrize(("lead", "decision"), [(2.0, "supported"), (-2.0, "contradicted"), (0.0, "undecided")])
def test_dsgan_against_gaussian_is_decided_by_flips_of_signs(lead, decision):
    margins = lead + 10 * NOISE
    row = verdict({"gaussian": BASE, "dsgan": BASE + margins})
    assert row["decision"] == decision
    assert row["margin"] == pytest.approx(margins.mean())
    assert row["margin_std"] == pytest.approx(margins.std(ddof=1))
    exact = permutation_test((margins,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert row["p_value"] == pytest.approx(exact.pvalue)
    assert (row["printed"], row["printed_deviation"]) == (2.76, 0.98)
    assert "lr: no real scan" in row["note"]


@pytest.mark.parametrize(
    ("shift", "result", "decision"),
    [
        (0.0, "shown on these slices", "supported"),
        (0.095, "shown on these slices", "undecided"),
        (0.105, "not shown", "undecided"),
        (0.3, "not shown", "contradicted"),
        (-0.3, "not shown", "contradicted"),
    ],
)
def test_equality_is_shown_within_what_the_paper_calls_equal(shift, result, decision):
    row = verdict({"bicubic": BASE, "zero_filling": BASE + shift + NOISE})
    assert (row["result"], row["decision"], row["bound"]) == (result, decision, 0.1)


def test_no_difference_that_may_be_chance_is_no_proof_of_equality():
    row = verdict({"bicubic": BASE, "zero_filling": BASE + 20 * NOISE})
    assert (row["result"], row["decision"]) == ("shown on these slices", "undecided")


@pytest.mark.parametrize(("rival", "step", "decision"), [("bicubic", -1, "supported"), ("dsgan", 1, "contradicted")])
def test_dsn_fails_if_it_is_worse(rival, step, decision):
    row = verdict({rival: BASE, "dsn": BASE + step + NOISE})
    assert (row["claim"], row["decision"]) == (f"dsn is worse than {rival}", decision)


def test_a_metric_of_which_less_is_better_turns_the_margin_and_has_no_bound():
    table = realism.verdicts(
        scores({"bicubic": BASE, "zero_filling": BASE, "gaussian": BASE, "dsgan": BASE - 1 + NOISE}, "brisque"), ORDER
    )
    (row,) = table.to_dict("records")
    assert row["claim"] == "dsgan is better than gaussian"
    assert row["margin"] == pytest.approx(1 - NOISE.mean())
    assert row["decision"] == "supported"
    assert row["printed"] == pytest.approx(46.6 - 34.1)


def test_few_subjects_and_undefined_values_decide_nothing():
    few = verdict({"gaussian": BASE[:2], "dsgan": BASE[:2] + 2})
    assert few["decision"] == "undecided"
    assert np.isnan(few["p_value"])
    assert few["sentence"] == (
        "edsr / l1, x2 on lr, test group main: the PSNR of dsgan is 2.00 dB better than that of gaussian (2 subjects, "
        "standard deviation 0 dB; in the paper 2.76 dB better than it, ± 0.98); that dsgan is better than gaussian is "
        "undecided."
    )
    broken = verdict({"gaussian": BASE, "dsgan": np.where(BASE > 24, np.nan, BASE)})
    assert broken["decision"] == "undecided"
    assert broken["sentence"].endswith("the PSNR of dsgan or of gaussian is undefined.")


def test_the_papers_own_tables_show_its_claims():
    printed = beside.read("realistic-downsampling").assign(
        scale=2, seed=0, fold=0, subject="all", slice=0, group="main"
    )
    table = realism.verdicts(printed.reindex(columns=COLUMNS), ORDER)
    assert len(table) == 2 + 3 * 3
    assert set(table["result"]) == {"shown on these slices"}
    assert set(table["decision"]) == {"undecided"}
    own = table[table["printed_deviation"].isna()]
    np.testing.assert_allclose(own["margin"], own["printed"], atol=1e-12)
    abstract = table[table["printed_deviation"].notna()].set_index("metric")
    # The tables print PSNR with one digit.
    np.testing.assert_allclose(abstract["margin"] - abstract["printed"], 0, atol=0.05)
    largest = printed[printed["training_set"].isin(["zero_filling", "dsgan"])].pivot(
        index="metric", columns="training_set", values="value"
    )
    for metric, bound in realism.BOUNDS.items():
        assert largest.loc[metric, "dsgan"] - largest.loc[metric, "zero_filling"] == pytest.approx(bound)


def test_only_this_papers_studies_have_the_table():
    assert plugins.constant("tables", "realism", "PAPERS") == ("realistic-downsampling",)
