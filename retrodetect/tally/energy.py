"""Speed, height, distance and energy, from a receiver, a barometer or the wearer.

The forward equations are those of the American College of Sports Medicine (Guidelines for
Exercise Testing and Prescription, 10th ed., 2018): oxygen in ml per kg and minute at ``S`` m/min
and grade ``G``, walking ``3.5 + 0.1 S + 1.8 S G``, running ``3.5 + 0.2 S + 0.9 S G``. They hold for
climbs and level ground, so a descent counts as level, and for walking at 50 to 100 m/min and
running above 134 m/min. Backward at the same speed costs the unpractised 1.15 to 1.4 times as much
(Williford 1998; Wright & Weyand 2001; Rasica 2020).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import pandas as pd

from retrodetect.errors import UsageError
from retrodetect.recording import FloatArray, Recording
from retrodetect.tables import DOUBTED_STRIDES, IN_WORDS, SESSION_COLUMNS, STEPS_PER_STRIDE
from retrodetect.tally.session import Columns, either_way, mostly_unknown, stretches

__all__ = ["SURE_OF_RECEIVER_M", "Course", "Effort", "Pace", "effort"]

SEA_LEVEL_HPA, SCALE_M, EXPONENT = 1013.25, 44330.8, 0.190263
"""Height by pressure in the standard atmosphere (ICAO Doc 7488, 1993; troposphere)."""

SURE_OF_BAROMETER_M, SURE_OF_RECEIVER_M = 1.0, 5.0
"""Least climb above noise and drift: a phone's barometer repeats to about 0.1 hPa (0.8 m) over
minutes (Bosch BMP280 data sheet: 0.12 hPa relative); receivers' heights to a few metres."""

MAX_AGE_S = 5.0
"""Longest gap between readings that is bridged."""

BACKWARD_COST = (1.15, 1.4)
REST_ML, PER_SPEED, PER_CLIMB = 3.5, {"walk": 0.1, "run": 0.2}, {"walk": 1.8, "run": 0.9}
FASTEST_MPS = 15.0
"""Above the fastest sprinters (12.4 m/s)."""

STRIDE_M = {"walk": (0.2, 2.6), "run": (0.6, 5.5)}
"""Race walkers reach 2.5 m, and the longest strides of sprinters 4.9 m."""

FOOT_ERROR = 0.13
"""Largest error of a distance in one direction by a sensor on the foot. On 18 courses, the 15.24 m
backward, whose first and last strides belong to two directions, were all within it (median 6.5 %),
the whole 87.6 m within 6 % on 17 (``uci-sangenis-foot``)."""

GRADE_OVER = 20.0
"""Distance from which a grade is stated, in multiples of the least meaningful climb: the grade is
then good to five in a hundred."""

_FOLLOW_FROM_SPEED = ("speed_", "distance_", "grade_", "energy_")

KCAL_PER_ML = 0.005
"""5 kcal per litre of oxygen (same source)."""


