"""What decides outcomes: weights, their signs, their doubt, and who teaches them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from handmade import LEFT, features, random_features, readout
from recordings import recording
from scipy.optimize import minimize
from scipy.special import i0
from scipy.stats import vonmises

from retrodetect.direction import DirectionModel, model
from retrodetect.direction.decoder import PACES
from retrodetect.direction.likeness import COMPARED, log_distance
from retrodetect.direction.model import FORMS, SITE_INPUTS
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import (
    GYRO_SCALARS,
    NEEDS_GYRO,
    RATIOS,
    SCALARS,
    SITE_SCALARS,
    SWING,
    VECTORS,
)
from retrodetect.recording import FloatArray
from retrodetect.sites import GROUPS, group_of
from retrodetect.training.estimators import StrideClassifier
from retrodetect.training.fit import (
    HABITUAL_CONTRAST,
    MIN_RECORDING_STRIDES,
    MIN_STRIDES,
    MOST_DOUBT,
    PHYSICS_WEARERS,
    READOUTS,
    Fits,
    StrideTable,
    _balance,
    _by_signs,
    _fit_readout,
    _in_one_group,
    _likeness,
    _pairs_of_bouts,
    _Sites,
    _thinned,
    _toward_front,
    _untaught,
    doubt_of,
    fit,
    fit_readouts,
    fit_weights,
    level_fronts,
    reference_fronts,
    table_of,
    teaching,
    went,
)
from retrodetect.training.train import LEAST_CONTRAST_STRIDES, OWN_CONTRAST, learn

NAMES = [feature.name for feature in VECTORS]
UP = np.array([0.0, 0.0, 1.0])
AHEAD = np.array([1.0, 0.0, 0.0])


def turned(bearing_rad: FloatArray) -> FloatArray:
    return np.stack([np.cos(bearing_rad), np.sin(bearing_rad), 0 * bearing_rad], axis=1)


def table(rows: list[dict[str, object]], **vectors: FloatArray) -> StrideTable:
    """Strides with these vectors, all of one person at the belly unless a row says otherwise."""
    defaults: dict[str, object] = {
        "truth": "forward", "true_gait": "walk", "source": "a", "subject": "s",
        "recording": "r", "session": "r", "placement": "belly", "virtual": False, "bout": 0,
        "start_s": 0.0, "end_s": 1.0, "p_run": 0.0,
        "front_x": 1.0, "front_y": 0.0, "front_z": 0.0,
    }  # fmt: skip
    strides = pd.DataFrame([defaults | row for row in rows])
    count = len(strides)
    every = np.zeros((count, len(VECTORS), 3))
    for name, values in vectors.items():
        every[:, NAMES.index(name)] = values
    features = StrideFeatures(
        np.zeros((count, len(SCALARS) + len(RATIOS))),
        np.zeros((count, len(SITE_SCALARS))),
        np.zeros((count, len(GYRO_SCALARS))),
        every,
        np.tile(UP, (count, 1)),
        np.zeros(count),
    )
    return StrideTable(features, strides)


# Strides --------------------------------------------------------------------------------------


def test_strides_teach_where_their_direction_is_sure_and_they_have_a_vertical():
    first = recording(("forward", 2), ("", 1), ("sideways", 1), name="a.csv")
    last = recording(("backward", 2), name="b.csv", shown=features(2, up=[[np.nan] * 3, UP]))
    every = StrideTable.of([first, recording(), last])
    assert every.strides["example"].tolist() == [0, 0, 0, 0, 2, 2]
    assert every.teaches.tolist() == [True, True, False, True, False, True]
    kept = table_of([first, last])
    assert kept.strides["truth"].tolist() == ["forward", "forward", "sideways", "backward"]
    assert len(kept) == len(kept.features) == 4
    assert went(kept).strides["truth"].tolist() == ["forward", "forward", "backward"]


# Readouts -------------------------------------------------------------------------------------


def test_readouts_name_catalogued_vectors_with_a_sign_unless_they_are_swings():
    swings = {feature.name for feature in SWING}
    gyro = {feature.name for feature in NEEDS_GYRO}
    assert set(READOUTS) == set(GROUPS)
    for group, readouts in READOUTS.items():
        for (_, form, pace), names in readouts.items():
            assert (form in FORMS, pace in PACES) == (True, True)
            for name in names:
                plain = name.lstrip("+-")
                assert plain in NAMES, (group, name)
                assert (plain in swings) == (name == plain), (group, name)
                assert form == "gyroscope" or plain not in gyro, (group, name)


def test_the_docs_list_the_readouts_as_they_are():
    page = (Path(__file__).parents[2] / "docs" / "decoder.md").read_text(encoding="utf-8")

    def cell(names: tuple[str, ...]) -> str:
        plain = dict.fromkeys("swing" if name[0] not in "+-" else name for name in names)
        short = ", ".join(plain).replace("-", "\u2212")
        return (
            short.replace("_fixed", " f")
            .replace("_gyro", " g")
            .replace("lever_", "lever ")
            .replace("_lean", " lean")
            .replace("_arm", " arm")
            .replace("_hanging", " hanging")
            .replace("dh_jj_wide", "dh jj wide")
        )

    rows = [
        f"| {group}, {pace} | "
        + " | ".join(
            cell(readouts.get((target, form, pace), ())) or "none"
            for target in ("travel", "front")
            for form in ("gyroscope", "accelerometer")
        )
        + " |"
        for group, readouts in READOUTS.items()
        for pace in PACES
        if readouts
    ]
    listed = page.split("| site, pace |")[1].split("\n\n")[0].splitlines()[2:]
    assert listed == rows


# Weights --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kappa", [0.7, 3.0, 12.0])
def test_the_length_of_a_readout_is_the_concentration_of_its_bearing(kappa):
    bearing = vonmises(kappa).rvs(4000, random_state=1)
    vectors = turned(bearing)[:, None]
    weights = fit_weights(
        vectors, np.tile(AHEAD, (4000, 1)), np.ones(4000), np.array([1.0]), penalty=1e-6
    )
    assert weights[0] == pytest.approx(kappa, rel=0.1)


def test_a_vector_against_its_sign_gets_no_weight():
    vectors = np.stack([np.tile(AHEAD, (50, 1)), np.tile(-AHEAD, (50, 1))], axis=1)
    goal, weight = np.tile(AHEAD, (50, 1)), np.ones(50)
    plus = fit_weights(vectors, goal, weight, np.array([1.0, 1.0]))
    assert plus[0] > 1
    assert plus[1] == 0
    minus = fit_weights(vectors, goal, weight, np.array([-1.0, -1.0]))
    assert minus[0] == 0
    assert minus[1] < -1


@pytest.mark.parametrize("start", [None, np.array([0.0, -4.0, 9.0])])
def test_no_weight_could_be_better_without_leaving_its_sign(start):
    rng = np.random.default_rng(5)
    vectors = rng.normal(size=(300, 3, 3)) * [1.0, 1.0, 0.0]
    vectors[:, :, 0] += np.array([1.0, -0.5, 0.4])
    goal, weight = np.tile(AHEAD, (300, 1)), rng.uniform(0.5, 2.0, 300)
    signs = np.array([0.0, 1.0, -1.0])

    def log_p(weights):
        total = np.einsum("nki,k->ni", vectors, weights)
        kappa = np.linalg.norm(total, axis=1)
        size = weights * np.sqrt(weight @ (vectors**2).sum(axis=2) / weight.sum())
        return weight @ (total @ AHEAD - np.log(i0(kappa))) / weight.sum() - 0.01 * size @ size

    best = fit_weights(vectors, goal, weight, signs, penalty=0.02, start=start)
    assert best[0] > 0.5
    assert list(best[1:]) == [0.0, 0.0]
    for step in (1e-3, -1e-3):
        for k, sign in enumerate(signs):
            if sign * step >= 0:
                assert log_p(best + step * np.eye(3)[k]) < log_p(best)
    if start is not None:
        return
    free = minimize(lambda first: -log_p(np.append(first, [0.0, 0.0])), [1.0], tol=1e-9)
    assert best[0] == pytest.approx(free.x[0], abs=1e-5)


def test_weights_lean_on_a_prior_the_more_the_larger_the_penalty():
    vectors = turned(vonmises(2.0).rvs(500, random_state=2))[:, None]
    goal, weight, sign = np.tile(AHEAD, (500, 1)), np.ones(500), np.array([1.0])
    prior = np.array([9.0])
    light, heavy = (
        fit_weights(vectors, goal, weight, sign, prior=prior, penalty=penalty)[0]
        for penalty in (1e-6, 100.0)
    )
    assert light == pytest.approx(2.0, rel=0.2)
    assert heavy == pytest.approx(9.0, rel=0.02)


# Doubt ----------------------------------------------------------------------------------------


def sources(misled: dict[str, bool], truth: str = "forward") -> tuple[StrideTable, FloatArray]:
    """Thirty strides of each source; those misled point to the rear of where they should."""
    rows = [
        {"source": source, "recording": source, "truth": truth}
        for source in misled
        for _ in range(30)
    ]
    goal = np.tile(AHEAD, (len(rows), 1))
    sign = np.repeat([-1.0 if wrong else 1.0 for wrong in misled.values()], 30)
    return table(rows, U2_fixed=sign[:, None] * goal), goal


def test_doubt_counts_the_wearers_whose_source_took_no_part():
    right, goal = sources(dict.fromkeys("abcd", False))
    assert doubt_of(right, goal, ("+U2_fixed",)) == pytest.approx(0.5 / (4 + PHYSICS_WEARERS))
    half, goal = sources({"a": True, "b": False, "c": False, "d": False})
    assert doubt_of(half, goal, ("+U2_fixed",)) == pytest.approx(1.5 / (4 + PHYSICS_WEARERS))


def test_a_source_that_would_turn_the_sign_round_for_itself_is_misled_by_the_others():
    # Swing vectors have no sign of their own, so a source alone would always be right.
    last, goal = sources({"a": False, "b": False, "c": False, "d": True})
    last.features.vectors[:, NAMES.index("swing_0")] = last.features.vectors[
        :, NAMES.index("U2_fixed")
    ]
    assert doubt_of(last, goal, ("swing_0",)) == pytest.approx(1.5 / (4 + PHYSICS_WEARERS))


def test_doubt_is_that_of_the_direction_that_misleads_more():
    ahead, goal = sources(dict.fromkeys("abcd", False))
    back, _ = sources({"a": True, "b": True, "c": False, "d": False}, truth="backward")
    both = StrideTable(
        StrideFeatures.joined([ahead.features, back.features]),
        pd.concat([ahead.strides, back.strides], ignore_index=True),
    )
    found = doubt_of(both, np.concatenate([goal, goal]), ("+U2_fixed",))
    assert found == pytest.approx((0.5 * 8 + 0.5) / (8 + PHYSICS_WEARERS))


@pytest.mark.parametrize("strides", [MIN_RECORDING_STRIDES - 1, MIN_RECORDING_STRIDES])
def test_a_recording_of_a_few_strides_misleads_nobody(strides):
    right, goal = sources(dict.fromkeys("abc", False))
    wrong, _ = sources({"d": True})
    wrong = wrong.where(np.arange(30) < strides)
    both = StrideTable(
        StrideFeatures.joined([right.features, wrong.features]),
        pd.concat([right.strides, wrong.strides], ignore_index=True),
    )
    misled = strides >= MIN_RECORDING_STRIDES
    assert doubt_of(both, goal[[0] * len(both)], ("+U2_fixed",)) == pytest.approx(
        (misled + 0.5) / (3 + misled + PHYSICS_WEARERS)
    )


def test_where_no_source_can_be_held_out_only_physics_vouches():
    """Of two sources of 19 strides each, none is left enough to learn from."""
    two, goal = sources({"a": True, "b": False})
    few = two.where((two.strides.groupby("source").cumcount() < MIN_STRIDES - 1).to_numpy())
    assert doubt_of(few, goal[: len(few)], ("+U2_fixed",)) == 0.5 / PHYSICS_WEARERS
    enough = two.where((two.strides.groupby("source").cumcount() < MIN_STRIDES).to_numpy())
    assert doubt_of(enough, goal[: len(enough)], ("+U2_fixed",)) == 1.5 / (2 + PHYSICS_WEARERS)


def test_a_wearer_is_misled_by_the_share_of_recordings_that_are():
    """One wearer at one site; a recording is wrong if the sum of its strides is."""
    strides, goal = sources(dict.fromkeys("abcd", False))
    strides.strides["recording"] = np.arange(120) // 10
    half_wrong = strides.features.vectors[:, NAMES.index("U2_fixed")]
    half_wrong[:16] *= -1
    # Of the first three recordings: ten wrong, six wrong of ten, none.
    found = doubt_of(strides, goal, ("+U2_fixed",))
    assert found == pytest.approx((2 / 3 + 0.5) / (4 + PHYSICS_WEARERS))


def test_a_readout_that_misleads_too_many_is_not_used():
    names = READOUTS["trunk"]["travel", "accelerometer", "walk"]
    accelerometer = FORMS.index("accelerometer")
    for wrong, used in (("abcd", True), ("abcdef", False)):
        strides, _ = sources({source: source in wrong for source in "abcdefghijklm"})
        travel = _fit_readout(strides, level_fronts(strides), "trunk", "travel")
        doubt = (len(wrong) + 0.5) / (13 + PHYSICS_WEARERS)
        if names == ("+U2_fixed",):
            assert travel.doubt[accelerometer] == pytest.approx(doubt)
        assert (travel.doubt[accelerometer] <= MOST_DOUBT) == used
        assert travel.weights[accelerometer].any() == used


@pytest.mark.parametrize("count", [MIN_STRIDES - 1, MIN_STRIDES])
def test_a_readout_needs_some_strides(count):
    strides = table([{}] * count, U2_fixed=AHEAD)
    travel = _fit_readout(strides, level_fronts(strides), "trunk", "travel")
    accelerometer = FORMS.index("accelerometer")
    assert travel.weights[accelerometer].any() == (count >= MIN_STRIDES)
    if count < MIN_STRIDES:
        assert travel.doubt[accelerometer] == 1.0
    # Nothing was seen by a gyroscope.
    assert not travel.weights[FORMS.index("gyroscope")].any()
    assert travel.doubt[FORMS.index("gyroscope")] == 1.0


def test_sources_sites_and_directions_count_the_same_however_long():
    rows = [{"source": "a"}] * 4 + [{"source": "a", "placement": "chest"}] * 2
    rows += [{"source": "a", "truth": "backward"}] + [{"source": "b"}] * 5
    np.testing.assert_allclose(
        _balance(table(rows).strides), [1 / 4] * 4 + [1 / 2] * 2 + [1] + [1 / 5] * 5
    )


# Who teaches, and what is left to physics --------------------------------------------------------


def test_captured_runs_teach_nothing_above_the_ankle():
    rows = [{"true_gait": "run", "virtual": virtual} for virtual in (True, False) for _ in range(5)]
    strides = table(rows, U2_fixed=np.tile(-AHEAD, (10, 1)))
    fronts = level_fronts(strides)
    part, _ = teaching(strides, fronts, "trunk", "travel", "accelerometer", "run")
    assert not part.strides["virtual"].any()
    assert len(teaching(strides, fronts, "foot", "travel", "accelerometer", "run")[0]) == 10


def test_travel_turns_with_the_truth_and_a_front_does_not():
    strides = table([{"truth": "backward"}] * 3)
    fronts = level_fronts(strides)
    _, travel = teaching(strides, fronts, "trunk", "travel", "accelerometer", "walk")
    np.testing.assert_allclose(travel, np.tile(-AHEAD, (3, 1)))
    thighs = table([{"truth": "backward", "placement": "thigh"}] * 3)
    _, front = teaching(thighs, fronts, "thigh", "front", "accelerometer", "walk")
    np.testing.assert_allclose(front, np.tile(AHEAD, (3, 1)))


@pytest.mark.parametrize(("site", "form", "strides"), [
    ("wrist", "gyroscope", 3), ("wrist", "accelerometer", 0), ("upper-arm", "gyroscope", 0),
])  # fmt: skip
def test_travel_is_taught_by_sites_that_show_it(site, form, strides):
    arms = table([{"placement": site}] * 3, A=AHEAD)
    assert len(teaching(arms, level_fronts(arms), "arm", "travel", form, "walk")[0]) == strides


@pytest.mark.parametrize(("site", "form", "strides"), [
    ("thigh", "accelerometer", 3), ("thigh", "gyroscope", 3), ("belly", "accelerometer", 0),
    ("belly", "gyroscope", 3), ("left-hip", "gyroscope", 3), ("head", "gyroscope", 0),
])  # fmt: skip
def test_a_front_is_taught_by_sites_that_show_it_and_by_levers(site, form, strides):
    worn = table([{"placement": site}] * 3, A=AHEAD)
    taught, _ = teaching(worn, level_fronts(worn), group_of(site), "front", form, "walk")
    assert len(taught) == strides


@pytest.mark.parametrize(("form", "strides"), [("gyroscope", 3), ("accelerometer", 6)])
def test_only_strides_with_a_gyroscope_teach_what_it_shows(form, strides):
    worn = table([{}] * 6, A=np.repeat([AHEAD, 0 * AHEAD], 3, axis=0))
    taught, _ = teaching(worn, level_fronts(worn), "trunk", "travel", form, "walk")
    assert len(taught) == strides


@pytest.mark.parametrize(
    ("site", "lever", "turned_to"),
    [
        ("belly", AHEAD, AHEAD), ("lower-back", -AHEAD, AHEAD), ("left-hip", LEFT, AHEAD),
        ("right-hip", -LEFT, AHEAD), ("left-hip", AHEAD, -LEFT), ("head", AHEAD, 0 * AHEAD),
        # Of a vaguer name, the likeliest site.
        ("chest", AHEAD, AHEAD), ("pocket", AHEAD, AHEAD),
    ],
)  # fmt: skip
def test_levers_point_outward_and_are_turned_to_the_front(site, lever, turned_to):
    worn = table([{"placement": "back-pocket"}, {"placement": site}], lever_mid=lever)
    columns = np.array([NAMES.index("lever_mid")])
    np.testing.assert_allclose(_toward_front(worn, columns)[1, 0], turned_to, atol=1e-12)
    np.testing.assert_allclose(_toward_front(worn, columns)[0, 0], -lever, atol=1e-12)


def test_what_a_site_does_not_show_of_the_front_is_taken_out_beside_a_lever_only():
    worn = table([{"placement": "belly"}, {"placement": "thigh"}], S=AHEAD, R1_gyro=LEFT)
    alone = np.array([NAMES.index("S"), NAMES.index("R1_gyro")])
    np.testing.assert_array_equal(_toward_front(worn, alone), [[AHEAD, LEFT]] * 2)
    beside = np.append(alone, NAMES.index("lever_low"))
    nothing = 0 * AHEAD
    np.testing.assert_array_equal(
        _toward_front(worn, beside), [[nothing] * 3, [AHEAD, LEFT, nothing]]
    )


def test_a_stride_without_vectors_counts_as_one_that_shows_nothing():
    worn = table([{}, {}], lever_mid=np.array([[np.nan] * 3, AHEAD]))
    columns = np.array([NAMES.index("lever_mid")])
    np.testing.assert_array_equal(_toward_front(worn, columns)[:, 0], [0 * AHEAD, AHEAD])


def test_an_arm_has_no_contrast():
    arms = fit_readouts(walkers("wrist"), "arm")
    assert not arms.contrast.any()
    assert fit_readouts(walkers(), "trunk").contrast.any()


def walkers(site: str = "belly") -> StrideTable:
    """Six sources of a belly, or another site, that goes both ways, walking only."""
    rows = [
        {"source": source, "recording": f"{source} {truth}", "truth": truth, "placement": site}
        for source in "abcdef"
        for truth in ("forward", "backward")
        for _ in range(20)
    ]
    sign = np.where([row["truth"] == "backward" for row in rows], -1.0, 1.0)
    stray = vonmises(8.0).rvs(len(rows), random_state=3)
    return table(rows, U2_fixed=0.5 * sign[:, None] * turned(stray))


def test_running_that_nobody_taught_turns_the_travel_of_the_hip_round():
    travel = fit_readouts(walkers(), "trunk").travel
    column = NAMES.index("U2_fixed")
    walk, run = travel.weights[FORMS.index("accelerometer"), :, column]
    assert walk > 5
    assert run == pytest.approx(-walk, rel=0.05)


def test_runs_that_nobody_taught_are_as_sure_as_walking():
    """The vectors of a run weigh by their size, and together as much as those of walking."""
    strides = table([{}] * 4, U2_fixed=0.5 * AHEAD, U3_fixed=2.0 * LEFT)
    walking = np.zeros(len(VECTORS))
    walking[NAMES.index("U2_fixed")] = 8.0
    alone = _untaught(strides.features, ("-U2_fixed",), walking)
    assert alone[NAMES.index("U2_fixed")] == pytest.approx(-8.0, rel=1e-4)
    assert np.count_nonzero(alone) == 1
    both = _untaught(strides.features, ("-U2_fixed", "+U3_fixed"), walking)
    # Walking sums to 4; of two vectors of one unit each across the other, the sum is √2.
    assert both[NAMES.index("U2_fixed")] == pytest.approx(-4 / np.sqrt(2) / 0.5, rel=1e-4)
    assert both[NAMES.index("U3_fixed")] == pytest.approx(4 / np.sqrt(2) / 2.0, rel=1e-4)
    # Half of the strides show nothing: sizes are root mean squares over all of them.
    strides.features.vectors[:2] = np.nan
    half = _untaught(strides.features, ("-U2_fixed",), walking)
    assert half[NAMES.index("U2_fixed")] == pytest.approx(-8.0, rel=1e-4)


def test_where_no_front_is_known_the_signs_of_physics_point_to_the_travel():
    strides = table([{}] * 4, **{feature.name: 2.0 * AHEAD for feature in VECTORS})
    for group in ("trunk", "ankle", "foot"):
        travel = _by_signs(strides, group)
        for i, form in enumerate(FORMS):
            for j, pace in enumerate(PACES):
                expected = np.zeros(len(VECTORS))
                for name in READOUTS[group].get(("travel", form, pace), ()):
                    sign = {"+": 1.0, "-": -1.0}.get(name[0], 0.0)
                    expected[NAMES.index(name.lstrip("+-"))] = sign / 2.0
                np.testing.assert_allclose(travel.weights[i, j], expected, rtol=1e-5)
        assert not travel.doubt.any()


def test_readouts_are_learned_where_only_the_direction_is_known():
    strides = walkers()
    expected = fit_readouts(strides, "trunk").travel.weights[FORMS.index("accelerometer"), 0]
    strides.strides[["front_x", "front_y", "front_z"]] = np.nan
    found = fit_readouts(strides, "trunk").travel.weights[FORMS.index("accelerometer"), 0]
    np.testing.assert_allclose(found, expected, rtol=0.05, atol=0.2)


def test_a_front_is_brought_into_the_level_plane():
    strides = table([{}, {"front_x": np.nan}])
    strides.features.up[:] = [0.6, 0.0, 0.8]
    np.testing.assert_allclose(level_fronts(strides), [[0.8, 0.0, -0.6], [np.nan] * 3])


def test_fronts_are_those_to_which_the_travel_of_a_recording_points():
    rows = [
        {"recording": "left", "truth": "forward"}, {"recording": "left", "truth": "backward"},
        {"recording": "none", "truth": "forward"}, {"recording": "none", "truth": "backward"},
        {"recording": "ran", "truth": "forward", "true_gait": "run"},
        {"recording": "known", "truth": "forward"}, {"source": "b", "recording": "left"},
    ]  # fmt: skip
    ways = [2 * LEFT, -LEFT, LEFT, LEFT, -AHEAD, LEFT, -LEFT]
    strides = table(rows, U2_fixed=np.array(ways))
    fronts = np.full((7, 3), np.nan)
    fronts[5] = AHEAD
    travel = readout({"U2_fixed": 3.0}, run={"U2_fixed": -2.0})
    found = reference_fronts(strides, fronts, travel)
    expected = [LEFT, LEFT, [np.nan] * 3, [np.nan] * 3, AHEAD, AHEAD, -LEFT]
    np.testing.assert_allclose(found, expected, atol=1e-12)
    assert np.isnan(fronts[0]).all()
    # Each stride is level in its own way.
    tilted = table([{}, {}], U2_fixed=AHEAD)
    tilted.features.up[0] = [0.6, 0.0, 0.8]
    found = reference_fronts(tilted, np.full((2, 3), np.nan), travel)
    np.testing.assert_allclose(found, [[0.8, 0.0, -0.6], AHEAD], atol=1e-12)


def test_a_front_that_is_not_known_is_taken_from_the_travel():
    strides = walkers()
    travel = fit_readouts(strides, "trunk").travel
    unknown = np.full((len(strides), 3), np.nan)
    fronts = reference_fronts(strides, unknown, travel)
    assert (fronts @ AHEAD).min() > np.cos(np.deg2rad(15))


def test_a_model_knows_the_sites_of_its_strides_only():
    assert list(fit(walkers()).groups) == ["trunk"]


def wearers_who_differ(size: float, count: int = 20, subjects: tuple[str, ...] = ("s",)):
    """Strides of people whose first scalar is larger backward, each around a level of their own."""
    ways = np.repeat(["forward", "backward"], count)
    rows = [{"truth": way, "subject": subject} for subject in subjects for way in ways]
    made = table(rows)
    noise = np.random.default_rng(0).normal(size=made.features.scalars.shape)
    level = np.repeat(np.arange(len(subjects)), 2 * count) * 50.0
    backward = np.tile(ways == "backward", len(subjects))
    made.features.scalars[:] = 0.1 * noise
    made.features.scalars[:, 0] += level + size * backward
    return made


@pytest.mark.parametrize("subjects", [("s",), ("s", "t")])
@pytest.mark.parametrize("size", [-1.0, 1.0])
def test_the_contrast_of_these_wearers_is_learned_with_its_sign(size, subjects):
    base = fit(table([{}] * 30, U2_fixed=AHEAD))
    contrast = learn(wearers_who_differ(size, subjects=subjects), base).groups["trunk"].contrast
    # The same difference again counts as OWN_CONTRAST says, nearly all of it by that scalar.
    assert contrast[0] * size == pytest.approx(OWN_CONTRAST, rel=0.1)
    assert np.abs(contrast[1:]).max() < 0.4 * abs(contrast[0])


@pytest.mark.parametrize("count", [LEAST_CONTRAST_STRIDES - 1, LEAST_CONTRAST_STRIDES])
def test_a_few_strides_teach_no_contrast(count):
    base = fit(table([{}] * 30, U2_fixed=AHEAD))
    contrast = learn(wearers_who_differ(1.0, count), base).groups["trunk"].contrast
    assert np.array_equal(contrast, HABITUAL_CONTRAST) == (count < LEAST_CONTRAST_STRIDES)


def mounted(count: int = 20, subjects: tuple[str, ...] = ("s",)) -> StrideTable:
    """Strides of people whose U2 points along the device's y-axis backward, against it forward."""
    ways = np.repeat(["forward", "backward"], count)
    rows = [
        {"truth": way, "subject": subject, "session": f"{i // 5}"}
        for subject in subjects
        for i, way in enumerate(ways)
    ]
    made = table(rows, U2_fixed=turned(np.full(len(rows), np.pi / 2)))
    noise = np.random.default_rng(0)
    made.features.vectors[(made.strides["truth"] == "forward").to_numpy()] *= -1
    made.features.vectors[:, NAMES.index("U2_fixed"), :2] += 0.2 * noise.normal(size=(len(rows), 2))
    made.features.scalars[:] = noise.normal(size=made.features.scalars.shape)
    return made


