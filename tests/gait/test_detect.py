"""Gait stage: what it finds, what it must not find, and what must make no difference to it."""

from __future__ import annotations

from functools import cache
from itertools import islice
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from retrodetect import gait
from retrodetect.lab import Labelled
from retrodetect.lab.datasets import load
from retrodetect.lab.simulate import PERFECT, Walk, parse_plan, walk, wear
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import prepare

from .movements import NOT_GAIT, recorded

few = settings(max_examples=6, deadline=None)
seeds = st.integers(0, 2**16)

BOUTS_APART = "stand 4s, walk forward 15s, stand 8s, run backward 12s, stand 4s"

SHIFT_S = {"foot": 0.13, "waist": 0.1, "pocket": 0.23, "wrist": 0.17}
"""How far contacts may lie from the simulator's, as a whole: from heel to site an impact takes a
while, and not as long in the simulator as in people, on whom the stage was set."""

SPREAD_S = 0.06
"""How far two thirds of contacts may lie from that: a tenth of a step and a sample."""


@cache
def walked(plan: str, seed: int = 3) -> Walk:
    return walk(parse_plan(plan), seed=seed)


@cache
def worn(plan: str, placement: str = "waist", rate_hz: float = 50.0, seed: int = 3) -> Recording:
    """A session of the simulator without sensor errors."""
    return wear(walked(plan, seed), placement, rate_hz=rate_hz, errors=PERFECT, seed=seed)


def detected(recording: Recording) -> gait.Gait:
    return gait.detect(prepare(recording))


def bouts(found: gait.Gait) -> pd.DataFrame:
    """Begin and end of each bout."""
    return found.strides.groupby("bout").agg({"start_s": "min", "end_s": "max"})


def steps_s(session: Walk) -> FloatArray:
    return np.sort(np.concatenate([session.contacts_s("left"), session.contacts_s("right")]))


def changed(recording: Recording, acceleration_mps2: FloatArray) -> Recording:
    return recording.with_(acceleration_mps2=acceleration_mps2, angular_rate_radps=None)


def same(a: gait.Gait, b: gait.Gait, *, late_s: float = 0.0, within_s: float = 1e-6) -> None:
    """Fail unless b is a, so much later."""
    assert len(a.strides) == len(b.strides)
    assert len(a.contacts_s) == len(b.contacts_s)
    names = ["start_s", "end_s"]
    np.testing.assert_allclose(b.strides[names], a.strides[names] + late_s, atol=within_s)
    np.testing.assert_allclose(b.contacts_s, a.contacts_s + late_s, atol=within_s)
    assert (a.strides[["bout", "gait"]] == b.strides[["bout", "gait"]]).all(axis=None)


# What is found ------------------------------------------------------------------------------


@pytest.mark.parametrize("placement", SHIFT_S)
@pytest.mark.parametrize("way", ["walk forward", "walk backward", "run forward", "run backward"])
def test_steps_are_counted_and_timed_wherever_the_device_is_worn(way: str, placement: str) -> None:
    plan = f"stand 3s, {way} 15s, stand 3s"
    truth_s = steps_s(walked(plan))
    found = detected(worn(plan, placement))
    at_s = found.contacts_s
    assert abs(len(at_s) - len(truth_s)) <= 3
    assert len(bouts(found)) == 1
    assert abs(len(found.strides) - len(truth_s) / 2) <= 1.5
    off_s = truth_s[:, None] - at_s
    off_s = off_s[np.arange(len(off_s)), np.abs(off_s).argmin(axis=1)][2:-2]
    assert abs(np.median(off_s)) < SHIFT_S[placement]
    assert (found.strides["gait"] == way.split()[0]).mean() > 0.8


