"""Layouts: which columns of a table are the clock, the acceleration and the rest.

A format module states a `Layout`; `drafts` reads a table by it. Of alternatives the first whose
columns exist is taken, so that one layout covers the variants an app writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.columns import quantity_of
from retrodetect.formats.draft import Claim, Draft, Epoch, Series, Sign, Stamps
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.spool import gather
from retrodetect.formats.table import Array, Table
from retrodetect.formats.timetext import TimeFormat, moment, time_format
from retrodetect.formats.units import unit_in
from retrodetect.recording import FloatArray, Gravity

Rows = NDArray[np.intp]
_Key = int | str
"""A column by its place, or a series by its name."""

_MOVING_SHARE = 0.5

__all__ = [
    "Axes",
    "Layout",
    "Tick",
    "Value",
    "drafts",
    "drafts_of_parts",
    "series",
    "working_clock",
    "xyz",
]


@dataclass(frozen=True, slots=True)
class Tick:
    """A column of times.

    Parameters
    ----------
    name
        The column; or two, a date and a time of day.
    unit
        Unit of its numbers, None where the header states it or it must be measured.
    epoch
        What they count from, None where their size tells.
    wrap_ticks
        Where they start again from 0.
    date_hint
        Order of day and month, where the file states it.
    """

    name: str | tuple[str, str]
    unit: str | None = None
    epoch: Epoch | None = None
    wrap_ticks: int | None = None
    date_hint: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The columns it needs."""
        return (self.name,) if isinstance(self.name, str) else self.name


@dataclass(frozen=True, slots=True)
class Axes:
    """The three columns of a sensor, with what the format knows about them.

    Parameters
    ----------
    x, y, z
        The columns.
    unit
        None where their header says it, or it must be measured.
    gravity
        Whether gravity is in, where the format knows.
    clock
        The sensor's own stamps in the same table, if it has any.
    """

    x: str
    y: str
    z: str
    unit: str | None = None
    gravity: Claim[Gravity] | None = None
    clock: Tick | None = None

    @property
    def names(self) -> tuple[str, str, str]:
        """The columns in the order x, y, z."""
        return (self.x, self.y, self.z)


@dataclass(frozen=True, slots=True)
class Value:
    """A column of a single value.

    Parameters
    ----------
    name
        The column.
    unit
        None where its header says it.
    clock
        Its own stamps in the same table, if it has any.
    """

    name: str
    unit: str | None = None
    clock: Tick | None = None

    @property
    def names(self) -> tuple[str]:
        """The column."""
        return (self.name,)


@dataclass(frozen=True)
class Layout:
    """How a format lays out its table; of alternatives the first that exists is read.

    Parameters
    ----------
    clock, acceleration, rotation, gravity_vector
        Alternatives, best first.
    channels
        Other series: name and unit in the recording, and the columns with their unit.
    counter
        Column that numbers the samples.
    rate_hz
        Rate that the preamble states.
    split
        Columns whose values tell devices or people apart; each makes a recording of its own.
    sensor
        Column whose values name the sensor of each row.
    sign
        Which way the format writes specific force, where it is known.
    placement, device, platform
        Body site, maker and system, where the format or the table states them.
    start_time
        Wall clock of the first row.
    start_column
        Column whose first cell holds that time.
    warnings
        What the user should know.
    is_named
        Whether anything says that the axes are acceleration, and not another sensor.
    """

    clock: tuple[Tick, ...] = ()
    acceleration: tuple[Axes, ...] = ()
    rotation: tuple[Axes, ...] = ()
    gravity_vector: tuple[Axes, ...] = ()
    channels: Mapping[str, tuple[Axes | Value, ...]] = field(default_factory=dict)
    counter: str | None = None
    rate_hz: float | None = None
    split: tuple[str, ...] = ()
    sensor: str | None = None
    sign: Claim[Sign] | None = None
    placement: str | None = None
    device: str = ""
    platform: str = ""
    start_time: datetime | None = None
    start_column: str = ""
    warnings: tuple[str, ...] = ()
    is_named: bool = True


def xyz(
    pattern: str,
    unit: str | None = None,
    gravity: Claim[Gravity] | None = None,
    clock: Tick | None = None,
) -> Axes:
    """Axes whose names differ in one letter: ``xyz("acceleration {}")``.

    Parameters
    ----------
    pattern
        Name of a column with ``{}`` for the letter.
    unit, gravity, clock
        As in `Axes`.

    Returns
    -------
    Axes
        The three columns.
    """
    x, y, z = (pattern.format(axis) for axis in "xyz")
    return Axes(x, y, z, unit, gravity, clock)


