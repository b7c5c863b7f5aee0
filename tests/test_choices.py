"""Choosing one of several images or series: whatever a message offers, a manifest accepts, and it names one image."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.volumes import _bids, _dicom_files
from mrisr.volumes.choices import SHOWN, Undecided
from mrisr.volumes.files import volume_files
from mrisr.volumes.manifest import read_manifest
from mrisr.volumes.row import AXES, KINDS, SPLITS
from pydicom.dataset import Dataset

SUBJECT, SESSION = ["sub-01", "sub-1", "sub-01 "], ["", "ses-1/", "ses-1 b/"]
ENTITIES = [
    "",
    "run-1_",
    "run-2_",
    "part-mag_",
    "part-phase_",
    "acq-a.b_",
    "desc-M\u00fc_",
    "desc-Mu\u0308_",
    "x:y_",
    "_",
]
SUFFIX = ["T1w", "T2w", "defacemask", "bold", "T1w ", "T1w.nii", "T1w\n", "T1w\u2028", ""]
ENDS = [".nii", ".nii.gz", ".NII.GZ", ".nii.nii.gz", ".json"]
FOLDERS = ["anat/", "func/", "", "derivatives/", ".hidden/"]


@st.composite
def names(draw):
    """The relative path of a file in a dataset, from parts that meet each other often."""
    pick = [draw(st.sampled_from(parts)) for parts in (SUBJECT, SESSION, FOLDERS, ENTITIES, SUFFIX, ENDS)]
    subject, session, folder, entity, suffix, end = pick
    return f"{subject}/{session}{folder}{subject}_{entity}{suffix}{end}"


SELECTIONS = st.one_of(
    st.none(),
    st.sampled_from(
        ["T1w", "sub-01", "sub-01/T1w", "sub-01/anat/T1w", "anat/run-2", "func/bold", "nothing", "sub-01/"]
    ),
    names().map(lambda name: name.rpartition(".nii")[0] or name),
)


def dataset(root, files):
    for name in files:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()
    return root


def kind_from_manifest(folder, kind):
    """What a manifest gives for a kind that somebody has copied into it."""
    (folder / "m.tsv").write_text(f"subject\tpath\tsplit\tkind\nann\tdata\ttrain\t{kind}\n", encoding="utf-8")
    return read_manifest(folder / "m.tsv")[0].kind


def chosen(root, kind):
    """The image that a kind from a manifest chooses."""
    return _bids.choose_image(root, kind.partition(":")[2] or None)


@settings(max_examples=100, deadline=None)
@given(files=st.lists(names(), min_size=1, max_size=9, unique=True), selection=SELECTIONS)
def test_every_choice_that_a_message_offers_chooses_exactly_one_image(files, selection):
    with tempfile.TemporaryDirectory() as folder:
        root = dataset(Path(folder) / "data", files)
        try:
            assert _bids.choose_image(root, selection).is_file()
            return
        except Undecided as error:
            choices, line = error.choices, error.line("mask_kind")
        except InputError as error:
            choices, line = [], str(error)
        assert line.count("\n") == 0
        assert all(choice in line for choice in choices[:SHOWN])
        assert ("set mask_kind to one of bids:" in line) == bool(choices)
        found = [chosen(root, kind_from_manifest(Path(folder), choice)) for choice in choices]
        assert len(set(found)) == len(choices), "each choice names an image of its own"
        assert all(image.is_file() for image in found)


@settings(max_examples=60, deadline=None)
@given(files=st.lists(names(), min_size=1, max_size=9, unique=True))
def test_every_image_whose_name_a_manifest_can_hold_is_offered(files):
    with tempfile.TemporaryDirectory() as folder:
        root = dataset(Path(folder) / "data", files)
        raw = {
            root / name
            for name in files
            if name.lower().endswith((".nii", ".nii.gz"))
            and not name.startswith(_bids.NOT_RAW)
            and ".hidden" not in name
            and not {"\n", "\u2028"} & set(name)
        }
        try:
            _bids.choose_image(root, "no-such_thing")
        except Undecided as error:
            offered = error.choices
        except InputError:
            offered = []
        assert {chosen(root, choice) for choice in offered} == raw


NAMES = {
    "one beside its second run": ["anat/sub-01_T1w.nii.gz", "anat/sub-01_run-2_T1w.nii.gz"],
    "packed and not": ["anat/sub-01_T1w.nii", "anat/sub-01_T1w.nii.gz"],
    "upper and lower case": ["anat/sub-01_T1w.nii.gz", "anat/sub-01_T1w.NII.GZ"],
    "two Unicode forms": ["anat/sub-01_acq-M\u00fc_T1w.nii", "anat/sub-01_acq-Mu\u0308_T1w.nii"],
    "a name inside a name": ["anat/sub-01_T1w.nii", "anat/sub-01_T1w.nii.nii.gz"],
}


@pytest.mark.parametrize("name", NAMES)
def test_of_two_images_that_fit_each_can_be_chosen(tmp_path, name):
    files = [f"sub-01/{file}" for file in NAMES[name]]
    root = dataset(tmp_path / "data", files)
    with pytest.raises(Undecided) as caught:
        _bids.choose_image(root, "nothing")
    kinds = [kind_from_manifest(tmp_path, choice) for choice in caught.value.choices]
    assert {chosen(root, kind) for kind in kinds} == {root / file for file in files}
    assert [volume_files(root, kind) for kind in kinds] == [[chosen(root, kind)] for kind in kinds]


@pytest.mark.parametrize("name", ["sub-01_T1w", "sub-01_T1w.nii.gz"])
def test_a_whole_name_chooses_its_image_with_or_without_its_suffix(tmp_path, name):
    root = dataset(tmp_path, [f"sub-01/anat/sub-01_{part}T1w.nii.gz" for part in ("", "run-2_")])
    assert _bids.choose_image(root, f"sub-01/anat/{name}") == root / "sub-01/anat/sub-01_T1w.nii.gz"


def test_a_name_in_another_unicode_form_is_the_same_name(tmp_path):
    root = dataset(tmp_path, [f"sub-01/anat/sub-01_acq-{name}_T1w.nii.gz" for name in ("Mu\u0308ller", "other")])
    for selection in ("sub-01/anat/sub-01_acq-M\u00fcller_T1w", "acq-M\u00fcller_T1w"):
        assert "Mu\u0308ller" in _bids.choose_image(root, selection).name


@pytest.mark.parametrize(
    "name", ["part-phase_T1w", "part-imag_T2w", "defacemask", "mod-T1w_defacemask", "T1map", "dseg"]
)
def test_what_is_no_anatomical_scan_is_not_taken_for_one(tmp_path, name):
    root = dataset(tmp_path, [f"sub-01/anat/sub-01_{name}.nii.gz"])
    for selection in (None, "sub-01", "sub-01/anat/"):
        with pytest.raises(Undecided) as caught:
            _bids.choose_image(root, selection)
        assert caught.value.choices == [f"bids:sub-01/anat/sub-01_{name}"], "it is offered, and has to be meant"
    assert _bids.choose_image(root, name).name == f"sub-01_{name}.nii.gz"


def test_the_magnitude_is_the_scan_and_the_phase_has_to_be_named(tmp_path):
    files = {part: f"sub-01/anat/sub-01_part-{part}_T1w.nii.gz" for part in ("mag", "phase")}
    root = dataset(tmp_path, [*files.values(), "sub-01/func/sub-01_task-rest_bold.nii.gz"])
    for selection in (None, "sub-01", "T1w", "sub-01/anat/T1w"):
        assert _bids.choose_image(root, selection) == root / files["mag"]
    assert _bids.choose_image(root, "part-phase_T1w") == root / files["phase"]
    assert _bids.choose_image(root, "func/task-rest").name == "sub-01_task-rest_bold.nii.gz"


def test_images_that_fit_best_are_offered_first(tmp_path):
    root = dataset(tmp_path, [f"sub-{n:02}/anat/sub-{n:02}_T1w.nii.gz" for n in range(1, 40)])
    with pytest.raises(Undecided) as caught:
        _bids.choose_image(root, "sub-37/anat/T2w")
    assert caught.value.choices[0] == "bids:sub-37/anat/sub-37_T1w"
    assert str(caught.value).endswith(f" and {39 - SHOWN} more")


def test_an_image_whose_name_no_manifest_can_hold_is_not_offered(tmp_path):
    root = dataset(tmp_path, ["sub-01/anat/sub-01_T1w.nii.gz", "sub-01/anat/sub-01_acq-\n_T1w.nii.gz"])
    with pytest.raises(Undecided) as caught:
        _bids.choose_image(root, None)
    assert caught.value.choices == ["bids:sub-01/anat/sub-01_T1w"]
    odd = dataset(tmp_path / "odd", [f"sub-01/anat/sub-01_acq-{letter}_T1w.nii.gz" for letter in "\n\t"])
    with pytest.raises(InputError, match="rename them"):
        _bids.choose_image(odd, None)


@given(
    uids=st.lists(
        st.one_of(st.none(), st.just(""), st.text("0123456789. \t\r\n\0\x85/:", max_size=6), st.just("1.2.840.1")),
        min_size=1,
        max_size=6,
    ),
    wanted=st.one_of(st.none(), st.just("9.9.9")),
)
@settings(max_examples=80, deadline=None)
def test_every_dicom_series_that_a_message_offers_can_be_chosen(uids, wanted):
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        series = Path(folder) / "data"
        series.mkdir()
        headers = {}
        for number, uid in enumerate(uids):
            file = series / f"{number:02}.dcm"
            file.write_bytes(bytes(128) + b"DICM")
            headers[file] = Dataset()
            if uid is not None:
                headers[file]["SeriesInstanceUID"] = _element(uid)
        patch.setattr(_dicom_files, "read_header", lambda file, *more: headers[file])
        try:
            assert len(_dicom_files.series_of(series, wanted, 1.0)[0]) == len(uids)
            return
        except Undecided as error:
            choices = error.choices
        kinds = [kind_from_manifest(Path(folder), choice) for choice in choices]
        found = [set(_dicom_files.series_of(series, kind.partition(":")[2], 1.0)[0]) for kind in kinds]
        assert sum(map(len, found)) == len(set().union(*found)) == len(uids), "together they are all files, each once"


def _element(uid):
    from pydicom.dataelem import DataElement

    return DataElement("SeriesInstanceUID", "UI", uid, validation_mode=0)


ALLOWED = {"kind": KINDS, "lr_kind": KINDS, "mask_kind": KINDS, "split": SPLITS, "axis": AXES}


@pytest.mark.parametrize("column", ALLOWED)
def test_every_value_that_a_message_allows_is_read(tmp_path, column):
    row = {"subject": "ann", "path": "a", "lr_path": "b", "mask": "c", "split": "train", column: "wrong"}

    def read(value):
        cells = row | {column: value}
        (tmp_path / "m.tsv").write_text("\t".join(cells) + "\n" + "\t".join(cells.values()) + "\n")
        return getattr(read_manifest(tmp_path / "m.tsv")[0], column)

    with pytest.raises(InputError) as caught:
        read("wrong")
    allowed = caught.value.problems[0].rpartition("allowed: ")[2].rstrip(")").split(", ")
    assert sorted(allowed) == sorted(ALLOWED[column])
    assert [read(value) for value in allowed] == allowed


def test_every_column_that_a_message_allows_is_one(tmp_path):
    (tmp_path / "m.tsv").write_text("subject\tpath\tsplit\twrong\nann\ta\ttrain\t\n")
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "m.tsv")
    allowed = caught.value.problems[0].rpartition("allowed: ")[2].rstrip(")").split(", ")
    (tmp_path / "m.tsv").write_text("\t".join(allowed) + "\n" + "\t".join("x" * len(allowed)) + "\n")
    with pytest.raises(InputError) as caught:
        read_manifest(tmp_path / "m.tsv")
    assert not any(" column " in line for line in caught.value.problems)
