"""The active parts of a run: where the device moves enough for gait.

Most of a day is rest. Anything between two parts is stiller than any gait, so leaving it out
changes no stride. The signal alone decides where a part ends, so pieces of any length yield the
same parts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrodetect.recording import FloatArray

__all__ = [
    "HOP_S", "MIN_ACTIVITY_MPS2", "WINDOW", "WINDOW_S", "ActiveParts", "active_parts", "variation",
]  # fmt: skip

WINDOW_S = 4.0
"""Two slow strides, the least that shows a period; short enough for a sprint of six strides."""

HOP_S = 0.5

MIN_ACTIVITY_MPS2 = 0.3
"""Least variation of the size of the specific force. Walking at 0.5 m/s has 0.53 and more at
every site (simulated), faster walking 0.6 (own measurement on nine data sets); turning a device
over has 0.05."""

WINDOW = round(WINDOW_S / HOP_S)

MARGIN = 20
"""Hops kept on both sides (10 s): after them the slowest filter, at 0.25 Hz, has forgotten earlier
samples to one part in a million."""

LONGEST = 7200
"""Hops of the longest part (an hour). A longer one is cut at its stillest window in the last
quarter of that hour, so that memory is bounded; a stride across such a seam is lost."""


@dataclass(frozen=True, slots=True)
class ActiveParts:
    """Complete active parts of a run, and where to continue."""

    whole: list[tuple[int, int]]  # half-open ranges of hops, in order
    needed: int  # first hop that a later part may need
    floor: int  # first hop that a later part may begin at


def variation(
    time_s: FloatArray,
    acceleration_mps2: FloatArray,
    origin_s: float,
    hops: tuple[int, int],
    *,
    length: int,
) -> FloatArray:
    """Measure how much the size of the (n, 3) specific force varies in each window.

    ``hops`` is the half-open range that the samples cover, counted from ``origin_s``, the start of
    the run; a window is ``length`` hops long. Returns (w,) standard deviations of windows a hop
    apart; none if the hops fill no window.
    """
    edges_s = origin_s + np.arange(hops[0], hops[1] + 1) * HOP_S
    edges = np.searchsorted(time_s, edges_s - 1e-9)
    if len(edges) <= length or not length:
        return np.empty(0)
    inside = slice(edges[0], edges[-1])
    square = np.einsum("ij,ij->i", acceleration_mps2[inside], acceleration_mps2[inside])
    starts = edges[:-1] - edges[0]
    count = np.diff(edges).astype(float)
    sums = np.stack([np.add.reduceat(np.sqrt(square), starts), np.add.reduceat(square, starts)])
    # Summed window by window: a running sum would depend on where it began.
    windows = np.lib.stride_tricks.sliding_window_view(np.vstack([count, sums]), length, axis=1)
    n, total, squares = windows.sum(axis=-1)
    return np.asarray(np.sqrt(np.maximum(squares / n - (total / n) ** 2, 0.0)))


def active_parts(
    variation_mps2: FloatArray, first: int, floor: int, hops: int, *, is_closed: bool
) -> ActiveParts:
    """Find the active parts of a run from the (w,) variations of its windows.

    The first window begins at hop ``first``, and no part may begin before ``floor``. ``hops`` is
    the number of hops so far; ``is_closed`` states that the run ends there.
    """
    seen = first + len(variation_mps2)
    active = first + np.flatnonzero(variation_mps2 > MIN_ACTIVITY_MPS2)
    active = active[active >= floor]
    gap = WINDOW + 2 * MARGIN
    whole: list[tuple[int, int]] = []
    for group in np.split(active, np.flatnonzero(np.diff(active) > gap) + 1):
        while len(group):
            begin, end = max(int(group[0]) - MARGIN, floor), int(group[-1]) + WINDOW + MARGIN
            is_whole = is_closed or seen - group[-1] > gap
            if end - begin > LONGEST and (is_whole or seen >= begin + LONGEST):
                tail = begin + 3 * LONGEST // 4
                last = begin + LONGEST - WINDOW
                window = int(variation_mps2[tail - first : last + 1 - first].argmin())
                end = tail + window + WINDOW // 2
            elif not is_whole:
                return ActiveParts(whole, begin, floor)
            whole.append((begin, min(end, hops)))
            floor = end
            group = group[group >= floor]
    return ActiveParts(whole, max(seen - MARGIN, floor), floor)