def drafts_of_parts(table: Table, parts: Mapping[str, Layout], options: ReadOptions) -> list[Draft]:
    """Read a table that holds several recordings side by side, each with a layout of its own.

    Parameters
    ----------
    table
        As for `drafts`.
    parts
        Layouts by the name of the part.
    options
        As for `drafts`.

    Returns
    -------
    list of Draft
        In the order of the parts.
    """
    return [
        draft.with_(part="/".join(filter(None, (part, draft.part))))
        for part, layout in parts.items()
        for draft in drafts(table, layout, options)
    ]


def drafts(table: Table, layout: Layout, options: ReadOptions) -> list[Draft]:
    """Read a table by its layout: one draft, or one for each device or person.

    Parameters
    ----------
    table
        Head of the file, understood as a table.
    layout
        Which column is what.
    options
        What the user said.

    Returns
    -------
    list of Draft
        In the order of the file.

    Raises
    ------
    RefusedRecording
        Where the columns of the acceleration are missing.
    UnreadableFile
        Where the user named a column that does not exist.
    """
    if options.columns:
        layout = _overridden(table, layout, options)
    if options.rate_hz is not None:  # a clock that cannot be read is no obstacle then
        layout = replace(layout, clock=())
    choice = _Choice.of(table, layout)
    columns = choice.load()
    everything = choice.draft(columns)
    labels = None if choice.sensor is None else columns[choice.sensor]
    return [
        _by_sensor(part, labels if rows is None or labels is None else labels[rows], table)
        for name, rows in _groups([columns[index] for index in choice.split]).items()
        for part in [everything if rows is None else everything.take(rows).with_(part=name)]
    ]


@dataclass(frozen=True, slots=True)
class _Choice:
    """Columns of readings and times that a table has, and those that tell its rows apart."""

    table: Table
    layout: Layout
    axes: Axes
    clock: Tick | None
    plans: Mapping[str, _Plan]
    clocks: Mapping[Tick, Mapping[int, TimeFormat | None]]
    counter: int | None
    sensor: int | None
    split: tuple[int, ...]

    @classmethod
    def of(cls, table: Table, layout: Layout) -> _Choice:
        """Choose among the alternatives of a layout those that the table has."""
        axes = _present(table, layout.acceleration)
        if axes is None:
            raise RefusedRecording(
                "has no acceleration along x, y and z",
                file=table.source.label,
                remedy="if it does, name the columns with --columns",
            )
        clock = working_clock(table, layout.clock)
        plans = _plans(table, layout, axes)
        clocks = {tick: _time_formats(table, tick) for tick in _clocks(clock, plans)}
        # A column of readings or of times is no label, whatever its name.
        taken = {index for plan in plans.values() for index in plan.indices}
        taken |= {index for formats in clocks.values() for index in formats}
        counter, sensor, *named = (
            None if index in taken else index
            for index in _indices(table, layout.counter, layout.sensor, *layout.split)
        )
        # Several columns may bear the same name: the first of them is meant each time.
        split = (index for index in dict.fromkeys(named) if index is not None and index != sensor)
        return cls(table, layout, axes, clock, plans, clocks, counter, sensor, tuple(split))

    def load(self) -> dict[_Key, Array]:
        """Read all of them in one pass: series by their name, other columns by their place."""
        texts = [*self.split, *([] if self.sensor is None else [self.sensor])]
        numbers = [] if self.counter is None else [self.counter]
        return _load(self.table, self.clocks, self.plans, texts, numbers)

    def draft(self, columns: Mapping[_Key, Array]) -> Draft:
        """Make a draft of the columns."""
        series = {name: self._series(name, plan, columns) for name, plan in self.plans.items()}
        stamps = replace(
            _stamps(self.table, self.clock, self.clocks, columns),
            counter=None if self.counter is None else columns[self.counter],
            rate_hz=self.layout.rate_hz,
        )
        layout, own = self.layout, self.plans["acceleration"].indices
        return Draft(
            acceleration=series.pop("acceleration"),
            stamps=stamps,
            gravity=self.axes.gravity,
            sign=layout.sign,
            placement=layout.placement,
            device=layout.device,
            platform=layout.platform,
            start_time=layout.start_time or _first_time(self.table, layout.start_column),
            warnings=(*layout.warnings, *self.table.notes),
            is_named=layout.is_named,
            rotation=series.pop("rotation", None),
            gravity_vector=series.pop("gravity_vector", None),
            channels=series,
            columns=", ".join(_written(self.table, index) for index in own),
        )

    def _series(self, name: str, plan: _Plan, columns: Mapping[_Key, Array]) -> Series:
        own = _stamps(self.table, plan.clock, self.clocks, columns) if plan.clock else None
        return Series(columns[name], plan.unit, own)


