"""The base class of all stages: what a stage declares, and what is derived from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol

from mrisr.errors import InputError
from mrisr.planning.job import Job
from mrisr.planning.layout import Layout, fold_folder

if TYPE_CHECKING:
    from mrisr.study.config import StudyConfig
    from mrisr.study.subjects import Subjects


class Asks(NamedTuple):
    """What a job requests from a cluster, before margins: memory in MB and run time in minutes."""

    megabytes: float
    minutes: float


class Takes(NamedTuple):
    """What a job will cost on this machine: seconds, and bytes that it leaves on disk."""

    seconds: float
    bytes: float


class Jobs(Protocol):
    """The part of the plan that a stage uses."""

    study: StudyConfig
    subjects: Subjects
    layout: Layout
    stages: Mapping[str, Stage]

    def job(self, stage: str, **wildcards: Any) -> Job:
        """The job of a stage for its wildcards."""

    def degraded(self, scale: int, degradation: str, subject: str, fold: int) -> Job:
        """The job that degrades a subject's slices as the models of a fold see them."""

    def pairs(self, scale: int, degradation: str, split: str, fold: int = 0) -> tuple[dict[str, Any], list]:
        """What `mrisr.pairs.read_pairs` takes for one set of a split in a fold, and the identities of its files."""

    def learned(self, method: str, scale: int, subject: str, fold: int | None = None, seed: int | None = None) -> Job:
        """The job of a method of ``kernels`` whose result degrades a subject's slices, or that of a further seed."""

    def jobs(self) -> list[Job]:
        """Every job of the study."""

    def models(self) -> list[dict[str, Any]]:
        """Wildcards of every model of the study."""

    def baselines(self) -> list[dict[str, Any]]:
        """Wildcards of every baseline of the study."""


