"""Weights from a file as the start of a training: what is wrong with them is told before anything runs."""

from __future__ import annotations

import numpy as np
import pytest
from mrisr import arrays
from mrisr.errors import InputError
from mrisr.study.config import StudyConfig
from mrisr.study.validation import validate
from project import TINY

KEY = "training.overrides.srcnn.initial_weights: "


def study(path) -> StudyConfig:
    overrides = {"srcnn": {"initial_weights": str(path)}}
    return validate({**TINY, "training": {**TINY["training"], "overrides": overrides}}, source="config.yaml")


def written(path, **metadata) -> str:
    arrays.save(path, {"first.weight": np.zeros((2, 1, 9, 9), np.float32)}, metadata)
    return str(path)


def own() -> dict:
    return validate(TINY, source="config.yaml").architecture("srcnn")


def problem(path) -> str:
    with pytest.raises(InputError) as caught:
        study(path)
    (line,) = caught.value.problems
    assert line.startswith(f"config.yaml: {KEY}{path}")
    return line


def test_weights_of_the_same_network_are_a_start(tmp_path):
    assert study(written(tmp_path / "own", architecture=own()))


def test_weights_of_another_network_are_refused(tmp_path):
    other = {**own(), "kind": "vdsr"}
    assert problem(written(tmp_path / "other", architecture=other)).endswith("(vdsr, not srcnn)")


def test_weights_of_other_sizes_are_refused(tmp_path):
    other = {**own(), "options": {**own()["options"], "features": [7, 3]}}
    assert "another network (features is [7, 3] there and" in problem(written(tmp_path / "other", architecture=other))


def test_a_file_without_a_network_is_refused(tmp_path):
    assert "holds no network; name weights that a training has written" in problem(written(tmp_path / "slices"))
    (tmp_path / "text").write_text("weights")
    assert "cannot be read as a safetensors file" in problem(tmp_path / "text")
