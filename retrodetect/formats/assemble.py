"""From a draft to a recording: clock, held readings, unit, gravity, sign, and the other sensors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.align import (
    Placed,
    in_unit,
    place_notes,
    rotation_unit,
    turning_on,
    without_coordinates,
)
from retrodetect.formats.clock import (
    ROWS,
    Timeline,
    following,
    lead_s,
    strays,
    timeline,
    valid,
)
from retrodetect.formats.draft import Draft
from retrodetect.formats.holds import LOWEST_RATE_HZ, find_holds, find_slow, repeated_later, repeats
from retrodetect.formats.level import (
    Level,
    Scale,
    check_axes,
    check_offset,
    resolve,
    uneven_axes,
)
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.remarks import Remark, Remarks
from retrodetect.formats.repair import note_rates, robust_rate_hz
from retrodetect.formats.units import unit_in
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Finding, FloatArray, Ground, Recording

__all__ = ["assemble", "gaps_s"]

_GAP_S = 0.25
_LARGEST = 1e6
"""No reading is larger in any unit, counts of 16 bits and mg included."""

_IMPOSSIBLE_MPS2 = 500 * STANDARD_GRAVITY_MPS2
"""Beyond the range of any accelerometer that is worn (±400 g)."""

_CLIP_ABOVE_MPS2 = 1.5 * STANDARD_GRAVITY_MPS2
_CLIP_COUNT = 5
_CLIP_SHARE = 0.001
_CLIP_MUCH = 0.02
_LEAD_TOLD_S = 1.0
_FASTEST_HZ = 2500.0
"""No accelerometer worn on a body samples faster, save in files that state their rate."""


def assemble(
    draft: Draft, name: str, label: str, format_name: str, options: ReadOptions
) -> Iterator[Recording]:
    """Resolve a draft chunk by chunk.

    Unit, gravity, sign, rate and epoch are settled by the first chunk, or by as many as it takes;
    a clock that must be rebuilt as a whole takes all.

    Parameters
    ----------
    draft
        As the format read it; its acceleration is scaled in place.
    name
        Of the recording.
    label
        Of the file, for messages.
    format_name
        Of the format that read it.
    options
        What the user said.

    Returns
    -------
    iterator of Recording
        Consecutive parts on one clock, at least one; with the same findings, and with warnings of
        all that was found so far.

    Raises
    ------
    RefusedRecording
        Where too little is left, or it is too slow, or its unit cannot be told. This is raised at
        once, not by the iterator.
    """
    draft, count = _with_rate(draft, options), 1
    while True:
        try:
            settled = _settle(draft, label, options)
            longer = draft if settled.chunk.line.carry.is_steady else draft.extended()
        except RefusedRecording:
            longer, count = draft.extended(count), 2 * count
            if longer is draft:
                raise
        if longer is draft:
            break
        draft = longer
    chunk, remarks = settled.chunk, Remarks()
    sensors = _Sensors.of(chunk, options)
    remarks.add([*draft.warnings, *settled.scale.warnings, *uneven_axes(chunk.values)])
    remarks.add(repeated_later(chunk.values, chunk.line.time_s, chunk.line.rate_hz))
    remarks.add([*chunk.notes, *chunk.line.warnings, *sensors.unplaced(), *sensors.notes])
    first = Recording(
        name=name,
        rate_hz=chunk.line.rate_hz,
        format=format_name,
        gravity=settled.scale.gravity,
        start_time=_start_time(draft, chunk.line),
        placement=draft.placement,
        annotations=place_notes(draft.notes, chunk.line),
        findings=(
            *_origins(draft, options), *settled.scale.findings, settled.sign_finding,
            *chunk.line.findings, *sensors.findings,
        ),
        **_arrays(chunk, settled, sensors, remarks),
    )  # fmt: skip
    # Of the first chunk only what holds for all is kept while the others are read.
    rest = draft.take(np.empty(0, dtype=np.intp))
    return chain([first], _following(rest, first, settled, sensors, remarks))


def _following(
    draft: Draft, first: Recording, settled: _Settled, sensors: _Sensors, remarks: Remarks
) -> Iterator[Recording]:
    """The other chunks, as far as anything is left of them."""
    line, last_s = settled.chunk.line, float(first.time_s[-1])
    settled.chunk.empty()
    for rows in draft.more:
        if not len(rows.acceleration.values):
            continue
        chunk = _Chunk.after(line, draft.followed_by(rows))
        line = chunk.line
        remarks.add([*rows.warnings, *line.warnings])
        if len(chunk.values):
            chunk.drop_held()
            if settled.adds_gravity:
                chunk.add_gravity(sensors.gravity_at(chunk))
            chunk.drop_impossible(settled.scale.mps2)
            chunk.drop_slow()
        remarks.add(chunk.notes)
        if len(chunk.values):
            part = first.with_(**_arrays(chunk, settled, sensors, remarks, last_s))
            last_s = float(part.time_s[-1])
            yield part


def _arrays(
    chunk: _Chunk,
    settled: _Settled,
    sensors: _Sensors,
    remarks: Remarks,
    last_s: float | None = None,
) -> dict[str, Any]:
    """Arrays of a chunk as a recording has them, with the warnings up to here."""
    values, factor, time_s = chunk.values, settled.scale.mps2 * settled.sign, chunk.line.time_s
    remarks.add(chunk.clipped(settled.scale.mps2))
    if factor != 1:
        values *= factor
    rotation, channels = sensors.beside(chunk)
    from_s = time_s if last_s is None else np.append(last_s, time_s)
    remarks.add(
        [*_gap_remarks(from_s, chunk.line.rate_hz), *note_rates(time_s, chunk.line.rate_hz)]
    )
    return {
        "time_s": time_s,
        "acceleration_mps2": values,
        "angular_rate_radps": rotation,
        "channels": channels,
        "warnings": remarks.sentences(),
    }


def gaps_s(time_s: FloatArray, rate_hz: float) -> FloatArray:
    """Lengths of the pauses that split a recording, in seconds."""
    steps = np.diff(time_s)
    return np.asarray(steps[steps > max(_GAP_S, 2.5 / rate_hz)])


@dataclass
class _Chunk:
    """Rows of a draft, from which those that are no readings fall out, one kind after the other."""

    draft: Draft
    line: Timeline
    repeated: NDArray[np.bool_]
    notes: list[Remark] = field(default_factory=list)
    is_first: bool = True
    _limits: FloatArray | None = None

    @property
    def values(self) -> FloatArray:
        """(n, 3) readings that are left, in the file's unit."""
        return self.draft.acceleration.values

    @classmethod
    def first(cls, draft: Draft, label: str) -> _Chunk:
        """Rows with a complete reading, each with its time, in order."""
        _require(draft, 1, label)
        stamps = draft.stamps
        draft, notes = _complete(draft, is_first=True)
        _require(draft, 2, label)
        repeated = repeats(draft.acceleration.values)
        line = timeline(draft.stamps, draft.acceleration.values, repeated, label)
        without_s, zero_s = lead_s(stamps, line)
        line = line.begun_at(without_s, zero_s)
        if without_s > _LEAD_TOLD_S:
            notes.append(Remark(f"its first {without_s:.1f} s hold no reading"))
        if line.rows is not None:
            draft = draft.take(line.rows)
            repeated = repeats(draft.acceleration.values)
        return cls(draft, line, repeated, notes)

    @classmethod
    def after(cls, line: Timeline, draft: Draft) -> _Chunk:
        """As `first`, for rows that follow; there may be none left."""
        draft, notes = _complete(draft, is_first=False)
        repeated = repeats(draft.acceleration.values)
        line = following(line, draft.stamps, repeated)
        if line.rows is not None:
            draft = draft.take(line.rows)
            repeated = repeats(draft.acceleration.values)
        return cls(draft, line, repeated, notes, is_first=False)

    def drop_held(self, label: str = "") -> None:
        """Leave out rows that only repeat a reading."""
        holds = find_holds(self.values, self.line.time_s, self.repeated)
        if holds is None:
            return
        kept = np.flatnonzero(~holds.drop)
        if self.is_first and len(kept) < 2:
            raise RefusedRecording(
                "its acceleration never changes",
                file=label,
                remedy="check that the sensor was on",
            )
        self.notes.extend(holds.notes)
        self.keep(kept)
        self.line = replace(self.line, rate_hz=self.line.effective_hz)

    def drop_slow(self) -> None:
        """Leave out stretches with too few readings to see a step."""
        slow = find_slow(self.line.time_s, self.line.rate_hz)
        if slow is not None:
            self.notes.extend(slow.notes)
            self.keep(np.flatnonzero(~slow.drop))

    def add_gravity(self, added: FloatArray | None) -> bool:
        """Add the gravity that the app had taken off, where there is any; tell whether.

        Rows without any fall out.
        """
        gravity = self.draft.gravity_vector
        if gravity is None or added is None:
            return False
        rows = np.flatnonzero(np.isfinite(added.sum(axis=1)))
        if self.is_first and len(rows) < 2:
            return False
        own = unit_in("acceleration", self.draft.acceleration.unit)
        theirs = unit_in("acceleration", gravity.unit)
        self.keep(rows)
        total = self.values + added[rows] * (theirs or 1.0) / (own or 1.0)
        self.draft = self.draft.with_(acceleration=replace(self.draft.acceleration, values=total))
        self._limits = None
        claim = self.draft.gravity
        if claim is not None:
            because = "gravity column added to linear acceleration"
            self.draft = self.draft.with_(gravity=replace(claim, value="total", because=because))
        return True

    def drop_impossible(self, mps2: float) -> None:
        """Drop readings that no sensor gives, of so many m/s² to the unit."""
        most = _IMPOSSIBLE_MPS2 / mps2
        if len(self.values) and np.abs(self.limits()).max() >= most:
            kept = np.flatnonzero(np.abs(self.values).max(axis=1) < most)
            amounts = {"count": len(self.values) - len(kept)}
            self.notes.append(Remark("dropped {count} impossible reading{s}", amounts))
            self.keep(kept)

    def clipped(self, mps2: float) -> list[Remark]:
        """Say where axes stay at their very limits, as a sensor does that reached its range."""
        said = []
        for axis, column, limits in zip("xyz", self.values.T, self.limits().T, strict=True):
            for limit in limits:
                reach_mps2 = abs(limit * mps2)
                count = np.count_nonzero(column == limit) if reach_mps2 > _CLIP_ABOVE_MPS2 else 0
                if count >= _CLIP_COUNT and count > _CLIP_SHARE * len(column):
                    reach_g = limit * mps2 / STANDARD_GRAVITY_MPS2
                    text = f"{axis} is cut off at {reach_g:.3g} g in {{count}} reading{{s}}"
                    amounts: dict[str, float] = {"count": int(count)}
                    if count > _CLIP_MUCH * len(column):
                        text += " ({share:.0%}): pace, direction and share may be wrong there"
                        amounts |= {"part": int(count), "all": len(column)}
                    said.append(Remark(text, amounts))
        return said

    def limits(self) -> FloatArray:
        """(2, 3) smallest and largest readings, kept for as long as the rows are the same."""
        if self._limits is None:
            self._limits = np.stack([self.values.min(axis=0), self.values.max(axis=0)])
        return self._limits

    def empty(self) -> None:
        """Let go of the rows."""
        self.draft = self.draft.take(np.empty(0, dtype=np.intp))

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Keep some rows of the draft and of its timeline."""
        if len(rows) == len(self.line.time_s):
            return
        self.draft, self._limits = self.draft.take(rows), None
        is_rest = not self.is_first or not len(rows)
        self.line = self.line.take(rows)
        if not is_rest:
            self.line = replace(self.line, effective_hz=robust_rate_hz(self.line.time_s))


@dataclass(frozen=True, slots=True)
class _Settled:
    """What the first chunk settled for all of them."""

    chunk: _Chunk
    scale: Scale
    sign: int
    sign_finding: Finding
    adds_gravity: bool


def _settle(draft: Draft, label: str, options: ReadOptions) -> _Settled:
    """Settle rate, unit, gravity and sign; nothing is changed in the draft."""
    chunk = _Chunk.first(draft, label)
    if options.rate_hz is not None:
        given = tuple(replace(found, ground="given") for found in chunk.line.findings)
        chunk.line = replace(chunk.line, findings=given)
    chunk.drop_held(label)
    adds_gravity = options.gravity != "linear" and chunk.add_gravity(_gravity(chunk))
    if chunk.line.effective_hz < LOWEST_RATE_HZ:
        raise RefusedRecording(
            f"gives only {chunk.line.effective_hz:.3g} readings a second",
            file=label,
            remedy=f"record with at least {LOWEST_RATE_HZ:g} Hz, better 50 Hz",
        )
    if chunk.line.effective_hz > _FASTEST_HZ and options.rate_hz is None:
        raise RefusedRecording(
            f"gives {chunk.line.effective_hz:,.0f} readings a second by its clock, which no sensor "
            "that is worn does",
            file=label,
            remedy="give the rate with --rate",
        )
    check_axes(chunk.values, label)
    if not (chunk.draft.acceleration.unit or options.unit):
        check_offset(chunk.values, label)
    level = Level.of(chunk.values, chunk.line.rate_hz)
    scale = resolve(level, chunk.draft.acceleration.unit, chunk.draft.gravity, options, label)
    if scale.gravity == "linear" and not draft.is_named and options.gravity is None:
        raise RefusedRecording(
            "nothing says that its columns are acceleration, and their mean shows no gravity",
            file=label,
            remedy="if they are, say so with --gravity linear",
        )
    chunk.drop_impossible(scale.mps2)
    chunk.drop_slow()
    _require(chunk.draft, 2, label)
    return _Settled(chunk, scale, *_sign(draft, options), adds_gravity)


def _start_time(draft: Draft, line: Timeline) -> datetime | None:
    """Wall clock at second 0; a format tells that of the file's first row."""
    if line.start_time is not None or draft.start_time is None:
        return line.start_time
    return draft.start_time - timedelta(seconds=line.zero_s)


