"""A block: trained models of the same scale, architecture and loss, compared on one test group by one metric."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from .contrasts import Contrast, Observations, Values, contrast, overall
from .order import Metric, Order
from .tables import defined

NAMES = ["scale", "architecture", "loss", "group", "metric"]
OBSERVATION = ["seed", "fold", "subject", "slice"]


@dataclass(frozen=True)
class Block:
    """The scores of the models of a block.

    ``values`` is {(training set, test set): `Values` on the block's ``observations``}.
    """

    names: Mapping[str, Any]
    observations: Observations
    values: Mapping[tuple[str, str], Values]
    order: Order

    @functools.cached_property
    def metric(self) -> Metric:
        """The metric of the block."""
        return self.order.metrics[self.names["metric"]]

    @functools.cached_property
    def means(self) -> dict[tuple[str, str], float]:
        """Value of each model on each test set, as in the tables."""
        return {pair: overall(values, self.observations) for pair, values in self.values.items()}

    @functools.cached_property
    def training_sets(self) -> list[str]:
        """Training sets of the block's models, in the study's order."""
        return self.order.names("training_set", [training_set for training_set, _ in self.values])

    @functools.cached_property
    def single_test_sets(self) -> list[str]:
        """Test sets of a single degradation, in the study's order."""
        return self.order.singles(self.order.names("test_set", [test_set for _, test_set in self.values]))

    @functools.cached_property
    def gaps(self) -> dict[tuple[str, str], Contrast]:
        """{(d, d'): model trained on d' against the model trained on d, both on the test set d'}.

        Left out are pairs with d = d' (the gap is 0) and test sets that no model was trained on.
        """
        found = {}
        for (training_set, test_set), other in self.values.items():
            matched = self.values.get((test_set, test_set))
            if matched is not None and training_set != test_set:
                found[training_set, test_set] = self.contrast(matched, other)
        return {pair: compared for pair, compared in found.items() if compared is not None}

    def contrast(self, first: Values, second: Values) -> Contrast | None:
        """Compare two models of the block."""
        return contrast(first, second, self.observations)


def blocks(scores: pd.DataFrame, order: Order) -> Iterator[Block]:
    """The blocks of all trained models, for every metric of the study."""
    trained = defined(scores)
    trained = trained[(trained["training_set"] != "") & trained["metric"].isin(list(order.metrics))]
    for names, table in trained.groupby(NAMES):
        observation = table.groupby(OBSERVATION).ngroup().to_numpy()
        observations = Observations.of(table.iloc[np.unique(observation, return_index=True)[1]])
        cells = table.groupby(["training_set", "test_set"]).indices
        values = {pair: _values(table, rows, observation) for pair, rows in cells.items()}
        yield Block(dict(zip(NAMES, names, strict=True)), observations, values, order)


def _values(table: pd.DataFrame, rows: np.ndarray, observation: np.ndarray) -> Values:
    values, present = np.full(observation.max() + 1, np.nan), np.zeros(observation.max() + 1, bool)
    values[observation[rows]] = table["value"].to_numpy()[rows]
    present[observation[rows]] = True
    return Values(values, present)
