"""Clocks: from time stamps as apps write them to strictly increasing seconds."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Stamps
from retrodetect.formats.table import NO_TICK
from retrodetect.recording import Finding, FloatArray, Ground

__all__ = ["Timeline", "robust_rate_hz", "seconds_on", "timeline", "valid"]

Rows = NDArray[np.intp]

TICKS_S = (1.0, 1e-3, 1e-6, 1e-9)
PLAUSIBLE_STEP_S = (0.0004, 0.4)
"""From 2.5 Hz to 2.5 kHz; a factor of 1000 wide, so that only one unit fits a step."""

_EPOCHS = {1.0: 9, 1e-3: 12, 1e-6: 15, 1e-9: 18}
"""Power of ten of a stamp counted from 1970, by length of tick."""

_EPOCH_S = (1.26e9, 2.05e9)
"""From 2010 to 2034: sensors that are worn, and not the uptime of a phone in finer ticks."""

_TICK_NAMES = {1.0: "s", 1e-3: "ms", 1e-6: "µs", 1e-9: "ns"}

_CORE = (0.5, 1.5)
_NO_GAP_S = 0.25
_RESTART_S = 2.0
"""A clock that falls back further than this was restarted; by less, it was corrected."""

_RESTART_GAP_S = 1.0
_SORT_SHARE = 0.02
"""Share of short steps that sorting may add before it is taken to interleave two stretches."""

_BURST_SHARE = 0.3
_LOST_SHARE = 0.01
_UNEVEN_SHARE = 0.2
_SAMPLE = 100_000
_LONG_TICKS = 1e8
_COARSE_SHARE = 0.3
"""Share of rows with the stamp of the row before, above which the clock is coarse."""


@dataclass(frozen=True)
class Timeline:
    """Rows in order of time, with their seconds from the first.

    Parameters
    ----------
    rows
        Rows that are kept, in order; None where all are, as they stand.
    time_s : (n,) array
        Strictly increasing from 0.
    rate_hz
        Nominal rate: of the sensor, where a counter tells of lost samples.
    effective_hz
        Rate of the samples that are there.
    origin
        Stamps of which one tick, the first, is zero: the base for other series.
    """

    rows: Rows | None
    time_s: FloatArray
    rate_hz: float
    effective_hz: float
    origin: Stamps
    start_time: datetime | None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()

    def take(self, rows: Rows) -> Timeline:
        """Return the timeline of some of its rows, beginning at 0 again."""
        begin_s = float(self.time_s[rows[0]])
        origin, start_time = self.origin, self.start_time
        if begin_s and origin.ticks is not None and origin.tick_s is not None:
            ticks = origin.ticks + begin_s / origin.tick_s
            if origin.ticks.dtype.kind == "i":
                ticks = origin.ticks + np.int64(round(begin_s / origin.tick_s))
            origin = replace(origin, ticks=ticks)
        if start_time is not None:
            start_time += timedelta(seconds=begin_s)
        time_s = self.time_s[rows] - begin_s
        return replace(
            self,
            time_s=time_s,
            effective_hz=robust_rate_hz(time_s),
            origin=origin,
            start_time=start_time,
        )


def valid(stamps: Stamps) -> NDArray[np.bool_] | None:
    """Rows whose stamp can be read; None where all can.

    A clock that has run for long never reads 0: there a 0 stands for a missing stamp.
    """
    ticks = stamps.ticks
    if ticks is None:
        return None
    missing = ticks == NO_TICK if ticks.dtype.kind == "i" else ~np.isfinite(ticks)
    known = ticks[~missing] if missing.any() else ticks
    if len(known) and _median(known) > _LONG_TICKS:
        zeros = ticks == 0
        zeros[: int(np.argmin(zeros))] = False  # a clock may well begin at 0
        missing |= zeros
    return ~missing if missing.any() else None


def timeline(stamps: Stamps, repeated: NDArray[np.bool_], label: str) -> Timeline:
    """Turn stamps into seconds that increase.

    Parameters
    ----------
    stamps
        All of them valid; at least two.
    repeated : (n,) array of bool
        Rows whose readings equal those of the row before.
    label
        File, for messages.

    Raises
    ------
    RefusedRecording
        Where there is neither a clock nor a rate.
    """
    if stamps.ticks is None:
        return _counted(stamps, len(repeated), label)
    stamps, finding = _with_tick(stamps, label)
    counter = None if stamps.counter is None else _unwrapped_counter(stamps.counter)
    work = _Repair(_seconds(stamps), counter, repeated)
    if not work.is_rebuilt():
        if not _rises(work.time_s):
            work.sort()
            work.move_on()
            work.drop_copies()
        work.even_out()
    if not _rises(work.time_s):
        work.be_strict()
    work.begin_at_zero()
    if len(work.time_s) < 2:
        raise RefusedRecording(
            "holds 1 sample with a time of its own", file=label, remedy="record for longer"
        )
    value = "; ".join([finding.value, *work.notes])
    rate_hz = effective_hz = robust_rate_hz(work.time_s)
    if work.counter is not None:
        rate_hz = 1.0 / _median(np.diff(work.time_s) / np.diff(work.counter))
        work.warnings.extend(_lost_note(work.counter))
    else:
        work.warnings.extend(_uneven_note(work.time_s))
    return Timeline(
        rows=work.rows,
        time_s=work.time_s,
        rate_hz=rate_hz,
        effective_hz=effective_hz,
        origin=_first(stamps, work.rows),
        start_time=_start_time(stamps, work.rows),
        findings=(replace(finding, value=value),),
        warnings=tuple(work.warnings),
    )


def seconds_on(line: Timeline, stamps: Stamps) -> FloatArray | None:
    """Seconds of other stamps on a timeline; None where the two clocks have no common origin."""
    first, other = _resolved(line.origin), _resolved(stamps)
    if first is None or other is None or first.epoch != other.epoch:
        return None
    (first_ticks, first_s), (ticks, tick_s) = _ticks(first), _ticks(other)
    if first_ticks.dtype.kind == ticks.dtype.kind == "i" and tick_s == first_s:
        return np.asarray((ticks - first_ticks[0]) * tick_s, dtype=np.float64)
    return np.asarray(ticks * tick_s - float(first_ticks[0]) * first_s, dtype=np.float64)


def robust_rate_hz(time_s: FloatArray) -> float:
    """Sampling rate from increasing times, in spite of rounded stamps, gaps and lost samples.

    The mean of the steps near the median step: rounding to milliseconds moves the median
    (12 or 13 ms at 80 Hz), but not the mean.
    """
    if len(time_s) < 2:
        return 0.0
    steps = _sampled_steps(time_s)
    middle = float(np.median(steps))
    core = steps[(steps > _CORE[0] * middle) & (steps < _CORE[1] * middle)]
    if len(core) < 0.5 * len(steps):
        core = steps[steps < max(_NO_GAP_S, 2.5 * middle)]
    return 1.0 / float(core.mean())


def _counted(stamps: Stamps, count: int, label: str) -> Timeline:
    """Timeline of a file without stamps: rows or counter over the stated rate."""
    if not stamps.rate_hz:
        raise RefusedRecording(
            "has no column of times and states no rate",
            file=label,
            remedy="give the rate with --rate, or name the column with --columns",
        )
    if stamps.counter is None:
        numbers, what = np.arange(count, dtype=np.float64), "rows"
    else:
        numbers, what = _unwrapped_counter(stamps.counter), stamps.label or "counter"
    finding = Finding("clock", f"{what} counted at {stamps.rate_hz:g} Hz", "stated")
    time_s = numbers / stamps.rate_hz
    return Timeline(
        rows=None,
        time_s=time_s,
        rate_hz=stamps.rate_hz,
        effective_hz=robust_rate_hz(time_s),
        origin=stamps,
        start_time=None,
        findings=(finding,),
        warnings=tuple(_lost_note(numbers)),
    )


def _with_tick(stamps: Stamps, label: str) -> tuple[Stamps, Finding]:
    """Stamps whose length of tick and epoch are known, and how they became known."""
    known = _resolved(stamps)
    if known is None:
        step = 0.0 if stamps.ticks is None else _step(stamps.ticks)
        raise RefusedRecording(
            f"the unit of its times cannot be told (typical step {step:g})"
            if step
            else "its clock stands still",
            file=label,
            place=f"column {stamps.label}" if stamps.label else "",
            remedy="give the rate with --rate",
        )
    _, tick_s = _ticks(known)
    origin = {"unix": " since 1970", "local": ", local time", "none": ", relative"}[known.epoch]
    name = _TICK_NAMES.get(tick_s, f"ticks of {tick_s:g} s")
    ground: Ground = "measured" if stamps.tick_s is None else "stated"
    return known, Finding("clock", f"{stamps.label or 'time'}: {name}{origin}", ground)


def _resolved(stamps: Stamps) -> Stamps | None:
    """Stamps with their length of tick and their epoch; None where these cannot be told."""
    if stamps.ticks is None or not len(stamps.ticks):
        return None
    tick_s = stamps.tick_s or _measured_tick_s(stamps.ticks)
    if tick_s is None:
        return None
    is_unix = stamps.epoch == "none" and _is_epoch(stamps.ticks, tick_s)
    return replace(stamps, tick_s=tick_s, epoch="unix" if is_unix else stamps.epoch)


def _ticks(stamps: Stamps) -> tuple[NDArray[Any], float]:
    """Ticks and their length, of stamps that are resolved."""
    assert stamps.ticks is not None
    assert stamps.tick_s is not None
    return stamps.ticks, stamps.tick_s


def _measured_tick_s(ticks: NDArray[Any]) -> float | None:
    """Length of a tick, from the size of the stamps or else from their typical step."""
    step = _step(ticks)
    for tick_s in TICKS_S:
        # One a second or slower is told from a long-running clock of finer ticks by whole seconds.
        is_slow = step * tick_s >= PLAUSIBLE_STEP_S[1] and (step * tick_s) % 1.0 == 0
        if _is_epoch(ticks, tick_s) and (is_slow or _is_plausible(step * tick_s)):
            return tick_s
    if step == 1.0 and (np.diff(ticks) == 1).all():
        return None  # counts rows
    return next((s for s in (*TICKS_S, 86_400.0) if _is_plausible(step * s)), None)


def _is_plausible(step_s: float) -> bool:
    return PLAUSIBLE_STEP_S[0] <= step_s < PLAUSIBLE_STEP_S[1]


def _step(ticks: NDArray[Any]) -> float:
    """Typical step from one row to the next, also where many rows share a stamp."""
    apart = min(200, len(ticks) - 1)
    starts = _sampled(len(ticks) - apart)
    return float(np.median(np.abs(ticks[starts + apart] - ticks[starts]))) / apart


def _sampled(count: int) -> Rows:
    """Enough of many rows for a median, drawn without a rhythm that could match theirs."""
    if count <= _SAMPLE:
        return np.arange(count)
    return np.random.default_rng(0).integers(0, count, _SAMPLE)


def _sampled_steps(time_s: FloatArray) -> FloatArray:
    """Enough steps between rows that follow each other."""
    rows = _sampled(len(time_s) - 1)
    return np.asarray(time_s[rows + 1] - time_s[rows])


def _rises(time_s: FloatArray) -> bool:
    """Whether every time comes after the one before."""
    return bool((time_s[1:] > time_s[:-1]).all())


def _median(values: FloatArray) -> float:
    return float(np.median(values[_sampled(len(values))]))


def _is_epoch(ticks: NDArray[Any], tick_s: float) -> bool:
    """Whether stamps lie in our time, counted from 1970."""
    power = _EPOCHS.get(tick_s)
    if power is None:
        return False
    return _EPOCH_S[0] <= float(ticks[0]) / 10.0 ** (power - 9) < _EPOCH_S[1]


def _seconds(stamps: Stamps) -> FloatArray:
    """Seconds from the first stamp; integers are subtracted before they are scaled."""
    ticks, tick_s = _ticks(stamps)
    ticks = ticks - ticks[0]
    if stamps.wrap_ticks is not None:
        falls = np.concatenate([[0], np.cumsum(np.diff(ticks) < -stamps.wrap_ticks / 2)])
        ticks = ticks + falls * stamps.wrap_ticks
    return np.asarray(ticks * tick_s, dtype=np.float64)


class _Repair:
    """Times on their way to a clock that increases, with what was done to them."""

    def __init__(
        self, time_s: FloatArray, counter: FloatArray | None, repeated: NDArray[np.bool_]
    ) -> None:
        self.time_s = time_s
        self.counter = counter
        self.repeated = repeated
        self.rows: Rows | None = None
        self.notes: list[str] = []
        self.warnings: list[str] = []

    def keep(self, rows: Rows) -> None:
        """Keep some rows, in this order."""
        self.time_s, self.repeated = self.time_s[rows], self.repeated[rows]
        self.counter = None if self.counter is None else self.counter[rows]
        self.rows = rows if self.rows is None else self.rows[rows]

    def sort(self) -> None:
        """Sort rows that merely arrived late.

        Sorting is right where it leaves the steps as they were; where two stretches of time
        overlap (a clock set back, two recordings in one file) it would interleave them.
        """
        steps = np.diff(self.time_s)
        if not (steps < 0).any() or not (steps > 0).any():
            return
        order = np.argsort(self.time_s, kind="stable")
        short = 0.3 * float(np.median(steps[steps > 0]))
        before = np.count_nonzero((steps >= 0) & (steps < short))
        after = np.count_nonzero(np.diff(self.time_s[order]) < short)
        if after <= before + _SORT_SHARE * len(self.time_s):
            self.keep(order)
            self.repeated = np.zeros(len(order), dtype=bool)
            self.warnings.append("rows were out of order and were sorted by their time")

    def move_on(self) -> None:
        """Let times go on where the clock fell back."""
        steps = np.diff(self.time_s)
        back = steps < 0
        if not back.any():
            return
        period = 1.0 / robust_rate_hz(np.unique(self.time_s))
        shift = np.where(back, period - steps, 0.0)
        shift[steps < -_RESTART_S] += _RESTART_GAP_S
        first = int(np.argmax(back))
        self.warnings.append(
            f"the clock runs backward {np.count_nonzero(back)} times (first after "
            f"{self.time_s[first]:.1f} s, by {-steps[first]:.3g} s); later times were moved on"
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
            self.keep(np.flatnonzero(~copies))
            self.warnings.append(f"{np.count_nonzero(copies)} rows were written twice and dropped")

    def is_rebuilt(self) -> bool:
        """Rebuild a clock of arrivals from the counter, and say whether that was done."""
        if self.counter is None or not _is_uneven(self.time_s, self.counter):
            return False
        self.time_s = _from_counter(self.time_s, self.counter)
        self.notes.append("arrival times in bursts, rebuilt from the counter")
        return True

    def even_out(self) -> None:
        """Spread rows that share a stamp, or whole bursts of rows."""
        if not _rises(self.time_s):
            self.time_s = _spread(self.time_s)
            self.notes.append("equal stamps spread evenly")
        if self.counter is None and _is_bursty(self.time_s):
            self.time_s = _from_counter(self.time_s, np.arange(len(self.time_s), dtype=np.float64))
            self.warnings.append("stamps came in bursts; rebuilt as if no sample was lost")

    def be_strict(self) -> None:
        """Leave out what still does not come after the row before."""
        latest = np.maximum.accumulate(self.time_s)
        self.keep(np.flatnonzero(np.concatenate([[True], self.time_s[1:] > latest[:-1]])))

    def begin_at_zero(self) -> None:
        """Count from the first row that was kept."""
        if self.time_s[0] != 0:
            self.time_s = self.time_s - self.time_s[0]


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
    return float(np.median(_sampled_steps(time_s))) < _BURST_SHARE * _step(time_s)


def _is_uneven(time_s: FloatArray, counter: FloatArray) -> bool:
    """Whether the time from one count to the next varies more than a sensor's clock does.

    Or does not vary at all where counts are missing: then the stamps are blind to the losses.
    """
    paces = np.diff(time_s) / np.diff(counter)
    middle = _median(paces)
    over_losses = paces[np.diff(counter) > 1]
    is_blind = len(over_losses) > 0 and _median(over_losses) < 0.75 * middle
    return is_blind or _median(np.abs(paces - middle)) > 0.2 * middle or _is_bursty(time_s)


def _unwrapped_counter(counter: FloatArray) -> FloatArray:
    """Counter that goes on where it overflowed (8 or 16 bits) or was restarted."""
    counter = np.where(np.isfinite(counter), counter, np.nan)
    steps = np.diff(counter)
    largest = float(np.max(counter, initial=0.0, where=np.isfinite(counter)))
    top = 256 if largest < 256 else 65_536
    wrapped = np.where((steps < -top / 2) & (largest < top), steps + top, steps)
    return np.concatenate([[0.0], np.cumsum(np.where(wrapped > 0, wrapped, 1.0))])


def _uneven_note(time_s: FloatArray) -> list[str]:
    """Say where the steps between samples vary more than jitter explains."""
    if len(time_s) < 3:
        return []
    steps = _sampled_steps(time_s)
    middle = np.median(steps)
    uneven = float(np.mean((steps < _CORE[0] * middle) | (steps > _CORE[1] * middle)))
    if uneven < _UNEVEN_SHARE:
        return []
    return [f"the sampling is uneven: {uneven:.0%} of the steps are far from the typical one"]


def _lost_note(counter: FloatArray) -> list[str]:
    """Say how many samples the counter counted that are not there."""
    lost = 1.0 - len(counter) / float(counter[-1] - counter[0] + 1)
    return [f"{lost:.0%} of the samples were lost on the way"] if lost > _LOST_SHARE else []


def _from_counter(time_s: FloatArray, counter: FloatArray) -> FloatArray:
    """Uniform times from a counter, anchored to the stamps anew after each pause."""
    steps = np.diff(time_s)
    middle = _median(steps)
    if _median(np.abs(steps - middle)) < 0.1 * middle and not _is_bursty(time_s):
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


def _first(stamps: Stamps, rows: Rows | None) -> Stamps:
    first = 0 if rows is None else int(rows[0])
    return stamps.take(np.array([first]))


def _start_time(stamps: Stamps, rows: Rows | None) -> datetime | None:
    """Wall clock of the first row, aware where the zone is known."""
    if stamps.epoch == "none":
        return None
    ticks, tick_s = _ticks(_first(stamps, rows))
    # A float of seconds since 1970 keeps microseconds; whole nanoseconds keep them exactly.
    micros = int(ticks[0]) // 1000 if ticks.dtype.kind == "i" else float(ticks[0]) * tick_s * 1e6
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return None
    if stamps.epoch == "local":
        return moment.replace(tzinfo=None)
    return moment.astimezone(timezone(timedelta(minutes=stamps.zone_min or 0)))
