"""From a draft to a recording: clock, held readings, unit, gravity, sign, and the other sensors."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording
from retrodetect.formats.clock import Timeline, robust_rate_hz, seconds_on, timeline, valid
from retrodetect.formats.draft import Draft, Note, Series, Stamps
from retrodetect.formats.level import Level, Scale, resolve
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.units import unit_in
from retrodetect.recording import Annotation, Finding, FloatArray, Recording

__all__ = ["LOWEST_RATE_HZ", "assemble", "gaps_s"]

LOWEST_RATE_HZ = 15.0
"""Under this the impact of a step (0.1 s, Whittle 1999) falls between two samples."""

_GAP_S = 0.25
_FREEZE_S = 2.0
"""A sensor that repeats itself for longer than this stands still or has stopped."""

_HELD_SHARE = 0.1
_HELD_STEP_QUANTA = 4.0
_QUANTUM_ROWS = 20_000
_ROTATION_MAX_RADPS = 100.0
_INSIDE = {
    "rotation": "rotation", "magnetic_field_ut": "magnetic", "pressure_hpa": "pressure",
    "speed_mps": "speed", "altitude_m": "length",
}  # fmt: skip


def assemble(
    draft: Draft, name: str, label: str, format_name: str, options: ReadOptions
) -> Recording:
    """Resolve a draft.

    Parameters
    ----------
    draft
        As the format read it.
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
    if options.rate_hz is not None:
        work.draft = work.draft.with_(
            stamps=replace(work.draft.stamps, ticks=None, rate_hz=options.rate_hz)
        )
    work.set_clock()
    work.drop_held()
    rate_hz = robust_rate_hz(work.line.time_s)
    if rate_hz < LOWEST_RATE_HZ:
        raise RefusedRecording(
            f"gives only {rate_hz:.3g} readings a second",
            file=label,
            remedy=f"record with at least {LOWEST_RATE_HZ:g} Hz, better 50 Hz",
        )
    scale = _scaled(work, rate_hz, options, label)
    flip = _flip(work, scale, options)
    values = work.draft.acceleration.values
    values *= scale.mps2 * flip
    return Recording(
        name=name,
        time_s=work.line.time_s,
        acceleration_mps2=values,
        rate_hz=rate_hz,
        format=format_name,
        gravity=scale.gravity,
        angular_rate_radps=_rotation(work),
        channels=_channels(work, options),
        start_time=work.line.start_time or draft.start_time,
        placement=draft.placement,
        annotations=_annotations(draft.notes, work.line),
        findings=(*_origins(draft), *scale.findings, *work.findings, *work.line.findings),
        warnings=(*draft.warnings, *scale.warnings, *work.warnings, *_gap_warning(work.line)),
    )


def gaps_s(time_s: FloatArray, rate_hz: float) -> FloatArray:
    """Lengths of the pauses that split a recording, in seconds."""
    steps = np.diff(time_s)
    return np.asarray(steps[steps > max(_GAP_S, 2.5 / rate_hz)])


