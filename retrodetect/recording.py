"""Recording: what every reader returns and every later stage trusts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Literal, NamedTuple, Self, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.errors import InputError
from retrodetect.sites import PLACEMENTS

__all__ = [
    "DIRECTION_RATE_HZ", "MAX_GAP_S", "STANDARD_GRAVITY_MPS2", "TOO_SLOW", "WITHOUT_GRAVITY",
    "Annotation", "Caution", "Finding", "FloatArray", "Gravity", "Ground", "Recording", "Topic",
    "longest_step_s",
]  # fmt: skip

FloatArray = NDArray[np.float64]

STANDARD_GRAVITY_MPS2 = 9.80665
"""One g (BIPM, The International System of Units, 9th ed., 2019)."""

WITHOUT_GRAVITY = (
    "its gravity was removed, so no direction can be seen in it: next time record the acceleration"
    " with gravity"
)
"""For a recording without gravity: no hint of its wearer helps."""

DIRECTION_RATE_HZ = 15.0
"""Below this the impact of a step (0.1 s, Whittle 1999) falls between two samples: steps can be
counted, but directions cannot be seen."""

TOO_SLOW = (
    f"its rate is below {DIRECTION_RATE_HZ:g} Hz, so steps are counted, but no direction is seen:"
    " next time record with 50 Hz or more (on Android, choose the rate game or fastest)"
)
"""For a recording too slow for directions: no hint of its wearer helps."""

MAX_GAP_S = 0.25
"""Longest pause between samples that isn't a gap. Bursts of Bluetooth loggers leave 0.2 s between
stamps without losing a sample; a step lasts 0.3 s or more."""

Gravity = Literal["total", "linear"]
Ground = Literal["stated", "measured", "assumed", "given"]


@dataclass(frozen=True, slots=True)
class Finding:
    """A reader's conclusion about a file, and its ground."""

    # ``unit``, ``gravity``, ``sign``, ``clock``, ``rate``, ``columns``, ``device`` or ``platform``
    topic: str
    value: str  # the conclusion, in words fit for a person
    # ``stated`` by the file, ``measured`` from the data, ``assumed`` without either, or ``given``
    # by the user
    ground: Ground


class Topic(StrEnum):
    """Topic of a caution."""

    READING = "reading"  # possible faults of the file or its sensors
    SLOW = "slow"  # too slow for directions: no hint of the wearer helps
    NO_GRAVITY = "no_gravity"  # without a vertical: likewise
    NOTES = "notes"  # notes of the app that count as marks
    WORDS = "words"  # statements of the wearer that were of no use
    CONTRADICTION = "contradiction"  # statements of the wearer that contradict the signal
    SIDES = "sides"  # two directions, and nothing shows which is forward
    LEFT_OUT = "left_out"  # given strides that could not be read
    TRACK = "track"  # use of the track of a watch
    RESULT = "result"  # figures that nobody's strides have
    COPY = "copy"  # readings that another recording of the same run has too


class Caution(NamedTuple):
    """What to know before using the figures: a topic and a sentence."""

    topic: Topic
    text: str


@dataclass(frozen=True, slots=True)
class Annotation:
    """A note made in the recording app."""

    # start_s, end_s: seconds on the accelerometer's clock; equal for a moment
    start_s: float
    end_s: float
    text: str  # text of the note


