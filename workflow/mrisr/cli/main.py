"""The command line: one verb a stage.

A verb finds its job in the study, reads what the job reads, and writes what it writes; ``mrisr train --study
config.yaml ...`` by hand and the rule ``train_model`` do the same thing.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from mrisr.errors import InputError
from mrisr.job import Job

INTERRUPTED = 75
"""Exit status of a training job that stopped early and kept its state (EX_TEMPFAIL: call it again)."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="Measure the degradation bias of MRI super-resolution models, one verb a stage. "
    "'snakemake' runs all of them in order; every verb also runs by hand, from the repository's root.",
)

StudyFile = Annotated[Path, typer.Option("--study", help="The study's YAML file.")]
Identity = Annotated[
    str | None, typer.Option("--identity", help="Identity that the job must have (given by the workflow).")
]
Scale = Annotated[int, typer.Option(help="Scale of the degradation, one of protocol.scales.")]
StopAfter = Annotated[
    float | None,
    typer.Option(
        help="The job's time limit in minutes: a tenth of it, at most two minutes, before, it stops with 75; "
        "in a SLURM job, that job is put back into the queue."
    ),
]
Fold = Annotated[int, typer.Option(help="Fold of the cross-validation.")]
OfFold = Annotated[
    int | None, typer.Option("--fold", help="Fold of the cross-validation, of what is another one in each fold.")
]
Seed = Annotated[int, typer.Option(help="Seed of the training, one of seeds.")]


def main() -> None:
    """Run the command line; problems of the input are printed in one line each, with status 2."""
    try:
        app()
    except InputError as error:
        for problem in error.problems:
            sys.stderr.write(f"error: {problem}\n")
        sys.exit(2)
    except OSError as error:
        # A full disk, a folder without permission: nothing half-written has replaced anything.
        sys.stderr.write(f"error: {error}\n")
        sys.exit(1)


