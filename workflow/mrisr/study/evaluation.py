"""The section ``evaluation``: what is measured on every test set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from typing import Literal

from pydantic import Field

from mrisr import plugins

from .checks import Study, unknown
from .methods import Method, Methods
from .remedies import Remedies
from .section import Name, Positive, Section


class Evaluation(Section):
    """What is measured on every test set."""

    metrics: Methods = Field(
        {"psnr": Method(), "ssim": Method(), "nrmse": Method(), "hfen": Method()},
        description="metrics, measured on every slice",
    )
    masked: bool = Field(
        False,
        description="measure the metrics that have the option masked a second time, inside the masks of the test"
        " subjects. The names end in _masked",
    )
    baselines: Methods | None = Field(
        None,
        description="baselines; null: input on the same grid, bicubic on the low grid. The high-resolution slice"
        " itself, reference, is always added as the ceiling",
    )
    against: str | None = Field(
        None,
        description="model (edsr/l1/dsgan) or baseline that paired tests compare with all others; null: no tests",
    )
    paper: (
        Literal["training-bias", "realistic-downsampling", "robust-residual", "efficient-sr", "perceptual-gan"] | None
    ) = Field(
        None,
        description="paper whose printed numbers stand beside the study's own, and whose claims are decided; null:"
        " none. perceptual-gan prints no numbers",
    )
    networks: bool = Field(
        False,
        description="measure the size, the arithmetic and the receptive field of every network, and time them here",
    )
    readings: dict[Name, dict[Name, Name]] = Field(
        {},
        description="other readings of the paper: for each, the study's degradation that takes the place of a printed"
        " one, such as {shifted: {bicubic: bicubic_shifted}}. Each stands beside the printed numbers too",
    )
    runtimes: bool = Field(False, description="time every method on a slice of each test group, on this machine")
    diversity: bool = Field(
        False,
        description="measure mode collapse: how much the outputs of every model differ from slice to slice, as a table"
        " and a figure",
    )
    remedies: Remedies | None = Field(
        None, description="arms of a study of remedies, for its tables and its router; null: none"
    )
    save_estimates: bool = Field(False, description="keep the output images of the models beside the scores")
    threads: Positive = Field(1, description="threads of an evaluation")
    device: Literal["auto", "cpu", "cuda"] = Field("auto", description="auto: CUDA if there is a GPU, else the CPU")


def problems(study: Study) -> Iterable[str]:
    """Baselines that do not exist or do not fit the grid, metrics named like tables, and an unknown ``against``."""
    grid, evaluation = study.protocol.grid, study.evaluation
    for name, method in evaluation.baselines.items():
        grids = plugins.constant("baselines", method.kind or name, "GRIDS")
        if grids and grid not in grids:
            yield f"evaluation.baselines: '{name}' belongs to protocol.grid {' or '.join(grids)}, not '{grid}'"
    if evaluation.against is not None:
        yield from unknown("evaluation.against", [evaluation.against], _compared(study))
    if evaluation.masked and not measures_inside(study):
        able = [name for name in plugins.available("metrics") if _can_be_masked(name, Method())]
        yield f"evaluation.masked: none of the metrics can be measured inside a mask ({', '.join(able)} can)"
    for reading, names in evaluation.readings.items():
        yield from unknown(f"evaluation.readings.{reading}", names.values(), study.degradations)
    others = list(_other_tables())
    for name in evaluation.metrics:
        if any(fnmatchcase(name.casefold(), pattern) for pattern in others):
            yield f"evaluation.metrics.{name}: is the name of another table; choose another label (and name its kind)"


def with_ceiling(baselines: Mapping[str, Method]) -> dict[str, Method]:
    """The baselines, and the high-resolution slice itself as the last one unless it is among them."""
    seen = any(sees_reference(name, method) for name, method in baselines.items())
    return dict(baselines) if seen else {**baselines, "reference": Method()}


def with_masked(evaluation: Evaluation) -> dict[str, Method]:
    """The metrics. With ``masked``, each that can be measured inside a mask is followed by itself inside the mask."""
    found: dict[str, Method] = {}
    for name, method in evaluation.metrics.items():
        found[name] = method
        if evaluation.masked and _can_be_masked(name, method) and not method.options.get("masked"):
            inside = {"kind": method.kind or name, **method.options, "masked": True}
            found.setdefault(f"{name}_masked", Method(**inside))
    return found


def measures_inside(study: Study) -> bool:
    """Whether any metric of a study is measured inside masks."""
    return any(method.options.get("masked") for method in study.evaluation.metrics.values())


def sees_reference(name: str, method: Method) -> bool:
    """Whether a baseline sees the high-resolution slice."""
    return bool(plugins.constant("baselines", method.kind or name, "SEES_REFERENCE"))


def _can_be_masked(name: str, method: Method) -> bool:
    kind = method.kind or name
    return kind in plugins.available("metrics") and "masked" in plugins.describe("metrics", kind).options


def _compared(study: Study) -> list[str]:
    """Names of the models and baselines as paired tests know them."""
    models = [(a, b, c) for m in study.models for a in m.architectures for b in m.losses for c in m.training_sets]
    baselines = [n for n, m in study.evaluation.baselines.items() if not sees_reference(n, m)]
    return [*baselines, *("/".join(names) for names in models)]


def _other_tables() -> Iterable[str]:
    """Patterns of the names of tables, except the tables that are named after a metric."""
    for table in plugins.available("tables"):
        for file in plugins.describe("tables", table).constants["FILES"]:
            if file != "{metric}.csv":
                yield file.removesuffix(".csv").replace("{metric}", "?*").casefold()
