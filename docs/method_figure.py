"""Draw the picture of docs/pointers.md: ``python docs/method_figure.py ../shared/datasets``.

A real belt, a real pocket and real watches: where the front pointer and the travel pointer
of each stride point. Only the picture is part of the project, none of the data.
"""

import argparse
from pathlib import Path
from typing import NamedTuple

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from retrodetect.direction.classify import level_plane
from retrodetect.features.catalogue import VECTORS
from retrodetect.lab.datasets import load
from retrodetect.lab.measured import example_of
from retrodetect.recording import FloatArray
from retrodetect.training.examples import Example

ROOT = Path(__file__).parents[1]
PANEL_STRIDES = 40
FRONT_COLOUR, TRAVEL_COLOUR = "#0b6e6e", "#d1661a"


class Panel(NamedTuple):
    """One recording, and the two pointers that are drawn of it."""

    title: str
    source: str
    placement: str
    front: tuple[str, str]
    travel: tuple[str, str]


PANELS = (
    Panel("Belt, belly", "sisfall-waist", "belly", ("lever", "lever_mid"), ("$U_2$", "U2_fixed")),
    Panel(
        "Trouser pocket", "mobifall-pocket", "front-pocket",
        ("lever", "lever_low"), ("$U_2$", "U2_fixed"),
    ),
    Panel(
        "Watches, several wearers", "spsw-pocket-wrist", "wrist",
        ("$R_1$", "R1_gyro"), ("$U_2$, arm taken out", "U2_hanging"),
    ),
)  # fmt: skip


def walks(folder: Path, panel: Panel) -> list[Example]:
    """Walked strides of the first recordings, as many as it takes."""
    walks: list[Example] = []
    for labelled in load(folder, panel.source, placements=[panel.placement]):
        if labelled.recording.angular_rate_radps is None:
            continue
        example = example_of(labelled)
        strides = example.strides()
        walked = (strides["truth"] == "forward") & (strides["true_gait"] == "walk")
        if walked.any():
            walks.append(example.where(walked.to_numpy()))
        if sum(len(walk.measured.strides) for walk in walks) >= PANEL_STRIDES:
            break
    return walks


def bearings_deg(example: Example, name: str) -> FloatArray:
    """(n,) bearing of a pointer from the front; from the mean travel where that is not known."""
    features = example.measured.features
    plane = level_plane(features.up)

    def of(pointer: str) -> FloatArray:
        return features.vectors[:, [feature.name for feature in VECTORS].index(pointer)] @ plane.T

    ahead = of("U2_fixed").mean(axis=0) if example.front is None else plane @ example.front
    shown = of(name)
    away_rad = np.arctan2(shown[:, 1], shown[:, 0]) - np.arctan2(ahead[1], ahead[0])
    return np.asarray((np.rad2deg(away_rad) + 180) % 360 - 180)


def draw(axes: Axes, panel: Panel, walks: list[Example]) -> None:
    """Draw one panel."""
    strides = pd.concat([walk.measured.strides for walk in walks])[:PANEL_STRIDES]
    walked_s = (strides["end_s"] - strides["start_s"]).cumsum().to_numpy()
    for (label, name), marker, colour, kind in (
        (panel.front, "o", FRONT_COLOUR, "front"),
        (panel.travel, "^", TRAVEL_COLOUR, "travel"),
    ):
        shown = np.concatenate([bearings_deg(walk, name) for walk in walks])[:PANEL_STRIDES]
        axes.plot(
            walked_s, shown, marker, color=colour, markersize=4.5, alpha=0.85,
            label=f"{kind}: {label}",
        )  # fmt: skip
    axes.axhline(0, color="0.6", linewidth=0.8, zorder=0)
    axes.set_title(panel.title, loc="left", fontsize=11)
    axes.set_ylim(-180, 180)
    axes.set_yticks([-180, -90, 0, 90, 180])
    axes.set_xlabel("walking time / s")
    axes.legend(loc="lower right", fontsize=8.5, frameon=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main() -> None:
    """Draw all panels."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    folder: Path = parser.parse_args().datasets
    with mpl.rc_context({"svg.hashsalt": "retrodetect"}):
        figure = Figure(figsize=(10.5, 3.4), layout="constrained")
        panels = figure.subplots(1, len(PANELS), sharey=True)
        for axes, panel in zip(panels, PANELS, strict=True):
            draw(axes, panel, walks(folder, panel))
        panels[0].set_ylabel("bearing from the front / °")
        figure.savefig(ROOT / "docs/method.svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
