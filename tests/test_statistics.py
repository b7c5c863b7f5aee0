"""Tables, gaps and findings: small cases computed by hand, and the numbers that the training-bias paper prints."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from mrisr.errors import InputError
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.statistics import bias, contrasts, family, findings, methods, scores, tables
from mrisr.statistics.order import Order
from mrisr.statistics.tabulate import run

SIX = ["gaussian", "hanning", "hamming", "bicubic", "mean", "median"]
ORDER = {
    "training_sets": [*SIX, "combine"],
    "test_sets": [*SIX, "combine"],
    "architectures": ["input", "srcnn", "srdensenet", "rrdbnet"],
    "losses": ["mse", "l1", "ssim"],
    "groups": ["mouse", "rat"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True, "options": {}},
        "hfen": {"label": "HFEN", "higher_is_better": False, "options": {"sigma": 1.5, "size": 15}},
    },
    "mixtures": ["combine"],
    "leakage": False,
    "grid": "same",
}
# Tables I, II and III of the training-bias paper: rows Gaussian to Combine, columns Gaussian to Median.
PAPER = {
    ("srdensenet", "mse"): """
        34.33 31.07 31.56 26.68 25.81 23.17
        27.34 31.92 30.08 25.53 27.03 23.86
        32.29 31.39 32.23 28.33 32.15 28.16
        28.53 27.71 28.23 33.82 29.43 28.68
        30.61 29.16 29.06 28.99 36.44 23.47
        30.22 28.18 29.13 31.48 32.69 33.54
        32.47 30.82 31.42 32.82 34.46 32.88""",
    ("srdensenet", "ssim"): """
        34.52 31.11 31.59 25.76 22.22 19.88
        25.88 31.48 28.69 24.57 25.42 22.63
        31.72 31.42 31.92 28.3 31.49 28.04
        28.42 27.66 28.15 33.41 29.23 29.39
        30.74 30.77 31.42 28.05 36.51 24.33
        31.32 30.27 30.82 30.42 32.96 33.41
        31.79 30.64 31.25 31.38 33.68 32.24""",
    ("srdensenet", "l1"): """
        34.3 30.98 31.55 26.3 24.12 20.55
        28.17 31.83 30.86 26.26 28.16 24.45
        29.17 31.79 30.99 26.77 28.75 25.60
        28.65 27.76 28.29 33.73 29.5 18.75
        31.01 30.62 31.26 28.69 36.03 26.04
        31.18 30.14 30.69 30.53 32.71 33.21
        31.52 30.14 30.73 32.72 34.17 32.58""",
    ("srcnn", "mse"): """
        34.3 31.08 31.6 27.31 27.86 25.14
        31.57 31.64 31.82 27.96 31.47 28.59
        31.55 31.63 31.84 27.89 31.46 28.37
        28.711 27.86 28.37 33.64 29.54 28.73
        31.74 30.82 31.49 29.36 35.48 28.65
        31.64 30.55 31.12 29.88 32.26 32.92
        32.18 31.06 31.61 29.59 33.44 32.27""",
    ("rrdbnet", "mse"): """
        33.65 30.09 30.78 27.07 23.96 20.31
        25.11 31.58 28.93 24.77 24.76 20.99
        31.72 31.1 31.84 30.19 31.92 28.26
        28.58 27.76 28.28 33.8 29.44 28.83
        30.23 29.98 30.62 29.21 35.84 23.73
        30.6 29.79 30.31 31.09 32.47 33.54
        32.55 30.26 31.12 33 34.92 33.09""",
}


class Written(dict):
    """Where files of the tables go: asked for by name, and kept in that order."""

    def __init__(self, scores, folder):
        super().__init__(scores=str(scores))
        self.folder = folder

    def __missing__(self, name):
        return self.setdefault(name, str(self.folder / name))


def tabulate(files, scores, folder, *, order, tables=("bias", "findings", "methods", "wide"), against=None):
    """Run the stage; the files that it wrote."""
    writes = Written(scores, folder)
    settings = {**order, "tables": {name: {} if against is None else {"against": against} for name in tables}}
    run({"scores": list(map(str, files))}, writes, settings=settings, identity="x")
    return [Path(path) for path in writes.values()]


def row(value: float, **names) -> dict:
    """One score of an SRCNN trained with MSE, unless told otherwise."""
    common = {"scale": 2, "architecture": "srcnn", "loss": "mse", "training_set": "gaussian", "seed": 0, "fold": 0}
    common |= {"test_set": "gaussian", "group": "mouse", "subject": "m1", "slice": 7, "metric": "psnr", "value": value}
    return {**common, **names}


def scored(rows: list[dict], tmp_path: Path) -> pd.DataFrame:
    """Rows as they come back from a file."""
    write_scores(tmp_path / "scores.csv", pd.DataFrame(rows, columns=list(COLUMNS)))
    return scores.read([tmp_path / "scores.csv"])


def paper_rows() -> list[dict]:
    """The paper's averages as the scores of one slice."""
    return [
        row(float(value), architecture=architecture, loss=loss, training_set=training_set, test_set=test_set)
        for (architecture, loss), text in PAPER.items()
        for training_set, line in zip([*SIX, "combine"], text.strip().splitlines(), strict=True)
        for test_set, value in zip(SIX, line.split(), strict=True)
    ]


