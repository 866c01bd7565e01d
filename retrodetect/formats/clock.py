"""Clocks: from time stamps as apps write them to strictly increasing seconds."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Stamps
from retrodetect.formats.spool import (
    blocks,
    empty,
    extremes,
    picked,
    release,
    sampled,
    step_extremes,
    take,
    typical_step,
)
from retrodetect.formats.text import NO_TICK, counted
from retrodetect.recording import (
    DIRECTION_RATE_HZ,
    MAX_GAP_S,
    Finding,
    FloatArray,
    Ground,
    longest_step_s,
)

__all__ = [
    "PLAUSIBLE_STEP_S", "TICKS_S", "Timeline", "counted_on", "counted_rate_hz", "long_steps",
    "robust_rate_hz", "seconds_on", "strays", "timeline", "valid",
]  # fmt: skip


TICKS_S = (1.0, 1e-3, 1e-6, 1e-9)
PLAUSIBLE_STEP_S = (0.0004, 0.4)
"""From 2.5 Hz to 2.5 kHz; a factor of 1000 wide, so that only one unit fits a step."""

_SLOWEST_STEP_S = 60.0

FAR_STEPS = 1e5
"""In typical steps: a quarter of an hour at 100 Hz."""

_WRAPS, _WRAP_STEPS = (2.0**16, 2.0**32, 2.0**32 / 1000), 50
"""Counters of ms and µs, and one of µs written as ms (Arduino's ``micros`` after 71.6 minutes)."""

_EPOCHS = {1.0: 9, 1e-3: 12, 1e-6: 15, 1e-9: 18}
"""Power of ten of a stamp counted from 1970, by length of tick."""

_EPOCH_S = (1.26e9, 2.05e9)
"""From 2010 to 2034: wearable sensors, but not a phone's uptime in finer ticks."""

_WINDOWS = ((1.29e17, 1.37e17), (6.34e17, 6.42e17))
"""Ticks of 100 ns in those years, as Windows counts them from 1601 and .NET from the year 1."""

_TICK_NAMES = {1.0: "s", 1e-3: "ms", 1e-6: "µs", 1e-9: "ns"}

_LONG_TICKS = 1e8

_HEAD_ROWS = 1000
_LEAD_TOLD_S, _MOST_LEAD_S = 1.0, 86_400.0
_OWN_ZERO_S = (1.0, 60.0)
"""A relative clock that starts in this range counts from a meaningful zero, such as a trigger or
a beginning that was cut off; one that starts later shows the uptime of a device."""

_NAMELESS_HZ = 400.0
"""At this rate or faster, a clock of µs or fractional ms without a stated unit has other ticks:
1/32768 s at 50 Hz look like µs at 1,526 Hz."""

_SHUFFLED, _REVERSED = 0.1, 0.9
_EVEN, _EQUAL = 0.6, 0.3
"""Shares of steps: backward ones, and even or equal ones once the rows are sorted. Rows of two
recordings do not become even."""

_WRITTEN_OUT = re.compile(
    r"20\d\d(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])([0-5]\d){2}(\d{3})?"
)
"""``20260301115945`` or ``20260301115945020``: no epoch's stamps have that length today."""

_MINUTE_ROWS = 100_000
ROWS = "rows"
"""Label of stamps whose counter is only the row number."""


@dataclass(frozen=True)
class Timeline:
    """Rows in order of time, with seconds from the first."""

    # rows kept, as a mask or as ordered numbers; None for all
    rows: NDArray[Any] | None
    time_s: FloatArray  # (n,): strictly increasing from 0
    rate_hz: float  # nominal rate: the sensor's, if a counter shows lost samples
    effective_hz: float  # rate of the samples present
    origin: Stamps  # stamps whose only tick, the first, is zero: the base for other series
    start_time: datetime | None
    findings: tuple[Finding, ...] = ()
    warnings: tuple[str, ...] = ()
    zero_s: float = 0.0  # reading of the file's clock at ``start_time``

    def take(self, rows: NDArray[Any]) -> Timeline:
        """Return the timeline of these rows; their times stay the same."""
        return replace(self, time_s=take(self.time_s, rows))

    def in_file(self, stamps: Stamps) -> Timeline:
        """Move the timeline, in place, to the seconds of its file, and return it.

        ``stamps`` are those of all rows of the file, including those without a reading.
        """
        lead_s, zero_s = _lead_s(stamps, self)
        begin_s = lead_s + zero_s
        origin, start_time, warnings = self.origin, self.start_time, self.warnings
        if begin_s and origin.ticks is not None and origin.tick_s is not None:
            shift: Any = begin_s / origin.tick_s
            is_whole = origin.ticks.dtype.kind == "i"
            origin = replace(origin, ticks=origin.ticks - (round(shift) if is_whole else shift))
        if start_time is not None:
            start_time -= timedelta(seconds=begin_s)
        if begin_s:
            for rows in blocks(len(self.time_s), self.time_s):
                self.time_s[rows] += begin_s
        if lead_s > _LEAD_TOLD_S:
            lead = f"its first {lead_s:.1f} s have no readings: no stride is counted there"
            warnings = (lead, *warnings)
        return replace(self, origin=origin, start_time=start_time, zero_s=zero_s, warnings=warnings)


def _lead_s(stamps: Stamps, line: Timeline) -> tuple[float, float]:
    """Seconds from the file's start to the timeline's, and what the file's clock shows first.

    The latter is 0 unless a relative clock starts within a minute of its zero.
    """
    if stamps.ticks is None:
        counts, first = stamps.counter, line.origin.counter
        if counts is None or first is None or not np.isfinite(counts[0]):
            return 0.0, 0.0
        return max(float(first[0] - counts[0]) / line.rate_hz, 0.0), 0.0
    timed = valid(stamps)
    rows = slice(_HEAD_ROWS) if timed is None else np.flatnonzero(timed)[:_HEAD_ROWS]
    head = replace(stamps, ticks=stamps.ticks[rows], counter=None)
    far = strays(head)
    head = head if far is None else head.take(np.flatnonzero(~far))
    ticks, tick_s = _ticks(line.origin)
    assert head.ticks is not None
    lead = float(ticks[0] - head.ticks[0]) * tick_s
    if not 0 <= lead < _MOST_LEAD_S:
        return 0.0, 0.0
    first_s = float(head.ticks[0]) * tick_s
    is_own = line.origin.epoch == "none" and stamps.wrap_ticks is None
    return lead, first_s if is_own and _OWN_ZERO_S[0] <= abs(first_s) < _OWN_ZERO_S[1] else 0.0


def valid(stamps: Stamps) -> NDArray[np.bool_] | None:
    """Rows with a valid stamp; None if all are valid.

    In a clock that has run for long and does not wrap, 0 means a missing stamp.
    """
    ticks = stamps.ticks
    if ticks is None:
        return None
    lowest, highest = stamps.extremes
    if lowest > 0 and np.isfinite(highest):
        return None
    missing = ticks == NO_TICK if ticks.dtype.kind == "i" else ~np.isfinite(ticks)
    zeros = ticks == 0
    if stamps.wrap_ticks is None and zeros.any() and not zeros.all():
        zeros[: int(np.argmin(zeros))] = False  # a clock may start at 0
        nonzero = ticks[~missing & ~zeros]
        if len(nonzero) and median(nonzero) > _LONG_TICKS:
            missing |= zeros
    release(ticks)
    return ~missing if missing.any() else None


def strays(stamps: Stamps) -> NDArray[np.bool_] | None:
    """Rows whose stamp is far from its neighbours', as after a damaged digit; None without any.

    A single row before or after a pause of ``FAR_STEPS`` counts too: it is of no use.
    """
    ticks = stamps.ticks
    if ticks is None or len(ticks) < 4 or stamps.wrap_ticks is not None:
        return None
    far = FAR_STEPS * stamps.typical_step
    lowest, highest = stamps.step_extremes
    if not far > 0 or max(-lowest, highest) <= far:
        return None
    is_far = np.zeros(len(ticks) - 1, dtype=np.bool_)
    for rows in blocks(len(ticks), ticks):
        steps = np.diff(ticks[rows.start : rows.stop + 1].astype(np.float64))
        is_far[rows.start : rows.start + len(steps)] = np.abs(steps) > far
    stray = np.zeros(len(ticks), dtype=np.bool_)
    # There and back again; after a pause or a clock reset, stamps do not come back.
    both = np.flatnonzero(is_far[:-1] & is_far[1:]) + 1
    before, here, after = (ticks[both + apart].astype(np.float64) for apart in (-1, 0, 1))
    stray[both] = (here - before) * (after - here) < 0
    stray[0] = is_far[0] and not stray[1]
    stray[-1] = is_far[-1] and not stray[-2]
    return stray if stray.any() else None


def wrapped(stamps: Stamps) -> Stamps:
    """Set where stamps restart from 0, if every fall fits an overflow of a common counter."""
    ticks = stamps.ticks
    if ticks is None or stamps.wrap_ticks is not None or stamps.step_extremes[0] > 0:
        return stamps
    steps = np.diff(ticks).astype(np.float64)
    falls, rest = steps[steps < 0], steps[steps > 0]
    if not len(falls) or not len(rest):
        return stamps
    limit = _WRAP_STEPS * float(np.median(rest))
    fitting = (top for top in _WRAPS if ((falls + top > 0) & (falls + top < limit)).all())
    top = next(fitting, None)
    return stamps if top is None or limit > top / 2 else replace(stamps, wrap_ticks=top)


def order_of(stamps: Stamps) -> Rows | None:
    """Numbers of shuffled rows in order of time; None if rows are not shuffled.

    Refused if their times are too coarse or uneven to show the order. `Repair.sort` puts single
    late rows in their place.
    """
    ticks = stamps.ticks
    if ticks is None or stamps.wrap_ticks is not None or stamps.step_extremes[0] > 0:
        return None
    backward = float(np.mean(np.diff(ticks) < 0))
    if not _SHUFFLED < backward < _REVERSED:
        return None
    order = np.argsort(ticks, kind="stable")
    steps = np.diff(ticks[order]).astype(np.float64)
    even = are_usual(steps, float(np.median(steps)))
    if even.mean() <= _EVEN or np.mean(steps == 0) >= _EQUAL:
        raise RefusedRecording(
            f"{backward:.0%} of its rows are earlier than the row before, and their times do not "
            "show the order: rows were shuffled, or are from several recordings",
            place=_place(stamps.label),
            remedy="export it again, each recording to its own file",
        )
    return order


def timeline(stamps: Stamps, values: FloatArray, repeated: NDArray[np.bool_]) -> Timeline:
    """Turn at least two valid stamps, with ticks or a counter, into seconds that increase.

    ``repeated`` marks rows whose (n, 3) readings equal those of the row before. Refused without
    a clock or a rate.
    """
    if stamps.ticks is None:
        return _counted(stamps)
    stamps, finding, warnings = _with_tick(stamps)
    counter = None if stamps.counter is None else counted_on(stamps.counter)
    work = Repair(_seconds(stamps), counter)
    if not work.is_rebuilt():
        if not work.rises():
            work.pass_noon()
            work.drop_copies(values, repeated)
            work.turn_round()
            work.sort()
            work.move_on()
        work.even_out()
    if not work.rises():  # drop rows that still do not come after the row before
        latest = np.maximum.accumulate(work.time_s)
        work.keep(np.append(True, work.time_s[1:] > latest[:-1]))
    if len(work.time_s) < 2:
        raise RefusedRecording("has only 1 sample with a distinct time", remedy="record for longer")
    first_s = float(work.time_s[0])
    for rows in blocks(len(work.time_s), work.time_s) if first_s else ():
        work.time_s[rows] -= first_s
    value = "; ".join([finding.value, *work.notes])
    steps_s = _sampled_steps(work.time_s)
    rate_hz = effective_hz = _rate_hz(steps_s)
    if work.counter is None:
        uneven = note_uneven(steps_s)
    else:
        rate_hz = counted_rate_hz(work.time_s, work.counter) or effective_hz
        uneven = note_lost(work.counter)
    return Timeline(
        rows=work.rows,
        time_s=work.time_s,
        rate_hz=rate_hz,
        effective_hz=effective_hz,
        origin=_first(stamps, work.rows),
        start_time=_start_time(stamps, work.rows),
        findings=(replace(finding, value=value),),
        warnings=(*warnings, *work.warnings.values(), *uneven),
    )


def seconds_on(line: Timeline, stamps: Stamps) -> FloatArray | None:
    """Seconds of other stamps on a timeline; None if the two clocks have no common origin."""
    first, second = _resolved(line.origin), _resolved(stamps)
    if first is None or second is None or first.epoch != second.epoch:
        return None
    (first_ticks, first_s), (ticks, tick_s) = _ticks(first), _ticks(second)
    if first_ticks.dtype.kind == ticks.dtype.kind == "i" and tick_s == first_s:
        return np.asarray((ticks - first_ticks[0]) * tick_s, dtype=np.float64)
    return np.asarray(ticks * tick_s - float(first_ticks[0]) * first_s, dtype=np.float64)


def _counted(stamps: Stamps) -> Timeline:
    """Timeline of a file without stamps: row numbers or a counter over the stated rate."""
    if not stamps.rate_hz:
        raise RefusedRecording(
            "has no time column and states no rate",
            remedy="give the rate with --rate, or name the column with --columns",
        )
    assert stamps.counter is not None
    is_rows = stamps.label == ROWS
    numbers = stamps.counter if is_rows else counted_on(stamps.counter)
    what = stamps.label or "counter"
    finding = Finding("clock", f"{what} counted at {stamps.rate_hz:g} Hz", "stated")
    time_s = empty(numbers.shape)
    for rows in blocks(len(numbers), numbers, time_s):
        time_s[rows] = (numbers[rows] - numbers[0]) / stamps.rate_hz
    return Timeline(
        rows=None,
        time_s=time_s,
        rate_hz=stamps.rate_hz,
        effective_hz=robust_rate_hz(time_s),
        origin=stamps,
        start_time=None,
        findings=(finding,),
        warnings=(*note_lost(numbers), *([] if is_rows else note_restarts(stamps.counter))),
    )


def _with_tick(stamps: Stamps) -> tuple[Stamps, Finding, list[str]]:
    """Resolve tick length and epoch; also return how they were found, and warnings."""
    ticks = stamps.ticks
    assert ticks is not None
    if _is_written_out(ticks):
        raise RefusedRecording(
            f"its times are dates or times of day without separators ({ticks[0]:.0f})",
            place=_place(stamps.label),
            remedy="write them as 2026-03-01 11:59:45.020, or give the rate with --rate",
        )
    step, resolved, warnings = stamps.typical_step, _resolved(stamps), []
    if resolved is not None and 0 < step * _ticks(resolved)[1] < PLAUSIBLE_STEP_S[0]:
        stated = _tick_name(_ticks(resolved)[1])
        stamps = replace(stamps, tick_s=None)
        resolved = _resolved(stamps)
        if resolved is not None:
            warnings.append(
                f"its clock states {stated}, which is impossible, so it was read as "
                f"{_tick_name(_ticks(resolved)[1])}: if that is wrong, cadence and minutes are too"
            )
    if resolved is None or (stamps.tick_s is None and _is_too_fast(resolved, step)):
        unclear = f"the unit of its times is unclear (typical step {step:g})"
        raise RefusedRecording(
            unclear if step else "its clock stands still",
            place=_place(stamps.label),
            remedy="give the rate with --rate",
        )
    _, tick_s = _ticks(resolved)
    origin = {"unix": " since 1970", "local": ", local time", "none": ", relative"}[resolved.epoch]
    begins_s = float(ticks[0]) * tick_s
    is_relative = resolved.epoch == "none" and resolved.wrap_ticks is None
    if is_relative and abs(begins_s) >= _OWN_ZERO_S[1]:
        origin += f", counted from its first row at {begins_s:.1f} s"
    text = f"{stamps.label or 'time'}: {_tick_name(tick_s)}{origin}"
    ground: Ground = "measured" if stamps.tick_s is None else "stated"
    is_slow = tick_s < 1 < DIRECTION_RATE_HZ * step * tick_s
    if is_slow and is_relative and ground == "measured":
        warnings.append(
            f"its clock states no unit and was read as {_tick_name(tick_s)}, "
            f"{1 / step / tick_s:.3g} readings a second: if that is wrong, counts and minutes are "
            "too; then give the rate with --rate"
        )
    return resolved, Finding("clock", text, ground), warnings


def _tick_name(tick_s: float) -> str:
    return _TICK_NAMES.get(tick_s, f"ticks of {tick_s:g} s")


def _is_written_out(ticks: NDArray[Any]) -> bool:
    """Whether stamps are dates or times of day in digits, which skip 60 to 99 in each minute."""
    head = ticks[:_MINUTE_ROWS]
    if _WRITTEN_OUT.fullmatch(f"{head[0]:.0f}"):
        return True
    steps = np.diff(head)
    minutes = np.flatnonzero((np.abs(steps - 41) <= 1) | (np.abs(steps - 4041) <= 1))
    ends, begins = head[minutes] % 100, head[minutes + 1] % 100
    return bool(len(minutes) and ((ends >= 59) & (ends < 60) & (begins < 1)).all())


def _place(label: str) -> str:
    """Place of a clock, as messages state it."""
    return f"column {label}" if label and not label.startswith("column ") else label


def _is_too_fast(stamps: Stamps, step: float) -> bool:
    """Whether a clock of unstated unit is too fast for the measured unit."""
    ticks, tick_s = _ticks(stamps)
    is_fast = stamps.epoch == "none" and step * tick_s < 1 / _NAMELESS_HZ
    return is_fast and (tick_s == 1e-6 or (tick_s == 1e-3 and bool((ticks[:100] % 1).any())))


def _resolved(stamps: Stamps) -> Stamps | None:
    """Stamps with tick length and epoch; None if these cannot be determined."""
    if stamps.ticks is None or not len(stamps.ticks):
        return None
    tick_s = stamps.tick_s or _measured_tick_s(stamps.ticks, stamps.typical_step)
    if tick_s is None:
        return None
    is_unix = stamps.epoch == "none" and _is_epoch(stamps.ticks, tick_s)
    return replace(stamps, tick_s=tick_s, epoch="unix" if is_unix else stamps.epoch)


def _ticks(stamps: Stamps) -> tuple[NDArray[Any], float]:
    """Ticks and tick length of resolved stamps."""
    assert stamps.ticks is not None
    assert stamps.tick_s is not None
    return stamps.ticks, stamps.tick_s


def _measured_tick_s(ticks: NDArray[Any], step: float) -> float | None:
    """Length of a tick, from the size of the stamps or else from their typical step."""
    if any(low <= float(ticks[0]) < high for low, high in _WINDOWS):
        return 1e-7
    for tick_s in TICKS_S:
        # Whole seconds distinguish one reading a second or less from a long-running clock of finer
        # ticks, whose steps, read as such seconds, are hours.
        step_s = step * tick_s
        is_slow = PLAUSIBLE_STEP_S[1] <= step_s <= _SLOWEST_STEP_S and step_s % 1.0 == 0
        if _is_epoch(ticks, tick_s) and (is_slow or _is_plausible(step_s)):
            return tick_s
    if step == 1.0 and (np.diff(ticks) == 1).all():
        return None  # counts rows
    return next((s for s in (*TICKS_S, 86_400.0) if _is_plausible(step * s)), None)


def _is_plausible(step_s: float) -> bool:
    return PLAUSIBLE_STEP_S[0] <= step_s < PLAUSIBLE_STEP_S[1]


def _is_epoch(ticks: NDArray[Any], tick_s: float) -> bool:
    """Whether stamps, counted from 1970, lie between 2010 and 2034."""
    power = _EPOCHS.get(tick_s)
    if power is None:
        return False
    return _EPOCH_S[0] <= float(ticks[0]) / 10.0 ** (power - 9) < _EPOCH_S[1]


def _seconds(stamps: Stamps) -> FloatArray:
    """Seconds from the first stamp, across wraps to 0.

    Integers are subtracted before they are scaled.
    """
    ticks, tick_s = _ticks(stamps)
    seconds = empty(ticks.shape)
    last, falls = ticks[0], 0
    for rows in blocks(len(ticks), ticks, seconds):
        since = ticks[rows] - ticks[0]
        if stamps.wrap_ticks is not None:
            steps = np.diff(ticks[rows], prepend=last)
            fallen = falls + np.cumsum(steps < -stamps.wrap_ticks / 2)
            since = since + fallen * stamps.wrap_ticks
            last, falls = ticks[rows.stop - 1], int(fallen[-1])
        np.multiply(since, tick_s, out=seconds[rows])
    return seconds


def _first(stamps: Stamps, rows: NDArray[Any] | None) -> Stamps:
    first = 0
    if rows is not None:
        first = int(np.argmax(rows) if rows.dtype == np.bool_ else rows[0])
    return stamps.take(np.array([first]))


def _start_time(stamps: Stamps, rows: NDArray[Any] | None) -> datetime | None:
    """Wall clock of the first row, aware if the zone is known."""
    if stamps.epoch == "none":
        return None
    ticks, tick_s = _ticks(_first(stamps, rows))
    # Floats of seconds since 1970 keep microseconds; whole ticks keep them exactly.
    is_whole = ticks.dtype.kind == "i"
    micros = (
        int(ticks[0]) * round(tick_s * 1e9) // 1000 if is_whole else float(ticks[0]) * tick_s * 1e6
    )
    try:
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros)
    except OverflowError:
        return None
    if stamps.epoch == "local":
        return moment.replace(tzinfo=None)
    return moment.astimezone(timezone(timedelta(minutes=stamps.zone_min or 0)))


