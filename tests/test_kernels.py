"""Kernels estimated per slice: the batched, composed GANs are the textbook GANs, and each slice is on its own."""

from __future__ import annotations

import dataclasses
import functools
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from layered_gan import LayeredGAN, LayeredGenerator, PlainDiscriminator
from mrisr import degradations, kernels
from mrisr.cores import cores
from mrisr.errors import InputError
from mrisr.imaging.kernel import apply, bicubic_kernel
from mrisr.kernels import _discriminator, _faults, _gans, _generator, _products, _regularisers, _work
from mrisr.kernels._batches import places
from mrisr.kernels._crops import Crops, crop_weights, draw, gradient_magnitude
from mrisr.kernels._regularisers import Schedule
from mrisr.kernels._slices import prepared
from mrisr.kernels.dsgan import DSGAN
from mrisr.progress import Progress
from mrisr.training.checkpoints import Checkpoints
from mrisr.training.execution import execution
from scipy import ndimage, stats

ROOT = Path(__file__).parents[1]
SHAPES = [(96, 112), (128, 80), (64, 64)]


def gaussian(sigma: float, other: float | None = None) -> np.ndarray:
    """A Gaussian kernel about (6.5, 6.5), standard deviations along rows and columns."""
    offset = np.arange(13) - 6.5
    rows, columns = (np.exp(-(offset**2) / (2 * s**2)) for s in (sigma, other or sigma))
    kernel = np.outer(rows, columns)
    return kernel / kernel.sum()


def texture(shape: tuple[int, int], seed: int) -> np.ndarray:
    """Blobs with edges, float32 in [0, 1]."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    smooth, fine = ndimage.gaussian_filter(noise, 4, mode="wrap"), ndimage.gaussian_filter(noise, 1, mode="wrap")
    return (0.5 + 0.3 * np.sign(smooth) + 0.1 * fine / fine.std()).clip(0, 1).astype(np.float32)


@functools.cache
def pairs() -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Three slices of unequal size and their low-resolution images by an anisotropic blur."""
    hr = [texture(shape, seed) for seed, shape in enumerate(SHAPES)]
    return hr, [apply(image, gaussian(1.0, 1.8)) for image in hr]


def report(indices=(0, 1, 2), *, seed=0, ids=("a", "b", "c"), progress=None, keeper=None, **options):
    """Estimate the kernels of some of the slices, briefly."""
    hr, lr = pairs()
    chosen = [hr[i] for i in indices], [lr[i] for i in indices], [ids[i] for i in indices]
    return kernels.estimate_report(
        "dsgan",
        *chosen[:2],
        scale=2,
        seed=seed,
        slice_ids=chosen[2],
        progress=progress,
        keeper=keeper,
        **{"iterations": 50, "attempts": 1, **options},
    )


@pytest.fixture
def unjudged(monkeypatch):
    """Accept every kernel, because a few iterations give no valid one."""
    monkeypatch.setattr(_work, "fault", lambda kernel: None)
    monkeypatch.setattr("mrisr.kernels.dsgan.normalised", lambda kernel: kernel)


# --------------------------------------------------------------------------------------------------------- the networks


def test_the_networks_have_the_papers_numbers_of_parameters():
    random = np.random.default_rng(0)
    assert sum(weights.size for weights in _generator.initial_weights(random)) == 150_656
    assert sum(weights.size for weights in _discriminator.initial_weights(random).values()) == 30_977


def test_weights_begin_as_kernelgans_do():
    first, second, *_ = _generator.initial_weights(np.random.default_rng(0))
    assert first.std() == pytest.approx(0.1 * (2 / (49 + 64 * 49)) ** 0.5, rel=0.05)
    assert second.std() == pytest.approx(0.1 * (1 / (64 * 25)) ** 0.5, rel=0.01)
    drawn = _discriminator.initial_weights(np.random.default_rng(0))
    assert drawn["gamma"].mean() == pytest.approx(1, abs=0.005)
    assert drawn["gamma"].std() == pytest.approx(0.02, rel=0.2)


