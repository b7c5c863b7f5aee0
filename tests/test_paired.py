"""Paired tests on subjects' means: scipy on a table laid out by hand, exact small cases, blanks and notes."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from mrisr.errors import InputError
from mrisr.evaluation.scoring import COLUMNS
from mrisr.statistics import paired, scores

ORDER = {
    "training_sets": ["fermi", "gaussian", "dsgan"],
    "test_sets": ["hidden", "fermi"],
    "architectures": ["bicubic", "edsr"],
    "losses": ["l1"],
    "groups": ["liver"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True, "options": {}},
        "ssim": {"label": "SSIM", "higher_is_better": True, "options": {"sigma": 1.5}},
    },
}


def table(
    values: Mapping[str, list[float]], *, metric: str = "psnr", test_set: str = "hidden", fold: int = 0
) -> list[dict]:
    """Subjects' values of methods, each as two slices around it."""
    rows = []
    for name, of_subjects in values.items():
        trained = {"architecture": "edsr", "loss": "l1", "training_set": name, "seed": 0, "fold": fold}
        baseline = {"architecture": name, "loss": "", "training_set": "", "seed": None, "fold": None}
        for subject, value in enumerate(of_subjects):
            where = {"scale": 2, "test_set": test_set, "group": "liver", "subject": f"s{subject:02d}"}
            for position, off in enumerate((-0.5, 0.5)):
                known = baseline if name == "bicubic" else trained
                rows.append({**known, **where, "slice": position, "metric": metric, "value": value + off})
    return rows


def compare(rows: list[dict], tmp_path, order=ORDER, **options) -> pd.DataFrame:
    pd.DataFrame(rows, columns=list(COLUMNS)).to_csv(tmp_path / "scores.csv", index=False)
    return paired.paired_tests(scores.read([tmp_path / "scores.csv"]), order, **options)


def draw(subjects: int, **shifts: float) -> dict[str, list[float]]:
    random = np.random.default_rng(subjects)
    hard = random.normal(30, 3, subjects)
    return {name: (hard + shift + random.normal(0, 0.5, subjects)).tolist() for name, shift in shifts.items()}


def test_the_tests_are_those_of_scipy_on_subjects_means(tmp_path):
    values = draw(12, bicubic=0.0, fermi=0.4, dsgan=1.0)
    found = compare(table(values), tmp_path)
    pairs = [("bicubic", "fermi"), ("bicubic", "dsgan"), ("fermi", "dsgan")]
    names = {"bicubic": "bicubic", "fermi": "edsr/l1/fermi", "dsgan": "edsr/l1/dsgan"}
    assert list(zip(found["method_a"], found["method_b"], strict=True)) == [(names[a], names[b]) for a, b in pairs]
    assert found["subjects"].tolist() == [12, 12, 12]
    for row, (a, b) in zip(found.itertuples(), pairs, strict=True):
        student, wilcoxon = (test(values[a], values[b]) for test in (scipy.stats.ttest_rel, scipy.stats.wilcoxon))
        assert (row.t, row.p_t) == pytest.approx((student.statistic, student.pvalue), rel=1e-6)
        assert (row.low, row.high) == pytest.approx(tuple(student.confidence_interval()), rel=1e-6)
        assert (row.w, row.p_wilcoxon) == pytest.approx((wilcoxon.statistic, wilcoxon.pvalue))
        difference = np.subtract(values[a], values[b])
        assert row.difference == pytest.approx(difference.mean())
        assert row.effect == pytest.approx(difference.mean() / difference.std(ddof=1))
    for test in ("p_t", "p_wilcoxon"):
        ascending = np.sort(found[test])
        expected = np.minimum(1, np.maximum.accumulate(ascending * [3, 2, 1]))
        assert np.sort(found[f"{test}_holm"]).tolist() == pytest.approx(expected.tolist())


