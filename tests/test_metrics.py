"""Metrics against scikit-image, direct formulas and closed forms."""

from __future__ import annotations

import os
import warnings
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import metric_files
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr import metrics, plugins
from mrisr.errors import InputError
from mrisr.quality import proxy
from mrisr.quality.features import features
from mrisr.quality.regressor import load, train
from scipy import ndimage
from skimage.color import rgb2ycbcr
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity

NAMES = metrics.available()
WITH_REFERENCE = [name for name in NAMES if plugins.describe("metrics", name).constants.get("NEEDS_REFERENCE", True)]
FEW = settings(max_examples=5, deadline=None)
PERFECT = {"psnr": np.inf, "ssim": 1.0, "nrmse": 0.0, "hfen": 0.0, "gmsd": 0.0, "haarpsi": 1.0, "vif": 1.0, "fsim": 1.0}
PERFECT |= {"frc_cutoff": 1.0, "frc_beyond": 1.0, "consistency": 0.0}
PERFECT |= {"overshoot": 0.0, "checkerboard": 0.0}
PERFECT |= dict.fromkeys(metric_files.NETWORKS, 0.0)
SYMMETRIC = [name for name in WITH_REFERENCE if name not in metric_files.NETWORKS]
"""Metrics that do not care which way up an image is."""


def pair(*shape: int, seed: int = 0, noise: float = 0.1) -> tuple[np.ndarray, np.ndarray]:
    """A smooth image with edges and a noisy, blurred estimate of it, float32 in [0, 1]."""
    random = np.random.default_rng(seed)
    field = ndimage.gaussian_filter(random.normal(size=shape), 2.0, axes=(-2, -1))
    reference = np.clip(0.5 + 2 * field, 0, 1) * (field > -0.1)
    estimate = ndimage.gaussian_filter(reference, 1.0, axes=(-2, -1)) + noise * random.normal(size=shape)
    return reference.astype(np.float32), np.clip(estimate, 0, 1).astype(np.float32)


@pytest.fixture(scope="session")
def regressor(tmp_path_factory) -> str:
    """A regressor for BRISQUE that has seen a few images."""
    path = tmp_path_factory.mktemp("brisque") / "regressor.safetensors"
    rated = list(proxy.rated({str(seed): pair(64, 64, seed=seed)[0] for seed in range(10, 14)}, seed=0))
    train(np.array([features(image) for image, _ in rated]), np.array([score for _, score in rated])).save(path)
    return str(path)


@pytest.fixture(scope="session")
def needed(regressor, tmp_path_factory) -> Mapping[str, dict[str, Any]]:
    """The options that a metric cannot be computed without."""
    folder = tmp_path_factory.mktemp("networks")
    networks = {name: metric_files.options(name, folder) for name in metric_files.NETWORKS}
    return defaultdict(dict, brisque={"regressor": regressor}, **networks)


def log_kernel(size: int, sigma: float) -> np.ndarray:
    """``fspecial('log', size, sigma)`` of MATLAB, element by element."""
    half, kernel = size // 2, np.zeros((size, size))
    gaussian = np.zeros((size, size))
    for i in range(-half, half + 1):
        for j in range(-half, half + 1):
            gaussian[i + half, j + half] = np.exp(-(i * i + j * j) / (2 * sigma**2))
            kernel[i + half, j + half] = (i * i + j * j - 2 * sigma**2) / sigma**4
    kernel *= gaussian / gaussian.sum()
    return kernel - kernel.sum() / size**2


def test_the_metrics_of_the_paper_are_on_the_shelf():
    assert set(PERFECT) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_label_range_and_direction_are_known_without_importing(name):
    constants = plugins.describe("metrics", name).constants
    assert isinstance(constants["LABEL"], str)
    assert isinstance(constants["HIGHER_IS_BETTER"], bool)
    assert len(constants["RANGE"]) == 2


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(44, 48), (1, 44, 48), (3, 44, 48)])
def test_a_value_is_a_float_within_its_range(name, shape, needed):
    value = metrics.compute(name, *pair(*shape), **needed[name])
    low, high = plugins.describe("metrics", name).constants["RANGE"]
    assert type(value) is float
    assert (-np.inf if low is None else low) <= value <= (np.inf if high is None else high)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("seed", range(3))
