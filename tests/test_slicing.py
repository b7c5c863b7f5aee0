"""From volumes to slices: axes, ranges, empty slices, intensities, crops, masks."""

from __future__ import annotations

import nibabel as nib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr import metrics
from mrisr.arrays import load_slices
from mrisr.errors import InputError
from mrisr.imaging.grid import resolve_axis
from mrisr.imaging.intensity import scaled
from mrisr.imaging.loaded import LoadedVolume
from mrisr.study.slices import Normalise
from mrisr.volumes.manifest import Volume
from mrisr.volumes.ranges import evenly, parse_range
from mrisr.volumes.slicing import slice_stage, slice_volume
from scipy.ndimage import gaussian_filter

RNG = np.random.default_rng(1)
ALL = {"threshold": 0.0, "fraction": 0.0}
RAW = {"method": "none", "per": "volume", "low_percentile": 0.1, "percentile": 99.9}
MINMAX = {"method": "minmax", "per": "volume", "low_percentile": 0.1, "percentile": 99.9}


def loaded(array, affine=None):
    return LoadedVolume(np.asarray(array, np.float32), np.eye(4) if affine is None else np.asarray(affine, float), ())


def cube(shape=(40, 44, 48), affine=None):
    return loaded(RNG.random(shape), affine)


def sliced(volume, **options):
    return slice_volume(volume, **{"empty": ALL, "normalise": RAW, **options})


# ---- ranges and counts ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "indices"),
    [
        (None, range(11)),
        (":", range(11)),
        ("3:5", [3, 4, 5]),
        ("3:", range(3, 11)),
        (":4", range(5)),
        ("2:9:3", [2, 5, 8]),
        ("::5", [0, 5, 10]),
        ("0.0:1.0", range(11)),
        ("0.2:0.4", [2, 3, 4]),
        (".5:", range(5, 11)),
        ("4:4", [4]),
    ],
)
def test_a_range_includes_both_ends(text, indices):
    assert parse_range(text).indices(11) == list(indices)


def test_fractions_turn_with_the_axis_and_indices_do_not():
    assert parse_range("0.0:0.2").indices(11, reverse=True) == [8, 9, 10]
    assert parse_range("0.7:").indices(11, reverse=True) == [0, 1, 2, 3]
    assert parse_range("0:2").indices(11, reverse=True) == [0, 1, 2]


@pytest.mark.parametrize(
    "text", ["3", "a:b", "5:3", "1:2:0", "0.5:1.5", "3:0.5", "-1:4", "1:2:3:4", "1:2:0.5", ".:1", "nan:1"]
)
def test_what_is_no_range_is_refused(text):
    with pytest.raises(InputError, match="not a range"):
        parse_range(text)


def test_a_range_outside_the_axis_is_refused():
    with pytest.raises(InputError, match="slices 0 to 11 are asked for, but the axis has slices 0 to 10"):
        parse_range("0:11").indices(11)


@given(available=st.integers(1, 500), data=st.data())
def test_an_even_choice_has_the_asked_number_of_distinct_ascending_places_at_even_distances(available, data):
    count = data.draw(st.integers(1, available))
    chosen = evenly(available, count)
    assert len(chosen) == count
    assert chosen[0] >= 0
    assert chosen[-1] < available
    assert all(abs(gap - available / count) < 1 for gap in np.diff(chosen))
    assert all(gap >= 1 for gap in np.diff(chosen))


def test_choosing_all_is_all():
    assert evenly(7, 7) == list(range(7))


def test_fewer_slices_than_asked_for_is_an_error_with_both_numbers():
    with pytest.raises(InputError, match="50 slices are asked for, but only 48"):
        sliced(cube(), count=50)


# ---- axes -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("codes", ["RAS", "LPI", "ASL", "SRP", "IPR", "PIL"])
def test_a_named_axis_is_found_in_any_storage_order(codes):
    turned = nib.orientations.inv_ornt_aff(nib.orientations.axcodes2ornt(codes), (40, 44, 48))
    affine = np.linalg.inv(turned)
    assert "".join(nib.aff2axcodes(affine)) == codes
    for name, ends in (("sagittal", "LR"), ("coronal", "PA"), ("axial", "IS")):
        axis, reverse = resolve_axis(name, affine)
        assert codes[axis] in ends
        assert reverse == (codes[axis] == ends[0])