@dataclass
class _Work:
    """A draft on its way, with what was concluded so far."""

    draft: Draft
    label: str

    def __post_init__(self) -> None:
        self.line: Timeline
        self.findings: list[Finding] = []
        self.warnings: list[str] = []

    def keep(self, rows: NDArray[np.intp]) -> None:
        """Keep some rows of everything that stands in the accelerometer's rows."""
        self.draft = self.draft.take(rows)

    def drop_incomplete(self) -> None:
        """Drop rows without a complete reading or without a time."""
        values = self.draft.acceleration.values
        sums = values.sum(axis=1)
        whole = np.isfinite(sums)
        whole[: int(np.argmax(values.any(axis=1)))] = False  # zeros until the sensor's first event
        timed = valid(self.draft.stamps)
        if timed is not None:
            whole &= timed
        if not whole.all():
            kept = np.flatnonzero(whole)
            lost = len(whole) - len(kept)
            inside = (kept[-1] - kept[0] + 1 - len(kept)) if len(kept) else 0
            self.keep(kept)
            if inside:
                self.warnings.append(f"{lost} rows without a complete reading were dropped")
        self._require(2)

    def set_clock(self) -> None:
        """Find the seconds of each row, and keep the rows that have their place."""
        values = self.draft.acceleration.values
        self.line = timeline(self.draft.stamps, _repeated(values), self.label)
        if self.line.rows is not None:
            self.keep(self.line.rows)
        self.warnings.extend(self.line.warnings)
        self._require(2)

    def drop_held(self) -> None:
        """Collapse runs of a reading that was only repeated, and leave frozen stretches as gaps."""
        values, time_s = self.draft.acceleration.values, self.line.time_s
        repeated = _repeated(values)
        if not repeated.any():
            return
        starts = np.flatnonzero(~repeated)
        ends = np.append(starts[1:], len(repeated))
        spans = time_s[ends - 1] - time_s[starts]
        is_held = repeated.mean() >= _HELD_SHARE and _steps_are_large(values, repeated)
        frozen = spans > _FREEZE_S
        dead = frozen & ~values[starts].any(axis=1)
        drop = repeated.copy() if is_held else np.zeros(len(repeated), dtype=bool)
        for run in np.flatnonzero(frozen if is_held else dead):
            drop[starts[run] + (not dead[run]) : ends[run]] = True
        if is_held:
            self.warnings.append(
                f"{repeated.mean():.0%} of the rows only repeat the reading before and were dropped"
            )
        if (frozen if is_held else dead).any():
            total = float(spans[frozen if is_held else dead].sum())
            self.warnings.append(f"the sensor stood still for {total:.0f} s; left as gaps")
        kept = np.flatnonzero(~drop)
        if len(kept) < 2:
            raise RefusedRecording("its acceleration never changes", file=self.label,
                                   remedy="check that the sensor was on")  # fmt: skip
        self.keep(kept)
        origin = self.line.origin
        if kept[0] > 0 and origin.ticks is not None and origin.tick_s is not None:
            shift = time_s[kept[0]] / origin.tick_s
            origin = replace(origin, ticks=(origin.ticks + shift).astype(origin.ticks.dtype))
        self.line = replace(self.line, time_s=time_s[kept] - time_s[kept[0]], origin=origin)

    def _require(self, count: int) -> None:
        found = len(self.draft.acceleration.values)
        if found < count:
            raise RefusedRecording(
                f"holds {found} sample{'s' * (found != 1)} of acceleration",
                file=self.label,
                remedy="record for longer",
            )


def _repeated(values: FloatArray) -> NDArray[np.bool_]:
    """(n,) whether a row has the readings of the row before."""
    same = values[1:, 0] == values[:-1, 0]
    for axis in (1, 2):
        same &= values[1:, axis] == values[:-1, axis]
    return np.concatenate([[False], same])


def _steps_are_large(values: FloatArray, repeated: NDArray[np.bool_]) -> bool:
    """Whether readings jump by many quanta after a repeat, as held ones do and resting ones do not."""
    part = values[:_QUANTUM_ROWS]
    steps = np.abs(np.diff(part, axis=0))
    smallest = [axis[axis > 0].min(initial=np.inf) for axis in steps.T]
    jumps = np.abs(np.diff(values, axis=0))[repeated[:-1] & ~repeated[1:]]
    if not len(jumps):
        return True
    return bool(np.median((jumps / smallest).max(axis=1)) >= _HELD_STEP_QUANTA)


def _scaled(work: _Work, rate_hz: float, options: ReadOptions, label: str) -> Scale:
    """Settle unit and gravity, after adding the gravity that the app had taken off."""
    draft = work.draft
    acceleration, gravity = draft.acceleration, draft.gravity
    added = _aligned(draft.gravity_vector, work)
    if added is not None and options.gravity != "linear":
        factor = (unit_in("acceleration", draft.gravity_vector.unit) or 1.0) / (  # type: ignore[union-attr]
            unit_in("acceleration", acceleration.unit) or 1.0
        )
        known = np.isfinite(added.sum(axis=1))
        if known.sum() >= 2:
            rows = np.flatnonzero(known)
            work.keep(rows)
            work.draft.acceleration.values[:] += factor * added[rows]
            work.line = _cut(work.line, rows)
            because = "gravity column added to linear acceleration"
            gravity = None if gravity is None else replace(gravity, value="total", because=because)
    level = Level.of(work.draft.acceleration.values, rate_hz)
    return resolve(level, acceleration.unit, gravity, options, label)


def _cut(line: Timeline, rows: NDArray[np.intp]) -> Timeline:
    """Timeline of some of its rows."""
    time_s, origin = line.time_s, line.origin
    if rows[0] > 0 and origin.ticks is not None and origin.tick_s is not None:
        shift = time_s[rows[0]] / origin.tick_s
        origin = replace(origin, ticks=(origin.ticks + shift).astype(origin.ticks.dtype))
    return replace(line, time_s=time_s[rows] - time_s[rows[0]], origin=origin)