def test_more_noise_is_worse(name, seed, needed):
    sign = 1 if plugins.describe("metrics", name).constants["HIGHER_IS_BETTER"] else -1
    values = [
        metrics.compute(name, *pair(64, 64, seed=seed, noise=noise), **needed[name]) for noise in (0.02, 0.1, 0.4)
    ]
    assert sorted(values, key=lambda value: -sign * value) == values


@pytest.mark.parametrize(("name", "best"), PERFECT.items())
@pytest.mark.parametrize("shape", [(44, 48), (3, 44, 48)])
def test_a_perfect_estimate_has_the_best_value(name, best, shape, needed):
    reference, _ = pair(*shape)
    assert metrics.compute(name, reference, reference.copy(), **needed[name]) == pytest.approx(best, abs=1e-8)


@pytest.mark.parametrize("name", NAMES)
def test_one_channel_is_the_same_as_none(name, needed):
    reference, estimate = pair(44, 48)
    one, none = (
        metrics.compute(name, *images, **needed[name])
        for images in ((reference[None], estimate[None]), (reference, estimate))
    )
    assert one == none


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 2**32 - 1), factor=st.sampled_from([0.25, 4.0, 255.0]))
@FEW
def test_the_scale_of_the_values_has_no_influence_if_the_data_range_follows(name, needed, seed, factor):
    reference, estimate = (image.astype(np.float64) for image in pair(44, 42, seed=seed))
    scaled = metrics.compute(name, factor * reference, factor * estimate, data_range=factor, **needed[name])
    assert scaled == pytest.approx(metrics.compute(name, reference, estimate, **needed[name]), rel=1e-9)


@pytest.mark.parametrize("name", SYMMETRIC)
@given(seed=st.integers(0, 2**32 - 1))
@FEW
def test_mirroring_and_turning_both_images_has_no_influence(name, seed):
    # FSIM's filters have the symmetries of the square on odd sides only.
    reference, estimate = pair(*((45, 43) if name == "fsim" else (44, 42)), seed=seed)
    turned = metrics.compute(name, np.rot90(reference[:, ::-1]), np.rot90(estimate[:, ::-1]))
    assert turned == pytest.approx(metrics.compute(name, reference, estimate), rel=1e-9)


@pytest.mark.parametrize("shape", [(64, 80), (11, 11), (3, 44, 48)])
@pytest.mark.parametrize("data_range", [1.0, 4.0])
def test_ssim_is_that_of_scikit_image(shape, data_range):
    reference, estimate = pair(*shape)
    expected = structural_similarity(
        reference.astype(np.float64),
        estimate.astype(np.float64),
        gaussian_weights=True,
        use_sample_covariance=False,
        data_range=data_range,
        channel_axis=0 if len(shape) == 3 else None,
    )
    assert metrics.compute("ssim", reference, estimate, data_range=data_range) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("shape", [(64, 80), (3, 44, 48)])
def test_psnr_and_nrmse_are_those_of_scikit_image(shape):
    reference, estimate = (image.astype(np.float64) for image in pair(*shape))
    psnr = peak_signal_noise_ratio(reference, estimate, data_range=2.0)
    assert metrics.compute("psnr", reference, estimate, data_range=2.0) == pytest.approx(psnr, rel=1e-12)
    assert metrics.compute("nrmse", reference, estimate) == pytest.approx(normalized_root_mse(reference, estimate))


@pytest.mark.parametrize("options", [{}, {"sigma": 3.0}, {"sigma": 3.0, "size": 25}, {"size": 5}])
@pytest.mark.parametrize("shape", [(64, 81), (9, 10), (3, 44, 48)])
def test_hfen_is_that_of_the_filtered_images(options, shape):
    reference, estimate = (image.astype(np.float64) for image in pair(*shape))
    kernel = log_kernel(options.get("size", 15), options.get("sigma", 1.5))

    def edge_norm(images: np.ndarray) -> float:
        channels = images.reshape(-1, *images.shape[-2:])
        return np.linalg.norm([ndimage.correlate(channel, kernel, mode="reflect") for channel in channels])

    expected = edge_norm(estimate - reference) / edge_norm(reference)
    assert metrics.compute("hfen", reference, estimate, **options) == pytest.approx(expected, rel=1e-9)


