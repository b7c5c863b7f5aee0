"""What several packages share: images, their grids and intensities, resampling, k-space, kernels."""
