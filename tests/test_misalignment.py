"""A shift of a degradation moves its images by that much, and a misaligned pair of images is found."""

from __future__ import annotations

import re
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from mrisr import degradations, plugins
from mrisr.errors import InputError
from mrisr.imaging.alignment import displacement
from mrisr.imaging.loaded import LoadedVolume
from mrisr.imaging.shifting import moved
from mrisr.study.methods import described
from mrisr.study.validation import validate
from mrisr.volumes.check import run
from mrisr.volumes.manifest import Volume
from mrisr.volumes.misalignment import misalignment
from project import TINY
from scipy import ndimage

LEARNED = [n for n in degradations.available() if getattr(plugins.load("degradations", n), "LEARNED", False)]
"""Tested with what they have learned in tests/test_estimated.py and tests/test_scanned.py."""
NAMES = [name for name in degradations.available() if name not in LEARNED]
OPTIONS = {
    "combine": {"members": ["gaussian", "hanning", "bicubic", "mean"]},
    # It moves parts of the image at random; their mean is not 0.
    "hidden": {"displacement": 0.0},
}
PROTOCOLS = [("same", 2), ("low", 2), ("low", 4)]
SHIFTS = [0.0, 0.1, -0.5, 1.3]
HEIGHT, WIDTH = 160, 144


def slices(count: int = 8) -> np.ndarray:
    """Heads [count, H, W] in [0, 1]: a skull, and tissue of two kinds with a sharp, folded border."""
    rows, columns = np.linspace(-1, 1, HEIGHT)[:, None], np.linspace(-1, 1, WIDTH)
    distance = np.hypot(rows / 0.85, columns / 0.75)
    heads = []
    for seed in range(count):
        random = np.random.default_rng(seed)
        folds = ndimage.gaussian_filter(random.standard_normal((HEIGHT, WIDTH)), 3)
        tissue = np.where(folds > 0, 0.75, 0.45) + 0.03 * random.standard_normal((HEIGHT, WIDTH))
        head = np.where(distance < 0.85, tissue, np.where(distance < 0.92, 0.1, np.where(distance < 1, 0.9, 0.02)))
        heads.append(ndimage.gaussian_filter(head, 0.6).clip(0, 1))
    return np.stack(heads).astype(np.float32)


HEADS = slices()
"""As many slices as the check compares."""
IDS = [f"anna/{n:04d}" for n in range(len(HEADS))]


def degraded(name: str, grid: str, scale: int, **options) -> np.ndarray:
    operator = degradations.build(name, scale=scale, grid=grid, **OPTIONS.get(name, {}), **options)
    return operator(HEADS[:, None], slice_ids=IDS)[:, 0]


# ---- moving an image ------------------------------------------------------------------------------------------------


def test_a_whole_shift_moves_pixels_and_mirrors_the_border():
    image = np.random.default_rng(0).random((9, 12))
    expected = np.pad(image, ((2, 0), (0, 3)), mode="symmetric")[:9, 3:]
    np.testing.assert_allclose(moved(image, (2, -3)), expected, atol=1e-12)


def test_a_smooth_image_is_sampled_beside_its_pixels():
    def blob(row, column):
        rows, columns = np.arange(48)[:, None] - row, np.arange(64) - column
        return np.exp(-(rows**2 + columns**2) / 18)

    np.testing.assert_allclose(moved(blob(24, 30), (0.37, -1.8)), blob(24.37, 28.2), atol=1e-9)


# ---- the option of every degradation --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grid", ["same", "low"])
def test_a_shift_of_zero_changes_nothing_and_another_one_moves_the_slice(name, grid):
    plain = degraded(name, grid, 2)
    np.testing.assert_array_equal(degraded(name, grid, 2, shift=0.0), plain)
    operator = degradations.build(name, scale=2, grid=grid, **OPTIONS.get(name, {}))
    before = operator(moved(HEADS, (0.5, 0.5))[:, None], slice_ids=IDS)[:, 0]
    np.testing.assert_array_equal(degraded(name, grid, 2, shift=0.5), before)


@pytest.mark.parametrize("shift", ["0.5", True, float("nan"), float("inf")])
def test_a_shift_that_is_no_number_is_refused(shift):
    with pytest.raises(InputError, match="shift must be"):
        degradations.build("gaussian", scale=2, grid="low", shift=shift)


