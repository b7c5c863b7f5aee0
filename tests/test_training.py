"""Training of one network: schedules, settings, the result, its environment."""

from __future__ import annotations

import copy
import math
import os
import signal
import subprocess
import sys
from dataclasses import fields
from pathlib import Path
from typing import Literal, get_args, get_origin, get_type_hints

import numpy as np
import pytest
import torch
from mrisr import losses
from mrisr.cores import cores
from mrisr.errors import InputError
from mrisr.study.training import TrainingOptions, option_problems
from mrisr.training import optimisers
from mrisr.training.execution import execution
from mrisr.training.interruption import stop_requests
from mrisr.training.schedules import learning_rate
from mrisr.training.settings import Settings
from mrisr.training.state import HISTORY
from mrisr.training.train import train
from mrisr.training.weights import build_model, load_model, save_weights
from pydantic import ValidationError
from training_problem import TRAINING, digest, make_pairs, problem


def rates(schedule: str, epochs: int, steps: int) -> list[float]:
    place = {"base": 1e-4, "epochs": epochs, "steps": steps}
    return [learning_rate(schedule, epoch=e, step=s, **place) for e in range(epochs) for s in range(steps)]


def test_the_cosine_schedule_is_that_of_torch():
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1e-4)
    reference = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, T_max=40, eta_min=1e-6)
    expected = []
    for _ in range(40):
        expected.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        reference.step()
    np.testing.assert_allclose(rates("cosine", 10, 4), expected, rtol=1e-9)


def test_the_papers_schedule_freezes_the_training_after_fifty_epochs():
    values = rates("paper", 500, 1)
    assert values[29] == pytest.approx(1e-4)
    assert values[30] == values[49] == pytest.approx(5e-6)
    assert values[50] == values[499] == pytest.approx(2.5e-7)


def test_the_constant_schedule_is_constant():
    assert set(rates("constant", 5, 3)) == {1e-4}


def test_an_unknown_schedule_is_named():
    with pytest.raises(InputError, match="did you mean 'cosine'"):
        rates("cosin", 1, 1)


@pytest.mark.parametrize("patch", [12, None])
def test_the_same_training_twice_gives_the_same_bits(patch):
    assert digest(train(**problem(patch=patch))) == digest(train(**problem(patch=patch)))


def test_another_seed_gives_other_weights():
    arguments = problem()
    assert digest(train(**arguments)) != digest(train(**{**arguments, "seed": 4}))


@pytest.mark.parametrize("scale", [1, 2])
def test_a_small_problem_is_learned(scale):
    pairs = make_pairs([(24, 24)] * 4, scale=scale)
    floor = np.mean(
        [np.mean((pair.degraded.repeat(scale, 1).repeat(scale, 2) - pair.reference) ** 2) for pair in pairs]
    )
    architecture = {"kind": "srcnn", "options": {"features": (16, 8), "kernels": (5, 3, 3), "skip": True}}
    training = TRAINING | {"learning_rate": 3e-3, "epochs": 5, "steps_per_epoch": 40, "patch": 24}
    data = {"scale": scale, "pairs": pairs, "validation": pairs}
    history = train(**problem() | data | {"architecture": architecture, "training": training}).history
    assert history["validation_loss"].iloc[-1] < floor / 4


SMALLEST_PATCH = {"perceptual": 16}
"""Of losses that need more than 12 pixels."""


def larger_slices(side: int) -> dict:
    return {} if side <= 12 else {"pairs": make_pairs([(side, side + 4)] * 3)}


@pytest.mark.parametrize("loss", losses.available())
def test_every_loss_falls(loss):
    side = SMALLEST_PATCH.get(loss, 12)
    history = train(**problem(epochs=4, steps_per_epoch=20, loss=loss, patch=side) | larger_slices(side)).history
    assert history["loss"].is_monotonic_decreasing
    assert history["loss"].is_unique


def test_the_history_has_a_row_for_each_epoch():
    history = train(**problem()).history
    assert tuple(history.columns) == HISTORY
    assert history["epoch"].tolist() == [1, 2, 3]
    assert history["step"].tolist() == [4, 8, 12]
    expected = [learning_rate("cosine", base=1e-3, epoch=e, epochs=3, step=3, steps=4) for e in range(3)]
    assert history["learning_rate"].tolist() == expected


