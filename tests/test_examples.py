"""The README's first command, against the truth beside the (simulated) examples."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers

DATA = Path(__file__).parents[1] / "data"
AGREEMENT = 0.95


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    run([DATA / "examples"], Outputs(out), workers=Workers(jobs=1))
    return out


def truth_of(recording):
    name = recording.split(".")[0]
    return pd.read_csv(DATA / "examples_truth" / f"{name}.truth.csv")


def true_direction(strides, truth):
    """Direction of the true stride that shares most time with each found one; '' if none does."""
    shared = np.minimum.outer(strides["end_s"].to_numpy(), truth["end_s"].to_numpy())
    shared -= np.maximum.outer(strides["start_s"].to_numpy(), truth["start_s"].to_numpy())
    found = truth["direction"].to_numpy(dtype=object)[shared.argmax(axis=1)]
    return np.where(shared.max(axis=1) > 0, found, "")


def test_every_example_is_read(out):
    sessions = pd.read_csv(out / "sessions.csv")
    assert len(sessions) == len(list((DATA / "examples").iterdir()))
    assert set(sessions["status"]) <= {"ok", "no_gait"}


def test_labels_agree_with_the_truth_where_they_are_given(out):
    strides = pd.read_csv(out / "strides.csv", keep_default_na=False)
    known = strides[strides["direction"] != "unknown"]
    right = [
        directions == true_direction(of_one, truth_of(name))
        for name, of_one in known.groupby("recording")
        for directions in [of_one["direction"].to_numpy(dtype=object)]
    ]
    assert len(known) > 100
    assert np.concatenate(right).mean() >= AGREEMENT


def test_a_session_without_backward_strides_has_none(out):
    strides = pd.read_csv(out / "strides.csv", keep_default_na=False)
    forward_only = strides[strides["recording"].str.contains("forward_only")]
    assert len(forward_only) > 50
    assert (forward_only["direction"] != "backward").all()
