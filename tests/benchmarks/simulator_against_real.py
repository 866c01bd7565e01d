"""Compare simulated with real recordings: sizes, spectra, phases, shapes of strides.

``python -m tests.benchmarks.simulator_against_real [FOLDER [DOCS]]`` writes the page
``simulator_against_real.md`` into DOCS (default ``docs``): per site and gait the median over people
with the 10 and 90 % quantiles, real beside simulated, and a figure of spectra and mean strides.
FOLDER holds the data sets (default ``../shared/datasets``). Sites with fewer than `FEWEST` real
recordings are left out, so that no single one can be read off the page.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import signal as sps

from retrodetect import gait
from retrodetect.lab import Labelled
from retrodetect.lab.datasets import load
from retrodetect.lab.simulate import Section, walk, wear
from retrodetect.lab.simulate.norms import Direction, Gait
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, prepare

_SHARED = Path(__file__).parents[3] / "shared" / "datasets"
PEOPLE = 12
MIN_S = 4.0
FEWEST = 4
POINTS = 50
"""Of a mean stride."""

WINDOW_S = 5.0
"""Of a spectrum."""

COLOURS = {"real": "#0072b2", "simulated": "#d55e00"}


@dataclass(frozen=True, slots=True)
class Case:
    """One site and gait, the real data to hold beside it, and the speeds to simulate."""

    source: str
    placement: str
    gait: Gait
    direction: Direction
    speeds_mps: tuple[float, float]
    only: str = ""

    @property
    def title(self) -> str:
        """In words."""
        publisher = self.source.split("-")[0]
        return f"{self.placement} {self.gait} {self.direction}, {publisher} {self.only}".strip()


CASES = (
    Case("sisfall-waist", "belly", "walk", "forward", (0.9, 1.3), "D01"),
    Case("sisfall-waist", "belly", "walk", "forward", (1.4, 1.8), "D02"),
    Case("sisfall-waist", "belly", "run", "forward", (1.8, 2.4), "D03"),
    Case("sisfall-waist", "belly", "run", "forward", (2.8, 3.6), "D04"),
    Case("ipol-healthy-gait", "lower-back", "walk", "forward", (1.0, 1.4)),
    Case("ipol-healthy-gait", "foot", "walk", "forward", (1.0, 1.4)),
    Case("uci-sangenis-foot", "foot", "walk", "forward", (0.9, 1.3)),
    Case("uci-sangenis-foot", "foot", "walk", "backward", (0.7, 1.1)),
    Case("uci-sangenis-foot", "foot", "run", "forward", (2.5, 3.5)),
    Case("mobifall-pocket", "front-pocket", "walk", "forward", (1.0, 1.5)),
    Case("mobifall-pocket", "front-pocket", "run", "forward", (2.0, 3.0)),
    Case("pdiot-body", "thigh", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "lower-leg", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "upper-arm", "walk", "forward", (1.0, 1.5)),
    Case("pdiot-body", "wrist", "walk", "forward", (1.0, 1.5)),
)


INTRODUCTION = """# Simulated against real people

Made by `python -m tests.benchmarks.simulator_against_real`; do not edit. [The page on the
simulator](simulator.md) says what it means.

Medians over recordings, with the 10th to 90th percentile in brackets. *rms* in m/s²; *along*
and *across* are the main and the other horizontal direction; *power over 5 Hz* is a share;
*phase* is how far *along* runs ahead of the vertical, in degrees, at the frequency where the
vertical is strongest; *cue to front* is the share of 1.1 s windows in which the travel cue
points to the wearer's front, where that is known. Simulated: 12 people each, at guessed
speeds, because those of the real people are not known.

![Spectra and mean strides](simulator_against_real.png)

*Real in blue, simulated in orange: median, and where 80% lie. A stride runs from 0 to 1. Along the
way is signed by the known front, else by the travel cue.*
"""

Stretch = tuple[Signal, FloatArray, FloatArray | None]
"""A run, which of its samples are steady gait, and the wearer's front where it is known."""


