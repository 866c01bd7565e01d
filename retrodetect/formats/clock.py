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
from retrodetect.recording import Finding, FloatArray

__all__ = ["Timeline", "robust_rate_hz", "seconds_on", "timeline", "valid"]

Rows = NDArray[np.intp]

TICKS_S = (1.0, 1e-3, 1e-6, 1e-9)
PLAUSIBLE_STEP_S = (0.0004, 0.4)
"""From 2.5 Hz to 2.5 kHz; a factor of 1000 wide, so that only one unit fits a step."""

_EPOCHS = {1.0: 9, 1e-3: 12, 1e-6: 15, 1e-9: 18}
"""Power of ten of a stamp between 2001 and 2039, by length of tick."""

_CORE = (0.5, 1.5)
_NO_GAP_S = 0.25
_RESTART_S = 2.0
"""A clock that falls back further than this was restarted; by less, it was corrected."""

_RESTART_GAP_S = 1.0
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
    origin
        Stamps of which one tick, the first, is zero: the base for other series.
    """

    rows: Rows | None
    time_s: FloatArray
    origin: Stamps
    start_time: datetime | None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()


def valid(stamps: Stamps) -> NDArray[np.bool_] | None:
    """Rows whose stamp can be read; None where all can."""
    if stamps.ticks is None:
        return None
    ticks = stamps.ticks
    missing = ticks == NO_TICK if ticks.dtype.kind == "i" else ~np.isfinite(ticks)
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
    stamps, unit_finding = _with_tick(stamps, label)
    time_s = _seconds(stamps)
    notes: list[str] = []
    warnings: list[str] = []
    rows: Rows | None = None
    order = _order(time_s)
    if order is not None:
        rows, time_s = order, time_s[order]
        repeated = np.zeros(len(time_s), dtype=bool)
        warnings.append("rows were out of order and were sorted by their time")
    if (np.diff(time_s) < 0).any():
        time_s, text = _reanchored(time_s)
        warnings.append(text)
    counter = stamps.counter if rows is None else _taken(stamps.counter, rows)
    time_s, rows, counter = _without_duplicates(time_s, rows, counter, repeated, warnings)
    if counter is not None and _is_uneven(time_s, counter):
        time_s = _from_counter(time_s, _unwrapped_counter(counter))
        notes.append("arrival times in bursts, rebuilt from the counter")
    elif (np.diff(time_s) == 0).any():
        time_s = _spread(time_s)
        notes.append("equal stamps spread evenly")
    if counter is None and _is_bursty(time_s):
        time_s = _from_counter(time_s, np.arange(len(time_s), dtype=np.float64))
        warnings.append(
            "stamps came in bursts without a counter; the clock was rebuilt as if no sample was lost"
        )
    time_s, rows = _strictly(time_s, rows)
    finding = replace(unit_finding, value="; ".join([unit_finding.value, *notes]))
    return Timeline(
        rows, time_s, _first(stamps, rows), _start_time(stamps, rows), (finding,), tuple(warnings)
    )


def seconds_on(line: Timeline, stamps: Stamps) -> FloatArray | None:
    """Seconds of other stamps on a timeline; None where the two clocks have no common origin."""
    first = line.origin
    if stamps.ticks is None or first.ticks is None or first.tick_s is None:
        return None
    if stamps.tick_s is None:
        stamps = replace(stamps, tick_s=_measured_tick_s(stamps.ticks))
    if stamps.tick_s is None or stamps.epoch != first.epoch:
        return None
    if stamps.ticks.dtype.kind == "i" and first.ticks.dtype.kind == "i":
        if stamps.tick_s == first.tick_s:
            return np.asarray((stamps.ticks - first.ticks[0]) * stamps.tick_s, dtype=np.float64)
    origin_s = float(first.ticks[0]) * first.tick_s
    return np.asarray(stamps.ticks * stamps.tick_s - origin_s, dtype=np.float64)


def robust_rate_hz(time_s: FloatArray) -> float:
    """Sampling rate from increasing times, in spite of rounded stamps, gaps and lost samples.

    The mean of the steps near the median step: rounding to milliseconds moves the median
    (12 or 13 ms at 80 Hz), but not the mean.
    """
    steps = np.diff(time_s)
    if not len(steps):
        return 0.0
    middle = float(np.median(steps))
    core = steps[(steps > _CORE[0] * middle) & (steps < _CORE[1] * middle)]
    if len(core) < 0.5 * len(steps):
        core = steps[steps < max(_NO_GAP_S, 2.5 * middle)]
    return 1.0 / float(core.mean())


def _counted(stamps: Stamps, count: int, label: str) -> Timeline:
    """Timeline of a file without stamps: rows or counter over the stated rate."""
    if stamps.rate_hz is None:
        raise RefusedRecording(
            "has no column of times and states no rate",
            file=label,
            remedy="give the rate with --rate, or name the column with --columns",
        )
    if stamps.counter is None:
        numbers, what = np.arange(count, dtype=np.float64), "rows"
    else:
        numbers, what = _unwrapped_counter(stamps.counter), stamps.label or "counter"
        numbers = numbers - numbers[0]
    time_s, rows = _strictly(numbers / stamps.rate_hz, None)
    finding = Finding("clock", f"{what} counted at {stamps.rate_hz:g} Hz", "stated")
    return Timeline(rows, time_s, stamps, None, (finding,))


def _with_tick(stamps: Stamps, label: str) -> tuple[Stamps, Finding]:
    """Stamps whose length of tick is known, and how it became known."""
    assert stamps.ticks is not None
    ground: str = "stated"
    if stamps.tick_s is None:
        tick_s = _measured_tick_s(stamps.ticks)
        if tick_s is None:
            raise RefusedRecording(
                f"the unit of its times cannot be told (typical step {_step(stamps.ticks):g})",
                file=label,
                place=f"column {stamps.label}" if stamps.label else "",
                remedy="give the rate with --rate",
            )
        stamps, ground = replace(stamps, tick_s=tick_s), "measured"
    epoch = stamps.epoch
    if epoch == "none" and _is_epoch(stamps.ticks, stamps.tick_s or 1.0):
        stamps, epoch = replace(stamps, epoch="unix"), "unix"
    origin = {"unix": " since 1970", "local": ", local time", "none": ", relative"}[epoch]
    name = {1.0: "s", 1e-3: "ms", 1e-6: "µs", 1e-9: "ns"}.get(
        stamps.tick_s or 0.0, f"ticks of {stamps.tick_s:g} s"
    )
    text = f"{stamps.label or 'time'}: {name}{origin}"
    return stamps, Finding("clock", text, ground)  # type: ignore[arg-type]


def _measured_tick_s(ticks: NDArray[Any]) -> float | None:
    """Length of a tick, from the size of the stamps or else from their typical step."""
    step = _step(ticks)
    for tick_s in TICKS_S:
        if _is_epoch(ticks, tick_s) and PLAUSIBLE_STEP_S[0] / 4 < step * tick_s < 4:
            return tick_s
    if step == 1.0 and (np.diff(ticks) == 1).all():
        return None  # counts rows
    for tick_s in (*TICKS_S, 86_400.0):
        if PLAUSIBLE_STEP_S[0] <= step * tick_s < PLAUSIBLE_STEP_S[1]:
            return tick_s
    return None


def _step(ticks: NDArray[Any]) -> float:
    """Typical step from one row to the next, also where many rows share a stamp."""
    apart = min(200, len(ticks) - 1)
    return float(np.median(np.abs(ticks[apart:] - ticks[:-apart]))) / apart


def _is_epoch(ticks: NDArray[Any], tick_s: float) -> bool:
    """Whether stamps lie between 2001 and 2039, counted from 1970."""
    power = _EPOCHS.get(tick_s)
    return power is not None and 1e9 <= float(ticks[0]) / 10.0 ** (power - 9) < 2.2e9


def _seconds(stamps: Stamps) -> FloatArray:
    """Seconds from the first stamp; integers are subtracted before they are scaled."""
    assert stamps.ticks is not None
    assert stamps.tick_s is not None
    ticks = stamps.ticks - stamps.ticks[0]
    if stamps.wrap_ticks is not None:
        falls = np.concatenate([[0], np.cumsum(np.diff(ticks) < -stamps.wrap_ticks / 2)])
        ticks = ticks + falls * stamps.wrap_ticks
    return np.asarray(ticks * stamps.tick_s, dtype=np.float64)


def _order(time_s: FloatArray) -> Rows | None:
    """Order that sorts rows which merely arrived late; None where sorting is not the cure.

    Sorting is right where it leaves the steps as they were; where two stretches of time overlap
    (a clock set back, two recordings in one file) it would interleave them.
    """
    steps = np.diff(time_s)
    if not (steps < 0).any():
        return None
    order = np.argsort(time_s, kind="stable")
    short = 0.3 * np.median(steps[steps > 0]) if (steps > 0).any() else 0.0
    before = np.count_nonzero((steps >= 0) & (steps < short))
    after = np.count_nonzero(np.diff(time_s[order]) < short)
    return order if after <= before + 0.02 * len(time_s) else None


def _reanchored(time_s: FloatArray) -> tuple[FloatArray, str]:
    """Times that go on where the clock fell back."""
    steps = np.diff(time_s)
    period = 1.0 / robust_rate_hz(np.unique(time_s))
    back = steps < 0
    shift = np.where(back, period - steps, 0.0)
    shift[steps < -_RESTART_S] += _RESTART_GAP_S
    places = np.flatnonzero(back)
    text = (
        f"the clock runs backward {len(places)} times (first after {time_s[places[0]]:.1f} s, by "
        f"{-steps[places[0]]:.3g} s); later times were moved on"
    )
    return time_s + np.concatenate([[0.0], np.cumsum(shift)]), text


def _without_duplicates(
    time_s: FloatArray,
    rows: Rows | None,
    counter: FloatArray | None,
    repeated: NDArray[np.bool_],
    warnings: list[str],
) -> tuple[FloatArray, Rows | None, FloatArray | None]:
    """Drop rows written twice: the same stamp with the same readings.

    Under a coarse clock that many rows share, equal readings are no sign of a copy.
    """
    same_time = np.concatenate([[False], np.diff(time_s) == 0])
    copies = same_time & repeated
    if rows is not None or not copies.any():
        return time_s, rows, counter
    if same_time.mean() > _COARSE_SHARE and copies.sum() < 0.9 * same_time.sum():
        return time_s, rows, counter
    kept = np.flatnonzero(~copies)
    warnings.append(f"{np.count_nonzero(copies)} rows were written twice and dropped")
    return time_s[kept], kept, _taken(counter, kept)


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
    steps = np.diff(time_s)
    middle = float(np.median(steps))
    mean = float(np.mean(steps[steps < max(_NO_GAP_S, 2.5 * middle)]))
    return middle < 0.3 * mean


def _is_uneven(time_s: FloatArray, counter: FloatArray) -> bool:
    """Whether the time from one count to the next varies more than a sensor's clock does."""
    counts = np.diff(counter)
    paces = np.diff(time_s)[counts > 0] / counts[counts > 0]
    if not len(paces):
        return False
    middle = np.median(paces)
    return bool(np.median(np.abs(paces - middle)) > 0.2 * middle) or _is_bursty(time_s)


