"""What the rule of a stage in the Snakefile reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mrisr.costs.resources import Resources
from mrisr.planning.layout import fold_of
from mrisr.planning.plan import Plan


class Rule:
    """Input, output, log, resources and identity of the rule of a stage.

    Parameters
    ----------
    plan : Plan
    resources : Resources
    stage : str
        Name of the stage.
    **fixed
        Wildcards of the stage that the rule does not have (a figure's name).
    """

    def __init__(self, plan: Plan, resources: Resources, stage: str, **fixed: Any):
        self.plan, self.resources, self.fixed = plan, resources, fixed
        self.stage = plan.stages[stage]
        self.name = self.stage.RULE.format(**fixed)

    def _job(self, wildcards: Mapping[str, str]):
        return self.plan.job(self.stage.NAME, **self._names(wildcards))

    def _names(self, wildcards: Mapping[str, str]) -> dict[str, Any]:
        """Wildcards as the plan knows them."""
        names = {**wildcards, **self.fixed}
        return names | {"fold": fold_of(names.pop("fold_folder"))} if "fold_folder" in names else names

    def reads(self, wildcards: Any) -> list[str]:
        """All that a job reads."""
        return self._job(dict(wildcards)).inputs()

    def role(self, role: str) -> Callable:
        """Input function: what a job reads as ``role``."""
        return lambda wildcards: self._job(dict(wildcards)).reads[role]

    @property
    def writes(self) -> dict[str, str]:
        """What a job writes by role, its record included, with wildcards in braces."""
        return {**self.stage.patterns(), "record": self.record}

    @property
    def record(self) -> str:
        """A job's record, with wildcards in braces."""
        return self._fixed(self.stage.record_pattern())

    @property
    def log(self) -> str:
        """The file for the messages of a job."""
        return f"{self.plan.layout.logs}/{self._place}.log"

    @property
    def timing(self) -> str:
        """The file in which Snakemake notes the run time and memory of a job."""
        return f"{self.plan.layout.timings}/{self._place}.tsv"

    @property
    def _place(self) -> str:
        return self.name + self.stage.place()

    def _fixed(self, pattern: str) -> str:
        for name, value in self.fixed.items():
            pattern = pattern.replace(f"{{{name}}}", value)
        return pattern

    def identity(self, wildcards: Any) -> str:
        """Identity of a job."""
        return self._job(dict(wildcards)).identity

    def fold(self, wildcards: Any, output: Any) -> str:
        """The option that tells a verb the job's fold; empty if the job is the same in all folds.

        Snakemake does not compare parameters whose function takes ``output``. So results that were made before this
        option existed are not made again.
        """
        return f" --fold {fold_of(wildcards.fold_folder)}" if wildcards.fold_folder else ""

    def threads(self, wildcards: Any) -> int:
        """Threads of a job."""
        return self.stage.threads(self._names(dict(wildcards)))

    def gpus(self, wildcards: Any) -> int:
        """Number of GPUs that a job requests from a cluster."""
        return 0 if self.stage.device(self._names(dict(wildcards))) == "cpu" else 1

    def memory(self, wildcards: Any, attempt: int) -> int:
        """Memory of a job, MB."""
        return self.resources.memory_mb(self.stage.NAME, attempt, **self._names(dict(wildcards)))

    def minutes(self, wildcards: Any) -> int:
        """Run time of a job, minutes."""
        return self.resources.minutes(self.stage.NAME, **self._names(dict(wildcards)))
