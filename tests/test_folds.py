"""Cross-validation by subject: the subjects and jobs of each fold, what a change makes stale, and a whole run."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pandas as pd
import pytest
from finished import finish
from hypothesis import given
from hypothesis import strategies as st
from mrisr.errors import InputError
from mrisr.planning.layout import fold_folder, fold_of
from mrisr.planning.plan import Plan
from mrisr.planning.tables import cross_validation, order
from mrisr.study.folds import FEWEST, deal, number_of_folds, why_impossible
from mrisr.study.validation import validate
from mrisr.volumes.check import check_volumes
from project import Project, phantom

STUDY = {
    "study": "tiny",
    "volumes": "data/volumes.tsv",
    "folds": 3,
    "slices": {"axis": 2, "range": "5:6", "minimum": 16},
    "protocol": {"grid": "low"},
    "degradations": {"gaussian": {"sigma": 1.0}, "dsn": {"kind": "estimated"}},
    "kernels": {"dsn": {"source": "gaussian", "features": 4}},
    "training_sets": ["dsn"],
    "test_sets": ["gaussian"],
    "architectures": {"srcnn": {"features": [4, 2], "skip": True}},
    "losses": ["mse"],
    "training": {"epochs": 1, "steps_per_epoch": 2, "batch": 2, "patch": 16, "learning_rate": 0.001},
    "evaluation": {"metrics": ["psnr", "brisque"], "against": "srcnn/mse/dsn"},
    "brisque": {"slices": 2},
}
"""A downsampling network and BRISQUE, which learn from training subjects: another one in every fold."""
SUBJECTS = {"anna": "train", "ben": "validation", "cleo": "test", "dora": "test"}
"""Three folds of them test anna and dora, ben, cleo."""
PLAIN = {
    **{key: value for key, value in STUDY.items() if key not in ("kernels", "brisque", "training_sets")},
    "degradations": {"gaussian": {"sigma": 1.0}},
    "evaluation": {"metrics": ["psnr"]},
}


def test_a_block_of_models_may_have_its_own_seeds(tmp_path, monkeypatch):
    Project(tmp_path, {key: value for key, value in PLAIN.items() if key != "folds"}, SUBJECTS)
    monkeypatch.chdir(tmp_path)
    study = {
        **{key: value for key, value in PLAIN.items() if key != "folds"},
        "losses": ["mse", "l1"],
        "seeds": [3],
        "models": [
            {"architectures": ["srcnn"], "losses": ["mse"], "seeds": [0, 1]},
            {"architectures": ["srcnn"], "losses": ["l1"]},
        ],
    }
    plan = Plan(validate(study, source="x"))
    assert [(names["loss"], names["seed"]) for names in plan.models()] == [("mse", 0), ("mse", 1), ("l1", 3)]
    for names in plan.models():
        assert plan.job("train", **names).settings["seed"] == names["seed"]
    with pytest.raises(InputError, match="no seed '2'"):
        plan.job("train", **{**plan.models()[0], "seed": 2})


# ---- who is in which fold -------------------------------------------------------------------------------------------


@st.composite
def dealt(draw):
    """Subjects, and a number of folds that they can be dealt to."""
    subjects = [f"s{number}" for number in range(draw(st.integers(FEWEST, 30)))]
    folds = number_of_folds(draw(st.integers(2, 40)), len(subjects))
    return subjects, folds if why_impossible(len(subjects), folds) is None else FEWEST


@given(dealt())
def test_every_subject_is_tested_once_and_never_learned_from_in_the_fold_that_tests_it(drawn):
    subjects, folds = drawn
    found = [deal(subjects, folds, fold) for fold in range(folds)]
    assert sorted(s for splits in found for s in splits["test"]) == sorted(subjects)
    for splits in found:
        assert all(splits.values())
        together = [s for members in splits.values() for s in members]
        assert sorted(together) == sorted(subjects)
        for members in splits.values():
            assert members == sorted(members, key=subjects.index)


@given(dealt())
def test_folds_differ_by_one_subject_at_most(drawn):
    subjects, folds = drawn
    sizes = [len(deal(subjects, folds, fold)["test"]) for fold in range(folds)]
    assert max(sizes) - min(sizes) <= 1


@given(dealt())
def test_a_fold_validates_on_what_the_next_one_tests_or_of_two_folds_on_one_subject(drawn):
    subjects, folds = drawn
    for fold in range(folds):
        following = deal(subjects, folds, (fold + 1) % folds)["test"]
        assert deal(subjects, folds, fold)["validation"] == (following[:1] if folds == 2 else following)


@pytest.mark.parametrize(
    ("subjects", "folds", "words"), [(2, 2, "3 or more"), (0, 0, "3 or more"), (3, 2, "set folds to 3")]
)
def test_too_few_subjects_are_refused(subjects, folds, words):
    assert words in why_impossible(subjects, folds)
    assert why_impossible(4, 2) is why_impossible(3, 3) is None


@given(st.none() | st.integers(0, 99))
def test_a_fold_and_its_folder_name_each_other(fold):
    assert fold_of(fold_folder(fold)) == fold


# ---- which jobs there are -------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A folder with the subjects' volumes, one more, and a copy of anna's."""
    project = Project(tmp_path_factory.mktemp("folds"), STUDY, {**SUBJECTS, "emil": "test"})
    project.write_volume("twin", phantom(0))
    return project