@pytest.mark.parametrize("base", [None, fit(table([{}] * 30, U2_fixed=AHEAD))])
def test_how_a_device_sat_on_one_wearer_is_remembered(base):
    strides = mounted()
    (site, mounting), *others = learn(strides, base).mountings.items()
    assert (site, others) == ("belly", [])
    odds = mounting.log_odds(strides.features)
    backward = (strides.strides["truth"] == "backward").to_numpy()
    np.testing.assert_array_equal(odds > 0, backward)
    assert np.abs(odds).min() > 1.0


def test_no_two_wearers_wear_a_device_alike():
    assert learn(mounted(subjects=("s", "t"))).mountings == {}


@pytest.mark.parametrize("count", [LEAST_CONTRAST_STRIDES - 1, LEAST_CONTRAST_STRIDES])
def test_a_few_strides_show_no_mounting(count):
    base = fit(table([{}] * 30, U2_fixed=AHEAD))
    assert bool(learn(mounted(count), base).mountings) == (count >= LEAST_CONTRAST_STRIDES)


def test_a_device_that_sat_otherwise_in_each_session_shows_little():
    strides = mounted()
    anew = strides.strides["session"].isin(["1", "3", "5", "7"]).to_numpy()
    strides.features.vectors[anew] *= -1
    base = fit(table([{}] * 30, U2_fixed=AHEAD))
    odds = [
        np.abs(mounting.log_odds(strides.features)).mean()
        for mounting in learn(strides, base).mountings.values()
    ]
    assert sum(odds) < 0.5


