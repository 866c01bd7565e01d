"""Drafts: what a format hands on, in the file's own units, signs and clocks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Generic, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from retrodetect.formats import spool
from retrodetect.recording import FloatArray, Gravity, Ground

__all__ = [
    "NO_TICK", "Claim", "Draft", "Epoch", "Note", "Series", "Sign", "Stamps", "downward", "linear",
    "total", "upward",
]  # fmt: skip

NO_TICK = np.iinfo(np.int64).min
"""Stands for a stamp that is missing."""

T = TypeVar("T")
Epoch = Literal["unix", "local", "none"]
Sign = Literal[1, -1]


@dataclass(frozen=True)
class Claim(Generic[T]):
    """A conclusion with its ground and the reason in words."""

    value: T  # what is concluded
    ground: Ground  # how it is known
    because: str  # why, as ``inspect`` shows it


def total(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that the readings include gravity; parameters as in `Claim`."""
    return Claim("total", ground, because)


def linear(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that gravity was removed; parameters as in `Claim`."""
    return Claim("linear", ground, because)


def upward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that an axis that points up reads +1 g at rest; parameters as in `Claim`."""
    return Claim(1, ground, because)


def downward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that such an axis reads -1 g, as CoreMotion has it; parameters as in `Claim`."""
    return Claim(-1, ground, because)


@dataclass(frozen=True)
class Stamps:
    """Time stamps as the file has them."""

    ticks: NDArray[Any] | None  # (n,) of int64 or float64: NaN or ``NO_TICK`` where missing
    tick_s: float | None = None  # seconds per tick; None where it must be measured
    # ``unix`` from 1970 in UTC, ``local`` the same in an unknown zone, ``none`` relative
    epoch: Epoch = "none"
    label: str = ""  # how messages call the clock
    counter: FloatArray | None = None  # (n,): number of each sample, as the sensor counted
    rate_hz: float | None = None  # rate that the file states
    wrap_ticks: float | None = None  # where the ticks start again from 0
    # offset of the wearer's zone from UTC in minutes, where the file tells
    zone_min: int | None = None

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the stamps of some rows, given by a mask or by their numbers."""
        return replace(
            self,
            ticks=None if self.ticks is None else spool.take(self.ticks, rows),
            counter=None if self.counter is None else spool.take(self.counter, rows),
        )


@dataclass(frozen=True)
class Series:
    """Readings of one sensor, in the file's unit (empty where it does not say)."""

    values: FloatArray  # (n, k): readings; NaN where there is none
    unit: str = ""  # as the file writes it; empty where it does not say
    # their clock; None where they stand in the rows of the accelerometer
    stamps: Stamps | None = None

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the readings of some rows."""
        stamps = None if self.stamps is None else self.stamps.take(rows)
        return replace(self, values=spool.take(self.values, rows), stamps=stamps)


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation whose time is on a clock of the file: ticks of the accelerometer's stamps."""

    tick: float  # when, in ticks of that clock
    text: str  # what it says


@dataclass(frozen=True)
class Draft:
    """One recording, whole, before its units, signs and clocks are resolved."""

    acceleration: Series  # (n, 3) readings
    stamps: Stamps  # their clock
    # gravity, sign: what the format knows; None where only the data can tell
    gravity: Claim[Gravity] | None = None
    sign: Claim[Sign] | None = None
    gravity_vector: Series | None = None  # the gravity that the app took off, to be added back
    rotation: Series | None = None  # gyroscope
    # other series by the name and unit they will have in the recording
    channels: Mapping[str, Series] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()  # annotations of the app
    part: str = ""  # tells several recordings of one file apart
    # placement, device, platform: body site, maker and system, where the file says them
    placement: str | None = None
    device: str = ""
    platform: str = ""
    columns: str = ""  # which columns were taken, in words
    # wall clock of the first row, where the stamps do not tell it
    start_time: datetime | None = None
    warnings: tuple[str, ...] = ()  # what the user should know
    is_named: bool = True  # whether anything but the readings says that they are acceleration

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
