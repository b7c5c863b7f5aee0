"""What is too large for the slices, the machine or a lifetime is told before anything runs."""

from __future__ import annotations

import copy
import math

import numpy as np
import pytest
from mrisr import plugins
from mrisr.costs.resources import Resources
from mrisr.errors import InputError
from mrisr.kernels import _slices
from mrisr.planning.plan import Plan
from mrisr.running import beforehand
from mrisr.study.validation import validate
from project import TINY, Project, phantom

LARGE = {"anna": (70, 66, 12), "ben": (66, 66, 12), "cleo": (64, 64, 12), "dora": (65, 66, 12)}
LOW = {
    **TINY,
    "protocol": {"grid": "low"},
    "degradations": {
        "hidden": {},
        "learned": {"kind": "estimated", "by": "dsgan"},
        "net": {"kind": "estimated", "by": "dsn"},
    },
    "kernels": {"dsgan": {"source": "hidden"}, "dsn": {"source": "hidden", "features": 2}},
}


def changed(study: dict, **changes) -> dict:
    """A study with keys changed; ``a__b`` is the key b in a."""
    study = copy.deepcopy(study)
    for key, value in changes.items():
        *path, last = key.split("__")
        section = study
        for name in path:
            section = section.setdefault(name, {})
        section[last] = value
    return study


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Volumes whose axial slices are 40 x 36; that of ben, who is for validation, 38 x 36."""
    project = Project(tmp_path_factory.mktemp("limits"))
    project.write_volume("ben", phantom(1, (38, 36, 12)))
    return project.folder


def limits(folder, monkeypatch, study: dict, memory: float = 10**12) -> list[str]:
    """The lines for a study on a machine with so much memory."""
    monkeypatch.chdir(folder)
    return Resources(Plan(validate(study, source="s.yaml"))).limits(memory)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"training__patch": 38},
            "training.patch: a patch of 38 x 38 pixels does not fit into the slices of 'anna', 40 x 36 pixels; "
            "at most 36 fit",
        ),
        (
            {"training__patch": 16, "training__overrides": {"srcnn": {"patch": 64}}},
            "training.overrides.srcnn.patch: a patch of 64 x 64 pixels does not fit into the slices of 'anna', 40 x 36 "
            "pixels; at most 36 fit",
        ),
        (
            {"training__epochs": 10**12},
            "training.epochs: 1000000000000 epochs are 2e+12 steps, which take 63.4 years even at 1000 a second; "
            "make it smaller",
        ),
        (
            {"training__batch": 10**10},
            "training.batch: the images of a step alone take 1.02e+04 GB, this machine has 1e+03 GB; make it smaller",
        ),
    ],
)
def test_what_is_too_large_is_one_line_with_its_key(folder, monkeypatch, changes, line):
    assert limits(folder, monkeypatch, changed(TINY, **changes)) == [line]


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training__patch": 36},
        {"training__epochs": 10**11},
        # A batch of whole slices holds no slice twice.
        {"training__patch": None, "training__batch": 10**10},
    ],
)
def test_what_is_just_possible_is_not_refused(folder, monkeypatch, changes):
    assert limits(folder, monkeypatch, changed(TINY, **changes)) == []


def test_a_batch_that_another_machine_may_hold_is_no_problem_here_and_is_asked_of_its_nodes(folder, monkeypatch):
    monkeypatch.chdir(folder)
    study = changed(TINY, training__batch=10**7, kernels={"dsn": {"source": "gaussian", "features": 2}})
    study["protocol"] = {"grid": "low"}
    assert limits(folder, monkeypatch, study, 10**10) != []
    assert limits(folder, monkeypatch, study, math.inf) == []
    resources = Resources(Plan(validate(study, source="s.yaml")))
    of_model = {"architecture": "srcnn", "scale": "2", "fold": "0"}
    for stage, names in [("train", of_model), ("network", {"method": "dsn"})]:
        # The images of a step, low and high resolution, float32: 20 GB.
        assert resources.memory_mb(stage, **names) > 2 * 4 * 10**7 * 16**2 / 1e6


def test_every_fold_counts(folder, monkeypatch):
    study = changed(TINY, folds=2, training__patch=40)
    assert limits(folder, monkeypatch, study)


def test_slices_that_are_too_small_for_a_method_that_crops_them_are_told(folder, monkeypatch):
    (line,) = limits(folder, monkeypatch, LOW)
    assert line == (
        "kernels.dsgan: a crop of 64 x 64 pixels does not fit into the slices of 'cleo' and of 3 more, 40 x 36 pixels; "
        "at most 36 fit"
    )


def test_methods_that_learn_have_the_same_limits(tmp_path, monkeypatch):
    project = Project(tmp_path)
    for number, (name, shape) in enumerate(LARGE.items()):
        project.write_volume(name, phantom(number, shape))
    assert limits(project.folder, monkeypatch, LOW) == []
    study = changed(LOW, kernels__dsgan__iterations=10**12, kernels__dsn__training={"patch": 68, "epochs": 10**12})
    lines = limits(project.folder, monkeypatch, study)
    assert [line.split(":")[0] for line in lines] == [
        "kernels.dsgan.iterations",
        "kernels.dsn.training.patch",
        "kernels.dsn.training.epochs",
    ]


def test_dsgan_declares_the_side_that_it_asks_for():
    assert plugins.constant("kernels", "dsgan", "LEAST_SIDE") == _slices.HR_CROP
    with pytest.raises(InputError, match="at least 64 x 64"):
        _slices.prepared([np.zeros((63, 64))], [np.zeros((31, 32))], 0, None)


def test_a_size_that_no_header_tells_is_no_reason(folder, tmp_path, monkeypatch):
    project = Project(tmp_path)
    (project.folder / "data/anna.nii").write_bytes(b"nothing" * 1000)
    assert limits(project.folder, monkeypatch, changed(TINY, training__patch=38)) == []


def test_sizes_and_methods_are_told_together(folder, monkeypatch):
    monkeypatch.chdir(folder)
    study = validate(changed(TINY, training__patch=38, losses={"ssim": {"window": 4}}, models=None), source="s.yaml")
    plan = Plan(study)
    with pytest.raises(InputError) as caught:
        beforehand.require_possible(plan, Resources(plan), source="s.yaml", memory=10**12)
    method, size = caught.value.problems
    assert method.startswith("s.yaml: losses.ssim: ")
    assert size.startswith("s.yaml: training.patch: ")