@dataclass(frozen=True, slots=True)
class Recording:
    """Acceleration of one device on one wearer, in one unit and one frame.

    Parameters
    ----------
    name
        Name in every output: the path as passed or within the folder that was passed, with
        ``#part`` if a file contains several recordings.
    time_s : (n,) array
        Seconds from the file's first row, or on its own clock if that begins within a minute
        of zero; finite and strictly increasing. They begin later if the first rows have no
        reading. Gaps stay gaps: no sample is invented.
    acceleration_mps2 : (n, 3) array
        Specific force in the device frame (the axis that points up reads +9.81 at rest); less
        gravity if ``gravity`` is ``linear``.
    rate_hz
        Nominal sampling rate, estimated robustly against rounded stamps and gaps.
    format
        Name of the format that recognised the file.
    gravity
        ``total`` with gravity included, ``linear`` with it removed.
    angular_rate_radps : (n, 3) array, optional
        Gyroscope on the accelerometer's clock; NaN without a reading.
    channels
        Other series on the accelerometer's clock, by name with unit
        (``magnetic_field_ut`` (n, 3), ``pressure_hpa``, ``speed_mps``, ``altitude_m``).
    start_time
        Date and time of second 0; aware of its zone if that is known.
    placement
        Body site if the file or the user gives it, else None.
    annotations
        Notes made in the app, sorted by start.
    findings
        Conclusions about unit, gravity, sign, clock, rate and columns.
    warnings
        What the user should know: gaps, clipping, repeated rows, clock jumps.

    Raises
    ------
    InputError
        If an array has the wrong shape, or times are not finite or not increasing.
    """

    name: str
    time_s: FloatArray
    acceleration_mps2: FloatArray
    rate_hz: float
    format: str
    gravity: Gravity = "total"
    angular_rate_radps: FloatArray | None = None
    channels: dict[str, FloatArray] = field(default_factory=dict)
    start_time: datetime | None = None
    placement: str | None = None
    annotations: tuple[Annotation, ...] = ()
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        n = self.time_s.size
        self._check_shape("time_s", self.time_s, (n,))
        if not _is_finite(self.time_s):
            raise self._invalid("time_s contains NaN or infinite values")
        if not (self.time_s[1:] > self.time_s[:-1]).all():
            raise self._invalid("time_s does not increase strictly")
        self._check_shape("acceleration_mps2", self.acceleration_mps2, (n, 3))
        if not _is_finite(self.acceleration_mps2):
            raise self._invalid("acceleration_mps2 contains NaN or infinite values")
        if self.angular_rate_radps is not None:
            self._check_shape("angular_rate_radps", self.angular_rate_radps, (n, 3))
        for channel, values in self.channels.items():
            self._check_shape(channel, values, (n, *values.shape[1:]))
        if self.gravity not in get_args(Gravity):
            raise self._invalid(f"gravity is {self.gravity!r}, not total or linear")
        if self.placement is not None and self.placement not in PLACEMENTS:
            raise self._invalid(f"placement is {self.placement!r}, not one of {PLACEMENTS}")

    @property
    def duration_s(self) -> float:
        """Seconds from second 0 to the last sample, even if the first rows have no reading."""
        return float(self.time_s[-1]) if len(self.time_s) else 0.0

    def with_(self, **changes: object) -> Self:
        """Return a copy with some fields replaced."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def wall_clock(self, time_s: pd.Series[float]) -> pd.Series[str]:
        """Return times in the recording's zone, ISO 8601 in milliseconds; empty without a date."""
        start = self.start_time
        if start is None:
            return pd.Series([""] * len(time_s), dtype="str")
        local = np.datetime64(start.replace(tzinfo=None), "ms")
        stamps = local + (time_s.to_numpy() * 1e3).round().astype("timedelta64[ms]")
        text = np.datetime_as_string(stamps, unit="ms").astype(object)
        zone = start.isoformat()[-6:] if start.tzinfo is not None else ""
        return pd.Series(text + zone, dtype="str")

    def _check_shape(self, what: str, values: FloatArray, shape: tuple[int, ...]) -> None:
        if values.shape != shape:
            raise self._invalid(f"{what} has shape {values.shape}, not {shape}")

    def _invalid(self, reason: str) -> InputError:
        return InputError(reason, file=self.name, remedy="fix the arrays first")


def _is_finite(values: FloatArray) -> bool:
    """Whether no value is NaN or infinite, without an array of answers."""
    return not values.size or bool(np.isfinite([values.min(), values.max()]).all())


def longest_step_s(usual_s: float) -> float:
    """Return the longest time between two samples that isn't a gap.

    ``MAX_GAP_S``; more for slow sensors, so that a single lost sample isn't a gap. The millionth
    on top keeps rounding from making a gap of a pause of exactly that length.
    """
    return max(MAX_GAP_S, 2.5 * usual_s) * (1 + 1e-6)
