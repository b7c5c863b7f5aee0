"""After a change exactly the jobs that it affects run again, as a dry run lists them."""

from __future__ import annotations

import contextlib
import copy
import json
import os
import re
import shutil
from base64 import urlsafe_b64encode

import pytest
from finished import finish, finish_by_itself
from project import SUBJECTS, TINY, Project, phantom

FIGURES = ("boxplot", "curves", "gallery", "gaps", "heatmap", "panel")
ALL_FIGURES = {f"plot_{name}": 1 for name in FIGURES}
AFTER_SCORES = {"tabulate": 1, "plot_boxplot": 1, "plot_gaps": 1, "plot_heatmap": 1}
AFTER_TRAINING = {**AFTER_SCORES, "plot_curves": 1, "plot_panel": 1}


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The tiny study, run to the end."""
    return finish(Project(tmp_path_factory.mktemp("stale")))


@contextlib.contextmanager
def changed(project, config=None, **files):
    """The project with another configuration, or with replaced text in code files; afterwards as before."""
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


def test_profiles_rerun_nothing(project):
    with changed(
        project,
        **{
            "profiles/default/config.yaml": ("show-failed-logs: true", "show-failed-logs: false\nlatency-wait: 7"),
            "profiles/slurm/config.yaml": ("slurm_partition: gpu", "slurm_partition: other"),
        },
    ):
        assert project.planned() == {}
        assert project.planned("--profile", "slurm") == {}


def test_an_unrelated_module_reruns_nothing(project):
    with edited(project, "models/rrdbnet.py", "class RRDBNet", "NEW = 1\n\n\nclass RRDBNet"):
        assert project.planned() == {}


def test_a_loss_reruns_its_own_models(project):
    with edited(project, "losses/l1.py", "\nclass ", "\nNEW = 1\n\n\nclass "):
        assert project.planned() == {"train_model": 3, "evaluate_model": 3, **AFTER_TRAINING}


@pytest.mark.parametrize(
    "change",
    [
        {"config": with_key("architectures", "srcnn", "features", value=[6, 2])},
        {"workflow/mrisr/models/srcnn.py": ("\nclass ", "\nNEW = 1\n\n\nclass ")},
    ],
    ids=["option", "code"],
)
def test_an_architecture_reruns_its_models(project, change):
    with changed(project, **change):
        assert project.planned() == {"train_model": 6, "evaluate_model": 6, **AFTER_TRAINING}


def test_an_architecture_more_trains_its_own_models(project):
    config = with_key("architectures", "wider", value={"kind": "srcnn", "features": [8, 2]})
    config["models"] = [*TINY["models"], {"architectures": ["wider"], "losses": ["mse"]}]
    with changed(project, config):
        assert project.planned() == {"train_model": 3, "evaluate_model": 3, **AFTER_TRAINING}


def test_a_degradation_reruns_its_slices_and_the_models_that_saw_them(project):
    with changed(project, with_key("degradations", "mean", "size", value=5)):
        # Trained on mean and combine, two losses each; every model is tested on it again.
        assert project.planned() == {
            "degrade_slices": 4,
            "train_model": 4,
            "evaluate_model": 6,
            "evaluate_baseline": 2,
            "plot_gallery": 1,
            **AFTER_TRAINING,
        }


def test_a_training_key_reruns_all_models_and_no_slices(project):
    with changed(project, with_key("training", "learning_rate", value=0.002)):
        assert project.planned() == {"train_model": 6, "evaluate_model": 6, **AFTER_TRAINING}


def test_the_limit_on_volumes_reruns_nothing(project):
    with changed(project, with_key("slices", "limit_gib", value=8)):
        assert project.planned() == {}


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


def test_the_style_of_the_figures_reruns_all_figures_and_nothing_else(project):
    with edited(project, "figures/_style.py", "\ndef ", "\nNEW = 1\n\n\ndef "):
        assert project.planned() == ALL_FIGURES


def test_the_content_of_a_test_volume_reruns_no_training(project):
    with content_of(project, "dora", phantom(99)):
        assert project.planned() == {
            "check_volumes": 1,
            "slice_volume": 1,
            "degrade_slices": 2,
            "evaluate_model": 6,
            "evaluate_baseline": 2,
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
    remember_another_past(moved.folder / ".snakemake")
    assert moved.planned(*LARGE) == {}
    shutil.rmtree(moved.folder / ".snakemake")
    assert moved.planned(*LARGE) == {}


def remember_another_past(folder):
    """Make Snakemake remember other identities for all outputs, and every second output as unfinished."""
    for number, record in enumerate(sorted((folder / "metadata").rglob("*"))):
        if record.is_file():
            record.write_text(re.sub("[0-9a-f]{64}", "0" * 64, record.read_text()))
            if number % 2:
                shutil.copy(record, folder / "incomplete" / record.name)


def test_results_that_were_copied_to_another_clone_rerun_nothing(project, tmp_path):
    clone = Project(tmp_path)
    shutil.copytree(project.folder / "results", tmp_path / "results", copy_function=shutil.copyfile, dirs_exist_ok=True)
    said = clone.snakemake("-n", *LARGE)
    assert "Nothing to be done" in said.stdout + said.stderr
    # Snakemake has metadata again, as if it had made the results here, with the times of their records.
    assert "missing metadata" not in said.stdout + said.stderr
    (report,) = (clone.folder / "results").rglob("report.html")
    code = urlsafe_b64encode(str(report.relative_to(clone.folder)).encode()).decode()
    known = json.loads((clone.folder / ".snakemake/metadata" / code).read_text())
    made = json.loads(report.with_name("report.run.json").read_text())
    assert known["rule"] == "write_report"
    assert repr(made["identity"]) in known["params"]
    assert known["endtime"] - known["starttime"] == pytest.approx(made["seconds"], abs=1e-3)
    assert clone.planned(*LARGE, "--rerun-triggers", "params", "input", "code") == {}


def test_a_new_degradation_trains_itself_and_is_tested_by_all(project):
    config = with_key("degradations", "median", value={})
    with changed(project, config):
        # One subject for training, one for validation, two for testing; two losses.
        assert project.planned() == {
            "degrade_slices": 4,
            "train_model": 2,
            "evaluate_model": 8,
            "evaluate_baseline": 2,
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
            "evaluate_baseline": 2,
            "plot_gallery": 1,
            **AFTER_SCORES,
        }


def test_a_new_seed_adds_its_models(project):
    with changed(project, with_key("seeds", value=[0, 1])):
        planned = project.planned()
    # The panel shows the first seed.
    assert planned == {"train_model": 6, "evaluate_model": 6, **AFTER_SCORES, "plot_curves": 1}


def test_a_training_set_less_reruns_tables_and_figures(project):
    with changed(project, with_key("training_sets", value=["gaussian", "mean"])):
        assert project.planned() == AFTER_TRAINING


@pytest.mark.parametrize(
    "change",
    [
        {"config": with_key("evaluation", "metrics", value=["psnr", "nrmse", "ssim"])},
        {"workflow/mrisr/metrics/nrmse.py": ("\nclass ", "\nNEW = 1\n\n\nclass ")},
    ],
    ids=["more", "code"],
)
def test_a_metric_retrains_nothing(project, change):
    with changed(project, **change):
        assert project.planned() == {"evaluate_model": 6, "evaluate_baseline": 2, **AFTER_SCORES}


def test_a_lost_table_is_made_again_and_nothing_else(project):
    table = project.folder / "results/tiny/tables/psnr.csv"
    content = table.read_bytes()
    table.unlink()
    planned = project.planned()
    table.write_bytes(content)
    assert planned.pop("tabulate") == 1
    assert not set(planned) - set(ALL_FIGURES)


@pytest.mark.parametrize("harm", ["emptied", "cut", "edited"])
def test_a_damaged_report_is_named_and_made_again_and_nothing_else(project, harm):
    report = project.folder / "results/tiny/report.html"
    content, times = report.read_bytes(), report.stat()
    report.write_bytes({"emptied": b"", "cut": content[: len(content) // 2], "edited": content + b"<p>mine"}[harm])
    said = project.snakemake("-n").stderr
    planned = project.planned_with_report()
    report.write_bytes(content)
    os.utime(report, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert "report: 1 output (results/tiny/report.html) was edited or damaged" in said
    assert planned == {"write_report": 1}
    assert project.planned_with_report() == {}


def test_a_report_that_was_emptied_is_set_aside_and_written_again(project):
    report = project.folder / "results/tiny/report.html"
    report.write_bytes(b"")
    project.snakemake("-c1")
    assert "heatmap_psnr.png" in report.read_text()
    assert (project.folder / "results/tiny/report.run.json").exists()
    (aside,) = (project.folder / "results/tiny/set-aside").rglob("report.html")
    assert aside.read_bytes() == b""
    assert project.planned_with_report() == {}


@contextlib.contextmanager
def content_of(project, subject, array):
    """A subject's volume with other content; afterwards as before."""
    path = project.folder / f"data/{subject}.nii"
    before = path.read_bytes()
    project.write_volume(subject, array)
    try:
        yield
    finally:
        path.write_bytes(before)


