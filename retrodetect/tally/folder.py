"""Many sessions together: totals, and weeks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

__all__ = ["TOTAL_FIELDS", "WEEK_COLUMNS", "progress", "sessions_apart", "totals", "weeks"]

TOTAL_FIELDS = (
    "sessions", "strides", "steps", "forward_strides", "backward_strides", "unknown_strides",
    "forward_min", "backward_min", "unknown_min", "walk_backward_strides", "run_backward_strides",
    "climb_backward_m", "backward_share", "backward_share_low", "backward_share_high",
    "longest_backward_bout_s",
)  # fmt: skip

WEEK_COLUMNS = ("week", "monday", *TOTAL_FIELDS, "change", "marked")
"""Of ``weeks.csv``: ISO 8601 week by the wearer's clock, and its totals; ``change`` of backward
minutes from the week before, as a share of them; ``marked`` where that is above `MARKED`."""

MARKED = 0.1
"""Rise of backward minutes from one week to the next that is marked: the customary tenth."""

WIDEST = 0.5
"""Width of an interval that says nothing about a goal."""

LONGEST_BREAK_WEEKS = 4
"""Weeks without a session that are listed with zeros; a longer break is no part of a plan."""

SAME_S = 2.0
"""Starts and lengths that differ by less are of one recording, exported or labelled twice."""


def totals(sessions: pd.DataFrame) -> dict[str, float]:
    """Add up sessions.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv``; those without strides add nothing.

    Returns
    -------
    dict
        ``TOTAL_FIELDS``. The interval of the share takes the errors of different sessions as
        independent: variances add up.
    """
    done = sessions[sessions["status"] == "ok"]
    columns = {name: _number(done, name) for name in _ADDED}
    fields = {name: float(np.nansum(values)) for name, values in columns.items()}
    seconds = {way: _seconds(done, way) for way in ("forward", "backward", "unknown")}
    climbed = _number(done, "climb_backward_m")
    longest = _number(done, "longest_backward_bout_s")
    low, share, high = _share(done)
    fields |= {
        "sessions": float(len(done)),
        **{f"{way}_min": float(np.nansum(values)) / 60 for way, values in seconds.items()},
        "climb_backward_m": float(np.nansum(climbed)) if np.isfinite(climbed).any() else np.nan,
        "longest_backward_bout_s": float(np.nanmax(longest)) if np.isfinite(longest).any() else 0.0,
        "backward_share": share,
        "backward_share_low": low,
        "backward_share_high": high,
    }
    return {name: fields[name] for name in TOTAL_FIELDS}


def weeks(sessions: pd.DataFrame) -> pd.DataFrame:
    """Totals of each week from the first session to the last.

    Parameters
    ----------
    sessions : DataFrame
        Rows of ``sessions.csv`` with ``start_time``; undated ones are left out.

    Returns
    -------
    DataFrame
        ``WEEK_COLUMNS``; weeks without a session are there with zeros, except in a break of more
        than ``LONGEST_BREAK_WEEKS``.
    """
    done = sessions[sessions["status"] == "ok"]
    mondays = [_monday(text) for text in done["start_time"]]
    dated = done.assign(monday=pd.Series(mondays, done.index)).dropna(subset="monday")
    if dated.empty:
        return pd.DataFrame(columns=list(WEEK_COLUMNS))
    trained = sorted(set(dated["monday"]))
    every = trained[:1]
    for monday in trained[1:]:
        passed = (monday - every[-1]).days // 7
        left_out = 0 if passed <= LONGEST_BREAK_WEEKS + 1 else passed - 1
        every += [every[-1] + timedelta(weeks=n + 1) for n in range(left_out, passed)]
    rows = [
        {"week": "{}-W{:02}".format(*monday.isocalendar()[:2]), "monday": monday.isoformat()}
        | totals(dated[dated["monday"] == monday])
        for monday in every
    ]
    table = pd.DataFrame(rows)
    follows = pd.to_datetime(table["monday"]).diff().dt.days == 7
    before = table["backward_min"].shift().where(follows)
    table["change"] = (table["backward_min"] / before - 1).where(before > 0)
    table["marked"] = table["backward_min"] > (1 + MARKED) * before
    return table[list(WEEK_COLUMNS)]


def sessions_apart(runs: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Put the sessions of several runs together, each recording once.

    Parameters
    ----------
    runs
        Rows of ``sessions.csv``, run by run, older ones first.

    Returns
    -------
    DataFrame
        In order of time, undated ones last. Of a recording in several runs (which begins and
        lasts alike, or where no date is known is called and lasts alike) the newest row that
        worked. Of recordings that overlap by more than half of the shorter one, such as a
        phone's and a watch's, the one with more strides of known direction: the wearer went once.
    """
    rows = pd.concat(list(runs), ignore_index=True)
    rows["_start_s"] = [_seconds_of(text) for text in rows["start_time"]]
    rows["_known"] = _number(rows, "forward_strides") + _number(rows, "backward_strides")
    kept: list[int] = []
    # Newest first, so that a later run takes the place of an earlier one.
    for index in reversed(range(len(rows))):
        kept = _with(kept, index, rows)
    order = rows.loc[sorted(kept)].sort_values("_start_s", kind="stable", na_position="last")
    return order.drop(columns=["_start_s", "_known"]).reset_index(drop=True)


