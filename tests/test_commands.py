"""Every command that README.md and docs/ print is executed: here on one finished study, or by a test that is named.

A run of Snakemake that takes long, or needs a cluster, is a dry run here.
"""

from __future__ import annotations

import contextlib
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from finished import finished
from mrisr.cli.main import app
from typer.testing import CliRunner

ROOT = Path(__file__).resolve().parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
PREFIX = "python3 envs/venv.py "
OTHERS = ("mrisr ", "rocrate-validator ", "runcrate ")
SUBSTITUTES = {
    "my-study.yaml": "config.yaml",
    "results/my-study": "results/tiny",
    "results/default/models/x2/srcnn/mse/combine": "results/tiny/models/x2/srcnn/mse/mean",
    "results/default/artifact/default.zip": "results/tiny/artifact/tiny.zip",
    "default.zip": "results/tiny/artifact/tiny.zip",
    "data/my-mice.tsv": "data/volumes.tsv",
    "scan.nii.gz": "data/cleo.nii",
    "FOLDER": "unpacked",
}
"""What stands in the tiny study for the names in the pages. The first one that fits is taken, once."""
ELSEWHERE = {
    "snakemake": "test_end_to_end.py::test_killed_and_started_again_is_the_same_bytes_as_in_one_go_without_snakemake",
    "snakemake --configfile workflow/studies/training-bias.yaml --config volumes=data/my-mice.tsv": (
        "test_end_to_end.py::test_the_papers_study_has_63_training_and_63_evaluation_jobs"
    ),
    "pytest": "test_environment.py::test_help_shows_the_two_commands_of_the_readme",
    "pytest tests/test_degradations.py tests/test_alignment.py -k ideal_low_pass": (
        "test_documentation.py::test_the_methods_of_the_example_pass_their_contract_tests"
    ),
    "mrisr check --study mine.yaml": (
        "test_documentation.py::test_the_study_of_the_example_is_valid_with_its_files_and_only_with_them"
    ),
    "python docs/generate.py": "test_documentation.py::test_the_generated_pages_are_those_of_the_present_code",
    "pytest tests/test_documentation.py": (
        "test_documentation.py::test_every_plug_in_and_every_key_has_its_place_in_the_configuration_page"
    ),
    "COMMAND ...": (
        "test_environment.py::test_the_command_runs_in_the_repository_with_the_environment_first_and_passes_the_status_on"
    ),
    "snakemake results --reporter mrisr": ("test_publish.py::test_the_reporter_of_snakemake_writes_the_same_artifact"),
}
"""Commands that a test of another file executes."""


def documented() -> list[str]:
    """The commands in blocks of the pages, each once, without the call of the environment and without comments."""
    lines = [line for page in PAGES for line in re.findall(r"^ {4,}(\S.*)$", page.read_text(), flags=re.M)]
    code = [line.split("  #")[0].strip() for line in lines if line.startswith((PREFIX, *OTHERS))]
    return list(dict.fromkeys(line.removeprefix(PREFIX) for line in code))


HERE = [command for command in documented() if command not in ELSEWHERE]


def words(command: str) -> list[str]:
    """The words of a command with the names of the tiny study."""
    replaced = []
    for word in shlex.split(command):
        old = next((old for old in SUBSTITUTES if old in word), None)
        replaced.append(word if old is None else word.replace(old, SUBSTITUTES[old]))
    return replaced


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A finished study with its artifact, which Snakemake published, and its exported trainings."""
    project = finished(tmp_path_factory.mktemp("commands"))
    shutil.copytree(ROOT / "data", project.folder / "data", dirs_exist_ok=True, ignore=shutil.ignore_patterns("*.tsv"))
    project.snakemake("-c1", "publish")
    call(project, ["cache", "export", "trainings.zip"])
    shutil.unpack_archive(project.folder / "results/tiny/artifact/tiny.zip", project.folder / "unpacked")
    return project


def call(project, arguments: list[str]) -> None:
    """Run a verb of `mrisr` in this process, in the project."""
    with contextlib.chdir(project.folder):
        done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 0, (arguments, done.output, done.exception)


def of(program: str) -> list[str]:
    """The commands of a program that are executed here."""
    return [command for command in HERE if command.split()[0] == program]


def test_the_pages_print_commands_of_these_programs_only():
    assert {command.split()[0] for command in HERE} == {"mrisr", "rocrate-validator", "runcrate", "snakemake"}
    assert set(documented()) >= ELSEWHERE.keys()


@pytest.mark.parametrize("test", sorted(set(ELSEWHERE.values())))
def test_a_test_that_is_named_exists(test):
    file, _, name = test.partition("::")
    assert f"\ndef {name}(" in (ROOT / "tests" / file).read_text()


@pytest.mark.parametrize("command", of("mrisr"))
def test_a_verb_does_what_the_page_says(project, command):
    call(project, words(command)[1:])


def planned() -> list[str]:
    """The arguments of Snakemake's dry runs, each once."""
    return list(dict.fromkeys(" ".join(word for word in words(one)[1:] if word != "-n") for one in of("snakemake")))


@pytest.mark.parametrize("arguments", planned())
def test_snakemake_plans_what_the_page_says(project, arguments):
    done = project.call("snakemake", "-n", *arguments.split())
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("command", [*of("rocrate-validator"), *of("runcrate")])
def test_another_program_reads_the_artifact(project, command):
    if shutil.which(command.split()[0]) is None:
        pytest.skip(f"there is no {command.split()[0]} here; it is not part of this project")
    assert subprocess.run(words(command), cwd=project.folder).returncode == 0
