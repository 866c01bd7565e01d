"""What a gyroscope that does not fit costs: in directions, and in lengths.

``python tests/benchmarks/gyroscope.py DATASETS`` makes the gyroscope of real belts, lower backs and
front pockets late, early or reversed, labels their forward walks with the site given, by a model
fitted without their source, and measures the strides of real feet. ``--unchecked`` uses every
gyroscope.
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

from retrodetect import gait
from retrodetect.lab.datasets import load, present
from retrodetect.lab.measured import example_of, measured_sets
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import prepare
from retrodetect.training.scores import label_with_truth

WORN = {
    "sisfall-waist": "belly", "ipol-healthy-gait": "lower-back", "mobifall-pocket": "front-pocket",
}  # fmt: skip
FEET = ("uci-sangenis-foot", "ipol-healthy-gait")


def late(recording: Recording, by_s: float) -> Recording:
    """The same with a gyroscope that is late."""
    time_s, rate = recording.time_s, recording.angular_rate_radps
    assert rate is not None
    moved = [np.interp(time_s - by_s, time_s, axis) for axis in rate.T]
    return replace(recording, angular_rate_radps=np.stack(moved, axis=1))


def times(recording: Recording, by: float | FloatArray) -> Recording:
    """The same with a gyroscope that is multiplied by a number or a matrix."""
    assert recording.angular_rate_radps is not None
    return replace(
        recording, angular_rate_radps=recording.angular_rate_radps @ np.dot(by, np.eye(3))
    )


LAGS_S = (0.02, -0.02, 0.04, -0.04, 0.08, -0.08, 0.12, -0.12)
FAULTS: dict[str, Callable[[Recording], Recording]] = {
    "right": lambda recording: recording,
    **{f"{by_s:+.2f} s": partial(late, by_s=by_s) for by_s in LAGS_S},
    "reversed": partial(times, by=-1.0),
    "x and y exchanged": partial(times, by=np.eye(3)[[1, 0, 2]]),
    "x and z exchanged": partial(times, by=np.eye(3)[[2, 1, 0]]),
    "degrees": partial(times, by=np.rad2deg(1)),
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


def lengths(folder: Path) -> pd.DataFrame:
    """Share of strides with a length, and errors against a gyroscope that is right."""
    rows = []
    for source in FEET:
        feet = [each.recording for each in load(folder, source, placements=["foot"])]
        right_m = [gait.detect(prepare(foot)).length_m for foot in feet]
        for fault, distorted in FAULTS.items():
            found_m = [gait.detect(prepare(distorted(foot))).length_m for foot in feet]
            error = np.concatenate([a / b - 1 for a, b in zip(found_m, right_m, strict=True)])
            known = error[np.isfinite(error)]
            row = {"source": source, "feet": len(feet), "gyroscope": fault}
            row["known"] = len(known) / len(error)
            if len(known):
                row["bias"] = np.median(known)
                row["median_abs"] = np.median(np.abs(known))
                row["p90_abs"] = np.quantile(np.abs(known), 0.9)
            rows.append(row)
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
    # `retrodetect.signal.prepare` is a function too.
    stage = import_module("retrodetect.signal.prepare")
    with ExitStack() as stack:
        if options.unchecked:
            stack.enter_context(patch.object(stage, "are_of_one_body", return_value=True))
        print(lengths(options.datasets).round(3).to_string(index=False))
        print(measure(evidence).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
