"""Real low-resolution scans: denoised, brought onto their high-resolution scan's low grid, with pictures."""
