"""Real low-resolution scans: the stage, the plug-in, a study with them, and what is said of wrong ones."""

from __future__ import annotations

from pathlib import Path

import nibabel
import numpy as np
import pytest
from mrisr import degradations
from mrisr.arrays import load_slices, slice_name
from mrisr.errors import InputError
from mrisr.imaging.degrading import degrade_slices
from mrisr.registration.stage import register_stage
from mrisr.study.validation import validate
from mrisr.volumes.row import Volume
from mrisr.volumes.slicing import slice_stage
from project import Project
from scipy import ndimage

SHAPE, SPACING = (64, 64, 8), np.array([1.5, 1.5, 4.0])
SLICES = {"axis": 2, "range": "2:5", "multiple": 2, "minimum": 32}
SLICES["normalise"] = {"method": "percentile", "per": "volume", "low_percentile": 0.1, "percentile": 99.9}
OPTIONS = {"denoise": True, "control_spacing": 20.0, "iterations": 20, "least_similarity": 0.7}


# ---- scans ----------------------------------------------------------------------------------------------------------


def affine(spacing: np.ndarray, start: np.ndarray) -> np.ndarray:
    matrix = np.diag([*spacing, 1.0])
    matrix[:3, 3] = start
    return matrix


def sharp_scan(seed: int) -> np.ndarray:
    """An ellipsoid of textured tissue in air."""
    texture = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(SHAPE), (2.2, 2, 0.7))
    x, y, z = (np.linspace(-1, 1, n) for n in SHAPE)
    distance = np.sqrt(x[:, None, None] ** 2 + y[:, None] ** 2 + (z / 2) ** 2)
    body = 1 / (1 + np.exp((distance - 0.85) / 0.04))
    return (body * (0.5 + 0.15 * texture / texture.std()).clip(0.1, 0.9)).astype(np.float32)


def displacement(places: np.ndarray) -> np.ndarray:
    """A smooth displacement of up to 2.5 mm in plane at places (mm)."""
    x, y, _ = np.moveaxis(places / (SHAPE * SPACING) * 2 * np.pi, -1, 0)
    return np.stack([2.5 * np.sin(0.8 * y), 2 * np.cos(0.7 * x), 0 * x], -1)


def low_scan(seed: int, *, moved: bool = True, noise: float = 0.01) -> tuple[np.ndarray, np.ndarray]:
    """The scan on a grid of its own with voxels of 3.2 mm, blurred, displaced and noisy, and its affine."""
    spacing, start, shape = np.array([3.2, 3.2, 4.0]), np.array([0.6, 0.4, 0.0]), (29, 29, 8)
    where = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) * spacing + start
    source = (where + displacement(where) * moved) / SPACING
    blurred = ndimage.gaussian_filter(sharp_scan(seed), (0.9, 0.9, 0))
    low = ndimage.map_coordinates(blurred, np.moveaxis(source, -1, 0), order=3, mode="nearest").clip(0)
    low += noise * np.random.default_rng(seed + 100).standard_normal(shape)
    return (500 * low).astype(np.float32), affine(spacing, start)


def write_pair(folder: Path, subject: str, seed: int, **scan) -> Volume:
    """A manifest's row whose files are in a folder."""
    sharp, low = folder / f"{subject}.nii", folder / f"{subject}-lr.nii"
    nibabel.save(nibabel.Nifti1Image(sharp_scan(seed), affine(SPACING, np.zeros(3))), sharp)
    nibabel.save(nibabel.Nifti1Image(*low_scan(scan.pop("of", seed), **scan)), low)
    return Volume(subject, sharp, "train", lr_path=low)


def registered(volume: Volume, folder: Path, name: str = "registered", **changes):
    """Slices of a subject's pair by the stages, [high-, low-resolution], and what the stage gave."""
    sharp, low = folder / f"{name}-slices.safetensors", folder / f"{name}.safetensors"
    slice_stage(volume, sharp, settings=SLICES, identity="s")
    options = {"scale": 2, "slices": SLICES, "options": OPTIONS} | changes
    return sharp, low, register_stage(volume, sharp, low, **options, identity="r")


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pair")
    return registered(write_pair(folder, "anna", 0), folder)


# ---- the stage ------------------------------------------------------------------------------------------------------


def test_the_registered_slices_are_those_of_the_high_resolution_scan(pair):
    sharp, low, _ = pair
    (references, _), (scans, metadata) = load_slices(sharp), load_slices(low)
    assert list(scans) == list(references) == [2, 3, 4, 5]
    for image in scans.values():
        assert (image.shape, image.dtype) == ((1, 32, 32), np.float32)
        assert 0 <= image.min() < image.max() <= 1
    assert (metadata["subject"], metadata["axis"], metadata["identity"]) == ("anna", 2, "r")


