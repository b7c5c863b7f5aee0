"""How the tests are shared out to processes."""

from __future__ import annotations

from types import SimpleNamespace

import conftest
import pytest


@pytest.mark.parametrize(
    ("arguments", "cores", "processes"),
    [
        (["tests"], 2, 2),
        (["tests"], 1, 0),
        (["tests"], 64, conftest.MOST_PROCESSES),
        (["tests/test_a.py"], 2, 0),
        (["tests/test_a.py::test_x", "tests/test_a.py::test_y"], 2, 0),
        (["tests/test_a.py", "tests/test_b.py"], 2, 2),
    ],
)
def test_there_is_a_process_a_core_and_none_for_a_single_file(monkeypatch, arguments, cores, processes):
    monkeypatch.setattr(conftest, "cores", lambda: cores)
    assert conftest.pytest_xdist_auto_num_workers(SimpleNamespace(args=arguments)) == processes


def test_the_tests_of_a_file_and_all_of_the_cluster_stay_together(request):
    groups: dict[str, set[str]] = {}
    for item in request.session.items:
        (group,) = next(item.iter_markers("xdist_group")).args
        groups.setdefault(item.path.name, set()).add(group)
        assert group == "cluster" or "cluster" not in item.fixturenames
    assert all(len(found) == 1 for found in groups.values())
