"""The columns lr_path and mask name one of several series or images as the column path does."""

from __future__ import annotations

import json
from dataclasses import replace

import nibabel as nib
import numpy as np
import pytest
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.registration.stage import register_stage
from mrisr.study.validation import load_study
from mrisr.volumes.check import check_volumes
from mrisr.volumes.manifest import read_manifest
from mrisr.volumes.row import ROLES, Volume
from mrisr.volumes.slicing import NORMALISE, slice_stage
from project import Project
from test_check import SETTINGS
from test_readers import write_dicom
from test_scanned import STUDY, SUBJECTS, write_scans

SHAPE = (40, 44, 12)


@pytest.fixture
def bids(tmp_path):
    """A dataset with a scan, a rescan and two masks; voxels of the masks are those of the halves in x and in y."""
    rng = np.random.default_rng(0)
    halves = np.zeros((2, *SHAPE), np.int16)
    halves[0, :20], halves[1, :, :22] = 1, 1
    arrays = {"T1w": rng.integers(1, 1000, SHAPE).astype(np.int16), "run-2_T1w": rng.integers(1, 1000, SHAPE)}
    arrays |= {"desc-x_mask": halves[0], "desc-y_mask": halves[1]}
    folder = tmp_path / "bids/sub-01/anat"
    folder.mkdir(parents=True)
    for name, array in arrays.items():
        nib.save(nib.Nifti1Image(array.astype(np.int16), np.diag([1, 1.5, 2, 1.0])), folder / f"sub-01_{name}.nii.gz")
    (tmp_path / "bids/dataset_description.json").write_text(json.dumps({"Name": "x", "BIDSVersion": "1.9.0"}))
    return tmp_path / "bids"


def problem(row, **changes):
    with pytest.raises(InputError) as caught:
        check_volumes([replace(row, **changes)], SETTINGS, None)
    (line,) = caught.value.problems
    return line


def offered(line, column):
    """The choices of a message, and that it names the column."""
    before, _, choices = line.partition(f"; set {column} to one of ")
    assert choices, line
    return before, choices.split(", ")


@pytest.mark.parametrize("role", ROLES)
def test_each_column_names_its_kind_and_accepts_what_it_offers(bids, role, tmp_path):
    base = {"path": bids, "kind": "bids:sub-01/anat/sub-01_T1w", "lr_path": None, "mask": None} | {role: bids}
    row = Volume("ann", split="train", **base)
    wrong = "bids:desc-x" if role == "mask" else "bids:T1w"
    before, choices = offered(problem(row, **{ROLES[role]: wrong}), ROLES[role])
    assert before.startswith(
        f"volumes.tsv: subject 'ann' ({'' if role == 'path' else role + ' '}{bids}): the BIDS data"
    )
    choices = [c for c in choices if ("mask" in c) == (role == "mask")]
    assert len(choices) == 2
    for choice in choices:
        assert check_volumes([replace(row, **{ROLES[role]: choice})], SETTINGS, None)


def test_a_mask_is_chosen_in_the_folder_of_its_volume(bids, tmp_path):
    from mrisr.arrays import load_slices

    kept = []
    for choice in ("desc-x_mask", "desc-y_mask"):
        row = Volume("ann", bids, "train", kind="bids:sub-01/anat/sub-01_T1w", mask=bids, mask_kind=f"bids:{choice}")
        slice_stage(row, tmp_path / choice, settings=SETTINGS | {"empty": {"threshold": 0.0}}, identity="x")
        kept.append(next(iter(load_slices(tmp_path / choice)[0].values()))[0] > 0)
    assert kept[0][:20].mean() > 0.9
    assert not kept[0][20:].any()
    assert kept[1][:, :22].mean() > 0.9
    assert not kept[1][:, 22:].any()


def test_a_low_resolution_series_is_chosen_among_several(bids, tmp_path):
    series = write_dicom(tmp_path / "scans", [0.0, 2.0, 4.0], uid="1.2.3")
    write_dicom(series, [0.0, 2.0], uid="1.2.4", prefix="t")
    row = Volume("ann", bids, "train", kind="bids:sub-01/anat/sub-01_T1w", lr_path=series)
    before, choices = offered(problem(row), "lr_kind")
    assert before.endswith(f"(lr_path {series}): holds 2 DICOM series")
    assert choices == ["dicom:1.2.3", "dicom:1.2.4"]
    for choice in choices:
        assert check_volumes([replace(row, lr_kind=choice)], SETTINGS, None)
    assert "holds no DICOM series '1.2.5'" in problem(row, lr_kind="dicom:1.2.5")