def progress(share: float, low: float, high: float, goal: float) -> str:
    """Where a backward share stands against a goal.

    Parameters
    ----------
    share, low, high
        Share with its interval; NaN where not known.
    goal
        In [0, 1].

    Returns
    -------
    str
        ``reached`` or ``below`` where the interval leaves no doubt, ``about there`` where it
        holds the goal, ``unknown`` without a share or where the interval holds nearly anything.
    """
    if np.isnan(share) or high - low > WIDEST:
        return "unknown"
    if low >= goal:
        return "reached"
    return "below" if high < goal else "about there"


_ADDED = (
    "strides", "steps", "forward_strides", "backward_strides", "unknown_strides",
    "walk_backward_strides", "run_backward_strides",
)  # fmt: skip


def _number(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Values of a column; NaN where there are none, or where an older version wrote no such one."""
    if name not in rows:
        return np.full(len(rows), np.nan)
    return pd.to_numeric(rows[name]).to_numpy(dtype=float, na_value=np.nan)


def _seconds(rows: pd.DataFrame, way: str) -> np.ndarray:
    """Time gone in a direction; from strides and cadence where an older version wrote no time."""
    written = _number(rows, f"{way}_s")
    cadence = _number(rows, f"cadence_{way}_spm")
    return np.where(np.isnan(written), 120 * _number(rows, f"{way}_strides") / cadence, written)


def _share(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Lower end, share and upper end over all labelled strides."""
    backward = _number(rows, "backward_strides")
    labelled = backward + _number(rows, "forward_strides")
    rows, backward, labelled = rows[labelled > 0], backward[labelled > 0], labelled[labelled > 0]
    if not len(rows):
        return np.nan, np.nan, np.nan
    share = float(backward.sum() / labelled.sum())
    low, high = (_number(rows, f"backward_share_{end}") for end in ("low", "high"))
    weight = labelled / labelled.sum()
    middle = float((weight * (low + high) / 2).sum())
    reach = float(np.sqrt(((weight * (high - low) / 2) ** 2).sum()))
    return max(min(middle - reach, share), 0.0), share, min(max(middle + reach, share), 1.0)


def _with(kept: list[int], index: int, rows: pd.DataFrame) -> list[int]:
    """Rows to keep when one more comes."""
    row: dict[str, Any] = dict(rows.loc[index])
    rivals = [one for one in kept if _same_time(dict(rows.loc[one]), row)]
    if not rivals:
        return [*kept, index]
    worked = row["status"] == "ok"
    for one in rivals:
        rival: dict[str, Any] = dict(rows.loc[one])
        twice = _is_twice(rival, row)
        if rival["status"] == "ok" and (twice or not worked or rival["_known"] >= row["_known"]):
            return kept
        if not worked:
            return kept
    return [*(one for one in kept if one not in rivals), index]


def _is_twice(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows are of one recording."""
    if one["status"] in _BAD or other["status"] in _BAD:
        return bool(one["recording"] == other["recording"])
    alike = abs(one["duration_s"] - other["duration_s"]) < SAME_S
    if np.isnan(one["_start_s"]) and np.isnan(other["_start_s"]):
        return bool(alike and one["recording"] == other["recording"])
    return bool(alike and abs(one["_start_s"] - other["_start_s"]) < SAME_S)


_BAD = ("failed", "refused")


def _same_time(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two rows tell of the same time."""
    if _is_twice(one, other):
        return True
    starts = one["_start_s"], other["_start_s"]
    lengths = one["duration_s"], other["duration_s"]
    if np.isnan([*starts, *lengths]).any():
        return False
    overlap = min(starts[0] + lengths[0], starts[1] + lengths[1]) - max(starts)
    return bool(overlap > min(lengths) / 2)


def _monday(text: object) -> date | None:
    """Monday of the week in which a session began, by the clock it began by."""
    start = _parsed(text)
    return None if start is None else start.date() - timedelta(days=start.weekday())


def _seconds_of(text: object) -> float:
    """Seconds on one time line; NaN without a date. A clock without a zone counts as UTC."""
    start = _parsed(text)
    if start is None:
        return np.nan
    return (start.replace(tzinfo=None) - (start.utcoffset() or timedelta())).timestamp()


def _parsed(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
