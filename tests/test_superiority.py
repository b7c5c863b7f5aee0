"""The claims of the robust-residual paper, decided from made-up scores and from its own table."""

from __future__ import annotations

import pandas as pd
import pytest
from mrisr.evaluation.scoring import COLUMNS
from mrisr.statistics import beside, superiority
from scipy.stats import wilcoxon

ORDER = {
    "training_sets": ["box"],
    "test_sets": ["box"],
    "architectures": ["cubic_spline", "nmu", "lrtv", "reference", "srcnn", "rrlsrn"],
    "losses": ["mse", "charbonnier_gdl"],
    "groups": ["kirby21", "namic", "fetal"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True},
        "ssim": {"label": "SSIM", "higher_is_better": True},
    },
}
TRAINED = {"srcnn": "mse", "rrlsrn": "charbonnier_gdl"}


def scores(values: dict[str, list[float]], trained_on: str = "box") -> pd.DataFrame:
    """One slice a subject of kirby21; a value for each."""
    rows = [
        {"scale": 2, "architecture": name, "loss": TRAINED.get(name, ""), "seed": 0, "fold": 0, "test_set": "box"}
        | {"training_set": trained_on if name in TRAINED else "", "group": "kirby21", "subject": f"s{number}"}
        | {"slice": 0, "metric": "psnr", "value": value}
        for name, found in values.items()
        for number, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


@pytest.mark.parametrize(("lead", "decision"), [(0.1, "supported"), (-0.1, "contradicted")])
def test_a_lead_on_six_people_decides_a_claim(lead, decision):
    rival = [30.0, 31.0, 32.0, 33.0, 34.0, 35.0]
    own = [value + lead * (1 + number / 10) for number, value in enumerate(rival)]
    (row,) = superiority.verdicts(scores({"srcnn": own, "lrtv": rival}), ORDER).to_dict("records")
    assert row["decision"] == decision
    assert row["margin"] == pytest.approx(1.25 * lead)
    assert row["p_value"] == pytest.approx(wilcoxon([a - b for a, b in zip(own, rival, strict=True)]).pvalue)


def test_a_lead_on_three_people_decides_nothing():
    (row,) = superiority.verdicts(scores({"srcnn": [31.0, 32, 33], "nmu": [30.0, 31, 32]}), ORDER).to_dict("records")
    assert (row["result"], row["decision"]) == ("shown on these slices", "undecided")
    assert row["sentence"] == (
        "x2 on box, test group kirby21: the PSNR of srcnn is 1.00 dB better than that of nmu (3 subjects); "
        "the claim is undecided."
    )


def test_networks_that_were_trained_on_another_degradation_are_left_out():
    table = scores({"srcnn": [31.0] * 6, "nmu": [30.0] * 6}, trained_on="bicubic")
    assert superiority.verdicts(table, ORDER).empty


def test_the_papers_own_table_speaks_against_its_sentence_about_networks():
    printed = beside.read("robust-residual")
    table = printed[printed["metric"].isin(["psnr", "ssim"])].assign(scale=2, seed=0, fold=0, subject="all", slice=0)
    found = superiority.verdicts(table.reindex(columns=COLUMNS), ORDER)
    assert set(found["decision"]) == {"undecided"}
    lost = found[(found["metric"] == "psnr") & (found["margin"] < 0)]
    assert list(zip(lost["group"], lost["model"], lost["rival"], strict=True)) == [
        ("namic", "srcnn", "cubic_spline"),
        ("namic", "srcnn", "lrtv"),
    ]
    footnotes = printed[printed["note"].str.contains("although the text says")]
    assert list(zip(footnotes["group"], footnotes["architecture"], strict=True)) == [("namic", "srcnn")]
