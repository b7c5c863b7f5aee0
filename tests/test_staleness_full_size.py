"""Which jobs of the paper's full study become stale: 63 models, 63 evaluations. Identities are compared; no job is run.

test_staleness.py tests that exactly the jobs with a changed identity are run.
"""

from __future__ import annotations

import contextlib
import copy
from collections import Counter
from pathlib import Path

import pytest
import yaml
from mrisr.planning.plan import Plan
from mrisr.study.validation import validate
from project import ROOT, Project

STUDY = yaml.safe_load((ROOT / "workflow/studies/training-bias.yaml").read_text())
WITHOUT_PAPER = {"tabulate": 1, "figure-heatmap": 1, "figure-gaps": 1, "figure-boxplot": 1}
"""What follows from scores in a study that does not set ``evaluation.paper``."""
AFTER_SCORES = {**WITHOUT_PAPER, "figure-beside_the_paper": 1}
AFTER_TRAINING = {**AFTER_SCORES, "figure-panel": 1, "figure-curves": 1}
SCORES = {"evaluate": 63, "baseline": 2}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with four small volumes: their number, and not their size, makes the jobs."""
    return Project(tmp_path_factory.mktemp("paper")).folder


def identities(**changes) -> dict[str, tuple[str, str]]:
    """Stage and identity of every job of the study with some keys changed, by the job's record."""
    config = {**copy.deepcopy(STUDY), "volumes": "data/volumes.tsv", **changes}
    jobs = Plan(validate(config, source="study")).jobs()
    return {job.record: ("-".join([job.stage, *_figure(job)]), job.identity) for job in jobs}


def _figure(job) -> list[str]:
    return [job.wildcards["figure"]] if "figure" in job.wildcards else []


