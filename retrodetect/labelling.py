"""One recording from end to end: find its strides, name their directions.

This runs the stages in order; it contains no science of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from retrodetect import direction, gait
from retrodetect.direction import Anchors, DirectionModel, Directions
from retrodetect.direction.anchors import Statement
from retrodetect.features import StrideFeatures, compute
from retrodetect.gait import Gait
from retrodetect.recording import (
    DIRECTION_RATE_HZ,
    TOO_SLOW,
    WITHOUT_GRAVITY,
    Caution,
    FloatArray,
    Recording,
    Topic,
)
from retrodetect.signal import Signal, signals
from retrodetect.sites import group_of
from retrodetect.tables import STRIDE_COLUMNS, truncated_list

__all__ = ["LabelledSession", "label_pieces"]

UNFIT_GYROSCOPE = (
    "the gyroscope does not fit the accelerometer (dead, late, or in a wrong unit, axis or sign):"
    " directions come from the accelerometer alone, more may be unknown, and no stride has a length"
)

NO_LENGTHS = (
    "no stride has a length, because the foot is not seen to stand still once a stride: the"
    " recording is too slow, or the gyroscope has a wrong unit, axis or sign, and directions may be"
    " wrong too"
)


@dataclass(frozen=True, slots=True)
class LabelledSession:
    """A labelled recording with what the stages on the way found.

    Parameters
    ----------
    recording
        The labelled recording; its last piece if it came in pieces.
    duration_s
        From second 0 to the last sample.
    gait
        Bouts, initial contacts and strides.
    directions
        Directions, and how the front and the placement were determined.
    strides : DataFrame
        One row per stride, with ``STRIDE_COLUMNS``.
    cautions
        What to know before using them.
    """

    recording: Recording
    duration_s: float
    gait: Gait
    directions: Directions
    strides: pd.DataFrame
    cautions: tuple[Caution, ...] = ()


def label_pieces(
    pieces: Iterable[Recording],
    model: DirectionModel,
    anchors: Anchors,
    given_s: FloatArray | None = None,
    *,
    mapper: Callable[..., Iterable[tuple[Gait, StrideFeatures]]] = map,
) -> LabelledSession:
    """Label a recording that comes in pieces, with only its moving parts in memory.

    Parameters
    ----------
    pieces
        Consecutive parts of one recording on one clock, at least one.
    model
        A fitted direction model.
    anchors
        What the wearer states.
    given_s : (k, 2) array, optional
        Start and end of strides from elsewhere, used instead of our own.
    mapper
        Measures each signal and yields the results in order, as `map` does; maybe in other
        processes.

    Returns
    -------
    LabelledSession
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

    walks: list[Gait] = []

    def measured() -> Iterator[StrideFeatures]:
        # Only the strides of a signal are kept.
        measure, parts = partial(_measured, given_s=given_s), signals(passing())
        for walk, shown in mapper(measure, parts):
            walks.append(walk)
            yield shown

    features = StrideFeatures.joined(measured())
    walked = gait.joined(walks)
    recording = last[0]
    if anchors.placement is None and recording.placement is not None:
        anchors = replace(anchors, placement=recording.placement)
    notes = anchors.in_notes(recording.annotations, walked.strides)
    anchors = replace(anchors, statements=(*notes, *anchors.statements))
    is_gait = anchors.gait(walked.strides)
    if not is_gait.all():
        walked = replace(walked, strides=walked.strides[is_gait].reset_index(drop=True))
        features = features.where(is_gait)
    decided = direction.decide(features, walked.strides, model, anchors)
    checked, directions = direction.check_anchors(features, walked.strides, model, anchors, decided)
    strides = _table(recording, walked, directions, model)
    cautions = (
        *_on_reading(recording, notes, has_strides=len(strides) > 0),
        *checked,
        *_on_result(recording, features, strides, directions, are_sought=given_s is None),
    )
    if given_s is not None and len(strides) < len(given_s):
        lost = f"left out {len(given_s) - len(strides)} of {len(given_s)} given strides"
        cautions += (Caution(Topic.LEFT_OUT, f"{lost}: no readings, or no motion"),)
    strides.attrs["warnings"] = tuple(caution.text for caution in cautions)
    return LabelledSession(recording, end_s, walked, directions, strides, cautions)


