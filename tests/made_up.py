"""A study of made-up scores at the size of the training-bias paper, and its explorer, for tests without a training."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mrisr import plugins
from mrisr.evaluation.scoring import write_scores
from mrisr.explorer import page, pictures
from mrisr.statistics import scores
from mrisr.statistics.order import Order
from project import phantom
from scipy.ndimage import gaussian_filter

SINGLES = ("gaussian", "hanning", "hamming", "bicubic", "mean", "median")
SETS = (*SINGLES, "combine")
ARCHITECTURES, LOSSES = ("srcnn", "srdensenet", "rrdbnet"), ("mse", "l1", "ssim")
MODELS = tuple(itertools.product(ARCHITECTURES, LOSSES, SETS))
METRICS = {"psnr": ("PSNR (dB)", True), "ssim": ("SSIM", True), "nrmse": ("NRMSE", False)}
ORDER = {
    "training_sets": list(SETS),
    "test_sets": list(SETS),
    "architectures": ["input", *ARCHITECTURES],
    "losses": list(LOSSES),
    "groups": ["main"],
    "metrics": {name: {"label": label, "higher_is_better": up, "options": {}} for name, (label, up) in METRICS.items()},
    "mixtures": ["combine"],
}
SLICES, EPOCHS, SIDE = 12, 500, 128
HOSTILE = "</script><script>document.title='taken'</script><img src=x onerror=document.title='taken'>"


def explore(folder: Path, **changes: Any) -> Path:
    """Make up scores, histories and records in a folder, and write the explorer from them."""
    random = np.random.default_rng(0)
    rows = [(2, "input", "", "", None, None), *((2, *model, 0, 0) for model in MODELS)]
    table = pd.DataFrame(
        [
            (*row, test, "main", "cleo", index, metric, round(30 + random.normal() + 3 * (row[3] == test), 6))
            for row, test, index, metric in itertools.product(rows, SETS, range(SLICES), METRICS)
        ],
        columns=list(scores.COLUMNS),
    ).astype({"seed": "Int64", "fold": "Int64"})
    write_scores(folder / "scores.csv", table)
    # Findings of one metric and setting: all of them take a minute.
    order = Order.of({**ORDER, "metrics": {"psnr": ORDER["metrics"]["psnr"]}})
    chosen = "metric == 'psnr' and loss == 'ssim' and architecture == 'rrdbnet'"
    psnr = scores.read([folder / "scores.csv"]).query(chosen)
    ((_, found),) = plugins.load("tables", "findings").files(psnr, order)
    write_scores(folder / "findings.csv", found)
    epochs = np.arange(1, EPOCHS + 1)
    curve = {"epoch": epochs, "loss": 1 / epochs, "validation_loss": 1.5 / epochs, "validation_psnr": 30 - 9 / epochs}
    pd.DataFrame(curve).to_csv(folder / "history.csv", index=False)
    record = {"identity": "a" * 64, "command": ["mrisr", "train", "--loss", HOSTILE], "device": "cpu", "seconds": 1.5}
    (folder / "run.json").write_text(json.dumps({**record, "host": "secret-host"}))
    names = [{"scale": 2, "architecture": a, "loss": b, "training_set": c, "seed": 0, "fold": 0} for a, b, c in MODELS]
    baseline = {"scale": 2, "architecture": "input", "loss": "", "training_set": ""}
    settings = {
        "study": HOSTILE,
        "order": ORDER,
        "models": [
            {"names": name, "parameters": {"loss": {"kind": HOSTILE}, "training": {"batch": 16}}} for name in names
        ],
        "baselines": [{"names": baseline, "method": {"kind": "input", "options": {}}}],
        "grid": "same",
        "subject": "cleo",
        **changes,
    }
    reads = {
        "scores": folder / "scores.csv",
        "findings": folder / "findings.csv",
        "histories": [folder / "history.csv"] * len(MODELS),
    }
    made = [{"train": str(folder / "run.json"), "evaluate": str(folder / "run.json")}] * len(MODELS)
    made.append({"evaluate": str(folder / "run.json")})
    writes = {"explorer": str(folder / "explorer.html")}
    page.run(reads, writes, settings={**settings, "records": made}, identity="b" * 64)
    return folder / "explorer.html"


def shown() -> dict[str, Any]:
    """Made-up pictures of a head, each estimate with errors of its own inside it, as real ones have."""
    kept, random = pictures.Kept(), np.random.default_rng(1)
    volume = phantom(0, (SIDE, SIDE, 3))[..., 1]
    sharp = volume / volume.max()
    entry = {}
    for test in SETS:
        estimates = {}
        for number in range(len(MODELS) + 1):
            noise = gaussian_filter(random.normal(0, 0.1, sharp.shape), 1.2) * (sharp > 0.05)
            named = f"2/{test}/0/{number}"
            estimates[number] = [kept.add(named, sharp + noise), kept.add(f"{named}/error", np.abs(noise) / 0.1)]
        entry[test] = [
            {
                "high": kept.add(f"2/{test}/0/high", sharp),
                "low": kept.add(f"2/{test}/0/low", sharp * 0.9),
                "error": 0.1,
                "estimates": estimates,
            }
        ]
    return {"slices": [90], "aspect": 1.0, "shown": {"2": entry}, **kept.encoded()}
