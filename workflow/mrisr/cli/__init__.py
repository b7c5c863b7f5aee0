"""The command line ``mrisr``."""

from .main import main
from .tools import app

__all__ = ["app", "main"]