@pytest.fixture(scope="module")
def paper(tmp_path_factory) -> pd.DataFrame:
    return scored(paper_rows(), tmp_path_factory.mktemp("paper"))


@pytest.fixture(scope="module")
def paper_findings(paper) -> list[findings.Finding]:
    return findings.find(paper, ORDER)


def summary(found, architecture, loss, hypothesis, measure="") -> findings.Finding:
    (one,) = (
        f
        for f in found
        if (f.architecture, f.loss, f.hypothesis) == (architecture, loss, hypothesis)
        and not f.rival
        and f.measure.startswith(measure)
    )
    return one


# ---- reading ------------------------------------------------------------------------------------------------------


def test_names_stay_as_written_and_numbers_become_numbers(tmp_path):
    rows = [row(np.inf, subject="007"), row(np.nan, test_set="nan")]
    rows.append(row(30.0, architecture="input", loss="", training_set="", seed=None, fold=None))
    table = scored(rows, tmp_path)
    assert table["architecture"].tolist() == ["input", "srcnn", "srcnn"]
    assert table["training_set"].tolist() == ["", "gaussian", "gaussian"]
    assert table["seed"].isna().tolist() == [True, False, False]
    assert {str(table[c].dtype) for c in ("scale", "seed", "fold", "slice")} == {"Int64"}
    assert set(table["subject"]) == {"007", "m1"}
    assert set(table["test_set"]) == {"gaussian", "nan"}
    assert np.isinf(table["value"]).sum() == 1
    assert table["value"].isna().sum() == 1


def test_what_was_read_is_written_back_to_the_byte(tmp_path):
    rows = [row(1 / 3), row(np.inf, slice=8), row(np.nan, slice=9)]
    rows.append(row(30.0, architecture="input", loss="", training_set="", seed=None, fold=None))
    table = scored(rows, tmp_path)
    write_scores(tmp_path / "again.csv", table)
    write_scores(tmp_path / "thrice.csv", scores.read([tmp_path / "again.csv"]))
    assert (tmp_path / "again.csv").read_bytes() == (tmp_path / "thrice.csv").read_bytes()
    lines = (tmp_path / "again.csv").read_text().splitlines()
    assert lines[1] == "2,input,,,,,gaussian,mouse,m1,7,psnr,30"
    assert lines[2].endswith(",psnr,0.333333333")
    assert lines[3].endswith(",8,psnr,inf")
    assert lines[4].endswith(",9,psnr,")


def test_a_score_given_twice_is_an_error(tmp_path):
    scored([row(30.0)], tmp_path)
    with pytest.raises(InputError, match=r"two scores for one thing .*training_set gaussian"):
        scores.read([tmp_path / "scores.csv"] * 2)


def test_a_file_that_is_no_table_of_scores_is_named(tmp_path):
    (tmp_path / "other.csv").write_text("epoch,loss\n1,0.5\n")
    (tmp_path / "words.csv").write_text(",".join(COLUMNS) + "\n" + "2,srcnn,mse,a,0,0,a,g,s,1,psnr,high\n")
    with pytest.raises(InputError, match=r"other\.csv: is no table of scores, it has no column 'scale'"):
        scores.read([tmp_path / "other.csv"])
    with pytest.raises(InputError, match=r"words\.csv: column 'value' must hold numbers"):
        scores.read([tmp_path / "words.csv"])
    with pytest.raises(InputError, match=r"missing\.csv: cannot be read"):
        scores.read([tmp_path / "missing.csv"])


# ---- wide tables --------------------------------------------------------------------------------------------------


def psnr_table(table: pd.DataFrame, *, group="mouse", order=ORDER, spread=False) -> pd.DataFrame:
    cells = tables.spreads(table) if spread else tables.means(table)
    return tables.wide(cells, order, metric="psnr", group=group)


