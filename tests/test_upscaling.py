"""`mrisr upscale`: geometry, values, tiles, warnings, bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
from mrisr import baselines, degradations, models
from mrisr.arrays import save_slices
from mrisr.cli.upscaling import upscale_by_baseline, upscale_by_model
from mrisr.errors import InputError
from mrisr.files import sha256, write_json, write_text
from mrisr.imaging.loaded import LoadedVolume
from mrisr.training.weights import save_weights
from mrisr.upscaling.tiles import tiled
from mrisr.upscaling.volume import Scan, upscale
from mrisr.volumes.slicing import NORMALISE
from project import ROOT
from scipy import ndimage

OBLIQUE = np.array([[0.9, -0.3, 0.5, -40.0], [0.4, 1.1, -0.6, 12.0], [-0.1, 0.35, 3.2, 7.0], [0, 0, 0, 1]])
"""Turned axes, unequal spacing, thick slices."""


def blob(affine: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A smooth function of world coordinates, sampled on a grid."""
    places = np.stack(np.meshgrid(*(np.arange(n) for n in shape), indexing="ij"), -1)
    world = places @ affine[:3, :3].T + affine[:3, 3]
    middle = np.array([*((np.array(shape) - 1) / 2), 1]) @ affine.T
    return 100 + 50 * np.exp(-((world - middle[:3]) ** 2).sum(-1) / (2 * 9.0**2))


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("scale", [2, 3])
def test_the_output_lies_over_the_scan(axis, scale, tmp_path):
    """At each voxel the output has the value of the same function of world coordinates, in the scan's units."""
    shape = (40, 36, 32)
    scan = Scan(
        LoadedVolume(blob(OBLIQUE, shape).astype(np.float32), OBLIQUE, ()), axis, {**NORMALISE, "method": "minmax"}
    )
    upscale(scan, baselines.build("bicubic", scale=scale), tmp_path / "out.nii.gz", scale=scale)
    out = nibabel.load(tmp_path / "out.nii.gz")
    factors = [1 if n == axis else scale for n in range(3)]
    assert out.shape == tuple(n * f for n, f in zip(shape, factors, strict=True))
    spacing = np.linalg.norm(OBLIQUE[:3, :3], axis=0) / factors
    np.testing.assert_allclose(out.header.get_zooms(), spacing, rtol=1e-5)
    inner = tuple(slice(4 * f, -4 * f) for f in factors)
    # Values above the scan's own maximum are clipped, as in training.
    expected = np.minimum(blob(out.affine, out.shape), scan.volume.array.max())
    np.testing.assert_allclose(out.get_fdata()[inner], expected[inner], atol=0.5)
    corners = [OBLIQUE @ [*(-0.5 for _ in range(3)), 1], out.affine @ [*(-0.5 for _ in range(3)), 1]]
    np.testing.assert_allclose(*corners, atol=1e-4)


@pytest.mark.parametrize("per", ["volume", "slice"])
def test_values_and_grid_come_back_if_the_estimate_is_the_input(per, tmp_path):
    array = np.random.default_rng(0).normal(-300, 40, (20, 24, 5)).astype(np.float32)
    array[:, :, 3] = 7.0  # a constant slice
    scan = Scan(LoadedVolume(array, OBLIQUE, ()), 2, {**NORMALISE, "method": "minmax", "per": per})
    upscale(scan, lambda image: image, tmp_path / "out.nii", scale=1)
    out = nibabel.load(tmp_path / "out.nii")
    np.testing.assert_allclose(out.get_fdata(), array, atol=1e-4)
    np.testing.assert_allclose(out.affine, OBLIQUE, atol=1e-6)


@pytest.mark.parametrize("scale", [1, 2])
@pytest.mark.parametrize("shape", [(96, 40), (70, 131)])
def test_tiles_give_the_estimate_of_the_whole_slice(scale, shape):
    """A cubic interpolation and a blur look at few pixels, so the tiles agree wherever they are used."""

    def estimate(image):
        large = baselines.build("bicubic", scale=scale, grid="low" if scale > 1 else "same")(image)
        return ndimage.uniform_filter(large, (0, 5, 5), mode="nearest")

    image = np.random.default_rng(0).random((1, *shape), dtype=np.float32)
    np.testing.assert_allclose(tiled(estimate, image, scale, side=48, overlap=32), estimate(image), atol=1e-5)


@pytest.mark.parametrize("name", sorted(set(models.available())))
def test_every_architecture_takes_slices_of_odd_sides(name):
    import torch
    from mrisr import plugins
    from training_problem import TINY

    scale = 2 if 2 in (plugins.constant("models", name, "SCALES") or [2]) else 1
    model = models.build(name, scale=scale, **TINY.get(name, {})).eval()
    with torch.inference_mode():
        assert model(torch.rand(1, 1, 37, 51)).shape == (1, 1, 37 * scale, 51 * scale)


# ---- warnings ---------------------------------------------------------------------------------------------------


