"""The configuration of a study: what may be written in config.yaml, and what it means.

Every key has its default in its section, except the subject of a study (its name, volumes, degradations, architectures,
losses). A study is complete: nothing is merged with it.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from mrisr import plugins
from mrisr.errors import InputError, suggestion

from .brisque import Brisque
from .evaluation import Evaluation, with_ceiling, with_masked
from .families import Families, all_members
from .figures import Figures
from .kernels import Kernels
from .methods import Method, Methods, described
from .models import Models
from .protocol import Protocol
from .section import Name, PathText, Section, Seed
from .slices import Slices
from .training import Training, TrainingOptions

__all__ = ["Method", "StudyConfig", "TrainingOptions"]


class StudyConfig(Section):
    """A whole study file."""

    study: Name = Field(description="name of the study and of its folder under results/")
    volumes: PathText = Field(description="the manifest, a TSV file")
    allow_leakage: bool = Field(False, description="permit one subject in several splits. Every table then says so")
    folds: Annotated[int, Field(ge=2)] | None = Field(
        None,
        description="number of folds of a cross-validation by subject, at most one fold for each subject. Subjects of"
        " further test groups are tested in every fold. null: no cross-validation, the splits of the manifest",
    )
    slices: Slices = Slices()
    protocol: Protocol = Protocol()
    degradations: Methods = Field(description="how low-resolution images are made from slices")
    kernels: dict[Name, Kernels] = Field(
        {}, description="methods that learn from slices how low-resolution scans came about"
    )
    training_sets: list[Name] | None = Field(
        None, min_length=1, description="degradations that models are trained on; null: all"
    )
    test_sets: list[Name] | None = Field(
        None, min_length=1, description="degradations that models are tested on; null: all"
    )
    families: Families = Field(
        {},
        description="further test sets that differ in one option of one degradation, such as the width of a blur:"
        " figure and tables of score against the option. They do not count in any other table or figure",
    )
    architectures: Methods = Field(description="networks to train")
    losses: Methods = Field(description="losses to train the networks with")
    models: list[Models] | None = Field(
        None, description="which models to train; null: every architecture x loss x training set"
    )
    seeds: list[Seed] = Field(
        [0], min_length=1, description="each model is trained once with each seed; a block of models may have its own"
    )
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    brisque: Brisque = Brisque()
    figures: Figures = Figures()

    def resolved(self) -> StudyConfig:
        """The same study with every selection written out."""
        everything = list(self.degradations)
        training_sets = everything if self.training_sets is None else self.training_sets
        floor = {"input" if self.protocol.grid == "same" else "bicubic": Method()}
        baselines = floor if self.evaluation.baselines is None else self.evaluation.baselines
        evaluation = {"baselines": with_ceiling(baselines), "metrics": with_masked(self.evaluation)}
        measured = list(self.evaluation.metrics)
        metrics = list(evaluation["metrics"]) if self.figures.metrics is None else self.figures.metrics
        boxes = self.figures.box_metric or ("hfen" if "hfen" in measured else measured[-1])
        shown: dict[str, Any] = {"metrics": metrics, "box_metric": boxes}
        test_sets = everything if self.test_sets is None else self.test_sets
        wanted = self.figures.panel_test_sets
        shown["panel_test_sets"] = test_sets[:1] if wanted is None else wanted
        blocks = self.models or [Models(architectures=list(self.architectures), losses=list(self.losses))]
        return self.model_copy(
            update={
                "degradations": {**all_members(self.families), **self.degradations},
                "training_sets": training_sets,
                "test_sets": test_sets,
                "models": [
                    b.model_copy(
                        update={"training_sets": b.training_sets or training_sets, "seeds": b.seeds or self.seeds}
                    )
                    for b in blocks
                ],
                "evaluation": self.evaluation.model_copy(update=evaluation),
                "figures": self.figures.model_copy(update=shown),
            }
        )

    @property
    def scanned(self) -> list[str]:
        """Names of the degradations that are real low-resolution scans."""
        return self._needing("register")

    @property
    def mixtures(self) -> list[str]:
        """Names of the degradations that are mixtures of others."""
        return [name for name, value in self._declared("IS_MIXTURE").items() if value]

    @property
    def family_sets(self) -> list[str]:
        """Members of the families."""
        return list(all_members(self.families))

    @property
    def scored_sets(self) -> list[str]:
        """The test sets, and the members of the families."""
        return list(dict.fromkeys([*self.test_sets, *self.family_sets]))

    @property
    def shifts(self) -> dict[str, float]:
        """Degradations whose images are displaced on purpose, with their option ``shift``."""
        found = {name: method.options.get("shift") for name, method in self.degradations.items()}
        return {name: shift for name, shift in found.items() if shift}

    def training_of(self, network: Kernels) -> TrainingOptions:
        """Training options of a downsampling network: the section ``training``, with the changes of the method."""
        return TrainingOptions(**(self.training.model_dump(exclude={"overrides"}) | network.training))

    @property
    def estimated(self) -> dict[str, str]:
        """Degradations that apply what a method of ``kernels`` has learned, and the name of that method."""
        named = {name: self.degradations[name].options.get("by") for name in self._needing("kernels")}
        # A name of another type is reported where the options are checked.
        return {name: by if by and isinstance(by, str) else name for name, by in named.items()}

    def _needing(self, stage: str) -> list[str]:
        """Degradations with an option that takes the result of a stage."""
        return [name for name, value in self._declared("NEEDS").items() if stage in (value or {}).values()]

    def _declared(self, constant: str) -> dict[str, Any]:
        """What each degradation declares on its class, by its name."""
        return _constants(tuple((name, method.kind or name) for name, method in self.degradations.items()), constant)

    def gives(self, method: str) -> str:
        """What a method of the section ``kernels`` learns: ``kernels`` of each slice, or one ``network``."""
        return plugins.describe("kernels", self.kernels[method].kind or method).constants["GIVES"]

    def learned(self, methods: Iterable[str]) -> set[str]:
        """What methods of the section ``kernels`` learn, see `gives`. Unknown methods are left out."""
        kinds = [self.kernels[name].kind or name for name in methods if name in self.kernels]
        return {plugins.constant("kernels", kind, "GIVES") for kind in kinds}

    def learning(self, method: str, scale: int, seed: int | None = None) -> dict[str, Any]:
        """The wildcards that name the work of a method of the section ``kernels``, with its own seed or another one.

        Raises
        ------
        InputError
            The study has no such method.
        """
        if method not in self.kernels:
            known = suggestion(method, self.kernels)
            raise InputError(f"the study '{self.study}' has no method '{method}' in its section kernels ({known})")
        chosen = self.kernels[method]
        seed = chosen.seed if seed is None else seed
        return {"scale": int(scale), "method": method, "degradation": chosen.source, "kernel_seed": seed}

    def members(self, degradation: str) -> list[str]:
        """The degradations that a training or test set draws from: itself, or a mixture's members."""
        if degradation in self.mixtures:
            return list(self.degradations[degradation].options["members"])
        return [degradation]

    def mixture_seed(self, degradation: str) -> int:
        """Seed of the assignment of slices to a mixture's members; one member needs none."""
        return self.degradations[degradation].options.get("seed", 0) if degradation in self.mixtures else 0

    def architecture(self, name: str) -> dict[str, Any]:
        """An architecture: its plug-in as ``kind``, and its ``options`` with the defaults filled in."""
        return described("models", name, self.architectures[name])

    def model_scale(self, scale: int | str) -> int:
        """Factor that a network enlarges by: 1 on the high-resolution grid."""
        return int(scale) if self.protocol.grid == "low" else 1

    @property
    def results(self) -> Path:
        """Where everything that the study makes is written."""
        return Path("results") / self.study


@functools.lru_cache(maxsize=256)
def _constants(kinds: tuple[tuple[str, str], ...], constant: str) -> dict[str, Any]:
    """What degradations declare. A plan asks for it thousands of times."""
    return {name: plugins.constant("degradations", kind, constant) for name, kind in kinds}
