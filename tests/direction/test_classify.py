"""From what strides show and what the wearer says to a direction or a reason for each stride."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from strides import AHEAD, LEFT, NAMES, UP, along, model, readout, shown, strides_of

from retrodetect import gait
from retrodetect.direction import Anchors, Directions, decide
from retrodetect.direction.classify import LEAST_HABIT, _log_run, level_plane
from retrodetect.direction.model import MISNAMED, SITE_INPUTS
from retrodetect.errors import RefusedRecording
from retrodetect.features import StrideFeatures, compute
from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.recording import FloatArray
from retrodetect.signal import prepare
from retrodetect.sites import GROUPS, SITES

THERE_AND_BACK = along((20, AHEAD), (20, -AHEAD))
BOUTS = strides_of(20, 20)
FORTH = ["forward"] * 20 + ["backward"] * 20
BACK = ["backward"] * 20 + ["forward"] * 20
few = settings(max_examples=10, deadline=None)


def named(evidence: StrideFeatures, anchors: Anchors, strides: pd.DataFrame = BOUTS) -> list[str]:
    return decide(evidence, strides, model(), anchors).table["direction"].tolist()


# The body's own front -------------------------------------------------------------------------


@pytest.mark.parametrize(("front", "expected"), [(AHEAD, FORTH), (-AHEAD, BACK)])
def test_the_body_names_the_ways_with_nothing_but_the_site(front, expected):
    evidence = shown(THERE_AND_BACK, front=front, lever=front)
    assert named(evidence, Anchors("front-pocket")) == expected
    directions = decide(evidence, BOUTS, model(), Anchors("front-pocket"))
    assert directions.told_apart_by == "signal"
    assert directions.front == "inferred"


@pytest.mark.parametrize(
    ("site", "lever"),
    [
        ("belly", AHEAD), ("lower-back", -AHEAD), ("left-hip", LEFT), ("right-hip", -LEFT),
        ("breastbone", AHEAD), ("back-pocket", -AHEAD),
    ],
)  # fmt: skip
def test_the_lever_points_out_of_the_body_wherever_the_sensor_sits(site, lever):
    assert named(shown(THERE_AND_BACK, lever=lever), Anchors(site)) == FORTH


@pytest.mark.parametrize(
    ("site", "plain", "with_gyro"),
    [
        ("belly", {"A", "B"}, {"A", "B"}),
        ("pocket", {"A", "B"}, {"A", "B"}),
        ("back-pocket", {""}, {"A", "B"}),
        ("wrist", {""}, {"A", "B"}),
        ("upper-arm", {""}, {""}),
        ("bag", {""}, {""}),
    ],
)
def test_not_every_site_shows_the_travel_to_every_sensor(site, plain, with_gyro):
    for lever, split in ((None, plain), (-AHEAD, with_gyro)):
        evidence = shown(THERE_AND_BACK, lever=lever)
        assert set(decide(evidence, BOUTS, model(), Anchors(site)).table["side"]) == split


def test_a_walk_of_which_nothing_shows_the_travel_is_assumed_forward_and_has_no_sides():
    directions = decide(shown(along((40, AHEAD))), strides_of(40), model(), Anchors("wrist"))
    assert set(directions.table["direction"]) == {"forward"}
    assert directions.told_apart_by == "habit"
    assert set(directions.table["side"]) == {""}
    assert np.isnan(directions.naming)


@pytest.mark.parametrize(("turn_radps", "split"), [(0.4, {""}), (1.2, {"A", "B"})])
def test_an_arm_that_does_not_swing_shows_nothing(turn_radps, split):
    evidence = shown(THERE_AND_BACK, lever=-AHEAD)
    evidence.gyro_scalars[:, 0] = np.log(turn_radps)
    # A stride that turns, as on the spot, does not speak for the others.
    evidence.gyro_scalars[0, 0] = np.log(2.0)
    assert set(decide(evidence, BOUTS, model(), Anchors("wrist")).table["side"]) == split
    assert set(decide(evidence, BOUTS, model(), Anchors("belly")).table["side"]) == {"A", "B"}


@pytest.mark.parametrize(("rotation", "expected"), [(AHEAD, FORTH), (-AHEAD, BACK)])
def test_rotation_tells_a_back_pocket_from_a_front_pocket(rotation, expected):
    # Force and lever are those of a back pocket, or of a front pocket turned round.
    evidence = shown(THERE_AND_BACK, front=-AHEAD, lever=-AHEAD, rotation=rotation)
    assert named(evidence, Anchors("pocket")) == expected


@pytest.mark.parametrize(("running", "p_run"), [(0.0, 0.98), (-60.0, 0.02)])
def test_no_pace_is_likelier_for_showing_the_travel_more_surely(running, p_run):
    directions = decide(
        shown(THERE_AND_BACK, front=AHEAD, lever=AHEAD),
        strides_of(20, 20, p_run=p_run),
        model(running=running),
        Anchors("thigh"),
    )
    assert set(directions.table["gait"]) == {"run" if p_run > 0.5 else "walk"}


def test_a_waist_may_be_belly_or_lower_back_and_so_names_nothing():
    directions = decide(shown(THERE_AND_BACK, lever=AHEAD), BOUTS, model(), Anchors("waist"))
    assert set(directions.table["direction"]) == {"unknown"}


@pytest.mark.parametrize(("height", "lever"), [("ankle", -AHEAD), ("shin", None)])
def test_strides_choose_where_on_the_lower_leg_a_device_is(height, lever):
    # The force points to the front at the shin, which the lever does at no site of the leg.
    evidence = shown(THERE_AND_BACK, front=None if lever is not None else AHEAD, lever=lever)
    for site in ("lower-leg", "ankle", "shin"):
        weights = model(site=height).group_weights(evidence, site)
        assert max(weights, key=weights.__getitem__) == height
        assert sum(weights.values()) == pytest.approx(1.0)
    for site in ("lower-leg", "ankle", "shin"):
        directions = decide(evidence, BOUTS, model(site=height), Anchors(site))
        assert list(directions.table["direction"]) == FORTH
        assert (directions.placement, directions.told_apart_by) == (site, "signal")


def test_a_named_site_is_believed_where_the_strides_show_none():
    evidence = shown(THERE_AND_BACK, lever=-AHEAD)
    for site in ("ankle", "shin", "belly", "wrist"):
        weights = model().group_weights(evidence, site)
        others = 1 - weights[SITES[site].group]
        assert others == pytest.approx((len(GROUPS) - 1) * MISNAMED, rel=0.02)


def test_a_model_of_one_height_serves_a_lower_leg_and_no_other_site():
    evidence = shown(THERE_AND_BACK, lever=-AHEAD)
    both = model()
    low = replace(both, groups={"ankle": both.groups["ankle"]})
    assert low.group_weights(evidence, "lower-leg") == {"ankle": 1.0}
    with pytest.raises(RefusedRecording, match="not trained for shin"):
        low.group_weights(evidence, "shin")


@pytest.mark.parametrize(("site", "by"), [("belly", "signal"), ("waist", "habit"), (None, "habit")])
def test_the_signal_tells_nothing_where_habit_chose_the_seat(site, by):
    evidence = shown(along((20, AHEAD)), lever=AHEAD)
    directions = decide(evidence, strides_of(20), model(site="trunk"), Anchors(site))
    assert set(directions.table["direction"]) == {"forward"}
    assert directions.told_apart_by == by


def test_less_bounce_backward_and_forward_first_name_a_session_that_turns():
    evidence = shown(THERE_AND_BACK, flatness=np.repeat([0.0, 0.6], 20))
    directions = decide(evidence, BOUTS, model(), Anchors("belly"))
    assert list(directions.table["direction"]) == FORTH
    assert directions.told_apart_by == "habit"
    assert 0.9 < directions.naming < 0.99
    contradicted = shown(THERE_AND_BACK, flatness=np.repeat([0.3, 0.0], 20))
    assert set(named(contradicted, Anchors("belly"))) == {"unknown"}


def test_habit_must_be_surer_of_both_ways_than_of_one():
    # Named with 0.93: enough for a session of one way, and for one whose front the body shows.
    evidence = shown(THERE_AND_BACK, flatness=np.repeat([0.0, 0.36], 20))
    directions = decide(evidence, BOUTS, model(), Anchors("belly"))
    assert 0.9 < directions.naming < LEAST_HABIT
    assert directions.front == "unknown"
    assert set(directions.table["reason"]) == {"unnamed"}
    one_way = decide(shown(along((40, AHEAD))), BOUTS, model(), Anchors("belly"))
    assert set(one_way.table["direction"]) == {"forward"}
    assert one_way.table["p_backward"].max() > 1 - LEAST_HABIT


def test_a_personal_contrast_names_a_session_whatever_is_usual():
    # This wearer bounces more going backward, and began with it.
    evidence = shown(-THERE_AND_BACK, flatness=np.repeat([0.0, 0.6], 20))
    own = model()
    trunk = replace(own.groups["trunk"], contrast=-2 * own.groups["trunk"].contrast)
    directions = decide(evidence, BOUTS, replace(own, groups={"trunk": trunk}), Anchors("belly"))
    assert list(directions.table["direction"]) == BACK


def test_without_any_front_a_session_of_one_way_is_forward_by_habit():
    directions = decide(shown(along((20, AHEAD))), strides_of(20), model(), Anchors("belly"))
    assert set(directions.table["direction"]) == {"forward"}
    assert directions.told_apart_by == "habit"


def test_without_any_front_a_mixed_session_is_unknown():
    directions = decide(shown(THERE_AND_BACK), BOUTS, model(), Anchors("belly"))
    assert set(directions.table["direction"]) == {"unknown"}
    assert set(directions.table["reason"]) == {"unnamed"}
    assert directions.told_apart_by == ""


def test_a_session_that_nothing_names_is_split_all_the_same():
    directions = decide(shown(THERE_AND_BACK), BOUTS, model(), Anchors("belly"))
    assert list(directions.table["side"]) == [
        {"forward": "A", "backward": "B"}[way] for way in FORTH
    ]
    assert (directions.table["p_side"] > 0.99).all()
    assert 0.5 < directions.naming < 0.9
    assert directions.share_if_swapped == FORTH.count("forward") / len(FORTH)


@pytest.mark.parametrize(("a_forward", "swapped"), [(0.8, 0.75), (0.5, 0.75), (0.2, 0.25)])
def test_the_share_if_swapped_is_that_of_the_side_that_would_be_forward(a_forward, swapped):
    table = pd.DataFrame({"side": ["A"] * 3 + ["B"] + [""]})
    assert Directions(table, "unknown", "belly", "", a_forward).share_if_swapped == swapped


def test_the_session_begins_with_side_a_also_where_that_is_backward():
    evidence = shown(-THERE_AND_BACK, front=AHEAD, lever=AHEAD)
    table = decide(evidence, BOUTS, model(), Anchors("thigh")).table
    assert table["direction"].iloc[0] == "backward"
    assert table["side"].iloc[0] == "A"
    assert (table["p_side"] > 0.9).all()


def test_a_session_all_backward_is_named_so_by_the_body():
    evidence = shown(along((30, -AHEAD)), front=AHEAD, lever=AHEAD)
    assert set(named(evidence, Anchors("thigh"), strides_of(30))) == {"backward"}


def test_steps_to_the_side_are_neither_forward_nor_backward():
    evidence = shown(along((20, AHEAD), (6, LEFT), (20, AHEAD)), front=AHEAD, lever=AHEAD)
    table = decide(evidence, strides_of(46), model(), Anchors("thigh")).table
    assert set(table["direction"][:20]) == set(table["direction"][26:]) == {"forward"}
    assert set(table["direction"][20:26]) == {"unknown"}
    assert set(table["reason"][20:26]) == {"sideways"}


# Pace -----------------------------------------------------------------------------------------


def test_running_turns_the_travel_vector_round():
    running = strides_of(30, p_run=0.99)
    evidence = shown(along((30, -AHEAD)), front=AHEAD, lever=AHEAD)
    table = decide(evidence, running, model(), Anchors("thigh")).table
    assert set(table["direction"]) == {"forward"}
    assert set(table["gait"]) == {"run"}


def test_a_brisk_walker_keeps_one_pace_and_one_direction():
    strides = strides_of(60)
    strides["p_run"] = np.random.default_rng(3).uniform(0.3, 0.75, len(strides))
    evidence = shown(along((60, AHEAD)), front=AHEAD, lever=AHEAD)
    table = decide(evidence, strides, model(), Anchors("thigh")).table
    assert set(table["direction"]) == {"forward"}
    assert set(table["gait"]) == {"walk"}


def test_a_real_change_of_pace_is_found_within_two_strides():
    strides = strides_of(60)
    strides["p_run"] = np.where(np.arange(60) < 30, 0.02, 0.98)
    evidence = shown(along((30, AHEAD), (30, -AHEAD)), front=AHEAD, lever=AHEAD)
    table = decide(evidence, strides, model(), Anchors("thigh")).table
    assert set(table["direction"]) == {"forward"}
    begins = int((table["gait"] == "run").to_numpy().argmax())
    assert abs(begins - 30) <= 2


@pytest.mark.parametrize("strides", [1, 40, 400])
def test_a_slow_walk_is_surer_than_a_run(strides):
    # Brisk walkers look like runners; no runner looks like a slow walker.
    walk, run = (_log_run(np.full(strides, p_run)).sum() for p_run in (1e-6, 1 - 1e-6))
    assert run == pytest.approx(min(0.3 * strides, 12) * 6.0)
    assert walk == pytest.approx(min(0.3 * strides, 60) * -13.0)


# Anchors --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("front", "expected"), [("+x", FORTH), ("-x", BACK)])
def test_a_given_front_names_the_ways(front, expected):
    anchors = Anchors("waist", front=front)
    assert named(shown(THERE_AND_BACK), anchors) == expected
    assert decide(shown(THERE_AND_BACK), BOUTS, model(), anchors).front == "given"


@pytest.mark.parametrize(
    ("anchors", "expected"),
    [
        (Anchors("waist", forward=((0.0, 10.0),)), FORTH),
        (Anchors("waist", backward=((0.0, 10.0),)), BACK),
        (Anchors("waist", starts="backward"), BACK),
    ],
)
def test_a_marked_stretch_names_the_rest(anchors, expected):
    assert named(shown(THERE_AND_BACK), anchors) == expected
    directions = decide(shown(THERE_AND_BACK), BOUTS, model(), anchors)
    assert (directions.front, directions.told_apart_by) == ("marked", "wearer")


def test_no_stride_is_surer_than_any_model_can_be_tried():
    marked = Anchors("waist", forward=((0.0, 10.0),))
    table = decide(shown(THERE_AND_BACK), BOUTS, model(), marked).table
    assert table["p_backward"].min() == pytest.approx(1e-4)
    assert table["p_side"].max() == pytest.approx(1 - 1e-4)


@few
@given(st.integers(0, 2**16))
def test_directions_do_not_depend_on_the_mounting(seed):
    turn = Rotation.random(rng=np.random.default_rng(seed))
    evidence = shown(
        turn.apply(THERE_AND_BACK),
        front=turn.apply(AHEAD),
        lever=turn.apply(AHEAD),
        up=np.tile(turn.apply(UP), (40, 1)),
    )
    assert named(evidence, Anchors("thigh")) == FORTH


@pytest.mark.parametrize(("front", "forward"), [(AHEAD, True), (-AHEAD, False)])
def test_it_is_told_how_likely_side_a_is_forward(front, forward):
    evidence = shown(THERE_AND_BACK, front=front, lever=front)
    directions = decide(evidence, BOUTS, model(), Anchors("front-pocket"))
    assert directions.sides == (20, 20)
    assert (directions.a_forward > 0.95) == forward
    assert (directions.a_forward < 0.05) != forward
    assert directions.share_if_swapped == 0.5


# Episodes, reasons and the empty case -----------------------------------------------------------


def test_a_device_placed_anew_has_a_front_of_its_own():
    up = along((20, UP), (20, LEFT))
    evidence = shown(along((40, AHEAD)), up=up)
    table = decide(evidence, BOUTS, model(), Anchors("waist", forward=((0.0, 19.0),))).table
    assert set(table["direction"][:20]) == {"forward"}
    # Nothing links its new front to the marked one: the habit alone is left.
    assert table["p_backward"][20:].to_numpy().max() > table["p_backward"][:20].to_numpy().max()


def of_two_episodes(first: int, second: int, **cues: FloatArray) -> StrideFeatures:
    """A device that was placed anew after the first strides; cues show in these only."""
    up = along((first, UP), (second, LEFT))
    faded = {name: along((first, vector), (second, 0 * vector)) for name, vector in cues.items()}
    return shown(along((first + second, AHEAD)), up=up, **faded)


@pytest.mark.parametrize(("first", "second", "by"), [(12, 8, "signal"), (8, 12, "habit")])
def test_the_signal_told_where_most_strides_were_told_by_it(first, second, by):
    evidence = of_two_episodes(first, second, front=AHEAD, lever=AHEAD)
    directions = decide(evidence, strides_of(first, second), model(), Anchors("thigh"))
    assert directions.told_apart_by == by


@pytest.mark.parametrize(("first", "second", "placement"), [(12, 8, "foot?"), (8, 12, "trunk?")])
def test_the_placement_is_that_of_most_strides(first, second, placement):
    every = model()
    classifiers = {}
    for form, each in every.sites.items():
        weights = np.zeros_like(each.weights)
        period = SITE_INPUTS[form].index("log_period")
        weights[[each.groups.index("foot"), each.groups.index("trunk")], period] = [9.0, -9.0]
        classifiers[form] = replace(each, weights=weights)
    evidence = of_two_episodes(first, second)
    evidence.site_scalars[:, 0] = np.repeat([1.0, -1.0], [first, second])
    trained = replace(every, sites=classifiers)
    assert decide(evidence, strides_of(first, second), trained).placement == placement


def test_weak_strides_that_turn_say_so():
    evidence = shown(0 * THERE_AND_BACK, yaw_rad=np.deg2rad(90))
    assert set(decide(evidence, BOUTS, model(), Anchors("belly")).table["reason"]) == {"turning"}


def test_without_gravity_there_is_no_direction():
    evidence = shown(0 * THERE_AND_BACK, up=np.full((40, 3), np.nan))
    table = decide(evidence, BOUTS, model(), Anchors("belly")).table
    assert set(table["direction"]) == {"unknown"}
    assert set(table["reason"]) == {"no_vertical"}


def test_no_strides_give_an_empty_table():
    directions = decide(shown(np.empty((0, 3))), strides_of(0), model(), Anchors())
    assert list(directions.table.columns) == [
        "direction", "p_backward", "reason", "side", "p_side", "gait", "marked",
    ]  # fmt: skip
    assert len(directions.table) == 0
    assert (directions.front, directions.placement) == ("unknown", "unknown")


def test_a_site_is_inferred_where_none_is_given():
    evidence = shown(THERE_AND_BACK, front=AHEAD, lever=AHEAD)
    directions = decide(evidence, BOUTS, model(site="foot"))
    assert directions.placement == "foot?"
    assert directions.table["direction"].tolist() == FORTH


def test_a_site_the_model_was_not_trained_for_is_refused():
    trained = model()
    del trained.groups["arm"]
    with pytest.raises(RefusedRecording, match="wrist"):
        decide(shown(THERE_AND_BACK), BOUTS, trained, Anchors("wrist"))


def test_the_level_plane_is_a_right_handed_basis_across_the_vertical():
    first, second = level_plane(np.tile([0.0, 0.6, 0.8], (5, 1)))
    np.testing.assert_allclose(np.cross(first, second), [0.0, 0.6, 0.8], atol=1e-9)


def test_a_simulated_walk_is_classified_stride_by_stride():
    recording = wear(walk(parse_plan("walk forward 20s"), seed=1), "front-pocket", seed=1)
    signals = prepare(recording)
    strides = gait.detect(signals).strides
    table = decide(compute(signals, strides), strides, model(), Anchors("front-pocket")).table
    assert len(table) == len(strides) > 10


@pytest.mark.parametrize("doubt", [0.002, 0.01, 0.03, 0.05, 0.07, 0.1, 0.2])
def test_a_session_backward_throughout_must_be_surer_without_a_gyroscope(doubt):
    evidence = shown(along((20, -AHEAD)))
    column = NAMES.index("R1_fixed")
    evidence.vectors[:, column] = AHEAD
    trained = model(doubt=doubt)
    pace = {column: 6.0}
    group = replace(trained.groups["thigh"], front=readout(pace, pace, doubt))
    trained = replace(trained, groups=trained.groups | {"thigh": group})
    table = decide(evidence, strides_of(20), trained, Anchors("thigh")).table
    is_named = (table["direction"] == "backward").to_numpy()
    assert (is_named == (table["p_backward"] >= LEAST_HABIT)).all()
    assert set(table["direction"]) <= {"backward", "unknown"}
