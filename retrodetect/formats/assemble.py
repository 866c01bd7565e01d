"""From a draft to a recording: clock, held readings, unit, gravity, sign, and the other sensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.align import (
    align,
    in_unit,
    place_notes,
    rotation_unit,
    without_coordinates,
)
from retrodetect.formats.clock import Timeline, timeline, valid
from retrodetect.formats.draft import Draft, Series
from retrodetect.formats.holds import find_holds, repeats
from retrodetect.formats.level import Level, resolve
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.units import unit_in
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Finding, FloatArray, Ground, Recording

__all__ = ["LOWEST_RATE_HZ", "assemble", "gaps_s"]

LOWEST_RATE_HZ = 15.0
"""Under this the impact of a step (0.1 s, Whittle 1999) falls between two samples."""

_GAP_S = 0.25
_LARGEST = 1e6
"""No reading is larger in any unit, counts of 16 bits and mg included."""

_IMPOSSIBLE_MPS2 = 500 * STANDARD_GRAVITY_MPS2
"""Beyond the range of any accelerometer that is worn (±400 g)."""

_CLIP_ABOVE_MPS2 = 1.5 * STANDARD_GRAVITY_MPS2
_CLIP_COUNT = 5
_CLIP_SHARE = 0.001


def assemble(
    draft: Draft, name: str, label: str, format_name: str, options: ReadOptions
) -> Recording:
    """Resolve a draft.

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

    Raises
    ------
    RefusedRecording
        Where too little is left, or it is too slow, or its unit cannot be told.
    """
    work = _Work(draft, label)
    work.drop_incomplete()
    line = work.set_clock(options.rate_hz)
    line = work.drop_held(line)
    line = work.add_gravity(line, options)
    rate_hz = line.rate_hz
    if line.effective_hz < LOWEST_RATE_HZ:
        raise RefusedRecording(
            f"gives only {line.effective_hz:.3g} readings a second",
            file=label,
            remedy=f"record with at least {LOWEST_RATE_HZ:g} Hz, better 50 Hz",
        )
    draft = work.draft
    values = draft.acceleration.values
    scale = resolve(
        Level.of(values, rate_hz), draft.acceleration.unit, draft.gravity, options, label
    )
    if scale.gravity == "linear" and not draft.is_named and options.gravity is None:
        raise RefusedRecording(
            "nothing says that its columns are acceleration, and their mean shows no gravity",
            file=label,
            remedy="if they are, say so with --gravity linear",
        )
    sign, sign_finding = _sign(draft, options)
    if scale.mps2 * sign != 1:
        values *= scale.mps2 * sign
    line, reach = work.drop_impossible(line)
    draft, values = work.draft, work.draft.acceleration.values
    others = {name: align(series, line) for name, series in _others(draft, options).items()}
    rotation, rotation_findings = _rotation(draft, others.get("rotation"))
    return Recording(
        name=name,
        time_s=line.time_s,
        acceleration_mps2=values,
        rate_hz=rate_hz,
        format=format_name,
        gravity=scale.gravity,
        angular_rate_radps=rotation,
        channels=_channels(draft, others),
        start_time=line.start_time or draft.start_time,
        placement=draft.placement,
        annotations=place_notes(draft.notes, line),
        findings=(
            *_origins(draft, options), *scale.findings, sign_finding,
            *line.findings, *rotation_findings,
        ),
        warnings=(
            *draft.warnings, *scale.warnings, *work.notes, *line.warnings,
            *_unplaced_note(others),
            *_gap_note(gaps_s(line.time_s, rate_hz)), *_clip_note(values, reach),
        ),
    )  # fmt: skip


def gaps_s(time_s: FloatArray, rate_hz: float) -> FloatArray:
    """Lengths of the pauses that split a recording, in seconds."""
    steps = np.diff(time_s)
    return np.asarray(steps[steps > max(_GAP_S, 2.5 / rate_hz)])


@dataclass
class _Work:
    """A draft that loses the rows that are no readings, with what is to be said about it."""

    draft: Draft
    label: str
    notes: list[str] = field(default_factory=list)

    def drop_incomplete(self) -> None:
        """Drop rows without a complete reading or time, and zeros before the first event."""
        self._require(1)
        values = self.draft.acceleration.values
        timed = valid(self.draft.stamps)
        with np.errstate(invalid="ignore"):  # infinities of both signs
            total = abs(values.sum())
            if total < _LARGEST * len(values) and timed is None and values[0].any():
                return
            whole: NDArray[np.bool_] = np.abs(values).sum(axis=1) < _LARGEST
        whole[: int(np.argmax(values.any(axis=1)))] = False
        if timed is not None:
            whole &= timed
        kept = np.flatnonzero(whole)
        inside = kept[-1] - kept[0] + 1 - len(kept) if len(kept) else 0
        if inside:
            self.notes.append(f"{inside} rows without a complete reading were dropped")
        self.draft = self.draft.take(kept)

    def set_clock(self, rate_hz: float | None) -> Timeline:
        """Find the seconds of each row, and keep the rows that have their place."""
        self._require(2)
        stamps = self.draft.stamps
        if rate_hz is not None:
            stamps = replace(stamps, ticks=None, rate_hz=rate_hz)
        line = timeline(stamps, repeats(self.draft.acceleration.values), self.label)
        if rate_hz is not None:
            line = replace(line, findings=tuple(replace(f, ground="given") for f in line.findings))
        if line.rows is not None:
            self.draft = self.draft.take(line.rows)
        return line

    def drop_held(self, line: Timeline) -> Timeline:
        """Leave out rows that only repeat a reading."""
        values = self.draft.acceleration.values
        holds = find_holds(values, line.time_s, repeats(values))
        if holds is None:
            return line
        kept = np.flatnonzero(~holds.drop)
        if len(kept) < 2:
            raise RefusedRecording(
                "its acceleration never changes",
                file=self.label,
                remedy="check that the sensor was on",
            )
        self.notes.extend(holds.notes)
        line = self._keep(kept, line)
        return replace(line, rate_hz=line.effective_hz)

    def drop_impossible(self, line: Timeline) -> tuple[Timeline, FloatArray]:
        """Drop readings that no sensor gives, and tell the (2, 3) limits of the others in m/s²."""
        values = self.draft.acceleration.values
        reach = np.stack([values.min(axis=0), values.max(axis=0)])
        if np.abs(reach).max() < _IMPOSSIBLE_MPS2:
            return line, reach
        kept = np.flatnonzero(np.abs(values).max(axis=1) < _IMPOSSIBLE_MPS2)
        self.notes.append(f"{len(values) - len(kept)} impossible readings were dropped")
        line = self._keep(kept, line)
        self._require(2)
        return self.drop_impossible(line)

    def add_gravity(self, line: Timeline, options: ReadOptions) -> Timeline:
        """Add the gravity that the app had taken off, where the file has it."""
        gravity = self.draft.gravity_vector
        added = align(gravity, line)
        if gravity is None or added is None or options.gravity == "linear":
            return line
        rows = np.flatnonzero(np.isfinite(added.sum(axis=1)))
        if len(rows) < 2:
            return line
        own = unit_in("acceleration", self.draft.acceleration.unit)
        theirs = unit_in("acceleration", gravity.unit)
        line = self._keep(rows, line)
        self.draft.acceleration.values[:] += added[rows] * (theirs or 1.0) / (own or 1.0)
        claim = self.draft.gravity
        if claim is not None:
            because = "gravity column added to linear acceleration"
            self.draft = self.draft.with_(gravity=replace(claim, value="total", because=because))
        return line

    def _keep(self, rows: NDArray[np.intp], line: Timeline) -> Timeline:
        """Keep some rows of the draft and of its timeline."""
        if len(rows) == len(line.time_s):
            return line
        self.draft = self.draft.take(rows)
        return line.take(rows)

    def _require(self, count: int) -> None:
        found = len(self.draft.acceleration.values)
        if found < count:
            raise RefusedRecording(
                f"holds {found} sample{'s' * (found != 1)} of acceleration",
                file=self.label,
                remedy="record for longer",
            )


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


def _others(draft: Draft, options: ReadOptions) -> dict[str, Series]:
    """Sensors beside the accelerometer, without coordinates unless these are asked for."""
    channels = dict(draft.channels) if options.coordinates else without_coordinates(draft.channels)
    return channels if draft.rotation is None else {"rotation": draft.rotation, **channels}


def _rotation(
    draft: Draft, values: FloatArray | None
) -> tuple[FloatArray | None, tuple[Finding, ...]]:
    """Angular rate in rad/s, and what was assumed of its unit."""
    if draft.rotation is None or values is None:
        return None, ()
    factor, finding = rotation_unit(draft.rotation.unit, values)
    return values * factor, (finding,) if finding else ()


def _channels(draft: Draft, aligned: Mapping[str, FloatArray | None]) -> dict[str, FloatArray]:
    return {
        name: in_unit(name, draft.channels[name].unit, values)
        for name, values in aligned.items()
        if name in draft.channels and values is not None and np.isfinite(values).any()
    }


def _unplaced_note(aligned: Mapping[str, FloatArray | None]) -> list[str]:
    """Name the sensors whose clock has no common origin with the accelerometer's."""
    lost = [name for name, values in aligned.items() if values is None]
    return [f"{', '.join(lost)}: not on the accelerometer's clock, left out"] if lost else []


def _origins(draft: Draft, options: ReadOptions) -> list[Finding]:
    facts = [("device", draft.device), ("platform", draft.platform)]
    found = [Finding(topic, value, "stated") for topic, value in facts if value]
    ground: Ground = "given" if options.columns else "stated"
    return [*found, Finding("columns", draft.columns, ground)] if draft.columns else found


def _clip_note(values: FloatArray, reach: FloatArray) -> list[str]:
    """Say where an axis stays at its very limit, as a sensor does that reached its range."""
    for axis, column, limits in zip("xyz", values.T, reach.T, strict=True):
        for limit in limits:
            count = np.count_nonzero(column == limit) if abs(limit) > _CLIP_ABOVE_MPS2 else 0
            if count >= _CLIP_COUNT and count > _CLIP_SHARE * len(column):
                reach = abs(limit) / STANDARD_GRAVITY_MPS2
                return [f"{axis} is cut off at {reach:.3g} g in {count} readings"]
    return []


def _gap_note(gaps: FloatArray) -> list[str]:
    if not len(gaps):
        return []
    count = f"{len(gaps)} gap{'s' * (len(gaps) > 1)}"
    return [f"{count}, {gaps.sum():.1f} s in all, the longest {gaps.max():.1f} s"]
