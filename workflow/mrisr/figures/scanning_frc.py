"""Map of where an estimate agrees with its reference, and up to which frequency (Kc et al., arXiv 2603.04673)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from mrisr.imaging.frc import patch_window, scan

from ._estimates import estimators
from ._style import OUTLINE, styled
from ._test_slices import View, shown_pair
from ._tiles import Tiles, brightest, grey, picture

SIDE, STEP = 32, 8
"""Side of a patch, and distance of neighbouring patches, pixels of the slice."""
THRESHOLD = 0.5
"""The paper's threshold of the correlation."""
LEAST_CONTRAST = 0.02
"""Standard deviation of the reference in a patch, under the window, below which the patch counts as empty."""
COLOURS = "viridis"


@styled
def draw(
    reference: np.ndarray, estimates: Mapping[str, np.ndarray], *, scale: int, test_set: str = "", aspect: float = 1.0
) -> Figure:
    """Each estimate, and below it the cutoff of every patch as a fraction of Nyquist.

    A point marks a patch that agrees with the reference only up to less than the Nyquist frequency of the low grid:
    there the estimate contradicts what its input could hold. The share of such patches is above the map.

    Parameters
    ----------
    reference : ndarray
        The slice [H, W] or [C, H, W] in [0, 1]. All images have to be oriented already.
    estimates : {training set: ndarray like the reference}
        The output of the model trained on ``test_set`` is marked.
    scale : int
        Scale of the degradation.
    aspect : float
        Height of a pixel divided by its width.
    """
    shape, side = reference.shape[-2:], min(SIDE, *reference.shape[-2:])
    white, norm = brightest(reference), Normalize(0, 1)
    tiles = Tiles(len(estimates), most=5, rows=("estimate", "cutoff"), shape=shape, aspect=aspect, lines=2)
    for position, (name, image) in enumerate(estimates.items()):
        cutoffs = cutoff_map(reference, image, side=side)
        marked = cutoffs < 1 / scale
        share = marked.sum() / max(np.isfinite(cutoffs).sum(), 1)
        picture(tiles.axes(position, 0), image, shape, white)
        ax = tiles.axes(position, 1)
        (left, right), (top, bottom) = (_span(n, side) for n in (cutoffs.shape[1], cutoffs.shape[0]))
        ax.imshow(cutoffs, cmap=COLOURS, norm=norm, extent=(left, right, bottom, top), aspect="auto")
        rows, columns = np.nonzero(marked)
        ax.plot(columns * STEP + side / 2, rows * STEP + side / 2, ".", color=OUTLINE, markersize=1.2)
        matched = name == test_set
        title = f"{name} (matched)" if matched else name
        tiles.title(position, [title, f"{share:.0%} below 1/{scale} of Nyquist"], bold=matched)
    tiles.colour_bar(1, norm, COLOURS, "FRC cutoff (of Nyquist)", extend="neither")
    return tiles.figure


class ScanningFRC:
    """Map of where an estimate agrees with its reference, and up to which frequency (Kc et al., arXiv 2603.04673)."""

    CATEGORY = "Resolution"
    ALWAYS = False
    READS = ("shown_models",)
    FOR_EACH = ("test_set", "model")
    OPTIONS = {}

    @staticmethod
    def pictures(reads: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[tuple[str, Figure]]:
        """The maps of a job, for one slice of the shown subject: file name without suffix, and figure."""
        for name, shown in settings["pictures"].items():
            files = reads["test_sets"][shown["test_set"]]
            pair = shown_pair(files, settings)
            view = View.of(files["references"][pair.subject])
            found = estimators(reads, settings, shown)
            estimates = {training_set: view(estimate(pair.degraded)) for training_set, estimate in found}
            told = {"scale": settings["scale"], "test_set": shown["test_set"], "aspect": view.aspect}
            yield name, draw(view(pair.reference), estimates, **told)


def cutoff_map(reference: np.ndarray, estimate: np.ndarray, *, side: int) -> np.ndarray:
    """Cutoff of every patch [n, m] as a fraction of Nyquist; NaN where the reference is empty."""
    first, second = grey(reference), grey(estimate)
    cutoffs = scan(first, second, side=side, step=STEP, threshold=THRESHOLD)
    patches = np.lib.stride_tricks.sliding_window_view(first, (side, side))[::STEP, ::STEP]
    weights = patch_window((side, side)) / patch_window((side, side)).sum()
    means = (patches * weights).sum(axis=(-2, -1), keepdims=True)
    contrast = np.sqrt(((patches - means) ** 2 * weights).sum(axis=(-2, -1)))
    return np.where(contrast >= LEAST_CONTRAST, cutoffs, np.nan)


def _span(count: int, side: int) -> tuple[float, float]:
    """Where the map begins and ends along an axis: each value stands at the centre of its patch."""
    first = side / 2 - STEP / 2
    return first, first + count * STEP
