"""Figures that a study has to ask for: each is drawn by its job from the results of a whole study."""

from __future__ import annotations

import pytest
import test_adversarial
import test_realistic
from finished import finish
from mrisr import plugins
from mrisr.planning import figures
from project import TINY, Project

SHELF = {name for name in plugins.available("figures") if not figures.declared(name, "ALWAYS")}
STUDY = {
    **TINY,
    "losses": ["mse"],
    "models": None,
    "test_sets": ["gaussian", "mean"],
    "families": {"wider": {"kind": "gaussian", "option": "sigma", "values": [0.5, 1.0]}},
    "evaluation": {**TINY["evaluation"], "paper": "training-bias"},
    "figures": {"further": ["comparison", "frc", "outputs", "scanning_frc"]},
}
BY_KEYS = ["beside_the_paper", "families"]
"""Figures that a study has with a paper and with a family."""
PAGES = ("explorer", "report")


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """The pictures of a study of no GAN and no estimated kernels."""
    project = finish(Project(tmp_path_factory.mktemp("further"), STUDY), without=PAGES)
    return project.folder / "results/tiny/figures/x2"


@pytest.mark.parametrize("figure", [*BY_KEYS, *STUDY["figures"]["further"]])
def test_it_is_drawn_by_its_job(drawn, figure):
    assert (drawn / f"{figure}.run.json").is_file()
    assert len(list(drawn.glob(f"{figure}*.png"))) == len(list(drawn.glob(f"{figure}*.svg"))) > 0


def test_every_figure_of_the_shelf_is_drawn_in_a_whole_study_here_or_elsewhere():
    asked = [study["figures"]["further"] for study in (STUDY, test_adversarial.CONFIG, test_realistic.CONFIG)]
    assert {*BY_KEYS, "diversity", *(name for names in asked for name in names)} == SHELF
