"""One recording that comes in parts: joined to one, or cut anew."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from retrodetect.recording import FloatArray, Recording

__all__ = ["joined", "recut"]

_CHANNEL = "channel "


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
    coming = iter(parts)
    whole = next(coming)
    columns: dict[str, FloatArray] = {}
    for part in coming:
        columns = columns or {name: array.copy("C") for name, array in _arrays(whole).items()}
        for name, array in _arrays(part).items():
            _extend(columns[name], array)
        whole = part
    return _with_arrays(whole, columns) if columns else whole


def recut(parts: Iterable[Recording], grain_s: float) -> Iterator[Recording]:
    """Move the cuts between parts to whole multiples of a time.

    Parameters
    ----------
    parts
        Consecutive parts of one recording, none of them empty.
    grain_s
        Seconds. What a part holds beyond the last multiple of it goes to the next one.

    Yields
    ------
    Recording
        As long as the parts, or longer where those are shorter than a grain.
    """
    waiting: Recording | None = None
    for part in parts:
        # By their number: the edge of a grain in seconds, once rounded, may be another sample.
        grains = np.floor(part.time_s / grain_s)
        if waiting is not None:
            own = np.floor(waiting.time_s[0] / grain_s)
            edge = int(np.searchsorted(grains, own, side="right"))
            waiting = joined([waiting, _rows(part, slice(edge))])
            if edge == len(part.time_s):
                continue
            yield waiting
            part, grains = _rows(part, slice(edge, None)), grains[edge:]
        edge = int(np.searchsorted(grains, grains[-1]))
        if edge:
            yield _rows(part, slice(edge))
        waiting = _rows(part, slice(edge, None))
    if waiting is not None:
        yield waiting


def _rows(part: Recording, rows: slice) -> Recording:
    return _with_arrays(part, {name: array[rows] for name, array in _arrays(part).items()})


def _extend(array: FloatArray, more: FloatArray) -> None:
    """Add rows to an array in place: the system moves its pages, and nothing exists twice."""
    begin = len(array)
    array.resize((begin + len(more), *array.shape[1:]), refcheck=False)
    array[begin:] = more


def _arrays(part: Recording) -> dict[str, FloatArray]:
    """All that a recording has by the sample."""
    rotation = part.angular_rate_radps
    own = {"time_s": part.time_s, "acceleration_mps2": part.acceleration_mps2}
    own |= {} if rotation is None else {"angular_rate_radps": rotation}
    return own | {_CHANNEL + name: values for name, values in part.channels.items()}


def _with_arrays(part: Recording, arrays: Mapping[str, FloatArray]) -> Recording:
    own = {name: array for name, array in arrays.items() if not name.startswith(_CHANNEL)}
    channels = {name: arrays[_CHANNEL + name] for name in part.channels}
    return part.with_(**own, channels=channels)
