"""Learned degradations of a study: kernels of each slice or shared kernels, and networks."""

from __future__ import annotations

import copy
import time

import numpy as np
import pandas as pd
import pytest
import torch
from mrisr import degradations, plugins
from mrisr.arrays import load, load_slices, save, save_slices
from mrisr.errors import InputError
from mrisr.imaging.degrading import degrade_slices
from mrisr.imaging.shifting import moved
from mrisr.learned import estimate
from mrisr.learned.downsample import downsample_slices
from mrisr.learned.estimate import run as estimate_stage
from mrisr.study.validation import validate
from mrisr.study.written import all_options
from mrisr.training.interruption import Interrupted
from mrisr.training.weights import save_weights
from scipy import signal
from scipy.ndimage import gaussian_filter

AFFINE = np.diag([1.0, 1.0, 2.0, 1.0]).tolist()
METADATA = {"subject": "ann", "affine": AFFINE, "spacing": [1.0, 1.0, 2.0], "axis": 2, "identity": "of the slices"}
IDS = ["ann/0001", "ann/0002", "ann/0005"]


def gaussian(*sigma: float) -> np.ndarray:
    """A kernel of sum 1 whose centre of mass is where the centre of a block is, at 6.5."""
    rows, columns = (np.exp(-((np.arange(13) - 6.5) ** 2) / (2 * s**2)) for s in sigma)
    return np.outer(rows, columns) / np.outer(rows, columns).sum()


def image(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).random(shape, dtype=np.float32)


