"""Put the default study's heat map, table and findings into README.md: run `python docs/results.py` after the study."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pandas as pd

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "results/default"
MARKS = re.compile(r"<!-- results -->.*<!-- /results -->", flags=re.S)
HEAD = """\
The default study trains on one scan and tests on {count} other people:
{people}.
They are not a sample of any population: their scans stand in Python packages. A rat is a second test group.

{sentences}

- **H1**: a model is biased toward the degradation it was trained on. On each test set, the *matched* model (trained on
  that same degradation) should beat the other models that were trained on one degradation.
- **H2**: training on a mixture generalises. The model trained on `combine` (a mixture of all six degradations) should
  have a better mean over the test sets than each model trained on one degradation.

A margin is the lead of the model that the hypothesis favours. A negative margin speaks against the hypothesis.
*In 1 of 2 seeds alone* means: with the models of one of the two seeds, the same people give the same decision.
[Methods](docs/methods.md#statistics) says how hypotheses are decided. The lines below are about SRCNN with MSE, and
about metrics that disagree. `tables/findings.csv` has the same for every model.
"""
"""The text above the findings."""
SHOWN = ("srcnn", "mse")
"""Architecture and loss whose findings and table are shown."""
TABLE_HEAD = """\
The table shows the PSNR in dB of SRCNN with the MSE loss, as the mean over the people and the seeds. A row is a
training set, a column is a test set. The row `(input)` is the degraded image itself, without a model. The best model
that was trained on one degradation is bold."""
"""The text above the table."""
MEASURES = ["matched models on all test sets", "mean over test sets", "bias index", "price of the mixture"]
"""Measures whose summaries are shown."""
PER_TEST_SET = "matched model against the best other"


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
            TABLE_HEAD,
            "",
            table(),
            "<!-- /results -->",
        ]
    )
    readme = ROOT / "README.md"
    readme.write_text(MARKS.sub(lambda _: text, readme.read_text()))


def summary() -> str:
    """What was decided in two sentences, then sentences of findings.csv on `SHOWN`, and where metrics disagree."""
    findings = pd.read_csv(RESULTS / "tables/findings.csv", keep_default_na=False)
    group = findings["group"].iloc[0]
    findings = findings[(findings["metric"] == "psnr") & (findings["group"] == group)]
    chosen = findings[findings["rival"].eq("") & findings["measure"].isin(MEASURES)]
    parts = findings[findings["measure"] == PER_TEST_SET]
    people = max(chosen["people"], key=len).split()
    sentences = "\n\n".join(decided(chosen[chosen["hypothesis"] == name], name, parts) for name in ("H1", "H2"))
    head = HEAD.format(count=len(people), people=", ".join(people), sentences=sentences)
    lines = [
        f"- {row.hypothesis.capitalize()}: {without_names(row.sentence, row.people)}"
        for row in chosen.itertuples()
        if (row.architecture, row.loss) == SHOWN
    ]
    return "\n".join([head, *lines, *disagreements(group)])


def decided(summaries: pd.DataFrame, hypothesis: str, parts: pd.DataFrame) -> str:
    """For example: H1 is contradicted for 1 of 2 models: srcnn / mse (by the gaussian model on hamming; one seed)."""
    found = []
    for decision, rows in summaries.groupby("decision", sort=False):
        names = [
            f"{row.architecture} / {row.loss}{remark(row, parts[parts['hypothesis'] == hypothesis])}"
            for row in rows.itertuples()
        ]
        found.append(f"`{decision}` for {len(rows)} of {len(summaries)} models: {', '.join(names)}")
    return f"For these people, {hypothesis} is {'; it is '.join(found)}."


def remark(row: tuple, parts: pd.DataFrame) -> str:
    """Who contradicts, or on which test sets an undecided hypothesis is supported; and on how many seeds it rests."""
    own = parts[(parts["architecture"] == row.architecture) & (parts["loss"] == row.loss)]
    holds = own.loc[own["decision"] == "supported", "test_set"].tolist()
    seeds = "one seed" if int(row.seeds) == 1 else f"in {row.seeds_decide} of {row.seeds} seeds alone"
    found = [f"by {row.against}"] if row.against else []
    if row.decision == "undecided" and holds:
        found.append(f"supported on {len(holds)} of {len(own)} test sets: {', '.join(holds)}")
    return f" ({'; '.join([*found, seeds])})"


def without_names(sentence: str, people: str) -> str:
    """The sentence without the list of subjects, which stands above once for all."""
    return sentence.replace(f" ({', '.join(people.split())})", "")


def disagreements(group: str) -> list[str]:
    """One line for each statement on which the metrics do not agree, from stability.csv."""
    stability = pd.read_csv(RESULTS / "tables/stability.csv", keep_default_na=False)
    chosen = stability[(stability["group"] == group) & stability["test_set"].eq("")]
    disputed = chosen.loc[chosen["agree"] == "no", "sentence"].drop_duplicates()
    return [f"- {line}" for line in disputed] or ["- All metrics of the study give the same decisions."]


def table() -> str:
    """The PSNR table of SRCNN with MSE as Markdown."""
    wide = pd.read_csv(RESULTS / "tables/psnr.csv", keep_default_na=False)
    rows = wide[(wide["architecture"] == "input") | ((wide["architecture"] == SHOWN[0]) & (wide["loss"] == SHOWN[1]))]
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
