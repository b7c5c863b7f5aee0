"""``mrisr verify`` finds and names whatever was changed in an artifact, also if its checksums were made to fit."""

from __future__ import annotations

import base64
import contextlib
import csv
import hashlib
import json
import os
import re
import zipfile

import pytest
from finished import STUDY, finished, resigned
from mrisr.errors import InputError
from mrisr.planning.plan import Plan
from mrisr.publishing import archive, at_hand, crate, documents, provenance, tolerance
from mrisr.publishing.contained import read
from mrisr.publishing.opening import opened
from mrisr.publishing.publish import SUMS, publish
from mrisr.publishing.rerun import rerun
from mrisr.publishing.verify import verify
from mrisr.study.validation import load_study

MODEL = "results/tiny/models/x2/srcnn/mse/{}/fold0/seed0/weights.safetensors"
SCORES = "results/tiny/scores/x2/srcnn/mse/{}/fold0/seed0/scores.csv"
TABLE = "results/tiny/tables/psnr.csv"
ALL_SCORES = "results/tiny/scores.csv"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """The path of an artifact, and its files."""
    project = finished(tmp_path_factory.mktemp("verified"))
    with contextlib.chdir(project.folder):
        path = project.folder / publish(Plan(load_study(STUDY)))
    with zipfile.ZipFile(path) as opened:
        return path, {name: opened.read(name) for name in opened.namelist()}


def problems(path, *, repeat=False):
    """What `verify` says is wrong; empty if nothing is."""
    try:
        verify(path, repeat=repeat, note=lambda line: None)
    except InputError as error:
        return error.problems
    return []


@pytest.fixture
def changed(whole, tmp_path):
    """``changed(changes)``: what is wrong with the artifact after changes of files whose checksums fit again."""

    def tell(changes):
        archive.write(tmp_path / "tiny.zip", resigned(whole[1], changes))
        return problems(tmp_path / "tiny.zip")

    return tell


@pytest.fixture(scope="module")
def forged(whole, tmp_path_factory):
    """What is wrong with an artifact whose table, scores and picture are changed, and whose records fit again."""
    content = whole[1]
    picture, other = (f"results/tiny/figures/x2/{name}_psnr.png" for name in ("heatmap", "gaps"))
    row = content[ALL_SCORES].splitlines()[-1].replace(b"srcnn", b"other") + b"\n"
    edits = {
        **edited(content, TABLE, b"srcnn,mse,gaussian,", b"srcnn,mse,gaussian,9"),
        ALL_SCORES: content[ALL_SCORES] + row,
        picture: content[other],
    }
    tables = "results/tiny/tables/run.json"
    signed = recorded(content, tables, {"psnr.csv": edits[TABLE], "../scores.csv": edits[ALL_SCORES]})
    signed |= recorded(content, "results/tiny/figures/x2/heatmap.run.json", {"heatmap_psnr.png": edits[picture]})
    path = tmp_path_factory.mktemp("forged") / "tiny.zip"
    archive.write(path, resigned(content, edits | signed))
    return problems(path, repeat=True)


def edited(content, name, old, new):
    assert old in content[name]
    return {name: content[name].replace(old, new, 1)}


def test_nothing_is_wrong_with_an_artifact_as_it_was_made(whole):
    said = []
    verify(whole[0], note=said.append)
    jobs = len(json.loads(whole[1]["jobs.json"]))
    assert f"identities: {jobs} of {jobs} jobs" in said
    assert "repeated: 5 jobs that make tables and figures" in said
    assert said[-1].endswith("nothing is wrong")


def test_an_unpacked_artifact_is_checked_too(whole, tmp_path):
    with zipfile.ZipFile(whole[0]) as opened:
        opened.extractall(tmp_path)
    assert problems(tmp_path) == []
    (tmp_path / TABLE).unlink()
    assert f"{TABLE}: is missing" in problems(tmp_path)


@pytest.mark.parametrize("where", [0.001, 0.2, 0.5, 0.8, 0.9999])
def test_a_flipped_byte_is_found_wherever_it_is(whole, tmp_path, where):
    data = bytearray(whole[0].read_bytes())
    data[int(where * len(data))] ^= 0x20
    (tmp_path / "tiny.zip").write_bytes(data)
    assert problems(tmp_path / "tiny.zip")


