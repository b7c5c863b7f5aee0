"""DSN: the downsampling network, and its training as the training of any other network with the pairs reversed."""

from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from mrisr import degradations, plugins
from mrisr.errors import InputError
from mrisr.evaluation.estimates import ModelEstimator
from mrisr.pairs import Pair
from mrisr.training.interruption import Interrupted
from mrisr.training.reversal import ReversedBatches, reversed_pair
from mrisr.training.sampling import Patches, WholeSlices
from mrisr.training.train import train
from mrisr.training.weights import build_model, save_weights
from scipy import ndimage
from training_problem import TRAINING, digest, make_pairs

SCALES = [1, 2, 3, 4]


def small(features: int = 8, **options) -> dict:
    """A downsampling network, as a training job has it."""
    return {"shelf": "kernels", "kind": "dsn", "options": {"features": features, **options}}


def build(scale: int = 2, channels: int = 1, **options) -> torch.nn.Module:
    torch.manual_seed(0)
    return plugins.build("kernels", "dsn", scale=scale, channels=channels, **options)


def problem(scale: int = 2, *, skip: bool = True, **training) -> dict:
    """Arguments of `train`: textures, their low-resolution images by a blur of 1.5 pixels at the centres of blocks."""
    draw = np.random.default_rng(0)
    blur = degradations.build("gaussian", scale=scale, grid="low", sigma=1.5)
    pairs = []
    for index in range(8):
        texture = ndimage.gaussian_filter(draw.random((96, 96)), 1.5, mode="wrap")
        sharp = ((texture - texture.min()) / np.ptp(texture)).astype(np.float32)[None]
        pairs.append(Pair("a", index, blur(sharp).clip(0, 1), sharp))
    brief = {"epochs": 5, "steps_per_epoch": 60, "batch": 4, "patch": 48, "learning_rate": 3e-3}
    return {
        "architecture": small(skip=skip),
        "loss": {"kind": "l1"},
        "scale": scale,
        "pairs": pairs[:6],
        "validation": pairs[6:],
        "training": TRAINING | brief | training,
        "seed": 0,
    }


# ---- the network ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("scale", SCALES)
def test_it_makes_one_pixel_of_every_block(scale, channels):
    image = torch.rand(2, channels, 5 * scale, 6 * scale)
    with torch.no_grad():
        assert build(scale, channels)(image).shape == (2, channels, 5, 6)


def test_it_has_five_convolutions_of_3_by_3_the_third_with_the_stride():
    layers = [layer for layer in build(2).modules() if isinstance(layer, torch.nn.Conv2d)]
    assert [layer.kernel_size for layer in layers] == [(3, 3)] * 5
    assert [layer.stride[0] for layer in layers] == [1, 1, 2, 1, 1]
    assert [layer.out_channels for layer in layers] == [64, 64, 64, 64, 1]
    assert sum(parameter.numel() for parameter in build(2).parameters()) == 112_001


@pytest.mark.parametrize("scale", SCALES)
def test_every_parameter_gets_a_gradient(scale):
    model = build(scale)
    (model(torch.rand(2, 1, 6 * scale, 5 * scale)) ** 2).mean().backward()
    for key, parameter in model.named_parameters():
        assert parameter.grad.abs().max() > 0, key


def through(scale: int, taps: list[float]) -> torch.nn.Module:
    """A network that passes its input on, and has these weights along each axis in the strided convolution."""
    model = build(scale, features=1)
    for layer in (*model.fine, model.strided, model.coarse, model.last):
        torch.nn.init.dirac_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
    model.strided.weight.data[0, 0] = torch.outer(torch.tensor(taps), torch.tensor(taps))
    return model


@pytest.mark.parametrize(
    ("scale", "taps"), [(1, [0, 1, 0]), (2, [0, 0.5, 0.5]), (3, [1 / 3, 1 / 3, 1 / 3]), (4, [0, 0.5, 0.5])]
)
def test_a_centred_downsampling_is_among_its_functions(scale, taps):
    """The mean of a block, at scale 4 of its four middle pixels: a ramp keeps its value, at the border too."""
    ramp = torch.arange(8.0 * scale)[:, None] + 100 * torch.arange(8.0 * scale)
    with torch.no_grad():
        low = through(scale, taps)(ramp[None, None])[0, 0]
    centres = (torch.arange(8) + 0.5) * scale - 0.5
    torch.testing.assert_close(low, centres[:, None] + 100 * centres)


@pytest.mark.parametrize(("scale", "off"), [(1, 0), (2, 0.5), (3, 0), (4, 0.5)])
def test_the_middle_weight_alone_is_half_a_pixel_off_at_even_scales(scale, off):
    ramp = torch.arange(8.0 * scale)[:, None].expand(-1, 8 * scale)
    with torch.no_grad():
        low = through(scale, [0, 1, 0])(ramp[None, None])[0, 0, :, 0]
    torch.testing.assert_close((torch.arange(8) + 0.5) * scale - 0.5 - low, torch.full((8,), float(off)))


