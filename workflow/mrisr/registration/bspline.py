"""Free-form deformation by cubic B-splines and mutual information (Rueckert et al., IEEE TMI 18:712, 1999)."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk

LEVELS = ((2, 1.0), (1, 0.5))
"""Levels from coarse to fine: how many times coarser the images are, and the sigma of their smoothing in voxels. The
control points of each level are twice as dense as those of the level before."""
BINS = 20
"""Bins of the joint histogram, per axis."""
SAMPLES = 50_000
"""Number of points at which the similarity is evaluated. They are drawn at random off the grid, because on the grid
mutual information prefers displacements by whole and half voxels."""
SEED = 1


def deform(fixed: sitk.Image, moving: sitk.Image, *, control_spacing: float, iterations: int) -> sitk.Transform:
    """The deformation that maps points of the fixed image to their places in the moving one.

    Parameters
    ----------
    fixed, moving : SimpleITK image
        Scans of the same anatomy, roughly in place by their geometry.
    control_spacing : float
        Distance of the control points at the finest level, mm.
    iterations : int
        Greatest number of iterations per level (L-BFGS-B).
    """
    extent = np.array(fixed.GetSize()) * fixed.GetSpacing()
    coarsest = control_spacing * 2 ** (len(LEVELS) - 1)
    mesh = [max(1, round(side / coarsest)) for side in extent]
    transform = sitk.BSplineTransformInitializer(fixed, mesh, order=3)
    for level, (shrink, sigma) in enumerate(LEVELS):
        if level:
            transform, mesh = _refined(transform, mesh, fixed)
        voxels = fixed.GetNumberOfPixels() / shrink**3
        method = sitk.ImageRegistrationMethod()
        # One thread: another order of summation would change the last digits.
        method.SetNumberOfThreads(1)
        method.SetMetricAsMattesMutualInformation(BINS)
        method.SetMetricSamplingStrategy(method.RANDOM)
        method.SetMetricSamplingPercentage(min(1.0, SAMPLES / voxels), SEED)
        method.SetInterpolator(sitk.sitkLinear)
        method.SetShrinkFactorsPerLevel([shrink])
        method.SetSmoothingSigmasPerLevel([sigma])
        method.SmoothingSigmasAreSpecifiedInPhysicalUnitsOff()
        method.SetInitialTransform(transform, inPlace=True)
        method.SetOptimizerAsLBFGSB(
            gradientConvergenceTolerance=1e-6,
            numberOfIterations=iterations,
            maximumNumberOfFunctionEvaluations=2 * iterations,
            costFunctionConvergenceFactor=1e9,
        )
        method.Execute(fixed, moving)
    return transform


def _refined(
    transform: sitk.BSplineTransform, mesh: list[int], fixed: sitk.Image
) -> tuple[sitk.BSplineTransform, list[int]]:
    """The same deformation with control points twice as dense, and their mesh."""
    finer = [2 * cells for cells in mesh]
    refined = sitk.BSplineTransformInitializer(fixed, finer, order=3)
    # One block per component of the displacement. ITK's first axis varies fastest; n cells have n + 3 coefficients.
    coefficients = np.array(transform.GetParameters()).reshape(-1, *(cells + 3 for cells in reversed(mesh)))
    for axis in range(1, coefficients.ndim):
        coefficients = np.apply_along_axis(_halved, axis, coefficients)
    refined.SetParameters(coefficients.ravel().tolist())
    return refined, finer


def _halved(coefficients: np.ndarray) -> np.ndarray:
    """Coefficients of the same cubic spline at half the knot distance: B(x) sums (1, 4, 6, 4, 1) / 8 B(2x - k)."""
    finer = np.empty(2 * len(coefficients) - 3)
    finer[0::2] = (coefficients[:-1] + coefficients[1:]) / 2
    finer[1::2] = (coefficients[:-2] + 6 * coefficients[1:-1] + coefficients[2:]) / 8
    return finer
