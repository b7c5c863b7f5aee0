"""Turns features into a score by support vector regression with a radial basis function (Schoelkopf et al. 2000).

scikit-learn trains the regressor; it is saved as plain arrays without pickle, and a few lines of numpy apply it. The
constants are those of BRISQUE's authors (libsvm: epsilon-SVR, features scaled to [-1, 1]).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from mrisr import arrays
from mrisr.errors import InputError

from .features import NAMES

COST, GAMMA, EPSILON = 1024.0, 0.05, 0.1
"""Cost of an error beyond epsilon, exponent of the kernel, and the error (in the score's units) that costs nothing."""
TENSORS = ("support_vectors", "dual_coefficients", "intercept", "low", "high")


@dataclass(frozen=True)
class Regressor:
    """A trained regressor.

    ``support_vectors`` [n, 36] are scaled features; ``dual_coefficients`` is [n], ``intercept`` []. ``low`` and
    ``high`` [36] are the features that become -1 and 1. All are float64. ``metadata`` says what it was trained on.
    """

    support_vectors: np.ndarray
    dual_coefficients: np.ndarray
    intercept: np.ndarray
    low: np.ndarray
    high: np.ndarray
    gamma: float = GAMMA
    metadata: dict[str, Any] = field(default_factory=dict)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """Scores [...] of features [..., 36]: sum_i a_i exp(-gamma |x - v_i|^2) + b; NaN of NaN."""
        distances = scaled(features, self.low, self.high)[..., None, :] - self.support_vectors
        return np.exp(-self.gamma * (distances**2).sum(axis=-1)) @ self.dual_coefficients + self.intercept

    def save(self, path: str | os.PathLike) -> None:
        """Write the regressor as safetensors, by rename."""
        metadata = {**self.metadata, "gamma": self.gamma, "features": list(NAMES)}
        arrays.save(path, {name: getattr(self, name) for name in TENSORS}, metadata)


def load(path: str | os.PathLike) -> Regressor:
    """Read what `Regressor.save` wrote; `InputError` if the file is missing or holds no regressor."""
    tensors, metadata = arrays.load(path)
    gamma = metadata.get("gamma")
    known = metadata.get("features") == list(NAMES) and isinstance(gamma, float) and np.isfinite(gamma)
    if not known or not set(TENSORS) <= set(tensors) or not _fit(*(tensors[name] for name in TENSORS)):
        raise InputError(f"{path}: is no regressor of BRISQUE; the rule train_brisque makes one")
    return Regressor(**{name: tensors[name] for name in TENSORS}, gamma=gamma, metadata=metadata)


def _fit(vectors: np.ndarray, coefficients: np.ndarray, intercept: np.ndarray, *limits: np.ndarray) -> bool:
    """Whether tensors have the sizes and the type of a `Regressor`."""
    shapes = vectors.shape[1:], coefficients.shape, intercept.size, *(limit.shape for limit in limits)
    numbers = (vectors, coefficients, intercept, *limits)
    wanted = (len(NAMES),), vectors.shape[:1], 1, (len(NAMES),), (len(NAMES),)
    return shapes == wanted and all(array.dtype == np.float64 for array in numbers)


def train(
    features: np.ndarray,
    scores: np.ndarray,
    *,
    cost: float = COST,
    gamma: float = GAMMA,
    epsilon: float = EPSILON,
    metadata: dict[str, Any] | None = None,
) -> Regressor:
    """Fit a regressor.

    Parameters
    ----------
    features : ndarray
        [n, 36], all finite.
    scores : ndarray
        [n]. Lower is better by convention; nothing here depends on it.
    cost, gamma, epsilon : float
        See `COST`. They suit scores on a scale of about 0 to 100.
    metadata : mapping, optional
        Saved beside the arrays.

    Raises
    ------
    InputError
        There are fewer than two images, all have the same score, or a number is not finite.
    """
    from sklearn.svm import SVR

    features, scores = np.asarray(features, np.float64), np.asarray(scores, np.float64)
    if len(scores) < 2 or np.ptp(scores) == 0:
        raise InputError(f"brisque: {len(scores)} images with {len(set(scores))} different scores teach nothing")
    if not (np.isfinite(features).all() and np.isfinite(scores).all()):
        raise InputError("brisque: features and scores must be finite; leave out images without structure")
    low, high = features.min(axis=0), features.max(axis=0)
    fitted = SVR(C=cost, gamma=gamma, epsilon=epsilon).fit(scaled(features, low, high), scores)
    return Regressor(
        fitted.support_vectors_, fitted.dual_coef_[0], fitted.intercept_[0], low, high, gamma, metadata or {}
    )


def scaled(features: np.ndarray, low: np.ndarray, high: np.ndarray) -> np.ndarray:
    """Features scaled so that ``low`` becomes -1 and ``high`` 1, without clipping."""
    width = np.where(high > low, high - low, 1.0)
    return 2 * (np.asarray(features, np.float64) - low) / width - 1
