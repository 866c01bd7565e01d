"""From what strides show and what the wearer tells to a name or a reason for each stride."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from retrodetect import gait
from retrodetect.direction import Anchors, Cues, DirectionModel, Priors, classify, decide
from retrodetect.direction.classify import level_plane
from retrodetect.direction.decoder import ScoreModel
from retrodetect.direction.model import (
    GROUPS,
    MOST_LOG_ODDS,
    Readout,
    SiteGroup,
    direction_log_odds,
    group_of,
    stride_inputs,
    stride_score,
)
from retrodetect.errors import RefusedRecording
from retrodetect.features import (
    FREE_FEATURES,
    ORIENTED_FEATURES,
    SCALARS,
    VECTORS,
    StrideFeatures,
)
from retrodetect.features.catalogue import RATIOS, SWING
from retrodetect.recording import PLACEMENTS, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, prepare
from retrodetect.simulate import parse_plan, walk, wear

UP = np.array([0.0, 0.0, 1.0])
AHEAD = np.array([1.0, 0.0, 0.0])
STRIDE_S = 1.0
few = settings(max_examples=10, deadline=None)
seeds = st.integers(0, 2**16)


class Told(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that reads log odds of its classes off its first columns."""

    def __init__(self, classes: tuple[str, ...], columns: int = 1) -> None:
        self.classes_ = np.array(classes)
        self.columns = columns

    def predict_proba(self, inputs: pd.DataFrame) -> FloatArray:
        """Twice the first column against the first class; others share alike."""
        odds = np.zeros((len(inputs), len(self.classes_)))
        odds[:, 0] = inputs.iloc[:, 0]
        odds = np.exp(odds)
        return np.asarray(odds / odds.sum(axis=1, keepdims=True))


DEAF = ScoreModel((-1, 1, 0), (-1, 1, 0), 1, 1, 0.5, 0.0, 25)
HEARS = replace(DEAF, temper=0.3)
TRAVEL = np.eye(len(VECTORS))[0]
FACING = np.eye(len(VECTORS))[-1]


def model_of(
    groups: tuple[str, ...] = tuple(GROUPS),
    score: ScoreModel = DEAF,
    concentration: float = 4.0,
    front: FloatArray | None = None,
    **site: Any,
) -> DirectionModel:
    """A model whose first vector points where the wearer goes."""
    travel = Readout(concentration * TRAVEL, -concentration * TRAVEL, 0.01)
    each = SiteGroup(
        Told(("backward", "forward")),  # type: ignore[arg-type]
        score,
        travel,
        np.zeros(len(VECTORS)) if front is None else front,
        True,
    )
    each = replace(each, **site)
    return DirectionModel(dict.fromkeys(groups, each), Told(tuple(sorted(groups))))  # type: ignore[arg-type]


def cues_of(
    ways: FloatArray, up: FloatArray | None = None, yaw_rad: FloatArray | None = None
) -> Cues:
    """Strides that travel along (n, 3) ways; free features all zero."""
    n = len(ways)
    vectors = np.zeros((n, len(VECTORS), 3))
    vectors[:, 0] = ways
    return Cues(
        StrideFeatures(
            np.zeros((n, len(SCALARS) + len(RATIOS))),
            vectors,
            np.tile(UP, (n, 1)) if up is None else up,
        ),
        np.zeros(n) if yaw_rad is None else yaw_rad,
    )


def strides_of(bouts: tuple[int, ...], p_run: float = 0.01, pause_s: float = 10.0) -> pd.DataFrame:
    bout = np.repeat(np.arange(len(bouts)), bouts)
    start_s = STRIDE_S * np.arange(len(bout)) + pause_s * bout
    return pd.DataFrame(
        {
            "run": 0, "bout": bout, "start_s": start_s, "end_s": start_s + STRIDE_S,
            "gait": "walk" if p_run < 0.5 else "run", "p_run": p_run,
        }
    )  # fmt: skip


THERE_AND_BACK = np.repeat([AHEAD, -AHEAD], 20, axis=0)
BOUTS = strides_of((20, 20))
FORTH = ["forward"] * 20 + ["backward"] * 20
BACK = ["backward"] * 20 + ["forward"] * 20


