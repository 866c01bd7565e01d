"""The parametric walker moves as people do, and its truth is what it did."""

from functools import cache
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal as sps
from scipy.spatial.transform import Rotation

from retrodetect.errors import UsageError
from retrodetect.lab.simulate import (
    PERFECT,
    Section,
    Walk,
    captured_strides,
    direction_truth,
    handled,
    parse_plan,
    walk,
    wear,
)
from retrodetect.lab.simulate.norms import MANNERS, Direction, Gait
from retrodetect.lab.simulate.steps import Person, speed_of_mps
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import prepare
from retrodetect.sites import PLACEMENTS

MANNERS_OF_GAIT = list(MANNERS)
seeds = st.integers(0, 2**16)
few = settings(max_examples=4, deadline=None)


@cache
def bout(gait: Gait, direction: Direction, seed: int = 0, seconds: float = 12.0) -> Walk:
    """Stand, go one way, stand."""
    plan = [Section("stand", 2.0), Section(gait, seconds, direction), Section("stand", 2.0)]
    return walk(plan, seed=seed)


def steady(session: Walk) -> tuple[float, float]:
    """Time from the fourth contact to the last but three."""
    return session.plan.steps[4].contact_s, session.plan.steps[-4].contact_s


def travel_cue(recording: Recording, begin_s: float, end_s: float) -> FloatArray:
    """(3,) mean of horizontal acceleration times the change of vertical acceleration."""
    (run,) = prepare(recording)
    band = sps.butter(2, [0.6, 4.0], "bandpass", fs=50, output="sos")
    moving = sps.sosfiltfilt(band, run.acceleration_mps2, axis=0)
    assert run.up is not None
    vertical = np.einsum("ij,ij->i", moving, run.up)
    level = moving - vertical[:, None] * run.up
    inside = (run.time_s >= begin_s) & (run.time_s < end_s)
    return np.asarray((level * np.gradient(vertical)[:, None])[inside].mean(axis=0))


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_standing_still_reads_gravity(placement: str) -> None:
    session = walk([Section("stand", 4.0)], seed=3)
    force = wear(session, placement, errors=PERFECT).acceleration_mps2
    assert np.allclose(np.linalg.norm(force, axis=1), 9.80665, atol=0.4)
    assert session.strides.empty


@few
@given(seeds)
def test_strides_follow_one_another_foot_by_foot(seed: int) -> None:
    plan = "walk forward 6s, walk backward 6s, stand 2s 90deg, run forward 5s, walk forward 4s"
    session = walk(parse_plan(plan), seed=seed)
    strides = session.strides
    assert strides["start_s"].is_monotonic_increasing
    assert (strides["end_s"] - strides["start_s"]).between(0.4, 2.5).all()
    for foot in ("left", "right"):
        own = strides[strides["foot"] == foot]
        contacts_s = session.contacts_s(foot)  # type: ignore[arg-type]
        assert set(own["start_s"]) | set(own["end_s"]) <= set(contacts_s)
        gaps_s = own["start_s"].to_numpy()[1:] - own["end_s"].to_numpy()[:-1]
        assert (gaps_s > -1e-9).all()
    assert set(strides["direction"]) <= {"forward", "backward", "none"}
    assert {"forward", "backward"} <= set(strides["direction"])


@pytest.mark.parametrize(("gait", "direction"), MANNERS_OF_GAIT)
def test_truth_agrees_with_what_the_skeleton_does(gait: Gait, direction: Direction) -> None:
    session = bout(gait, direction)
    assert set(session.strides["direction"]) == {direction}
    assert set(session.strides["gait"]) == {gait}
    frames = direction_truth(session.motion)
    begin_s, end_s = steady(session)
    inside = frames[frames["time_s"].between(begin_s, end_s)]
    assert (inside["direction"] == direction).mean() > 0.95
    assert (inside["gait"] == gait).mean() > 0.9


def test_contacts_are_where_the_feet_meet_the_ground() -> None:
    session = bout("walk", "forward")
    seen = captured_strides(session.motion)
    known_s = session.strides["start_s"].to_numpy()
    nearest_s = np.abs(seen["start_s"].to_numpy()[:, None] - known_s).min(axis=1)
    assert np.median(nearest_s) < 0.05


