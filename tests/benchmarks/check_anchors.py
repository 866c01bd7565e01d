"""How often right words of the wearer are doubted, and wrong ones noticed.

    python tests/benchmarks/check_anchors.py ../shared/datasets [--cache DIR]

Each recording, and each virtual walking session of both ways, is labelled by a model fitted without
its source: once with its true site, front or a truly marked stretch, then with a site of every
other group, every other axis, or the same stretch marked the other way. Counts those in which
`check_anchors` says anything. With ``--no-placement`` the placement is left to be inferred.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
from direction import CLIPS, FOOT, FORWARD_ONLY, Evidence

from retrodetect.direction import Anchors, DirectionModel, check_anchors, decide
from retrodetect.lab.datasets import present
from retrodetect.lab.measured import measured_sets, mixed_sessions
from retrodetect.sites import group_of, groups_of
from retrodetect.training.examples import Example
from retrodetect.training.scores import marked_stretch, stated_anchors

AXES = ("+x", "-x", "+y", "-y", "+z", "-z")
REAL = (FOOT, *FORWARD_ONLY)
PLACEMENTS = {"foot", "ankle", "belly", "lower-back", "front-pocket", "breastbone", "wrist"}
ELSEWHERE = ("foot", "ankle", "shin", "front-pocket", "belly", "wrist")
"""A site of each group."""

LEAST_STRIDES = 6


def is_noticed(example: Example, model: DirectionModel, anchors: Anchors) -> bool:
    """Whether anything is said about these words."""
    shown, strides = example.measured.features, example.strides()
    directions = decide(shown, strides, model, anchors)
    return bool(check_anchors(shown, strides, model, anchors, directions)[0])


def cases(evidence: Evidence) -> Iterator[tuple[str, DirectionModel, Example]]:
    """Recordings with the model that has not seen their source."""
    for source in REAL:
        for example in evidence.recordings.get(source, ()):
            yield "real", evidence.model(source), example
    for source in CLIPS:
        if source in evidence.recordings:
            for session in mixed_sessions(evidence.recordings[source], PLACEMENTS):
                yield "virtual sessions", evidence.model(source), session


def words(example: Example) -> list[tuple[str, Anchors]]:
    """What a wearer may say of a recording, right and wrong."""
    meant = groups_of(example.placement)
    said = [("right placement", Anchors(example.placement))]
    said += [
        ("wrong placement", Anchors(site)) for site in ELSEWHERE if group_of(site) not in meant
    ]
    if (right := stated_anchors(example).front) is not None:
        for axis in AXES:
            kind = "right front" if axis == right else "wrong front"
            if axis != right and axis[1] == right[1]:
                kind = "opposite front"
            said.append((kind, Anchors(example.placement, front=axis)))
    marked = marked_stretch(example)
    if marked.forward:
        said.append(("right mark", marked))
        said.append(("wrong mark", replace(marked, forward=(), backward=marked.forward)))
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--cache", type=Path, help="keep strides and features there")
    parser.add_argument("--no-placement", action="store_true", help="do not give the placement")
    arguments = parser.parse_args()
    recordings = measured_sets(
        arguments.datasets, present(arguments.datasets), cache_folder=arguments.cache
    )
    rows = []
    for kind, model, example in cases(Evidence(arguments.datasets, recordings)):
        if len(example.measured.strides) < LEAST_STRIDES:
            continue
        for said, anchors in words(example):
            if arguments.no_placement:
                anchors = replace(anchors, placement=None)
            noticed = is_noticed(example, model, anchors)
            rows.append(
                {"evidence": kind, "site": example.placement, "said": said, "noticed": noticed}
            )
    table = pd.DataFrame(rows).groupby(["evidence", "site", "said"])["noticed"]
    print(table.agg(["size", "sum", "mean"]).round(3).to_string())


if __name__ == "__main__":
    main()