def degrade(sharp, output, method):
    """A slices file through a degradation, on the low grid."""
    operator = degradations.from_description(method, scale=2, grid="low")
    degrade_slices(sharp, output, operator=operator, degradation=method, scale=2, grid="low", identity="d")


def test_a_shift_moves_the_registered_slices(pair):
    sharp, low, _ = pair
    references, scans = load_slices(sharp)[0], load_slices(low)[0]
    still, moved = (
        degradations.build("scanned", scale=2, grid="low", file=str(low), shift=shift) for shift in (0.0, 2.0)
    )
    for index, reference in references.items():
        np.testing.assert_array_equal(still(reference, slice_ids=[slice_name("anna", index)]), scans[index])
        found = moved(reference, slice_ids=[slice_name("anna", index)])
        np.testing.assert_allclose(found[:, 1:, 1:], scans[index][:, :-1, :-1], atol=1e-5)


def test_the_registered_slices_lie_where_degraded_slices_do(pair, tmp_path):
    sharp, low, _ = pair
    degrade(sharp, tmp_path / "d.safetensors", {"kind": "mean"})
    metadata, expected = load_slices(low)[1], load_slices(tmp_path / "d.safetensors")[1]
    np.testing.assert_allclose(metadata["affine"], expected["affine"], atol=1e-6)
    np.testing.assert_allclose(metadata["spacing"], expected["spacing"])


def test_registration_and_denoising_bring_the_scan_closer_to_what_was_scanned(pair, tmp_path):
    """Against the scan that nothing moved and that has no noise, resampled by the same stage without registration."""
    still = write_pair(tmp_path, "still", 0, moved=False, noise=0.0)
    _, truth, _ = registered(still, tmp_path, "still", options={**OPTIONS, "denoise": False})
    _, low, prepared = pair
    unregistered = prepared.registered.before.array / np.percentile(prepared.registered.before.array, 99.9)
    found, wanted = load_slices(low)[0], load_slices(truth)[0]
    error = np.sqrt(np.mean([(found[i] - wanted[i]) ** 2 for i in wanted]))
    at_first = np.sqrt(np.mean([(unregistered.take(i, 2) - wanted[i]) ** 2 for i in wanted]))
    assert error < 0.6 * at_first
    assert prepared.registered.similarity > prepared.registered.similarity_before


def test_the_same_scans_give_the_same_bytes(pair, tmp_path):
    _, low, _ = pair
    again = registered(write_pair(tmp_path, "anna", 0), tmp_path)[1]
    assert again.read_bytes() == low.read_bytes()


def test_a_scan_that_is_resized_first_has_other_values_on_the_same_grid(pair, tmp_path):
    volume, brief = write_pair(tmp_path, "anna", 0), {**OPTIONS, "iterations": 2}
    _, low, plain = registered(volume, tmp_path, "plain", options=brief)
    _, resized, prepared = registered(volume, tmp_path, "resized", options={**brief, "resize": True})
    (found, made), (wanted, metadata) = load_slices(resized), load_slices(low)
    assert (made["affine"], list(found)) == (metadata["affine"], list(wanted))
    assert all((found[index] != image).any() for index, image in wanted.items())
    np.testing.assert_array_equal(prepared.denoised.array, plain.denoised.array)


def test_a_scan_along_another_stored_axis_is_denoised_in_its_slices(pair, tmp_path):
    """The voxels stored as [Z, X, Y]: the same scan, and nearly the same slices."""
    volume = write_pair(tmp_path, "anna", 0)
    array, place = low_scan(0)
    turned = nibabel.Nifti1Image(np.moveaxis(array, 2, 0), place[:, [2, 0, 1, 3]])
    nibabel.save(turned, volume.lr_path)
    (found, _), (wanted, _) = load_slices(registered(volume, tmp_path)[1]), load_slices(pair[1])
    np.testing.assert_allclose(found[3], wanted[3], atol=0.01)


def test_outside_of_the_mask_is_nothing(tmp_path):
    volume = write_pair(tmp_path, "anna", 0)
    mask = np.zeros(SHAPE, np.uint8)
    mask[16:48, 16:41] = 1
    nibabel.save(nibabel.Nifti1Image(mask, affine(SPACING, np.zeros(3))), tmp_path / "mask.nii")
    masked = Volume(**{**vars(volume), "mask": tmp_path / "mask.nii"})
    image = load_slices(registered(masked, tmp_path)[1])[0][3][0]
    inside = np.zeros((32, 32), bool)
    # The last block of the mask is half inside.
    inside[8:24, 8:21] = True
    assert (image[~inside] == 0).all()
    assert np.median(image[inside]) > 0.2


