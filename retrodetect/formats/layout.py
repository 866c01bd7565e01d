"""Tables read by a layout: columns of the clock, the acceleration and other sensors.

A format states a `Layout`, and `drafts` reads a table by it. Of alternatives it takes the first
whose columns exist, so that a single layout covers all variants that an app writes.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.draft import Claim, Draft, Facts, ReadOptions, Series, Stamps
from retrodetect.formats.files import Candidate, Format, Role
from retrodetect.formats.spool import Array, gather
from retrodetect.formats.table import Table, quantity_of
from retrodetect.formats.text import Epoch, TimeFormat, cut_off, moment, time_format, unit_in
from retrodetect.recording import Gravity

__all__ = [
    "Axes", "Layout", "Tick", "Value", "drafts", "table_format", "xyz",
]  # fmt: skip

_MOVING_SHARE = 0.5

_Columns = Mapping[int | str, Array]
"""Columns by place, and series by name."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A column of times.

    Parameters
    ----------
    name
        The column; or two, a date and a time of day.
    unit
        Unit of the numbers, None if the header states it or it must be measured.
    epoch
        Origin of the numbers, None if it follows from their size.
    wrap_ticks
        Count at which they restart from 0.
    date_hint
        Order of day and month, if the file states it.
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
    """The three columns of a sensor, with what the format states about them.

    Parameters
    ----------
    x, y, z
        Names of the columns of the three axes.
    unit
        None if the header states it or it must be measured.
    gravity
        Whether the readings include gravity, if the format states it.
    clock
        The sensor's own stamps in the same table, if any.
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
        The columns for x, y and z.
    """
    x, y, z = (pattern.format(axis) for axis in "xyz")
    return Axes(x, y, z, unit, gravity, clock)


@dataclass(frozen=True, slots=True)
class Value:
    """A column of scalars.

    Parameters
    ----------
    name
        Name of the column.
    unit
        None if the header states it.
    clock
        Its own stamps in the same table, if any.
    """

    name: str
    unit: str | None = None
    clock: Tick | None = None

    @property
    def names(self) -> tuple[str]:
        """The column."""
        return (self.name,)


@dataclass(frozen=True, kw_only=True)
class Layout(Facts):
    """Layout of a format's table; the first alternative that exists is read.

    Parameters
    ----------
    sign, notes, placement, device, platform, start_time, warnings, is_named
        As in `Facts`, if the format or the table states them.
    clock, acceleration, rotation, gravity_vector
        Alternatives, best first.
    channels
        Alternatives for other series, by name with the unit in the recording.
    beside
        Layout of a file beside it; series that the table lacks are read from there.
    counter
        Column that numbers the samples.
    rate_hz
        Sampling rate that the preamble states.
    split
        Columns whose values identify devices or people; each becomes its own recording.
    sensor
        Column that names the sensor of each row.
    start_column
        Column whose first cell holds the wall clock of the first row.
    """

    clock: tuple[Tick, ...] = ()
    acceleration: tuple[Axes, ...] = ()
    rotation: tuple[Axes, ...] = ()
    gravity_vector: tuple[Axes, ...] = ()
    channels: Mapping[str, tuple[Axes | Value, ...]] = field(default_factory=dict)
    beside: Callable[[Candidate], Layout] | None = None
    counter: str | None = None
    rate_hz: float | None = None
    split: tuple[str, ...] = ()
    sensor: str | None = None
    start_column: str = ""

    @property
    def others(self) -> dict[str, tuple[Axes | Value, ...]]:
        """All series except the acceleration."""
        return {"rotation": self.rotation, "gravity_vector": self.gravity_vector, **self.channels}


def table_format(
    name: str,
    recognise: Callable[[Candidate], int],
    layout: Layout | Callable[[Candidate], Layout | Mapping[str, Layout]],
    role: Callable[[Candidate], Role] = lambda _: Role(),
    *,
    is_folder: bool = False,
) -> Format:
    """Return a format of tables that a layout describes.

    Parameters
    ----------
    name, recognise
        As in `Format`.
    layout
        The layout, or a function of the file that returns it; several by the name of their part if
        a table holds several recordings side by side.
    role, is_folder
        As in `Format`.

    Returns
    -------
    Format
        Reads one recording, or one for each device or person.
    """

    def read(file: Candidate, options: ReadOptions) -> list[Draft]:
        return drafts(file, layout(file) if callable(layout) else layout, options)

    return Format(name, recognise, read, role, is_folder)


