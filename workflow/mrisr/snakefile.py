"""What the Snakefile asks of the library: the study's inputs, outputs, identities and resources, rule by rule.

It gets Snakemake's workflow object and imports nothing of Snakemake.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import Any

import yaml

from .currency import describe, is_current, outdated, set_aside
from .errors import InputError
from .figure_plan import FIGURES, stems
from .files import write_text
from .plan import Plan
from .table_plan import tables
from .validation import validate

LOOKING_ONLY = {
    *("--summary", "-S", "--detailed-summary", "-D", "--lint", "-l", "--unlock", "--dag", "--rulegraph", "--filegraph"),
    *(
        "--d3dag",
        "--touch",
        "-t",
        "--list",
        "--list-rules",
        "--list-target-rules",
        "--list-changes",
        "--list-untracked",
    ),
    *("--list-params-changes", "--list-input-changes", "--report", "--archive", "--cleanup-metadata"),
    *("--delete-all-output", "--delete-temp-output", "--containerize", "--generate-unit-tests"),
}
"""Options of Snakemake with which nothing is run, so nothing may be moved."""


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
        self.config = dict(config)
        self.files = [str(path) for path in workflow.overwrite_configfiles] or ["config.yaml"]
        try:
            self.study = validate(self.config, source=", ".join(self.files))
            self.plan = Plan(self.study)
            if workflow.is_main_process:
                self._look_for_outdated(runs=_runs(workflow))
        except InputError as error:
            sys.exit("\n".join(f"error: {problem}" for problem in error.problems))
        self.layout = self.plan.layout
        self.plan.subjects.digests.save()

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

    # ---- for the rules --------------------------------------------------------------------------------------------

    def reads(self, stage: str, **fixed: Any) -> Callable:
        """Input function of a stage."""
        return lambda wildcards: self.plan.job(stage, **{**wildcards, **fixed}).inputs()

    def identity(self, stage: str, **fixed: Any) -> Callable:
        """Identity of a stage's job, for ``params``."""
        return lambda wildcards: self.plan.job(stage, **{**wildcards, **fixed}).identity

    def checked_volumes(self, wildcards: Any) -> list[str]:
        """The table of checked volumes, before any slice is cut; not for slices that are current.

        A volume that changes has all volumes checked again, and only its own slices cut again. (``ancient`` would say
        this too, but Snakemake then no longer looks at what lies below.)
        """
        job = self.plan.job("slice", subject=wildcards.subject)
        return [] if is_current(self.plan, job) else [self.layout.volumes]

    def results(self) -> list[str]:
        """What a study is for. Named one by one: Snakemake does not miss a file that only a finished job has read."""
        return [self.layout.volumes, *self.weights(), *self.tables(), *self.figures()]

    def weights(self) -> list[str]:
        """Weights of all models."""
        return [self.layout.weights.format(**names) for names in self.plan.models()]

    def tables(self) -> list[str]:
        """All tables."""
        return list(self.plan.job("tabulate").writes.values())

    def wide_tables(self) -> list[str]:
        """The tables as papers print them: one column a test set."""
        comparisons = {"bias.csv", "findings.csv"}
        return [f"{self.layout.tables}/{name}" for name in tables(self.plan) if name not in comparisons]

    def figures(self) -> list[str]:
        """All pictures of all scales."""
        return [
            path.format(scale=scale)
            for scale in self.study.protocol.scales
            for figure in FIGURES
            for kind in ("png", "svg")
            for path in self.pictures(figure, kind)
        ]

    def pictures(self, figure: str, kind: str) -> list[str]:
        """Pictures of one figure's job, with the wildcard ``{scale}``."""
        return [f"{stem}.{kind}" for stem in stems(self.plan, figure, "{scale}")]

    def training_threads(self, wildcards: Any) -> int:
        """Threads of a training job."""
        return self.study.training.for_architecture(wildcards.architecture).threads

    def gpus(self, section: str) -> int:
        """GPUs that a job of a section (``training`` or ``evaluation``) asks a cluster for."""
        return 0 if getattr(self.study, section).device == "cpu" else 1

    # ---- before and after a run -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Write the study as it runs, the file that the jobs' commands name."""
        write_text(self.layout.study, yaml.safe_dump(self.config, sort_keys=False))


def _runs(workflow: Any) -> bool:
    """Whether this call of Snakemake will run jobs."""
    return not workflow.output_settings.dryrun and not LOOKING_ONLY.intersection(sys.argv[1:])
