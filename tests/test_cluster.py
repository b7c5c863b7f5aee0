"""Mistakes in a profile, a study or a cluster are reported in one line each, before anything is submitted."""

from __future__ import annotations

import getpass
import os
import re
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from mrisr.cluster.partitions import Node, read_partitions
from mrisr.cluster.preflight import problems
from mrisr.cluster.queue import jobs_of_this_folder
from mrisr.cluster.request import Request, request
from mrisr.planning.plan import stage_classes
from mrisr.running import lock
from mrisr.study.validation import validate
from project import TINY, Project

SINFO = """\
cpu*|16|64000|1:00:00|(null)
cpu*|32|128000|1:00:00|(null)
gpu|24|96000|2-12:30:00|gpu:a100:4(S:0-1)
"""
PROFILE = "profiles/slurm/config.yaml"
RUN = "mrisr_fc7bfbfe-1302-4b71-a632-4d330383f1d8"


@pytest.fixture
def programs(tmp_path, monkeypatch):
    """A folder that is the whole PATH, and a function that puts a program into it that prints a text."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    (tmp_path / "bin").mkdir()

    def put(name: str, says: str = "", status: int = 0) -> None:
        program = tmp_path / "bin" / name
        stream = 2 if status else 1
        program.write_text(
            f"#!/bin/sh\nwhile read -r line; do echo \"$line\" >&{stream}; done <<'END'\n{says}END\nexit {status}\n"
        )
        program.chmod(0o755)

    for name in ("sbatch", "squeue", "scancel"):
        put(name)
    put("sinfo", SINFO)
    return put


def said(**asked) -> list[str]:
    """The problems of one request of train_model. Its partition is in set-resources."""
    return problems([Request("train_model", section="training", **asked)], {"train_model": {"slurm_partition": "any"}})


def test_what_a_cluster_can_give_is_no_problem(programs):
    assert said(partitions=("gpu",), cpus=24, memory=96000, minutes=3630, gpus=4) == []
    assert said(partitions=("cpu",), cpus=32, memory=128000, minutes=60) == []
    assert said() == []


def test_programs_that_are_missing_are_named(programs, tmp_path):
    (tmp_path / "bin/sbatch").unlink()
    (tmp_path / "bin/sinfo").unlink()
    assert said() == ["sbatch, sinfo: not on PATH; `--profile slurm` needs a machine from which jobs are submitted"]


def test_a_controller_that_does_not_answer_is_said(programs):
    programs("sinfo", "slurm_load_partitions: Unable to contact slurm controller\n", status=1)
    assert said() == [
        "SLURM's controller does not answer (slurm_load_partitions: Unable to contact slurm controller); "
        "ask `scontrol ping`"
    ]


def test_an_unknown_partition_is_named_with_its_key_and_the_known_ones(programs):
    assert said(partitions=("gpus",)) == [
        f"{PROFILE}: set-resources.train_model.slurm_partition: there is no partition 'gpus' "
        "(did you mean 'gpu'? allowed: cpu, gpu)"
    ]
    assert problems([Request("tabulate", partitions=("long",))], {}) == [
        f"{PROFILE}: default-resources.slurm_partition: there is no partition 'long' (allowed: cpu, gpu)"
    ]


def test_no_partition_is_fine_where_there_is_a_default(programs):
    assert said(cpus=64)[0].startswith(f"{PROFILE}: set-resources.train_model.slurm_partition: train_model asks for 64")
    programs("sinfo", SINFO.replace("*", ""))
    assert "is missing, and the cluster has no default (allowed: cpu, gpu)" in said()[0]


@pytest.mark.parametrize("program", ["sacctmgr", "sshare"])
def test_an_unknown_account_is_named_where_accounts_are_kept(programs, program):
    programs(program, "lab\nOther\n")
    assert said(accounts=("lab",)) == said(accounts=("other",)) == []
    assert said(accounts=("lap",)) == [
        f"{PROFILE}: default-resources.slurm_account: 'lap' is no account of {getpass.getuser()} "
        "(did you mean 'lab'? allowed: lab, other)"
    ]


def test_without_accounting_no_account_is_wrong(programs):
    assert said(accounts=("lap",)) == []
    programs("sacctmgr", "You are not running a supported accounting_storage plugin\n", status=1)
    programs("sshare")
    assert said(accounts=("lap",)) == []


def test_a_gpu_on_a_partition_without_is_said_with_both_ways_out(programs):
    assert said(partitions=("cpu",), gpus=1) == [
        f"{PROFILE}: set-resources.train_model.slurm_partition: train_model asks for 1 GPU and 'cpu' has none; "
        "write `training.device: cpu` in the study, or name another partition (with GPUs: gpu)"
    ]
    assert "asks for 5 GPUs and 'gpu' has 4 in a node" in said(partitions=("gpu",), gpus=5)[0]
    # Of several partitions the cluster takes the one that fits.
    assert said(partitions=("cpu", "gpu"), gpus=1) == []


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"cpus": 33}, ["33 cores", "'cpu' has 32", "training.threads"]),
        ({"memory": 128001}, ["128001 MB", "'cpu' has 128000", "set-resources.train_model.mem_mb"]),
        ({"minutes": 61}, ["after 60 minutes", "asks for 61", "set-resources.train_model.runtime"]),
    ],
)
def test_what_would_wait_for_ever_is_said(programs, asked, words):
    (line,) = said(partitions=("cpu",), **asked)
    assert all(word in line for word in words)


@pytest.mark.parametrize("section", sorted({stage.SECTION for _, stage in stage_classes() if stage.SECTION}))
def test_a_study_takes_every_key_that_a_message_advises(programs, section):
    kernels = {"dsn" if section.endswith(".training") else "dsgan": {"source": "low"}}
    for asked, value in (({"gpus": 1}, "cpu"), ({"cpus": 33}, 2)):
        (line,) = problems([Request("any", ("cpu",), section=section, **asked)], {})
        (key,) = re.findall(rf"{re.escape(section)}\.(?:device|threads)", line)
        study = {**TINY, "protocol": {"grid": "low", "scales": [2]}, "degradations": {"low": {"kind": "hidden"}}}
        study |= {"models": None, "training_sets": None, "test_sets": None, "kernels": kernels, "figures": {}}
        study |= {"evaluation": {"metrics": ["psnr"]}}
        at = study
        *path, last = key.replace("<method>", *kernels).split(".")
        for name in path:
            at[name] = at = dict(at.get(name) or {})
        at[last] = value
        assert validate(study, source="study.yaml")


def test_one_node_must_have_everything(programs):
    programs("sinfo", "mixed|64|16000|infinite|(null)\nmixed|4|256000|infinite|gpu:1\n")
    assert said(partitions=("mixed",), cpus=64) == said(partitions=("mixed",), gpus=1, minutes=10**6) == []
    assert "asks for 8 cores" in said(partitions=("mixed",), cpus=8, gpus=1)[0]
    assert "asks for 17000 MB" in said(partitions=("mixed",), cpus=8, memory=17000)[0]


def test_the_largest_job_of_a_rule_speaks_for_all(programs):
    lines = problems([Request("slice_volume", memory=memory) for memory in (200000, 1000, 300000)], {})
    assert len(lines) == 1
    assert "300000 MB" in lines[0]


def test_sinfos_words_are_understood():
    partitions = read_partitions(SINFO + "old|8+|1000|infinite|gpu,gpu:t4:2,bandwidth:lustre:1\nquick|1|1|30:00|\n")
    assert {name: p.minutes for name, p in partitions.items()} == {"cpu": 60, "gpu": 3630, "old": None, "quick": 30}
    assert [name for name, p in partitions.items() if p.is_default] == ["cpu"]
    assert partitions["gpu"].nodes == [Node(24, 96000, 4)]
    assert partitions["old"].nodes == [Node(8, 1000, 3)]


def job(threads: int = 2, **resources) -> SimpleNamespace:
    return SimpleNamespace(rule=SimpleNamespace(name="train_model"), threads=threads, resources=resources)


def test_a_job_asks_for_what_the_plugin_hands_on():
    asked = request(job(slurm_partition="a,b", slurm_account="lab", mem_mb=4000, runtime=30, gpu=1))
    assert asked == Request("train_model", ("a", "b"), ("lab",), 2, 4000, 30, 1)
    assert request(job(mem_mb_per_cpu=100, gres="gpu:a100:2")) == Request("train_model", cpus=2, memory=200, gpus=2)
    assert request(job(mem_mb="<TBD>", gres="gpu")) == Request("train_model", cpus=2, gpus=1)
    assert request(job(slurm_cluster="other")) is None


def test_jobs_of_an_earlier_run_are_those_of_this_folder(programs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine, elsewhere = f"11|{RUN}|{tmp_path}", f"12|{RUN}|/elsewhere"
    programs("squeue", f"{mine}\n{elsewhere}\n13|my own job|{tmp_path}\n")
    assert jobs_of_this_folder() == ["11"]
    programs("squeue", "slurm_load_jobs error: Unable to contact slurm controller\n", status=1)
    assert jobs_of_this_folder() == []


class TestTheLock:
    @pytest.fixture
    def folder(self, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        (tmp_path / ".snakemake/locks").mkdir(parents=True)
        (tmp_path / ".snakemake/locks/0.output.lock").write_text("results/first/scores.csv\n")
        return tmp_path

    def test_it_is_that_of_one_study(self, folder):
        assert lock.is_locked("results/first")
        assert not lock.is_locked("results/fir")
        assert not lock.is_locked("results/second")

    def test_of_a_run_that_was_killed_it_says_how_it_is_cleared(self, folder):
        assert lock.running() is None
        assert "it was killed; `snakemake --unlock` clears its lock" in lock.describe("results/first")

    def test_of_a_run_that_is_going_on_it_says_which_process(self, folder):
        (folder / "snakemake").write_text("import time\ntime.sleep(60)\n")
        process = subprocess.Popen([sys.executable, "snakemake"])
        try:
            while lock.running() is None:
                time.sleep(0.01)
            assert f"process {process.pid}" in lock.describe("results/first")
        finally:
            process.kill()
            process.wait()

    @pytest.mark.parametrize(
        ("command", "place", "found"),
        [
            (["python3", "/usr/bin/snakemake", "-c2"], ".", 4711),
            (["python3", "-m", "snakemake"], ".", 4711),
            (["snakemake", "--target-jobs", "train:"], ".", None),
            (["less", "Snakefile"], ".", None),
            (["snakemake"], "elsewhere", None),
            (None, None, None),
        ],
    )
    def test_processes_are_asked_for_as_every_system_tells_them(self, folder, monkeypatch, command, place, found):
        """macOS has no /proc; a process of another user tells nothing."""
        told = {"pid": 4711, "cmdline": command, "cwd": place and os.path.realpath(place)}
        listed = SimpleNamespace(pid=4711, info=told)
        monkeypatch.setattr("psutil.process_iter", lambda attributes: [listed])
        assert lock.running() == found


def without(folder: Path, *names: str) -> str:
    """A PATH with this machine's programs except some."""
    folder.mkdir()
    for directory in reversed(os.environ["PATH"].split(os.pathsep)):
        for program in Path(directory).glob("*"):
            if program.name not in names:
                (folder / program.name).unlink(missing_ok=True)
                (folder / program.name).symlink_to(program)
    return str(folder)


