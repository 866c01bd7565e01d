"""Drafts: what a format hands on, in the file's own units, signs and clocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import islice
from typing import Any, Generic, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrodetect.formats.remarks import Remark
from retrodetect.recording import FloatArray, Gravity, Ground

__all__ = ["NO_TICK", "Claim", "Draft", "Epoch", "Note", "Series", "Sign", "Stamps"]

NO_TICK = np.iinfo(np.int64).min
"""Stands for a stamp that is missing."""

T = TypeVar("T")
Epoch = Literal["unix", "local", "none"]
Sign = Literal[1, -1]


@dataclass(frozen=True)
class Claim(Generic[T]):
    """A conclusion with its ground and the reason in words.

    Parameters
    ----------
    value
        What is concluded.
    ground
        How it is known.
    because
        Why, as ``inspect`` shows it.
    """

    value: T
    ground: Ground
    because: str


@dataclass(frozen=True)
class Stamps:
    """Time stamps as the file has them.

    Parameters
    ----------
    ticks : (n,) array of int64 or float64
        NaN or ``NO_TICK`` where missing.
    tick_s
        Seconds per tick; None where it must be measured.
    epoch
        ``unix`` from 1970 in UTC, ``local`` the same in an unknown zone, ``none`` relative.
    label
        How messages call the clock.
    counter : (n,) array, optional
        Number of each sample, as the sensor counted.
    rate_hz
        Rate that the file states.
    wrap_ticks
        Where the ticks start again from 0.
    zone_min
        Offset of the wearer's zone from UTC in minutes, where the file tells.
    """

    ticks: NDArray[Any] | None
    tick_s: float | None = None
    epoch: Epoch = "none"
    label: str = ""
    counter: FloatArray | None = None
    rate_hz: float | None = None
    wrap_ticks: int | None = None
    zone_min: int | None = None

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the stamps of some rows."""
        return replace(
            self,
            ticks=None if self.ticks is None else self.ticks[rows],
            counter=None if self.counter is None else self.counter[rows],
        )


@dataclass(frozen=True)
class Series:
    """Readings of one sensor, in the file's unit (empty where it does not say).

    Parameters
    ----------
    values : (n, k) array
        Readings; NaN where there is none.
    unit
        As the file writes it; empty where it does not say.
    stamps
        Their clock; None where they stand in the rows of the accelerometer.
    """

    values: FloatArray
    unit: str = ""
    stamps: Stamps | None = None

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the readings of some rows."""
        stamps = None if self.stamps is None else self.stamps.take(rows)
        return replace(self, values=self.values[rows], stamps=stamps)


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation whose time is on a clock of the file: ticks of the accelerometer's stamps.

    Parameters
    ----------
    tick
        When, in ticks of that clock.
    text
        What it says.
    """

    tick: float
    text: str


@dataclass(frozen=True)
class Draft:
    """One recording before its units, signs and clocks are resolved.

    Parameters
    ----------
    acceleration
        (n, 3) readings.
    stamps
        Their clock.
    gravity, sign
        What the format knows; None where only the data can tell.
    gravity_vector
        The gravity that the app took off, to be added back.
    rotation
        Gyroscope.
    channels
        Other series by the name and unit they will have in the recording.
    notes
        Annotations of the app.
    part
        Tells several recordings of one file apart.
    placement, device, platform
        Body site, maker and system, where the file says them.
    columns
        Which columns were taken, in words.
    start_time
        Wall clock of the first row, where the stamps do not tell it.
    warnings
        What the user should know.
    is_named
        Whether anything but the readings says that they are acceleration.
    more
        The rows that follow, chunk by chunk; of these only rows and warnings count.
    """

    acceleration: Series
    stamps: Stamps
    gravity: Claim[Gravity] | None = None
    sign: Claim[Sign] | None = None
    gravity_vector: Series | None = None
    rotation: Series | None = None
    channels: Mapping[str, Series] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    part: str = ""
    placement: str | None = None
    device: str = ""
    platform: str = ""
    columns: str = ""
    start_time: datetime | None = None
    warnings: tuple[str | Remark, ...] = ()
    is_named: bool = True
    more: Iterator[Draft] = field(default_factory=lambda: iter(()))

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return some rows of every series that shares the accelerometer's rows."""

        def cut(series: Series) -> Series:
            return series.take(rows) if series.stamps is None else series

        return replace(
            self,
            acceleration=self.acceleration.take(rows),
            stamps=self.stamps.take(rows),
            gravity_vector=self.gravity_vector and cut(self.gravity_vector),
            rotation=self.rotation and cut(self.rotation),
            channels={name: cut(series) for name, series in self.channels.items()},
        )

    def followed_by(self, chunk: Draft) -> Self:
        """Return the same recording with the rows of another chunk."""

        def next_of(series: Series | None, following: Series | None) -> Series | None:
            return series if series is None or series.stamps is not None else following

        channels = {
            name: next_of(series, chunk.channels.get(name))
            for name, series in self.channels.items()
        }
        return replace(
            self,
            acceleration=chunk.acceleration,
            stamps=chunk.stamps,
            gravity_vector=next_of(self.gravity_vector, chunk.gravity_vector),
            rotation=next_of(self.rotation, chunk.rotation),
            channels={name: series for name, series in channels.items() if series is not None},
            warnings=chunk.warnings,
        )

    def each(self, change: Callable[[Draft], Draft]) -> Draft:
        """Change every chunk in the same way."""
        return change(self).with_(more=map(change, self.more))

    def extended(self, count: int | None = None) -> Draft:
        """Return the draft with its next chunks, or all of them, as rows of its own."""
        chunks = [self, *(self.followed_by(chunk) for chunk in islice(self.more, count))]
        return self if len(chunks) == 1 else _joined(chunks)


def _joined(chunks: Sequence[Draft]) -> Draft:
    """One draft with the rows of several."""
    first = chunks[0]

    def join(parts: Sequence[Series | None]) -> Series | None:
        known = [part for part in parts if part is not None]
        if not known or known[0].stamps is not None:
            return parts[0]
        return replace(known[0], values=np.concatenate([part.values for part in known]))

    acceleration = join([chunk.acceleration for chunk in chunks])
    channels = {name: join([c.channels.get(name) for c in chunks]) for name in first.channels}
    assert acceleration is not None
    return replace(
        first,
        acceleration=acceleration,
        stamps=_joined_stamps([chunk.stamps for chunk in chunks]),
        gravity_vector=join([chunk.gravity_vector for chunk in chunks]),
        rotation=join([chunk.rotation for chunk in chunks]),
        channels={name: series for name, series in channels.items() if series is not None},
        warnings=tuple(warning for chunk in chunks for warning in chunk.warnings),
    )


def _joined_stamps(parts: Sequence[Stamps]) -> Stamps:
    def join(arrays: Sequence[NDArray[Any] | None]) -> NDArray[Any] | None:
        known = [array for array in arrays if array is not None]
        return np.concatenate(known) if known else None

    ticks, counter = join([part.ticks for part in parts]), join([part.counter for part in parts])
    return replace(parts[0], ticks=ticks, counter=counter)
