"""How the tests are shared out to processes."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import conftest
import pytest


@pytest.mark.parametrize(
    ("arguments", "cores", "processes"),
    [
        (["tests"], 2, 3),
        (["tests"], 1, 0),
        (["tests"], 64, conftest.MOST_PROCESSES),
        (["tests/test_a.py"], 2, 0),
        (["tests/test_a.py::test_x", "tests/test_a.py::test_y"], 2, 0),
        (["tests/test_a.py", "tests/test_b.py"], 2, 3),
    ],
)
def test_there_is_a_process_a_core_and_one_more_and_none_for_a_single_file(monkeypatch, arguments, cores, processes):
    monkeypatch.setattr(conftest, "cores", lambda: cores)
    assert conftest.pytest_xdist_auto_num_workers(SimpleNamespace(args=arguments)) == processes


def test_the_files_of_the_cluster_are_those_whose_tests_use_it(request):
    using = {item.path.stem for item in request.session.items if "cluster" in item.fixturenames}
    assert using <= conftest.ON_CLUSTER


def test_the_tests_of_a_file_and_all_of_the_cluster_run_in_one_process(tmp_path):
    (tmp_path / "tests").mkdir()
    body = "import os, pytest\n@pytest.mark.parametrize('n', range(8))\ndef test(n):\n"
    for name in ("test_a", "test_b", "test_slurm", "test_cluster"):
        line = f"    open({str(tmp_path / 'who')!r}, 'a').write(f'{name} {{os.getpid()}}\\n')\n"
        (tmp_path / f"tests/{name}.py").write_text(body + line)
    (tmp_path / "conftest.py").write_text("from conftest_of_the_project import pytest_xdist_make_scheduler\n")
    shutil.copy(conftest.__file__, tmp_path / "conftest_of_the_project.py")
    path = os.pathsep.join([str(tmp_path), str(Path(conftest.__file__).parent)])
    options = ["-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadscope", "--rootdir", str(tmp_path)]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "-c", os.devnull, "tests"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": path},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout
    ran = {tuple(line.split()) for line in (tmp_path / "who").read_text().splitlines()}
    assert len(ran) == 4
    processes = dict(ran)
    assert processes["test_slurm"] == processes["test_cluster"]