def test_a_mean_is_over_slices_then_subjects_then_seeds(tmp_path):
    values = {("m1", 1, 0): 10, ("m1", 2, 0): 20, ("m1", 3, 0): 30, ("m2", 1, 0): 40}
    values |= {("m1", 1, 1): 20, ("m1", 2, 1): 20, ("m1", 3, 1): 20, ("m2", 1, 1): 60}
    table = scored([row(v, subject=s, slice=i, seed=seed) for (s, i, seed), v in values.items()], tmp_path)
    # Seed 0: (20 + 40) / 2 = 30; seed 1: (20 + 60) / 2 = 40.
    assert psnr_table(table)["gaussian"].tolist() == [35]
    spread = psnr_table(table, spread=True)
    # Subjects, averaged over seeds: 20 and 50.
    assert spread["gaussian"].tolist() == pytest.approx([30 / np.sqrt(2)])
    assert spread["std_over"].tolist() == ["subjects"]


def test_with_one_subject_the_standard_deviation_is_over_slices(tmp_path):
    table = scored([row(v, slice=i) for i, v in enumerate([10.0, 20.0, 30.0])], tmp_path)
    spread = psnr_table(table, spread=True)
    assert spread["gaussian"].tolist() == [10]
    assert spread["std_over"].tolist() == ["slices"]


def test_a_fold_counts_as_a_run_of_its_own(tmp_path):
    rows = [row(10.0, fold=0, subject="m1"), row(30.0, fold=1, subject="m2"), row(50.0, fold=1, subject="m3")]
    table = scored(rows, tmp_path)
    assert psnr_table(table)["gaussian"].tolist() == [25]


def test_rows_and_columns_stand_in_the_order_of_the_study(tmp_path):
    models = [("rrdbnet", "mse", "mean"), ("srcnn", "l1", "gaussian"), ("srcnn", "mse", "combine")]
    models += [("srcnn", "mse", "hamming"), ("input", "", "")]
    rows = [
        row(1.0, scale=s, architecture=a, loss=loss, training_set=t, test_set=test_set)
        for s, (a, loss, t), test_set in itertools.product([4, 2], models, ["mean", "gaussian"])
    ]
    table = psnr_table(scored(rows, tmp_path))
    assert table.columns.tolist() == ["scale", "architecture", "loss", "training_set", *SIX, "combine"]
    expected = [models[4], models[3], models[2], models[1], models[0]]
    found = [tuple(line) for line in table[["architecture", "loss", "training_set"]].to_numpy()]
    assert found == [*expected, *expected]
    assert table["scale"].tolist() == [2] * 5 + [4] * 5
    assert table["hanning"].isna().all()


def test_infinite_values_are_inf_and_undefined_ones_blank(tmp_path):
    rows = [row(np.inf, slice=1), row(30.0, slice=2)]
    rows += [row(np.nan, training_set="mean", slice=1), row(30.0, training_set="mean", slice=2)]
    scored(rows, tmp_path)
    tabulate([tmp_path / "scores.csv"], tmp_path / "all.csv", tmp_path / "tables", order=ORDER)
    lines = (tmp_path / "tables/psnr.csv").read_text().splitlines()
    assert lines[1] == "2,srcnn,mse,gaussian,inf,,,,,,"
    assert lines[2] == "2,srcnn,mse,mean,,,,,,,"
    assert (tmp_path / "tables/psnr_std.csv").read_text().splitlines()[1] == "2,srcnn,mse,gaussian,,,,,,,,slices"


def test_a_slice_on_which_every_model_is_undefined_is_left_out(tmp_path):
    rows = [row(v, slice=i, training_set=t) for t in SIX[:2] for i, v in enumerate([np.nan, 30.0])]
    assert psnr_table(scored(rows, tmp_path))["gaussian"].tolist() == [30, 30]


def test_another_test_group_has_a_folder_of_its_own(tmp_path):
    scored([row(30.0), row(20.0, group="rat", subject="r1")], tmp_path)
    written = tabulate([tmp_path / "scores.csv"], tmp_path / "all.csv", tmp_path / "tables", order=ORDER)
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    wide = {f"{metric}{part}.csv" for metric in ("psnr", "hfen") for part in ("", "_std")}
    expected = {f"tables/{n}" for n in wide} | {f"tables/rat/{n}" for n in wide}
    assert names == {"all.csv", "tables/bias.csv", "tables/findings.csv", "tables/methods.csv", *expected}
    assert all((tmp_path / name).exists() for name in names)
    assert pd.read_csv(tmp_path / "tables/psnr.csv")["gaussian"].tolist() == [30]
    assert pd.read_csv(tmp_path / "tables/rat/psnr.csv")["gaussian"].tolist() == [20]
    assert (tmp_path / "tables/rat/hfen.csv").read_text().count("\n") == 1


