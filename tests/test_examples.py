"""The README's first command, against the truth beside the (simulated) examples."""

import runpy
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers

ROOT = Path(__file__).parents[1]
DATA = ROOT / "data"


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("out")
    run([DATA / "examples"], Outputs(folder), workers=Workers(jobs=1))
    return folder


def truth_of(recording):
    name = recording.split(".")[0]
    return pd.read_csv(DATA / "examples_truth" / f"{name}.truth.csv")


def true_direction(strides, truth):
    """Direction of the true stride that shares most time with each of these; '' if none does."""
    shared = np.minimum.outer(strides["end_s"].to_numpy(), truth["end_s"].to_numpy())
    shared -= np.maximum.outer(strides["start_s"].to_numpy(), truth["start_s"].to_numpy())
    nearest = truth["direction"].to_numpy(dtype=object)[shared.argmax(axis=1)]
    return np.where(shared.max(axis=1) > 0, nearest, "")


def test_every_example_is_read(out):
    sessions = pd.read_csv(out / "sessions.csv")
    assert len(sessions) == len(list((DATA / "examples").glob("simulated_*")))
    assert set(sessions["status"]) <= {"ok", "no_gait"}


def test_the_readme_says_what_their_page_says(out):
    """Otherwise run ``python docs/readme.py``."""
    written = runpy.run_path(str(ROOT / "docs/readme.py"))
    said = written["SAYS"].search((ROOT / "README.md").read_text())[0]
    assert said == written["headline"](pd.read_csv(out / "sessions.csv"))


@pytest.fixture(scope="module")
def strides(out):
    table = pd.read_csv(out / "strides.csv", keep_default_na=False)
    parts = [
        part.assign(truth=true_direction(part, truth_of(name)))
        for name, part in table.groupby("recording")
    ]
    return pd.concat(parts)


@pytest.mark.parametrize(
    ("name", "least_right"),
    [
        ("belly_walk_and_run", 0.95),
        ("chest_run_both_ways", 0.95),
        ("foot_walk_both_ways", 0.95),
        ("lower_back_ten_steps_first", 0.95),
        ("pocket_hill_repeats", 0.95),
        ("thigh_forward_only", 0.95),
        # At the wrist the signal shows too little, and nothing was marked.
        ("wrist_walk_with_turns", 0.0),
    ],
)
def test_strides_are_named_as_they_went(strides, name, least_right):
    mine = strides[strides["recording"].str.contains(name)]
    mine = mine[mine["truth"].isin(["forward", "backward"])]
    labelled = mine["direction"] != "unknown"
    right = mine["direction"] == mine["truth"]
    assert len(mine) > 50
    assert right.mean() >= least_right
    assert (labelled & ~right).mean() <= 0.03


def test_nine_true_strides_in_ten_get_their_direction(strides):
    gone = strides[strides["truth"].isin(["forward", "backward"])]
    assert (gone["direction"] == gone["truth"]).mean() >= 0.9


def test_every_example_with_strides_is_among_them(strides):
    assert strides["recording"].nunique() == 7


def test_who_only_walked_has_no_running_strides(strides):
    for name, mine in strides.groupby("recording"):
        gaits = set(truth_of(name)["gait"])
        if gaits == {"walk"}:
            assert set(mine["gait"]) == {"walk"}, name


def test_a_session_in_one_direction_has_no_stride_in_the_other(strides):
    forward_only = strides[strides["recording"].str.contains("forward_only")]
    assert (forward_only["direction"] == "forward").mean() > 0.95
    assert (forward_only["direction"] != "backward").all()
