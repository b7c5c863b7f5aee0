"""The mean over slices, subjects and runs: worked by hand, and written once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from mrisr.statistics.means import means_by, stepwise_mean

LIBRARY = Path(__file__).parents[1] / "workflow/mrisr"


@pytest.fixture
def values() -> pd.Series:
    """Three slices of anna, one of ben."""
    rows = [("anna", 1), ("anna", 2), ("anna", 3), ("ben", 1)]
    return pd.Series([1.0, 2.0, 3.0, 10.0], pd.MultiIndex.from_tuples(rows, names=["subject", "slice"]))


def test_a_subject_with_more_slices_does_not_count_more(values):
    values = pd.concat({"m": values}, names=["model"])
    assert stepwise_mean(values, ["model", "subject"], ["model"])["m"] == (2 + 10) / 2
    assert stepwise_mean(values, ["model"])["m"] == 16 / 4


def test_one_undefined_value_makes_its_means_undefined_and_no_other(values):
    values["anna", 2] = np.nan
    means = stepwise_mean(values, ["subject"])
    assert np.isnan(means["anna"])
    assert means["ben"] == 10


def test_a_blank_level_is_a_level(values):
    """A baseline has no seed."""
    table = values.reset_index(name="value").assign(seed=np.nan).set_index(["seed", "subject"])["value"]
    assert stepwise_mean(table, ["seed", "subject"], ["seed"]).to_list() == [6]


@pytest.mark.parametrize("special", [[], [np.nan], [np.inf], [np.inf, -np.inf, np.nan]])
def test_means_by_codes_are_those_of_pandas(special):
    rng = np.random.default_rng(len(special))
    values, seed, subject = rng.normal(size=200), rng.integers(3, size=200), 5 * rng.integers(7, size=200)
    values[: 2 * len(special)] = 2 * special
    means, seeds, subjects = means_by(values, seed, subject)
    expected = stepwise_mean(pd.Series(values, [seed, subject]).rename_axis(["seed", "subject"]), ["seed", "subject"])
    assert list(zip(seeds, subjects, strict=True)) == expected.index.tolist()
    np.testing.assert_allclose(means, expected.to_numpy(), rtol=1e-12)


def test_it_is_written_once():
    writing = {path.name for path in LIBRARY.rglob("*.py") if "skipna" in path.read_text()}
    assert writing == {"means.py"}
    averaging = {path.name for path in (LIBRARY / "statistics").rglob("*.py") if "bincount" in path.read_text()}
    assert averaging == {"means.py"}