def main(folder: Path = _SHARED, docs: Path = Path("docs")) -> None:
    """Write the page and its figure."""
    found: dict[Case, dict[str, list[Stretch]]] = {}
    for case in CASES:
        real = [part for item in _real(case, folder) for part in _stretches(item, case)]
        if len(real) < FEWEST:
            print(f"left out {case.title}: {len(real)} recordings, at least {FEWEST} are needed")
            continue
        # Whatever needs the front is compared only where real people's is known.
        front = None if real[0][2] is None else np.array([1.0, 0.0, 0.0])
        found[case] = {"real": real, "simulated": list(_simulated(case, front))}
    lines = [INTRODUCTION, "| site and gait | | n |"]
    for case, both in found.items():
        for name, stretches in both.items():
            table = pd.DataFrame([figures(*stretch) for stretch in stretches])
            cells = [case.title if name == "real" else "", name, str(len(table))]
            cells += [_quantiles(table[column]) for column in table]
            if len(lines) == 2:
                lines[1] += "".join(f" {column} |" for column in table)
                lines.append("| --- | --- " + "| ---: " * (len(cells) - 2) + "|")
            lines.append("| " + " | ".join(cells) + " |")
    (docs / "simulator_against_real.md").write_text("\n".join(lines) + "\n")
    draw(found, docs / "simulator_against_real.png")


def draw(found: dict[Case, dict[str, list[Stretch]]], picture: Path) -> None:
    """Spectrum, vertical and fore-aft stride of every case: medians, and 80 % of the people."""
    with mpl.rc_context({"font.size": 7}):
        figure = Figure(figsize=(8.5, 1.3 * len(found)), layout="constrained")
        for row, (case, both) in zip(figure.subplots(len(found), 3), found.items(), strict=True):
            for name, stretches in both.items():
                shapes = [_shapes(*stretch) for stretch in stretches]
                for ax, values in zip(row, zip(*shapes, strict=True), strict=True):
                    _band(ax, np.array(values), name)
            row[0].set(ylabel=case.title.replace(", ", "\n"), yscale="log")
        for ax, title in zip(
            figure.axes[:3], ("vertical: power by Hz", "vertical stride", "stride along the way"),
            strict=True,
        ):  # fmt: skip
            ax.set_title(f"{title}, m/s²" if "stride" in title else title)
        figure.axes[0].legend()
        figure.savefig(picture, dpi=64, pil_kwargs={"optimize": True})


def _band(ax: Axes, values: FloatArray, name: str) -> None:
    """Median of rows, and where 80 % of them lie."""
    at = np.linspace(0, 1, POINTS) if values.shape[1] == POINTS else _frequencies_hz()
    low, middle, high = np.nanquantile(values, [0.1, 0.5, 0.9], axis=0)
    ax.fill_between(at, low, high, color=COLOURS[name], alpha=0.2, linewidth=0)
    ax.plot(at, middle, color=COLOURS[name], linewidth=1, label=name)


def _frequencies_hz() -> FloatArray:
    return np.asarray(np.arange(1, 61) / WINDOW_S)