def test_a_part_of_a_method_has_a_shift_too():
    part = {"kind": "gaussian", "options": {"shift": 0.5}}
    noisy = degradations.build("noisy", scale=2, grid="low", degradation=part, snr=1e12)
    plain = degradations.build("gaussian", scale=2, grid="low", shift=0.5)
    np.testing.assert_allclose(noisy(HEADS), plain(HEADS), atol=1e-6)


# ---- in a study -----------------------------------------------------------------------------------------------------


def described_in(study, name: str) -> dict:
    return described("degradations", name, validate(study, source="x").degradations[name])


def test_a_shift_of_zero_is_no_part_of_what_a_job_is_made_of():
    plain, zero, half = (
        described_in({**TINY, "degradations": {**TINY["degradations"], "gaussian": {"sigma": 1.0, **more}}}, "gaussian")
        for more in ({}, {"shift": 0}, {"shift": 0.5})
    )
    assert plain == zero
    assert half["options"] == {**plain["options"], "shift": 0.5}


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("gaussian", {"shift": "half"}, "degradations.gaussian.shift: 'half' is not allowed"),
        ("combine", {"members": ["gaussian", "mean"], "shift": 0.5}, "degradations.combine.shift: a mixture has the"),
    ],
)
def test_a_wrong_shift_is_told_before_anything_runs(name, options, said):
    study = {**TINY, "degradations": {**TINY["degradations"], name: options}}
    with pytest.raises(InputError) as caught:
        validate(study, source="x")
    assert [said in problem for problem in caught.value.problems] == [True]


# ---- finding a displacement -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(("grid", "scale"), PROTOCOLS)
@pytest.mark.parametrize("shift", SHIFTS)
def test_the_displacement_is_found_to_a_twentieth_of_a_pixel_under_every_degradation(name, grid, scale, shift):
    low = degraded(name, grid, scale, shift=shift)
    found = displacement(zip(low, HEADS, strict=True))
    np.testing.assert_allclose([found.rows, found.columns], shift, atol=0.05)


@pytest.mark.parametrize("shift", [(0.25, -0.75), (-6.4, 3.1), (0.0, 0.1)])
def test_both_axes_are_told_apart(shift):
    low = degradations.build("gaussian", scale=2, grid="low")(moved(HEADS, shift))
    found = displacement(zip(low, HEADS, strict=True))
    np.testing.assert_allclose([found.rows, found.columns], shift, atol=0.05)
    assert found.largest == pytest.approx(max(map(abs, shift)), abs=0.05)


def test_sampling_every_second_pixel_is_the_classic_mistake_of_half_a_pixel():
    found = displacement((ndimage.uniform_filter(head, 3)[::2, ::2], head) for head in HEADS)
    np.testing.assert_allclose([found.rows, found.columns], 0.5, atol=0.05)


def test_unrelated_images_do_not_agree():
    low = degraded("gaussian", "low", 2)
    assert displacement(zip(low, HEADS, strict=True)).agreement > 0.95
    assert (
        displacement(zip(np.roll(low, 1, 0), np.random.default_rng(0).random(HEADS.shape), strict=True)).agreement < 0.5
    )


def test_sizes_that_do_not_fit_and_empty_images_are_refused():
    with pytest.raises(InputError, match="80 x 70 and 160 x 144 are no whole multiples"):
        displacement([(HEADS[0, :80, :70], HEADS[0])])
    with pytest.raises(InputError, match="no pair of images"):
        displacement([(np.zeros((80, 72)), HEADS[0])])


# ---- scans with headers ---------------------------------------------------------------------------------------------


def scans(axis: int, shift: float, flip: bool = False) -> tuple[LoadedVolume, LoadedVolume]:
    """A high-resolution volume and its low-resolution one, as simulated on the low grid, with correct headers."""
    low = degradations.build("gaussian", scale=2, grid="low", shift=shift)(HEADS)
    affine, coarse = np.diag([0.9, 0.9, 0.9, 1.0]), np.diag([1.8, 1.8, 1.8, 1.0])
    affine[:3, 3] = (-20, 11, 4)
    coarse[axis, axis] = 0.9
    coarse[:3, 3] = affine[:3, 3] + np.where(np.arange(3) == axis, 0, 0.45)
    sharp = LoadedVolume(np.moveaxis(HEADS, 0, axis), affine, ())
    scan = LoadedVolume(np.moveaxis(low, 0, axis), coarse, ())
    if flip:
        turned = np.diag([-1.0, 1, 1, 1])
        turned[0, 3] = scan.array.shape[0] - 1
        scan = replace(scan, array=scan.array[::-1], affine=scan.affine @ turned)
    return scan, sharp


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("flip", [False, True])
@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_headers_place_the_scan(axis, flip, shift):
    found = misalignment(*scans(axis, shift, flip), axis=axis, indices=range(len(HEADS)))
    np.testing.assert_allclose([found.rows, found.columns], shift, atol=0.05)


