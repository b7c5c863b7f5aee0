"""The configuration of a study: what may be written in config.yaml, and what it means.

Every key has its default here, except what a study is about (its name, volumes, degradations, architectures, losses).
A study is complete: nothing is merged underneath it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator

from mrisr import plugins
from mrisr.errors import InputError, suggestion

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
"""A name that becomes a folder: letters, digits, ``_``, ``.`` and ``-``."""
Positive = Annotated[int, Field(gt=0)]


def _number(value: Any) -> Any:
    """YAML 1.1 reads ``1e-4`` (without a dot) as text; people mean the number."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _named(value: Any) -> Any:
    """A list of names is short for methods without options."""
    if isinstance(value, list) and all(isinstance(name, str) for name in value):
        return {name: {} for name in value}
    return value


Real = Annotated[float, BeforeValidator(_number)]
Counts = dict[Literal["train", "validation", "test"], Positive]


class Section(BaseModel):
    """A part of the configuration; a key that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Method(BaseModel):
    """A method of a shelf under a name of the study's own: ``kind`` is the plug-in (by default the name itself), every
    other key one of its options."""

    model_config = ConfigDict(extra="allow", frozen=True)
    kind: Name | None = None

    @model_validator(mode="before")
    @classmethod
    def _nothing_is_no_options(cls, value: Any) -> Any:
        return {} if value is None else value

    @property
    def options(self) -> dict[str, Any]:
        """The plug-in's options as given."""
        return dict(self.model_extra or {})


Methods = Annotated[dict[Name, Method], BeforeValidator(_named), Field(min_length=1)]


class Kernels(Method):
    """A method of the shelf ``kernels`` under a name of the study's own, and what it learns from."""

    source: Name = Field(description="degradation whose slices it takes for the low-resolution scans")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="of everything random in it")
    threads: Positive = Field(1, description="threads of an estimation")
    loss: Name = Field("l1", description="pixel loss, for a network")
    training: dict[str, Any] = Field({}, description="what differs from the section training, for a network")


class Brisque(Section):
    """What the metric ``brisque`` learns its score from: the slices of the training subjects."""

    scores: str | None = Field(None, description="table of people's scores; null: the documented proxy")
    slices: Positive = Field(56, description="reference slices of the proxy, evenly from all there are")
    seed: Annotated[int, Field(ge=0)] = Field(0, description="of the proxy's noise")


class Empty(Section):
    """A slice is empty, and left out, when fewer than ``fraction`` of its pixels exceed ``threshold``."""

    threshold: Real = Field(0.1, ge=0, le=1, description="value from which on a pixel counts, in [0, 1]")
    fraction: Real = Field(0.1, ge=0, le=1, description="least fraction of such pixels")


class Normalise(Section):
    """How intensities become [0, 1]: minimum to 0, maximum or a percentile to 1, clipped."""

    method: Literal["percentile", "minmax", "none"] = Field(
        "percentile", description="what becomes 1; none: values are in [0, 1] already"
    )
    per: Literal["volume", "slice"] = Field("volume", description="whose values set the range")
    percentile: Real = Field(99.9, gt=0, le=100, description="for the method percentile")


class Slices(Section):
    """Which slices of a volume are used, and in which range of values."""

    axis: Literal["axial", "coronal", "sagittal", 0, 1, 2] = Field(
        "axial", description="axis that is cut: the stored one closest to the named one, or its number"
    )
    range: str | None = Field(None, description="first:last[:step], indices or fractions of the axis")
    count: Positive | Counts | None = Field(
        None, description="slices of a split, with folds of the three together, evenly over subjects; null: all"
    )
    empty: Empty = Empty()
    normalise: Normalise = Normalise()
    minimum: Positive = Field(32, description="smallest side of a slice, pixels")
    volume_4d: Literal["error", "first"] | Annotated[int, Field(ge=0)] = Field(
        "error", description="which volume of a file with several"
    )
    complex: Literal["error", "magnitude"] = Field("error", description="what is done with complex numbers")
    nonfinite: Literal["error", "zero"] = Field("error", description="what is done with NaN and infinity")


class Protocol(Section):
    """``same``: degraded images keep the grid, models run at scale 1. ``low``: they live on the grid that is ``scale``
    times coarser, models map it back."""

    grid: Literal["same", "low"] = Field("same", description="grid of the degraded images")
    scales: list[Annotated[int, Field(ge=2, le=8)]] = Field(
        [2], min_length=1, description="factors of the degradations"
    )