def wearer_of_bouts(*ways: str, unlike: float = 0.0):
    """Bouts of ten strides of one wearer; those that go backward differ in all that is compared."""
    rows = [{"truth": way, "recording": str(i)} for i, way in enumerate(ways) for _ in range(10)]
    made = table(rows)
    noise = np.random.default_rng(1).normal(size=(len(ways), made.features.scalars.shape[1]))
    backward = np.repeat(np.array(ways) == "backward", 10)[:, None]
    made.features.scalars[:] = 0.1 * np.repeat(noise, 10, axis=0) + unlike * backward
    return made


def test_bouts_in_opposite_directions_are_learned_to_be_unlike():
    learned = _likeness(
        *_pairs_of_bouts(wearer_of_bouts(*(["forward", "backward"] * 6), unlike=0.5))
    )
    assert learned.slope > 1
    alike, apart = log_distance(np.array([[0.1], [0.5]]) + 0 * learned.scale, learned.scale)
    assert learned.slope * alike + learned.intercept < 0 < learned.slope * apart + learned.intercept
    assert learned.scale == pytest.approx(0.1, abs=0.06)


def test_a_bout_of_both_ways_is_alike_to_none():
    ways = ["forward"] * 5 + ["backward"] * 5
    rows = [{"truth": way, "recording": str(bout)} for bout in range(2) for way in ways]
    rows += [{"truth": "forward", "recording": bout} for bout in "23" for _ in range(10)]
    _, compared = _pairs_of_bouts(table(rows))
    assert compared["opposite"].tolist() == [True] * 5 + [False]


