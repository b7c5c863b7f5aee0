"""The documentation says what the code does: generated pages, links, paths, keys, commands, the worked example."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pandas as pd
import pytest
import typer
import yaml
from mrisr import plugins
from mrisr.cli.main import app
from mrisr.errors import InputError
from mrisr.study import StudyConfig
from mrisr.study.validation import validate
from project import TINY, Project

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(path for path in (ROOT / "README.md", *(ROOT / "docs").glob("*.md")) if path.exists())
STUDIES = [ROOT / "config.yaml", *sorted((ROOT / "workflow/studies").glob("*.yaml"))]
EXAMPLE = ROOT / "docs/adding-a-method.md"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)


def load_generator():
    """docs/generate.py as a module."""
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs/generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


generate = load_generator()
SHELVES = [*generate.SHELVES.values(), *generate.PARTS.values()]


# ---- what is written from the code ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["configuration.md", "config.schema.json"])
def test_the_generated_pages_are_those_of_the_present_code(name):
    written = (ROOT / "docs" / name).read_text(encoding="utf-8")
    assert written == generate.pages()[name], "run: python docs/generate.py"


@pytest.mark.parametrize("path", STUDIES, ids=lambda path: path.stem)
def test_every_study_fits_the_schema(path):
    wrong = jsonschema.Draft202012Validator(generate.schema()).iter_errors(yaml.safe_load(path.read_text()))
    assert [error.message for error in wrong] == []


def test_the_schema_is_one_and_refuses_what_the_study_refuses():
    schema = generate.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    study = yaml.safe_load(STUDIES[0].read_text())
    wrong = [{"losses": []}, {"seed": [0]}, {"protocol": {"grid": "lo"}}, {"degradations": {"../x": {}}}]
    for changes in ({}, {"losses": {"mse": None}}, *wrong):
        valid = jsonschema.Draft202012Validator(schema).is_valid({**study, **changes})
        assert valid == (changes not in wrong), changes


def test_every_plug_in_and_every_key_has_its_place_in_the_configuration_page():
    text = (ROOT / "docs/configuration.md").read_text()
    for shelf in SHELVES:
        for name in plugins.available(shelf):
            assert f"#### `{name}` ({shelf})\n" in text
    for key in StudyConfig.model_fields:
        assert f"\n| `{key}` |" in text


@pytest.mark.parametrize("shelf", SHELVES)
def test_every_option_of_a_plug_in_has_its_meaning(shelf):
    for name in plugins.available(shelf):
        for option in generate._options(shelf, name):
            assert generate._parameters(shelf, name).get(option.name), f"{shelf}/{name}.py: {option.name}"


def test_every_shelf_of_plug_ins_that_a_study_names_is_documented():
    shelves = {path.parent.name for path in plugins.ROOT.glob("*/__init__.py") if "available" in path.read_text()}
    assert shelves <= set(SHELVES)


def test_every_study_file_stands_with_its_paper_in_the_page_of_volumes():
    table = (ROOT / "docs/volumes.md").read_text().partition("## The papers' data")[2]
    assert [path.name for path in STUDIES if path.parent.name == "studies" and path.name not in table] == []


# ---- links, paths, keys, commands -----------------------------------------------------------------------------------


def prose(page: Path) -> str:
    """A page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.S | re.M)


def anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.*)$", prose(page), flags=re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@each_page
def test_every_relative_link_leads_somewhere(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", prose(page)):
        if "://" in target or target.startswith("mailto:"):
            continue
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        assert file.exists(), target
        assert not anchor or anchor in anchors(file), target


@each_page
def test_every_file_that_is_named_exists(page):
    example = set(re.findall(r"^`(\S+\.(?:py|rst|smk))`:$", page.read_text(), flags=re.M)) | {
        "workflow/report/<figure>.rst"
    }
    folders = "docs|envs|profiles|tests|workflow|\\.ci"
    for name in re.findall(rf"`((?:{folders})/[^`\s{{<*]*)`", prose(page)):
        assert (ROOT / name).exists() or name in example, name


def dotted_keys(page: Path) -> set[str]:
    """Dotted names in backquotes that begin with a key of the study and are no files."""
    names = re.findall(r"`([a-z_]+(?:\.[a-z_0-9]+)+)[:`]", prose(page))
    keys = {name for name in names if name.split(".")[0] in StudyConfig.model_fields}
    return {name for name in keys if name.rpartition(".")[2] not in ("csv", "json", "py", "tsv", "yaml")}


@each_page
def test_every_key_that_is_named_exists(page):
    schema = generate.schema()
    for name in dotted_keys(page):
        node = schema
        for part in name.split("."):
            properties = generate._definition(schema, node).get("properties", {})
            assert part in properties, name
            node = properties[part]


def commands(page: Path) -> list[list[str]]:
    """Calls of ``mrisr`` in code, as words."""
    text = page.read_text()
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^    (.*)$", text, flags=re.M)
    code += [
        line for block in re.findall(r"^```\w*\n(.*?)^```$", text, flags=re.S | re.M) for line in block.splitlines()
    ]
    calls = [re.search(r"(?:^|[ /])mrisr( .*)", line) for line in code]
    return [call.group(1).split() for call in calls if call and not call.string.startswith(("from ", "import "))]


@each_page
def test_every_command_that_is_named_exists_with_its_options(page):
    verbs = typer.main.get_command(app).commands
    for verb, *words in commands(page):
        if verb in ("VERB", "--help", "--version"):
            continue
        assert verb in verbs, verb
        known = {option for parameter in verbs[verb].params for option in parameter.opts} | {"--help"}
        assert {word.split("=")[0] for word in words if word.startswith("--")} <= known, [verb, *words]


def test_the_pages_name_commands_keys_and_files_at_all():
    assert any(commands(page) for page in PAGES)
    assert any(dotted_keys(page) for page in PAGES)


# ---- the worked example ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """A copy of the library and its tests with the files of docs/adding-a-method.md in it."""
    folder = tmp_path_factory.mktemp("example")
    for name in ("workflow/mrisr", "tests", "benchmarks"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for path, source in example_files(*METHODS).items():
        assert not (ROOT / path).exists(), f"{path} is a method by now: choose another example"
        (folder / path).write_text(source)
    return folder


METHODS = ("degradations", "models", "losses", "discriminators", "metrics", "baselines", "kernels")
HOUSE = ("figures", "tables", "stages", "quality", "report", "rules")
"""Folders of the files of the example: methods, and what a figure, a table and a stage consist of."""


def example_files(*folders: str) -> dict[str, str]:
    """The files that docs/adding-a-method.md prints, of some folders."""
    found = re.findall(r"^`(workflow/\S+)`:\n\n```\w+\n(.*?)^```$", EXAMPLE.read_text(), flags=re.S | re.M)
    return {path: source for path, source in found if Path(path).parent.name in folders}


def call(tree: Path, *words: str) -> subprocess.CompletedProcess:
    environment = {**os.environ, "PYTHONPATH": str(tree / "workflow"), "OMP_NUM_THREADS": "1"}
    return subprocess.run([sys.executable, *words], cwd=tree, env=environment, capture_output=True, text=True)


def test_every_shelf_that_the_page_names_has_an_example_of_one_file():
    shelves = re.findall(r"^\| [^|]+ \| `workflow/mrisr/(\w+)/` \|", EXAMPLE.read_text(), flags=re.M)
    assert sorted(shelves) == sorted(METHODS)
    assert sorted(Path(path).parent.name for path in example_files(*METHODS)) == sorted(METHODS)


def test_the_page_counts_the_files_that_a_figure_a_table_and_a_stage_touch():
    text = EXAMPLE.read_text()
    told = re.findall(r"^\| \[a (\w+)\]\(#\S+\) \| (\d) \| (\d) \|$", text, flags=re.M)
    sections = {name: text.split(f"\n## A {name}\n")[1].split("\n## ")[0] for name, _, _ in told}
    new = {name: set(re.findall(r"^`(workflow/\S+)`:$", section, flags=re.M)) for name, section in sections.items()}
    edited = {name: set(re.findall(r"^- `(\S+)`: ", section, flags=re.M)) for name, section in sections.items()}
    assert told == [(name, str(len(new[name])), str(len(edited[name]))) for name in ("figure", "table", "stage")]
    assert set().union(*new.values()) == set(example_files(*HOUSE))
    assert all((ROOT / path).exists() for path in edited["stage"])


def test_the_methods_of_the_example_pass_their_contract_tests(tree):
    names = [Path(path).stem for path in example_files(*METHODS) if "/kernels/" not in path]
    topics = ("degradations", "alignment", "models", "losses", "metrics", "baselines")
    tests = [f"tests/test_{topic}.py" for topic in topics]
    done = call(tree, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n0", *tests, "-k", " or ".join(names), "-rA")
    assert done.returncode == 0, done.stdout
    passed = [line for line in done.stdout.splitlines() if line.startswith("PASSED")]
    assert all(any(name in line for line in passed) for name in names)


KNOWN_BLUR = """
import numpy as np
from mrisr import degradations, kernels
from mrisr.imaging.kernel import apply, bicubic_kernel
from scipy.ndimage import gaussian_filter

sharp = gaussian_filter(np.random.default_rng(0).random((96, 80)), 1.0).astype(np.float32)
sharp = (sharp - sharp.min()) / np.ptp(sharp)
low = degradations.build("gaussian", scale=2, grid="low", sigma=1.5)(sharp)
flat = np.zeros_like(sharp), np.zeros_like(low)
found = kernels.estimate_report("least_squares", [sharp, flat[0]], [low, flat[1]], scale=2, seed=0, slice_ids="ab")
errors = [np.mean((apply(sharp, kernel) - low) ** 2) for kernel in (found.kernels[0], bicubic_kernel())]
print(found.status, 10 * np.log10(errors[1] / errors[0]))
"""


def test_the_estimator_of_the_example_finds_a_known_blur(tree):
    done = call(tree, "-c", KNOWN_BLUR)
    assert done.returncode == 0, done.stderr
    status, gain = done.stdout.rsplit(maxsplit=1)
    assert status == "['estimated', 'no structure']"
    # In dB over the bicubic kernel: what the benchmark asks of DSGAN.
    assert float(gain) > 8


def test_the_study_of_the_example_is_valid_with_its_files_and_only_with_them(tree):
    (study,) = re.findall(r"^```yaml\n(.*?)^```$", EXAMPLE.read_text(), flags=re.S | re.M)
    (tree / "mine.yaml").write_text(study)
    load = "from mrisr.study.validation import load_study; print(load_study('mine.yaml').study)"
    assert call(tree, "-c", load).stdout == "mine\n"
    with pytest.raises(InputError, match="ideal_low_pass"):
        validate(yaml.safe_load(study), source="mine.yaml")


def test_a_figure_a_table_and_a_stage_are_added_as_the_page_says(tmp_path):
    one = {"training_sets": ["mean"], "test_sets": ["mean"], "losses": ["mse"], "models": None}
    project = Project(tmp_path, {**TINY, **one})
    for path, source in example_files(*HOUSE).items():
        assert not (tmp_path / path).exists(), f"{path} is there by now: choose another example"
        (tmp_path / path).write_text(source)
    (verb,) = re.findall(r"^```python\n(@app.command.*?)^```$", EXAMPLE.read_text(), flags=re.S | re.M)
    project.edit("workflow/mrisr/stages/__init__.py", '    "slice",\n', '    "slice",\n    "sharpness",\n')
    project.edit(
        "Snakefile",
        'include: "workflow/rules/report.smk"',
        'include: "workflow/rules/report.smk"\ninclude: "workflow/rules/sharpness.smk"',
    )
    with (tmp_path / "workflow/mrisr/cli/main.py").open("a") as file:
        file.write(f"\n\n{verb}")
    planned = project.planned()
    assert (planned["measure_sharpness"], planned["plot_strips"]) == (4, 1)
    wanted = ["tables/worst.csv", "figures/x2/strips_psnr.png", "sharpness/anna.csv"]
    project.snakemake("-c2", *(f"results/tiny/{path}" for path in wanted))
    worst = pd.read_csv(tmp_path / "results/tiny/tables/worst.csv")
    scores = pd.read_csv(tmp_path / "results/tiny/scores.csv")
    chosen = worst[(worst["architecture"] == "srcnn") & (worst["metric"] == "psnr")]["value"].to_list()
    assert chosen == [scores[(scores["architecture"] == "srcnn") & (scores["metric"] == "psnr")]["value"].min()]
    assert (tmp_path / "results/tiny/sharpness/anna.csv").read_text().startswith("slice,sharpness\n5,")
    assert "strips" in project.call("mrisr", "figures", "stripes", "--scale", "2").stderr
