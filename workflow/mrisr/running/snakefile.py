"""The library for the Snakefile: the study's inputs, outputs, identities and resources, rule by rule.

It is given Snakemake's workflow object and does not import Snakemake.
"""

from __future__ import annotations

import atexit
import gc
import math
import re
import sys
from collections.abc import Mapping
from typing import Any

import yaml

from mrisr import plugins
from mrisr.costs.machine import memory
from mrisr.costs.resources import Resources
from mrisr.errors import InputError
from mrisr.files import write_text
from mrisr.planning import figures, tables
from mrisr.planning.currency import describe, is_current, outdated, set_aside
from mrisr.planning.job import Job
from mrisr.planning.plan import Plan
from mrisr.study.subjects import built_in_volumes
from mrisr.study.validation import parsed, validate

from . import lock, metadata, programs, protection, submission
from .beforehand import require_possible
from .executor import runs_elsewhere
from .looking import looks_only
from .rule import Rule

COLLECT_AFTER = 200_000
"""New objects after which Python looks for garbage. The objects of a graph stay, so looking at them often is vain."""


class Workflow:
    """A study as the Snakefile sees it.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
    config : dict
        As Snakemake has merged it from the file and ``--config``.

    Raises
    ------
    SystemExit
        The study or its volumes are wrong. The message has one line for each problem.
    """

    def __init__(self, workflow: Any, config: Mapping[str, Any]):
        gc.set_threshold(COLLECT_AFTER, 50, 50)
        self.workflow = workflow
        programs.put_on_path()
        protection.tell_protected(runs=_runs(workflow))
        self.files = [str(path) for path in workflow.overwrite_configfiles] or ["config.yaml"]
        try:
            self.config = _typed(dict(config), workflow.config_settings.config or {})
            self.study = validate(self.config, source=", ".join(self.files))
            self.plan = Plan(self.study)
            self.built_in = built_in_volumes()
            self.resources = Resources(self.plan)
            if workflow.is_main_process and not looks_only(sys.argv[1:]):
                elsewhere = runs_elsewhere(workflow, sys.argv[1:])
                limit = math.inf if elsewhere else memory()
                require_possible(self.plan, self.resources, source=", ".join(self.files), memory=limit)
            if workflow.is_main_process:
                self._look_for_outdated(runs=_runs(workflow) and not self._is_locked())
        except InputError as error:
            sys.exit("\n".join(f"error: {problem}" for problem in error.problems))
        except OSError as error:
            sys.exit(f"error: {error}; the study's volumes must be readable, and its results writable")
        self.layout = self.plan.layout
        self.plan.subjects.digests.save()
        # A cluster ends a job after the requested time. This machine has no such limit.
        self.time_limit = " --stop-after {resources.runtime}" if workflow.remote_exec else ""
        if workflow.is_main_process and _runs(workflow):
            self.resources.measure_networks()
        if workflow.is_main_process and workflow.output_settings.dryrun:
            # The graph is not built yet, and a dry run has no hook after it.
            atexit.register(submission.warn, workflow)

    def _is_locked(self) -> bool:
        """Whether another run is making this study now. Then outputs are left where they are.

        Only a call with ``--nolock`` gets this far while another run holds the lock.

        Raises
        ------
        SystemExit
            Snakemake was not told to ignore the lock, so this run could not start.
        """
        root = self.plan.layout.root
        locked = lock.is_locked(root)
        if locked and "--nolock" not in sys.argv:
            sys.exit(f"error: {lock.describe(root)}\n{submission.left_over()}".rstrip())
        return locked and lock.running() is not None

    def _look_for_outdated(self, *, runs: bool) -> None:
        current: dict[str, str] = {}

        def keep(job: Job) -> None:
            """Note the outputs of a job that is current."""
            metadata.drop_stale_metadata(job)
            current.update(dict.fromkeys((*job.writes.values(), job.record), job.record))

        found = outdated(self.plan, if_current=keep)
        metadata.complete(current)
        if not found:
            return
        lines = "\n".join(f"  {line}" for line in describe(found))
        if runs:
            folder = set_aside(self.plan, found)
            sys.stderr.write(f"Not current, moved to {folder} and made again:\n{lines}\n")
        else:
            sys.stderr.write(f"Not current; a run would set these aside and make them again:\n{lines}\n")
            if self.workflow.output_settings.dryrun and not lock.is_locked(self.plan.layout.root):
                metadata.mark_incomplete(path for item in found for path in item.files)

    # ---- for the rules --------------------------------------------------------------------------------------------

    def rule(self, stage: str, **fixed: Any) -> Rule:
        """A stage as its rule reads it."""
        return Rule(self.plan, self.resources, stage, **fixed)

    def checked_volumes(self, wildcards: Any) -> list[str]:
        """The table of checked volumes as an input for slices that must be cut; nothing for slices that are current.

        If a volume changes, all volumes are checked again, but only its own slices are cut again. (``ancient`` would do
        this too, but Snakemake then ignores the inputs of the table.)
        """
        job = self.plan.job("slice", subject=wildcards.subject)
        return [] if is_current(self.plan, job) else [self.plan.job("check").writes["table"]]

    def results(self, wildcards: Any = None) -> list[str]:
        """Every file of the study except saved estimates, which are made with their scores.

        Rules take this as a function, so that only a rule that runs lists the files.

        All files are named, because Snakemake does not notice if a file is missing that only finished jobs read.
        """
        jobs = [job for job in self.plan.jobs() if self.plan.stages[job.stage].IN_STUDY]
        estimates = {path for job in jobs for path in job.writes.values() if "/estimates/" in path}
        return [path for job in jobs for path in (*job.writes.values(), job.record) if path not in estimates]

    def built_in_subjects(self) -> str:
        """The volumes that can be fetched, as a pattern of the wildcard ``subject``."""
        return "|".join(re.escape(entry.subject) for entry in self.built_in.values()) or "(?!)"

    def weights(self, wildcards: Any = None) -> list[str]:
        """Weights of all models, as a function like `results`."""
        return [self.plan.job("train", **names).writes["weights"] for names in self.plan.models()]

    def table_files(self) -> dict[str, tuple[list[str], str]]:
        """Each table of the study: its files and its category in the report."""
        folder = self.layout.tables
        return {
            name: (
                [f"{folder}/{file}" for file in tables.files(self.plan, name)],
                plugins.describe("tables", name).constants["CATEGORY"],
            )
            for name in tables.written(self.study)
        }

    def figure_rules(self) -> list[tuple[str, Rule]]:
        """Every figure of the library with its rule, also figures that the study does not draw."""
        return [(figure, self.rule("figure", figure=figure)) for figure in figures.available()]

    def pictures(self, figure: str, kind: str) -> list[str]:
        """Pictures of one figure's job, with the wildcard ``{scale}``."""
        return [f"{stem}.{kind}" for stem in figures.stems(self.plan, figure, "{scale}")]

    def numbers(self, figure: str) -> list[str]:
        """Tables of one figure's job, with the wildcard ``{scale}``."""
        return list(figures.numbers(self.plan, figure, "{scale}").values())

    def category(self, figure: str) -> str:
        """A figure's category in the report."""
        return figures.declared(figure, "CATEGORY")

    # ---- before and after a run -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Check the cluster, if there is one. Then write the study as it runs to the file that the jobs read."""
        submission.check(self.workflow)
        try:
            write_text(self.layout.study, yaml.safe_dump(self.config, sort_keys=False))
        except OSError as error:
            sys.exit(f"error: {error}; the results folder must be writable")


def _runs(workflow: Any) -> bool:
    """Whether this call of Snakemake will run jobs."""
    return not (workflow.output_settings.dryrun or looks_only(sys.argv[1:]))


def _typed(config: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration, with values from ``--config`` read as YAML: Snakemake leaves numbers in lists as text."""
    return {key: _yaml(value, key) if key in given else value for key, value in config.items()}


def _yaml(value: Any, key: str) -> Any:
    if isinstance(value, Mapping):
        return {name: _yaml(part, key) for name, part in value.items()}
    if isinstance(value, list):
        return [_yaml(part, key) for part in value]
    return parsed(value, source=f"--config {key}") if isinstance(value, str) else value