# ---- in a study -------------------------------------------------------------------------------------------------


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A study on scans in which cleo's scan, mask and low-resolution scan are three images of one BIDS folder."""
    project = Project(tmp_path, STUDY, SUBJECTS)
    for number, subject in enumerate(SUBJECTS):
        write_scans(project, subject, number)
    anat = tmp_path / "data/bids/sub-01/anat"
    anat.mkdir(parents=True)
    for name, source in (
        ("acq-high_T1w", "cleo.nii"),
        ("acq-low_T1w", "cleo-lr.nii"),
        ("acq-other_T1w", "dora-lr.nii"),
    ):
        nib.save(nib.load(tmp_path / "data" / source), anat / f"sub-01_{name}.nii.gz")
    sharp = nib.load(tmp_path / "data/cleo.nii")
    nib.save(nib.Nifti1Image(np.ones(sharp.shape, np.uint8), sharp.affine), anat / "sub-01_desc-brain_mask.nii.gz")
    (tmp_path / "data/bids/dataset_description.json").write_text("{}")
    monkeypatch.chdir(tmp_path)
    return project


CHOICES = {"kind": "bids:acq-high_T1w", "lr_kind": "bids:acq-low_T1w", "mask_kind": "bids:desc-brain_mask"}


def manifest(project, **changes):
    columns = ("subject", "split", "path", "kind", "lr_path", "lr_kind", "mask", "mask_kind")
    rows = [(name, split, f"data/{name}.nii", "", "", "", "", "") for name, split in SUBJECTS.items()]
    kinds = CHOICES | changes
    folder = "data/bids"
    rows[2] = ("cleo", "test", folder, kinds["kind"], folder, kinds["lr_kind"], folder, kinds["mask_kind"])
    rows[3] = ("dora", "test", "data/dora.nii", "", "data/dora-lr.nii", changes.get("dora", ""), "", "")
    text = "\n".join("\t".join(row) for row in (columns, *rows)) + "\n"
    (project.folder / "data/volumes.tsv").write_text(text)


def identities(project, **changes):
    manifest(project, **changes)
    plan = Plan(load_study("config.yaml"))
    jobs = {(job.stage, job.wildcards.get("subject")): job.identity for job in plan.jobs()}
    return {key: value for key, value in jobs.items() if key[0] in ("check", "slice", "register")}


def changed(before, after):
    assert set(before) == set(after)
    return {key for key in before if before[key] != after[key]}


def test_another_choice_reruns_what_reads_it_and_no_other_job(project):
    before = identities(project)
    low = identities(project, lr_kind="bids:acq-other_T1w")
    assert changed(before, low) == {("check", None), ("register", "cleo")}
    mask = identities(project, mask_kind="bids:acq-high_T1w")
    assert changed(before, mask) == {("check", None), ("slice", "cleo"), ("register", "cleo")}
    assert identities(project) == before


def test_a_kind_that_applies_anyway_reruns_nothing(project):
    before = identities(project)
    assert changed(before, identities(project, dora="nifti")) == set()


def test_every_image_of_a_folder_counts_for_the_job_that_reads_it(project):
    before = identities(project)
    image = project.folder / "data/bids/sub-01/anat/sub-01_desc-brain_mask.nii.gz"
    array = np.asanyarray(nib.load(image).dataobj).copy()
    array[0, 0, 0] = 0
    nib.save(nib.Nifti1Image(array, nib.load(image).affine), image)
    assert changed(before, identities(project)) == {("check", None), ("slice", "cleo"), ("register", "cleo")}


def test_three_images_of_one_folder_are_cut_and_registered_as_the_same_files_by_name(project, tmp_path):
    from mrisr.arrays import load_slices

    manifest(project)
    row = next(v for v in read_manifest("data/volumes.tsv") if v.subject == "cleo")
    anat = project.folder / "data/bids/sub-01/anat"
    named = Volume(
        "cleo",
        anat / "sub-01_acq-high_T1w.nii.gz",
        "test",
        lr_path=anat / "sub-01_acq-low_T1w.nii.gz",
        mask=anat / "sub-01_desc-brain_mask.nii.gz",
    )
    settings = SETTINGS | {"axis": 2, "range": "3:4", "normalise": NORMALISE}
    found = []
    for name, volume in (("a", row), ("b", named)):
        slice_stage(volume, tmp_path / f"{name}.hr", settings=settings, identity="x")
        options = {"denoise": "none", "iterations": 2}
        register_stage(
            volume,
            tmp_path / f"{name}.hr",
            tmp_path / f"{name}.lr",
            scale=2,
            slices=settings,
            options=options,
            identity="x",
        )
        found += [load_slices(tmp_path / f"{name}.{end}")[0] for end in ("hr", "lr")]
    for one, other in zip(found[:2], found[2:], strict=True):
        assert list(one) == list(other) == [3, 4]
        assert all(np.array_equal(one[k], other[k]) for k in one)
