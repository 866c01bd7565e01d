"""GENEActiv and its predecessor GENEA: csv, and ``.bin`` from the devices."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.formats.draft import Draft, ReadOptions, Series, Stamps, total, upward
from retrodetect.formats.files import CERTAIN, NO, Candidate, Format, has
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, table_format
from retrodetect.formats.spool import gather_packets, read_blocks, spread, twelve_bits
from retrodetect.formats.text import cut_off

__all__ = ["FORMATS"]

_TOTAL = total("GENEActiv includes gravity")
_SIGN = upward("GENEActiv, assumed to read +1 g upward", "assumed")

# csv: a preamble of facts, then time, x, y, z, light, button and temperature without names.
_CSV = Layout(
    clock=(Tick("column 1"),),
    acceleration=(Axes("column 2", "column 3", "column 4", "g", _TOTAL),),
    sign=_SIGN,
    device="GENEActiv",
)


def _is_csv(file: Candidate) -> int:
    """Recognise the maker's name in the preamble above columns without names."""
    table = file.table
    is_ours = len(table.names) >= 4 and any("GENEActiv" in line for line in table.preamble)
    return CERTAIN if is_ours else NO


# ``.bin``: a text of facts, then pages of some 300 readings as hexadecimal digits. A reading is 12
# bits for each axis and 12 for light and button (GENEActiv instruction manual).
_PAGE = re.compile(
    rb"Page Time:(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d):(\d{3})\r?\n"
    rb"(?:[^\r\n:]{1,60}:[^\r\n]{0,200}\r?\n){1,12}([0-9A-Fa-f]+)"
)
_CALIBRATION = re.compile(rb"([xyz]) (gain|offset):\s*(-?\d+)")
_PAGE_BEGIN = b"Recorded Data"
_READING_DIGITS = 12


