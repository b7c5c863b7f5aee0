"""The realistic-downsampling study, tiny: kernels estimated, networks trained, tables, figures, and what runs again."""

from __future__ import annotations

import contextlib
import copy
import json
import signal
import time

import numpy as np
import pandas as pd
import pytest
import yaml
from finished import finish
from matplotlib.image import imread
from mrisr.arrays import load
from mrisr.quality import kernel_shape
from project import Project, phantom

pytestmark = pytest.mark.slow

CONFIG = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "slices": {"axis": 2, "range": "5:6", "minimum": 32},
    "protocol": {"grid": "low", "scales": [2]},
    "degradations": {
        "lr": {"kind": "hidden"},
        "gaussian": {"sigma": 1.5},
        "dsgan": {"kind": "estimated"},
        "dsn": {"kind": "estimated"},
    },
    "kernels": {
        # Of so short an attempt one in thirty fails, here or there by the processor's last digits.
        "dsgan": {"source": "lr", "iterations": 100, "learning_rate": 0.001, "attempts": 8, "further_seeds": [7]},
        "dsn": {"source": "lr", "features": 4, "skip": True, "training": {"epochs": 1, "learning_rate": 0.002}},
    },
    "training_sets": ["gaussian", "dsgan", "dsn"],
    "test_sets": ["lr"],
    "architectures": {"srcnn": {"features": [4, 2], "skip": True}},
    "losses": ["l1"],
    "training": {"epochs": 2, "steps_per_epoch": 2, "batch": 2, "patch": 16, "learning_rate": 0.001},
    "evaluation": {"metrics": ["psnr", "brisque"], "against": "srcnn/l1/dsgan"},
    "brisque": {"slices": 2},
    "figures": {"further": ["mscn", "profile", "kernels", "kernel_seeds", "low_resolution", "sigma_sweep"]},
}
AFTER_SCORES = {"tabulate": 1, "plot_boxplot": 1, "plot_gaps": 1, "plot_heatmap": 1}
AFTER_TRAINING = {**AFTER_SCORES, "plot_curves": 1, "plot_panel": 1}
SHOWN = {"plot_mscn": 1, "plot_profile": 1, "plot_low_resolution": 1, "plot_sigma_sweep": 1}
"""What shows the degradations of the training subject."""
SHOWN_KERNELS = {"plot_kernels": 1, "plot_kernel_seeds": 1}
KERNELS = "results/tiny/kernels/x2/dsgan/lr/seed0"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The study, run to the end."""
    project = Project(tmp_path_factory.mktemp("realistic"), CONFIG)
    for number, subject in enumerate(("anna", "ben", "cleo", "dora")):
        project.write_volume(subject, phantom(number, (96, 88, 12)))
    return finish(project)


@contextlib.contextmanager
def changed(project, *path, value=None, code=None):
    """The project with another value of a key, or with one more constant in a code file; afterwards as before."""
    config = copy.deepcopy(CONFIG)
    section = config
    for key in path[:-1]:
        section = section.setdefault(key, {})
    if path:
        section[path[-1]] = value
    file = project.folder / f"workflow/mrisr/{code}"
    text = file.read_text() if code else ""
    try:
        project.configure(config)
        if code:
            file.write_text(text + "\n\nNEW = 1\n")
        yield
    finally:
        project.configure(CONFIG)
        if code:
            file.write_text(text)


# ---- what is there after a run --------------------------------------------------------------------------------------


def test_every_slice_of_the_training_and_validation_subjects_has_a_kernel_and_no_other(project):
    folder = project.folder / KERNELS
    assert sorted(path.stem for path in folder.glob("*.csv")) == ["anna", "ben"]
    for subject in ("anna", "ben"):
        table = pd.read_csv(folder / f"{subject}.csv")
        assert table["slice"].to_list() == [f"{subject}/0005", f"{subject}/0006"]
        assert table["status"].to_list() == ["estimated", "estimated"]
        assert table["attempts"].between(1, 3).all()
        assert table[["centre_row", "centre_column"]].sub(6.5).abs().to_numpy().max() < 1
        np.testing.assert_allclose(load(folder / f"{subject}.safetensors")[0]["kernels"].sum((1, 2)), 1, atol=1e-5)


def test_methods_are_laid_side_by_side_and_the_stand_in_is_named(project):
    table = pd.read_csv(project.folder / "results/tiny/tables/methods.csv")
    assert table["training_set"].fillna("").to_list() == ["", "", "gaussian", "dsgan", "dsn"]
    assert table["architecture"].to_list() == ["bicubic", "reference", *["srcnn"] * 3]
    estimates = table[table["architecture"] != "reference"]
    assert np.isfinite(estimates[["psnr", "psnr_std", "brisque", "brisque_std"]]).all(axis=None)
    assert np.isinf(table.set_index("architecture").loc["reference", "psnr"])
    assert table["note"].str.contains("lr: no real scan, the hidden degradation stands in").all()
    assert table["note"].str.contains("BRISQUE: learnt from a proxy").all()
    by_gan = table["note"].str.contains("dsgan: one seed (0) was run, elsewhere the PSNR of one seed", regex=False)
    assert (by_gan == (table["training_set"] == "dsgan")).all()
    scores = pd.read_csv(project.folder / "results/tiny/scores.csv")
    own = scores[(scores["training_set"] == "dsgan") & (scores["metric"] == "psnr")]
    mean = own.groupby("subject")["value"].mean().mean()
    assert table.set_index("training_set").loc["dsgan", "psnr"] == pytest.approx(mean, rel=1e-8)


def test_with_two_subjects_there_is_no_p_value_and_the_note_says_so(project):
    table = pd.read_csv(project.folder / "results/tiny/tables/tests.csv")
    assert set(table["method_a"]) == {"srcnn/l1/dsgan"}
    assert set(table["method_b"]) == {"bicubic", "srcnn/l1/gaussian", "srcnn/l1/dsn"}
    assert (table["subjects"] == 2).all()
    assert table[["p_t", "p_t_holm", "p_wilcoxon", "p_wilcoxon_holm", "low", "high"]].isna().all(axis=None)
    assert table["difference"].notna().all()
    told = table[table["difference"] != 0]["note"]
    assert told.str.contains("t: fewer than 5 subjects").all()
    assert told.str.contains("Wilcoxon: 2 differences cannot reach 0.05").all()
    assert table["note"].str.contains("the hidden degradation stands in").all()


@pytest.mark.parametrize("name", ["mscn", "profile", "kernels", "kernel_seeds"])
def test_the_further_figures_are_there_and_not_blank(project, name):
    picture = imread(project.folder / f"results/tiny/figures/x2/{name}.png")[..., :3]
    assert (picture.min(axis=2) < 0.9).mean() > 0.01
    assert picture.reshape(-1, 3).std(axis=0).min() > 0.05
    assert (project.folder / f"results/tiny/figures/x2/{name}.svg").stat().st_size > 10_000
    assert f"{name}.png" in (project.folder / "results/tiny/report.html").read_text()


def test_tables_of_methods_and_tests_are_in_the_report(project):
    report = (project.folder / "results/tiny/report.html").read_text()
    assert "methods.csv" in report
    assert "tests.csv" in report


def test_kernels_of_a_further_seed_are_compared_and_no_model_learns_from_them(project):
    folder = project.folder / "results/tiny"
    assert [path.name for path in (folder / "kernels/x2/dsgan/lr/seed7").glob("*.safetensors")] == ["anna.safetensors"]
    table = pd.read_csv(folder / "tables/x2/kernel_seeds.csv", dtype={"slice": str}, keep_default_na=False)
    assert table["slice"].tolist() == ["5", "6", ""]
    assert set(table["seeds"]) == {2}
    kernels = [load(folder / f"kernels/x2/dsgan/lr/seed{seed}/anna.safetensors")[0]["kernels"] for seed in (0, 7)]
    assert not np.array_equal(*kernels)
    expected = [kernel_shape.agreement([first, second]) for first, second in zip(*kernels, strict=True)]
    assert table["agreement"].astype(float)[:2].tolist() == pytest.approx(expected, rel=1e-6)
    shapes = pd.read_csv(folder / "tables/x2/kernels.csv")
    assert shapes[["subject", "slice"]].to_numpy().tolist() == [["anna", 5], ["anna", 6]]
    assert (shapes["offset"] < 2).all()


def test_all_is_forecast_as_done(project):
    done = project.call("mrisr", "plan", "--seconds", "0.1")
    assert done.returncode == 0, done.stderr
    assert "nothing would run" in done.stdout


# ---- what runs again ------------------------------------------------------------------------------------------------

OF_DSGAN = {"degrade_slices": 2, "train_model": 1, "evaluate_model": 1, **AFTER_TRAINING, **SHOWN}
OF_DSN = {"train_downsampler": 1, **OF_DSGAN}


def test_nothing_is_left_to_do_after_a_run(project):
    assert project.planned() == {}


@pytest.mark.parametrize(
    "change",
    [
        {"path": ("kernels", "dsgan", "iterations"), "value": 120},
        {"code": "kernels/dsgan.py"},
    ],
    ids=["option", "code"],
)
def test_an_estimator_reruns_its_kernels_and_what_was_trained_on_them(project, change):
    with changed(project, *change.get("path", ()), value=change.get("value"), code=change.get("code")):
        assert project.planned() == {"estimate_kernels": 3, **OF_DSGAN, **SHOWN_KERNELS}


@pytest.mark.parametrize(
    "change",
    [
        {"path": ("kernels", "dsn", "training", "epochs"), "value": 2},
        {"code": "kernels/dsn.py"},
    ],
    ids=["training", "code"],
)
def test_a_downsampling_network_reruns_itself_and_what_was_trained_on_it(project, change):
    with changed(project, *change.get("path", ()), value=change.get("value"), code=change.get("code")):
        assert project.planned() == OF_DSN


def test_its_checkpoints_rerun_nothing(project):
    with changed(project, "kernels", "dsn", "training", "checkpoint_every", value=1):
        assert project.planned() == {}


def test_a_key_of_the_training_reruns_networks_that_do_not_override_it(project):
    # Epochs are a downsampling network's own; all models are trained again.
    with changed(project, "training", "epochs", value=3):
        assert project.planned() == {"train_model": 3, "evaluate_model": 3, **AFTER_TRAINING}
    with changed(project, "training", "batch", value=3):
        models = {"train_model": 3, "evaluate_model": 3}
        assert project.planned() == {"train_downsampler": 1, "degrade_slices": 2, **models, **AFTER_TRAINING, **SHOWN}


def test_one_kernel_for_a_volume_estimates_nothing_again(project):
    with changed(project, "degradations", "dsgan", "shared", value=True):
        assert project.planned() == OF_DSGAN


def test_the_degradation_that_is_learned_from_reruns_all_that_learned(project):
    with changed(project, "degradations", "lr", "seed", value=1):
        # Four subjects' scans, and two subjects' slices of each method that learned from them.
        own = {"degrade_slices": 8, "evaluate_model": 3, "evaluate_baseline": 2, "plot_gallery": 1}
        learned = {"estimate_kernels": 3, "train_downsampler": 1, "train_model": 2}
        assert project.planned() == {**learned, **own, **AFTER_TRAINING, **SHOWN, **SHOWN_KERNELS}


def test_another_source_reruns_one_method(project):
    with changed(project, "kernels", "dsgan", "source", value="gaussian"):
        assert project.planned() == {"estimate_kernels": 3, **OF_DSGAN, **SHOWN_KERNELS}


def test_a_test_volume_reruns_no_kernels_and_no_training(project):
    path = project.folder / "data/dora.nii"
    before = path.read_bytes()
    project.write_volume("dora", phantom(99, (96, 88, 12)))
    try:
        planned = project.planned()
    finally:
        path.write_bytes(before)
    own = {"check_volumes": 1, "slice_volume": 1, "degrade_slices": 1, "evaluate_model": 3, "evaluate_baseline": 2}
    assert planned == {**own, **AFTER_SCORES, "plot_panel": 1}


def test_what_brisque_learns_from_reruns_all_scores(project):
    with changed(project, "brisque", "seed", value=1):
        assert project.planned() == {"train_brisque": 1, "evaluate_model": 3, "evaluate_baseline": 2, **AFTER_SCORES}


def test_another_method_to_test_against_reruns_tables(project):
    with changed(project, "evaluation", "against", value="bicubic"):
        assert project.planned() == AFTER_SCORES


def test_another_studys_name_changes_no_kernels_no_network_and_no_model(project):
    code = """