def test_a_case_by_hand(tmp_path):
    # Differences 1, 2, 3, 4, 5, -6: mean 1.5, variance 77.5 / 5 = 15.5, t = 1.5 / sqrt(15.5 / 6); W = 6.
    # Of the 64 signs 14 give a negative sum of at most 6: 1, 1, 1, 2, 2, 3, 4 subsets for 0 to 6.
    found = compare(table({"dsgan": [31, 32, 33, 34, 35, 24], "fermi": [30.0] * 6}), tmp_path).iloc[0]
    assert (found["method_a"], found["difference"]) == ("edsr/l1/fermi", pytest.approx(-1.5))
    assert found["t"] == pytest.approx(-1.5 / np.sqrt(15.5 / 6))
    assert (found["w"], found["p_wilcoxon"]) == (6, pytest.approx(2 * 14 / 64))


def test_zeros_are_left_out_and_ties_share_their_ranks(tmp_path):
    # 0, 0 and 1, 1, 2, 2, 3, 3, -3: ranks 1.5 1.5 3.5 3.5 6 6 -6.
    gains = [0, 0, 1, 1, 2, 2, 3, 3, -3]
    found = compare(table({"fermi": [30 + gain for gain in gains], "dsgan": [30.0] * 9}), tmp_path).iloc[0]
    ranks = [1.5, 1.5, 3.5, 3.5, 6, 6, 6]
    sums = [
        sum(r for r, sign in zip(ranks, signs, strict=True) if sign) for signs in itertools.product((0, 1), repeat=7)
    ]
    assert (found["subjects"], found["w"]) == (9, 6)
    assert found["p_wilcoxon"] == pytest.approx(2 * np.mean(np.array(sums) <= 6))


@pytest.mark.parametrize(("subjects", "student", "wilcoxon"), [(1, 0, 0), (2, 0, 0), (4, 0, 0), (5, 1, 0), (6, 1, 1)])
def test_with_too_few_subjects_there_is_no_p_value_but_a_difference(tmp_path, subjects, student, wilcoxon):
    found = compare(table(draw(subjects, fermi=0.0, dsgan=9.0)), tmp_path).iloc[0]
    assert found["subjects"] == subjects
    assert found["difference"] < -5
    assert np.isfinite(found["effect"]) == (subjects > 1)
    for column in ("t", "p_t", "p_t_holm", "low", "high"):
        assert np.isfinite(found[column]) == bool(student), column
    for column in ("w", "p_wilcoxon", "p_wilcoxon_holm"):
        assert np.isfinite(found[column]) == bool(wilcoxon), column
    assert ("t: fewer than 5 subjects" in found["note"]) != bool(student)
    assert (f"Wilcoxon: {subjects} differences cannot reach 0.05" in found["note"]) != bool(wilcoxon)


def test_a_family_that_cannot_reach_the_level_has_no_corrected_p_value(tmp_path):
    # Three comparisons of six subjects: 3 x 2 / 64 = 0.094; against one method two: 0.0625; of one alone 0.031.
    rows = table(draw(6, fermi=0.0, gaussian=5.0, dsgan=9.0))
    found = compare(rows, tmp_path)
    assert np.isfinite(found["p_wilcoxon"]).all()
    assert found["p_wilcoxon_holm"].isna().all()
    assert found["note"].tolist() == ["Wilcoxon: 6 differences cannot reach 0.05 after Holm"] * 3
    assert found["p_t_holm"].notna().all()
    only = compare([row for row in rows if row["training_set"] != "gaussian"], tmp_path)
    assert only["p_wilcoxon_holm"].tolist() == [pytest.approx(2 / 64)]


def test_against_one_method_the_family_is_smaller(tmp_path):
    rows = table(draw(12, bicubic=0.0, fermi=0.3, gaussian=0.5, dsgan=1.0))
    every, some = compare(rows, tmp_path), compare(rows, tmp_path, against="edsr/l1/dsgan")
    assert len(every) == 6
    assert some["method_a"].tolist() == ["edsr/l1/dsgan"] * 3
    assert some["method_b"].tolist() == ["bicubic", "edsr/l1/fermi", "edsr/l1/gaussian"]
    assert some["p_t_holm"].max() < every["p_t_holm"].max()
    with pytest.raises(InputError, match=r"no method 'edsr/l1/dsgn' .did you mean 'edsr/l1/dsgan'"):
        compare(rows, tmp_path, against="edsr/l1/dsgn")


