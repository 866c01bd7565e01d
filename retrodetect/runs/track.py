"""Tracks of sports watches and phones, joined to recordings.

A track (GPX, TCX or FIT) contains speed, height and cadence over time. Positions only replace a
missing speed and are not kept. Both clocks join a track, then the wearer's movements refine that.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np
import pandas as pd

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.locations import location
from retrodetect.recording import FloatArray
from retrodetect.tables import STEPS_PER_STRIDE
from retrodetect.tally.energy import SURE_OF_RECEIVER_M, Course

__all__ = ["Track", "read_track", "with_track"]

EARTH_M = 6371008.8
"""Mean radius (International Union of Geodesy and Geophysics)."""

SEMICIRCLE_DEG = 180 / 2**31
"""Unit of positions in FIT (Garmin FIT SDK, profile)."""

OVER_S = 4.0
"""Time over which a speed is computed from positions: receivers jitter by metres."""

LONGEST_STEP_S = 10.0
"""Longest step that isn't a pause: watches that save memory write a point at least every 8 s."""

MOST_ASKEW_S = 120
"""Largest difference between the clocks of a phone and a watch: radio sets both, but loggers drift
and people set them by hand."""

ZONES_S = np.arange(-12 * 3600, 14 * 3600 + 1, 900.0)
"""Offsets of time zones in quarters of an hour, for a clock without a zone."""

LONGEST_S = 30 * 86_400.0
"""Longest recording that a track is joined to: nobody wears a sensor longer without a break, but a
clock that is set may jump by years."""

LEAST_S = 30.0
"""Shortest time in common that shows whether two series belong together."""

ENOUGH = 0.7
"""Correlation from which cadence or speed of the track follow the strides. At their best shift, 2
in 100 unrelated random bouts of 5 to 30 min reach it, all of them steady sessions of 5 min; of
related ones, with 0.25 m/s of noise in the speed, nearly all that change pace at all."""

AS_GOOD = 0.05
"""Repeats fit almost as well one repeat later: among such shifts the smallest counts."""

_COLUMNS = {
    "time": ("time", "timestamp"),
    "latitude": ("lat", "latitudedegrees", "position_lat"),
    "longitude": ("lon", "longitudedegrees", "position_long"),
    "height": ("enhanced_altitude", "altitude", "altitudemeters", "ele"),
    "speed": ("enhanced_speed", "speed"),
    "distance": ("distance", "distancemeters"),
    "cadence": ("cadence", "runcadence", "cad"),
}  # fmt: skip
"""Names of a point's fields in the three formats."""

_Point = dict[str, object]


