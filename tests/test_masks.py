"""Scores inside masks, and the ceiling, from the manifest to the tables."""

from __future__ import annotations

import math

import metric_files
import numpy as np
import pandas as pd
import pytest
from mrisr import metrics
from mrisr.arrays import load_slices
from mrisr.cli.main import app
from mrisr.errors import InputError
from mrisr.evaluation.scoring import with_files
from mrisr.imaging.masks import load_masks
from mrisr.planning.plan import Plan
from mrisr.running.trial import require_buildable
from mrisr.study.validation import load_study, validate
from project import SUBJECTS, TINY, Project
from typer.testing import CliRunner

STUDY = {
    **TINY,
    "degradations": {"gaussian": {}},
    "evaluation": {"metrics": ["psnr", "ssim", "gmsd"], "masked": True},
    "slices": {"axis": 2, "range": "5:6", "minimum": 16, "normalise": {"method": "minmax"}},
}


@pytest.fixture(scope="module")
def scores(tmp_path_factory):
    """Scores of both baselines; the first test subject has a mask, the second has none."""
    project = Project(tmp_path_factory.mktemp("masks"), STUDY)
    mask = np.zeros((40, 36, 12), np.float32)
    mask[6:31, 8:29, 2:] = 2
    project.write_volume("mask", mask)
    masked = {"cleo": "data/mask.nii"}
    rows = [f"{name}\tdata/{name}.nii\t{split}\t{masked.get(name, '')}" for name, split in SUBJECTS.items()]
    (project.folder / "data/volumes.tsv").write_text("\n".join(["subject\tpath\tsplit\tmask", *rows]) + "\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(project.folder)
        for subject in ("cleo", "dora"):
            verb("slice", subject=subject)
            verb("degrade", scale=2, degradation="gaussian", subject=subject)
        verb("mask", subject="cleo")
        for baseline in ("input", "reference"):
            verb("evaluate", scale=2, baseline=baseline)
    return project.folder / "results/tiny"


def verb(name: str, **options) -> None:
    """Run a verb of the command line."""
    words = [word for key, value in options.items() for word in (f"--{key}", str(value))]
    done = CliRunner().invoke(app, [name, *words])
    assert done.exit_code == 0, (name, options, done.exception)


def read(folder, baseline: str) -> pd.Series:
    table = pd.read_csv(folder / f"baselines/x2/{baseline}/scores.csv")
    return table.set_index(["subject", "slice", "metric"])["value"]


def test_a_mask_is_cut_like_its_slices(scores):
    slices, _ = load_slices(scores / "slices/cleo.safetensors")
    masks = load_masks(scores / "masks/cleo.safetensors")
    assert list(masks) == list(slices)
    for index, mask in masks.items():
        assert mask.sum() == 25 * 21
        assert not slices[index][0][~mask].any(), "what is outside the mask is zero in the slice"


def test_scores_inside_the_mask_stand_beside_those_of_the_whole_slice(scores):
    found = read(scores, "input")
    assert list(found["cleo", 5].index) == ["psnr", "psnr_masked", "ssim", "ssim_masked", "gmsd"]
    slices, masks = load_slices(scores / "slices/cleo.safetensors")[0], load_masks(scores / "masks/cleo.safetensors")
    degraded = load_slices(scores / "degraded/x2/gaussian/cleo.safetensors")[0]
    for name in ("psnr", "ssim"):
        inside = metrics.compute(name, slices[5], degraded[5], masked=True, mask=masks[5])
        assert found["cleo", 5, f"{name}_masked"] == pytest.approx(inside, rel=1e-7)
        assert found["cleo", 5, name] != pytest.approx(inside, rel=1e-3)


def test_a_subject_without_a_mask_is_compared_everywhere(scores):
    found = read(scores, "input")
    for index in (5, 6):
        assert found["dora", index, "psnr_masked"] == found["dora", index, "psnr"]


def test_the_ceiling_has_the_scores_of_a_perfect_estimate(scores):
    found = read(scores, "reference").groupby("metric").unique()
    assert found.map(list).to_dict() == {
        "psnr": [np.inf],
        "psnr_masked": [np.inf],
        "ssim": [1.0],
        "ssim_masked": [1.0],
        "gmsd": [0.0],
    }


def test_only_a_study_that_asks_for_it_cuts_masks(scores, monkeypatch):
    monkeypatch.chdir(scores.parents[1])
    asked = Plan(load_study("config.yaml"))
    assert [job.wildcards for job in asked.jobs() if job.stage == "mask"] == [{"subject": "cleo"}]
    plain = {**STUDY, "evaluation": {"metrics": ["psnr"]}}
    assert "mask" not in {job.stage for job in Plan(validate(plain, source="plain")).jobs()}


def test_the_ceiling_is_the_last_baseline_of_every_study_once():
    assert list(validate(STUDY, source="s").evaluation.baselines) == ["input", "reference"]
    named = {**STUDY, "evaluation": {"baselines": {"ceiling": {"kind": "reference"}, "input": {}}}}
    assert list(validate(named, source="s").evaluation.baselines) == ["ceiling", "input"]


@pytest.mark.parametrize(
    ("evaluation", "line"),
    [
        ({"metrics": ["gmsd"], "masked": True}, "none of the metrics can be measured inside a mask"),
        ({"metrics": ["psnr"], "against": "reference"}, "evaluation.against"),
    ],
)
def test_what_cannot_be_measured_inside_a_mask_or_compared_is_one_line(evaluation, line):
    with pytest.raises(InputError, match=line):
        validate({**STUDY, "evaluation": evaluation}, source="s")


def test_a_study_without_any_mask_is_told_so(scores, monkeypatch):
    monkeypatch.chdir(scores.parents[1])
    manifest = scores.parents[1] / "data/volumes.tsv"
    bare = manifest.read_text().replace("data/mask.nii", "")
    (scores.parents[1] / "data/bare.tsv").write_text(bare)
    with pytest.raises(InputError, match="no test subject has a mask"):
        Plan(validate({**STUDY, "volumes": "data/bare.tsv"}, source="s"))


def test_files_of_a_metric_count_by_their_content(scores, monkeypatch, tmp_path):
    monkeypatch.chdir(scores.parents[1])
    jobs = []
    for folder in ("here", "there"):
        (tmp_path / folder).mkdir()
        given = metric_files.options("lpips", tmp_path / folder)
        study = validate({**STUDY, "evaluation": {"metrics": {"lpips": given}}}, source="s")
        plan = Plan(study)
        jobs.append(plan.job("baseline", scale=2, baseline="input"))
        assert with_files(jobs[-1].settings["metrics"], jobs[-1].reads)["lpips"]["options"] == given
    require_buildable(study, plan.subjects.digests, source="s", memory=math.inf)
    assert jobs[0].identity == jobs[1].identity
    assert jobs[0].reads["files"] != jobs[1].reads["files"]
