"""The command line, with one verb per stage.

A verb finds its job in the study and runs it. ``mrisr train --study config.yaml ...`` by hand and the rule
``train_model`` do the same.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from mrisr.errors import InputError

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


def _example(*commands: str) -> str:
    return "\b\nExamples:\n" + "\n".join(f"  {command}" for command in commands)


def _run(study: Path, stage: str, **options: Any) -> None:
    # Imported here, because `mrisr --help` needs neither the plan nor the readers of volumes.
    from .run import run

    run(study, stage, **options)


@app.command(epilog=_example("mrisr fetch pycortex-s1"))
def fetch(
    subject: Annotated[str, typer.Argument(help="A subject of data/sources.yaml.")], identity: Identity = None
) -> None:
    """Fetch a built-in volume and verify its checksum."""
    from .run import run_fetch

    run_fetch(subject, identity)


@app.command(
    epilog=_example(
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
    from mrisr.running.beforehand import require_possible
    from mrisr.study.validation import load_study

    from .run import run_planned

    plan = Plan(load_study(str(study)))
    if identity is None:
        # Without an identity the verb is run by hand, so all jobs are planned and all methods made here. Snakemake has
        # done both already.
        require_possible(plan, Resources(plan), source=str(study))
    run_planned(plan, "check", identity=identity)


@app.command("slice", epilog=_example("mrisr slice --subject pycortex-s1"))
def slice_(
    subject: Annotated[str, typer.Option(help="A subject of the manifest.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Cut a volume into normalised slices."""
    _run(study, "slice", identity=identity, subject=subject)


