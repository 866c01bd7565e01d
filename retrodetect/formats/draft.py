"""Drafts: what a format hands on, in the file's own units, signs and clocks."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from functools import cached_property
from types import MappingProxyType
from typing import Any, Generic, Literal, Self, TypeVar

from numpy.typing import NDArray

from retrodetect.errors import UsageError
from retrodetect.formats import spool
from retrodetect.formats.text import Epoch, unit_in_mps2
from retrodetect.recording import FloatArray, Gravity, Ground

__all__ = [
    "Claim", "Draft", "Facts", "Note", "ReadOptions", "Series", "Sign", "Stamps", "downward",
    "linear", "total", "upward",
]  # fmt: skip

_ROLES = ("time", "x", "y", "z")
_PAIR = re.compile(r"""(?:^|(?<=,))([^=,]+)=("[^"]*"|'[^']*'|[^,]+(?:,(?!\s*\w+\s*=)[^,]+)*)""")
"""A role and its column, whose name may be quoted and may hold a comma."""

T = TypeVar("T")
Sign = Literal[1, -1]


@dataclass(frozen=True)
class Claim(Generic[T]):
    """A conclusion with its ground and the reason in words."""

    value: T  # what is concluded
    ground: Ground  # how it is known
    because: str  # why, as ``inspect`` shows it


def total(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that the readings include gravity."""
    return Claim("total", ground, because)


def linear(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that gravity was removed."""
    return Claim("linear", ground, because)


def upward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that an axis that points up reads +1 g at rest."""
    return Claim(1, ground, because)


def downward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that such an axis reads -1 g, as CoreMotion has it."""
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

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Smallest and largest tick; NaN where one is missing."""
        if self.ticks is None or not len(self.ticks):
            return math.nan, math.nan
        lowest, highest = spool.extremes(self.ticks)
        return float(lowest), float(highest)

    @cached_property
    def step_extremes(self) -> tuple[float, float]:
        """Smallest and largest step from one row to the next, in ticks."""
        return (math.inf, -math.inf) if self.ticks is None else spool.step_extremes(self.ticks)

    @cached_property
    def typical_step(self) -> float:
        """Typical step from one row to the next, in ticks."""
        return 0.0 if self.ticks is None else spool.typical_step(self.ticks)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the stamps of some rows, given by a mask or by their numbers."""
        return replace(
            self,
            ticks=None if self.ticks is None else spool.take(self.ticks, rows),
            counter=None if self.counter is None else spool.take(self.counter, rows),
        )


@dataclass(frozen=True)
class Series:
    """Readings of one sensor, in the file's unit."""

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


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a format knows of a recording, whatever its readings."""

    # which way it writes specific force; None where only the data can tell
    sign: Claim[Sign] | None = None
    notes: tuple[Note, ...] = ()  # annotations of the app
    # placement, device, platform: body site, maker and system, where the file says them
    placement: str | None = None
    device: str = ""
    platform: str = ""
    # wall clock of the first row, where the stamps do not tell it
    start_time: datetime | None = None
    warnings: tuple[str, ...] = ()  # what the user should know
    is_named: bool = True  # whether anything but the readings says that they are acceleration

    def facts(self) -> dict[str, Any]:
        """Return these by name, without what a kind of facts adds to them."""
        return {fact.name: getattr(self, fact.name) for fact in fields(Facts)}


@dataclass(frozen=True, kw_only=True)
class Draft(Facts):
    """One recording, whole, before its units, signs and clocks are resolved."""

    acceleration: Series  # (n, 3) readings
    stamps: Stamps  # their clock
    gravity: Claim[Gravity] | None = None  # None where only the data can tell
    gravity_vector: Series | None = None  # the gravity that the app took off, to be added back
    rotation: Series | None = None  # gyroscope
    # other series by the name and unit they will have in the recording
    channels: Mapping[str, Series] = field(default_factory=dict)
    part: str = ""  # tells several recordings of one file apart
    columns: str = ""  # which columns were taken, in words

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)

    def filled(self, series: Mapping[str, Series]) -> Self:
        """Return a copy that has these series where it lacks them."""
        named = {"rotation": self.rotation, "gravity_vector": self.gravity_vector}
        own = {name: each for name, each in {**named, **self.channels}.items() if each}
        channels = {**series, **own}
        return replace(
            self,
            rotation=channels.pop("rotation", None),
            gravity_vector=channels.pop("gravity_vector", None),
            channels=channels,
        )

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


@dataclass(frozen=True, slots=True)
class ReadOptions:
    """Overrides for one read; None leaves the matter to the reader.

    Parameters
    ----------
    unit
        Unit of the acceleration: ``m/s2``, ``g``, ``mg``, or a fraction such as ``g/256``.
    sign
        What an axis that points up reads at rest: ``+`` (Android, sensors) or ``-`` (CoreMotion).
    gravity
        ``total`` with gravity included, ``linear`` with it removed.
    rate_hz
        Sampling rate; the file's clock is then set aside and its rows counted.
    columns
        Names (or 1-based numbers) of the columns ``time``, ``x``, ``y`` and ``z``.
    coordinates
        Keep latitude and longitude as channels; left out by default since they identify people.
    max_bytes
        Most bytes one compressed file may expand to.

    Raises
    ------
    UsageError
        Where an override makes no sense.
    """

    unit: str | None = None
    sign: Literal["+", "-"] | None = None
    gravity: Gravity | None = None
    rate_hz: float | None = None
    columns: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    coordinates: bool = False
    max_bytes: int = 4 * 2**30

    def __post_init__(self) -> None:
        if self.unit is not None and unit_in_mps2(self.unit) is None:
            raise UsageError(f"unknown unit {self.unit!r}", remedy="use m/s2, g, mg or g/256")
        if self.sign not in (None, "+", "-"):
            raise UsageError(f"unknown sign {self.sign!r}", remedy="use + or -")
        if self.gravity not in (None, "total", "linear"):
            raise UsageError(f"unknown gravity {self.gravity!r}", remedy="use total or linear")
        if self.rate_hz is not None and not 0 < self.rate_hz < 1e5:
            raise UsageError(
                f"{self.rate_hz!r} is not a sampling rate",
                remedy="give readings a second, such as 50",
            )
        unknown = set(self.columns) - set(_ROLES)
        if unknown or (self.columns and not {"x", "y", "z"} <= set(self.columns)):
            raise UsageError(
                "--columns must name x, y and z, and may name time",
                remedy="write --columns time=T,x=A,y=B,z=C",
            )

    @staticmethod
    def parse_columns(text: str) -> dict[str, str]:
        """Turn ``time=T,x=A,y=B,z=C`` into a mapping.

        Raises
        ------
        UsageError
            Where a part is not ``role=name``.
        """
        pairs = _PAIR.findall(text)
        if not pairs or ",".join(f"{role}={name}" for role, name in pairs) != text:
            raise UsageError(
                f"columns {text!r} cannot be read", remedy="write --columns time=T,x=A,y=B,z=C"
            )
        return {role.strip(): name.strip().strip("\"'") for role, name in pairs}