def _with_rate(draft: Draft, options: ReadOptions) -> Draft:
    """Set the clock aside for a given rate, and number the rows where only that tells their time.

    They are numbered before any falls out, so that those behind keep their place.
    """
    begin = 0

    def prepare(chunk: Draft) -> Draft:
        nonlocal begin
        stamps = chunk.stamps
        if options.rate_hz is not None:
            stamps = replace(stamps, ticks=None, rate_hz=options.rate_hz)
        if stamps.ticks is None and stamps.counter is None:
            numbers = np.arange(begin, begin + len(chunk.acceleration.values), dtype=np.float64)
            begin += len(numbers)
            stamps = replace(stamps, counter=numbers, label=ROWS)
        return chunk.with_(stamps=stamps)

    return draft.each(prepare)


def _complete(draft: Draft, *, is_first: bool) -> tuple[Draft, list[Remark]]:
    """Rows with a complete reading and time, without the zeros before the first event."""
    values = draft.acceleration.values
    timed = valid(draft.stamps)
    with np.errstate(invalid="ignore", over="ignore"):  # infinities, and what adds up to them
        is_sane = abs(values.sum()) < _LARGEST * len(values)
        if is_sane and timed is None and (not is_first or values[0].any()):
            return _near(draft, [])
        whole: NDArray[np.bool_] = np.abs(values).sum(axis=1) < _LARGEST
    if is_first:
        whole[: int(np.argmax(values.any(axis=1)))] = False
    if timed is not None:
        whole &= timed
    kept = np.flatnonzero(whole)
    lost = kept[-1] - kept[0] + 1 - len(kept) if len(kept) else 0
    text = "dropped {count} row{s} without a complete reading"
    return _near(draft.take(kept), [Remark(text, {"count": int(lost)})] if lost else [])


