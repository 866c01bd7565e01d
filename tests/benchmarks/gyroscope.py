"""How many strides of forward walks are called backward, with a gyroscope that does not fit.

``python tests/benchmarks/gyroscope.py DATASETS`` makes the gyroscope of real belts and lower backs
late, early or reversed, and labels them with their site given, by a model fitted without their
source. ``--unchecked`` leaves out the checks of lag and tilt.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from importlib import import_module
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from direction import Evidence, site_given

from retrodetect.lab.datasets import load, present
from retrodetect.lab.measured import example_of, measured_sets
from retrodetect.recording import Recording
from retrodetect.training.scores import label_with_truth

WORN = {"sisfall-waist": "belly", "ipol-healthy-gait": "lower-back"}


def late(recording: Recording, by_s: float) -> Recording:
    """The same with a gyroscope that is late."""
    time_s, rate = recording.time_s, recording.angular_rate_radps
    assert rate is not None
    moved = [np.interp(time_s - by_s, time_s, axis) for axis in rate.T]
    return replace(recording, angular_rate_radps=np.stack(moved, axis=1))


def reversed_axes(recording: Recording) -> Recording:
    """The same with all axes of the gyroscope reversed."""
    assert recording.angular_rate_radps is not None
    return replace(recording, angular_rate_radps=-recording.angular_rate_radps)


FAULTS: dict[str, Callable[[Recording], Recording]] = {
    "right": lambda recording: recording,
    **{f"{by_s:+.2f} s": partial(late, by_s=by_s) for by_s in (0.02, 0.04, -0.04, 0.08, -0.08)},
    "reversed": reversed_axes,
}


def measure(evidence: Evidence) -> pd.DataFrame:
    """Share of strides that are called backward, and that are unknown, by source and fault."""
    rows = []
    for source, placement in WORN.items():
        worn = [*load(evidence.folder, source, placements=[placement])]
        for fault, distorted in FAULTS.items():
            examples = [
                example_of(replace(each, recording=distorted(each.recording))) for each in worn
            ]
            labelled = label_with_truth(evidence.model(source), examples, site_given)
            shares = labelled["direction"].value_counts(normalize=True)
            named = {name: shares.get(name, 0.0) for name in ("backward", "unknown")}
            rows.append({"source": source, "recordings": len(worn), "gyroscope": fault} | named)
    return pd.DataFrame(rows)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    parser.add_argument("--unchecked", action="store_true")
    options = parser.parse_args()
    evidence = Evidence(
        options.datasets, measured_sets(options.datasets, present(options.datasets))
    )
    # `retrodetect.features` is a function too.
    pointers = import_module("retrodetect.features.pointers")
    with ExitStack() as stack:
        for check in ("_is_late", "_is_reversed") if options.unchecked else ():
            stack.enter_context(patch.object(pointers, check, return_value=False))
        print(measure(evidence).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
