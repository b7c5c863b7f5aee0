"""Applies a trained model, or a baseline, to a new scan."""
