"""The block of results in README.md: two sentences on what was decided, for whom, from the tables alone."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pandas as pd
import pytest

RESULTS = Path(__file__).parents[1] / "docs/results.py"
PEOPLE = "ann bob cleo dora eve finn"


@pytest.fixture
def results(tmp_path, monkeypatch):
    """docs/results.py with the tables of made findings."""
    spec = importlib.util.spec_from_file_location("results", RESULTS)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "RESULTS", tmp_path)
    (tmp_path / "tables").mkdir()
    names = f"({', '.join(PEOPLE.split())})"
    common = {"metric": "psnr", "group": "human", "rival": "", "people": PEOPLE, "against": "", "test_set": ""}
    common |= {"seeds": 2, "seeds_decide": 1}
    of_srcnn = {**common, "architecture": "srcnn", "loss": "mse"}
    of_edsr = {**common, "architecture": "edsr", "loss": "l1", "seeds": 1}
    h1, h2 = {"hypothesis": "H1", "measure": module.MEASURES[0]}, {"hypothesis": "H2", "measure": module.MEASURES[1]}
    rows = [
        {
            **of_srcnn,
            **h1,
            "decision": "contradicted",
            "against": "the mean model on median",
            "sentence": f"a {names}.",
        },
        {**of_edsr, **h1, "decision": "supported", "sentence": "b."},
        {**of_srcnn, **h2, "decision": "supported", "sentence": "c."},
        {**of_edsr, **h2, "decision": "supported", "sentence": "d."},
        {**of_srcnn, **h1, "metric": "ssim", "decision": "undecided", "sentence": "of another metric."},
        {**of_srcnn, **h1, "group": "rat", "decision": "undecided", "sentence": "of another group."},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "tables/findings.csv", index=False)
    stability = [
        {"group": "human", "test_set": "", "agree": "no", "sentence": "H1: they do not agree."},
        {"group": "human", "test_set": "", "agree": "yes", "sentence": "H2: they agree."},
        {"group": "human", "test_set": "mean", "agree": "no", "sentence": "on one test set."},
        {"group": "rat", "test_set": "", "agree": "no", "sentence": "of rats."},
    ]
    pd.DataFrame(stability).to_csv(tmp_path / "tables/stability.csv", index=False)
    return module


def test_two_sentences_say_what_was_decided_and_for_whom(results):
    said = results.summary()
    assert "tests on 6 other people:\nann, bob, cleo, dora, eve, finn." in said
    assert (
        "For these people, H1 is `contradicted` for 1 of 2 models: srcnn / mse (by the mean model on median; "
        "in 1 of 2 seeds alone); it is `supported` for 1 of 2 models: edsr / l1 (one seed).\n\n"
        "For these people, H2 is `supported` for 2 of 2 models: srcnn / mse (in 1 of 2 seeds alone), "
        "edsr / l1 (one seed)."
    ) in said


def test_findings_of_the_shown_model_and_disagreements_follow_without_the_names(results):
    lines = [line for line in results.summary().splitlines() if line.startswith("- H")]
    assert lines == ["- H1: a.", "- H2: c.", "- H1: they do not agree."]


def test_an_undecided_hypothesis_names_the_test_sets_on_which_it_is_supported(results):
    common = {"architecture": "srcnn", "loss": "mse", "against": "", "seeds": 1, "seeds_decide": 1}
    parts = pd.DataFrame(
        [{**common, "test_set": s, "decision": d} for s, d in (("mean", "supported"), ("median", "undecided"))]
    )
    (row,) = pd.DataFrame([{**common, "decision": "undecided"}]).itertuples()
    assert results.remark(row, parts) == " (supported on 1 of 2 test sets: mean; one seed)"
    (row,) = pd.DataFrame([{**common, "decision": "supported"}]).itertuples()
    assert results.remark(row, parts) == " (one seed)"


def test_agreement_of_all_metrics_is_told(results):
    assert results.disagreements("mouse") == ["- All metrics of the study give the same decisions."]