def named(cues: Cues, strides: pd.DataFrame, anchors: Anchors, **model: Any) -> list[str]:
    return decide(cues, strides, model_of(**model), anchors).table["direction"].tolist()


# Anchors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("front", "expected"), [("+x", FORTH), ("-x", BACK)])
def test_a_given_front_names_the_ways(front: str, expected: list[str]) -> None:
    anchors = Anchors("waist", front=front)
    assert named(cues_of(THERE_AND_BACK), BOUTS, anchors) == expected
    assert decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), anchors).front == "given"


def test_running_shows_its_way_the_other_way_round() -> None:
    running = strides_of((20, 20), p_run=0.99)
    assert named(cues_of(THERE_AND_BACK), running, Anchors("waist", front="+x")) == BACK


@settings(max_examples=6, deadline=None)
@given(seeds)
def test_the_front_turns_with_the_device(seed: int) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    ways, up = THERE_AND_BACK @ turn.T, np.tile(UP @ turn.T, (40, 1))
    told = Anchors("waist", forward=((0.0, 6.0),))
    assert named(cues_of(ways, up), BOUTS, told) == FORTH


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"forward": ((0.0, 6.0),)}, FORTH),
        ({"backward": ((0.0, 6.0),)}, BACK),
        ({"forward": ((30.0, 50.0),)}, BACK),
        ({"backward": ((30.0, 50.0),)}, FORTH),
        ({"starts": "forward"}, FORTH),
        ({"starts": "backward"}, BACK),
    ],
)
def test_a_marked_stretch_names_the_rest(told: dict[str, Any], expected: list[str]) -> None:
    found = decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), Anchors("waist", **told))
    assert found.table["direction"].tolist() == expected
    assert found.front == "marked"


def test_a_mark_holds_for_strides_whose_middle_lies_in_it() -> None:
    silent = cues_of(np.zeros((20, 3)))
    found = decide(
        silent, strides_of((20,)), model_of(), Anchors("waist", forward=((3.5, 6.5),)),
        Priors(mixed_if_told=1.0 - 1e-9, change_within_bout=1 - 1e-9),
    ).table  # fmt: skip
    # Half-open: the stride whose middle is 3.5 s is in, that at 6.5 s is not.
    assert found.index[found["direction"] == "forward"].tolist() == [3, 4, 5]


def test_the_habit_of_starting_one_way_vouches_for_some_seconds_of_the_first_bout() -> None:
    redrawn = Priors(mixed_if_told=1.0 - 1e-9, change_within_bout=1 - 1e-9)
    silent = cues_of(np.zeros((20, 3)))
    anchors = Anchors("waist", starts="backward")
    long = decide(silent, strides_of((20,)), model_of(), anchors, redrawn).table
    assert long.index[long["direction"] == "backward"].tolist() == list(range(6))
    short = decide(silent, strides_of((3, 17), pause_s=0.5), model_of(), anchors, redrawn).table
    assert short.index[short["direction"] == "backward"].tolist() == [0, 1, 2]


def test_without_a_word_two_ways_are_told_apart_but_neither_is_named() -> None:
    found = decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), Anchors("waist"))
    assert found.table["p_backward"].between(0.49, 0.51).all()
    assert (found.table["direction"] == "unknown").all()
    assert found.front == "unknown"


def test_it_is_told_what_the_names_rest_on() -> None:
    ahead, strides = cues_of(np.tile(AHEAD, (20, 1))), strides_of((20,))
    grounds = {
        "wearer": decide(ahead, strides, model_of(), Anchors("waist", front="+x")),
        "habit": decide(ahead, strides, model_of(), Anchors("waist")),
        "signal": decide(ahead, strides, model_of(front=FACING), Anchors("waist")),
        "": decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), Anchors("waist")),
    }
    assert [found.told_apart_by for found in grounds.values()] == list(grounds)
    assert (grounds["habit"].table["direction"] == "forward").all()


def test_a_session_that_hardly_names_anything_has_an_unknown_front() -> None:
    silent = cues_of(np.zeros((20, 3)))
    priors = Priors(one_way=(0.5, 0.4, 0.1))
    found = decide(silent, strides_of((20,)), model_of(), Anchors("waist"), priors)
    assert found.front == "unknown"
    assert decide(silent, strides_of((20,)), model_of(), Anchors("waist")).front == "inferred"


