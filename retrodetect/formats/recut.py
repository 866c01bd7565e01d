"""One recording that comes in parts: joined to one, or cut anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

from retrodetect.recording import FloatArray, Recording

__all__ = ["joined", "recut"]


def joined(parts: Iterable[Recording]) -> Recording:
    """Join consecutive parts of one recording.

    Parameters
    ----------
    parts
        At least one; with the same findings and the same sensors.

    Returns
    -------
    Recording
        With the warnings of the last.
    """
    waiting = list(parts)
    if len(waiting) == 1:
        return waiting[0]
    last = waiting[-1]
    count = sum(len(part.time_s) for part in waiting)
    has_rotation = last.angular_rate_radps is not None
    time_s, values = np.empty(count), _triads(count)
    rotation = _triads(count) if has_rotation else None
    channels = {name: np.empty((count, *one.shape[1:])) for name, one in last.channels.items()}
    end = count
    while waiting:  # each part is let go of when it is copied, so that little exists twice
        part = waiting.pop()
        rows = slice(end - len(part.time_s), end)
        time_s[rows], values[rows] = part.time_s, part.acceleration_mps2
        if rotation is not None and part.angular_rate_radps is not None:
            rotation[rows] = part.angular_rate_radps
        for name, channel in channels.items():
            channel[rows] = part.channels[name]
        end = rows.start
        first = part
        del part
    return first.with_(
        time_s=time_s,
        acceleration_mps2=values,
        angular_rate_radps=rotation,
        channels=channels,
        warnings=last.warnings,
    )


def recut(parts: Iterable[Recording], piece_s: float) -> Iterator[Recording]:
    """Cut a recording anew.

    Parameters
    ----------
    parts
        Consecutive parts of one recording.
    piece_s
        Most seconds that a piece lasts.

    Yields
    ------
    Recording
        Pieces without an empty one; each begins a whole number of ``piece_s`` after the first
        sample, or with the first sample after.
    """
    waiting: list[Recording] = []
    place = 0
    for part in parts:
        places = np.floor(part.time_s / piece_s)
        starts = np.flatnonzero(np.diff(places, prepend=places[0] - 1))
        for begin, end in zip(starts, [*starts[1:], len(places)], strict=True):
            if waiting and places[begin] != place:
                yield joined(waiting)
                waiting = []
            place = int(places[begin])
            waiting.append(_rows(part, slice(begin, end)))
    if waiting:
        yield joined(waiting)


def _rows(part: Recording, rows: slice) -> Recording:
    rotation = part.angular_rate_radps
    return part.with_(
        time_s=part.time_s[rows],
        acceleration_mps2=part.acceleration_mps2[rows],
        angular_rate_radps=None if rotation is None else rotation[rows],
        channels={name: values[rows] for name, values in part.channels.items()},
    )


def _triads(count: int) -> FloatArray:
    """Column by column in memory, as every later step works along a column first."""
    return np.empty((count, 3), order="F")
