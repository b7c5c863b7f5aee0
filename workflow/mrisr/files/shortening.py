"""Values without the paths of this machine, for what is passed on."""

from __future__ import annotations

import os
from typing import Any


def shortened(value: Any) -> Any:
    """The same value with every absolute path replaced by its last part."""
    if isinstance(value, dict):
        return {key: shortened(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [shortened(part) for part in value]
    return os.path.basename(value.rstrip("/")) if isinstance(value, str) and _is_of_machine(value) else value


def _is_of_machine(text: str) -> bool:
    """Whether a text is a path outside the folder of the project."""
    return text.startswith(("/", "~", "../"))