def test_a_flipped_byte_of_a_file_is_named(whole, tmp_path):
    content = whole[1] | {TABLE: whole[1][TABLE][:-2] + b"9\n"}
    archive.write(tmp_path / "tiny.zip", content)
    assert any(line.startswith(f"{TABLE}: is changed (SHA-256 ") for line in problems(tmp_path / "tiny.zip"))


@pytest.mark.parametrize("name", [TABLE, MODEL.format("mean"), "source/Snakefile", "results/tiny/volumes.run.json"])
def test_a_missing_file_is_named(whole, tmp_path, name):
    archive.write(tmp_path / "tiny.zip", {other: part for other, part in whole[1].items() if other != name})
    assert f"{name}: is missing" in problems(tmp_path / "tiny.zip")


def test_a_missing_result_is_named_although_the_checksums_fit(changed):
    assert f"{TABLE}: is missing" in changed({TABLE: None})


def test_a_file_that_nobody_made_is_named(changed):
    assert "results/tiny/tables/more.csv: no job of the study makes it" in changed(
        {"results/tiny/tables/more.csv": b""}
    )


def test_an_edited_table_is_not_what_its_job_wrote(whole, changed):
    edit = edited(whole[1], TABLE, b"srcnn,mse,gaussian,", b"srcnn,mse,gaussian,9")
    found = changed(edit)
    assert f"{TABLE}: is not what its job wrote" in found


def recorded(content, record, outputs):
    """A record that says that its job wrote these bytes."""
    told = json.loads(content[record])
    for output, data in outputs.items():
        told["outputs"][output]["sha256"] = hashlib.sha256(data).hexdigest()
    return {record: (json.dumps(told, indent=1, sort_keys=True) + "\n").encode()}


@pytest.mark.parametrize("name", [TABLE, ALL_SCORES])
def test_an_edited_table_and_a_row_that_no_model_gives_are_found_although_records_fit(forged, name):
    assert f"{name}: is not what tabulate makes of its inputs" in forged
    assert f"{name}: is not what its job wrote" not in forged


def test_an_exchanged_picture_is_found_although_its_record_fits(forged):
    assert any(line.startswith("results/tiny/figures/x2/heatmap_psnr.png: is not what figure") for line in forged)


def test_an_exchanged_weight_is_named_although_its_record_fits(whole, changed):
    here, other = MODEL.format("mean"), MODEL.format("gaussian")
    record = here.replace("weights.safetensors", "run.json")
    found = changed({here: whole[1][other]} | recorded(whole[1], record, {"weights.safetensors": whole[1][other]}))
    assert any(line.startswith(f"{here}: was made by another job than train") for line in found)


def test_an_edited_module_is_named_and_so_are_the_jobs_that_run_it(whole, changed):
    name = "source/workflow/mrisr/losses/mse.py"
    found = changed({name: whole[1][name] + b"\nEXTRA = 1\n"})
    assert "source: the module mrisr.losses.mse is not the one that ran" in found
    lines = [line for line in found if line.startswith("jobs.json: the identity of train")]
    assert len(lines) == 2
    assert not any("identity of slice" in line for line in found)


def test_a_comment_in_a_module_is_found_too(whole, changed):
    name = "source/workflow/mrisr/losses/mse.py"
    found = changed({name: whole[1][name] + b"# more\n"})
    assert any(line.startswith("source: is swh:1:dir:") for line in found)
    assert not any("identity" in line for line in found)


def test_a_setting_that_was_changed_changes_the_identity(whole, changed):
    jobs = json.loads(whole[1]["jobs.json"])
    trained = next(job for job in jobs if job["stage"] == "train")
    trained["settings"]["training"]["epochs"] += 1
    found = changed({"jobs.json": json.dumps(jobs).encode()})
    assert any(line.startswith("jobs.json: the identity of train") for line in found)


def test_a_volume_of_another_checksum_is_missed_by_its_slices(whole, changed):
    rows = whole[1]["data.tsv"].decode().splitlines()
    digest = rows[1].split("\t")[9]
    found = changed({"data.tsv": whole[1]["data.tsv"].replace(digest.encode(), b"0" * 64)})
    assert f"jobs.json: slice anna needs {digest[:16]}..., which nothing in the artifact has" in found


