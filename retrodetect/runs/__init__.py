"""Runs: label many recordings, resume where a run stopped, and write the results."""

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
"""Variables that numerical libraries read as they load, to decide how many threads to start."""


@cache
def own_version() -> str:
    """Version of retrodetect; cached, since it reads metadata from the disk."""
    from importlib.metadata import version

    return version("retrodetect")