def _flip(work: _Work, scale: Scale, options: ReadOptions) -> int:
    """1 or -1: what turns the readings into specific force."""
    sign = work.draft.sign
    if options.sign is not None:
        words = "an axis that points up reads " + (
            "+1 g" if options.sign == "+" else "-1 g, turned"
        )
        work.findings.append(Finding("sign", words, "given"))
        return 1 if options.sign == "+" else -1
    if sign is None:
        words = "as it is: an axis that points up is taken to read +1 g"
        work.findings.append(Finding("sign", words, "assumed"))
        return 1
    words = f"{'as it is' if sign.value == 1 else 'turned'} ({sign.because})"
    work.findings.append(Finding("sign", words, sign.ground))
    return sign.value


def _rotation(work: _Work) -> FloatArray | None:
    series = work.draft.rotation
    values = _aligned(series, work)
    if series is None or values is None:
        return None
    factor = unit_in("rotation", series.unit)
    if factor is None:
        # Only a rate in degrees reaches hundreds; a leg in swing turns at 8 rad/s.
        top = float(np.nanpercentile(np.abs(values), 99)) if np.isfinite(values).any() else 0.0
        factor = np.pi / 180 if top > 20 else 1.0
        unit = "deg/s" if top > 20 else "rad/s"
        work.findings.append(Finding("gyroscope unit", unit, "assumed"))
    return values * factor


def _channels(work: _Work, options: ReadOptions) -> dict[str, FloatArray]:
    channels = {}
    for name, series in work.draft.channels.items():
        values = _aligned(series, work)
        if values is None or not np.isfinite(values).any():
            continue
        if name in ("latitude_deg", "longitude_deg") and not options.coordinates:
            continue
        quantity = _INSIDE.get(name)
        channels[name] = values * (unit_in(quantity, series.unit) or 1.0) if quantity else values
    return channels


def _aligned(series: Series | None, work: _Work) -> FloatArray | None:
    """Readings on the accelerometer's clock; NaN outside their own time and within their gaps."""
    if series is None:
        return None
    if series.stamps is None:
        return series.values
    known = np.isfinite(series.values.reshape(len(series.values), -1)).all(axis=1)
    timed = valid(series.stamps)
    rows = np.flatnonzero(known if timed is None else known & timed)
    if len(rows) < 2:
        return None
    time_s = seconds_on(work.line, series.stamps.take(rows))
    if time_s is None:
        work.warnings.append(
            f"{series.stamps.label}: its clock cannot be laid on the accelerometer's"
        )
        return None
    time_s, unique = np.unique(time_s, return_index=True)
    values = series.values[rows[unique]]
    return _interpolated(work.line.time_s, time_s, values)


def _interpolated(at_s: FloatArray, time_s: FloatArray, values: FloatArray) -> FloatArray:
    """Values (n,) or (n, k) at other times, NaN where none is near."""
    columns = values.reshape(len(values), -1)
    result = np.stack([np.interp(at_s, time_s, c, np.nan, np.nan) for c in columns.T], axis=1)
    steps = np.diff(time_s)
    following = np.clip(np.searchsorted(time_s, at_s), 1, len(time_s) - 1)
    step = steps[following - 1]
    # Slow sensors (barometer, GPS) are joined over their own period, fast ones not over a gap.
    result[step > max(_GAP_S, 2.5 * float(np.median(steps)))] = np.nan
    return result if values.ndim > 1 else result[:, 0]


def _annotations(notes: tuple[Note, ...], line: Timeline) -> tuple[Annotation, ...]:
    ordered = sorted(notes, key=lambda note: note.tick)
    stamps = replace(line.origin, ticks=np.array([note.tick for note in ordered]), counter=None)
    times = seconds_on(line, stamps) if notes else None
    if times is None:
        return ()
    return tuple(
        Annotation(float(at), float(at), note.text) for at, note in zip(times, ordered, strict=True)
    )


def _origins(draft: Draft) -> list[Finding]:
    facts = (("device", draft.device), ("platform", draft.platform), ("columns", draft.columns))
    return [Finding(topic, value, "stated") for topic, value in facts if value]


def _gap_warning(line: Timeline) -> list[str]:
    gaps = gaps_s(line.time_s, robust_rate_hz(line.time_s))
    if not len(gaps):
        return []
    return [f"{len(gaps)} gap{'s' * (len(gaps) > 1)}, {gaps.sum():.1f} s in all, "
            f"the longest {gaps.max():.1f} s"]  # fmt: skip
