"""The table that stands beside a paper's printed numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mrisr.evaluation.scoring import COLUMNS
from mrisr.statistics import beside
from mrisr.statistics.order import Order
from scipy.stats import linregress

PAPERS = ["training-bias", "realistic-downsampling", "robust-residual", "efficient-sr"]
SIZES = dict.fromkeys(beside.SIZES, (1e5, 1e7))
SINGLES = ["gaussian", "hanning", "hamming", "bicubic", "mean", "median"]


def order(groups=("human", "rat")) -> Order:
    return Order.of(
        {
            "training_sets": [*SINGLES, "combine"],
            "test_sets": [*SINGLES, "combine"],
            "architectures": ["srcnn", "srdensenet", "rrdbnet"],
            "losses": ["mse", "l1", "ssim"],
            "groups": list(groups),
            "metrics": {"psnr": {"label": "PSNR", "higher_is_better": True}},
            "mixtures": ["combine"],
        }
    )


def scores(change) -> pd.DataFrame:
    """The paper's own numbers as if this study had found them on two slices of one subject, changed by a function."""
    rows = []
    for row in beside.read("training-bias").to_dict("records"):
        for index in (0, 1):
            names = {key: row[key] for key in ("architecture", "loss", "training_set", "test_set", "metric")}
            value = change(row) + (index - 0.5)
            rows.append(
                {**names, "value": value, "scale": 2, "seed": "0", "fold": "", "group": "human", "subject": "a"}
                | {"slice": index}
            )
    return pd.DataFrame(rows).reindex(columns=COLUMNS)


@pytest.mark.parametrize("paper", PAPERS)
def test_the_printed_numbers_are_plausible(paper):
    table = beside.read(paper)
    assert table["value"].notna().all()
    for metric, values in table.groupby("metric")["value"]:
        low, high = {"psnr": (15, 50), "ssim": (0.2, 1), "brisque": (0, 100), "seconds": (0.001, 60), **SIZES}[metric]
        assert values.between(low, high).all()
    assert not table.duplicated(["table", *beside.CELL, "group", "metric"]).any()


def test_the_papers_own_numbers_agree_with_themselves():
    table = beside.cells(scores(lambda row: row["value"]), order(), "training-bias")
    np.testing.assert_allclose(table["difference"], 0, atol=1e-9)
    blocks = beside.blocks(table, ["combine"])
    np.testing.assert_allclose(blocks["correlation_of_gaps"], 1)
    np.testing.assert_allclose(blocks["bias_index"], blocks["printed_bias_index"])
    np.testing.assert_allclose(blocks["price"], blocks["printed_price"])


def test_the_printed_blocks_have_the_bias_index_and_the_price_of_methods_md():
    table = beside.cells(scores(lambda row: row["value"]), order(), "training-bias")
    blocks = beside.blocks(table, ["combine"])
    assert sorted(blocks["printed_bias_index"].round(2)) == [3.44, 5.01, 5.04, 5.05, 5.12]
    # One cell of the L1 block is illegible, so its price is a mean over five test sets and not over six.
    whole = blocks[blocks["loss"] != "l1"]
    assert sorted(whole["printed_price"].round(2)) == [0.88, 1.23, 1.61, 1.71]


def test_an_offset_changes_differences_and_no_gap():
    table = beside.cells(scores(lambda row: row["value"] - 3), order(), "training-bias")
    np.testing.assert_allclose(table["difference"], -3, atol=1e-9)
    blocks = beside.blocks(table, ["combine"])
    np.testing.assert_allclose(blocks["correlation_of_gaps"], 1)
    np.testing.assert_allclose(blocks["bias_index"], blocks["printed_bias_index"])


def test_what_the_study_does_not_have_is_blank():
    some = scores(lambda row: row["value"])
    table = beside.cells(some[some["architecture"] == "srcnn"], order(), "training-bias")
    assert table[table["architecture"] == "srcnn"]["here"].notna().all()
    assert table[table["architecture"] != "srcnn"]["here"].isna().all()
    assert set(beside.blocks(table, ["combine"])["architecture"]) == {"srcnn"}


def test_printed_sizes_are_compared_with_the_measured_networks():
    """The paper counts what FMEN needs for estimates, and all that is trained of SRGAN."""
    networks = pd.DataFrame(
        {
            "scale": 4,
            "architecture": ["fmen", "vdsr", "srgan"],
            "loss": ["l1", "mse", "gan"],
            "trained_parameters": [1_045_866, 667_008, 5_949_644],
            "parameters": [341_066, 667_008, 734_219],
        }
    )
    nothing = scores(lambda row: row["value"])[:0]
    table = beside.cells(nothing, order(), "efficient-sr", networks)
    assert (table["difference"] == 0).all()
    assert not table["note"].str.contains(beside.OTHER).any()
    assert beside.cells(nothing, order(), "efficient-sr")["here"].isna().all()


def test_another_reading_takes_other_degradations_and_stands_beside_the_first():
    """The displaced bicubic has the paper's numbers here; the aligned one is 3 dB worse wherever it was trained on."""
    right, wrong = scores(lambda row: row["value"]), scores(lambda row: row["value"] - 3)
    names = {"bicubic": "displaced"}
    displaced = right.replace({"training_set": names, "test_set": names})
    touched = displaced[(displaced["training_set"] == "displaced") | (displaced["test_set"] == "displaced")]
    aligned = pd.concat([right[right["training_set"] != "bicubic"], wrong[wrong["training_set"] == "bicubic"]])
    read = order()
    read = Order.of({**vars(read), "metrics": {}, "readings": {"moved": names}})
    table = beside.cells(pd.concat([aligned, touched]), read, "training-bias")
    assert list(table["reading"].unique()) == [beside.AS_NAMED, "moved"]
    np.testing.assert_allclose(table.loc[table["reading"] == "moved", "difference"], 0, atol=1e-9)
    blocks = beside.blocks(table, ["combine"]).set_index("reading")
    np.testing.assert_allclose(blocks.loc["moved", ["correlation_of_gaps", "explained", "slope_of_gaps"]], 1)
    np.testing.assert_allclose(blocks.loc["moved", "correlation_of_values"], 1)
    assert (blocks.loc[beside.AS_NAMED, "explained"] < 0.99).all()


def test_the_line_through_the_gaps_is_that_of_least_squares():
    table = beside.cells(scores(lambda row: row["value"] ** 1.1), order(), "training-bias")
    block = table[(table["loss"] == "mse") & (table["architecture"] == "srcnn")]
    value = {name: block.set_index(["training_set", "test_set"])[name] for name in ("printed", "here")}
    gaps = {
        name: [cell[test, test] - cell[train, test] for train in SINGLES for test in SINGLES if train != test]
        for name, cell in value.items()
    }
    line = linregress(gaps["here"], gaps["printed"])
    found = beside.blocks(block, ["combine"]).iloc[0]
    assert found["slope_of_gaps"] == pytest.approx(line.slope)
    assert found["correlation_of_gaps"] == pytest.approx(line.rvalue)
    assert found["explained"] == pytest.approx(line.rvalue**2)