def drafts(
    file: Candidate, layout: Layout | Mapping[str, Layout], options: ReadOptions
) -> list[Draft]:
    """Read a table by its layout: one draft, or one for each device or person.

    Parameters
    ----------
    file
        The table, with the files beside it.
    layout
        Meaning of the columns; or several layouts by the name of their part, if the table holds
        several recordings side by side.
    options
        Overrides by the user, such as columns or a unit.

    Returns
    -------
    list of Draft
        In the order of the file.

    Raises
    ------
    RefusedRecording
        If the acceleration's columns are missing.
    UnreadableFile
        If the user named a column that does not exist.
    """
    parts = {"": layout} if isinstance(layout, Layout) else layout
    return [
        draft.with_(part="/".join(filter(None, (part, draft.part))))
        for part, part_layout in parts.items()
        for draft in _drafts(file, part_layout, options)
    ]


def _drafts(file: Candidate, layout: Layout, options: ReadOptions) -> list[Draft]:
    """Read one part of a table."""
    table = file.table
    if options.columns:
        layout = _overridden(table, layout, options)
    if options.rate_hz is not None:  # then an unreadable clock does not matter
        layout = replace(layout, clock=())
    axes = _present(table, layout.acceleration)
    if axes is None:
        raise RefusedRecording(
            "has no acceleration along x, y and z",
            remedy="if it has them, name the columns with --columns",
        )
    clock = _Clock.working(table, layout.clock)
    wanted = _wanted(table, {"acceleration": (axes,), **layout.others})
    clocks = [tick for tick in (clock, *(request.clock for request in wanted.values())) if tick]
    counter, sensor, split = _labels(table, layout, clocks, wanted)
    columns = _load(table, wanted, clocks, [*sensor, *split], counter)
    series = {name: request.series(columns[name], columns) for name, request in wanted.items()}
    stamps = replace(
        clock.stamps(columns) if clock else Stamps(None),
        counter=columns[counter[0]] if counter else None,
        rate_hz=layout.rate_hz,
    )
    whole = _draft(table, layout, series, stamps).with_(
        gravity=axes.gravity,
        columns=", ".join(_written(table, place) for place in wanted["acceleration"].places),
    )
    beside = _series_beside(file, layout, wanted)
    labels = columns[sensor[0]] if sensor else None
    return [
        _by_sensor(part, labels if rows is None or labels is None else labels[rows]).filled(beside)
        for name, rows in _groups([columns[place] for place in split]).items()
        for part in [whole if rows is None else whole.take(rows).with_(part=name)]
    ]


def _labels(
    table: Table, layout: Layout, clocks: Sequence[_Clock], wanted: Mapping[str, _Wanted]
) -> tuple[list[int], list[int], list[int]]:
    """Columns that number the rows, name their sensor, and identify devices and people."""
    # A column of readings or times isn't a label, whatever its name.
    taken = {place for own in wanted.values() for place in own.places}
    taken |= {place for clock in clocks for place in clock.formats}

    def places(*names: str | None) -> list[int]:
        indices = (table.index(name) for name in names if name)
        # Columns may share a name: the first is meant each time.
        return [
            *dict.fromkeys(place for place in indices if place is not None and place not in taken)
        ]

    sensor = places(layout.sensor)
    return places(layout.counter), sensor, [p for p in places(*layout.split) if p not in sensor]


def _draft(table: Table, layout: Layout, series: dict[str, Series], stamps: Stamps) -> Draft:
    """Make a draft from the series of a table."""
    start_time = layout.start_time
    if start_time is None and table.has(layout.start_column):
        start_time = next(map(moment, table.cells(layout.start_column)), None)
    cut = [cut_off("row")] * table.is_cut_off
    facts = {"start_time": start_time, "warnings": (*layout.warnings, *cut)}
    acceleration = series.pop("acceleration")
    draft = Draft(acceleration=acceleration, stamps=stamps, **{**layout.facts(), **facts})
    return draft.filled(series)


