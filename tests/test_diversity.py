"""The measure of mode collapse: against pairwise distances, and on healthy and collapsed outputs."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr.errors import InputError
from mrisr.figures.diversity import chosen, measured
from mrisr.pairs import Pair
from mrisr.quality.diversity import diversity
from scipy.ndimage import gaussian_filter
from scipy.spatial.distance import pdist
from scipy.stats import pearsonr

RNG = np.random.default_rng(5)
REFERENCES = [gaussian_filter(RNG.random((1, 24, 20)), (0, 2, 2)).astype(np.float32) for _ in range(7)]


def flat(images):
    return np.reshape(np.asarray(images, np.float64), (len(images), -1))


def test_it_is_the_ratio_of_pairwise_distances_and_the_correlation_of_deviations():
    outputs = [gaussian_filter(image, (0, 1, 1)) + 0.1 * RNG.random(image.shape) for image in REFERENCES]
    found = diversity(REFERENCES, outputs)
    distances = [np.sqrt(np.mean(pdist(flat(images), "sqeuclidean"))) for images in (outputs, REFERENCES)]
    assert found.ratio == pytest.approx(distances[0] / distances[1], rel=1e-9)
    deviations = [flat(images) - flat(images).mean(axis=0) for images in (outputs, REFERENCES)]
    assert found.agreement == pytest.approx(pearsonr(deviations[0].ravel(), deviations[1].ravel())[0], rel=1e-9)


def test_perfect_outputs_are_as_diverse_as_the_references():
    assert diversity(REFERENCES, REFERENCES) == pytest.approx((1, 1), abs=1e-12)


def test_an_error_that_all_outputs_share_changes_nothing_and_contrast_only_the_ratio():
    pattern = RNG.random((1, 24, 20))
    outputs = [0.5 * image + pattern for image in REFERENCES]
    assert diversity(REFERENCES, outputs) == pytest.approx((0.5, 1), abs=1e-12)


def test_one_output_for_every_slice_has_no_diversity():
    found = diversity(REFERENCES, [np.full((1, 24, 20), 0.3, np.float32)] * 7)
    assert found.ratio == 0
    assert np.isnan(found.agreement)


def test_small_variations_of_one_output_that_ignore_the_input_have_neither():
    one = REFERENCES[0]
    collapsed = diversity(REFERENCES, [one + 0.01 * RNG.normal(size=one.shape) for _ in REFERENCES])
    blurred = diversity(REFERENCES, [gaussian_filter(image, (0, 1, 1)) for image in REFERENCES])
    assert collapsed.ratio < blurred.ratio < 1
    assert abs(collapsed.agreement) < blurred.agreement < 1


def test_outputs_shuffled_over_the_slices_are_diverse_and_do_not_agree():
    """Deviations sum to 0 over slices, so the mean agreement over all shifts but none is -1 / (slices - 1)."""
    shifted = [diversity(REFERENCES, REFERENCES[n:] + REFERENCES[:n]) for n in range(1, 7)]
    assert [found.ratio for found in shifted] == pytest.approx([1] * 6)
    assert np.mean([found.agreement for found in shifted]) == pytest.approx(-1 / 6)


@pytest.mark.parametrize(
    ("references", "words"), [(REFERENCES[:1], "two slices or more"), (REFERENCES[:1] * 3, "all references are equal")]
)
def test_slices_that_cannot_be_compared_are_told(references, words):
    with pytest.raises(InputError, match=words):
        diversity(references, references)


def test_a_model_is_measured_on_each_subject_of_several_slices():
    pairs = [Pair("ann", n, image, image) for n, image in enumerate(REFERENCES)]
    pairs += [Pair("bob", n, np.ones((1, 8, 8)) * n, np.ones((1, 8, 8)) * n) for n in range(30)]
    pairs += [Pair("one", 0, REFERENCES[0], REFERENCES[0])]
    subjects = chosen(pairs)
    assert {name: len(own) for name, own in subjects.items()} == {"ann": 7, "bob": 12}
    assert [pair.index for pair in subjects["bob"]][:: len(subjects["bob"]) - 1] == [0, 29]
    found = measured(lambda image: image if image.shape[-1] == 20 else image / 2, list(subjects.values()))
    assert found == pytest.approx((0.75, 1))
    assert np.isnan(measured(lambda image: image, [])).all()