@pytest.fixture
def plan(project, monkeypatch):
    """``plan(*rows, key=value)`` is the plan of the study with other rows of the manifest and with keys changed."""
    monkeypatch.chdir(project.folder)
    default = [f"{subject} {split}" for subject, split in SUBJECTS.items()]

    def make(*rows: str, base: dict = STUDY, **changes) -> Plan:
        cells = [["subject", "split", "group", "path"]]
        for name, split, *group in (row.split() for row in rows or default):
            cells.append([name, split, *(group or [""]), f"data/{name}.nii"])
        Path("data/volumes.tsv").write_text("\n".join(map("\t".join, cells)))
        return Plan(validate({**base, **changes}, source="study"))

    return make


def test_the_splits_are_pooled_and_further_groups_are_tested_in_every_fold(plan):
    made = plan("anna train", "dora test liver", "ben train", "emil test far", "cleo validation")
    assert made.subjects.pool == ["anna", "dora", "ben", "cleo"]
    assert [made.subjects.of("test", fold) for fold in range(3)] == [
        ["anna", "emil", "cleo"],
        ["dora", "emil"],
        ["ben", "emil"],
    ]
    assert made.subjects.of("validation", 2) == ["anna", "cleo"]
    assert made.subjects.of("train", 2) == ["dora"]
    assert made.subjects.group_names == ["liver", "far"]
    assert made.subjects.groups["anna"] == "liver"


def test_there_are_as_many_folds_as_subjects_at_most_and_the_tables_say_so(plan):
    made = plan(folds=10)
    assert made.subjects.folds == 4
    assert cross_validation(made) == "4-fold cross-validation by subject (as many as there are subjects; folds: 10)"
    assert cross_validation(plan()) == "3-fold cross-validation by subject"
    assert cross_validation(plan(folds=None)) == ""


def test_a_training_set_whose_kernels_vary_is_told_with_their_seed(plan):
    """DSGAN declares ``VARIES``, DSN does not; a mixture varies as its members do."""
    degradations = {
        **{"gaussian": {"sigma": 1.0}, "dsn": {"kind": "estimated"}, "mine": {"kind": "estimated", "by": "kernel_gan"}},
        "both": {"kind": "combine", "members": ["gaussian", "mine"]},
    }
    kernels = {**STUDY["kernels"], "kernel_gan": {"kind": "dsgan", "source": "gaussian", "seed": 3}}
    sets = ["dsn", "mine", "both"]
    varying = order(plan(degradations=degradations, kernels=kernels, training_sets=sets, folds=None))["varying"]
    assert list(varying) == ["mine", "both"]
    told = "kernel_gan: one seed (3) was run, elsewhere the PSNR of one seed differed by 0.17 dB between two processors"
    assert set(varying.values()) == {told}
    assert "varying" not in order(plan())


def test_what_is_learned_from_subjects_is_made_once_a_fold_and_the_rest_once(plan):
    counts = Counter(job.stage for job in plan().jobs())
    expected = {"slice": 4, "network": 3, "brisque": 3, "train": 3, "evaluate": 3, "baseline": 6, "tabulate": 1}
    assert {stage: counts[stage] for stage in expected} == expected
    # gaussian for each subject; dsn for whom a fold trains and validates on, and for the subject of the gallery.
    of_folds = Counter(job.wildcards.get("fold") for job in plan().jobs() if job.stage == "degrade")
    assert of_folds == {None: 4, 0: 2, 1: 3, 2: 3}


