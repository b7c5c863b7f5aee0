"""The command line, with one verb per stage.

A verb finds its job in the study and runs it. ``mrisr train --study config.yaml ...`` by hand and the rule
``train_model`` do the same.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from mrisr.errors import InputError

from .app import CONFIG, Fold, Identity, OfFold, Scale, Seed, StopAfter, StudyFile, app, example


def main() -> None:
    """Run the command line. Mistakes in the input are printed, one line each, and the exit status is 2."""
    try:
        app()
    except InputError as error:
        for problem in error.problems:
            sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)
    except OSError as error:
        # Such as a full disk or missing permission. Files are written by rename, so none is half-written.
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)


def _run(study: Path, stage: str, **options: Any) -> None:
    # Imported here, because `mrisr --help` needs neither the plan nor the readers of volumes.
    from .run import run

    run(study, stage, **options)


@app.command(epilog=example("mrisr fetch pycortex-s1"))
def fetch(
    subject: Annotated[str, typer.Argument(help="A subject of data/sources.yaml.")], identity: Identity = None
) -> None:
    """Fetch a built-in volume and verify its checksum."""
    from .run import run_fetch

    run_fetch(subject, identity)


@app.command(
    epilog=example(
        "mrisr check",
        "mrisr check --study workflow/studies/training-bias.yaml",
        "mrisr check --results results/default",
    )
)
def check(
    study: StudyFile = CONFIG,
    results: Annotated[
        Path | None, typer.Option(help="Compare every output below this folder with its record; check no volumes.")
    ] = None,
    identity: Identity = None,
) -> None:
    """Read every volume of the study. Report all errors of all volumes at once, or write volumes.csv."""
    if results is not None:
        from .verifying import verify

        verify(results)
        return
    from mrisr.costs.resources import Resources
    from mrisr.planning.plan import Plan
    from mrisr.study.validation import load_study

    from .possible import require_possible_somewhere
    from .run import run_planned

    plan = Plan(load_study(str(study)))
    if identity is None:
        # Without an identity the verb is run by hand, so all jobs are planned and all methods made here. Snakemake has
        # done both already.
        require_possible_somewhere(plan, Resources(plan), source=str(study))
    run_planned(plan, "check", identity=identity)


@app.command("slice", epilog=example("mrisr slice --subject pycortex-s1"))
def slice_(
    subject: Annotated[str, typer.Option(help="A subject of the manifest.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Cut a volume into normalised slices."""
    _run(study, "slice", identity=identity, subject=subject)