def generators(dtype: type, count: int = 3) -> list[list[np.ndarray]]:
    random = np.random.default_rng(1)
    # Large enough that the outputs are of the order of one.
    return [[(10 * w).astype(dtype) for w in _generator.initial_weights(random)] for _ in range(count)]


def test_the_layers_give_the_same_image_as_the_composed_kernel():
    drawn = generators(np.float32)
    for weights in drawn:
        # Of magnitude 1, as a downsampling kernel is.
        weights[-1] /= float(_generator.compose([torch.from_numpy(w[None]) for w in weights]).abs().sum())
    images = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    composed = _generator.compose([torch.from_numpy(np.stack(w)) for w in zip(*drawn, strict=True)])
    found = (composed.reshape(3, 1, 169) @ _generator.windows(images[:, None], 13, 2)).view(3, 26, 26)
    for image, weights, estimate in zip(images, drawn, found, strict=True):
        expected = LayeredGenerator(weights)(image[None, None])[0, 0].detach()
        torch.testing.assert_close(estimate, expected, atol=1e-6, rtol=0)


def test_the_layers_give_the_same_gradients_as_the_composed_kernel():
    drawn = generators(np.float64)
    images = torch.rand(3, 64, 64, dtype=torch.float64, generator=torch.Generator().manual_seed(0)) * 2 - 1
    target = torch.rand(3, 26, 26, dtype=torch.float64)
    stacked = [torch.from_numpy(np.stack(w)).requires_grad_() for w in zip(*drawn, strict=True)]
    composed = _generator.compose(stacked).reshape(3, 1, 169)
    fakes = (composed @ _generator.windows(images[:, None], 13, 2)).view(3, 26, 26)
    found = torch.autograd.grad((fakes - target).square().sum(), stacked)
    for index, weights in enumerate(drawn):
        layers = LayeredGenerator(weights)
        loss = (layers(images[index, None, None])[0, 0] - target[index]).square().sum()
        for gradient, expected in zip(found, torch.autograd.grad(loss, list(layers.parameters())), strict=True):
            torch.testing.assert_close(gradient[index], expected, atol=1e-10 * float(expected.abs().max()), rtol=0)


def test_the_layers_answer_a_delta_with_the_flipped_kernel():
    (weights,) = generators(np.float64, 1)
    composed = _generator.compose([torch.from_numpy(w[None]) for w in weights])[0]
    torch.testing.assert_close(LayeredGenerator(weights).kernel(), composed, atol=1e-14, rtol=0)


def discriminators(count: int) -> tuple[list[dict], list[dict]]:
    random = np.random.default_rng(2)
    weights = [_discriminator.initial_weights(random) for _ in range(count)]
    directions = [_discriminator.initial_directions(random) for _ in range(count)]
    for drawn in weights:
        for name in ("bias", "cancelling", "beta"):
            drawn[name] = random.standard_normal(drawn[name].shape)
    weights, directions = (
        [{name: values.astype(np.float64) for name, values in drawn.items()} for drawn in kind]
        for kind in (weights, directions)
    )
    return weights, directions


