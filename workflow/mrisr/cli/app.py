"""The program `mrisr`, and the options that several verbs have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Measure the degradation bias of MRI super-resolution models. Each verb is one stage. "
    "'snakemake' runs all stages in order. Every verb can also be run by hand, from the repository's root.",
)

StudyFile = Annotated[Path, typer.Option("--study", help="The study's YAML file.")]
Identity = Annotated[
    str | None, typer.Option("--identity", help="Identity that the job must have (given by the workflow).")
]
Scale = Annotated[int, typer.Option(help="Scale of the degradation, one of protocol.scales.")]
StopAfter = Annotated[
    float | None,
    typer.Option(
        help="Time limit in minutes. Stops with status 75 shortly before it (a tenth of it, at most 2 min); "
        "under SLURM the job requeues itself."
    ),
]
Fold = Annotated[int, typer.Option(help="Fold of the cross-validation.")]
OfFold = Annotated[int | None, typer.Option("--fold", help="Fold; only for jobs that differ between folds.")]
Seed = Annotated[int, typer.Option(help="Seed of the training, one of seeds.")]
CONFIG = Path("config.yaml")


def example(*commands: str) -> str:
    """The examples below the help of a verb."""
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)
