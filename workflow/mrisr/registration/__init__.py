"""Denoises real low-resolution scans and registers them to their high-resolution scans, with pictures."""
