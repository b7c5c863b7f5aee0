"""Image operations that several packages share: grids, intensities, resampling, k-space, kernels."""
