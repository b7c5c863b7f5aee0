"""What a person writes: the study file, its checks, and the subjects of its manifest."""

from .config import StudyConfig

__all__ = ["StudyConfig"]