@pytest.mark.parametrize("ways", [["forward"] * 6, ["forward"], ["forward", "backward"]])
def test_who_never_went_both_ways_twice_teaches_no_likeness(ways):
    learned = _likeness(*_pairs_of_bouts(wearer_of_bouts(*ways)))
    assert learned.slope == learned.intercept == 0.0


def test_bouts_of_a_wearer_at_a_site_and_pace_are_compared_with_each_other():
    """Means of 1, 3 and 7 walking; what was run, worn elsewhere or by others is apart."""
    bouts = [
        (1.0, {"truth": "forward"}), (3.0, {"truth": "backward"}), (7.0, {"truth": "forward"}),
        (20.0, {"true_gait": "run"}), (26.0, {"true_gait": "run"}), (50.0, {"subject": "other"}),
        (60.0, {"placement": "wrist"}), (61.0, {"placement": "wrist"}),
        (70.0, {"placement": "shin"}), (70.0, {"placement": "shin"}),
        (80.0, {"truth": "sideways"}), (90.0, {"source": "b"}), (90.5, {"source": "b"}),
    ]  # fmt: skip
    rows = [{"recording": str(i), **row} for i, (_, row) in enumerate(bouts) for _ in range(2)]
    # A single stride makes no mean.
    strides = table([*rows, {"recording": "single"}])
    strides.features.scalars[:-1] = np.repeat([mean for mean, _ in bouts], 2)[:, None]
    difference, compared = _pairs_of_bouts(strides)
    found = compared.assign(difference=difference[:, 0], last=difference[:, -1])
    expected = [
        ("a", "s", "arm", False, 1.0), ("a", "s", "trunk", True, 2.0),
        ("a", "s", "trunk", False, 6.0), ("a", "s", "trunk", True, 4.0),
        ("a", "s", "trunk", False, 6.0), ("b", "s", "trunk", False, 0.5),
    ]  # fmt: skip
    columns = ["source", "subject", "group", "opposite", "difference"]
    assert sorted(found[columns].itertuples(index=False, name=None)) == sorted(expected)
    assert found["last"].tolist() == found["difference"].tolist()


