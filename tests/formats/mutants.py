"""Damaged copies of files: bytes flipped, lines lost, columns shuffled, locales swapped."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from retrodetect.errors import InputError
from retrodetect.formats import read
from retrodetect.recording import Recording

__all__ = ["Mutant", "examine", "mutants"]

_MOST_BYTES = 120_000
"""Longer files of text are cut, so that thousands can be read in minutes."""

_TEXT = {".csv", ".txt", ".TXT", ".json"}

_SHORT_S = 1.0
"""Nobody could tell the rate and level of less."""

_PLENTY = 0.25
"""A level that moved by more than this share, or a rate by twice as much, is another recording."""


@dataclass(frozen=True)
class Mutant:
    """A damaged copy of a file, and how it came about."""

    original: Path
    how: str
    data: bytes


def mutants(files: list[Path], count: int, seed: int) -> Iterator[Mutant]:
    """Damage files at random; the same seed gives the same mutants."""
    rng = random.Random(seed)
    contents = [
        (file, file.read_bytes()[: _MOST_BYTES if file.suffix in _TEXT else None]) for file in files
    ]
    for _ in range(count):
        file, data = rng.choice(contents)
        names = rng.sample(sorted(_WAYS), rng.choice([1, 1, 2]))
        for name in names:
            data = _WAYS[name](data, rng)
        yield Mutant(file, "+".join(names), data)


def examine(mutant: Mutant, folder: Path, healthy: dict[Path, Recording | None]) -> str | None:
    """Read a mutant; return what is wrong with the outcome, None where nothing is.

    An error on purpose is right. A recording is right where it is what the healthy file gives, or
    where it says what it assumed, or warns.
    """
    path = folder / mutant.original.name
    path.write_bytes(mutant.data)
    try:
        recordings = read(path)
    except InputError as error:
        return None if str(error).endswith(".") else f"message {error!s} is no sentence"
    finally:
        path.unlink()
    for recording in recordings:
        grounds = {found.topic: found.ground for found in recording.findings}
        if not {"unit", "gravity", "sign", "clock"} <= grounds.keys():
            return f"findings are missing: {sorted(grounds)}"
        says_so = "assumed" in grounds.values() or "measured" in grounds.values()
        if not says_so and not recording.warnings and _differs(recording, healthy[mutant.original]):
            return "it reads as another recording, and says nothing"
    return None


def _differs(recording: Recording, healthy: Recording | None) -> bool:
    if recording.duration_s < _SHORT_S:
        return False
    if healthy is None:
        return True
    level = _level(recording) / _level(healthy, recording.duration_s)
    rate = recording.rate_hz / healthy.rate_hz
    is_same = abs(level - 1) < _PLENTY and abs(rate - 1) < 2 * _PLENTY
    return not is_same or recording.gravity != healthy.gravity


def _level(recording: Recording, until_s: float = np.inf) -> float:
    part = recording.acceleration_mps2[recording.time_s <= until_s]
    return float(np.median(np.linalg.norm(part, axis=1)))


def _flip(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 5, 50, 500])):
        if damaged:
            damaged[rng.randrange(len(damaged))] = rng.randrange(256)
    return bytes(damaged)


def _flip_head(data: bytes, rng: random.Random) -> bytes:
    damaged = bytearray(data)
    for _ in range(rng.choice([1, 3, 10])):
        if damaged:
            damaged[rng.randrange(min(400, len(damaged)))] = rng.randrange(32, 127)
    return bytes(damaged)


def _drop_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    share = rng.choice([0.01, 0.2, 0.9])
    return b"".join(line for line in lines if rng.random() > share)


def _drop_head(data: bytes, rng: random.Random) -> bytes:
    return b"".join(data.splitlines(keepends=True)[rng.randrange(1, 12) :])


def _truncate(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    begin = rng.randrange(len(lines) + 1)
    return b"".join([*lines, *lines[begin : begin + rng.choice([1, 10, 1000])]])


def _swap_lines(data: bytes, rng: random.Random) -> bytes:
    lines = data.splitlines(keepends=True)
    for _ in range(rng.choice([1, 20])):
        if len(lines) > 1:
            i, j = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[i], lines[j] = lines[j], lines[i]
    return b"".join(lines)


def _shuffle_columns(data: bytes, rng: random.Random) -> bytes:
    delimiter = max((b",", b";", b"\t"), key=data[:5000].count)
    rows = [line.rstrip(b"\r\n").split(delimiter) for line in data.splitlines()]
    width = max((len(row) for row in rows), default=0)
    order = rng.sample(range(width), width)
    moved = ([row[i] for i in order] if len(row) == width else row for row in rows)
    return b"\n".join(delimiter.join(row) for row in moved)


def _swap_locale(data: bytes, rng: random.Random) -> bytes:
    if rng.random() < 0.5:
        data = data.replace(b",", b";")
    return re.sub(rb"(\d)\.(\d)", rb"\1,\2", data)


def _reencode(data: bytes, rng: random.Random) -> bytes:
    text = data.decode("utf-8", "replace")
    return text.encode(rng.choice(["utf-16", "utf-16-le", "utf-8-sig", "latin-1"]), "replace")


def _blank_cells(data: bytes, rng: random.Random) -> bytes:
    filler = rng.choice([b"", b"NaN", b"-", b"null", b"1e400", b"\xe2\x88\x9e"])
    lines = data.splitlines(keepends=True)
    for _ in range(rng.choice([1, 50])):
        if lines:
            i = rng.randrange(len(lines))
            lines[i] = re.sub(rb"[\d.]+", filler, lines[i], count=rng.choice([1, 2]))
    return b"".join(lines)


_WAYS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "bytes flipped": _flip,
    "head damaged": _flip_head,
    "lines lost": _drop_lines,
    "head lost": _drop_head,
    "cut off": _truncate,
    "lines repeated": _repeat,
    "lines swapped": _swap_lines,
    "columns shuffled": _shuffle_columns,
    "locale swapped": _swap_locale,
    "encoding changed": _reencode,
    "cells blanked": _blank_cells,
}
