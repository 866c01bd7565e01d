"""Drafts: what a format read, still in the file's own units, signs and clocks."""

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
"""A role and its column; the name of the column may be quoted and may contain a comma."""

T = TypeVar("T")
Sign = Literal[1, -1]


@dataclass(frozen=True)
class Claim(Generic[T]):
    """A conclusion, its ground and the reason in words."""

    value: T
    ground: Ground
    because: str  # shown by ``inspect``


def total(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that the readings include gravity."""
    return Claim("total", ground, because)


def linear(because: str, ground: Ground = "stated") -> Claim[Gravity]:
    """Claim that gravity was removed."""
    return Claim("linear", ground, because)


def upward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that an axis pointing up reads +1 g at rest."""
    return Claim(1, ground, because)


def downward(because: str, ground: Ground = "stated") -> Claim[Sign]:
    """Claim that an axis pointing up reads -1 g at rest, as in CoreMotion."""
    return Claim(-1, ground, because)


@dataclass(frozen=True)
class Stamps:
    """Time stamps as written in the file."""

    ticks: NDArray[Any] | None  # (n,) int64 or float64; ``NO_TICK`` or NaN if missing
    tick_s: float | None = None  # seconds per tick; None if it must be measured
    # ``unix``: since 1970 in UTC; ``local``: the same in an unknown zone; ``none``: relative
    epoch: Epoch = "none"
    label: str = ""  # name of the clock in messages
    counter: FloatArray | None = None  # (n,) sample numbers, as counted by the sensor
    rate_hz: float | None = None  # as stated in the file
    wrap_ticks: float | None = None  # ticks start again from 0 here
    zone_min: int | None = None  # the wearer's offset from UTC in minutes, if stated

    @cached_property
    def extremes(self) -> tuple[float, float]:
        """Smallest and largest tick; NaN if any is missing."""
        if self.ticks is None or not len(self.ticks):
            return math.nan, math.nan
        lowest, highest = spool.extremes(self.ticks)
        return float(lowest), float(highest)

    @cached_property
    def step_extremes(self) -> tuple[float, float]:
        """Smallest and largest step between consecutive rows, in ticks."""
        return (math.inf, -math.inf) if self.ticks is None else spool.step_extremes(self.ticks)

    @cached_property
    def typical_step(self) -> float:
        """Typical step between consecutive rows, in ticks."""
        return 0.0 if self.ticks is None else spool.typical_step(self.ticks)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the stamps of the rows that a mask or their numbers select."""
        return replace(
            self,
            ticks=None if self.ticks is None else spool.take(self.ticks, rows),
            counter=None if self.counter is None else spool.take(self.counter, rows),
        )


@dataclass(frozen=True)
class Series:
    """Readings of one sensor, in the file's unit."""

    values: FloatArray  # (n, k); NaN where a reading is missing
    unit: str = ""  # as written in the file; empty if not stated
    stamps: Stamps | None = None  # None if the rows are those of the accelerometer

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the selected rows."""
        stamps = None if self.stamps is None else self.stamps.take(rows)
        return replace(self, values=spool.take(self.values, rows), stamps=stamps)


@dataclass(frozen=True, slots=True)
class Note:
    """An annotation, timed by the accelerometer's clock."""

    tick: float
    text: str


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a format states about a recording, apart from its readings."""

    sign: Claim[Sign] | None = None  # sign of specific force; None if only the data can tell
    notes: tuple[Note, ...] = ()  # annotations of the app
    placement: str | None = None  # body site, if stated
    device: str = ""  # maker and model, if stated
    platform: str = ""  # operating system, if stated
    start_time: datetime | None = None  # wall clock of the first row, if the stamps lack it
    warnings: tuple[str, ...] = ()
    is_named: bool = True  # whether the file says that the readings are acceleration

    def facts(self) -> dict[str, Any]:
        """Return the fields of `Facts` by name, without those of a subclass."""
        return {fact.name: getattr(self, fact.name) for fact in fields(Facts)}


@dataclass(frozen=True, kw_only=True)
class Draft(Facts):
    """One whole recording, before its units, signs and clocks are resolved."""

    acceleration: Series  # (n, 3) readings
    stamps: Stamps  # their clock
    gravity: Claim[Gravity] | None = None  # None if only the data can tell
    gravity_vector: Series | None = None  # gravity that the app removed, to be added back
    rotation: Series | None = None  # gyroscope
    # other series, by their name in the recording
    channels: Mapping[str, Series] = field(default_factory=dict)
    part: str = ""  # distinguishes the recordings of one file
    columns: str = ""  # the columns used, in words

    def with_(self, **changes: Any) -> Self:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)

    def filled(self, series: Mapping[str, Series]) -> Self:
        """Return a copy in which these series fill in for missing ones."""
        named = {"rotation": self.rotation, "gravity_vector": self.gravity_vector}
        present = {name: values for name, values in {**named, **self.channels}.items() if values}
        channels = {**series, **present}
        return replace(
            self,
            rotation=channels.pop("rotation", None),
            gravity_vector=channels.pop("gravity_vector", None),
            channels=channels,
        )

    def take(self, rows: NDArray[Any]) -> Self:
        """Select rows of every series that shares the accelerometer's rows."""

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
    """Overrides for one read; None leaves the choice to the reader.

    Parameters
    ----------
    unit
        Unit of the acceleration: ``m/s2``, ``g``, ``mg``, or a fraction such as ``g/256``.
    sign
        Reading at rest of an axis pointing up: ``+`` (Android, sensors) or ``-`` (CoreMotion).
    gravity
        ``total`` if the readings include gravity, ``linear`` if it was removed.
    rate_hz
        Sampling rate; replaces the file's clock, so rows are counted instead.
    columns
        Names (or 1-based numbers) of the columns ``time``, ``x``, ``y`` and ``z``.
    coordinates
        Keep latitude and longitude as channels. By default they are dropped, since they identify
        people.
    max_bytes
        Size that one compressed file may expand to.

    Raises
    ------
    UsageError
        If an override is invalid.
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
        """Parse ``time=T,x=A,y=B,z=C`` into a mapping.

        Raises
        ------
        UsageError
            If a part is not ``role=name``.
        """
        pairs = _PAIR.findall(text)
        if not pairs or ",".join(f"{role}={name}" for role, name in pairs) != text:
            raise UsageError(
                f"columns {text!r} cannot be read", remedy="write --columns time=T,x=A,y=B,z=C"
            )
        return {role.strip(): name.strip().strip("\"'") for role, name in pairs}
