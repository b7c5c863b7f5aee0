"""What keeps the library readable: data flows one way, methods are found without being imported."""

import subprocess
import sys

import numpy as np
import pytest
from module_imports import MODULES, imported
from mrisr import plugins
from mrisr.errors import InputError

ORDER = ["imaging", "volumes", "registration", "degradations", "kernels", "models", "losses", "quality", "metrics"]
ORDER += ["training", "learned", "baselines", "evaluation", "statistics", "figures", "artifact"]
SHELVES = ["degradations", "models", "losses", "metrics", "baselines"]

every_module = pytest.mark.parametrize("module", sorted(MODULES))


def package(module: str) -> str:
    """The package of the library in which a module lies, or the name of a module at the root."""
    return module.removeprefix("mrisr").lstrip(".").split(".")[0]


def is_private(module: str) -> bool:
    """A part of its name begins with an underscore."""
    return any(part.startswith("_") for part in module.split("."))


@every_module
def test_a_package_imports_only_what_comes_before_it_in_the_data_flow(module):
    if package(module) in ORDER:
        later = set(ORDER[ORDER.index(package(module)) + 1 :])
        assert not {name for name in imported(module) if package(name) in later}


@every_module
def test_no_module_imports_a_private_one_of_another_package(module):
    assert not {name for name in imported(module) if is_private(name) and package(name) != package(module)}


def test_imports_are_found_wherever_they_stand():
    assert "mrisr.imaging.mixture" in imported("mrisr.pairs"), "in a function, relative, of a module"
    assert "mrisr.degradations" in imported("mrisr.degradations.combine"), "relative, of a package"
    assert "mrisr.models._bicubic" in imported("mrisr.models.srcnn"), "relative, of a private module"
    assert "mrisr.plugins" in imported("mrisr.kernels"), "of a module, from its package"
    assert "mrisr.imaging.estimation" not in imported("mrisr.kernels"), "for type checkers only"


def test_the_library_imports_nothing_of_snakemake():
    for path in MODULES.values():
        assert "import snakemake" not in path.read_text(encoding="utf-8"), path
        assert "from snakemake" not in path.read_text(encoding="utf-8"), path


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


@pytest.mark.parametrize(
    ("shelf", "name", "options", "said"),
    [
        ("degradations", "mean", {"size": True}, "mean: size must be an integer, not True"),
        ("degradations", "mean", {"size": 3.0}, "mean: size must be an integer, not 3.0"),
        ("degradations", "mean", {"border": "edge"}, "mean: border must be one of reflect, nearest, mirror, wrap,"),
        ("degradations", "zero_filling", {"area": True}, "area must be a number or nothing, not True"),
        ("degradations", "hanning", {"root": 1}, "root must be true or false, not 1"),
        ("degradations", "combine", {"members": "mean"}, r"members must be a list \(list\[str \| dict\]\), not 'mean'"),
        ("degradations", "gaussian", {"sigma": np.ones(2)}, "sigma must be a number or a list"),
        ("baselines", "bicubic", {"a": False}, "a must be a number, not False"),
    ],
)
def test_an_option_of_another_type_is_refused_before_its_method_is_built(shelf, name, options, said):
    grid = {"grid": "same"} if shelf == "degradations" else {}
    with pytest.raises(InputError, match=said):
        plugins.build(shelf, name, scale=2, **grid, **options)


def test_a_list_stands_for_a_tuple_and_an_integer_for_a_number():
    pairs = {"sigma": [2, 1], "angle": 0}, {"sigma": (2.0, 1.0), "angle": 0.0}
    one, other = (plugins.build("degradations", "hidden", scale=2, grid="same", **options) for options in pairs)
    np.testing.assert_array_equal(one.kernel, other.kernel)


def test_a_missing_option_is_named():
    with pytest.raises(InputError, match="'members' of 'combine' is missing"):
        plugins.build("degradations", "combine", scale=2, grid="same")
