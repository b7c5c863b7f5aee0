"""An artifact: what it contains, that it is the same to the byte, and that it says nothing of the machine."""

from __future__ import annotations

import contextlib
import csv
import hashlib
import json
import platform
import shutil
import subprocess
import zipfile

import pytest
import yaml
from finished import STUDY, finished
from mrisr.errors import InputError
from mrisr.planning.plan import Plan, stage_classes
from mrisr.publishing import data, tree
from mrisr.publishing.publish import publish
from mrisr.study.validation import load_study


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return finished(tmp_path_factory.mktemp("published"))


def published(project, **options):
    """The bytes of a new artifact by their names."""
    with contextlib.chdir(project.folder), zipfile.ZipFile(publish(Plan(load_study(STUDY)), **options)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.fixture(scope="module")
def content(project):
    return published(project)


def test_an_artifact_has_what_is_needed_to_check_and_repeat_a_study(content):
    expected = {"artifact.json", "jobs.json", "data.tsv", "study.yaml", "configuration.yaml", "environment.txt"}
    expected |= {"README.md", "checklist.md", ".zenodo.json", "ro-crate-metadata.json", "manifest-sha256.txt"}
    expected |= {"source/Snakefile", "source/workflow/mrisr/models/srcnn.py", "results/tiny/report.html"}
    expected |= {"results/tiny/tables/psnr.csv", "results/tiny/figures/x2/heatmap_psnr.png"}
    expected |= {"results/tiny/models/x2/srcnn/mse/gaussian/fold0/seed0/weights.safetensors"}
    assert expected <= set(content)


def test_it_has_no_images_of_people_as_arrays(content):
    arrays = [name for name in content if name.endswith((".safetensors", ".nii"))]
    assert arrays
    assert all("/models/" in name for name in arrays)


@pytest.mark.parametrize("name", ["slice", "mask", "register", "degrade"])
def test_no_stage_that_makes_images_of_people_publishes_any(name):
    stage = dict(stage_classes())[name]
    assert stage.published(None, None) == {}


def test_the_same_results_give_the_same_bytes(project):
    with contextlib.chdir(project.folder):
        plan = Plan(load_study(STUDY))
        first = publish(plan).read_bytes()
        assert publish(Plan(load_study(STUDY))).read_bytes() == first


def test_every_file_stands_in_the_manifest_with_its_checksum(content):
    listed = dict(line.split("  ")[::-1] for line in content["manifest-sha256.txt"].decode().splitlines())
    found = {name: hashlib.sha256(part).hexdigest() for name, part in content.items()}
    assert listed == {name: digest for name, digest in found.items() if name != "manifest-sha256.txt"}


def test_nothing_in_it_names_a_path_or_the_name_of_the_machine(project, content):
    for name, part in content.items():
        assert str(project.folder).encode() not in part, name
        if name.endswith("run.json"):
            assert "host" not in json.loads(part), name
    assert platform.node() not in content["checklist.md"].decode().split()


def test_data_tsv_has_the_checksum_of_each_volume_and_no_volume_is_passed_on_unasked(project, content):
    rows = list(csv.DictReader(content["data.tsv"].decode().splitlines(), delimiter="\t"))
    for row in rows:
        volume = project.folder / "data" / row["file"]
        assert row["sha256"] == hashlib.sha256(volume.read_bytes()).hexdigest()
        assert row["contained"] == ""


def test_a_volume_is_passed_on_only_if_asked_and_if_its_licence_is_listed(project):
    manifest = project.folder / "data/volumes.tsv"
    before = manifest.read_text()
    licences = {"anna": "CC0-1.0", "ben": "MIT (package x)", "cleo": "all rights reserved", "dora": ""}
    rows = [line.split("\t") for line in before.splitlines()[1:]]
    lines = ["subject\tpath\tsplit\tlicence", *("\t".join([*row[:3], licences[row[0]]]) for row in rows)]
    # The tables of the volumes name the licence, so the check runs again, and nothing else.
    made = [
        project.folder / "results/tiny" / name for name in ("volumes.csv", "tables/volumes.csv", "volumes.run.json")
    ]
    kept = [path.read_bytes() for path in made]
    manifest.write_text("\n".join(lines) + "\n")
    try:
        assert project.call("mrisr", "check", "--study", STUDY).returncode == 0
        held = {name for name in published(project, with_volumes=True) if name.startswith("volumes/")}
    finally:
        manifest.write_text(before)
        for path, content in zip(made, kept, strict=True):
            path.write_bytes(content)
    assert held == {"volumes/anna/path/anna.nii", "volumes/ben/path/ben.nii"}


@pytest.mark.parametrize("licence", [None, "", "none", "CC-BY-NC-4.0", "mit", "MITx", "see MIT"])
def test_a_licence_that_is_not_listed_allows_nothing(licence):
    assert not data.allows(licence)


def test_results_that_are_not_current_are_not_published(project):
    table = project.folder / "results/tiny/tables/psnr.csv"
    before = table.read_bytes()
    table.write_bytes(before.replace(b"srcnn", b"other"))
    try:
        with pytest.raises(InputError, match=r"publish: 1 of \d+ jobs have no current results .* run snakemake first"):
            published(project)
    finally:
        table.write_bytes(before)


def test_a_job_says_what_its_record_says(content):
    jobs = json.loads(content["jobs.json"])
    assert {job["stage"] for job in jobs} >= {"slice", "degrade", "train", "evaluate", "tabulate", "figure", "report"}
    for job in jobs:
        assert json.loads(content[job["record"]])["identity"] == job["identity"]


def test_the_configuration_has_every_default(content):
    told, resolved = (yaml.safe_load(content[name]) for name in ("study.yaml", "configuration.yaml"))
    assert "protocol" not in told
    assert resolved["protocol"]["scales"] == [2]
    assert resolved["test_sets"] == ["gaussian", "mean"]


def identified(content):
    """The entities of the crate by their identifiers."""
    graph = json.loads(content["ro-crate-metadata.json"])["@graph"]
    found = {entity["@id"]: entity for entity in graph}
    assert len(found) == len(graph)
    return found


def references(value):
    """Identifiers that a value refers to."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return (
        [value["@id"]]
        if isinstance(value, dict) and value.keys() == {"@id"}
        else [r for p in parts for r in references(p)]
    )


def test_every_reference_of_the_crate_leads_to_an_entity_of_it(content):
    entities = identified(content)
    named = {target for entity in entities.values() for target in references(list(entity.values()))}
    assert {target for target in named - entities.keys() if not target.startswith("http")} == set()


def test_the_crate_has_the_checksum_and_size_of_every_other_file(content):
    files = {name: entity for name, entity in identified(content).items() if "File" in entity["@type"]}
    assert files.keys() == content.keys() - {"ro-crate-metadata.json", "manifest-sha256.txt"}
    for name, entity in files.items():
        assert entity["sha256"] == hashlib.sha256(content[name]).hexdigest()
        assert entity["contentSize"] == str(len(content[name]))


def test_each_job_is_one_action_with_what_it_read_and_wrote(content):
    entities, jobs = identified(content), json.loads(content["jobs.json"])
    actions = [entity for entity in entities.values() if entity["@type"] == "CreateAction" and "identifier" in entity]
    assert sorted(action["identifier"] for action in actions) == sorted(job["identity"] for job in jobs)
    (trained,) = (job for job in jobs if job["stage"] == "train" and job["wildcards"]["training_set"] == "mean")
    action = entities[f"#job/{trained['identity']}"]
    assert {part["@id"] for part in action["result"]} == set(trained["writes"].values())
    assert "#absent/results/tiny/degraded/x2/mean/anna.safetensors" in {part["@id"] for part in action["object"]}
    assert "agent" not in action


def test_the_reporter_of_snakemake_writes_the_same_artifact(project, content):
    project.snakemake("--nolock", "-c1", "--reporter", "mrisr", "results")
    with zipfile.ZipFile(project.folder / "results/tiny/artifact/tiny.zip") as archive:
        reported = {name: archive.read(name) for name in archive.namelist()}
    assert set(reported) == set(content)
    timed = {"ro-crate-metadata.json", "manifest-sha256.txt"}
    records = {name for name in content if name.endswith("run.json")}
    assert {name for name in content if reported[name] != content[name]} <= timed | records
    told = {name: json.loads(reported[name]) for name in records}
    noted = {name: record.pop("snakemake") for name, record in told.items() if "snakemake" in record}
    assert told == {name: json.loads(content[name]) for name in records}
    # The pages that show all others are not among the results that Snakemake was asked for.
    assert records - set(noted) == {"results/tiny/report.run.json", "results/tiny/explorer.run.json"}
    for name, (began, ended) in noted.items():
        assert ended - began == pytest.approx(told[name]["seconds"], abs=0.01)


@pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")
def test_the_identifier_of_a_folder_is_that_of_gits_tree(tmp_path):
    files = {"a": b"x", "a.b": b"", "a-b/c": b"\x00\xff", "b/d/e": b"y\n", "run": b"#!/bin/sh\n"}
    for name, part in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(part)
    (tmp_path / "run").chmod(0o755)
    (tmp_path / "link").symlink_to("b/d")
    for command in ("init -q", "add .", "write-tree"):
        done = subprocess.run(["git", "-C", str(tmp_path), *command.split()], text=True, capture_output=True)
    found = tree.directory(files, executables=frozenset({"run"}), links={"link": "b/d"})
    assert found == f"swh:1:dir:{done.stdout.strip()}"
