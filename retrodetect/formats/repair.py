"""Repairs of a clock: late rows, falls, copies, shared stamps, bursts; and its rate."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.formats.spool import blocks, extremes, picked, take
from retrodetect.formats.text import counted
from retrodetect.recording import MAX_GAP_S, FloatArray, longest_step_s

__all__ = [
    "SHORT",
    "SORTED",
    "Repair",
    "Rows",
    "are_usual",
    "counted_on",
    "counted_rate_hz",
    "gap_rows",
    "long_steps",
    "median",
    "note_lost",
    "note_rates",
    "note_restarts",
    "note_uneven",
    "rises",
    "robust_rate_hz",
    "typical_step",
]

Rows = NDArray[np.intp]

_USUAL = (0.5, 1.5)
"""Steps between samples, in typical ones, that are no pause."""

_SLACK = 1e-6
"""Share of a step by which arithmetic may move it. Stamps in whole ms put steps right on a bound,
where one unit of time would count them and another not."""

_RESTART_S = 2.0
"""A clock that falls back further than this was restarted; by less, it was corrected."""

_RESTART_GAP_S = 1.0
SHORT, _SORT_SHARE = 0.7, 0.02
"""Share of short steps that sorting may add before it is taken to interleave two stretches. Two
stretches half a step apart become one whose steps are half as long."""

SORTED = (
    "rows were out of order and were sorted by their time: if the clock was set back, what came "
    "after that now comes first"
)
_HALF_DAY_S = 43_200.0
_COARSE_SHARE = 0.3
"""Share of rows with the stamp of the row before, above which the clock is coarse."""

_BURST_SHARE = 0.3
_LOST_SHARE = 0.01
_UNEVEN_SHARE = 0.2
_RATE_BLOCK_S, _SAME_RATE, _OTHER_RATE_SHARE = 2.0, 0.75, 0.05
_SAMPLE = 100_000
_MOST_COUNTS = 2.0**32
"""No counter of a sensor goes further; a larger step is damage, beside which one would vanish."""

_SHORTEST_S = 1e-6
"""Least time from one sample to the next: nothing worn on a body takes a million a second."""


def robust_rate_hz(time_s: FloatArray) -> float:
    """Sampling rate from increasing times, in spite of rounded stamps, gaps and lost samples.

    The mean of the steps near the median step: rounding to milliseconds moves the median
    (12 or 13 ms at 80 Hz), but not the mean.
    """
    if len(time_s) < 2:
        return 0.0
    steps = _sampled_steps(time_s)
    middle = float(np.median(steps))
    core = steps[are_usual(steps, middle)]
    if len(core) < 0.5 * len(steps):
        core = steps[steps <= longest_step_s(middle)]
    mean_s = float(core.mean())
    return _whole_hz(1.0 / mean_s) if mean_s > 0 else 0.0


def are_usual(steps: FloatArray, typical: float) -> NDArray[np.bool_]:
    """Tell which steps are between half and one and a half of a typical one."""
    least, most = _USUAL[0] * (1 - _SLACK) * typical, _USUAL[1] * (1 + _SLACK) * typical
    return np.asarray((steps >= least) & (steps <= most))


def _whole_hz(rate_hz: float) -> float:
    """Rate without what arithmetic adds: 100 Hz are 100, whatever the unit of the clock."""
    return round(rate_hz, 6)


class Repair:
    """Times on their way to a clock that increases, with what was done to them.

    ``time_s`` is in seconds as stamped, and changed in place; ``counter`` as the sensor counted, if
    it did; ``repeated`` marks the rows whose readings equal those of the row before.
    """

    def __init__(
        self, time_s: FloatArray, counter: FloatArray | None, repeated: NDArray[np.bool_]
    ) -> None:
        self.time_s = time_s
        self.counter = counter
        self.repeated = repeated
        self.rows: NDArray[Any] | None = None
        self.notes: list[str] = []
        self.warnings: dict[str, str] = {}
        self._copies = 0

    def keep(self, rows: NDArray[Any]) -> None:
        """Keep some rows: those of a mask, or those of some numbers in this order."""
        self.time_s, self.repeated = take(self.time_s, rows), self.repeated[rows]
        self.counter = None if self.counter is None else self.counter[rows]
        if self.rows is not None:
            numbers = np.flatnonzero(self.rows) if self.rows.dtype == np.bool_ else self.rows
            rows = numbers[rows]
        self.rows = rows

    def _drop_copies(self, copies: NDArray[np.bool_]) -> None:
        self.keep(~copies)
        self._copies += int(np.count_nonzero(copies))
        self.warnings["copies"] = f"dropped {counted(self._copies, 'row')} written twice"

    def pass_noon(self) -> None:
        """Let a clock of twelve hours go on from 12:59 to 1:00."""
        steps = np.diff(self.time_s)
        noon = np.abs(steps + _HALF_DAY_S) < MAX_GAP_S
        if noon.any():
            moved_s = np.concatenate([[0.0], np.cumsum(np.where(noon, _HALF_DAY_S, 0.0))])
            self.time_s = self.time_s + moved_s
            self.notes.append("12-hour clock")

    def turn_round(self) -> None:
        """Put the oldest row first where the newest is."""
        steps = np.diff(self.time_s)
        if np.count_nonzero(steps < 0) > 0.5 * len(steps):
            # Each row that repeats the one before is now repeated by it.
            repeated = np.append(False, self.repeated[:0:-1])
            self.keep(np.arange(len(self.time_s))[::-1])
            self.repeated = repeated
            self.notes.append("newest row first, reversed")

    def drop_doubled(self, values: FloatArray) -> None:
        """Drop rows that stand further up with the same stamp and the same readings.

        So a recording that was uploaded twice, or whose parts overlap, counts once.
        """
        if np.mean(np.diff(self.time_s) == 0) > _COARSE_SHARE:
            return
        # A copy stands behind its original, so it does not come after all rows before it.
        late = self.time_s[1:] <= np.maximum.accumulate(self.time_s)[:-1]
        rows = np.flatnonzero(np.isin(self.time_s, self.time_s[1:][late]))
        time_s, own = self.time_s[rows], values[rows]
        order = np.lexsort((own[:, 2], own[:, 1], own[:, 0], time_s))
        same = np.diff(time_s[order]) == 0
        same[same] = (own[order[1:][same]] == own[order[:-1][same]]).all(axis=1)
        if same.any():
            copies = np.zeros(len(self.time_s), dtype=bool)
            copies[rows[order[1:][same]]] = True
            self._drop_copies(copies)

    def sort(self) -> None:
        """Sort rows that merely arrived late.

        Sorting is right where it leaves the steps as they were; where two stretches of time
        overlap (a clock set back, two recordings in one file) it would interleave them.
        """
        steps = np.diff(self.time_s)
        if not (steps < 0).any() or not (steps > 0).any():
            return
        order = np.argsort(self.time_s, kind="stable")
        short = SHORT * float(np.median(steps[steps > 0]))
        before = np.count_nonzero((steps >= 0) & (steps < short))
        after = np.count_nonzero(np.diff(self.time_s[order]) < short)
        if after <= before + _SORT_SHARE * len(self.time_s):
            self.keep(order)
            self.repeated = np.zeros(len(order), dtype=bool)
            self.warnings["order"] = SORTED

    def move_on(self) -> None:
        """Let times go on where the clock fell back."""
        steps = np.diff(self.time_s)
        back = steps < 0
        if not back.any():
            return
        rate_hz = robust_rate_hz(np.unique(self.time_s))
        period = 1.0 / rate_hz if rate_hz else 0.0  # rows years apart have no rate
        shift = np.where(back, period - steps, 0.0)
        shift[steps < -_RESTART_S] += _RESTART_GAP_S
        first = int(np.argmax(back))
        self.warnings["backward"] = (
            f"the clock jumps back {counted(int(np.count_nonzero(back)), 'time')} (first after "
            f"{self.time_s[first]:.1f} s, by {-steps[first]:.3g} s): if the same time was recorded "
            "twice, counts and minutes are too high"
        )
        self.time_s = self.time_s + np.concatenate([[0.0], np.cumsum(shift)])

    def drop_copies(self) -> None:
        """Drop rows written twice: the same stamp with the same readings.

        Under a coarse clock that many rows share, equal readings are no sign of a copy.
        """
        same_time = np.concatenate([[False], np.diff(self.time_s) == 0])
        copies = same_time & self.repeated
        is_coarse = same_time.mean() > _COARSE_SHARE and copies.sum() < 0.9 * same_time.sum()
        if copies.any() and not is_coarse:
            self._drop_copies(copies)

    def is_rebuilt(self) -> bool:
        """Rebuild a clock of arrivals from the counter; return whether that was done."""
        if self.counter is None or not _is_uneven(self.time_s, self.counter):
            return False
        self.time_s = _from_counter(self.time_s, self.counter)
        self.notes.append("arrival times in bursts, rebuilt from the counter")
        return True

    def even_out(self) -> None:
        """Spread rows that share a stamp, or whole bursts of rows."""
        if not rises(self.time_s):
            self.time_s = _spread(self.time_s)
            self.notes.append("equal stamps spread evenly")
        if self.counter is None and _is_bursty(self.time_s):
            self.time_s = _from_counter(self.time_s, np.arange(len(self.time_s), dtype=np.float64))
            self.warnings["bursts"] = (
                "time stamps came in bursts and were spread evenly: if samples were lost, cadence "
                "is too high"
            )

    def be_strict(self) -> None:
        """Leave out what still does not come after the row before."""
        latest = np.maximum.accumulate(self.time_s)
        self.keep(np.concatenate([[True], self.time_s[1:] > latest[:-1]]))

    def begin_at_zero(self) -> None:
        """Count from the first row that was kept."""
        first_s = float(self.time_s[0])
        if first_s:
            for rows in blocks(len(self.time_s), self.time_s):
                self.time_s[rows] -= first_s


def _spread(time_s: FloatArray) -> FloatArray:
    """Spread rows that share a stamp evenly up to the next stamp."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(time_s) > 0]))
    sizes = np.diff(np.append(starts, len(time_s)))
    stamps = time_s[starts]
    if len(starts) == 1:
        return time_s
    spans = np.diff(stamps)
    period = float(np.median(spans / sizes[:-1]))
    each = np.append(np.minimum(spans / sizes[:-1], 2 * period), period)
    within = np.arange(len(time_s)) - np.repeat(starts, sizes)
    spread = np.repeat(stamps, sizes) + within * np.repeat(each, sizes)
    # A recording seldom begins with its clock's second: the first rows fill the end of theirs.
    spread[: sizes[0]] = stamps[1] - (sizes[0] - np.arange(sizes[0])) * min(each[0], period)
    return np.asarray(spread - spread[0])


