"""Figures: equal bytes every time, nothing cut off, and the data that is hard to draw."""

from __future__ import annotations

import itertools
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from types import SimpleNamespace

import matplotlib
import numpy as np
import pandas as pd
import pytest
from docutils.core import publish_parts
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.image import imread
from matplotlib.text import Text
from mrisr.arrays import save, save_slices
from mrisr.degradations.gaussian import Gaussian
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.figures import (
    _measuring,
    _style,
    boxplot,
    curves,
    epochs,
    gallery,
    gaps,
    heatmap,
    losses,
    low_resolution,
    mscn,
    outputs,
    panel,
    profile,
    sigma_sweep,
)
from mrisr.figures import diversity as diversity_figure
from mrisr.figures._models import model_titles
from mrisr.imaging.orientation import orient, pixel_aspect
from mrisr.quality.mscn import mscn as normalised
from mrisr.statistics import bias, scores

THREE = ["gaussian", "mean", "combine"]
LONG = [f"degradation_with_a_long_name_{number}" for number in range(9)]


def order_of(sets: list[str], models: list[tuple[str, str]]) -> dict:
    metrics = {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True, "options": {}},
        "hfen": {"label": "HFEN", "higher_is_better": False, "options": {"sigma": 1.5}},
    }
    architectures = ["input", *dict.fromkeys(architecture for architecture, _ in models)]
    losses = list(dict.fromkeys(loss for _, loss in models))
    names = {"training_sets": sets, "test_sets": sets, "architectures": architectures, "losses": losses}
    return {**names, "groups": ["mouse"], "metrics": metrics, "mixtures": sets[-1:], "leakage": False, "grid": "same"}


def scores_of(sets: list[str], models: list[tuple[str, str]], folder, *, hard: bool = False) -> pd.DataFrame:
    """Scores of three slices; hard ones have an infinite, an undefined and a missing cell."""
    rows = []
    runs = [(*model, training_set, 0) for model in models for training_set in sets] + [("input", "", "", None)]
    for (architecture, loss, training_set, run), test_set, metric in itertools.product(runs, sets, ("psnr", "hfen")):
        if hard and (training_set, test_set) == (sets[0], sets[1]):
            continue
        for number in range(3):
            value = 30 + 5 * (training_set == test_set) + number + len(training_set) / 10
            value = 10 ** (-value / 20) if metric == "hfen" else value
            if hard and (training_set, test_set) == (sets[1], sets[0]):
                value = [np.inf, np.nan, value][number]
            names = (2, architecture, loss, training_set, run, run, test_set, "mouse", "m1", number, metric, value)
            rows.append(dict(zip(COLUMNS, names, strict=True)))
    write_scores(folder / "scores.csv", pd.DataFrame(rows, columns=list(COLUMNS)))
    return scores.read([folder / "scores.csv"])


def image(shape: tuple[int, ...] = (48, 64), seed: int = 0) -> np.ndarray:
    """A smooth bright blob with some texture, float32 in [0, 1]."""
    rows, columns = (np.linspace(-1, 1, side) for side in shape[-2:])
    blob = np.exp(-3 * (rows[:, None] ** 2 + columns**2))
    return np.clip(blob + 0.05 * np.random.default_rng(seed).normal(size=shape), 0, 1).astype(np.float32)


def history(epochs: int = 8, offset: float = 0.0) -> pd.DataFrame:
    epoch = np.arange(1, epochs + 1)
    psnr = np.where(epoch % 2, 30 + offset + np.log(epoch), np.nan)
    return pd.DataFrame({"epoch": epoch, "loss": (0.1 + offset) / epoch, "validation_psnr": psnr})


def draw_all(sets: list[str], models: list[tuple[str, str]], folder, *, hard: bool = False) -> dict:
    """Every figure of one study."""
    table, order = scores_of(sets, models, folder, hard=hard), order_of(sets, models)
    shown = {"order": order, "scale": 2}
    last = {"architecture": models[-1][0], "loss": models[-1][1]}
    reference, degraded = image(), image(seed=1)
    estimates = {name: image(seed=number) for number, name in enumerate(sets)}
    measured = {name: {"PSNR (dB)": 31.234, "SSIM": 0.9} for name in (*sets, "input")}
    return {
        "heatmap_psnr": heatmap.draw(table, metric="psnr", **shown),
        "heatmap_hfen": heatmap.draw(table, metric="hfen", **shown),
        "boxplot": boxplot.draw(table, **shown, **last),
        "boxplot_psnr": boxplot.draw(table, metric="psnr", **shown, **last),
        "gaps": gaps.draw(bias.bias(table, order), metric="hfen", **shown),
        "curves": curves.draw({name: [history(), history(offset=0.1)] for name in sets}, title=", ".join(models[-1])),
        "panel": panel.draw(reference, degraded, estimates, test_set=sets[0], scores=measured),
        "gallery": gallery.draw(reference, estimates, scale=2),
        "mscn": mscn.draw({"original": [reference], **{name: [found] for name, found in estimates.items()}}),
        "profile": profile.draw({"original": reference, **estimates}),
        "losses": losses.draw({name: trained([3, 2, 1], [3, 2, 2.5]) for name in sets}, title=", ".join(models[-1])),
        "losses_gan": losses.draw({name: trained([3, 2], [3, 2], [1, 2]) for name in sets}, title="srgan, gan"),
        "epochs": epochs.draw({f"{name}, seed 0": kept_images(8) for name in sets[:6]}),
        "diversity": diversity_figure.draw(diverse([*models, *models, ("plain_bn", "plain_gan_bn")])),
        "outputs": outputs.draw([shown_image((48, 64), sets), shown_image((80, 64), sets)]),
    }


