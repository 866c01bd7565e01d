"""GENEActiv ``.bin``: a text of facts, then pages of some 300 readings as hexadecimal digits.

A reading is 12 bits for each axis and 12 for light and button (GENEActiv instruction manual).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Series, Sign, Stamps
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.packets import Packets, blocks, spread_on
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.spool import gather
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "GENEActiv writes totals")
_SIGN = Claim[Sign](1, "assumed", "GENEActiv, taken to read +1 g upward")

_PAGE = re.compile(
    rb"Page Time:(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d):(\d{3})\r?\n"
    rb"(?:[^\r\n:]{1,60}:[^\r\n]{0,200}\r?\n){1,12}([0-9A-Fa-f]+)"
)
_CALIBRATION = re.compile(rb"([xyz]) (gain|offset):\s*(-?\d+)")
_PAGE_BEGIN = b"Recorded Data"
_READING_DIGITS = 12


def recognise(file: Candidate) -> int:
    """The first line, and the maker's name among the facts."""
    is_ours = (
        file.source.head.startswith(b"Device Identity") and b"GENEActiv" in file.source.head[:1000]
    )
    return CERTAIN if is_ours and b"Calibration Data" in file.source.head else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read all pages.

    Raises
    ------
    UnreadableFile
        Where there is no whole page or no calibration.
    """
    del options
    facts = {(m[1], m[2]): float(m[3]) for m in _CALIBRATION.finditer(file.source.head)}
    gain = np.array([facts.get((axis, b"gain"), 0.0) for axis in (b"x", b"y", b"z")])
    offset = np.array([facts.get((axis, b"offset"), 0.0) for axis in (b"x", b"y", b"z")])

    columns = gather(
        {"times": times, "g": (100.0 * packets.acceleration - offset) / gain}
        for times, packets in (spread_on(_blocks(file)) if gain.all() else ())
    )
    if not columns:
        raise UnreadableFile(
            "is a GENEActiv recording without readings or without calibration",
            file=file.source.label,
            remedy="copy it from the device again",
        )
    return [
        Draft(
            acceleration=Series(columns["g"], "g"),
            stamps=Stamps(columns["times"], 1.0, "local", "time of each page"),
            gravity=_TOTAL,
            sign=_SIGN,
            device="GENEActiv",
        )
    ]


def _blocks(file: Candidate) -> Iterator[Packets]:
    """Pages that are whole, and what is there of the last."""
    rest = b""
    with file.source.open() as stream:
        for block, is_last in blocks(stream):
            content = rest + block
            # The last page waits for its end, which the next begins.
            end = len(content) if is_last else max(content.rfind(_PAGE_BEGIN), 0)
            rest = content[end:]
            every = _PAGE.finditer(content, 0, end)
            pages = [page for page in every if len(page[4]) >= _READING_DIGITS]
            if pages:
                raw = [_axes(page[4]) for page in pages]
                counts = np.array([len(values) for values in raw], dtype=np.intp)
                starts_s = np.array([_start_s(page) for page in pages])
                yield Packets(starts_s, counts, np.concatenate(raw).astype(np.float64))


def _axes(digits: bytes) -> NDArray[np.int16]:
    """(n, 3) signed numbers of 12 bits; a reading that was cut off is left out."""
    whole = len(digits) // _READING_DIGITS * _READING_DIGITS
    six = np.frombuffer(bytes.fromhex(digits[:whole].decode("ascii")), dtype=np.uint8)
    six = six.reshape(-1, 6)
    high, middle, low, last, next_high, _ = six.astype(np.int16).T
    x = high << 4 | middle >> 4
    y = (middle & 0x0F) << 8 | low
    z = last << 4 | next_high >> 4
    return (np.stack([x, y, z], axis=1) ^ 0x800) - 0x800


def _start_s(page: re.Match[bytes]) -> float:
    """Local time of a page in s since 1970, NaN where there is no such time."""
    try:
        moment = np.datetime64(f"{page[1].decode()}T{page[2].decode()}.{page[3].decode()}", "ms")
    except ValueError:
        return float("nan")
    return float(moment.astype(np.int64)) / 1000


FORMAT = Format("geneactiv-bin", recognise, read)