@pytest.mark.parametrize(("gait", "direction"), MANNERS_OF_GAIT)
def test_a_standing_foot_stays_where_it_is(gait: Gait, direction: Direction) -> None:
    session = bout(gait, direction)
    time_s, toe_m = session.motion.time_s, session.motion.position_m("left_toe")
    heel_m = session.motion.position_m("left_ankle")
    for step in session.plan.steps[4:-4]:
        if step.side == "left":
            # Of a rolling foot some point of the sole rests: ankle and toe never both hurry.
            inside = (time_s > step.contact_s + 0.02) & (
                time_s < step.contact_s + step.stance_s - 0.02
            )
            travelled = [np.ptp(m[inside], axis=0)[:2].max() for m in (toe_m, heel_m)]
            assert min(travelled) < 0.12
    assert toe_m[:, 2].min() > -0.12


@pytest.mark.parametrize(("gait", "direction"), MANNERS_OF_GAIT)
def test_hips_are_highest_in_mid_stance_walking_and_lowest_running(
    gait: Gait, direction: Direction
) -> None:
    session = bout(gait, direction)
    height_m = session.motion.position_m("pelvis")[:, 2]
    steps = session.plan.steps[4:-4]
    middle = [step.middle_s for step in steps]
    between = [(a + b) / 2 for a, b in pairwise(middle)]
    single = np.interp(middle, session.motion.time_s, height_m).mean()
    double = np.interp(between, session.motion.time_s, height_m).mean()
    rise_m = single - double
    assert 0.01 < (rise_m if gait == "walk" else -rise_m) < 0.15


@pytest.mark.parametrize("placement", ["waist", "lower-back", "chest", "head", "pocket", "bag"])
@pytest.mark.parametrize(("gait", "direction"), MANNERS_OF_GAIT)
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_travel_cue_points_along_the_way_walking_and_against_it_running(
    placement: str, gait: Gait, direction: Direction, seed: int
) -> None:
    session = bout(gait, direction, seed)
    cue = travel_cue(wear(session, placement, seed=seed), *steady(session))
    ahead = cue[0] / np.linalg.norm(cue)
    assert ahead * (1 if direction == "forward" else -1) * (1 if gait == "walk" else -1) > 0.7


def test_a_forward_swing_begins_with_a_push_to_the_toes_and_a_backward_one_to_the_heel() -> None:
    for direction, sign in (("forward", 1.0), ("backward", -1.0)):
        session = bout("walk", direction)  # type: ignore[arg-type]
        recording = wear(session, "foot", rate_hz=200.0, errors=PERFECT)
        band = sps.butter(2, 6.0, fs=200, output="sos")
        toeward = sign * sps.sosfiltfilt(band, recording.acceleration_mps2[:, 0])
        for step in session.plan.steps[4:-4]:
            if step.side == "left":
                begin_s = step.contact_s - (step.stride_s - step.stance_s)
                inside = (recording.time_s > begin_s) & (recording.time_s < step.contact_s)
                early, late = np.array_split(toeward[inside], 2)
                assert early.mean() > late.mean() + 3.0


def test_backward_gait_is_neither_forward_gait_negated_nor_reversed_in_time() -> None:
    ahead, back = (bout("walk", way) for way in ("forward", "backward"))  # type: ignore[arg-type]
    pitch_deg = []
    for session in (ahead, back):
        toe, ankle = (session.motion.position_m(f"left_{part}") for part in ("toe", "ankle"))
        sole = np.interp(
            session.contacts_s("left")[2:-2], session.motion.time_s, toe[:, 2] - ankle[:, 2]
        )
        pitch_deg.append(float(np.median(sole)))
    assert pitch_deg[0] > pitch_deg[1] + 0.05  # heel first against toe first
    for session in (ahead, back):
        force = np.linalg.norm(wear(session, "ankle", rate_hz=400).acceleration_mps2, axis=1)
        quick = np.abs(np.diff(force))
        before, after = [], []
        for contact_s in session.contacts_s("left")[2:-2]:
            at = int(contact_s * 400)
            before.append(quick[at - 24 : at - 4].mean())
            after.append(quick[at : at + 20].mean())
        assert np.mean(after) > 1.2 * np.mean(before)  # shocks come after contacts, both ways