def test_the_discriminators_are_the_plain_ones_in_value_and_gradient():
    weights, directions = discriminators(2)
    draw_image = torch.Generator().manual_seed(0)
    images = (torch.rand(2, 2, 26, 26, generator=draw_image, dtype=torch.float64) * 2 - 1).requires_grad_()
    weighting = torch.rand(2, 2, 400, generator=draw_image, dtype=torch.float64)
    stacked = {name: torch.from_numpy(np.stack([w[name] for w in weights])) for name in weights[0]}
    learned = [name for name in stacked if name != "cancelling"]
    for name in learned:
        stacked[name].requires_grad_()
    start = {name: torch.from_numpy(np.stack([d[name] for d in directions])) for name in directions[0]}
    normalised, reached = _discriminator.normalise(stacked, start)
    maps = _discriminator.realism(normalised, images)
    gradients = torch.autograd.grad((maps * weighting).sum(), [images, *(stacked[name] for name in learned)])
    found = dict(zip(["image", *learned], gradients, strict=True))
    for index in range(2):
        plain = PlainDiscriminator(weights[index], directions[index])
        one = images[index].detach().requires_grad_()
        expected = torch.stack([plain(image[None, None]).flatten() for image in one])
        torch.testing.assert_close(maps[index], expected, atol=1e-12, rtol=0)
        (expected * weighting[index]).sum().backward()
        by_name = {
            "image": one.grad,
            "first": plain.features[0].weight_orig.grad,
            "hidden": torch.stack([layer.weight_orig.grad[..., 0, 0] for layer in plain.features[1:]]),
            "last": plain.last.weight_orig.grad[..., 0, 0],
            "bias": plain.last.bias.grad[None],
            "gamma": torch.stack([norm.weight.grad for norm in plain.norms]),
            "beta": torch.stack([norm.bias.grad for norm in plain.norms]),
        }
        for name, gradient in by_name.items():
            scale = float(gradient.abs().max())
            torch.testing.assert_close(found[name][index], gradient, atol=1e-10 * scale, rtol=0)
        plain.advance()
        np.testing.assert_allclose(reached["first"][index], plain.directions[0], atol=1e-14)
        np.testing.assert_allclose(reached["hidden"][index], plain.directions[1:], atol=1e-14)


def test_the_plain_discriminator_has_the_papers_number_of_parameters():
    weights, directions = discriminators(1)
    assert sum(p.numel() for p in PlainDiscriminator(weights[0], directions[0]).parameters()) == 30_977


# -------------------------------------------------------------------------------------------- regularisers and schedule


def test_the_regularisers_are_what_they_say():
    kernel = torch.zeros(2, 13, 13, dtype=torch.float64)
    kernel[0, 0, 12], kernel[1, 6, 6] = 0.5, 2.0
    torch.testing.assert_close(_regularisers.sum_to_one(kernel), torch.tensor([0.5, 1.0], dtype=torch.float64))
    corner = 30 * (1 - np.exp(-(6**2 + 6**2) / (2 * 13**2)))
    expected = torch.tensor([0.5 * corner / 169, 0.0], dtype=torch.float64)
    torch.testing.assert_close(_regularisers.boundaries(kernel), expected)
    taps = torch.tensor([0.5, 2.0], dtype=torch.float64) ** 0.2 / 169
    torch.testing.assert_close(_regularisers.sparse(kernel), taps + 168 / 169 * 1e-12**0.2)
    distances = torch.tensor([(6.5**2 + 5.5**2) / 2, 0.5**2], dtype=torch.float64)
    torch.testing.assert_close(_regularisers.centre(kernel), distances)


def test_the_mask_of_the_boundaries_spares_the_central_nine_by_nine():
    inside = torch.zeros(1, 13, 13)
    inside[:, 2:11, 2:11] = 1
    assert _regularisers.boundaries(inside).item() == 0
    assert _regularisers.boundaries(1 - inside).item() > 0


def schedule(count: int = 1) -> Schedule:
    return Schedule(DSGAN(scale=2).settings.weights, count, torch.device("cpu"))


def test_every_slice_has_its_own_schedule():
    plan = schedule(3)
    # The first stays above the gate, the second enters at once, the third is thrown back before it enters.
    for iteration in range(1, 401):
        third = 0.3 if iteration % 3 or iteration > 300 else 0.5
        plan.advance(torch.tensor([0.4, 0.39, third]), iteration)
    torch.testing.assert_close(plan.bicubic, torch.tensor([5.0, 5e-4, 5e-2]))
    assert plan.constrained().tolist() == [False, True, False]


def test_the_bicubic_weight_falls_at_multiples_of_200_after_three_losses_below_the_gate():
    plan = schedule()
    seen = []
    for iteration in range(1, 602):
        plan.advance(torch.tensor([1.0 if iteration < 198 else 0.1]), iteration)
        seen.append(plan.bicubic.item())
    assert seen[:399] == [5.0] * 399
    assert seen[399] == pytest.approx(0.05)
    assert seen[599] == pytest.approx(5e-4)


