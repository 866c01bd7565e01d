"""Runs: many recordings at once, resumed where they stopped, and what is written about them."""

from typing import Literal

__all__ = ["Lost"]

Lost = Literal["killed", "timed out"]
"""Why a task has no result."""
