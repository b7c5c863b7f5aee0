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
from PIL import Image
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


@pytest.fixture
def gliomas(tmp_path, monkeypatch):
    """A study of the glioma set as published: three channels, and the mask of a slice beside it, some empty."""
    slices = {"axis": 2, "range": "0:1", "minimum": 16, "normalise": {"method": "byte"}}
    project = Project(tmp_path, {**STUDY, "slices": {**slices, "outside_mask": "keep"}})
    for name in SUBJECTS:
        folder = tmp_path / "data" / f"TCGA_{name}"
        folder.mkdir(parents=True)
        random = np.random.default_rng(sorted(SUBJECTS).index(name))
        for number in range(1, 12):
            picture = random.integers(60, 255, (36, 40, 3), np.uint8)
            lesion = np.zeros((36, 40), np.uint8)
            lesion[8:18, 10:16] = 255 * (number % 2)
            Image.fromarray(picture).save(folder / f"TCGA_{name}_{number}.tif")
            Image.fromarray(lesion).save(folder / f"TCGA_{name}_{number}_mask.tif")
    columns = ("subject", "path", "kind", "mask", "mask_kind", "split")
    rows = [
        (name, f"data/TCGA_{name}", "pictures:!*_mask.*", f"data/TCGA_{name}", "pictures:*_mask.*", split)
        for name, split in SUBJECTS.items()
    ]
    (tmp_path / "data/volumes.tsv").write_text("\n".join("\t".join(row) for row in (columns, *rows)) + "\n")
    monkeypatch.chdir(tmp_path)
    return project


def test_the_mask_of_a_lesion_leaves_slices_whole_and_gives_scores_inside(gliomas):
    verb("check")
    for subject in ("cleo", "dora"):
        verb("slice", subject=subject)
        verb("mask", subject=subject)
        verb("degrade", scale=2, degradation="gaussian", subject=subject)
    slices, _ = load_slices("results/tiny/slices/cleo.safetensors")
    masks = load_masks("results/tiny/masks/cleo.safetensors")
    assert {index: (image.shape, image.min() > 0.2) for index, image in slices.items()} == {
        0: ((3, 36, 40), True),
        1: ((3, 36, 40), True),
    }
    assert {index: mask.sum() for index, mask in masks.items()} == {0: 60, 1: 0}
    verb("evaluate", scale=2, baseline="input")
    found = read(gliomas.folder / "results/tiny", "input")
    degraded, _ = load_slices("results/tiny/degraded/x2/gaussian/cleo.safetensors")
    inside = metrics.compute("psnr", slices[0], degraded[0], mask=masks[0], masked=True)
    assert found["cleo", 0, "psnr_masked"] == pytest.approx(inside, abs=1e-5)
    assert math.isnan(found["cleo", 1, "psnr_masked"])
    assert not math.isnan(found["cleo", 1, "psnr"])


def test_what_happens_outside_a_mask_is_in_the_identity_of_slices_that_have_one(gliomas):
    def identities(outside: str) -> dict[str, str]:
        gliomas.configure({**gliomas.config, "slices": {**gliomas.config["slices"], "outside_mask": outside}})
        plan = Plan(load_study("config.yaml"))
        return {
            name: plan.job(name, **names).identity for name, names in (("slice", {"subject": "cleo"}), ("check", {}))
        }

    kept, zero = identities("keep"), identities("zero")
    assert all(kept[name] != zero[name] for name in kept)
    manifest = gliomas.folder / "data/volumes.tsv"
    rows = [line.split("\t") for line in manifest.read_text().splitlines()]
    manifest.write_text("\n".join("\t".join([*row[:3], row[-1]]) for row in rows) + "\n")
    gliomas.config["evaluation"] = {"metrics": ["psnr"]}
    assert identities("keep")["slice"] == identities("zero")["slice"], "a study without masks has nothing to keep"


def test_the_mask_of_a_lesion_has_to_fit_too(gliomas, capsys):
    (gliomas.folder / "data/TCGA_dora/TCGA_dora_4_mask.tif").unlink()
    done = CliRunner().invoke(app, ["check"])
    assert done.exit_code == 1
    assert "another size (36 x 40 x 10 and 36 x 40 x 11); resample the mask" in str(done.exception)
