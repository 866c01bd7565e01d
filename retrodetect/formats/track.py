"""Tracks of sports watches and phones: speed, height and cadence over time.

GPX, TCX and FIT. Positions give the speed where the file has none, and go no further.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.locations import location
from retrodetect.recording import FloatArray

__all__ = ["Track", "read_track"]

EARTH_M = 6371008.8
"""Mean radius (International Union of Geodesy and Geophysics)."""

SEMICIRCLE_DEG = 180 / 2**31
"""Unit of positions in FIT (Garmin FIT SDK, profile)."""

OVER_S = 4.0
"""Time over which a speed is worked out from positions: receivers jitter by metres."""

LONGEST_S = 10.0
"""Longest time between two points that is not a pause: watches that save memory write one at least
every 8 s."""

_COLUMNS = {
    "time": ("time", "timestamp"),
    "latitude": ("lat", "latitudedegrees", "position_lat"),
    "longitude": ("lon", "longitudedegrees", "position_long"),
    "height": ("enhanced_altitude", "altitude", "altitudemeters", "ele"),
    "speed": ("enhanced_speed", "speed"),
    "distance": ("distance", "distancemeters"),
    "cadence": ("cadence", "runcadence", "cad"),
}  # fmt: skip
"""What fields of a point are called in the three formats."""

_Point = dict[str, object]


class Track(NamedTuple):
    """What a watch knew from point to point."""

    name: str  # of the file
    start_time: datetime  # of the first point, with its zone
    time_s: FloatArray  # (n,): seconds since then, increasing
    # speed_mps, height_m, cadence: (n,): NaN where not known; cadence per minute, of one foot
    # or both
    speed_mps: FloatArray
    height_m: FloatArray
    cadence: FloatArray

    def at(self, time_s: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Speed, height and cadence at (m,) seconds since the first point.

        NaN outside the track, and in its pauses.
        """
        after = np.searchsorted(self.time_s, time_s).clip(1, len(self.time_s) - 1)
        paused = self.time_s[after] - self.time_s[after - 1] > LONGEST_S
        outside = (time_s < self.time_s[0]) | (time_s > self.time_s[-1])
        speed_mps, height_m, cadence = (
            np.where(paused | outside, np.nan, np.interp(time_s, self.time_s, values))
            for values in (self.speed_mps, self.height_m, self.cadence)
        )
        return speed_mps, height_m, cadence


def read_track(path: str | Path) -> Track:
    """Read the track of a watch from a file or URL; GPX, TCX or FIT, told by its content."""
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
    """Points of GPX and TCX; XML that would expand or load anything is refused."""
    from defusedxml.ElementTree import parse

    for node in parse(stream, forbid_dtd=True).iter():
        if _local(node.tag) in ("trkpt", "trackpoint"):
            fields: _Point = dict(node.attrib)
            for inner in node.iter():
                # Heart rate and distance wrap their number; what is nested comes later.
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
    """Points as columns, in order of time."""
    times = [_moment(_field(point, "time")) for point in points]
    dated = sorted(
        ((time, point) for time, point in zip(times, points, strict=True) if time is not None),
        key=lambda pair: pair[0],
    )
    if len(dated) < 2 or dated[0][0] == dated[-1][0]:
        raise UnreadableFile(
            "has no track points with times", file=path, remedy="export the activity, not the route"
        )
    start_time = dated[0][0]
    time_s, first = np.unique(
        [(time - start_time).total_seconds() for time, _ in dated], return_index=True
    )

    def column(of: str) -> FloatArray:
        return np.array([_number(_field(dated[row][1], of)) for row in first])

    cadence, height_m = column("cadence"), column("height")
    return Track(name, start_time, time_s, _speed_mps(time_s, column), height_m, cadence)


def _speed_mps(time_s: FloatArray, column: Callable[[str], FloatArray]) -> FloatArray:
    """Speed as written; else from distances, else from positions."""
    speed_mps, distance_m = column("speed"), column("distance")
    if np.isfinite(speed_mps).any():
        return speed_mps
    if np.isfinite(distance_m).any():
        places = distance_m[:, None]
    else:
        north, east = np.deg2rad(column("latitude")), np.deg2rad(column("longitude"))
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


def _field(point: _Point, of: str) -> object:
    return next((point[name] for name in _COLUMNS[of] if point.get(name) is not None), None)


def _number(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return np.nan


def _moment(value: object) -> datetime | None:
    """Moment in time; one without a zone is in UTC, as all three formats have it."""
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