def test_options_of_a_metric_and_permitted_leakage_stand_in_every_table(tmp_path):
    rows = [row(v, metric=m, training_set=t) for m, v in (("psnr", 30.0), ("hfen", 0.3)) for t in SIX[:2]]
    scored(rows, tmp_path)
    for leakage in (False, True):
        out = tmp_path / f"tables-{leakage}"
        tabulate([tmp_path / "scores.csv"], tmp_path / "all.csv", out, order={**ORDER, "leakage": leakage})
        for table in ("hfen", "hfen_std"):
            assert pd.read_csv(out / f"{table}.csv")["note"].str.contains("HFEN: sigma 1.5, size 15").all()
        assert ("note" in pd.read_csv(out / "psnr.csv")) == leakage
        for path in out.glob("*.csv"):
            notes = pd.read_csv(path, keep_default_na=False).get("note", pd.Series(dtype=str))
            assert notes.str.contains("allow_leakage").any() == leakage, path


def test_a_method_with_unstable_results_is_noted_beside_its_rows_and_no_other(tmp_path):
    order = {
        **ORDER,
        "metrics": {"psnr": ORDER["metrics"]["psnr"]},
        "varying": {"hanning": "hanning: one seed (0) was run"},
    }
    scored([row(v, training_set=t) for v, t in zip((30.0, 31.0, 29.0), SIX[:3], strict=True)], tmp_path)
    tabulate([tmp_path / "scores.csv"], tmp_path / "all.csv", tmp_path / "tables", order=order)
    tables = {
        name: pd.read_csv(tmp_path / f"tables/{name}.csv", keep_default_na=False)
        for name in ("methods", "bias", "findings")
    }
    told = {name: table["note"].str.contains("one seed") for name, table in tables.items()}
    assert (told["methods"] == (tables["methods"]["training_set"] == "hanning")).all()
    assert (told["bias"] == (tables["bias"]["training_set"] == "hanning")).all()
    concerned = tables["findings"][["model", "rival"]].eq("hanning").any(axis=1) | (tables["findings"]["rival"] == "")
    assert (told["findings"] == concerned).all()
    assert [t.sum() for t in told.values()] == [1, 1, concerned.sum()]
    tabulate([tmp_path / "scores.csv"], tmp_path / "all.csv", tmp_path / "wide", order={**order, "test_sets": SIX[:1]})
    wide = pd.read_csv(tmp_path / "wide/psnr.csv", keep_default_na=False).set_index("training_set")["note"]
    assert wide[wide != ""].to_dict() == {"hanning": "hanning: one seed (0) was run"}


def test_methods_show_the_spread_of_the_mean_over_seeds(tmp_path):
    values = {0: (30.0, 32.0), 1: (31.0, 35.0), 2: (30.5, 30.5)}
    rows = [row(v, seed=seed, slice=i) for seed, pair in values.items() for i, v in enumerate(pair)]
    rows += [row(28.0, architecture="bicubic", loss="", training_set="", seed=None, fold=None, slice=i) for i in (0, 1)]
    table = methods.table(scored(rows, tmp_path), ORDER).set_index("architecture")["psnr_seed_sd"]
    assert table["srcnn"] == pytest.approx(np.std([31.0, 33.0, 30.5], ddof=1))
    assert np.isnan(table["bicubic"])
    assert "psnr_seed_sd" not in methods.table(scored(rows[:2], tmp_path), ORDER)


def test_the_order_of_the_files_does_not_matter(tmp_path):
    rng = np.random.default_rng(1)
    files = []
    for number, (training_set, seed) in enumerate(itertools.product(["combine", *SIX[:3]], [0, 1])):
        rows = [
            row(rng.normal(30, 3), training_set=training_set, seed=seed, test_set=t, subject=s, slice=i)
            for t, s, i in itertools.product([*SIX[:3], "combine"], ["m1", "m2"], range(3))
        ]
        files.append(tmp_path / f"{number}.csv")
        write_scores(files[-1], pd.DataFrame(rows, columns=list(COLUMNS)))
    contents = []
    for number, paths in enumerate([files, files[::-1], [files[i] for i in rng.permutation(len(files))]]):
        written = tabulate(paths, tmp_path / f"{number}/all.csv", tmp_path / f"{number}/tables", order=ORDER)
        contents.append([path.read_bytes() for path in written])
    assert contents[0] == contents[1] == contents[2]