def diverse(models: list[tuple[str, str]]) -> pd.DataFrame:
    """Rows of diversity.csv for two seeds and subjects of each model; the last model has no agreement."""
    return pd.DataFrame(
        {"architecture": name, "loss": loss, "training_set": "mean", "seed": seed, "subject": subject}
        | {"ratio": 0.1 * (number + seed), "agreement": np.nan if number == len(models) - 1 else 0.9}
        for number, (name, loss) in enumerate(models)
        for seed in (0, 1)
        for subject in ("anna", "bob")
    )


def trained(loss: list[float], validation: list[float], discriminator: list[float] | None = None) -> pd.DataFrame:
    """The history of a training with these losses, one for each epoch."""
    other = discriminator or [np.nan] * len(loss)
    columns = {"loss": loss, "validation_loss": validation, "discriminator_loss": other}
    return pd.DataFrame({"epoch": np.arange(1, len(loss) + 1), **columns})


def shown_image(shape: tuple[int, int], names: list[str]) -> outputs._Shown:
    """A test image for the figure outputs: ground truth, an input of half the size, and an output for each name."""
    pictures = {f"ground truth ({shape[0]} rows)": image(shape), "input": image(shape)[::2, ::2]}
    pictures |= {name: image(shape, number) for number, name in enumerate(names)}
    return outputs._Shown(pictures, {name: "31.23 / 0.9012" for name in names}, aspect=1.0)


def kept_images(number: int) -> dict[str, np.ndarray]:
    """Ground truth, an input of half the size, and the outputs after as many epochs."""
    estimates = {f"epoch {100 * n}": image(seed=n) for n in range(number)}
    return {"ground truth": image(), "input": image()[::2, ::2], **estimates}


def drawn_texts(figure) -> list[tuple[str, float, object]]:
    """Text, rotation and extent in pixels of everything that is written; ticks outside their axis are not."""
    FigureCanvasAgg(figure).draw()
    hidden = set()
    for ax in figure.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            outside = [t for t in axis.get_major_ticks() if not low - 1e-9 <= t.get_loc() <= high + 1e-9]
            hidden |= {label for tick in outside for label in (tick.label1, tick.label2)}
            hidden |= set() if ax.axison else {label for t in axis.get_major_ticks() for label in (t.label1, t.label2)}
    texts = [t for t in figure.findobj(Text) if t.get_visible() and t.get_text() and t not in hidden]
    renderer = figure.canvas.get_renderer()
    return [(text.get_text(), text.get_rotation(), text.get_window_extent(renderer)) for text in texts]


def texts_outside(figure) -> list[str]:
    """Texts that reach over the edge of the figure by more than a pixel."""
    edge = figure.bbox
    return [
        text
        for text, _, box in drawn_texts(figure)
        if box.x0 < -1 or box.y0 < -1 or box.x1 > edge.x1 + 1 or box.y1 > edge.y1 + 1
    ]


def overlapping(figure) -> list[tuple[str, str]]:
    """Pairs of level texts whose boxes share more than a pixel each way."""
    level = [(text, box) for text, rotation, box in drawn_texts(figure) if rotation == 0]
    return [
        (first, second)
        for (first, a), (second, b) in itertools.combinations(level, 2)
        if min(a.x1, b.x1) - max(a.x0, b.x0) > 1 and min(a.y1, b.y1) - max(a.y0, b.y0) > 1
    ]


STUDIES = {
    "usual": (THREE, [("srcnn", "mse"), ("srcnn", "l1"), ("rrdbnet", "mse")], False),
    "hard": (THREE, [("srcnn", "mse")], True),
    "long": (LONG, [("an_architecture_with_a_long_name", "charbonnier_gradient_difference"), ("b", "l1")], True),
    "two": (THREE[:2], [("srcnn", "mse")], False),
}


