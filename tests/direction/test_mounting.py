"""A device that sits as it did in labelled recordings needs nothing that points to the front."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from handmade import random_features
from scipy.spatial.transform import Rotation
from strides import AHEAD, along, model, mounting, shown, strides_of

from retrodetect.direction import Anchors, DirectionModel, decide
from retrodetect.direction.mounting import MOST_ASKEW_RAD, MOST_LOG_ODDS, Mounting, mean_up
from retrodetect.features import StrideFeatures

BOTH = shown(along((12, AHEAD), (12, -AHEAD)))
BOUTS = strides_of(12, 12)
OWN = replace(model(), mountings={"belly": mounting()})
TILTED = mounting(up=np.array([0.0, np.sin(0.7), np.cos(0.7)]))


def turned(features: StrideFeatures, by: Rotation) -> StrideFeatures:
    """The same strides in a device that is turned."""
    matrix = by.as_matrix()
    return replace(features, vectors=features.vectors @ matrix.T, up=features.up @ matrix.T)


def remembering(features: StrideFeatures) -> Mounting:
    weights = np.random.default_rng(1).normal(size=mounting().weights.shape)
    return Mounting(mean_up(features), 0.1 * weights, 0.1)


def test_both_ways_are_named_though_no_stride_shows_the_front():
    told = decide(BOTH, BOUTS, OWN, Anchors("belly", same_mounting=True))
    assert told.table["direction"].tolist() == ["forward"] * 12 + ["backward"] * 12
    assert (told.front, told.told_apart_by) == ("given", "wearer")
    assert told.naming > 0.99


def test_a_session_all_backward_is_called_so():
    told = decide(shown(along((12, -AHEAD))), strides_of(12), OWN,
                  Anchors("belly", same_mounting=True))  # fmt: skip
    assert set(told.table["direction"]) == {"backward"}


@pytest.mark.parametrize(
    ("anchors", "asked"),
    [
        (Anchors("belly"), OWN),
        (Anchors("lower-back", same_mounting=True), OWN),
        (Anchors("belly", same_mounting=True), model()),
        (Anchors("belly", same_mounting=True), replace(model(), mountings={"belly": TILTED})),
    ],
    ids=["not said", "another site", "not remembered", "tilted"],
)
def test_it_counts_where_it_is_said_and_remembered_and_fits_only(
    anchors: Anchors, asked: DirectionModel
):
    told = decide(BOTH, BOUTS, asked, anchors)
    plain = decide(BOTH, BOUTS, model(), replace(anchors, same_mounting=False))
    assert told.table.equals(plain.table)
    assert told.front != "given"


def test_running_strides_do_not_look_as_walked_ones_did():
    ran = strides_of(12, 12, p_run=0.99)
    told = decide(BOTH, ran, OWN, Anchors("belly", same_mounting=True))
    assert set(told.table["direction"]) == {"unknown"}


@pytest.mark.parametrize("axis", np.eye(3).tolist())
def test_a_device_that_sits_a_little_askew_shows_the_same(axis):
    features = random_features(0, 30)
    remembered = remembering(features)
    tilt = np.cross(remembered.up, axis) / np.linalg.norm(np.cross(remembered.up, axis))
    odds = remembered.log_odds(features)
    for angle_rad in (0.2, 0.9 * MOST_ASKEW_RAD):
        askew = turned(features, Rotation.from_rotvec(angle_rad * tilt))
        assert remembered.askew_rad(askew) == pytest.approx(angle_rad)
        np.testing.assert_allclose(remembered.log_odds(askew), odds, atol=1e-5)
    askew = turned(features, Rotation.from_rotvec(1.1 * MOST_ASKEW_RAD * tilt))
    assert not remembered.log_odds(askew).any()


def test_no_stride_is_sure_by_itself_and_one_without_a_vertical_says_nothing():
    features = random_features(0, 30)
    remembered = remembering(features)
    sure = replace(remembered, weights=1e3 * remembered.weights)
    assert np.abs(sure.log_odds(features)).max() == MOST_LOG_ODDS
    lost = replace(features, up=np.full_like(features.up, np.nan))
    assert not remembered.log_odds(lost).any()


def test_it_is_stored_with_its_model():
    stored = OWN.parameters()
    back = DirectionModel.from_stored(stored, name="mine", card=OWN.card)
    assert back.parameters() == stored
    np.testing.assert_array_equal(back.mountings["belly"].weights, mounting().weights)
    assert "mountings" not in model().parameters()


def test_a_stored_one_of_another_shape_is_refused():
    stored = mounting().stored()
    for damaged in (stored | {"up": [0.0, 1.0]}, stored | {"weights": {}}):
        with pytest.raises((KeyError, ValueError)):
            Mounting.from_stored(damaged)
