"""What the perceptual-gan paper claims: enlarging by 2 works, by 4 it does not, and its GAN is unstable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from . import flips
from .differences import Differences
from .family import CONTRADICTED, FEWEST_SUBJECTS, LEVEL, SUPPORTED, UNDECIDED
from .finding import NOT_SHOWN, SHOWN
from .means import RUN, stepwise_mean
from .order import Metric, Order
from .rivals import WHERE, amount, counted, judged, matched

NETWORK, GAN, FLOOR = "srresnet", "srgan", "bicubic"
"""The paper's networks and the untrained enlargement, under the names of this project's study files."""
FIRST_ATTEMPTS = ("plain", "plain_bn")
"""The paper's first GAN without and with batch norm, likewise."""
WORKS = {2: True, 4: False}
"""By the scale, whether the paper says that its network without a discriminator works."""
TOLERANCE = 0.05
"""A training has converged if its validation loss ends at most this much above its lowest value, relative to it."""
COLLAPSED = 0.5
"""A GAN has collapsed if it keeps less than this share of the differences between slices that the network keeps."""
LOSS, DIVERSITY = "validation_loss", "diversity"
MODEL = ["architecture", "loss"]
COLUMNS = [
    *("claim", *WHERE, "model", "rival", "value", "rival_value", "margin", "low", "high", "p_value"),
    *("subjects", "seeds", "seeds_agree", "result", "decision", "sentence", "note"),
]


