"""What every stage, every figure and every table declares, compared with the rules, the verbs and the pages."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest
import typer
from mrisr import plugins
from mrisr.cli.main import app
from mrisr.planning.plan import Plan, stage_classes
from mrisr.stages import ORDER
from mrisr.stages.sources import SOURCES
from mrisr.study.validation import load_study
from project import PAGES, TINY, Project

ROOT = Path(__file__).parents[1]
STAGES = dict(stage_classes())
each_stage = pytest.mark.parametrize("stage", STAGES.values(), ids=STAGES)
each_figure = pytest.mark.parametrize("figure", plugins.available("figures"))
each_table = pytest.mark.parametrize("table", plugins.available("tables"))


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    """Every job that a dry run of a tiny study lists, as (rule, outputs)."""
    project = Project(tmp_path_factory.mktemp("stages"), TINY)
    text = project.snakemake("-n", "--forceall", "--quiet", "host").stdout
    found = re.findall(r"^(?:local)?rule (\w+):\n(?:    .*\n)*?    output: (.*)\n", text, flags=re.M)
    return project, {(rule, frozenset(outputs.split(", "))) for rule, outputs in found}


def test_the_table_of_contents_names_every_stage_once():
    files = {path.stem for path in (ROOT / "workflow/mrisr/stages").glob("*.py")}
    assert len(ORDER) == len(set(ORDER)) == len(STAGES)
    assert files - set(ORDER) == {"__init__", "stage", "learning", "estimating", "scoring", "sources", "limits"}
    for names in ("RULE", "ACTION", "RECORD"):
        told = [getattr(stage, names) for stage in STAGES.values()]
        assert names == "ACTION" or len(set(told)) == len(told)


def test_the_outputs_of_the_rules_are_those_that_the_stages_declare(listed, monkeypatch):
    project, jobs = listed
    monkeypatch.chdir(project.folder)
    plan = Plan(load_study("config.yaml"))
    expected = {
        (plan.stages[job.stage].RULE.format(**job.wildcards), frozenset([*job.writes.values(), job.record]))
        for job in plan.jobs()
    }
    assert expected == {(rule, outputs) for rule, outputs in jobs if rule not in PAGES}


@each_stage
def test_a_stage_has_its_rule_its_action_and_its_verb_with_an_example(stage):
    rules = "".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    if "{" not in stage.RULE:
        assert f"rule {stage.RULE}:" in rules
    assert callable(importlib.import_module(stage.ACTION).run)
    verb = typer.main.get_command(app).commands[stage.VERB]
    assert verb.help
    assert f"mrisr {stage.VERB}" in verb.epilog


@each_stage
def test_the_paths_of_a_stage_stand_in_the_page_of_files(stage):
    page = (ROOT / "docs/files.md").read_text()
    for path in stage.FILES.values():
        place, _, _ = re.sub(r"\{\w+\}", "", path).partition("/")
        assert place in page, path


@each_figure
def test_a_figure_declares_what_it_reads_and_has_its_caption(figure):
    constants = plugins.describe("figures", figure).constants
    assert set(constants["READS"]) <= set(SOURCES)
    assert set(constants["FOR_EACH"]) <= {"metric", "group", "model", "test_set"}
    assert isinstance(constants["ALWAYS"], bool)
    assert constants["CATEGORY"]
    assert all(name.endswith(".csv") for name in constants.get("NUMBERS", ()))
    assert (ROOT / f"workflow/report/{figure}.rst").read_text().strip()


@each_table
def test_a_table_declares_its_files_and_has_its_caption(table):
    constants = plugins.describe("tables", table).constants
    assert all(name.endswith(".csv") for name in constants["FILES"])
    assert constants["FOR_EACH"] in ((), ("group", "metric"))
    assert constants["CATEGORY"]
    assert (ROOT / f"workflow/report/{table}.rst").read_text().strip()


def test_no_method_is_asked_for_by_its_name():
    shelves = ("degradations", "kernels", "metrics", "losses", "models")
    # "estimated" is a status of a slice too: asked of a method it would be its kind.
    names = {"brisque", "combine", "scanned", "estimated", "hidden", "dsgan", "dsn"}
    pattern = re.compile(rf"(kind|name|method|[)\]]) ?(==|!=|\bin \() ?['\"]({'|'.join(sorted(names))})['\"]")
    for path in (ROOT / "workflow/mrisr").rglob("*.py"):
        if path.parent.name not in shelves:
            assert not pattern.search(path.read_text()), path