Rows = NDArray[np.intp]

_USUAL = (0.5, 1.5)
"""Steps between samples, in typical ones, that are not a pause."""

_SLACK = 1e-6
"""Share of a step by which arithmetic may move it. Stamps in whole ms put steps exactly on a
bound, where one unit of time would count them and another would not."""

_RESTART_S = 2.0
"""A clock that falls back further was restarted; one that falls back less was corrected."""

_RESTART_GAP_S = 1.0
SHORT, _SORT_SHARE = 0.7, 0.02
"""Share of short steps that sorting may add; with more, it would interleave two stretches. Two
stretches half a step apart become one with steps half as long."""

SORTED = (
    "rows were out of order and were sorted by time: if the clock was set back, what came after "
    "that now comes first"
)
_HALF_DAY_S = 43_200.0
_COARSE_SHARE, _COPIED_SHARE = 0.3, 0.9
"""Share of rows with the stamp of the row before, above which the clock is coarse; and how many of
them also repeat its readings if all rows were written twice."""

_BURST_SHARE = 0.3
_LOST_SHARE = 0.01
_UNEVEN_SHARE = 0.2
_RATE_BLOCK_S, _SAME_RATE, _OTHER_RATE_SHARE = 2.0, 0.75, 0.05
_MOST_COUNTS = 2.0**32
"""No sensor's counter goes further; a larger step is damage, and would swallow a step of one."""