def series(table: Table, choices: Sequence[Axes | Value], clock: Tick) -> Series | None:
    """Read one series with its own clock, as from a file beside the accelerometer's.

    Parameters
    ----------
    table
        Head of the companion file.
    choices
        Columns; the first that exist are taken.
    clock
        Its column of times.

    Returns
    -------
    Series or None
        None where no choice exists.
    """
    choice = _present(table, choices)
    if choice is None or not table.has(*clock.names):
        return None
    plan = _plan(table, choice)
    clocks = {clock: _time_formats(table, clock)}
    columns = _load(table, clocks, {"": plan})
    return Series(columns[""], plan.unit, _stamps(table, clock, clocks, columns))


def _first_time(table: Table, name: str) -> datetime | None:
    """Wall clock in the first row of a column that is not the clock of the readings."""
    cells = table.cells(name)[:1] if table.has(name) else []
    return moment(cells[0]) if cells else None


@dataclass(frozen=True, slots=True)
class _Plan:
    """Columns of one series, with the unit that is stated for them."""

    indices: tuple[int, ...]
    unit: str
    clock: Tick | None


def _plans(table: Table, layout: Layout, axes: Axes) -> dict[str, _Plan]:
    """What is to be read, by the name of the series."""
    choices = {
        "acceleration": axes,
        "rotation": _present(table, layout.rotation),
        "gravity_vector": _present(table, layout.gravity_vector),
        **{name: _present(table, channel) for name, channel in layout.channels.items()},
    }
    return {name: _plan(table, choice) for name, choice in choices.items() if choice is not None}


def _indices(table: Table, *names: str | None) -> list[int | None]:
    return [None if name is None else table.index(name) for name in names]


def _plan(table: Table, choice: Axes | Value) -> _Plan:
    indices = tuple(map(table.place, choice.names))
    stated = next((unit for index in indices if (unit := table.unit(index))), "")
    clock = choice.clock if choice.clock and table.has(*choice.clock.names) else None
    return _Plan(indices, stated if choice.unit is None else choice.unit, clock)


def _clocks(clock: Tick | None, plans: Mapping[str, _Plan]) -> list[Tick]:
    """Every clock that is needed, once."""
    own = [plan.clock for plan in plans.values()]
    return list(dict.fromkeys(tick for tick in (clock, *own) if tick))


def _load(
    table: Table,
    clocks: Mapping[Tick, Mapping[int, TimeFormat | None]],
    plans: Mapping[str, _Plan],
    texts: Sequence[int] = (),
    numbers: Sequence[int] = (),
) -> dict[_Key, Array]:
    """Load what the plans and clocks need in one pass over the file."""
    formats = {index: text for columns in clocks.values() for index, text in columns.items()}
    parsed = {index: text.parse for index, text in formats.items() if text}
    values = {index for plan in plans.values() for index in plan.indices}
    wanted = {*values, *numbers, *formats} - parsed.keys()
    return gather(
        {
            **{name: _values(chunk, plan) for name, plan in plans.items()},
            **{index: chunk[index] for index in (*formats, *texts, *numbers)},
        }
        for chunk in table.chunks(sorted(wanted), texts, parsed)
    )


def _values(chunk: Mapping[int, Array], plan: _Plan) -> FloatArray:
    """(n,) or (n, 3) values of a series."""
    if len(plan.indices) == 1:
        return chunk[plan.indices[0]]
    return np.stack([chunk[index] for index in plan.indices]).T


def _present(table: Table, choices: Any) -> Any:
    """First of the alternatives whose columns exist."""
    return next((choice for choice in choices if table.has(*choice.names)), None)


def working_clock(table: Table, choices: Sequence[Tick]) -> Tick | None:
    """First clock whose stamps differ from row to row, else the one where most do.

    A spreadsheet cuts nineteen digits to six, and leaves a clock that stands still.

    Parameters
    ----------
    table
        Head of the file.
    choices
        Clocks, the preferred first.

    Returns
    -------
    Tick or None
        None where none of them exists.
    """
    present = [tick for tick in choices if table.has(*tick.names)]
    moving = {tick: _share_of_stamps(table, tick) for tick in present}
    first = next((tick for tick in present if moving[tick] > _MOVING_SHARE), None)
    return first or max(present, key=lambda tick: moving[tick], default=None)


def _share_of_stamps(table: Table, tick: Tick) -> float:
    """How many stamps there are for each row at the top of a table."""
    cells = list(zip(*map(table.cells, tick.names), strict=True))
    return len(set(cells)) / len(cells) if cells else 0.0


def _written(table: Table, index: int) -> str:
    return table.header[index] if index < len(table.header) else f"column {index + 1}"