@pytest.fixture(scope="module", params=list(STUDIES))
def figures(request, tmp_path_factory) -> dict:
    sets, models, hard = STUDIES[request.param]
    return draw_all(sets, models, tmp_path_factory.mktemp("scores"), hard=hard)


# ---- all figures --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("models", [1, 35, 200])
def test_outputs_of_any_number_of_models_are_drawn(models):
    figure = outputs.draw([shown_image((48, 64), [f"model {number}" for number in range(models)])] * 5)
    sizes = [ax.get_position().bounds[2:] * figure.get_size_inches() for ax in figure.axes]
    assert np.min(sizes) > 0.25
    assert len(figure.axes) % (models + 2) == 0
    assert models == 200 or figure.get_size_inches()[1] <= _style.TALLEST + 1e-9


def test_no_text_is_cut_off(figures):
    assert {name: texts_outside(figure) for name, figure in figures.items()} == {name: [] for name in figures}


def test_level_texts_do_not_overlap(figures):
    assert {name: overlapping(figure) for name, figure in figures.items()} == {name: [] for name in figures}


def test_figures_fit_the_width_of_a_page(figures):
    assert all(figure.get_figwidth() <= _style.PAGE for figure in figures.values())


def test_a_figure_drawn_again_has_the_same_bytes(tmp_path):
    sets, models, _ = STUDIES["usual"]
    for run in ("one", "two"):
        for name, figure in draw_all(sets, models, tmp_path, hard=True).items():
            _style.save(figure, tmp_path / run / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert len(files) == 30
    for name in files:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes(), name


def test_settings_of_the_process_do_not_change_a_figure(tmp_path):
    def drawn(name):
        figure = curves.draw({"gaussian": [history()]}, title="srcnn, mse")
        return [path.read_bytes() for path in _style.save(figure, tmp_path / name)]

    usual = drawn("usual")
    with matplotlib.rc_context({"font.size": 20, "lines.linewidth": 5, "savefig.dpi": 50, "svg.hashsalt": "other"}):
        assert drawn("changed") == usual
        assert matplotlib.rcParams["font.size"] == 20


def test_a_saved_figure_is_a_png_of_300_dpi_and_a_svg_without_date(tmp_path):
    figure = curves.draw({"gaussian": [history()]}, title="srcnn, mse")
    png, svg = _style.save(figure, tmp_path / "curves_srcnn_1.5")
    assert (png.name, svg.name) == ("curves_srcnn_1.5.png", "curves_srcnn_1.5.svg")
    assert imread(png).shape[1] == round(300 * _style.PAGE)
    assert b"Software" not in png.read_bytes()
    ElementTree.parse(svg)
    assert "<dc:date>" not in svg.read_text()
    assert matplotlib.__version__ not in svg.read_text()


def test_thirty_names_look_different():
    styles = _style.looks(f"degradation {number}" for number in range(30))
    assert len(set(styles.values())) == 30
    assert len({(look.colour, look.dash) for look in styles.values()}) == 30


@given(st.integers(1, 60), st.integers(1, 10))
@settings(deadline=None, max_examples=50)
def test_a_balanced_grid_has_room_for_all_and_no_empty_row(count, most):
    rows, columns = _style.balanced(count, most)
    assert columns <= most
    assert (rows - 1) * columns < count <= rows * columns


# ---- heat maps, boxes, gaps ---------------------------------------------------------------------------------------


def cell_texts(ax) -> dict[tuple[int, int], Text]:
    """Numbers of a heat map by (row, column)."""
    return {(int(text.get_position()[1]), int(text.get_position()[0])): text for text in ax.texts}


def test_a_heat_map_writes_the_means_and_sets_the_best_model_in_bold(tmp_path):
    table = scores_of(THREE, [("srcnn", "mse")], tmp_path)
    figure = heatmap.draw(table, order=order_of(THREE, [("srcnn", "mse")]), metric="psnr", scale=2)
    cells = cell_texts(figure.axes[0])
    # The baseline's row is the first; the Gaussian model on the Gaussian set has 35 + 0.8 and slices 0, 1, 2.
    assert cells[0, 0].get_text() == "31.00"
    assert cells[1, 0].get_text() == "36.80"
    bold = {place for place, text in cells.items() if text.get_weight() == "bold"}
    assert bold == {(1, 0), (2, 1), (3, 2)}


def test_a_heat_map_of_a_metric_where_lower_is_better_marks_the_lowest(tmp_path):
    table = scores_of(THREE, [("srcnn", "mse")], tmp_path)
    figure = heatmap.draw(table, order=order_of(THREE, [("srcnn", "mse")]), metric="hfen", scale=2)
    bold = {place for place, text in cell_texts(figure.axes[0]).items() if text.get_weight() == "bold"}
    assert bold == {(1, 0), (2, 1), (3, 2)}


def test_a_heat_map_says_what_is_missing_undefined_and_infinite(tmp_path):
    models = [("srcnn", "mse"), ("srcnn", "l1")]
    table = scores_of(THREE, models, tmp_path)
    row = (table["training_set"] == "mean") & (table["test_set"] == "gaussian") & (table["metric"] == "psnr")
    table.loc[row & (table["loss"] == "mse"), "value"] = np.inf
    table.loc[row & (table["loss"] == "l1"), "value"] = np.nan
    table = table[~((table["training_set"] == "combine") & (table["test_set"] == "mean"))]
    figure = heatmap.draw(table, order=order_of(THREE, models), metric="psnr", scale=2)
    first, second = (cell_texts(ax) for ax in figure.axes[:2])
    assert (first[2, 0].get_text(), second[2, 0].get_text(), first[3, 1].get_text()) == ("∞", "–", "–")


def test_every_panel_of_a_box_plot_has_an_input_and_an_output_a_test_set(tmp_path):
    models = [("srcnn", "mse")]
    table = scores_of(THREE, models, tmp_path)
    figure = boxplot.draw(table, order=order_of(THREE, models), architecture="srcnn", loss="mse", scale=2)
    panels = [ax for ax in figure.axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == [
        f"{a}) trained on {t}" for a, t in zip("abc", THREE, strict=True)
    ]
    assert all(len(ax.patches) == 2 * len(THREE) for ax in panels)


def test_infinite_scores_are_counted_above_the_boxes(tmp_path):
    models = [("srcnn", "mse")]
    table = scores_of(THREE, models, tmp_path, hard=True)
    shown = {"order": order_of(THREE, models), "architecture": "srcnn", "loss": "mse", "scale": 2}
    figure = boxplot.draw(table, metric="psnr", **shown)
    assert [text.get_text() for ax in figure.axes for text in ax.texts] == ["1 ∞"]


def test_a_dot_plot_turns_the_intervals_of_a_metric_where_lower_is_better(tmp_path):
    models = [("srcnn", "mse")]
    order = order_of(THREE, models)
    table = bias.bias(scores_of(THREE, models, tmp_path), order)
    figure = gaps.draw(table, order=order, metric="hfen", scale=2)
    lines = [line.get_xdata() for line in figure.axes[0].lines]
    expected = table[table["metric"] == "hfen"]
    assert [x[0] for x in lines if len(x) == 1] == expected["margin"].tolist()
    # The first line of two points is the one at zero.
    assert [tuple(x) for x in lines if len(x) == 2][1:] == list(zip(-expected["high"], -expected["low"], strict=True))
    assert (expected["margin"] > 0).all()


def test_a_dot_plot_without_gaps_says_so():
    figure = gaps.draw(
        pd.DataFrame(columns=list(bias.COLUMNS)), order=order_of(["gaussian"], [("a", "b")]), metric="psnr", scale=2
    )
    assert "No model" in figure.axes[0].texts[0].get_text()


def test_curves_leave_out_epochs_that_were_not_validated():
    figure = curves.draw({"gaussian": [history(8)]}, title="srcnn, mse")
    loss, psnr = (ax.lines[0].get_xdata().tolist() for ax in figure.axes)
    assert loss == [1, 2, 3, 4, 5, 6, 7, 8]
    assert psnr == [1, 3, 5, 7]


# ---- MSCN, profiles -----------------------------------------------------------------------------------------------


def test_densities_are_those_of_the_coefficients_and_their_products():
    slices = [0.3 + 0.7 * image(seed=seed) for seed in range(3)]
    figure = mscn.draw({"one": slices, "two": slices[:1]})
    coefficients = [normalised(found, border="replicate") for found in slices]
    products = [found[1:, 1:] * found[:-1, :-1] for found in coefficients]
    for ax, values in zip(figure.axes, (coefficients, products), strict=True):
        pooled = np.concatenate([found.ravel() for found in values])
        centres, density = ax.lines[0].get_data()
        width = centres[1] - centres[0]
        inside = np.mean(np.abs(pooled) <= centres[-1] + width / 2)
        assert density.sum() * width == pytest.approx(inside)
        assert inside == pytest.approx(0.99, abs=0.02)
        middle = np.abs(centres) < 0.5
        assert density[middle].sum() * width == pytest.approx(np.mean(np.abs(pooled) < 0.5), abs=0.05)


def test_a_dark_background_does_not_count():
    noise = 0.02 * np.random.default_rng(0).random((208, 224))
    for panel_number in (0, 1):
        little, much = (
            mscn.draw({"a": [np.maximum(np.pad(image(), 80), noise)[inside]]}).axes[panel_number].lines[0]
            for inside in (np.s_[70:-70, 70:-70], np.s_[:, :])
        )
        np.testing.assert_allclose(little.get_data(), much.get_data(), rtol=1e-9)


def test_an_empty_image_has_no_density_and_no_warning():
    figure = mscn.draw({"empty": [np.zeros((20, 20))], "one": [image()]})
    assert not figure.axes[0].lines[0].get_ydata().any()


@pytest.mark.parametrize("scale", [1, 2, 3, 4])
def test_a_profile_of_a_coarser_image_lies_on_that_of_the_original(scale):
    rows, columns = np.meshgrid(np.arange(48) * 0.01, np.arange(60) * 0.004, indexing="ij")
    ramp = rows + columns
    coarse = ramp.reshape(48 // scale, scale, 60 // scale, scale).mean(axis=(1, 3))
    at, values = profile.profile(coarse[None], 20, ramp.shape)
    np.testing.assert_allclose(values, np.interp(at, np.arange(60), ramp[20]), atol=1e-12)


def test_a_profile_is_the_row_and_the_line_stands_on_it():
    picture = image()
    picture[30, ::2] = 1
    assert profile.busiest_line(picture) == 30
    figure = profile.draw({"original": picture, "coarse": picture[::2, ::2]})
    shown, ax = figure.axes
    assert shown.lines[0].get_ydata() == [30.5, 30.5]
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), picture[30].astype(np.float64))
    assert ax.lines[1].get_xdata()[:2].tolist() == [0.5, 2.5]


def test_figures_of_degraded_slices_are_made_of_their_files(tmp_path):
    geometry = {"subject": "m1", "affine": np.eye(4).tolist(), "axis": 2}
    for name, side in (("slices", 1), ("mean", 1), ("low", 2)):
        found = {index: image(seed=index)[None, ::side, ::side] for index in (3, 5, 7)}
        save_slices(tmp_path / name, found, geometry)
    reads = {"slices": tmp_path / "slices", "degraded": {name: tmp_path / name for name in ("mean", "low")}}
    shown = {"pictures": {"made": {}}, "scale": 2, "subject": "m1", "slice": None}
    for kind in (mscn.MSCN, profile.Profile):
        ((name, figure),) = kind.pictures(reads, shown)
        assert name == "made"
        assert [text.get_text() for text in figure.legends[0].get_texts()] == ["original", "mean", "low"]


def test_the_sweep_finds_the_sigma_of_a_scan_by_every_measure():
    sharp = [0.2 + 0.8 * image((64, 64), seed) for seed in range(2)]
    scans = [Gaussian(scale=2, grid="low", sigma=1.3)(one) for one in sharp]
    found = sigma_sweep.sweep(sharp, scans, 2)
    for measure, best in sigma_sweep.MEASURES.items():
        assert sigma_sweep.SIGMAS[found[measure].index(best(found[measure]))] == 1.3
    assert max(found["SSIM"]) == pytest.approx(1)
    figure = sigma_sweep.draw({"scan": found}, {"other": sigma_sweep.similarity(scans, [one / 2 for one in scans])})
    assert [ax.get_title() for ax in figure.axes] == ["best sigma: 1.3"] * 3
    assert texts_outside(figure) == []


def test_the_tables_of_the_sweep_have_the_numbers_that_its_picture_shows(tmp_path):
    sharp = {index: 0.2 + 0.8 * image((64, 64), index)[None] for index in (3, 5)}
    scan, other = (
        {index: Gaussian(scale=2, grid="low", sigma=sigma)(one) for index, one in sharp.items()} for sigma in (1.3, 1.8)
    )
    for name, slices in {"sharp": sharp, "scan": scan, "other": other}.items():
        save_slices(tmp_path / name, slices, {"subject": "m1", "affine": np.eye(4).tolist(), "axis": 2})
    reads = {"slices": tmp_path / "sharp", "degraded": {name: tmp_path / name for name in ("scan", "other")}}
    stem, names = "figures/sigma_sweep", sigma_sweep.SigmaSweep.NUMBERS
    writes = {f"{stem}.{kind}": str(tmp_path / f"{stem}.{kind}") for kind in ("png", "svg")}
    writes |= {name: str(tmp_path / "tables/x2" / name) for name in names}
    settings = {"figure": "sigma_sweep", "pictures": {"sigma_sweep": {}}, "scale": 2, "subject": "m1"}
    _measuring.run(reads, writes, settings={**settings, "scans": ["scan"], "simulated": ["scan"]}, identity="x")
    swept, compared = (pd.read_csv(writes[name]) for name in names)
    assert swept["sigma"].to_list() == list(sigma_sweep.SIGMAS)
    assert swept.set_index("sigma")["best"].dropna().to_dict() == {1.3: "ssim psnr mscn_distance"}
    (row,) = compared.to_dict("records")
    assert (row["subject"], row["scan"], row["degradation"]) == ("m1", "scan", "other")
    assert row["note"] == "no real scan, the hidden degradation stands in"
    same = swept.set_index("sigma").loc[1.8]
    for column in sigma_sweep.COLUMNS.values():
        assert row[column] == pytest.approx(same[column], rel=1e-6)
    real, made = ([found[index][0] for index in sharp] for found in (scan, other))
    drawn = sigma_sweep.draw(
        {"scan": sigma_sweep.sweep(list(sharp.values()), real, 2)}, {"other": sigma_sweep.similarity(real, made)}
    )
    _style.save(drawn, tmp_path / "figures/expected")
    assert (tmp_path / "figures/expected.png").read_bytes() == (tmp_path / f"{stem}.png").read_bytes()


def test_low_resolution_images_stand_beside_the_original_in_their_order():
    figure = low_resolution.draw({"original": image(), "scan": image()[::2, ::2], "dsn": image()[::2, ::2]})
    assert [text.get_text() for text in figure.texts][-3:] == ["original", "scan", "dsn"]
    assert len(figure.axes) == 6, "a slice and a detail of each"
    assert all(len(ax.images) == 1 for ax in figure.axes)
    assert texts_outside(figure) == []


# ---- pictures -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(48, 64), (1, 48, 64), (3, 48, 64)])
@pytest.mark.parametrize("coarser", [1, 2])
def test_grey_and_colour_slices_on_both_grids_are_drawn(shape, coarser):
    reference = image(shape)
    degraded = reference[..., ::coarser, ::coarser]
    estimates = {name: image(shape, seed) for seed, name in enumerate(THREE, 1)}
    for figure in (
        panel.draw(reference, degraded, estimates, test_set="gaussian", aspect=1.5),
        gallery.draw(reference, {"gaussian": degraded, "mean": degraded}, scale=2, aspect=1.5),
    ):
        assert texts_outside(figure) == []
        slices = [ax.images[0].get_extent() for ax in figure.axes if ax.images and ax.get_xlim() == (0, 64)]
        # A slice of either grid covers the same ground.
        assert set(map(tuple, slices)) == {(0, 64, 48, 0)}


@pytest.mark.parametrize(
    ("loss", "validation", "discriminator", "begins"),
    [
        pytest.param([5, 4, 3, 2], [5, 3, 4, 4.5], None, 2, id="validation rises while training falls"),
        pytest.param([5, 4, 3, 2], [5, 4, 3, 2], None, None, id="both fall to the end"),
        pytest.param([5, 2, 3, 4], [5, 3, 4, 4.5], None, None, id="both rise: divergence"),
        pytest.param([5, 4, 3, 2], [5, 3, np.nan, 4], None, 2, id="an epoch was not validated"),
        pytest.param([5, 4, 3, 2], [5, 3, 4, 4.5], [1, 1, 1, 1], None, id="losses of a GAN are not comparable"),
        pytest.param([5], [np.nan], None, None, id="never validated"),
    ],
)
def test_over_fitting_begins_where_validation_is_lowest_while_training_goes_on_falling(
    loss, validation, discriminator, begins
):
    history = trained(loss, validation, discriminator)
    assert losses.over_fitting(history) == begins
    figure = losses.draw({"one": history}, title="srresnet, mse")
    assert len(figure.axes) == (2 if discriminator is None else 3)
    for ax in figure.axes:
        marks = [line for line in ax.lines if line.get_linestyle() == ":"]
        assert [line.get_xdata()[0] for line in marks] == ([] if begins is None else [begins])


def test_seeds_are_lines_of_their_own_in_the_figure_of_losses(tmp_path):
    trained([3, 2], [3, 2]).to_csv(tmp_path / "history.csv", index=False)
    names = {"architecture": "srresnet", "loss": "mse", "training_set": "box", "fold": 0}
    models = [names | {"seed": 0}, names | {"seed": 1}, names | {"seed": 0, "loss": "l1"}]
    settings = {"pictures": {"losses": {"architecture": "srresnet", "loss": "mse"}}, "models": models}
    reads = {"histories": [str(tmp_path / "history.csv")] * 3}
    ((_, figure),) = losses.Losses.pictures(reads, settings)
    assert [line.get_label() for line in figure.axes[0].lines] == ["box, seed 0", "box, seed 1"]


def test_kept_epochs_are_shown_in_order_beside_the_middle_validation_slice(tmp_path):
    sharp = {index: np.full((1, 8, 6), value, np.float32) for index, value in ((3, 0.2), (4, 0.5), (5, 0.8))}
    metadata = {"subject": "ann", "axis": 2, "affine": np.eye(4).tolist()}
    save_slices(tmp_path / "sharp", sharp, metadata)
    save_slices(tmp_path / "low", {index: one[:, ::2, ::2] for index, one in sharp.items()}, metadata)
    kept = {f"epoch{n:06d}/estimate": np.full((1, 8, 6), n / 20, np.float32) for n in (10, 2)}
    save(tmp_path / "kept", kept | {"epoch000002/model/weight": np.zeros(3, np.float32)}, {})
    names = {"architecture": "srresnet", "loss": "mse", "training_set": "box", "fold": 0}
    models = [names | {"seed": 0}, names | {"seed": 1}, names | {"seed": 0, "loss": "l1"}]
    files = {"references": {"ann": tmp_path / "sharp"}, "degraded": {"box": {"ann": tmp_path / "low"}}, "seed": 0}
    reads = {"epochs": [str(tmp_path / "kept")] * 3, "validation": {"box 0": files}}
    shown = {"pictures": {"epochs": {"architecture": "srresnet", "loss": "mse"}}, "models": models}
    ((name, figure),) = epochs.Epochs.pictures(reads, shown)
    assert name == "epochs"
    written = [text for text, *_ in drawn_texts(figure)]
    assert written == ["box, seed 0", "box, seed 1", "ground truth", "input", "epoch 2", "epoch 10"]
    values = [float(ax.images[0].get_array().mean()) for ax in figure.axes]
    assert values == pytest.approx([0.5, 0.5, 0.5, 0.5, 0.1, 0.1, 0.5, 0.5])


def test_every_image_is_a_row_in_its_own_proportions_with_the_input_at_full_size():
    figure = outputs.draw([shown_image((48, 64), THREE), shown_image((80, 64), THREE)])
    assert len(figure.axes) == 2 * 5
    for row, height in ((figure.axes[:5], 48), (figure.axes[5:], 80)):
        for ax in row:
            box = ax.get_position()
            sides = box.width * figure.get_figwidth(), box.height * figure.get_figheight()
            assert sides[1] / sides[0] == pytest.approx(height / 64)
            assert tuple(ax.images[0].get_extent()) == (0, 64, height, 0)


def test_models_are_named_by_what_distinguishes_them():
    one = {"scale": 2, "architecture": "fmen", "loss": "l1", "training_set": "bicubic"}
    for changed, titles in (
        ({"architecture": "vdsr", "loss": "mse"}, ["fmen", "vdsr"]),
        ({"loss": "mse"}, ["fmen / l1", "fmen / mse"]),
        ({"training_set": "box"}, ["fmen / l1 / bicubic", "fmen / l1 / box"]),
    ):
        assert model_titles([one, one | changed]) == titles


def test_drawing_does_not_change_the_images():
    reference = image().astype(np.float64)
    before = reference.copy()
    panel.draw(reference, reference, {"gaussian": reference, "mean": reference}, test_set="mean")
    gallery.draw(reference, {"gaussian": reference}, scale=2)
    assert (reference == before).all()


def test_error_maps_share_one_scale_and_the_coarse_input_has_none():
    reference = image()
    estimates = {"gaussian": reference + 0.1, "mean": reference + 0.2}
    figure = panel.draw(reference, reference[::2, ::2], estimates, test_set="mean")
    errors = [ax.images[0] for ax in figure.axes if ax.images and ax.images[0].get_cmap().name == "magma"]
    assert [round(float(error.get_array().mean()), 6) for error in errors] == [0.1, 0.2]
    assert [error.get_clim() for error in errors] == [(0.0, pytest.approx(0.2))] * 2


def test_the_enlarged_part_is_where_the_outputs_differ_most():
    reference = image()
    other = reference.copy()
    other[30:36, 10:16] += 0.3
    top, left, height, width = panel._most_different([reference, other], reference, 1.0)
    assert top <= 30 <= 36 <= top + height
    assert left <= 10 <= 16 <= left + width


def test_the_inset_hides_nothing_of_the_enlarged_part():
    reference = image()
    for top, left in itertools.product((0, 19, 38), (0, 27, 54)):
        x, y, width, height = panel._inset(reference, (top, left, 10, 10), 1.0)
        inset_rows = (1 - y - height) * 48, (1 - y) * 48
        inset_columns = x * 64, (x + width) * 64
        assert (
            inset_rows[1] <= top
            or top + 10 <= inset_rows[0]
            or inset_columns[1] <= left
            or left + 10 <= inset_columns[0]
        )
        # A square of square pixels stays one.
        assert height * 48 == pytest.approx(width * 64, abs=1)


def test_the_difference_on_the_low_grid_is_to_the_mean_of_blocks():
    original = image((48, 64))
    blocks = original.reshape(24, 2, 32, 2).mean(axis=(1, 3))
    assert gallery._difference(blocks, original) == pytest.approx(0, abs=1e-6)


def test_a_plane_wave_stands_in_the_spectrum_at_its_frequency():
    columns = np.arange(64)
    wave = np.tile(0.5 + 0.5 * np.cos(2 * np.pi * columns / 4), (48, 1))
    figure = gallery.draw(wave, {"itself": wave, "coarse": wave[:, ::2][::2]}, scale=2)
    spectra = [ax for ax in figure.axes if ax.get_xlim() == (-0.5, 0.5)]
    picture = spectra[0].images[0]
    left, right, _, _ = picture.get_extent()
    row = np.asarray(picture.get_array())[24]
    centres = left + (np.arange(64) + 0.5) * (right - left) / 64
    assert sorted(np.round(centres[row > -1], 6)) == [-0.25, 0, 0.25]


# ---- orientation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
@pytest.mark.parametrize("signs", list(itertools.product((1, -1), repeat=3)))
def test_up_is_superior_or_anterior_and_left_the_patients_right_or_anterior(axes, signs):
    # A volume whose values are the world coordinates, stored along permuted and reversed axes.
    affine = np.zeros((4, 4))
    affine[3, 3] = 1
    for voxel, (world, sign) in enumerate(zip(axes, signs, strict=True)):
        affine[world, voxel] = sign * (voxel + 1.0)
    voxels = np.stack(np.meshgrid(*(np.arange(n) for n in (3, 4, 5)), indexing="ij"), axis=-1)
    world = voxels @ affine[:3, :3].T
    for axis in range(3):
        sliced = orient(np.moveaxis(np.take(world, 1, axis), -1, 0), affine, axis)
        across, up = (sliced[:, -1, -1] - sliced[:, -1, 0]), (sliced[:, 0, 0] - sliced[:, -1, 0])
        normal = axes[axis]
        expected = {0: (1, 2), 1: (0, 2), 2: (0, 1)}[normal]
        # Columns go to the patient's left, or (sagittal slices) to posterior: both against the world axis.
        assert np.argmax(np.abs(across)) == expected[0]
        assert across[expected[0]] < 0
        assert np.argmax(np.abs(up)) == expected[1]
        assert up[expected[1]] > 0
        sizes = {world_axis: voxel + 1.0 for voxel, world_axis in enumerate(axes)}
        assert pixel_aspect(affine, axis) == pytest.approx(sizes[expected[1]] / sizes[expected[0]])


def test_a_photograph_without_affine_stays_as_it_is():
    photograph = image((3, 48, 64))
    assert orient(photograph, None, 2) is photograph
    assert pixel_aspect(None, 2) == 1
    # So does one whose rows are said to count toward posterior and whose columns toward the left.
    downwards = [[0, -1, 0, 0], [-1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert (orient(photograph, downwards, 2) == photograph).all()


# ---- captions -----------------------------------------------------------------------------------------------------

CAPTIONS = sorted((Path(__file__).parents[1] / "workflow" / "report").glob("*.rst"))


def rendered(caption: Path, config: dict) -> str:
    """HTML of a caption, as Snakemake's report makes it."""
    snakemake = SimpleNamespace(config=config, wildcards=SimpleNamespace(scale="2", subject="anna"))
    text = Environment(undefined=StrictUndefined).from_string(caption.read_text()).render(snakemake=snakemake)
    return publish_parts(text, writer="html", settings_overrides={"halt_level": 2})["html_body"]


@pytest.mark.parametrize("caption", CAPTIONS, ids=lambda path: path.stem)
@pytest.mark.parametrize("grid", ["same", "low"])
def test_captions_are_valid_for_every_study(caption, grid):
    small = {"study": "default"}
    full = {"study": "a-long-name_2", "protocol": {"grid": grid, "scales": [2, 4]}, "allow_leakage": grid == "low"}
    assert "system-message" not in rendered(caption, small) + rendered(caption, full)


def test_the_report_says_what_the_study_is():
    (workflow,) = (path for path in CAPTIONS if path.stem == "workflow")
    page = rendered(workflow, {"study": "mice", "protocol": {"grid": "low", "scales": [3]}, "allow_leakage": True})
    for said in ("mice", "scale of 3", "grid: low", "several splits"):
        assert said in page
    assert "several splits" not in rendered(workflow, {"study": "mice"})
