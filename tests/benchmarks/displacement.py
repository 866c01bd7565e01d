"""How far a foot goes by gyroscope and accelerometer, against a tape and against published strides.

    python -m tests.benchmarks.displacement ../shared/datasets

Two people went the same taped course of 87.6 m, 15.2 m of it backward (``uci-sangenis-foot``);
``derived_strides.csv`` holds each stride as integrated elsewhere. They faced one way all along:
forward, sideways, backward, sideways. A stride at a corner goes both ways, and the tape measures
what of it is backward. Eight feet of four others went 10 m, turned, and came back
(``ipol-healthy-gait``).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect import gait
from retrodetect.gait import WAY_COLUMNS
from retrodetect.lab.datasets import load
from retrodetect.signal import prepare

COURSE, THERE_AND_BACK = "uci-sangenis-foot", "ipol-healthy-gait"
TAPE_M, BACKWARD_TAPE_M = 87.6, 15.24


def courses(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each course as a whole and backward, and each confident stride."""
    truth = pd.read_csv(folder / COURSE / "derived_strides.csv").query("label != 'still'")
    rows, pairs = [], []
    for one in load(folder, COURSE):
        name = one.recording.name.removeprefix(f"{COURSE}/")
        true = truth[truth["file"] == name]
        walked = gait.detect(prepare(one.recording))
        strides, length_m = walked.strides, walked.length_m
        # Stances lie about a tenth of a stride after the contacts.
        middle_s = 0.4 * strides["start_s"] + 0.6 * strides["end_s"]
        at = np.searchsorted(true["t_start_s"], middle_s, side="right") - 1
        inside = (at >= 0) & (middle_s < true["t_end_s"].to_numpy()[at])
        matched = true.iloc[at[inside]].reset_index(drop=True)
        matched["found_m"] = length_m[inside]
        pairs.append(matched[matched["confident"]])
        backward = true.loc[true["label"] == "back"]
        between = middle_s.between(backward["t_start_s"].min(), backward["t_end_s"].max())
        first, *_, last = np.flatnonzero(between)
        ways_m = strides[list(WAY_COLUMNS)].fillna(0.0).to_numpy()
        way_m = ways_m[between].sum(axis=0)
        along_m = ways_m @ way_m / np.linalg.norm(way_m)
        backward_m = np.nansum(length_m[between])
        with_corners_m = backward_m + along_m[[first - 1, last + 1]].clip(min=0).sum()
        rows.append(
            {
                "course": name,
                "strides": len(strides),
                "unknown": np.isnan(length_m).sum(),
                "found_m": np.nansum(length_m),
                "error": np.nansum(length_m) / TAPE_M - 1,
                "backward_m": backward_m,
                "with_corners_m": with_corners_m,
                "backward_error": with_corners_m / BACKWARD_TAPE_M - 1,
            }
        )
    return pd.DataFrame(rows).set_index("course"), pd.concat(pairs)


def strides_apart(pairs: pd.DataFrame) -> pd.DataFrame:
    """Errors of single strides by direction and gait."""
    error = pairs["found_m"] / pairs["length_m"] - 1
    return error.groupby([pairs["label"], pairs["gait"]]).agg(
        strides="size",
        bias="median",
        median_abs=lambda error: error.abs().median(),
        p90_abs=lambda error: error.abs().quantile(0.9),
    )


def there_and_back(folder: Path) -> pd.DataFrame:
    """Feet that go 20 m and a turn."""
    rows = []
    for one in load(folder, THERE_AND_BACK, placements=["foot"]):
        lengths_m = gait.detect(prepare(one.recording)).length_m
        rows.append(
            (one.recording.name, len(lengths_m), np.nansum(lengths_m), np.nanmedian(lengths_m))
        )
    return pd.DataFrame(rows, columns=["foot", "strides", "found_m", "stride_m"]).set_index("foot")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    folder = parser.parse_args().datasets
    whole, pairs = courses(folder)
    print(whole.round(3).to_string())
    error, backward = whole["error"].abs().median(), whole["backward_error"].abs().median()
    print(
        f"median |error|: {error:.1%} of {TAPE_M} m, {backward:.1%} of {BACKWARD_TAPE_M} m backward"
    )
    print(f"\nsingle strides\n{strides_apart(pairs).round(4).to_string()}")
    print(f"\n20 m and a turn\n{there_and_back(folder).round(2).to_string()}")


if __name__ == "__main__":
    main()
