"""Doors: read, label and measure a recording, passed as a path, a frame or itself."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from retrodetect import formats, gait
from retrodetect.direction import Anchors, DirectionModel, store
from retrodetect.errors import InputError, UnreadableFile, UsageError
from retrodetect.features import catalogue, compute
from retrodetect.formats import ReadOptions
from retrodetect.labelling import label_pieces
from retrodetect.library import in_python_words
from retrodetect.library.arrays import from_dataframe
from retrodetect.library.result import Result, in_seconds
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import prepare

__all__ = [
    "RecordingLike", "feature_info", "features", "inspect", "label", "read", "read_all",
]  # fmt: skip

RecordingLike = str | Path | Recording | pd.DataFrame
"""A recording: its path, a data frame of its samples, or itself."""

Way = Literal["forward", "backward"]


def read(path: str | Path, **options: Any) -> Recording:
    """Read the one recording of a file, folder or zip of an app.

    Parameters
    ----------
    path
        Any export of a supported format, or any table with a time and three axes.
    **options
        Overrides, as in :class:`retrodetect.formats.ReadOptions`: ``unit``, ``sign``,
        ``gravity``, ``rate_hz``, ``columns``.

    Returns
    -------
    Recording
        In m/s² and seconds, with every assumption in ``findings``.

    Raises
    ------
    UnreadableFile
        If the file is missing, empty, damaged or no recording.
    RefusedRecording
        If it is understood but cannot honestly be used.
    InputError
        If it contains several recordings.
    UsageError
        If an override makes no sense.
    """
    recordings = read_all(path, **options)
    if not recordings:
        raise UnreadableFile("contains no recording", file=str(path))
    if len(recordings) > 1:
        names = ", ".join(recording.name for recording in recordings[:5])
        raise InputError(
            f"contains {len(recordings)} recordings ({names})",
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
        In the order of their names; empty if a folder contains none.
    """
    with in_python_words():
        return formats.read(path, options=ReadOptions(**options))


def inspect(source: RecordingLike, **options: Any) -> dict[str, Any]:
    """Describe how a recording was read, with every assumption.

    Parameters
    ----------
    source
        Path, data frame or recording.
    **options
        As for :func:`read`, or for :func:`from_dataframe`.

    Returns
    -------
    dict
        As from :func:`retrodetect.formats.describe`: unit, gravity, sign and clock, each with its
        ground, gaps, warnings, and advice.
    """
    return formats.describe(_recording(source, options))


def label(
    source: RecordingLike,
    *,
    model: str | Path | DirectionModel = "default",
    placement: str | None = None,
    front: str | None = None,
    forward: Iterable[tuple[float, float]] = (),
    backward: Iterable[tuple[float, float]] = (),
    starts: Way | None = None,
    same_mounting: bool = False,
    use_notes: bool = True,
    strides: pd.DataFrame | None = None,
    **options: Any,
) -> Result:
    """Find the strides of a recording and name the direction of each.

    Parameters
    ----------
    source
        Path, data frame or recording.
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
    same_mounting
        Whether the device sits as in the recordings that your own model was trained on.
    use_notes
        Whether notes of the recording app that name a direction count as marks.
    strides : DataFrame, optional
        Strides of one foot from elsewhere, such as a force plate or another detector: columns
        ``start_s`` and ``end_s`` in seconds, or those of mobgap, scikit-digital-health or BIDS.
        By default they are detected.
    **options
        As for :func:`read`, or for :func:`from_dataframe`.

    Returns
    -------
    Result
        Its ``strides`` have one row for each stride: when it began and ended (seconds from the
        file's first row), its ``direction``, ``p_backward``, and the ``reason`` if the direction is
        unknown. Its ``session`` is the recording in one row.

    Raises
    ------
    UsageError
        If a hint or the strides make no sense.
    ModelError
        If the model is missing or does not fit.
    """
    with in_python_words():
        anchors = Anchors(
            placement=None if placement == "auto" else placement,
            front=front,
            forward=_stretches(forward, "forward"),
            backward=_stretches(backward, "backward"),
            starts=starts,
            use_notes=use_notes,
            same_mounting=same_mounting,
        )
    fitted, recording = store.load(model), _recording(source, options)
    return Result.of(label_pieces([recording], fitted, anchors, _spans_s(strides, recording)))