COUNTED_LOSS = '''"""Mean squared error that leaves a mark in the file ``work`` each time it is computed."""

from torch import nn
from torch.nn import functional


class Counted(nn.Module):
    """mean (estimate - target)^2."""

    def forward(self, estimate, target):
        """[N, C, H, W] twice -> scalar."""
        with open("work", "a") as file:
            file.write(".")
        return functional.mse_loss(estimate, target)
'''
SMALL = {
    **TINY,
    "degradations": {"gaussian": {"sigma": 1.0}, "mean": {"size": 3}},
    "losses": ["counted"],
    "models": None,
    "evaluation": {"metrics": ["psnr"]},
}
SCORES = "results/tiny/scores.csv"
MODEL = "results/tiny/models/x2/srcnn/counted/{}/fold0/seed0"


class UpToScores(Project):
    """A study of two models, whose trainings count their own work; only its figures are never drawn."""

    def __init__(self, folder):
        subjects = {name: split for name, split in SUBJECTS.items() if name != "dora"}
        super().__init__(folder, SMALL, subjects)
        (folder / "workflow/mrisr/losses/counted.py").write_text(COUNTED_LOSS)
        names = ["slices/{0}", "degraded/x2/gaussian/{0}", "degraded/x2/mean/{0}"]
        arrays = [f"results/tiny/{name.format(subject)}.safetensors" for name in names for subject in subjects]
        self.targets = [
            SCORES,
            *(f"{MODEL.format(name)}/weights.safetensors" for name in ("gaussian", "mean")),
            *arrays,
        ]

    def snakemake(self, *arguments):
        """Run Snakemake for all files but figures, or those that are named."""
        named = any(argument.startswith("results/") for argument in arguments)
        return super().snakemake(*arguments, *([] if named else self.targets))


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The study of two models, run up to its scores."""
    return finish_by_itself(UpToScores(tmp_path_factory.mktemp("small")), up_to="tabulate")


class TestOutputsThatAreNotCurrent:
    """Tests that change outputs. Each restores them."""

    @staticmethod
    def named(project, *words) -> None:
        """A dry run names what is not current, in one line with these words."""
        lines = project.snakemake("-n").stderr.splitlines()
        assert any(all(word in line for word in words) for line in lines), lines

    @staticmethod
    def work(project) -> int:
        """How often a loss was computed: in every step of every training, and in their validations."""
        return (project.folder / "work").stat().st_size

    def test_an_edited_table_is_named_set_aside_and_made_again(self, small):
        table = small.folder / SCORES
        content = table.read_bytes()
        table.write_text("nonsense\n")
        self.named(small, "tabulate", "scores.csv", "was edited or damaged")
        assert small.planned() == {"tabulate": 1}
        small.snakemake("--summ")
        assert table.read_text() == "nonsense\n"
        small.snakemake("-c2")
        assert table.read_bytes() == content
        assert list((small.folder / "results/tiny/set-aside").rglob("scores.csv"))

    def test_lost_and_damaged_intermediates_are_made_again_and_nothing_is_trained(self, small):
        results = small.folder / "results/tiny"
        flipped = small.folder / MODEL.format("mean") / "weights.safetensors"
        truncated = results / "degraded/x2/mean/cleo.safetensors"
        lost = results / "slices/anna.safetensors"
        gone = small.folder / MODEL.format("gaussian") / "weights.safetensors"
        files = [flipped, truncated, lost, gone, small.folder / SCORES]
        before, worked = [path.read_bytes() for path in files], self.work(small)
        flipped.write_bytes(before[0][:-1] + bytes([before[0][-1] ^ 1]))
        truncated.write_bytes(before[1][: len(before[1]) // 2])
        lost.unlink()
        shutil.rmtree(gone.parent)
        self.named(small, "train", str(flipped.relative_to(small.folder)), "was edited or damaged")
        self.named(small, "degrade", str(truncated.relative_to(small.folder)), "was edited or damaged")
        rest = {"evaluate_model": 2, "evaluate_baseline": 2, "tabulate": 1}
        assert small.planned() == {"slice_volume": 1, "degrade_slices": 3, "train_model": 2, **rest}
        small.snakemake("-c2")
        assert [path.read_bytes() for path in files] == before
        assert self.work(small) == worked

    def test_the_outputs_of_a_run_that_is_going_on_are_not_touched(self, small):
        locks = small.folder / ".snakemake/locks"
        locks.mkdir(parents=True, exist_ok=True)
        (locks / "0.output.lock").write_text(f"{SCORES}\n")
        with changed(small, {**SMALL, "seeds": [3]}):
            refused = small.call("snakemake", "-c1")
        (locks / "0.output.lock").unlink()
        assert refused.returncode != 0
        assert "error: results/tiny is locked by an earlier run" in refused.stderr
        assert "`snakemake --unlock` clears its lock" in refused.stderr
        assert (small.folder / SCORES).exists()

    def test_outputs_that_were_copied_in_are_named(self, small):
        models = small.folder / "results/tiny/models/x2/srcnn/counted"
        shutil.copytree(models / "mean", models / "kept")
        shutil.rmtree(models / "mean")
        shutil.copytree(models / "gaussian", models / "mean")
        self.named(small, "train", "counted/mean", "was made by other code, settings or inputs")
        assert small.planned() == {"train_model": 1, "evaluate_model": 1, "tabulate": 1}
        (models / "mean/fold0/seed0/run.json").unlink()
        self.named(small, "train", "counted/mean", "has no run.json")
        assert small.planned() == {"train_model": 1, "evaluate_model": 1, "tabulate": 1}
        shutil.rmtree(models / "mean")
        (models / "kept").rename(models / "mean")
        assert small.planned() == {}

    def test_without_snakemakes_own_record_a_change_is_still_seen(self, small):
        shutil.rmtree(small.folder / ".snakemake")
        with changed(small, {**SMALL, "degradations": {**SMALL["degradations"], "mean": {"size": 5}}}):
            rest = {"train_model": 1, "evaluate_model": 2, "evaluate_baseline": 2, "tabulate": 1}
            assert small.planned() == {"degrade_slices": 3, **rest}
        assert small.planned() == {}

    def test_outputs_that_were_touched_after_a_change_are_made_again_and_back(self, small):
        history = small.folder / MODEL.format("mean") / "history.csv"
        before, scores, worked = history.read_bytes(), (small.folder / SCORES).read_bytes(), self.work(small)
        with changed(small, {**SMALL, "training": {**TINY["training"], "learning_rate": 0.002}}):
            small.snakemake("--touch", "-c1")
            self.named(small, "train: 4 outputs", "was made by other code, settings or inputs")
            assert small.planned() == {"train_model": 2, "evaluate_model": 2, "tabulate": 1}
            small.snakemake("-c2", str(history.relative_to(small.folder)))
            assert history.read_bytes() != before
            trained = self.work(small)
            # One of the two models was trained, whose steps and validations are half of all.
            assert trained - worked == worked // 2
        small.snakemake("-c2")
        assert history.read_bytes() == before
        assert (small.folder / SCORES).read_bytes() == scores
        assert self.work(small) == trained


def test_the_graph_is_built_without_torch(project):
    heavy = "[name for name in ('torch', 'pandas', 'numpy') if name in sys.modules]"
    code = f"import sys, mrisr.running.snakefile, mrisr.cli; print({heavy})"
    assert project.call("python", "-c", code).stdout.strip() == "[]"


def test_a_subject_more_adds_only_its_own_jobs(project):
    project.write_volume("emil", phantom(5))
    project.write_manifest({**SUBJECTS, "emil": "test"})
    planned = project.planned()
    project.write_manifest(SUBJECTS)
    assert planned["slice_volume"] == 1
    assert planned["degrade_slices"] == 2
    assert "train_model" not in planned