def _read_bin(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read all pages."""
    facts = {(m[1], m[2]): float(m[3]) for m in _CALIBRATION.finditer(file.source.head)}
    gain = np.array([facts.get((axis, b"gain"), 0.0) for axis in (b"x", b"y", b"z")])
    offset = np.array([facts.get((axis, b"offset"), 0.0) for axis in (b"x", b"y", b"z")])

    cut: list[str] = []
    columns = gather_packets(
        {**pages, "acceleration": (100.0 * pages["acceleration"] - offset) / gain}
        for pages in (_blocks(file, cut) if gain.all() else ())
    )
    if not columns:
        raise UnreadableFile(
            "is a GENEActiv recording without readings or without calibration",
            remedy="copy it from the device again",
        )
    return [
        Draft(
            acceleration=Series(columns["acceleration"], "g"),
            stamps=Stamps(columns["times"], 1.0, "local", "time of each page"),
            gravity=_TOTAL,
            sign=_SIGN,
            device="GENEActiv",
            warnings=tuple(cut),
        )
    ]


def _blocks(file: Candidate, cut: list[str]) -> Iterator[dict[str, NDArray[Any]]]:
    """Yield pages, the last even if incomplete; ``cut`` then gets a warning."""
    rest = b""
    with file.source.open() as stream:
        for block, is_last in read_blocks(stream):
            content = rest + block
            # The last page ends where the next begins, so it waits for that.
            end = len(content) if is_last else max(content.rfind(_PAGE_BEGIN), 0)
            rest = content[end:]
            if is_last and not content.endswith(b"\n"):
                cut.append(cut_off("page"))
            matches = _PAGE.finditer(content, 0, end)
            pages = [page for page in matches if len(page[4]) >= _READING_DIGITS]
            if pages:
                raw = [_axes(page[4]) for page in pages]
                yield {
                    "stamps": np.array([_start_s(page) for page in pages]),
                    "counts": np.array([len(values) for values in raw], dtype=np.intp),
                    "acceleration": np.concatenate(raw),
                }


def _axes(digits: bytes) -> NDArray[np.int16]:
    """(n, 3) readings, without one that was cut off."""
    whole = len(digits) // _READING_DIGITS * _READING_DIGITS
    content = np.frombuffer(bytes.fromhex(digits[:whole].decode("ascii")), dtype=np.uint8)
    return twelve_bits(content).reshape(-1, 4)[:, :3]


def _start_s(page: re.Match[bytes]) -> float:
    """Local time of a page in s since 1970, NaN if it isn't a valid time."""
    try:
        moment = np.datetime64(f"{page[1].decode()}T{page[2].decode()}.{page[3].decode()}", "ms")
    except ValueError:
        return float("nan")
    return float(moment.astype(np.int64)) / 1000


# GENEA's ``.bin``: a text of facts, then pages of 341 chunks of six bytes. A chunk is a check, its
# kind (4 bits), and 36 bits of content: a reading of 12 bits an axis, or the second since 1970 in
# local time. Calibration as in GGIRread (readGenea): counts plus offset, times gain over 8192, 340
# per g. As there, axes x and z are reversed, which is a rotation, not a reflection.
_HEAD_END = b"\r\n\r\n"
_TRIPLE = re.compile(rb"Accel-(Gains|Offsets):(-?\d+) (-?\d+) (-?\d+)")
_PAGE_BYTES, _CHUNK_BYTES = 2048, 6
_READING, _SECOND = 0, 2
_UNIT_GAIN, _COUNTS_PER_G = 8192, 340
_TURN = np.array([-1.0, 1.0, -1.0])


def _read_genea(file: Candidate, _: ReadOptions) -> list[Draft]:
    """Read all readings after the first stated second."""
    with file.source.open() as stream:
        content = stream.read()
    end = content.index(_HEAD_END) + len(_HEAD_END)
    triples = _TRIPLE.finditer(content, 0, end)
    facts = {triple[1]: np.array(triple.groups()[1:], dtype=np.float64) for triple in triples}
    pages = np.frombuffer(content, dtype=np.uint8, offset=end)
    whole, rest = divmod(len(pages), _PAGE_BYTES)
    pages = pages[: whole * _PAGE_BYTES].reshape(-1, _PAGE_BYTES)
    used = _PAGE_BYTES // _CHUNK_BYTES * _CHUNK_BYTES
    chunks = pages[:, :used].reshape(-1, _CHUNK_BYTES)
    kinds = chunks[:, 1] >> 4
    is_reading, is_second = kinds == _READING, kinds == _SECOND
    is_reading &= np.cumsum(is_second) > 0
    if not is_reading.any() or not {b"Gains", b"Offsets"} <= facts.keys():
        raise UnreadableFile(
            "is a GENEA recording without readings or without calibration",
            remedy="copy it from the device again",
        )
    starts_s = chunks[is_second, 2:].astype(np.int64) @ (256 ** np.arange(3, -1, -1))
    counts = np.bincount(np.cumsum(is_second)[is_reading] - 1, minlength=len(starts_s))
    raw = _TURN * twelve_bits(chunks[is_reading].ravel()).reshape(-1, 4)[:, 1:]
    scale = facts[b"Gains"] / _UNIT_GAIN / _COUNTS_PER_G
    return [
        Draft(
            acceleration=Series((raw + facts[b"Offsets"]) * scale, "g"),
            stamps=Stamps(spread(starts_s.astype(np.float64), counts), 1.0, "local", "seconds"),
            gravity=total("GENEA includes gravity"),
            sign=upward("GENEA, assumed to read +1 g upward", "assumed"),
            device="GENEA",
            warnings=(cut_off("page"),) if rest else (),
        )
    ]


FORMATS = (
    Format(
        "genea-bin",
        has(CERTAIN, head=rb"GENEA/(?>.*?Accel-Gains).*\r\n\r\n"),
        _read_genea,
    ),
    table_format(
        "geneactiv",
        _is_csv,
        lambda file: replace(_CSV, rate_hz=stated_rate_hz(file.table)),
    ),
    Format(
        "geneactiv-bin",
        has(CERTAIN, head=rb"Device Identity(?>.{0,1000}?GENEActiv).*Calibration Data"),
        _read_bin,
    ),
)