def features(
    source: RecordingLike,
    *,
    vectors: bool = False,
    strides: pd.DataFrame | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Measure every stride of a recording.

    Parameters
    ----------
    source
        Path, data frame or recording.
    vectors
        Whether to return the vectors in the device's frame too, as ``NAME_x``, ``NAME_y`` and
        ``NAME_z``. They turn with the device; the other features do not.
    strides : DataFrame, optional
        Strides of one foot from elsewhere, as for :func:`label`.
    **options
        As for :func:`read`, or for :func:`from_dataframe`.

    Returns
    -------
    DataFrame
        One row for each stride: ``recording``, ``stride``, ``bout``, ``start_s``, ``end_s``,
        ``gait``, then the features of :func:`feature_info`. Features are NaN if gravity was
        removed from the recording; those of the gyroscope are 0 without one.
    """
    recording = _recording(source, options)
    given_s = _spans_s(strides, recording)
    signals = prepare(recording)
    walked = gait.joined([gait.in_run(signal, given_s) for signal in signals]).strides
    measured = compute(signals, walked)
    tables = [
        walked[["stride", "bout", "start_s", "end_s", "gait"]],
        measured.site_inputs(with_gyro=True),
    ]
    if vectors:
        names = [f"{name}_{axis}" for name in _vector_names() for axis in "xyz"]
        values = np.concatenate([measured.up[:, None], measured.vectors], axis=1)
        tables.append(pd.DataFrame(values.reshape(len(walked), len(names)), columns=names))
    table = pd.concat(tables, axis=1)
    table.insert(0, "recording", recording.name)
    return table


def feature_info() -> pd.DataFrame:
    """List the features of :func:`features`.

    Returns
    -------
    DataFrame
        Indexed by name: ``kind`` (``scalar``, ``product`` of two vectors, ``gyroscope``, or
        ``vector`` in the device's frame), ``unit`` (``1`` for none), ``meaning`` and ``source``.
    """
    kinds = {
        "scalar": (*catalogue.SCALARS, *catalogue.RATIOS, *catalogue.SITE_SCALARS),
        "gyroscope": catalogue.GYRO_SCALARS,
        "vector": catalogue.VECTORS,
    }
    rows = {
        feature.name: (kind, feature.unit, feature.meaning, feature.source)
        for kind, members in kinds.items()
        for feature in members
    }
    rows["up"] = ("vector", "1", "mean direction against gravity", "own")
    for name in catalogue.FREE_FEATURES:
        if "·" in name:
            first, second = name.split("·")
            rows[name] = ("product", "1", f"{first} times {second}: free of the mounting", "own")
    scalars = (feature.name for feature in (*catalogue.SITE_SCALARS, *catalogue.GYRO_SCALARS))
    order = [*catalogue.FREE_FEATURES, *scalars, *_vector_names()]
    table = pd.DataFrame.from_dict(rows, "index", columns=["kind", "unit", "meaning", "source"])
    return table.loc[order].rename_axis("feature")


def _vector_names() -> list[str]:
    return ["up", *(feature.name for feature in catalogue.VECTORS)]


def _recording(source: RecordingLike, options: dict[str, Any]) -> Recording:
    """Read a recording, or convert a frame to one."""
    if isinstance(source, pd.DataFrame):
        return from_dataframe(source, **options)
    if isinstance(source, str | Path):
        return read(source, **options)
    if isinstance(source, Recording):
        if options:
            raise UsageError(
                f"a recording is already read: {', '.join(options)} would have no effect",
                remedy="pass a path instead",
            )
        return source
    raise UsageError(
        f"{type(source).__name__} is not a recording",
        remedy="pass a path, a DataFrame, or rd.from_arrays(array, rate_hz=..., unit=...)",
    )


def _stretches(given: Iterable[tuple[float, float]], name: str) -> tuple[tuple[float, float], ...]:
    """Check stretches passed as pairs of seconds."""
    try:
        return tuple((float(start_s), float(end_s)) for start_s, end_s in given)
    except (TypeError, ValueError):
        raise UsageError(
            f"{name}={given!r} is not a list of stretches",
            remedy="give pairs of seconds, such as [(5, 20)]",
        ) from None


def _spans_s(strides: pd.DataFrame | None, recording: Recording) -> FloatArray | None:
    """(n, 2) start and end of strides from elsewhere, in time order; None without any."""
    if strides is None:
        return None
    return in_seconds(strides, recording)[["start_s", "end_s"]].to_numpy(dtype=np.float64)