def test_closed_forms():
    reference = np.full((32, 32), 0.5)
    assert metrics.compute("psnr", reference, reference + 0.1) == pytest.approx(20)
    assert metrics.compute("nrmse", reference, reference + 0.1) == pytest.approx(0.2)
    luminance = (2 * 0.5 * 0.6 + 1e-4) / (0.5**2 + 0.6**2 + 1e-4)
    assert metrics.compute("ssim", reference, reference + 0.1) == pytest.approx(luminance)


def test_hfen_ignores_brightness_and_is_proportional_to_the_error():
    reference, estimate = (image.astype(np.float64) for image in pair(44, 48))
    hfen = metrics.compute("hfen", reference, estimate)
    assert metrics.compute("hfen", reference, reference + 0.3) == pytest.approx(0, abs=1e-12)
    assert metrics.compute("hfen", reference, reference + 3 * (estimate - reference)) == pytest.approx(3 * hfen)
    assert metrics.compute("hfen", reference, np.zeros_like(reference)) == pytest.approx(1)


def test_ssim_of_an_inverted_texture_is_negative():
    texture = np.random.default_rng(0).random((44, 48))
    assert metrics.compute("ssim", texture, 1 - texture) < -0.5


@pytest.mark.parametrize("name", ["nrmse", "hfen"])
def test_against_an_empty_reference_there_is_no_value_and_no_warning(name):
    _, estimate = pair(24, 24)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metrics.compute(name, np.zeros((24, 24)), estimate))
        assert np.isnan(metrics.compute(name, np.zeros((24, 24)), np.zeros((24, 24))))


def test_overshoot_is_the_height_of_a_halo_and_blind_to_blur_and_small_displacements():
    edge = np.full((32, 32), 0.25)
    edge[:, 16:] = 0.5
    halo = edge.copy()
    halo[:, 16] += 0.125
    halo[:, 15] -= 0.0625
    assert metrics.compute("overshoot", edge, halo) == pytest.approx((0.125 + 0.0625) / 32)
    blurred = ndimage.uniform_filter(edge, 3, mode="nearest")
    assert metrics.compute("overshoot", edge, blurred) == 0
    moved = np.full_like(edge, 0.25)
    moved[:, 18:] = 0.5
    assert metrics.compute("overshoot", edge, moved) == 0
    assert metrics.compute("overshoot", edge, moved, reach=0) == pytest.approx(0.25 * 2 / 32)


@pytest.mark.parametrize("period", [2, 4])
def test_checkerboard_is_the_strength_of_the_periodic_part_of_the_error(period):
    rows, columns = np.indices((32, 48))
    wave = 0.1 * np.cos(2 * np.pi * rows / period)
    flat = np.full((32, 48), 0.5)
    expected = np.sqrt(np.mean(wave**2))
    assert metrics.compute("checkerboard", flat, flat + wave, period=period) == pytest.approx(expected)
    # A wave of another period that fits into the tile, and a constant error, are no pattern.
    for other in (0.1 * np.cos(2 * np.pi * columns / 8), np.full_like(wave, 0.1)):
        assert metrics.compute("checkerboard", flat, flat + other, period=period) == pytest.approx(0, abs=1e-9)
    assert np.isnan(metrics.compute("checkerboard", flat[:1], flat[:1]))


@pytest.mark.parametrize("level", [0.3, 0.7, 1.0])
def test_hfen_has_no_value_where_the_reference_has_no_edges(level):
    flat = np.full((37, 41), level, np.float32)
    assert np.isnan(metrics.compute("hfen", flat, pair(37, 41)[1]))
    flat[5, 7] = np.nextafter(flat[5, 7], np.float32(2))
    assert np.isfinite(metrics.compute("hfen", flat, pair(37, 41)[1]))


