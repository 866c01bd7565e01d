"""How much it matters where on a lower leg a strap sits.

    python tests/benchmarks/straps.py ../shared/datasets [--cache DIR]

prints the strides that are named wrongly, and those that stay unknown, in the mixed sessions of
captured actors who wear a virtual sensor at several heights above the ankle and sides of the leg.
Every model was fitted without the whole source.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from unittest import mock

import pandas as pd
from direction import CLIPS, Evidence, lower_leg_given, nothing_given

from retrodetect.direction import Anchors
from retrodetect.lab import captured
from retrodetect.lab.datasets import SETS, load, present
from retrodetect.lab.measured import example_of, measured_sets, mixed_sessions
from retrodetect.training.examples import Example
from retrodetect.training.scores import label_with_truth, summary

HEIGHTS_M = (0.0, 0.05, 0.1, 0.15, 0.2, 0.3)
"""Above the place of an ankle's sensor, 4 cm over the joint."""

SIDES_M = {"outside": (0.0, 0.0), "front": (0.05, -0.04), "behind": (-0.05, -0.04)}
"""Ahead, and to the left on a left leg, from that place."""

STATED = {
    "ankle": lambda _: Anchors("ankle"),
    "shin": lambda _: Anchors("shin"),
    "lower-leg": lower_leg_given,
    "nothing": nothing_given,
}


def main() -> None:
    """Print one row for each height and side."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    names = [name for name in SETS if name in present(arguments.datasets)]
    evidence = Evidence(
        arguments.datasets,
        measured_sets(arguments.datasets, names, cache_folder=arguments.cache),
    )
    print(f"| strap | {' | '.join(STATED)} |\n| --- |{' --- |' * len(STATED)}")
    for height_m in HEIGHTS_M:
        for side, offset_m in SIDES_M.items():
            cells = _row(evidence, (*offset_m, height_m))
            print(f"| {side}, {100 * height_m:.0f} cm | {' | '.join(cells)} |", flush=True)


def _row(evidence: Evidence, offset_m: tuple[float, float, float]) -> list[str]:
    """Shares that are wrong and unknown, for each statement, over all sources."""
    labelled = []
    for source in CLIPS:
        sessions = mixed_sessions(_worn(evidence.folder, source, offset_m))
        for stated, anchors in STATED.items():
            rows = label_with_truth(evidence.model(source), sessions, anchors)
            labelled.append(rows.assign(stated=stated))
    scores = summary(pd.concat(labelled), ["stated"]).set_index("stated").loc[list(STATED)]
    return [f"{row.wrong:.0%}, {row.unknown:.0%}" for row in scores.itertuples()]


def _worn(folder: Path, source: str, offset_m: tuple[float, float, float]) -> list[Example]:
    """Clips of an actor with the straps of both legs at the same place."""
    ahead_m, left_m, up_m = offset_m

    def strap_m(_: str, side: str) -> tuple[float, float, float]:
        return ahead_m, left_m if side == "left" else -left_m, up_m

    with mock.patch.object(captured, "_strap_m", strap_m):
        return [example_of(clip) for clip in load(folder, source, placements=["ankle"])]


if __name__ == "__main__":
    main()
