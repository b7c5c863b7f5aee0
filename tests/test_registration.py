"""Real low-resolution scans: geometry, registration against a known displacement, denoising, pictures to check by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
import SimpleITK as sitk
import torch
from mrisr.errors import InputError
from mrisr.imaging.denoise import denoise, noise_level
from mrisr.imaging.loaded import LoadedVolume
from mrisr.registration.bspline import _refined
from mrisr.registration.geometry import array_of, block_means, itk_image
from mrisr.registration.picture import checkerboards
from mrisr.registration.register import Registered, register
from mrisr.registration.resize import resize
from mrisr.registration.similarity import SIGMA, local_correlation, similarity
from scipy import ndimage

SHAPE, SPACING = (20, 64, 72), np.array([2.7, 1.2, 1.3])
AXIS, SCALE = 0, 2
ORIGIN = np.array([-11.0, 4.0, 9.0])
EXTENT = SHAPE * SPACING


def volume(array: np.ndarray, spacing: np.ndarray, origin: np.ndarray = ORIGIN) -> LoadedVolume:
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = origin
    return LoadedVolume(array.astype(np.float32), affine, ())


def anatomy(seed: int = 0) -> np.ndarray:
    """An ellipsoid of textured tissue in air, on the high-resolution grid."""
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), (1, 2.2, 2))
    x, y, z = (np.linspace(-1, 1, n) for n in SHAPE)
    distance = np.sqrt((x[:, None, None] / 1.4) ** 2 + y[:, None] ** 2 + z**2)
    body = 1 / (1 + np.exp((distance - 0.85) / 0.03))
    return body * (0.5 + 0.15 * texture / texture.std()).clip(0.1, 0.9)


CONTRASTS = {
    "inverted": lambda values: 1 - values,
    "t2": lambda values: np.exp(-3 * values),
    "middle": lambda values: np.exp(-(((values - 0.55) / 0.2) ** 2)),
}
"""Curves of the values: inverted; dark what is bright, as T2; bright in the middle alone, which is not monotone."""


def displacement(place: np.ndarray) -> np.ndarray:
    """A smooth displacement of up to 3 mm at places (mm from the origin)."""
    a, b, c = np.moveaxis(place / EXTENT * 2 * np.pi, -1, 0)
    return np.stack([0.8 * np.sin(b) * np.cos(c / 2), 3 * np.sin(c * 0.8 + 0.3), 2.5 * np.cos(b * 0.7 + a / 3)], -1)


def places(shape: tuple[int, ...], spacing: np.ndarray, start: np.ndarray) -> np.ndarray:
    return np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) * spacing + start


def scans(
    seed: int = 0, contrast: Callable = lambda values: values**0.8, noise: float = 0.01, sharp: np.ndarray | None = None
) -> tuple[LoadedVolume, LoadedVolume]:
    """A high-resolution scan, and a blurred one that is displaced, has another contrast, noise and voxels of 2.6 mm."""
    sharp, spacing, start = (
        anatomy(seed) if sharp is None else sharp,
        np.array([2.7, 2.6, 2.6]),
        np.array([0.4, 0.7, 0.5]),
    )
    shape = tuple(np.floor((EXTENT - spacing) / spacing).astype(int))
    where = places(shape, spacing, start)
    source = (where + displacement(where)) / SPACING
    blurred = ndimage.gaussian_filter(sharp, (0.3, 1, 1))
    low = ndimage.map_coordinates(blurred, np.moveaxis(source, -1, 0), order=3, mode="nearest").clip(0)
    noisy = contrast(low) + noise * np.random.default_rng(seed + 1).standard_normal(shape)
    return volume(40 * noisy, spacing, ORIGIN + start), volume(sharp, SPACING)


@pytest.fixture(scope="module")
def registered() -> Registered:
    return register(*scans(), axis=AXIS, scale=SCALE)


# ---- resizing -------------------------------------------------------------------------------------------------------


def test_a_resized_scan_has_the_voxels_of_the_low_grid_and_the_same_extent():
    lr, hr = scans()
    found = resize(lr, hr, axis=AXIS, scale=SCALE)
    assert found.array.shape == (
        lr.array.shape[0],
        *np.rint(lr.array.shape[1:] * lr.spacing[1:] / (2 * hr.spacing[1:])),
    )
    np.testing.assert_allclose(found.spacing[1:], 2 * hr.spacing[1:], rtol=0.02)
    for corner in (np.full(3, -0.5), np.array(lr.array.shape) - 0.5):
        at = np.where(corner < 0, corner, np.array(found.array.shape) - 0.5)
        np.testing.assert_allclose(found.affine @ [*at, 1], lr.affine @ [*corner, 1])


def test_a_resized_scan_has_the_same_values_in_the_same_places():
    """A field that is linear in mm is reproduced by a cubic, away from the border."""
    lr, hr = scans()
    lines = np.array([0.0, 0.3, -0.7])
    field = (places(lr.array.shape, lr.spacing, lr.affine[:3, 3]) * lines).sum(-1)
    found = resize(replace(lr, array=field), hr, axis=AXIS, scale=SCALE)
    wanted = (places(found.array.shape, found.spacing, found.affine[:3, 3]) * lines).sum(-1)
    np.testing.assert_allclose(found.array[:, 3:-3, 3:-3], wanted[:, 3:-3, 3:-3], atol=1e-9)


def test_resizing_is_the_bicubic_interpolation_of_torch():
    lr, hr = scans()
    found = resize(lr, hr, axis=AXIS, scale=SCALE).array
    slices = torch.from_numpy(lr.array.astype(np.float64))[None]
    wanted = torch.nn.functional.interpolate(slices, found.shape[1:], mode="bicubic", antialias=True)[0].numpy()
    inside = (slice(None), slice(3, -3), slice(3, -3))
    np.testing.assert_allclose(found[inside], wanted[inside].clip(lr.array.min(), lr.array.max()), atol=1e-4)


def test_a_resized_scan_in_another_storage_order_is_the_same():
    lr, hr = scans()
    turned = replace(lr, array=np.moveaxis(lr.array, 0, 2), affine=lr.affine[:, [1, 2, 0, 3]])
    found, wanted = (resize(scan, hr, axis=AXIS, scale=SCALE) for scan in (turned, lr))
    np.testing.assert_array_equal(np.moveaxis(found.array, 2, 0), wanted.array)
    np.testing.assert_array_equal(found.affine[:, [2, 0, 1, 3]], wanted.affine)


def test_a_known_displacement_is_undone_after_resizing_too():
    lr, hr = scans()
    found = register(resize(lr, hr, axis=AXIS, scale=SCALE), hr, axis=AXIS, scale=SCALE)
    assert remaining_displacement(found)[1] < 0.3


def test_resizing_hides_no_wrong_ratio_of_voxels():
    lr, hr = scans()
    with pytest.raises(InputError, match=r"voxels are 1\.00 times"):
        resize(replace(lr, affine=lr.affine @ np.diag([1, 1.2 / 2.6, 1.3 / 2.6, 1])), hr, axis=AXIS, scale=SCALE)


# ---- registration ---------------------------------------------------------------------------------------------------


def remaining_displacement(registered: Registered) -> tuple[float, float]:
    """Median length over the body of what was displaced and of what remains, in pixels of the low grid (2.4 mm)."""
    reference = registered.reference
    here = places(reference.array.shape, reference.spacing, reference.affine[:3, 3] - ORIGIN)
    taken = here + registered.displacement
    remaining = np.linalg.norm((taken + displacement(taken) - here) / reference.spacing, axis=-1)
    at_first = np.linalg.norm(displacement(here) / reference.spacing, axis=-1)
    body = reference.array > 0.2
    return np.median(at_first[body]), np.median(remaining[body])


def test_a_known_displacement_is_undone(registered):
    at_first, remaining = remaining_displacement(registered)
    assert at_first > 0.8
    assert remaining < 0.3
    assert registered.similarity > registered.similarity_before + 0.1


@pytest.mark.parametrize("contrast", ["inverted", "middle"])
def test_a_known_displacement_is_undone_in_another_contrast(contrast):
    lr, hr = scans(contrast=CONTRASTS[contrast])
    found = register(lr, hr, axis=AXIS, scale=SCALE)
    assert remaining_displacement(found)[1] < 0.3
    assert found.similarity > 0.75


def test_the_registered_scan_lies_at_the_centres_of_the_references_blocks(registered):
    affine = registered.scan.affine
    np.testing.assert_allclose(np.diag(affine)[:3], SPACING * [1, 2, 2])
    np.testing.assert_allclose(affine[:3, 3], ORIGIN + SPACING * [0, 0.5, 0.5])
    assert registered.scan.array.shape == registered.reference.array.shape == (20, 32, 36)
    assert registered.displacement.shape == (20, 32, 36, 3)


@pytest.fixture(scope="module")
def brief() -> Registered:
    """The same with few iterations."""
    return register(*scans(), axis=AXIS, scale=SCALE, iterations=3)


def test_registration_gives_the_same_bits_again(brief):
    again = register(*scans(), axis=AXIS, scale=SCALE, iterations=3)
    np.testing.assert_array_equal(again.scan.array, brief.scan.array)
    np.testing.assert_array_equal(again.displacement, brief.displacement)


def test_how_the_scans_are_stored_does_not_matter(brief):
    """The low-resolution scan with its axes permuted and one of them flipped."""
    lr, hr = scans()
    flipped = lr.affine.copy()
    flipped[:3, 3] += (lr.array.shape[1] - 1) * flipped[:3, 1]
    flipped[:3, 1] *= -1
    stored = replace(lr, array=lr.array[:, ::-1].transpose(2, 0, 1), affine=flipped[:, [2, 0, 1, 3]])
    again = register(stored, hr, axis=AXIS, scale=SCALE, iterations=3)
    np.testing.assert_allclose(again.before.array, brief.before.array, atol=1e-3)
    # The same optimisation but for rounding: a thousandth of a voxel.
    np.testing.assert_allclose(again.displacement, brief.displacement, atol=2.5e-3)


def test_a_finer_mesh_of_control_points_can_be_the_same_deformation():
    fixed = itk_image(volume(np.zeros((12, 14, 16)), np.array([2.0, 3.0, 2.5])))
    coarse = sitk.BSplineTransformInitializer(fixed, [2, 1, 3], order=3)
    coarse.SetParameters(np.random.default_rng(0).standard_normal(len(coarse.GetParameters())).tolist())
    fine, mesh = _refined(coarse, [2, 1, 3], fixed)
    assert mesh == [4, 2, 6]
    for index in ((0, 0, 0), (5, 6, 7), (11, 13, 15), (3, 9, 1)):
        point = fixed.TransformIndexToPhysicalPoint(index)
        np.testing.assert_allclose(fine.TransformPoint(point), coarse.TransformPoint(point), atol=1e-10)


def test_another_anatomy_is_refused():
    (lr, _), (_, hr) = scans(seed=5), scans()
    with pytest.raises(InputError, match="does not show the anatomy") as caught:
        register(lr, hr, axis=AXIS, scale=SCALE)
    assert len(caught.value.problems) == 1


def test_another_anatomy_in_another_contrast_is_refused():
    (lr, _), (_, hr) = scans(seed=5, contrast=CONTRASTS["inverted"]), scans()
    with pytest.raises(InputError, match="does not show the anatomy"):
        register(lr, hr, axis=AXIS, scale=SCALE)


def test_slices_in_another_order_are_refused():
    lr, hr = scans()
    shuffled = np.random.default_rng(0).permutation(len(lr.array))
    with pytest.raises(InputError, match="does not show the anatomy"):
        register(replace(lr, array=lr.array[shuffled]), hr, axis=AXIS, scale=SCALE, iterations=3)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirrored_scan_is_refused(axis):
    lr, hr = scans()
    with pytest.raises(InputError, match="does not show the anatomy"):
        register(replace(lr, array=np.flip(lr.array, axis)), hr, axis=AXIS, scale=SCALE, iterations=3)


def symmetric_scans() -> tuple[LoadedVolume, LoadedVolume]:
    """Like a head: both halves nearly equal, so that a mirrored scan is similar enough too."""
    return scans(sharp=0.65 * anatomy() + 0.35 * anatomy()[:, :, ::-1])


def test_a_mirrored_scan_of_a_symmetric_anatomy_is_found_by_its_mirror_image():
    lr, hr = symmetric_scans()
    assert register(lr, hr, axis=AXIS, scale=SCALE, iterations=5).similarity > 0.8
    options = {"axis": AXIS, "scale": SCALE, "iterations": 5, "least_similarity": 0.3}
    with pytest.raises(InputError, match="reversed along its stored axis 2, it fits better") as caught:
        register(replace(lr, array=lr.array[..., ::-1]), hr, **options)
    assert len(caught.value.problems) == 1


# ---- similarity -----------------------------------------------------------------------------------------------------


def test_similarity_is_a_mean_of_absolute_correlations_in_windows():
    """Against sums over each window, written out."""
    rng = np.random.default_rng(0)
    x, y, where = rng.random((6, 7, 8)), rng.random((6, 7, 8)), rng.random((6, 7, 8)) < 0.7
    points, reach = np.argwhere(where), round(4 * SIGMA)
    agreeing = possible = 0.0
    for point in points:
        offsets = points - point
        weights = np.exp(-np.sum(offsets**2, axis=1) / (2 * SIGMA**2)) * (np.abs(offsets) <= reach).all(axis=1)
        covariance = np.cov(x[where], y[where], aweights=weights, ddof=0)
        agreeing += abs(covariance[0, 1])
        possible += np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert local_correlation(x, y, where) == pytest.approx(agreeing / possible, rel=1e-9)


@pytest.mark.parametrize("factor", [1.0, -1.0, 1e-3, -4e4])
def test_scale_sign_and_offset_of_the_values_do_not_matter(factor):
    image, everywhere = anatomy(), np.ones(SHAPE, bool)
    other = anatomy(1)
    assert local_correlation(image, factor * image + 1000, everywhere) == pytest.approx(1, abs=1e-9)
    found = local_correlation(image, factor * other - 3, everywhere)
    assert found == pytest.approx(local_correlation(other, image, everywhere), rel=1e-9)


@pytest.mark.parametrize("contrast", CONTRASTS.values(), ids=CONTRASTS)
def test_the_curve_of_the_values_does_not_matter(contrast):
    image, body = anatomy(), anatomy() > 0.3
    shading = np.linspace(0.7, 1.3, SHAPE[1])[:, None]
    assert similarity(contrast(image), image, body) > 0.95
    assert similarity(shading * contrast(image), image, body) > 0.9
    # What is left of an unrelated anatomy: windows hold few values.
    assert similarity(contrast(anatomy(1)), image, body) < 0.45


def test_a_constant_scan_and_an_empty_region_have_no_similarity():
    image, everywhere = anatomy(), np.ones(SHAPE, bool)
    assert local_correlation(image, np.full(SHAPE, 0.3), everywhere) == 0
    assert local_correlation(image, image, ~everywhere) == 0
    assert similarity(np.full(SHAPE, 0.3), image, everywhere) == similarity(image, image, ~everywhere) == 0
    assert similarity(image, np.full(SHAPE, 0.3), everywhere) == 0


@pytest.mark.parametrize(
    ("change", "options", "line"),
    [
        ({"spacing": [2.7, 3.9, 3.9]}, {}, r"3\.25 times the high-resolution scan's in plane; at scale 2"),
        ({"spacing": [5.4, 2.6, 2.6]}, {}, r"2\.00 times the high-resolution scan's across the slices"),
        ({}, {"scale": 3}, "in plane; at scale 3 that has to be about 3"),
        ({}, {"scale": 2.2}, "scale must be an integer of at least 2, not 2.2"),
        ({"origin": ORIGIN + np.array([0, 60, 0])}, {}, "covers [0-9]+% of the high-resolution scan"),
    ],
)
def test_scans_that_do_not_belong_together_are_one_clear_line(change, options, line):
    lr, hr = scans()
    spacing, origin = np.array(change.get("spacing", lr.spacing)), change.get("origin", lr.affine[:3, 3])
    with pytest.raises(InputError, match=line) as caught:
        register(volume(lr.array, spacing, origin), hr, **{"axis": AXIS, "scale": SCALE, **options})
    assert len(caught.value.problems) == 1


def test_colour_is_refused():
    lr, hr = scans()
    with pytest.raises(InputError, match="low-resolution scan is in colour"):
        register(replace(lr, array=np.stack([lr.array] * 3, -1)), hr, axis=AXIS, scale=SCALE)


# ---- geometry -------------------------------------------------------------------------------------------------------


def test_an_itk_image_has_the_values_and_places_of_its_volume():
    affine = np.array([[0, -1.2, 0, 5], [0.9, 0, 0, -7], [0, 0, 2, 3], [0, 0, 0, 1]])
    array = np.random.default_rng(0).random((4, 5, 6)).astype(np.float32)
    image = itk_image(LoadedVolume(array, affine, ()))
    np.testing.assert_array_equal(array_of(image), array)
    x, y, z = image.TransformIndexToPhysicalPoint((1, 2, 3))
    np.testing.assert_allclose([-x, -y, z], (affine @ [1, 2, 3, 1])[:3])
    assert image.GetPixel((1, 2, 3)) == pytest.approx(float(array[1, 2, 3]))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_means_over_blocks_keep_a_ramp_where_it_is(axis):
    """Every voxel of the low grid has the value of its own place, also after the crop to whole blocks."""
    array = places((9, 11, 13), np.ones(3), np.zeros(3)) @ [1.0, 20.0, 300.0]
    low = block_means(volume(array, SPACING), axis=axis, scale=3, multiple=6)
    index = (low.affine[:3, 3] - ORIGIN) / SPACING + places(low.array.shape, low.spacing / SPACING, np.zeros(3))
    np.testing.assert_allclose(low.array, index @ [1.0, 20.0, 300.0], rtol=1e-6)
    sides = [n if place == axis else n // 6 * 2 for place, n in enumerate((9, 11, 13))]
    assert low.array.shape == tuple(sides)


# ---- denoising ------------------------------------------------------------------------------------------------------


def slice_with_noise(sigma: float) -> tuple[np.ndarray, np.ndarray]:
    clean = anatomy()[10].astype(np.float32)
    return clean, (clean + sigma * np.random.default_rng(0).standard_normal(clean.shape)).astype(np.float32)


@pytest.mark.parametrize("sigma", [0.02, 0.05, 0.1])
def test_the_noise_is_found_and_lessened(sigma):
    steps = np.kron(np.random.default_rng(3).integers(2, 6, (6, 6)), np.ones((16, 16))) / 6
    noisy = steps + sigma * np.random.default_rng(0).standard_normal(steps.shape)
    assert noise_level(noisy) == pytest.approx(sigma, rel=0.15)
    cleaned = denoise(noisy)
    assert cleaned.dtype == np.float32
    assert np.mean((cleaned - steps) ** 2) < 0.5 * sigma**2


def test_a_clean_or_constant_slice_stays():
    flat = np.full((32, 32), 0.4, np.float32)
    np.testing.assert_array_equal(denoise(flat), flat)
    assert noise_level(np.add.outer(np.arange(32.0), np.arange(32.0))) == pytest.approx(0, abs=1e-9)


def test_slices_are_denoised_one_by_one_in_their_own_units():
    noisy = slice_with_noise(0.05)[1]
    stack = np.stack([noisy, 1000 * noisy[::-1]])
    both = denoise(stack)
    np.testing.assert_array_equal(both[0], denoise(noisy))
    np.testing.assert_allclose(both[1], 1000 * denoise(noisy[::-1]), rtol=1e-3, atol=0.1)


# ---- the picture ----------------------------------------------------------------------------------------------------


def test_the_tiles_show_the_scan_and_its_reference_in_turn(registered):
    boards = checkerboards(registered, axis=AXIS, index=9, tiles=4)
    assert boards.before.shape == boards.after.shape == boards.displaced.shape == (32, 36)
    for board in (boards.before, boards.after):
        assert (board.min(), board.max()) == (0, 1)
    same = boards.before == boards.after
    assert same[:8, 9:18].all()
    assert not same[:8, :9].all()
    assert boards.displaced == pytest.approx(np.linalg.norm(registered.displacement[9][..., 1:], axis=-1), rel=1e-5)
