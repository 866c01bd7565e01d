"""One session as a figure: what was done when, and a stretch of signal to check it by eye."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.tally.stretches import stretches

__all__ = ["COLOURS", "LANES", "figure"]

COLOURS = {"forward": "#0072B2", "backward": "#D55E00", "unknown": "#7F7F7F"}
"""Okabe & Ito (2008), Color Universal Design: told apart with every kind of colour vision.
Each direction also has a lane of its own, so that colour is never the only sign."""

LANES = ("backward", "unknown", "forward")
"""From bottom to top."""

CLOSE_UP_S = 12.0
"""Length of the close-up: some ten strides, each of them still to be seen."""

MOST_POINTS = 800
"""Parts of the overview's envelope: about as many as the figure has columns on a screen."""

_INK = "#333333"


def figure(
    recording: Recording,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    *,
    close_up_at_s: float | None = None,
) -> Figure:
    """Draw a session: overview of signal and directions, then a close-up with the strides.

    Parameters
    ----------
    recording
        As read.
    strides : DataFrame
        As from :func:`retrodetect.label`.
    contacts_s : (k,) array
        Initial contacts in seconds from the first sample.
    close_up_at_s
        Middle of the close-up; None for where the direction first changes, else the longest
        stretch in one direction.

    Returns
    -------
    Figure
        Not attached to any display; ``savefig`` writes it.
    """
    drawn = Figure(figsize=(10, 6.4), layout="constrained")
    overview, lanes, close_up = drawn.subplots(3, height_ratios=[1.6, 1.2, 2.2])
    overview.sharex(lanes)
    size_mps2 = _size_mps2(recording)
    middle_s = _interesting_s(recording, strides) if close_up_at_s is None else close_up_at_s
    begin_s = max(0.0, middle_s - CLOSE_UP_S / 2)
    window = (begin_s, begin_s + CLOSE_UP_S)

    _draw_overview(overview, recording, size_mps2)
    _draw_lanes(lanes, recording, strides, window)
    _draw_close_up(close_up, recording, size_mps2, strides, contacts_s, window)
    drawn.suptitle(_title(strides), x=0.01, ha="left", fontsize=11, color=_INK)
    for axes in (overview, lanes, close_up):
        axes.spines[["top", "right"]].set_visible(False)
        axes.tick_params(colors=_INK, labelsize=9)
    return drawn


def _draw_overview(axes: Axes, recording: Recording, size_mps2: FloatArray) -> None:
    """Envelope of the signal over the whole session."""
    time_s, low, high = _envelope(recording.time_s, size_mps2)
    axes.fill_between(time_s, low, high, color=_INK, linewidth=0.3, alpha=0.8)
    axes.set_ylabel(f"{_what(recording)}\n(m/s²)", fontsize=9)
    axes.tick_params(labelbottom=False)


def _draw_lanes(
    axes: Axes, recording: Recording, strides: pd.DataFrame, window: tuple[float, float]
) -> None:
    """Every stride in the lane of its direction."""
    for lane, direction in enumerate(LANES):
        of_lane = strides[strides["direction"] == direction]
        spans = list(zip(of_lane["start_s"], of_lane["end_s"] - of_lane["start_s"], strict=True))
        axes.broken_barh(spans, (lane - 0.4, 0.8), color=COLOURS[direction], linewidth=0.5)
    axes.set_yticks(range(len(LANES)), LANES)
    axes.set_ylim(-0.6, len(LANES) - 0.4)
    axes.axvspan(*window, facecolor="none", edgecolor=_INK, linewidth=1, linestyle=":")
    axes.set_xlim(0, max(recording.duration_s, 1.0))
    axes.set_xlabel("seconds from the first sample (dotted: the stretch below)", fontsize=9)


def _draw_close_up(
    axes: Axes,
    recording: Recording,
    size_mps2: FloatArray,
    strides: pd.DataFrame,
    contacts_s: FloatArray,
    window: tuple[float, float],
) -> None:
    """Signal with initial contacts and strides."""
    begin, end = np.searchsorted(recording.time_s, window)
    axes.plot(recording.time_s[begin:end], size_mps2[begin:end], color=_INK, linewidth=0.9)
    bottom, top = axes.get_ylim()
    shown = strides[(strides["end_s"] > window[0]) & (strides["start_s"] < window[1])]
    columns = (shown[name] for name in ("start_s", "end_s", "direction", "p_backward"))
    for number, (start_s, end_s, direction, p_backward) in enumerate(zip(*columns, strict=True)):
        colour = COLOURS[direction]
        shade = 0.16 if number % 2 else 0.28
        axes.axvspan(start_s, end_s, facecolor=colour, alpha=shade, linewidth=0)
        label = f"{direction[0].upper()} {p_backward:.2f}"
        axes.text(
            (start_s + end_s) / 2,
            top,
            label,
            ha="center",
            va="bottom",
            fontsize=7.5,
            color=colour,
            clip_on=True,
        )
    near = contacts_s[(contacts_s >= window[0]) & (contacts_s < window[1])]
    if len(recording.time_s):
        marks = np.interp(near, recording.time_s, size_mps2)
        axes.plot(near, marks, "v", color="black", markersize=5)
    axes.set_ylim(bottom, top + 0.12 * (top - bottom))
    axes.set_xlim(*window)
    axes.set_ylabel(f"{_what(recording)} (m/s²)", fontsize=9)
    axes.set_xlabel(
        "seconds; ▼ initial contact; above: Forward, Backward or Unknown, and how likely backward",
        fontsize=9,
    )


def _title(strides: pd.DataFrame) -> str:
    """Counts by direction; no name, for fonts lack the letters of many."""
    counts = strides["direction"].value_counts()
    return ", ".join(f"{counts.get(way, 0)} {way}" for way in reversed(LANES)) + " strides"


def _what(recording: Recording) -> str:
    return "|a| − g" if recording.gravity == "total" else "|linear a|"


def _size_mps2(recording: Recording) -> FloatArray:
    """(n,) size of the acceleration, which needs no mounting, with gravity taken off."""
    size: FloatArray = np.linalg.norm(recording.acceleration_mps2, axis=1)
    return size - STANDARD_GRAVITY_MPS2 if recording.gravity == "total" else size


def _envelope(time_s: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Least and greatest value in each of at most ``MOST_POINTS`` parts of the recording."""
    if not len(time_s):
        return time_s, values, values
    first = np.unique(np.linspace(0, len(time_s), MOST_POINTS, endpoint=False).astype(int))
    return (
        time_s[first],
        np.minimum.reduceat(values, first),
        np.maximum.reduceat(values, first),
    )


def _interesting_s(recording: Recording, strides: pd.DataFrame) -> float:
    """Where a close-up tells most: a change of direction, else the longest stretch."""
    runs = stretches(strides)
    if runs.empty:
        return recording.duration_s / 2
    pause_s = runs["start_s"] - runs["end_s"].shift()
    changes = (runs["direction"] != runs["direction"].shift()) & (pause_s < CLOSE_UP_S / 2)
    if changes.any():
        first = int(changes.to_numpy().argmax())
        return float(runs["end_s"].iloc[first - 1] + runs["start_s"].iloc[first]) / 2
    longest = int((runs["end_s"] - runs["start_s"]).to_numpy().argmax())
    return float(runs[["start_s", "end_s"]].iloc[longest].mean())