def _near(draft: Draft, remarks: list[Remark]) -> tuple[Draft, list[Remark]]:
    """Rows whose time fits those of their neighbours."""
    far = strays(draft.stamps)
    if far is None:
        return draft, remarks
    text = "dropped {count} row{s} with a time far from all others"
    remark = Remark(text, {"count": int(np.count_nonzero(far))})
    return draft.take(np.flatnonzero(~far)), [*remarks, remark]


def _require(draft: Draft, count: int, label: str) -> None:
    found = len(draft.acceleration.values)
    if found < count:
        raise RefusedRecording(
            "holds 1 sample of acceleration"
            if found
            else "holds no row with a reading of all three axes",
            file=label,
            remedy="record for longer, with all axes of the accelerometer",
        )


@dataclass
class _Sensors:
    """The other sensors of a recording, on the accelerometer's clock.

    Parameters
    ----------
    units
        Unit of each by its name, ``rotation`` among them.
    placed
        Those with a clock of their own, None where it has no origin in common.
    gravity
        The gravity that the app took off, where it has a clock of its own.
    channels
        Names of those of which there is anything.
    turn
        Factor from the gyroscope's unit to rad/s; None without a gyroscope.
    findings
        What was assumed of that unit.
    notes
        What is odd about its readings.
    """

    units: Mapping[str, str]
    placed: Mapping[str, Placed | None]
    gravity: Placed | None
    channels: tuple[str, ...] = ()
    turn: float | None = None
    findings: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, chunk: _Chunk, options: ReadOptions) -> _Sensors:
        """Find them; without coordinates unless these are asked for."""
        draft = chunk.draft
        series = dict(
            draft.channels if options.coordinates else without_coordinates(draft.channels)
        )
        if draft.rotation is not None:
            series["rotation"] = draft.rotation
        apart = {name: one for name, one in series.items() if one.stamps is not None}
        gravity = draft.gravity_vector
        found = cls(
            units={name: one.unit for name, one in series.items()},
            placed={name: Placed.of(one, chunk.line) for name, one in apart.items()},
            gravity=Placed.of(gravity, chunk.line) if gravity and gravity.stamps else None,
        )
        values = found._readings(chunk)
        found.channels = tuple(
            name for name in draft.channels if name in values and np.isfinite(values[name]).any()
        )
        if "rotation" in values:
            found.turn, finding = rotation_unit(found.units["rotation"], values["rotation"])
            found.findings = (finding,) if finding else ()
            found.notes = tuple(turning_on(values["rotation"] * found.turn))
        return found

    def beside(self, chunk: _Chunk) -> tuple[FloatArray | None, dict[str, FloatArray]]:
        """Angular rate in rad/s and the other channels at the times of a chunk."""
        values = self._readings(chunk)
        rotation = None if self.turn is None else values["rotation"] * self.turn
        return rotation, {
            name: in_unit(name, self.units[name], values[name]) for name in self.channels
        }

    def gravity_at(self, chunk: _Chunk) -> FloatArray | None:
        """Gravity at the times of a chunk, in its own unit."""
        return _gravity(chunk) if self.gravity is None else self.gravity.at(chunk.line.time_s)

    def unplaced(self) -> list[str]:
        """Name the sensors whose clock has no common origin with the accelerometer's."""
        lost = [name for name, placed in self.placed.items() if placed is None]
        return [f"{', '.join(lost)}: not on the accelerometer's clock, left out"] if lost else []

    def _readings(self, chunk: _Chunk) -> dict[str, FloatArray]:
        """Readings of each at the times of a chunk, in its own unit."""
        own = dict(chunk.draft.channels)
        if chunk.draft.rotation is not None:
            own["rotation"] = chunk.draft.rotation
        found = {name: own[name].values for name in self.units if name not in self.placed}
        placed = ((name, one) for name, one in self.placed.items() if one is not None)
        return found | {name: one.at(chunk.line.time_s) for name, one in placed}


