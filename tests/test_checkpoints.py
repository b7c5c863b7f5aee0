"""Interrupted training equals uninterrupted training, to the bit, whatever happens to the process or its files."""

from __future__ import annotations

import functools
import multiprocessing
import os
import resource
import signal
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from loss_options import loss_options
from mrisr import models
from mrisr.cores import cores
from mrisr.errors import InputError
from mrisr.training.checkpoints import Checkpoints
from mrisr.training.interruption import Interrupted
from mrisr.training.train import train
from training_problem import digest, problem

STEPS = 12
"""Steps of the problem's whole training."""


@functools.cache
def undisturbed(architecture: str = "srcnn", **training) -> str:
    """Digest of the result of an uninterrupted training."""
    return digest(train(**problem(architecture, **training)))


def resume(folder: Path, architecture: str = "srcnn", **training) -> str:
    """Digest of the result of a training that continues from the folder's checkpoints."""
    return digest(train(**problem(architecture, **training), checkpoints=folder, identity="x"))


def interrupt(folder: Path, times: int, architecture: str = "srcnn", **training) -> None:
    """Start a training a number of times. Each time its time is up after one more step."""
    for _ in range(times):
        with pytest.raises(Interrupted):
            train(**problem(architecture, **training), checkpoints=folder, identity="x", deadline=0.0)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "x").glob("*"))


class AtStep:
    """A progress meter that acts on its own process after a given step."""

    def __init__(self, step: int, action):
        self.step, self.action = step, action

    def __call__(self, total: int, done: int) -> AtStep:
        return self

    def update(self, done: int, note: str = "") -> None:
        if done == self.step:
            self.action()


def send(number: int) -> None:
    os.kill(os.getpid(), number)


def job(folder: Path, architecture: str, training: dict, step: int | None, number: int | None) -> None:
    """What a training process does; it sends itself a signal after a step."""
    progress = AtStep(step, functools.partial(send, number)) if step else None
    try:
        train(**problem(architecture, **training), checkpoints=folder, identity="x", progress=progress)
    except Interrupted:
        sys.exit(75)


@pytest.fixture(scope="module")
def processes():
    """Processes that start fast, with the library imported."""
    context = multiprocessing.get_context("forkserver")
    # Optimisers import the compiler when first used, which takes longer than the training here.
    context.set_forkserver_preload(["training_problem", "pytest", "mrisr.models.srcnn", "torch._dynamo"])
    return context


def start(processes, folder: Path, architecture: str = "srcnn", *, step=None, number=None, **training):
    process = processes.Process(target=job, args=(folder, architecture, training, step, number))
    process.start()
    return process


def run(*arguments, **options) -> int:
    """Exit status of a training process."""
    process = start(*arguments, **options)
    process.join(60)
    return process.exitcode


@pytest.mark.parametrize("patch", [12, None])
@pytest.mark.parametrize("architecture", models.available())
def test_a_training_stopped_after_every_step_gives_the_same_bits(tmp_path, architecture, patch):
    training = {"patch": patch, "keep": "best"}
    interrupt(tmp_path, STEPS, architecture, **training)
    assert resume(tmp_path, architecture, **training) == undisturbed(architecture, **training)


@pytest.mark.parametrize("form", ["vanilla", "least_squares", "relativistic"])
def test_an_adversarial_training_stopped_after_every_step_gives_the_same_bits(tmp_path, monkeypatch, form):
    options = {**loss_options("adversarial"), "form": form, "learning_rate": 3e-4}
    monkeypatch.setattr("training_problem.loss_options", lambda name: options)
    training = {"loss": "adversarial", "keep": "best", "keep_epochs": (1, 3), "gradient_clipping": 0.5}
    expected = digest(train(**problem(**training)))
    interrupt(tmp_path, STEPS, **training)
    assert resume(tmp_path, **training) == expected


def test_an_adversarial_training_killed_again_and_again_gives_the_same_bits(tmp_path, processes):
    training = {"loss": "adversarial", "optimiser": {"kind": "sgd", "options": {"weight_decay": 1e-4}}}
    for step in (1, 4, 7, 12):
        assert run(processes, tmp_path, step=step, number=signal.SIGKILL, **training) == -signal.SIGKILL
    assert resume(tmp_path, **training) == digest(train(**problem(**training)))


def test_also_a_network_with_dropout_and_running_statistics_gives_the_same_bits(tmp_path, monkeypatch):
    def noisy(*_, **__):
        layers = (torch.nn.Conv2d(1, 4, 3, padding=1), torch.nn.BatchNorm2d(4), torch.nn.Dropout(0.5))
        return torch.nn.Sequential(*layers, torch.nn.Conv2d(4, 1, 1))

    monkeypatch.setattr("mrisr.training.train.build_model", noisy)
    expected = digest(train(**problem()))
    interrupt(tmp_path, STEPS)
    assert resume(tmp_path) == expected


