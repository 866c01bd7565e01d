"""Whether simulated bodies carry the cues that bodies carry.

    python tests/benchmarks/cues.py ../shared/datasets [--cache DIR]

prints, for each body site and cue, the share of walking strides in which it points where it should,
forward and backward, on real, captured and simulated people. Virtual evidence is called so.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.features.catalogue import VECTORS
from retrodetect.lab import Labelled
from retrodetect.lab.measured import example_of, measured_sets
from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.training.examples import Example

CUES: dict[str, dict[str, tuple[str, ...]]] = {
    "front-pocket": {"front": ("+R1_gyro", "-R1_fixed", "-S"), "travel": ("+U2_fixed", "-A")},
    "ankle": {"front": ("-R2_gyro", "-lever_mid"), "travel": ("-A", "-U1_gyro")},
    "shin": {"front": ("+R2_fixed", "+R3_fixed"), "travel": ("-A", "-U1_gyro")},
    "foot": {"front": ("-S", "+Q"), "travel": ("-U1_gyro",)},
    "belly": {"front": ("+lever_mid", "+lever_high"), "travel": ("+U2_fixed",)},
    "lower-back": {"front": ("-lever_mid", "-lever_high"), "travel": ("+U2_fixed",)},
    "breastbone": {"front": ("+lever_mid", "+lever_high"), "travel": ("+U2_fixed",)},
    "wrist": {"front": ("+R1_gyro",), "travel": ("+U2_arm",)},
}
"""Signs as measured on real and captured people, see docs/decoder.md."""

CAPTURED = ("mocap-accad-male1", "mocap-accad-female1")
REAL = ("sisfall-waist", "ipol-healthy-gait", "mobifall-pocket", "spsw-pocket-wrist")
PLAN = "stand 3s, walk forward 20s, stand 3s, walk backward 20s, stand 3s"
PEOPLE = 8


def simulated(site: str) -> Iterable[Example]:
    """The same walk of several people."""
    for seed in range(PEOPLE):
        session = walk(parse_plan(PLAN), seed=seed)
        yield example_of(
            Labelled(
                wear(session, site, seed=seed),
                subject=str(seed),
                source="simulated",
                licence="-",
                placement=site,
                front=np.array([1.0, 0.0, 0.0]),
                intervals=session.strides[["start_s", "end_s", "direction", "gait"]].assign(
                    confident=True
                ),
            )
        )


def pointing(examples: Iterable[Example], site: str) -> dict[tuple[str, str], float]:
    """Share of strides in which each cue points where it should, by cue and direction."""
    along: dict[str, list[np.ndarray]] = {"forward": [], "backward": []}
    for example in examples:
        if example.placement != site or example.front is None:
            continue
        strides = example.strides()
        features = example.measured.features
        walked = (strides["true_gait"] == "walk").to_numpy()
        for way, vectors in along.items():
            rows = walked & (strides["truth"] == way).to_numpy() & features.has_gyro
            up = features.up[rows]
            front = example.front - up * (up @ example.front)[:, None]
            vectors.append(np.einsum("nki,ni->nk", features.vectors[rows], front))
    order = [feature.name for feature in VECTORS]
    shares = {}
    for target, cues in CUES[site].items():
        for cue in cues:
            for way, parts in along.items():
                sign = (1 if cue[0] == "+" else -1) * (
                    -1 if target == "travel" and way == "backward" else 1
                )
                values = np.concatenate([np.empty((0, len(order))), *parts])
                values = values[:, order.index(cue[1:])]
                if len(values):
                    shares[f"{target}: {cue}", way] = float((sign * values > 0).mean())
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--cache", type=Path)
    arguments = parser.parse_args()
    sets = measured_sets(arguments.datasets, (*CAPTURED, *REAL), cache_folder=arguments.cache)
    print(page(table(sets)))


def table(sets: dict[str, list[Example]]) -> pd.DataFrame:
    """One row for each site and cue, one column for each kind of people and direction."""
    rows = {}
    for site in CUES:
        groups = {
            "real": [example for name in REAL for example in sets[name]],
            "captured": [example for name in CAPTURED for example in sets[name]],
            "simulated": list(simulated(site)),
        }
        for kind, examples in groups.items():
            for (cue, way), share in pointing(examples, site).items():
                rows.setdefault((site, cue), {})[f"{kind}, {way}"] = share
    return pd.DataFrame(rows).T


def page(shares: pd.DataFrame) -> str:
    """Return the table as Markdown."""
    lines = [
        f"| site | cue | {' | '.join(shares.columns)} |",
        "|---" * (len(shares.columns) + 2) + "|",
    ]
    for (site, cue), row in shares.iterrows():
        cells = ["" if pd.isna(share) else f"{share:.2f}" for share in row]
        lines.append(f"| {site} | {cue} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
