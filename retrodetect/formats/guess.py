"""Guesses: the meaning of a table's columns, from their names or else from their values.

Plain tables rely on nothing else; the formats of known apps use it for columns that differ from
version to version.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.clock import PLAUSIBLE_STEP_S, TICKS_S
from retrodetect.formats.draft import Claim, Sign, downward, linear
from retrodetect.formats.layout import Axes, Layout, Tick
from retrodetect.formats.source import RESEARCHKIT
from retrodetect.formats.table import (
    PROCESSED,
    Quantity,
    Table,
    quantity_of,
    says_acceleration,
)
from retrodetect.formats.text import time_format, unit_in
from retrodetect.sites import site_in

__all__ = [
    "best_clock", "has_decimal_commas", "is_acceleration", "layouts", "no_acceleration",
    "rotation_axes", "stated_rate_hz",
]  # fmt: skip

_RATE = re.compile(r"(?<!\d)(\d++(?:[.,]\d++)?)\s*+hz\b", re.IGNORECASE)
_PERIOD = re.compile(
    r"(?:interval|period|sampling time)\D{0,20}(\d+(?:\.\d+)?)\s*ms\b", re.IGNORECASE
)
_INSTEAD: dict[Quantity, str] = {
    "rotation": ", only a gyroscope",
    "magnetic": ", only a magnetometer",
    "gravity": ", only the direction of gravity",
}
_COUNTING_SHARE = 0.8
_ARRIVAL = re.compile(r"receiv|arriv|logg|upload|server")
_MOST_SENSORS = 30
_LABEL = re.compile(
    r"sensor|type|kind|node|side|foot|leg|imu|mac|address|channel|source|(?<![a-z])id$"
)
_LONGEST_TURN = 50
"""Rows in a packet of one sensor; a device's label for an activity lasts longer at times."""

_SITE = re.compile(r"(?:position|placement|location|site|body part)\s*[:=,]\s*(.+)", re.IGNORECASE)

_CUT_FRACTION = re.compile(r"0\d+$")
_ANY, _G_AXIS = re.compile(""), re.compile(r"(?<![a-z])g[_ .]?[xyz]$")
_LINEAR_BELOW = 0.1
"""Largest mean of linear acceleration as a share of gravity, in any unit (0.06, `plausible`)."""

_ONE_G = (1.0, 9.80665, 1000.0)
_TELLS_LINEAR = linear("the column names say linear acceleration")


def layouts(table: Table) -> dict[str, Layout]:
    """Guess the layouts of the recordings in a table, by part (empty if there is one)."""
    by_part = _named(table) if table.header else _unnamed(table)
    if quantity_of(table.source.stem) in ("rotation", "magnetic", "gravity"):
        return {part: layout for part, layout in by_part.items() if _says_so(table, layout)}
    return by_part


def best_clock(table: Table) -> tuple[Tick, ...]:
    """Columns that could be the clock, the finest and steadiest first."""
    indices = (
        [c.index for c in table.columns if c.quantity == "time"]
        or [c.index for c in table.columns if c.quantity == "other" and unit_in("time", c.unit)]
        or ([] if table.columns else list(range(table.width)))
    )
    units = {column.index: column.unit for column in table.columns}
    scored = []
    for index in indices:
        stamps = _head_stamps(table, index)
        if stamps is not None and (score := _clock_score(stamps)) is not None:
            is_text = table.kind(index) == "text"
            tick = _dated(table, indices, index) or Tick(
                table.names[index], units.get(index) or None
            )
            is_arrival = _ARRIVAL.search(table.names[index]) is not None
            scored.append(((*score[:2], is_text, is_arrival, score[2]), tick))
    return tuple(tick for _, tick in sorted(scored, key=lambda pair: pair[0]))


def _dated(table: Table, indices: Sequence[int], index: int) -> Tick | None:
    """Pair a column of times of day with a column of dates; None if it isn't one or has none."""
    text = time_format(table.cells(index)) if table.kind(index) == "text" else None
    if text is None or text.wrap_ns is None:
        return None
    for neighbour in indices:
        date = time_format(table.cells(neighbour)) if table.kind(neighbour) == "text" else None
        if neighbour != index and date is not None and date.wrap_ns is None:
            return Tick((table.names[neighbour], table.names[index]))
    return None