class TestOnAMachineWithoutSLURM:
    @pytest.fixture
    def laptop(self, tmp_path, monkeypatch):
        path = without(tmp_path / "bin", *("sbatch", "squeue", "sinfo", "scancel", "scontrol", "sacct", "sacctmgr"))
        monkeypatch.setenv("PATH", path)
        (tmp_path / "project").mkdir()
        return Project(tmp_path / "project")

    def test_a_dry_run_plans_and_warns(self, laptop):
        done = laptop.snakemake("-n", "--profile", "slurm")
        assert "train_model" in done.stdout + done.stderr
        assert "warning: sbatch, squeue, sinfo, scancel: not on PATH" in done.stderr

    def test_a_run_is_refused_and_leaves_no_lock(self, laptop):
        failed = laptop.call("snakemake", "--profile", "slurm")
        assert failed.returncode != 0
        assert "error: sbatch, squeue, sinfo, scancel: not on PATH" in failed.stderr
        assert "Traceback" not in failed.stderr
        assert not list(laptop.folder.glob(".snakemake/locks/*"))
        assert not (laptop.folder / "results/tiny/volumes.csv").exists()


@pytest.mark.slow
class TestOnTheRealCluster:
    """Nothing is submitted in any of these."""

    @pytest.fixture
    def lab(self, cluster, tmp_path):
        return Project(tmp_path)

    @staticmethod
    def refused(project, old: str, new: str) -> list[str]:
        """The errors of a run whose profile is changed."""
        project.edit(PROFILE, old, new)
        failed = project.call("snakemake", "--profile", "slurm")
        assert failed.returncode != 0
        assert "submitted" not in failed.stdout + failed.stderr
        assert not list(project.folder.glob(".snakemake/locks/*"))
        return [line for line in failed.stderr.splitlines() if line.startswith("error: ")]

    def test_an_unknown_partition_is_refused(self, lab):
        assert self.refused(lab, "slurm_partition: cpu", "slurm_partition: cpus") == [
            f"error: {PROFILE}: default-resources.slurm_partition: there is no partition 'cpus' "
            "(did you mean 'cpu'? allowed: cpu, gpu)"
        ]

    def test_a_study_on_gpus_is_refused_where_there_are_none(self, lab):
        errors = self.refused(lab, "slurm_partition: gpu", "slurm_partition: cpu")
        assert [error.split(" asks for 1 GPU and 'cpu' has none; write ")[1] for error in errors] == [
            f"`{section}.device: cpu` in the study, or name another partition (with GPUs: gpu)"
            for section in ("evaluation", "training")
        ]

    def test_without_gpus_in_the_study_the_same_profile_plans_without_a_warning(self, lab):
        on_cpu = {name: {**lab.config[name], "device": "cpu"} for name in ("training", "evaluation")}
        lab.configure({**lab.config, **on_cpu})
        lab.edit(PROFILE, "slurm_partition: gpu", "slurm_partition: cpu")
        assert "warning: " not in lab.snakemake("-n", "--profile", "slurm").stderr

    def test_jobs_and_lock_of_a_killed_run_are_explained_and_cleared_by_the_commands_that_are_named(self, lab):
        submit = ("sbatch", "--parsable", f"--job-name={RUN}", "--output=/dev/null", "--wrap=sleep 300")
        number = lab.call(*submit).stdout.strip()
        locks = lab.folder / ".snakemake/locks"
        locks.mkdir(parents=True)
        (locks / "0.output.lock").write_text("results/tiny/scores.csv\n")
        said = lab.call("snakemake", "--profile", "slurm").stderr
        assert "error: results/tiny is locked by an earlier run" in said
        assert "warning: an earlier run in this folder has left 1 job in the queue" in said
        for command in (f"scancel {number}", "snakemake --unlock"):
            assert f"`{command}`" in said
            assert lab.call(*command.split()).returncode == 0
        assert number not in lab.call("squeue", "--me", "--noheader", "--states=PENDING,RUNNING", "--format=%A").stdout