# ---- bias.csv -----------------------------------------------------------------------------------------------------


def test_bias_has_the_columns_of_the_design(paper):
    table = bias.bias(paper, ORDER)
    design = ["scale", "architecture", "loss", "metric", "training_set", "test_set", "group"]
    design += ["gap", "low", "high", "subjects", "seeds"]
    assert table.columns.tolist() == [*design, "interval", "margin", "seed_sd", "note"]
    # 7 models on 6 test sets, each against the matched one, which is not compared with itself.
    assert table.groupby(["architecture", "loss"]).size().tolist() == [36] * 5


def test_a_gap_is_what_not_having_seen_the_test_degradation_costs(paper):
    table = bias.bias(paper, ORDER).set_index(["architecture", "loss", "training_set", "test_set"])
    assert table.loc[("srcnn", "mse", "hamming", "hanning"), "gap"] == pytest.approx(31.64 - 31.63)
    assert table.loc[("rrdbnet", "mse", "gaussian", "median"), "gap"] == pytest.approx(33.54 - 20.31)
    assert table.loc[("srdensenet", "l1", "gaussian", "hamming"), "gap"] == pytest.approx(30.99 - 31.55)
    assert (table["margin"] == table["gap"]).all()


def test_the_margin_of_a_metric_where_lower_is_better_is_the_gap_turned_round(tmp_path):
    rows = [row(0.2, metric="hfen"), row(0.5, metric="hfen", training_set="mean")]
    table = bias.bias(scored(rows, tmp_path), ORDER)
    assert table[["training_set", "test_set", "gap", "margin"]].to_numpy().tolist() == [
        ["mean", "gaussian", pytest.approx(-0.3), pytest.approx(0.3)]
    ]


def many_subjects(count: int, gaps, seeds=(0,)) -> list[dict]:
    """Matched and other models; the matched one is better by ``gaps[subject, slice]`` plus the seed."""
    return [
        row(30.0 + (training_set == "gaussian") * (gaps[s][i] + seed), seed=seed, training_set=training_set, slice=i)
        | {"subject": f"m{s:02d}"}
        for s, i, seed, training_set in itertools.product(range(count), range(len(gaps[0])), seeds, SIX[:2])
    ]


def test_below_five_subjects_the_interval_is_the_range_over_slices(tmp_path):
    gaps = np.random.default_rng(0).normal(1, 0.2, (4, 10)).round(3)
    (found,) = bias.bias(scored(many_subjects(4, gaps), tmp_path), ORDER).itertuples()
    assert (found.interval, found.subjects, found.seeds) == ("slices", 4, 1)
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(gaps, [2.5, 97.5])))
    assert np.isnan(found.seed_sd)


def test_from_five_subjects_on_the_interval_is_students_over_subjects(tmp_path):
    gaps = np.random.default_rng(0).normal(1, 0.2, (8, 3)).round(3)
    (found,) = bias.bias(scored(many_subjects(8, gaps), tmp_path), ORDER).itertuples()
    by_subject = gaps.mean(axis=1)
    assert (found.interval, found.subjects) == ("subjects", 8)
    assert found.gap == pytest.approx(by_subject.mean())
    expected = scipy.stats.ttest_1samp(by_subject, 0).confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx(tuple(expected), abs=1e-6)


def test_the_seed_spread_is_that_of_the_gap(tmp_path):
    table = bias.bias(scored(many_subjects(1, [[1.0, 2.0]], seeds=(0, 1, 2)), tmp_path), ORDER)
    assert table["gap"].tolist() == pytest.approx([1.5 + 1])
    assert table["seeds"].tolist() == [3]
    assert table["seed_sd"].tolist() == pytest.approx([1])


def test_models_are_compared_on_the_seeds_that_both_have(tmp_path):
    rows = many_subjects(1, [[1.0]], seeds=(0, 5))
    rows = [r for r in rows if not (r["training_set"] == "hanning" and r["seed"] == 5)]
    (found,) = bias.bias(scored(rows, tmp_path), ORDER).itertuples()
    assert (found.gap, found.seeds) == (1, 1)


def test_an_infinite_gap_is_inf_and_one_between_infinities_blank(tmp_path):
    rows = [row(np.inf), row(30.0, training_set="mean"), row(np.inf, training_set="median")]
    table = bias.bias(scored(rows, tmp_path), ORDER).set_index("training_set")
    assert table.loc["mean", "gap"] == np.inf
    assert np.isnan(table.loc["median", "gap"])


