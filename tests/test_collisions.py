"""Names of a study become paths. Two paths that cannot both exist are reported before anything runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from mrisr.errors import InputError
from mrisr.planning.collisions import require_distinct
from mrisr.planning.plan import Plan
from mrisr.study.validation import validate
from project import TINY, Project


def said(*paths: str) -> list[str]:
    with pytest.raises(InputError) as caught:
        require_distinct(paths)
    return caught.value.problems


@pytest.mark.parametrize(
    ("paths", "words"),
    [
        (["r/a.csv", "r/a.csv"], ["r/a.csv", "twice"]),
        (["r/a.csv", "r/a.csv/b.csv"], ["r/a.csv", "folder of r/a.csv/b.csv"]),
        (["r/a.csv/b.csv", "r/a.csv"], ["r/a.csv", "folder of r/a.csv/b.csv"]),
        (["r/A.csv", "r/a.csv"], ["r/A.csv and r/a.csv", "letter case"]),
        (["r/A/b.csv", "r/a/c.csv"], ["r/A and r/a", "letter case"]),
        (["r/" + "n" * 240 + ".csv"], ["too long for a file"]),
        (["r/" + "n" * 256 + "/a.csv"], ["too long for a folder"]),
    ],
)
def test_what_cannot_be_files_at_once_is_one_line(paths, words):
    (line,) = said(*paths)
    assert all(word in line for word in words), line


def test_one_line_stands_for_all_paths_of_two_names():
    (line,) = said(*(f"r/{name}/{number}.csv" for number in range(9) for name in ("A", "a")), "x/b")
    assert line.endswith("(8 more such paths)")


def test_what_can_be_files_at_once_is_not_said():
    paths = ["r/a.csv", "r/a/b.csv", "r/a/c.csv", "r/a.csv.json", "s/a.csv", "r/" + "n" * 230 + ".csv"]
    assert require_distinct(paths) is None


def test_the_paths_of_ten_thousand_jobs_take_no_time():
    folders = [f"r/x2/a{i}/l1/set/fold{j}/seed{k}" for i in range(10) for j in range(10) for k in range(100)]
    began = time.process_time()
    require_distinct(f"{folder}/{name}" for folder in folders for name in ("scores.csv", "run.json"))
    assert time.process_time() - began < 5


@pytest.fixture
def planned(tmp_path, monkeypatch):
    """A function that plans the tiny study, whose second test subject is of a group of its own; all paths written."""
    Project(tmp_path)
    monkeypatch.chdir(tmp_path)

    def paths(group: str, **changes) -> set[str]:
        splits = {"anna": "train", "ben": "validation", "cleo": "test", "dora": "test"}
        rows = [f"{name}\tdata/{name}.nii\t{split}" for name, split in splits.items()]
        Path("data/volumes.tsv").write_text("\n".join(["subject\tpath\tsplit\tgroup", *rows]) + f"\t{group}\n")
        jobs = Plan(validate({**TINY, **changes}, source="s")).jobs()
        return {path for job in jobs for path in job.writes.values()}

    return paths


def test_a_second_test_group_has_a_folder_of_tables(planned):
    assert "results/tiny/tables/other/psnr.csv" in planned("other")


@pytest.mark.parametrize("group", ["psnr.csv", "bias.csv", "run.json", "PSNR.csv", "Methods.CSV"])
def test_a_test_group_named_like_a_file_of_the_tables_is_told(planned, group):
    with pytest.raises(InputError, match=f"tables/.*{group}") as caught:
        planned(group)
    assert len(caught.value.problems) == 1


def test_metrics_that_differ_by_case_alone_are_told(planned):
    metrics = {"psnr": {}, "Psnr": {"kind": "psnr"}}
    with pytest.raises(InputError, match="letter case") as caught:
        planned("other", evaluation={"metrics": metrics})
    assert len(caught.value.problems) == 1


def test_two_pictures_of_one_name_are_told(planned):
    # The metric psnr in the group b, and the metric psnr_b in the primary group.
    metrics = {"psnr": {}, "psnr_b": {"kind": "psnr"}}
    with pytest.raises(InputError, match=r"would both be called (heatmap|gaps)_psnr_b") as caught:
        planned("b", evaluation={"metrics": metrics})
    assert len(caught.value.problems) == 1
