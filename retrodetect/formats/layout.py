"""Tables read by a layout: whole columns of the clock, the acceleration and the rest.

A format states a `Layout`; `drafts` reads a table by it. Of alternatives the first whose columns
exist is taken, so that one layout covers the variants an app writes.
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
"""Columns by their place, and series by their name."""


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


@dataclass(frozen=True, kw_only=True)
class Layout(Facts):
    """How a format lays out its table; of alternatives the first that exists is read.

    Parameters
    ----------
    sign, notes, placement, device, platform, start_time, warnings, is_named
        As in `Facts`, where the format or the table states them.
    clock, acceleration, rotation, gravity_vector
        Alternatives, best first.
    channels
        Other series: name and unit in the recording, and the columns with their unit.
    beside
        How a file beside is laid out: what the table itself lacks is read from there.
    counter
        Column that numbers the samples.
    rate_hz
        Rate that the preamble states.
    split
        Columns whose values tell devices or people apart; each makes a recording of its own.
    sensor
        Column whose values name the sensor of each row.
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
        """All series but the acceleration."""
        return {"rotation": self.rotation, "gravity_vector": self.gravity_vector, **self.channels}


def table_format(
    name: str,
    recognise: Callable[[Candidate], int],
    layout: Layout | Callable[[Candidate], Layout | Mapping[str, Layout]],
    role: Callable[[Candidate], Role] = lambda _: Role(),
    *,
    is_folder: bool = False,
) -> Format:
    """Return the format of tables that a layout describes.

    Parameters
    ----------
    name, recognise
        As in `Format`.
    layout
        The layout; or what makes it, where it depends on the file: several by the name of their
        part, where a table holds several recordings side by side.
    role, is_folder
        As in `Format`.

    Returns
    -------
    Format
        It reads one recording, or one for each device or person.
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
        Which column is what; or several layouts by the name of their part, where the table holds
        several recordings side by side.
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
    parts = {"": layout} if isinstance(layout, Layout) else layout
    return [
        draft.with_(part="/".join(filter(None, (part, draft.part))))
        for part, own in parts.items()
        for draft in _drafts(file, own, options)
    ]


def _drafts(file: Candidate, layout: Layout, options: ReadOptions) -> list[Draft]:
    """Read one part of a table."""
    table = file.table
    if options.columns:
        layout = _overridden(table, layout, options)
    if options.rate_hz is not None:  # a clock that cannot be read is no obstacle then
        layout = replace(layout, clock=())
    axes = _present(table, layout.acceleration)
    if axes is None:
        raise RefusedRecording(
            "has no acceleration along x, y and z",
            remedy="if it has them, name the columns with --columns",
        )
    clock = _Clock.working(table, layout.clock)
    wanted = _wanted(table, {"acceleration": (axes,), **layout.others})
    clocks = [each for each in (clock, *(own.clock for own in wanted.values())) if each]
    counter, sensor, split = _labels(table, layout, clocks, wanted)
    columns = _load(table, wanted, clocks, [*sensor, *split], counter)
    series = {name: own.series(columns[name], columns) for name, own in wanted.items()}
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
    """Columns that number the rows, name their sensor, and tell devices and people apart."""
    # A column of readings or of times is no label, whatever its name.
    taken = {place for own in wanted.values() for place in own.places}
    taken |= {place for clock in clocks for place in clock.formats}

    def places(*names: str | None) -> list[int]:
        indices = (table.index(name) for name in names if name)
        # Several columns may bear the same name: the first of them is meant each time.
        return [*dict.fromkeys(each for each in indices if each is not None and each not in taken)]

    sensor = places(layout.sensor)
    return places(layout.counter), sensor, [p for p in places(*layout.split) if p not in sensor]


def _draft(table: Table, layout: Layout, series: dict[str, Series], stamps: Stamps) -> Draft:
    """Make a draft of the series of a table."""
    start_time = layout.start_time
    if start_time is None and table.has(layout.start_column):
        start_time = next(map(moment, table.cells(layout.start_column)), None)
    cut = [cut_off("row")] * table.is_cut_off
    facts = {"start_time": start_time, "warnings": (*layout.warnings, *cut)}
    acceleration = series.pop("acceleration")
    draft = Draft(acceleration=acceleration, stamps=stamps, **{**layout.facts(), **facts})
    return draft.filled(series)


def _series_beside(file: Candidate, layout: Layout, present: Collection[str]) -> dict[str, Series]:
    """Series that are not present in a table, each with its own clock, from the files beside it."""
    series: dict[str, Series] = {}
    if layout.beside is None:
        return series
    for side in file.companions:
        own = layout.beside(side)
        choices = {
            name: columns
            for name, columns in own.others.items()
            if columns and name not in present and name not in series
        }
        # A file that is of no use is not looked into: it may be damaged.
        wanted = _wanted(side.table, choices) if choices else {}
        clock = _Clock.working(side.table, own.clock) if wanted else None
        if clock is not None:
            columns = _load(side.table, wanted, [clock])
            stamps = clock.stamps(columns)
            series |= {name: Series(columns[name], wanted[name].unit, stamps) for name in wanted}
    return series


@dataclass(frozen=True, slots=True)
class _Clock:
    """A clock that a table has."""

    formats: Mapping[int, TimeFormat | None]  # how its columns write times; None for numbers
    facts: Stamps  # all that is known of it before its ticks are read

    @classmethod
    def working(cls, table: Table, choices: Sequence[Tick]) -> _Clock | None:
        """First clock whose stamps differ from row to row, else the one where most do.

        A spreadsheet cuts nineteen digits to six, and leaves a clock that stands still.
        """
        present = [tick for tick in choices if table.has(*tick.names)]
        moving = {tick: _share_of_stamps(table, tick) for tick in present}
        first = next((tick for tick in present if moving[tick] > _MOVING_SHARE), None)
        best = first or max(present, key=lambda tick: moving[tick], default=None)
        return None if best is None else cls.of(table, best)

    @classmethod
    def of(cls, table: Table, tick: Tick) -> _Clock:
        """Find how each column writes its times; refused where that cannot be told."""
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
        """Stamps of all rows; those of a date and of a time of day add up."""
        first, *second = (columns[place] for place in self.formats)
        return replace(self.facts, ticks=first + second[0] if second else first)


def _share_of_stamps(table: Table, tick: Tick) -> float:
    """How many stamps there are for each row at the top of a table."""
    cells = list(zip(*map(table.cells, tick.names), strict=True))
    return len(set(cells)) / len(cells) if cells else 0.0


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Columns of one series that a table has, with the unit stated for them and their own clock."""

    places: tuple[int, ...]
    unit: str
    clock: _Clock | None

    @classmethod
    def of(cls, table: Table, choices: Sequence[Axes | Value]) -> _Wanted | None:
        """Take the first of the alternatives whose columns exist."""
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
        """Values of all rows, with their own stamps if they have any."""
        return Series(values, self.unit, self.clock.stamps(columns) if self.clock else None)