def test_no_job_reads_what_was_learned_from_the_subjects_that_its_fold_tests(plan):
    made = plan(test_sets=["gaussian", "dsn"])
    jobs = {path: job for job in made.jobs() for path in job.writes.values()}

    def learned_from(job) -> set[str]:
        """Subjects on whose slices the networks and regressors of a job were trained."""
        above = [jobs[path] for path in job.inputs() if path in jobs]
        seen = {s for other in above for s in learned_from(other)}
        if job.stage in ("train", "network", "brisque"):
            seen |= {Path(path).stem for path in job.inputs() if "/slices/" in path}
        return seen

    for job in made.jobs():
        if job.stage in ("evaluate", "baseline"):
            tested = made.subjects.of("test", job.wildcards["fold"])
            assert {Path(p).stem for p in job.reads["test_sets"]["dsn"]["degraded"]["dsn"].values()} == set(tested)
            assert learned_from(job) == set(SUBJECTS) - set(tested) or job.stage == "baseline"
            assert not learned_from(job) & set(tested)


@pytest.mark.parametrize("fold", [0, 1, 2])
def test_a_fold_is_the_study_whose_manifest_splits_the_subjects_so(plan, fold):
    """Identities are the same, so that a fold's models are trained once for both."""
    made = plan(base=PLAIN)
    names = {**made.models()[0], "fold": fold}
    found = [made.job(stage, **names).identity for stage in ("train", "evaluate")]
    rows = [
        f"{s} {split}"
        for s in SUBJECTS
        for split in ("train", "validation", "test")
        if s in made.subjects.of(split, fold)
    ]
    alone = plan(*rows, base=PLAIN, folds=None)
    assert [alone.job(stage, **{**names, "fold": 0}).identity for stage in ("train", "evaluate")] == found


def test_without_folds_no_path_has_a_folder_for_one_but_those_of_models(plan):
    made = plan(folds=None)
    paths = {path for job in made.jobs() for path in (*job.writes.values(), job.record)}
    assert all("fold0/seed0" in path for path in paths if "fold" in path)
    assert not any("fold" in job.wildcards for job in made.jobs() if job.stage not in ("train", "evaluate"))
    assert "cross_validation" not in made.job("tabulate").settings


def test_the_panel_shows_the_models_that_have_not_seen_its_subject(plan):
    made = plan(figures={"panel_subject": "cleo"})
    panel = made.job("figure", figure="panel", scale=2)
    assert [model["fold"] for model in panel.settings["models"]] == [2]
    assert list(panel.reads["test_sets"]["gaussian"]["references"]) == ["cleo"]
    assert [m["fold"] for m in made.job("figure", figure="curves", scale=2).settings["models"]] == [0, 1, 2]


def test_a_number_of_slices_is_shared_out_over_all_subjects(plan):
    made = plan("anna train", "ben train", "cleo validation", "dora test", "emil test far", slices={"count": 6})
    assert made.subjects.counts == {"anna": 2, "ben": 2, "cleo": 1, "dora": 1, "emil": 6}


# ---- what is wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"folds": 1}, ["folds", "greater than or equal to 2"]),
        ({"slices": {"count": {"train": 4}}}, ["slices.count", "folds", "one number"]),
        ({"allow_leakage": True}, ["folds", "allow_leakage"]),
    ],
)
def test_a_study_that_cannot_have_folds_is_told_so_in_one_line(changes, words):
    with pytest.raises(InputError) as caught:
        validate({**STUDY, **changes}, source="my.yaml")
    (line,) = caught.value.problems
    assert all(word in line for word in words), line


@pytest.mark.parametrize(
    ("rows", "folds", "words"),
    [
        (["anna train", "ben test"], 5, "2 subjects are too few for cross-validation, which needs 3 or more"),
        (["anna train", "ben test", "cleo train"], 2, "3 subjects are too few for 2 folds"),
        (["anna train", "ben test", "cleo test far", "dora test far"], 3, "2 subjects are too few"),
    ],
)
def test_too_few_subjects_are_told_before_anything_runs(plan, rows, folds, words):
    with pytest.raises(InputError) as caught:
        plan(*rows, folds=folds)
    (line,) = caught.value.problems
    assert line.startswith(f"data/volumes.tsv: {words}")


@pytest.mark.parametrize(
    ("stage", "names", "words"),
    [
        ("brisque", {}, "give --fold, from 0 to 2"),
        ("baseline", {"scale": 2, "baseline": "bicubic"}, "give --fold, from 0 to 2"),
        ("degrade", {"scale": 2, "degradation": "dsn", "subject": "anna"}, "give --fold, from 0 to 2"),
        ("degrade", {"scale": 2, "degradation": "gaussian", "subject": "anna", "fold": 1}, "is the same in every fold"),
        ("slice", {"subject": "anna", "fold": 1}, "is the same in every fold"),
        ("brisque", {"fold": 3}, "has no fold '3'"),
    ],
)
def test_a_fold_too_many_or_too_few_is_told_in_one_line(plan, stage, names, words):
    with pytest.raises(InputError, match=words) as caught:
        plan().job(stage, **names)
    assert len(caught.value.problems) == 1