@pytest.mark.parametrize("scale", SCALES)
def test_with_a_skip_and_no_weights_it_is_the_mean_over_blocks(scale):
    model = build(scale, skip=True)
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    image = torch.rand(1, 1, 4 * scale, 5 * scale)
    with torch.no_grad():
        torch.testing.assert_close(model(image), image.unfold(2, scale, scale).unfold(3, scale, scale).mean((-2, -1)))


def test_what_is_no_whole_block_or_no_network_is_said_in_one_line():
    with pytest.raises(InputError, match="9 x 8 pixels are not whole 2-by-2 blocks"):
        build(2)(torch.rand(1, 1, 9, 8))
    with pytest.raises(InputError, match="features must be 1 or more"):
        build(2, features=0)
    with pytest.raises(InputError, match="did you mean 'features'"):
        build_model(small(feature=8), scale=2, channels=1)


# ---- its training ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("patch", [8, None])
def test_reversed_batches_are_the_same_images_the_other_way_round(patch):
    pairs, options = make_pairs([(12, 16)] * 5, scale=2), {"batch": 2, "flips": True, "quarter_turns": True, "seed": 1}
    batches = WholeSlices(pairs, **options) if patch is None else Patches(pairs, scale=2, patch=patch, **options)
    turned = ReversedBatches(batches)
    assert turned.steps == batches.steps
    for image, expected in zip(turned(1, 2), reversed(batches(1, 2)), strict=True):
        np.testing.assert_array_equal(image, expected)
    assert reversed_pair(reversed_pair(pairs[0])) == pairs[0]


def test_a_training_stopped_at_every_step_gives_the_same_bits(tmp_path):
    arguments = problem(epochs=2, steps_per_epoch=4, keep="best")
    for _ in range(7):
        with pytest.raises(Interrupted):
            train(**arguments, checkpoints=tmp_path, deadline=time.monotonic())
    assert digest(train(**arguments, checkpoints=tmp_path)) == digest(train(**arguments))


def shift(found: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """How far an image lies from the expected one (pixels of both axes), by least squares on its gradient."""
    slopes = [-slope.ravel() for slope in np.gradient(expected)]
    columns = np.stack([*slopes, expected.ravel(), np.ones(expected.size)], axis=1)
    return np.linalg.lstsq(columns, found.ravel(), rcond=None)[0][:2]


@pytest.mark.parametrize(
    ("scale", "skip", "rate"), [(2, True, 1e-3), (3, True, 1e-3), (4, True, 1e-3), (2, False, 3e-3)]
)
def test_it_learns_a_degradation_and_where_the_blocks_centres_are(tmp_path, scale, skip, rate):
    """After 300 small steps: better than the mean over blocks, and no shift of a blob by a tenth of a pixel or more."""
    arguments = problem(scale, skip=skip, learning_rate=rate)
    trained = train(**arguments)
    path = tmp_path / "weights.safetensors"
    save_weights(path, trained.state, {"architecture": arguments["architecture"], "scale": scale, "channels": 1})
    network = ModelEstimator(path, device="cpu")
    errors = {"network": [], "block means": []}
    for pair in arguments["validation"]:
        means = pair.reference.reshape(1, 96 // scale, scale, 96 // scale, scale).mean(axis=(2, 4))
        errors["network"].append(np.mean((network(pair.reference) - pair.degraded) ** 2))
        errors["block means"].append(np.mean((means - pair.degraded) ** 2))
    psnr = -10 * np.log10(np.mean(errors["network"]))
    assert trained.history["validation_psnr"].iloc[-1] == pytest.approx(psnr, abs=0.2)
    assert np.mean(errors["network"]) < np.mean(errors["block means"])
    rows, columns = np.arange(96)[:, None] - 47.3, np.arange(96) - 50.1
    blob = 0.9 * np.exp(-(rows**2 + columns**2) / 50)[None].astype(np.float32)
    expected = degradations.build("gaussian", scale=scale, grid="low", sigma=1.5)(blob)[0]
    assert np.abs(shift(network(blob)[0].astype(np.float64), expected.astype(np.float64))).max() < 0.1


def test_slices_of_another_number_of_channels_are_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    state = {name: tensor.numpy() for name, tensor in build(2, features=2).state_dict().items()}
    save_weights(path, state, {"architecture": small(2), "scale": 2, "channels": 1})
    with pytest.raises(InputError, match="trained on 1 channel"):
        ModelEstimator(path, device="cpu")(np.zeros((3, 8, 8), np.float32))
