"""A backward share in words: the same on the terminal, on the page and in the history.

What is shown never claims more than the counts and the interval beside it allow.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

__all__ = ["certainty", "clock", "interval", "is_settled", "lasting_s", "progress", "share"]

Row = Mapping[Any, Any]

SURE, FAIRLY_SURE, WIDEST = 0.1, 0.25, 0.5
"""Widths of the interval up to which a share is sure, fairly sure, and known as a range at all."""


def share(row: Row) -> str:
    """Return the backward share as a headline.

    Parameters
    ----------
    row
        Fields of a session, a total or a week.

    Returns
    -------
    str
        ``41.3%`` if the interval is narrow, ``0% to 41%`` if it is wide, else ``unknown``.
        ``0.0%`` and ``100.0%`` are exact: a single stride the other way shows.
    """
    level, low, high = _rounded(row)
    if not _is_known(level, low, high):
        return "unknown"
    if _width(low, high) > FAIRLY_SURE:
        return f"{low:.0%} to {high:.0%}"
    text = f"{level:.1%}"
    if text == "0.0%" and row["backward_strides"]:
        text = "<0.1%"
    if text == "100.0%" and row["forward_strides"]:
        text = ">99.9%"
    return text


def interval(row: Row) -> str:
    """Return the 95 % interval of the share.

    Parameters
    ----------
    row
        As for `share`.

    Returns
    -------
    str
        Such as ``38.0% to 44.5%``; empty without one.
    """
    level, low, high = _rounded(row)
    return "" if pd.isna(level) else f"{low:.1%} to {high:.1%}"


def certainty(row: Row) -> str:
    """Return how sure the share is.

    Parameters
    ----------
    row
        As for `share`.

    Returns
    -------
    str
        ``sure``, ``fairly sure``, ``range only`` or ``not settled``; ``assumed`` if only habit
        (most people mostly go forward) tells which direction is which.
    """
    level, low, high = _rounded(row)
    if not _is_known(level, low, high):
        return "not settled"
    if row.get("told_apart_by") == "habit":
        return "assumed"
    width = _width(low, high)
    return "sure" if width <= SURE else "fairly sure" if width <= FAIRLY_SURE else "range only"


def is_settled(row: Row) -> bool:
    """Tell whether nothing that the wearer could say would change the share much.

    Parameters
    ----------
    row
        As for `share`.

    Returns
    -------
    bool
    """
    return certainty(row) in ("sure", "fairly sure")


def progress(row: Row, goal: float) -> str:
    """Return where the share stands against a goal.

    Parameters
    ----------
    row
        As for `share`.
    goal
        In [0, 1].

    Returns
    -------
    str
        ``reached`` or ``below`` if the interval leaves no doubt, ``about there`` if it includes
        the goal, ``unknown`` if nothing is known.
    """
    level, low, high = _rounded(row)
    if not _is_known(level, low, high):
        return "unknown"
    if low >= goal:
        return "reached"
    return "below" if high < goal else "about there"


def lasting_s(row: Row) -> dict[str, int]:
    """Return the time of the strides by direction, in whole seconds that add up.

    Parameters
    ----------
    row
        Fields of a session, with ``forward_s``, ``backward_s`` and ``unknown_s``.

    Returns
    -------
    dict
        ``forward``, ``backward``, ``unknown``, and their sum, ``all``.
    """
    ways = {way: _whole(row.get(f"{way}_s")) for way in ("forward", "backward", "unknown")}
    return {**ways, "all": sum(ways.values())}


def clock(seconds: float) -> str:
    """Return a time as ``m:ss``.

    Parameters
    ----------
    seconds
        NaN for an unknown one.

    Returns
    -------
    str
    """
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _rounded(row: Row) -> tuple[float, float, float]:
    """Share and ends of its interval as a table holds them, so that all readers agree."""
    level, low, high = (row[f"backward_share{end}"] for end in ("", "_low", "_high"))
    return round(level, 4), round(low, 4), round(high, 4)


def _width(low: float, high: float) -> float:
    return round(high - low, 4)


def _is_known(level: float, low: float, high: float) -> bool:
    return bool(not pd.isna(level) and _width(low, high) <= WIDEST)


def _whole(seconds: Any) -> int:
    return 0 if pd.isna(seconds) else round(seconds)