@pytest.mark.parametrize("name", NAMES)
def test_an_estimate_that_diverged_has_no_value_and_no_warning(name, needed):
    reference, estimate = pair(44, 44)
    estimate[3, 4] = np.nan
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metrics.compute(name, reference, estimate, **needed[name]))


@pytest.mark.parametrize("name", NAMES)
def test_images_that_cannot_be_compared_are_refused(name, needed):
    for reference, estimate in (
        (np.zeros((24, 24)), np.zeros((24, 25))),
        (np.zeros((24, 24)), np.zeros((1, 24, 24))),
        (np.zeros(24), np.zeros(24)),
        (np.zeros((2, 1, 24, 24)), np.zeros((2, 1, 24, 24))),
    ):
        with pytest.raises(InputError):
            metrics.compute(name, reference, estimate, **needed[name])
    for data_range in (0.0, -1.0, np.nan):
        with pytest.raises(InputError, match="data range"):
            metrics.compute(name, *pair(24, 24), data_range=data_range, **needed[name])


def test_brisque_is_the_regressors_answer_to_the_estimate_alone(regressor):
    reference, estimate = pair(44, 48)
    found = metrics.compute("brisque", reference, estimate, regressor=regressor)
    assert found == metrics.compute("brisque", np.zeros_like(reference), estimate, regressor=regressor)
    assert found == load(regressor).predict(features(estimate))


def test_brisque_of_an_image_without_structure_is_undefined_and_there_is_no_warning(regressor):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metrics.compute("brisque", pair(24, 24)[0], np.zeros((24, 24)), regressor=regressor))


def test_brisque_reads_a_regressor_that_was_made_anew(tmp_path, regressor):
    path, images = tmp_path / "regressor.safetensors", pair(44, 48)
    load(regressor).save(path)
    first = metrics.compute("brisque", *images, regressor=str(path))
    other = replace(load(regressor), intercept=load(regressor).intercept + 1)
    other.save(path)
    os.utime(path, ns=(0, 0))  # a change within one tick of the file system's clock
    assert metrics.compute("brisque", *images, regressor=str(path)) == pytest.approx(first + 1)


@pytest.mark.parametrize(
    ("name", "options", "line"),
    [
        ("psnrr", {}, "did you mean 'psnr'"),
        ("hfen", {"sigm": 1.0}, "did you mean 'sigma'"),
        ("hfen", {"sigma": 0.0}, "sigma must be"),
        ("hfen", {"size": 14}, "odd"),
        ("ssim", {"sigma": -1.0}, "must be positive"),
        ("ssim", {"sigma": 4.0}, "smaller than the window of 29 x 29"),
        ("brisque", {}, "needs a trained regressor"),
        ("brisque", {"regressor": "missing.safetensors"}, "missing.safetensors cannot be read"),
    ],
)
def test_a_bad_description_is_one_clear_line(name, options, line):
    with pytest.raises(InputError, match=line):
        metrics.compute(name, *pair(24, 24), **options)


PUBLISHED = {
    "haarpsi": ({"c": 30.0, "alpha": 4.2}, 0.6888940359725821, 0.7175219974702922),
    "haarpsi-med": ({}, 0.6070803059139591, 0.6392186331665003),
    "gmsd": ({}, 0.09423426633033108, 0.06637591832785053),
    "vif": ({}, 0.29136101610472176, 0.29823096313056946),
}
"""Options, and what piq 0.8.0 gives in float64 for `pair` of 64 x 64 and of 81 x 70 pixels."""


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_perceptual_metrics_are_those_of_piq(name):
    options, *expected = PUBLISHED[name]
    kind = name.removesuffix("-med")
    found = [metrics.compute(kind, *pair(*shape), **options) for shape in ((64, 64), (81, 70))]
    assert found == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("shape", "piq", "difference"), [((81, 71), 0.8105691800602705, 1e-9), ((64, 64), 0.8065866465418149, 1e-5)]
)
def test_fsim_is_that_of_piq(shape, piq, difference):
    """On even sides piq 0.8.0 takes the lower of two medians and swaps the axes of the filters."""
    assert metrics.compute("fsim", *pair(*shape)) == pytest.approx(piq, abs=difference)