def head(seed: int) -> np.ndarray:
    """Slices with edges at all scales, as tissue has: the spectrum falls with the square of the frequency."""
    random = np.random.default_rng(seed)
    frequency = np.hypot(np.fft.fftfreq(96)[:, None], np.fft.fftfreq(96))
    noise = np.fft.ifft2(np.fft.fft2(random.normal(size=(12, 96, 96))) / np.maximum(frequency, 0.01) ** 1.2).real
    return ((noise - noise.min()) / np.ptp(noise)).astype(np.float32)


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """Results of a study with two degradations and a mixture, as far as `upscale` reads them."""
    results = tmp_path_factory.mktemp("results") / "made"
    text = "slices: {axis: 2, normalise: {method: minmax}}\ndegradations:\n  gaussian: {sigma: 1.0}\n  hanning: {}\n"
    write_text(results / "study.yaml", text + "  combine: {members: [gaussian, hanning]}\n")
    for seed in range(3):
        save_slices(results / f"slices/s{seed}.safetensors", dict(enumerate(head(seed)[:, None])), {"subject": "s"})
        for name in ("gaussian", "hanning"):
            degraded = degradations.build(name, scale=2, grid="same")(head(seed)[:, None]).clip(0, 1)
            path = results / f"degraded/x2/{name}/s{seed}.safetensors"
            save_slices(path, dict(enumerate(degraded)), {"subject": f"s{seed}"})
    rows = ["scale,architecture,loss,metric,training_set,test_set,group,gap"]
    rows += ["2,srcnn,mse,psnr,gaussian,hanning,main,1.25", "2,srcnn,mse,psnr,combine,hanning,main,0.5"]
    write_text(results / "tables/bias.csv", "\n".join(rows) + "\n")
    for training_set in ("gaussian", "combine"):
        folder = results / f"models/x2/srcnn/mse/{training_set}/fold0/seed0"
        options = {"features": [4, 2], "skip": True}
        state = {name: t.numpy() for name, t in models.build("srcnn", scale=1, **options).state_dict().items()}
        names = {"architecture": "srcnn", "loss": "mse", "training_set": training_set, "scale": 2, "fold": 0, "seed": 0}
        described = {"architecture": {"kind": "srcnn", "options": options}, "scale": 1, "channels": 1, "names": names}
        save_weights(folder / "weights.safetensors", state, described)
        digest = sha256(folder / "weights.safetensors")
        write_json(folder / "run.json", {"identity": "0" * 64, "outputs": {"weights.safetensors": {"sha256": digest}}})
    return results


def applied(study: Path, training_set: str, array: np.ndarray, tmp_path: Path, **options) -> dict:
    """The record beside the output of a model for a scan."""
    nibabel.save(nibabel.Nifti1Image(np.moveaxis(array, 0, -1), np.eye(4)), tmp_path / "scan.nii")
    given = {"axis": None, "enlarge": False, "threads": 1, "device": "cpu"} | options
    model = study / f"models/x2/srcnn/mse/{training_set}/fold0/seed0"
    upscale_by_model(tmp_path / "scan.nii", model, tmp_path / "out.nii.gz", **given)
    return json.loads((tmp_path / "out.json").read_text())


def unseen(degradation: str | None) -> np.ndarray:
    """Slices of a subject that the study does not have."""
    return (
        head(9)
        if degradation is None
        else degradations.build(degradation, scale=2, grid="same")(head(9)[:, None])[:, 0]
    )


@pytest.mark.parametrize("training_set", ["gaussian", "combine"])
def test_no_warning_for_a_scan_like_the_training_images(study, training_set, tmp_path):
    record = applied(study, training_set, unseen("gaussian"), tmp_path)
    assert record["comparison"]["warnings"] == []
    assert record["comparison"]["nearest"] == "gaussian"


def test_a_slices_file_without_slices_is_left_out(study, tmp_path):
    before = applied(study, "gaussian", unseen("gaussian"), tmp_path)["comparison"]
    empty = study / "degraded/x2/gaussian/nobody.safetensors"
    save_slices(empty, {}, {"subject": "nobody"})
    assert applied(study, "gaussian", unseen("gaussian"), tmp_path)["comparison"] == before
    empty.unlink()


def test_a_scan_like_another_degradation_is_told_with_what_it_cost(study, tmp_path, capsys):
    record = applied(study, "gaussian", unseen("hanning"), tmp_path)
    (warning,) = record["comparison"]["warnings"]
    assert warning.startswith("It looks like hanning (")
    assert "had 1.25 dB more PSNR" in warning
    assert record["comparison"]["cost"] == 1.25
    assert f"warning: {tmp_path / 'scan.nii'}: {warning}" in capsys.readouterr().err
    assert (tmp_path / "out.nii.gz").exists()


def test_a_sharp_scan_is_told(study, tmp_path):
    (warning,) = applied(study, "gaussian", unseen(None), tmp_path)["comparison"]["warnings"]
    assert "before any degradation" in warning


