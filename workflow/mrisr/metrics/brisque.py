"""BRISQUE: how distorted an image looks, without its reference (Mittal et al., https://doi.org/10.1109/TIP.2012.2214050)."""

from __future__ import annotations

import functools
import os

import numpy as np

from mrisr.errors import InputError
from mrisr.quality.features import features
from mrisr.quality.regressor import Regressor, load


class BRISQUE:
    """Score of the estimate alone; the reference is ignored. Lower is better.

    A regressor maps 36 natural scene statistics to the score. The score has the unit and range of the scores that the
    regressor was trained on: about 0 to 100 with `mrisr.quality.proxy`. The regressor extrapolates, so values below 0
    occur. Scores of different regressors cannot be compared. NaN for an image without structure (a constant one).

    Parameters
    ----------
    regressor : str, optional
        Path of ``regressor.safetensors``. The workflow sets it. There is no default: regressors for photographs say
        little about MR images, and the scores of the realistic-downsampling paper are not public.
    """

    LABEL = "BRISQUE"
    HIGHER_IS_BETTER = False
    RANGE = (None, None)
    NEEDS_REFERENCE = False
    NEEDS = {"regressor": "brisque"}

    def __init__(self, *, regressor: str | None = None):
        if regressor is None:
            raise InputError("brisque: needs a trained regressor; set its option regressor to the path of the file")
        self.regressor = _loaded(os.path.abspath(regressor), _stamp(regressor))

    def __call__(self, reference: np.ndarray, estimate: np.ndarray, *, data_range: float = 1.0) -> float:
        """BRISQUE of a float64 image; `InputError` if it is too small for the statistics."""
        return float(self.regressor.predict(features(estimate, data_range=data_range)))


def _stamp(path: str) -> tuple[int, int]:
    try:
        status = os.stat(path)
    except OSError as error:
        raise InputError(f"brisque: the regressor {path} cannot be read ({error.strerror})") from error
    return status.st_size, status.st_mtime_ns


@functools.lru_cache(maxsize=4)
def _loaded(path: str, stamp: tuple[int, int]) -> Regressor:
    """The regressor of a file. It is kept in memory, because a metric is made for every slice; a new file is read."""
    return load(path)