def test_a_header_that_is_half_a_pixel_off_is_found():
    scan, sharp = scans(2, 0.0)
    wrong = scan.affine.copy()
    wrong[:2, 3] = sharp.affine[:2, 3]
    found = misalignment(replace(scan, affine=wrong), sharp, axis=2, indices=range(len(HEADS)))
    np.testing.assert_allclose([found.rows, found.columns], -0.5, atol=0.05)


@pytest.mark.parametrize("shift", [0.0, 0.5])
def test_pictures_without_headers_are_laid_on_blocks(shift):
    scan, sharp = scans(2, shift)
    scan, sharp = (replace(volume, affine=np.eye(4)) for volume in (scan, sharp))
    found = misalignment(scan, sharp, axis=2, indices=range(len(HEADS)))
    np.testing.assert_allclose([found.rows, found.columns], shift, atol=0.05)


def test_other_anatomy_or_another_place_has_no_displacement():
    scan, sharp = scans(2, 0.0)
    noise = replace(scan, array=np.random.default_rng(1).random(scan.array.shape, np.float32))
    assert misalignment(noise, sharp, axis=2, indices=range(len(HEADS))) is None
    far = scan.affine.copy()
    far[0, 3] += 1000
    assert misalignment(replace(scan, affine=far), sharp, axis=2, indices=range(len(HEADS))) is None


# ---- mrisr check ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("shift", "warned"), [(0.0, False), (0.07, False), (0.15, True), (0.5, True)])
def test_the_check_tells_the_displacement_and_warns_from_a_tenth_of_a_pixel(tmp_path, capsys, shift, warned):
    for volume, name in zip(scans(2, shift), ("low", "high"), strict=True):
        nib.save(nib.Nifti1Image(volume.array, volume.affine), tmp_path / f"{name}.nii")
    row = Volume("anna", tmp_path / "high.nii", "test", lr_path=tmp_path / "low.nii")
    settings = {"axis": "axial", "range": None, "multiple": 2, "minimum": 32}
    given = {"settings": {"counts": {}, "allow_leakage": False}, "identity": "", "volumes": [row], "manifest": "m.tsv"}
    run({}, {"table": str(tmp_path / "volumes.csv"), "shown": str(tmp_path / "shown.csv")}, **given, slices=settings)
    told = capsys.readouterr().out
    rows, columns = map(float, re.search(r"displacement .*?(\S+) \(rows\) and (\S+) \(columns\)", told).groups())
    np.testing.assert_allclose([rows, columns], shift, atol=0.05)
    assert ("warning: subject 'anna'" in told) is warned
    assert ("lr_path: is misaligned by" in (tmp_path / "volumes.csv").read_text()) is warned


def test_the_check_warns_of_a_shift_of_the_study(tmp_path, capsys):
    for volume, name in zip(scans(2, 0.0), ("low", "high"), strict=True):
        nib.save(nib.Nifti1Image(volume.array, volume.affine), tmp_path / f"{name}.nii")
    given = {"settings": {"counts": {}, "allow_leakage": False}, "identity": "", "manifest": "m.tsv"}
    settings = {"axis": "axial", "range": None, "multiple": 2, "minimum": 32}
    row = Volume("anna", tmp_path / "high.nii", "test")
    run(
        {},
        {"table": str(tmp_path / "volumes.csv"), "shown": str(tmp_path / "shown.csv")},
        **given,
        volumes=[row],
        slices=settings,
        shifts={"bicubic": 0.5},
    )
    told = capsys.readouterr().out
    assert "warning: degradations.bicubic: shift 0.5 displaces its images by 0.5 pixels along both axes" in told