def test_centre_and_sparsity_reach_only_the_slices_that_are_so_far():
    plan = schedule(2)
    plan.bicubic = torch.tensor([5.0, 5e-4])
    random = torch.Generator().manual_seed(0)
    learned = torch.randn(2, 13, 13, generator=random).requires_grad_()
    # A kernel of sum zero has no centre of mass. This must not matter while the centre is not used.
    empty = torch.stack([torch.zeros(13, 13), torch.ones(13, 13)]) * learned
    total = plan.total(torch.tensor([1.0, 1.0]), empty)
    (gradient,) = torch.autograd.grad(total.sum(), learned)
    assert torch.isfinite(gradient).all()
    late = (_regularisers.centre(empty) + 5 * _regularisers.sparse(empty))[1]
    always = 0.5 * (_regularisers.sum_to_one(empty) + _regularisers.boundaries(empty))
    torch.testing.assert_close(total.float(), torch.stack([5.0 + always[0], 5e-4 + always[1] + late]))


# ---------------------------------------------------------------------------------------------------------------- crops


def test_the_weight_of_a_crop_is_the_gradient_magnitude_inside():
    image = texture((40, 50), 3)
    means = ndimage.uniform_filter(gradient_magnitude(image), 9)[4:-4, 4:-4]
    np.testing.assert_allclose(crop_weights(image, 9), 81 * means, rtol=1e-9)


def test_crops_are_drawn_in_proportion_to_their_weight():
    image = np.zeros((12, 14))
    image[:6, :7] = texture((6, 7), 4)
    weights = crop_weights(image, 6).ravel()
    drawn = draw(image, 6, 20_000, np.random.default_rng(0))
    counts = np.bincount(drawn[:, 0] * 9 + drawn[:, 1], minlength=weights.size)
    assert counts[weights == 0].sum() == 0
    likely = weights > 0
    assert stats.chisquare(counts[likely], 20_000 * weights[likely] / weights.sum()).pvalue > 1e-3


def test_crops_of_images_of_unequal_size_are_where_they_were_drawn():
    images = [texture(shape, seed) for seed, shape in enumerate(SHAPES)]
    corners = np.stack([draw(image, 26, 5, np.random.default_rng(1)) for image in images])
    crops = Crops(images, corners, 26, torch.device("cpu"))(3)
    for crop, image, (row, column) in zip(crops, images, corners[:, 3], strict=True):
        np.testing.assert_array_equal(crop, image[row : row + 26, column : column + 26])


# ------------------------------------------------------------------------------------------------------------- applying


def test_the_bicubic_kernel_is_the_bicubic_degradation():
    image = texture((40, 36), 0)
    expected = degradations.build("bicubic", scale=2, grid="low")(image)
    np.testing.assert_allclose(apply(image, bicubic_kernel()), expected, atol=1e-6)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("kernel", [gaussian(0.8), bicubic_kernel()], ids=["gaussian", "bicubic"])
def test_a_ramp_stays_in_place(kernel, axis):
    ramp = np.expand_dims(np.arange(64) / 64, 1 - axis) * np.ones((64, 64))
    found = np.take(apply(ramp, kernel), range(4, 28), axis)
    centres = (2 * np.arange(4, 28) + 0.5) / 64
    np.testing.assert_allclose(found, np.expand_dims(centres, 1 - axis) * np.ones_like(found), atol=1e-5)


def test_applying_is_a_cross_correlation_with_the_kernel_brought_to_sum_one():
    image, kernel = texture((48, 40), 5).astype(np.float64), np.random.default_rng(0).random((13, 13))
    # scipy centres the kernel on its middle tap 6; the stride begins half a kernel further on.
    expected = ndimage.correlate(image, kernel / kernel.sum(), mode="reflect")[::2, ::2]
    np.testing.assert_allclose(apply(image, kernel), expected, atol=1e-6)
    stack = np.stack([image, image[::-1]])
    np.testing.assert_array_equal(apply(stack, kernel)[1], apply(image[::-1], kernel))