def _series_beside(file: Candidate, layout: Layout, present: Collection[str]) -> dict[str, Series]:
    """Series that a table lacks, from the files beside it, each with its own clock."""
    series: dict[str, Series] = {}
    if layout.beside is None:
        return series
    for side in file.companions:
        beside = layout.beside(side)
        choices = {
            name: columns
            for name, columns in beside.others.items()
            if columns and name not in present and name not in series
        }
        # Do not open a file that has nothing to add: it may be damaged.
        wanted = _wanted(side.table, choices) if choices else {}
        clock = _Clock.working(side.table, beside.clock) if wanted else None
        if clock is not None:
            columns = _load(side.table, wanted, [clock])
            stamps = clock.stamps(columns)
            series |= {name: Series(columns[name], wanted[name].unit, stamps) for name in wanted}
    return series


@dataclass(frozen=True, slots=True)
class _Clock:
    """A clock of a table."""

    formats: Mapping[int, TimeFormat | None]  # time format of each column; None for numbers
    facts: Stamps  # everything but its ticks

    @classmethod
    def working(cls, table: Table, choices: Sequence[Tick]) -> _Clock | None:
        """First clock with mostly distinct stamps, else the one with the most.

        If a spreadsheet cuts nineteen digits to six, the clock stands still.
        """
        present = [tick for tick in choices if table.has(*tick.names)]
        moving = {tick: _share_of_stamps(table, tick) for tick in present}
        first = next((tick for tick in present if moving[tick] > _MOVING_SHARE), None)
        best = first or max(present, key=lambda tick: moving[tick], default=None)
        return None if best is None else cls.of(table, best)

    @classmethod
    def of(cls, table: Table, tick: Tick) -> _Clock:
        """Find the time format of each column; refuse a column without one."""
        formats: dict[int, TimeFormat | None] = {}
        for place in map(table.place, tick.names):
            is_text = table.kind(place) == "text"
            cells = table.cells(place)
            formats[place] = time_format(cells, tick.date_hint) if is_text else None
            if is_text and formats[place] is None:
                raise RefusedRecording(
                    f"its times cannot be read ({cells[0]!r})",
                    place=f"column {_written(table, place)}",
                    remedy="give the rate with --rate",
                )
        label = " and ".join(_written(table, place) for place in formats)
        texts = [text for text in formats.values() if text]
        if not texts:
            unit = table.unit(next(iter(formats))) if tick.unit is None else tick.unit
            tick_s = unit_in("time", unit)
            facts = Stamps(None, tick_s, tick.epoch or "none", label, wrap_ticks=tick.wrap_ticks)
            return cls(formats, facts)
        epochs = {text.epoch for text in texts}
        is_ambiguous = any(text.is_ambiguous for text in texts)
        facts = Stamps(
            None,
            tick_s=1e-9,
            epoch="unix" if "unix" in epochs else "local" if "local" in epochs else "none",
            label=label + " (day and month could be swapped)" * is_ambiguous,
            wrap_ticks=texts[-1].wrap_ns if epochs == {"none"} else None,
            zone_min=texts[-1].zone_min,
        )
        return cls(formats, facts)

    def stamps(self, columns: _Columns) -> Stamps:
        """Stamps of all rows: a date and a time of day are added up."""
        first, *second = (columns[place] for place in self.formats)
        return replace(self.facts, ticks=first + second[0] if second else first)