def likeness_of(*pairs: tuple[str, str, bool, float, int]):
    """From so many pairs of bouts of a source and group that differ so much in everything."""
    rows = [pair[:4] for pair in pairs for _ in range(pair[4])]
    compared = pd.DataFrame(rows, columns=["source", "group", "opposite", "size"])
    size = compared["size"].to_numpy()[:, None]
    return _likeness(size * np.ones(len(COMPARED)), compared)


def log_odds(learned, size: float) -> float:
    distance = log_distance(size * np.ones((1, len(COMPARED))), learned.scale)
    return float(learned.slope * distance[0] + learned.intercept)


def test_the_log_odds_of_opposite_ways_are_those_of_the_pairs_that_differ_so_much():
    learned = likeness_of(
        ("a", "trunk", False, 1.0, 30), ("a", "trunk", False, 2.0, 10),
        ("a", "trunk", True, 1.0, 1), ("a", "trunk", True, 2.0, 3),
    )  # fmt: skip
    # Ways are as likely beforehand, however many pairs there were of either.
    np.testing.assert_allclose(learned.scale, 1.0)
    assert log_odds(learned, 1.0) == pytest.approx(-np.log(3), abs=1e-3)
    assert log_odds(learned, 2.0) == pytest.approx(np.log(3), abs=1e-3)