def test_a_front_that_points_up_says_nothing() -> None:
    anchors = Anchors("waist", front="+z")
    p = decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), anchors).table["p_backward"]
    assert p.between(0.05, 0.95).all()


# Reasons ------------------------------------------------------------------------------------


def test_a_stride_with_a_name_has_no_reason() -> None:
    found = decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), Anchors("waist", front="+x")).table
    assert (found["reason"] == "").all()


def test_reasons_for_unknown_strides() -> None:
    ways = np.tile(AHEAD, (40, 1))
    ways[20:30] = [0.0, 1.0, 0.0]
    found = decide(cues_of(ways), strides_of((40,)), model_of(), Anchors("waist", front="+x")).table
    assert (found["reason"].iloc[[*range(20), *range(30, 40)]] == "").all()
    assert (found["direction"][20:30] == "unknown").all()
    assert (found["reason"][20:30] == "sideways").all()

    silent, priors = np.zeros((20, 3)), Priors(one_way=(0.5, 0.4, 0.1))
    yaw_rad = np.where(np.arange(20) < 5, np.deg2rad(51), np.deg2rad(49))
    found = decide(
        cues_of(silent, yaw_rad=yaw_rad), strides_of((20,)), model_of(), Anchors("waist"), priors
    ).table
    assert found["reason"].tolist() == ["turning"] * 5 + ["weak"] * 15
    assert (found["direction"] == "unknown").all()

    up = np.tile(UP, (20, 1))
    up[:4] = np.nan
    found = decide(
        cues_of(np.zeros((20, 3)), up, yaw_rad), strides_of((20,)), model_of(), Anchors("waist")
    ).table
    assert found["reason"].tolist() == ["no_vertical"] * 4 + [""] * 16
    assert found["direction"].tolist() == ["unknown"] * 4 + ["forward"] * 16


def test_a_name_needs_the_threshold() -> None:
    silent, strides = cues_of(np.zeros((20, 3))), strides_of((20,))
    p = 1 - decide(silent, strides, model_of(), Anchors("waist")).table["p_backward"][0]
    assert 0.9 < p < 0.99
    strict = DirectionModel(model_of().groups, model_of().placement, threshold=0.99)
    found = decide(silent, strides, strict, Anchors("waist")).table
    assert (found["direction"] == "unknown").all()
    assert (found["reason"] == "weak").all()


def test_a_recording_without_a_vertical_is_unknown_throughout() -> None:
    n = 12
    nothing = Cues(
        StrideFeatures(
            np.full((n, len(SCALARS) + len(RATIOS)), np.nan),
            np.full((n, len(VECTORS), 3), np.nan),
            np.full((n, 3), np.nan),
        ),
        np.zeros(n),
    )
    found = decide(nothing, strides_of((n,)), model_of(), Anchors(front="+x"))
    assert (found.table["reason"] == "no_vertical").all()
    assert found.table["p_backward"].between(0, 1).all()
    assert found.placement == "trunk?"


def test_no_strides_give_an_empty_table() -> None:
    none = decide(cues_of(np.empty((0, 3))), BOUTS.iloc[:0], model_of())
    full = decide(cues_of(THERE_AND_BACK), BOUTS, model_of())
    assert list(none.table) == list(full.table) == ["direction", "p_backward", "reason"]
    assert none.table.dtypes.to_dict() == full.table.dtypes.to_dict()
    assert (none.front, none.placement) == ("unknown", "unknown")
    kept = decide(cues_of(np.empty((0, 3))), BOUTS.iloc[:0], model_of(), Anchors("waist"))
    assert kept.placement == "waist"


# Episodes -----------------------------------------------------------------------------------


def tilted(degrees: float) -> FloatArray:
    turn = Rotation.from_euler("y", degrees, degrees=True).as_matrix()
    return np.concatenate([np.tile(UP, (20, 1)), np.tile(UP @ turn.T, (20, 1))])