def _share_of_stamps(table: Table, tick: Tick) -> float:
    """Distinct stamps per row at the top of a table."""
    cells = list(zip(*map(table.cells, tick.names), strict=True))
    return len(set(cells)) / len(cells) if cells else 0.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Columns of a series in a table, their stated unit and their own clock."""

    places: tuple[int, ...]
    unit: str
    clock: _Clock | None

    @classmethod
    def of(cls, table: Table, choices: Sequence[Axes | Value]) -> _Wanted | None:
        """Take the first alternative whose columns exist."""
        choice = _present(table, choices)
        if choice is None:
            return None
        places = tuple(map(table.place, choice.names))
        stated = next((unit for place in places if (unit := table.unit(place))), "")
        has_clock = choice.clock and table.has(*choice.clock.names)
        clock = _Clock.of(table, choice.clock) if has_clock else None
        return cls(places, stated if choice.unit is None else choice.unit, clock)

    def values(self, chunk: Mapping[int, Array]) -> Array:
        """(n,) or (n, 3) values of the series."""
        if len(self.places) == 1:
            return chunk[self.places[0]]
        return np.stack([chunk[place] for place in self.places]).T

    def series(self, values: Array, columns: _Columns) -> Series:
        """Return the values of all rows as a series, with their own stamps if any."""
        return Series(values, self.unit, self.clock.stamps(columns) if self.clock else None)


def _wanted(table: Table, choices: Mapping[str, Sequence[Axes | Value]]) -> dict[str, _Wanted]:
    """First alternative of each series whose columns a table has."""
    chosen = {name: _Wanted.of(table, choice) for name, choice in choices.items()}
    return {name: choice for name, choice in chosen.items() if choice}


def _load(
    table: Table,
    wanted: Mapping[str, _Wanted],
    clocks: Sequence[_Clock],
    texts: Sequence[int] = (),
    numbers: Sequence[int] = (),
) -> dict[int | str, Array]:
    """Load series, clocks and other columns in one pass over the file."""
    formats = {place: text for clock in clocks for place, text in clock.formats.items()}
    parsed = {place: text.parse for place, text in formats.items() if text}
    places = {place for request in wanted.values() for place in request.places}
    return gather(
        {
            **{name: request.values(chunk) for name, request in wanted.items()},
            **{place: chunk[place] for place in (*formats, *texts, *numbers)},
        }
        for chunk in table.chunks(
            sorted({*places, *numbers, *formats} - parsed.keys()), texts, parsed
        )
    )


def _present(table: Table, choices: Iterable[Any]) -> Any:
    """First alternative whose columns exist."""
    return next((choice for choice in choices if table.has(*choice.names)), None)


def _written(table: Table, place: int) -> str:
    return table.header[place] if place < len(table.header) else f"column {place + 1}"


def _overridden(table: Table, layout: Layout, options: ReadOptions) -> Layout:
    """Replace the layout's columns with those that the user named."""
    listed = ", ".join(f'"{name}"' for name in table.header if name) or "the columns"
    names: dict[str, str] = {}
    for role, name in options.columns.items():
        place = table.index(name)
        if place is None and name.isdigit() and 1 <= int(name) <= table.width:
            place = int(name) - 1
        if place is None:
            raise UnreadableFile(
                f"has no column {name!r}",
                remedy=f"use one of {listed}, or its number from 1 to {table.width}",
            )
        names[role] = f"column {place + 1}"
    if len(set(names.values())) < len(names):
        raise UnreadableFile(
            "--columns names the same column twice",
            remedy=f"choose from {listed}; if names are equal, use their numbers "
            f"from 1 to {table.width}",
        )
    return replace(
        layout,
        clock=(Tick(names["time"]),) if "time" in names else layout.clock,
        acceleration=(Axes(names["x"], names["y"], names["z"]),),
    )


def _groups(keys: list[Array]) -> dict[str, NDArray[np.intp] | None]:
    """Rows of each group by name, in order of appearance; None (all rows) if there is one."""
    everything: dict[str, NDArray[np.intp] | None] = {"": None}
    if not keys:
        return everything
    joined = keys[0]
    for key in keys[1:]:
        joined = joined + "/" + key
    codes, parts = pd.factorize(joined)
    rows = {str(part): np.flatnonzero(codes == code) for code, part in enumerate(parts)}
    named = {part: part_rows for part, part_rows in rows.items() if part.strip("/")}
    return {**named} if len(named) > 1 else everything


def _by_sensor(draft: Draft, labels: Array | None) -> Draft:
    """Take the rows of the accelerometer, with those of the gyroscope as a separate series."""
    if labels is None:
        return draft
    codes, names = pd.factorize(labels)
    quantities = [quantity_of(str(name)) for name in names]
    rows = {
        quantity: np.flatnonzero(codes == quantities.index(quantity))
        for quantity in ("acceleration", "linear", "rotation")
        if quantity in quantities
    }
    accelerometer = rows.get("acceleration", rows.get("linear"))
    if accelerometer is None:
        raise RefusedRecording(
            f"has no acceleration, only {', '.join(map(str, names))}",
            remedy="record the accelerometer too",
        )
    rotation = None
    if "rotation" in rows:
        turning = rows["rotation"]
        values = draft.acceleration.take(turning).values
        rotation = Series(values, "", draft.stamps.take(turning))
    return draft.take(accelerometer).with_(rotation=rotation)