@pytest.mark.parametrize(
    ("kernel", "shape", "said"),
    [
        (np.ones((12, 12)), (8, 8), "must be 13 x 13"),
        (np.full((13, 13), np.nan), (8, 8), "finite"),
        (-np.ones((13, 13)), (8, 8), "positive sum"),
        (np.ones((13, 13)), (8, 7), "even sides"),
    ],
)
def test_what_cannot_be_applied_is_said(kernel, shape, said):
    with pytest.raises(InputError, match=said):
        apply(np.zeros(shape), kernel)


# ----------------------------------------------------------------------------------------------- every slice on its own


def test_the_batch_trains_every_slice_as_the_textbook_gan_does(monkeypatch):
    options = DSGAN(scale=2, iterations=8, decay_every=2, gate=10.0, drop_every=5).settings
    slices = [
        dataclasses.replace(s, hr=s.hr.astype(np.float64), lr=s.lr.astype(np.float64))
        for s in prepared(*pairs(), 0, ["a", "b", "c"])
    ]
    # In double precision: an untrained GAN magnifies rounding a thousandfold in a few iterations.
    monkeypatch.setattr(_gans, "_stack", lambda arrays, device: torch.from_numpy(np.stack(arrays)).double())
    gans, plain = _gans.GANs(slices, options, torch.device("cpu")), [LayeredGAN(s, options) for s in slices]
    gans.bicubic = torch.from_numpy(bicubic_kernel()).view(1, -1)
    for iteration in range(8):
        gans.step(iteration)
        for one in plain:
            one.step(iteration)
    expected = torch.stack([one.generator.kernel() for one in plain]).detach()
    assert gans.schedule.constrained().all()
    scale = float(expected.abs().max())
    torch.testing.assert_close(gans.kernels.detach(), expected, atol=1e-8 * scale, rtol=0)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_kernel_depends_on_nothing_else_in_the_batch_to_the_last_bit(unjudged, threads):
    if threads > cores():
        pytest.skip(f"{cores()} core: two threads are more than there are")
    with execution(threads=threads, device="cpu"):
        together = report().kernels
        for others in ([0], [1], [2], [2, 0], [1, 2], [2, 1, 0]):
            np.testing.assert_array_equal(report(others).kernels, together[others])
        for batch in (1, 2):
            np.testing.assert_array_equal(report(batch=batch).kernels, together)


CAPABILITIES = ("default", "avx2", "avx512")
"""What torch's own code may use of the processor; more than there is counts as what there is."""
ORDERS = """
import sys; sys.path.insert(0, "tests")
import test_kernels, mrisr.kernels._work as work, mrisr.kernels.dsgan as dsgan
work.fault, dsgan.normalised = (lambda kernel: None), (lambda kernel: kernel)
together = test_kernels.report(iterations=120).kernels
for others in ([0], [2, 1], [1, 2, 0]):
    assert (test_kernels.report(others, iterations=120).kernels == together[others]).all(), others
"""


