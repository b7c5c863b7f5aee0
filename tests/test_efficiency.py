"""The claim of the efficient-sr paper, decided from made-up scores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr.evaluation.scoring import COLUMNS
from mrisr.planning.plan import Plan
from mrisr.statistics import efficiency
from mrisr.study.validation import load_study
from project import TINY, Project
from scipy.stats import wilcoxon

ORDER = {
    "training_sets": ["bicubic"],
    "test_sets": ["bicubic"],
    "architectures": ["bicubic", "fmen", "vdsr", "srgan"],
    "losses": ["l1", "mse", "gan"],
    "groups": ["main"],
    "metrics": {
        "psnr": {"label": "PSNR (dB)", "higher_is_better": True},
        "nrmse": {"label": "NRMSE", "higher_is_better": False},
    },
}
NETWORKS = pd.DataFrame(
    {
        "scale": 4,
        "architecture": ["fmen", "vdsr", "srgan"],
        "loss": ["l1", "mse", "gan"],
        "trained_parameters": [1_045_866, 667_008, 5_949_644],
        "parameters": [341_066, 667_008, 734_219],
    }
)
LOSSES = {"fmen": "l1", "vdsr": "mse", "srgan": "gan"}


def scores(values: dict[str, list[float]], metric: str = "psnr") -> pd.DataFrame:
    """One slice a subject; a value for each."""
    rows = [
        {
            "scale": 4,
            "architecture": name,
            "loss": LOSSES[name],
            "training_set": "bicubic",
            "seed": 0,
            "fold": 0,
            "test_set": "bicubic",
            "group": "main",
            "subject": f"image{number}",
            "slice": 0,
            "metric": metric,
            "value": value,
        }
        for name, found in values.items()
        for number, value in enumerate(found)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def against(rival: str, *arguments, **options) -> pd.Series:
    table = efficiency.verdicts(*arguments, **options).set_index("rival")
    return table.loc[rival]


def test_the_ratios_are_those_that_the_paper_states():
    table = scores({name: [30.0, 31.0] for name in LOSSES})
    assert round(against("vdsr", table, ORDER, NETWORKS)["ratio"], 2) == 0.51
    assert round(against("srgan", table, ORDER, NETWORKS)["ratio"], 3) == 0.057
    assert np.isnan(against("vdsr", table, ORDER)["ratio"]), "blank without sizes"


@pytest.mark.parametrize(
    ("step", "result", "decision"), [(1, "shown on these slices", "supported"), (-1, "not shown", "contradicted")]
)
def test_six_images_that_agree_decide(step, result, decision):
    rival = np.array([28.0, 29, 30, 31, 32, 33])
    own = rival + step * np.array([0.1, 0.2, 0.3, 0.4, 0.5, 0.6])
    row = against("vdsr", scores({"fmen": own, "vdsr": rival}), ORDER, NETWORKS)
    assert (row["result"], row["decision"]) == (result, decision)
    assert row["margin"] == pytest.approx(step * 0.35)
    assert row["p_value"] == wilcoxon(own - rival).pvalue
    assert f"is {decision}" in row["sentence"]


@pytest.mark.parametrize("images", [2, 5])
def test_the_five_images_of_the_paper_decide_nothing(images):
    row = against("vdsr", scores({"fmen": [31.0 + n / 10 for n in range(images)], "vdsr": [30.0] * images}), ORDER)
    assert row["result"] == "shown on these slices"
    assert row["decision"] == "undecided"
    assert f"({images} images)" in row["sentence"]


def test_images_that_disagree_decide_nothing():
    rival = np.array([30.0] * 7)
    own = rival + np.array([0.5, -0.6, 0.7, -0.8, 0.9, -1.0, 0.1])
    assert against("vdsr", scores({"fmen": own, "vdsr": rival}), ORDER)["decision"] == "undecided"


def test_a_metric_of_which_less_is_better_turns_the_margin():
    row = against("vdsr", scores({"fmen": [0.1, 0.1], "vdsr": [0.3, 0.2]}, metric="nrmse"), ORDER)
    assert row["margin"] == pytest.approx(0.15)
    assert "0.15 better than that of vdsr" in row["sentence"]


def test_a_rival_that_the_study_does_not_have_has_no_row():
    table = efficiency.verdicts(scores({"fmen": [30.0], "srgan": [29.0]}), ORDER, NETWORKS)
    assert list(table["rival"]) == ["srgan"]
    assert efficiency.verdicts(scores({"vdsr": [30.0]}), ORDER, NETWORKS).empty


def test_seeds_are_averaged_before_images_are_compared():
    one, other = scores({"fmen": [30.0, 31.0]}), scores({"fmen": [32.0, 33.0]}).assign(seed=1)
    table = pd.concat([one, other, scores({"vdsr": [30.0, 31.0]})])
    row = against("vdsr", table, ORDER)
    assert (row["value"], row["rival_value"], row["subjects"]) == (31.5, 30.5, 2)


@pytest.mark.parametrize("networks", [True, False])
def test_only_the_papers_own_study_has_the_table_and_reads_sizes_if_it_measures_them(tmp_path, monkeypatch, networks):
    evaluation = {"metrics": ["psnr"], "networks": networks}
    project = Project(tmp_path, {**TINY, "evaluation": {**evaluation, "paper": "efficient-sr"}})
    monkeypatch.chdir(project.folder)
    job = Plan(load_study("config.yaml")).job("tabulate")
    assert "verdicts.csv" in job.writes
    assert ("networks" in job.reads) == networks == ("networks" in job.needs)
    project.configure({**TINY, "evaluation": {**evaluation, "paper": "training-bias"}})
    assert "verdicts.csv" not in Plan(load_study("config.yaml")).job("tabulate").writes


STUDIES = Path(__file__).parents[1] / "workflow/studies"


@pytest.mark.parametrize("name", ["efficient-sr", "efficient-sr-small"])
def test_the_studies_train_the_papers_networks_on_patches_of_its_sizes(name, tmp_path, monkeypatch):
    """In pixels of the output: 128, 41 and 96 in Table 1; 40 is the multiple of 4 below 41."""
    monkeypatch.chdir(STUDIES.parents[1])
    study = yaml.safe_load((STUDIES / f"{name}.yaml").read_text()) | {"volumes": "data/photographs.tsv"}
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
    plan = Plan(load_study(str(tmp_path / "study.yaml")))
    trained = {job.wildcards["architecture"]: job.settings for job in plan.jobs() if job.stage == "train"}
    patches = {architecture: settings["training"]["patch"] for architecture, settings in trained.items()}
    assert patches == {"fmen": 128, "vdsr": 40, "srresnet": 96, "srgan": 96}
    measured = plan.job("parameters").settings["networks"]
    assert {entry["architecture"]: entry["network"]["options"].get("blocks") for entry in measured} == {
        "fmen": 4,
        "vdsr": None,
        "srresnet": 5,
        "srgan": 5,
    }
    assert (
        plan.job("train", **MODEL).reads["initial"].endswith("x4/srresnet/mse/bicubic/fold0/seed0/weights.safetensors")
    )


MODEL = {"scale": 4, "architecture": "srgan", "loss": "gan", "training_set": "bicubic", "fold": 0, "seed": 0}


def test_the_small_study_differs_in_data_and_budget_alone():
    full, small = (yaml.safe_load((STUDIES / f"efficient-sr{end}.yaml").read_text()) for end in ("", "-small"))
    assert {key for key in full if full[key] != small[key]} == {"study", "volumes", "training"}
    budget = {"schedule", "halve_every", "epochs", "steps_per_epoch", "batch", "validate_every"}
    changed = {
        key for key in full["training"] | small["training"] if full["training"].get(key) != small["training"].get(key)
    }
    assert changed <= budget
