"""Paths that all studies share."""

from __future__ import annotations

from pathlib import Path

CHECKPOINTS = Path("results/checkpoints")
ALL_STUDIES = Path("results/all-studies")
DIGESTS = Path("results/.digests.json")
COSTS = Path("results/.costs.json")
TRIALS = Path("results/.methods.json")
BUILT_IN = "data/volumes/{subject}.nii.gz"
SOURCES = Path("data/sources.yaml")