def _example(*commands: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _run(
    study: Path,
    stage: str,
    identity: str | None,
    action: Callable,
    *,
    of_plan: Callable | None = None,
    **wildcards: Any,
) -> None:
    """Find a job, check that it is the one that was asked for and that its inputs are there, run and record it.

    ``of_plan`` gives those wildcards that stand in the study and not on the command line.
    """
    from mrisr.plan import Plan
    from mrisr.records import Recorder
    from mrisr.validation import load_study

    plan = Plan(load_study(str(study)))
    job = plan.job(stage, **wildcards, **(of_plan(plan) if of_plan else {}))
    plan.subjects.digests.save()
    _require_identity(job, identity)
    missing = [path for path in job.inputs() if not Path(path).exists()]
    if missing:
        raise InputError(*(f"{stage}: its input {path} is missing; run the stage before" for path in missing))
    recorder = Recorder(job.identity)
    more = action(plan, job) or {}
    recorder.write(job.record, job.writes, **{"threads": job.settings.get("threads", 1), **more})


def _require_identity(job: Job, identity: str | None) -> None:
    """Refuse to run another job than the one that was planned."""
    if identity is not None and identity != job.identity:
        raise InputError(
            f"{job.stage}: the code, the configuration or a volume has changed since this job was planned; "
            "run snakemake again"
        )


@app.command(epilog=_example("mrisr fetch pycortex-s1"))
def fetch(
    subject: Annotated[str, typer.Argument(help="A subject of data/sources.yaml.")], identity: Identity = None
) -> None:
    """Fetch a built-in volume and verify its checksum."""
    from mrisr import layout
    from mrisr.plan import fetch_job
    from mrisr.records import Recorder
    from mrisr.volumes.fetch import fetch as fetch_volume

    job = fetch_job(subject)
    _require_identity(job, identity)
    recorder = Recorder(job.identity)
    fetch_volume(subject, layout.SOURCES, Path(job.writes["volume"]))
    recorder.write(job.record, job.writes, threads=1)


@app.command(epilog=_example("mrisr check", "mrisr check --study workflow/studies/training-bias.yaml"))
def check(study: StudyFile = Path("config.yaml"), identity: Identity = None) -> None:
    """Read every volume of the study; report all errors of all volumes at once, or write volumes.csv."""
    from .checking import check_study

    _run(study, "check", identity, check_study)


@app.command("slice", epilog=_example("mrisr slice --subject pycortex-s1"))
def slice_(
    subject: Annotated[str, typer.Option(help="A subject of the manifest.")],
    study: StudyFile = Path("config.yaml"),
    identity: Identity = None,
) -> None:
    """Cut a volume into normalised slices."""
    from mrisr.volumes.slicing import slice_stage

    def action(plan, job):
        slice_stage(
            plan.subjects.volumes[subject], Path(job.writes["slices"]), settings=job.settings, identity=job.identity
        )

    _run(study, "slice", identity, action, subject=subject)


@app.command(epilog=_example("mrisr register --scale 2 --degradation lr --subject anna"))
def register(
    scale: Scale,
    degradation: Annotated[str, typer.Option(help="A degradation of the study whose kind is scanned.")],
    subject: Annotated[str, typer.Option(help="A subject of the manifest, with an lr_path.")],
    study: StudyFile = Path("config.yaml"),
    identity: Identity = None,
) -> None:
    """Denoise a subject's real low-resolution scan and register it to the high-resolution scan."""
    from .registering import register_job

    _run(study, "register", identity, register_job, scale=scale, degradation=degradation, subject=subject)


@app.command(epilog=_example("mrisr degrade --scale 2 --degradation hanning --subject pycortex-s1"))
def degrade(
    scale: Scale,
    degradation: Annotated[str, typer.Option(help="A degradation of the study.")],
    subject: Annotated[str, typer.Option(help="A subject of the manifest.")],
    fold: OfFold = None,
    study: StudyFile = Path("config.yaml"),
    identity: Identity = None,
) -> None:
    """Degrade all slices of a subject in one way."""
    from .degrading import degrade_job

    names = {"scale": scale, "degradation": degradation, "subject": subject, "fold": fold}
    _run(study, "degrade", identity, lambda plan, job: degrade_job(job), **names)


@app.command(epilog=_example("mrisr kernels --scale 2 --method dsgan --subject anna", "mrisr kernels --method dsn"))
def kernels(
    method: Annotated[str, typer.Option(help="A method of the study's section kernels.")],
    scale: Scale = 2,
    subject: Annotated[str | None, typer.Option(help="Whose slices; a network learns from all training ones.")] = None,
    fold: OfFold = None,
    study: StudyFile = Path("config.yaml"),
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Learn how low-resolution scans came about: a kernel for each slice of a subject, or a downsampling network."""
    from mrisr.kernel_plan import wildcards

    from .learning import learn

    names = {"of_plan": lambda plan: wildcards(plan, method, scale), "subject": subject, "fold": fold}

    def action(plan, job):
        return learn(plan, job, deadline=_deadline(stop_after))

    _resumable(lambda: _run(study, "network" if subject is None else "kernels", identity, action, **names))


@app.command(epilog=_example("mrisr brisque"))
def brisque(fold: OfFold = None, study: StudyFile = Path("config.yaml"), identity: Identity = None) -> None:
    """Train the regressor of the metric brisque on the slices of the training subjects."""
    from .learning import train_regressor

    _run(study, "brisque", identity, train_regressor, fold=fold)


@app.command(
    epilog=_example(
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
    study: StudyFile = Path("config.yaml"),
    threads: Annotated[int | None, typer.Option(help="Threads given to the job; must be training.threads.")] = None,
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Train one model; stopped in any way, it goes on from its last checkpoint when called again."""
    from .training import train_job

    names = {"scale": scale, "architecture": architecture, "loss": loss, "training_set": training_set}
    deadline = _deadline(stop_after)

    def action(plan, job):
        return train_job(plan, job, names={**names, "fold": fold, "seed": seed}, threads=threads, deadline=deadline)

    _resumable(lambda: _run(study, "train", identity, action, **names, fold=fold, seed=seed))


def _resumable(work: Callable[[], None]) -> None:
    """Do work that keeps its state when it is stopped; a SLURM job whose time is up is put back into the queue."""
    from mrisr.training.interruption import Interrupted

    from .allocation import requeue

    try:
        work()
    except Interrupted as stop:
        sys.stderr.write(f"{stop}\n")
        if stop.again:
            requeue()
        sys.exit(INTERRUPTED)


def _deadline(stop_after: float | None) -> float | None:
    """When to stop, on the clock of `time.monotonic`: time for the checkpoint before a job's time limit in minutes."""
    from .allocation import seconds_left

    if stop_after is None:
        return None
    limit, left = 60 * stop_after, seconds_left()
    return time.monotonic() + (limit if left is None else min(limit, left)) - min(120, limit / 10)


@app.command(
    epilog=_example(
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
    baseline: Annotated[str | None, typer.Option(help="A baseline, in place of a model.")] = None,
    study: StudyFile = Path("config.yaml"),
    identity: Identity = None,
) -> None:
    """Score one model, or one baseline, on every test set."""
    if baseline is not None:
        from mrisr.evaluation.baselines import evaluate_baseline

        def action(plan, job):
            evaluate_baseline(job.reads["test_sets"], Path(job.writes["scores"]), settings=job.settings)

        _run(study, "baseline", identity, action, scale=scale, baseline=baseline, fold=fold)
        return
    if None in (architecture, loss, training_set):
        raise InputError("evaluate: name a model by --architecture, --loss and --training-set, or give --baseline")
    from mrisr.evaluation.evaluate import evaluate_model
    from mrisr.gpus import one_gpu

    names = {"scale": scale, "architecture": architecture, "loss": loss, "training_set": training_set}
    names |= {"seed": seed, "fold": fold or 0}

    def action(plan, job):
        reads, output = job.reads, Path(job.writes["scores"])
        options = {"settings": job.settings, "names": names}
        with one_gpu(job.settings["device"]) as gpu:
            device = evaluate_model(Path(reads["weights"]), reads["test_sets"], output, **options)
        return {"device": device, **({"gpu": gpu} if gpu else {})}

    _run(study, "evaluate", identity, action, **names)


@app.command(epilog=_example("mrisr tabulate"))
def tabulate(study: StudyFile = Path("config.yaml"), identity: Identity = None) -> None:
    """Collect all scores into scores.csv and the tables."""
    from mrisr.statistics.tabulate import tabulate as write_tables

    def action(plan, job):
        scores = [Path(path) for path in job.reads["scores"]]
        write_tables(scores, Path(job.writes["scores"]), Path(plan.layout.tables), order=job.settings)

    _run(study, "tabulate", identity, action)


@app.command(epilog=_example("mrisr figures heatmap --scale 2", "mrisr figures panel --scale 2"))
def figures(
    figure: Annotated[
        str, typer.Argument(help="heatmap, gaps, boxplot, panel, gallery, curves, mscn, profile or kernels.")
    ],
    scale: Scale,
    study: StudyFile = Path("config.yaml"),
    identity: Identity = None,
) -> None:
    """Draw all pictures of one kind."""
    from mrisr.errors import suggestion
    from mrisr.figure_plan import FIGURES, FURTHER

    if figure not in (*FIGURES, *FURTHER):
        raise InputError(f"figures: there is no '{figure}' ({suggestion(figure, (*FIGURES, *FURTHER))})")
    from .drawing import draw

    _run(study, "figure", identity, draw, figure=figure, scale=scale)


@app.command(epilog=_example("mrisr report"))
def report(study: StudyFile = Path("config.yaml"), identity: Identity = None) -> None:
    """Write report.html: tables and figures with their captions."""
    from .reporting import write_report

    _run(study, "report", identity, lambda plan, job: write_report(study, job))


@app.command(epilog=_example("mrisr plan", "mrisr plan --study workflow/studies/training-bias.yaml"))
def plan(
    study: StudyFile = Path("config.yaml"),
    seconds: Annotated[float, typer.Option(help="How long each measurement of the calibration goes on.")] = 1.0,
) -> None:
    """Say what a study will cost before it is run: jobs, hours, disk, memory, and what is already there."""
    from mrisr.plan import Plan
    from mrisr.validation import load_study

    from .planning import forecast

    planned = Plan(load_study(str(study)))
    planned.subjects.digests.save()
    typer.echo(forecast(planned, study, seconds=seconds))