def _unwrapped_counter(counter: FloatArray) -> FloatArray:
    """Counter that goes on where it overflowed (8 or 16 bits) or was restarted."""
    steps = np.diff(counter)
    top = 256 if counter.max() < 256 else 65_536
    wrapped = np.where((steps < -top / 2) & (counter.max() < top), steps + top, steps)
    return np.concatenate([[0.0], np.cumsum(np.where(wrapped <= 0, 1.0, wrapped))])


def _from_counter(time_s: FloatArray, counter: FloatArray) -> FloatArray:
    """Uniform times from a counter, anchored to the stamps anew after each pause."""
    apart = min(100, len(counter) - 1)
    paces = (time_s[apart:] - time_s[:-apart]) / (counter[apart:] - counter[:-apart])
    period = float(np.median(paces))
    late = np.diff(time_s) - period * np.diff(counter)
    pauses = np.flatnonzero(late > max(1.0, 3 * period)) + 1
    rebuilt = np.empty_like(time_s)
    for begin, end in zip(np.append(0, pauses), np.append(pauses, len(time_s)), strict=True):
        counted = counter[begin:end] - counter[begin]
        pace = period
        if end - begin > 10 * apart:
            pace = float(np.polyfit(counted, time_s[begin:end], 1)[0])
        rebuilt[begin:end] = pace * counted + np.median(time_s[begin:end] - pace * counted)
    return np.asarray(rebuilt - rebuilt[0])