def test_backward_strikes_are_softer() -> None:
    shock = []
    for direction in ("forward", "backward"):
        plan = [Section("walk", 15.0, direction, speed_mps=1.0)]  # type: ignore[arg-type]
        session = walk(plan, person=Person(), seed=1)
        recording = wear(session, "ankle", rate_hz=400)
        high = sps.butter(2, 10.0, "highpass", fs=400, output="sos")
        quick = np.abs(sps.sosfilt(high, recording.acceleration_mps2[:, 2]))
        at = (session.contacts_s("left")[2:-2] * 400).astype(int)
        shock.append(np.mean([quick[k : k + 20].max() for k in at]))
    assert shock[1] < 0.8 * shock[0]


def test_one_seed_gives_one_session_and_another_seed_another() -> None:
    first, again, other = (wear(bout.__wrapped__("walk", "forward", s), "waist", seed=s)
                           for s in (5, 5, 6))  # fmt: skip
    assert np.array_equal(first.acceleration_mps2, again.acceleration_mps2)
    assert first.acceleration_mps2.shape != other.acceleration_mps2.shape or not np.allclose(
        first.acceleration_mps2, other.acceleration_mps2
    )


@few
@given(seeds)
def test_turning_the_device_turns_its_readings_and_nothing_else(seed: int) -> None:
    session = bout("walk", "backward")
    mounting = Rotation.random(rng=np.random.default_rng(seed))
    plain = wear(session, "pocket", errors=PERFECT, seed=seed)
    turned = wear(session, "pocket", errors=PERFECT, seed=seed, mounting=mounting)
    assert np.allclose(mounting.apply(turned.acceleration_mps2), plain.acceleration_mps2)
    assert turned.angular_rate_radps is not None
    assert plain.angular_rate_radps is not None
    assert np.allclose(mounting.apply(turned.angular_rate_radps), plain.angular_rate_radps)


@pytest.mark.parametrize(("gait", "direction"), MANNERS_OF_GAIT)
def test_speed_and_slope_are_kept(gait: Gait, direction: Direction) -> None:
    section = Section(gait, 30.0, direction, slope=0.08)
    person = Person()
    session = walk([section], person=person, seed=4)
    begin_s, end_s = steady(session)
    here, there = (session.plan.path.at(at)[0] for at in (begin_s, end_s))
    way_m = np.linalg.norm((there - here)[:2])
    speed_mps = speed_of_mps(section, person)
    assert way_m == pytest.approx(speed_mps * (end_s - begin_s), rel=0.1)
    assert there[2] - here[2] == pytest.approx(0.08 * way_m, rel=0.05)


def test_faster_walkers_step_more_often_and_longer() -> None:
    figures = []
    for speed_mps in (0.7, 1.2, 1.8):
        session = walk([Section("walk", 20.0, speed_mps=speed_mps)], person=Person(), seed=2)
        step_s = np.median(np.diff([step.contact_s for step in session.plan.steps]))
        figures.append((1 / step_s, speed_mps * step_s))
    cadences, lengths = zip(*figures, strict=True)
    assert list(cadences) == sorted(cadences)
    assert list(lengths) == sorted(lengths)


def test_a_cadence_that_is_asked_for_is_kept() -> None:
    session = walk([Section("walk", 20.0, speed_mps=1.2, cadence_spm=96.0)], seed=2)
    begin_s, end_s = steady(session)
    steps = [step for step in session.plan.steps if begin_s <= step.contact_s <= end_s]
    assert 60 * (len(steps) - 1) / (end_s - begin_s) == pytest.approx(96.0, rel=0.04)


def test_still_arms_swing_less_than_lively_ones() -> None:
    swings = []
    for arm_swing in (0.0, 1.0, 2.0):
        session = walk([Section("walk", 12.0, arm_swing=arm_swing)], person=Person(), seed=2)
        rotation = wear(session, "wrist", errors=PERFECT, seed=2).angular_rate_radps
        assert rotation is not None
        swings.append(float(np.linalg.norm(rotation, axis=1).std()))
    assert swings == sorted(swings)
    assert swings[2] > 2 * swings[0]


def test_a_device_may_sit_off_the_site() -> None:
    session = bout("walk", "forward")
    here = wear(session, "waist", errors=PERFECT, seed=1)
    there = wear(session, "waist", offset_m=(0.0, 0.1, 0.0), errors=PERFECT, seed=1)
    apart = np.abs(here.acceleration_mps2 - there.acceleration_mps2)
    assert 0.05 < apart.max() < 10.0
    assert np.array_equal(here.angular_rate_radps, there.angular_rate_radps)