def test_the_closest_axis_is_taken_of_an_oblique_volume():
    turn = np.deg2rad(30)
    affine = np.eye(4)
    affine[1:3, 1:3] = [[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]
    assert resolve_axis("axial", affine @ np.diag([1, 1, 3.0, 1])) == (2, False)


@pytest.mark.parametrize("axis", [0, 1, 2, "0", "1", "2"])
def test_slices_are_the_arrays_own_planes_under_their_index(axis):
    volume = cube()
    slices, metadata = sliced(volume, axis=axis)
    assert metadata["axis"] == int(axis)
    assert len(slices) == volume.array.shape[int(axis)]
    for index, image in slices.items():
        assert image.dtype == np.float32
        np.testing.assert_array_equal(image[0], np.moveaxis(volume.array, int(axis), 0)[index])


def test_storage_order_in_memory_changes_nothing():
    volume = cube()
    fortran = LoadedVolume(np.asfortranarray(volume.array), volume.affine, ())
    for (i, a), (j, b) in zip(sliced(volume)[0].items(), sliced(fortran)[0].items(), strict=True):
        assert i == j
        np.testing.assert_array_equal(a, b)


def test_colour_channels_come_first():
    volume = loaded(RNG.random((40, 44, 2, 3)))
    slices, _ = sliced(volume)
    assert slices[1].shape == (3, 40, 44)
    np.testing.assert_array_equal(slices[1], np.moveaxis(volume.array[:, :, 1], -1, 0))


# ---- intensities ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("low_percentile", "percentile"), [(0.1, 99.9), (0, 100), (2, 90)])
def test_two_percentiles_become_0_and_1_and_values_are_clipped(low_percentile, percentile):
    volume = loaded(RNG.normal(100, 20, (40, 40, 40)))
    rule = {"low_percentile": low_percentile, "percentile": percentile}
    slices, metadata = slice_volume(volume, empty=ALL, normalise=rule)
    ordered = np.sort(volume.array.astype(float), axis=None)
    low, high = (np.interp(share / 100 * (ordered.size - 1), range(ordered.size), ordered) for share in rule.values())
    assert metadata["intensity"] == {"low": pytest.approx(low), "high": pytest.approx(high)}
    expected = np.clip((volume.array.astype(float) - low) / (high - low), 0, 1)
    np.testing.assert_allclose(np.stack([s[0] for s in slices.values()], axis=2), expected, atol=1e-6)


def test_the_percentiles_are_0_1_and_99_9_unless_others_are_asked_for():
    volume = loaded(RNG.normal(100, 20, (40, 40, 40)))
    plain = slice_volume(volume, empty=ALL)[1]["intensity"]
    assert plain == slice_volume(volume, empty=ALL, normalise=Normalise().model_dump())[1]["intensity"]
    assert (plain["low"], plain["high"]) == pytest.approx(tuple(np.percentile(volume.array, [0.1, 99.9])))


def head():
    """A noisy ball of two tissues in a background of zeros, about as a scan of a head: float32 [64, 64, 48]."""
    x, y, z = np.ogrid[-1:1:64j, -1:1:64j, -1:1:48j]
    radius = np.sqrt(x**2 + y**2 + z**2) + 0 * z
    tissue = np.where(np.sin(9 * x) * np.cos(8 * y + 3 * z) > 0, 170, 110) + RNG.normal(0, 8, radius.shape)
    return np.where(radius < 0.8, tissue, 0).astype(np.float32)


def psnr_of_a_blur(array, **normalise):
    slices, _ = slice_volume(loaded(array), empty=ALL, normalise=normalise)
    reference = np.stack(list(slices.values()))
    blurred = gaussian_filter(reference, (0, 0, 1, 1))
    return metrics.compute("psnr", reference[:, 0], blurred[:, 0])


def test_a_background_of_zeros_stays_exactly_0():
    array = head()
    slices, metadata = slice_volume(loaded(array), empty=ALL)
    assert metadata["intensity"]["low"] == 0
    for index, image in slices.items():
        assert (image[0] == 0).all(where=array[..., index] == 0)


@pytest.mark.parametrize("value", [-1000, -1e5, 1e5])
@pytest.mark.parametrize("where", [(32, 32, 24), (0, 0, 24)], ids=["tissue", "background"])
def test_one_voxel_does_not_decide_the_score(value, where):
    array = head()
    before = psnr_of_a_blur(array)
    array[where] = value
    assert psnr_of_a_blur(array) == pytest.approx(before, abs=0.1)
    # The minimum or the maximum as a limit moves it by the ratio of the ranges.
    raw = {"percentile": 100} if value > 0 else {"low_percentile": 0}
    assert psnr_of_a_blur(array, **raw) > before + 10


@pytest.mark.parametrize("limits", [(0, 400), (-1000, 200), (-1e5, 200)])
def test_psnr_moves_by_20_log10_of_the_ratio_of_the_ranges(limits):
    image = RNG.uniform(50, 150, (64, 64)).astype(np.float32)
    estimate = image + RNG.normal(0, 5, image.shape).astype(np.float32)
    narrow, wide = (
        metrics.compute("psnr", scaled(image, None, ends), scaled(estimate, None, ends)) for ends in ((0, 200), limits)
    )
    # float32 keeps 6e-8 of the largest value, against an error of 5 in 1e5.
    assert wide - narrow == pytest.approx(20 * np.log10((limits[1] - limits[0]) / 200), abs=0.01)


def test_minmax_reaches_0_and_1_in_the_volume():
    values = np.concatenate(
        [s.ravel() for s in sliced(loaded(RNG.normal(5, 2, (40, 40, 3))), normalise=MINMAX)[0].values()]
    )
    assert (values.min(), values.max()) == (0, 1)


def test_slice_by_slice_each_reaches_0_and_1_and_a_constant_slice_is_empty():
    array = RNG.random((40, 40, 4)) * np.array([1, 2, 3, 4])
    array[..., 2] = 1.5
    slices, metadata = sliced(loaded(array), normalise=MINMAX | {"per": "slice"})
    assert list(slices) == [0, 1, 3]
    assert all((image.min(), image.max()) == (0, 1) for image in slices.values())
    assert metadata["intensity"]["high"] == pytest.approx(array[..., 3].max())


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(0.01, 1000), offset=st.floats(-1000, 1000), per=st.sampled_from(["volume", "slice"]))
def test_gain_and_offset_of_the_scanner_do_not_change_slices(gain, offset, per):
    array = np.random.default_rng(2).random((33, 34, 2)) * 8 + 1
    rule = {"method": "percentile", "per": per, "percentile": 99.0}
    plain, _ = sliced(loaded(array), normalise=rule)
    changed, _ = sliced(loaded(gain * array + offset), normalise=rule)
    # float32 keeps 2^-24 of the largest value, of which the range is at least gain * 7.
    tolerance = 4 * 2.0**-24 * (9 * gain + abs(offset)) / (7 * gain)
    for index in plain:
        np.testing.assert_allclose(changed[index], plain[index], atol=tolerance + 1e-6)


