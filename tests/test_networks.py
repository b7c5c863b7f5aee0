"""What is measured of networks, against closed forms; and the tables that hold it."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from mrisr import models
from mrisr.arrays import save_slices
from mrisr.evaluation import networks
from mrisr.evaluation.arithmetic import SIDE, multiply_accumulates
from mrisr.evaluation.pace import peak_bytes, seconds_a_slice
from mrisr.evaluation.receptive_field import receptive_field
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
from project import SUBJECTS, TINY, Project
from torch import nn


def weights_of_layers(model: nn.Module) -> int:
    """Weights of all layers without biases and normalisations."""
    return sum(parameter.numel() for parameter in model.parameters() if parameter.ndim > 1)


@pytest.mark.parametrize("kernels", [(9, 5, 5), (9, 1, 5), (3, 7, 1)])
def test_the_field_of_srcnn_grows_by_each_kernel(kernels):
    model = models.build("srcnn", scale=1, features=(6, 4), kernels=kernels)
    assert receptive_field(model, 1) == 1 + sum(side - 1 for side in kernels)


@pytest.mark.parametrize(("layers", "channels"), [(20, 3), (5, 1)])
def test_each_convolution_of_vdsr_adds_two_pixels(layers, channels):
    model = models.build("vdsr", scale=1, channels=channels, layers=layers, features=8)
    assert receptive_field(model, channels) == 1 + 2 * layers


@pytest.mark.parametrize("scale", [2, 3, 4])
def test_an_interpolated_input_is_seen_through_its_four_taps(scale):
    """A fine pixel that the convolutions see lies on one pixel of the input, or between four."""
    layers = 5
    model = models.build("vdsr", scale=scale, layers=layers, features=8)
    places = [Fraction(2 * pixel + 1, 2 * scale) - Fraction(1, 2) for pixel in range(-layers, scale + layers)]
    taps = [
        tap for place in places for tap in range(-20, 20) if tap == place or 0 < abs(tap - place) < 2 - (place % 1 == 0)
    ]
    assert receptive_field(model, 1) == max(taps) - min(taps) + 1


def test_a_convolution_after_a_doubling_sees_half_as_far():
    """EDSR at scale 1 has 2 blocks + 3 convolutions; at scale 2 the last one sees two of the fine pixels beyond."""
    plain, doubling = (models.build("edsr", scale=scale, blocks=3, features=4) for scale in (1, 2))
    assert receptive_field(plain, 1) == 1 + 2 * (2 * 3 + 3)
    assert receptive_field(doubling, 1) == 1 + 2 * (2 * 3 + 3) + 2


def test_a_long_field_and_an_oblong_one_are_found():
    long = nn.Sequential(*(nn.Conv2d(1, 1, 3, padding=16, dilation=16) for _ in range(5)))
    assert receptive_field(long, 1) == 1 + 5 * 32
    assert receptive_field(nn.Conv2d(1, 1, (3, 7), padding=(1, 3)), 1) == 7


def test_a_mean_over_the_image_has_no_bounded_field():
    assert receptive_field(models.build("nafnet", scale=1, features=2, encoder=(1,), decoder=(1,)), 1) is None


@pytest.mark.parametrize("blocks", [1, 40])
def test_the_field_does_not_depend_on_how_deep_a_gradient_fades(blocks):
    """Forty blocks multiply a hundred thousandth each; initial weights would leave nothing of a gradient."""
    model = models.build("edsr", scale=1, blocks=blocks, features=2, residual_scale=1e-5)
    assert receptive_field(model, 1) == 1 + 2 * (2 * blocks + 3)


def test_measuring_a_field_leaves_the_network_as_it_was():
    model = models.build("srcnn", scale=1)
    before = {name: array.clone() for name, array in model.state_dict().items()}
    receptive_field(model, 1)
    assert all(torch.equal(array, before[name]) for name, array in model.state_dict().items())
    assert all(parameter.requires_grad for parameter in model.parameters())


@pytest.mark.parametrize("scale", [1, 2, 3])
def test_srcnn_multiplies_once_a_weight_and_pixel_whatever_the_scale(scale):
    """81 x 64 + 25 x 64 x 32 + 25 x 32."""
    assert multiply_accumulates(models.build("srcnn", scale=scale), 1) == 81 * 64 + 25 * 64 * 32 + 25 * 32


def test_vdsr_multiplies_once_a_parameter():
    assert multiply_accumulates(models.build("vdsr", scale=4, channels=3), 3) == 667_008


@pytest.mark.parametrize("scale", [2, 4])
def test_what_works_on_the_coarse_grid_counts_for_scale_squared_pixels(scale):
    model = models.build("fmen", scale=scale, channels=3, form="merged")
    assert multiply_accumulates(model, 3) == weights_of_layers(model) / scale**2


def test_edsr_multiplies_its_last_convolution_on_the_fine_grid():
    model = models.build("edsr", scale=2)
    fine = 9 * 64
    assert multiply_accumulates(model, 1) == (weights_of_layers(model) - fine) / 4 + fine


def test_attention_multiplies_queries_with_keys_and_weights_with_values():
    """Each pixel attends to the 64 of its window: 2 x 64 x features, besides the linear layers."""
    features, layers = 12, 2
    model = models.build("swinir", scale=1, features=features, depths=(layers,), heads=2)
    linear = sum(p.numel() for name, p in model.named_parameters() if p.ndim > 1 and "position_bias" not in name)
    assert multiply_accumulates(model, 1) == linear + layers * 2 * 64 * features


def test_the_side_of_the_counted_image_suits_every_window_and_stride():
    assert SIDE % 16 == 0


def test_the_peak_is_the_most_that_lives_at_once():
    """Image, 8 maps, 16 maps: the second convolution needs all of them, as nothing in Sequential is freed before."""
    layers = [nn.Conv2d(1, 8, 3, padding=1, bias=False), nn.Conv2d(8, 16, 3, padding=1, bias=False)]
    image = torch.rand(1, 1, 40, 30)
    peak = peak_bytes(nn.Sequential(*layers, nn.ReLU(inplace=True), nn.Flatten(2)), image)
    assert peak == 4 * (40 * 30 * (1 + 8 + 16) + 9 * 8 + 9 * 8 * 16)


def test_what_is_freed_does_not_count_twice():
    chain = nn.Sequential(*(nn.Conv2d(4, 4, 3, padding=1, bias=False) for _ in range(9)))
    image = torch.rand(1, 4, 40, 30)
    # The slice itself lives all the time, besides the input and the output of one convolution.
    assert peak_bytes(chain, image) == 4 * (40 * 30 * 4 * 3 + 9 * 4 * 4 * 9)


def test_a_time_is_a_positive_number_of_seconds():
    assert seconds_a_slice(nn.Conv2d(1, 1, 3), torch.rand(1, 1, 8, 8)) > 0


PAPER = {
    "fmen": ({"kind": "fmen", "options": {}}, "l1", None),
    "vdsr": ({"kind": "vdsr", "options": {}}, "mse", None),
    "srgan": (
        {"kind": "srresnet", "options": {"blocks": 5}},
        "gan",
        {"kind": "srgan", "options": {"head": "pooled"}},
    ),
}


class Silent:
    """Progress that nobody sees."""

    def update(self, done: int) -> None:
        """Show nothing."""


def measured(folder: Path, names: list[str]) -> dict[str, Path]:
    """The tables of some of the efficient-sr paper's networks, by role."""
    folder.mkdir()
    save_slices(folder / "slices.safetensors", {0: np.random.default_rng(0).random((3, 32, 48), np.float32)}, {})
    entries = [
        {"scale": 4, "architecture": name, "network": network, "network_scale": 4, "models": {loss: judge}}
        for name, (network, loss, judge) in PAPER.items()
        if name in names
    ]
    writes = {role: folder / f"{role}.csv" for role in ("parameters", "timings")}
    networks.run(
        {"slices": str(folder / "slices.safetensors")},
        {role: str(path) for role, path in writes.items()},
        settings={"networks": entries, "threads": 1},
        identity="",
        device="cpu",
        progress=lambda total, start: Silent(),
    )
    return writes


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    return measured(tmp_path_factory.mktemp("networks") / "all", list(PAPER))