def test_fsim_of_a_large_image_is_that_of_its_block_means():
    reference, estimate = pair(260, 258)
    large = (image.repeat(2, 0).repeat(2, 1) for image in (reference, estimate))
    assert metrics.compute("fsim", *large) == pytest.approx(metrics.compute("fsim", reference, estimate), rel=1e-9)


def test_fsim_without_structure_is_undefined():
    assert np.isnan(metrics.compute("fsim", np.full((48, 48), 0.5), np.full((48, 48), 0.5)))


NETWORKS = {
    "lpips": (0.12171228875523814, 0.1304457056298559),
    "dists": (0.020616596330791936, 0.02576799559486931),
}
"""What lpips 0.1.4 (AlexNet) and DISTS_pytorch 0.1 give for `pair`, with the tests' random weights in float64."""


@pytest.mark.parametrize(("name", "expected"), NETWORKS.items())
def test_metrics_of_networks_are_those_of_their_authors_packages(name, expected, needed):
    found = [metrics.compute(name, *pair(*shape), **needed[name]) for shape in ((64, 64), (81, 70))]
    assert found == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize("name", NETWORKS)
def test_without_the_users_weights_or_with_others_a_network_is_no_metric(name, needed, tmp_path):
    network, other = metric_files.NETWORKS[name][0], tmp_path / "other.safetensors"
    other.write_bytes(Path(needed[name]["learned"]).read_bytes() + b" ")
    for changes, line in (
        ({network: None}, f"{name}: the network's weights are missing; download"),
        ({"learned": None}, f"{name}: the learned weights are missing; download"),
        ({network: str(tmp_path / "none.pth")}, "are not at"),
        ({f"{network}_sha256": "397923afbad"}, "these are other weights"),
        ({"learned": str(other)}, "these are other weights"),
    ):
        with pytest.raises(InputError, match=line):
            metrics.compute(name, *pair(48, 48), **needed[name] | changes)
    with pytest.raises(InputError, match=f"{name}: takes images of 1 or 3 channels, not 2"):
        metrics.compute(name, *pair(2, 48, 48), **needed[name])


def test_a_border_is_left_out():
    reference, estimate = pair(48, 56)
    inside = np.s_[4:-4, 4:-4]
    for name in ("psnr", "ssim"):
        expected = metrics.compute(name, reference[inside], estimate[inside])
        assert metrics.compute(name, reference, estimate, border=4) == pytest.approx(expected, rel=1e-12)


MASKED = [n for n in NAMES if "masked" in plugins.describe("metrics", n).options]


@pytest.fixture(scope="module")
def disc() -> np.ndarray:
    """A round mask of 64 x 72 pixels."""
    rows, columns = np.ogrid[-1:1:64j, -1:1:72j]
    return rows**2 + columns**2 < 0.5


@pytest.mark.parametrize("name", MASKED)
@pytest.mark.parametrize("mask", [None, np.ones((64, 72), bool)])
def test_a_mask_that_is_full_or_missing_changes_nothing(name, mask):
    whole = metrics.compute(name, *pair(3, 64, 72))
    assert metrics.compute(name, *pair(3, 64, 72), masked=True, mask=mask) == pytest.approx(whole, rel=1e-9)
    assert metrics.compute(name, *pair(3, 64, 72), mask=mask) == whole


@pytest.mark.parametrize("name", MASKED)
def test_what_is_far_outside_the_mask_has_no_influence(name, disc):
    reference, estimate = pair(64, 72)
    changed = np.where(ndimage.binary_dilation(disc, iterations=12), estimate, 0.9)
    before, after = (metrics.compute(name, reference, i, masked=True, mask=disc) for i in (estimate, changed))
    assert after == pytest.approx(before, rel=1e-6)
    assert metrics.compute(name, reference, changed) != pytest.approx(before, rel=1e-3)