class Stage(ABC):
    """A stage: everything about it except its science.

    A subclass sets the constants and writes `job`, `asks` and `takes`.
    """

    NAME: ClassVar[str]
    """The name by which jobs and other stages refer to it."""
    RULE: ClassVar[str]
    """Its rule in Snakemake."""
    VERB: ClassVar[str]
    """Its verb on the command line."""
    ACTION: ClassVar[str]
    """The module that does the work, see `Job.action`."""
    KEY: ClassVar[str] = ""
    """The wildcards of a job as a path. Its log and its timing have this path below the rule's name."""
    FILES: ClassVar[Mapping[str, str]] = {}
    """What a job writes, by role: paths below the study's results, with wildcards in braces."""
    RECORD: ClassVar[str]
    """The path of its run.json, likewise."""
    DISTRIBUTIONS: ClassVar[tuple[str, ...]] = ()
    """Libraries beside the numerical ones whose versions change what its jobs write."""
    INFLUENCE: ClassVar[tuple[str, ...]] = ()
    """Wildcards that `asks` depends on."""
    SECTION: ClassVar[str | None] = None
    """The section of a study that sets its threads and its device."""
    RESUMABLE: ClassVar[bool] = False
    """Whether it keeps its state when it is stopped, and its action takes ``checkpoints`` and ``deadline``."""
    DOING: ClassVar[str] = ""
    """Its name in a line of progress. If it is not empty, the action takes ``progress``."""
    NOMINAL_SECONDS: ClassVar[float] = 2.0
    """Seconds of a job of the default study. The display estimates the time left from it until a job has finished."""
    SHOWS_ALL_OTHERS: ClassVar[bool] = False
    """Whether its job shows the results of all others. `Plan.jobs` leaves it out."""
    QUICK: ClassVar[bool] = False
    """Whether a job takes seconds and its action takes no context, so that ``mrisr verify`` repeats it."""
    IN_STUDY: ClassVar[bool] = True
    """Whether its outputs belong to the study, below its results."""

    def __init__(self, jobs: Jobs):
        self.jobs, self.study, self.subjects = jobs, jobs.study, jobs.subjects

    # ---- what a stage declares --------------------------------------------------------------------------------------

    @abstractmethod
    def job(self, **wildcards: Any) -> Job:
        """The job for its wildcards."""

    def is_fold_specific(self, wildcards: Mapping[str, Any]) -> bool:
        """Whether there is one job per fold."""
        return False

    def threads(self, wildcards: Mapping[str, Any]) -> int:
        """Threads of a job."""
        return 1

    def device(self, wildcards: Mapping[str, Any]) -> str | None:
        """``auto``, ``cpu`` or ``cuda``; None for a stage that never uses a GPU."""
        return None

    @abstractmethod
    def asks(self, costs: Any, **influence: str) -> Asks:
        """The memory and run time that a job requests from a cluster.

        ``costs`` is `mrisr.costs.resources.Resources`, ``influence`` the wildcards in `INFLUENCE`, as text.
        """

    def limits(self, costs: Any, memory: float, jobs: Sequence[Job]) -> Iterable[str]:
        """What of its jobs is too large or takes too long, one line each with its key.

        ``costs`` as for `asks`; ``memory`` is this machine's, in bytes. What is not known before anything runs is left
        out.
        """
        return ()

    def takes(self, costs: Any, job: Job) -> Takes:
        """Time of a job on this machine, without its start, and its disk space.

        ``costs`` is `mrisr.costs.forecast.Forecast`.
        """
        return Takes(0.0, 0.0)

    def targets(self) -> Iterable[Mapping[str, Any]]:
        """Wildcards of the jobs that a study needs even if no later stage reads their outputs."""
        return ()

    def problems(self, job: Job) -> Iterable[str]:
        """Reasons why a job of the plan cannot run, one line each."""
        return ()

    def published(self, job: Job) -> dict[str, str]:
        """What an artifact contains of a job's outputs, by role: all of them.

        A stage whose outputs are people's images, or hold some, leaves these out.
        """
        return dict(job.writes)

    def result_options(self) -> dict[str, str]:
        """Options that tables show for a metric that uses this stage's result, by name."""
        return {}

    # ---- what is derived --------------------------------------------------------------------------------------------

    def patterns(self) -> dict[str, str]:
        """The paths that a job writes, by role, with wildcards in braces."""
        return {role: self._below(path) for role, path in self.FILES.items()}

    def record_pattern(self) -> str:
        """The path of a job's record, with wildcards in braces."""
        return self._below(self.RECORD)

    def place(self) -> str:
        """The end of the paths of a job's log and timing, below the rule's name, with wildcards in braces."""
        return self.KEY if not self.KEY or self.KEY.startswith("{fold_folder}") else f"/{self.KEY}"

    def timing(self, job: Job) -> str:
        """The file in which Snakemake notes the run time and memory of a job."""
        named = {**job.wildcards, "fold_folder": fold_folder(job.wildcards.get("fold"))}
        return f"{self.jobs.layout.timings}/{(self.RULE + self.place()).format(**named)}.tsv"

    def make(
        self,
        wildcards: Mapping[str, Any],
        *,
        settings: Mapping[str, Any],
        reads: Mapping[str, Any],
        needs: Mapping[str, Any],
        modules: Iterable[str] = (),
        action: str | None = None,
        writes: Mapping[str, str] | None = None,
        context: Mapping[str, Any] | None = None,
        distributions: Iterable[str] | None = None,
    ) -> Job:
        """Make a job of this stage. The action is added to its modules. Paths are derived from the wildcards."""
        named = {**wildcards, "fold_folder": fold_folder(wildcards.get("fold"))}
        files = {role: pattern.format(**named) for role, pattern in self.patterns().items()}
        action = action or self.ACTION
        return Job(
            stage=self.NAME,
            action=action,
            settings=settings,
            modules=tuple(dict.fromkeys((action, *modules))),
            reads=reads,
            writes={**files, **(writes or {})},
            record=self.record_pattern().format(**named),
            needs=needs,
            context=context or {},
            distributions=tuple(self.DISTRIBUTIONS if distributions is None else distributions),
        )

    def require_fold(self, wildcards: Mapping[str, Any]) -> None:
        """Raise `InputError` if a fold is missing, or given to a job that is the same in all folds."""
        specific = self.is_fold_specific(wildcards)
        if specific and "fold" not in wildcards:
            last = self.subjects.folds - 1
            raise InputError(f"{self.NAME}: there is one for each fold; give --fold, from 0 to {last}")
        if not specific and "fold" in wildcards:
            raise InputError(f"{self.NAME}: is the same in every fold; leave --fold out")

    def _below(self, path: str) -> str:
        return f"{self.jobs.layout.root}/{path}" if self.IN_STUDY else path


def is_finished(job: Job, checkpoints: Path) -> bool:
    """Whether the checkpoints hold a job's finished result, so that the job only has to copy it."""
    return any((checkpoints / job.identity).glob("final-*"))