@app.command(epilog=example("mrisr mask --subject anna"))
def mask(
    subject: Annotated[str, typer.Option(help="A subject of the manifest, with a mask.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Cut the mask of a volume like its slices."""
    _run(study, "mask", identity=identity, subject=subject)


@app.command(epilog=example("mrisr register --scale 2 --degradation lr --subject anna"))
def register(
    scale: Scale,
    degradation: Annotated[str, typer.Option(help="A degradation of the study whose kind is scanned.")],
    subject: Annotated[str, typer.Option(help="A subject of the manifest, with an lr_path.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Denoise a subject's real low-resolution scan and register it to the high-resolution scan."""
    _run(study, "register", identity=identity, scale=scale, degradation=degradation, subject=subject)


@app.command(epilog=example("mrisr degrade --scale 2 --degradation hanning --subject pycortex-s1"))
def degrade(
    scale: Scale,
    degradation: Annotated[str, typer.Option(help="A degradation of the study that is no mixture.")],
    subject: Annotated[str, typer.Option(help="A subject of the manifest.")],
    fold: OfFold = None,
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Degrade the slices of a subject."""
    _run(study, "degrade", identity=identity, scale=scale, degradation=degradation, subject=subject, fold=fold)


@app.command(epilog=example("mrisr kernels --scale 2 --method dsgan --subject anna", "mrisr kernels --method dsn"))
def kernels(
    method: Annotated[str, typer.Option(help="A method of the study's section kernels.")],
    scale: Scale = 2,
    subject: Annotated[str | None, typer.Option(help="A subject. Leave it out for a network.")] = None,
    fold: OfFold = None,
    seed: Annotated[int | None, typer.Option(help="The method's seed, or one of its further_seeds.")] = None,
    study: StudyFile = CONFIG,
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Learn how low-resolution scans came about: a kernel for each slice of a subject, or a downsampling network."""
    from mrisr.planning.plan import Plan
    from mrisr.study.validation import load_study

    from .run import run_planned

    plan = Plan(load_study(str(study)))
    names = {**plan.study.learning(method, scale, seed), "subject": subject, "fold": fold}
    stage = "network" if subject is None else "kernels"
    run_planned(plan, stage, identity=identity, stop_after=stop_after, **names)


@app.command(epilog=example("mrisr brisque"))
def brisque(fold: OfFold = None, study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Train the regressor of the metric brisque on the slices of the training subjects."""
    _run(study, "brisque", identity=identity, fold=fold)


@app.command(
    epilog=example(
        "mrisr train --scale 2 --architecture srcnn --loss mse --training-set hanning",
        "mrisr train --scale 2 --architecture rrdbnet --loss l1 --training-set combine --stop-after 55",
    )
)
def train(
    scale: Scale,
    architecture: Annotated[str, typer.Option(help="An architecture of the study.")],
    loss: Annotated[str, typer.Option(help="A loss of the study.")],
    training_set: Annotated[str, typer.Option(help="A training set of the study.")],
    fold: Fold = 0,
    seed: Seed = 0,
    study: StudyFile = CONFIG,
    threads: Annotated[int | None, typer.Option(help="Threads given to the job; must be training.threads.")] = None,
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Train one model. If it is stopped, the same command continues from the last checkpoint."""
    names = {"scale": scale, "architecture": architecture, "loss": loss, "training_set": training_set}
    _run(study, "train", identity=identity, threads=threads, stop_after=stop_after, **names, fold=fold, seed=seed)


@app.command(
    epilog=example(
        "mrisr evaluate --scale 2 --architecture srcnn --loss mse --training-set hanning",
        "mrisr evaluate --scale 2 --baseline input",
    )
)
def evaluate(
    scale: Scale,
    architecture: Annotated[str | None, typer.Option(help="An architecture of the study.")] = None,
    loss: Annotated[str | None, typer.Option(help="A loss of the study.")] = None,
    training_set: Annotated[str | None, typer.Option(help="A training set of the study.")] = None,
    fold: OfFold = None,
    seed: Seed = 0,
    baseline: Annotated[str | None, typer.Option(help="A baseline, instead of a model.")] = None,
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Score one model, or one baseline, on every test set."""
    if baseline is not None:
        _run(study, "baseline", identity=identity, scale=scale, baseline=baseline, fold=fold)
        return
    if None in (architecture, loss, training_set):
        raise InputError("evaluate: name a model by --architecture, --loss and --training-set, or give --baseline")
    names = {"scale": scale, "architecture": architecture, "loss": loss, "training_set": training_set}
    _run(study, "evaluate", identity=identity, **names, seed=seed, fold=fold or 0)


@app.command(epilog=example("mrisr parameters"))
def parameters(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Measure every network: size, arithmetic, receptive field; time and memory of an estimate on this machine."""
    _run(study, "parameters", identity=identity)


@app.command(epilog=example("mrisr runtimes --scale 2"))
def runtimes(scale: Scale, study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Time every model and baseline on slices of each test group, on this machine."""
    _run(study, "runtimes", identity=identity, scale=scale)


@app.command(epilog=example("mrisr diversity --study workflow/studies/perceptual-gan-small.yaml"))
def diversity(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Measure how much the outputs of every model differ from slice to slice, which shows mode collapse."""
    _run(study, "diversity", identity=identity)


@app.command(epilog=example("mrisr route --study workflow/studies/remedies-small.yaml"))
def route(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Choose a specialist for each test person and test set, from the low-resolution slices alone."""
    _run(study, "route", identity=identity)


@app.command(epilog=example("mrisr tabulate"))
def tabulate(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Collect all scores into scores.csv and the tables."""
    _run(study, "tabulate", identity=identity)


@app.command(epilog=example("mrisr figures heatmap --scale 2", "mrisr figures panel --scale 2"))
def figures(
    figure: Annotated[str, typer.Argument(help="The name of a figure, a file of workflow/mrisr/figures/.")],
    scale: Scale,
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Draw all pictures of one kind."""
    from mrisr.plugins import require

    require("figures", figure)
    _run(study, "figure", identity=identity, figure=figure, scale=scale)


@app.command(epilog=example("mrisr explorer", "mrisr explorer --study my-study.yaml"))
def explorer(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Write explorer.html: every score with its pictures, curves and records, in one page that works offline."""
    _run(study, "explorer", identity=identity)


@app.command(epilog=example("mrisr report"))
def report(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Write report.html: tables and figures with their captions."""
    _run(study, "report", identity=identity)