def test_inside_a_mask_pixels_are_compared_as_if_there_were_no_others(disc):
    reference, estimate = (image.astype(np.float64) for image in pair(64, 72))
    inside = [image[disc][None] for image in (reference, estimate)]
    for name in ("psnr", "nrmse"):
        found = metrics.compute(name, reference, estimate, masked=True, mask=disc)
        assert found == pytest.approx(metrics.compute(name, *inside), rel=1e-12)


def test_zeros_around_a_brain_lift_the_psnr_of_the_whole_image_only(disc):
    """A brain of 30 % of the picture gains 10 log10(1 / 0.3) = 5.2 dB."""
    reference, estimate = (image * disc for image in pair(64, 72))
    whole, inside = metrics.compute("psnr", reference, estimate), 10 * np.log10(disc.size / disc.sum())
    assert metrics.compute("psnr", reference, estimate, masked=True, mask=disc) == pytest.approx(whole - inside)


def test_ssim_inside_a_mask_is_the_mean_of_scikit_images_map(disc):
    reference, estimate = (image.astype(np.float64) for image in pair(64, 72))
    options = {"gaussian_weights": True, "use_sample_covariance": False, "data_range": 1, "full": True}
    _, similar = structural_similarity(reference, estimate, **options)
    disc = disc.copy()
    disc[:5] = disc[-5:] = disc[:, :5] = disc[:, -5:] = False
    found = metrics.compute("ssim", reference, estimate, masked=True, mask=disc)
    assert found == pytest.approx(similar[disc].mean(), abs=1e-9)


def test_hfen_inside_a_mask_is_that_of_the_filtered_images(disc):
    reference, estimate = (image.astype(np.float64) for image in pair(64, 72))
    kernel = log_kernel(15, 1.5)
    edges = [ndimage.correlate(i, kernel, mode="reflect")[disc] for i in (estimate - reference, reference)]
    expected = np.linalg.norm(edges[0]) / np.linalg.norm(edges[1])
    found = metrics.compute("hfen", reference, estimate, masked=True, mask=disc)
    assert found == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", MASKED)
def test_inside_an_empty_mask_there_is_no_value_and_no_warning(name):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert np.isnan(metrics.compute(name, *pair(44, 44), masked=True, mask=np.zeros((44, 44))))


def test_a_mask_of_another_size_is_refused():
    with pytest.raises(InputError, match=r"psnr: the mask is \(40, 44\), the images \(44, 44\)"):
        metrics.compute("psnr", *pair(44, 44), masked=True, mask=np.ones((40, 44)))


def test_luma_is_that_of_scikit_image():
    reference, estimate = (np.stack(3 * [i]) * [[[1.0]], [[0.8]], [[0.5]]] for i in pair(48, 56))
    luma = [rgb2ycbcr(np.moveaxis(image, 0, -1))[..., 0] / 255 for image in (reference, estimate)]
    expected = peak_signal_noise_ratio(*luma, data_range=1)
    assert metrics.compute("psnr", reference, estimate, luma=True) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(
    ("name", "shape", "options", "line"),
    [
        ("psnr", (48, 48), {"luma": True}, "luma needs images of 3 channels"),
        ("ssim", (48, 48), {"border": -1}, "0 or more"),
        ("psnr", (48, 48), {"border": 24}, "leaves nothing"),
        ("vif", (40, 60), {}, "41 x 41 pixels or more"),
        ("haarpsi", (48, 48), {"c": 0.0}, "must be positive"),
    ],
)
def test_what_a_metric_cannot_compare_is_said(name, shape, options, line):
    with pytest.raises(InputError, match=line):
        metrics.compute(name, *pair(*shape), **options)


def test_blur_and_noise_lower_every_perceptual_metric():
    reference, slight = pair(64, 64, noise=0.02)
    _, strong = pair(64, 64, noise=0.2)
    for name, better in (("haarpsi", 1), ("vif", 1), ("fsim", 1), ("gmsd", -1)):
        assert better * metrics.compute(name, reference, slight) > better * metrics.compute(name, reference, strong)
