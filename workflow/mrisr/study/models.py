"""What is trained and tested: the keys ``training_sets`` and ``test_sets``, and the blocks of ``models``."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import Field

from .checks import Study, unknown
from .section import Name, Section, Seed


class Models(Section):
    """A block of models to train: every architecture x loss x training set of it."""

    architectures: list[Name] = Field(min_length=1, description="architectures of the study")
    losses: list[Name] = Field(min_length=1, description="losses of the study")
    training_sets: list[Name] | None = Field(None, description="training sets of the block; null: all of the study")
    seeds: list[Seed] | None = Field(None, min_length=1, description="seeds of the block; null: those of the study")


def problems(study: Study) -> Iterable[str]:
    """Names of degradations, architectures and losses that the study does not have."""
    yield from unknown("training_sets", study.training_sets, study.degradations)
    yield from unknown("test_sets", study.test_sets, study.degradations)
    for number, block in enumerate(study.models or []):
        yield from unknown(f"models.{number}.architectures", block.architectures, study.architectures)
        yield from unknown(f"models.{number}.losses", block.losses, study.losses)
        if block.training_sets != study.training_sets:
            yield from unknown(f"models.{number}.training_sets", block.training_sets, study.degradations)
    # In tables and figures a name in the column "architecture" is a network's or a baseline's.
    for name in dict.fromkeys(name for block in study.models for name in block.architectures):
        if name in study.evaluation.baselines:
            yield f"architectures.{name}: is the name of a baseline too; choose another label"
    pictures = [f"{name}_{loss}" for block in study.models for name in block.architectures for loss in block.losses]
    trained = {(name, loss) for block in study.models for name in block.architectures for loss in block.losses}
    if len(set(pictures)) < len(trained):
        yield "models: two pairs of architecture and loss give figures of one name; choose other labels"
