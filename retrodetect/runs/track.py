"""A watch's track joined to a recording: by both clocks, then by how the wearer moved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple

import numpy as np
import pandas as pd

from retrodetect.formats.track import Track
from retrodetect.recording import FloatArray
from retrodetect.tables import STEPS_PER_STRIDE
from retrodetect.tally.course import SURE_OF_RECEIVER_M, Course

__all__ = ["with_track"]

MOST_ASKEW_S = 120
"""How far the clocks of a phone and a watch may be apart: both are set by radio, but loggers drift
and people set them by hand."""

ZONES_S = np.arange(-12 * 3600, 14 * 3600 + 1, 900.0)
"""Offsets of time zones, by quarters of an hour: what a clock without a zone may mean."""

LONGEST_S = 30 * 86_400.0
"""Longest recording that a track is sought for: nobody wears a sensor longer without a break, but a
clock that is set may leap by years."""

LEAST_S = 30.0
"""Shortest time in common that shows whether two series belong together."""

ENOUGH = 0.7
"""Correlation from which cadence or speed of the track follow the strides. Of unrelated random
bouts in 5 to 30 min 2 in 100 come so high at their best shift, all of them steady sessions of
5 min; of related ones, with 0.25 m/s of noise in the speed, nearly all that change pace at all."""

AS_GOOD = 0.05
"""Repeats fit one repeat later almost as well: of such shifts the smallest counts."""


class _Fit(NamedTuple):
    """Where a track may begin in the recording, and how well it then follows the strides."""

    begins_s: float
    clock_s: float
    correlation: float
    score: float


def with_track(
    course: Course,
    tracks: Sequence[Track],
    strides: pd.DataFrame,
    start_time: datetime | None,
    duration_s: float,
    offset_s: float | None,
) -> tuple[Course, str]:
    """Add to a course what the first track that overlaps knows, and say which, or why none.

    The recording's own barometer goes before the track's heights. ``offset_s`` is from the
    recording's first sample to the track's first point; None to find it.
    """
    names = ", ".join(track.name for track in tracks)
    if duration_s > LONGEST_S:
        days = f"{duration_s / 86_400:.0f} days"
        return course, f"did not use {names}: by its clock, the recording lasts {days}"
    if offset_s is not None:
        return _joined(course, tracks[0], offset_s, duration_s), (
            f"used the track {tracks[0].name} from {offset_s:g} s on, as given"
        )
    by_hand = "Give its first point with --track-offset, in seconds after the first sample"
    if start_time is None:
        return course, f"did not use {names}: the recording has no date. {by_hand}"
    moved = _cadence_by_second(strides, duration_s)
    for track in tracks:
        fit = _fit(track, moved, start_time)
        if fit is None:
            continue
        # Among a hundred zones some short overlap fits by chance.
        if (fit.score if start_time.tzinfo is None else fit.correlation) >= ENOUGH:
            return _joined(course, track, fit.begins_s, duration_s), (
                f"used the track {track.name}, moved by {fit.begins_s - fit.clock_s:+.0f} s to"
                f" follow the strides (correlation {fit.correlation:.2f})"
            )
        if start_time.tzinfo is None:
            return course, (
                f"did not use {track.name}: the recording names no time zone, and the track does"
                f" not follow its strides. {by_hand}"
            )
        return _joined(course, track, fit.clock_s, duration_s), (
            f"used the track {track.name} by its clock alone, since it does not follow the strides."
            f" Is that wrong? {by_hand}"
        )
    return course, f"did not use {names}: no time in common with the recording. {by_hand}"


def _joined(course: Course, track: Track, begins_s: float, duration_s: float) -> Course:
    """A course of the track's speeds, and of its heights where there is no barometer."""
    time_s = np.arange(int(np.ceil(duration_s)), dtype=np.float64) + 0.5
    speed_mps, height_m, _ = track.at(time_s - begins_s)
    sure_m = SURE_OF_RECEIVER_M if np.isfinite(height_m).any() else np.nan
    watch = Course(time_s, speed_mps, height_m, sure_m)
    if not course.sure_m < SURE_OF_RECEIVER_M:
        return watch
    return Course.joined([watch, replace(course, speed_mps=np.full(len(course.time_s), np.nan))])


def _cadence_by_second(strides: pd.DataFrame, duration_s: float) -> FloatArray:
    """(n,) steps per minute in each second of the recording; 0 where there is no stride."""
    cadence = np.zeros(int(np.ceil(duration_s)))
    lasting_s = (strides["end_s"] - strides["start_s"]).to_numpy()
    middle = ((strides["start_s"] + strides["end_s"]) / 2).to_numpy().astype(int)
    for second, per_min in zip(middle, 60 * STEPS_PER_STRIDE / lasting_s, strict=True):
        cadence[max(second - 1, 0) : second + 2] = per_min
    return cadence


def _fit(track: Track, moved: FloatArray, start_time: datetime) -> _Fit | None:
    """Best place of a track; None where it has no time in common with the recording."""
    naive_s = (track.start_time.astimezone(UTC) - start_time.replace(tzinfo=UTC)).total_seconds()
    zone = start_time.utcoffset()
    clocks_s = naive_s + (ZONES_S if zone is None else np.array([zone.total_seconds()]))
    fits = [
        fit
        for clock_s in clocks_s
        if min(len(moved), clock_s + track.time_s[-1]) - max(0.0, clock_s) >= LEAST_S
        for fit in [_best(track, moved, float(clock_s))]
    ]
    return max(fits, key=lambda fit: fit.score, default=None)


def _best(track: Track, moved: FloatArray, clock_s: float) -> _Fit:
    """Best of the shifts around the clock."""
    first = int(clock_s) - MOST_ASKEW_S
    end = min(int(clock_s + track.time_s[-1]), len(moved)) + MOST_ASKEW_S
    seconds = np.arange(first, end, dtype=np.float64)
    speed_mps, _, cadence = track.at(seconds + 0.5 - clock_s)
    watched = cadence if np.isfinite(cadence).sum() >= LEAST_S else speed_mps
    shifts = np.arange(-MOST_ASKEW_S, MOST_ASKEW_S + 1)
    fits = [_correlation(moved, watched, first + int(shift)) for shift in shifts]
    correlation, seconds_seen = np.array(fits).T
    # A short overlap correlates by chance: what counts is how unlikely that is.
    most_s = max(min(len(moved), float(track.time_s[-1])), 1.0)
    score = correlation * np.sqrt(np.minimum(seconds_seen / most_s, 1.0))
    edged = np.concatenate([[-np.inf], score, [-np.inf]])
    peaks = (score >= edged[:-2]) & (score >= edged[2:]) & (score >= score.max() - AS_GOOD)
    at = np.flatnonzero(peaks)[np.abs(shifts[peaks]).argmin()]
    return _Fit(clock_s + float(shifts[at]), clock_s, float(correlation[at]), float(score[at]))


def _correlation(moved: FloatArray, watched: FloatArray, first: int) -> tuple[float, float]:
    """Pearson's correlation if the track's series begins at a second, and of how many seconds.

    Both are 0 if nothing can be said.
    """
    begin, end = max(first, 0), min(first + len(watched), len(moved))
    a, b = moved[begin:end], watched[begin - first : end - first]
    seen = np.isfinite(b)
    if seen.sum() < LEAST_S or np.ptp(a[seen]) == 0 or np.ptp(b[seen]) == 0:
        return 0.0, 0.0
    return float(np.corrcoef(a[seen], b[seen])[0, 1]), float(seen.sum())