def test_a_crate_that_tells_another_story_is_found(whole, changed):
    found = changed(edited(whole[1], "ro-crate-metadata.json", b'"mrisr train"', b'"mrisr other"'))
    assert found == ["ro-crate-metadata.json: does not say what jobs.json, the records and manifest-sha256.txt say"]


@pytest.mark.parametrize("name", ["checklist.md", "environment.txt", "README.md", "study.yaml"])
def test_a_file_that_no_job_makes_is_named_if_it_is_edited_or_missing(whole, changed, name):
    assert f"{name}: is not the file that ro-crate-metadata.json describes" in changed({name: whole[1][name] + b"\n"})
    assert f"{name}: is missing" in changed({name: None})


def test_a_file_that_was_added_is_named(changed):
    assert "more.txt: stands not in ro-crate-metadata.json" in changed({"more.txt": b"x"})


# ---- somebody who makes crate, records and checksums fit -----------------------------------------------------------

EXPLORER, REPORT = "results/tiny/explorer.html", "results/tiny/report.html"


def forged_throughout(whole, folder, changes, *, repeat=True):
    """What is wrong with an artifact after changes of files, if records, crate and checksums fit again."""
    content = whole[1]
    for job in json.loads(content["jobs.json"]):
        outputs = {os.path.relpath(p, os.path.dirname(job["record"])): changes.get(p) for p in job["writes"].values()}
        if edited_outputs := {name: data for name, data in outputs.items() if data is not None}:
            changes = recorded(content, job["record"], edited_outputs) | changes
    after = content | changes
    told = json.loads(after["jobs.json"])
    described = json.loads(after["artifact.json"])
    versions = {
        **{name: described[name] for name in ("mrisr", "python")},
        "snakemake": described["versions"]["snakemake"],
    }
    rows = list(csv.DictReader(after["data.tsv"].decode().splitlines(), delimiter="\t"))
    known = {n: (hashlib.sha256(p).hexdigest(), len(p)) for n, p in after.items() if n not in (SUMS, crate.NAME)}
    records = {job["record"]: json.loads(after[job["record"]]) for job in told}
    crated = documents.as_json(provenance.described("tiny", told, records, rows, known, versions))
    archive.write(folder / "tiny.zip", resigned(content, changes | {crate.NAME: crated}))
    return problems(folder / "tiny.zip", repeat=repeat)


def replaced(content, name, old, new):
    """A file with one part replaced, a regular expression."""
    assert re.search(old, content[name])
    return {name: re.sub(old, new, content[name], count=1)}


EDITS = [
    (EXPLORER, rb'("cells":\{[^[]*\[\[)[0-9.]+', rb"\g<1>99.9", "cells"),
    (EXPLORER, b'"device":"cpu"', b'"device":"cuda"', "runs"),
    ("checklist.md", rb"\| train \| 2 \|", b"| train | 3 |", "is not what the records and the source give (line "),
    (REPORT, b"Read down a", b"Read up a", "the caption of results/tiny/figures/"),
    (REPORT, b"A super-resolution model", b"Any super-resolution model", "its description is not what"),
    ("README.md", b"mrisr", b"other", "is not what the records and the source give"),
    (".zenodo.json", b"Results", b"Resalts", "is not what the records and the source give"),
    ("environment.txt", rb"numpy==[0-9.]+", b"numpy==1.0", "does not name numpy "),
    ("configuration.yaml", rb"epochs: \d+", b"epochs: 99", "is not what study.yaml gives"),
]


@pytest.fixture(scope="module")
def rewritten(whole, tmp_path_factory):
    """What is wrong after all `EDITS`."""
    content = dict(whole[1])
    for name, old, new, _ in EDITS:
        content |= replaced(content, name, old, new)
    return forged_throughout(whole, tmp_path_factory.mktemp("rewritten"), {name: content[name] for name, *_ in EDITS})