class Track(NamedTuple):
    """Speed, height and cadence that a watch recorded."""

    name: str  # of the file
    start_time: datetime  # of the first point, with its zone
    time_s: FloatArray  # (n,): seconds since then, increasing
    speed_mps: FloatArray  # (n,): NaN if unknown
    height_m: FloatArray  # likewise
    cadence: FloatArray  # likewise; per minute, of one foot or both

    def at(self, time_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Speed, height and cadence at (m,) seconds since the first point.

        NaN outside the track, and in its pauses.
        """
        after = np.searchsorted(self.time_s, time_s).clip(1, len(self.time_s) - 1)
        paused = self.time_s[after] - self.time_s[after - 1] > LONGEST_STEP_S
        outside = (time_s < self.time_s[0]) | (time_s > self.time_s[-1])
        speed_mps, height_m, cadence = (
            np.where(paused | outside, np.nan, np.interp(time_s, self.time_s, values))
            for values in (self.speed_mps, self.height_m, self.cadence)
        )
        return speed_mps, height_m, cadence


def read_track(path: str | Path) -> Track:
    """Read the track of a watch from a file or URL: GPX, TCX or FIT, recognised by content."""
    file = location(path)
    try:
        with file.open("rb") as stream:
            is_fit = stream.read(12)[8:] == b".FIT"
            stream.seek(0)
            points = list((_fit_points if is_fit else _xml_points)(stream))
    except ImportError as error:
        raise UsageError(
            "reading a track needs more packages",
            file=str(path),
            remedy="run pip install 'retrodetect[track]'",
        ) from error
    except OSError as error:
        raise UnreadableFile(
            f"cannot be opened ({error.strerror or error})",
            file=str(path),
            remedy="check the spelling, and which folder you are in",
        ) from error
    except Exception as error:  # parsers of others raise anything on damaged bytes
        raise UnreadableFile(
            "isn't a GPX, TCX or FIT file, or it is damaged",
            file=str(path),
            remedy="export it again",
        ) from error
    return _track(file.name, points, str(path))


def _xml_points(stream: BinaryIO) -> Iterator[_Point]:
    """Yield points of GPX and TCX; refuse XML that would expand or load anything."""
    from defusedxml.ElementTree import parse

    for node in parse(stream, forbid_dtd=True).iter():
        if _local(node.tag) in ("trkpt", "trackpoint"):
            fields: _Point = dict(node.attrib)
            for inner in node.iter():
                # Heart rate and distance wrap their number; nested fields come later.
                if inner.text and inner.text.strip():
                    fields.setdefault(_local(inner.tag), inner.text.strip())
            yield fields


def _fit_points(stream: BinaryIO) -> Iterator[_Point]:
    from fitdecode import FIT_FRAME_DATA, FitReader

    with FitReader(stream) as frames:
        for frame in frames:
            if frame.frame_type == FIT_FRAME_DATA and frame.name == "record":
                fields = {field.name: field.value for field in frame.fields}
                for name in ("position_lat", "position_long"):
                    if fields.get(name) is not None:
                        fields[name] *= SEMICIRCLE_DEG
                yield fields


def _local(tag: object) -> str:
    return str(tag).rpartition("}")[2].lower()


def _track(name: str, points: list[_Point], path: str) -> Track:
    """Arrange points as columns in time order."""
    cells = {
        of: [next((point[name] for name in names if point.get(name) is not None), None)
             for point in points]
        for of, names in _COLUMNS.items()
    }  # fmt: skip
    # Times without a zone are UTC in all three formats.
    moments = [str(cell) for cell in cells.pop("time")]
    index = pd.DatetimeIndex(pd.to_datetime(moments, format="ISO8601", utc=True, errors="coerce"))
    numbers = pd.DataFrame(cells, index, dtype=object).apply(pd.to_numeric, errors="coerce")
    table = numbers.astype(float)
    table = table[table.index.notna() & ~table.index.duplicated()].sort_index()
    if len(table) < 2:
        raise UnreadableFile(
            "has no track points with times", file=path, remedy="export the activity, not the route"
        )
    time_s = (table.index - table.index[0]).total_seconds().to_numpy()
    height_m, cadence = table["height"].to_numpy(), table["cadence"].to_numpy()
    start_time = table.index[0].to_pydatetime()
    return Track(name, start_time, time_s, _speed_mps(time_s, table), height_m, cadence)


def _speed_mps(time_s: FloatArray, table: pd.DataFrame) -> FloatArray:
    """Return the recorded speed; else that of the distances, else that of the positions."""
    speed_mps, distance_m = table["speed"].to_numpy(), table["distance"].to_numpy()
    if np.isfinite(speed_mps).any():
        return speed_mps
    if np.isfinite(distance_m).any():
        places = distance_m[:, None]
    else:
        north, east = np.deg2rad(table[["latitude", "longitude"]].to_numpy()).T
        usual = np.nanmean(north) if np.isfinite(north).any() else 0.0
        places = EARTH_M * np.column_stack([north, np.cos(usual) * east])
    has_place = np.isfinite(places).all(axis=1)
    if has_place.sum() < 2:
        return np.full(len(time_s), np.nan)
    seen_s, places = time_s[has_place], places[has_place]
    ends_s = np.clip([time_s - OVER_S / 2, time_s + OVER_S / 2], seen_s[0], seen_s[-1])
    moved = [np.subtract(*np.interp(ends_s, seen_s, place)) for place in places.T]
    lasting_s = np.maximum(ends_s[1] - ends_s[0], 1e-9)
    return np.asarray(np.linalg.norm(moved, axis=0) / lasting_s)


class _Fit(NamedTuple):
    """Where a track may begin in the recording, and how well it follows the strides there."""

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
    """Add the first track that overlaps to a course, and say which, or why none.

    The recording's own barometer overrides the track's heights. ``offset_s`` is from the
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
    by_hand = "give its first point with --track-offset, in seconds after the first sample"
    if start_time is None:
        return course, f"did not use {names}: the recording has no date. To join them, {by_hand}"
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
                f" not follow its strides. To join them, {by_hand}"
            )
        return _joined(course, track, fit.clock_s, duration_s), (
            f"used the track {track.name} by its clock alone, since it does not follow the strides."
            f" If that is wrong, {by_hand}"
        )
    return (
        course,
        f"did not use {names}: no time in common with the recording. To join them, {by_hand}",
    )


def _joined(course: Course, track: Track, begins_s: float, duration_s: float) -> Course:
    """Return a course of the track's speeds, and of its heights if there is no barometer."""
    time_s = np.arange(int(np.ceil(duration_s)), dtype=np.float64) + 0.5
    speed_mps, height_m, _ = track.at(time_s - begins_s)
    sure_m = SURE_OF_RECEIVER_M if np.isfinite(height_m).any() else np.nan
    watch = Course(time_s, speed_mps, height_m, sure_m)
    if not course.sure_m < SURE_OF_RECEIVER_M:
        return watch
    return Course.joined([watch, replace(course, speed_mps=np.full(len(course.time_s), np.nan))])


def _cadence_by_second(strides: pd.DataFrame, duration_s: float) -> FloatArray:
    """(n,) steps per minute in each second of the recording; 0 without a stride."""
    cadence = np.zeros(int(np.ceil(duration_s)))
    lasting_s = (strides["end_s"] - strides["start_s"]).to_numpy()
    middle = ((strides["start_s"] + strides["end_s"]) / 2).to_numpy().astype(int)
    for second, per_min in zip(middle, 60 * STEPS_PER_STRIDE / lasting_s, strict=True):
        cadence[max(second - 1, 0) : second + 2] = per_min
    return cadence


def _fit(track: Track, moved: FloatArray, start_time: datetime) -> _Fit | None:
    """Return the best place of a track; None if it shares no time with the recording."""
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
    """Return the best shift around the clock."""
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
    """Pearson's correlation if the track's series begins at a second, and the seconds compared.

    Both are 0 if there is too little to compare.
    """
    begin, end = max(first, 0), min(first + len(watched), len(moved))
    a, b = moved[begin:end], watched[begin - first : end - first]
    seen = np.isfinite(b)
    if seen.sum() < LEAST_S or np.ptp(a[seen]) == 0 or np.ptp(b[seen]) == 0:
        return 0.0, 0.0
    return float(np.corrcoef(a[seen], b[seen])[0, 1]), float(seen.sum())
