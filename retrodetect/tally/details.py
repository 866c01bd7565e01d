"""Details of a session beyond its counts: bouts, repeats, climb and energy."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pandas as pd

from retrodetect.recording import FloatArray
from retrodetect.tables import REPEAT_GLOSSARY
from retrodetect.tally.energy import Course, Pace, effort
from retrodetect.tally.session import Columns, columns_of, mostly_unknown, shape, stretches

__all__ = ["Details", "details", "repeats"]

MIN_LEG_S = 5.0
"""Shortest leg: anything less is a turn or a misread stride or two, not training."""

MAX_REST_S = 180.0
"""Longest pause within a set; common rests between hill repeats are one to three minutes."""

MAX_RATIO = 2.5
"""Most that a leg may be longer or shorter than the usual one of its direction. Warm-up and
cool-down, which come before and after a set without a pause, are longer than that."""

END_RATIO = 1.25
"""The same for a surplus first or last leg: legs of one hill stay within it."""

MIN_LEGS = 3
"""Legs of the shortest set: there, back, and there again."""


class Details(NamedTuple):
    """Further fields of a session's row, and its lists."""

    fields: dict[str, float | str]  # by name, as in ``sessions.csv``
    bouts: pd.DataFrame  # runs in one direction and gait, unknown ones too
    repeats: pd.DataFrame  # legs of the sets, as from `repeats`
    warnings: tuple[str, ...]  # ignored statements of the wearer, and impossible results


def details(
    strides: pd.DataFrame, contacts_s: FloatArray, placement: str, course: Course, pace: Pace
) -> Details:
    """Describe a session in more detail than :func:`retrodetect.tally.tally`.

    ``contacts_s`` (k,) are the initial contacts of either foot.
    """
    columns = columns_of(strides)
    bouts = stretches(columns, unknown=True, by_gait=True)
    legs = repeats(columns, course)
    is_last = np.append(np.diff(legs["set"]) > 0, True)[: len(legs)]
    count = int(legs["repeat"].to_numpy()[is_last].sum())
    fields: dict[str, float | str] = {**shape(columns, contacts_s, placement, count)}
    is_open = mostly_unknown(columns)
    for way in ("forward", "backward"):
        same = bouts["direction"] == way
        gained_m = course.climbs_m(bouts["start_s"][same], bouts["end_s"][same])
        is_known = not np.isnan(course.sure_m) and (same.any() or not is_open)
        climbed_m = float(gained_m[gained_m >= course.sure_m].sum())
        fields[f"climb_{way}_m"] = climbed_m if is_known else np.nan
    spent = effort(columns, course, pace, legs)
    return Details(fields | spent.fields, pd.DataFrame(bouts), legs, spent.warnings)


# Repeats: sets such as "backward up the hill, forward down, ten times".