def test_a_device_that_tilts_between_bouts_was_placed_anew() -> None:
    # Turned round while it was off, it would otherwise look as if the wearer had.
    told = Anchors("waist", forward=((0.0, 20.0),))
    still = decide(cues_of(THERE_AND_BACK, tilted(39.5)), BOUTS, model_of(), told).table
    anew = decide(cues_of(THERE_AND_BACK, tilted(40.5)), BOUTS, model_of(), told).table
    assert (still["direction"][20:] == "backward").all()
    assert still["p_backward"][20:].min() > 0.95
    assert anew["p_backward"][20:].max() < 0.6
    assert (anew["direction"][:20] == "forward").all()


def test_a_tilt_within_a_bout_is_a_wearer_who_leans() -> None:
    told = Anchors("waist", forward=((0.0, 15.0),))
    found = decide(cues_of(THERE_AND_BACK, tilted(50.0)), strides_of((40,)), model_of(), told)
    assert (found.table["direction"][20:] != "forward").all()


def test_a_bout_without_a_vertical_belongs_to_the_episode_before() -> None:
    up = np.tile(UP, (40, 1))
    up[20:] = np.nan
    found = decide(
        cues_of(THERE_AND_BACK, up), BOUTS, model_of(), Anchors("waist", front="+x")
    ).table
    assert (found["reason"][20:] == "no_vertical").all()
    assert found["p_backward"][20:].min() > 0.9


# Placement ----------------------------------------------------------------------------------


def test_every_placement_belongs_to_one_group() -> None:
    assert sorted(site for sites in GROUPS.values() for site in sites) == sorted(PLACEMENTS)
    assert {site: group_of(site) for sites in GROUPS.values() for site in sites} == {
        site: name for name, sites in GROUPS.items() for site in sites
    }


def free_of(first: FloatArray) -> StrideFeatures:
    features = cues_of(np.zeros((len(first), 3))).features
    features.scalars[:, 0] = first
    return features


def test_a_given_placement_is_its_group_and_nothing_else() -> None:
    assert model_of().group_weights(free_of(np.zeros(5)), "wrist") == {"arm": 1.0}
    found = decide(cues_of(THERE_AND_BACK), BOUTS, model_of(), Anchors("wrist"))
    assert found.placement == "wrist"


def test_a_placement_the_model_knows_nothing_of_is_refused() -> None:
    with pytest.raises(RefusedRecording) as raised:
        model_of(("distal", "trunk")).group_weights(free_of(np.zeros(5)), "wrist")
    for word in ("wrist", "unnamed", "foot", "lower-back"):
        assert word in str(raised.value)
    assert "thigh" not in str(raised.value)


@pytest.mark.parametrize("strides", [1, 10, 500])
def test_all_strides_together_are_worth_two_where_the_placement_is_inferred(strides: int) -> None:
    # Odds of `arm` at each stride: 3 to 1 to 1 to 1, so squared.
    found = model_of().group_weights(free_of(np.full(strides, np.log(3))), None)
    assert found == pytest.approx(
        {"arm": 9 / 12, "distal": 1 / 12, "thigh": 1 / 12, "trunk": 1 / 12}
    )


def test_strides_are_averaged_by_the_logarithm_and_none_is_sure() -> None:
    found = model_of().group_weights(free_of(np.array([np.log(3), -np.log(3), np.nan])), None)
    p = np.array([[3 / 6, 1 / 6], [1 / 10, 3 / 10]])
    expected = np.prod(p, axis=0)  # squared, and the root of two strides taken
    expected /= expected[0] + 3 * expected[1]
    assert found["arm"] == pytest.approx(expected[0]) or np.isnan(found["arm"])
    sure = model_of().group_weights(free_of(np.array([50.0])), None)
    assert sure["thigh"] == pytest.approx(1e-6, rel=1e-3)


def test_an_inferred_placement_is_the_likeliest_group_with_a_question_mark() -> None:
    cues = cues_of(THERE_AND_BACK)
    cues.features.scalars[:, 0] = 2.0
    assert decide(cues, BOUTS, model_of()).placement == "arm?"


