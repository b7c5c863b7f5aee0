"""The verbs that are no stage: they estimate, publish, check and apply what stages made."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mrisr.errors import InputError

from .app import CONFIG, StudyFile, app, example


@app.command(epilog=example("mrisr publish", "mrisr publish --with-volumes"))
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
    epilog=example(
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


@app.command(epilog=example("mrisr cache export trainings.zip", "mrisr cache import trainings.zip"))
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


@app.command(epilog=example("mrisr plan", "mrisr plan --study workflow/studies/training-bias.yaml"))
def plan(
    study: StudyFile = CONFIG,
    seconds: Annotated[float, typer.Option(help="Seconds for each measurement of the calibration.")] = 1.0,
) -> None:
    """Estimate what a study will cost before it runs: jobs, hours, disk and memory, and what is done already."""
    from mrisr.costs.machine import memory
    from mrisr.costs.resources import Resources
    from mrisr.planning.plan import Plan
    from mrisr.running.beforehand import require_possible
    from mrisr.study.validation import load_study

    from .planning import forecast

    planned = Plan(load_study(str(study)))
    # It times the networks here, so they must fit into this machine wherever the study will run.
    require_possible(planned, Resources(planned), source=str(study), memory=memory())
    planned.subjects.digests.save()
    typer.echo(forecast(planned, study, seconds=seconds))


@app.command(
    epilog=example(
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


@app.command(epilog=example("mrisr studies", "mrisr studies --cores 8 config.yaml my-study.yaml"))
def studies(
    files: Annotated[list[Path] | None, typer.Argument(help="Study files. By default all small studies.")] = None,
    cores: Annotated[int, typer.Option(min=1, help="Cores of each study.")] = 2,
) -> None:
    """Run several studies, one after the other, and join their results in results/all-studies/index.html."""
    from mrisr.running.studies import run_all, small_studies

    typer.echo(run_all(files or small_studies(), cores=cores))