def _is_bursty(time_s: FloatArray) -> bool:
    """Whether most rows follow the one before at once, and a few after a pause."""
    if len(time_s) < 3:
        return False
    return float(np.median(_sampled_steps(time_s))) < _BURST_SHARE * typical_step(time_s)


def _is_uneven(time_s: FloatArray, counter: FloatArray) -> bool:
    """Whether the time from one count to the next varies more than a sensor's clock does.

    Or does not vary at all where counts are missing: then the stamps are blind to the losses.
    """
    paces = np.diff(time_s) / np.diff(counter)
    middle = median(paces)
    over_losses = paces[np.diff(counter) > 1]
    is_blind = len(over_losses) > 0 and median(over_losses) < 0.75 * middle
    return is_blind or median(np.abs(paces - middle)) > 0.2 * middle or _is_bursty(time_s)


def counted_on(counter: FloatArray) -> FloatArray:
    """Counter that goes on where it overflowed (8 or 16 bits) or was restarted."""
    wrapped = _steps_past_overflow(counter)
    counts = (wrapped > 0) & (wrapped < _MOST_COUNTS)
    return np.concatenate([[0.0], np.cumsum(np.where(counts, wrapped, 1.0))])


def note_restarts(counter: FloatArray) -> list[str]:
    """Say where a counter falls back without an overflow."""
    falls = int(np.count_nonzero(_steps_past_overflow(counter) < 0))
    if not falls:
        return []
    return [
        f"its counter falls back {counted(falls, 'time')}: if rows are out of order or doubled, "
        "counts and minutes are wrong"
    ]