def test_sources_and_groups_count_the_same_however_many_bouts_they_hold():
    def contrary(source: str, group: str, size: int):
        return [
            (source, group, False, 1.0, size), (source, group, False, 2.0, 3 * size),
            (source, group, True, 1.0, 3 * size), (source, group, True, 2.0, size),
        ]  # fmt: skip

    first = [
        ("a", "trunk", False, 1.0, 30), ("a", "trunk", False, 2.0, 10),
        ("a", "trunk", True, 1.0, 1), ("a", "trunk", True, 2.0, 3),
    ]  # fmt: skip
    for other in (contrary("b", "trunk", 9), contrary("a", "arm", 9)):
        learned = likeness_of(*first, *other)
        # Medians of 1 and 2, and odds that cancel out.
        np.testing.assert_allclose(learned.scale, np.sqrt((1 + 4) / 2))
        assert log_odds(learned, 1.0) == pytest.approx(0.0, abs=1e-3)
        assert log_odds(learned, 2.0) == pytest.approx(0.0, abs=1e-3)


# Sites ----------------------------------------------------------------------------------------


def test_a_vague_name_teaches_a_group_only_where_no_sure_one_does():
    def taught(*placements: str) -> list[bool]:
        return _in_one_group(pd.Series(placements)).tolist()

    assert taught("ankle", "shin", "waist", "pocket", "chest") == [True] * 5
    assert taught("lower-leg", "waist") == [True, True]
    assert taught("lower-leg", "ankle", "lower-leg") == [False, True, False]
    assert taught("lower-leg", "shin") == [True, True]