def test_copies_of_a_volume_that_two_folds_test_are_leakage_whatever_their_split(plan):
    made = plan("anna train", "twin train", "ben train", "cleo train")
    settings = {**made.job("check").context["slices"], "counts": made.subjects.counts}
    with pytest.raises(InputError, match=r"has the same voxels as subject 'anna' in the split 'fold0'"):
        check_volumes(made.subjects.checked, settings, None)


# ---- what a change makes stale --------------------------------------------------------------------------------------


def test_a_subjects_volume_makes_all_stale_but_what_was_learned_without_it(plan, project):
    """ben is tested by fold 1: its network, regressor and model have not seen him."""
    before = {job.record: job.identity for job in plan().jobs()}
    project.write_volume("ben", phantom(99))
    stale = [job for job in plan().jobs() if before[job.record] != job.identity]
    project.write_volume("ben", phantom(1))
    counts = Counter(job.stage for job in stale if job.stage != "figure")
    assert {s: sorted(j.wildcards["fold"] for j in stale if j.stage == s) for s in ("network", "train", "brisque")} == {
        "network": [0, 2],
        "train": [0, 2],
        "brisque": [2],
    }
    # Of the regressors, that of fold 2 alone: fold 0 validates on him. Each model is another one, or scores him anew.
    assert {job.wildcards["fold"] for job in stale if job.stage == "baseline"} == {1, 2}
    assert {stage: counts[stage] for stage in ("check", "slice", "evaluate", "tabulate")} == {
        "check": 1,
        "slice": 1,
        "evaluate": 3,
        "tabulate": 1,
    }


def test_another_number_of_folds_trains_those_anew_whose_subjects_are_others(plan):
    before = {job.record: job.identity for job in plan().jobs()}
    stale = [job for job in plan(folds=4).jobs() if before.get(job.record) != job.identity]
    # Fold 1 tests ben, validates on cleo and learns from the rest, of three folds as of four.
    for stage in ("network", "brisque", "train", "evaluate", "baseline"):
        # The baselines of a fold are the floor and the ceiling.
        found = [job.wildcards["fold"] for job in stale if job.stage == stage]
        assert found == [0, 2, 3] * (2 if stage == "baseline" else 1), stage
    assert not [job for job in stale if job.stage == "slice"]
    assert {job.wildcards.get("fold") for job in stale if job.stage == "degrade"} == {0, 2, 3}


# ---- a run to the end -----------------------------------------------------------------------------------------------


@pytest.mark.slow
def test_a_study_with_folds_runs_to_its_tables(tmp_path):
    project = finish(Project(tmp_path, STUDY, SUBJECTS), up_to="tabulate")
    results = tmp_path / "results/tiny"
    tests, scores = pd.read_csv(results / "tables/tests.csv"), pd.read_csv(results / "scores.csv")
    assert set(tests["subjects"]) == {len(SUBJECTS)}
    assert tests["note"].str.contains("3-fold cross-validation by subject").all()
    folds = {"anna": 0, "ben": 1, "cleo": 2, "dora": 0}
    for name in ("bicubic", "srcnn"):
        scored = scores[(scores["architecture"] == name) & (scores["metric"] == "psnr")]
        assert sorted(scored["subject"].unique()) == sorted(SUBJECTS)
        assert not scored.duplicated(["subject", "slice", "test_set"]).any()
        assert (scored["fold"] == scored["subject"].map(folds)).all()
    means = scores[scores["metric"] == "psnr"].groupby(["architecture", "fold", "subject"])["value"].mean()
    means = means.groupby(level=["architecture", "fold"]).mean().groupby(level="architecture").mean()
    table = pd.read_csv(results / "tables/psnr.csv").set_index("architecture")["gaussian"]
    pd.testing.assert_series_equal(table[means.index], means, check_names=False, rtol=1e-6)
    assert project.planned("results/tiny/tables/tests.csv") == {}
    project.write_volume("ben", phantom(99))
    planned = project.planned("results/tiny/tables/tests.csv")
    assert {rule: planned.get(rule) for rule in ("train_downsampler", "train_brisque", "train_model")} == {
        "train_downsampler": 2,
        "train_brisque": 1,
        "train_model": 2,
    }
    assert (planned["evaluate_model"], planned["evaluate_baseline"]) == (3, 4)
