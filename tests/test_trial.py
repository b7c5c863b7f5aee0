"""Every method of a study is made once with its options before anything runs."""

from __future__ import annotations

import json
import math
import resource
from pathlib import Path

import pytest
import torch
from mrisr import plugins
from mrisr.costs.machine import memory
from mrisr.errors import InputError
from mrisr.identity import ContentDigests
from mrisr.running import _trial, trial
from mrisr.study.validation import validate
from project import TINY, Project

WRONG = {
    "architectures": {
        "srcnn": {"features": [4, 2, 1], "skip": True},
        "rrdbnet": {"features": 10**9},
        "quits": {},
        "divides": {},
    },
    "losses": {"mse": {}, "ssim": {"window": 4}, "perceptual": {"weights": "vgg.pth"}},
    "models": None,
    "evaluation": {"metrics": {"psnr": {}, "hfen": {"sigma": -1.0}}},
}
LINES = {
    "architectures.srcnn: srcnn: 3 features need 4 kernels, got 3",
    "architectures.divides: cannot be made with these options (ZeroDivisionError: division by zero)",
    "architectures.quits: the process that made it ended with status 7",
    "losses.ssim: losses: ssim's window must be an odd number of pixels, got 4",
    "losses.perceptual: vgg.pth: cannot be read (No such file or directory); give the path of a file",
    "evaluation.metrics.hfen: ",
}
BROKEN = (
    '"""A method of a user\'s."""\n\nimport os\n\n\nclass Broken:\n    def __init__(self, *, scale: int):\n        {}\n'
)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    project = Project(tmp_path_factory.mktemp("project"), {**TINY, **WRONG})
    for name, statement in [("quits", "os._exit(7)"), ("divides", "1 / 0")]:
        (project.folder / f"workflow/mrisr/models/{name}.py").write_text(BROKEN.format(statement))
    return project


def told(text: str) -> list[str]:
    return [line.removeprefix("error: config.yaml: ") for line in text.splitlines() if line.startswith("error: ")]


@pytest.mark.parametrize("command", [("snakemake", "-n"), ("mrisr", "check"), ("mrisr", "plan")], ids=" ".join)
def test_whatever_cannot_be_made_is_told_at_once_before_anything_runs(project, command):
    if memory() >= 36e9:
        pytest.skip("the network that is too large would fit into this machine")
    done = project.call(*command)
    assert done.returncode != 0
    lines = told(done.stderr)
    # The jobs of a study that is only checked may run on any machine, but no machine holds an array of this size.
    size = (
        "cannot be made with these" if "check" in command else "its parameters alone take 36 GB or more, this machine"
    )
    wanted = {*LINES, f"architectures.rrdbnet: {size} "}
    assert len(lines) == len(wanted)
    assert all(any(line.startswith(beginning) for line in lines) for beginning in wanted), done.stderr
    assert "Traceback" not in done.stderr
    assert not (project.folder / "results/tiny").exists()


def tried(tmp_path, monkeypatch, memory=2**40, **changes) -> list[str]:
    """What is said about the tiny study with keys changed; what is remembered lies in ``tmp_path``."""
    monkeypatch.setattr(trial, "TRIALS", tmp_path / ".methods.json")
    study = validate({**TINY, **changes}, source="my.yaml")
    try:
        trial.require_buildable(study, ContentDigests(tmp_path / ".digests.json"), source="my.yaml", memory=memory)
    except InputError as error:
        return error.problems
    return []


def test_what_could_be_made_is_remembered_until_its_options_change(tmp_path, monkeypatch):
    assert tried(tmp_path, monkeypatch) == []
    calls = []
    run = trial.subprocess.run
    monkeypatch.setattr(trial.subprocess, "run", lambda *a, **k: calls.append(json.loads(k["input"])) or run(*a, **k))
    assert tried(tmp_path, monkeypatch) == []
    assert calls == []
    changes = {"architectures": {"srcnn": {"features": [4, 3]}}}
    assert tried(tmp_path, monkeypatch, **changes) == []
    (made,) = calls[0]["methods"]
    assert (made["options"]["scale"], made["options"]["features"]) == (1, [4, 3])
    (line,) = tried(tmp_path, monkeypatch, losses={"ssim": {"window": 4}}, models=None)
    assert line == "my.yaml: losses.ssim: losses: ssim's window must be an odd number of pixels, got 4"
    # A failure is not remembered: what it depends on may be mended without a change of the study.
    monkeypatch.setattr(trial, "_ask", lambda methods, memory: (calls.append(methods) or [], "was not started"))
    assert tried(tmp_path, monkeypatch, losses={"ssim": {"window": 4}}, models=None)[0].endswith("was not started")


