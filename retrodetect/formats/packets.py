"""Packets: readings that a device stores together under one stamp."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = ["Packets", "blocks", "spread", "spread_on"]

BLOCK_BYTES = 2**21
"""Bytes of a binary log that are read at once: some 500,000 readings."""

_LATE = 1.5
"""Typical intervals between readings, above which the next packet does not follow this one."""


@dataclass(frozen=True, slots=True)
class Packets:
    """Packets in the order of the file."""

    # (n,): time of the first reading of each packet, in any unit; NaN where it is unknown
    stamps: FloatArray
    counts: NDArray[np.intp]  # (n,) of int: readings in each packet
    acceleration: FloatArray  # (counts.sum(), 3): readings
    rotation: FloatArray | None = None  # (counts.sum(), 3) or None: of the gyroscope

    def take(self, packets: slice) -> Packets:
        """Return some of the packets."""
        ends = np.append(0, np.cumsum(self.counts))
        begin, end, _ = packets.indices(len(self.counts))
        rows = slice(ends[begin], ends[end])
        rotation = None if self.rotation is None else self.rotation[rows]
        return Packets(
            self.stamps[packets], self.counts[packets], self.acceleration[rows], rotation
        )

    def and_(self, other: Packets) -> Packets:
        """Both, one after the other."""
        has_rotation = self.rotation is not None and other.rotation is not None
        return Packets(
            np.append(self.stamps, other.stamps),
            np.append(self.counts, other.counts),
            np.concatenate([self.acceleration, other.acceleration]),
            np.concatenate([self.rotation, other.rotation]) if has_rotation else None,
        )


def blocks(stream: BinaryIO, unit: int = 1) -> Iterator[tuple[bytes, bool]]:
    """Read a log block by block."""
    size = max(BLOCK_BYTES // unit, 1) * unit
    block = stream.read(size)
    while block:
        following = stream.read(size)
        yield block, not following
        block = following


def spread(stamps: FloatArray, counts: NDArray[Any], usual: float | None = None) -> FloatArray:
    """Times of readings, spread evenly from packet to packet, or as usual before a gap.

    ``stamps`` are those of the first reading of each packet, in any unit, ``counts`` its readings.
    ``usual`` is the interval between readings where the next packet does not tell it; by default
    the median of these packets.
    """
    sizes = np.maximum(counts, 1)
    intervals = np.diff(stamps) / sizes[:-1]
    usual = _usual(stamps, counts) if usual is None else usual
    follows = (intervals > 0) & (intervals < _LATE * usual)
    intervals = np.append(np.where(follows, intervals, usual), usual)
    places = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    times: FloatArray = np.repeat(stamps, counts) + places * np.repeat(intervals, counts)
    return times


def spread_on(blocks: Iterable[Packets]) -> Iterator[tuple[FloatArray, Packets]]:
    """Spread packets that come block by block, as if they had come at once.

    The last packet of a block waits for the next one.
    """
    held: Packets | None = None
    usual = 0.0
    for block in blocks:
        packets = block if held is None else held.and_(block)
        if not len(packets.stamps):
            continue
        usual = usual or _usual(packets.stamps, packets.counts)
        held, ready = packets.take(slice(-1, None)), packets.take(slice(0, -1))
        if len(ready.stamps):
            times = spread(packets.stamps, packets.counts, usual)
            yield times[: len(ready.acceleration)], ready
    if held is not None:
        yield spread(held.stamps, held.counts, usual), held


def _usual(stamps: FloatArray, counts: NDArray[Any]) -> float:
    """Median interval between readings, 0 for a single packet."""
    intervals = np.diff(stamps) / np.maximum(counts, 1)[:-1]
    return float(np.median(intervals)) if len(intervals) else 0.0