def test_groups_that_may_be_right_are_weighed() -> None:
    # Of two groups one calls the way forward, the other backward.
    said = model_of(("arm", "trunk"))
    other = replace(said.groups["trunk"], travel=Readout(-4 * TRAVEL, 4 * TRAVEL, 0.01))
    both = DirectionModel(said.groups | {"trunk": other}, said.placement)
    cues = cues_of(np.repeat([AHEAD], 30, axis=0))
    p = [
        decide(
            Cues(replace(cues.features, scalars=cues.features.scalars + odds), cues.yaw_rad),
            strides_of((30,)), both, Anchors(front="+x"),
        ).table["p_backward"].mean()
        for odds in (-3.0, 0.0, 3.0)
    ]  # fmt: skip
    assert p[0] > 0.9
    assert p[1] == pytest.approx(0.5, abs=0.1)
    assert p[2] < 0.1


def test_a_group_that_is_hardly_likely_is_not_asked() -> None:
    # Odds of 9 to 1 at each stride are 81 to 1: each of three others has one of 84.
    cues = cues_of(np.repeat([AHEAD], 30, axis=0))
    cues.features.scalars[:, 0] = np.log(9)
    sure = model_of().groups["arm"]
    others = replace(sure, travel=Readout(-4 * TRAVEL, 4 * TRAVEL, 0.01))
    model = DirectionModel(dict.fromkeys(GROUPS, others) | {"arm": sure}, model_of().placement)
    p, told = (
        decide(cues, strides_of((30,)), model, Anchors(placement, front="+x")).table["p_backward"]
        for placement in (None, "wrist")
    )
    np.testing.assert_allclose(p, told, rtol=1e-12)


def test_without_any_vertical_the_trunk_is_taken_or_what_there_is() -> None:
    nothing = free_of(np.zeros(3)).where([0, 1, 2])
    nothing.up[:] = np.nan
    assert model_of().group_weights(nothing, None) == {"trunk": 1.0}
    assert model_of(("distal", "arm")).group_weights(nothing, None) == {"distal": 1.0}


# What the classifier is asked ---------------------------------------------------------------


def random_features(seed: int, n: int = 6) -> StrideFeatures:
    rng = np.random.default_rng(seed)
    up = rng.normal(size=(n, 3))
    return StrideFeatures(
        rng.normal(size=(n, len(SCALARS) + len(RATIOS))),
        rng.normal(size=(n, len(VECTORS), 3)),
        up / np.linalg.norm(up, axis=1, keepdims=True),
    )


def turned(features: StrideFeatures, turn: FloatArray) -> StrideFeatures:
    return replace(features, vectors=features.vectors @ turn.T, up=features.up @ turn.T)


ALL_WALK, ONE = np.zeros(6), np.zeros(6, dtype=np.intp)


def test_where_no_front_shows_the_inputs_are_the_free_features() -> None:
    features = random_features(0)
    found = stride_inputs(np.zeros(len(VECTORS)), features, ALL_WALK, ONE, AHEAD)
    assert list(found) == list(FREE_FEATURES)
    pd.testing.assert_frame_equal(found, features.free())


@few
@given(seeds)
def test_a_found_front_turns_with_the_device_and_with_the_sign_of_its_axes(seed: int) -> None:
    features = random_features(seed)
    inputs = stride_inputs(FACING, features, ALL_WALK, ONE)
    assert list(inputs) == list(ORIENTED_FEATURES)
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    found = stride_inputs(FACING, turned(features, turn), ALL_WALK, ONE)
    np.testing.assert_allclose(found, inputs, atol=1e-9)
    # A total sign flip turns vectors and the vertical alike.
    found = stride_inputs(FACING, turned(features, -np.eye(3)), ALL_WALK, ONE)
    np.testing.assert_allclose(found, inputs, atol=1e-9)


@few
@given(seeds, st.floats(-np.pi, np.pi))
def test_a_given_front_need_only_turn_along(seed: int, angle: float) -> None:
    features = replace(random_features(seed), up=np.tile(UP, (6, 1)))
    inputs = stride_inputs(FACING, features, ALL_WALK, ONE, AHEAD)
    about_vertical = Rotation.from_rotvec(angle * UP).as_matrix()
    found = stride_inputs(
        FACING, turned(features, about_vertical), ALL_WALK, ONE, about_vertical @ AHEAD
    )
    np.testing.assert_allclose(found, inputs, atol=1e-9)
    # Its length, and what of it points up, make no difference.
    found = stride_inputs(FACING, features, ALL_WALK, ONE, 7 * AHEAD + 3 * UP)
    np.testing.assert_allclose(found, inputs, atol=1e-9)