@pytest.mark.parametrize("seed", [1, 77])
def test_changes_of_gait_and_direction_are_made_without_stumbling(seed: int) -> None:
    plan = "walk forward 6s, run forward 6s, walk forward 6s, walk backward 6s, run backward 6s"
    session = walk(parse_plan(plan), seed=seed)
    begin_s, end_s = steady(session)
    time_s = session.motion.time_s
    height = session.motion.position_m("pelvis")[:, 2] / session.person.stature_m
    inside = (time_s > begin_s) & (time_s < end_s)
    assert height[inside].min() > 0.38  # standing hips are at 0.53
    force = wear(session, "thigh", errors=PERFECT).acceleration_mps2
    assert np.linalg.norm(force, axis=1).max() < 70.0


def test_a_turn_on_the_spot_is_no_travel_but_a_curve_is() -> None:
    session = walk(parse_plan("stand 2s, stand 6s 180deg, walk forward 12s 90deg"), seed=1)
    on_spot = session.strides["direction"] == "none"
    assert on_spot.any()
    assert (session.strides.loc[~on_spot, "direction"] == "forward").all()
    assert np.rad2deg(session.plan.path.heading_rad[-1]) == pytest.approx(270.0)


@settings(max_examples=8, deadline=None)
@given(
    st.sampled_from(MANNERS_OF_GAIT),
    st.sampled_from(PLACEMENTS),
    st.floats(0.2, 8.0),
    st.floats(-0.45, 0.45),
    st.floats(0.2, 4.0),
    st.sampled_from([10.0, 25.0, 100.0, 1000.0]),
)
def test_anything_that_may_be_asked_for_can_be_recorded(
    manner: tuple[Gait, Direction],
    placement: str,
    speed_mps: float,
    slope: float,
    duration_s: float,
    rate_hz: float,
) -> None:
    gait, direction = manner
    session = walk([Section(gait, duration_s, direction, speed_mps, slope)], seed=1)
    recording = wear(session, placement, rate_hz=rate_hz, side="right")
    assert recording.duration_s == pytest.approx(session.motion.time_s[-1], abs=2 / rate_hz)
    assert np.isfinite(recording.acceleration_mps2).all()
    assert np.isfinite(session.strides[["start_s", "end_s"]].to_numpy()).all()


def test_a_handled_phone_rests_and_shakes_but_does_not_walk() -> None:
    recording = handled(60.0, seed=1)
    size = np.linalg.norm(recording.acceleration_mps2, axis=1)
    assert np.median(np.abs(size[:600] - 9.80665)) < 0.2
    assert size.max() > 15.0


@pytest.mark.parametrize(
    "plan",
    [
        "",
        "walk",
        "walk sideways 5s",
        "hop forward 5s",
        "walk forward 5s 20m/s",
        "run 0s",
        "run 5000s",
        "stand 3000s, walk 3000s",
    ],
)
def test_what_nobody_can_do_is_refused(plan: str) -> None:
    with pytest.raises(UsageError):
        walk(parse_plan(plan))


@pytest.mark.parametrize(
    "section",
    [
        {"cadence_spm": 20.0},
        {"arm_swing": -1.0},
        {"speed_mps": 20.0},
        {"duration_s": 0.0},
        {"slope": 0.9},
    ],
)
def test_figures_beyond_people_are_refused(section: dict[str, float]) -> None:
    with pytest.raises(UsageError, match=r"use|choose|give"):
        Section("walk", **{"duration_s": 5.0, **section})


def test_plans_in_words() -> None:
    (slow,) = parse_plan("walk forward 20s 90spm 0.2arms")
    assert slow == Section("walk", 20.0, cadence_spm=90.0, arm_swing=0.2)
    assert parse_plan("walk backward 20s 0.8m/s 5% -90deg, stand 3") == [
        Section("walk", 20.0, "backward", 0.8, 0.05, -90.0),
        Section("stand", 3.0),
    ]


def test_strides_of_nothing_are_an_empty_table() -> None:
    strides = walk([Section("stand", 1.0)]).strides
    assert list(strides) == ["start_s", "end_s", "foot", "direction", "gait"]
    assert pd.api.types.is_float_dtype(strides["start_s"])