@pytest.mark.parametrize("placement", ["foot", "waist", "pocket"])
def test_contacts_of_one_walk_lie_alike_in_each_step(placement: str) -> None:
    plan = "stand 3s, walk forward 25s, stand 3s"
    truth_s = steps_s(walked(plan))[3:-3]
    at_s = detected(worn(plan, placement)).contacts_s
    off_s = truth_s[:, None] - at_s
    off_s = off_s[np.arange(len(off_s)), np.abs(off_s).argmin(axis=1)]
    low_s, high_s = np.quantile(off_s - np.median(off_s), [1 / 6, 5 / 6])
    assert high_s - low_s < 2 * SPREAD_S


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 100.0, 200.0])
@pytest.mark.parametrize("placement", ["foot", "waist"])
def test_the_sampling_rate_makes_no_difference(placement: str, rate_hz: float) -> None:
    plan = "stand 3s, walk forward 15s, stand 3s"
    found, usual = (detected(worn(plan, placement, rate)) for rate in (rate_hz, 50.0))
    assert abs(len(found.contacts_s) - len(usual.contacts_s)) <= 2
    assert abs(len(found.strides) - len(usual.strides)) <= 1
    assert (found.strides["gait"] == "walk").all()
    np.testing.assert_allclose(
        bouts(found)[["start_s", "end_s"]], bouts(usual)[["start_s", "end_s"]], atol=1.2
    )


def test_a_stride_is_two_steps_and_as_long_as_the_true_one() -> None:
    session = walked("stand 3s, walk forward 25s, stand 3s")
    truth = session.strides
    found = detected(worn("stand 3s, walk forward 25s, stand 3s")).strides
    true_s = (truth["end_s"] - truth["start_s"]).median()
    assert (found["end_s"] - found["start_s"]).median() == pytest.approx(true_s, rel=0.03)


def test_strides_and_contacts_of_a_bout_follow_each_other() -> None:
    found = detected(worn(BOUTS_APART))
    for _, strides in found.strides.groupby("bout"):
        start_s, end_s = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
        assert (end_s > start_s).all()
        assert (start_s[1:] >= end_s[:-1] - 1e-9).all()
    assert (np.diff(found.contacts_s) > 0.15).all()
    at_s = found.contacts_s[:, None]
    begin_s, last_s = bouts(found)["start_s"].to_numpy(), bouts(found)["end_s"].to_numpy()
    inside = (at_s >= begin_s - 1e-6) & (at_s <= last_s + 1.0)
    assert (inside.sum(axis=1) == 1).all()
    assert inside.any(axis=0).all()
    assert found.strides["stride"].tolist() == list(range(len(found.strides)))


@pytest.mark.parametrize("seed", range(4))
def test_the_last_contact_is_that_of_the_last_step(seed: int) -> None:
    plan = "stand 3s, walk forward 12s, stand 5s"
    last_s = steps_s(walked(plan, seed))[-1]
    found = detected(worn(plan, "waist", seed=seed))
    assert found.contacts_s.max() == pytest.approx(last_s, abs=0.2)
    # An odd last step is half of a stride: the rest of that is standing.
    assert -0.2 < found.strides["end_s"].max() - last_s < 0.8


def test_a_long_pause_parts_bouts_and_a_short_one_does_not() -> None:
    apart = detected(worn("stand 3s, walk forward 12s, stand 7s, walk forward 12s, stand 3s"))
    together = detected(worn("stand 3s, walk forward 12s, stand 1s, walk forward 12s, stand 3s"))
    assert len(bouts(apart)) == 2
    assert len(bouts(together)) == 1
    pause_s = bouts(apart)["start_s"].iloc[1] - bouts(apart)["end_s"].iloc[0]
    assert pause_s == pytest.approx(7, abs=1.5)


@pytest.mark.parametrize("placement", ["foot", "waist", "pocket"])
def test_nothing_ends_after_the_last_sample(placement: str) -> None:
    """A recording may stop between what shows a contact and the contact."""
    whole, ends_s = worn("walk forward 12s", placement), set()
    for count in range(400, 460):
        cut = whole.with_(
            time_s=whole.time_s[:count],
            acceleration_mps2=whole.acceleration_mps2[:count],
            angular_rate_radps=None,
        )
        seen = detected(cut)
        ends_s |= {seen.strides["end_s"].max(), seen.contacts_s.max()}
        assert max(ends_s) <= cut.time_s[-1]
    assert len(ends_s) > 2