def test_none_takes_values_in_0_to_1_only():
    with pytest.raises(InputError, match="reach from 0 to 2"):
        sliced(loaded(np.linspace(0, 2, 40**3).reshape(40, 40, 40)))


@pytest.mark.parametrize("value", [0, 1, -7])
def test_a_constant_volume_is_refused(value):
    with pytest.raises(InputError, match="constant"):
        sliced(loaded(np.full((40, 40, 40), value)), normalise=MINMAX)


def test_percentiles_with_the_same_value_are_refused():
    array = np.zeros((40, 40, 40))
    array[0, 0, 0] = 1
    with pytest.raises(InputError, match=r"99.8 % of its voxels are 0; set normalise.method to minmax"):
        slice_volume(loaded(array))


@pytest.mark.parametrize("per", ["volume", "slice"])
def test_a_picture_of_8_bits_keeps_its_values_whatever_it_shows(per):
    """A picture without black or white is not stretched, so its scores are those that the field prints."""
    array = RNG.integers(40, 200, (40, 40, 2)).astype(np.float32)
    slices, metadata = slice_volume(loaded(array), empty=ALL, normalise={"method": "byte", "per": per})
    np.testing.assert_array_equal(slices[1][0], array[..., 1] / np.float32(255))
    assert metadata["intensity"] == {"low": 0.0, "high": 255.0}


@pytest.mark.parametrize("value", [-1, 256])
def test_a_picture_of_more_than_8_bits_is_refused(value):
    array = RNG.integers(0, 256, (40, 40, 2)).astype(np.float32)
    array[0, 0, 0] = value
    with pytest.raises(InputError, match=r"normalise.method: byte takes \[0, 255\] only"):
        slice_volume(loaded(array), empty=ALL, normalise={"method": "byte"})


# ---- empty slices -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("per", ["volume", "slice"])
def test_slices_with_too_few_bright_pixels_are_left_out(per):
    array = RNG.random((40, 40, 3)) * 0.01
    array[:20, :, 0] = 1
    array[:3, :, 1] = 1
    rule = {"empty": {"threshold": 0.1, "fraction": 0.1}, "normalise": MINMAX | {"per": per}}
    assert list(slice_volume(loaded(array), **rule)[0]) == [0]
    assert list(slice_volume(loaded(array), **(rule | {"empty": {"threshold": 0.1, "fraction": 0.07}}))[0]) == [0, 1]


def test_a_volume_of_empty_slices_is_refused():
    array = np.zeros((40, 40, 40))
    array[0, 0, :] = np.arange(40)
    with pytest.raises(InputError, match=r"slices\.empty"):
        slice_volume(loaded(array), normalise=MINMAX)