def stated_rate_hz(table: Table) -> float | None:
    """Sampling rate that the preamble states."""
    for line in table.preamble:
        rate, period = _RATE.search(line), _PERIOD.search(line)
        if rate and float(number := rate[1].replace(",", ".")):
            return float(number)
        if period and float(period[1]):
            return 1e3 / float(period[1])
    return None


def _named(table: Table) -> dict[str, Layout]:
    """One layout for each group of named axes."""
    columns = table.columns
    triads: dict[Quantity, dict[tuple[str, ...], Axes]] = {
        quantity: _triads(table, quantity)
        for quantity in ("acceleration", "linear", "gravity", "rotation", "magnetic")
    }
    if not triads["acceleration"] and not triads["linear"]:
        if quantity_of(table.source.stem) == "linear":
            triads["linear"] = _triads(table, "unknown")
        else:
            triads["acceleration"] = _by_value(table)
    counter, rate_hz = _counter(table), stated_rate_hz(table)
    clock = best_clock(table)
    if not clock and rate_hz is None:  # so that the message can say what is wrong
        clock = tuple(Tick(table.names[c.index], c.unit) for c in columns if c.quantity == "time")
    named = {}
    groups = dict.fromkeys([*triads["acceleration"], *triads["linear"]])
    for group in groups:
        unprocessed = tuple(word for word in group if word not in PROCESSED)
        if unprocessed != group and unprocessed in groups:
            continue  # processed readings of the same sensor
        total = triads["acceleration"].get(group)
        axes = total or triads["linear"].get(group)
        assert axes is not None
        layout = Layout(
            clock=clock,
            acceleration=(axes,),
            gravity_vector=_taken_off(table, axes, total, _only(triads["gravity"], group)),
            rotation=tuple(triad for triad in _only(triads["rotation"], group) if triad != axes),
            channels={"magnetic_field_ut": _only(triads["magnetic"], group)},
            counter=counter,
            rate_hz=rate_hz,
            split=_labels(table),
            sensor=_sensor(table),
            sign=_core_motion(table),
            placement=site_in(" ".join(group)) or stated_placement(table),
        )
        is_named = _says_so(table, layout) or says_acceleration(table.source.stem)
        named[" ".join(group)] = replace(layout, is_named=is_named)
    return named if len(named) != 1 else {"": next(iter(named.values()))}


def _by_value(table: Table) -> dict[tuple[str, ...], Axes]:
    """Triads without a sensor's name, or named ``gx``, that average one g."""
    candidates = {
        **_triads(table, "unknown"),
        **_triads(table, "rotation", _G_AXIS),
    }
    return {
        group: axes
        for group, axes in candidates.items()
        if is_acceleration(_heads(table, axes)) and not unit_in("rotation", axes.unit or "")
    }


def _taken_off(
    table: Table, axes: Axes, total: Axes | None, gravity: tuple[Axes, ...]
) -> tuple[Axes, ...]:
    """Gravity, if the app subtracted it from the acceleration."""
    if total is None or not gravity:
        return gravity
    kept, removed = (_whole(_heads(table, triad)) for triad in (axes, gravity[0]))
    if not kept.size or not removed.size:
        return ()
    levels = [np.linalg.norm(values.mean(axis=1)) for values in (kept, removed)]
    return gravity if levels[0] < _LINEAR_BELOW * levels[1] else ()


def _heads(table: Table, axes: Axes) -> list[NDArray[np.float64]]:
    """First readings of each axis; empty if only the header is that wide."""
    return [table.numbers(name) for name in axes.names]