def test_each_episode_has_a_front_of_its_own() -> None:
    features = random_features(1)
    episode = np.array([0, 0, 0, 1, 1, 1])
    both = stride_inputs(FACING, features, ALL_WALK, episode)
    for number in (0, 1):
        rows = np.flatnonzero(episode == number)
        alone = stride_inputs(FACING, features.where(rows), ALL_WALK[:3], ONE[:3])
        np.testing.assert_allclose(both.iloc[rows], alone, atol=1e-12)


def test_swing_is_taken_along_the_front_and_across_it_and_apart_for_running() -> None:
    features = replace(random_features(2), up=np.tile(UP, (6, 1)))
    running = np.array([0.0, 1, 0, 1, 0, 1])
    found = stride_inputs(FACING, features, running, ONE, AHEAD)
    for feature in SWING:
        vector = features.vector(feature.name)
        np.testing.assert_allclose(found[f"{feature.name}_along"], vector[:, 0])
        np.testing.assert_allclose(found[f"{feature.name}_across"], np.abs(vector[:, 1]))
        np.testing.assert_allclose(found[f"running·{feature.name}_along"], running * vector[:, 0])
    np.testing.assert_allclose(found["running"], running)


def test_no_strides_have_no_inputs() -> None:
    none = random_features(0).where(slice(0, 0))
    assert len(stride_inputs(FACING, none, ALL_WALK[:0], ONE[:0])) == 0


def test_log_odds_are_those_of_the_classifier_in_our_order() -> None:
    inputs = free_of(np.array([0.0, 1.0, np.nan, 60.0])).free()
    found = direction_log_odds(Told(("backward", "forward")), inputs)  # type: ignore[arg-type]
    backward = 1 / (1 + np.exp(-np.array([0.0, 1.0])))
    np.testing.assert_allclose(found[:2, :2], np.log([1 - backward, backward]).T)
    assert np.isnan(found[:, 2]).all()
    assert np.isnan(found[2]).all()
    assert found[3, 0] == pytest.approx(np.log(1e-9))


def test_a_score_is_never_surer_than_twenty_to_one() -> None:
    log_p = np.log([[0.5, 0.5, 0.1], [0.45, 0.55, 0.1], [1e-9, 1, 0.1], [1, 1e-9, 0.1]])
    found = stride_score(log_p)
    assert np.exp(MOST_LOG_ODDS) == pytest.approx(20, rel=0.01)
    assert found[0] == 0
    assert found[1] == pytest.approx(np.log(0.55 / 0.45), rel=0.01)
    assert found[2:] == pytest.approx([MOST_LOG_ODDS, -MOST_LOG_ODDS], rel=1e-4)
    assert (np.abs(found) <= MOST_LOG_ODDS).all()
    assert np.isnan(stride_score(np.full((1, 3), np.nan))).all()


def test_sideways_is_scored_against_the_likelier_of_both_ways() -> None:
    site = replace(model_of().groups["arm"], classifier=Told(("sideways", "backward", "forward")))  # type: ignore[arg-type]
    score, sideways = site.scores(free_of(np.array([0.0, 2.0])), np.zeros(2))
    np.testing.assert_allclose(score, 0.0, atol=1e-12)
    np.testing.assert_allclose(sideways, [0.0, 2.0])


def test_scores_name_the_ways_where_travel_says_nothing() -> None:
    cues = cues_of(np.zeros((40, 3)))
    cues.features.scalars[:, 0] = np.where(np.arange(40) < 20, -3.0, 3.0)
    told = Anchors("foot", forward=((0.0, 10.0),))
    assert named(cues, BOUTS, told, score=HEARS)[:20] == ["forward"] * 20
    p = decide(cues, BOUTS, model_of(score=HEARS), told).table["p_backward"]
    assert p[20:].min() > 0.8


