"""Several sessions together: totals and weeks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = [
    "TOTAL_FIELDS", "WEEK_COLUMNS", "counted", "outside_weeks", "sessions_apart", "totals",
    "weeks",
]  # fmt: skip

TOTAL_FIELDS = (
    "sessions", "strides", "steps", "forward_strides", "backward_strides", "unknown_strides",
    "forward_min", "backward_min", "unknown_min", "walk_backward_strides", "run_backward_strides",
    "climb_backward_m", "backward_share", "backward_share_low", "backward_share_high",
    "longest_backward_bout_s", "told_apart_by",
)  # fmt: skip
"""Totals of several sessions; ``told_apart_by`` is ``habit`` if, in one of them, habit alone
separates forward from backward, else empty."""

WEEK_COLUMNS = ("week", "monday", *TOTAL_FIELDS, "change", "marked")
"""Columns of ``weeks.csv``: ISO 8601 week by the wearer's clock, and its totals; ``change`` of
backward minutes from the week before, as a share; ``marked`` if that is above `MARKED`."""

MARKED = 0.1
"""Rise of backward minutes from week to week that is marked: the customary tenth."""

LONGEST_BREAK_WEEKS = 4
"""Weeks without a session that are listed with zeros; a longer break isn't part of a plan."""

SAME_S = 2.0
"""Starts and lengths that differ by less are one recording, exported or labelled twice."""


def totals(sessions: pd.DataFrame) -> dict[str, float | str]:
    """Add up sessions to ``TOTAL_FIELDS``; copies, and sessions without strides, add nothing.

    The interval of the share is the mean of the sessions' intervals, weighted by strides: a wearer
    misread in one session may be misread in all, so errors are not assumed to cancel.
    ``tests/benchmarks/share_coverage.py`` measures how often it contains the truth.
    """
    done = sessions[counted(sessions)]
    low, share, high = _share(done)
    climbed_m = _number(done, "climb_backward_m")
    longest_s = pd.Series(_number(done, "longest_backward_bout_s")).max() if len(done) else 0.0
    ways = ("forward", "backward", "unknown")
    fields: dict[str, float | str] = {
        "sessions": len(done),
        **{name: int(np.nansum(_number(done, name))) for name in _ADDED},
        **{f"{way}_min": float(np.nansum(_number(done, f"{way}_s"))) / 60 for way in ways},
        "climb_backward_m": float(np.nansum(climbed_m)) if np.isfinite(climbed_m).any() else np.nan,
        "longest_backward_bout_s": float(longest_s),
        "backward_share": share,
        "backward_share_low": low,
        "backward_share_high": high,
        "told_apart_by": "habit" if (done["told_apart_by"] == "habit").any() else "",
    }
    return {name: fields[name] for name in TOTAL_FIELDS}


def weeks(sessions: pd.DataFrame) -> pd.DataFrame:
    """Add up each week from the first dated session to the last, with ``WEEK_COLUMNS``.

    Weeks without a session have zeros, except in a break of more than ``LONGEST_BREAK_WEEKS``.
    """
    done = sessions[counted(sessions)]
    mondays = [_monday(text) for text in done["start_time"]]
    dated = done.assign(monday=pd.Series(mondays, done.index)).dropna(subset="monday")
    if dated.empty:
        return pd.DataFrame(columns=list(WEEK_COLUMNS))
    trained = sorted(set(dated["monday"]))
    listed = trained[:1]
    for monday in trained[1:]:
        passed = (monday - listed[-1]).days // 7
        left_out = 0 if passed <= LONGEST_BREAK_WEEKS + 1 else passed - 1
        listed += [listed[-1] + timedelta(weeks=n + 1) for n in range(left_out, passed)]
    rows = [
        {"week": "{}-W{:02}".format(*monday.isocalendar()[:2]), "monday": monday.isoformat()}
        | totals(dated[dated["monday"] == monday])
        for monday in listed
    ]
    table = pd.DataFrame(rows)
    follows = pd.to_datetime(table["monday"]).diff().dt.days == 7
    # Mostly unknown minutes aren't a fall, and what follows them isn't a rise.
    sure = table["unknown_min"] <= table["forward_min"] + table["backward_min"]
    before = table["backward_min"].shift().where(follows & sure & sure.shift(fill_value=True))
    table["change"] = (table["backward_min"] / before - 1).where(before > 0)
    table["marked"] = table["backward_min"] > (1 + MARKED) * before
    return table[list(WEEK_COLUMNS)]


def outside_weeks(sessions: pd.DataFrame, by_week: pd.DataFrame) -> int:
    """Count sessions with strides that are in no week: undated, or at the time of another."""
    return int(counted(sessions).sum() - by_week["sessions"].sum())


def counted(sessions: pd.DataFrame) -> pd.Series[bool]:
    """Return which sessions add to totals: those with strides that aren't a copy of another."""
    return (sessions["status"] == "ok") & ~_is_copy(sessions)