import json, sys
from mrisr.planning.plan import Plan
from mrisr.study.validation import load_study
jobs = Plan(load_study(sys.argv[1])).jobs()
print(json.dumps(sorted(j.identity for j in jobs if j.stage in ("degrade", "kernels", "network", "train"))))
"""
    (project.folder / "other.yaml").write_text(yaml.safe_dump({**CONFIG, "study": "other"}))
    found = [project.call("python", "-c", code, study) for study in ("config.yaml", "other.yaml")]
    first, second = (json.loads(done.stdout) for done in found)
    assert first == second
    assert len(first) == 10 + 3 + 1 + 3


# ---- by hand --------------------------------------------------------------------------------------------------------


def test_an_estimation_killed_and_called_again_gives_the_same_bytes(project):
    """A longer one, of a subject whose kernels the study does not need."""
    long = copy.deepcopy(CONFIG)
    long["kernels"]["dsgan"] |= {"iterations": 400, "learning_rate": 0.0002}
    (project.folder / "long.yaml").write_text(yaml.safe_dump(long))
    command = ("mrisr", "kernels", "--method", "dsgan", "--subject", "cleo", "--study", "long.yaml")
    states = project.folder / "results/checkpoints"
    known = set(states.iterdir())
    process = project.start(*command)
    while process.poll() is None and not any(path.parent not in known for path in states.glob("*/step-00000250-*")):
        time.sleep(0.02)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    (folder,) = set(states.iterdir()) - known
    assert [path.name[:13] for path in folder.glob("*-*")] == ["step-00000250"]
    files = [project.folder / f"{KERNELS}/cleo{suffix}" for suffix in (".safetensors", ".csv")]
    assert not any(path.exists() for path in files)
    contents = []
    for interrupted in (True, False):
        done = project.call(*command)
        assert done.returncode == 0, done.stderr
        contents.append([path.read_bytes() for path in files])
        if interrupted:
            folder.rename(project.folder / "set-aside")
    assert contents[0] == contents[1]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--method", "dsgam", "--subject", "anna"), "no method 'dsgam' in its section kernels (did you mean 'dsgan'?"),
        (("--method", "dsgan", "--subject", "anna", "--seed", "5"), "no dsgan of kernel_seed 5, but of 0 and 7"),
        (("--method", "dsgan"), "'dsgan' estimates kernels slice by slice: name a subject"),
        (("--method", "dsn", "--subject", "anna"), "'dsn' learns one network for all: name no subject"),
    ],
)
def test_a_wrong_name_on_the_command_line_is_one_line(project, arguments, said):
    done = project.call("mrisr", "kernels", *arguments)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith("error: ")
    assert said in line


def test_lost_kernels_are_delivered_from_their_checkpoint_with_the_same_bytes(project):
    """The last test: what is made again is younger than what was made of it."""
    path = project.folder / f"{KERNELS}/anna.safetensors"
    before = path.read_bytes()
    path.unlink()
    assert project.planned()["estimate_kernels"] == 1
    done = project.call("mrisr", "kernels", "--method", "dsgan", "--subject", "anna")
    assert done.returncode == 0
    assert path.read_bytes() == before
    # Nothing is said about progress: nothing was estimated.
    assert done.stderr == ""