def test_bias_is_read_back_as_it_was_written(tmp_path):
    rows = [row(np.inf, test_set="nan", training_set="nan"), row(30.0, test_set="nan", training_set="none")]
    table = bias.bias(scored(rows, tmp_path), ORDER)
    write_scores(tmp_path / "bias.csv", table)
    again = bias.read(tmp_path / "bias.csv")
    assert again[["training_set", "test_set", "gap"]].to_numpy().tolist() == [["none", "nan", np.inf]]
    assert again["seed_sd"].isna().all()


# ---- findings -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("architecture", "loss"), [pair for pair in PAPER if pair != ("srdensenet", "l1")])
def test_the_papers_matched_models_are_best_on_six_of_six(paper_findings, architecture, loss):
    found = summary(paper_findings, architecture, loss, "H1")
    assert (found.count, found.total, found.result) == (6, 6, "shown on these slices")
    assert found.decision == "undecided"


def test_the_papers_srcnn_is_ahead_by_a_hundredth_of_a_decibel_on_hanning(paper_findings):
    one = summary(paper_findings, "srcnn", "mse", "H1")
    assert one.margin == pytest.approx(0.01)
    assert one.sentence == (
        "srcnn / mse, x2: the matched model has the best PSNR on 6 of 6 test sets; "
        "the smallest margin is 0.01 dB (hanning, against the hamming model). "
        "H1 is undecided: a decision needs 6 test subjects, these are 1."
    )
    (hanning,) = (f for f in paper_findings if (f.architecture, f.test_set) == ("srcnn", "hanning"))
    assert (hanning.model, hanning.rival, hanning.value, hanning.rival_value) == ("hanning", "hamming", 31.64, 31.63)


def test_the_papers_l1_gaussian_model_beats_the_hamming_model_on_hamming(paper_findings):
    one = summary(paper_findings, "srdensenet", "l1", "H1")
    assert (one.count, one.total, one.result, one.decision) == (5, 6, "not shown", "undecided")
    said = findings.sentences([f for f in paper_findings if f.loss == "l1" and f.hypothesis == "H1"])
    assert "srdensenet / l1, x2: the gaussian model beats the hamming model on hamming by 0.56 dB PSNR." in said


def test_the_papers_combine_model_has_the_best_mean_but_not_srcnns_best_worst_case(paper_findings):
    for architecture, loss in PAPER:
        one = summary(paper_findings, architecture, loss, "H2", "mean")
        assert (one.count, one.total, one.decision) == (6, 6, "undecided")
    worst = summary(paper_findings, "srcnn", "mse", "H2", "worst")
    # Worst cases: Median 29.88, Combine 29.59, all others below.
    assert (worst.count, worst.total, worst.decision) == (5, 6, "")
    assert worst.margin == pytest.approx(29.59 - 29.88)
    of_srcnn = [f for f in paper_findings if (f.measure, f.architecture) == (worst.measure, "srcnn")]
    (median,) = (f for f in of_srcnn if f.rival == "median")
    assert (median.value, median.rival_value) == (29.59, 29.88)


def test_the_mean_over_test_sets_is_that_of_the_table(paper_findings):
    (one,) = (f for f in paper_findings if (f.architecture, f.rival, f.measure[:4]) == ("rrdbnet", "hamming", "mean"))
    assert one.value == pytest.approx(np.mean([32.55, 30.26, 31.12, 33, 34.92, 33.09]))
    assert one.rival_value == pytest.approx(np.mean([31.72, 31.1, 31.84, 30.19, 31.92, 28.26]))


def test_an_undefined_margin_does_not_count_as_shown(tmp_path):
    rows = [row(np.inf), row(np.inf, training_set="mean"), row(30.0, training_set="median")]
    *details, one = findings.find(scored(rows, tmp_path), ORDER)
    assert [d.rival for d in details] == ["mean"]
    assert (one.count, one.total, one.result) == (0, 1, "not shown")
    assert "cannot be compared on gaussian: undefined or infinite PSNR" in details[0].sentence


def test_equal_models_do_not_show_a_bias(tmp_path):
    rows = [row(30.0), row(30.0, training_set="mean")]
    detail, one = findings.find(scored(rows, tmp_path), ORDER)
    assert detail.sentence.endswith("the mean model equals the gaussian model on gaussian in PSNR.")
    assert (one.count, one.result) == (0, "not shown")