def test_a_classifier_that_learned_no_running_is_not_asked_about_it() -> None:
    cues = cues_of(np.zeros((40, 3)))
    cues.features.scalars[:, 0] = 3.0
    running = strides_of((20, 20), p_run=0.99)
    deaf = decide(cues, running, model_of(score=HEARS, hears_running=False), Anchors("foot"))
    plain = decide(cues, running, model_of(score=DEAF), Anchors("foot"))
    heard = decide(cues, running, model_of(score=HEARS), Anchors("foot"))
    np.testing.assert_allclose(deaf.table["p_backward"], plain.table["p_backward"])
    assert heard.table["p_backward"].mean() > plain.table["p_backward"].mean() + 0.02


class Noting(Told):
    """Keeps what it was asked."""

    def predict_proba(self, inputs: pd.DataFrame) -> FloatArray:
        """Even odds."""
        self.asked = inputs
        return np.full((len(inputs), 2), 0.5)


def test_a_classifier_is_told_which_strides_are_running() -> None:
    noting = Noting(("backward", "forward"))
    strides = strides_of((20, 20)).assign(p_run=np.linspace(0, 1, 40))
    decide(
        cues_of(THERE_AND_BACK), strides, model_of(front=FACING, classifier=noting),
        Anchors("waist", front="+x"),
    )  # fmt: skip
    assert noting.asked["running"].tolist() == [0.0] * 20 + [1.0] * 20


def test_many_strides_are_scored_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    features = random_features(3)
    site = replace(model_of().groups["trunk"], front=FACING)
    running = np.array([0.0, 1, 0, 1, 0, 1])
    whole = site.scores(features, running)
    weights = model_of().group_weights(features, None)
    monkeypatch.setattr("retrodetect.direction.model.BLOCK_STRIDES", 4)
    np.testing.assert_allclose(site.scores(features, running), whole, atol=1e-12)
    assert model_of().group_weights(features, None) == pytest.approx(weights)


# Golden numbers -----------------------------------------------------------------------------


def any_session() -> tuple[Cues, pd.DataFrame]:
    """Strides in four bouts, with a device placed anew in the third, and a run in the last."""
    rng = np.random.default_rng(11)
    way = np.repeat([1.0, -1.0, 1.0, -1.0], 12)
    angle = rng.normal(0, 0.7, 48)
    cues = cues_of(
        way[:, None] * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=1)
        * rng.uniform(0, 1, (48, 1)),
        np.where(np.arange(48)[:, None] < 24, UP, [0.0, 0.8, 0.6]),
    )  # fmt: skip
    cues.features.scalars[:, 0] = rng.normal(-way, 1.5)
    strides = strides_of((12, 12, 12, 12))
    strides["p_run"] = np.where(np.arange(48) < 36, rng.uniform(0, 0.6, 48), 0.98)
    return cues, strides


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({}, [0.0016, 0.9670, 0.9838, 0.0748, 0.1100]),
        ({"placement": "waist"}, [0.0016, 0.9670, 0.9838, 0.0748, 0.1100]),
        ({"placement": "waist", "front": "+x"}, [0.0009, 0.9803, 0.9965, 0.0002, 0.0271]),
        ({"placement": "thigh", "front": "+y"}, [0.0082, 0.9353, 0.9604, 0.2181, 0.8440]),
        (
            {"placement": "waist", "backward": ((22.0, 27.0),)},
            [0.0016, 1.0000, 0.9981, 0.2444, 0.3575],
        ),
        ({"placement": "wrist", "starts": "forward"}, [0.0000, 0.9761, 0.9931, 0.2444, 0.3575]),
    ],
)  # fmt: skip
def test_the_same_strides_get_the_same_names_in_every_version(
    told: dict[str, Any], expected: list[float]
) -> None:
    model = model_of(score=HEARS, travel=Readout(1.2 * TRAVEL, -0.8 * TRAVEL, 0.0))
    p = decide(*any_session(), model, Anchors(**told)).table["p_backward"]
    assert p[3::9].tolist() == pytest.approx(expected, abs=1e-4)


# The whole way ------------------------------------------------------------------------------


def test_a_model_names_the_strides_of_a_recording_as_the_stages_do() -> None:
    recording = wear(walk(parse_plan("stand 2s, walk forward 12s, stand 2s"), seed=1), "waist")
    signals = prepare(recording)
    strides = gait.detect(signals).strides
    found = model_of().predict(recording)
    expected = classify(signals, strides, model_of(), Anchors(recording.placement)).table
    assert found.tolist() == expected["direction"].tolist()
    assert set(found) <= set(model_of().classes_) == {"forward", "backward", "unknown"}
    check_is_fitted(model_of().fit())


