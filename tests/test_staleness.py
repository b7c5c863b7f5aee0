"""What is run again after a change: exactly the jobs that it touches, as a dry run lists them."""

from __future__ import annotations

import contextlib
import copy
import os
import shutil

import pytest
from project import SUBJECTS, TINY, Project, phantom

FIGURES = ("boxplot", "curves", "gallery", "gaps", "heatmap", "panel")
ALL_FIGURES = {f"plot_{name}": 1 for name in FIGURES}
AFTER_SCORES = {"tabulate": 1, "plot_boxplot": 1, "plot_gaps": 1, "plot_heatmap": 1}
AFTER_TRAINING = {**AFTER_SCORES, "plot_curves": 1, "plot_panel": 1}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The tiny study, run to the end."""
    project = Project(tmp_path_factory.mktemp("stale"))
    project.snakemake("-c2")
    return project


@contextlib.contextmanager
def changed(project, config=None, **files):
    """The project with another configuration or with text in code files replaced, and then as it was."""
    before = copy.deepcopy(project.config)
    try:
        if config is not None:
            project.configure(config)
        for path, (old, new) in files.items():
            project.edit(path, old, new)
        yield
    finally:
        project.configure(before)
        for path, (old, new) in files.items():
            project.edit(path, new, old)


def edited(project, path, old, new):
    return changed(project, **{f"workflow/mrisr/{path}": (old, new)})


def with_key(*path, value):
    config = copy.deepcopy(TINY)
    section = config
    for key in path[:-1]:
        section = section.setdefault(key, {})
    section[path[-1]] = value
    return config


def test_nothing_is_left_to_do_after_a_run(project):
    assert project.planned() == {}


def test_a_comment_and_a_reformat_rerun_nothing(project):
    with edited(
        project,
        "training/loop.py",
        "        state.model.train()\n",
        "        # a remark\n        (state.model.train())\n",
    ):
        assert project.planned() == {}


def test_an_unrelated_module_reruns_nothing(project):
    with edited(project, "models/rrdbnet.py", "class RRDBNet", "NEW = 1\n\n\nclass RRDBNet"):
        assert project.planned() == {}


def test_a_loss_reruns_its_own_models(project):
    with edited(project, "losses/l1.py", "\nclass ", "\nNEW = 1\n\n\nclass "):
        assert project.planned() == {"train_model": 3, "evaluate_model": 3, **AFTER_TRAINING}


def test_a_degradation_reruns_its_slices_and_the_models_that_saw_them(project):
    with changed(project, with_key("degradations", "mean", "size", value=5)):
        # Trained on mean and combine, two losses each; every model is tested on it again.
        assert project.planned() == {
            "degrade_slices": 4,
            "train_model": 4,
            "evaluate_model": 6,
            "evaluate_baseline": 1,
            "plot_gallery": 1,
            **AFTER_TRAINING,
        }


def test_a_training_key_reruns_all_models_and_no_slices(project):
    with changed(project, with_key("training", "learning_rate", value=0.002)):
        assert project.planned() == {"train_model": 6, "evaluate_model": 6, **AFTER_TRAINING}


def test_how_often_a_checkpoint_is_written_reruns_nothing(project):
    with changed(project, with_key("training", "checkpoint_every", value=1)):
        assert project.planned() == {}


def test_a_default_written_out_reruns_nothing(project):
    with changed(project, with_key("degradations", "mean", value={"size": 3, "border": "reflect"})):
        assert project.planned() == {}


def test_the_order_of_a_mixtures_members_counts(project):
    with changed(project, with_key("degradations", "combine", "members", value=["mean", "gaussian"])):
        assert project.planned()["train_model"] == 2


def test_a_figure_option_reruns_its_figures_only(project):
    with changed(project, with_key("figures", "box_metric", value="psnr")):
        assert project.planned() == {"plot_boxplot": 1}


def test_a_figure_module_reruns_its_figure_only(project):
    with edited(project, "figures/gallery.py", "\n@styled\n", "\nNEW = 1\n\n\n@styled\n"):
        assert project.planned() == {"plot_gallery": 1}


def test_the_content_of_a_test_volume_reruns_no_training(project):
    with content_of(project, "dora", phantom(99)):
        assert project.planned() == {
            "check_volumes": 1,
            "slice_volume": 1,
            "degrade_slices": 2,
            "evaluate_model": 6,
            "evaluate_baseline": 1,
            **AFTER_SCORES,
            "plot_panel": 1,
        }


def test_the_content_of_the_training_volume_reruns_all_models(project):
    with content_of(project, "anna", phantom(99)):
        assert project.planned() == {
            "check_volumes": 1,
            "slice_volume": 1,
            "degrade_slices": 2,
            "train_model": 6,
            "evaluate_model": 6,
            **AFTER_TRAINING,
        }


LARGE = ("--max-checksum-file-size", "1")
"""Snakemake looks at the content of small files itself; with this every file is a large one."""


def test_a_touched_or_copied_volume_reruns_nothing(project):
    volume = project.folder / "data/anna.nii"
    os.utime(volume)
    assert project.planned(*LARGE) == {}
    shutil.copy(volume, volume.with_suffix(".copy"))
    os.replace(volume.with_suffix(".copy"), volume)
    assert project.planned(*LARGE) == {}


def test_touched_intermediates_rerun_nothing(project):
    for path in (project.folder / "results/tiny/slices").glob("*.safetensors"):
        os.utime(path)
    assert project.planned(*LARGE) == {}


def test_a_project_that_was_copied_reruns_nothing(project, tmp_path):
    moved = copy.copy(project)
    moved.folder = tmp_path / "elsewhere"
    shutil.copytree(project.folder, moved.folder, symlinks=True, copy_function=shutil.copyfile)
    assert moved.planned(*LARGE) == {}
    shutil.rmtree(moved.folder / ".snakemake")
    assert moved.planned(*LARGE) == {}


def test_a_new_degradation_trains_itself_and_is_tested_by_all(project):
    config = with_key("degradations", "median", value={})
    with changed(project, config):
        # One subject for training, one for validation, two for testing; two losses.
        assert project.planned() == {
            "degrade_slices": 4,
            "train_model": 2,
            "evaluate_model": 8,
            "evaluate_baseline": 1,
            "plot_gallery": 1,
            **AFTER_TRAINING,
        }


def test_a_new_test_degradation_retrains_nothing(project):
    config = with_key("degradations", "median", value={})
    config["training_sets"] = list(TINY["degradations"])
    with changed(project, config):
        assert project.planned() == {
            "degrade_slices": 2,
            "evaluate_model": 6,
            "evaluate_baseline": 1,
            "plot_gallery": 1,
            **AFTER_SCORES,
        }


def test_a_new_seed_adds_its_models(project):
    with changed(project, with_key("seeds", value=[0, 1])):
        planned = project.planned()
    # The panel shows the first seed.
    assert planned == {"train_model": 6, "evaluate_model": 6, **AFTER_SCORES, "plot_curves": 1}


def test_a_new_metric_retrains_nothing(project):
    with changed(project, with_key("evaluation", "metrics", value=["psnr", "nrmse", "ssim"])):
        planned = project.planned()
    assert "train_model" not in planned
    assert planned["evaluate_model"] == 6
    assert planned["evaluate_baseline"] == 1


def test_a_lost_table_is_made_again_and_nothing_else(project):
    table = project.folder / "results/tiny/tables/psnr.csv"
    content = table.read_bytes()
    table.unlink()
    planned = project.planned()
    table.write_bytes(content)
    assert planned.pop("tabulate") == 1
    assert not set(planned) - set(ALL_FIGURES)


@contextlib.contextmanager
def content_of(project, subject, array):
    """A subject's volume with other content, and then as it was."""
    path = project.folder / f"data/{subject}.nii"
    before = path.read_bytes()
    project.write_volume(subject, array)
    try:
        yield
    finally:
        path.write_bytes(before)


