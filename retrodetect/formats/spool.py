"""Columns of any length: in memory, or in a memory-mapped temporary file.

Formats return whole columns, and later steps see them whole. Large ones live in an unnamed file,
which the system removes when the process ends, however it ends (on Windows, when it ends normally).
Steps walk through columns in `blocks` and release each block from memory before they read the next.
Binary logs store readings in packets, several under one time stamp.
"""

from __future__ import annotations

import math
import mmap
import os
import tempfile
from collections.abc import Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import pairwise
from typing import IO, Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from retrodetect.errors import UnreadableFile
from retrodetect.recording import FloatArray

__all__ = [
    "BLOCK_ROWS", "Array", "blocks", "empty", "extremes", "gather", "gather_packets",
    "in_temporary_folder", "picked", "read_blocks", "release", "sampled", "scaled", "spread",
    "step_extremes", "take", "twelve_bits", "typical_step",
]  # fmt: skip


Array = NDArray[Any]
K = TypeVar("K", bound=Hashable)

BLOCK_ROWS = 1 << 18
"""Rows per block: 44 minutes at 100 Hz."""

IN_MEMORY_BYTES = 64 * 2**20
"""Columns up to this size stay in memory."""

_SAMPLE = 100_000
_ZEROS = bytes(1 << 20)


def empty(shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> Array:
    """Allocate an array, in a temporary file where it is large.

    Raises UnreadableFile if the temporary folder is full or read-only. The caller adds the name of
    the recording to the error.
    """
    size = math.prod(shape) * np.dtype(dtype).itemsize
    if size <= IN_MEMORY_BYTES:
        return np.empty(shape, dtype)
    with in_temporary_folder("is too large for memory, and cannot be kept in"):
        file = tempfile.TemporaryFile(prefix="retrodetect-")
        # Write zeros, not just a size: a page that finds the disk full would kill the process.
        if hasattr(os, "posix_fallocate"):
            os.posix_fallocate(file.fileno(), 0, size)
        else:
            for begin in range(0, size, len(_ZEROS)):
                file.write(_ZEROS[: size - begin])
        return _mapped(file, np.dtype(dtype), shape)


def gather(chunks: Iterable[Mapping[K, Array]]) -> dict[K, Array]:
    """Join columns that arrive chunk by chunk; empty where there were no chunks."""
    columns: dict[K, _Column] = {}
    for chunk in chunks:
        for key, array in chunk.items():
            columns.setdefault(key, _Column()).append(array)
    return {key: columns.pop(key).whole() for key in [*columns]}


def blocks(count: int, *arrays: Array, rows: int | None = None) -> Iterator[slice]:
    """Walk over rows block by block, and release these arrays from memory after each block."""
    size = rows or BLOCK_ROWS
    for begin in range(0, count, size):
        yield slice(begin, min(begin + size, count))
        release(*arrays)


def release(*arrays: Array) -> None:
    """Release the memory of mapped arrays; their content stays on disk."""
    for array in arrays:
        base = _map_of(array)
        if base is not None and hasattr(mmap, "MADV_DONTNEED"):
            base.madvise(mmap.MADV_DONTNEED)


def take(array: Array, rows: Array) -> Array:
    """Return the rows of an array that a mask or a list of numbers selects."""
    if _map_of(array) is None:
        return array[rows]
    is_mask = rows.dtype == np.bool_
    count = np.count_nonzero(rows) if is_mask else len(rows)
    taken = empty((int(count), *array.shape[1:]), array.dtype)
    begin = 0
    for block in blocks(len(rows), array, taken):
        selected = array[block][rows[block]] if is_mask else array[rows[block]]
        taken[begin : begin + len(selected)] = selected
        begin += len(selected)
    return taken


def picked(array: Array, rows: Array, apart: int = 0) -> Array:
    """Return a few rows in memory; with ``apart``, how much the rows so far behind them differ.

    ``rows`` are increasing numbers.
    """
    if _map_of(array) is None:
        return array[rows + apart] - array[rows] if apart else array[rows]
    taken = np.empty((len(rows), *array.shape[1:]), array.dtype)
    ends = np.searchsorted(rows, np.arange(0, len(array) + BLOCK_ROWS, BLOCK_ROWS))
    for begin, end in pairwise(ends):
        chosen = rows[begin:end]
        taken[begin:end] = array[chosen + apart] - array[chosen] if apart else array[chosen]
        release(array)
    return taken


def scaled(array: Array, rows: slice, factor: float = 1.0) -> Array:
    """Copy rows to memory column by column, and multiply them by a factor."""
    begin, end, _ = rows.indices(len(array))
    copy = np.empty((end - begin, *array.shape[1:]), array.dtype, order="F")
    for block in blocks(end - begin, array):
        np.multiply(array[begin + block.start : begin + block.stop], factor, out=copy[block])
    return copy


def extremes(array: Array) -> Array:
    """(2, ...) smallest and largest value of each column; NaN where a column has a NaN."""
    limits = [
        (columns.min(axis=-1), columns.max(axis=-1))
        for block in blocks(len(array), array)
        for columns in [np.ascontiguousarray(array[block].T)]
    ]
    lowest, highest = zip(*limits, strict=True)
    return np.stack([np.min(lowest, axis=0), np.max(highest, axis=0)])


def step_extremes(array: Array) -> tuple[float, float]:
    """Return the smallest and the largest step between consecutive rows (n,)."""
    limits = [(np.inf, -np.inf)]
    for rows in blocks(len(array), array):
        steps = np.diff(array[rows.start : rows.stop + 1])
        if len(steps):
            limits.append((float(steps.min()), float(steps.max())))
    lowest, highest = zip(*limits, strict=True)
    return float(np.min(lowest)), float(np.max(highest))


def typical_step(array: Array) -> float:
    """Return the typical step between consecutive rows, even where many rows are equal.

    The steps start from at least half of the rows, so a single wild stamp has no effect. A single
    row has no step: 0.
    """
    if len(array) < 2:
        return 0.0
    apart = min(200, len(array) // 2)
    steps = picked(array, sampled(len(array) - apart), apart)
    return float(np.median(np.abs(steps))) / apart


def sampled(count: int) -> NDArray[np.intp]:
    """Return enough row numbers for a median, in order and not equally spaced."""
    if count <= _SAMPLE:
        return np.arange(count)
    return np.sort(np.random.default_rng(0).integers(0, count, _SAMPLE))


class _Column:
    """A growing column; moves from memory to disk when it gets large."""

    def __init__(self) -> None:
        self._waiting: list[Array] = []
        self._bytes = 0
        self._rows = 0
        self._file: IO[bytes] | None = None

    def append(self, array: Array) -> None:
        self._waiting.append(array)
        self._bytes += array.nbytes
        self._rows += len(array)
        if self._bytes > IN_MEMORY_BYTES and not array.dtype.hasobject:
            self._write()

    def whole(self) -> Array:
        if self._file is None:
            return self._waiting[0] if len(self._waiting) == 1 else np.concatenate(self._waiting)
        last = self._waiting[-1]
        return _mapped(self._file, last.dtype, (self._rows, *last.shape[1:]))

    def _write(self) -> None:
        with in_temporary_folder("is too large for memory, and cannot be kept in"):
            if self._file is None:
                self._file = tempfile.TemporaryFile(prefix="retrodetect-")
            for array in self._waiting:
                # `ascontiguousarray` would take three times as long on columns.
                rows = array if array.flags.c_contiguous else np.stack([*array.T], axis=1)
                self._file.write(rows.data)
        self._waiting = [self._waiting[-1][:0].copy()]


def _mapped(file: IO[bytes], dtype: np.dtype[Any], shape: tuple[int, ...]) -> Array:
    """Content of a file as an array. The file is closed and lives as long as the array."""
    with file:
        file.flush()
        return np.frombuffer(mmap.mmap(file.fileno(), 0), dtype).reshape(shape)


def _map_of(array: Array) -> mmap.mmap | None:
    """Memory map that holds an array; None where the array is in memory."""
    base: Any = array
    while isinstance(base, np.ndarray):
        base = base.base
    if isinstance(base, memoryview):
        base = base.obj
    return base if isinstance(base, mmap.mmap) else None


@contextmanager
def in_temporary_folder(cannot: str) -> Iterator[None]:
    """Turn failures of the temporary folder into a clear error.

    ``cannot`` says what failed, up to the words "the temporary folder". The caller adds the name of
    the recording.
    """
    try:
        yield
    except OSError as error:
        place = f" {tempfile.tempdir}" if tempfile.tempdir else ""  # None if no folder works
        raise UnreadableFile(
            f"{cannot} the temporary folder{place} ({error.strerror or error})",
            remedy="free space there, or set TMPDIR to a folder with space for its columns",
        ) from error


BLOCK_BYTES = 2**21
"""Bytes of a binary log read at once: about 500,000 readings."""

_LATE = 1.5
"""Gap to the next packet, in typical intervals between readings, that counts as a break."""

_PACKETS = 1 << 10
"""Packets spread at once: up to about 350,000 readings."""


def read_blocks(stream: BinaryIO, unit: int = 1) -> Iterator[tuple[bytes, bool]]:
    """Read a binary log block by block."""
    size = max(BLOCK_BYTES // unit, 1) * unit
    block = stream.read(size)
    while block:
        following = stream.read(size)
        yield block, not following
        block = following


def gather_packets(chunks: Iterable[Mapping[str, Array]]) -> dict[str, Array]:
    """Join packets (readings stored under one stamp); empty where there are none.

    Each chunk has ``stamps`` and ``counts``, which become the ``times`` of the readings.
    """
    columns = gather(chunks)
    if columns:
        columns["times"] = spread(columns.pop("stamps"), columns.pop("counts"))
    return columns


def twelve_bits(content: NDArray[np.uint8]) -> NDArray[np.int16]:
    """Decode packed signed 12-bit numbers, high bits first."""
    three = np.append(content, np.zeros(-len(content) % 3, np.uint8)).reshape(-1, 3)
    high, middle, low = three.astype(np.int16).T
    numbers = np.stack([high << 4 | middle >> 4, (middle & 0x0F) << 8 | low], axis=1).ravel()
    return (numbers[: 8 * len(content) // 12] ^ 0x800) - 0x800


def spread(stamps: FloatArray, counts: NDArray[np.intp]) -> FloatArray:
    """Spread the times of readings evenly from packet to packet; before a gap, at the usual pace.

    ``stamps`` are the times of the first reading of each packet, in any unit, NaN where unknown;
    ``counts`` are the readings in each packet.
    """
    intervals = np.diff(stamps) / np.maximum(counts, 1)[:-1]
    finite = intervals[np.isfinite(intervals)]
    usual = float(np.median(finite)) if len(finite) else 0.0
    follows = (intervals > 0) & (intervals < _LATE * usual)
    intervals = np.append(np.where(follows, intervals, usual), usual)
    begins = np.append(0, np.cumsum(counts))
    times: FloatArray = empty((int(begins[-1]),))
    for packets in blocks(len(stamps), times, rows=_PACKETS):
        sizes, begin = counts[packets], begins[packets.start]
        places = np.arange(sizes.sum()) - np.repeat(begins[packets] - begin, sizes)
        spaced = np.repeat(stamps[packets], sizes) + places * np.repeat(intervals[packets], sizes)
        times[begin : begins[packets.stop]] = spaced
    return times