# Storing ------------------------------------------------------------------------------------


def test_a_model_survives_being_taken_apart_and_put_together() -> None:
    model = model_of(front=FACING)
    parameters, estimators = model.parameters(), model.estimators()
    again = DirectionModel.from_stored(estimators, parameters, name="again", card={"a": 1})
    assert again.parameters() == parameters
    assert again.estimators() == estimators
    assert (again.name, again.card) == ("again", {"a": 1})
    assert parameters["groups"]["arm"]["travel"]["walk"] == {VECTORS[0].name: 4.0}
    assert parameters["groups"]["arm"]["front"] == {VECTORS[-1].name: 1.0}
    assert set(estimators) == {"placement", *GROUPS}
    site = again.groups["arm"]
    np.testing.assert_array_equal(site.travel.run, -4 * TRAVEL)
    np.testing.assert_array_equal(site.front, FACING)
    assert site.score == DEAF


# Turning ------------------------------------------------------------------------------------


def spun(rate_radps: float, up: FloatArray | None, seconds: float = 20.0) -> Signal:
    n = int(seconds * ANALYSIS_RATE_HZ)
    force = np.tile(9.80665 * UP, (n, 1)) + np.random.default_rng(0).normal(0, 1, (n, 3))
    rate = np.tile([0.3, 0.2, rate_radps], (n, 1))
    return Signal(5.0, force, None if up is None else np.tile(up, (n, 1)), rate, 100.0)


def test_yaw_is_the_angle_turned_about_the_vertical() -> None:
    strides = strides_of((10,)).assign(start_s=lambda table: table["start_s"] + 6.0)
    strides["end_s"] = strides["start_s"] + 1.0
    for rate_radps in (0.5, -0.5):
        found = Cues.of([spun(rate_radps, UP)], strides)
        np.testing.assert_allclose(found.yaw_rad, 0.5, atol=1e-9)
        assert len(found.features) == 10
    np.testing.assert_array_equal(Cues.of([spun(1.0, None)], strides).yaw_rad, 0.0)
    silent = replace(spun(1.0, UP), angular_rate_radps=None)
    np.testing.assert_array_equal(Cues.of([silent], strides).yaw_rad, 0.0)
    later = strides.assign(run=[0] * 5 + [1] * 5)
    both = Cues.of([spun(0.2, UP), spun(0.4, UP)], later)
    np.testing.assert_allclose(both.yaw_rad, [0.2] * 5 + [0.4] * 5, atol=1e-9)


def test_cues_join_run_by_run() -> None:
    a, b = cues_of(THERE_AND_BACK, yaw_rad=np.ones(40)), cues_of(-THERE_AND_BACK)
    joined = Cues.joined([a, b])
    np.testing.assert_array_equal(joined.yaw_rad, [1.0] * 40 + [0.0] * 40)
    np.testing.assert_array_equal(joined.features.vectors[40:], b.features.vectors)
    assert len(Cues.joined([]).features) == 0


def test_classifying_signals_is_measuring_and_deciding() -> None:
    strides = strides_of((10,)).assign(start_s=lambda table: table["start_s"] + 6.0)
    strides["end_s"] = strides["start_s"] + 1.0
    signals = [spun(1.0, UP)]
    whole = classify(signals, strides, model_of(), Anchors("waist"))
    parts = decide(Cues.of(signals, strides), strides, model_of(), Anchors("waist"))
    pd.testing.assert_frame_equal(whole.table, parts.table)
    assert list(whole.table.index) == list(range(10))


# The horizontal plane -----------------------------------------------------------------------


@few
@given(seeds)
def test_the_plane_of_an_episode_is_level_and_right_handed_however_the_device_sways(
    seed: int,
) -> None:
    rng = np.random.default_rng(seed)
    up = rng.normal(size=3) + rng.normal(0, 0.5, (9, 3))
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    up[3] = np.nan
    plane = level_plane(up)
    mean = np.nanmean(up, axis=0)
    np.testing.assert_allclose(plane @ plane.T, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(plane @ mean, 0.0, atol=1e-12)
    assert np.cross(*plane) @ mean > 0