WRONG = {
    "another anatomy": ({"of": 7}, {}, "does not show the anatomy of the high-resolution scan"),
    "another ratio": ({}, {"scale": 3, "slices": {**SLICES, "multiple": 3}}, "at scale 3 that has to be about 3"),
    "values": ({}, {"slices": {**SLICES, "normalise": {**SLICES["normalise"], "method": "none"}}}, "takes .0, 1. only"),
}


@pytest.mark.parametrize(("scan", "changes", "line"), WRONG.values(), ids=WRONG)
def test_a_wrong_scan_is_one_line_that_names_subject_and_file(tmp_path, scan, changes, line):
    volume = write_pair(tmp_path, "anna", 0)
    sharp = tmp_path / "s.safetensors"
    slice_stage(volume, sharp, settings=SLICES, identity="s")
    write_pair(tmp_path, "anna", 0, **scan)
    given = {"scale": 2, "slices": SLICES, "options": {**OPTIONS, "least_similarity": 0.8}} | changes
    with pytest.raises(InputError, match=line) as caught:
        register_stage(volume, sharp, tmp_path / "r.safetensors", **given, identity="r")
    (problem,) = caught.value.problems
    assert problem.startswith(f"subject 'anna': {volume.lr_path}: ")
    assert not (tmp_path / "r.safetensors").exists()


def test_a_slice_that_the_scan_does_not_reach_is_named(tmp_path):
    volume = write_pair(tmp_path, "anna", 0)
    array, place = low_scan(0)
    nibabel.save(nibabel.Nifti1Image(array[..., :5], place), volume.lr_path)
    with pytest.raises(InputError, match="does not reach slice 5 of the high-resolution scan"):
        registered(volume, tmp_path)


# ---- the plug-in ----------------------------------------------------------------------------------------------------


def test_a_degraded_slice_is_the_scan_of_its_name(pair, tmp_path):
    sharp, low, _ = pair
    method = {"kind": "scanned", "options": {"file": str(low)}}
    degrade(sharp, tmp_path / "d.safetensors", method)
    (found, metadata), (wanted, _) = load_slices(tmp_path / "d.safetensors"), load_slices(low)
    assert {index: image.tobytes() for index, image in found.items()} == {i: s.tobytes() for i, s in wanted.items()}
    assert (metadata["scale"], metadata["grid"]) == (2, "low")


@pytest.mark.parametrize("leading", [(), (1,), (2, 1)])
def test_the_rank_of_the_images_stays(pair, leading):
    operator = degradations.build("scanned", scale=2, grid="low", file=str(pair[1]))
    names = [slice_name("anna", index) for index in (4, 2)][: 2 if len(leading) == 2 else 1]
    found = operator(np.zeros((*leading, 64, 64), np.float32), slice_ids=names)
    assert found.shape == (*leading, 32, 32)
    np.testing.assert_array_equal(found.reshape(-1, 32, 32)[0], load_slices(pair[1])[0][4][0])


def test_what_the_file_does_not_hold_is_said(pair, tmp_path):
    image, known = np.zeros((1, 64, 64), np.float32), [slice_name("anna", 3)]
    operator = degradations.build("scanned", scale=2, grid="low", file=str(pair[1]))
    with pytest.raises(InputError, match="has no slice 'ben/0003'"):
        operator(image, slice_ids=["ben/0003"])
    with pytest.raises(InputError, match=r"has another size \(1 x 32 x 32 and 1 x 30 x 32\)"):
        operator(image[:, :60], slice_ids=known)
    with pytest.raises(InputError, match="the names of the images"):
        operator(image)
    (tmp_path / "damaged").write_bytes(b"nothing")
    with pytest.raises(InputError, match="cannot be read"):
        degradations.build("scanned", scale=2, grid="low", file=str(tmp_path / "damaged"))
    with pytest.raises(InputError, match="its option file"):
        degradations.build("scanned", scale=2, grid="low")(image, slice_ids=known)


@pytest.mark.parametrize("option", [{"control_spacing": 0.0}, {"iterations": 0}, {"least_similarity": 1.5}])
def test_options_out_of_range_are_named(option):
    with pytest.raises(InputError, match=next(iter(option))):
        degradations.build("scanned", scale=2, grid="low", **option)


# ---- a study --------------------------------------------------------------------------------------------------------