def _steps_past_overflow(counter: FloatArray) -> FloatArray:
    """(n - 1,) steps of a counter of 8 or 16 bits, or of any other one."""
    counter = np.where(np.isfinite(counter), counter, np.nan)
    steps = np.diff(counter)
    largest = float(np.max(counter, initial=0.0, where=np.isfinite(counter)))
    top = 256 if largest < 256 else 65_536
    return np.where((steps < -top / 2) & (largest < top), steps + top, steps)


def note_uneven(time_s: FloatArray) -> list[str]:
    """Say where the steps between samples vary more than jitter explains."""
    if len(time_s) < 3:
        return []
    steps = _sampled_steps(time_s)
    uneven = float(np.mean(~are_usual(steps, float(np.median(steps)))))
    if uneven < _UNEVEN_SHARE:
        return []
    return [f"the sampling is uneven: {uneven:.0%} of the steps are far from the typical one"]


def note_rates(time_s: FloatArray, rate_hz: float) -> list[str]:
    """Say for how much of a recording its rate is another one; stretches with gaps do not count."""
    if len(time_s) < 2:
        return []

    def place(rows: slice | NDArray[np.intp]) -> FloatArray:
        return np.asarray(np.floor((time_s[rows] - time_s[0]) / _RATE_BLOCK_S))

    # Only where there are rows: a clock may leap by years.
    seen = [np.unique(place(rows), return_counts=True) for rows in blocks(len(time_s), time_s)]
    places, of = np.unique(np.concatenate([own for own, _ in seen]), return_inverse=True)
    counts = np.bincount(of, np.concatenate([own for _, own in seen]))
    gaps = gap_rows(time_s, rate_hz)
    is_whole = ~np.isin(places, np.concatenate([place(gaps), place(gaps + 1), places[-1:]]))
    local_hz = counts[is_whole] / _RATE_BLOCK_S
    other = (local_hz < _SAME_RATE * rate_hz) | (local_hz > rate_hz / _SAME_RATE)
    if other.sum() < max(2.0, _OTHER_RATE_SHARE * len(local_hz)):
        return []
    return [
        f"{other.mean():.0%} of the recording has another rate (about "
        f"{float(np.median(local_hz[other])):.3g} instead of {rate_hz:.3g} readings a second): "
        "strides there may be missed or less precisely timed"
    ]