class Models(Section):
    """A block of models to train: every architecture x loss x training set of it."""

    architectures: list[Name] = Field(min_length=1, description="names among architectures")
    losses: list[Name] = Field(min_length=1, description="names among losses")
    training_sets: list[Name] | None = Field(None, description="null: all training sets of the study")


class TrainingOptions(Section):
    """How one model is trained; also what may be changed for one architecture in ``training.overrides``."""

    optimiser: Literal["adam"] = Field("adam", description="betas 0.9 and 0.999, no weight decay")
    learning_rate: Real = Field(1e-4, gt=0, description="at the start")
    schedule: Literal["cosine", "paper", "constant"] = Field(
        "cosine", description="cosine: every step, down to 1e-6; paper: x 0.05 at epochs 30 and 50"
    )
    epochs: Positive = Field(500, description="each is followed by a validation")
    steps_per_epoch: Positive | None = Field(None, description="null: as many batches as the slices fill once")
    batch: Positive = Field(4, description="slices or patches of a step")
    patch: Positive | None = Field(None, description="side of a patch in HR pixels; null: whole slices")
    flips: bool = Field(True, description="flip each axis at random")
    quarter_turns: bool = Field(True, description="turn by 0, 90, 180 or 270 degrees at random")
    eighth_turns: bool = Field(
        False,
        description="turn patches by 0 or 45 degrees more at random, interpolated by a cubic spline; with quarter_turns"
        " the eight rotations of the realistic-downsampling paper",
    )
    keep: Literal["last", "best"] = Field(
        "last", description="weights of the last epoch, or of the least validation loss"
    )
    checkpoint_every: Positive = Field(500, description="steps between two checkpoints")
    validate_every: Positive = Field(1, description="epochs between two validations; the last epoch always has one")
    threads: Positive = Field(1, description="threads of a training, exactly; another number gives other sums")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: CUDA where there is one")
    deterministic: bool = Field(True, description="false: faster on CUDA, other last digits in every run")


class Training(TrainingOptions):
    """Training of all models, with what differs for an architecture in ``overrides``."""

    overrides: dict[Name, dict[str, Any]] = Field({}, description="{architecture: {key: value}}")

    def for_architecture(self, architecture: str) -> TrainingOptions:
        """The options for one architecture, overrides applied."""
        base = self.model_dump(exclude={"overrides"})
        return TrainingOptions(**(base | self.overrides.get(architecture, {})))


class Evaluation(Section):
    """What is measured on every test set."""

    metrics: Methods = Field(
        {"psnr": Method(), "ssim": Method(), "nrmse": Method(), "hfen": Method()}, description="measured on every slice"
    )
    baselines: list[Name] | None = Field(None, description="null: the floor of the protocol, input or bicubic")
    against: str | None = Field(
        None, description="what paired tests compare with all others, as edsr/l1/dsgan or a baseline; null: no tests"
    )
    save_estimates: bool = Field(False, description="keep the estimates beside the scores")
    threads: Positive = Field(1, description="threads of an evaluation")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: CUDA where there is one")


class Figures(Section):
    """What the figures show."""

    metrics: list[Name] | None = Field(None, description="heat maps; null: all metrics of the evaluation")
    box_metric: Name | None = Field(None, description="metric of the box plots; null: hfen, or the last of all")
    panel_test_sets: list[Name] | None = Field(None, description="test sets of the visual panels; null: the first one")
    panel_subject: Name | None = Field(None, description="null: the first subject of the primary test group")
    further: list[Literal["mscn", "profile", "kernels"]] = Field(
        [], description="figures beside those of every study: MSCN densities, intensity profiles, estimated kernels"
    )
    panel_slice: int | None = Field(None, description="index along the axis; null: the middle one of the test slices")