def _listed(table: Table) -> str:
    """Names of the columns as a message lists them."""
    return ", ".join(f'"{name}"' for name in table.header if name) or "the columns"


def _overridden(table: Table, layout: Layout, options: ReadOptions) -> Layout:
    """Put the columns that the user named in the place of the layout's own."""
    names: dict[str, str] = {}
    for role, name in options.columns.items():
        index = table.index(name)
        if index is None and name.isdigit() and 1 <= int(name) <= table.width:
            index = int(name) - 1
        if index is None:
            raise UnreadableFile(
                f"has no column {name!r}",
                file=table.source.label,
                remedy=f"use one of {_listed(table)}, or its number from 1 to {table.width}",
            )
        names[role] = f"column {index + 1}"
    if len(set(names.values())) < len(names):
        raise UnreadableFile(
            "--columns names the same column twice",
            file=table.source.label,
            remedy=f"use different ones of {_listed(table)}; for equal names, give their "
            f"numbers from 1 to {table.width}",
        )
    return replace(
        layout,
        clock=(Tick(names["time"]),) if "time" in names else layout.clock,
        acceleration=(Axes(names["x"], names["y"], names["z"]),),
    )


def _time_formats(table: Table, clock: Tick) -> dict[int, TimeFormat | None]:
    """How each column of the clock writes its times; None for numbers."""
    formats: dict[int, TimeFormat | None] = {}
    for name in clock.names:
        index = table.place(name)
        is_text = table.kind(index) == "text"
        formats[index] = time_format(table.cells(index), clock.date_hint) if is_text else None
        if is_text and formats[index] is None:
            raise RefusedRecording(
                f"its times cannot be read ({table.cells(index)[0]!r})",
                file=table.source.label,
                place=f"column {_written(table, index)}",
                remedy="give the rate with --rate",
            )
    return formats


def _stamps(
    table: Table,
    clock: Tick | None,
    clocks: Mapping[Tick, Mapping[int, TimeFormat | None]],
    columns: Mapping[_Key, Array],
) -> Stamps:
    if clock is None:
        return Stamps(None)
    formats = clocks[clock]
    label = " and ".join(_written(table, index) for index in formats)
    ticks = [columns[index] for index in formats]
    texts = [text for text in formats.values() if text]
    if not texts:
        (index,) = formats
        unit = clock.unit if clock.unit is not None else table.unit(index)
        return Stamps(ticks[0], unit_in("time", unit), clock.epoch or "none", label,
                      wrap_ticks=clock.wrap_ticks)  # fmt: skip
    epochs = {text.epoch for text in texts}
    if any(text.is_ambiguous for text in texts):
        label += " (day and month could be swapped)"
    return Stamps(
        ticks=ticks[0] if len(ticks) == 1 else ticks[0] + ticks[1],
        tick_s=1e-9,
        epoch="unix" if "unix" in epochs else "local" if "local" in epochs else "none",
        label=label,
        wrap_ticks=texts[-1].wrap_ns if epochs == {"none"} else None,
        zone_min=texts[-1].zone_min,
    )


def _groups(keys: list[Array]) -> dict[str, Rows | None]:
    """Rows of each group by name, in order of appearance; all rows where there is one."""
    if not keys:
        return {"": None}
    joined = keys[0]
    for key in keys[1:]:
        joined = joined + "/" + key
    codes, parts = pd.factorize(joined)
    rows = {str(part): np.flatnonzero(codes == code) for code, part in enumerate(parts)}
    named = {part: own for part, own in rows.items() if part.strip("/")}
    everything: dict[str, Rows | None] = {"": None}
    return {**named} if len(named) > 1 else everything


def _by_sensor(draft: Draft, labels: Array | None, table: Table) -> Draft:
    """Rows of the accelerometer, with those of the gyroscope as a series of their own."""
    if labels is None:
        return draft
    codes, names = pd.factorize(labels)
    quantities = [quantity_of(str(name)) for name in names]
    rows = {
        quantity: np.flatnonzero(codes == quantities.index(quantity))
        for quantity in ("acceleration", "linear", "rotation")
        if quantity in quantities
    }
    own = rows.get("acceleration", rows.get("linear"))
    if own is None:
        raise RefusedRecording(
            f"has no acceleration, only {', '.join(map(str, names))}",
            file=table.source.label,
            remedy="record the accelerometer too",
        )
    rotation = draft.acceleration.take(rows["rotation"]) if "rotation" in rows else None
    if rotation is not None:
        stamps = draft.stamps.take(rows["rotation"])
        rotation = replace(rotation, unit="", stamps=stamps)
    return draft.take(own).with_(rotation=rotation)