@pytest.mark.parametrize(("name", "said"), [(name, said) for name, _, _, said in EDITS])
def test_an_edit_is_found_although_record_crate_and_checksums_fit(rewritten, name, said):
    assert any(said in line and name in line for line in rewritten), rewritten


BOMB = b"".join(b"x%d: &x%d [%s]\n" % (n, n, b", ".join([b"*x%d" % (n - 1) if n else b"a"] * 20)) for n in range(8))
"""YAML of 20^8 values: each list repeats the one before it 20 times."""


@pytest.mark.parametrize("name", ["study.yaml", "configuration.yaml", "source/CITATION.cff"])
def test_no_file_is_written_out_whose_aliases_stand_for_billions_of_values(whole, tmp_path, name):
    found = forged_throughout(whole, tmp_path, {name: whole[1].get(name, b"") + BOMB})
    assert any(
        os.path.basename(name) in line and "values once its aliases are written out" in line for line in found
    ), found


def test_an_edited_script_of_the_explorer_is_found(whole, tmp_path):
    found = forged_throughout(whole, tmp_path, replaced(whole[1], EXPLORER, b"is better", b"is worse"))
    assert found == [f"{EXPLORER}: its text or its scripts are not what scores, findings and records give"]


def test_a_report_that_shows_another_table_than_the_artifact_has_is_named(whole, tmp_path):
    findings = whole[1]["results/tiny/tables/findings.csv"]
    shown, other = (base64.b64encode(text) for text in (findings, findings.replace(b"0.", b"9.", 1)))
    assert shown != other
    changes = {REPORT: whole[1][REPORT].replace(shown, other)}
    found = forged_throughout(whole, tmp_path, changes)
    assert found == [f"{REPORT}: shows another results/tiny/tables/findings.csv than the artifact contains"]


def test_a_record_of_another_device_contradicts_checklist_and_explorer(whole, tmp_path):
    record = MODEL.format("mean").replace("weights.safetensors", "run.json")
    told = {**json.loads(whole[1][record]), "device": "cuda"}
    found = forged_throughout(whole, tmp_path, {record: documents.as_json(told)})
    assert {line.partition(":")[0] for line in found} == {"checklist.md", EXPLORER}


def test_a_licence_that_the_check_was_not_told_is_named(whole, tmp_path):
    lines = [line.split("\t") for line in whole[1]["data.tsv"].decode().splitlines()]
    lines[1][lines[0].index("licence")] = "CC0-1.0"
    text = "".join("\t".join(line) + "\n" for line in lines).encode()
    found = forged_throughout(whole, tmp_path, {"data.tsv": text})
    assert "data.tsv: the licence of anna is 'CC0-1.0', and its check was told None" in found


@pytest.mark.parametrize("name", ["more.txt", ".bashrc", "volumes/zoe/path/z.nii", "CITATION.txt"])
def test_a_file_of_no_kind_is_named_although_the_crate_lists_it(whole, tmp_path, name):
    assert f"{name}: is no part of an artifact" in forged_throughout(whole, tmp_path, {name: b"x"}, repeat=False)


# ---- with volumes at hand -------------------------------------------------------------------------------------------


def repeated(path, manifest, **options):
    """What `rerun` finds wrong with an artifact, and its notes."""
    notes, given = [], {"retrain": 0, "other_hardware": False, **options}
    with opened(path) as (folder, names):
        found = list(rerun(read(folder, names, path), at_hand.of_file(manifest), note=notes.append, **given))
    return found, notes


def test_with_volumes_a_score_that_no_model_gives_and_a_weight_that_no_training_gives_are_found(whole, tmp_path):
    """Records and checksums of both are made to fit, and the weights keep the identity of their job."""
    path, content = whole
    scores = SCORES.format("mean")
    rows = content[scores].decode().splitlines()
    rows[1] = rows[1].rpartition(",")[0] + ",40"
    forged = ("\n".join(rows) + "\n").encode()
    weights = bytearray(content[MODEL.format("gaussian")])
    weights[-1] ^= 0x01
    edits = {scores: forged, MODEL.format("gaussian"): bytes(weights)}
    signed = recorded(content, scores.replace("scores.csv", "run.json"), {"scores.csv": forged})
    record = MODEL.format("gaussian").replace("weights.safetensors", "run.json")
    signed |= recorded(content, record, {"weights.safetensors": bytes(weights)})
    archive.write(tmp_path / "tiny.zip", resigned(content, edits | signed))
    manifest = at_hand_manifest(path, tmp_path)
    found, notes = repeated(tmp_path / "tiny.zip", manifest, retrain=9)
    assert any(line.startswith(f"{scores}: is not what evaluate") for line in found)
    assert any(line.startswith(f"{MODEL.format('gaussian')}: is not what train") for line in found)
    assert not any(line.startswith(MODEL.format("mean")) for line in found)
    assert "repeated: 2 of 2 trainings" in notes
    assert any(re.fullmatch(r"repeated: (\d+) of \1 evaluations", note) for note in notes), notes


