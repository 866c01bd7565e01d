"""Runs: many recordings at once, resumed where they stopped, and what is written about them."""

from functools import cache
from typing import Literal

__all__ = ["NUMERICAL_THREADS", "Lost", "own_version"]

Lost = Literal["killed", "timed out"]
"""Why a task has no result."""

NUMERICAL_THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""What numerical libraries read, as they are loaded, to decide how many threads they start."""


@cache
def own_version() -> str:
    """Version of retrodetect; looked up once, since that reads metadata from the disk."""
    from importlib.metadata import version

    return version("retrodetect")
