"""The environment: one set of exact pins everywhere, and the command that makes it and runs in it."""

from __future__ import annotations

import ast
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from mrisr.identity import code
from mrisr.planning.plan import stage_classes
from mrisr.stages.slice import ALL_READERS
from packaging.specifiers import SpecifierSet

ROOT = Path(__file__).resolve().parent.parent
ENVS = ROOT / "envs"
# conda's name of a package for pip's, where they differ
CONDA_NAMES = {"pytorch-cpu": "torch", "pytorch-gpu": "torch", "snakemake-minimal": "snakemake"}
CONDA_NAMES |= {"gdcm": "python-gdcm", "matplotlib-base": "matplotlib"}
NOT_PINNED = {"python", "pip", "cuda-version"}


def lines(name: str) -> list[str]:
    return [line for line in (ENVS / name).read_text().splitlines() if line and not line.startswith("#")]


def pins(*requirements: str) -> dict[str, str]:
    return dict(requirement.split("==") for requirement in requirements)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


# ---- the pins ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_every_line_is_one_exact_public_version_in_alphabetical_order(name: str):
    for line in lines(name):
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][0-9a-z.]*", line), line
        assert not line.startswith(("nvidia-", "cuda-", "triton", "mrisr"))
    names = [line.split("==")[0] for line in lines(name)]
    assert names == sorted(set(names))


def test_what_the_project_pins_stands_in_the_requirements():
    run, test = pins(*lines("requirements.txt")), pins(*lines("requirements-test.txt"))
    assert pins(*project()["dependencies"]).items() <= run.items()
    extras = project()["optional-dependencies"]
    assert pins(*extras["test"], *extras["lint"]).items() <= test.items()
    assert run.keys().isdisjoint(test)
    assert run["torch"] == "2.13.0"


def test_what_the_library_imports_is_declared():
    """What only another package brings along may be gone with that package's next version."""
    sources = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "workflow").rglob("*.py")]
    nodes = [node for source in sources for node in ast.walk(source)]
    named = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    named |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and not node.level}
    own = {path.name for path in (ROOT / "workflow").iterdir()}
    foreign = {name.split(".")[0] for name in named} - own - sys.stdlib_module_names
    distributions = importlib.metadata.packages_distributions()
    declared = pins(*project()["dependencies"])
    # Snakemake's interface of plug-ins is part of Snakemake's, and changes with it.
    lacking = {
        name for name in foreign if not {d.lower().replace("_", "-") for d in distributions[name]} & declared.keys()
    }
    assert {name for name in lacking if not name.startswith("snakemake_interface")} == set()


@pytest.mark.skipif(Path(sys.prefix, "conda-meta").exists(), reason="conda chooses what lies beneath the main packages")
def test_these_tests_run_in_that_environment():
    wanted = pins(*lines("requirements.txt"), *lines("requirements-test.txt"))
    installed = {name: importlib.metadata.version(name).split("+")[0] for name in wanted}
    assert installed == wanted


def test_what_the_requirements_need_stands_in_them():
    wanted = pins(*lines("requirements.txt"))
    for name in wanted:
        for requirement in importlib.metadata.requires(name) or []:
            needed = re.match(r"[A-Za-z0-9._-]+", requirement).group()
            if ";" not in requirement:  # no marker: needed on every machine
                assert re.sub(r"[-_.]+", "-", needed).lower() in wanted, f"{name} needs {requirement}"


def test_every_pin_installs_on_the_oldest_python_that_the_project_takes():
    oldest = project()["requires-python"].removeprefix(">=") + ".0"
    for name in pins(*lines("requirements.txt"), *lines("requirements-test.txt")):
        asked = importlib.metadata.metadata(name)["Requires-Python"]
        assert asked is None or oldest in SpecifierSet(asked), f"{name} needs Python {asked}"


@pytest.mark.parametrize("name", ["cpu.yaml", "gpu.yaml"])
def test_the_conda_files_ask_for_the_same_versions(name: str):
    environment = yaml.safe_load((ENVS / name).read_text())
    found = dict(re.split(r" =", entry) for entry in environment["dependencies"] if " =" in entry)
    found = {CONDA_NAMES.get(package, package): version for package, version in found.items()} | {"python": "3.11"}
    names = {re.split(r" ", entry)[0] for entry in environment["dependencies"]} - NOT_PINNED
    wanted = pins(*lines("requirements.txt"), *lines("requirements-test.txt"))
    assert {package: version for package, version in found.items() if package not in NOT_PINNED} == {
        CONDA_NAMES.get(package, package): wanted[CONDA_NAMES.get(package, package)] for package in names
    }
    direct = pins(*project()["dependencies"], *project()["optional-dependencies"]["test"])
    assert set(direct) <= set(found)