def _wanted(table: Table, choices: Mapping[str, Sequence[Axes | Value]]) -> dict[str, _Wanted]:
    """Of each series the first of the alternatives whose columns a table has."""
    chosen = {name: _Wanted.of(table, own) for name, own in choices.items()}
    return {name: own for name, own in chosen.items() if own}


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
    places = {place for own in wanted.values() for place in own.places}
    return gather(
        {
            **{name: own.values(chunk) for name, own in wanted.items()},
            **{place: chunk[place] for place in (*formats, *texts, *numbers)},
        }
        for chunk in table.chunks(
            sorted({*places, *numbers, *formats} - parsed.keys()), texts, parsed
        )
    )


def _present(table: Table, choices: Iterable[Any]) -> Any:
    """First of the alternatives whose columns exist."""
    return next((choice for choice in choices if table.has(*choice.names)), None)


def _written(table: Table, place: int) -> str:
    return table.header[place] if place < len(table.header) else f"column {place + 1}"


def _overridden(table: Table, layout: Layout, options: ReadOptions) -> Layout:
    """Put the columns that the user named in the place of the layout's own."""
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
            remedy=f"use different ones of {listed}; for equal names, give their "
            f"numbers from 1 to {table.width}",
        )
    return replace(
        layout,
        clock=(Tick(names["time"]),) if "time" in names else layout.clock,
        acceleration=(Axes(names["x"], names["y"], names["z"]),),
    )


def _groups(keys: list[Array]) -> dict[str, NDArray[np.intp] | None]:
    """Rows of each group by name, in order of appearance; all rows where there is one."""
    everything: dict[str, NDArray[np.intp] | None] = {"": None}
    if not keys:
        return everything
    joined = keys[0]
    for key in keys[1:]:
        joined = joined + "/" + key
    codes, parts = pd.factorize(joined)
    rows = {str(part): np.flatnonzero(codes == code) for code, part in enumerate(parts)}
    named = {part: own for part, own in rows.items() if part.strip("/")}
    return {**named} if len(named) > 1 else everything


def _by_sensor(draft: Draft, labels: Array | None) -> Draft:
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
            remedy="record the accelerometer too",
        )
    rotation = None
    if "rotation" in rows:
        turning = rows["rotation"]
        values = draft.acceleration.take(turning).values
        rotation = Series(values, "", draft.stamps.take(turning))
    return draft.take(own).with_(rotation=rotation)