def _strictly(time_s: FloatArray, rows: Rows | None) -> tuple[FloatArray, Rows | None]:
    """Leave out what still does not come after the row before."""
    if (np.diff(time_s) > 0).all():
        return time_s - time_s[0], rows
    latest = np.maximum.accumulate(time_s)
    kept = np.flatnonzero(np.concatenate([[True], time_s[1:] > latest[:-1]]))
    return time_s[kept] - time_s[0], kept if rows is None else rows[kept]


def _first(stamps: Stamps, rows: Rows | None) -> Stamps:
    first = 0 if rows is None else int(rows[0])
    return stamps.take(np.array([first]))


def _start_time(stamps: Stamps, rows: Rows | None) -> datetime | None:
    """Wall clock of the first row, aware where the zone is known."""
    first = _first(stamps, rows)
    if first.ticks is None or first.tick_s is None or stamps.epoch == "none":
        return None
    micro = round(int(first.ticks[0]) * first.tick_s * 1e6) if first.tick_s >= 1e-6 else (
        int(first.ticks[0]) // 1000
    )  # fmt: skip
    if first.ticks.dtype.kind == "f":
        micro = round(float(first.ticks[0]) * first.tick_s * 1e6)
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micro)
    except OverflowError:
        return None
    if stamps.epoch == "local":
        return moment.replace(tzinfo=None)
    return moment.astimezone(timezone(timedelta(minutes=stamps.zone_min or 0)))


def _taken(values: FloatArray | None, rows: Rows) -> FloatArray | None:
    return None if values is None else values[rows]
