"""Registers a real low-resolution scan onto its high-resolution scan's grid, made coarser by a whole factor."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk
from skimage.filters import threshold_otsu

from mrisr.errors import InputError, require_integer
from mrisr.imaging.loaded import LoadedVolume

from .bspline import deform
from .geometry import LPS_TO_RAS, array_of, block_means, itk_image, require_ratio
from .similarity import similarity

LEAST_OVERLAP = 0.5
"""Least fraction of the high-resolution scan's voxels that the low-resolution scan has to cover."""


@dataclass(frozen=True)
class Registered:
    """A registered low-resolution scan.

    ``scan`` is the registered scan, ``before`` the scan resampled by the headers alone, ``reference`` the
    high-resolution scan; all three are on the low grid. ``displacement`` [X, Y, Z, 3] says where the value of a voxel
    was taken from, relative to the voxel, in mm along the world's axes (RAS+). ``covered`` [X, Y, Z] says whether that
    point lies in the scan's field of view. ``similarity_before`` and ``similarity`` compare both with the reference in
    the covered part of the body (`mrisr.registration.similarity`).
    """

    scan: LoadedVolume
    before: LoadedVolume
    reference: LoadedVolume
    displacement: np.ndarray
    covered: np.ndarray
    similarity_before: float
    similarity: float


def register(
    lr: LoadedVolume,
    hr: LoadedVolume,
    *,
    axis: int,
    scale: int,
    multiple: int | None = None,
    control_spacing: float = 20.0,
    iterations: int = 20,
    least_similarity: float = 0.7,
) -> Registered:
    """Register a low-resolution scan to the high-resolution scan of the same anatomy.

    The low grid has ``scale`` times the in-plane spacing of the high-resolution scan, voxels at the centres of its
    blocks, and the same slices. The deformation is found on it (`mrisr.registration.bspline.deform`). The scan is then
    interpolated once, by a cubic B-spline, from its own grid through the deformation.

    Parameters
    ----------
    lr, hr : LoadedVolume
        One channel, any units.
    axis : int
        Stored axis of ``hr`` along which slices are cut.
    scale : int
        At least 2.
    multiple : int, optional
        Sides of the slices of ``hr`` are cropped to multiples of it (`block_means`); by default the scale.
    control_spacing : float
        Distance of the control points, mm.
    iterations : int
        Greatest number of iterations per level of resolution. The time is proportional to the number of control points:
        a head at 20 mm takes minutes on one core.
    least_similarity : float
        Similarity (0 to 1) below which the scans count as showing different anatomy.

    Raises
    ------
    InputError
        A scan is in colour, the ratio of the voxels is not near the scale, the fields of view hardly overlap, the
        scans show different anatomy, or a mirror image of the low-resolution scan fits better.
    """
    for scan, name in ((lr, "low"), (hr, "high")):
        if scan.array.ndim != 3:
            raise InputError(f"the {name}-resolution scan is in colour; registration needs one channel")
    require_integer("registration: scale", scale, at_least=2)
    require_ratio(lr, hr, axis=axis, scale=scale)
    reference = block_means(hr, axis=axis, scale=scale, multiple=multiple)
    _require_overlap(_unmoved(lr, reference)[1])
    found = _registered(lr, reference, control_spacing=control_spacing, iterations=iterations)
    _require_same_anatomy(found.similarity_before, found.similarity, least_similarity)
    for stored, mirrored in _suspects(lr, reference, found.similarity_before):
        other = _registered(mirrored, reference, control_spacing=control_spacing, iterations=iterations)
        _require_better_than_mirrored(found.similarity, other.similarity, stored)
    return found


