"""WitMotion: its text export, and the frames on its SD card."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, NO, Candidate, Format, has
from retrodetect.formats.layout import Layout, Tick, table_format, xyz
from retrodetect.formats.table import Table
from retrodetect.formats.text import NO_TICK, time_format
from retrodetect.recording import FloatArray

__all__ = ["FORMATS"]

_TOTAL = total("WitMotion includes gravity")
_SIGN = upward("WitMotion, assumed to read +1 g upward", "assumed")


def _text(file: Candidate) -> Layout:
    """Layout of a table that several devices may share, each with a clock in its chip."""
    clocks = ("chip time", "time")
    return Layout(
        clock=tuple(Tick(name) for name in clocks if _is_clock(file.table, name)),
        acceleration=(xyz("acceleration {}", "g", _TOTAL),),
        rotation=(xyz("angular velocity {}", "deg/s"),),
        channels={"magnetic_field_ut": (xyz("magnetic field {}", "µT"),)},
        split=("device name",),
        sign=_SIGN,
        device="WitMotion",
    )


def _is_clock(table: Table, name: str) -> bool:
    """Whether a clock was filled in; a chip's may be empty without a battery of its own."""
    index = table.index(name)
    if index is None:
        return False
    cells = table.cells(index)
    return len(set(cells)) > 1 and (table.kind(index) != "text" or time_format(cells) is not None)


# SD card: a ``.TXT`` that isn't text, but frames of eleven bytes: 0x55, a kind, eight bytes and
# the sum of these ten (WitMotion, WT901 protocol).
_FRAME_BYTES = 11
_START, _TIME, _ACCELERATION, _ROTATION = 0x55, 0x50, 0x51, 0x52
_RANGE_G, _RANGE_DEGPS, _FULL_SCALE = 16.0, 2000.0, 32768.0
_SURE_SHARE = 0.8
"""Share of the head that must be frames; the rest may be damaged."""


def _is_sd(file: Candidate) -> int:
    """Recognise consecutive frames with correct sums."""
    if file.source.head[:1] != bytes([_START]):
        return NO
    content = np.frombuffer(file.source.head, dtype=np.uint8)
    framed = _FRAME_BYTES * len(_frames(content))
    return CERTAIN if framed and framed >= _SURE_SHARE * (len(content) - _FRAME_BYTES) else NO


def _read_sd(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read the frames of acceleration, each with the time before and the rotation after it."""
    with file.source.open() as stream:
        content = np.frombuffer(stream.read(), dtype=np.uint8)
    frames = _frames(content)
    kinds = content[frames + 1]
    at = frames[kinds == _ACCELERATION]
    if not len(at):
        raise RefusedRecording(
            "has no acceleration",
            remedy="turn on the output of acceleration in the sensor",
        )
    return [
        Draft(
            acceleration=Series(_axes(content, at) * (_RANGE_G / _FULL_SCALE), "g"),
            stamps=_stamps(content, frames[kinds == _TIME], at),
            gravity=_TOTAL,
            sign=_SIGN,
            rotation=_rotation(content, frames[kinds == _ROTATION], at),
            device="WitMotion",
            columns="frames 0x51",
        )
    ]


def _frames(content: NDArray[np.uint8]) -> NDArray[np.intp]:
    """Starts of frames: start byte, kind and sum are right, and another frame is adjacent."""
    if len(content) < _FRAME_BYTES:
        return np.empty(0, dtype=np.intp)
    last = len(content) - _FRAME_BYTES + 1
    total = np.zeros(last, dtype=np.uint8)
    for offset in range(_FRAME_BYTES - 1):
        total += content[offset : offset + last]
    is_frame = (content[:last] == _START) & (content[1 : last + 1] >> 4 == _TIME >> 4)
    starts = np.flatnonzero(is_frame & (total == content[_FRAME_BYTES - 1 :]))
    is_next = np.isin(starts + _FRAME_BYTES, starts, assume_unique=True)
    is_previous = np.isin(starts - _FRAME_BYTES, starts, assume_unique=True)
    return starts[is_next | is_previous]


def _axes(content: NDArray[np.uint8], at: NDArray[np.intp]) -> FloatArray:
    """(n, 3) signed numbers of frames."""
    values = [
        (content[at + low + 1].astype(np.uint16) << 8 | content[at + low]).view(np.int16)
        for low in (2, 4, 6)
    ]
    return np.stack(values, axis=1).astype(np.float64)


def _rotation(
    content: NDArray[np.uint8], turns: NDArray[np.intp], at: NDArray[np.intp]
) -> Series | None:
    """Rotation between each acceleration and the next, NaN if there is none."""
    if not len(turns):
        return None
    following = np.searchsorted(turns, at)
    turn = turns[np.minimum(following, len(turns) - 1)]
    values = _axes(content, turn) * (_RANGE_DEGPS / _FULL_SCALE)
    values[(turn < at) | (turn > np.append(at[1:], len(content)))] = np.nan
    return Series(values, "deg/s")


def _stamps(content: NDArray[np.uint8], times: NDArray[np.intp], at: NDArray[np.intp]) -> Stamps:
    """Wall clock in ns from the last time before each acceleration; no ticks without times."""
    if not len(times):
        return Stamps(None, label="no frames of time")
    last = np.searchsorted(times, at) - 1
    time = times[np.maximum(last, 0)]
    year, month, day, hour, minute, second, low, high = (
        content[time + 2 + place].astype(np.int64) for place in range(8)
    )
    days = ((year + 30).astype("M8[Y]").astype("M8[M]") + (month - 1)).astype("M8[D]") + (day - 1)
    milliseconds = 1000 * ((hour * 60 + minute) * 60 + second) + 256 * high + low
    ticks = days.astype("M8[ns]").astype(np.int64) + 1_000_000 * milliseconds
    ticks[(last < 0) | (month == 0) | (day == 0)] = NO_TICK
    return Stamps(ticks, 1e-9, "local", "frames 0x50")


FORMATS = (
    table_format("witmotion", has(CERTAIN, "chip time", "acceleration x"), _text),
    Format("witmotion-sd", _is_sd, _read_sd),
)