@app.command(epilog=_example("mrisr mask --subject anna"))
def mask(
    subject: Annotated[str, typer.Option(help="A subject of the manifest, with a mask.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Cut the mask of a volume like its slices."""
    _run(study, "mask", identity=identity, subject=subject)


@app.command(epilog=_example("mrisr register --scale 2 --degradation lr --subject anna"))
def register(
    scale: Scale,
    degradation: Annotated[str, typer.Option(help="A degradation of the study whose kind is scanned.")],
    subject: Annotated[str, typer.Option(help="A subject of the manifest, with an lr_path.")],
    study: StudyFile = CONFIG,
    identity: Identity = None,
) -> None:
    """Denoise a subject's real low-resolution scan and register it to the high-resolution scan."""
    _run(study, "register", identity=identity, scale=scale, degradation=degradation, subject=subject)


@app.command(epilog=_example("mrisr degrade --scale 2 --degradation hanning --subject pycortex-s1"))
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


@app.command(epilog=_example("mrisr kernels --scale 2 --method dsgan --subject anna", "mrisr kernels --method dsn"))
def kernels(
    method: Annotated[str, typer.Option(help="A method of the study's section kernels.")],
    scale: Scale = 2,
    subject: Annotated[str | None, typer.Option(help="A subject. Leave it out for a network.")] = None,
    fold: OfFold = None,
    study: StudyFile = CONFIG,
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Learn how low-resolution scans came about: a kernel for each slice of a subject, or a downsampling network."""
    from mrisr.planning.plan import Plan
    from mrisr.study.validation import load_study

    from .run import run_planned

    plan = Plan(load_study(str(study)))
    names = {**plan.study.learning(method, scale), "subject": subject, "fold": fold}
    stage = "network" if subject is None else "kernels"
    run_planned(plan, stage, identity=identity, stop_after=stop_after, **names)


@app.command(epilog=_example("mrisr brisque"))
def brisque(fold: OfFold = None, study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Train the regressor of the metric brisque on the slices of the training subjects."""
    _run(study, "brisque", identity=identity, fold=fold)


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
    study: StudyFile = CONFIG,
    threads: Annotated[int | None, typer.Option(help="Threads given to the job; must be training.threads.")] = None,
    stop_after: StopAfter = None,
    identity: Identity = None,
) -> None:
    """Train one model. If it is stopped, the same command continues from the last checkpoint."""
    names = {"scale": scale, "architecture": architecture, "loss": loss, "training_set": training_set}
    _run(study, "train", identity=identity, threads=threads, stop_after=stop_after, **names, fold=fold, seed=seed)


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


@app.command(epilog=_example("mrisr parameters"))
def parameters(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Measure every network: size, arithmetic, receptive field; time and memory of an estimate on this machine."""
    _run(study, "parameters", identity=identity)


@app.command(epilog=_example("mrisr runtimes --scale 2"))
def runtimes(scale: Scale, study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Time every model and baseline on slices of each test group, on this machine."""
    _run(study, "runtimes", identity=identity, scale=scale)


@app.command(epilog=_example("mrisr route --study workflow/studies/remedies-small.yaml"))
def route(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Choose a specialist for each test person and test set, from the low-resolution slices alone."""
    _run(study, "route", identity=identity)


@app.command(epilog=_example("mrisr tabulate"))
def tabulate(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Collect all scores into scores.csv and the tables."""
    _run(study, "tabulate", identity=identity)


@app.command(epilog=_example("mrisr figures heatmap --scale 2", "mrisr figures panel --scale 2"))
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


@app.command(epilog=_example("mrisr explorer", "mrisr explorer --study my-study.yaml"))
def explorer(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Write explorer.html: every score with its pictures, curves and records, in one page that works offline."""
    _run(study, "explorer", identity=identity)


@app.command(epilog=_example("mrisr report"))
def report(study: StudyFile = CONFIG, identity: Identity = None) -> None:
    """Write report.html: tables and figures with their captions."""
    _run(study, "report", identity=identity)


@app.command(epilog=_example("mrisr publish", "mrisr publish --with-volumes"))
def publish(
    study: StudyFile = CONFIG,
    with_volumes: Annotated[
        bool, typer.Option("--with-volumes", help="Also pass on volumes whose licence allows it.")
    ] = False,
) -> None:
    """Write the artifact of a finished study: one archive that others can check and repeat."""
    from mrisr.planning.plan import Plan
    from mrisr.publishing.publish import publish as write
    from mrisr.study.validation import load_study

    typer.echo(write(Plan(load_study(str(study))), with_volumes=with_volumes))


@app.command(
    epilog=_example(
        "mrisr verify results/default/artifact/default.zip",
        "mrisr verify default.zip --volumes data/volumes.tsv --retrain 1",
    )
)
def verify(
    artifact: Annotated[Path, typer.Argument(help="An artifact: the archive, or the folder that it was unpacked to.")],
    volumes: Annotated[
        Path | None, typer.Option(help="Manifest of the study's volumes here. All evaluations are then repeated.")
    ] = None,
    retrain: Annotated[int, typer.Option(min=0, help="Repeat this many trainings, chosen at random.")] = 0,
    other_hardware: Annotated[
        bool, typer.Option("--other-hardware", help="Accept scores within 0.02 dB instead of equal bytes.")
    ] = False,
    repeat: Annotated[bool, typer.Option(help="Repeat anything at all.")] = True,
) -> None:
    """Check an artifact: checksums, records, source, identities, crate; repeat its tables and figures."""
    from mrisr.publishing.verify import verify as check_artifact

    check_artifact(
        artifact, repeat=repeat, volumes=volumes, retrain=retrain, other_hardware=other_hardware, note=typer.echo
    )


class Carried(StrEnum):
    """What ``mrisr cache`` does."""

    EXPORT = "export"
    IMPORT = "import"


@app.command(epilog=_example("mrisr cache export trainings.zip", "mrisr cache import trainings.zip"))
def cache(
    action: Annotated[Carried, typer.Argument(help="Write finished trainings to an archive, or take them over.")],
    archive: Annotated[Path, typer.Argument(help="The archive.")],
    study: StudyFile = CONFIG,
) -> None:
    """Carry the finished trainings of a study to another machine, which then does not train them again."""
    from mrisr.planning.plan import Plan
    from mrisr.publishing.cache import export, import_
    from mrisr.study.validation import load_study

    carry = export if action is Carried.EXPORT else import_
    carry(Plan(load_study(str(study))), archive, note=typer.echo)


@app.command(epilog=_example("mrisr plan", "mrisr plan --study workflow/studies/training-bias.yaml"))
def plan(
    study: StudyFile = CONFIG,
    seconds: Annotated[float, typer.Option(help="Seconds for each measurement of the calibration.")] = 1.0,
) -> None:
    """Estimate what a study will cost before it runs: jobs, hours, disk and memory, and what is done already."""
    from mrisr.costs.resources import Resources
    from mrisr.planning.plan import Plan
    from mrisr.running.beforehand import require_possible
    from mrisr.study.validation import load_study

    from .planning import forecast

    planned = Plan(load_study(str(study)))
    require_possible(planned, Resources(planned), source=str(study))
    planned.subjects.digests.save()
    typer.echo(forecast(planned, study, seconds=seconds))


@app.command(
    epilog=_example(
        "mrisr upscale scan.nii.gz --model results/default/models/x2/srcnn/mse/combine/fold0/seed0 --out sharp.nii.gz",
        "mrisr upscale scan.nii.gz --baseline bicubic --scale 2 --out large.nii.gz",
    )
)
def upscale(
    scan: Annotated[Path, typer.Argument(help="A scan in any format that is read, see docs/volumes.md.")],
    out: Annotated[Path, typer.Option(help="The NIfTI file to write, .nii or .nii.gz. A .json file goes beside it.")],
    model: Annotated[Path | None, typer.Option(help="Folder of a trained model, results/<study>/models/...")] = None,
    baseline: Annotated[str | None, typer.Option(help="A baseline of the low grid, instead of a model.")] = None,
    scale: Annotated[int, typer.Option(help="Factor, for a baseline.")] = 2,
    axis: Annotated[
        str | None, typer.Option(help="Axis to cut along: axial, coronal, sagittal, 0, 1 or 2. By default the study's.")
    ] = None,
    enlarge: Annotated[
        bool, typer.Option("--enlarge", help="For a model of grid: same. First enlarge the scan by the model's scale.")
    ] = False,
    threads: Annotated[int, typer.Option(help="Threads of torch.")] = 1,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto",
) -> None:
    """Apply a trained model, or a baseline, to a scan. Warn if the scan is unlike the model's training images."""
    from .upscaling import upscale_by_baseline, upscale_by_model

    if (model is None) == (baseline is None):
        raise InputError("upscale: give either --model or --baseline")
    if axis is not None and axis not in ("axial", "coronal", "sagittal", "0", "1", "2"):
        raise InputError(f"--axis: '{axis}' is not known (allowed: axial, coronal, sagittal, 0, 1, 2)")
    if model is not None:
        upscale_by_model(scan, model, out, axis=axis, enlarge=enlarge, threads=threads, device=device)
    else:
        upscale_by_baseline(scan, baseline, out, scale=scale, axis=axis)


@app.command(epilog=_example("mrisr studies", "mrisr studies --cores 8 config.yaml my-study.yaml"))
def studies(
    files: Annotated[list[Path] | None, typer.Argument(help="Study files. By default all small studies.")] = None,
    cores: Annotated[int, typer.Option(min=1, help="Cores of each study.")] = 2,
) -> None:
    """Run several studies, one after the other, and join their results in results/all-studies/index.html."""
    from mrisr.running.studies import run_all, small_studies

    typer.echo(run_all(files or small_studies(), cores=cores))