@pytest.mark.parametrize("capability", CAPABILITIES)
def test_a_kernel_depends_on_nothing_else_in_the_batch_on_any_kind_of_processor(capability):
    environment = {**os.environ, "ATEN_CPU_CAPABILITY": capability}
    result = subprocess.run(
        [sys.executable, "-c", ORDERS], env=environment, cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_products_of_stacked_matrices_have_the_gradients_of_the_obvious_form():
    random = np.random.default_rng(0)
    a, b = (torch.from_numpy(random.standard_normal(shape)).requires_grad_() for shape in [(3, 4, 5), (3, 5, 6)])
    torch.testing.assert_close(_products.multiply(a, b), a @ b)
    assert torch.autograd.gradcheck(_products.multiply, (a, b))
    torch.testing.assert_close(_products.row_times(a[:, 0], b), (a[:, :1] @ b)[:, 0])
    torch.testing.assert_close(_products.times_column(a, b[..., 0]), (a @ b[..., :1])[..., 0])


def test_a_batch_on_a_gpu_is_always_of_one_size():
    cpu, cuda = torch.device("cpu"), torch.device("cuda")
    assert places(3, 16, cpu) == [0, 1, 2]
    assert places(3, 8, cuda) == [0, 1, 2, 0, 1, 2, 0, 1]
    assert places(8, 8, cuda) == list(range(8))


def test_the_same_seed_gives_the_same_bytes_and_another_one_does_not(unjudged):
    first = report(iterations=10).kernels
    assert first.tobytes() == report(iterations=10).kernels.tobytes()
    others = report(iterations=10, seed=1).kernels, report(iterations=10, ids=("x", "y", "z")).kernels
    assert all(abs(other - first).max((1, 2)).min() > 0.01 * abs(first).max() for other in others)


def test_a_slice_without_an_id_is_known_by_its_content(unjudged):
    hr, lr = pairs()
    options = {"scale": 2, "seed": 0, "iterations": 5}
    together = kernels.estimate("dsgan", hr, lr, **options)
    alone = kernels.estimate("dsgan", hr[1:2], lr[1:2], **options)
    np.testing.assert_array_equal(alone[0], together[1])


def test_a_known_blur_is_recovered_better_than_by_the_bicubic_kernel():
    hr, truth = texture((96, 96), 7), gaussian(1.5)
    lr = apply(hr, truth)
    (kernel,) = kernels.estimate("dsgan", [hr], [lr], scale=2, seed=0, iterations=800)

    def psnr(estimate: np.ndarray) -> float:
        return float(-10 * np.log10(np.mean((apply(hr, estimate) - lr) ** 2)))

    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert psnr(kernel) > psnr(bicubic_kernel()) + 5


# ----------------------------------------------------------------------------------------- what goes wrong, and goes on


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (gaussian(1.5), None),
        (bicubic_kernel(), None),
        (1.1 * gaussian(2.5, 0.7), None),
        (np.full((13, 13), np.nan), "not a number"),
        (0.5 * gaussian(1.5), "sum 0.50 instead of 1"),
        (-gaussian(1.5), "sum -1.00"),
        (np.roll(gaussian(1.0), 2, axis=1), "centre of mass at 6.5, 8.5"),
        (np.full((13, 13), 1 / 169), "mass at the border"),
        (20 * gaussian(1.0) - 19 * gaussian(1.2), "times the sum"),
    ],
)
def test_a_kernel_that_does_not_downsample_is_recognised(kernel, said):
    found = _faults.fault(kernel)
    assert found is None if said is None else said in found


def test_a_gan_that_diverges_is_tried_again_and_never_used():
    result = report([0, 1], iterations=4, learning_rate=1e6, attempts=2)
    assert result.status == ["diverged", "diverged"]
    assert result.attempts == [2, 2]
    assert all(len(failures) == 2 for failures in result.failures)
    assert np.isnan(result.kernels).all()
    with pytest.raises(InputError, match=r"slice 'a': no kernel after 2 attempts(.|\n)*slice 'b'"):
        result.require_all()


def test_a_second_attempt_has_other_random_numbers_and_disturbs_nobody(unjudged, monkeypatch):
    undisturbed = report(iterations=5).kernels
    judged = []

    def second_slice_fails_once(kernel: np.ndarray) -> str | None:
        judged.append(kernel)
        return "not good" if len(judged) == 2 else None

    monkeypatch.setattr(_work, "fault", second_slice_fails_once)
    result = report(iterations=5, attempts=2)
    assert result.failures == [[], ["not good"], []]
    assert (result.status, result.attempts) == (["estimated"] * 3, [1, 2, 1])
    np.testing.assert_array_equal(result.kernels[[0, 2]], undisturbed[[0, 2]])
    assert abs(result.kernels[1] - undisturbed[1]).max() > 0.01 * abs(undisturbed[1]).max()