def test_a_remembered_network_is_too_large_for_a_smaller_machine(tmp_path, monkeypatch):
    assert tried(tmp_path, monkeypatch) == []
    (line,) = tried(tmp_path, monkeypatch, memory=1000)
    assert line.startswith("my.yaml: architectures.srcnn: its parameters alone take ")
    assert line.endswith("this machine has 1e-06 GB; make it smaller")


def test_a_network_for_another_machine_may_be_larger_than_this_one(tmp_path, monkeypatch):
    monkeypatch.setattr(trial, "own_memory", lambda: 1000)
    assert tried(tmp_path, monkeypatch, memory=math.inf) == []
    # It was made without memory, so a later run on this machine knows its size.
    assert "its parameters alone take " in tried(tmp_path, monkeypatch, memory=1000)[0]


def test_what_needs_its_numbers_for_another_machine_is_tried_as_far_as_this_one_holds_it(monkeypatch):
    def build(*_, **__):
        if torch.empty(1).is_meta:
            raise NotImplementedError
        return torch.nn.Linear(30, 30)

    monkeypatch.setattr(_trial.plugins, "build", build)
    assert _trial.made("models", "mine", {}, None, 10**6) == {"bytes": 4 * 930}
    assert _trial.made("models", "mine", {}, None, 1000) == {}
    assert "this machine has" in _trial.made("models", "mine", {}, 1000, 10**6)["problems"][0]


def test_a_damaged_memory_is_no_memory(tmp_path, monkeypatch):
    (tmp_path / ".methods.json").write_text('{"a": [], "b": {"bytes": -1}}')
    assert tried(tmp_path, monkeypatch) == []


def test_a_device_that_only_the_jobs_have_is_no_problem(tmp_path, monkeypatch):
    learned = {"dsgan": {"source": "gaussian", "device": "cuda"}}
    protocol = {"grid": "low", "scales": [2]}
    assert tried(tmp_path, monkeypatch, kernels=learned, protocol=protocol) == []


@pytest.mark.parametrize("name", plugins.available("models"))
def test_a_network_has_the_size_that_is_found_without_allocating_it(name):
    options = {"scale": 2} if 2 in (plugins.constant("models", name, "SCALES") or [2]) else {"scale": 1}
    network = plugins.build("models", name, **options)
    wanted = sum(4 * parameter.numel() for parameter in network.parameters())
    assert _trial.made("models", name, options, 2**40) == {"bytes": wanted}


def test_a_network_that_does_not_fit_is_refused_before_it_takes_memory():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (problem,) = _trial.made("models", "rrdbnet", {"scale": 1, "features": 10**9}, 2**33)["problems"]
    assert problem == "its parameters alone take 36 GB or more, this machine has 8.59 GB; make it smaller"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 500_000  # kB
    # No machine holds an array whose size is no number of 64 bits.
    (problem,) = _trial.made("models", "rrdbnet", {"scale": 1, "features": 10**9}, None)["problems"]
    assert problem.startswith("cannot be made with these options (RuntimeError: Storage size calculation overflowed")
    (problem,) = _trial.made("models", "edsr", {"scale": 1, "features": 1, "blocks": 10**9}, 2**33)["problems"]
    assert problem == f"it has more than {_trial.MOST} arrays of parameters; make it smaller"


def test_no_limit_is_left_behind():
    _trial.made("models", "rrdbnet", {"scale": 1, "features": 1000}, 1000)
    assert torch.nn.Linear(100, 100).weight.nbytes == 40_000


def test_a_container_has_the_memory_that_it_may_take(tmp_path: Path):
    machine = memory([])
    limits = [tmp_path / "memory.max", tmp_path / "missing"]
    for text, wanted in [("max\n", machine), ("1000000\n", 10**6), (f"{2**63}\n", machine)]:
        limits[0].write_text(text)
        assert memory(limits) == wanted
