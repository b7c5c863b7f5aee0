"""A study whose models build on each other: adversarial training from trained weights, with named epochs."""

from __future__ import annotations

import pandas as pd
import pytest
from finished import finish
from mrisr import arrays
from mrisr.errors import InputError
from mrisr.study.validation import load_study
from project import TINY, Project

CONFIG = {
    **TINY,
    "architectures": {
        "content": {"kind": "srcnn", "features": [4, 3]},
        "gan": {"kind": "srcnn", "features": [4, 3]},
    },
    "losses": {
        "mse": {},
        "adversarial": {"discriminator": {"kind": "plain", "features": 2}, "content": {"kind": "charbonnier"}},
    },
    "models": [
        {"architectures": ["content"], "losses": ["mse"], "training_sets": ["gaussian"]},
        {"architectures": ["gan"], "losses": ["adversarial"], "training_sets": ["gaussian"]},
    ],
    "training": {
        **TINY["training"],
        "keep_epochs": [1],
        "overrides": {"gan": {"initial_weights": {"architecture": "content", "loss": "mse"}}},
    },
    "evaluation": {**TINY["evaluation"], "diversity": True},
    "figures": {"further": ["epochs", "losses", "outputs"]},
}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return finish(Project(tmp_path_factory.mktemp("adversarial"), CONFIG), without=["explorer", "report"])


def model(project: Project, name: str):
    (weights,) = (project.folder / "results").glob(f"*/models/x*/{name}/gaussian/**/weights.safetensors")
    return weights.parent


def test_an_adversarial_model_builds_on_another_and_has_both_losses(project):
    history = pd.read_csv(model(project, "gan/adversarial") / "history.csv")
    assert history["discriminator_loss"].between(0.1, 5).all()
    assert pd.read_csv(model(project, "content/mse") / "history.csv")["discriminator_loss"].isna().all()


@pytest.mark.parametrize("figure", ["diversity", *CONFIG["figures"]["further"]])
def test_the_figures_of_a_gan_are_drawn(project, figure):
    assert list((project.folder / "results/tiny/figures/x2").glob(f"{figure}*.png"))


def test_named_epochs_are_kept(project):
    kept, _ = arrays.load(model(project, "gan/adversarial") / "epochs.safetensors")
    assert kept["epoch000001/estimate"].ndim == 3
    assert any(name.startswith("epoch000001/model/") for name in kept)


def test_the_gan_is_trained_again_for_another_discriminator_or_another_start(project):
    project.configure({**CONFIG, "losses": {**CONFIG["losses"], "adversarial": {"discriminator": "srgan"}}})
    assert project.planned("models").get("train_model") == 1
    overrides = {**CONFIG["training"]["overrides"], "content": {"learning_rate": 2e-4}}
    project.configure({**CONFIG, "training": {**CONFIG["training"], "overrides": overrides}})
    assert project.planned("models").get("train_model") == 2
    project.configure(CONFIG)
    assert project.planned("models").get("train_model") is None


START = "training.overrides.gan.initial_weights: "


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"overrides": {"gan": {"initial_weights": "nowhere.safetensors"}}}, START + "there is no file nowhere"),
        (
            {"overrides": {"gan": {"initial_weights": {"architecture": "gan", "loss": "mse"}}}},
            START + "the study trains no model gan / mse",
        ),
        ({"overrides": {"gan": {"initial_weights": {"loss": "mse"}}}}, START + "name a file, or both of"),
        ({"keep_epochs": [3]}, "keep_epochs: there is no epoch 3"),
        ({"schedule": "halving"}, "halve_every: is missing"),
        ({"optimiser": {"kind": "sgd", "momentun": 0.1}}, "did you mean 'momentum'"),
    ],
)
def test_what_cannot_be_trained_is_said_before_anything_runs(project, changes, sentence):
    project.configure({**CONFIG, "training": {**CONFIG["training"], **changes}})
    with pytest.raises(InputError, match=sentence.replace(".", r"\.")):
        load_study(project.folder / "config.yaml")
    project.configure(CONFIG)


def test_a_start_that_leads_back_is_refused(project):
    overrides = {
        "gan": {"initial_weights": {"architecture": "content", "loss": "mse"}},
        "content": {"initial_weights": {"architecture": "gan", "loss": "adversarial"}},
    }
    project.configure({**CONFIG, "training": {**CONFIG["training"], "overrides": overrides}})
    with pytest.raises(InputError, match="would start from itself"):
        load_study(project.folder / "config.yaml")
    project.configure(CONFIG)
