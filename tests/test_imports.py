"""The imports of the library have no circle: no module imports itself, directly or through others."""

from __future__ import annotations

import graphlib

import pytest
from module_imports import MODULES, imported


def in_order(imports: dict[str, set[str]]) -> list[str]:
    """Modules in an order in which each comes after its imports. A circle fails the test and is named."""
    try:
        return list(graphlib.TopologicalSorter(imports).static_order())
    except graphlib.CycleError as error:
        pytest.fail("a circle of imports: " + " imports ".join(reversed(error.args[1])))


def test_all_imports_of_the_library_lead_one_way():
    order = in_order({module: imported(module) for module in MODULES})
    assert sorted(order) == sorted(MODULES)


def test_a_circle_is_named():
    with pytest.raises(pytest.fail.Exception) as caught:
        in_order({"a": {"b"}, "b": {"a"}, "c": {"a"}})
    assert str(caught.value).endswith(("circle of imports: a imports b imports a", ": b imports a imports b"))