def six_models(subjects: int, sign: int = 1) -> list[dict]:
    """Six models that are best (worst for sign -1) where they are matched, by an amount that a subject has."""
    return [
        row(30 + sign * (a == b) * (1 + 0.01 * s) + 0.001 * s, training_set=a, test_set=b, subject=f"m{s:02d}")
        for a, b, s in itertools.product(SIX, SIX, range(subjects))
    ]


@pytest.mark.parametrize(
    ("subjects", "sign", "decision"),
    [(1, 1, "undecided"), (5, 1, "undecided"), (6, 1, "supported"), (6, -1, "contradicted")],
)
def test_a_hypothesis_is_decided_from_six_subjects_on(tmp_path, subjects, sign, decision):
    found = findings.find(scored(six_models(subjects, sign), tmp_path), ORDER)
    (one,) = (f for f in found if f.hypothesis == "H1" and not f.rival)
    assert one.decision == decision
    assert one.result == ("shown on these slices" if sign == 1 else "not shown")
    if subjects < 6:
        assert np.isnan([one.p_flip, one.p_max_t, one.p_holm, one.p_wilcoxon]).all()
        return
    # 30 contrasts, each with the smallest two-sided p-value, 2 / 2^6. Only Holm's correction grows with their number.
    assert (one.p_flip, one.p_max_t, one.p_wilcoxon, one.p_holm) == pytest.approx((2 / 64, 2 / 64, 2 / 64, 30 * 2 / 64))
    assert one.people.split() == [f"m{s:02d}" for s in range(6)]
    assert "for 6 test subjects (m00, m01" in one.sentence
    on_test_sets = [f for f in found if f.hypothesis == "H1" and f.rival]
    assert {f.decision for f in on_test_sets} == {decision}
    if sign == -1:
        assert "the hanning model on gaussian" in one.against


def test_one_model_that_wins_elsewhere_contradicts_there_and_is_named(tmp_path):
    def value(trained, test, subject):
        wins = (trained == test and test != "hamming") or (trained, test) == ("gaussian", "hamming")
        return 30 + wins * (1 + 0.01 * subject)

    rows = [
        row(value(a, b, s), training_set=a, test_set=b, subject=f"m{s}")
        for a, b, s in itertools.product(SIX, SIX, range(8))
    ]
    found = [f for f in findings.find(scored(rows, tmp_path), ORDER) if f.hypothesis == "H1"]
    one = found[-1]
    assert (one.decision, one.against) == ("contradicted", "the gaussian model on hamming")
    told = {f.test_set: (f.decision, f.against) for f in found[:-1]}
    assert told.pop("hamming") == ("contradicted", "the gaussian model on hamming")
    assert set(told.values()) == {("supported", "")}


def test_the_bias_index_and_the_price_are_those_of_the_paper(paper_findings):
    # The means of the printed cells, as methods.md has them.
    printed = {
        ("srdensenet", "mse"): (5.05, 1.23),
        ("srdensenet", "ssim"): (5.12, 1.71),
        ("srdensenet", "l1"): (5.04, 1.37),
        ("srcnn", "mse"): (3.44, 1.61),
        ("rrdbnet", "mse"): (5.01, 0.88),
    }
    for pair, (index, price) in printed.items():
        found = {f.measure: f for f in paper_findings if f.hypothesis == "effect" and (f.architecture, f.loss) == pair}
        assert found["bias index"].margin == pytest.approx(index, abs=0.006)
        assert found["price of the mixture"].margin == pytest.approx(price, abs=0.006)


def test_the_interval_of_the_bias_index_holds_every_subjects_share(tmp_path):
    rows = six_models(8)
    found = {f.measure: f for f in findings.find(scored(rows, tmp_path), ORDER) if f.hypothesis == "effect"}
    index = found["bias index"]
    assert index.margin == pytest.approx(np.mean([1 + 0.01 * s for s in range(8)]))
    assert index.low < index.margin < index.high
    assert (index.interval, index.decision) == ("subjects", "")
    assert "price of the mixture" not in found


def test_the_interval_over_subjects_and_seeds_is_satterthwaites(tmp_path):
    gaps = np.random.default_rng(2).normal(1, 0.2, (8, 1)).round(3)
    (found,) = bias.bias(scored(many_subjects(8, gaps, seeds=(0, 1)), tmp_path), ORDER).itertuples()
    assert found.interval == "subjects and seeds"
    by_subject, by_seed = gaps[:, 0].var(ddof=1) / 8, 0.5 / 2
    total = by_subject + by_seed
    degrees = total**2 / (by_subject**2 / 7 + by_seed**2 / 1)
    half = scipy.stats.t.ppf(0.975, degrees) * np.sqrt(total)
    assert (found.low, found.high) == pytest.approx((gaps.mean() + 0.5 - half, gaps.mean() + 0.5 + half), abs=1e-6)