def test_validation_is_measured_when_it_is_due_and_at_the_end():
    history = train(**problem(epochs=5, validate_every=2)).history
    assert history["validation_loss"].notna().tolist() == [False, True, False, True, True]
    assert train(**problem() | {"validation": []}).history["validation_psnr"].isna().all()


def test_the_last_row_describes_the_weights(tmp_path):
    arguments = problem()
    trained = train(**arguments)
    metadata = {"architecture": arguments["architecture"], "scale": 1, "channels": 1}
    save_weights(tmp_path / "weights.safetensors", trained.state, metadata)
    model, read = load_model(tmp_path / "weights.safetensors")
    assert read["architecture"]["kind"] == "srcnn"
    assert not model.training
    errors = []
    for pair in arguments["validation"]:
        with torch.no_grad():
            estimate = model(torch.from_numpy(pair.degraded)[None])[0].numpy().astype(np.float64)
        errors.append((np.mean((estimate - pair.reference) ** 2), np.mean((estimate.clip(0, 1) - pair.reference) ** 2)))
    last = trained.history.iloc[-1]
    assert last["validation_loss"] == pytest.approx(np.mean([e for e, _ in errors]), rel=1e-4)
    assert last["validation_psnr"] == pytest.approx(np.mean([-10 * math.log10(e) for _, e in errors]), rel=1e-4)


def test_the_best_weights_are_those_of_the_lowest_validation_loss():
    rough = {"learning_rate": 0.1, "schedule": "constant", "epochs": 6}
    trained = train(**problem(**rough, keep="best"))
    best = trained.history["validation_loss"].to_numpy().argmin() + 1
    assert best < 6
    up_to_the_best = train(**problem(**rough | {"epochs": int(best)}))
    assert all(np.array_equal(trained.state[name], array) for name, array in up_to_the_best.state.items())


def test_a_training_that_diverges_says_where_and_what_to_do():
    with pytest.raises(InputError, match=r"the loss is \w+ at epoch \d, step \d; try a training.learning_rate"):
        train(**problem(learning_rate=1e30))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"pairs": []}, "no training slices"),
        ({"scale": 2}, "at scale 2"),
        ({"architecture": {"kind": "srcn"}}, "did you mean 'srcnn'"),
        ({"loss": {"kind": "mae"}}, "allowed: adversarial, charbonnier, "),
        ({"training": TRAINING | {"threads": 4096}}, "4096 threads are asked for"),
        ({"training": TRAINING | {"device": "tpu"}}, "allowed: auto, cpu, cuda"),
        ({"training": TRAINING | {"optimiser": "adm"}}, "did you mean 'adam'"),
        ({"training": TRAINING | {"optimiser": {"kind": "adam", "options": {"beta": 1}}}}, "did you mean 'betas'"),
        ({"training": TRAINING | {"epoch": 3}}, "did you mean 'epochs'"),
        ({"training": TRAINING | {"keep": "first"}}, "allowed: best, last"),
        ({"training": TRAINING | {"batch": 0}}, "1 or more"),
        ({"training": {}}, "training.optimiser: is missing"),
        ({"training": TRAINING | {"keep": "best"}, "validation": []}, "needs validation slices"),
    ],
)
def test_what_cannot_be_trained_is_said(changes, sentence):
    with pytest.raises(InputError, match=sentence):
        train(**problem() | changes)


def test_a_study_has_the_keys_defaults_and_meanings_of_the_settings():
    keys = TrainingOptions.model_fields
    assert {field.name: field.default for field in fields(Settings)} == {name: keys[name].default for name in keys}
    assert all(key.description for key in keys.values())
    # A study names the choices of an optimiser, and a start as a path or a model.
    settings, study = get_type_hints(Settings), get_type_hints(TrainingOptions)
    assert {n for n in keys if settings[n] != study[n]} == {"optimiser", "initial_weights"}


def test_halving_schedules_halve_at_their_epochs():
    def rates(schedule, **options):
        place = {"base": 1.0, "epochs": 500, "step": 0, "steps": 9}
        return [learning_rate(schedule, epoch=epoch, **place, **options) for epoch in (49, 50, 199, 200)]

    assert rates("rrlsrn") == [1, 1 / 2, 1 / 8, 1 / 16]
    assert rates("fmen") == [1, 1, 1, 1 / 2]
    assert rates("halving", halve_every=25) == [1 / 2, 1 / 4, 1 / 128, 1 / 256]