def _core_motion(table: Table) -> Claim[Sign] | None:
    """CoreMotion's sign, if the table is from an app that writes CoreMotion's readings.

    Beiwe writes ``unknown`` for the accuracy on iOS only (source: its ``AccelerometerManager``).
    User acceleration appears beside gravity or attitude only if CoreMotion returned both.
    """
    if RESEARCHKIT in table.preamble:
        return downward("ResearchKit writes CoreMotion's sign")
    if table.has("accuracy") and {*table.cells("accuracy")} == {"unknown"}:
        return downward("Beiwe on iOS writes CoreMotion's sign")
    words = re.sub(r"[^a-z]", "", " ".join(table.names))
    if "useracceleration" in words and ("gravity" in words or "attitude" in words):
        return downward("columns named as CoreMotion names them", "assumed")
    return None


def _says_so(table: Table, layout: Layout) -> bool:
    """Whether the columns' names or units state acceleration."""
    units = [axes.unit or "" for axes in layout.acceleration]
    places = [table.place(name) for axes in layout.acceleration for name in axes.names]
    named = [place for place in places if place < len(table.header)]
    units += [table.unit(place) for place in named]
    return any(unit_in("acceleration", unit) for unit in units) or any(
        says_acceleration(table.header[place]) for place in named
    )


def _counter(table: Table) -> str | None:
    """Column that counts the samples."""
    for column in table.columns:
        if column.quantity == "counter" and table.kind(column.index) == "number":
            steps = np.diff(table.numbers(column.index))
            if len(steps) and (steps >= 1).mean() > _COUNTING_SHARE and np.median(steps) == 1:
                return table.names[column.index]
    return None


def _labels(table: Table) -> tuple[str, ...]:
    """Columns that label rows: by person or device, and by sensor if sensors take turns."""
    return tuple(
        table.names[column.index]
        for column in table.columns
        if column.quantity == "who" or _takes_turns(table, column.index)
    )


def _takes_turns(table: Table, index: int) -> bool:
    """Whether a column named as a label has few of them, none of which lasts long."""
    cells = table.cells(index)
    is_label = _LABEL.search(table.names[index]) and 2 <= len({*cells}) < _MOST_SENSORS
    return bool(is_label) and max(len([*run]) for _, run in groupby(cells)) < _LONGEST_TURN


def _sensor(table: Table) -> str | None:
    """Text column whose cells name the sensor of the row."""
    for index in range(len(table.header)):
        cells = set(table.cells(index)) if table.kind(index) == "text" else set()
        if 0 < len(cells) < _MOST_SENSORS and any(map(says_acceleration, cells)):
            return table.names[index]
    return None


def stated_placement(table: Table) -> str | None:
    """Body site that the preamble states, as ``Sensor position: Wrist``."""
    sites = (site_in(match[1]) for line in table.preamble if (match := _SITE.search(line)))
    return next(filter(None, sites), None)


def _triads(
    table: Table, quantity: Quantity, named: re.Pattern[str] = _ANY
) -> dict[tuple[str, ...], Axes]:
    """Complete triads of a quantity, by the words that identify devices."""
    by_group: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    units: dict[tuple[str, ...], str] = {}
    for column in table.columns:
        is_named = named.search(table.names[column.index])
        if column.quantity == quantity and column.axis and is_named:
            by_group[column.group].setdefault(column.axis, column.index)
            units[column.group] = units.get(column.group) or column.unit
    return {
        group: Axes(
            table.names[axes["x"]],
            table.names[axes["y"]],
            table.names[axes["z"]],
            unit=units[group] or None,
            gravity=_TELLS_LINEAR if quantity == "linear" else None,
        )
        for group, axes in by_group.items()
        if len(axes) == 3
    }


def _only(triads: dict[tuple[str, ...], Axes], group: tuple[str, ...]) -> tuple[Axes, ...]:
    """The triad of a group, or the only triad."""
    if group in triads:
        return (triads[group],)
    return tuple(triads.values()) if len(triads) == 1 else ()