_HZ_DIGITS = 6
"""Significant digits of a rate: 100 Hz stay 100 in any unit of the clock."""

_SHORTEST_S = 1e-6
"""Shortest time between samples: no wearable sensor takes a million a second."""


def robust_rate_hz(time_s: FloatArray) -> float:
    """Sampling rate from increasing times, despite rounded stamps, gaps and lost samples.

    It is the mean of the steps near the median step: rounding to milliseconds moves the median
    (12 or 13 ms at 80 Hz), but not the mean.
    """
    return _rate_hz(_sampled_steps(time_s))


def _rate_hz(steps: FloatArray) -> float:
    """Sampling rate from steps in seconds, 0 without steps."""
    if not len(steps):
        return 0.0
    middle = float(np.median(steps))
    core = steps[are_usual(steps, middle)]
    if len(core) < 0.5 * len(steps):
        core = steps[steps <= longest_step_s(middle)]
    mean_s = float(core.mean())
    return round(1.0 / mean_s, _HZ_DIGITS) if mean_s > 0 else 0.0


def are_usual(steps: FloatArray, typical: float) -> NDArray[np.bool_]:
    """Mark the steps between half a typical step and one and a half."""
    shortest, longest = _USUAL[0] * (1 - _SLACK) * typical, _USUAL[1] * (1 + _SLACK) * typical
    return np.asarray((steps >= shortest) & (steps <= longest))


