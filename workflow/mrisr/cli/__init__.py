"""The command line ``mrisr``."""

from .main import main

__all__ = ["main"]
