"""GENEA ``.bin``, GENEActiv's predecessor: a text of facts, then pages of 341 chunks of six bytes.

A chunk is a check, its kind (4 bits), and 36 bits of content: a reading of 12 bits an axis, or the
second since 1970 in local time. Calibration as in GGIRread (readGenea): counts plus offset, times
gain over 8192, 340 to 1 g. Axes x and z are turned as there, which is a rotation and no mirror.
"""

from __future__ import annotations

import re

import numpy as np

from retrodetect.errors import UnreadableFile
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Series, Sign, Stamps
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.packets import spread
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "GENEA writes totals")
_SIGN = Claim[Sign](1, "assumed", "GENEA, taken to read +1 g upward")

_MARK = b"GENEA/"
_HEAD_END = b"\r\n\r\n"
_TRIPLE = re.compile(rb"Accel-(Gains|Offsets):(-?\d+) (-?\d+) (-?\d+)")
_PAGE_BYTES, _CHUNK_BYTES = 2048, 6
_READING, _SECOND = 0, 2
_UNIT_GAIN, _COUNTS_PER_G = 8192, 340
_TURN = np.array([-1.0, 1.0, -1.0])


def recognise(file: Candidate) -> int:
    """The mark of the first line, and the facts about calibration."""
    is_ours = file.source.head.startswith(_MARK) and _HEAD_END in file.source.head
    return CERTAIN if is_ours and b"Accel-Gains" in file.source.head else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the readings after the first second that is told.

    Raises
    ------
    UnreadableFile
        Where there are no readings or no calibration.
    """
    del options
    with file.source.open() as stream:
        content = stream.read()
    end = content.index(_HEAD_END) + len(_HEAD_END)
    triples = _TRIPLE.finditer(content, 0, end)
    facts = {triple[1]: np.array(triple.groups()[1:], dtype=np.float64) for triple in triples}
    pages = np.frombuffer(content, dtype=np.uint8, offset=end)
    pages = pages[: len(pages) // _PAGE_BYTES * _PAGE_BYTES].reshape(-1, _PAGE_BYTES)
    used = _PAGE_BYTES // _CHUNK_BYTES * _CHUNK_BYTES
    chunks = pages[:, :used].reshape(-1, _CHUNK_BYTES)
    kinds = chunks[:, 1] >> 4
    is_reading, is_second = kinds == _READING, kinds == _SECOND
    is_reading &= np.cumsum(is_second) > 0
    if not is_reading.any() or not {b"Gains", b"Offsets"} <= facts.keys():
        raise UnreadableFile(
            "is a GENEA recording without readings or without calibration",
            file=file.source.label,
            remedy="copy it from the device again",
        )
    starts_s = chunks[is_second, 2:].astype(np.int64) @ (256 ** np.arange(3, -1, -1))
    counts = np.bincount(np.cumsum(is_second)[is_reading] - 1, minlength=len(starts_s))
    words = chunks[is_reading].astype(np.int32)
    x = (words[:, 1] & 0x0F) << 8 | words[:, 2]
    y = words[:, 3] << 4 | words[:, 4] >> 4
    z = (words[:, 4] & 0x0F) << 8 | words[:, 5]
    raw = _TURN * ((np.stack([x, y, z], axis=1) ^ 0x800) - 0x800)
    scale = facts[b"Gains"] / _UNIT_GAIN / _COUNTS_PER_G
    return [
        Draft(
            acceleration=Series((raw + facts[b"Offsets"]) * scale, "g"),
            stamps=Stamps(spread(starts_s.astype(np.float64), counts), 1.0, "local", "seconds"),
            gravity=_TOTAL,
            sign=_SIGN,
            device="GENEA",
        )
    ]


FORMAT = Format("genea-bin", recognise, read)
