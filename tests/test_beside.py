"""The table that stands beside a paper's printed numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.figures import beside_the_paper
from mrisr.planning import figures
from mrisr.statistics import beside
from mrisr.statistics.order import Order
from mrisr.study.validation import validate
from project import ROOT
from scipy.stats import linregress
from test_figures import texts_outside

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


def _drawn(table: pd.DataFrame, tmp_path, found: Order):
    """The figure of the tables as they come back from their files."""
    names = []
    for name, content in (("cells", table), ("blocks", beside.blocks(table, ["combine"]))):
        write_scores(tmp_path / f"{name}.csv", content)
        names.append(beside_the_paper.read(tmp_path / f"{name}.csv"))
    return beside_the_paper.draw(*names, order=found)


def test_the_figure_shows_every_gap_of_a_block_and_both_effects(tmp_path):
    table = beside.cells(scores(lambda row: row["value"] ** 1.1), order(), "training-bias")
    block = table[(table["loss"] == "mse") & (table["architecture"] == "srcnn")]
    figure = _drawn(block, tmp_path, order())
    panel, index, price = figure.axes
    points = np.concatenate([line.get_xydata() for line in panel.lines if line.get_marker() != "None"])
    # Files have nine digits, so a gap of two values near 30 is known to 1e-7.
    found = beside.gaps(block, ["combine"])
    np.testing.assert_allclose(
        np.sort(points, axis=0), np.sort(found[["here", "printed"]].to_numpy(), axis=0), atol=2e-7
    )
    assert len(points) == 30
    numbers = beside.blocks(block, ["combine"]).iloc[0]
    assert panel.get_title().startswith(f"srcnn / mse\nr = {numbers['correlation_of_gaps']:.2f}")
    for ax, name in ((index, "bias_index"), (price, "price")):
        shown = [float(line.get_xdata()[0]) for line in ax.lines]
        assert shown == pytest.approx([numbers[f"printed_{name}"], numbers[name]], rel=1e-6)
    assert texts_outside(figure) == []


def test_the_figure_of_a_paper_without_gaps_has_a_line_for_every_method(tmp_path):
    printed = beside.read("realistic-downsampling")
    rows = [
        {**{key: row[key] for key in ("architecture", "loss", "training_set", "test_set", "metric")}, "scale": 2}
        | {"value": row["value"] - 1, "seed": "0", "fold": "", "group": "human", "subject": "a", "slice": 0}
        for row in printed.to_dict("records")
        if row["metric"] != "brisque"
    ]
    table = beside.cells(pd.DataFrame(rows).reindex(columns=COLUMNS), order(), "realistic-downsampling")
    figure = _drawn(table, tmp_path, order())
    assert {ax.get_title() for ax in figure.axes} == {"PSNR", "ssim"}
    psnr = next(ax for ax in figure.axes if ax.get_title() == "PSNR")
    assert [label.get_text() for label in figure.axes[0].get_yticklabels()][-1] == "edsr / dsgan (human)"
    there, here = (np.asarray(line.get_xdata(), float) for line in psnr.lines)
    np.testing.assert_allclose(there - here, 1)
    assert "other data and another budget" in figure.legends[0].get_texts()[1].get_text()
    assert texts_outside(figure) == []


def test_a_study_without_the_papers_groups_has_all_printed_numbers_of_a_method_on_its_line(tmp_path):
    printed = beside.read("robust-residual")
    own = printed[(printed["metric"] == "psnr") & (printed["architecture"] == "nmu")]
    groups = own["group"].nunique()
    assert groups > 1
    keys = ["architecture", "loss", "training_set", "test_set", "metric"]
    one = {**own.iloc[0][keys], "scale": 2, "value": 30.0, "seed": "0", "fold": ""}
    table = pd.DataFrame([{**one, "group": "human", "subject": "a", "slice": 0}]).reindex(columns=COLUMNS)
    figure = _drawn(beside.cells(table, order(), "robust-residual"), tmp_path, order())
    (ax,) = (ax for ax in figure.axes if ax.get_title() == "PSNR")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["nmu (human)"]
    there = np.asarray(ax.lines[0].get_xdata(), float)
    np.testing.assert_allclose(np.sort(there), np.sort(own["value"].to_numpy(float)))


def test_the_figure_of_sizes_does_not_speak_of_data_and_a_study_without_any_cell_says_so(tmp_path):
    networks = pd.DataFrame(
        {"scale": 4, "architecture": ["fmen", "vdsr", "srgan"], "loss": "l1", "trained_parameters": 1, "parameters": 2}
    )
    nothing = scores(lambda row: row["value"])[:0]
    figure = _drawn(beside.cells(nothing, order(), "efficient-sr", networks), tmp_path, order())
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["printed", "this study"]
    empty = _drawn(beside.cells(nothing, order(), "efficient-sr"), tmp_path, order())
    assert [text.get_text() for text in empty.texts] == ["The study has none of the printed cells."]


@pytest.mark.parametrize(("paper", "drawn"), [("training-bias", True), (None, False)])
def test_a_study_with_a_paper_has_the_figure(paper, drawn):
    raw = yaml.safe_load((ROOT / "config.yaml").read_text())
    raw["evaluation"]["paper"] = paper
    assert ("beside_the_paper" in figures.drawn(validate(raw, source="study"))) is drawn