def _unnamed(table: Table) -> dict[str, Layout]:
    """Layout of a table without names: a rising column, then three that average one g."""
    clock = best_clock(table)
    numbers = [table.numbers(index) for index in range(table.width)]
    rising = {int(name) - 1 for tick in clock for name in tick.names}
    moving = [
        index not in rising and np.isfinite(column).mean() > 0.9 and np.nanstd(column) > 0
        for index, column in enumerate(numbers)
    ]
    for first in range(table.width - 2):
        if all(moving[first : first + 3]) and is_acceleration(numbers[first : first + 3]):
            x, y, z = table.names[first : first + 3]
            return {"": Layout(clock=clock, acceleration=(Axes(x, y, z),))} if clock else {}
    return {}


def is_acceleration(columns: Sequence[NDArray[np.float64]]) -> bool:
    """Whether three columns are one g long and keep to one side, as gravity does."""
    values = _whole(columns)
    if not values.size:
        return False
    length = float(np.median(np.linalg.norm(values, axis=0)))
    level = float(np.linalg.norm(values.mean(axis=1)))
    return level > 0.5 * length and any(0.75 < length / one_g < 1.35 for one_g in _ONE_G)


def _whole(columns: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """(3, n) readings of the rows that have all three."""
    if len({len(column) for column in columns}) > 1:  # a header may be wider than its rows
        return np.empty((3, 0))
    values = np.stack(columns)
    return values[:, np.isfinite(values).all(axis=0)]


def _head_stamps(table: Table, index: int) -> NDArray[np.float64] | None:
    """Stamps at the top of a column, in its ticks or in nanoseconds."""
    if table.kind(index) != "text":
        return table.numbers(index)
    text = time_format(table.cells(index))
    if text is None:
        return None
    return text.parse(pd.Series(table.cells(index), dtype="str")).astype(np.float64)


def _clock_score(stamps: NDArray[np.float64]) -> tuple[float, float, float] | None:
    """How poor a clock is (share of equal stamps, unevenness, coarseness); None if it isn't one."""
    stamps = stamps[np.isfinite(stamps)]
    steps = np.diff(stamps)
    if not len(steps) or (steps < 0).mean() > 0.1 or not (steps > 0).any():
        return None
    mean = float(np.median(steps[steps > 0]))
    if not any(PLAUSIBLE_STEP_S[0] <= mean * tick < 5 for tick in (*TICKS_S, 86_400.0)):
        return None
    equal = round(float((steps == 0).mean()), 1)
    uneven = round(min(float(np.median(np.abs(steps - mean))) / mean, 9.0), 1)
    is_count = (steps == 1).all()
    return (float(is_count) + equal, uneven, -float(np.log10(max(abs(stamps[0]), 1.0))))


def rotation_axes(table: Table) -> tuple[Axes, ...]:
    """Axes of a gyroscope: named so, or bare in a file named so."""
    triads = tuple(_triads(table, "rotation").values())
    if not triads and quantity_of(table.source.stem) == "rotation":
        triads = tuple(_triads(table, "acceleration").values())
    return triads


def has_decimal_commas(table: Table) -> bool:
    """Whether commas are both decimal marks and delimiters, which cuts each number in two.

    Fractions are then separate columns, with leading zeros.
    """
    columns = [table.cells(index) for index in range(table.width)]
    if table.delimiter != "," or any("." in cell for cells in columns for cell in cells):
        return False
    return sum(any(map(_CUT_FRACTION.match, cells)) for cells in columns) >= 3


def no_acceleration(table: Table) -> RefusedRecording:
    """Make a refusal that states what the table holds instead."""
    held = {column.quantity for column in table.columns}
    if not table.header:
        return RefusedRecording(
            "has no column names, and no three of its columns average 1 g",
            remedy="name them by number with --columns time=1,x=2,y=3,z=4 (or x=1,y=2,z=3 and"
            " --rate), and give the unit with --unit",
        )
    if "counts" in held or "magnitude" in held:
        what = "activity counts" if "counts" in held else "the magnitude of acceleration"
        return RefusedRecording(
            f"has only {what}, not the three axes",
            remedy="export the raw acceleration",
        )
    what = next((text for quantity, text in _INSTEAD.items() if quantity in held), "")
    return RefusedRecording(
        f"has no acceleration{what}",
        remedy="export the accelerometer, or name its columns with --columns time=T,x=A,y=B,z=C",
    )
