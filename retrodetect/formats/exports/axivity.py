"""Axivity AX3 and AX6: csv as OmGui exports it, and ``.cwa`` from the device."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, LIKELY, NO, Candidate, Format, has
from retrodetect.formats.guess import best_clock
from retrodetect.formats.layout import Axes, Layout, drafts
from retrodetect.formats.spool import blocks, gather_packets, read_blocks, release
from retrodetect.formats.text import counted, cut_off
from retrodetect.recording import FloatArray

__all__ = ["FORMATS"]

_TOTAL = total("Axivity includes gravity")
_SIGN = upward("Axivity writes specific force")
_MISSING = "strides and minutes are missing there"
_ONE_G = (0.7, 1.4)
_BLOCK = 100
"""Rows (one second at the usual rate) in which swapped sensors are detected."""


def _is_csv(file: Candidate) -> int:
    """Recognise a clock and three or six columns, three of which average one g."""
    table = file.table
    if table.header or table.preamble or table.width not in (4, 7):
        return NO
    clock = best_clock(table)
    if not clock or clock[0].name != "1" or b"\r\n" not in file.source.head:
        return NO
    triads = (
        np.stack([table.numbers(index) for index in range(first, first + 3)], axis=1)
        for first in range(1, table.width, 3)
    )
    return LIKELY if any(map(_is_one_g, triads)) else NO


def _read_csv(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read both sensors, and correct any swap."""
    table = file.table
    layout = Layout(
        clock=best_clock(table),
        acceleration=(Axes("2", "3", "4", "g", _TOTAL),),
        rotation=(Axes("5", "6", "7", "deg/s"),),
        sign=_SIGN,
    )
    return [_unswapped(draft) for draft in drafts(file, layout, options)]


def _unswapped(draft: Draft) -> Draft:
    """Swap sensors back in place, second by second, if only the gyroscope averages one g."""
    if draft.rotation is None:
        return draft
    acceleration, rotation = draft.acceleration.values, draft.rotation.values
    count = 0
    for second in blocks(len(acceleration), rows=_BLOCK):
        if not _is_one_g(acceleration[second]) and _is_one_g(rotation[second]):
            swapped = acceleration[second].copy()
            acceleration[second], rotation[second] = rotation[second], swapped
            count += len(swapped)
    release(acceleration, rotation)
    if not count:
        return draft
    text = (
        f"accelerometer and gyroscope were swapped back in {counted(count, 'row')}: if that is "
        "wrong, so are strides and direction there"
    )
    return draft.with_(warnings=(*draft.warnings, text))


def _is_one_g(values: FloatArray) -> bool:
    values = values[np.isfinite(values).all(axis=1)]
    return len(values) > 0 and bool(_ONE_G[0] < np.linalg.norm(values.mean(axis=0)) < _ONE_G[1])


# ``.cwa``: sectors of 512 bytes (Open Movement, ``cwa.md``).
_HEADER_BYTES = 1024
_SECTOR = np.dtype(
    {
        "names": ["mark", "fraction", "stamp", "light", "rate", "layout", "offset", "count",
                  "readings"],
        "formats": ["S2", "<u2", "<u4", "<u2", "u1", "u1", "<i2", "<u2", ("u1", 480)],
        "offsets": [0, 4, 14, 18, 24, 25, 26, 28, 30],
        "itemsize": 512,
    }
)  # fmt: skip
_IS_FRACTION = 0x8000
_PACKED, _WORDS = 0, 2
"""Ways to store a reading: three axes in 32 bits, or 16 bits an axis."""

_UNITS_PER_G = 256
_GYRO_RANGE_DEGPS = 8000.0