def test_stochastic_gradient_descent_is_that_of_the_formula():
    """v <- momentum v + gradient + decay w;  w <- w - rate v: two steps by hand."""
    weight = torch.nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
    optimiser = optimisers.build(
        {"kind": "sgd", "options": {"momentum": 0.9, "weight_decay": 0.01}}, [weight], learning_rate=0.1
    )
    w, v = 2.0, 0.0
    for _ in range(2):
        optimiser.zero_grad()
        (weight**2).sum().backward()
        optimiser.step()
        v = 0.9 * v + 2 * w + 0.01 * w
        w -= 0.1 * v
    assert weight.item() == pytest.approx(w, rel=1e-12)


@pytest.mark.parametrize(
    ("optimiser", "sentence"),
    [
        ("sdg", "did you mean 'sgd'"),
        ({"kind": "sgd", "options": {"momentun": 0.9}}, "did you mean 'momentum'"),
        ({"kind": "adam", "options": {"weight_decay": -1.0}}, "0 or more"),
    ],
)
def test_an_impossible_optimiser_is_named(optimiser, sentence):
    with pytest.raises(InputError, match=sentence):
        train(**problem(optimiser=optimiser))


def test_clipping_bounds_the_change_of_a_step():
    """With plain gradient descent a step moves the weights by rate * norm, at most."""
    options = {"epochs": 1, "steps_per_epoch": 1, "learning_rate": 0.1, "schedule": "constant", "keep_epochs": (1,)}
    options["optimiser"] = {"kind": "sgd", "options": {"momentum": 0.0}}
    torch.manual_seed(problem()["seed"])
    start = build_model(problem()["architecture"], scale=1, channels=1).state_dict()

    def moved(limit):
        state = train(**problem(gradient_clipping=limit, **options)).state
        return float(np.sqrt(sum(np.square(state[n] - start[n].numpy()).sum() for n in state)))

    free = moved(None)
    assert moved(free / 0.1 / 4) == pytest.approx(free / 4, rel=1e-3)
    assert moved(free) == pytest.approx(min(free, 0.1 * free), rel=1e-3)


def test_named_epochs_keep_their_weights_and_an_estimate():
    trained = train(**problem(keep_epochs=(1, 3)))
    shorter = train(**problem(epochs=1, schedule="constant", keep_epochs=(1,)))
    constant = train(**problem(schedule="constant", keep_epochs=(1, 3)))
    for name, array in shorter.state.items():
        assert np.array_equal(constant.kept[f"epoch000001/model/{name}"], array)
        assert np.array_equal(trained.kept[f"epoch000003/model/{name}"], trained.state[name])
    assert trained.kept["epoch000003/estimate"].shape == (1, 16, 16)


def test_a_training_starts_from_given_weights(tmp_path):
    given = train(**problem())
    metadata = {"architecture": problem()["architecture"], "scale": 1, "channels": 1}
    save_weights(tmp_path / "start.safetensors", given.state, metadata)
    options = {"epochs": 1, "steps_per_epoch": 1, "learning_rate": 1e-12, "schedule": "constant"}
    started = train(**problem(**options), initial=tmp_path / "start.safetensors")
    for name, array in given.state.items():
        assert np.allclose(started.state[name], array, atol=1e-9)
    with pytest.raises(InputError, match=r"holds weights of another network \(srcnn\): .* has the shape"):
        train(**problem("edsr", **options), initial=tmp_path / "start.safetensors")


def test_batch_normalisation_with_batches_of_one_warns(capsys):
    train(**problem(loss="adversarial", batch=1, epochs=1, steps_per_epoch=1, patch=None))
    assert "warning: the discriminator has batch normalisation and training.batch is 1" in capsys.readouterr().err


def test_a_gan_has_both_losses_in_its_history():
    adversarial, content = train(**problem(loss="adversarial")).history, train(**problem()).history
    assert adversarial["discriminator_loss"].between(0.1, 5).all()
    assert content["discriminator_loss"].isna().all()


def test_planning_a_training_needs_no_torch():
    code = "import sys, mrisr.study; print('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "False\n"


HINTS = get_type_hints(Settings)
COUNTS = [name for name, hint in HINTS.items() if int in (hint, *get_args(hint)) and get_origin(hint) is not tuple]
CHOICES = [name for name, hint in HINTS.items() if get_origin(hint) is Literal]