@pytest.mark.parametrize("placement", ["foot", "waist", "pocket", "wrist"])
def test_a_change_from_walking_to_running_is_found_where_it_is(placement: str) -> None:
    plan = "stand 3s, walk forward 20s 1.3m/s, run forward 20s 3m/s, stand 3s"
    strides = detected(worn(plan, placement)).strides
    middle_s = strides[["start_s", "end_s"]].mean(axis=1)
    assert (strides.loc[middle_s < 21, "gait"] == "walk").mean() > 0.85
    assert (strides.loc[middle_s > 25, "gait"] == "run").mean() > 0.85
    assert (strides["gait"] == np.where(strides["p_run"] > 0.5, "run", "walk")).all()
    assert strides["p_run"].between(0, 1).all()


@pytest.mark.parametrize("speed_mps", [1.6, 1.9])
def test_quick_walking_is_not_running(speed_mps: float) -> None:
    strides = detected(worn(f"stand 2s, walk forward 15s {speed_mps}m/s, stand 2s")).strides
    assert (strides["gait"] == "walk").mean() > 0.9


def test_slow_running_is_not_walking() -> None:
    strides = detected(worn("stand 2s, run forward 15s 2.0m/s, stand 2s")).strides
    assert (strides["gait"] == "run").mean() > 0.9


# What makes no difference -------------------------------------------------------------------


@few
@given(seeds)
def test_the_mounting_makes_no_difference(seed: int) -> None:
    recording = worn(BOUTS_APART)
    turn = Rotation.random(rng=np.random.default_rng(seed))
    turned = changed(recording, turn.apply(recording.acceleration_mps2))
    same(detected(recording), detected(turned), within_s=1e-4)


@pytest.mark.parametrize("placement", ["foot", "waist", "wrist"])
def test_the_sign_of_all_axes_makes_no_difference(placement: str) -> None:
    recording = worn(BOUTS_APART, placement)
    flipped = changed(recording, -recording.acceleration_mps2)
    same(detected(recording), detected(flipped), within_s=1e-6)


@few
@given(st.floats(0.0, 1e5))
def test_a_later_start_of_the_clock_makes_everything_later(late_s: float) -> None:
    recording = worn(BOUTS_APART)
    late = recording.with_(time_s=recording.time_s + late_s)
    same(detected(recording), detected(late), late_s=late_s, within_s=1e-3)


@few
@given(st.floats(0.3, 2.2))
def test_parts_of_a_recording_cut_in_a_pause_hold_what_the_whole_holds(into_s: float) -> None:
    recording = worn("stand 4s, walk forward 15s, stand 12s, run backward 12s, stand 4s")
    recording = changed(recording, recording.acceleration_mps2)
    at_s = 4 + 15 + 5 + into_s
    whole = detected(recording)
    before = recording.time_s < at_s
    parts = [
        detected(
            recording.with_(
                time_s=recording.time_s[rows],
                acceleration_mps2=recording.acceleration_mps2[rows],
                angular_rate_radps=None,
            )
        )
        for rows in (before, ~before)
    ]
    # Twice a run of its own, numbered on, and within two samples: each has its own grid.
    same(whole, gait.joined(parts), within_s=0.04)
    assert gait.joined(parts).strides["run"].tolist() == [
        run for run, part in enumerate(parts) for _ in range(len(part.strides))
    ]


@pytest.mark.parametrize("placement", ["foot", "waist", "pocket"])
def test_steps_are_found_where_the_app_took_gravity_off(placement: str) -> None:
    recording = worn(BOUTS_APART, placement)
    still = recording.acceleration_mps2[recording.time_s < 3].mean(axis=0)
    linear = changed(recording, recording.acceleration_mps2 - still).with_(gravity="linear")
    found, usual = detected(linear), detected(recording)
    assert len(bouts(found)) == len(bouts(usual))
    assert len(found.contacts_s) == pytest.approx(len(usual.contacts_s), rel=0.15)


# What is not gait ---------------------------------------------------------------------------


SILENT = ("at_rest", "noise", "shaking", "tilting", "rocking", "tapping")


# Seeds are fixed: about one minute of shaking in sixty does look like running (seed 128).
@pytest.mark.parametrize("kind", SILENT)
@pytest.mark.parametrize("seed", range(5))
def test_no_step_is_found_where_nothing_goes_like_one(kind: str, seed: int) -> None:
    assert not len(detected(NOT_GAIT[kind](60.0, seed)).contacts_s)


