"""Compare simulated with real recordings: sizes, spectra, timing, shapes.

``python -m tests.benchmarks.simulator_against_real [FOLDER]`` prints one table row per site and
gait: the median over people, with the 10 and 90 % quantiles, real beside simulated. FOLDER holds
the data sets (default ``../shared/datasets``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import signal as sps

from retrodetect import gait
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, prepare
from retrodetect.simulate import Section, walk, wear
from retrodetect.simulate.norms import Direction, Gait
from retrodetect.training.datasets import Labelled, load

_SHARED = Path(__file__).parents[3] / "shared" / "datasets"
PEOPLE = 12
MIN_S = 4.0


@dataclass(frozen=True, slots=True)
class Case:
    """One site and gait, the real data to hold beside it, and the speeds to simulate."""

    source: str
    placement: str
    gait: Gait
    direction: Direction
    speeds_mps: tuple[float, float]
    only: str = ""


CASES = (
    Case("sisfall-waist", "waist", "walk", "forward", (0.9, 1.3), "D01"),
    Case("sisfall-waist", "waist", "walk", "forward", (1.4, 1.8), "D02"),
    Case("sisfall-waist", "waist", "run", "forward", (1.8, 2.4), "D03"),
    Case("sisfall-waist", "waist", "run", "forward", (2.8, 3.6), "D04"),
    Case("ipol-healthy-gait", "lower-back", "walk", "forward", (1.0, 1.4)),
    Case("ipol-healthy-gait", "foot", "walk", "forward", (1.0, 1.4)),
    Case("uci-sangenis-foot", "foot", "walk", "forward", (0.9, 1.3)),
    Case("uci-sangenis-foot", "foot", "walk", "backward", (0.7, 1.1)),
    Case("uci-sangenis-foot", "foot", "run", "forward", (2.5, 3.5)),
    Case("mobifall-pocket", "pocket", "walk", "forward", (1.0, 1.5)),
    Case("mobifall-pocket", "pocket", "run", "forward", (2.0, 3.0)),
    Case("pdiot-body", "thigh", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "ankle", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "chest", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "upper-arm", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "wrist", "walk", "forward", (1.0, 1.5)),
)


def main(folder: Path = _SHARED) -> pd.DataFrame:
    """Print and return the table."""
    rows = []
    for case in CASES:
        real = pd.DataFrame(
            [
                figures(*stretch)
                for item in _real(case, folder)
                for stretch in _stretches(item, case)
            ]
        )
        made = pd.DataFrame([figures(*stretch) for stretch in _simulated(case)])
        for name, table in (("real", real), ("simulated", made)):
            texts = {column: _quantiles(table[column]) for column in table} if len(table) else {}
            what = f"{case.placement} {case.gait} {case.direction} {case.only}".strip()
            rows.append({"what": what, "which": name, "n": len(table), **texts})
    table = pd.DataFrame(rows)
    sys.stdout.write(table.to_string(index=False) + "\n")
    return table


def figures(signal: Signal, inside: FloatArray, front: FloatArray | None) -> dict[str, float]:
    """Sizes, sharpness and timing of one stretch of steady gait."""
    force = signal.acceleration_mps2[inside]
    assert signal.up is not None
    up = signal.up[inside]
    vertical = np.einsum("ij,ij->i", force, up)
    vertical = vertical - vertical.mean()
    level = signal.horizontal_mps2[inside]
    level = level - level.mean(axis=0)
    sizes, _ = np.linalg.eigh(np.cov(level.T))
    frequency_hz, power = sps.welch(
        np.c_[vertical, level].T, ANALYSIS_RATE_HZ, nperseg=min(256, len(vertical))
    )
    band = sps.butter(2, [0.6, 4.0], "bandpass", fs=ANALYSIS_RATE_HZ, output="sos")
    moving = sps.sosfiltfilt(band, force, axis=0)
    slow = np.einsum("ij,ij->i", moving, up)
    cue = (moving - slow[:, None] * up) * np.gradient(slow)[:, None]
    jerk = np.diff(vertical)
    result = {
        "vertical_rms": float(vertical.std()),
        "along_rms": float(np.sqrt(max(sizes[-1], 0.0))),
        "across_rms": float(np.sqrt(max(sizes[-2], 0.0))),
        "power_over_5hz": float(
            power[:, frequency_hz > 5].sum() / power[:, frequency_hz > 0.4].sum()
        ),
        "skew": float((vertical**3).mean() / vertical.std() ** 3),
        "jerk_skew": float((jerk**3).mean() / jerk.std() ** 3),
    }
    if front is not None:
        # Strides of 1.1 s: in which share of them does the cue point to the front?
        windows = np.array_split(cue @ front, max(int(len(cue) / ANALYSIS_RATE_HZ / 1.1), 1))
        result["cue_to_front"] = float(np.mean([window.mean() > 0 for window in windows]))
    return result


def _stretches(
    item: Labelled, case: Case
) -> Iterator[tuple[Signal, FloatArray, FloatArray | None]]:
    """Longest stretch of the case's gait in each recording."""
    rows = item.intervals
    rows = rows[(rows["direction"] == case.direction) & (rows["gait"] == case.gait)]
    rows = rows[rows["end_s"] - rows["start_s"] >= MIN_S]
    if rows.empty or item.recording.gravity != "total":
        return
    longest = rows.loc[(rows["end_s"] - rows["start_s"]).idxmax()]
    yield from _inside(item.recording, longest["start_s"] + 0.5, longest["end_s"] - 0.5, item.front)


def _inside(
    recording: Recording, begin_s: float, end_s: float, front: FloatArray | None
) -> Iterator[tuple[Signal, FloatArray, FloatArray | None]]:
    """The part of the run that lies between two times, less what stands still."""
    for signal in prepare(recording):
        strides = gait.detect([signal]).strides
        if strides.empty:
            continue
        begin_s = max(begin_s, float(strides["start_s"].min()))
        end_s = min(end_s, float(strides["end_s"].max()))
        inside = (signal.time_s >= begin_s) & (signal.time_s < end_s)
        if inside.sum() >= MIN_S * ANALYSIS_RATE_HZ / 2:
            yield signal, inside, front


def _real(case: Case, folder: Path) -> Iterator[Labelled]:
    for item in load(folder, case.source):
        if item.placement == case.placement and case.only in item.recording.name:
            yield item


def _simulated(case: Case) -> Iterator[tuple[Signal, FloatArray, FloatArray | None]]:
    for seed in range(PEOPLE):
        speed_mps = float(np.random.default_rng(seed).uniform(*case.speeds_mps))
        session = walk([Section(case.gait, 20.0, case.direction, speed_mps)], seed=seed)
        recording = wear(session, case.placement, seed=seed)
        front = np.array([1.0, 0.0, 0.0])
        steps = session.plan.steps
        yield from _inside(recording, steps[4].contact_s, steps[-4].contact_s, front)


def _quantiles(values: pd.Series) -> str:
    low, middle, high = values.quantile([0.1, 0.5, 0.9])
    return f"{middle:.2f} ({low:.2f}–{high:.2f})"


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:2]))