def _gravity(chunk: _Chunk) -> FloatArray | None:
    """Gravity at the times of a chunk, in its own unit."""
    gravity = chunk.draft.gravity_vector
    if gravity is None or gravity.stamps is None:
        return None if gravity is None else gravity.values
    placed = Placed.of(gravity, chunk.line)
    return None if placed is None else placed.at(chunk.line.time_s)


def _sign(draft: Draft, options: ReadOptions) -> tuple[int, Finding]:
    """1 or -1: what turns the readings into specific force."""
    if options.sign is not None:
        reads = "+1 g, as it is" if options.sign == "+" else "-1 g, turned"
        text = f"an axis that points up reads {reads}"
        return (1 if options.sign == "+" else -1), Finding("sign", text, "given")
    if draft.sign is None:
        text = "as it is: an axis that points up is taken to read +1 g"
        return 1, Finding("sign", text, "assumed")
    text = f"{'as it is' if draft.sign.value == 1 else 'turned'} ({draft.sign.because})"
    return draft.sign.value, Finding("sign", text, draft.sign.ground)


def _origins(draft: Draft, options: ReadOptions) -> list[Finding]:
    facts = [("device", draft.device), ("platform", draft.platform)]
    found = [Finding(topic, value, "stated") for topic, value in facts if value]
    ground: Ground = "given" if options.columns else "stated"
    return [*found, Finding("columns", draft.columns, ground)] if draft.columns else found


def _gap_remarks(time_s: FloatArray, rate_hz: float) -> list[Remark]:
    gaps = gaps_s(time_s, rate_hz)
    if not len(gaps):
        return []
    text = "{count} gap{s}, {seconds:.1f} s in all, the longest {longest:.1f} s"
    return [Remark(text, {"count": len(gaps), "seconds": gaps.sum(), "longest": gaps.max()})]