def reference(sharp: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """scipy's cross-correlation with six mirrored pixels before and five after each axis, every second value."""
    padded = np.pad(sharp.astype(np.float64), [(6, 5)] * 2, mode="symmetric")
    return signal.correlate2d(padded, kernel / kernel.sum(), mode="valid")[::2, ::2]


@pytest.fixture
def kernels(tmp_path):
    """A file with the kernels of three slices, of which the second has none: its path, and the two kernels."""
    uneven = np.random.default_rng(1).random((13, 13))
    found = np.stack([gaussian(1.5, 0.8), np.full((13, 13), np.nan), uneven / uneven.sum()])
    save(tmp_path / "kernels.safetensors", {"kernels": found.astype(np.float32)}, {"slice_ids": IDS})
    return str(tmp_path / "kernels.safetensors"), found[0], found[2]


def build(file: str | None, **options):
    return degradations.build("estimated", scale=2, grid="low", file=file, **options)


# ---- kernels --------------------------------------------------------------------------------------------------------


def test_every_slice_gets_its_own_kernel(kernels):
    path, first, last = kernels
    stack = image(2, 1, 30, 26)
    found = build(path)(stack, slice_ids=["ann/0005", "ann/0001"])
    assert (found.shape, found.dtype) == ((2, 1, 15, 13), np.float32)
    np.testing.assert_allclose(found[0, 0], reference(stack[0, 0], last), atol=1e-6)
    np.testing.assert_allclose(found[1, 0], reference(stack[1, 0], first), atol=1e-6)


def test_a_slice_without_kernel_gets_the_mean_of_the_others(kernels):
    path, first, last = kernels
    expected = reference(image(30, 26), first + last)
    np.testing.assert_allclose(build(path)(image(30, 26), slice_ids=["ann/0002"]), expected, atol=1e-6)


def test_one_kernel_for_the_volume_is_the_mean_for_every_slice(kernels):
    path, first, last = kernels
    stack = image(3, 1, 30, 26)
    found = build(path, shared=True)(stack, slice_ids=IDS)
    for one, sharp in zip(found, stack, strict=True):
        np.testing.assert_allclose(one[0], reference(sharp[0], first + last), atol=1e-6)


def test_the_channels_of_a_slice_share_its_kernel(kernels):
    path, first, _ = kernels
    colour = image(3, 30, 26)
    found = build(path)(colour, slice_ids=["ann/0001"])
    for one, sharp in zip(found, colour, strict=True):
        np.testing.assert_allclose(one, reference(sharp, first), atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
def test_a_centred_kernel_moves_neither_ramp_nor_blob(tmp_path, axis):
    save(tmp_path / "k.safetensors", {"kernels": gaussian(1.5, 0.8)[None].astype(np.float32)}, {"slice_ids": ["a/1"]})
    operator = build(str(tmp_path / "k.safetensors"))
    n, centres = 64, 2 * np.arange(32) + 0.5
    # Behind the middle tap the kernel has one row less than before: 6e-5 of it is missing.
    centre_of_mass = gaussian(1.5, 0.8).sum(axis=1 - axis) @ np.arange(13)
    assert abs(centre_of_mass - 6.5) < 1e-3
    ramp = np.broadcast_to(np.expand_dims(np.arange(n) / n, 1 - axis), (n, n)).astype(np.float32)
    found = np.take(operator(ramp, slice_ids=["a/1"]), range(4, 28), axis)
    expected = np.broadcast_to(np.expand_dims(centres[4:28] / n, 1 - axis), found.shape)
    np.testing.assert_allclose(found, expected, atol=2e-3 / n)
    place = (30.3, 33.9)
    blob = np.exp(-sum(np.square(np.expand_dims(np.arange(n) - place[a], 1 - a)) for a in (0, 1)) / 50)
    low = operator(blob.astype(np.float32), slice_ids=["a/1"]).astype(np.float64)
    assert np.sum(low.sum(axis=1 - axis) * centres) / low.sum() == pytest.approx(place[axis], abs=2e-3)


@pytest.mark.parametrize("slice_ids", [["ann/0003"], [3]])
def test_a_slice_that_the_file_does_not_know_is_named(kernels, slice_ids):
    with pytest.raises(InputError, match=f"has no kernel of the slice '{slice_ids[0]}'"):
        build(kernels[0])(image(30, 26), slice_ids=slice_ids)


def test_files_that_hold_no_kernels_are_refused_in_one_line(tmp_path):
    empty, other = str(tmp_path / "empty.safetensors"), str(tmp_path / "other.safetensors")
    save(empty, {"kernels": np.full((2, 13, 13), np.nan, np.float32)}, {"slice_ids": IDS[:2]})
    save(other, {"weights": np.zeros(3, np.float32)}, {})
    for file, said in ((empty, "no slice has a kernel"), (other, "holds no kernels"), (None, "file"), ("x", "x")):
        with pytest.raises(InputError, match=said) as caught:
            build(file)
        assert len(caught.value.problems) == 1
    with pytest.raises(InputError, match="low grid"):
        degradations.build("estimated", scale=2, grid="same", file=empty)


# ---- the network ----------------------------------------------------------------------------------------------------


@pytest.fixture
def network(tmp_path):
    """A small network with random weights, its file, and a slices file of two sizes."""
    architecture = {"shelf": "kernels", "kind": "dsn", "options": {"features": 4, "skip": True}}
    torch.manual_seed(0)
    model = plugins.build("kernels", "dsn", scale=2, channels=1, features=4, skip=True)
    state = {name: tensor.numpy() for name, tensor in model.state_dict().items()}
    path = tmp_path / "weights.safetensors"
    save_weights(path, state, {"architecture": architecture, "scale": 2, "channels": 1})
    sizes = {3: (1, 24, 20), 4: (1, 18, 30)}
    slices = {index: image(*shape, seed=index) for index, shape in sizes.items()}
    save_slices(tmp_path / "slices.safetensors", slices, METADATA)
    return model, path, slices


def downsample(folder, network, **own):
    options = {
        "degradation": {"kind": "estimated", "options": own},
        "scale": 2,
        "grid": "low",
        "identity": "i",
    }
    downsample_slices(folder / "slices.safetensors", network, folder / "low.safetensors", **options)
    return load_slices(folder / "low.safetensors")


def test_a_shift_moves_the_slice_before_the_network(network, tmp_path):
    model, path, slices = network
    found, _ = downsample(tmp_path, path, shift=0.5)
    for index, sharp in slices.items():
        with torch.no_grad():
            expected = model(torch.from_numpy(moved(sharp, (0.5, 0.5)))[None])[0].clamp(0, 1).numpy()
        np.testing.assert_allclose(found[index], expected, atol=1e-6)


def test_a_network_makes_every_slice(network, tmp_path):
    model, path, slices = network
    found, metadata = downsample(tmp_path, path)
    for index, sharp in slices.items():
        with torch.no_grad():
            expected = model(torch.from_numpy(sharp)[None])[0].clamp(0, 1).numpy()
        np.testing.assert_allclose(found[index], expected, atol=1e-6)
    assert metadata["spacing"] == [2.0, 2.0, 2.0]
    # The first pixel of the low grid is centred in the first block.
    np.testing.assert_allclose(np.array(metadata["affine"])[:2, 3], [0.5, 0.5])


def test_a_colour_slice_through_a_grey_network_is_named(network, tmp_path):
    save_slices(tmp_path / "slices.safetensors", {7: image(3, 24, 20)}, METADATA)
    with pytest.raises(InputError, match=r"slices\.safetensors: .*trained on 1 channel.*the slice has 3") as caught:
        downsample(tmp_path, network[1])
    assert len(caught.value.problems) == 1


# ---- the stage that estimates ---------------------------------------------------------------------------------------


def head(shape: tuple[int, int], seed: int, channels: int = 1) -> np.ndarray:
    texture = gaussian_filter(np.random.default_rng(seed).random((channels, *shape)), (0, 1.5, 1.5))
    return ((texture - texture.min()) / np.ptp(texture)).astype(np.float32)


def written(folder, slices):
    """Slices and their images by a Gaussian, as arguments of `estimate_stage`."""
    sharp, low = folder / "slices.safetensors", folder / "degraded.safetensors"
    save_slices(sharp, slices, METADATA)
    blur = {"kind": "gaussian", "options": {"sigma": 1.5}}
    operator = degradations.from_description(blur, scale=2, grid="low")
    degrade_slices(sharp, low, operator=operator, degradation=blur, scale=2, grid="low", identity="of the degraded")
    options = all_options("kernels", "dsgan", {"iterations": 6, "attempts": 1})
    execution = {name: options.pop(name) for name in ("batch", "device")}
    return {
        "reads": {"references": str(sharp), "degraded": str(low)},
        "writes": {"kernels": str(folder / "kernels.safetensors"), "table": str(folder / "kernels.csv")},
        "settings": {"method": {"kind": "dsgan", "options": options}, "scale": 2, "seed": 0, "threads": 1},
        "identity": "0123",
        "execution": {**execution, "device": "cpu"},
        "checkpoints": folder / "checkpoints",
    }


@pytest.fixture
def accepting(monkeypatch):
    """Accept every kernel, because so few iterations give no valid one."""
    monkeypatch.setattr("mrisr.kernels._work.fault", lambda kernel: None)


def test_a_stage_stopped_at_every_iteration_gives_the_same_bytes(tmp_path, accepting):
    slices = {1: head((72, 80), 1), 2: head((80, 66), 2)}
    (tmp_path / "whole").mkdir()
    (tmp_path / "parts").mkdir()
    whole, parts = (written(tmp_path / name, slices) for name in ("whole", "parts"))
    estimate_stage(**whole)
    for _ in range(6):
        with pytest.raises(Interrupted, match="its state is kept"):
            estimate_stage(**parts, deadline=time.monotonic())
    estimate_stage(**parts)
    for name in ("kernels.safetensors", "kernels.csv"):
        assert (tmp_path / "parts" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()


def test_what_was_estimated_before_is_delivered_from_its_checkpoint(tmp_path, accepting, monkeypatch):
    arguments = written(tmp_path, {1: head((72, 80), 1)})
    estimate_stage(**arguments)
    before = (tmp_path / "kernels.safetensors").read_bytes()
    (tmp_path / "kernels.safetensors").unlink()
    monkeypatch.setattr(estimate.kernels, "estimate_report", None)
    estimate_stage(**arguments)
    assert (tmp_path / "kernels.safetensors").read_bytes() == before


def test_flat_slices_stand_in_the_table_and_get_no_kernel(tmp_path, accepting):
    arguments = written(tmp_path, {1: head((72, 80), 1), 5: np.full((1, 72, 80), 0.5, np.float32)})
    estimate_stage(**arguments)
    table = pd.read_csv(tmp_path / "kernels.csv")
    assert table["slice"].to_list() == ["ann/0001", "ann/0005"]
    assert table["status"].to_list() == ["estimated", "no structure"]
    assert table["attempts"].to_list() == [1, 0]
    assert table["largest"].isna().to_list() == [False, True]
    kernels, metadata = load(tmp_path / "kernels.safetensors")
    assert metadata["slice_ids"] == ["ann/0001", "ann/0005"]
    assert np.isfinite(kernels["kernels"]).all(axis=(1, 2)).tolist() == [True, False]
    assert kernels["kernels"][0].sum() == pytest.approx(1, abs=1e-5)


def test_the_channels_of_a_slice_are_averaged(tmp_path, accepting):
    arguments = written(tmp_path, {1: head((72, 80), 1, channels=3)})
    estimate_stage(**arguments)
    colour = load(tmp_path / "kernels.safetensors")[0]["kernels"]
    for path in arguments["reads"].values():
        slices, metadata = load_slices(path)
        save_slices(path, {1: slices[1].mean(axis=0, keepdims=True)}, metadata)
    estimate_stage(**{**arguments, "identity": "grey"})
    np.testing.assert_array_equal(load(tmp_path / "kernels.safetensors")[0]["kernels"], colour)


@pytest.mark.parametrize(
    ("slices", "changes", "said"),
    [
        ({1: np.zeros((1, 72, 80), np.float32), 2: np.ones((1, 72, 80), np.float32)}, {}, "2 no structure"),
        ({1: head((72, 80), 1), 2: head((72, 80), 2)}, {"learning_rate": 1e6, "iterations": 4}, "2 diverged"),
        ({1: head((72, 80), 1), 2: np.zeros((1, 72, 80), np.float32)}, {"learning_rate": 1e6}, "1 diverged, 1 no"),
    ],
    ids=["flat", "diverged", "both"],
)
def test_a_subject_without_any_kernel_is_told_in_one_line_and_writes_nothing(tmp_path, slices, changes, said):
    arguments = written(tmp_path, slices)
    arguments["settings"]["method"]["options"] |= changes
    for _ in range(2):
        with pytest.raises(InputError, match=f"subject 'ann': none of its 2 slices has a kernel: {said}") as caught:
            estimate_stage(**arguments)
        assert len(caught.value.problems) == 1
    assert not list(tmp_path.glob("kernels.*"))


def test_a_slice_that_is_missing_or_too_small_is_named(tmp_path):
    arguments = written(tmp_path, {1: head((72, 80), 1), 2: head((60, 80), 2)})
    with pytest.raises(InputError, match=r"slice 'ann/0002': .* 60 x 80; it has to be at least 64 x 64"):
        estimate_stage(**arguments)
    low, metadata = load_slices(tmp_path / "degraded.safetensors")
    save_slices(tmp_path / "degraded.safetensors", {1: low[1]}, metadata)
    with pytest.raises(InputError, match=r"degraded\.safetensors: slice 2 is missing"):
        estimate_stage(**arguments)


# ---- in a study -----------------------------------------------------------------------------------------------------

STUDY = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "protocol": {"grid": "low"},
    "degradations": {
        "lr": {"kind": "hidden"},
        "gaussian": {},
        "dsgan": {"kind": "estimated"},
        "dsn": {"kind": "estimated"},
    },
    "kernels": {"dsgan": {"source": "lr"}, "dsn": {"source": "lr"}},
    "architectures": {"edsr": {}},
    "losses": ["l1"],
}
MIXED = {**STUDY["degradations"], "mixed": {"kind": "combine", "members": ["lr", "gaussian"]}}


def problems(**changes):
    """What is said about the study with keys changed; ``a__b`` is the key b in a."""
    config = copy.deepcopy(STUDY)
    for key, value in changes.items():
        *path, last = key.split("__")
        section = config
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    try:
        validate(config, source="my.yaml")
    except InputError as error:
        return error.problems
    return []


def test_a_study_of_learned_degradations_is_valid():
    assert problems() == []
    assert problems(degradations=MIXED | {"both": {"kind": "combine", "members": ["gaussian", "dsgan"]}}) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"degradations": MIXED, "kernels__dsgan__source": "mixed"}, ["kernels.dsgan.source", "'mixed'", "lr"]),
        ({"kernels__dsgan__source": "dsn"}, ["kernels.dsgan.source", "'dsn'", "lr"]),
        ({"kernels__dsgan": {}}, ["kernels.dsgan.source", "missing"]),
        ({"kernels__dsgan__iteration": 3}, ["kernels.dsgan.iteration", "did you mean 'iterations'"]),
        ({"kernels__dsgan__kind": "dsgn"}, ["kernels.dsgan", "did you mean 'dsgan'"]),
        ({"kernels__dsn__loss": "l2"}, ["kernels.dsn.loss", "'l2'", "l1"]),
        ({"kernels__dsn__training": {"epoch": 3}}, ["kernels.dsn.training.epoch", "did you mean 'epochs'"]),
        ({"kernels__dsn__training": {"patch": 15}}, ["kernels.dsn.training.patch", "15", "next: 16"]),
        ({"kernels__dsn__training": {"eighth_turns": True}}, ["kernels.dsn.training.eighth_turns", "45 degrees"]),
        ({"kernels__dsn__seed": -1}, ["kernels.dsn.seed", "-1"]),
        ({"degradations__dsgan__by": "dsgna"}, ["degradations.dsgan.by", "did you mean 'dsgan'"]),
        ({"degradations__dsgan__by": ["dsgan"]}, ["degradations.dsgan.by", "string"]),
        ({"degradations__dsgan__file": "k"}, ["degradations.dsgan.file", "workflow"]),
        ({"degradations__dsn__shared": True}, ["degradations.dsn.shared", "network"]),
        ({"protocol__scales": [2, 3]}, ["protocol.scales: 3", "'dsgan'", "allowed: 2"]),
        ({"evaluation__against": "edsr/l1/dsgna"}, ["evaluation.against", "did you mean 'edsr/l1/dsgan'"]),
        ({"figures__further": ["kernel"]}, ["figures.further", "did you mean 'kernels'"]),
        ({"figures__further": ["mscn", "mscn"]}, ["figures.further", "'mscn'", "twice"]),
        (
            {"degradations": {"lr": {"kind": "hidden"}, "dsn": {"kind": "estimated"}}, "figures__further": ["kernels"]},
            ["figures.further", "'kernels'", "nothing to show"],
        ),
    ],
)
def test_a_mistake_is_one_line_with_the_key_and_what_would_be_right(changes, words):
    (line,) = problems(**changes)
    assert line.startswith("my.yaml: ")
    for word in words:
        assert word in line


def test_the_same_grid_has_no_learned_degradations():
    found = problems(protocol__grid="same")
    assert [line for line in found if "degradations.dsgan" in line and "low" in line]
    assert [line for line in found if "degradations.dsn" in line and "low" in line]
