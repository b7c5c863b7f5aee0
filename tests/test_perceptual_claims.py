"""The claims of the perceptual-gan paper, decided from made-up scores and histories."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import yaml
from mrisr.evaluation.scoring import COLUMNS, write_scores
from mrisr.planning import figures, tables
from mrisr.statistics import perceptual
from mrisr.statistics.tabulate import run
from mrisr.study.validation import load_study, validate
from project import ROOT
from scipy.stats import permutation_test

ORDER = {
    "training_sets": ["blur"],
    "test_sets": ["blur"],
    "architectures": ["bicubic", "srresnet", "srgan"],
    "losses": ["mse", "gan"],
    "groups": ["people"],
    "metrics": {"psnr": {"label": "PSNR (dB)", "higher_is_better": True}},
}
NOTHING = pd.DataFrame(
    columns=["scale", "architecture", "loss", "training_set", "fold", "seed", "epoch", "validation_loss"]
)


def scores(value, subjects: int = 6, seeds: int = 3, scale: int = 2) -> pd.DataFrame:
    """Scores of bicubic enlargement, which is 30, and of both networks: 30 + value(architecture, seed, subject)."""
    common = {"scale": scale, "test_set": "blur", "group": "people", "slice": 0, "metric": "psnr", "fold": 0}
    rows = [
        {**common, "architecture": "bicubic", "loss": "", "training_set": "", "subject": f"s{s}", "value": 30.0}
        for s in range(subjects)
    ]
    rows += [
        {**common, "architecture": name, "loss": loss, "training_set": "blur", "subject": f"s{s}", "seed": seed}
        | {"value": 30 + value(name, seed, s)}
        for (name, loss), s, seed in itertools.product(
            (("srresnet", "mse"), ("srgan", "gan")), range(subjects), range(seeds)
        )
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def history(*losses: list[float], architecture: str = "srgan") -> pd.DataFrame:
    """Validation losses of one training for each seed."""
    return pd.DataFrame(
        [
            {"scale": 2, "architecture": architecture, "loss": "gan", "training_set": "blur", "fold": 0, "seed": seed}
            | {"epoch": epoch, "validation_loss": loss}
            for seed, curve in enumerate(losses)
            for epoch, loss in enumerate(curve, start=1)
        ]
    )


def claim(found: pd.DataFrame, words: str) -> pd.Series:
    (row,) = (row for _, row in found.iterrows() if words in row["claim"])
    return row


@pytest.mark.parametrize(
    ("scale", "lead", "decision"),
    [(2, 1, "supported"), (2, -1, "contradicted"), (4, 1, "contradicted"), (4, -1, "supported")],
)
def test_the_paper_says_that_scale_2_works_and_scale_4_does_not(scale, lead, decision):
    table = scores(lambda name, seed, s: lead * (1 + 0.1 * s + 0.01 * seed), scale=scale)
    row = claim(perceptual.verdicts(table, ORDER, NOTHING), f"at scale {scale}")
    assert row["decision"] == decision
    leads = [lead * (1.01 + 0.1 * s) for s in range(6)]
    assert row["margin"] == pytest.approx(np.mean(leads))
    exact = permutation_test((leads,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert row["p_value"] == pytest.approx(exact.pvalue)
    assert (row["seeds"], row["seeds_agree"]) == (3, 3 if decision == "supported" else 0)


def test_one_seed_that_disagrees_is_counted_and_told():
    table = scores(lambda name, seed, s: (2.0 if seed else -1.0) + 0.1 * s)
    row = claim(perceptual.verdicts(table, ORDER, NOTHING), "works at scale 2")
    assert row["sentence"] == (
        "x2 on blur, test group people: the PSNR of srresnet / mse is 1.25 dB better than that of bicubic (6 subjects; "
        "2 of 3 seeds agree with the claim); that srresnet works at scale 2 is supported."
    )


def test_five_subjects_decide_nothing():
    row = claim(perceptual.verdicts(scores(lambda *_: 1.0, subjects=5), ORDER, NOTHING), "works at scale 2")
    assert (row["result"], row["decision"]) == ("shown on these slices", "undecided")
    assert np.isnan(row["p_value"])


def test_a_gan_that_differs_from_seed_to_seed_varies_more():
    def value(name, seed, subject):
        return (1.0 if name == "srgan" else 0.1) * (1 + 0.1 * subject) * seed

    row = claim(perceptual.verdicts(scores(value), ORDER, NOTHING), "varies")
    spreads = [(1 + 0.1 * s) * np.std([0, 1, 2], ddof=1) for s in range(6)]
    assert row["value"] == pytest.approx(np.mean(spreads))
    assert row["margin"] == pytest.approx(0.9 * np.mean(spreads))
    assert row["decision"] == "supported"
    single = perceptual.verdicts(scores(value, seeds=1), ORDER, NOTHING)
    assert not single["claim"].str.contains("varies").any()


def test_a_loss_that_ends_far_above_its_lowest_value_has_not_converged():
    falling, rising = [3.0, 2.0, 1.0, 1.02], [3.0, 1.0, 1.5, 1.3]
    row = claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, history(falling, rising)), "converge")
    assert row["value"] == pytest.approx(np.mean([0.02, 0.3]))
    assert row["margin"] == pytest.approx(0.16 - 0.05)
    assert (row["seeds"], row["seeds_agree"], row["decision"]) == (2, 1, "undecided")
    assert row["sentence"] == (
        "srgan / gan, x2, trained on blur: the validation loss ends 16 % above its lowest value on average, by more "
        "than 5 % in 1 of 2 trainings; that srgan does not converge is undecided (a decision needs 6 trainings)."
    )
    six = history(*([3.0, 1.0, 1.2 + 0.01 * seed] for seed in range(6)))
    assert claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, six), "converge")["decision"] == "supported"
    calm = history(*([3.0, 1.0, 1.0 + 0.001 * seed] for seed in range(6)))
    assert claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, calm), "converge")["decision"] == "contradicted"


def outputs(kept, subjects: int = 6, seeds: int = 3) -> pd.DataFrame:
    """Rows of diversity.csv for three models: kept(architecture, seed, subject)."""
    return pd.DataFrame(
        {"scale": 2, "architecture": name, "loss": loss, "training_set": "blur", "seed": seed, "fold": 0}
        | {"group": "people", "subject": f"s{s}", "slices": 8, "kept": kept(name, seed, s)}
        for (name, loss), seed, s in itertools.product(
            (("srresnet", "mse"), ("plain", "plain_gan"), ("plain_bn", "plain_gan_bn")), range(seeds), range(subjects)
        )
    )


def collapse(table: pd.DataFrame, words: str) -> pd.Series:
    return claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, NOTHING, table), words)


def test_a_gan_that_keeps_less_than_half_of_what_the_network_keeps_has_collapsed():
    table = outputs(lambda name, seed, s: {"srresnet": 0.9, "plain": 0.8, "plain_bn": 0.1 * seed}[name] + 0.01 * s)
    row = collapse(table, "plain_bn collapses")
    assert row["decision"] == "supported"
    assert row["margin"] == pytest.approx(np.mean([0.5 * (0.9 + 0.01 * s) - 0.1 - 0.01 * s for s in range(6)]))
    assert (row["subjects"], row["seeds"], row["seeds_agree"], row["rival"]) == (6, 3, 3, "srresnet / mse")
    assert row["sentence"] == (
        "x2 on blur, test group people: the outputs of plain_bn / plain_gan_bn keep 12.5 % of the differences between "
        "a subject's slices and those of srresnet / mse 92.5 % (6 subjects; in 3 of 3 seeds less than half as much); "
        "that plain_bn collapses is supported."
    )
    assert collapse(table, "plain collapses")["decision"] == "contradicted"


def test_a_collapse_of_one_seed_and_few_subjects_is_told_and_undecided():
    table = outputs(lambda name, seed, s: 0.1 if name != "srresnet" and seed == 2 else 0.9, subjects=2)
    row = collapse(table, "plain collapses")
    assert (row["seeds_agree"], row["decision"], row["result"]) == (1, "undecided", "not shown")


def test_outputs_that_were_not_measured_leave_the_collapse_undecided():
    """As in a group whose subjects have one slice each."""
    table = outputs(lambda *_: np.nan, subjects=1).assign(subject=np.nan)
    row = collapse(table, "plain collapses")
    assert (row["subjects"], row["decision"]) == (0, "undecided")
    assert "an undefined share of" in row["sentence"]
    assert not perceptual.verdicts(scores(lambda *_: 0.0), ORDER, NOTHING)["claim"].str.contains("collapses").any()


def test_epochs_without_a_validation_and_a_gan_without_content_give_no_verdict():
    row = claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, history([np.nan, 2.0, np.nan, 2.5])), "converge")
    assert row["value"] == pytest.approx(0.25)
    row = claim(perceptual.verdicts(scores(lambda *_: 0.0), ORDER, history([np.nan, np.nan])), "converge")
    assert np.isnan(row["margin"])
    assert row["decision"] == "undecided"
    assert "is undefined" in row["sentence"]


def test_an_undefined_score_leaves_its_claim_undecided():
    table = scores(lambda name, seed, s: np.nan if (name, seed, s) == ("srresnet", 1, 2) else 1.0 + s)
    row = claim(perceptual.verdicts(table, ORDER, NOTHING), "works at scale 2")
    assert np.isnan(row["margin"])
    assert (row["decision"], row["result"]) == ("undecided", "not shown")
    assert "undefined" in row["sentence"]


def test_the_stage_reads_the_histories_of_all_models(tmp_path):
    write_scores(tmp_path / "scores.csv", scores(lambda *_: 1.0).astype({"seed": "Int64", "fold": "Int64"}))
    names = [
        {"scale": 2, "architecture": a, "loss": b, "training_set": "blur", "fold": 0, "seed": 0}
        for a, b in (("srresnet", "mse"), ("srgan", "gan"))
    ]
    for number, last in enumerate((1.0, 1.5)):
        curve = pd.DataFrame({"epoch": [1, 2], "loss": [9.0, 9.0], "validation_loss": [1.0, last]})
        curve.to_csv(tmp_path / f"{number}.csv", index=False)
    reads = {"scores": [str(tmp_path / "scores.csv")], "histories": [str(tmp_path / f"{n}.csv") for n in (0, 1)]}
    writes = {"scores": str(tmp_path / "all.csv"), "verdicts.csv": str(tmp_path / "verdicts.csv")}
    settings = {**ORDER, "tables": {"perceptual": {"paper": "perceptual-gan"}}, "trained": names}
    run(reads, writes, settings=settings, identity="x")
    row = claim(pd.read_csv(tmp_path / "verdicts.csv"), "converge")
    assert (row["model"], row["value"]) == ("srgan / gan", 0.5)


def test_the_papers_study_has_verdicts_and_no_printed_numbers_beside_it():
    study = load_study(str(ROOT / "workflow/studies/perceptual-gan-small.yaml"))
    assert "perceptual" in tables.written(study)
    assert "beside_the_paper" not in tables.written(study)
    assert "beside_the_paper" not in figures.drawn(study)
    raw = yaml.safe_load((ROOT / "config.yaml").read_text())
    assert "perceptual" not in tables.written(validate(raw, source="study"))