def _read_cwa(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read all sectors with a correct sum."""
    lost: list[int] = []
    cut: list[str] = []
    columns = gather_packets(_blocks(file, lost, cut))
    if not columns:
        raise UnreadableFile(
            "is an Axivity recording without one complete block of readings",
            remedy="copy it from the device again",
        )
    rotation = columns.get("rotation")
    dropped = [f"left out {counted(sum(lost), 'damaged sector')}: {_MISSING}"] if sum(lost) else []
    draft = Draft(
        acceleration=Series(columns["acceleration"], "g"),
        stamps=Stamps(columns["times"], 1.0, "local", "time of each sector"),
        gravity=_TOTAL,
        sign=_SIGN,
        rotation=None if rotation is None else Series(rotation, "deg/s"),
        device="Axivity",
        warnings=(*dropped, *cut),
    )
    return [_unswapped(draft)]


def _blocks(file: Candidate, lost: list[int], cut: list[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield sectors of one layout with a correct sum.

    Adds the number of damaged ones to ``lost``, and a warning to ``cut`` if the last is incomplete.
    """
    layout = None
    with file.source.open() as stream:
        stream.read(_HEADER_BYTES)  # a packed stream cannot seek
        for content, _ in read_blocks(stream, _SECTOR.itemsize):
            whole, rest = divmod(len(content), _SECTOR.itemsize)
            if rest:
                cut.append(cut_off("sector"))
            stored = np.frombuffer(content, dtype=_SECTOR, count=whole)
            words = np.frombuffer(content, dtype="<u2", count=whole * 256).reshape(whole, 256)
            is_sound = (stored["mark"] == b"AX") & (words.sum(axis=1, dtype=np.uint16) == 0)
            lost.append(int(np.count_nonzero(~is_sound)))
            sectors = stored[is_sound]
            if layout is None and len(sectors):
                layout = int(np.bincount(sectors["layout"]).argmax())
            if layout is not None:
                sectors = sectors[sectors["layout"] == layout]
                sectors = sectors[sectors["count"] <= _most(layout)]
            if len(sectors):
                counts = sectors["count"].astype(np.intp)
                yield {"stamps": _starts_s(sectors), "counts": counts, **_readings(sectors)}


def _most(layout: int) -> int:
    """Readings that fit in a sector; -1 if the layout is unknown."""
    axes, kind = layout >> 4, layout & 0x0F
    if kind == _PACKED and axes == 3:
        return 120
    return 240 // axes if kind == _WORDS and axes in (3, 6, 9) else -1


def _starts_s(sectors: NDArray[Any]) -> FloatArray:
    """Local time of the first reading of each sector, in s since 1970.

    The stamp applies to reading ``offset``; newer devices add a fraction of a second, and shift
    the offset for it.
    """
    stamp = sectors["stamp"].astype(np.int64)
    year, month = (stamp >> 26 & 0x3F) + 30, stamp >> 22 & 0x0F
    day, hour = stamp >> 17 & 0x1F, stamp >> 12 & 0x1F
    months = year.astype("M8[Y]").astype("M8[M]") + (month - 1)
    days = months.astype("M8[D]") + (day - 1)
    whole_s = days.astype(np.int64) * 86_400 + hour * 3600 + (stamp >> 6 & 0x3F) * 60
    rate_hz = 3200.0 / 2.0 ** (15 - (sectors["rate"] & 0x0F))
    has_fraction = sectors["fraction"] & _IS_FRACTION > 0
    fraction_s = np.where(has_fraction, (sectors["fraction"] & 0x7FFF) / 32768.0, 0.0)
    offset = sectors["offset"] + np.floor(fraction_s * rate_hz)
    starts_s: FloatArray = whole_s + (stamp & 0x3F) + fraction_s - offset / rate_hz
    return starts_s


def _readings(sectors: NDArray[Any]) -> dict[str, FloatArray]:
    """Acceleration in g and rotation in deg/s of sectors of one layout."""
    layout = int(sectors["layout"][0])
    axes, capacity = layout >> 4, _most(layout)
    is_filled = np.arange(capacity) < sectors["count"][:, None]
    if layout & 0x0F == _PACKED:
        packed = np.ascontiguousarray(sectors["readings"]).view("<u4")[is_filled].astype(np.int64)
        ten = np.stack([packed & 0x3FF, packed >> 10 & 0x3FF, packed >> 20 & 0x3FF], axis=1)
        signed = (ten ^ 0x200) - 0x200
        return {"acceleration": (signed << (packed >> 30)[:, None]) / _UNITS_PER_G}
    words = np.ascontiguousarray(sectors["readings"]).view("<i2")[:, : capacity * axes]
    values = words.reshape(-1, capacity, axes)[is_filled].astype(np.float64)
    scales = np.repeat(sectors["light"], sectors["count"])
    per_g = _UNITS_PER_G * 2.0 ** (scales >> 13)
    if axes == 3:
        return {"acceleration": values / per_g[:, None]}
    range_degps = _GYRO_RANGE_DEGPS / 2.0 ** (scales >> 10 & 0x07)
    turns = values[:, :3] * (range_degps / 32768)[:, None]
    return {"acceleration": values[:, 3:6] / per_g[:, None], "rotation": turns}


FORMATS = (
    Format("axivity", _is_csv, _read_csv),
    Format("axivity-cwa", has(CERTAIN, head=rb"MD\xfc\x03"), _read_cwa),
)