@dataclass(frozen=True, slots=True)
class Course:
    """Speed and height of the wearer, second by second, by receiver and barometer."""

    time_s: FloatArray  # (n,): middles of seconds with samples
    speed_mps: FloatArray  # (n,): over ground; NaN if unknown
    height_m: FloatArray  # (n,): above any level; NaN if unknown
    sure_m: float = np.nan  # least meaningful difference of height; NaN without heights

    @classmethod
    def of(cls, recording: Recording) -> Course:
        """Return the course of a recording, from its channels."""
        time_s, speed_mps, by_pressure_m, by_receiver_m = _in_seconds(recording).T
        if np.isfinite(by_pressure_m).any():
            return cls(time_s, speed_mps, by_pressure_m, SURE_OF_BAROMETER_M)
        sure_m = SURE_OF_RECEIVER_M if np.isfinite(by_receiver_m).any() else np.nan
        return cls(time_s, speed_mps, by_receiver_m, sure_m)

    @classmethod
    def joined(cls, parts: Sequence[Course]) -> Course:
        """Join the courses of consecutive parts."""
        columns = [
            (part.time_s, part.speed_mps, part.height_m, np.full(len(part.time_s), part.sure_m))
            for part in parts
        ]
        time_s, speed_mps, height_m, sure_m = np.hstack([np.empty((4, 0)), *columns])
        # The best source alone: a barometer's zero isn't a receiver's.
        surest_m = float(np.nanmin(sure_m)) if np.isfinite(sure_m).any() else np.nan
        return cls(time_s, speed_mps, np.where(sure_m == surest_m, height_m, np.nan), surest_m)

    def mean_speed_mps(self, start_s: float, end_s: float) -> float:
        """Mean speed between two times; NaN if it is known for less than half of it."""
        inside = (self.time_s >= start_s - 0.5) & (self.time_s <= end_s + 0.5)
        speed_mps = self.speed_mps[inside]
        speed_mps = speed_mps[np.isfinite(speed_mps)]
        enough = len(speed_mps) and len(speed_mps) >= (end_s - start_s) / 2
        return float(speed_mps.mean()) if enough else np.nan

    def climb_m(self, start_s: float, end_s: float) -> float:
        """Difference of height between two times; NaN if either is unknown."""
        has_height = np.isfinite(self.height_m)
        if not has_height.any():
            return np.nan
        time_s, height_m = self.time_s[has_height], self.height_m[has_height]
        heights = []
        for at_s in (start_s, end_s):
            near = np.abs(time_s - at_s) <= MAX_AGE_S / 2
            heights.append(float(np.median(height_m[near])) if near.any() else np.nan)
        return heights[1] - heights[0]

    def climbs_m(self, starts_s: Iterable[float], ends_s: Iterable[float]) -> FloatArray:
        """(n,) differences of height between the ends of stretches."""
        return np.array([self.climb_m(*ends) for ends in zip(starts_s, ends_s, strict=True)], float)