class StudyConfig(Section):
    """A whole study file."""

    study: Name = Field(description="name of the study and of its folder under results/")
    volumes: str = Field(description="the manifest, a TSV file")
    allow_leakage: bool = Field(False, description="permit one subject in several splits; every table then says so")
    folds: Annotated[int, Field(ge=2)] | None = Field(
        None,
        description="cross-validation by subject: all subjects but those of further test groups are dealt to so many"
        " folds, at most one a subject; null: the splits of the manifest",
    )
    slices: Slices = Slices()
    protocol: Protocol = Protocol()
    degradations: Methods = Field(description="how low-resolution images are made from slices")
    kernels: dict[Name, Kernels] = Field({}, description="how low-resolution scans came about, learned from slices")
    training_sets: list[Name] | None = Field(None, min_length=1, description="null: all degradations")
    test_sets: list[Name] | None = Field(None, min_length=1, description="null: all degradations")
    architectures: Methods = Field(description="networks that are trained")
    losses: Methods = Field(description="what they are trained for")
    models: list[Models] | None = Field(None, description="null: every architecture x loss x training set")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([0], min_length=1, description="each model is trained once a seed")
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    brisque: Brisque = Brisque()
    figures: Figures = Figures()

    def resolved(self) -> StudyConfig:
        """The same study with every selection written out."""
        everything = list(self.degradations)
        training_sets = everything if self.training_sets is None else self.training_sets
        floor = ["input"] if self.protocol.grid == "same" else ["bicubic"]
        baselines = floor if self.evaluation.baselines is None else self.evaluation.baselines
        measured = list(self.evaluation.metrics)
        metrics = measured if self.figures.metrics is None else self.figures.metrics
        boxes = self.figures.box_metric or ("hfen" if "hfen" in measured else measured[-1])
        shown: dict[str, Any] = {"metrics": metrics, "box_metric": boxes}
        test_sets = everything if self.test_sets is None else self.test_sets
        wanted = self.figures.panel_test_sets
        shown["panel_test_sets"] = test_sets[:1] if wanted is None else wanted
        blocks = self.models or [Models(architectures=list(self.architectures), losses=list(self.losses))]
        return self.model_copy(
            update={
                "training_sets": training_sets,
                "test_sets": test_sets,
                "models": [b.model_copy(update={"training_sets": b.training_sets or training_sets}) for b in blocks],
                "evaluation": self.evaluation.model_copy(update={"baselines": baselines}),
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
        return [name for name, method in self.degradations.items() if _constant(name, method, "IS_MIXTURE")]

    def training_of(self, network: Kernels) -> TrainingOptions:
        """How a downsampling network is trained: as the section ``training`` says, but for what the method says."""
        return TrainingOptions(**(self.training.model_dump(exclude={"overrides"}) | network.training))

    @property
    def estimated(self) -> dict[str, str]:
        """Degradations that apply what a method of ``kernels`` has learned, and the name of that method."""
        named = {name: self.degradations[name].options.get("by") for name in self._needing("kernels")}
        # A name of another type is told where the options are checked.
        return {name: by if by and isinstance(by, str) else name for name, by in named.items()}

    def _needing(self, stage: str) -> list[str]:
        """Degradations that take what a stage makes for one of their options."""
        return [n for n, method in self.degradations.items() if stage in (_constant(n, method, "NEEDS") or {}).values()]

    def gives(self, method: str) -> str:
        """What a method of the section ``kernels`` learns: ``kernels`` of each slice, or one ``network``."""
        return plugins.describe("kernels", self.kernels[method].kind or method).constants["GIVES"]

    def learning(self, method: str, scale: int) -> dict[str, Any]:
        """The wildcards that name the work of a method of the section ``kernels``.

        Raises
        ------
        InputError
            The study has no such method.
        """
        if method not in self.kernels:
            known = suggestion(method, self.kernels)
            raise InputError(f"the study '{self.study}' has no method '{method}' in its section kernels ({known})")
        chosen = self.kernels[method]
        return {"scale": int(scale), "method": method, "degradation": chosen.source, "kernel_seed": chosen.seed}

    def members(self, degradation: str) -> list[str]:
        """The degradations that a training or test set draws from: itself, or a mixture's members."""
        if degradation in self.mixtures:
            return list(self.degradations[degradation].options["members"])
        return [degradation]

    def mixture_seed(self, degradation: str) -> int:
        """Seed of the assignment of slices to a mixture's members; one member needs none."""
        return self.degradations[degradation].options.get("seed", 0) if degradation in self.mixtures else 0

    def architecture(self, name: str) -> dict[str, Any]:
        """An architecture: its plug-in as ``kind``, and its options with the defaults filled in."""
        kind = self.architectures[name].kind or name
        return {"kind": kind, **plugins.resolved("models", kind, self.architectures[name].options)}

    def model_scale(self, scale: int | str) -> int:
        """Factor that a network enlarges by: 1 on the high-resolution grid."""
        return int(scale) if self.protocol.grid == "low" else 1

    @property
    def results(self) -> Path:
        """Where everything that the study makes is written."""
        return Path("results") / self.study


def _constant(name: str, method: Method, constant: str) -> Any:
    """What a degradation declares on its class."""
    return plugins.constant("degradations", method.kind or name, constant)