@pytest.fixture(scope="module")
def before(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return identities()


@pytest.fixture
def stale(folder, before, monkeypatch):
    """Counts, by stage, of the jobs that a change of the study makes stale or adds."""
    monkeypatch.chdir(folder)

    def count(**changes) -> dict[str, int]:
        after = identities(**changes)
        return Counter(stage for record, (stage, identity) in after.items() if before.get(record) != (stage, identity))

    return count


def section(name: str, **keys) -> dict:
    return {**copy.deepcopy(STUDY.get(name) or {}), **keys}


def test_the_study_has_the_papers_jobs(before):
    counts = Counter(stage for stage, _ in before.values())
    assert (counts["train"], counts["evaluate"], counts["slice"], counts["degrade"]) == (63, 63, 4, 24)


def test_nothing_changed_is_nothing_to_do(stale):
    assert stale() == {}


METRICS = {"psnr": {}, "ssim": {}, "nrmse": {}, "hfen": {}}


def test_a_metric_more_retrains_nothing(stale):
    more = {**METRICS, "coarse": {"kind": "hfen", "sigma": 3.0}}
    assert stale(evaluation={"metrics": more}) == {**SCORES, **WITHOUT_PAPER}


def test_a_test_degradation_more_retrains_nothing(stale):
    changes = {"degradations": section("degradations", box={"kind": "mean", "size": 5})}
    changes["test_sets"] = [*STUDY["test_sets"], "box"]
    # Degraded for the two test subjects, and scored by all models.
    assert stale(**changes) == {"degrade": 2, **SCORES, **AFTER_SCORES, "figure-gallery": 1}


def test_a_figures_option_changes_its_figures_only(stale):
    assert stale(figures=section("figures", panel_test_sets=["bicubic", "mean"])) == {"figure-panel": 1}
    assert stale(figures=section("figures", metrics=["psnr"])) == {"figure-heatmap": 1, "figure-gaps": 1}


def test_a_degradation_to_train_on_adds_its_9_models(stale):
    changes = {"degradations": section("degradations", box={"kind": "mean", "size": 5})}
    changes |= {name: [*STUDY[name], "box"] for name in ("training_sets", "test_sets")}
    expected = {"degrade": 4, "train": 9, "evaluate": 72, "baseline": 2, **AFTER_TRAINING, "figure-gallery": 1}
    assert stale(**changes) == expected


def test_a_degradations_parameter_retrains_what_saw_it(stale):
    # The mean and the mixture that contains it, three architectures, three losses.
    changes = {"degradations": section("degradations", mean={"size": 5})}
    assert stale(**changes) == {"degrade": 4, "train": 18, **SCORES, **AFTER_TRAINING, "figure-gallery": 1}


def test_a_training_set_less_makes_tables_and_figures_again(stale):
    fewer = [name for name in STUDY["training_sets"] if name != "median"]
    assert stale(training_sets=fewer) == AFTER_TRAINING


def test_a_seed_more_adds_its_63_models(stale):
    # The panel shows the first seed.
    added = {"train": 63, "evaluate": 63, **AFTER_SCORES, "figure-curves": 1}
    assert stale(seeds=[0, 1]) == added


def test_an_architecture_more_adds_its_21_models(stale):
    more = section("architectures", small={"kind": "srcnn", "features": [16, 8]})
    assert stale(architectures=more) == {"train": 21, "evaluate": 21, **AFTER_TRAINING}


def test_an_architectures_option_retrains_its_21_models(stale):
    changed = section("architectures", srcnn={"features": [16, 8]})
    assert stale(architectures=changed) == {"train": 21, "evaluate": 21, **AFTER_TRAINING}


@pytest.mark.parametrize("name", ["ssim", "soft"], ids=["option", "more"])
def test_a_losss_option_and_a_loss_more_train_their_21_models(stale, name):
    losses = {"mse": {}, "l1": {}, "ssim": {}, name: {"kind": "ssim", "window": 7}}
    assert stale(losses=losses) == {"train": 21, "evaluate": 21, **AFTER_TRAINING}


def test_a_metrics_option_retrains_nothing(stale):
    assert stale(evaluation={"metrics": {**METRICS, "hfen": {"sigma": 3.0}}}) == {**SCORES, **WITHOUT_PAPER}


def test_a_loss_less_makes_tables_and_figures_again(stale):
    assert stale(losses=["mse", "l1"]) == AFTER_TRAINING


def test_a_training_option_of_one_architecture_retrains_its_21_models(stale):
    changed = section("training", overrides={"rrdbnet": {"epochs": 400}})
    assert stale(training=changed) == {"train": 21, "evaluate": 21, **AFTER_TRAINING}


@contextlib.contextmanager
def edited(path: Path):
    """A volume with other voxels, and then as it was."""
    content = path.read_bytes()
    path.write_bytes(content[:-4] + b"1234")
    try:
        yield
    finally:
        path.write_bytes(content)


def test_the_training_volumes_content_retrains_everything(stale, folder):
    with edited(folder / "data/anna.nii"):
        # The floor is measured on test subjects.
        assert stale() == {"check": 1, "slice": 1, "degrade": 6, "train": 63, "evaluate": 63, **AFTER_TRAINING}


def test_a_test_volumes_content_retrains_nothing(stale, folder):
    with edited(folder / "data/dora.nii"):
        assert stale() == {"check": 1, "slice": 1, "degrade": 6, **SCORES, **AFTER_SCORES, "figure-panel": 1}


ALL = {"degrade": 24, "train": 63, **SCORES, **AFTER_TRAINING, "figure-gallery": 1}


def test_a_key_of_the_slices_changes_everything(stale):
    assert stale(slices=section("slices", minimum=16)) == {"check": 1, "slice": 4, **ALL}


def test_the_grid_changes_everything_but_the_slices(stale):
    assert stale(protocol=section("protocol", grid="low")) == ALL


def test_another_scale_changes_everything_and_adds_as_much(stale):
    # Slices are cropped to a multiple of every scale.
    twice = {stage: 2 * count for stage, count in ALL.items()}
    assert stale(protocol=section("protocol", scales=[2, 3])) == {"check": 1, "slice": 4, **twice, "tabulate": 1}


def test_the_seed_of_a_mixture_retrains_its_9_models(stale):
    combine = {**STUDY["degradations"]["combine"], "seed": 1}
    changes = {"degradations": section("degradations", combine=combine)}
    assert stale(**changes) == {"train": 9, **SCORES, **AFTER_TRAINING}


def test_saved_estimates_are_a_matter_of_the_models_evaluation(stale):
    assert stale(evaluation={"save_estimates": True}) == {"evaluate": 63, **WITHOUT_PAPER}


def test_the_threads_of_the_evaluation_retrain_nothing(stale):
    # Of networks alone: another number of threads gives some of them other last digits.
    of_models = {stage: count for stage, count in SCORES.items() if stage != "baseline"}
    assert stale(evaluation={"threads": 2}) == {**of_models, **WITHOUT_PAPER}


def test_what_changes_no_number_reruns_nothing(stale):
    assert stale(evaluation=section("evaluation", device="cpu")) == {}
    assert stale(training=section("training", device="cpu")) == {}
    assert stale(training=section("training", device="cpu", deterministic=False)) == {}
    assert stale(degradations=STUDY["degradations"] | {"mean": {**STUDY["degradations"]["mean"], "size": 3}}) == {}


def test_a_whole_number_where_a_fraction_is_meant_is_the_same_setting(stale):
    alone = {"training_sets": None, "test_sets": None, "models": None, "figures": {}}
    found = [identities(**alone, degradations={"gaussian": {"sigma": sigma}}) for sigma in (1, 1.0, [1, 1], [1.0, 1])]
    assert found[0] == found[1] != found[2] == found[3]


def test_a_loss_that_no_model_has_changes_nothing(stale):
    models = [{"architectures": list(STUDY["architectures"]), "losses": list(STUDY["losses"])}]
    assert stale(models=models) == {}
    more = {**{name: {} for name in STUDY["losses"]}, "again": {"kind": "mse"}}
    assert stale(models=models, losses=more) == {}


@pytest.mark.parametrize(("column", "value"), [("kind", "nifti"), ("axis", "written")])
def test_what_applies_anyway_may_stand_in_the_manifest(stale, folder, column, value):
    manifest = folder / "data/volumes.tsv"
    before = manifest.read_text()
    value = str(STUDY["slices"].get("axis", "axial")) if value == "written" else value
    head, *rows = before.splitlines()
    manifest.write_text("\n".join([f"{head}\t{column}", *(f"{row}\t{value}" for row in rows)]) + "\n")
    try:
        assert stale() == {}
    finally:
        manifest.write_text(before)


def test_how_often_a_checkpoint_is_written_changes_nothing(stale):
    assert stale(training=section("training", checkpoint_every=7)) == {}


def test_a_comment_in_the_manifest_changes_nothing(stale, folder):
    manifest = folder / "data/volumes.tsv"
    text = manifest.read_text()
    manifest.write_text(f"# whose mice these are\n{text}")
    try:
        assert stale() == {}
    finally:
        manifest.write_text(text)


def test_under_another_name_a_study_has_the_same_models(before, folder, monkeypatch):
    monkeypatch.chdir(folder)
    after = identities(study="another")
    assert not set(after) & set(before)
    trained = [sorted(value for value in jobs.values() if value[0] == "train") for jobs in (before, after)]
    assert trained[0] == trained[1]
