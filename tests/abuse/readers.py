"""What the fuzzer does to recordings, and what must come of it."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import random
import re
import zipfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from retrodetect.errors import InputError
from retrodetect.formats import pieces, read

from .corpus import recordings, tokens
from .fuzzing import Fuzzer, Item

__all__ = ["readers"]

MOST_REPEATED = 40_000
"""Bytes beyond which nothing is repeated: the damage counts, not the size."""

_NUMBERS = (
    b"", b"nan", b"inf", b"-1", b"0", b"1e400", b"9" * 400, b"9223372036854775808", b"1e308",
    b"0x10", b"\xe2\x88\x92" b"1", b"1_000", b"=1+1", b'"', b"1,5", b"-0.0", b"1e-320", b"\0",
)  # fmt: skip
_NAMES = ("../../x.csv", "/x.csv", "a\\b.csv", "\u202excsv.", "x.csv", "Accelerometer.csv",
          "meta/device.csv", "", "a" * 300, "info.txt", "xl/workbook.xml", "<b>.csv")  # fmt: skip


def readers(folder: Path) -> Fuzzer:
    """Fuzzer of `retrodetect.formats`, working in a folder."""
    scratch = folder / "in"
    scratch.mkdir()

    def run(item: Item) -> str | None:
        path = scratch / item.name
        path.write_bytes(item.data)
        try:
            if len(item.data) % 2:
                read(path)
                return None
            for parts in pieces(path, grain_s=1.0):
                for _ in parts:
                    pass
        except InputError as error:
            return None if str(error).endswith(".") else "a message is no sentence"
        finally:
            path.unlink()
        return None

    return Fuzzer(run, damaged, [Item(*one) for one in recordings()])


def damaged(parent: Item, others: Sequence[Item], rng: random.Random) -> Item:
    """One to four kinds of damage, within its packing where it has one."""
    data, name = parent.data, parent.name
    if data.startswith(b"PK") and rng.random() < 0.8:
        return Item(name, _within_zip(data, others, rng))
    if data.startswith(b"\x1f\x8b") and rng.random() < 0.8:
        with suppress(Exception):  # it was damaged before
            return Item(name.removesuffix(".gz"), _changed(gzip.decompress(data), others, rng))
    if rng.random() < 0.02:
        name = rng.choice(others).name
    return Item(name, _changed(data, others, rng))


def _changed(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    for _ in range(rng.choice([1, 1, 2, 4])):
        data = rng.choice(_WAYS)(data, others, rng)
    return data


def _within_zip(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    """Damage a member of an archive, or give it another name, and pack it again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = [(entry.filename, archive.read(entry)) for entry in archive.infolist()]
    except Exception:
        return _changed(data, others, rng)
    packed = io.BytesIO()
    place = rng.randrange(len(members)) if members else -1
    with zipfile.ZipFile(packed, "w", rng.choice([0, zipfile.ZIP_DEFLATED])) as archive:
        for number, (name, content) in enumerate(members):
            what = rng.random() if number == place else 1.0
            if what < 0.7:
                content = _changed(content, others, rng)
            elif what < 0.8:
                name = rng.choice(_NAMES)
            elif what < 0.85:
                continue
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _flip(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 4, 32]) if data else 0):
        changed[rng.randrange(len(changed))] = rng.randrange(256)
    return bytes(changed)


def _flip_head(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 3]) if data else 0):
        changed[rng.randrange(min(200, len(changed)))] = rng.randrange(256)
    return bytes(changed)


def _put_token(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    begin = rng.randrange(min(len(data), rng.choice([100, 1000, 50_000])) + 1)
    end = begin + rng.choice([0, 0, 1, 4, 20])
    return data[:begin] + rng.choice(tokens()) + data[end:]


def _put_number(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    found = [*re.finditer(rb"-?\d+\.?\d*", data[:20_000])]
    for match in sorted(
        rng.sample(found, min(len(found), rng.choice([1, 5]))), key=lambda m: -m.start()
    ):
        data = data[: match.start()] + rng.choice(_NUMBERS) + data[match.end() :]
    return data


def _drop(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    begin = rng.randrange(len(data) + 1)
    return data[:begin] + data[begin + rng.choice([1, 16, 256, 10**6]) :]


def _repeat(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    begin = rng.randrange(len(data) + 1)
    part = data[begin : begin + rng.choice([1, 8, 64, 1024])]
    times = min(rng.choice([1, 10, 1000]), max(0, MOST_REPEATED - len(data)) // (len(part) or 1))
    return data[:begin] + part * times + data[begin:]


def _splice(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    other = rng.choice(others).data
    return data[: rng.randrange(len(data) + 1)] + other[rng.randrange(len(other) + 1) :][:20_000]


def _lines(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    match rng.randrange(4):
        case 0:
            rng.shuffle(lines)
        case 1:
            lines = [line for line in lines if rng.random() < 0.7]
        case 2:
            lines = lines[rng.randrange(8) :]
        case 3:
            end = rng.choice([b"\r", b"\r\n", b"", b";\n", b"\n\n", b"\xe2\x80\xa8"])
            lines = [line.rstrip(b"\r\n") + end for line in lines]
    return b"".join(lines)


def _columns(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    delimiter = max((b",", b";", b"\t"), key=data[:4000].count)
    rows = [line.split(delimiter) for line in data.splitlines()]
    width = max(map(len, rows), default=0)
    order = rng.choices(range(width), k=rng.choice([width, width + 3, 2])) if width else []
    other = rng.choice([delimiter, b",", b";", b"\t", b" ", b"|"])
    return b"\n".join(other.join(row[i] for i in order if i < len(row)) for row in rows)


def _signal(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    """Damage what a column says for a while; the table stays one."""
    lines = data.splitlines(keepends=True)
    delimiter = max((b",", b";", b"\t"), key=data[:4000].count)
    column, begin = (
        rng.randrange(data[:4000].count(delimiter) // 8 + 4),
        rng.randrange(len(lines) + 1),
    )
    end = begin + rng.choice([1, 10, 100, len(lines)])
    factor = rng.choice([-1.0, 0.0, 1e-3, 0.102, 3.0, 9.81, 57.3, 1e6, 1e300])
    shift = rng.choice([0.0, 0.0, 9.81, -0.5, 1e4])
    kept: bytes | None = None
    for number in range(begin, min(end, len(lines))):
        cells = lines[number].rstrip(b"\r\n").split(delimiter)
        with suppress(ValueError, IndexError):
            value = float(cells[column]) * factor + shift
            kept = kept or b"%.6g" % value
            cells[column] = kept if factor == 0 else b"%.6f" % value
            lines[number] = delimiter.join(cells) + b"\n"
    return b"".join(lines)


def _encode(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    codec = rng.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"])
    return data.decode("latin-1").encode(codec, "replace")


def _pack(data: bytes, others: Sequence[Item], rng: random.Random) -> bytes:
    how: Callable[[bytes], bytes] = rng.choice([gzip.compress, bz2.compress, lzma.compress])
    return how(data)


_WAYS = (
    _flip, _flip_head, _put_token, _put_token, _put_number, _drop, _repeat, _splice, _lines,
    _columns, _signal, _signal, _encode, _pack,
)  # fmt: skip
