"""Fourier ring correlation: against the definition, laws, and what it says of known images; data consistency."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import degradations, metrics
from mrisr.arrays import save_slices, slice_name
from mrisr.evaluation.again import Again
from mrisr.evaluation.scoring import score_test_sets
from mrisr.figures import frc as curves_figure
from mrisr.figures import scanning_frc
from mrisr.imaging.degrading import degrade_slices
from mrisr.imaging.frc import band_correlation, cutoff, ring_correlation, scan
from mrisr.planning.plan import Plan
from mrisr.study.validation import validate
from project import TINY, Project
from scipy import ndimage
from test_figures import overlapping, texts_outside


def texture(*shape: int, seed: int = 0) -> np.ndarray:
    """White noise in [0, 1]: energy at all frequencies."""
    return np.random.default_rng(seed).random(shape)


def low_passed(image: np.ndarray, kept: float) -> np.ndarray:
    """The image without frequencies above ``kept`` of Nyquist. The spectrum is periodic."""
    radius = np.hypot(np.fft.fftfreq(image.shape[0])[:, None], np.fft.fftfreq(image.shape[1]))
    return np.fft.ifft2(np.fft.fft2(image) * (radius <= kept / 2)).real


# ---- the curve ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(32, 32), (30, 45), (2, 33, 28)])
def test_the_curve_is_the_definition(shape):
    """Sum over every sample of the whole transform, one ring at a time."""
    first, second = texture(*shape), texture(*shape, seed=1) + texture(*shape)
    height, width = shape[-2:]
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    spectra = []
    for image in (first, second):
        channels = image.reshape(-1, height, width)
        means = [np.average(channel, weights=window) for channel in channels]
        spectra.append([np.fft.fft2((c - m) * window) for c, m in zip(channels, means, strict=True)])
    frequencies, found = ring_correlation(first, second)
    step = 1 / min(height, width)
    for ring, (frequency, correlation) in enumerate(zip(frequencies, found, strict=True), start=1):
        assert frequency == pytest.approx(ring * step)
        cross, energies = 0.0, np.zeros(2)
        for k, row in enumerate(np.fft.fftfreq(height)):
            for m, column in enumerate(np.fft.fftfreq(width)):
                radius = np.hypot(row, column)
                if round(radius / step) == ring and radius <= 0.5:
                    for a, b in zip(*spectra, strict=True):
                        cross += (a[k, m] * b[k, m].conj()).real
                        energies += abs(a[k, m]) ** 2, abs(b[k, m]) ** 2
        assert correlation == pytest.approx(cross / np.sqrt(energies.prod()), abs=1e-9)


def test_equal_images_agree_and_opposite_ones_disagree_at_every_frequency():
    image = texture(40, 44)
    np.testing.assert_allclose(ring_correlation(image, 3 * image + 7)[1], 1, atol=1e-9)
    np.testing.assert_allclose(ring_correlation(image, -image)[1], -1, atol=1e-9)


def test_noise_gives_the_correlation_that_its_power_asks_for():
    """With noise of equal power in one image, the correlation is 1 / sqrt(2) at all frequencies."""
    found = np.mean(
        [
            ring_correlation(texture(64, 64, seed=n), texture(64, 64, seed=n) + texture(64, 64, seed=n + 99))[1]
            for n in range(20)
        ],
        axis=0,
    )
    np.testing.assert_allclose(found[5:], np.sqrt(0.5), atol=0.05)


@pytest.mark.parametrize("kept", [0.3, 0.5, 0.8])
def test_the_cutoff_is_where_an_image_lost_its_frequencies(kept):
    image = texture(128, 128)
    other = low_passed(image, kept) + 0.2 * (
        low_passed(texture(128, 128, seed=1), 1) - low_passed(texture(128, 128, seed=1), kept)
    )
    found = metrics.compute("frc_cutoff", image, other)
    # A ring is 1 / 64 of Nyquist wide, and the window mixes neighbouring rings.
    assert found == pytest.approx(kept, abs=3 / 64)


def test_the_cutoff_is_interpolated_and_has_its_ends():
    frequencies = np.array([0.1, 0.2, 0.3, 0.4])
    assert cutoff(frequencies, np.array([1, 0.8, 0.4, 0.9]), threshold=0.5) == pytest.approx(2 * 0.275)
    assert cutoff(frequencies, np.array([0.9, 0.9, np.nan, 0.9]), threshold=0.5) == 1
    assert cutoff(frequencies, np.array([0.4, 0.9, 0.9, 0.9]), threshold=0.5) == 0
    assert np.isnan(cutoff(frequencies, np.full(4, np.nan), threshold=0.5))


# ---- beyond the low grid --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scale", [2, 4])
def test_beyond_the_low_grid_counts_true_detail_only(scale):
    image = texture(96, 96)
    blurred = low_passed(image, 1 / scale)
    detail = image - blurred
    invented = texture(96, 96, seed=5)
    invented -= low_passed(invented, 1 / scale)
    values = [
        metrics.compute("frc_beyond", image, blurred + part, scale=scale)
        for part in (detail, 0.5 * detail, invented, -detail)
    ]
    # The window mixes a little of the neighbouring frequencies into the band.
    np.testing.assert_allclose(values, [1, 1, 0, -1], atol=0.15)
    assert values[0] == pytest.approx(1)


def test_an_estimate_without_detail_has_none_that_is_right_and_a_smooth_reference_asks_for_none():
    image, constant = texture(48, 48), np.full((48, 48), 0.3)
    assert band_correlation(image, constant, above=0.25) == 0
    assert np.isnan(band_correlation(constant, image, above=0.25))


def test_a_model_that_only_sharpens_gets_psnr_no_more_and_resolution_no_more():
    """Sharpening changes amplitudes and no phase, so the correlation stays what it was."""
    image = ndimage.gaussian_filter(texture(64, 64), 1)
    spectrum = np.fft.fft2(image) * (1 + 4 * np.hypot(np.fft.fftfreq(64)[:, None], np.fft.fftfreq(64)))
    assert metrics.compute("frc_cutoff", image, np.fft.ifft2(spectrum).real) == 1


# ---- scanning -------------------------------------------------------------------------------------------------------


def test_scanning_finds_the_patch_that_was_invented():
    image = texture(96, 80)
    estimate = image.copy()
    estimate[40:56, 24:40] = texture(16, 16, seed=3)
    found = scan(image, estimate, side=16, step=8, threshold=0.5)
    assert found.shape == (11, 9)
    assert found[5, 3] < 0.3
    # Patches that touch nothing of it agree everywhere.
    rows, columns = np.mgrid[:11, :9] * 8
    apart = (abs(rows - 40) >= 16) | (abs(columns - 24) >= 16)
    np.testing.assert_array_equal(found[apart], 1)


def test_an_empty_patch_has_no_cutoff():
    image = texture(64, 64)
    image[:32, :32] = 0.1
    found = scanning_frc.cutoff_map(image, image, side=32)
    assert np.isnan(found[0, 0])
    assert found[-1, -1] == 1


def test_the_figures_show_a_curve_and_a_map_for_each_model():
    reference = ndimage.gaussian_filter(texture(64, 72), 0.7)
    estimates = {name: ndimage.gaussian_filter(reference, sigma) for name, sigma in (("a", 0.5), ("long_name", 1.5))}
    curves = {name: curves_figure.mean_curve([(reference, image)] * 2) for name, image in estimates.items()}
    lines = curves_figure.draw({"(input)": curves["a"], **curves}, scale=2, title="srcnn, mse on a")
    assert len(lines.axes[0].lines) == 3 + 2
    maps = scanning_frc.draw(reference, estimates, scale=2, test_set="a")
    for figure in (lines, maps):
        assert texts_outside(figure) == overlapping(figure) == []
    assert any("a (matched)" in text.get_text() for text in maps.texts)


# ---- data consistency -----------------------------------------------------------------------------------------------


HEADS = np.stack([ndimage.gaussian_filter(texture(40, 44, seed=n), 1.2) for n in range(4)]).astype(np.float32)[:, None]
METHODS = {"gaussian": {"sigma": 1.5}, "noisy": {"snr": 10.0}, "bicubic": {}}
METADATA = {"subject": "anna", "axis": 2, "affine": np.eye(4).tolist(), "spacing": [1, 1, 1], "intensity": {}}


@pytest.fixture(params=["same", "low"])
def files(request, tmp_path):
    """Slices, degraded in three ways."""
    save_slices(tmp_path / "slices.safetensors", dict(enumerate(HEADS)), METADATA)
    found = {"references": {"anna": tmp_path / "slices.safetensors"}, "degraded": {}, "seed": 0}
    for kind, options in METHODS.items():
        method = {"kind": kind, "options": options}
        operator = degradations.from_description(method, scale=2, grid=request.param)
        told = {"degradation": method, "scale": 2, "grid": request.param, "identity": "i", "operator": operator}
        degrade_slices(tmp_path / "slices.safetensors", tmp_path / f"{kind}.safetensors", **told)
        found["degraded"][kind] = {"anna": tmp_path / f"{kind}.safetensors"}
    return found


def measured(files, estimator) -> dict[int, float]:
    names = dict.fromkeys(("scale", "architecture", "loss", "training_set", "seed", "fold"))
    told = {"metrics": {"consistency": {"kind": "consistency", "options": {}}}, "groups": {"anna": "g"}, "names": names}
    table = score_test_sets(estimator, {"mixed": files}, **told, identity="i")
    return table.set_index("slice")["value"].to_dict()


def test_the_truth_is_consistent_with_every_input_also_in_a_mixture(files):
    truth = iter(HEADS)
    assert measured(files, lambda degraded: next(truth)) == dict.fromkeys(range(4), 0.0)


def test_a_wrong_estimate_has_the_error_of_its_degraded_image(files):
    found = measured(files, lambda degraded: np.full((1, 40, 44), 0.4, np.float32))
    again = Again(**files)
    for index, value in found.items():
        kind = again.member[slice_name("anna", index)]
        scale_grid = {"scale": 2, "grid": "same" if again(*("anna", index), HEADS[0]).shape[-1] == 44 else "low"}
        operator = degradations.build(kind, **scale_grid, **METHODS[kind])
        y, flat = (
            operator(x, slice_ids=[slice_name("anna", index)]).clip(0, 1)
            for x in (HEADS[index], np.full_like(HEADS[0], 0.4))
        )
        assert value == pytest.approx(np.linalg.norm(flat - y) / np.linalg.norm(y), rel=1e-5)


def test_what_cannot_be_degraded_again_is_undefined(files, tmp_path):
    degraded = {index: np.zeros((1, 20, 22), np.float32) for index in range(4)}
    told = {"degradation": {"kind": "scanned", "options": {}}, "scale": 2, "grid": "low"}
    save_slices(tmp_path / "scan.safetensors", degraded, METADATA | told)
    scan_only = {**files, "degraded": {"lr": {"anna": tmp_path / "scan.safetensors"}}}
    assert np.isnan(list(measured(scan_only, lambda degraded: HEADS[0]).values())).all()


def test_the_workflow_gives_a_metric_the_scale(tmp_path, monkeypatch):
    project = Project(tmp_path, TINY)
    monkeypatch.chdir(project.folder)
    plan = Plan(
        validate({**TINY, "protocol": {"scales": [2, 4]}, "evaluation": {"metrics": ["frc_beyond"]}}, source="x")
    )
    for names in plan.models():
        options = plan.job("evaluate", **names).settings["metrics"]["frc_beyond"]["options"]
        assert options == {"scale": names["scale"]}
