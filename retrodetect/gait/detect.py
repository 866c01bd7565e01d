"""Bouts, contacts and strides of a whole recording."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from retrodetect.gait.contacts import step_phase
from retrodetect.gait.pace import probability_run
from retrodetect.gait.period import HOP_S, WINDOW_S, Periods, band_passed, stride_periods
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["Gait", "detect"]

MIN_PERIODICITY = 0.30
"""Least autocorrelation at the stride period: gait in hand, pocket and bag has 0.5 to 0.95 in
99 of 100 windows (own measurement on ``oxford-step-counter``)."""

MIN_SIZE_MPS2 = 0.5
"""Least movement: slow walking gives 0.8 at the waist, a phone on a table 0.02."""

MAX_PAUSE_S = 2.0
MIN_STRIDES = 2


@dataclass(frozen=True, slots=True)
class Gait:
    """Where the wearer walked or ran.

    Parameters
    ----------
    bouts : DataFrame
        ``bout``, ``start_s``, ``end_s``: unbroken runs of strides.
    contacts : DataFrame
        ``time_s``, ``bout``: one initial contact per step, of either foot.
    strides : DataFrame
        ``stride`` (0-based), ``run`` (index of the signal), ``bout``, ``start_s``, ``end_s``,
        ``gait`` (walk or run), ``p_run``.
    """

    bouts: pd.DataFrame
    contacts: pd.DataFrame
    strides: pd.DataFrame


def detect(signals: list[Signal]) -> Gait:
    """Find bouts, initial contacts and strides.

    Parameters
    ----------
    signals
        The runs of a recording; a bout never reaches across two of them.

    Returns
    -------
    Gait
        Empty, correctly typed tables where there is no gait.
    """
    found = [
        (run, *_bout(signal, periods, begin, end))
        for run, signal in enumerate(signals)
        for periods in [stride_periods(signal)]
        for begin, end in _stretches(periods)
    ]
    found = [part for part in found if len(part[2])]
    strides = (
        pd.concat(
            [
                _EMPTY_STRIDES,
                *(part[2].assign(run=part[0], bout=bout) for bout, part in enumerate(found)),
            ],
            ignore_index=True,
        )
        if found
        else _EMPTY_STRIDES.copy()
    )
    strides["stride"] = np.arange(len(strides))
    contacts = np.concatenate([part[1] for part in found]) if found else np.empty(0)
    return Gait(
        bouts=pd.DataFrame(
            {
                "bout": np.arange(len(found)),
                "start_s": np.array([part[2]["start_s"].iloc[0] for part in found], dtype=float),
                "end_s": np.array([part[2]["end_s"].iloc[-1] for part in found], dtype=float),
            }
        ),
        contacts=pd.DataFrame(
            {
                "time_s": contacts,
                "bout": np.repeat(np.arange(len(found)), [len(part[1]) for part in found]),
            }
        ),
        strides=strides,
    )


_EMPTY_STRIDES = pd.DataFrame(
    {
        "stride": np.empty(0, np.intp), "run": np.empty(0, np.intp), "bout": np.empty(0, np.intp),
        "start_s": np.empty(0), "end_s": np.empty(0),
        "gait": np.empty(0, str), "p_run": np.empty(0),
    }
)  # fmt: skip


def _stretches(periods: Periods) -> list[tuple[int, int]]:
    """Half-open ranges of windows that hold gait; pauses up to MAX_PAUSE_S are bridged."""
    gait = (periods.periodicity > MIN_PERIODICITY) & (periods.size_mps2 > MIN_SIZE_MPS2)
    if not gait.any():
        return []
    at = np.flatnonzero(gait)
    cut = np.flatnonzero(np.diff(at) > MAX_PAUSE_S / HOP_S)
    return list(zip(at[np.r_[0, cut + 1]].tolist(), (at[np.r_[cut, -1]] + 1).tolist(), strict=True))


def _bout(
    signal: Signal, periods: Periods, begin: int, end: int
) -> tuple[FloatArray, pd.DataFrame]:
    """Contacts and strides of one stretch of windows."""
    moving = band_passed(signal)
    time_s = signal.time_s
    # The outermost windows hold gait somewhere: reach half a window out, then trim by movement.
    first = int(np.searchsorted(time_s, periods.time_s[begin] - WINDOW_S / 2))
    last = int(np.searchsorted(time_s, periods.time_s[end - 1] + WINDOW_S / 2))
    period = np.interp(time_s[first:last], periods.time_s[begin:end], periods.period_s[begin:end])
    carrier = (
        np.linalg.norm(moving[first:last], axis=1)
        if signal.up is None
        else np.einsum("ij,ij->i", moving[first:last], signal.up[first:last])
    )
    phase, _ = step_phase(carrier, period)
    events_s = _crossings(phase, time_s[first:last])
    strides = pd.DataFrame({"start_s": events_s[:-2:2], "end_s": events_s[2::2]})
    if len(strides):
        strides = strides[_moves(moving, signal, strides)]
    if len(strides) < MIN_STRIDES:
        return np.empty(0), strides.iloc[:0]
    inside = (events_s >= strides["start_s"].iloc[0]) & (events_s <= strides["end_s"].iloc[-1])
    p_run = probability_run(signal, moving, strides)
    return events_s[inside], strides.assign(p_run=p_run, gait=np.where(p_run > 0.5, "run", "walk"))


def _crossings(phase_rad: FloatArray, time_s: FloatArray) -> FloatArray:
    """Times at which the phase reaches whole turns."""
    rising = np.maximum.accumulate(phase_rad)
    turns = np.arange(np.ceil(rising[0] / (2 * np.pi)), np.floor(rising[-1] / (2 * np.pi)) + 1)
    return np.asarray(np.interp(2 * np.pi * turns, rising, time_s))


def _moves(
    moving: FloatArray, signal: Signal, strides: pd.DataFrame
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether a stride moves as much as gait must."""
    power = np.concatenate([[0.0], np.cumsum((moving**2).sum(axis=1))])
    at = np.rint(
        (strides[["start_s", "end_s"]].to_numpy() - signal.start_s) * ANALYSIS_RATE_HZ
    ).astype(int)
    at = np.clip(at, 0, len(moving))
    mean = np.diff(power[at], axis=1)[:, 0] / np.maximum(np.diff(at, axis=1)[:, 0], 1)
    return np.asarray(np.sqrt(mean) > np.maximum(MIN_SIZE_MPS2, 0.3 * np.sqrt(np.median(mean))))
