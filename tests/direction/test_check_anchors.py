"""What the wearer says is checked against the signal."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from strides import AHEAD, LEFT, along, model, mounting, shown, strides_of

from retrodetect.direction import Anchors, check_anchors, decide
from retrodetect.direction.anchors import Statement
from retrodetect.direction.mounting import Mounting
from retrodetect.recording import Caution, FloatArray, Topic
from retrodetect.sites import PLACEMENTS

BOTH = along((20, AHEAD), (20, -AHEAD))
BOUTS = strides_of(20, 20)


def doubts(
    anchors: Anchors, *, shows_front: bool = True, travel: FloatArray = BOTH
) -> tuple[Caution, ...]:
    front = AHEAD if shows_front else None
    evidence = shown(travel, front=front, lever=front)
    directions = decide(evidence, BOUTS, model(), anchors)
    return check_anchors(evidence, BOUTS, model(), anchors, directions)[0]


@pytest.mark.parametrize(
    "anchors",
    [
        Anchors("thigh"),
        Anchors("thigh", front="+x"),
        Anchors("thigh", forward=((0.0, 10.0),)),
        Anchors("thigh", starts="forward"),
    ],
)
def test_right_words_are_not_doubted(anchors):
    assert doubts(anchors) == ()


def test_a_placement_is_doubted_where_the_strides_are_of_another_site():
    evidence = shown(BOTH, front=AHEAD, lever=AHEAD)
    of_a_thigh = model(site="thigh")
    for placement, is_right in (("front-pocket", True), ("wrist", False), ("waist", False)):
        anchors = Anchors(placement)
        directions = decide(evidence, BOUTS, of_a_thigh, anchors)
        cautions, checked = check_anchors(evidence, BOUTS, of_a_thigh, anchors, directions)
        assert checked.placement == placement
        if is_right:
            assert cautions == ()
        else:
            (caution,) = cautions
            assert caution.topic == Topic.CONTRADICTION
            assert f"placement {placement} contradicts the signal" in caution.text
            assert "a device at the thigh" in caution.text


@pytest.mark.parametrize("placement", ["wrist", "hand", "upper-arm", "bag"])
def test_an_arm_held_still_and_a_bag_may_move_as_the_trunk_does(placement):
    evidence, of_a_trunk = shown(BOTH, front=AHEAD, lever=AHEAD), model(site="trunk")
    anchors = Anchors(placement)
    directions = decide(evidence, BOUTS, of_a_trunk, anchors)
    assert check_anchors(evidence, BOUTS, of_a_trunk, anchors, directions)[0] == ()


@pytest.mark.parametrize(
    ("anchors", "words"),
    [
        (Anchors("thigh", front="-x"), "--front -x contradicts the signal"),
        (Anchors("thigh", backward=((0.0, 15.0),)), "--backward 0-15 contradicts the signal"),
        (Anchors("thigh", starts="backward"), "--starts backward contradicts the signal"),
    ],
)
def test_wrong_words_are_noticed_where_the_body_shows_its_front(anchors, words):
    (caution,) = doubts(anchors)
    assert caution.topic == Topic.CONTRADICTION
    assert caution.text.startswith(words)
    assert re.search(
        r"so (all|\d+ of) \d+ strides count as unknown. Correct it, or leave it out$", caution.text
    )


def test_where_the_body_shows_no_front_the_opposite_cannot_be_noticed():
    assert doubts(Anchors("thigh", front="-x"), shows_front=False) == ()


def test_a_front_across_the_travel_is_noticed_without_a_front_of_the_body():
    (caution,) = doubts(Anchors("thigh", front="+y"), shows_front=False)
    assert "travel along +x or -x" in caution.text


def test_a_front_is_not_held_against_a_travel_that_is_not_steady():
    wandering = along((22, AHEAD), (18, LEFT))
    assert doubts(Anchors("thigh", front="+y"), shows_front=False, travel=wandering) == ()


def test_an_axis_that_points_up_is_no_front():
    (caution,) = doubts(Anchors("thigh", front="+z"))
    assert caution.text.startswith("--front +z points up")


def test_a_mark_without_strides_and_marks_that_clash_are_told():
    (empty,) = doubts(Anchors("thigh", forward=((100.0, 110.0),)))
    assert empty.topic == Topic.WORDS
    said = (
        r"--forward 100-110 contains no strides \(they lie between \d+ and \d+ s\), so .+ ignored"
    )
    assert re.fullmatch(said, empty.text)
    clash = doubts(Anchors("thigh", starts="backward", forward=((0.0, 5.0),)))
    assert any("mark the same strides" in text for _, text in clash)


def test_nothing_is_said_of_nothing():
    evidence = shown(along((0, LEFT)))
    directions = decide(evidence, strides_of(0), model())
    checked = check_anchors(evidence, strides_of(0), model(), Anchors(front="+x"), directions)
    assert checked == ((), directions)


def doubts_of_mounting(
    mounting: Mounting, anchors: Anchors, *, shows_front: bool = False
) -> tuple[Caution, ...]:
    front = AHEAD if shows_front else None
    evidence = shown(BOTH, front=front, lever=front)
    own = replace(model(), name="mine", mountings={"thigh": mounting})
    directions = decide(evidence, BOUTS, own, anchors)
    return check_anchors(evidence, BOUTS, own, anchors, directions)[0]


def test_a_mounting_that_is_the_same_is_not_doubted():
    same = Anchors("thigh", same_mounting=True)
    assert doubts_of_mounting(mounting(), same) == ()
    assert doubts_of_mounting(mounting(), same, shows_front=True) == ()


def test_a_mounting_that_is_said_to_be_the_same_must_be_remembered():
    (caution,) = doubts_of_mounting(mounting(), Anchors("belly", same_mounting=True))
    assert caution.topic == Topic.WORDS
    assert caution.text == (
        "--same-mounting was ignored at belly: model mine remembers the mounting at thigh"
    )


def test_a_device_that_is_tilted_does_not_sit_as_it_did():
    tilted = mounting(up=np.array([0.0, np.sin(0.7), np.cos(0.7)]))
    (caution,) = doubts_of_mounting(tilted, Anchors("thigh", same_mounting=True))
    assert caution.text == (
        "--same-mounting was ignored: the device is tilted by 40° against the recordings that"
        " model mine learned from"
    )


def test_a_mounting_says_nothing_where_the_app_removed_gravity():
    evidence = shown(BOTH, up=np.full((len(BOTH), 3), np.nan))
    own, same = (
        replace(model(), mountings={"thigh": mounting()}),
        Anchors("thigh", same_mounting=True),
    )
    directions = decide(evidence, BOUTS, own, same)
    (caution,) = check_anchors(evidence, BOUTS, own, same, directions)[0]
    assert caution.text == ("--same-mounting was ignored: nothing shows how the device is tilted")


def test_a_device_that_was_turned_round_is_noticed_where_the_body_shows_its_front():
    turned = mounting(ahead=-AHEAD)
    same = Anchors("thigh", same_mounting=True)
    (caution,) = doubts_of_mounting(turned, same, shows_front=True)
    assert caution.topic == Topic.CONTRADICTION
    assert caution.text.startswith("--same-mounting contradicts the signal")


EVIDENCE = shown(BOTH, front=AHEAD, lever=AHEAD)
SHOWN_AT = [
    site
    for site in PLACEMENTS
    if decide(EVIDENCE, BOUTS, model(), Anchors(site)).told_apart_by == "signal"
]
"""Sites at which these strides show their front themselves."""


OPPOSITE = {"forward": "backward", "backward": "forward"}


@pytest.mark.parametrize("site", SHOWN_AT)
@pytest.mark.parametrize("option", ["stretch", "starts", "front", "note"])
def test_words_against_the_signal_turn_no_stride_and_neither_side_is_believed(site, option):
    alone = decide(EVIDENCE, BOUTS, model(), Anchors(site)).table["direction"]
    first = alone[0]  # on the back the lever points the other way
    wrong = {
        "stretch": {OPPOSITE[first]: ((0.0, 15.0),)},
        "starts": {"starts": OPPOSITE[first]},
        "front": {"front": "-x" if first == "forward" else "+x"},
        "note": {"statements": (Statement(0.0, 15.0, OPPOSITE[first], "note"),)},
    }[option]
    directions = decide(EVIDENCE, BOUTS, model(), Anchors(site, **wrong))
    cautions, checked = check_anchors(EVIDENCE, BOUTS, model(), Anchors(site, **wrong), directions)
    named = checked.table["direction"] != "unknown"
    assert (checked.table["direction"][named] == alone[named]).all()
    if not named.any():
        assert cautions
        assert set(checked.table["reason"]) == {"disputed"}
        assert set(checked.table["p_backward"]) == {0.5}
        assert checked.told_apart_by == ""
