"""The rule that decides hypotheses: scipy and enumeration as references, and its errors on simulated subjects."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr.statistics import flips
from mrisr.statistics.contrasts import Contrast
from mrisr.statistics.family import Family

RANDOM = np.random.default_rng(7)


def family(differences: np.ndarray, sign: int = 1) -> Family:
    """The family of contrasts [subjects, contrasts]."""
    contrasts = [
        Contrast(
            gap=float(column.mean()),
            low=np.nan,
            high=np.nan,
            interval="subjects",
            subjects=len(column),
            seeds=1,
            seed_sd=np.nan,
            by_subject=dict(enumerate(column.tolist())),
            by_seed={0: float(column.mean())},
        )
        for column in differences.T
    ]
    return Family(contrasts, sign=sign)


@pytest.mark.parametrize("subjects", [2, 6, 9])
def test_the_p_value_is_that_of_scipys_exact_permutation_test(subjects):
    differences = RANDOM.normal(0.5, 1, (subjects, 4))
    expected = [
        scipy.stats.permutation_test((column,), np.mean, permutation_type="samples", n_resamples=np.inf).pvalue
        for column in differences.T
    ]
    assert flips.p_values(differences) == pytest.approx(expected)


def test_step_down_max_t_is_that_of_the_definition():
    differences = RANDOM.normal([0.2, 0.5, 1.0, 1.5], 1, (6, 4))

    def statistics(signs):
        flipped = differences * np.array(signs)[:, None]
        return np.abs(flipped.mean(axis=0) / (flipped.std(axis=0, ddof=1) / np.sqrt(6)))

    observed = statistics([1] * 6)
    every = np.array([statistics(signs) for signs in itertools.product((1, -1), repeat=6)])
    expected, least = {}, 0.0
    left = list(np.argsort(-observed))
    while left:
        share = np.mean(every[:, left].max(axis=1) >= observed[left[0]] * (1 - 1e-9))
        least = expected[left[0]] = max(least, share)
        left = left[1:]
    assert flips.max_t(differences) == pytest.approx([expected[i] for i in range(4)])


@pytest.mark.parametrize("contrasts", [1, 30])
def test_the_smallest_p_value_does_not_depend_on_the_number_of_contrasts(contrasts):
    differences = 1 + 0.1 * RANDOM.random((6, contrasts))
    assert flips.max_t(differences) == pytest.approx(np.full(contrasts, 2 / 2**6))
    assert flips.p_values(differences) == pytest.approx(np.full(contrasts, 2 / 2**6))


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 8), st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_corrected_p_values_are_no_smaller_than_the_plain_ones_and_do_not_depend_on_scale(subjects, contrasts, seed):
    differences = np.random.default_rng(seed).normal(0.5, 1, (subjects, contrasts))
    plain, corrected = flips.p_values(differences), flips.max_t(differences)
    assert (plain <= corrected + 1e-12).all()
    assert (corrected <= 1).all()
    np.testing.assert_allclose(flips.max_t(-3 * differences), corrected)


def test_an_undefined_contrast_is_never_significant_and_disturbs_no_other():
    differences = 1 + 0.1 * RANDOM.random((6, 3))
    spoilt = differences.copy()
    spoilt[2, 1], spoilt[:, 2] = np.nan, 0
    assert flips.p_values(spoilt).tolist() == [2 / 64, 1, 1]
    assert flips.max_t(spoilt).tolist() == [2 / 64, 1, 1]
    spoilt[2, 1] = np.inf
    assert flips.max_t(spoilt).tolist() == [2 / 64, 1, 1]
    assert family(spoilt).decision == "undecided"


def test_a_subject_that_a_contrast_lacks_changes_nothing_for_it():
    seven = RANDOM.normal(1, 1, (7, 1))
    assert flips.p_values(np.vstack([seven, [[0.0]]])) == pytest.approx(flips.p_values(seven))


def test_for_many_subjects_ten_thousand_flips_come_close_to_the_t_test():
    differences = np.random.default_rng(3).normal(0.35, 1, (40, 1))
    expected = scipy.stats.ttest_1samp(differences[:, 0], 0).pvalue
    assert flips.p_values(differences)[0] == pytest.approx(expected, abs=0.01)
    assert flips.p_values(differences).tolist() == flips.p_values(differences.copy()).tolist()


def test_every_contrast_alone_must_hold_and_needs_no_correction():
    # Six subjects of one sign in one contrast, seven of eight in another: 0.0078 and 0.0234 or more, alone below 0.05.
    differences = np.column_stack([np.ones(8), [1, 1, 1, 1, 1, 1, 1, -0.2]]) + 0.01 * RANDOM.random((8, 2))
    found = family(differences)
    assert found.decision == "supported"
    assert family(differences, sign=-1).decision == "contradicted"
    spoilt = np.column_stack([differences, RANDOM.normal(0, 1, 8)])
    assert family(spoilt).decision == "undecided"
    assert family(spoilt).part([0]) == "supported"


def simulated(subjects: int, contrasts: int, effect: np.ndarray | float, times: int, seed: int):
    """Families of contrasts that share half of a subject's variance, as models tested on the same people do."""
    random = np.random.default_rng(seed)
    for _ in range(times):
        shared, own = random.normal(size=(subjects, 1)), random.normal(size=(subjects, contrasts))
        yield family(effect + np.sqrt(0.5) * (shared + own))


TIMES = 400
ALLOWED = int(scipy.stats.binom.ppf(0.9999, TIMES, 0.05))
"""More false decisions than this have a probability below 0.0001 if 5 % are the truth."""


@pytest.mark.parametrize("subjects", [6, 8, 12])
@pytest.mark.parametrize("contrasts", [6, 30])
def test_without_any_effect_at_most_one_family_in_twenty_is_decided(subjects, contrasts):
    times = TIMES if subjects < 12 else TIMES // 4
    allowed = int(scipy.stats.binom.ppf(0.9999, times, 0.05))
    decided = sum(f.decision != "undecided" for f in simulated(subjects, contrasts, 0.0, times, subjects))
    assert decided <= allowed


@pytest.mark.parametrize("subjects", [6, 8])
def test_one_contrast_without_effect_among_clear_ones_is_seldom_decided(subjects):
    effect = np.array([0.0, 4, 4, 4, 4, 4])
    found = list(simulated(subjects, 6, effect, TIMES, 1))
    assert sum(f.decision != "undecided" for f in found) <= ALLOWED
    assert sum(f.part([0]) != "undecided" for f in found) <= ALLOWED


@pytest.mark.parametrize("subjects", [6, 8])
def test_a_model_that_wins_once_among_equal_ones_is_found_and_no_other_is_accused(subjects):
    effect = np.array([-4.0, 0, 0, 0, 0, 0])
    found = list(simulated(subjects, 6, effect, TIMES, 2))
    assert sum(f.decision == "contradicted" for f in found) > 0.5 * TIMES
    assert sum(f.against(range(1, 6)) != [] for f in found) <= ALLOWED


def test_a_clear_effect_in_all_contrasts_is_found_with_six_subjects():
    found = list(simulated(6, 30, 8.0, 50, 3))
    assert {f.decision for f in found} == {"supported"}