@pytest.mark.parametrize("kind", sorted(NOT_GAIT.keys() - SILENT))
def test_hardly_a_step_is_found_where_nobody_walks(kind: str) -> None:
    minutes = 30
    found = [len(detected(NOT_GAIT[kind](60.0, seed)).contacts_s) for seed in range(minutes)]
    # Of a hundred minutes each: 6.2 steps a minute while a phone is handled, about one in a car or
    # on a bicycle, none in nine of ten minutes of those; walking makes a hundred.
    assert sum(found) / minutes < 10


@pytest.mark.parametrize("seed", [11, 26, 36])
def test_a_car_that_seems_to_walk_for_a_moment_does_not_walk_on(seed: int) -> None:
    assert not len(detected(NOT_GAIT["driving"](120.0, seed)).strides)


@pytest.mark.parametrize("placement", SHIFT_S)
def test_slow_steps_with_stops_between_are_gait_everywhere(placement: str) -> None:
    plan = "stand 2s" + 3 * ", walk backward 6s 0.4m/s, stand 3s"
    truth_s = steps_s(walked(plan))
    assert len(detected(worn(plan, placement)).contacts_s) >= 0.9 * len(truth_s)


# Short, broken and empty --------------------------------------------------------------------


def assert_empty(found: gait.Gait) -> None:
    some = detected(worn(BOUTS_APART))
    assert not len(found.strides)
    assert list(found.strides) == list(some.strides)
    assert found.strides.dtypes.to_dict() == some.strides.dtypes.to_dict()
    assert not len(found.contacts_s)
    assert found.contacts_s.dtype == some.contacts_s.dtype


def test_columns_are_as_promised() -> None:
    found = detected(worn(BOUTS_APART))
    assert list(found.strides) == [
        "stride", "run", "bout", "start_s", "end_s", "gait", "p_run", *gait.WAY_COLUMNS,
    ]  # fmt: skip


@pytest.mark.parametrize("first", range(130, 150))
def test_no_stride_ends_before_a_recording_that_begins_in_a_stride(first: int) -> None:
    walked = walk(parse_plan("walk forward 6s 1.3m/s"), seed=3)
    whole = wear(walked, "foot", rate_hz=100.0, errors=PERFECT, seed=3)
    late = whole.with_(
        time_s=whole.time_s[first:] - whole.time_s[first],
        acceleration_mps2=whole.acceleration_mps2[first:],
        angular_rate_radps=None,
    )
    assert detected(late).strides["end_s"].min() > 0


@pytest.mark.parametrize("samples", [0, 1, 2, 10, 50, 80])
def test_too_little_to_tell_gives_empty_tables(samples: int) -> None:
    recording = worn(BOUTS_APART)
    rows = slice(400, 400 + samples)
    short = recording.with_(
        time_s=recording.time_s[rows],
        acceleration_mps2=recording.acceleration_mps2[rows],
        angular_rate_radps=None,
    )
    assert_empty(detected(short))


def test_no_signals_give_empty_tables() -> None:
    assert_empty(gait.detect([]))
    assert_empty(gait.joined([]))


def test_three_strides_are_found() -> None:
    recording = worn("walk forward 15s")
    rows = (recording.time_s >= 5) & (recording.time_s < 9)
    short = recording.with_(
        time_s=recording.time_s[rows],
        acceleration_mps2=recording.acceleration_mps2[rows],
        angular_rate_radps=None,
    )
    found = detected(short)
    assert len(bouts(found)) == 1
    assert 2 <= len(found.strides) <= 4
    assert 5 <= len(found.contacts_s) <= 9


def test_a_gap_ends_a_run_and_bouts_never_reach_across() -> None:
    recording = worn("stand 3s, walk forward 30s, stand 3s")
    kept = (recording.time_s < 15) | (recording.time_s > 16)
    found = detected(
        recording.with_(
            time_s=recording.time_s[kept],
            acceleration_mps2=recording.acceleration_mps2[kept],
            angular_rate_radps=None,
        )
    )
    assert found.strides["run"].unique().tolist() == [0, 1]
    assert bouts(found).index.tolist() == [0, 1]
    assert bouts(found)["end_s"].iloc[0] < 15.5
    assert bouts(found)["start_s"].iloc[1] > 15.5