def _registered(lr: LoadedVolume, reference: LoadedVolume, **options: float) -> Registered:
    """The scan registered to the reference, whether they belong together or not."""
    before, covered_before = _unmoved(lr, reference)
    fixed, moving = itk_image(reference), itk_image(lr)
    transform = deform(fixed, moving, **options)
    scan, covered = _on_grid(lr, moving, reference, fixed, transform), _covered(moving, fixed, transform)
    first = similarity(before.array, reference.array, _body(reference) & covered_before)
    last = similarity(scan.array, reference.array, _body(reference) & covered)
    return Registered(scan, before, reference, _displacement(transform, fixed), covered, first, last)


def _unmoved(lr: LoadedVolume, reference: LoadedVolume) -> tuple[LoadedVolume, np.ndarray]:
    """The scan on the reference's grid by the headers alone, and where it covers that grid."""
    fixed, moving, unmoved = itk_image(reference), itk_image(lr), sitk.Transform(3, sitk.sitkIdentity)
    return _on_grid(lr, moving, reference, fixed, unmoved), _covered(moving, fixed, unmoved)


def _body(reference: LoadedVolume) -> np.ndarray:
    return reference.array > threshold_otsu(reference.array)


def _suspects(
    lr: LoadedVolume, reference: LoadedVolume, similarity_before: float
) -> Iterator[tuple[int, LoadedVolume]]:
    """Mirror images that fit better by the headers than the scan itself, with the stored axis that was reversed."""
    for axis in range(3):
        mirrored = replace(lr, array=np.flip(lr.array, axis))
        placed, covered = _unmoved(mirrored, reference)
        if similarity(placed.array, reference.array, _body(reference) & covered) > similarity_before:
            yield axis, mirrored


def _covered(moving: sitk.Image, fixed: sitk.Image, transform: sitk.Transform) -> np.ndarray:
    """Whether the transform maps each voxel of the fixed image into the moving one, bool."""
    everywhere = sitk.Cast(moving * 0 + 1, sitk.sitkUInt8)
    return array_of(sitk.Resample(everywhere, fixed, transform, sitk.sitkNearestNeighbor, 0)) > 0


def _require_overlap(covered: np.ndarray) -> None:
    fraction = float(covered.mean())
    if fraction < LEAST_OVERLAP:
        raise InputError(
            f"the low-resolution scan covers {fraction:.0%} of the high-resolution scan by their headers; "
            f"at least {LEAST_OVERLAP:.0%} is needed"
        )


def _require_same_anatomy(before: float, after: float, least: float) -> None:
    if not after >= least:
        raise InputError(
            "the low-resolution scan does not show the anatomy of the high-resolution scan: their similarity is "
            f"{after:.2f} after registration ({before:.2f} before), at least {least:.2f} is needed"
        )


def _require_better_than_mirrored(as_it_is: float, mirrored: float, axis: int) -> None:
    if mirrored > as_it_is:
        raise InputError(
            f"the low-resolution scan seems to be mirrored: reversed along its stored axis {axis}, it fits better "
            f"(similarity {mirrored:.2f}, as it is {as_it_is:.2f}); correct the orientation in its header"
        )


def _on_grid(
    lr: LoadedVolume, moving: sitk.Image, reference: LoadedVolume, fixed: sitk.Image, transform: sitk.Transform
) -> LoadedVolume:
    """Resample the scan through a transform onto the reference's grid. Outside its field of view it has its minimum."""
    lowest, highest = float(lr.array.min()), float(lr.array.max())
    resampled = sitk.Resample(moving, fixed, transform, sitk.sitkBSpline, lowest)
    return replace(lr, array=array_of(resampled).clip(lowest, highest), affine=reference.affine)


def _displacement(transform: sitk.Transform, fixed: sitk.Image) -> np.ndarray:
    grid = fixed.GetSize(), fixed.GetOrigin(), fixed.GetSpacing(), fixed.GetDirection()
    field = array_of(sitk.TransformToDisplacementField(transform, sitk.sitkVectorFloat64, *grid))
    return (field * np.diag(LPS_TO_RAS)[:3]).astype(np.float32)
