"""H1 and H2 under each metric: agreement and disagreement on made scores, ranks against a count by hand."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.statistics import findings, scores, stability

SETS = ["gaussian", "mean", "median"]
ORDER = {
    "training_sets": [*SETS, "combine"],
    "test_sets": SETS,
    "architectures": ["srcnn"],
    "losses": ["mse"],
    "groups": ["human"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True, "options": {}},
        "hfen": {"label": "HFEN", "higher_is_better": False, "options": {}},
    },
    "mixtures": ["combine"],
}


def read(values, tmp_path: Path, subjects: int = 8) -> pd.DataFrame:
    """Scores from ``values(metric, training set, test set)``, with a share of each subject's own."""
    common = {"scale": 2, "architecture": "srcnn", "loss": "mse", "seed": 0, "fold": 0, "group": "human", "slice": 0}
    rows = [
        {**common, "training_set": a, "test_set": b, "subject": f"p{s}", "metric": metric}
        | {"value": values(metric, a, b) * (1 + 0.01 * s)}
        for metric, a, b, s in itertools.product(ORDER["metrics"], ORDER["training_sets"], SETS, range(subjects))
    ]
    write_scores(tmp_path / "scores.csv", pd.DataFrame(rows, columns=list(COLUMNS)))
    return scores.read([tmp_path / "scores.csv"])


def agreeing(metric, trained, test):
    """The matched model is best, then the mixture's, then the others in the study's order, by both metrics."""
    place = 0 if trained == test else 1 if trained == "combine" else 2 + SETS.index(trained)
    return 40 - place if metric == "psnr" else 0.2 + 0.01 * place


def disputed(metric, trained, test):
    """As before, but by HFEN the mean model is the best on gaussian."""
    if (metric, trained, test) == ("hfen", "mean", "gaussian"):
        return 0.1
    return agreeing(metric, trained, test)


@pytest.fixture
def disagreement(tmp_path):
    return stability.table(read(disputed, tmp_path), ORDER)


def test_metrics_that_rank_alike_agree(tmp_path):
    table = stability.table(read(agreeing, tmp_path), ORDER)
    assert set(table["agree"]) == {"yes"}
    assert table["tau"].tolist() == pytest.approx([1] * len(table))
    assert table["sentence"].str.endswith("supported by psnr, hfen. The metrics agree.").all()


def test_there_is_a_row_for_each_metric_on_each_test_set_overall_and_for_the_mixture(disagreement):
    counted = disagreement.groupby(["hypothesis", "test_set", "model"])["metric"].apply(list).to_dict()
    pairs = [("H1", name, name) for name in SETS] + [("H1", "", ""), ("H2", "", "combine")]
    assert counted == {pair: ["psnr", "hfen"] for pair in pairs}


def test_a_metric_that_disagrees_is_named(disagreement):
    h1 = disagreement[disagreement["hypothesis"] == "H1"].set_index(["test_set", "metric"])
    assert h1.loc[("gaussian", "psnr"), ["decision", "best", "tau"]].tolist() == ["supported", "gaussian", 1]
    assert h1.loc[("gaussian", "hfen"), ["decision", "best", "against"]].tolist() == [
        *("contradicted", "mean", "the mean model on gaussian")
    ]
    # Of the three pairs of models, one stands in the other order.
    assert h1.loc[("gaussian", "hfen"), "tau"] == pytest.approx(1 / 3)
    assert h1.loc[("", "hfen"), "tau"] == pytest.approx(np.mean([1 / 3, 1, 1]))
    said = "supported by psnr; contradicted by hfen. The metrics contradict each other."
    for test_set in ("gaussian", ""):
        assert h1.loc[(test_set, "psnr"), "sentence"].endswith(said)
        assert h1.loc[(test_set, "psnr"), "agree"] == "no"
    assert h1.loc[("median", "hfen"), "agree"] == "yes"


def test_decisions_are_those_of_the_findings(disagreement, tmp_path):
    found = findings.find(read(disputed, tmp_path), ORDER)
    decided = {(f.hypothesis, f.test_set, f.metric): f.decision for f in found if f.decision and f.measure != "x"}
    for row in disagreement.itertuples():
        assert row.decision == decided[row.hypothesis, row.test_set, row.metric]


def test_metrics_that_are_contradicted_in_other_places_do_not_simply_agree(tmp_path):
    def values(metric, trained, test):
        place = {"psnr": ("mean", "gaussian"), "hfen": ("gaussian", "median")}[metric]
        better = 41 if metric == "psnr" else 0.1
        return better if (trained, test) == place else agreeing(metric, trained, test)

    table = stability.table(read(values, tmp_path), ORDER)
    whole = table[(table["hypothesis"] == "H1") & (table["test_set"] == "")]
    assert whole["decision"].tolist() == ["contradicted"] * 2
    assert whole["against"].tolist() == ["the mean model on gaussian", "the gaussian model on median"]
    assert whole["sentence"].str.endswith("The metrics agree, but not on what contradicts.").all()


def test_with_few_subjects_all_metrics_agree_to_be_undecided(tmp_path):
    table = stability.table(read(disputed, tmp_path, subjects=2), ORDER)
    assert set(table["decision"]) == {"undecided"}
    assert set(table["agree"]) == {"yes"}


def test_one_metric_has_nothing_to_agree_with(tmp_path):
    order = {**ORDER, "metrics": {"psnr": ORDER["metrics"]["psnr"]}}
    table = stability.table(read(agreeing, tmp_path), order)
    assert table["sentence"].str.endswith("The study has no other metric.").all()


def test_an_undefined_value_leaves_the_rank_correlation_blank(tmp_path):
    def values(metric, trained, test):
        return np.inf if (metric, trained, test) == ("psnr", "mean", "mean") else agreeing(metric, trained, test)

    table = stability.table(read(values, tmp_path), ORDER)
    of_mean = table[(table["test_set"] == "mean") & (table["hypothesis"] == "H1")]
    assert of_mean["tau"].isna().all()
