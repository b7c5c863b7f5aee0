"""Proxy scores, for images that nobody has rated: how much a distorted slice differs from the original slice.

The realistic-downsampling paper uses people's opinions on 900 MR images, which are not public. They are replaced here
by reference slices, each undistorted and with every distortion at every strength. The score of an image is 100 x 2 GMSD
against its reference. GMSD (gradient magnitude similarity deviation: Xue, Zhang, Mou and Bovik, IEEE TIP 23:684, 2014,
https://doi.org/10.1109/TIP.2013.2293423) agrees well with opinions on blur, noise and compression. It is a standard
deviation of values in [0, 1], so at most 1/2, and the score lies between 0 (the reference) and 100. A regressor trained
on it says how distorted a slice looks among slices of its kind, not what a radiologist thinks of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
from scipy import ndimage

from mrisr.imaging.random import generator

from .distortions import STRENGTHS, distorted
from .features import luma

STABILISER = 170 / 255**2
"""The constant c of GMSD for images in [0, 1]."""
IMAGES_OF_A_SLICE = 1 + sum(len(strengths) for _, strengths in STRENGTHS.values())
"""Images per slice: the slice itself and its distortions."""


def gmsd(reference: np.ndarray, image: np.ndarray) -> float:
    """Gradient magnitude similarity deviation of two images [H, W] in [0, 1]: 0 for equal ones, at most 1/2."""
    first, second = (_gradient(picture) for picture in (reference, image))
    similarity = (2 * first * second + STABILISER) / (first**2 + second**2 + STABILISER)
    return float(similarity.std())


def score(reference: np.ndarray, image: np.ndarray) -> float:
    """The proxy score of an image [H, W] or [C, H, W] in [0, 1], 0 (best) to 100."""
    return 200 * gmsd(luma(reference), luma(image))


def rated(slices: Mapping[str, np.ndarray], *, seed: int) -> Iterator[tuple[np.ndarray, float]]:
    """All slices, undistorted and distorted, each with its proxy score.

    Parameters
    ----------
    slices : {slice name: [C, H, W] in [0, 1]}
    seed : int
        Seed of the noise. The noise of a slice does not depend on the other slices.
    """
    for name, reference in slices.items():
        random = generator(seed, name)
        yield reference, 0.0
        for distortion, (_, strengths) in STRENGTHS.items():
            for strength in strengths:
                image = distorted(reference, distortion, strength, random)
                yield image, score(reference, image)


def _gradient(image: np.ndarray) -> np.ndarray:
    """Gradient magnitude by Prewitt's kernels, at every second pixel, after averaging over 2 x 2 pixels."""
    smooth = ndimage.uniform_filter(np.asarray(image, np.float64), 2, mode="constant", origin=-1)[::2, ::2]
    rows, columns = (ndimage.prewitt(smooth, axis, mode="constant") / 3 for axis in (0, 1))
    return np.hypot(rows, columns)