@pytest.mark.parametrize(("size", "kept"), [(5, 5), (23, 23), (24, 12), (30, 15), (36, 12)])
def test_a_dozen_strides_of_a_recording_teach_its_site(size, kept):
    rows = [{"recording": "r"}] * size + [{"recording": "r", "source": "b"}] * 3
    rows += [{"recording": "r", "placement": "chest"}] * 2
    thinned = _thinned(table(rows).strides)
    assert thinned[:size].sum() == kept
    assert thinned[0]
    assert thinned[size:].all()
    step = np.diff(np.flatnonzero(thinned[:size]))
    assert len(set(step.tolist())) == 1


def two_sites(foot: int = 10, waist: int = 30) -> StrideTable:
    strides = table([{"placement": "foot"}] * foot + [{"placement": "waist"}] * waist)
    made = random_features(1, foot + waist)
    made.vectors[: foot // 2, -len(NEEDS_GYRO) :] = 0.0
    strides.strides["source"] = np.where(np.arange(foot + waist) % 5 < 2, "a", "b")
    strides.strides["recording"] = np.arange(foot + waist)
    return StrideTable(made, strides.strides)


@pytest.mark.usefixtures("few_site_inputs")
@pytest.mark.parametrize("with_gyro", [False, True])
def test_sites_are_told_apart_by_strides_that_weigh_by_the_root_of_how_many_there_are(with_gyro):
    strides = two_sites()
    groups = np.array(["foot"] * 10 + ["trunk"] * 30)
    classifier = _Sites(strides, groups, with_gyro=with_gyro).classifier
    # With a gyroscope, those that have one; half of the feet have none.
    rows = np.arange(5 if with_gyro else 0, 40)
    cell = strides.strides.iloc[rows].groupby(["source", "placement"])["truth"].transform("size")
    inputs = strides.features.where(rows).site_inputs(with_gyro=with_gyro)
    weight = 1 / np.sqrt(cell.to_numpy(dtype=float))
    expected = StrideClassifier().fit(inputs, groups[rows], weight / weight.mean())
    assert classifier.groups == ("foot", "trunk")
    np.testing.assert_allclose(classifier.weights, expected.weights_, atol=1e-5)
    np.testing.assert_allclose(classifier.intercepts, expected.intercepts_, atol=1e-4)


def test_of_one_group_of_sites_only_that_is_known():
    strides = two_sites()
    sites = _Sites(strides, np.array([""] * 10 + ["trunk"] * 30), with_gyro=False)
    assert sites.classifier.groups == ("trunk",)
    assert not sites.classifier.weights.any()
    np.testing.assert_array_equal(sites.classifier.intercepts, [0.0])


@pytest.mark.usefixtures("few_site_inputs")
def test_without_any_gyroscope_sites_are_told_apart_by_what_there_is():
    strides = two_sites()
    strides.features.vectors[:, -len(NEEDS_GYRO) :] = 0.0
    strides.features.gyro_scalars[:] = 0.0
    groups = np.array(["foot"] * 10 + ["trunk"] * 30)
    seen, without = (_Sites(strides, groups, with_gyro=gyro).classifier for gyro in (True, False))
    np.testing.assert_allclose(seen.weights[:, : without.weights.shape[1]], without.weights)


def test_learning_extends_the_base_where_there_are_strides_and_keeps_the_rest():
    base = fit(walkers())
    column = NAMES.index("U2_fixed")
    own = walkers()
    own.features.vectors[:, column] *= 0.3
    extended = learn(own, base, name="mine")
    before = base.groups["trunk"].travel.weights[0, 0, column]
    after = extended.groups["trunk"].travel.weights[0, 0, column]
    assert extended.name == "mine"
    # The same bearings on shorter vectors: larger weights.
    assert after > 1.5 * before
    assert extended.sites == base.sites


# Models without a source or a wearer -------------------------------------------------------------


def laboratories() -> StrideTable:
    """Two wearers of each source, both ways; foot only in ``d``, no gyroscope in ``b``.

    Where nobody wears an ankle, the lower leg stands for it.
    """
    worn = {
        "a": ("belly", "wrist", "shin"), "b": ("belly",), "c": ("belly", "wrist", "lower-leg"),
        "d": ("foot",), "e": ("ankle",),
    }  # fmt: skip
    rows = [
        {
            "source": source, "subject": subject, "placement": site, "truth": truth, "bout": bout,
            "recording": f"{source} {subject} {site}",
        }
        for source, sites in worn.items()
        for subject in ("anna", "ben")
        for site in sites
        for bout, truth in enumerate(["forward", "backward"] * 2)
        for _ in range(6)
    ]  # fmt: skip
    made = StrideTable(random_features(4, len(rows)), table(rows).strides)
    made.features.up[:] = UP
    made.features.vectors[:, :, 2] = 0.0
    made.features.site_scalars[:, 0] += 2.0 * (made.strides["placement"] == "wrist")
    made.features.vectors[made.strides["source"] == "b", -len(NEEDS_GYRO) :] = 0.0
    return made


@pytest.fixture
def few_site_inputs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tell sites apart by what is only for that: regressions of all features take long."""
    every = StrideFeatures.site_inputs
    own = {feature.name for feature in (*SITE_SCALARS, *GYRO_SCALARS)}
    few = {
        form: tuple(name for name in names if name in own) for form, names in SITE_INPUTS.items()
    }

    def inputs(self: StrideFeatures, *, with_gyro: bool) -> pd.DataFrame:
        return every(self, with_gyro=with_gyro)[list(few[FORMS[with_gyro]])]

    monkeypatch.setattr(model, "SITE_INPUTS", few)
    monkeypatch.setattr(StrideFeatures, "site_inputs", inputs)


def numbers(fitted: DirectionModel) -> dict[str, float]:
    """Every parameter of a model by its path."""
    return pd.json_normalize(fitted.parameters()).iloc[0].to_dict()


@pytest.mark.parametrize(
    ("source", "subject"),
    [("a", None), ("a", "anna"), ("b", None), ("c", "ben"), ("d", None), ("e", None)],
)
@pytest.mark.usefixtures("few_site_inputs")
def test_a_model_without_a_wearer_is_one_that_never_saw_the_wearer(source, subject):
    strides = laboratories()
    out = strides.strides["source"] == source
    if subject is not None:
        out &= strides.strides["subject"] == subject
    alone = numbers(fit(strides.where(~out.to_numpy())))
    every = Fits(strides)
    assert numbers(every.without(source, subject)) == pytest.approx(alone, abs=1e-5)
    assert numbers(every.model) != pytest.approx(alone, abs=1e-3)


@pytest.mark.usefixtures("few_site_inputs")
def test_what_a_source_did_not_teach_is_the_same_without_it():
    every = Fits(laboratories())
    without = every.without("d")
    assert every.model.groups["trunk"] is without.groups["trunk"]
    assert every.without("b").sites["gyroscope"] is every.model.sites["gyroscope"]
    assert "foot" not in without.groups
    assert without.sites["gyroscope"].groups == ("ankle", "arm", "shin", "trunk")
