"""The router: which specialist a person's low-resolution slices call for.

A specialist is a model that was trained on one degradation. The scan's spectrum is compared with those of the training
slices under each specialist's degradation (`mrisr.imaging.likeness`). No high-resolution slice of the person is read.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from mrisr.files import write_text
from mrisr.imaging.likeness import look_of_file, mean_look, nearest

COLUMNS = ("scale", "test_set", "subject", "specialist", "distance", "next_specialist", "next_distance")


def run(reads: Mapping[str, Any], writes: Mapping[str, str], *, settings: Mapping[str, Any], identity: str) -> None:
    """Write routes.csv, the action of the stage `route`.

    Parameters
    ----------
    reads : {"specialists", "scans"}
        Slices files by ``x{scale}/{degradation}`` and subject.
    writes : {"routes"}
    settings : mapping
        The names of ``specialists`` and ``test_sets``.
    """
    rows = []
    scales = sorted({_scale(key) for key in reads["scans"]})
    for scale in scales:
        known = {
            name: mean_look([look_of_file(Path(path)) for path in reads["specialists"][f"x{scale}/{name}"].values()])
            for name in settings["specialists"]
        }
        for test_set in settings["test_sets"]:
            for subject, path in reads["scans"][f"x{scale}/{test_set}"].items():
                (first, near), (second, far), *_ = nearest(look_of_file(Path(path)), known).items()
                rows.append((scale, test_set, subject, first, near, second, far))
    table = pd.DataFrame(rows, columns=list(COLUMNS))
    write_text(Path(writes["routes"]), table.to_csv(index=False, float_format="%.6g", lineterminator="\n"))


def _scale(key: str) -> int:
    return int(key.partition("/")[0].removeprefix("x"))
