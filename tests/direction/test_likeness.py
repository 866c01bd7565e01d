"""How alike two bouts are, and what that says."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from strides import model, shown, strides_of

from retrodetect.direction import Anchors, decide
from retrodetect.direction.likeness import COMPARED, LOG_TURN_BOUNDS, Likeness, log_distance
from retrodetect.features import StrideFeatures

LIKENESS = Likeness(np.full(len(COMPARED), 0.2), 2.0, -0.8)


def bouts_that_differ(by: float, *, counts: tuple[int, int] = (20, 20)) -> StrideFeatures:
    """Two bouts that show no way to go, but differ in all that is compared."""
    evidence = shown(np.zeros((sum(counts), 3)))
    evidence.scalars[:] = 0.0
    evidence.scalars[counts[0] :] = by
    return evidence


def log_turn(evidence: StrideFeatures, strides: pd.DataFrame) -> np.ndarray:
    return LIKENESS.log_turn(evidence, strides)


def test_two_bouts_are_compared_where_the_second_begins():
    compared = log_turn(bouts_that_differ(0.2), strides_of(20, 20))
    assert np.flatnonzero(compared).tolist() == [20]
    assert compared[20] == pytest.approx(-0.8, abs=0.05)


def test_the_unliker_the_bouts_the_likelier_a_turn_within_what_was_borne_out():
    by = [0.0, 0.05, 0.2, 0.4, 10.0]
    compared = [log_turn(bouts_that_differ(each), strides_of(20, 20))[20] for each in by]
    assert compared == sorted(compared)
    assert compared[0] == LOG_TURN_BOUNDS[0]
    assert compared[-1] <= LOG_TURN_BOUNDS[1]


def test_a_single_wild_feature_counts_for_little():
    one = np.zeros((1, len(COMPARED)))
    one[0, 0] = 100.0
    assert log_distance(one, LIKENESS.scale) < log_distance(np.full_like(one, 0.2), LIKENESS.scale)


@pytest.mark.parametrize("counts", [(1, 20), (20, 1)])
def test_a_bout_of_one_stride_is_compared_with_none(counts):
    assert not log_turn(bouts_that_differ(0.4, counts=counts), strides_of(*counts)).any()


def test_running_is_compared_with_running_only():
    strides = strides_of(20, 20, 20).assign(p_run=[0.0] * 20 + [1.0] * 40)
    evidence = bouts_that_differ(0.4, counts=(20, 40))
    assert np.flatnonzero(log_turn(evidence, strides)).tolist() == [40]


def test_no_stride_and_one_bout_compare_to_nothing():
    evidence = bouts_that_differ(0.4)
    none = evidence.where(slice(0))
    assert log_turn(none, strides_of(20).iloc[:0]).size == 0
    assert not log_turn(bouts_that_differ(0.0), strides_of(40)).any()


@pytest.mark.parametrize(("by", "label"), [(0.0, "forward"), (0.4, "unknown")])
def test_an_ordinary_walk_with_a_pause_is_forward_where_its_bouts_are_alike(by, label):
    directions = decide(
        bouts_that_differ(by), strides_of(20, 20), model(likeness=LIKENESS), Anchors("wrist")
    )
    assert set(directions.table["direction"]) == {label}
    assert directions.told_apart_by == ("habit" if label == "forward" else "")


def test_a_model_without_likeness_says_nothing_of_bouts():
    strides = strides_of(20, 20)
    evidence = bouts_that_differ(0.4)
    assert not Likeness.silent().log_turn(evidence, strides).any()
