"""How sure the names of two sides are, and how often they are right.

``python tests/benchmarks/naming.py DATASETS`` fits models without a source, decodes mixed sessions
of its captured wearer with and without a gyroscope, given the body site and given nothing, and
holds `naming` of each session against how often the likelier naming is right.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from direction import SITES, Evidence, nothing_given, site_given

from retrodetect.direction import Anchors, decide
from retrodetect.direction.model import DirectionModel
from retrodetect.lab.datasets import present
from retrodetect.lab.measured import measured_sets, mixed_sessions, without_gyroscope
from retrodetect.training.examples import Example

SOURCES = ("mocap-accad-male1", "mocap-accad-female1", "mocap-bandai-namco-1")
BINS = (0.49, 0.6, 0.7, 0.8, 0.9, 0.95, 1.0)
LEAST_SIDED = 6
"""Strides on a side below which a session has no sides to name."""


def main() -> None:
    """Print by how sure the naming is, and by what was worn and given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    datasets = parser.parse_args().datasets
    sessions = measure(Evidence(datasets, measured_sets(datasets, present(datasets))))
    bins = sessions.groupby(pd.cut(sessions["naming"], BINS), observed=True)
    by_bin = bins.agg(naming=("naming", "mean"), right=("right", "mean"), n=("right", "size"))
    print(by_bin.round(3).to_string(), end="\n\n")
    off = (by_bin["naming"] - by_bin["right"]).abs()
    print(f"expected calibration error: {np.average(off, weights=by_bin['n']):.3f}\n")
    by_site = sessions.groupby(["seen_by", "given", "worn"])
    print(by_site[["naming", "right", "split_right", "on_a_side"]].mean().round(3).to_string())


def measure(evidence: Evidence) -> pd.DataFrame:
    """One row for each session, way of seeing it and hint."""
    rows = []
    for source in SOURCES:
        model = evidence.model(source)
        for worn, sites in SITES.items():
            for session in mixed_sessions(evidence.recordings[source], sites):
                for seen_by, seen in (
                    ("gyroscope", session), ("accelerometer", without_gyroscope(session)),
                ):  # fmt: skip
                    for given, anchors in (("site", site_given), ("nothing", nothing_given)):
                        row = judged(seen, model, anchors)
                        if row:
                            rows.append({"seen_by": seen_by, "given": given, "worn": worn} | row)
    return pd.DataFrame(rows)


def judged(
    session: Example, model: DirectionModel, anchors: Callable[[Example], Anchors]
) -> dict[str, float]:
    """How a session was split and named; empty where too few strides are on a side."""
    strides = session.strides()
    directions = decide(session.measured.features, strides, model, anchors(session))
    rows = (directions.table["side"] != "") & strides["truth"].isin(["forward", "backward"])
    if rows.sum() < LEAST_SIDED or np.isnan(directions.a_forward):
        return {}
    agree = ((directions.table["side"] == "A") == (strides["truth"] == "forward"))[rows].mean()
    return {
        "naming": directions.naming,
        "right": float((agree > 0.5) == (directions.a_forward >= 0.5)),
        "split_right": max(agree, 1 - agree),
        "on_a_side": rows.sum() / len(rows),
    }


if __name__ == "__main__":
    main()
