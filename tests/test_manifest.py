"""The manifest: what its cells mean, and every problem of it at once."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.study.subjects import Subjects
from mrisr.study.validation import validate
from mrisr.volumes.manifest import COLUMNS, Volume, quota, read_manifest

GOOD = [("ann", "a.nii", "train"), ("bob", "b.nii", "validation"), ("cat", "c.nii", "test")]


def written(tmp_path, rows, columns=("subject", "path", "split")):
    path = tmp_path / "volumes.tsv"
    path.write_text("\n".join("\t".join(row) for row in (columns, *rows)) + "\n")
    return path


def problems(path, **options):
    with pytest.raises(InputError) as caught:
        read_manifest(path, **options)
    return caught.value.problems


def test_missing_columns_and_empty_cells_are_defaults(tmp_path):
    path = written(tmp_path, [("ann", "a.nii", "train", "", "")], ("subject", "path", "split", "axis", "group"))
    assert read_manifest(path) == [Volume("ann", Path("a.nii"), "train")]
    assert read_manifest(path)[0].group == "main"
    assert read_manifest(path)[0].mask is None


def test_every_column_reaches_the_volume(tmp_path):
    row = ("ann", "d/a.nii", "test", "human", "low", "dicom:1.2", "masks", "bids:sub-01/mask", "coronal", "10:20:2")
    row += ("bids:sub-01/T1w", "CC0", "our scanner")
    (volume,) = read_manifest(written(tmp_path, [row], COLUMNS))
    paths = {"path": Path("d/a.nii"), "lr_path": Path("low"), "mask": Path("masks")}
    assert vars(volume) == dict(zip(COLUMNS, row, strict=True)) | paths


def test_comments_blank_lines_windows_ends_and_a_byte_order_mark_are_no_rows(tmp_path):
    text = "\ufeff# ours\r\n\r\nsubject\tpath\tsplit\r\n# more\r\nann\ta.nii\ttrain\r\n"
    (tmp_path / "volumes.tsv").write_bytes(text.encode())
    assert [volume.subject for volume in read_manifest(tmp_path / "volumes.tsv")] == ["ann"]


def test_the_order_of_the_file_is_kept(tmp_path):
    assert [v.subject for v in read_manifest(written(tmp_path, GOOD[::-1]))] == ["cat", "bob", "ann"]


def test_all_problems_come_at_once_with_their_lines(tmp_path):
    rows = [("ann", "a.nii", "training"), ("b/b", "b.nii", "test"), ("cat", "", "test"), ("", "d.nii", "train")]
    found = problems(written(tmp_path, rows))
    expected = ["did you mean 'train'", "'b/b'", "its path is missing", "its subject is missing"]
    assert len(found) == len(expected)
    for line, (problem, words) in enumerate(zip(found, expected, strict=True), start=2):
        assert problem.startswith(f"{tmp_path / 'volumes.tsv'}:{line}: ")
        assert words in problem


def test_wrong_cells_name_what_is_allowed(tmp_path):
    columns = ("subject", "path", "split", "axis", "slices", "kind")
    rows = [("a", "a.nii", "train", "axal", "9:3", "niftii"), ("b", "b.nii", "test", "1", "0.2:0.8:2", "dicom:1.2.3")]
    found = problems(written(tmp_path, rows, columns))
    assert all(":2: subject 'a'" in problem for problem in found)
    assert [words in problem for problem, words in zip(found, ("'axial'", "'nifti'", "first:last"), strict=True)]


def test_an_unknown_column_names_the_nearest(tmp_path):
    (problem,) = problems(written(tmp_path, [(*GOOD[0], "x")], ("subject", "path", "split", "grup")))
    assert ":1:" in problem
    assert "did you mean 'group'" in problem


def test_a_missing_column_and_a_column_named_twice_are_problems(tmp_path):
    found = problems(written(tmp_path, [("ann", "a.nii", "x")], ("subject", "path", "path")))
    assert len(found) == 2


def test_a_row_with_more_cells_than_columns_is_a_problem(tmp_path):
    assert "5 cells" in problems(written(tmp_path, [(*GOOD[0], "", "x")]))[0]


@pytest.mark.parametrize(
    "content", [b"", b"# only a comment\n", b"subject\tpath\tsplit\n", b"\xff\xfe\x00", b"a,b,c\n1,2,3\n"]
)
def test_a_file_that_is_no_table_is_one_problem(tmp_path, content):
    (tmp_path / "volumes.tsv").write_bytes(content)
    assert len(problems(tmp_path / "volumes.tsv")) == 1


def test_a_manifest_that_is_not_there_is_one_problem(tmp_path):
    assert "No such file" in problems(tmp_path / "volumes.tsv")[0]


def test_a_subject_stands_in_a_split_once(tmp_path):
    (problem,) = problems(written(tmp_path, [*GOOD, ("ann", "other.nii", "train")]), allow_leakage=True)
    assert ":5: subject 'ann'" in problem
    assert "line 2" in problem


def test_a_subject_in_two_splits_is_leakage(tmp_path):
    (problem,) = problems(written(tmp_path, [*GOOD, ("ann", "other.nii", "test")]))
    assert ":5: subject 'ann' is in the split 'test' and, in line 2, in 'train'" in problem


def test_a_file_of_two_subjects_in_two_splits_is_leakage_however_its_path_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    (problem,) = problems(written(tmp_path, [*GOOD, ("dan", "link/./a.nii", "test")]))
    assert "'dan'" in problem
    assert "'ann'" in problem
    assert read_manifest(written(tmp_path, [*GOOD, ("dan", "a.nii", "train")]))


def test_two_images_of_one_bids_folder_are_two_files(tmp_path):
    rows = [("a", "data", "train", "bids:sub-1/T1w"), ("b", "data", "test", "bids:sub-2/T1w")]
    assert len(read_manifest(written(tmp_path, rows, ("subject", "path", "split", "kind")))) == 2


@pytest.mark.parametrize(
    ("kind", "other"),
    [("", "nifti"), ("bids:sub-1/T1w", "bids:sub-1/anat/sub-1_T1w"), ("bids", "bids:sub-1/anat/sub-1_T1w.nii")],
)
def test_one_image_is_one_however_its_kind_is_written(tmp_path, kind, other):
    image = tmp_path / "data/sub-1/anat/sub-1_T1w.nii"
    image.parent.mkdir(parents=True)
    image.write_bytes(b"x")
    path = str(tmp_path / "data") if kind else str(image)
    rows = [("a", path, "train", kind), ("b", path, "test", other)]
    (problem,) = problems(written(tmp_path, rows, ("subject", "path", "split", "kind")))
    assert "subject 'b': its file" in problem
    assert "in line 2 for subject 'a', in 'train'" in problem


def test_hard_links_are_one_file(tmp_path):
    (tmp_path / "a.nii").write_bytes(b"x")
    os.link(tmp_path / "a.nii", tmp_path / "b.nii")
    rows = [("a", str(tmp_path / "a.nii"), "train"), ("b", str(tmp_path / "b.nii"), "test")]
    assert "subject 'b': its file" in problems(written(tmp_path, rows))[0]


@pytest.mark.parametrize(
    ("one", "other", "shared"),
    [
        ("pictures:a_?.png", "pictures:b_?.png", False),
        ("pictures:a_?.png", "pictures:*_1.png", True),
        ("pictures:!b*", "", True),
        ("pictures", "", True),
    ],
)
def test_two_patterns_are_two_volumes_unless_they_pick_the_same_picture(tmp_path, one, other, shared):
    for name in ("a_1.png", "a_2.png", "b_1.png"):
        (tmp_path / name).write_bytes(b"x")
    rows = [("a", str(tmp_path), "train", one), ("b", str(tmp_path), "test", other)]
    path = written(tmp_path.parent, rows, ("subject", "path", "split", "kind"))
    if shared:
        (line,) = problems(path)
        assert "subject 'b': its file" in line
    else:
        assert len(read_manifest(path)) == 2


@pytest.mark.parametrize(("kind", "of"), [("lr_kind", "lr_path"), ("mask_kind", "mask")])
def test_the_kinds_of_scans_and_masks_are_checked_as_the_volumes_is(tmp_path, kind, of):
    row = {"subject": "ann", "path": "a.nii", "split": "train", of: "b", kind: "niftii"}
    assert (
        f"{kind} 'niftii' (did you mean 'nifti'?" in problems(written(tmp_path, [tuple(row.values())], tuple(row)))[0]
    )
    row[of] = ""
    row[kind] = "dicom:1.2"
    (line,) = problems(written(tmp_path, [tuple(row.values())], tuple(row)))
    assert f"{kind} is set and {of} is empty" in line


@pytest.mark.parametrize("kind", ["bids:", "bids:/", "dicom:", "pictures:", "pictures:!", "nifti:1", "BIDS"])
def test_a_choice_that_chooses_nothing_is_told(tmp_path, kind):
    row = (*GOOD[0], kind)
    (line,) = problems(written(tmp_path, [row], ("subject", "path", "split", "kind")))
    assert f"kind {kind!r} (" in line


# ---- names that do harm -----------------------------------------------------------------------------------------


def subjects(tmp_path, rows, columns=("subject", "path", "split"), **keys):
    path = written(tmp_path, rows, columns)
    study = {"study": "s", "volumes": str(path), "degradations": ["mean"], "architectures": ["srcnn"], "losses": ["l1"]}
    return Subjects(validate(study | keys, source="s"))


def three(tmp_path, name):
    """Rows of three subjects, of which the first has a file of this name."""
    for other in ("b.nii", "c.nii"):
        (tmp_path / other).write_bytes(b"x" + other.encode())
    return [(subject, str(tmp_path / file), split) for (subject, file, split) in [("ann", name, "train"), *GOOD[1:]]]


@pytest.mark.parametrize("letter", ["\x85", "\u2028", "\u2029", "\x1c", "\x0b"])
def test_a_letter_that_ends_a_line_for_some_programs_is_told_in_its_line(tmp_path, letter):
    path = tmp_path / "volumes.tsv"
    path.write_text(f"subject\tpath\tsplit\nann\ta{letter}b.nii\ttrain\n", encoding="utf-8")
    (line,) = problems(path)
    assert line.startswith(f"{path}:2: subject 'ann': path ")
    assert "rename" in line
    assert line.isprintable()


def test_a_path_over_two_lines_is_told_for_each(tmp_path):
    path = tmp_path / "volumes.tsv"
    path.write_text('subject\tpath\tsplit\nann\t"a\nb.nii"\ttrain\n')
    assert all(line.startswith((f"{path}:2: ", f"{path}:3: ")) for line in problems(path))


@pytest.mark.parametrize(
    ("there", "named"),
    [
        ("a.nii ", "a.nii"),
        (" a.nii", "a.nii"),
        ("a.nii\u00a0", "a.nii"),
        ("A.NII", "a.nii"),
        ("Mu\u0308ller.nii", "M\u00fcller.nii"),
        ("M\u00fcller.nii", "Mu\u0308ller.nii"),
        ("a\nb.nii", "a\nb.nii".replace("\n", " ")),
    ],
)
def test_a_name_that_looks_like_another_is_told(tmp_path, there, named):
    (tmp_path / there).write_bytes(b"x")
    with pytest.raises(InputError) as caught:
        subjects(tmp_path, three(tmp_path, named))
    (line,) = caught.value.problems
    assert f"subject 'ann': path: there is no file {tmp_path / named}" in line
    if "\n" not in there:
        assert ascii(str(tmp_path / there)) in line
    assert line.isprintable()


def test_the_part_of_a_path_that_is_missing_is_compared(tmp_path):
    (tmp_path / "Mu\u0308ller").mkdir()
    with pytest.raises(InputError) as caught:
        subjects(tmp_path, three(tmp_path, "M\u00fcller/deep/a.nii"))
    assert "u\\u0308ller'" in caught.value.problems[0]


@pytest.mark.parametrize(
    "name", ["Mu\u0308ller.nii", "M\u00fcller.nii", "a b.nii", "\u8111.nii", "a'b$(c);d.nii", "-a.nii"]
)
def test_an_unusual_name_is_right(tmp_path, name):
    (tmp_path / name).write_bytes(b"voxels")
    found = subjects(tmp_path, three(tmp_path, name))
    assert found.volumes["ann"].path == tmp_path / name
    ((path, digest),) = found.files("ann", "path")
    assert path == str(tmp_path / name)
    assert digest == hashlib.sha256(b"voxels").hexdigest()


def test_a_name_longer_than_the_file_system_takes_is_told(tmp_path):
    with pytest.raises(InputError) as caught:
        subjects(tmp_path, three(tmp_path, "a" * 300))
    assert "cannot be read (File name too long)" in caught.value.problems[0]


def test_a_volume_and_its_mask_in_one_folder_both_count(tmp_path):
    for name, content in (("T1w", b"volume"), ("mask", b"mask")):
        image = tmp_path / f"data/sub-1/anat/sub-1_{name}.nii"
        image.parent.mkdir(parents=True, exist_ok=True)
        image.write_bytes(content)
    columns = ("subject", "path", "split", "kind", "mask", "mask_kind")
    folder = str(tmp_path / "data")
    rows = [(*row, "", "", "") for row in three(tmp_path, "none")]
    rows[0] = ("ann", folder, "train", "bids", folder, "bids:mask")
    files = subjects(tmp_path, rows, columns).files("ann", "path", "mask")
    assert [path for path, _ in files] == [folder, folder]
    assert [list(content.values()) for _, content in files] == [
        [hashlib.sha256(content).hexdigest()] for content in (b"volume", b"mask")
    ]


def glioma(tmp_path, kind, mask_kind):
    """Rows of three patients, of whom the first has slices and masks in one folder."""
    folder = tmp_path / "patient"
    folder.mkdir()
    for name in ("s_1.tif", "s_1_mask.tif"):
        (folder / name).write_bytes(name.encode())
    rows = [(*row, "", "", "") for row in three(tmp_path, "none")]
    return [("ann", str(folder), "train", kind, str(folder), mask_kind), *rows[1:]]


MASKED = ("subject", "path", "split", "kind", "mask", "mask_kind")


def test_only_the_picked_pictures_are_a_volumes_content(tmp_path):
    rows = glioma(tmp_path, "pictures:!*_mask.*", "pictures:*_mask.*")
    files = subjects(tmp_path, rows, MASKED).files("ann", "path", "mask")
    assert [list(content) for _, content in files] == [["patient/s_1.tif"], ["patient/s_1_mask.tif"]]


def test_a_folder_with_masks_and_no_pattern_is_one_line_before_any_job(tmp_path):
    with pytest.raises(InputError) as caught:
        subjects(tmp_path, glioma(tmp_path, "", "pictures:*_mask.*"), MASKED)
    (line,) = caught.value.problems
    assert "subject 'ann': path: " in line
    assert "has masks beside the slices (s_1_mask.tif); set kind to one of pictures:!*_mask.*" in line


def test_with_leakage_allowed_a_subjects_rows_are_volumes_of_their_own(tmp_path):
    path = written(tmp_path, [*GOOD, ("ann", "a.nii", "test"), ("bob", "b.nii", "train")])
    volumes = read_manifest(path, allow_leakage=True)
    assert [(v.subject, v.split) for v in volumes] == [
        ("ann.train", "train"),
        ("bob", "validation"),
        ("cat", "test"),
        ("ann", "test"),
        ("bob.train", "train"),
    ]


@given(total=st.integers(1, 2000), number=st.integers(1, 40))
def test_a_quota_shares_out_everything_as_evenly_as_possible(total, number):
    subjects = [f"s{n}" for n in range(number)]
    if total < number:
        with pytest.raises(InputError, match="cannot be shared out"):
            quota(total, subjects)
        return
    shares = list(quota(total, subjects).values())
    assert sum(shares) == total
    assert max(shares) - min(shares) <= 1
    assert shares == sorted(shares, reverse=True)


def test_the_default_manifest_is_valid_and_its_built_in_files_have_sources(monkeypatch):
    import yaml

    monkeypatch.chdir(Path(__file__).parents[1])
    volumes = read_manifest("data/volumes.tsv")
    assert {volume.split for volume in volumes} == {"train", "validation", "test"}
    assert [volume.group for volume in volumes if volume.split == "test"] == ["human"] * 8 + ["rat"]
    sources = yaml.safe_load(Path("data/sources.yaml").read_text())["volumes"]
    every = {volume.path for manifest in Path("data").glob("*.tsv") for volume in read_manifest(str(manifest))}
    assert {volume.path for volume in volumes} < every
    assert every == {Path(f"data/volumes/{name}.nii.gz") for name in sources}
    assert all(len(source[key]) == 64 for source in sources.values() for key in ("sha256", "archive_sha256"))


def test_the_manifest_of_heads_names_built_in_volumes_of_every_split(monkeypatch):
    import yaml

    monkeypatch.chdir(Path(__file__).parents[1])
    volumes = read_manifest("data/heads.tsv")
    assert {volume.split for volume in volumes} == {"train", "validation", "test"}
    sources = yaml.safe_load(Path("data/sources.yaml").read_text())["volumes"]
    assert {v.path for v in volumes} <= {Path(f"data/volumes/{name}.nii.gz") for name in sources}


def test_reading_a_manifest_imports_nothing_numerical():
    code = "import sys, mrisr.volumes.manifest; print(*[m for m in sys.modules if m in ('numpy', 'pandas', 'nibabel')])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.strip() == ""


@pytest.mark.parametrize("column", ["path", "lr_path", "mask"])
@pytest.mark.parametrize("cell", ["d/{y}.nii", "d/a\0.nii", "d/a\x1b.nii"])
def test_a_path_that_snakemake_or_the_file_system_cannot_take_is_told(tmp_path, column, cell):
    row = {"subject": "ann", "path": "a.nii", "split": "train", "lr_path": "b.nii", "mask": "c.nii"} | {column: cell}
    (line,) = problems(written(tmp_path, [tuple(row.values())], tuple(row)))
    assert f"{column} {cell!r}" in line
    assert "rename" in line


@pytest.mark.parametrize("column", ["subject", "group"])
def test_a_name_too_long_is_told(tmp_path, column):
    row = {"subject": "ann", "path": "a.nii", "split": "train", "group": "main"} | {column: "n" * 101}
    (line,) = problems(written(tmp_path, [tuple(row.values())], tuple(row)))
    assert "101 characters; use at most 100" in line


def test_a_loop_of_links_is_told(tmp_path):
    for one, other in (("a", "b"), ("b", "a")):
        (tmp_path / one).symlink_to(other)
    assert "cannot be read" in problems(tmp_path / "a")[0]
    rows = [("ann", str(tmp_path / "a"), "train")]
    assert [volume.subject for volume in read_manifest(written(tmp_path, rows))] == ["ann"], "told where it is missed"


def test_a_manifest_that_would_be_read_for_ever_is_told(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("/proc/self/status")
    for path in (tmp_path / "fifo", tmp_path / "link", "/dev/zero"):
        (line,) = problems(path)
        assert line.startswith(f"{path}: is n")
        assert "give the path of a manifest" in line


def test_volumes_that_would_be_read_for_ever_are_told(tmp_path):
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "folder").mkdir()
    os.mkfifo(tmp_path / "folder/1.dcm")
    (tmp_path / "loop.nii").symlink_to("loop.nii")
    (tmp_path / "head.mhd").write_text("ElementDataFile = /proc/kmsg\n")
    wrong = {
        "fifo": "neither a file nor a folder",
        "folder": "has something in it that is neither a file nor a folder (1.dcm)",
        "loop.nii": "there is no file",
        "head.mhd": "one of the system's (/proc/kmsg)",
        "/proc/self/status": "one of the system's (/proc/",
    }
    rows = [(f"s{number}", str(tmp_path / name), "train") for number, name in enumerate(wrong)]
    path = written(tmp_path, [*rows, ("b", "/dev/null", "validation"), ("c", "/dev/zero", "test")])
    study = {"study": "s", "volumes": str(path), "degradations": ["mean"], "architectures": ["srcnn"], "losses": ["l1"]}
    with pytest.raises(InputError) as caught:
        Subjects(validate(study, source="s"))
    assert len(caught.value.problems) == len(wrong) + 2
    for number, word in enumerate(wrong.values()):
        assert any(f"'s{number}': path: " in line and word in line for line in caught.value.problems), word
