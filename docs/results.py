"""Put the default study's heat map, table and findings into README.md: run `python docs/results.py` after the study."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results/default"
MARKS = re.compile(r"<!-- results -->.*<!-- /results -->", flags=re.S)


def main() -> None:
    """Copy the figure and rewrite what stands between the marks in README.md."""
    images = ROOT / "docs/images"
    images.mkdir(exist_ok=True)
    shutil.copy(RESULTS / "figures/x2/heatmap_psnr.png", images / "heatmap_psnr.png")
    text = "\n".join(
        [
            "<!-- results -->",
            summary(),
            "",
            "![PSNR of every model on every test set](docs/images/heatmap_psnr.png)",
            "",
            "PSNR in dB of SRCNN with the MSE loss, mean over the test slices of the human brain; a row is what",
            "the model was trained on, a column what it was tested on, the best single-degradation model in bold:",
            "",
            table(),
            "<!-- /results -->",
        ]
    )
    readme = ROOT / "README.md"
    readme.write_text(MARKS.sub(lambda _: text, readme.read_text()))


def summary() -> str:
    """The findings of the default study as sentences, word for word from findings.csv."""
    findings = pd.read_csv(RESULTS / "tables/findings.csv", keep_default_na=False)
    group = findings["group"].iloc[0]
    chosen = findings[
        (findings["metric"] == "psnr")
        & (findings["group"] == group)
        & findings["total"].ne("")
        & findings["measure"].isin(["matched models on all test sets", "mean over test sets"])
    ]
    lines = [f"- {row.hypothesis}: {row.sentence}" for row in chosen.itertuples()]
    head = (
        "Found by the default study, which trains on one scan and tests on another: it holds for these slices and no\n"
        "more, and the verdict on both hypotheses stays `undecided` (that takes eleven test subjects)."
    )
    return "\n".join([head, "", *lines])


def table() -> str:
    """The PSNR table of SRCNN with MSE as Markdown."""
    wide = pd.read_csv(RESULTS / "tables/psnr.csv", keep_default_na=False)
    rows = wide[(wide["architecture"] == "input") | ((wide["architecture"] == "srcnn") & (wide["loss"] == "mse"))]
    test_sets = [name for name in rows.columns if name in set(rows["training_set"])]
    single = rows[rows["training_set"].isin([name for name in test_sets if name != "combine"])]
    lines = ["| trained on | " + " | ".join(test_sets) + " |", "|---" * (len(test_sets) + 1) + "|"]
    for _, row in rows.iterrows():
        name = row["training_set"] or "(input)"
        cells = []
        for test_set in test_sets:
            value = float(row[test_set])
            best = name in set(single["training_set"]) and value == single[test_set].astype(float).max()
            cells.append(f"**{value:.2f}**" if best else f"{value:.2f}")
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
