"""Runs the benchmarks, and writes tables and plots.

    python -m benchmarks                        all comparisons of two ways of one task, about ten minutes
    python -m benchmarks metrics degradations   some of them
    python -m benchmarks --out /tmp/speed       also write speed.csv and speed.png into a folder
    python -m benchmarks study graph growth utilisation --readme
                                                measurements: what each table says is in benchmarks/README.md

Measurements are kept in results/benchmarks/, so that the same command goes on after an interruption. They begin anew on
another machine and after a change of the library. With --readme, their tables and the picture of the growth are written
into benchmarks/. The programs kernels, memory, blurs and decisions run by themselves: see benchmarks/README.md.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, fields
from pathlib import Path

from benchmarks.kept import ROOT, Kept, write_into_readme
from benchmarks.side_by_side import Row

# Processor time is compared, so everything runs in one thread. Read when the libraries are imported.
for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

BENCHMARKS = ("start", "degradations", "metrics", "training", "baselines")
MEASUREMENTS = ("study", "graph", "growth", "utilisation")
KEPT = ROOT / "results/benchmarks"


def main() -> None:
    """Run the chosen benchmarks."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    known = [[], *BENCHMARKS, *MEASUREMENTS]
    parser.add_argument("benchmark", nargs="*", choices=known, metavar="benchmark", help="which to run")
    parser.add_argument("--out", type=Path, help="folder for speed.csv and speed.png")
    parser.add_argument("--readme", action="store_true", help="write tables of measurements into benchmarks/README.md")
    parser.add_argument("--results", type=Path, default=ROOT / "results/default", help="finished study for `study`")
    arguments = parser.parse_args()
    chosen = arguments.benchmark or BENCHMARKS
    if compared := [name for name in chosen if name in BENCHMARKS]:
        rows = compare(compared)
        if arguments.out:
            write(rows, arguments.out)
    for name in (name for name in chosen if name in MEASUREMENTS):
        text = measure(name, arguments.results, ROOT / "benchmarks" if arguments.readme else KEPT)
        print(f"\n{text}\n")
        if arguments.readme:
            write_into_readme(name, text)


def measure(name: str, results: Path, pictures: Path) -> str:
    """The table of a measurement. A picture is written into a folder."""
    given = {"study": {"results": results}, "growth": {"picture": pictures / "growth.png"}}.get(name, {})
    return importlib.import_module(f"benchmarks.{name}").table(Kept(KEPT / f"{name}.json"), **given)


def compare(chosen: Sequence[str]) -> list[Row]:
    """Run comparisons and print their rows."""
    print(f"{platform.machine()}, Python {platform.python_version()}, one thread; milliseconds of processor time\n")
    print("| benchmark | task | ours | other | a | times as fast | target |\n|---|---|---|---|---|---|---|")
    rows = []
    for benchmark in chosen:
        for row in importlib.import_module(f"benchmarks.{benchmark}").rows():
            rows.append(row)
            target = "" if row.target is None else f"{row.target:g}"
            cells = (row.benchmark, row.task, f"{row.ours:.3g}", f"{row.other:.3g}", row.unit, f"{row.ratio:.2f}")
            print("| " + " | ".join([*cells, target]) + " |", flush=True)
    return rows


def write(rows: list[Row], folder: Path) -> None:
    """Write the rows as a table, and the ratios as bars."""
    import matplotlib
    import pandas as pd

    matplotlib.use("agg")
    from matplotlib import pyplot as plt

    folder.mkdir(parents=True, exist_ok=True)
    columns = [field.name for field in fields(Row)]
    pd.DataFrame([asdict(row) for row in rows], columns=columns).to_csv(folder / "speed.csv", index=False)
    figure, axes = plt.subplots(figsize=(7, 0.8 + 0.25 * len(rows)), layout="constrained")
    places = range(len(rows), 0, -1)
    axes.barh(places, [row.ratio for row in rows], color="#0072b2")
    for place, row in zip(places, rows, strict=True):
        if row.target is not None:
            axes.plot([row.target] * 2, [place - 0.4, place + 0.4], color="#d55e00", linewidth=2)
    axes.axvline(1, color="black", linewidth=0.8)
    axes.set(xscale="log", xlabel="times as fast as the other way (orange: target)", ylim=(0.4, len(rows) + 0.6))
    axes.set_yticks(list(places), [f"{row.benchmark}: {row.task}" for row in rows], fontsize=7)
    figure.savefig(folder / "speed.png", dpi=150)


if __name__ == "__main__":
    main()