def _in_seconds(piece: Recording) -> FloatArray:
    """(n, 4) time, speed, height by barometer and by receiver, each averaged over a second."""
    channels = piece.channels
    if not len(piece.time_s) or not channels.keys() & {"speed_mps", "pressure_hpa", "altitude_m"}:
        return np.empty((0, 4))
    nothing = np.full(len(piece.time_s), np.nan)
    speed = channels.get("speed_mps", nothing)
    pressure = channels.get("pressure_hpa", nothing)
    with np.errstate(invalid="ignore"):
        height = SCALE_M * (1 - (pressure / SEA_LEVEL_HPA) ** EXPONENT)
        # Receivers write negative speeds if they have none.
        speed = np.where(speed >= 0, speed, np.nan)
    values = {"speed": speed, "pressure": height, "receiver": channels.get("altitude_m", nothing)}
    finite = pd.DataFrame(values).replace([np.inf, -np.inf], np.nan)
    means = finite.groupby(np.floor(piece.time_s)).mean()
    return np.column_stack([means.index + 0.5, means])


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed or distance that the wearer states: at most one, and possible on foot."""

    speed_mps: float | None = None  # speed of the treadmill
    distance_m: float | None = None  # covered on foot in the whole recording
    leg_m: float | None = None  # covered in each leg of a set of repeats

    def __post_init__(self) -> None:
        stated = [name for name in self.__slots__ if getattr(self, name) is not None]
        if len(stated) > 1:
            raise UsageError("got more than one of speed, distance and leg", remedy="use only one")
        for name in stated:
            if not 0 < getattr(self, name) < (FASTEST_MPS if name == "speed_mps" else 1e6):
                raise UsageError(
                    f"{getattr(self, name):g} is not a possible {name.partition('_')[0]} on foot",
                    remedy="check number and unit",
                )


class Effort(NamedTuple):
    """Distance and energy."""

    fields: dict[str, float | str]  # results of a speed; empty if none is known
    warnings: tuple[str, ...] = ()  # statements of the wearer that are impossible on foot


def effort(strides: Columns, course: Course, pace: Pace, legs: pd.DataFrame) -> Effort:
    """Compute distance and energy of a session.

    Statements of the wearer override the receiver. So does the speed of a sensor on the foot, which
    is more accurate over the lengths of repeats. With a distance of the whole session, the mean
    speed serves for both directions, so the distance is not split. Energy is gross: it includes
    rest.
    """
    columns = [name for name in SESSION_COLUMNS if name.startswith(_FOLLOW_FROM_SPEED)]
    fields: dict[str, float | str] = dict.fromkeys(columns, np.nan) | {"speed_source": ""}
    runs = stretches(strides, by_gait=True)
    # Of its own strides: unknown ones within a stretch have no known direction.
    lasting_s = 60 * STEPS_PER_STRIDE * runs["strides"] / runs["cadence_spm"]
    runs = {**runs, "lasting_s": lasting_s}
    source, speed_mps = _speeds(strides, runs, course, pace, legs)
    too_fast = speed_mps > FASTEST_MPS
    warnings: tuple[str, ...] = ()
    if too_fast.any():
        fastest = f"{np.max(speed_mps[too_fast]):.0f} m/s"
        warnings = (
            f"ignored GPS speeds of up to {fastest}: nobody runs that fast"
            if source == "gps"
            else f"ignored --{source}: it would mean {fastest}. Check number and unit",
        )
    plausible = np.isfinite(speed_mps) & ~too_fast
    if not plausible.any():
        return Effort(fields, warnings)
    fields["speed_source"] = source
    # A direction without strides costs nothing; at an unknown speed, or if most strides may have
    # gone that way, it costs an unknown amount.
    nothing = {
        way: np.nan if (runs["direction"] == way).any() or mostly_unknown(strides) else 0.0
        for way in ("forward", "backward")
    }
    pieces = pd.DataFrame({**runs, "speed_mps": speed_mps})[plausible]
    pieces["distance_m"] = pieces["speed_mps"] * pieces["lasting_s"]
    warnings += tuple(_doubtful_lengths(pieces, source))
    by_way = pieces.groupby("direction")["distance_m"].sum()
    if pace.distance_m is not None:
        fields["distance_m"] = pace.distance_m
    else:
        fields["distance_m"] = float(by_way.sum())
        distance_m = {way: float(by_way.get(way, nothing[way])) for way in nothing}
        fields |= {f"distance_{way}_m": way_m for way, way_m in distance_m.items()}
        if source == "foot":
            fields |= _interval_m(strides, distance_m)
        for way, part in pieces.groupby("direction"):
            fields[f"speed_{way}_mps"] = float(by_way[way] / part["lasting_s"].sum())
            fields[f"grade_{way}"] = _grade(part, course)
    kcal = nothing | {
        str(way): _kcal_per_kg(part, course) for way, part in pieces.groupby("direction")
    }
    fields |= {
        "energy_forward_kcal_per_kg": kcal["forward"],
        "energy_backward_low_kcal_per_kg": BACKWARD_COST[0] * kcal["backward"],
        "energy_backward_high_kcal_per_kg": BACKWARD_COST[1] * kcal["backward"],
    }
    return Effort(fields, warnings)


def _speeds(
    strides: Columns, runs: Columns, course: Course, pace: Pace, legs: pd.DataFrame
) -> tuple[str, np.ndarray]:
    """Return the source of the speeds, and the speed of each stretch; NaN if unknown."""
    if pace.speed_mps is not None:
        return "given", np.full(len(runs["strides"]), pace.speed_mps)
    if pace.distance_m is not None:
        on_foot_s = (strides["end_s"] - strides["start_s"]).sum()
        return "distance", np.full(len(runs["strides"]), pace.distance_m / on_foot_s)
    if pace.leg_m is not None:
        return "leg", _in_legs(runs, legs, pace.leg_m)
    if np.isfinite(strides["stride_length_m"]).any():
        return "foot", _on_foot(strides, runs)
    ends = zip(runs["start_s"], runs["end_s"], strict=True)
    return "gps", np.array([course.mean_speed_mps(*span) for span in ends])


def _in_legs(runs: Columns, legs: pd.DataFrame, leg_m: float) -> np.ndarray:
    """Speed of the stretches inside a leg of a set; a leg may contain several."""
    speed_mps = np.full(len(runs["strides"]), np.nan)
    for start_s, end_s, way in zip(legs["start_s"], legs["end_s"], legs["direction"], strict=True):
        inside = (runs["start_s"] >= start_s) & (runs["end_s"] <= end_s)
        inside &= runs["direction"] == way
        speed_mps[inside] = leg_m / runs["lasting_s"][inside].sum()
    return speed_mps


def _doubtful_lengths(pieces: pd.DataFrame, source: str) -> Iterator[str]:
    """Report strides shorter or longer than anybody's at the speed used."""
    for gait, (shortest_m, longest_m) in STRIDE_M.items():
        rows = pieces[pieces["gait"] == gait]
        length_m = rows["distance_m"].sum() / max(rows["strides"].sum(), 1)
        if rows["strides"].sum() >= DOUBTED_STRIDES and not shortest_m <= length_m <= longest_m:
            than = "shorter" if length_m < shortest_m else "longer"
            yield (
                f"the typical {IN_WORDS[gait]} stride would be {length_m:.2g} m long at the speed "
                f"({source}), {than} than anybody's: if the speed or the clock is wrong, distance, "
                "energy and cadence are too"
            )