def verdicts(
    scores: pd.DataFrame,
    order: Order | Mapping[str, Any],
    histories: pd.DataFrame,
    diversity: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """One row for each claim, scale and model; those on scores also for each test set, test group and metric.

    Models are those that were trained on the test set's degradation. The claims are:

    - At scale 2 the network without a discriminator works: ``margin``, its lead over bicubic enlargement, is positive.
    - At scale 4 it does not: the lead is not positive.
    - The GAN varies from run to run: ``margin`` is the standard deviation (n - 1) over the GAN's seeds minus that over
      the seeds of the network, of a subject's mean.
    - The GAN does not converge: ``margin`` is by how much more than `TOLERANCE` the validation loss ends above its
      lowest value.
    - The first GAN collapses: ``margin`` is by how much less it keeps than `COLLAPSED` times what the network keeps of
      the differences between a subject's slices (``kept`` of diversity.csv).

    ``result`` says whether the claim holds for the mean margin. ``decision`` rests on the two-sided sign-flip test
    (`flips`) over subjects, for the last claim over trainings. It is not corrected for the number of claims, and is
    ``undecided`` below six. ``seeds_agree`` counts the seeds that agree with the claim. It is blank for the spread.

    Parameters
    ----------
    scores : DataFrame
        As `mrisr.statistics.scores.read` gives it.
    order : Order or mapping
        An argument of `Order.of`.
    histories : DataFrame
        history.csv of all models, with the names of each model as columns: ``scale``, ``architecture``, ``loss``
        (instead of the training loss), ``training_set``, ``fold`` and ``seed``.
    diversity : DataFrame, optional
        diversity.csv (`mrisr.evaluation.diversity`). Without it, nothing is said about a collapse.
    """
    order = Order.of(order)
    scores = matched(judged(scores, order))
    rows = []
    for names, table in order.sort(scores, WHERE).groupby(WHERE, sort=False):
        rows += _of_scores(dict(zip(WHERE, names, strict=True)), table, order.metrics[names[-1]])
    rows = [{**row, "note": order.note(order.metrics[row["metric"]], row["test_set"])} for row in rows]
    rows += [*_of_histories(histories), *([] if diversity is None else _of_outputs(diversity))]
    return pd.DataFrame(rows, columns=COLUMNS)


def _of_scores(place: Mapping[str, Any], table: pd.DataFrame, metric: Metric) -> Iterator[dict[str, Any]]:
    trained = table[table["training_set"] != ""]
    found = {" / ".join(names): _by_seed(own) for names, own in trained.groupby(MODEL, sort=False)}
    networks, gans = ({n: v for n, v in found.items() if n.split(" / ")[0] == a} for a in (NETWORK, GAN))
    enlarged = table[(table["training_set"] == "") & (table["architecture"] == FLOOR)]
    if len(enlarged) and place["scale"] in WORKS:
        floor = _by_seed(enlarged.assign(seed=0)).iloc[:, 0]
        for name, own in networks.items():
            yield _works(place, name, own, floor, metric)
    for gan, own in gans.items():
        for name, other in networks.items():
            if min(own.shape[1], other.shape[1]) > 1:
                yield _varies(place, (gan, own), (name, other), metric)


def _works(place: Mapping[str, Any], name: str, own: pd.DataFrame, floor: pd.Series, metric: Metric) -> dict[str, Any]:
    """Whether a network is better than the untrained enlargement. At scale 4 the claim is that it is not."""
    subjects, scale = own.index.intersection(floor.index), place["scale"]
    own, floor = own.loc[subjects], floor[subjects]
    leads = metric.sign * own.sub(floor, axis=0)
    better = WORKS[scale]
    claim = f"{NETWORK} works at scale {scale}" if better else f"{NETWORK} does not work at scale {scale}"
    agree = int(((leads.mean() > 0) == better).sum())
    row = {**place, "claim": claim, "model": name, "rival": FLOOR, "value": _mean(own)}
    row |= {
        "rival_value": _mean(floor.to_numpy()),
        "subjects": len(subjects),
        "seeds": own.shape[1],
        "seeds_agree": agree,
    }
    row |= _decided(leads.to_numpy().mean(axis=1), holds_above=better)
    said = "undefined" if np.isnan(row["margin"]) else amount(row["margin"], metric)
    count = f"{counted(len(subjects), 'subject')}; {agree} of {counted(own.shape[1], 'seed')} agree with the claim"
    sentence = f"{_where(place)}: the {metric.quantity} of {name} is {said} that of {FLOOR} ({count})"
    return {**row, "sentence": f"{sentence}; that {claim} is {row['decision']}."}


def _varies(
    place: Mapping[str, Any], gan: tuple[str, pd.DataFrame], network: tuple[str, pd.DataFrame], metric: Metric
) -> dict[str, Any]:
    """Whether the spread over seeds of a GAN is larger than that of a network, subject by subject."""
    (name, own), (rival, other) = gan, network
    subjects = own.index.intersection(other.index)
    with np.errstate(invalid="ignore"):
        spreads, others = (np.std(values.loc[subjects].to_numpy(), axis=1, ddof=1) for values in (own, other))
    claim = f"{GAN} varies from run to run more than {NETWORK}"
    seeds = min(own.shape[1], other.shape[1])
    row = {**place, "claim": claim, "model": name, "rival": rival, "value": _mean(spreads)}
    row |= {"rival_value": _mean(others), "subjects": len(subjects), "seeds": seeds}
    row |= _decided(spreads - others, holds_above=True)
    sentence = (
        f"{_where(place)}: the {metric.quantity} of a subject has a standard deviation of "
        f"{metric.amount(_mean(spreads))} over {own.shape[1]} seeds of {name}, and of {metric.amount(_mean(others))} "
        f"over {other.shape[1]} of {rival} ({counted(len(subjects), 'subject')})"
    )
    return {**row, "sentence": f"{sentence}; that {claim} is {row['decision']}."}


def _of_histories(histories: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Whether the trainings of the GAN converge, for each scale, model and training set."""
    keys = ["scale", *MODEL, "training_set"]
    for names, table in histories[histories["architecture"] == GAN].groupby(keys, sort=False):
        scale, architecture, loss, training_set = names
        rises = np.array([_rise(own) for _, own in table.groupby(["fold", "seed"], sort=False)])
        claim, name = f"{GAN} does not converge", f"{architecture} / {loss}"
        agree = int((rises > TOLERANCE).sum())
        row = {"claim": claim, "scale": scale, "test_set": training_set, "group": "", "metric": LOSS, "model": name}
        row |= {"rival": "", "value": rises.mean(), "rival_value": TOLERANCE, "seeds": len(rises), "seeds_agree": agree}
        row |= _decided(rises - TOLERANCE, holds_above=True)
        few = f" (a decision needs {FEWEST_SUBJECTS} trainings)" if len(rises) < FEWEST_SUBJECTS else ""
        said = "is undefined" if np.isnan(rises).any() else f"ends {100 * rises.mean():.2g} % above its lowest value"
        often = f"by more than {100 * TOLERANCE:g} % in {agree} of {counted(len(rises), 'training')}"
        sentence = f"{name}, x{scale}, trained on {training_set}: the validation loss {said} on average, {often}"
        yield {**row, "sentence": f"{sentence}; that {claim} is {row['decision']}{few}."}


def _rise(history: pd.DataFrame) -> float:
    """By which share of its lowest value the validation loss ends above it; NaN if it was not measured."""
    losses = history.sort_values("epoch")[LOSS].dropna()
    if losses.empty or not losses.min() > 0:
        return np.nan
    return float(losses.iloc[-1] / losses.min() - 1)


def _of_outputs(diversity: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Whether each of the first attempts collapses, beside each network that was trained without a discriminator."""
    for (scale, test_set, group), table in diversity.groupby(["scale", "training_set", "group"], sort=False):
        place = {"scale": scale, "test_set": test_set, "group": str(group), "metric": DIVERSITY}
        kept = {
            names: own.groupby(["subject", "seed"], dropna=False)["kept"].mean().unstack("seed")
            for names, own in table.groupby(MODEL, sort=False)
        }
        networks = {" / ".join(names): own for names, own in kept.items() if names[0] == NETWORK}
        for names, own in kept.items():
            for rival, other in networks.items() if names[0] in FIRST_ATTEMPTS else ():
                yield _collapses(place, names, own, rival, other)


def _collapses(
    place: Mapping[str, Any], names: tuple[str, str], own: pd.DataFrame, rival: str, other: pd.DataFrame
) -> dict[str, Any]:
    """Whether a GAN keeps far less of the differences between slices than a network, subject by subject."""
    kept, bounds = own.to_numpy(), COLLAPSED * other.reindex(own.index).to_numpy().mean(axis=1)
    claim, name = f"{names[0]} collapses", " / ".join(names)
    agree = int((kept.mean(axis=0) < bounds.mean()).sum())
    row = {**place, "claim": claim, "model": name, "rival": rival, "value": _mean(own), "rival_value": _mean(other)}
    subjects = int(own.index.notna().sum())
    row |= {"subjects": subjects, "seeds": own.shape[1], "seeds_agree": agree}
    row |= _decided(bounds - kept.mean(axis=1), holds_above=True)
    said = "an undefined share" if np.isnan(row["margin"]) else f"{100 * row['value']:.3g} %"
    beside = "" if np.isnan(row["margin"]) else f" and those of {rival} {100 * row['rival_value']:.3g} %"
    sentence = (
        f"{_where(place)}: the outputs of {name} keep {said} of the differences between a subject's slices{beside} "
        f"({counted(subjects, 'subject')}; in {agree} of {counted(own.shape[1], 'seed')} less than half as much)"
    )
    return {**row, "sentence": f"{sentence}; that {claim} is {row['decision']}."}


def _decided(margins: np.ndarray, *, holds_above: bool) -> dict[str, Any]:
    """The mean margin with its interval, and what follows for a claim that it is positive, or that it is not."""
    numbers = Differences(margins).numbers()
    margin, p_value, decision = numbers["difference"], np.nan, UNDECIDED
    holds = bool(margin > 0) if holds_above else bool(margin <= 0)
    if len(margins) >= FEWEST_SUBJECTS and np.isfinite(margins).all():
        p_value = float(flips.p_values(margins[:, None])[0])
        if p_value < LEVEL:
            decision = SUPPORTED if holds else CONTRADICTED
    found = {"margin": margin, "low": numbers["low"], "high": numbers["high"], "p_value": p_value}
    return {**found, "result": SHOWN if holds else NOT_SHOWN, "decision": decision}


def _by_seed(table: pd.DataFrame) -> pd.DataFrame:
    """Means over slices, then folds: a row for each subject, a column for each seed."""
    means = stepwise_mean(table.set_index(["subject", *RUN])["value"], ["subject", *RUN], ["subject", "seed"])
    return means.unstack("seed")


def _mean(values: pd.DataFrame | np.ndarray) -> float:
    """The mean of all values; NaN if any is undefined."""
    return float(np.mean(np.asarray(values)))


def _where(place: Mapping[str, Any]) -> str:
    return f"x{place['scale']} on {place['test_set']}, test group {place['group']}"