def sessions_apart(runs: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Merge the sessions of several runs, older runs first, so that each recording counts once.

    They are in time order, undated ones last; copies are left out. Of a recording in several runs
    (same start and length or, if undated, same name and length), the newest row that worked counts.
    Of recordings that overlap by more than half of the shorter one, such as a phone's and a
    watch's, the one with more strides of known direction counts: the wearer walked once.
    """
    rows = pd.concat(list(runs), ignore_index=True)
    rows = rows[~_is_copy(rows)].reset_index(drop=True)
    facts = _Sessions.of(rows)
    near = _Near(facts)
    kept = np.zeros(len(rows), dtype=bool)
    # Newest first, so that a later run replaces an earlier one.
    for index in reversed(range(len(rows))):
        others = near.to(index)
        others = others[kept[others]]
        twice, overlap = facts.beside(index, others)
        rivals, twice = others[twice | overlap], twice[twice | overlap]
        better = twice | (not facts.ok[index]) | (facts.labelled[rivals] >= facts.labelled[index])
        if (facts.ok[rivals] & better).any() or (len(rivals) and not facts.ok[index]):
            continue
        kept[rivals] = False
        kept[index] = True
    order = np.flatnonzero(kept)
    order = order[np.argsort(facts.start_s[order], kind="stable")]  # undated ones last
    return rows.loc[order].reset_index(drop=True)


_ADDED = (
    "strides", "steps", "forward_strides", "backward_strides", "unknown_strides",
    "walk_backward_strides", "run_backward_strides",
)  # fmt: skip


def _is_copy(sessions: pd.DataFrame) -> pd.Series[bool]:
    named = [isinstance(name, str) and name != "" for name in sessions["copy_of"]]
    return pd.Series(named, sessions.index, dtype=bool)


def _number(rows: pd.DataFrame, name: str) -> np.ndarray:
    """Values of a column; NaN if missing."""
    return pd.to_numeric(rows[name]).to_numpy(dtype=float, na_value=np.nan)


def _share(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Lower end, share over all labelled strides, and upper end."""
    backward, forward, strides, sideways = (
        np.nan_to_num(_number(rows, f"{name}strides"))
        for name in ("backward_", "forward_", "", "sideways_")
    )
    either = strides - sideways
    if not (backward + forward).any():
        return np.nan, np.nan, np.nan
    share = float(backward.sum() / (backward + forward).sum())
    # A session without a label may have gone either way.
    low, high = (
        float((np.nan_to_num(_number(rows, f"backward_share_{end}"), nan=none) * either).sum())
        / float(either.sum())
        for end, none in (("low", 0.0), ("high", 1.0))
    )
    return low, share, high


class _Sessions(NamedTuple):
    """(n,) times and success of sessions, from rows of ``sessions.csv``."""

    name: NDArray[np.object_]
    ok: NDArray[np.bool_]
    bad: NDArray[np.bool_]
    labelled: FloatArray
    start_s: FloatArray
    wall_s: FloatArray
    has_zone: NDArray[np.bool_]
    duration_s: FloatArray

    @classmethod
    def of(cls, rows: pd.DataFrame) -> Self:
        starts = [_parsed(text) for text in rows["start_time"]]
        wall_s = [
            np.nan if start is None else start.replace(tzinfo=UTC).timestamp() for start in starts
        ]
        zone_s = [
            np.nan if start is None or (zone := start.utcoffset()) is None else zone.total_seconds()
            for start in starts
        ]
        has_zone = np.isfinite(zone_s)
        labelled = _number(rows, "forward_strides") + _number(rows, "backward_strides")
        status = rows["status"].to_numpy(dtype=object)
        return cls(
            name=rows["recording"].to_numpy(dtype=object),
            ok=status == "ok",
            bad=np.isin(status, ("failed", "refused")),
            labelled=labelled,
            start_s=np.array(wall_s) - np.where(has_zone, zone_s, 0.0),
            wall_s=np.array(wall_s),
            has_zone=has_zone,
            duration_s=_number(rows, "duration_s"),
        )

    def beside(
        self, index: int, others: NDArray[np.intp]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Return which others are the same recording, and which overlap it mostly."""
        namesake = self.name[others] == self.name[index]
        # A clock without a zone is compared with the other's wall clock.
        zoned = self.has_zone[others] & self.has_zone[index]
        later_s = np.where(
            zoned,
            self.start_s[others] - self.start_s[index],
            self.wall_s[others] - self.wall_s[index],
        )
        own_s, other_s = self.duration_s[index], self.duration_s[others]
        undated = np.isnan(self.wall_s[others]) & np.isnan(self.wall_s[index])
        alike = (np.abs(other_s - own_s) < SAME_S) & np.where(
            undated, namesake, np.abs(later_s) < SAME_S
        )
        bad = self.bad[others] | self.bad[index]
        together_s = np.minimum(own_s, later_s + other_s) - np.maximum(later_s, 0)
        return np.where(bad, namesake, alike), together_s > np.minimum(own_s, other_s) / 2


class _Near:
    """Finds rows that may share a recording or a time, without comparing all pairs."""

    def __init__(self, facts: _Sessions) -> None:
        self._facts = facts
        self._lasting_s = np.nan_to_num(facts.duration_s) + SAME_S
        self._longest_s = self._lasting_s.max(initial=0.0)
        self._by_name: dict[object, list[int]] = defaultdict(list)
        for index, name in enumerate(facts.name):
            self._by_name[name].append(index)
        clocks_s = (facts.wall_s, facts.start_s)
        self._sorted = [(clock_s, np.sort(clock_s), np.argsort(clock_s)) for clock_s in clocks_s]

    def to(self, index: int) -> NDArray[np.intp]:
        """Return their numbers, in order; the row's own is among them."""
        close = [np.array(self._by_name[self._facts.name[index]], dtype=np.intp)]
        for clock_s, in_order_s, order in self._sorted:
            ends_s = clock_s[index] + np.array([-self._longest_s, self._lasting_s[index]])
            begin, end = np.searchsorted(in_order_s, ends_s)  # undated ones come last
            close.append(order[begin:end])
        return np.unique(np.concatenate(close))


def _monday(text: object) -> date | None:
    """Monday of the week in which a session began, by its own clock."""
    start = _parsed(text)
    return None if start is None else start.date() - timedelta(days=start.weekday())


def _parsed(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(str(text))
    except ValueError:
        return None