def test_families_are_those_of_a_metric_and_test_set_in_the_studys_order(tmp_path):
    two = draw(8, fermi=0.0, dsgan=0.5)
    rows = [*table(two, test_set="fermi"), *table(two, metric="ssim"), *table(two), *table(two, metric="other")]
    found = compare(rows, tmp_path)
    assert list(found.columns) == list(paired.COLUMNS)
    assert found[["metric", "test_set"]].to_numpy().tolist() == [
        ["psnr", "hidden"],
        ["psnr", "fermi"],
        ["ssim", "hidden"],
    ]
    # Families of one comparison: nothing to correct.
    assert found["p_t_holm"].tolist() == found["p_t"].tolist()
    assert found["note"].tolist() == ["", "", "SSIM: sigma 1.5"]


def test_a_comparison_with_a_method_of_unstable_results_says_so(tmp_path):
    rows = table({name: [30.0 + i + k for k in range(7)] for i, name in enumerate(("bicubic", "fermi", "dsgan"))})
    found = compare(rows, tmp_path, order={**ORDER, "varying": {"dsgan": "dsgan: one seed (0) was run"}})
    concerned = found[["method_a", "method_b"]].eq("edsr/l1/dsgan").any(axis=1)
    assert concerned.tolist().count(True) == 2
    assert (found["note"].str.contains("one seed") == concerned).all()


def test_folds_and_seeds_are_averaged_within_a_subject_and_folds_noted(tmp_path):
    low, high = (
        {name: [v + off for v in values] for name, values in draw(8, fermi=0, dsgan=1).items()} for off in (-1, 1)
    )
    found, folded = (
        compare(table(draw(8, fermi=0, dsgan=1)), tmp_path),
        compare([*table(low), *table(high, fold=1)], tmp_path),
    )
    numbers = ["subjects", "difference", "t", "p_t", "w", "p_wilcoxon"]
    np.testing.assert_allclose(folded[numbers].to_numpy(float), found[numbers].to_numpy(float))
    assert folded["note"].tolist() == [paired.FOLDS]
    assert found["note"].tolist() == [""]


def test_only_subjects_that_both_methods_have_are_compared(tmp_path):
    values = draw(9, fermi=0.0, dsgan=1.0)
    shorter = {**values, "dsgan": values["dsgan"][:7]}
    found = compare(table(shorter), tmp_path).iloc[0]
    assert found["subjects"] == 7
    assert found["t"] == pytest.approx(scipy.stats.ttest_rel(values["fermi"][:7], values["dsgan"][:7]).statistic)


@pytest.mark.parametrize(
    ("values", "note"),
    [
        ([30.0] * 8, "no differences"),
        ([31.0] * 8, "t: all differences are equal"),
        ([31.1 + 0.7 * k for k in range(8)], "t: all differences are equal"),
        ([np.inf] + [31.0] * 7, "undefined or infinite values"),
        ([np.nan] + [31.0] * 7, "undefined or infinite values"),
    ],
)
def test_what_cannot_be_tested_is_blank_and_says_why(tmp_path, values, note):
    steady = [30.0 + 0.7 * k for k in range(8)] if values[1] != values[2] else [30.0] * 8
    found = compare(table({"fermi": values, "dsgan": steady}), tmp_path).iloc[0]
    assert found["note"] == note
    assert np.isnan(found["t"])
    assert np.isnan(found["p_t_holm"])


def test_a_comparison_without_p_value_counts_in_the_family(tmp_path):
    values = draw(12, fermi=0.0, gaussian=0.6, dsgan=1.0)
    found = compare(table({**values, "gaussian": [np.inf] * 12}), tmp_path)
    first = found.set_index(["method_a", "method_b"]).loc[("edsr/l1/fermi", "edsr/l1/dsgan")]
    assert first["p_t_holm"] == pytest.approx(3 * first["p_t"])
    assert found["p_t_holm"].notna().sum() == 1