def solver() -> list[str] | None:
    """The command that tells whether the channels have what a conda file asks for, without installing anything."""
    for program, words in [("conda", ["env", "create"]), ("micromamba", ["create", "--yes"])]:
        if shutil.which(program):
            return [program, *words, "--dry-run", "--name", "mrisr-dry-run", "--file"]
    return None


@pytest.mark.skipif(solver() is None, reason="neither conda nor micromamba is here")
@pytest.mark.parametrize("name", ["cpu.yaml", "gpu.yaml"])
def test_the_channels_have_what_the_conda_files_ask_for(name: str):
    environment = {**os.environ, "CONDA_OVERRIDE_CUDA": "12.8"}
    done = subprocess.run([*solver(), str(ENVS / name)], capture_output=True, text=True, env=environment)
    said = done.stdout + done.stderr
    if done.returncode and re.search(r"CondaHTTPError|[Cc]onnection|resolve host|Download error", said):
        pytest.skip("the channels cannot be reached")
    assert done.returncode == 0, said


def find_none(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


def test_a_library_that_conda_installs_without_a_distribution_has_its_version(tmp_path, monkeypatch):
    """Otherwise an identity would not tell one version from another."""
    (tmp_path / "conda-meta").mkdir()
    for package, version in [("gdcm", "3.2.6"), ("gdcm-tools", "1.0")]:
        record = {"name": package, "version": version, "depends": [], "files": []}
        (tmp_path / f"conda-meta/{package}-{version}-py311_0.json").write_text(json.dumps(record))
    monkeypatch.setattr(code.sys, "prefix", str(tmp_path))
    monkeypatch.setattr(code.importlib.metadata, "version", find_none)
    assert code.version.__wrapped__("python-gdcm") == "3.2.6"
    assert code.version.__wrapped__("pydicom") == "not installed"


def test_every_library_that_counts_in_an_identity_is_pinned():
    """A name that no distribution has would be `not installed` in every identity."""
    of_stages = {name for _, stage in stage_classes() for name in stage.DISTRIBUTIONS}
    assert {*code.NUMERICAL.values(), *ALL_READERS, *of_stages} <= pins(*lines("requirements.txt")).keys()


def test_cpu_and_gpu_differ_in_torch_only():
    cpu, gpu = (set(yaml.safe_load((ENVS / f"{kind}.yaml").read_text())["dependencies"]) for kind in ("cpu", "gpu"))
    assert cpu - gpu == {"pytorch-cpu =2.13.0"}
    assert gpu - cpu == {"pytorch-gpu =2.13.0", "cuda-version >=12.6"}


# ---- the command -------------------------------------------------------------------------------------------------


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A repository with this one's command and no packages to install."""
    (tmp_path / "envs").mkdir()
    shutil.copy(ENVS / "venv.py", tmp_path / "envs")
    for name in ("requirements.txt", "requirements-test.txt"):
        (tmp_path / "envs" / name).write_text("# nothing\n")
    (tmp_path / "pyproject.toml").write_text('[project]\nname = "toy"\n[tool.ruff]\nline-length = 100\n')
    return tmp_path


def load(folder: Path) -> ModuleType:
    """The command as a module, for the repository it stands in."""
    specification = importlib.util.spec_from_file_location("made_environment", folder / "envs" / "venv.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def finish(folder: Path) -> ModuleType:
    """Give the copy a finished environment: this interpreter under .venv/bin."""
    module = load(folder)
    module.BIN.mkdir(parents=True)
    (module.BIN / "python").symlink_to(sys.executable)
    module.STAMP.write_text(module.fingerprint())
    return module


def run(folder: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, str(folder / "envs" / "venv.py"), *arguments],
        cwd=folder.parent,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_the_command_runs_in_the_repository_with_the_environment_first_and_passes_the_status_on(copy: Path):
    finish(copy)
    done = run(copy, "sh", "-c", 'pwd; echo "$PATH"; exit 7', "x")
    assert done.returncode == 7
    folder, path = done.stdout.splitlines()
    assert Path(folder).samefile(copy)
    assert path.startswith(f"{copy}/.venv/bin{os.pathsep}")
    assert done.stderr == ""


def test_variables_that_would_break_its_python_are_dropped_and_others_kept(copy: Path):
    finish(copy)
    done = run(copy, "env", PYTHONPATH="/elsewhere", PYTHONOPTIMIZE="1", PYTHONHASHSEED="3", MINE="4")
    assert "PYTHONPATH" not in done.stdout
    assert "PYTHONOPTIMIZE" not in done.stdout
    assert "PYTHONHASHSEED=3\n" in done.stdout
    assert "MINE=4\n" in done.stdout


def test_help_shows_the_two_commands_of_the_readme(copy: Path):
    done = run(copy, "--help")
    assert done.returncode == 0
    assert "python3 envs/venv.py snakemake" in done.stdout
    assert "python3 envs/venv.py pytest" in done.stdout
    assert not (copy / ".venv").exists()
    assert run(copy).returncode == 2


def test_an_unknown_command_names_the_nearest(copy: Path):
    finish(copy)
    done = run(copy, "pyton")
    assert done.returncode == 1
    assert done.stderr == "envs/venv.py: there is no command 'pyton'; did you mean 'python'?\n"


def test_pins_and_project_make_it_stale_and_the_settings_of_a_linter_do_not(copy: Path):
    module = finish(copy)
    assert module.is_current()
    settings = copy / "pyproject.toml"
    settings.write_text(settings.read_text().replace("100", "120"))
    assert module.is_current()
    settings.write_text(settings.read_text().replace("toy", "other"))
    assert not module.is_current()
    module.STAMP.write_text(module.fingerprint())
    (copy / "envs" / "requirements-test.txt").write_text("pytest==1.0\n")
    assert not module.is_current()


def test_an_unfinished_environment_is_not_current(copy: Path):
    module = finish(copy)
    module.STAMP.unlink()
    assert not module.is_current()


def test_a_run_that_uses_the_environment_keeps_others_from_replacing_it(copy: Path):
    finish(copy)
    command = [sys.executable, str(copy / "envs" / "venv.py")]
    user = subprocess.Popen([*command, "sh", "-c", "echo ready; read line"], stdin=-1, stdout=-1, text=True)
    assert user.stdout.readline() == "ready\n"
    (copy / "envs" / "requirements.txt").write_text("missing-package==1.0\n")
    maker = subprocess.Popen([*command, "true"], stderr=-1, text=True, env={**os.environ, "PIP_NO_INDEX": "1"})
    assert "another run still uses .venv: waiting" in maker.stderr.readline()
    assert (copy / ".venv" / "bin" / "python").exists()
    user.communicate("go on\n")
    assert "making .venv" in maker.stderr.readline()
    assert maker.wait() == 1  # the package does not exist


def test_a_failing_pip_shows_its_last_lines_and_a_sentence_and_leaves_nothing_that_counts(copy: Path):
    (copy / "envs" / "requirements.txt").write_text("missing-package==1.0\n")
    done = run(copy, "true", PIP_NO_INDEX="1")
    assert done.returncode == 1
    assert "No matching distribution found for missing-package==1.0" in done.stderr
    assert "pip's index has no such version for Python" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
    assert not load(copy).is_current()


@pytest.mark.parametrize(
    ("said", "advice"),
    [
        ("Failed to establish a new connection: [Errno 111]", "is there a network?"),
        ("Temporary failure in name resolution", "is there a network?"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("No matching distribution found for torch==2.13.0", "no such version"),
        ("something else", "pip.log"),
    ],
)
def test_each_kind_of_failure_has_its_advice(said: str, advice: str):
    assert advice in load(ROOT).explain(["Collecting connection_pool==0.0.3", said]).splitlines()[-1]


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch):
    module = load(ROOT)
    monkeypatch.setattr(module, "MINIMUM", (99, 0))
    monkeypatch.setattr(module.shutil, "which", lambda name: "/bin/it" if name == "python3.12" else None)
    with pytest.raises(module.Failure, match=r"3.11 or newer is needed; python3.12 is here: python3.12 envs"):
        module.check_python()


def test_an_old_python_can_read_the_file():
    assert ast.parse((ENVS / "venv.py").read_text(), feature_version=(3, 6)).body


def test_a_python_without_its_venv_module_is_told_what_to_install(copy: Path, monkeypatch: pytest.MonkeyPatch):
    module = load(copy)
    monkeypatch.setattr(module.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(module.Failure, match="apt install python3-venv"):
        module.make(0)