def test_the_table_has_the_parameters_that_the_paper_prints(tables):
    table = pd.read_csv(tables["parameters"]).set_index("architecture")
    assert table.loc["fmen", ["trained_parameters", "parameters"]].tolist() == [1_045_866, 341_066]
    assert table.loc["vdsr", ["trained_parameters", "parameters"]].tolist() == [667_008, 667_008]
    assert table.loc["srgan", ["trained_parameters", "parameters"]].tolist() == [5_949_644, 734_219]
    assert table["receptive_field"].notna().all()


def test_the_table_is_the_same_to_the_byte_when_it_is_made_again(tables, tmp_path):
    head, row, *_ = tables["parameters"].read_text().splitlines()
    assert measured(tmp_path / "again", ["fmen"])["parameters"].read_text().splitlines() == [head, row]


def test_times_and_memory_stand_in_a_table_of_their_own(tables):
    table = pd.read_csv(tables["timings"]).set_index("architecture")
    assert list(table.index) == list(PAPER)
    assert (table[["seconds_a_slice", "peak_megabytes"]] > 0).all(axis=None)
    assert table.loc["vdsr", ["height", "width", "device"]].tolist() == [32, 48, "cpu"]


def test_a_study_measures_each_network_once_and_names_its_discriminators(tmp_path, monkeypatch):
    """And a study that does not ask for it measures nothing."""
    gan = {"kind": "adversarial", "content": "l1", "discriminator": {"kind": "srgan", "head": "pooled", "features": 4}}
    project = Project(
        tmp_path,
        {
            **TINY,
            "losses": {"mse": {}, "gan": gan},
            "models": [{"architectures": ["srcnn"], "losses": ["mse", "gan"]}],
            "evaluation": {"metrics": ["psnr"], "networks": True},
        },
        SUBJECTS,
    )
    monkeypatch.chdir(project.folder)
    plan = Plan(load_study("config.yaml"))
    (job,) = (job for job in plan.jobs() if job.stage == "parameters")
    (entry,) = job.settings["networks"]
    assert entry["models"]["mse"] is None
    assert entry["models"]["gan"]["kind"] == "srgan"
    assert entry["models"]["gan"]["options"]["features"] == 4
    assert {"mrisr.models.srcnn", "mrisr.discriminators.srgan"} <= set(job.modules)
    project.configure(TINY)
    assert not [job for job in Plan(load_study("config.yaml")).jobs() if job.stage == "parameters"]