@pytest.mark.parametrize(("name", "value"), [*((n, 0) for n in COUNTS), *((n, "nonsense") for n in CHOICES)])
def test_what_a_study_refuses_a_training_by_hand_refuses_too(name, value):
    with pytest.raises(ValidationError):
        TrainingOptions(**{name: value})
    with pytest.raises(InputError, match=f"training.{name}: '?{value}'? is not"):
        Settings.read(TRAINING | {name: value})


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        (
            {"schedule": "halving"},
            "halve_every: is missing; the schedule 'halving' needs the epochs between two halvings",
        ),
        ({"epochs": 5, "keep_epochs": (5, 6)}, "keep_epochs: there is no epoch 6 (training has 5)"),
    ],
)
def test_keys_that_depend_on_each_other_are_told_alike_in_a_study_and_by_hand(changes, problem):
    assert [line for _, line in option_problems(TrainingOptions(**changes))] == [problem]
    with pytest.raises(InputError) as caught:
        Settings.read(TRAINING | changes)
    assert caught.value.problems == [f"training.{problem}"]


def test_the_optimiser_takes_options():
    parameters = [torch.zeros(1, requires_grad=True)]
    optimiser = optimisers.build({"kind": "adam", "options": {"betas": [0.5, 0.9]}}, parameters, learning_rate=1e-2)
    assert optimiser.param_groups[0]["betas"] == (0.5, 0.9)
    assert optimiser.param_groups[0]["lr"] == 1e-2


def test_a_job_uses_its_threads_and_leaves_torch_as_it_was():
    former = torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()
    with execution(threads=cores(), device="cpu", deterministic=True) as device:
        assert device.type == "cpu"
        assert torch.get_num_threads() == cores()
        assert torch.are_deterministic_algorithms_enabled()
        assert torch.tensor(1e-30) * 1e-12 == 0
    assert (torch.get_num_threads(), torch.are_deterministic_algorithms_enabled()) == former
    assert torch.tensor(1e-30) * 1e-12 != 0


def test_signals_are_noted_and_their_handlers_come_back():
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGUSR1)}
    for number in former:
        with stop_requests() as stop:
            assert stop.reason() is None
            os.kill(os.getpid(), number)
            assert stop.reason() == f"received {number.name}"
    assert {number: signal.getsignal(number) for number in former} == former


def test_the_deadline_counts_from_the_first_step_on():
    with stop_requests(deadline=0.0) as stop:
        assert stop.reason() is None
        stop.worked = True
        assert stop.reason() == "its time is up"


def test_weights_that_do_not_fit_are_named(tmp_path):
    path = tmp_path / "weights.safetensors"
    save_weights(
        path, {"a": np.zeros(3)}, {"architecture": {"kind": "srcnn", "options": {}}, "scale": 1, "channels": 1}
    )
    with pytest.raises(InputError, match="does not fit the architecture"):
        load_model(path)
    save_weights(path, {"a": np.zeros(3)}, {"scale": 1})
    with pytest.raises(InputError, match="lack architecture, channels"):
        load_model(path)


@pytest.mark.parametrize("optimiser", ["adam", {"kind": "sgd", "options": {"weight_decay": 0.01}}])
def test_an_optimiser_takes_the_steps_of_torchs_own(optimiser):
    """Its methods lack only what torch wraps around them for its compiler."""
    start = torch.nn.Linear(5, 3)
    models = [copy.deepcopy(start) for _ in range(2)]
    options = {"lr": 0.1} if optimiser == "adam" else {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
    ours = optimisers.build(optimiser, models[0].parameters(), learning_rate=0.1)
    theirs = (torch.optim.Adam if optimiser == "adam" else torch.optim.SGD)(models[1].parameters(), **options)
    for step in range(5):
        data = torch.randn(4, 5, generator=torch.Generator().manual_seed(step))
        for model, one in zip(models, (ours, theirs), strict=True):
            one.zero_grad(set_to_none=True)
            model(data).square().sum().backward()
            one.step()
    assert all(torch.equal(a, b) for a, b in zip(*(model.parameters() for model in models), strict=True))
    states = [one.state_dict()["state"] for one in (ours, theirs)]
    assert all(torch.equal(states[0][p][n], value) for p, named in states[1].items() for n, value in named.items())


def test_a_training_does_not_import_torchs_compiler():
    code = "import sys; sys.path.insert(0, 'tests'); from training_problem import problem; " + (
        "from mrisr.training.train import train; train(**problem()); assert 'torch._dynamo' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[1], text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
