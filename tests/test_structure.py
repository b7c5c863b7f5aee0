"""What keeps the library readable: data flows one way, methods are found without being imported."""

import ast
import subprocess
import sys
from pathlib import Path

import mrisr
import pytest
from mrisr import plugins
from mrisr.errors import InputError

LIBRARY = Path(mrisr.__file__).parent
ORDER = ["volumes", "registration", "degradations", "kernels", "models", "losses", "quality", "metrics", "training"]
ORDER += ["learned", "baselines", "evaluation", "statistics", "figures", "artifact"]
SHELVES = ["degradations", "models", "losses", "metrics", "baselines"]


def imported(path: Path) -> set[str]:
    """Packages of the library that a module imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        found |= {name.split(".")[1] for name in names if name.startswith("mrisr.")}
    return found


@pytest.mark.parametrize("package", ORDER)
def test_a_package_imports_only_what_comes_before_it_in_the_data_flow(package):
    later = set(ORDER[ORDER.index(package) + 1 :])
    for path in (LIBRARY / package).glob("*.py"):
        assert not imported(path) & later, path


def test_the_library_imports_nothing_of_snakemake():
    for path in LIBRARY.rglob("*.py"):
        assert "import snakemake" not in path.read_text(), path
        assert "from snakemake" not in path.read_text(), path


@pytest.mark.parametrize("shelf", SHELVES)
def test_methods_are_found_and_described_without_importing_them(shelf):
    code = (
        "import sys; from mrisr import plugins;"
        f"[plugins.describe('{shelf}', name) for name in plugins.available('{shelf}')];"
        f"print([m for m in sys.modules if m in ('torch', 'numpy', 'scipy') or m.startswith('mrisr.{shelf}.')])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"


@pytest.mark.parametrize(("shelf", "name"), [(shelf, name) for shelf in SHELVES for name in plugins.available(shelf)])
def test_a_method_says_in_one_line_what_it_is(shelf, name):
    assert 10 < len(plugins.describe(shelf, name).summary) <= 120


def test_an_unknown_method_names_the_nearest():
    with pytest.raises(InputError, match="did you mean 'srcnn'"):
        plugins.build("models", "srcn", scale=1)


def test_an_unknown_option_names_the_allowed_ones():
    with pytest.raises(InputError, match="did you mean 'sigma'"):
        plugins.build("degradations", "gaussian", scale=2, grid="same", sigmas=1)


def test_a_missing_option_is_named():
    with pytest.raises(InputError, match="'members' of 'combine' is missing"):
        plugins.build("degradations", "combine", scale=2, grid="same")
