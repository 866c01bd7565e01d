"""A backward share in words, the same on the terminal, on the page and in the history.

The words never claim more than the counts and the interval allow.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pandas as pd

from retrodetect.recording import Topic
from retrodetect.sites import PLACEMENTS
from retrodetect.tables import visible

__all__ = [
    "HABIT", "NO_GAIT", "added_up", "certainty", "clock", "footnote", "headline", "how_sure",
    "interval", "is_open", "is_settled", "labelling", "lasting_s", "marking", "needs_word",
    "percent", "progress", "share", "shown_width", "starred",
]  # fmt: skip

Row = Mapping[Any, Any]

_READING = ("--unit", "--sign", "--gravity", "--rate", "--columns")
_FLAGS = ("--ignore-notes",)
"""Options without a value."""

_WAYS = ("forward", "backward", "unknown")

NO_GAIT = "no walking or running"
"""``no_gait`` in words."""

HABIT = (
    "most people go mostly forward, begin forward, and bounce less going backward. The signal alone"
    " does not show which direction is which. If you walked differently, forward and backward may"
    " be the wrong way round."
)
"""Basis of an assumed share, and what may be wrong with it."""

FEW_UNKNOWN = 0.1
"""Share of unknown strides below which they do not explain a wide interval."""

SURE, FAIRLY_SURE, WIDEST = 0.1, 0.25, 0.5
"""Widest interval of a share that is sure, fairly sure, and shown as a range at all."""


TENTHS = 0.02
"""Width of the interval up to which tenths of a percent say something: at most one percent either
way, an uncertainty of two digits (JCGM 100:2008, 7.2.6)."""


def percent(value: float, width: float) -> str:
    """Return a share in percent, with no more digits than the width of its interval supports."""
    return f"{round(value, 4):.{int(round(width, 4) <= TENTHS)}%}"


def shown_width(row: Row) -> float:
    """Return the width of the interval, or 1 if habit named a single way: it supports no tenths."""
    _, low, high = _rounded(row)
    return 1.0 if _is_one_way_by_habit(row) else _width(low, high)


def share(row: Row) -> str:
    """Return the backward share of a session, a total or a week as a headline.

    ``41%`` if the interval is narrow, ``0% to 41%`` if it is wide, else ``unknown``. ``0%`` and
    ``100%`` are exact: a single stride the other way shows.
    """
    level, low, high = _rounded(row)
    width = shown_width(row)
    if not _is_one_way_by_habit(row):
        if not _is_known(level, low, high):
            return "unknown"
        if width > FAIRLY_SURE:
            return interval(row)
    text, digit = percent(level, width), 0.001 if width <= TENTHS else 0.01
    if text == percent(0, width) and row["backward_strides"]:
        return f"<{percent(digit, width)}"
    if text == percent(1, width) and row["forward_strides"]:
        return f">{percent(1 - digit, width)}"
    return text


def starred(row: Row, *, with_ends: bool = False) -> str:
    """Return the share, with a star if only habit names the directions.

    ``with_ends`` adds the 95 % interval, unless that is what stands for the share.
    """
    ends = interval(row) if with_ends else ""
    return share(row) + _star(row) + (f" ({ends})" if ends not in ("", share(row)) else "")


def interval(row: Row) -> str:
    """Return the 95 % interval of the share."""
    level, low, high = _rounded(row)
    width = shown_width(row)
    return "" if pd.isna(level) else f"{percent(low, width)} to {percent(high, width)}"


def certainty(row: Row) -> str:
    """Return how sure the share is.

    ``sure``, ``fairly sure``, ``range only`` or ``not settled``; ``assumed`` if only habit (how
    most people walk) tells which direction is which.
    """
    level, low, high = _rounded(row)
    if _is_one_way_by_habit(row):
        return "assumed"
    if not _is_known(level, low, high):
        return "not settled"
    if row.get("told_apart_by") == "habit":
        return "assumed"
    width = _width(low, high)
    return "sure" if width <= SURE else "fairly sure" if width <= FAIRLY_SURE else "range only"


def is_settled(row: Row) -> bool:
    """Return whether no statement of the wearer would change the share much."""
    return certainty(row) in ("sure", "fairly sure")


def progress(row: Row, goal: float) -> str:
    """Return how the share compares with a goal.

    ``reached`` or ``below`` if the interval leaves no doubt, ``about there`` if it includes the
    goal, ``unknown`` if nothing is known; with a star if only habit names the directions.
    """
    level, low, high = _rounded(row)
    if not _is_known(level, low, high):
        return "unknown"
    verdict = "reached" if low >= goal else "below" if high < goal else "about there"
    return verdict + _star(row)


def headline(row: Row, goal: float | None = None) -> list[str]:
    """Return what a coach asks first: ``41% backward``, ``22 min``, ``goal 40%: reached``."""
    level = share(row)
    parts = ["backward share unknown" if level == "unknown" else f"{starred(row)} backward"]
    seconds = lasting_s(row)["all"]
    parts.append(f"{seconds / 60:.0f}\u00a0min" if seconds >= 600 else f"{clock(seconds)}\u00a0min")
    metres = row.get("distance_m")
    if metres is not None and not pd.isna(metres):
        parts.append(f"{metres / 1000:.1f}\u00a0km" if metres >= 1000 else f"{metres:.0f}\u00a0m")
    if goal is not None:
        parts.append(f"goal {100 * goal:.4g}%: {progress(row, goal)}")
    return parts


def footnote(rows: Iterable[Row]) -> str:
    """Return what the star of shares means, once for all rows; empty if none has one."""
    has_star = any(row.get("status", "ok") == "ok" and _star(row) for row in rows)
    return f"* assumed: {HABIT}" if has_star else ""


def how_sure(row: Row) -> str:
    """Return a sentence that says how sure the share is, and why."""
    sure = certainty(row)
    strides = sum(row[f"{way}_strides"] for way in _WAYS)
    unknown = f"{row['unknown_strides']:.0f} of {strides:.0f} strides have no direction"
    if sure == "assumed":
        return "Assumed."
    if row["backward_share_low"] == row["backward_share_high"]:
        return "Sure: all strides were marked."
    if sure in ("sure", "fairly sure"):
        return f"{sure.capitalize()}: {interval(row)}."
    if not row["forward_strides"] + row["backward_strides"]:
        return f"Not settled: {unknown}."
    start = "Only a range" if sure == "range only" else "Not settled"
    if row["unknown_strides"] < FEW_UNKNOWN * strides:
        unknown = "at this body site, too many labels are wrong"
    return f"{start} ({interval(row)}): {unknown}."


def is_open(row: Row) -> bool:
    """Return whether the wearer could still say which side is which, and that would help.

    It would not help if habit alone separates the sides, as at most arms.
    """
    has_sides = pd.notna(row["naming"])
    is_habit = _is_one_way_by_habit(row) and not _is_known(*_rounded(row))
    could_say = row["front"] in ("inferred", "unknown")
    return needs_word(row) and has_sides and could_say and not is_habit


def needs_word(row: Row) -> bool:
    """Return whether a statement or a mark of the wearer would settle the share."""
    topics = str(row.get("warning_topics", "")).split("; ")
    is_blind = not {Topic.SLOW, Topic.NO_GRAVITY}.isdisjoint(topics)
    return row["status"] == "ok" and not is_settled(row) and not is_blind


def labelling(path: str, placement: str, arguments: Sequence[str], *options: str) -> str:
    """Return the command that labels a recording again, with what the wearer adds."""
    where = ["--placement", placement] if placement in PLACEMENTS else []
    again = _repeated(arguments, (*_READING, "--model", "--ignore-notes"))
    return _command("label", path, *again, *where, *options)


def marking(path: str, arguments: Sequence[str], page: str) -> str:
    """Return the command that makes a page for marking what the wearer did and when."""
    return _command("annotate", path, *_repeated(arguments, _READING), "--out", page)


def lasting_s(row: Row) -> dict[str, int]:
    """Return the time of the strides by direction, in whole seconds that add up."""
    ways = {way: _whole(row.get(f"{way}_s", 60 * row.get(f"{way}_min", 0))) for way in _WAYS}
    return {**ways, "all": sum(ways.values())}


def added_up(rows: Iterable[Row]) -> dict[str, int]:
    """Return the time of several sessions by direction: the sum of the times shown."""
    shown = [lasting_s(row) for row in rows if row["status"] == "ok"]
    return {f"{way}_s": sum(row_s[way] for row_s in shown) for way in _WAYS}


def clock(seconds: float) -> str:
    """Return a time as ``m:ss``."""
    if pd.isna(seconds):
        return "–"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02}"


def _command(name: str, path: str, *options: str) -> str:
    """A command as a shell takes it; no path looks like an option."""
    path = f"./{path}" if path.startswith("-") else path
    return visible(shlex.join(["retrodetect", name, path, *options]))


def _repeated(arguments: Sequence[str], names: Collection[str]) -> Iterator[str]:
    """Those of the options typed that have one of these names, with their values."""
    following = iter(arguments)
    for word in following:
        name, is_joined, _ = word.partition("=")
        if name in names:
            yield word
            if not is_joined and name not in _FLAGS:
                yield from islice(following, 1)


def _star(row: Row) -> str:
    return "*" if certainty(row) == "assumed" else ""


def _rounded(row: Row) -> tuple[float, float, float]:
    """Share and ends of its interval, rounded as in tables, so that all readers agree."""
    level, low, high = (row[f"backward_share{end}"] for end in ("", "_low", "_high"))
    return round(level, 4), round(low, 4), round(high, 4)


def _width(low: float, high: float) -> float:
    return round(high - low, 4)


def _is_known(level: float, low: float, high: float) -> bool:
    return bool(not pd.isna(level) and _width(low, high) <= WIDEST)


def _is_one_way_by_habit(row: Row) -> bool:
    """Return whether most strides were labelled, all the same way, and habit alone named it.

    An interval would hide the doubt: the name of the whole session.
    """
    forward, backward, unknown = (
        row.get(f"{way}_strides", 0) for way in ("forward", "backward", "unknown")
    )
    one_way = (forward == 0) != (backward == 0)
    return bool(row.get("told_apart_by") == "habit" and one_way and forward + backward >= unknown)


def _whole(seconds: Any) -> int:
    return 0 if pd.isna(seconds) else round(seconds)
