"""The section ``figures``: what the figures show."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from pydantic import Field

from .checks import Study, repeated, unknown
from .evaluation import sees_reference
from .section import Index, Name, Section


class Figures(Section):
    """What the figures show."""

    metrics: list[Name] | None = Field(
        None, description="metrics of the heat maps and gaps; null: all metrics of the evaluation"
    )
    box_metric: Name | None = Field(
        None, description="metric of the box plots; null: hfen, or else the last metric of the evaluation"
    )
    panel_test_sets: list[Name] | None = Field(None, description="test sets of the visual panels; null: the first one")
    panel_baselines: list[Name] = Field(
        [], description="baselines of the evaluation that the visual panels show before the models, with their scores"
    )
    panel_subject: Name | None = Field(
        None, description="subject of the panels and of the gallery; null: the first one of the primary test group"
    )
    further: list[
        Literal[
            "mscn",
            "profile",
            "kernels",
            "kernel_seeds",
            "outputs",
            "frc",
            "scanning_frc",
            "low_resolution",
            "sigma_sweep",
            "comparison",
            "losses",
            "epochs",
        ]
    ] = Field(
        [],
        description="additional figures: MSCN densities, intensity profiles, estimated kernels; kernel_seeds: how much"
        " they differ from seed to seed; outputs: all models for several test images; frc: Fourier ring correlation"
        " with the reference; scanning_frc: its map over patches; low_resolution: degraded images beside the scan;"
        " sigma_sweep: similarity of Gaussian blurs to the scan; comparison: all methods on one slice of each test"
        " group; losses: training and validation loss of every training; epochs: outputs after each epoch of"
        " training.keep_epochs",
    )
    panel_slice: Index | None = Field(
        None,
        description="slice of the panels and of the gallery, by its index along the axis; null: the middle test slice",
    )


def problems(study: Study) -> Iterable[str]:
    """Metrics and test sets that the study does not have, and figures with nothing to show."""
    figures = study.figures
    yield from unknown("figures.metrics", figures.metrics, study.evaluation.metrics)
    yield from unknown("figures.box_metric", [figures.box_metric], study.evaluation.metrics)
    yield from repeated("figures.further", figures.further)
    yield from unknown("figures.panel_test_sets", figures.panel_test_sets, study.test_sets)
    yield from unknown("figures.panel_baselines", figures.panel_baselines, study.evaluation.baselines)
    for name in figures.panel_baselines:
        if name in study.evaluation.baselines and sees_reference(name, study.evaluation.baselines[name]):
            yield f"figures.panel_baselines: '{name}' is the high-resolution slice, which the panels show anyway"
    for name in study.architectures if "epochs" in figures.further else ():
        if not study.training.for_architecture(name).keep_epochs:
            yield f"figures.further: 'epochs' has nothing to show of '{name}': its training.keep_epochs is empty"
    applied = set(study.estimated.values())
    if "kernels" in figures.further and study.learned(applied) <= {"network"} and applied <= {*study.kernels}:
        yield "figures.further: 'kernels' has nothing to show: no degradation of the study applies estimated kernels"
    if "kernel_seeds" in figures.further and not any(
        study.kernels[name].further_seeds for name in applied if name in study.kernels
    ):
        yield "figures.further: 'kernel_seeds' has nothing to show: give a method of kernels further_seeds"
