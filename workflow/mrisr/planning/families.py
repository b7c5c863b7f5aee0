"""The families of a study as plain data for tables and figures."""

from __future__ import annotations

from typing import Any

from mrisr.study.config import StudyConfig
from mrisr.study.families import homes


def described(study: StudyConfig) -> dict[str, dict[str, Any]]:
    """For each family: the ``option``, the value of each of its ``members``, and of each training set at ``home``."""
    return {
        name: {"option": family.option, "members": family.values_of(name), "homes": homes(study, name)}
        for name, family in study.families.items()
    }
