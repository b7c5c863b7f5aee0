"""Evaluation: scores every model and baseline on every test set."""
