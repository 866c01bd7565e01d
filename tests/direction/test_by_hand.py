"""The steps from strides to directions, one by one, with numbers worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import i0, i1
from strides import AHEAD, LEFT, NAMES, UP, model, mounting, readout, shown, strides_of

from retrodetect.direction import Anchors, DirectionModel, Directions
from retrodetect.direction.anchors import Statement, _clock
from retrodetect.direction.checks import (
    _bounce_m,
    _check_placement,
    _contradiction,
    _overlaps,
    _travel_axis,
)
from retrodetect.direction.classify import (
    EPISODE_TILT_RAD,
    LEAST_DOUBT,
    _as_mounted,
    _balanced,
    _contrast,
    _episodes,
    _forced,
    _front_knowledge,
    _log_run,
    _named_front,
    _placement,
    _Session,
    _shows_front,
    _table,
    _turns_enough,
    level_plane,
)
from retrodetect.direction.decoder import Decoded, Evidence, Priors
from retrodetect.direction.likeness import COMPARED, bout_begins, bout_means, log_distance
from retrodetect.direction.model import (
    FRONT_CUES,
    LEAST_LOG_SITE,
    MISNAMED,
    SITE_STRIDES,
    Readout,
    Seat,
    SiteClassifier,
    SiteGroup,
    seats_of,
)
from retrodetect.direction.mounting import _tilt, mean_up, remembered
from retrodetect.features.catalogue import SITE_SCALARS, VECTORS
from retrodetect.recording import FloatArray
from retrodetect.sites import GROUPS, group_of

# Labels and reasons -----------------------------------------------------------------------------


def label(
    forward: float,
    backward: float,
    sideways: float = 0.0,
    *,
    sides: tuple[float, float] = (0.0, 0.0),
    threshold: float = 0.9,
    least_ahead: float = np.inf,
    p_run: float = 0.0,
    turning: bool = False,
    no_vertical: bool = False,
) -> dict[str, object]:
    """The row of one stride; sides are split from 0.8 on."""
    decoded = pd.DataFrame(
        {
            "forward": [forward], "backward": backward, "sideways": sideways, "p_run": p_run,
            "A": sides[0], "B": sides[1], "least": threshold, "least_ahead": least_ahead,
        }
    )  # fmt: skip
    features = shown(
        AHEAD[None],
        up=UP[None] * (np.nan if no_vertical else 1.0),
        yaw_rad=np.pi if turning else 0.0,
    )
    return _table(decoded, features, 0.8).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("posterior", "direction", "reason"),
    [
        ({"forward": 0.9, "backward": 0.1}, "forward", ""),
        ({"forward": 0.1, "backward": 0.9}, "backward", ""),
        ({"forward": 0.89, "backward": 0.11}, "unknown", "weak"),
        ({"forward": 0.11, "backward": 0.89}, "unknown", "weak"),
        ({"forward": 0.91, "backward": 0.09, "threshold": 0.95}, "unknown", "weak"),
        ({"forward": 0.2, "backward": 0.3, "sideways": 0.5}, "unknown", "sideways"),
        ({"forward": 0.2, "backward": 0.41, "sideways": 0.39}, "unknown", "weak"),
        ({"forward": 0.5, "backward": 0.5, "turning": True}, "unknown", "turning"),
        ({"forward": 0.95, "backward": 0.05, "turning": True}, "forward", ""),
        ({"forward": 0.5, "backward": 0.5, "sides": (0.8, 0.2)}, "unknown", "unnamed"),
        ({"forward": 0.5, "backward": 0.5, "sides": (0.2, 0.8)}, "unknown", "unnamed"),
        (
            {"forward": 0.5, "backward": 0.5, "sides": (0.8, 0.2), "turning": True},
            "unknown", "unnamed",
        ),
        ({"forward": 0.1, "backward": 0.1, "sideways": 0.8, "sides": (0.8, 0.2)},
         "unknown", "sideways"),
        ({"forward": 1.0, "backward": 0.0, "no_vertical": True}, "unknown", "no_vertical"),
        ({"forward": 0.0, "backward": 1.0, "no_vertical": True}, "unknown", "no_vertical"),
        # Of a session that goes one way, forward need be likelier than backward only.
        ({"forward": 0.6, "backward": 0.1, "sideways": 0.3, "least_ahead": 0.85}, "forward", ""),
        ({"forward": 0.6, "backward": 0.11, "sideways": 0.29, "least_ahead": 0.85},
         "unknown", "weak"),
        ({"forward": 0.45, "backward": 0.05, "sideways": 0.5, "least_ahead": 0.85},
         "unknown", "sideways"),
        ({"forward": 0.1, "backward": 0.6, "sideways": 0.3, "least_ahead": 0.85},
         "unknown", "weak"),
    ],
)  # fmt: skip
def test_a_stride_is_named_where_that_is_sure_and_else_has_a_reason(posterior, direction, reason):
    found = label(**posterior)
    assert (found["direction"], found["reason"]) == (direction, reason)


@pytest.mark.parametrize(
    ("sides", "side", "p_side"),
    [((0.8, 0.2), "A", 0.8), ((0.2, 0.8), "B", 0.8), ((0.79, 0.21), "", 0.79),
     ((1.0, 0.0), "A", 1 - LEAST_DOUBT), ((0.0, 0.0), "", 0.0)],
)  # fmt: skip
def test_a_side_is_told_from_its_threshold_on(sides, side, p_side):
    found = label(0.5, 0.5, sides=sides)
    assert (found["side"], found["p_side"]) == (side, pytest.approx(p_side))
    assert label(0.5, 0.5, sides=sides, no_vertical=True)["side"] == ""


@pytest.mark.parametrize(("backward", "told"), [(0.0, 1e-4), (0.3, 0.3), (1.0, 1 - 1e-4)])
def test_no_stride_is_told_to_be_certain(backward, told):
    assert label(1 - backward, backward)["p_backward"] == pytest.approx(told)


@pytest.mark.parametrize(("p_run", "gait"), [(0.5, "walk"), (0.51, "run")])
def test_a_stride_is_run_where_that_is_likelier(p_run, gait):
    assert label(0.5, 0.5, p_run=p_run)["gait"] == gait


def test_a_front_is_known_by_what_was_given_then_marked_then_by_most_strides():
    def known(marked: bool, labelled: list[bool], *, given: bool = False) -> str:
        forced = np.array([0 if marked else -1, -1, -1, -1])
        return _front_knowledge(forced, np.array(labelled), given=given)

    assert known(True, [True] * 4, given=True) == "given"
    assert known(True, [False] * 4) == "marked"
    assert known(False, [True, True, True, False]) == "inferred"
    assert known(False, [True, True, False, False]) == "unknown"
    assert _front_knowledge(np.empty(0, int), np.empty(0, bool), given=False) == "unknown"


def test_the_placement_is_the_one_given_else_the_likeliest_group():
    # Two episodes, of which only the first may be at the foot.
    decoded = pd.DataFrame({"trunk": [0.4, 0.4, 1.0], "foot": [0.6, 0.6, np.nan]})
    assert _placement(Anchors("wrist"), decoded) == "wrist"
    assert _placement(Anchors(), decoded) == "trunk?"
    assert _placement(Anchors(), decoded[:2]) == "foot?"
    assert _placement(Anchors(), decoded[:0]) == "unknown"


def test_sides_are_counted_and_named_by_the_likelier_naming():
    table = pd.DataFrame({"side": ["A", "A", "A", "B", "", "B"]})
    directions = Directions(table, "unknown", "belly", "", 0.3)
    assert directions.sides == (3, 2)
    assert directions.naming == pytest.approx(0.7)
    # If B is forward, as is likelier, two of five are backward if that is wrong.
    assert directions.share_if_swapped == 2 / 5
    assert replace(directions, a_forward=0.7).share_if_swapped == 3 / 5
    assert np.isnan(replace(directions, a_forward=np.nan).share_if_swapped)
    assert np.isnan(replace(directions, table=table[4:5]).share_if_swapped)


# What the wearer said ---------------------------------------------------------------------------


def test_a_named_axis_is_as_concentrated_however_it_leans_and_nothing_beyond_sixty_degrees():
    plane = np.array([AHEAD, LEFT])
    np.testing.assert_array_equal(_named_front(plane, Anchors()), [0, 0])
    np.testing.assert_allclose(_named_front(plane, Anchors(front="-y")), [0, -16])
    np.testing.assert_array_equal(_named_front(plane, Anchors(front="+z")), [0, 0])
    for lean_deg, length in ((59, 16), (61, 0)):
        lean = np.deg2rad(lean_deg)
        leaning = np.array([np.cos(lean) * AHEAD + np.sin(lean) * UP, LEFT])
        np.testing.assert_allclose(_named_front(leaning, Anchors(front="+x")), [length, 0])


def test_the_later_of_two_marks_counts():
    anchors = Anchors(starts="forward", backward=((3.0, 8.0),))
    assert _forced(strides_of(10), anchors).tolist() == [0, 0, 0, 1, 1, 1, 1, 1, -1, -1]
    (start, mark) = anchors.marks(strides_of(10))
    assert start.words == "--starts forward"
    assert (mark.words, mark.direction) == ("--backward 3-8", 1)
    statements = tuple(
        Statement(first, first + 2.0, way, "labels")
        for first, way in ((0.0, "sideways"), (5.0, "still"))
    )
    stated = Anchors(statements=statements)
    assert _forced(strides_of(10), stated).tolist() == [2, 2, *[-1] * 8]
    assert np.flatnonzero(~stated.gait(strides_of(10))).tolist() == [5, 6]


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(0.0, "0:00"), (9.4, "0:09"), (59.6, "1:00"), (605.0, "10:05"), (-3, "0:00")],
)
def test_a_note_is_told_by_minutes_and_seconds(seconds, told):
    assert _clock(seconds) == told


def test_marks_overlap_where_they_hold_a_stride_in_two_directions():
    anchors = Anchors(
        starts="forward",
        backward=((5.0, 7.0), (20.0, 22.0)),
        statements=(Statement(20.0, 21.0, "backward", "note"),),
    )
    marks = anchors.marks(strides_of(30))
    assert [caution.text for caution in _overlaps(marks)] == [
        "--starts forward and --backward 5-7 mark the same strides, so the second one counts"
    ]


@pytest.mark.parametrize(
    ("opposed", "counted"),
    [([True] * 3, "all 3 strides count"), ([True, False], "1 of 2 strides counts"),
     ([True, True, False], "2 of 3 strides count")],
)  # fmt: skip
def test_a_contradiction_counts_the_strides_that_become_unknown(opposed, counted):
    text = _contradiction("--front +x", "the opposite", np.array(opposed)).text
    assert f"shows the opposite. One of the two is wrong, so {counted} as unknown" in text


# Vectors in the level plane ---------------------------------------------------------------------


def test_vectors_that_oppose_each_other_by_pace_are_made_equally_long():
    long, short = np.array([6.0, 0.0]), np.array([-2.0, 0.0])
    across, ahead = np.array([0.0, 3.0]), np.array([1.0, 0.0])
    vectors = np.array(
        [[long, short], [short, long], [long, across], [long, ahead], [0 * long, 0 * long]]
    )
    balanced, odds = _balanced(vectors)
    expected = [
        [-short, short],
        [short, -short],
        [long, across],
        [long, ahead],
        [0 * long, 0 * long],
    ]
    np.testing.assert_allclose(balanced, expected)
    np.testing.assert_array_equal(odds, 0.0)


@pytest.mark.parametrize("kappa", [0.5, 3.0])
def test_the_pace_that_alone_has_a_vector_is_no_likelier_for_it(kappa):
    """Made up for is the mean log likelihood ratio of a bearing that is as concentrated."""
    vectors = np.array([[[0.0, 0.0], [kappa, 0.0]], [[kappa, 0.0], [0.0, 0.0]]])
    balanced, odds = _balanced(vectors)
    np.testing.assert_array_equal(balanced, vectors)
    gain = kappa * i1(kappa) / i0(kappa) - np.log(i0(kappa))
    np.testing.assert_allclose(odds, [-gain, gain], atol=1e-6)


def test_the_level_plane_lies_across_the_mean_vertical():
    up = np.array([[0.6, 0.0, 0.8], [-0.6, 0.0, 0.8], [np.nan] * 3])
    first, second = level_plane(up)
    np.testing.assert_allclose(np.cross(first, second), UP, atol=1e-12)
    # It begins with the axis that is most level.
    np.testing.assert_allclose(first, AHEAD)
    np.testing.assert_allclose(level_plane(np.tile([1.0, 0.2, 0.0], (2, 1)))[0], UP)
    for leaning in ([0.48, 0.6, 0.64], [-0.48, 0.6, -0.64]):
        plane = level_plane(np.array([leaning]))
        np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
        np.testing.assert_allclose(np.cross(*plane), leaning)
    lost = level_plane(np.full((3, 3), np.nan))
    np.testing.assert_allclose(lost, [AHEAD, LEFT])


def tilted(*angles_deg: float) -> FloatArray:
    """(2 n, 3) verticals of bouts of two strides."""
    angles = np.repeat(np.deg2rad(angles_deg), 2)
    return np.stack([np.sin(angles), 0 * angles, np.cos(angles)], axis=1)


def test_a_device_was_placed_anew_where_its_tilt_jumps_between_bouts():
    most_deg = float(np.rad2deg(EPISODE_TILT_RAD))
    up = tilted(0, most_deg - 1, 2 * most_deg, 2 * most_deg, 0)
    begins = np.arange(0, 10, 2)
    assert _episodes(up, begins).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2, 2]
    # Within a bout it may tilt as it will, and bouts without a vertical begin nothing.
    assert _episodes(up, begins[:1]).tolist() == [0] * 10
    assert _episodes(np.nan * up, begins).tolist() == [0] * 10
    assert _episodes(np.empty((0, 3)), np.empty(0, dtype=int)).size == 0


# What bears on pace and direction ---------------------------------------------------------------


def test_the_pace_of_a_stride_counts_for_a_share_that_shrinks_with_the_episode():
    odds = np.log(0.9 / 0.1)
    np.testing.assert_allclose(_log_run(np.array([0.9, 0.1, 0.5])), [0.3 * odds, -0.3 * odds, 0.0])
    np.testing.assert_allclose(_log_run(np.full(40, 0.9)), 0.3 * odds)
    np.testing.assert_allclose(_log_run(np.full(120, 0.9)), 0.1 * odds)
    np.testing.assert_allclose(_log_run(np.full(200, 0.1)), -0.3 * odds)
    np.testing.assert_allclose(_log_run(np.full(600, 0.1)), -0.1 * odds)


@pytest.mark.parametrize(
    ("rates_radps", "least_radps", "enough"),
    [([0.4, 0.6, 0.7], 0.5, True), ([0.4, 0.45, 9.0], 0.5, False), ([0.1, 0.1, 0.1], 0.0, True)],
)
def test_an_arm_swings_by_its_typical_stride(rates_radps, least_radps, enough):
    features = shown(np.zeros((4, 3)), lever=AHEAD)
    features.gyro_scalars[:, 0] = np.log([*rates_radps, 50.0])
    features.vectors[3] = 0.0  # Not seen by a gyroscope.
    assert _turns_enough(features, least_radps) is enough
    # Without a gyroscope nobody can say that it does not.
    assert _turns_enough(shown(np.zeros((4, 3))), 0.5)


def test_the_contrast_of_a_stride_is_how_it_differs_from_the_mean_of_those_walked():
    features = shown(np.zeros((4, 3)))
    features.scalars[:, 0] = [1.0, 3.0, 100.0, 200.0]
    weights = np.zeros(len(COMPARED))
    weights[0] = 2.0
    strides = pd.DataFrame({"p_run": [0.1, 0.49, 0.5, 0.2]})
    travel = np.ones((4, 2, 2))
    travel[3] = 0.0
    # Scores of 2 and 6 are two off their mean; each of two strides counts half.
    np.testing.assert_allclose(
        _contrast(weights, features, strides, travel),
        [[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    )
    assert not _contrast(weights, features, strides, 0 * travel).any()


def test_a_mounting_shares_its_log_odds_between_the_directions():
    features = shown(np.outer([0.1, -0.1, 0.1], AHEAD))
    strides = pd.DataFrame({"p_run": [0.1, 0.1, 0.9]})
    # Its weight along the front is -8, for backward.
    np.testing.assert_allclose(
        _as_mounted(mounting(), features, strides),
        [[0.4, -0.4, 0.0], [-0.4, 0.4, 0.0], [0.0, 0.0, 0.0]], atol=1e-6,
    )  # fmt: skip
    assert not _as_mounted(None, features, strides).any()
    shifted = replace(mounting(), intercept=0.3)
    np.testing.assert_allclose(shifted.log_odds(features), [-0.5, 1.1, -0.5], atol=1e-6)


@pytest.mark.parametrize(
    ("posterior", "offsets_deg", "shown_p", "has_cue", "shows"),
    [
        # One seat, or two that are alike.
        ((1.0,), [(0.0, np.nan)], 0.95, True, True),
        ((0.5, 0.5), [(0.0, np.nan), (0.0, np.nan)], 0.95, True, True),
        ((1.0,), [(0.0, np.nan)], 0.89, True, False),
        ((1.0,), [(0.0, np.nan)], 0.95, False, False),
        # A single cue does not tell seats apart: what counts is how likely they were beforehand.
        ((0.99, 0.01), [(0.0, np.nan), (180.0, np.nan)], 0.95, True, False),
        ((0.95, 0.05), [(0.0, 0.0), (0.0, 180.0)], 0.95, True, True),
        ((0.85, 0.15), [(0.0, 0.0), (0.0, 180.0)], 0.95, True, False),
        ((1.0,), [(np.nan, np.nan)], 0.95, True, False),
    ],
)
def test_the_body_shows_a_front_where_one_is_left_and_trusted(
    posterior, offsets_deg, shown_p, has_cue, shows
):
    count = len(posterior)
    evidence = Evidence(
        travel=np.ones((2, 2, 2)), front=np.full((2, 2, 2, 2), float(has_cue)),
        seats=np.full(count, 1 / count), front_offset_rad=np.deg2rad(offsets_deg),
        front_shown=False, front_temper=1.0, front_doubt=0.1, log_run=np.zeros(2),
        bout=np.zeros(2, dtype=int), log_direction=np.zeros((2, 3)), named_front=np.zeros(2),
        named_front_doubt=1.0, stated=False, mixed=0.1, log_turn=np.zeros(2),
    )  # fmt: skip
    decoded = Decoded(np.zeros((2, 3)), np.zeros(2), np.array(posterior), shown_p, 0.0)
    assert _shows_front(evidence, decoded) is shows


def evidence_of(
    count: int, *, cue: FloatArray | None = None, travel: FloatArray = AHEAD, site: str = "thigh",
    trained: DirectionModel | None = None, **stated: Any,
) -> Evidence:  # fmt: skip
    """Evidence of so many equal strides, of which the wearer named the site."""
    every = trained or model(doubt=0.2)
    shows = shown(np.tile(travel, (count, 1)), front=cue, lever=cue)
    anchors, group = Anchors(site, **stated), group_of(site)
    session = _Session(shows, strides_of(count), anchors, every, Priors())
    ((rows, mixed),) = session.episodes
    return session._evidence(shows, rows, mixed, level_plane(shows.up), group)


@pytest.mark.parametrize(
    ("count", "size", "temper"),
    # A front of 6 times its size by each of two cues, force and lever.
    [(10, 0.01, 1.0), (24, 0.01, 12 / 24), (24, 0.2, 12 / (24 * 1.2)), (4, 1.0, 12 / 24)],
)
def test_fronts_of_an_episode_are_worth_twelve_strides_and_a_concentration_of_twelve(
    count, size, temper
):
    found = evidence_of(count, cue=size * AHEAD)
    assert found.front_temper == pytest.approx(temper)
    np.testing.assert_allclose(np.linalg.norm(found.front, axis=-1)[0, 1:], 6.0 * size)


def test_evidence_says_what_is_doubted_and_what_was_stated():
    plain = evidence_of(5, cue=AHEAD)
    assert plain.front_doubt == pytest.approx(1 - 0.99 * 0.8)
    assert (plain.stated, plain.front_shown) == (False, True)
    assert plain.mixed == pytest.approx(Priors().mixed)
    assert plain.named_front_doubt == pytest.approx(0.01)
    assert not plain.named_front.any()
    named = evidence_of(5, cue=AHEAD, forward=((0.0, 2.0),))
    assert named.stated
    assert named.mixed == Priors().mixed_if_stated
    assert (named.log_direction[:2, 1:] < -40).all()
    assert not named.log_direction[2:].any()
    assert np.linalg.norm(evidence_of(5, front="+x").named_front) == pytest.approx(16)


def test_a_front_is_shown_by_a_gyroscope_at_a_place_that_is_known():
    assert evidence_of(5, cue=AHEAD).front_shown
    assert not evidence_of(5).front_shown
    assert not evidence_of(5, cue=AHEAD, site="waist").front_shown
    # Of pockets, 92 % are front ones.
    assert evidence_of(5, cue=AHEAD, site="pocket").front_shown


@pytest.mark.parametrize(
    ("site", "cue", "heard"),
    [("upper-arm", AHEAD, False), ("wrist", AHEAD, True), ("wrist", None, False),
     ("thigh", None, True), ("pocket", None, True), ("back-pocket", None, False)],
)  # fmt: skip
def test_travel_is_heard_where_what_saw_the_stride_shows_it(site, cue, heard):
    found = evidence_of(3, cue=cue, site=site)
    assert found.travel.any() == heard
    if heard:
        np.testing.assert_allclose(np.linalg.norm(found.travel, axis=-1), 6.0)
        # Walking and running turn it round.
        np.testing.assert_allclose(found.travel[:, 0], -found.travel[:, 1])


# Likeness ---------------------------------------------------------------------------------------


def test_bouts_begin_where_their_number_changes():
    assert bout_begins(np.array([4, 4, 2, 2, 2, 7])).tolist() == [0, 2, 5]
    assert bout_begins(np.empty(0, dtype=int)).size == 0


def test_a_bout_is_the_mean_of_its_strides_of_the_usual_pace():
    features = shown(np.zeros((9, 3)))
    features.scalars[:, 0] = [1, 3, 5, 100, 10, 20, 30, 40, 50]
    features.up[2] = np.nan
    bout = np.array([0, 0, 0, 0, 1, 1, 1, 2, 3])
    ran = np.array([False, False, False, True, True, True, False, False, True])
    means, bout_ran = bout_means(features, bout, ran)
    # The third stride has no vertical, the fourth was run; a single one is no mean.
    np.testing.assert_allclose(means[:, 0], [2.0, 15.0, np.nan, np.nan])
    assert bout_ran.tolist() == [False, True, False, True]
    halves = bout_means(features.where([0, 1]), bout[:2], np.array([True, False]))
    assert halves[1].tolist() == [False]


def test_the_distance_of_bouts_is_the_root_mean_square_of_typical_differences():
    scale = np.full(len(COMPARED), 2.0)
    difference = np.zeros((3, len(COMPARED)))
    difference[0], difference[1, 0], difference[2, 0] = -6.0, 6.0, 1e6
    count = len(COMPARED)
    expected = np.log(np.array([3.0, np.sqrt(9 / count), np.sqrt(16 / count)]) + 0.01)
    np.testing.assert_allclose(log_distance(difference, scale), expected)


# The model --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("site", "named", "offsets_deg"),
    [
        ("foot", True, (0, 0, np.nan)), ("ankle", True, (0, 0, 180)),
        ("belly", True, (np.nan, np.nan, 0)),
        ("left-hip", False, (np.nan, np.nan, 90)), ("right-hip", False, (np.nan, np.nan, -90)),
        ("front-pocket", False, (0, 0, 0)), ("back-pocket", False, (0, 180, 180)),
        ("back-pocket", True, (0, np.nan, 180)), ("bag", True, (np.nan, np.nan, np.nan)),
    ],
)  # fmt: skip
def test_a_seat_says_where_each_cue_points(site, named, offsets_deg):
    np.testing.assert_allclose(Seat(site, 1.0, named).offsets_rad, np.deg2rad(offsets_deg))


def seats(placement: str | None, group: str) -> dict[str, tuple[float, bool]]:
    return {seat.site: (round(seat.weight, 6), seat.named) for seat in seats_of(placement, group)}


def test_a_name_may_mean_several_seats_of_one_group():
    assert seats("belly", "trunk") == {"belly": (1.0, True)}
    assert seats("pocket", "thigh") == {"front-pocket": (0.92, False), "back-pocket": (0.08, False)}
    assert seats("lower-leg", "ankle") == {"ankle": (1.0, False)}
    assert seats("lower-leg", "shin") == {"shin": (1.0, False)}
    # Of another group than the name means, it may be any of its sites.
    assert seats("belly", "foot") == seats(None, "foot") == {"foot": (1.0, False)}
    assert sum(weight for weight, _ in seats(None, "arm").values()) == pytest.approx(1.0)


def test_a_readout_sums_vectors_by_what_saw_the_stride_and_by_its_pace():
    weights = np.arange(4.0).reshape(2, 2, 1) * (np.array(NAMES) == "U2_fixed")
    weights[:, :, NAMES.index("S")] = 10.0
    both = Readout(weights, np.zeros(2))
    features = shown(np.outer([1.0, 2.0], AHEAD), rotation=np.array([0 * LEFT, LEFT]))
    found = both.vectors(features)
    # The first stride was not seen by a gyroscope; weights are 0 and 1 by pace, then 2 and 3.
    np.testing.assert_allclose(found[0], [0 * AHEAD, AHEAD])
    np.testing.assert_allclose(found[1], [4 * AHEAD + 10 * LEFT, 6 * AHEAD + 10 * LEFT])
    only = both.vectors(features, np.array(NAMES) == "S")
    np.testing.assert_allclose(only[1], [10 * LEFT, 10 * LEFT])
    features.vectors[0] = np.nan
    np.testing.assert_array_equal(both.vectors(features)[0], 0.0)


def test_cues_to_the_front_are_rotation_force_and_lever():
    every = {feature.name: 1.0 for feature in VECTORS}
    front = readout({NAMES.index(name): 1.0 for name in every}, {}, 0.0)
    group = SiteGroup(front, front, np.zeros(len(COMPARED)))
    evidence = shown(np.zeros((1, 3)), front=AHEAD, lever=2 * LEFT, rotation=3 * UP)
    np.testing.assert_allclose(group.front_cues(evidence)[0, :, 0], [3 * UP, AHEAD, 2 * LEFT])
    assert np.array(FRONT_CUES).sum(axis=0).tolist() == [1] * len(VECTORS)


def test_front_and_travel_belong_together_where_neither_misleads():
    travel = Readout(np.zeros((2, 2, len(VECTORS))), np.array([0.1, 0.2]))
    front = Readout(np.zeros((2, 2, len(VECTORS))), np.array([0.3, 0.5]))
    group = SiteGroup(travel, front, np.zeros(len(COMPARED)))
    assert group.doubt(shown(np.zeros((2, 3)))) == pytest.approx(1 - 0.9 * 0.7)
    assert group.doubt(shown(np.zeros((2, 3)), lever=AHEAD)) == pytest.approx(1 - 0.8 * 0.5)


def test_a_classifier_gives_the_log_share_of_each_group():
    classifier = SiteClassifier(
        ("a", "b"), np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([0.0, 1.0])
    )
    inputs = pd.DataFrame([[3.0, 1.0], [0.0, 0.0]])
    # Logits of 3 and 3, then of 0 and 1.
    expected = [[-np.log(2), -np.log(2)], [-np.log1p(np.e), 1 - np.log1p(np.e)]]
    np.testing.assert_allclose(classifier.log_probability(inputs), expected)


def sites(placement: str | None, odds: dict[str, float], *, strides: int = 1) -> dict[str, float]:
    """Weights of the groups, where every stride shows these odds."""
    groups = tuple(GROUPS)
    every = model()
    log_odds = np.log([odds.get(group, 1.0) for group in groups])
    classifiers = {
        form: SiteClassifier(groups, 0 * each.weights, log_odds)
        for form, each in every.sites.items()
    }
    features = shown(np.zeros((strides, 3)))
    return replace(every, sites=classifiers).group_weights(features, placement)


def test_strides_are_worth_two_independent_ones_however_many_there_are():
    expected = 3.0**SITE_STRIDES / (3.0**SITE_STRIDES + len(GROUPS) - 1)
    for strides in (1, 50):
        found = sites(None, {"foot": 3.0}, strides=strides)
        assert found["foot"] == pytest.approx(expected)
        assert sum(found.values()) == pytest.approx(1.0)
    # No group is less likely than a thousandth by one stride.
    least = np.exp(LEAST_LOG_SITE) ** SITE_STRIDES
    wild = sites(None, {"foot": 1e-9})
    assert wild["foot"] / wild["arm"] == pytest.approx(
        least / (1 / (len(GROUPS) - 1)) ** SITE_STRIDES, rel=1e-3
    )


def test_a_name_is_wrong_as_seldom_as_is_known_and_overruled_by_what_strides_show():
    named = sites("belly", {})
    assert named["foot"] / named["trunk"] == pytest.approx(MISNAMED)
    shown_otherwise = sites("belly", {"foot": 100.0})
    assert shown_otherwise["foot"] / shown_otherwise["trunk"] == pytest.approx(
        MISNAMED * 100.0**SITE_STRIDES
    )


def test_a_vague_name_is_doubted_also_where_a_model_lacks_one_of_its_groups():
    every = model(site="thigh")
    low = replace(every, groups={name: every.groups[name] for name in ("ankle", "thigh")})
    evidence = shown(np.tile(AHEAD, (20, 1)))
    (caution,) = _check_placement(evidence, low, Anchors("lower-leg"))
    assert "placement lower-leg contradicts the signal" in caution.text
    assert _check_placement(evidence, low, Anchors("pocket")) == ()
    assert _check_placement(evidence, low, Anchors()) == ()


# Mounting and travel ----------------------------------------------------------------------------


def test_the_mean_vertical_is_that_of_strides_that_have_one():
    features = shown(np.zeros((3, 3)), up=np.array([[0.6, 0, 0.8], [-0.6, 0, 0.8], [np.nan] * 3]))
    np.testing.assert_allclose(mean_up(features), UP)
    assert np.isnan(mean_up(features.where([2]))).all()
    features.vectors[0] = np.nan
    assert not remembered(features)[0].any()


def test_a_tilt_is_the_smallest_rotation_between_two_verticals():
    start, end = np.array([0.0, 0.6, 0.8]), np.array([0.0, -0.6, 0.8])
    tilt = _tilt(start, end)
    np.testing.assert_allclose(tilt @ start, end, atol=1e-12)
    np.testing.assert_allclose(tilt @ AHEAD, AHEAD, atol=1e-12)
    np.testing.assert_allclose(tilt @ tilt.T, np.eye(3), atol=1e-12)


@pytest.mark.parametrize(
    ("ahead", "across", "axis"),
    [(10, 0, AHEAD), (0, 10, LEFT), (8, 2, AHEAD), (5, 5, None), (7, 3, None), (0, 0, None)],
)
def test_travel_has_an_axis_where_it_is_far_stronger_along_it_than_across(ahead, across, axis):
    """Of ten strides that go there or back; shares of 0.8 and 0.2 differ by more than a half."""
    travel = np.array([*[AHEAD, -AHEAD] * 5][:ahead] + [*[LEFT, -LEFT] * 5][:across])
    travel = travel.reshape(-1, 3)
    evidence = shown(travel * np.linspace(1, 5, len(travel))[:, None])
    table = pd.DataFrame({"gait": ["walk"] * len(travel)})
    directions = Directions(table, "unknown", "belly", "", np.nan)
    found = _travel_axis(evidence, model(), directions)
    if axis is None:
        assert found is None
    else:
        np.testing.assert_allclose(np.abs(found @ axis), 1.0)


def test_travel_is_read_by_the_pace_of_each_stride():
    every = model(running=0.0)
    evidence = shown(np.array([AHEAD, LEFT]))
    table = pd.DataFrame({"gait": ["walk", "run"]})
    found = _travel_axis(evidence, every, Directions(table, "unknown", "trunk?", "", np.nan))
    np.testing.assert_allclose(np.abs(found @ AHEAD), 1.0)


def test_a_bounce_is_the_amplitude_of_two_steps_in_a_stride():
    features = shown(np.zeros((2, 3)))
    # Root mean squares of 1 and 2 m/s², at one and at two steps a second.
    at = [feature.name for feature in SITE_SCALARS].index("log_v_low")
    features.site_scalars[:, at] = np.log([1.0, 2.0])
    expected = np.sqrt(2) * np.array([1.0 / (2 * np.pi) ** 2, 2.0 / (4 * np.pi) ** 2])
    np.testing.assert_allclose(_bounce_m(features, np.array([2.0, 1.0])), expected)