def _on_foot(strides: Columns, runs: Columns) -> np.ndarray:
    """Speed of each stretch, from its strides of known length."""
    measured = (strides["direction"] != "unknown") & np.isfinite(strides["stride_length_m"])
    at = np.searchsorted(runs["start_s"], strides["start_s"][measured], side="right") - 1
    length_m, lasting_s = (
        np.bincount(at, values[measured], minlength=len(runs["start_s"]))
        for values in (strides["stride_length_m"], strides["end_s"] - strides["start_s"])
    )
    with np.errstate(invalid="ignore"):
        return np.asarray(length_m / lasting_s)  # NaN if no length is known


def _interval_m(strides: Columns, distance_m: dict[str, float]) -> dict[str, float]:
    """Ends of the intervals of the distances by direction."""
    unknown_m = float(np.nansum(strides["stride_length_m"][either_way(strides)]))
    low = {f"distance_{way}_low_m": (1 - FOOT_ERROR) * m for way, m in distance_m.items()}
    high = {
        f"distance_{way}_high_m": (1 + FOOT_ERROR) * (m + unknown_m)
        for way, m in distance_m.items()
    }
    return low | high


def _grade(pieces: pd.DataFrame, course: Course) -> float:
    """Height gained per metre; NaN if too few metres have a height."""
    climb_m = course.climbs_m(pieces["start_s"], pieces["end_s"])
    has_height = np.isfinite(climb_m)
    gone_m = float(pieces["distance_m"][has_height].sum())
    is_sure = gone_m >= GRADE_OVER * course.sure_m
    return float(climb_m[has_height].sum() / gone_m) if is_sure else np.nan


def _kcal_per_kg(pieces: pd.DataFrame, course: Course) -> float:
    """Energy of stretches as if walked or run forward."""
    climb_m = course.climbs_m(pieces["start_s"], pieces["end_s"])
    climb_m = np.where(climb_m >= course.sure_m, climb_m, 0.0)
    per_m, per_climb_m = pieces["gait"].map(PER_SPEED), pieces["gait"].map(PER_CLIMB)
    oxygen_ml = REST_ML / 60 * pieces["lasting_s"] + per_m * pieces["distance_m"]
    return float((oxygen_ml + per_climb_m * climb_m).sum() * KCAL_PER_ML)