@pytest.mark.parametrize("flat", ["hr", "lr"])
def test_a_slice_without_structure_is_reported_and_disturbs_nobody(unjudged, flat):
    hr, lr = ([*images] for images in pairs())
    {"hr": hr, "lr": lr}[flat][1] = np.full_like((hr if flat == "hr" else lr)[1], 0.3)
    options = {"scale": 2, "seed": 0, "slice_ids": ["a", "b", "c"], "iterations": 5}
    result = kernels.estimate_report("dsgan", hr, lr, **options)
    assert result.status == ["estimated", "no structure", "estimated"]
    np.testing.assert_allclose(result.kernels[[0, 2]], report([0, 2], iterations=5).kernels, atol=1e-9)
    with pytest.raises(InputError, match="slice 'b': has no structure"):
        kernels.estimate("dsgan", hr, lr, **options)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda hr, lr: (hr, lr[:2]), "3 high-resolution slices, but 2"),
        (lambda hr, lr: ([h[None] for h in hr], lr), r"slice '\w+': the high-resolution image is float32 of shape \(1"),
        (lambda hr, lr: ([(255 * h).astype(np.uint8) for h in hr], lr), "uint8"),
        (lambda hr, lr: (hr, [np.full_like(i, np.inf) for i in lr]), "low-resolution image is not finite"),
        (lambda hr, lr: (hr, hr), "96 x 112 is not 2 times 96 x 112; resample"),
        (lambda hr, lr: ([h[:48] for h in hr], [i[:24] for i in lr]), "48 x 112; it has to be at least 64 x 64"),
    ],
)
def test_images_that_do_not_fit_are_named(change, said):
    with pytest.raises(InputError, match=said):
        kernels.estimate("dsgan", *change(*pairs()), scale=2, seed=0)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"name": "dsgn"}, "did you mean 'dsgan'"),
        ({"name": "dsn"}, "'dsn' does not estimate kernels"),
        ({"scale": 4}, "at scale 2, not 4"),
        ({"seed": -1}, "seed must be an integer of at least 0"),
        ({"slice_ids": ["a", "b"]}, "2 slice ids are given for 3 slices"),
        ({"slice_ids": ["a", "b", "a"]}, "'a' is given twice"),
        ({"iteration": 5}, "did you mean 'iterations'"),
        ({"iterations": 0}, "iterations must be an integer of at least 1"),
        ({"noise": -1.0}, "noise must be a number of at least 0"),
        ({"device": "tpu"}, "device must be one of auto, cpu, cuda"),
    ],
)
def test_arguments_that_are_wrong_are_named(arguments, said):
    hr, lr = pairs()
    with pytest.raises(InputError, match=said):
        kernels.estimate(**{"name": "dsgan", "hr_slices": hr, "lr_slices": lr, "scale": 2, "seed": 0, **arguments})


def test_only_the_largest_taps_are_kept_if_so_asked():
    taps = np.random.default_rng(0).permutation(169).reshape(13, 13) / 169
    kernel = DSGAN(scale=2, largest=40)._finish(taps)
    np.testing.assert_array_equal(kernel > 0, taps > 128.5 / 169)
    assert kernel.sum() == pytest.approx(1)


class Interrupting:
    """Keeps every third state in a folder, and stops the work after a number of steps."""

    def __init__(self, folder, stop_after: int | None = None):
        self.store, self.left = Checkpoints(folder), stop_after

    def latest(self):
        return self.store.latest()

    def after(self, steps, state):
        if steps % 3 == 0:
            self.store.save(steps, *state())
        if self.left is not None:
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt


def test_interrupted_work_goes_on_to_the_same_bytes(unjudged, tmp_path):
    options = {"iterations": 10, "decay_every": 2, "gate": 10.0, "batch": 2}
    whole = report(**options)
    for steps in (4, 4, 7):
        with pytest.raises(KeyboardInterrupt):
            report(**options, keeper=Interrupting(tmp_path, steps))
    # Seen from here on another machine may have room for more slices at once.
    resumed = report(**{**options, "batch": 3}, keeper=Interrupting(tmp_path))
    assert resumed.kernels.tobytes() == whole.kernels.tobytes()
    np.testing.assert_array_equal(resumed.losses["bicubic"], whole.losses["bicubic"])


def test_progress_ends_at_the_total(unjudged, capsys):
    report(iterations=5, batch=2, progress=lambda total, done: Progress("kernels", total, start=done))
    assert "kernels: 15 of 15 (100 %)" in capsys.readouterr().err