def _on_reading(
    recording: Recording, notes: Sequence[Statement], *, has_strides: bool
) -> Iterator[Caution]:
    """Report faults of the file, notes that count as marks, and unseen directions."""
    for text in recording.warnings:
        yield Caution(Topic.READING, text)
    if notes:
        sources = truncated_list([_meaning(note) for note in notes])
        yield Caution(Topic.NOTES, f"used {sources}. Add --ignore-notes to leave notes out")
    if has_strides and recording.rate_hz < DIRECTION_RATE_HZ:
        yield Caution(Topic.SLOW, TOO_SLOW)
    if has_strides and recording.gravity == "linear":
        yield Caution(Topic.NO_GRAVITY, WITHOUT_GRAVITY)


def _meaning(note: Statement) -> str:
    """Return a note, with its direction if it names that in other words."""
    is_plain = note.direction in note.source
    return note.source if is_plain else f"{note.source} ({note.direction})"


def _measured(signal: Signal, given_s: FloatArray | None) -> tuple[Gait, StrideFeatures]:
    """Measure one signal."""
    walked = gait.in_run(signal, given_s)
    return walked, compute([signal], walked.strides)


def _table(
    recording: Recording, walked: Gait, directions: Directions, model: DirectionModel
) -> pd.DataFrame:
    """Return the strides with the documented columns."""
    start_s, end_s = (walked.strides[name].to_numpy() for name in ("start_s", "end_s"))
    named = {str(name): column.to_numpy() for name, column in directions.table.items()}
    if recording.rate_hz < DIRECTION_RATE_HZ:
        named["reason"] = np.where(named["reason"] == "no_vertical", "slow", named["reason"])
    on_foot = group_of(directions.placement) == "foot"
    length_m = walked.length_m if on_foot else np.full(len(start_s), np.nan)
    columns = named | {
        "recording": pd.Series([recording.name] * len(start_s), dtype="str"),
        "stride": np.arange(len(start_s)),
        "bout": walked.strides["bout"].to_numpy(),
        "start_s": start_s,
        "end_s": end_s,
        "start_time": recording.wall_clock(walked.strides["start_s"]),
        "stride_length_m": length_m,
        "speed_mps": length_m / (end_s - start_s),
    }
    table = pd.DataFrame({name: columns[name] for name in STRIDE_COLUMNS})
    table.attrs = {
        "model": model.name,
        "placement": directions.placement,
        "front": directions.front,
        "told_apart_by": directions.told_apart_by,
        "naming": directions.naming,
        "error_rates": model.card.error_rates_at(
            directions.placement, directions.front, directions.told_apart_by
        ),
    }
    return table


def _on_result(
    recording: Recording,
    features: StrideFeatures,
    strides: pd.DataFrame,
    directions: Directions,
    *,
    are_sought: bool,
) -> Iterator[Caution]:
    """Report a useless gyroscope, two unnamed directions, and impossible strides."""
    seen = features.where(np.isfinite(features.up[:, 0]))
    if recording.angular_rate_radps is not None and len(seen):
        has_lengths = strides["stride_length_m"].notna().any()
        if not seen.mostly_with_gyro:
            yield Caution(Topic.READING, UNFIT_GYROSCOPE)
        elif are_sought and group_of(directions.placement) == "foot" and not has_lengths:
            yield Caution(Topic.READING, NO_LENGTHS)
    a, b = directions.sides
    unnamed = (directions.table["reason"] == "unnamed").sum()
    if a and b and unnamed >= len(directions.table) / 2:
        likelier = "A" if directions.a_forward >= 0.5 else "B"
        text = (
            f"two opposite directions, A ({a} strides) and B ({b} strides). Forward is probably"
            f" {likelier} ({directions.naming:.0%}). To settle it, add --starts forward (then"
            f" {b / (a + b):.0%} backward) or --starts backward (then {a / (a + b):.0%} backward)"
        )
        yield Caution(Topic.SIDES, text)
    for text in direction.doubtful_strides(features, strides):
        yield Caution(Topic.RESULT, text)