def gap_rows(time_s: FloatArray, rate_hz: float) -> NDArray[np.intp]:
    """(m,) rows after which a recording pauses."""
    return long_steps(time_s, longest_step_s(1 / rate_hz))


def long_steps(time_s: FloatArray, length_s: float) -> NDArray[np.intp]:
    """(m,) rows after which the next one comes later than this."""
    long = [
        rows.start + np.flatnonzero(np.diff(time_s[rows.start : rows.stop + 1]) > length_s)
        for rows in blocks(len(time_s), time_s)
    ]
    return np.concatenate([np.empty(0, dtype=np.intp), *long])


def counted_rate_hz(time_s: FloatArray, counter: FloatArray) -> float:
    """Rate of the sensor by its own count, whatever was lost; 0 where that counts for nothing."""
    counts = np.diff(counter)
    paces = (np.diff(time_s) / np.where(counts > 0, counts, np.nan))[counts > 0]
    pace = median(paces) if len(paces) else 0.0
    return _whole_hz(1.0 / pace) if pace > _SHORTEST_S else 0.0


def note_lost(counter: FloatArray) -> list[str]:
    """Say how many samples the counter counted that are not there."""
    lowest, highest = extremes(counter)
    sent = float(highest - lowest + 1)
    lost = (sent - len(counter)) / sent
    return [f"{lost:.0%} of the samples were lost"] if lost > _LOST_SHARE else []


def _from_counter(time_s: FloatArray, counter: FloatArray) -> FloatArray:
    """Uniform times from a counter, anchored to the stamps anew after each pause."""
    steps = np.diff(time_s)
    middle = median(steps)
    if median(np.abs(steps - middle)) < 0.1 * middle and not _is_bursty(time_s):
        # The stamps were written per row, whatever was lost between.
        return np.asarray(middle * (counter - counter[0]))
    apart = min(100, len(counter) - 1)
    paces = (time_s[apart:] - time_s[:-apart]) / (counter[apart:] - counter[:-apart])
    period = float(np.median(paces))
    late = steps - period * np.diff(counter)
    pauses = np.flatnonzero(late > max(1.0, 3 * period)) + 1
    rebuilt = np.empty_like(time_s)
    for begin, end in zip(np.append(0, pauses), np.append(pauses, len(time_s)), strict=True):
        counted = counter[begin:end] - counter[begin]
        pace = period
        if end - begin > 10 * apart:
            pace = float(np.polyfit(counted, time_s[begin:end], 1)[0])
        rebuilt[begin:end] = pace * counted + np.median(time_s[begin:end] - pace * counted)
    return np.asarray(rebuilt - rebuilt[0])


def typical_step(ticks: NDArray[Any]) -> float:
    """Typical step from one row to the next, also where many rows share a stamp.

    From at least half of the rows to later ones: one wild stamp settles nothing.
    """
    apart = min(200, len(ticks) // 2)
    starts = _sampled(len(ticks) - apart)
    return float(np.median(np.abs(picked(ticks, starts + apart) - picked(ticks, starts)))) / apart


def _sampled(count: int) -> Rows:
    """Enough of many rows for a median, drawn without a rhythm that could match theirs."""
    if count <= _SAMPLE:
        return np.arange(count)
    return np.random.default_rng(0).integers(0, count, _SAMPLE)


def _sampled_steps(time_s: FloatArray) -> FloatArray:
    """Enough steps between rows that follow each other."""
    rows = _sampled(len(time_s) - 1)
    return np.asarray(picked(time_s, rows + 1) - picked(time_s, rows))


def rises(time_s: FloatArray) -> bool:
    """Whether every time comes after the one before."""
    return all(
        bool((np.diff(time_s[rows.start : rows.stop + 1]) > 0).all())
        for rows in blocks(len(time_s), time_s)
    )


def median(values: NDArray[Any]) -> float:
    """Median, of a sample where there are very many."""
    return float(np.median(picked(values, _sampled(len(values)))))
