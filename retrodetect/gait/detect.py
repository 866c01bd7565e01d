"""Bouts, initial contacts and strides as tables."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import signal as sps

from retrodetect.gait.rhythm import find_rhythm, movement_of
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

__all__ = ["Gait", "detect"]

RUN_CADENCE_HZ = 2.45
RUN_RMS_MPS2 = 5.0


@dataclass(frozen=True, slots=True)
class Gait:
    """What the gait stage found.

    Parameters
    ----------
    bouts : DataFrame
        ``bout`` (int, 0-based), ``start_s``, ``end_s``, ``signal`` (int: which run).
    contacts : DataFrame
        ``time_s``, ``bout``: one row per step (initial contact of either foot).
    strides : DataFrame
        ``stride`` (int, 0-based), ``bout``, ``start_s``, ``end_s``, ``gait``
        (``walk`` or ``run``), ``signal`` (int: which run).
    """

    bouts: pd.DataFrame
    contacts: pd.DataFrame
    strides: pd.DataFrame


def detect(signals: list[Signal]) -> Gait:
    """Find gait in every run of a recording.

    Parameters
    ----------
    signals
        Output of ``signal.prepare``; may be empty.

    Returns
    -------
    Gait
        Tables in order of time; empty and typed where there is no gait.
    """
    bouts, contacts, strides = [], [], []
    bout = 0
    for index, signal in enumerate(signals):
        movement = movement_of(signal)
        rhythm = find_rhythm(signal, movement)
        for begin, end in rhythm.spans:
            times = _contacts(signal, movement, rhythm.period_s, int(begin), int(end))
            if len(times) < 5:
                continue
            bouts.append((bout, times[0], times[-1], index))
            contacts.append(pd.DataFrame({"time_s": times, "bout": bout}))
            edges = times[::2]
            level = np.sqrt(np.mean(np.sum(movement[begin:end] ** 2, axis=1)))
            cadence = 2 / np.diff(edges)
            strides.append(
                pd.DataFrame(
                    {
                        "bout": bout,
                        "start_s": edges[:-1],
                        "end_s": edges[1:],
                        "gait": np.where(
                            (cadence > RUN_CADENCE_HZ) & (level > RUN_RMS_MPS2), "run", "walk"
                        ),
                        "signal": index,
                    }
                )
            )
            bout += 1
    return Gait(
        bouts=_table(pd.DataFrame(bouts, columns=list(BOUT_TYPES)), BOUT_TYPES),
        contacts=_table(pd.concat(contacts) if contacts else None, CONTACT_TYPES),
        strides=_table(
            pd.concat(strides).reset_index(drop=True).rename_axis("stride").reset_index()
            if strides
            else None,
            STRIDE_TYPES,
        ),
    )


BOUT_TYPES = {"bout": "int64", "start_s": "float64", "end_s": "float64", "signal": "int64"}
CONTACT_TYPES = {"time_s": "float64", "bout": "int64"}
STRIDE_TYPES = {
    "stride": "int64", "bout": "int64", "start_s": "float64", "end_s": "float64",
    "gait": "object", "signal": "int64",
}  # fmt: skip


def _table(rows: pd.DataFrame | None, types: dict[str, str]) -> pd.DataFrame:
    if rows is None:
        rows = pd.DataFrame(columns=list(types))
    return rows[list(types)].astype(types).reset_index(drop=True)


def _contacts(
    signal: Signal, movement: FloatArray, period_s: FloatArray, begin: int, end: int
) -> FloatArray:
    """Times of the steps of one span: whole turns of the step rhythm's phase."""
    if signal.up is None:
        beat = np.linalg.norm(movement, axis=1)
    else:
        beat = np.einsum("ij,ij->i", movement, signal.up)
    beat = beat[begin:end] - beat[begin:end].mean()
    carrier = 2 * np.pi * np.cumsum(2 / period_s[begin:end]) / ANALYSIS_RATE_HZ
    sos = sps.butter(2, 0.5, fs=ANALYSIS_RATE_HZ, output="sos")
    slow = sps.sosfiltfilt(sos, beat * np.exp(-1j * carrier), padlen=min(100, len(beat) - 1))
    phase = carrier + np.unwrap(np.angle(slow))
    turns = np.maximum.accumulate(phase / (2 * np.pi) + 0.2)
    whole = np.arange(np.ceil(turns[0]), np.floor(turns[-1]) + 1)
    keep = np.concatenate([[True], np.diff(turns) > 0])
    return np.asarray(np.interp(whole, turns[keep], signal.time_s[begin:end][keep]))