def repeats(strides: Columns, course: Course) -> pd.DataFrame:
    """Find sets of alternating legs: a row per leg, with columns as in ``repeats.csv``.

    ``set`` and ``repeat`` count from 1; a repeat is a leg in the direction the set begins with and
    the one back (the last may lack it). ``pause_s`` is the time since the end of the previous leg;
    ``slope`` is up, down or level, or empty if no height is known.
    """
    legs = _legs(stretches(strides))
    places = [
        (at, number, (at - begin) // 2 + 1)
        for number, (begin, end) in enumerate(_sets(legs), start=1)
        for at in range(begin, end)
    ]
    at, number, repeat = np.array(places, dtype=int).reshape(-1, 3).T
    columns = {name: column[at] for name, column in legs.items()}
    start_s, end_s = columns["start_s"], columns["end_s"]
    is_first = np.diff(number, prepend=0) > 0
    climb_m = course.climbs_m(start_s, end_s)
    slope = np.select(
        [np.isnan(climb_m), climb_m >= course.sure_m, climb_m <= -course.sure_m],
        ["", "up", "down"],
        "level",
    )
    columns |= {
        "set": number,
        "repeat": repeat,
        "duration_s": end_s - start_s,
        "pause_s": np.where(is_first, np.nan, start_s - np.append(np.nan, end_s)[: len(end_s)]),
        "climb_m": climb_m,
        "slope": slope.astype(object),
    }
    return pd.DataFrame({name: columns[name] for name in REPEAT_GLOSSARY if name in columns})


def _legs(runs: Columns) -> Columns:
    """Return the long stretches; consecutive ones in one direction are merged."""
    is_long = runs["end_s"] - runs["start_s"] >= MIN_LEG_S
    columns = {name: column[is_long] for name, column in runs.items()}
    start_s, end_s, direction = (columns[name] for name in ("start_s", "end_s", "direction"))
    # A short halt on the way up does not split a leg.
    rest_s = np.append(np.inf, start_s[1:] - end_s[:-1])[: len(start_s)]
    new = rest_s > MAX_REST_S
    new[1:] |= direction[1:] != direction[:-1]
    first = np.flatnonzero(new)
    lasting_s = np.add.reduceat(end_s - start_s, first)
    steps = np.add.reduceat(columns["cadence_spm"] * (end_s - start_s), first)
    strides = np.add.reduceat(columns["strides"], first)
    run = np.add.reduceat(np.where(columns["gait"] == "run", columns["strides"], 0), first)
    return {
        "bout": columns["bout"][first],
        "direction": direction[first],
        "start_s": start_s[first],
        "end_s": end_s[np.append(first[1:], len(start_s))[: len(first)] - 1],
        "strides": strides,
        "gait": np.where(run > 0.5 * strides, "run", "walk").astype(object),
        "lasting_s": lasting_s,
        "cadence_spm": steps / lasting_s,
    }


def _sets(legs: Columns) -> list[tuple[int, int]]:
    """Return half-open ranges of legs that form a set."""
    way, start_s, end_s = (legs[name] for name in ("direction", "start_s", "end_s"))
    breaks = (way[1:] == way[:-1]) | (start_s[1:] - end_s[:-1] > MAX_REST_S)
    edges = [0, *np.flatnonzero(breaks) + 1, len(way)]
    return [alike for ends in pairwise(edges) for alike in _alike(legs, *map(int, ends))]


def _alike(legs: Columns, begin: int, end: int) -> list[tuple[int, int]]:
    """Return the parts of a chain whose legs are about as long as is usual in it."""
    if end - begin < MIN_LEGS:
        return []
    begin, end = _without_ends(legs, begin, end, MAX_RATIO)
    lasting, way = legs["lasting_s"][begin:end], legs["direction"][begin:end]
    usual = np.array([np.median(lasting[way == leg_way]) for leg_way in way])
    odd = np.maximum(lasting / usual, usual / lasting) > MAX_RATIO
    edges = np.concatenate([[-1], np.flatnonzero(odd), [end - begin]])
    parts = [(begin + int(a) + 1, begin + int(b)) for a, b in pairwise(edges)]
    return [_paired(legs, a, b) for a, b in parts if b - a >= MIN_LEGS]


def _paired(legs: Columns, begin: int, end: int) -> tuple[int, int]:
    """Drop a first or last leg without a counterpart if it is unlike the others."""
    if (end - begin) % 2 == 0 or end - begin == MIN_LEGS:
        return begin, end
    shorter = _without_ends(legs, begin, end, END_RATIO)
    return shorter if end - begin - (shorter[1] - shorter[0]) == 1 else (begin, end)


def _without_ends(legs: Columns, begin: int, end: int, ratio: float) -> tuple[int, int]:
    """Drop legs at the ends of a chain that differ from the others of their direction."""
    lasting, way = legs["lasting_s"], legs["direction"]
    while end - begin > MIN_LEGS:
        for at in (begin, end - 1):
            others = np.delete(np.arange(begin, end), at - begin)
            usual = np.median(lasting[others[way[others] == way[at]]])
            if max(lasting[at] / usual, usual / lasting[at]) > ratio:
                begin, end = (begin + 1, end) if at == begin else (begin, end - 1)
                break
        else:
            break
    return begin, end