def _shapes(
    signal: Signal, inside: FloatArray, front: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Spectrum of the vertical, and mean stride of vertical and fore-aft acceleration."""
    vertical, along = _vertical_and_along(signal, inside, front)
    length = int(WINDOW_S * ANALYSIS_RATE_HZ)
    _, power = sps.welch(
        vertical, ANALYSIS_RATE_HZ, nperseg=min(length, len(vertical)), nfft=length
    )
    time_s = signal.time_s[inside]
    strides = gait.detect([signal]).strides
    kept = strides[(strides["start_s"] >= time_s[0]) & (strides["end_s"] <= time_s[-1])]
    at_s = np.linspace(kept["start_s"].to_numpy(), kept["end_s"].to_numpy(), POINTS)
    mean = [np.interp(at_s, time_s, axis).mean(axis=1) for axis in (vertical, along)]
    return power[1:61], mean[0], mean[1]


def _vertical_and_along(
    signal: Signal, inside: FloatArray, front: FloatArray | None
) -> tuple[FloatArray, FloatArray]:
    """(n,) both, without their means; *along* is the main horizontal line.

    It counts toward the front where that is known, else so that it goes with the change of the
    vertical, as the travel cue does.
    """
    assert signal.up is not None
    force, up = signal.acceleration_mps2[inside], signal.up[inside]
    vertical = np.einsum("ij,ij->i", force, up)
    level = force - vertical[:, None] * up
    vertical = vertical - vertical.mean()
    level = level - level.mean(axis=0)
    line = np.linalg.eigh(np.cov(level.T))[1][:, -1]
    along = level @ line
    toward = line @ front if front is not None else along @ np.gradient(vertical)
    return vertical, along * np.sign(toward)


def figures(signal: Signal, inside: FloatArray, front: FloatArray | None) -> dict[str, float]:
    """Sizes, sharpness, phase and timing of one stretch of steady gait."""
    force = signal.acceleration_mps2[inside]
    assert signal.up is not None
    up = signal.up[inside]
    vertical = np.einsum("ij,ij->i", force, up)
    level = force - vertical[:, None] * up
    vertical = vertical - vertical.mean()
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
        "vertical rms": float(vertical.std()),
        "along rms": float(np.sqrt(max(sizes[-1], 0.0))),
        "across rms": float(np.sqrt(max(sizes[-2], 0.0))),
        "power over 5 Hz": float(
            power[:, frequency_hz > 5].sum() / power[:, frequency_hz > 0.4].sum()
        ),
        "skew": float((vertical**3).mean() / vertical.std() ** 3),
        "jerk skew": float((jerk**3).mean() / jerk.std() ** 3),
        "phase": _phase_deg(*_vertical_and_along(signal, inside, front)),
    }
    result["cue to front"] = np.nan
    if front is not None:
        # Strides of 1.1 s: in which share of them does the cue point to the front?
        windows = np.array_split(cue @ front, max(int(len(cue) / ANALYSIS_RATE_HZ / 1.1), 1))
        result["cue to front"] = float(np.mean([window.mean() > 0 for window in windows]))
    return result


def _phase_deg(vertical: FloatArray, along: FloatArray) -> float:
    """How far *along* runs ahead of the vertical where the vertical moves most, in (-180, 180]."""
    frequency_hz, cross = sps.csd(
        vertical, along, ANALYSIS_RATE_HZ, nperseg=min(256, len(vertical))
    )
    _, power = sps.welch(vertical, ANALYSIS_RATE_HZ, nperseg=min(256, len(vertical)))
    strongest = int(np.where(frequency_hz < 5.0, power, 0.0).argmax())
    return float(np.rad2deg(np.angle(cross[strongest])))


def _stretches(item: Labelled, case: Case) -> Iterator[Stretch]:
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
) -> Iterator[Stretch]:
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


def _simulated(case: Case, front: FloatArray | None) -> Iterator[Stretch]:
    for seed in range(PEOPLE):
        speed_mps = float(np.random.default_rng(seed).uniform(*case.speeds_mps))
        session = walk([Section(case.gait, 20.0, case.direction, speed_mps)], seed=seed)
        recording = wear(session, case.placement, seed=seed)
        steps = session.plan.steps
        yield from _inside(recording, steps[4].contact_s, steps[-4].contact_s, front)


def _quantiles(values: pd.Series) -> str:
    low, middle, high = values.quantile([0.1, 0.5, 0.9])
    return "" if np.isnan(middle) else f"{middle:.3g} ({low:.3g} to {high:.3g})"


if __name__ == "__main__":
    main(*(Path(argument) for argument in sys.argv[1:3]))
