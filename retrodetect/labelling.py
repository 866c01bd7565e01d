"""One recording all the way: read it, find its strides, name their directions.

This is the line of stages in one place; it holds no science of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from retrodetect import direction, formats, gait
from retrodetect.direction import Anchors, DirectionModel, Directions, StrideEvidence
from retrodetect.errors import InputError, UnreadableFile
from retrodetect.formats import ReadOptions
from retrodetect.gait import Gait
from retrodetect.recording import Recording
from retrodetect.signal import Signal, signals
from retrodetect.sites import group_of
from retrodetect.tables import STRIDE_COLUMNS
from retrodetect.training import store

__all__ = ["Session", "label", "label_pieces", "label_session", "read", "read_all", "wall_clock"]


WITHOUT_GRAVITY = (
    "gravity is removed from it, so that up and down, and with them the directions, cannot be told;"
    " record the acceleration with gravity"
)


@dataclass(frozen=True, slots=True)
class Session:
    """A labelled recording with what the stages on the way found.

    Parameters
    ----------
    recording
        What was labelled; of one that came in pieces the last, which knows most.
    duration_s
        From second 0 to the last sample.
    gait
        Bouts, initial contacts and strides.
    directions
        Directions and how the front and the placement were known.
    strides : DataFrame
        One row per stride, with ``STRIDE_COLUMNS``.
    """

    recording: Recording
    duration_s: float
    gait: Gait
    directions: Directions
    strides: pd.DataFrame


def read(path: str | Path, **options: Any) -> Recording:
    """Read the one recording of a file, folder or zip of an app.

    Parameters
    ----------
    path
        Any export of a known format, or any table with a time and three axes.
    **options
        Overrides, as in :class:`retrodetect.formats.options.ReadOptions`: ``unit``, ``sign``,
        ``gravity``, ``rate_hz``, ``columns``.

    Returns
    -------
    Recording
        In m/s² and seconds, with every assumption in ``findings``.

    Raises
    ------
    UnreadableFile
        Where the file is missing, empty, damaged or no recording.
    RefusedRecording
        Where it is understood but cannot honestly be used.
    InputError
        Where it holds several recordings.
    UsageError
        Where an override makes no sense.
    """
    recordings = read_all(path, **options)
    if not recordings:
        raise UnreadableFile("no recording in it", file=str(path))
    if len(recordings) > 1:
        names = ", ".join(recording.name for recording in recordings[:5])
        raise InputError(
            f"{len(recordings)} recordings in it ({names})",
            file=str(path),
            remedy="use retrodetect.read_all",
        )
    return recordings[0]


def read_all(path: str | Path, **options: Any) -> list[Recording]:
    """Read every recording of a file, folder or zip; parameters and errors as :func:`read`.

    Parameters
    ----------
    path
        As for :func:`read`.
    **options
        As for :func:`read`.

    Returns
    -------
    list of Recording
        In the order of their names; empty where a folder holds none.
    """
    return formats.read(path, options=ReadOptions(**options))


def label(
    recording: Recording,
    *,
    model: str | Path | DirectionModel = "default",
    placement: str | None = None,
    front: str | None = None,
    forward: Iterable[tuple[float, float]] = (),
    backward: Iterable[tuple[float, float]] = (),
    starts: Literal["forward", "backward"] | None = None,
) -> pd.DataFrame:
    """Find the strides of a recording and name the direction of each.

    Parameters
    ----------
    recording
        From :func:`read`, or made by hand.
    model
        Name of a shipped model, path of a stored one, or a model.
    placement
        Body site; None or ``auto`` to take it from the recording or infer it.
    front
        Device axis that points to the wearer's front, such as ``+x``.
    forward, backward
        Stretches (start, end) in seconds in which the wearer went that way.
    starts
        Direction of the first strides.

    Returns
    -------
    DataFrame
        One row per stride with the columns of :data:`retrodetect.tables.STRIDE_COLUMNS`; none
        where there is no gait. ``attrs`` holds ``model``, ``placement``, ``front``, ``warnings``
        (what to know of the recording, and of what was told) and, where the model's card knows
        them, ``error_rates``.
        Times are seconds from the first sample; ``p_backward`` is the probability that the
        stride went backward; ``reason`` tells why a direction is unknown.

    Raises
    ------
    UsageError
        Where an anchor makes no sense.
    ModelError
        Where the model is missing or does not fit.
    """
    anchors = Anchors(
        placement=None if placement == "auto" else placement,
        front=front,
        forward=tuple(forward),
        backward=tuple(backward),
        starts=starts,
    )
    fitted = model if isinstance(model, DirectionModel) else store.load(model)
    return label_session(recording, fitted, anchors).strides


def label_session(recording: Recording, model: DirectionModel, anchors: Anchors) -> Session:
    """Label a recording and keep what the stages found.

    Parameters
    ----------
    recording
        From :func:`read`, or made by hand.
    model
        A fitted model.
    anchors
        What the wearer tells.

    Returns
    -------
    Session
    """
    return label_pieces([recording], model, anchors)


def label_pieces(pieces: Iterable[Recording], model: DirectionModel, anchors: Anchors) -> Session:
    """Label a recording that comes in pieces, with no more of it in memory than what moves.

    Parameters
    ----------
    pieces
        Consecutive parts of one recording on one clock, at least one.
    model
        A fitted model.
    anchors
        What the wearer tells.

    Returns
    -------
    Session
        The same whatever the pieces; its recording is the last of them.
    """
    last: list[Recording] = []
    end_s = 0.0

    def passing() -> Iterator[Recording]:
        nonlocal end_s
        for piece in pieces:
            if len(piece.time_s):
                end_s = float(piece.time_s[-1])
            last[:] = [piece]
            yield piece

    # Once they are measured, strides are all that is kept of a signal.
    measured = [_measured(signal) for signal in signals(passing())]
    found = gait.joined([one for one, _ in measured])
    cues = StrideEvidence.joined([part for _, part in measured])
    del measured
    recording = last[0]
    if anchors.placement is None and recording.placement is not None:
        anchors = replace(anchors, placement=recording.placement)
    directions = direction.decide(cues, found.strides, model, anchors)
    said = direction.check_anchors(cues, found.strides, model, anchors, directions)
    strides = _table(recording, found, directions, model)
    if recording.gravity == "linear" and len(strides):
        said = (WITHOUT_GRAVITY, *said)
    strides.attrs["warnings"] = (*recording.warnings, *said)
    return Session(
        recording=recording,
        duration_s=end_s,
        gait=found,
        directions=directions,
        strides=strides,
    )


def _measured(signal: Signal) -> tuple[Gait, StrideEvidence]:
    """What is seen in one signal."""
    found = gait.in_run(signal)
    return found, StrideEvidence.of([signal], found.strides)


def _table(
    recording: Recording, found: Gait, directions: Directions, model: DirectionModel
) -> pd.DataFrame:
    """Strides with the columns that are promised."""
    table = found.strides[["bout", "start_s", "end_s"]].reset_index(drop=True)
    table["recording"] = pd.Series([recording.name] * len(table), dtype="str")
    table["stride"] = np.arange(len(table))
    table["start_time"] = wall_clock(recording, table["start_s"])
    for column in ("gait", "direction", "p_backward", "reason"):
        table[column] = directions.table[column].to_numpy()
    table = table[list(STRIDE_COLUMNS)]
    table.attrs = {
        "model": model.name,
        "placement": directions.placement,
        "front": directions.front,
        "error_rates": _error_rates(model, directions.placement),
    }
    return table


def _error_rates(model: DirectionModel, placement: str) -> dict[str, float] | None:
    """What the card says about the group of sites, given or inferred; None where it is silent."""
    rates: dict[str, dict[str, float]] = model.card.get("error_rates", {})
    return rates.get(group_of(placement))


def wall_clock(recording: Recording, time_s: pd.Series[float]) -> pd.Series[str]:
    """Times by the clock on the wall.

    Parameters
    ----------
    recording
        Whose clock.
    time_s : (n,) Series
        Seconds from its first sample.

    Returns
    -------
    (n,) Series
        ISO 8601 in milliseconds, in the recording's zone where known; empty without a date.
    """
    start = recording.start_time
    if start is None:
        return pd.Series([""] * len(time_s), dtype="str")
    local = np.datetime64(start.replace(tzinfo=None), "ms")
    stamps = local + (time_s.to_numpy() * 1e3).round().astype("timedelta64[ms]")
    text = np.datetime_as_string(stamps, unit="ms").astype(object)
    zone = start.isoformat()[-6:] if start.tzinfo is not None else ""
    return pd.Series(text + zone, dtype="str")
