"""What the sections of a study are made of: their base class, and the types of their keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from mrisr.volumes.row import NAME_LENGTH, why_no_path

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$", max_length=NAME_LENGTH)]
"""A name that becomes a folder: letters, digits, ``_``, ``.`` and ``-``."""
Positive = Annotated[int, Field(gt=0, lt=2**63)]
Index = Annotated[int, Field(ge=0, lt=2**63)]
"""A number counted from 0."""
Seed = Index
"""A seed that every generator of random numbers accepts."""


def _path(value: str) -> str:
    if problem := why_no_path(value):
        raise PydanticCustomError("path", "{problem}", {"problem": problem})
    return value


PathText = Annotated[str, AfterValidator(_path)]
"""A path that Snakemake and the file system accept."""


def _number(value: Any) -> Any:
    """Convert text such as ``1e-4`` to a number. YAML 1.1 reads it as text, because it has no dot."""
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


Real = Annotated[float, Field(allow_inf_nan=False), BeforeValidator(_number)]
PositiveReal = Annotated[float, Field(gt=0, allow_inf_nan=False), BeforeValidator(_number)]


class Section(BaseModel):
    """A part of the configuration; a key that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
