"""A study writes options beside `kind`; behind the study every method is `kind` and `options`."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mrisr import degradations, losses, plugins
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.study.methods import Method, described
from mrisr.study.validation import load_study, validate
from mrisr.study.written import all_options, read_method
from mrisr.training.optimisers import build as build_optimiser
from mrisr.training.train import train
from mrisr.training.weights import build_model
from project import SUBJECTS, TINY, Project
from training_problem import problem

STUDY = {
    **TINY,
    "protocol": {"grid": "low"},
    "degradations": {"noisy": {"degradation": {"kind": "gaussian", "sigma": 2}}, "gaussian": None},
    "architectures": {"net": {"kind": "srcnn", "features": [4, 2]}, "srcnn": None},
    "losses": {
        "mse": None,
        "both": {"kind": "sum", "terms": ["l1", {"kind": "charbonnier", "epsilon": 1}], "weights": [1, 2]},
        "adversarial": {"content": None, "discriminator": {"kind": "plain", "features": 4}},
    },
    "models": None,
    "training": {**TINY["training"], "optimiser": {"kind": "sgd", "momentum": 0.5}},
    "kernels": {"dsn": {"source": "gaussian", "training": {"optimiser": {"kind": "adam"}}}},
    "evaluation": {"metrics": ["psnr"], "baselines": {"wiener": {"degradation": {"kind": "gaussian", "sigma": 1}}}},
}
OPTIONS = st.dictionaries(st.text().filter(lambda name: name != "kind"), st.integers() | st.text())


@given(kind=st.text(), options=OPTIONS)
def test_both_forms_of_a_method_have_its_kind_and_options(kind, options):
    assert read_method({"kind": kind, **options}) == (kind, options)
    assert plugins.kind_and_options({"kind": kind, "options": options}) == (kind, options)
    assert read_method(kind) == plugins.kind_and_options(kind) == (kind, {})


def test_a_method_has_its_defaults_and_so_have_its_parts():
    terms = ["l1", {"kind": "charbonnier", "epsilon": 1}]
    both = described("losses", "both", Method(kind="sum", terms=terms))
    charbonnier = {"kind": "charbonnier", "options": {"epsilon": 1.0}}
    assert both == {
        "kind": "sum",
        "options": {"weights": None, "terms": [{"kind": "l1", "options": {}}, charbonnier]},
    }
    assert isinstance(both["options"]["terms"][1]["options"]["epsilon"], float)
    assert all_options("losses", "adversarial", {"content": None})["content"] is None


def mappings(value):
    """All mappings in a value."""
    if isinstance(value, dict):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple) else ():
        yield from mappings(part)


def test_every_method_of_every_job_is_kind_and_options(tmp_path, monkeypatch):
    project = Project(tmp_path, STUDY, SUBJECTS)
    monkeypatch.chdir(project.folder)
    shelves = ("models", "losses", "degradations", "kernels", "baselines", "metrics", "discriminators")
    methods = {name for shelf in shelves for name in plugins.available(shelf)} | {"adam", "sgd"}
    plan = Plan(load_study("config.yaml"))
    plan.job("network", **plan.study.learning("dsn", 2))
    plan.jobs()
    found = [m for job in plan.known() for m in mappings(dict(job.settings)) if m.get("kind") in methods]
    assert {m["kind"] for m in found} > {
        "noisy",
        "srcnn",
        "sum",
        "plain",
        "charbonnier",
        "sgd",
        "adam",
        "wiener",
        "dsn",
    }
    assert all({"kind", "options"} <= m.keys() <= {"kind", "options", "shelf", "name"} for m in found)


WRITTEN = {"kind": "gaussian", "sigma": 2.0}


@pytest.mark.parametrize(
    "build",
    [
        lambda: plugins.build_part("degradations", WRITTEN, scale=2, grid="low"),
        lambda: degradations.from_description(WRITTEN, scale=2, grid="low"),
        lambda: degradations.build("noisy", scale=2, grid="low", degradation=WRITTEN),
        lambda: losses.from_description({"kind": "charbonnier", "epsilon": 0.1}),
        lambda: build_model({"kind": "srcnn", "features": [4, 2]}, scale=1, channels=1),
        lambda: build_optimiser({"kind": "sgd", "momentum": 0.1}, [], learning_rate=1.0),
        lambda: train(**problem() | {"loss": {"kind": "charbonnier", "epsilon": 0.1}}),
        lambda: plugins.kind_and_options({"options": {}}),
        lambda: plugins.kind_and_options({"kind": "gaussian", "options": [1]}),
        lambda: plugins.kind_and_options({"kind": 1}),
    ],
)
def test_the_library_refuses_the_form_of_a_study(build):
    with pytest.raises(InputError, match="is neither a name nor a mapping of 'kind' and 'options'"):
        build()


@pytest.mark.parametrize(
    ("section", "name", "value", "sentence"),
    [
        (
            "degradations",
            "noisy",
            {"degradation": {"kind": "gaussian", "options": {"sigma": 2.0}}},
            "degradations.noisy.degradation.gaussian.options: 'gaussian' has no such option",
        ),
        ("architectures", "srcnn", {"options": {"features": [4, 2]}}, "architectures.srcnn.options: 'srcnn' has no"),
        (
            "losses",
            "both",
            {"kind": "sum", "terms": [{"epsilon": 1}]},
            "write its name, or {kind: name, option: value}",
        ),
        ("training", "optimiser", {"kind": "sgd", "options": {"momentum": 0.1}}, "'sgd' has no option 'options'"),
        (
            "training",
            "optimiser",
            {"momentum": 0.1},
            "training.optimiser: {'momentum': 0.1} is no method: write its name",
        ),
        (
            "kernels",
            "dsn",
            {"source": "gaussian", "training": {"optimiser": {"kind": "sgd", "momentun": 0.1}}},
            "kernels.dsn.training.optimiser: 'sgd' has no option 'momentun' (did you mean 'momentum'",
        ),
        (
            "kernels",
            "dsn",
            {"source": "gaussian", "training": {"schedule": "halving"}},
            "kernels.dsn.training.halve_every: is missing",
        ),
    ],
)
def test_a_study_has_one_form_too(section, name, value, sentence):
    config = copy.deepcopy(STUDY)
    config[section][name] = value
    with pytest.raises(InputError) as caught:
        validate(config, source="my.yaml")
    assert any(sentence in problem for problem in caught.value.problems), caught.value.problems