def test_more_threads_give_the_same_bits_again(tmp_path):
    training = {"threads": cores(), "patch": None}
    interrupt(tmp_path, STEPS // 2, **training)
    assert resume(tmp_path, **training) == digest(train(**problem(**training)))


@pytest.mark.parametrize("architecture", ["srcnn", "fmen"])
def test_a_training_killed_again_and_again_gives_the_same_bits(tmp_path, processes, architecture):
    # One network without and one with running statistics; all others are stopped after every step above.
    # Checkpoints after steps 2, 4, ...: a kill after an odd step loses that step, one after 12 the validation.
    for step in (1, 3, 4, 7, 9, 11, 12):
        assert run(processes, tmp_path, architecture, step=step, number=signal.SIGKILL) == -signal.SIGKILL
    assert resume(tmp_path, architecture) == undisturbed(architecture)


def test_a_training_killed_at_random_moments_gives_the_same_bits(tmp_path, processes):
    # Checkpoints after each step, so that most kills fall into the writing of one.
    training = {"checkpoint_every": 1, "epochs": 50}
    draw = np.random.default_rng(0)
    for _ in range(10):
        before = names(tmp_path)
        process = start(processes, tmp_path, **training)
        while process.is_alive() and names(tmp_path) == before:
            time.sleep(0.001)
        time.sleep(draw.uniform(0, 0.02))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
    assert resume(tmp_path, **training) == undisturbed(**training)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGUSR1])
def test_a_signal_stops_the_training_after_its_step_with_a_checkpoint(tmp_path, processes, number):
    assert run(processes, tmp_path, step=5, number=number) == 75
    assert [name[:13] for name in names(tmp_path)] == ["step-00000004", "step-00000005"]
    assert resume(tmp_path) == undisturbed()


def test_a_signal_during_validation_leaves_it_to_the_next_start(tmp_path, monkeypatch):
    from mrisr.training import loop

    original = loop.validate

    def disturbed(*arguments, **options):
        send(signal.SIGTERM)
        return original(*arguments, **options)

    monkeypatch.setattr(loop, "validate", disturbed)
    with pytest.raises(Interrupted, match="epoch 1, step 4 of 4: received SIGTERM; its state is kept"):
        resume(tmp_path)
    monkeypatch.undo()
    assert resume(tmp_path) == undisturbed()


def test_two_writers_do_not_disturb_each_other(tmp_path, processes):
    training = {"checkpoint_every": 1, "epochs": 40}
    writers = [start(processes, tmp_path, **training) for _ in range(3)]
    for writer in writers:
        writer.join(120)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    assert resume(tmp_path, **training) == undisturbed(**training)
    store = Checkpoints(tmp_path / "x")
    assert store.final() is not None
    assert all(name.startswith(("step-", "final-")) for name in names(tmp_path))


def test_a_writer_goes_on_from_what_another_left_ahead_of_it(tmp_path):
    interrupt(tmp_path, 5)
    steps = []
    progress = AtStep(-1, None)
    progress.update = lambda done, note="": steps.append(done)
    train(**problem(), checkpoints=tmp_path, identity="x", progress=progress)
    assert steps == list(range(6, STEPS + 1))


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [flip_a_bit, truncate, empty])
@pytest.mark.parametrize("damaged", [1, 2])
def test_damaged_checkpoints_are_named_and_the_one_before_is_used(tmp_path, capsys, damage, damaged):
    interrupt(tmp_path, 6)
    for name in names(tmp_path)[-damaged:]:
        damage(tmp_path / "x" / name)
    assert resume(tmp_path) == undisturbed()
    messages = capsys.readouterr().err.splitlines()
    assert len(messages) == damaged
    assert all("is damaged" in line and "the checkpoint before it is used" in line for line in messages)


def test_the_last_two_checkpoints_are_kept(tmp_path):
    interrupt(tmp_path, 6)
    assert [name[:13] for name in names(tmp_path)] == ["step-00000005", "step-00000006"]


def test_a_finished_training_is_delivered_without_a_step(tmp_path):
    trained = resume(tmp_path)
    untouched = AtStep(1, lambda: pytest.fail("a step was made"))
    again = train(**problem(), checkpoints=tmp_path, identity="x", progress=untouched)
    assert digest(again) == trained == undisturbed()


def test_a_damaged_result_costs_no_more_than_the_steps_after_the_last_checkpoint(tmp_path, capsys):
    resume(tmp_path)
    (final,) = (tmp_path / "x").glob("final-*")
    flip_a_bit(final)
    untouched = AtStep(1, lambda: pytest.fail("a step was made"))
    again = train(**problem(), checkpoints=tmp_path, identity="x", progress=untouched)
    assert digest(again) == undisturbed()
    assert "is damaged" in capsys.readouterr().err


def test_a_full_disk_costs_checkpoints_and_not_the_training(tmp_path, capsys):
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, former[1]))
    try:
        trained = resume(tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert trained == undisturbed()
    assert names(tmp_path) == []
    assert "the checkpoint step-00000002 could not be written" in capsys.readouterr().err


def test_a_checkpoint_that_another_writer_removes_is_no_error(tmp_path, monkeypatch, capsys):
    interrupt(tmp_path, 2)
    listed = Checkpoints._list

    def with_one_that_is_gone(store, kind):
        return [*listed(store, kind), store.folder / f"{kind}-99999999-0123456789abcdef.safetensors"]

    monkeypatch.setattr(Checkpoints, "_list", with_one_that_is_gone)
    assert resume(tmp_path) == undisturbed()
    assert capsys.readouterr().err == ""


def test_what_a_killed_training_was_writing_is_removed_with_the_next_checkpoint(tmp_path):
    left = tmp_path / ".draft-abcdefgh"
    left.mkdir()
    for name in (".lock", "state.safetensors"):
        (left / name).write_bytes(b"half")
    assert Checkpoints(tmp_path).save(1, {"a": np.zeros(3, np.float32)}, {})
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("step-00000001-")


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    interrupt(tmp_path, 1)
    with pytest.raises(InputError, match="belongs to another training"):
        resume(tmp_path, "srdensenet")


def test_without_a_folder_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(Interrupted, match="its state could not be kept"):
        train(**problem(), deadline=0.0)
    assert list(tmp_path.iterdir()) == []
