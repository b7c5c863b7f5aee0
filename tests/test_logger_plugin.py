"""The display of a run: what a person sees while jobs run, when one fails, and in a dry run."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from mrisr.planning.plan import stage_classes
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.tests import TestLogHandlerBase as HandlerContract
from snakemake_logger_plugin_mrisr import LogHandler, LogHandlerSettings
from snakemake_logger_plugin_mrisr.display import Display, short
from snakemake_logger_plugin_mrisr.estimate import Estimate, Job, tail

TOY = """
rule all:
    input:
        expand("{loss}/seed0.txt", loss=["mse", "l1"]),


rule slice_volume:
    output:
        "slices/{subject}.txt",
    shell:
        "touch {output}"


rule train_model:
    input:
        "slices/s1.txt",
    output:
        "{loss}/seed{seed}.txt",
    log:
        "logs/{loss}-{seed}.log",
    params:
        broken=config.get("broken", "none"),
    shell:
        '''
        echo "training {wildcards.loss}: 1 of 4 (25 %), about 3 min 20 s left" > {log}
        sleep 2.5
        if [ {wildcards.loss} = {params.broken} ]; then echo "the disk is on fire" >> {log}; exit 3; fi
        touch {output}
        '''
"""


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(TOY)
    return tmp_path


def snakemake(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the toy workflow; returns the exit status and all that was written."""
    command = [sys.executable, "-m", "snakemake", "--logger", "mrisr", "--logger-mrisr-interval", "1", *arguments]
    run = subprocess.run(command, cwd=folder, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return run.returncode, run.stdout


def test_a_run_says_what_starts_and_ends_how_many_are_done_and_the_time_left(toy: Path):
    status, text = snakemake(toy, "--cores", "1")
    assert status == 0
    assert re.search(r"4 jobs, 1 core: 1 slice_volume, 2 train_model, 1 all", text)
    assert re.search(r"\[0/4\] start  slice_volume s1", text)
    assert re.search(r"\[1/4\] done   slice_volume s1, \d s; about \d+ s left \(first guess\)", text)
    assert re.search(r"\[1/4\] start  train_model (mse|l1) seed0", text)
    # Two trainings of 3 min 20 s each, one after the other: the log of the first one tells.
    assert re.search(r"\[1/4\] about 6 min \d\d s left; now (mse|l1) seed0 1 of 4 \(25 %\)", text)
    assert re.search(r"\[2/4\] done   train_model (mse|l1) seed0, [23] s; about [23] s left\n", text)
    assert re.search(r"4 of 4 jobs done in \d+ s\n$", text)
    assert "sleep" not in text
    assert "Select jobs" not in text
    assert snakemake(toy, "--cores", "1")[1].count("Nothing to be done") == 1


def test_a_failing_job_shows_its_command_its_exit_status_and_the_end_of_its_log(toy: Path):
    status, text = snakemake(toy, "--cores", "2", "--keep-going", "--config", "broken=l1")
    assert status == 1
    assert re.search(r"\[[12]/4\] FAILED train_model l1 seed0, after [23] s", text)
    assert "command: " in text
    assert "which returned non-zero exit status 3" in text
    assert "log: logs/l1-0.log" in text
    assert "    | the disk is on fire" in text
    assert "CalledProcessError" not in text  # all it says is in the lines above
    assert "1 failed: train_model l1 seed0; the same command goes on from here" in text.splitlines()[-1]


def test_attempts_that_were_retried_are_not_jobs_that_failed(toy: Path):
    flaky = TOY.replace("exit 3", "[ -e tried-{wildcards.loss} ] || {{ touch tried-{wildcards.loss}; exit 3; }}")
    (toy / "Snakefile").write_text(flaky.replace("sleep 2.5", ""))
    status, text = snakemake(toy, "--cores", "1", "--retries", "1", "--config", "broken=l1")
    assert status == 0
    assert "4 of 4 jobs done" in text.splitlines()[-1]
    assert text.splitlines()[-1].endswith("; 1 attempt failed and was retried")
    (toy / "tried-l1").unlink()
    (toy / "Snakefile").write_text(TOY.replace("sleep 2.5", ""))
    status, text = snakemake(toy, "--cores", "1", "--retries", "2", "--forceall", "--config", "broken=l1")
    assert status == 1
    assert "; 1 failed: train_model l1 seed0; 2 attempts failed and were retried; " in text.splitlines()[-1]


def test_a_job_without_its_output_counts_as_failed_and_snakemake_says_why(tmp_path: Path):
    (tmp_path / "Snakefile").write_text("rule a:\n    output:\n        'gone.txt',\n    shell:\n        'true'\n")
    status, text = snakemake(tmp_path, "--cores", "1", "--latency-wait", "1")
    assert status == 1
    assert "MissingOutputException" in text
    assert "0 of 1 jobs done" in text.splitlines()[-1]
    assert "1 failed: a" in text.splitlines()[-1]


def test_a_dry_run_is_snakemakes_own_listing(toy: Path):
    status, text = snakemake(toy, "--dry-run")
    assert status == 0
    assert text.count("rule train_model:") == 2
    assert "reason: Missing output files" in text
    assert re.search(r"Job stats:\njob +count\n", text)
    assert "This was a dry-run" in text


def test_shell_commands_are_shown_when_asked_for(toy: Path):
    assert "touch slices/s1.txt" in snakemake(toy, "--cores", "1", "--printshellcmds", "slices/s1.txt")[1]


def test_verbose_and_quiet_are_snakemakes_own(toy: Path):
    assert "rule slice_volume:" in snakemake(toy, "--cores", "1", "--verbose", "slices/s1.txt")[1]
    assert "slice_volume" not in snakemake(toy, "--cores", "1", "--quiet", "all", "slices/s2.txt")[1]


@pytest.mark.parametrize("flag", ["--summary", "--unlock"])
def test_other_tasks_of_snakemake_are_not_touched(toy: Path, flag: str):
    # Not `snakemake` above: two streams in one pipe may cut each other's lines.
    plain, ours = (
        subprocess.run([sys.executable, "-m", "snakemake", *more, flag], cwd=toy, capture_output=True, text=True)
        for more in ((), ("--logger", "mrisr", "--logger-mrisr-interval", "1"))
    )
    assert ours.returncode == plain.returncode == 0
    assert (ours.stdout, ours.stderr) == (plain.stdout, plain.stderr)


def test_an_error_in_the_workflow_is_shown(tmp_path: Path):
    (tmp_path / "Snakefile").write_text("rule a:\n    input:\n        'no.txt',\n")
    status, text = snakemake(tmp_path, "--cores", "1")
    assert status == 1
    assert "MissingInputException" in text


def test_a_terminal_gets_one_line_that_is_rewritten(toy: Path):
    here, there = os.openpty()
    command = [sys.executable, "-m", "snakemake", "--logger", "mrisr", "--cores", "2"]
    run = subprocess.Popen(command, cwd=toy, stderr=there, env={**os.environ, "TERM": "xterm", "COLUMNS": "80"})
    os.close(there)
    text = ""
    with os.fdopen(here, "rb", buffering=0) as terminal:
        while True:
            try:
                text += terminal.read(4096).decode()
            except OSError:  # the other end is closed
                break
    assert run.wait() == 0
    assert re.search(r"\r\x1b\[K\[1/4\] about 3 min \d\d s left; now [^\n]*1 of 4 \(25 %\)[^\n]*\r\x1b\[K", text)


def test_wildcards_are_short():
    wildcards = {"study": "default", "scale": "2", "architecture": "srcnn", "loss": "mse", "fold": "0", "seed": "3"}
    assert short(wildcards) == "x2 srcnn mse fold0 seed3"


def test_time_left_is_the_mean_duration_of_a_rule_over_the_slots(monkeypatch: pytest.MonkeyPatch):
    clock = 100.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    estimate = Estimate({"train_model": 5}, slots=2)
    job = Job("train_model", "train_model a", began=clock)
    estimate.start(job)
    clock += 30
    estimate.finish(job)
    assert estimate.remaining([]) == (60.0, True)  # four of 30 s on two cores


def test_time_left_is_never_less_than_the_longest_job():
    estimate = Estimate({"train_model": 1}, slots=8)
    job = Job("train_model", "train_model a")
    estimate.start(job)
    job.left = 100.0
    assert estimate.remaining([job])[0] == pytest.approx(100.0, abs=1)


def test_a_job_of_two_threads_takes_two_cores_but_one_place_on_a_cluster():
    for count_threads, seconds in [(True, 40.0), (False, 20.0)]:
        estimate = Estimate({"train_model": 4}, slots=2, count_threads=count_threads)
        estimate.threads["train_model"] = 2
        estimate.finished["train_model"], estimate.spent["train_model"] = 1, 10.0
        assert estimate.remaining([]) == (seconds, True)


@pytest.mark.parametrize("stage", [stage for _, stage in stage_classes()], ids=lambda stage: stage.NAME)
def test_every_rule_has_the_nominal_time_of_its_stage(stage):
    rule = stage.RULE.format(figure="heatmap")
    assert Estimate({rule: 1}, slots=1).remaining([])[0] == stage.NOMINAL_SECONDS


def test_a_rule_not_seen_yet_is_weighed_by_the_table_and_called_a_guess():
    estimate = Estimate({"train_model": 1, "evaluate_model": 1}, slots=1)
    first = Estimate({"evaluate_model": 1}, slots=1).remaining([])
    assert first == (10.0, False)
    estimate.finished["evaluate_model"], estimate.spent["evaluate_model"] = 1, 20.0  # twice as slow as in the table
    estimate.waiting["evaluate_model"] = 0
    assert estimate.remaining([]) == (80.0, False)


def test_a_job_reads_the_time_left_from_the_last_line_of_its_log(tmp_path: Path):
    log = tmp_path / "a.log"
    log.write_text("start\ntraining a: 5 of 100 (5 %), about 2 h 05 min left\nWarning: something\n")
    job = Job("train_model", "train_model a", logs=[str(log)])
    job.listen()
    assert job.progress == "5 of 100 (5 %)"
    assert job.left == pytest.approx(2 * 3600 + 5 * 60, abs=1)


def test_the_tail_of_a_log_is_what_a_terminal_would_show(tmp_path: Path):
    log = tmp_path / "a.log"
    log.write_bytes(b"a\r\nx 1\rx 2\rx 3\n\xff\n\n")
    assert tail(str(log)) == ["a", "x 3", "�"]
    assert tail(str(tmp_path / "missing.log")) == []


def test_long_runs_are_not_told_every_few_seconds(monkeypatch: pytest.MonkeyPatch):
    clock = 0.0
    monkeypatch.setattr("time.monotonic", lambda: clock)
    stream = io.StringIO()
    display = Display(stream, terminal=False, color=False, interval=15)
    display.start_run({"train_model": 1, "total": 1}, 1, cluster=False)
    display.start_job(1, Job("train_model", "train_model a", began=clock))
    for clock in range(1, 36001):  # noqa: B007 - the patched clock reads it
        display.tick()
    assert 100 < stream.getvalue().count("now train_model a") < 250


class TestContract(HandlerContract):
    """Snakemake's own tests for such plug-ins."""

    __test__ = True

    def get_log_handler_cls(self) -> type[LogHandlerBase]:
        return LogHandler

    def get_log_handler_settings(self) -> LogHandlerSettings:
        return LogHandlerSettings()