class Repair:
    """Times on their way to an increasing clock, with a record of the repairs.

    ``time_s`` is in seconds as stamped, and changed in place; ``counter`` is the sensor's own, if
    it has one.
    """

    def __init__(self, time_s: FloatArray, counter: FloatArray | None) -> None:
        self.time_s = time_s
        self.counter = counter
        self.rows: NDArray[Any] | None = None
        self.notes: list[str] = []
        self.warnings: dict[str, str] = {}
        self._rising: FloatArray | None = None

    def rises(self) -> bool:
        """Whether every time is later than the one before."""
        if self._rising is not self.time_s and step_extremes(self.time_s)[0] > 0:
            self._rising = self.time_s
        return self._rising is self.time_s

    def keep(self, rows: NDArray[Any]) -> None:
        """Keep the rows that a mask or a list of numbers selects, in this order."""
        self.time_s = take(self.time_s, rows)
        self.counter = None if self.counter is None else self.counter[rows]
        if self.rows is not None:
            numbers = np.flatnonzero(self.rows) if self.rows.dtype == np.bool_ else self.rows
            rows = numbers[rows]
        self.rows = rows

    def pass_noon(self) -> None:
        """Let a 12-hour clock continue from 12:59 to 1:00."""
        steps = np.diff(self.time_s)
        noon = np.abs(steps + _HALF_DAY_S) < MAX_GAP_S
        if noon.any():
            moved_s = np.concatenate([[0.0], np.cumsum(np.where(noon, _HALF_DAY_S, 0.0))])
            self.time_s = self.time_s + moved_s
            self.notes.append("12-hour clock")

    def drop_copies(self, values: FloatArray, repeated: NDArray[np.bool_]) -> None:
        """Drop rows that repeat the stamp and the readings of an earlier row.

        A recording that was uploaded twice, or whose parts overlap, then counts once. Under a
        coarse clock, which many rows share, equal readings do not show a copy.
        """
        same_time = np.diff(self.time_s) == 0
        copied = np.count_nonzero(same_time & repeated[1:])
        if same_time.mean() > _COARSE_SHARE and copied < _COPIED_SHARE * same_time.sum():
            return
        # A copy comes after its original, so it is not later than all rows before it.
        late = self.time_s[1:] <= np.maximum.accumulate(self.time_s)[:-1]
        rows = np.flatnonzero(np.isin(self.time_s, self.time_s[1:][late]))
        time_s, readings = self.time_s[rows], values[rows]
        order = np.lexsort((readings[:, 2], readings[:, 1], readings[:, 0], time_s))
        same = np.diff(time_s[order]) == 0
        same[same] = (readings[order[1:][same]] == readings[order[:-1][same]]).all(axis=1)
        if same.any():
            kept = np.ones(len(self.time_s), dtype=bool)
            kept[rows[order[1:][same]]] = False
            self.keep(kept)
            self.warnings["copies"] = (
                f"{counted(int(same.sum()), 'row')} written twice are counted once: counts and "
                "minutes are not too high"
            )

    def turn_round(self) -> None:
        """Reverse rows that start with the newest."""
        steps = np.diff(self.time_s)
        if np.count_nonzero(steps < 0) > 0.5 * len(steps):
            self.keep(np.arange(len(self.time_s))[::-1])
            self.notes.append("newest row first, reversed")

    def sort(self) -> None:
        """Sort rows that merely arrived late.

        Sorting is right if it leaves the steps as they were; if two stretches of time overlap (a
        clock set back, two recordings in one file), it would interleave them.
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
            self.warnings["order"] = SORTED

    def move_on(self) -> None:
        """Shift times forward after each fall of the clock."""
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

    def is_rebuilt(self) -> bool:
        """Rebuild a clock of arrivals from the counter; return whether it was rebuilt."""
        if self.counter is None or not _is_uneven(self.time_s, self.counter):
            return False
        self.time_s = _from_counter(self.time_s, self.counter)
        self.notes.append("arrival times in bursts, rebuilt from the counter")
        return True

    def even_out(self) -> None:
        """Spread rows that share a stamp, or whole bursts of rows."""
        if not self.rises():
            self.time_s = _spread(self.time_s)
            self.notes.append("equal stamps spread evenly")
        if self.counter is None and _is_bursty(self.time_s):
            self.time_s = _from_counter(self.time_s, np.arange(len(self.time_s), dtype=np.float64))
            self.warnings["bursts"] = (
                "time stamps came in bursts and were spread evenly: if samples were lost, cadence "
                "is too high"
            )


def _spread(time_s: FloatArray) -> FloatArray:
    """Spread rows that share a stamp evenly until the next stamp."""
    starts = np.flatnonzero(np.concatenate([[True], np.diff(time_s) > 0]))
    sizes = np.diff(np.append(starts, len(time_s)))
    stamps = time_s[starts]
    if len(starts) == 1:
        return time_s
    spans = np.diff(stamps)
    period = float(np.median(spans / sizes[:-1]))
    intervals = np.append(np.minimum(spans / sizes[:-1], 2 * period), period)
    within = np.arange(len(time_s)) - np.repeat(starts, sizes)
    spread = np.repeat(stamps, sizes) + within * np.repeat(intervals, sizes)
    # A recording rarely starts on a full second: the first rows fill the end of theirs.
    spread[: sizes[0]] = stamps[1] - (sizes[0] - np.arange(sizes[0])) * min(intervals[0], period)
    return np.asarray(spread - spread[0])


def _is_bursty(time_s: FloatArray) -> bool:
    """Whether most rows directly follow the one before, and a few come after a pause."""
    if len(time_s) < 3:
        return False
    return float(np.median(_sampled_steps(time_s))) < _BURST_SHARE * typical_step(time_s)


def _is_uneven(time_s: FloatArray, counter: FloatArray) -> bool:
    """Whether the time between counts varies more than a sensor's clock does.

    Or not at all across missing counts: then the stamps do not show the losses.
    """
    paces = np.diff(time_s) / np.diff(counter)
    middle = median(paces)
    over_losses = paces[np.diff(counter) > 1]
    is_blind = len(over_losses) > 0 and median(over_losses) < 0.75 * middle
    return is_blind or median(np.abs(paces - middle)) > 0.2 * middle or _is_bursty(time_s)


def counted_on(counter: FloatArray) -> FloatArray:
    """Continue a counter past overflows (8 or 16 bits) and restarts."""
    wrapped = _steps_past_overflow(counter)
    counts = (wrapped > 0) & (wrapped < _MOST_COUNTS)
    return np.concatenate([[0.0], np.cumsum(np.where(counts, wrapped, 1.0))])


def note_restarts(counter: FloatArray) -> list[str]:
    """Report how often a counter falls back without an overflow."""
    falls = int(np.count_nonzero(_steps_past_overflow(counter) < 0))
    if not falls:
        return []
    return [
        f"its counter falls back {counted(falls, 'time')}: if rows are out of order or doubled, "
        "counts and minutes are wrong"
    ]


def _steps_past_overflow(counter: FloatArray) -> FloatArray:
    """(n - 1,) steps of a counter, which may overflow at 8 or 16 bits."""
    counter = np.where(np.isfinite(counter), counter, np.nan)
    steps = np.diff(counter)
    largest = float(np.max(counter, initial=0.0, where=np.isfinite(counter)))
    top = 256 if largest < 256 else 65_536
    return np.where((steps < -top / 2) & (largest < top), steps + top, steps)


def note_uneven(steps: FloatArray) -> list[str]:
    """Report steps between samples that vary more than jitter explains."""
    if len(steps) < 2:
        return []
    uneven = float(np.mean(~are_usual(steps, float(np.median(steps)))))
    if uneven < _UNEVEN_SHARE:
        return []
    return [
        f"its readings are unevenly spaced ({uneven:.0%} of the intervals between them are far "
        "from the usual one): strides may be less precisely timed"
    ]


def _note_rates(time_s: FloatArray, rate_hz: float, gaps: NDArray[np.intp]) -> list[str]:
    """Report how much of a recording has a different rate; stretches with gaps do not count."""

    def place(rows: slice | NDArray[np.intp]) -> NDArray[np.int64]:
        return np.asarray((time_s[rows] - time_s[0]) / _RATE_BLOCK_S, dtype=np.int64)

    # Count only where there are rows: a clock may leap by years.
    seen = []
    for rows in blocks(len(time_s), time_s):
        numbers = place(rows)
        first = np.append(0, np.flatnonzero(numbers[1:] != numbers[:-1]) + 1)
        seen.append((numbers[first], np.diff(first, append=len(numbers))))
    places, of = np.unique(np.concatenate([numbers for numbers, _ in seen]), return_inverse=True)
    counts = np.bincount(of, np.concatenate([numbers for _, numbers in seen]))
    is_whole = ~np.isin(places, np.concatenate([place(gaps), place(gaps + 1), places[-1:]]))
    local_hz = counts[is_whole] / _RATE_BLOCK_S
    deviating = (local_hz < _SAME_RATE * rate_hz) | (local_hz > rate_hz / _SAME_RATE)
    if deviating.sum() < max(2.0, _OTHER_RATE_SHARE * len(local_hz)):
        return []
    return [
        f"{deviating.mean():.0%} of the recording has a different rate (about "
        f"{float(np.median(local_hz[deviating])):.3g} instead of {rate_hz:.3g} readings a second): "
        "strides there may be missed or less precisely timed"
    ]


def gaps_s(time_s: FloatArray, rate_hz: float) -> FloatArray:
    """Lengths of the pauses that split a recording, in seconds."""
    rows = _gap_rows(time_s, rate_hz)
    return np.asarray(time_s[rows + 1] - time_s[rows])


def note_pace(time_s: FloatArray, rate_hz: float) -> list[str]:
    """Report the pauses of a recording, and how much of it has a different rate."""
    gaps = _gap_rows(time_s, rate_hz)
    return _note_gaps(time_s[gaps + 1] - time_s[gaps]) + _note_rates(time_s, rate_hz, gaps)


def _note_gaps(lengths_s: FloatArray) -> list[str]:
    """Report the number of pauses and their length."""
    if not len(lengths_s):
        return []
    total = f"{lengths_s.sum():.1f} s"
    if len(lengths_s) == 1:
        return [f"1 gap of {total}: no stride is counted there"]
    longest = f"the longest {lengths_s.max():.1f} s"
    return [f"{len(lengths_s)} gaps, {total} in all, {longest}: no stride is counted there"]


def _gap_rows(time_s: FloatArray, rate_hz: float) -> NDArray[np.intp]:
    """(m,) rows after which a recording pauses."""
    return long_steps(time_s, longest_step_s(1 / rate_hz))


def long_steps(time_s: FloatArray, length_s: float) -> NDArray[np.intp]:
    """(m,) rows after which the next comes later than ``length_s``."""
    long = [
        rows.start + np.flatnonzero(np.diff(time_s[rows.start : rows.stop + 1]) > length_s)
        for rows in blocks(len(time_s), time_s)
    ]
    return np.concatenate([np.empty(0, dtype=np.intp), *long])


def counted_rate_hz(time_s: FloatArray, counter: FloatArray) -> float:
    """Rate of the sensor by its own counter, whatever was lost; 0 if the counter is unusable."""
    counts = np.diff(counter)
    paces = (np.diff(time_s) / np.where(counts > 0, counts, np.nan))[counts > 0]
    pace = median(paces) if len(paces) else 0.0
    return round(1.0 / pace, _HZ_DIGITS) if pace > _SHORTEST_S else 0.0


def note_lost(counter: FloatArray) -> list[str]:
    """Report how many samples are missing according to the counter."""
    lowest, highest = extremes(counter)
    sent = float(highest - lowest + 1)
    lost = (sent - len(counter)) / sent
    if lost <= _LOST_SHARE:
        return []
    return [f"{lost:.0%} of the readings were lost: strides may be missed or less precisely timed"]


def _from_counter(time_s: FloatArray, counter: FloatArray) -> FloatArray:
    """Uniform times from a counter, anchored to the stamps again after each pause."""
    steps = np.diff(time_s)
    middle = median(steps)
    if median(np.abs(steps - middle)) < 0.1 * middle and not _is_bursty(time_s):
        # Stamps were written per row, whatever was lost between.
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


def _sampled_steps(time_s: FloatArray) -> FloatArray:
    """Steps between consecutive rows, enough for a median."""
    return np.asarray(picked(time_s, sampled(len(time_s) - 1), 1))


def median(values: NDArray[Any]) -> float:
    """Median, of a sample if there are very many values."""
    return float(np.median(picked(values, sampled(len(values)))))
