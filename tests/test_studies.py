"""Several studies, one after the other, and their joint report."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import matplotlib.image
import nibabel
import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr.artifact.joined import Made, write
from mrisr.errors import InputError
from mrisr.files import write_text
from mrisr.planning.plan import Plan
from mrisr.running import studies
from mrisr.study.validation import load_study
from mrisr.volumes import check
from project import ROOT


def made(folder: Path, name: str = "one", *, finished: bool = True) -> Made:
    results = folder / name
    write_text(results / "tables/findings.csv", "hypothesis,statement\nH1,<script>alert(1)</script> & more\n")
    write_text(results / "tables/psnr.csv", "a\n" + "\n".join(map(str, range(100))) + "\n")
    write_text(results / "report.html", "")
    (results / "figures").mkdir()
    matplotlib.image.imsave(results / "figures/wide.png", np.random.default_rng(0).random((20, 3000)), cmap="gray")
    return Made(name, "A small study. It takes minutes.", results, finished)


def test_the_report_has_a_page_for_each_study_and_shows_what_failed(tmp_path):
    index = write([made(tmp_path), made(tmp_path, "two", finished=False)], tmp_path / "all-studies").read_text()
    assert index.count("<a href=") == 2
    assert index.count("complete") == 2
    assert index.count("not complete") == 1
    assert "A small study.</td>" in index
    page = (tmp_path / "all-studies/two.html").read_text()
    assert "what was made before" in page
    assert page.index("findings.csv") < page.index("psnr.csv")
    assert 'href="../two/report.html"' in page
    assert "explorer.html" not in page
    assert "The file has 100 rows" in page


def test_a_page_stands_alone_and_runs_nothing(tmp_path):
    write([made(tmp_path)], tmp_path / "all-studies")
    page = (tmp_path / "all-studies/one.html").read_text()
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in page
    assert "default-src 'none'" in page
    assert {source[:5] for source in re.findall(r'src="([^"]*)"', page)} == {"data:"}
    assert len(page) < 200_000


def test_every_small_study_is_run_after_the_default_one(monkeypatch):
    monkeypatch.chdir(ROOT)
    first, *others = studies.small_studies()
    assert first == Path("config.yaml")
    assert set(others) == {path for path in studies.SHELF.iterdir() if path.stem.endswith("-small")}


def test_a_study_that_fails_does_not_keep_the_next_from_running(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("one", "two"):
        made(tmp_path / "results", name)
        write_text(tmp_path / f"{name}.yaml", f"# What {name} is.\nstudy: {name}\n")
    monkeypatch.setattr(studies, "load_study", lambda path: SimpleNamespace(study=Path(path).stem))
    called = []
    monkeypatch.setattr(
        studies.subprocess,
        "run",
        lambda command: SimpleNamespace(returncode=called.append(command) or len(called) == 1),
    )
    with pytest.raises(InputError, match="one: not complete"):
        studies.run_all([Path("one.yaml"), Path("two.yaml")], cores=3)
    assert [command[-1] for command in called] == ["one.yaml", "two.yaml"]
    assert all(command[command.index("--cores") + 1] == "3" for command in called)
    assert "What one is." in (tmp_path / "results/all-studies/one.html").read_text()


def test_a_study_that_is_not_valid_is_told_before_any_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_text(tmp_path / "bad.yaml", "study: bad\n")
    monkeypatch.setattr(studies.subprocess, "run", lambda command: pytest.fail("a study ran"))
    with pytest.raises(InputError):
        studies.run_all([Path("bad.yaml")], cores=1)


BUILT_IN = {"data/volumes.tsv", "data/heads.tsv", "data/robust-residual-small.tsv"}
"""Manifests of built-in scans. (The photographs are whole pictures; no slices are chosen of them.)"""
STUDIES = [
    path
    for path in (ROOT / "config.yaml", *sorted((ROOT / "workflow/studies").glob("*.yaml")))
    if yaml.safe_load(path.read_text())["volumes"] in BUILT_IN
]


@pytest.fixture(scope="module")
def like_built_in(tmp_path_factory) -> Path:
    """A folder with the manifests, and in place of each built-in scan a small volume with as many slices."""
    folder, source = tmp_path_factory.mktemp("built-in"), yaml.safe_load((ROOT / "data/sources.yaml").read_text())
    (folder / "data/volumes").mkdir(parents=True)
    axes = {"sagittal": 0, "coronal": 1, "axial": 2}
    for manifest in BUILT_IN:
        (folder / manifest).write_text((ROOT / manifest).read_text())
        table = pd.read_csv(ROOT / manifest, sep="\t", comment="#", dtype=str).fillna("")
        for row in table.itertuples():
            axis = getattr(row, "axis", "") or "axial"
            shape = source["volumes"][row.subject]["shape"]
            size = [96, 96, 96]
            size[axes.get(axis, axis) if axis in axes else int(axis)] = 1 if 1 in shape else max(shape)
            seed = sum(map(ord, row.subject))
            values = np.random.default_rng(seed).integers(1, 255, size, np.uint8)
            nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), folder / f"data/volumes/{row.subject}.nii.gz")
    return folder


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_studies_of_built_in_scans_ask_for_no_more_slices_than_there_are(path, like_built_in, monkeypatch, capsys):
    monkeypatch.chdir(like_built_in)
    job = Plan(load_study(str(path))).job("check")
    check.run(job.reads, job.writes, settings=job.settings, identity=job.identity, **job.context)
    assert capsys.readouterr().out