STUDY = {
    "study": "scans",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "range": "3:4", "minimum": 32},
    "protocol": {"grid": "low"},
    "degradations": {"lr": {"kind": "scanned"}, "gaussian": {"sigma": 1.0}},
    "training_sets": ["gaussian"],
    "test_sets": ["lr"],
    "architectures": {"srcnn": {"features": [4, 2]}},
    "losses": ["mse"],
    "training": {"epochs": 1, "steps_per_epoch": 1, "batch": 2, "patch": 16},
    "evaluation": {"metrics": ["psnr"]},
}
SUBJECTS = {"anna": "train", "ben": "validation", "cleo": "test", "dora": "test"}
BASELINE = "results/scans/baselines/x2/bicubic/scores.csv"


def write_scans(project: Project, subject: str, seed: int, **scan) -> None:
    """A subject's two scans in a project."""
    project.write_volume(subject, sharp_scan(seed), affine(SPACING, np.zeros(3)))
    project.write_volume(f"{subject}-lr", *low_scan(scan.get("of", seed)))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A study tested on real scans, which only the test subjects have, with the scores of the bicubic baseline."""
    project = Project(tmp_path_factory.mktemp("study"), STUDY, SUBJECTS)
    for number, subject in enumerate(SUBJECTS):
        write_scans(project, subject, number)
    project.write_manifest(SUBJECTS, scanned=["cleo", "dora"])
    project.snakemake("--cores", "1", BASELINE)
    return project


def test_only_the_subjects_whose_scans_are_used_are_registered(project):
    folder = project.folder / "results/scans/registered/x2/lr"
    made = {f"{name}.{kind}" for name in ("cleo", "dora") for kind in ("safetensors", "png", "svg", "run.json")}
    assert {path.name for path in folder.iterdir()} == made
    scores = (project.folder / BASELINE).read_text()
    assert len(scores.splitlines()) == 1 + 2 * 2
    assert project.planned(BASELINE) == {}


def test_the_verb_makes_what_the_rule_made(project):
    folder = project.folder / "results/scans/registered/x2/lr"
    before = {path.name: path.read_bytes() for path in folder.glob("cleo.*") if path.suffix != ".json"}
    done = project.call("mrisr", "register", "--scale", "2", "--degradation", "lr", "--subject", "cleo")
    assert done.returncode == 0, done.stderr
    assert "before registration" in done.stdout
    assert {name: (folder / name).read_bytes() for name in before} == before


def test_the_content_of_a_scan_reruns_its_registration_and_what_reads_it(project):
    whole = project.planned()
    write_scans(project, "dora", 3, of=2)
    changed = project.planned()
    write_scans(project, "dora", 3)
    assert project.planned() == whole
    again = {"check_volumes", "register_scan", "degrade_slices", "evaluate_baseline"}
    assert {rule: changed[rule] - whole.get(rule, 0) for rule in again} == dict.fromkeys(again, 1)
    assert not {rule for rule in changed if changed[rule] != whole.get(rule)} - again


def test_another_anatomy_is_named_in_the_log(project):
    write_scans(project, "dora", 3, of=2)
    command = ["mrisr", "register", "--scale", "2", "--degradation", "lr", "--subject", "dora"]
    refused = project.call(*command)
    write_scans(project, "dora", 3)
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line.startswith("error: subject 'dora': data/dora-lr.nii: the low-resolution scan does not show the anatomy")


def test_scans_that_are_missing_are_named_before_anything_starts(project):
    project.write_manifest(SUBJECTS)
    refused = project.call("snakemake", "-n")
    alone = project.call("mrisr", "register", "--scale", "2", "--degradation", "lr", "--subject", "dora")
    project.write_manifest(SUBJECTS, scanned=["cleo", "dora"])
    assert refused.returncode != 0
    lines = [line for line in (refused.stdout + refused.stderr).splitlines() if "lr_path" in line]
    assert [line.split(": lr_path: is empty")[0] for line in lines] == [
        f"error: data/volumes.tsv: subject '{subject}'" for subject in ("cleo", "dora")
    ]
    assert lines[1] in alone.stderr


def test_what_a_study_cannot_do_with_scans_is_said():
    degraded = {"lr": {"kind": "scanned", "file": "mine.safetensors"}, "gaussian": {}}
    with pytest.raises(InputError) as caught:
        validate({**STUDY, "degradations": degraded, "protocol": {"grid": "same"}}, source="study.yaml")
    assert list(caught.value.problems) == [
        "study.yaml: degradations.lr: a scan lives on the low grid; set protocol.grid to low",
        "study.yaml: degradations.lr.file: is given by the workflow; leave it out",
    ]