def at_hand_manifest(artifact, folder):
    """A manifest with absolute paths of the volumes that an artifact was made from."""
    project = artifact.parents[3]
    with contextlib.chdir(project):
        (folder / "volumes.tsv").write_text(at_hand.of_file(project / "data/volumes.tsv"))
    return folder / "volumes.tsv"


def test_other_volumes_give_other_jobs(whole, tmp_path):
    manifest = at_hand_manifest(whole[0], tmp_path)
    lines = manifest.read_text().splitlines()
    swapped = [lines[0], lines[1].replace("anna.nii", "ben.nii"), lines[2].replace("ben.nii", "anna.nii"), *lines[3:]]
    manifest.write_text("\n".join(swapped) + "\n")
    found, notes = repeated(whole[0], manifest, retrain=1)
    assert "slice anna: is not the job that study.yaml and these volumes give" in found
    assert "repeated: 0 of 1 trainings" in notes


@pytest.mark.parametrize(
    ("metric", "told", "here", "wrong"),
    [
        ("psnr", "30", "30.02", False),
        ("psnr", "30", "30.021", True),
        ("psnr", "inf", "inf", False),
        ("psnr", "inf", "99", True),
        ("mse", "100", "100.46", False),
        ("mse", "100", "100.47", True),
        ("mse", "", "1", True),
        ("mse", "1", "nan", True),
    ],
)
def test_on_other_hardware_a_score_may_differ_by_a_fiftieth_of_a_decibel(tmp_path, metric, told, here, wrong):
    for name, value in {"told": told, "here": here}.items():
        (tmp_path / name).write_text(f"test_set,subject,slice,metric,value\na,b,1,{metric},{value}\n")
    assert (tolerance.difference(tmp_path / "told", tmp_path / "here") is not None) == wrong


def test_on_other_hardware_the_last_validation_counts(tmp_path):
    for name, rows in {"told": "1,20\n2,30.0", "near": "1,10\n2,30.01", "far": "1,20\n2,31"}.items():
        (tmp_path / name).write_text(f"epoch,validation_psnr\n{rows}\n")
    assert tolerance.difference(tmp_path / "told", tmp_path / "near") is None
    assert tolerance.difference(tmp_path / "told", tmp_path / "far") == "validation PSNR is 30.0, here 31"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"artifact.json": None}, "is no artifact: it has no artifact.json; 'snakemake publish' writes one"),
        ({"artifact.json": b'{"format": 99}'}, "has the form 99, and this program reads forms up to 1"),
        ({"artifact.json": b'{"format": 0}'}, "artifact.json: is not as expected"),
        ({"artifact.json": b"{"}, "artifact.json: is no JSON"),
        ({"jobs.json": b"[1]"}, "jobs.json: is not as expected"),
        ({"jobs.json": None}, "jobs.json: is missing"),
        ({"jobs.json": b"[" * 100_000}, "jobs.json: is nested too deeply"),
        ({"data.tsv": b"a\tb\n"}, "data.tsv: is no table of volumes"),
    ],
)
def test_what_is_no_artifact_is_told_in_one_line(changed, changes, said):
    assert sum(said in line for line in changed(changes)) == 1


def test_an_archive_cut_short_is_told_in_one_line(whole, tmp_path):
    (tmp_path / "tiny.zip").write_bytes(whole[0].read_bytes()[:-1000])
    (line,) = problems(tmp_path / "tiny.zip")
    assert "is no complete ZIP archive" in line
