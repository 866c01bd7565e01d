"""How often right words of the wearer are doubted, and wrong ones noticed.

    PYTHONPATH=tests/benchmarks python tests/benchmarks/misgivings.py ../shared/datasets

Each recording, and each virtual walking session of both ways, is labelled by a model fitted without
its source: once with its true front or a truly marked stretch, then with every other axis, or the
same stretch marked the other way. Counts those in which `misgivings` says anything. With
``--untold`` the placement is left to be inferred.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

import pandas as pd
from direction import FOOT, VIRTUAL, Evidence, told_front

from retrodetect.direction import Anchors, DirectionModel, decide, misgivings
from retrodetect.training.evaluate import marked_stretch
from retrodetect.training.examples import Example, example_of

AXES = ("+x", "-x", "+y", "-y", "+z", "-z")
REAL = (FOOT, "sisfall-waist", "ipol-healthy-gait")
SITES = {"foot", "ankle", "waist", "lower-back", "pocket", "chest", "wrist"}
LEAST_STRIDES = 6


def noticed(example: Example, model: DirectionModel, anchors: Anchors) -> bool:
    cues, strides = example.measured.cues, example.strides()
    found = decide(cues, strides, model, anchors)
    return bool(misgivings(cues, strides, model, anchors, found))


def cases(evidence: Evidence):
    """Recordings with the model that has not seen their source."""
    for source in REAL:
        for one in evidence.recordings(source):
            yield "real", evidence.model(source), one
    for source in VIRTUAL:
        for one in evidence.sessions(source, SITES):
            yield "virtual sessions", evidence.model(source), one


def words(one) -> list[tuple[str, Anchors]]:
    """What a wearer may say of a recording, right and wrong."""
    said = []
    if one.front is not None:
        right = told_front(one).front
        for axis in AXES:
            kind = "right front" if axis == right else "wrong front"
            if axis != right and axis[1] == right[1]:
                kind = "opposite front"
            said.append((kind, Anchors(one.placement, front=axis)))
    marked = marked_stretch(one)
    if marked.forward:
        said.append(("right mark", marked))
        said.append(("wrong mark", replace(marked, forward=(), backward=marked.forward)))
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--untold", action="store_true", help="do not tell the placement")
    arguments = parser.parse_args()
    rows = []
    for kind, model, one in cases(Evidence(arguments.datasets)):
        example = example_of(one)
        if len(example.strides()) < LEAST_STRIDES:
            continue
        for told, anchors in words(one):
            if arguments.untold:
                anchors = replace(anchors, placement=None)
            doubted = noticed(example, model, anchors)
            rows.append({"evidence": kind, "site": one.placement, "told": told, "noticed": doubted})
    table = pd.DataFrame(rows).groupby(["evidence", "site", "told"])["noticed"]
    print(table.agg(["size", "sum", "mean"]).round(3).to_string())


if __name__ == "__main__":
    main()
