"""What the Snakefile asks of the library: the study's inputs, outputs, identities and resources, rule by rule.

It gets Snakemake's workflow object and imports nothing of Snakemake.
"""

from __future__ import annotations

import atexit
import re
import sys
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from . import lock, persistence
from .cluster import submission
from .costs.resources import Resources
from .currency import describe, is_current, outdated, set_aside
from .errors import InputError
from .figure_plan import drawn, stems
from .files import write_text
from .kernel_plan import gives
from .layout import fold_in
from .looking import looks_only
from .plan import Plan
from .subjects import built_in_volumes
from .table_plan import tables
from .validation import validate


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
        The study or its volumes are wrong; each problem has been printed in one line.
    """

    def __init__(self, workflow: Any, config: Mapping[str, Any]):
        self.workflow = workflow
        self.config = _typed(dict(config), workflow.config_settings.config or {})
        self.files = [str(path) for path in workflow.overwrite_configfiles] or ["config.yaml"]
        try:
            self.study = validate(self.config, source=", ".join(self.files))
            self.plan = Plan(self.study)
            if workflow.is_main_process:
                self._look_for_outdated(runs=_runs(workflow) and not self._is_locked())
        except InputError as error:
            sys.exit("\n".join(f"error: {problem}" for problem in error.problems))
        except OSError as error:
            sys.exit(f"error: {error}; the study's volumes must be readable, and its results writable")
        self.layout = self.plan.layout
        self.plan.subjects.digests.save()
        self.resources = Resources(self.plan)
        # A cluster ends a job that takes longer; the machine at hand has no such limit.
        self.time_limit = " --stop-after {resources.runtime}" if workflow.remote_exec else ""
        if workflow.is_main_process and _runs(workflow):
            self.resources.measure_networks()
        if workflow.is_main_process and workflow.output_settings.dryrun:
            # The graph is not built yet, and a dry run has no hook after it.
            atexit.register(submission.warn, workflow)

    def _is_locked(self) -> bool:
        """Whether another run is making this study now, whose outputs are not touched; Snakemake was told to ignore it.

        Raises
        ------
        SystemExit
            Snakemake has not been told so: this run would end at its lock.
        """
        root = self.plan.layout.root
        locked = lock.is_locked(root)
        if locked and "--nolock" not in sys.argv:
            sys.exit(f"error: {lock.describe(root)}\n{submission.left_over()}".rstrip())
        return locked and lock.running() is not None

    def _look_for_outdated(self, *, runs: bool) -> None:
        found = outdated(self.plan)
        if not found:
            return
        lines = "\n".join(f"  {line}" for line in describe(found))
        if runs:
            folder = set_aside(self.plan, found)
            sys.stderr.write(f"Not current, moved to {folder} and made again:\n{lines}\n")
        else:
            sys.stderr.write(f"Not current; a run would set these aside and make them again:\n{lines}\n")
            if self.workflow.output_settings.dryrun and not lock.is_locked(self.plan.layout.root):
                persistence.call_begun(path for item in found for path in item.files)

    # ---- for the rules --------------------------------------------------------------------------------------------

    def reads(self, stage: str, *, role: str | None = None, **fixed: Any) -> Callable:
        """Input function of a stage: all that it reads, or what it reads as ``role``."""

        def inputs(wildcards: Any) -> list[str] | str:
            job = self.plan.job(stage, **_names(wildcards), **fixed)
            return job.inputs() if role is None else job.reads[role]

        return inputs

    def identity(self, stage: str, **fixed: Any) -> Callable:
        """Identity of a stage's job, for ``params``."""
        return lambda wildcards: self.plan.job(stage, **_names(wildcards), **fixed).identity

    def fold(self, wildcards: Any, output: Any) -> str:
        """The option that names a job's fold to its verb, where there is one a fold.

        Snakemake does not compare parameters of functions that take ``output``: that this one came later than some
        results runs nothing again.
        """
        return f" --fold {fold_in(wildcards.in_fold)}" if wildcards.in_fold else ""

    def checked_volumes(self, wildcards: Any) -> list[str]:
        """The table of checked volumes, before any slice is cut; not for slices that are current.

        A volume that changes has all volumes checked again, and only its own slices cut again. (``ancient`` would say
        this too, but Snakemake then no longer looks at what lies below.)
        """
        job = self.plan.job("slice", subject=wildcards.subject)
        return [] if is_current(self.plan, job) else [self.layout.volumes]

    def results(self) -> list[str]:
        """Every file of the study, named one by one: Snakemake does not miss a file that only finished jobs have read.

        Saved estimates come with their scores.
        """
        jobs = [job for job in self.plan.jobs() if job.stage != "fetch"]
        estimates = {path for job in jobs for path in job.writes.values() if "/estimates/" in path}
        return [path for job in jobs for path in (*job.writes.values(), job.record) if path not in estimates]

    def built_in_subjects(self) -> str:
        """The volumes that can be fetched, as a pattern of the wildcard ``subject``."""
        return "|".join(re.escape(entry["subject"]) for entry in built_in_volumes().values()) or "(?!)"

    def weights(self) -> list[str]:
        """Weights of all models."""
        return [self.layout.weights.format(**names) for names in self.plan.models()]

    def tables(self) -> list[str]:
        """All tables."""
        return list(self.plan.job("tabulate").writes.values())

    def wide_tables(self) -> list[str]:
        """The tables as papers print them: one column a test set."""
        comparisons = {"methods.csv", "bias.csv", "findings.csv", "tests.csv"}
        return [f"{self.layout.tables}/{name}" for name in tables(self.plan) if name not in comparisons]

    def tests(self) -> list[str]:
        """The paired tests, in a study that asks for them."""
        return [f"{self.layout.tables}/tests.csv"] if self.study.evaluation.against else []

    def figures(self) -> list[str]:
        """All pictures of all scales."""
        return [
            path.format(scale=scale)
            for scale in self.study.protocol.scales
            for figure in drawn(self.plan)
            for kind in ("png", "svg")
            for path in self.pictures(figure, kind)
        ]

    def pictures(self, figure: str, kind: str) -> list[str]:
        """Pictures of one figure's job, with the wildcard ``{scale}``."""
        return [f"{stem}.{kind}" for stem in stems(self.plan, figure, "{scale}")]

    def training_threads(self, wildcards: Any) -> int:
        """Threads of a training job."""
        return self.study.training.for_architecture(wildcards.architecture).threads

    def kernel_threads(self, wildcards: Any) -> int:
        """Threads of an estimation of kernels, or of a downsampling network's training."""
        chosen = self.study.kernels[wildcards.method]
        network = gives(self.plan, wildcards.method) == "network"
        return self.study.training_of(chosen).threads if network else chosen.threads

    def kernel_gpus(self, wildcards: Any) -> int:
        """GPUs that learning kernels or a downsampling network asks a cluster for."""
        chosen = self.study.kernels[wildcards.method]
        network = gives(self.plan, wildcards.method) == "network"
        device = self.study.training_of(chosen).device if network else chosen.options.get("device", "auto")
        return 0 if device == "cpu" else 1

    def memory(self, stage: str, **fixed: Any) -> Callable:
        """Memory of a stage's job, MB, for ``resources``."""
        return lambda wildcards, attempt: self.resources.memory_mb(stage, attempt, **_names(wildcards), **fixed)

    def minutes(self, stage: str, **fixed: Any) -> Callable:
        """Run time of a stage's job, minutes, for ``resources``."""
        return lambda wildcards: self.resources.minutes(stage, **_names(wildcards), **fixed)

    def gpus(self, section: str) -> int:
        """GPUs that a job of a section (``training`` or ``evaluation``) asks a cluster for."""
        return 0 if getattr(self.study, section).device == "cpu" else 1

    # ---- before and after a run -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Ask the cluster, if there is one; then write the study as it runs, the file that the jobs' commands name."""
        submission.check(self.workflow)
        try:
            write_text(self.layout.study, yaml.safe_dump(self.config, sort_keys=False))
        except OSError as error:
            sys.exit(f"error: {error}; the results folder must be writable")


def _names(wildcards: Mapping[str, str]) -> dict[str, Any]:
    """Wildcards as the plan knows them."""
    names = dict(wildcards)
    return names | {"fold": fold_in(names.pop("in_fold"))} if "in_fold" in names else names


def _runs(workflow: Any) -> bool:
    """Whether this call of Snakemake will run jobs."""
    return not (workflow.output_settings.dryrun or looks_only(sys.argv[1:]))


def _typed(config: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """The configuration with what ``--config`` gave read as YAML: Snakemake leaves numbers inside of lists as text."""
    return {key: _yaml(value) if key in given else value for key, value in config.items()}


def _yaml(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _yaml(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_yaml(part) for part in value]
    return yaml.safe_load(value) if isinstance(value, str) else value
