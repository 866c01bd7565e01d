"""Recordings from arrays and data frames, read with the same care as files.

All of them pass through :func:`retrodetect.formats.reading.assemble`, like the exports of apps, so
that a wrong unit, a copied axis or a broken clock is noticed here too.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from retrodetect.errors import InputError, UsageError, about
from retrodetect.formats import ReadOptions
from retrodetect.formats.draft import Draft, Series, Stamps
from retrodetect.formats.exports.plain import PLAIN
from retrodetect.formats.files import Candidate
from retrodetect.formats.reading import assemble
from retrodetect.formats.source import Source
from retrodetect.formats.spool import Array
from retrodetect.formats.table import Table
from retrodetect.formats.text import unit_in, unit_in_mps2
from retrodetect.library import in_python_words
from retrodetect.recording import FloatArray, Gravity, Recording
from retrodetect.sites import canonical_site

__all__ = ["from_arrays", "from_dataframe"]

HEAD_ROWS = 1000
"""Rows of a data frame from which its columns are recognised."""

_GYROSCOPE = ("gx", "gy", "gz")


def from_arrays(
    acceleration: ArrayLike,
    *,
    rate_hz: float | None = None,
    time_s: ArrayLike | None = None,
    gyroscope: ArrayLike | None = None,
    unit: str | None = None,
    gyroscope_unit: str | None = None,
    gravity: Gravity | None = None,
    placement: str | None = None,
    start_time: datetime | None = None,
    name: str = "recording",
) -> Recording:
    """Make a recording from arrays.

    Parameters
    ----------
    acceleration : (n, 3) array
        Readings along x, y and z of the device, gravity included: at rest, the axis that points
        up reads +1 g. Rows with NaN are dropped.
    rate_hz
        Sampling rate; pass this or ``time_s``.
    time_s : (n,) array
        Time of each row, in seconds, or as ``datetime64``.
    gyroscope : (n, 3) array, optional
        Angular rate about the same axes, at the same times.
    unit
        Unit of the acceleration: ``m/s2``, ``g`` or ``mg``. By default it is inferred from the
        readings, which average 1 g in any unit.
    gyroscope_unit
        ``rad/s`` or ``deg/s``; by default inferred from the readings.
    gravity
        ``linear`` if gravity was removed.
    placement
        Body site, such as ``lower-back``.
    start_time
        Date and time of second 0.
    name
        Name of the recording in tables and messages.

    Returns
    -------
    Recording
        In m/s², rad/s and seconds, with every conclusion in ``findings``.

    Raises
    ------
    UsageError
        If a shape or unit is wrong, or the readings contradict the unit.
    RefusedRecording
        If the readings cannot honestly be used.

    Examples
    --------
    >>> steps = np.random.default_rng(0).normal([0, 0, 1], 0.1, size=(2000, 3))
    >>> from_arrays(steps, rate_hz=100, unit="g").duration_s
    19.99
    """
    values = _triad(acceleration, "acceleration", name)
    if (rate_hz is None) == (time_s is None):
        raise UsageError(
            "both rate_hz and time_s are given" if time_s is not None
            else "neither rate_hz nor time_s is given",
            file=name, remedy="pass rate_hz= or time_s=, not both",
        )  # fmt: skip
    seconds: FloatArray | None = None
    if time_s is not None:
        seconds, date = _seconds(time_s)
        start_time = start_time or date
    rotation = None if gyroscope is None else _triad(gyroscope, "gyroscope", name)
    for what, rows in (("time_s", seconds), ("gyroscope", rotation)):
        if rows is not None and len(rows) != len(values):
            raise UsageError(
                f"{what} has {len(rows)} rows, acceleration {len(values)}",
                file=name, remedy="pass one time for each row; resample the gyroscope to them",
            )  # fmt: skip
    draft = Draft(
        acceleration=Series(values),
        stamps=Stamps(None) if seconds is None else Stamps(seconds, 1.0, label="time_s"),
        rotation=None if rotation is None else Series(rotation),
        start_time=start_time,
        is_named=False,
    )
    options = _options(gravity=gravity, rate_hz=rate_hz)
    return _recording(draft, name, "arrays", unit, gyroscope_unit, placement, options)


def from_dataframe(
    df: pd.DataFrame,
    *,
    columns: Mapping[str, str] = MappingProxyType({}),
    rate_hz: float | None = None,
    unit: str | None = None,
    gyroscope_unit: str | None = None,
    gravity: Gravity | None = None,
    placement: str | None = None,
    name: str = "recording",
) -> Recording:
    """Make a recording from a data frame, whose columns are recognised as those of a file.

    Parameters
    ----------
    df : DataFrame
        One row for each sample. The time is in the index or in a column: ``datetime64``,
        ``timedelta64``, text, or numbers.
    columns
        Columns by role, if their names do not show it: ``x``, ``y``, ``z`` and, if you like,
        ``time`` and the gyroscope's ``gx``, ``gy``, ``gz``.
    rate_hz
        Sampling rate; the times are then ignored.
    unit, gyroscope_unit, gravity, placement, name
        As for :func:`from_arrays`. A unit in a column's name (``ax (g)``) counts too.

    Returns
    -------
    Recording
        As from :func:`from_arrays`.

    Raises
    ------
    UsageError
        If a column does not exist, or the readings contradict the unit.
    InputError
        If the frame contains several recordings.
    RefusedRecording
        If the readings cannot honestly be used.
    """
    frame = _with_index(df)
    if missing := [column for column in columns.values() if column not in frame]:
        raise UsageError(
            f"has no column {missing[0]!r}",
            file=name, remedy=f"use columns from {', '.join(map(repr, frame))}",
        )  # fmt: skip
    gyroscope = [columns[role] for role in _GYROSCOPE if role in columns]
    options = _options(
        gravity=gravity,
        rate_hz=rate_hz,
        columns={
            role: f"column {list(frame).index(column) + 1}"
            for role, column in columns.items()
            if role not in _GYROSCOPE
        },
    )
    clock, start_time = _clock(frame, columns.get("time")), None
    if clock is not None:
        seconds, start_time = _seconds(frame[clock])
        frame = frame.assign(**{clock: seconds}).rename(columns={clock: "time (s)"})
    table = _FrameTable.of(frame, name)
    candidate = Candidate(table.source)
    candidate.__dict__["table"] = table
    with in_python_words(), about(name):
        drafts = PLAIN.read(candidate, options)
    if len(drafts) > 1:
        parts = ", ".join(draft.part for draft in drafts[:5])
        raise InputError(
            f"contains {len(drafts)} recordings ({parts})",
            file=name, remedy="choose one with columns=, or take the rows of one with df[...]",
        )  # fmt: skip
    draft = drafts[0].with_(part="", start_time=start_time)
    if len(gyroscope) == len(_GYROSCOPE):
        draft = draft.with_(rotation=Series(frame[gyroscope].to_numpy(dtype=float)))
    return _recording(draft, name, "dataframe", unit, gyroscope_unit, placement, options)


def _recording(
    draft: Draft, name: str, format_name: str, unit: str | None, gyroscope_unit: str | None,
    placement: str | None, options: ReadOptions,
) -> Recording:  # fmt: skip
    """Resolve a draft; refuse a unit that its readings contradict."""
    if unit is not None:
        if unit_in_mps2(unit) is None:
            raise UsageError(f"unit {unit!r} is unknown", file=name, remedy='use "m/s2" or "g"')
        draft = draft.with_(acceleration=replace(draft.acceleration, unit=unit))
    if gyroscope_unit is not None and draft.rotation is not None:
        if unit_in("rotation", gyroscope_unit) is None:
            raise UsageError(
                f"gyroscope_unit {gyroscope_unit!r} is unknown",
                file=name, remedy='use "rad/s" or "deg/s"',
            )  # fmt: skip
        draft = draft.with_(rotation=replace(draft.rotation, unit=gyroscope_unit))
    if placement is not None:
        draft = draft.with_(placement=canonical_site(placement))
    with in_python_words(), about(name):
        recording = assemble(draft, name, format_name, options).recording()
    measured = next(finding for finding in recording.findings if finding.topic == "unit")
    if unit is not None and measured.ground == "measured":
        other = measured.value.partition(" ")[0]
        raise UsageError(
            f"the acceleration is not in {unit}: its readings average 1 g in {other}",
            file=name, remedy=f'pass unit="{other}", or leave unit out',
        )  # fmt: skip
    return recording


def _options(**overrides: Any) -> ReadOptions:
    with in_python_words():
        return ReadOptions(**overrides)


def _triad(values: ArrayLike, what: str, name: str) -> FloatArray:
    """Return a copy of (n, 3) readings, column by column in memory."""
    array = np.array(values, dtype=np.float64, order="F")
    if array.ndim != 2 or array.shape[1] != 3:
        transposed = array.ndim == 2 and array.shape[0] == 3
        raise UsageError(
            f"{what} has shape {array.shape}, not (n, 3)",
            file=name,
            remedy=f"pass {what}.T" if transposed else "pass one row of x, y, z for each sample",
        )
    return array


def _seconds(times: Any) -> tuple[FloatArray, datetime | None]:
    """Convert times to seconds; dates count from the first, which is returned too."""
    series: Any = pd.Series(times)
    if series.dtype.kind not in "mM":
        return np.asarray(times, dtype=np.float64).ravel(), None
    if series.dtype.kind == "m":
        return series.dt.total_seconds().to_numpy(), None
    first = series.iloc[0] if len(series) else pd.NaT
    seconds = (series - first).dt.total_seconds().to_numpy()
    return seconds, None if pd.isna(first) else first.to_pydatetime(warn=False)


def _with_index(df: pd.DataFrame) -> pd.DataFrame:
    """Add the index as a column, unless it only numbers the rows."""
    if isinstance(df.columns, pd.MultiIndex):
        df = df.set_axis(["_".join(map(str, names)) for names in df.columns], axis=1)
    if isinstance(df.index, pd.RangeIndex):
        return df
    names = [level if level is not None else "time" for level in df.index.names]
    return df.reset_index(names=names)


def _clock(frame: pd.DataFrame, chosen: str | None) -> str | None:
    """Find the clock among columns of dates or durations; None if it has numbers or text."""
    dated: list[Any] = [column for column in frame if frame[column].dtype.kind in "mM"]
    return next((column for column in dated if chosen in (None, column)), None)


@dataclass(frozen=True)
class _FrameTable(Table):
    """A data frame as a text table: recognised by the text of its first rows."""

    frame: pd.DataFrame = None  # type: ignore[assignment]

    @classmethod
    def of(cls, frame: pd.DataFrame, name: str) -> _FrameTable:
        """Make a table of a frame."""
        head = frame.head(HEAD_ROWS).astype(object).where(frame.head(HEAD_ROWS).notna(), "")
        is_named = any(isinstance(column, str) for column in frame)
        source = Source("", name, lambda: io.BufferedReader(io.BytesIO()), 0, 0)
        return cls(
            source,
            header=tuple(map(str, frame)) if is_named else (),
            width=len(frame.columns),
            rows=tuple(tuple(map(str, row)) for row in head.to_numpy()),
            frame=frame,
        )

    def chunks(
        self,
        columns: Iterable[int],
        texts: Iterable[int] = (),
        convert: Mapping[int, Callable[[pd.Series[Any]], Array]] = MappingProxyType({}),
    ) -> Iterator[dict[int, Array]]:
        """Yield all rows in a single chunk."""
        read: dict[int, Array] = {}
        for index in columns:
            column = pd.to_numeric(self.frame.iloc[:, index], errors="coerce")
            read[index] = column.to_numpy(
                dtype=np.int64 if self.kind(index) == "integer" else np.float64
            )
        for index in (*texts, *convert):
            cells = self.frame.iloc[:, index].astype("str")
            read[index] = (
                convert[index](cells) if index in convert else cells.to_numpy(dtype=object)
            )
        yield read