def test_constant_and_zero_signals_are_rest() -> None:
    for value in (0.0, 9.80665, 500.0):
        assert_empty(detected(recorded(np.full((2000, 3), value))))


# Real recordings ----------------------------------------------------------------------------


def real(shared: Path, source: str, placement: str, count: int) -> list[Labelled]:
    loaded = load(shared / "datasets", source, placements=[placement])
    found = list(islice(loaded, count))
    assert len(found) == count
    return found


@pytest.mark.parametrize("placement", ["hand", "upper-arm", "front-pocket"])
def test_steps_of_real_walks_are_those_of_the_foot_switches(shared: Path, placement: str) -> None:
    for labelled in real(shared, "oxford-step-counter", placement, 2):
        found = detected(labelled.recording)
        assert len(found.contacts_s) == pytest.approx(labelled.steps, rel=0.06)


def test_walks_end_with_their_last_stride_where_the_phone_is_then_taken_in_hand(
    shared: Path,
) -> None:
    hits = []
    for labelled in load(shared / "datasets", "oxford-step-counter", placements=["hand"]):
        assert labelled.contacts_s is not None
        begin_s, end_s = labelled.contacts_s[[-3, -1]]
        strides = detected(labelled.recording).strides
        shared_s = np.minimum(strides["end_s"], end_s) - np.maximum(strides["start_s"], begin_s)
        hits.append(shared_s.clip(lower=0).sum() > (end_s - begin_s) / 2)
    assert len(hits) == 8
    assert sum(hits) >= 7


@pytest.mark.parametrize(("placement", "within_s"), [("foot", 0.06), ("lower-back", 0.1)])
def test_contacts_of_real_walks_are_where_a_specialist_marked_them(
    shared: Path, placement: str, within_s: float
) -> None:
    for labelled in real(shared, "ipol-healthy-gait", placement, 4):
        assert labelled.contacts_s is not None
        at_s = detected(labelled.recording).contacts_s
        off_s = np.abs(labelled.contacts_s[:, None] - at_s).min(axis=1)
        assert np.median(off_s) < within_s
        assert (off_s < 0.15).mean() > 0.85


@pytest.mark.parametrize(
    ("placement", "per_minute", "share"), [("front-pocket", 0.5, 0.93), ("wrist", 0.5, 0.78)]
)
def test_who_stands_up_and_sits_down_walks_between(
    shared: Path, placement: str, per_minute: float, share: float
) -> None:
    walks, strides, still_s = [], 0, 0.0
    for labelled in load(shared / "datasets", "spsw-pocket-wrist", placements=[placement]):
        found = detected(labelled.recording).strides
        start_s, end_s = found["start_s"].to_numpy(), found["end_s"].to_numpy()
        middle_s = (start_s + end_s) / 2
        for span in labelled.intervals.itertuples():
            if span.direction == "still":
                still_s += span.end_s - span.start_s
                strides += ((middle_s > span.start_s + 0.15) & (middle_s < span.end_s - 0.15)).sum()
            elif span.direction == "forward" and span.end_s - span.start_s >= 0.5:
                shared_s = np.minimum(end_s, span.end_s) - np.maximum(start_s, span.start_s)
                walks.append(shared_s.clip(0).sum() > (span.end_s - span.start_s) / 2)
    assert 60 * strides / still_s < per_minute
    assert np.mean(walks) > share


def test_empty_tables_join_with_full_ones() -> None:
    full, none = detected(worn(BOUTS_APART)), gait.detect([])
    joined = gait.joined([none, full, none, full])
    assert joined.strides["run"].unique().tolist() == [1, 3]
    assert bouts(joined).index.tolist() == [0, 1, 2, 3]
    assert joined.contacts_s.tolist() == [*full.contacts_s, *full.contacts_s]
    assert joined.strides["stride"].tolist() == list(range(2 * len(full.strides)))