class TestOutputsThatAreNotCurrent:
    """These change outputs, so each puts things right by a run."""

    def test_an_edited_table_is_named_set_aside_and_made_again(self, project):
        table = project.folder / "results/tiny/scores.csv"
        content = table.read_bytes()
        table.write_text("nonsense\n")
        looked = project.snakemake("-n")
        assert "scores.csv" in looked.stderr
        assert "was edited or damaged" in looked.stderr
        assert table.read_text() == "nonsense\n"
        project.snakemake("-c2")
        assert table.read_bytes() == content
        assert list((project.folder / "results/tiny/set-aside").rglob("scores.csv"))

    def test_a_damaged_intermediate_is_made_again_and_the_study_is_as_it_was(self, project):
        results = project.folder / "results/tiny"
        damaged = [
            results / "degraded/x2/mean/cleo.safetensors",
            results / "models/x2/srcnn/mse/mean/fold0/seed0/weights.safetensors",
        ]
        before = [path.read_bytes() for path in damaged]
        scores = (results / "scores.csv").read_bytes()
        for path, content in zip(damaged, before, strict=True):
            path.write_bytes(content[: len(content) // 2])
        project.snakemake("-c2")
        assert [path.read_bytes() for path in damaged] == before
        assert (results / "scores.csv").read_bytes() == scores

    def test_the_outputs_of_a_run_that_is_going_on_are_not_touched(self, project):
        locks = project.folder / ".snakemake/locks"
        locks.mkdir(parents=True, exist_ok=True)
        (locks / "0.output.lock").write_text("results/tiny/scores.csv\n")
        scores = project.folder / "results/tiny/scores.csv"
        with changed(project, with_key("training", "learning_rate", value=0.002)):
            refused = project.call("snakemake", "-c1")
        (locks / "0.output.lock").unlink()
        assert refused.returncode != 0
        assert "error: results/tiny is locked by an earlier run" in refused.stderr
        assert "`snakemake --unlock` clears its lock" in refused.stderr
        assert scores.exists()

    def test_without_snakemakes_own_record_a_change_is_still_seen(self, project):
        shutil.rmtree(project.folder / ".snakemake")
        history = project.folder / "results/tiny/models/x2/srcnn/mse/mean/fold0/seed0/history.csv"
        before = history.read_bytes()
        with changed(project, with_key("training", "learning_rate", value=0.002)):
            project.snakemake("-c2", "--until", "train_model")
            assert history.read_bytes() != before
        project.snakemake("-c2")
        assert history.read_bytes() == before

    def test_a_finished_model_is_delivered_again_without_training(self, project):
        weights = project.folder / "results/tiny/models/x2/srcnn/mse/mean/fold0/seed0/weights.safetensors"
        before = weights.read_bytes()
        shutil.rmtree(weights.parent)
        project.snakemake("-c2", "--until", "train_model")
        assert weights.read_bytes() == before
        log = project.folder / "results/tiny/logs/train_model/x2/srcnn/mse/mean/fold0/seed0.log"
        assert "4 of 4" not in log.read_text()
        project.snakemake("-c2")


def test_the_graph_is_built_without_torch(project):
    heavy = "[name for name in ('torch', 'pandas', 'numpy') if name in sys.modules]"
    code = f"import sys, mrisr.snakefile, mrisr.cli; print({heavy})"
    assert project.call("python", "-c", code).stdout.strip() == "[]"


def test_a_subject_more_adds_only_its_own_jobs(project):
    project.write_volume("emil", phantom(5))
    project.write_manifest({**SUBJECTS, "emil": "test"})
    planned = project.planned()
    project.write_manifest(SUBJECTS)
    assert planned["slice_volume"] == 1
    assert planned["degrade_slices"] == 2
    assert "train_model" not in planned