def test_a_decision_that_rests_on_one_of_two_seeds_says_so(tmp_path):
    # The first seed favours the matched model of every subject, the second one its rival, by more.
    rows = many_subjects(8, np.full((8, 1), 0.4) + 0.01 * np.arange(8)[:, None], seeds=(0, -1))
    detail, one = (f for f in findings.find(scored(rows, tmp_path), ORDER) if f.hypothesis == "H1")
    assert (one.decision, one.seeds, one.seeds_agree, one.seeds_decide) == ("contradicted", 2, 1, 1)
    names = ", ".join(f"m{s:02d}" for s in range(8))
    assert one.sentence.endswith(
        "the smallest margin is -0.065 dB (gaussian, against the hanning model, SD 0.71 dB over 2 seeds). "
        f"H1 is contradicted by the hanning model on gaussian for 8 test subjects ({names}), in 1 of 2 seeds alone. "
        "The 95 % interval over subjects and seeds of this comparison contains 0."
    )
    assert (one.low, one.high, one.seed_sd) == (detail.low, detail.high, detail.seed_sd)
    assert "; H1 is contradicted there by the hanning model, in 1 of 2 seeds alone (SD" in detail.sentence
    assert detail.seeds_decide == 1


def test_a_decision_that_every_seed_gives_alone_says_so_too(tmp_path):
    rows = many_subjects(8, np.full((8, 1), 0.4) + 0.01 * np.arange(8)[:, None], seeds=(0, 1, 2))
    one = findings.find(scored(rows, tmp_path), ORDER)[1]
    assert (one.decision, one.seeds_decide) == ("supported", 3)
    assert ", in 3 of 3 seeds alone. The 95 % interval over subjects and seeds of this" in one.sentence
    alone = findings.find(scored([row for row in rows if row["seed"] == 0], tmp_path), ORDER)[1]
    assert alone.sentence.endswith("), for models of one seed.")


def test_a_seed_that_contradicts_elsewhere_does_not_count(tmp_path):
    # Over both seeds the gaussian model wins on hanning. The second seed alone has no such case, but one on gaussian.
    margins = {(0, "gaussian"): 3.0, (0, "hanning"): -3.0, (1, "gaussian"): -1.0, (1, "hanning"): 1.0}
    rows = [
        row(30 + (a == b) * margins[seed, b] * (1 + 0.01 * s), training_set=a, test_set=b, subject=f"m{s}", seed=seed)
        for a, b, s, seed in itertools.product(SIX[:2], SIX[:2], range(8), (0, 1))
    ]
    found = [f for f in findings.find(scored(rows, tmp_path), ORDER) if f.hypothesis == "H1"]
    assert [f.decision for f in found] == ["supported", "contradicted", "contradicted"]
    assert [f.seeds_decide for f in found] == [1, 1, 1]
    assert found[-1].against == "the gaussian model on hanning"


def test_holms_correction_steps_down():
    # 0.01 x 4, 0.02 x 3, then 0.03 x 2 = 0.06, 0.9 x 1.
    assert family.holm([0.03, 0.01, 0.9, 0.02]) == pytest.approx([0.06, 0.04, 0.9, 0.06])
    assert family.holm([0.5, 0.6]) == [1, 1]


def test_findings_stand_in_the_order_of_the_study(paper_findings):
    blocks = list(dict.fromkeys((f.hypothesis, f.architecture, f.loss) for f in paper_findings))
    pairs = [("srcnn", "mse"), ("srdensenet", "mse"), ("srdensenet", "l1"), ("srdensenet", "ssim"), ("rrdbnet", "mse")]
    assert blocks == [(h, *pair) for h in ("H1", "H2", "effect") for pair in pairs]


def test_a_contrast_needs_a_run_that_both_models_have():
    where = contrasts.Observations(*np.array([[0, 1], [0, 1], [0, 0], [0, 0]]))
    first, second = (contrasts.Values(np.ones(2), np.array(present)) for present in ([True, False], [False, True]))
    assert contrasts.contrast(first, second, where) is None
    assert contrasts.contrast(first, first, where).gap == 0


def test_names_that_the_study_does_not_know_come_last():
    order = Order.of(ORDER)
    assert order.names("training_set", ["zebra", "mean", "gaussian", "apple"]) == ["gaussian", "mean", "apple", "zebra"]