def test_a_count_is_of_the_slices_that_are_not_empty():
    array = np.zeros((40, 40, 40))
    array[..., 10:30] = RNG.random((40, 40, 20)) + 0.5
    slices, _ = slice_volume(loaded(array), normalise=MINMAX, count=5)
    assert list(slices) == [12, 16, 20, 24, 28]


# ---- crops ------------------------------------------------------------------------------------------------------


@settings(max_examples=30, deadline=None)
@given(multiple=st.integers(1, 7), height=st.integers(33, 50), width=st.integers(33, 50), axis=st.integers(0, 2))
def test_a_crop_is_central_a_multiple_and_every_voxel_keeps_its_place_in_the_world(multiple, height, width, axis):
    shape = tuple(np.insert([height, width], axis, 2))
    affine = np.array([[0.0, -0.9, 0.1, 40], [0.1, 0.0, 1.5, -30], [0.8, 0.0, 0.0, 7], [0, 0, 0, 1]])
    world = np.moveaxis(np.indices(shape), 0, -1) @ affine[:3, :3].T + affine[:3, 3]
    # The world coordinates, as three colours: every cropped pixel says where it was.
    colour = loaded((world + 100) / 300, affine)
    slices, metadata = slice_volume(colour, axis=axis, empty=ALL, normalise=RAW, multiple=multiple, minimum=16)
    image = slices[1]
    for side, full in zip(image.shape[1:], (height, width), strict=True):
        assert side % multiple == 0
        assert 0 <= full - side < multiple
    first = np.insert([(height - image.shape[1]) // 2, (width - image.shape[2]) // 2], axis, 1)
    np.testing.assert_array_equal(image[:, 0, 0], colour.array[tuple(first)])
    for row, column in ((0, 0), (image.shape[1] - 1, image.shape[2] - 1)):
        place = np.array(metadata["affine"]) @ [*np.insert([row, column], axis, 1), 1]
        np.testing.assert_allclose(place[:3], image[:, row, column] * 300.0 - 100, atol=1e-4)
    np.testing.assert_allclose(metadata["spacing"], np.linalg.norm(affine[:3, :3], axis=0))


def test_too_small_slices_are_refused():
    with pytest.raises(InputError, match="20 x 44 pixels, too small"):
        sliced(cube((20, 44, 48)))
    assert sliced(cube((20, 44, 48)), axis=0)[0]
    with pytest.raises(InputError, match="too small"):
        sliced(cube((34, 44, 48)), multiple=20)


# ---- masks ------------------------------------------------------------------------------------------------------


def test_outside_the_mask_is_0_and_the_range_is_that_inside():
    array = RNG.random((40, 40, 4))
    array[0, 0, 0] = 1000
    inside = np.zeros((40, 40, 4))
    inside[10:30, 10:30, :3] = 1
    slices, metadata = slice_volume(loaded(array), mask=loaded(inside), normalise=MINMAX)
    assert list(slices) == [0, 1, 2]
    assert metadata["intensity"]["high"] == pytest.approx(array[10:30, 10:30, :3].max())
    for image in slices.values():
        assert not image[0][inside[..., 0] == 0].any()


@pytest.mark.parametrize(
    ("mask", "words"),
    [
        (loaded(np.ones((40, 44, 47))), "another size"),
        (loaded(np.zeros((40, 44, 48))), "empty"),
        (loaded(np.ones((40, 44, 48)), np.diag([-1, 1, 1, 1])), "another affine"),
    ],
)
def test_a_mask_that_does_not_belong_to_the_volume_is_refused(mask, words):
    with pytest.raises(InputError, match=words):
        sliced(cube(), mask=mask)


# ---- the stage --------------------------------------------------------------------------------------------------


def test_the_stage_writes_a_slices_file_in_which_the_manifests_row_overrules_the_study(tmp_path):
    array = RNG.random((33, 40, 36)).astype(np.float32)
    nib.save(nib.Nifti1Image(array, np.diag([1, 2, 3, 1.0])), tmp_path / "a.nii")
    row = Volume("ann", tmp_path / "a.nii", "train", axis="sagittal", slices="3:8")
    study = {"axis": "axial", "range": "0:1", "count": 3, "multiple": 2, "minimum": 32, "empty": ALL, "normalise": RAW}
    for name in ("one", "two"):
        slice_stage(row, tmp_path / name, settings=study, identity="x")
    slices, metadata = load_slices(tmp_path / "one")
    assert list(slices) == [4, 6, 8]
    np.testing.assert_array_equal(slices[6][0], array[6])
    assert metadata["identity"] == "x"
    assert metadata["subject"] == "ann"
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_the_stage_names_subject_and_file_of_a_problem(tmp_path):
    with pytest.raises(InputError, match=r"subject 'ann': .*a\.nii: does not exist"):
        slice_stage(Volume("ann", tmp_path / "a.nii", "train"), tmp_path / "out", settings={}, identity="x")