def test_a_noisy_scan_is_told_with_its_noise(study, tmp_path):
    noisy = unseen("hanning") + np.random.default_rng(0).normal(0, 0.1, (12, 96, 96)).astype(np.float32)
    record = applied(study, "combine", noisy, tmp_path)
    assert any(warning.startswith("Its noise, ") for warning in record["comparison"]["warnings"])
    spread = np.ptp(noisy)
    assert record["comparison"]["noise"] == pytest.approx(0.1 / spread, rel=0.1)


def test_a_model_away_from_its_study_is_applied_and_says_that_nothing_was_compared(study, tmp_path):
    folder = tmp_path / "alone"
    folder.mkdir()
    for name in ("weights.safetensors", "run.json"):
        (folder / name).write_bytes((study / "models/x2/srcnn/mse/gaussian/fold0/seed0" / name).read_bytes())
    nibabel.save(nibabel.Nifti1Image(np.moveaxis(head(1), 0, -1), np.eye(4)), tmp_path / "scan.nii")
    options = {"axis": None, "enlarge": True, "threads": 1, "device": "cpu"}
    upscale_by_model(tmp_path / "scan.nii", folder, tmp_path / "out.nii", **options)
    assert "not compared" in json.loads((tmp_path / "out.json").read_text())["comparison"]["warnings"][0]
    assert nibabel.load(tmp_path / "out.nii").shape == (192, 192, 12)


# ---- bad input --------------------------------------------------------------------------------------------------


def problem(call, *arguments, **options) -> str:
    with pytest.raises(InputError) as caught:
        call(*arguments, **options)
    (line,) = caught.value.problems
    assert "\n" not in line
    return line


def test_bad_input_is_told_in_one_line_and_writes_nothing(study, tmp_path):
    model = study / "models/x2/srcnn/mse/gaussian/fold0/seed0"
    options = {"axis": None, "enlarge": False, "threads": 1, "device": "cpu"}
    nibabel.save(nibabel.Nifti1Image(head(0), np.eye(4)), tmp_path / "scan.nii")
    scan, out = tmp_path / "scan.nii", tmp_path / "out.nii"
    assert "let its name end in .nii" in problem(upscale_by_model, scan, model, tmp_path / "out.mha", **options)
    assert "is no folder" in problem(upscale_by_model, scan, model, tmp_path / "no" / "out.nii", **options)
    assert "has no weights.safetensors" in problem(upscale_by_model, scan, study, out, **options)
    assert problem(upscale_by_model, tmp_path / "other.nii", model, out, **options).startswith(
        f"{tmp_path}/other.nii: "
    )
    colour = np.zeros((8, 8, 8), [("R", "u1"), ("G", "u1"), ("B", "u1")])
    colour["R"][2:4] = 200
    nibabel.save(nibabel.Nifti1Image(colour, np.eye(4)), tmp_path / "colour.nii")
    assert "has 3 channel(s)" in problem(upscale_by_model, tmp_path / "colour.nii", model, out, **options)
    nibabel.save(nibabel.Nifti1Image(np.full((8, 8, 8), 7, np.float32), np.eye(4)), tmp_path / "flat.nii")
    for call, given in ((upscale_by_model, (model, out)), (upscale_by_baseline, ("bicubic", out))):
        extra = options if call is upscale_by_model else {"scale": 2, "axis": None}
        assert problem(call, tmp_path / "flat.nii", *given, **extra).startswith(f"{tmp_path}/flat.nii: is constant")
    assert "there is no 'bicubick'" in problem(upscale_by_baseline, scan, "bicubick", out, scale=2, axis=None)
    assert not out.exists()


def test_a_model_without_its_record_or_with_other_weights_is_refused(study, tmp_path):
    source, folder = study / "models/x2/srcnn/mse/gaussian/fold0/seed0", tmp_path / "model"
    folder.mkdir()
    (folder / "weights.safetensors").write_bytes((source / "weights.safetensors").read_bytes())
    options = {"axis": None, "enlarge": False, "threads": 1, "device": "cpu"}
    given = (tmp_path / "scan.nii", folder, tmp_path / "out.nii")
    assert "has no run.json" in problem(upscale_by_model, *given, **options)
    record = json.loads((source / "run.json").read_text())
    record["outputs"]["weights.safetensors"]["sha256"] = "0" * 64
    write_json(folder / "run.json", record)
    assert "is not what its training wrote" in problem(upscale_by_model, *given, **options)


def test_the_verb_has_examples_and_asks_for_one_of_model_and_baseline():
    environment = {"PYTHONPATH": str(ROOT / "workflow")}
    call = [sys.executable, "-c", "from mrisr.cli import main; main()", "upscale"]
    said = subprocess.run([*call, "--help"], env=environment, capture_output=True, text=True).stdout
    assert "mrisr upscale scan.nii.gz --baseline bicubic" in said
    said = subprocess.run([*call, "a.nii", "--out", "b.nii"], env=environment, capture_output=True, text=True)
    assert (said.returncode, said.stderr) == (2, "error: upscale: give either --model or --baseline\n")
