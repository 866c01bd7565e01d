"""Repeats, shape, course and energy."""

import numpy as np
import pandas as pd
import pytest

from retrodetect.errors import UsageError
from retrodetect.recording import Recording
from retrodetect.tally import details as telling
from retrodetect.tally import session as counting
from retrodetect.tally.details import details
from retrodetect.tally.energy import Course, Pace

F, B, U = "forward", "backward", "unknown"
NOWHERE = Course.joined([])


def session(*legs, gait="walk"):
    """Strides of one second: (direction, seconds, pause before), each leg a bout."""
    rows, at_s = [], 0.0
    for bout, (direction, lasting, pause_s) in enumerate(legs):
        at_s += pause_s
        for _ in range(lasting):
            rows.append((bout, at_s, at_s + 1, gait, direction))
            at_s += 1
    table = pd.DataFrame(rows, columns=["bout", "start_s", "end_s", "gait", "direction"])
    table["reason"] = np.where(table["direction"] == "unknown", "weak", "")
    table["stride_length_m"] = np.nan
    return table.astype({"start_s": float, "end_s": float})


def repeats(strides, course=NOWHERE):
    return telling.repeats(counting.columns_of(strides), course)


def stretches(strides, **options):
    return pd.DataFrame(counting.stretches(counting.columns_of(strides), **options))


HILL = session(*[(B, 20, 5), (F, 12, 5)] * 3)


def test_alternating_legs_make_a_set_with_a_row_per_leg():
    found = repeats(HILL)
    assert list(found["set"].unique()) == [1]
    assert list(found["repeat"]) == [1, 1, 2, 2, 3, 3]
    assert list(found["direction"]) == [B, F] * 3
    assert found["duration_s"].tolist() == [20, 12] * 3
    assert np.isnan(found["pause_s"].iloc[0])
    assert (found["pause_s"].iloc[1:] == 5).all()
    assert (found["slope"] == "").all()


def test_warm_up_and_cool_down_are_no_repeats():
    found = repeats(session((F, 200, 0), *[(B, 20, 5), (F, 12, 5)] * 3, (B, 20, 5), (F, 300, 4)))
    assert found["direction"].tolist() == [B, F] * 3 + [B]
    assert found["start_s"].iloc[0] == 205


@pytest.mark.parametrize("times", [2, 3, 10])
def test_a_short_set_is_found_between_a_long_warm_up_and_a_long_cool_down(times):
    legs = [(B, 20, 5), (F, 12, 5)] * times
    found = repeats(session((F, 200, 0), *legs[:-1], (F, 300, 4)))
    assert found["direction"].tolist() == [way for way, _, _ in legs[:-1]]


@pytest.mark.parametrize(("warm_up_s", "first"), [(20, B), (14, F)])
def test_a_short_warm_up_is_no_half_of_a_repeat(warm_up_s, first):
    found = repeats(session((F, warm_up_s, 0), *[(B, 20, 5), (F, 12, 5)] * 10))
    assert found["direction"].iloc[0] == first
    assert found["repeat"].max() == (10 if first == B else 11)


def test_a_long_rest_parts_two_sets():
    found = repeats(session(*[(B, 20, 5), (F, 12, 5)] * 2, (B, 20, 600), *[(F, 12, 5), (B, 20, 5)]))
    assert found["set"].tolist() == [1] * 4 + [2] * 3


@pytest.mark.parametrize("legs", [[], [(F, 30, 0)], [(F, 30, 0), (B, 30, 3)], [(U, 30, 0)]])
def test_there_and_back_once_is_no_set(legs):
    assert repeats(session(*legs)).empty


@pytest.mark.parametrize(("seconds", "count"), [(5, 4), (4, 0)])
def test_a_leg_lasts_at_least_five_seconds(seconds, count):
    assert len(repeats(session(*[(B, seconds, 5), (F, 12, 5)] * 2))) == count


@pytest.mark.parametrize(("rest_s", "sets"), [(180, 1), (181, 2)])
def test_a_set_has_no_rest_of_more_than_three_minutes(rest_s, sets):
    legs = [(B, 20, 5), (F, 12, 5)] * 2
    later = [(B, 20, rest_s), (F, 12, 5), *legs[:2]]
    assert repeats(session(*legs, *later))["set"].nunique() == sets


@pytest.mark.parametrize(("seconds", "legs"), [(50, 6), (51, 4), (8, 6), (7, 4)])
def test_a_leg_of_a_set_is_at_most_two_and_a_half_times_the_usual_or_the_usual_it(seconds, legs):
    found = repeats(session(*[(B, 20, 5), (F, 12, 5)] * 2, (B, seconds, 5), (F, 12, 5)))
    assert len(found) == legs


def test_three_legs_are_a_set_and_two_sets_are_counted_on():
    found = repeats(
        session((B, 20, 0), (F, 12, 5), (B, 20, 5), (F, 12, 999), (B, 20, 5), (F, 12, 5))
    )
    assert found["set"].tolist() == [1, 1, 1, 2, 2, 2]
    assert found["repeat"].tolist() == [1, 1, 2] * 2
    assert found["pause_s"].isna().tolist() == [True, False, False] * 2
    assert found["start_s"].tolist() == [0, 25, 42, 1061, 1078, 1103]


def test_a_halt_on_the_way_up_does_not_make_two_legs():
    # Long after the recording began, and with quicker strides after the halt.
    strides = session((F, 12, 400), (B, 10, 5), (B, 10, 60), (F, 12, 5), (B, 20, 5), (F, 12, 5))
    quick = strides["start_s"].between(480, 500)
    assert quick.sum() > 8
    found = repeats(strides)
    assert found["direction"].tolist() == [F, B, F, B, F]
    leg = found.iloc[1]
    assert (leg["start_s"], leg["end_s"], leg["duration_s"]) == (417, 497, 80)
    assert leg["strides"] == 20
    assert leg["cadence_spm"] == pytest.approx(120)
    assert leg["pause_s"] == 5


def test_a_cadence_is_that_of_the_time_on_foot():
    slow = session((B, 10, 5))
    quick = session((B, 20, 5)).assign(bout=1)
    quick[["start_s", "end_s"]] = 40 + (quick[["start_s", "end_s"]] - 5) / 2
    back = session(*[(F, 12, 5), (B, 15, 5), (F, 12, 5)]).assign(
        bout=lambda table: table["bout"] + 2
    )
    back[["start_s", "end_s"]] += 60
    leg = repeats(pd.concat([slow, quick, back], ignore_index=True)).iloc[0]
    assert (leg["strides"], leg["duration_s"]) == (30, 45)
    assert leg["cadence_spm"] == pytest.approx(2 * 60 * 30 / 20)


def test_runs_of_unknown_strides_are_numbered_among_the_others():
    found = stretches(session((U, 2, 0), (F, 5, 0), (U, 4, 0), (B, 5, 0)), unknown=True)
    assert found["direction"].tolist() == [U, F, U, B]
    assert found["strides"].tolist() == [2, 5, 4, 5]
    assert list(found.index) == [0, 1, 2, 3]


def test_a_stretch_is_of_the_gait_of_most_of_its_strides():
    mixed = session((F, 5, 0)).assign(gait=["walk", "walk", "run", "run", "run"])
    even = session((F, 4, 0)).assign(gait=["walk", "walk", "run", "run"])
    assert stretches(mixed)["gait"].tolist() == ["run"]
    assert stretches(even)["gait"].tolist() == ["walk"]
    assert stretches(mixed, by_gait=True)["strides"].tolist() == [2, 3]


def test_unknown_strides_are_listed_between_the_stretches():
    found = stretches(session((F, 5, 0), (U, 4, 0), (B, 5, 0), (B, 5, 60)), unknown=True)
    assert found["direction"].tolist() == [F, U, B, B]


def test_unknown_strides_within_a_stretch_are_not_listed_apart():
    one_bout = session((F, 5, 0), (U, 2, 0), (F, 5, 0), (U, 4, 0)).assign(bout=0)
    found = stretches(one_bout, unknown=True)
    assert found["direction"].tolist() == [F, U]
    assert found["strides"].tolist() == [10, 4]
    assert found["end_s"].tolist() == [12, 16]


def test_bouts_of_a_session_are_parted_by_gait_and_hold_the_unknown_ones():
    strides = session((F, 6, 0), (U, 4, 0)).assign(gait=["walk"] * 3 + ["run"] * 7)
    found = details(strides, np.empty(0), "waist", NOWHERE, Pace()).bouts
    assert found["direction"].tolist() == [F, F, U]
    assert found["gait"].tolist() == ["walk", "run", "run"]


def hill_course(climb_m, channel="pressure_hpa"):
    """Up for 20 s and down for 12 s, with pauses of 5 s on the level."""
    height_m = np.interp(np.arange(0, 130, 0.1) % 42, [0, 5, 25, 30, 42], [0, 0, 1, 1, 0]) * climb_m
    values = 1013.25 * (1 - height_m / 44330.8) ** (1 / 0.190263)
    if channel != "pressure_hpa":
        values = height_m
    time_s = np.arange(0, 130, 0.1)
    still = np.tile([0, 0, 9.81], (len(time_s), 1))
    return Course.of(Recording("hill", time_s, still, 10.0, "made", channels={channel: values}))


@pytest.mark.parametrize("channel", ["pressure_hpa", "altitude_m"])
def test_up_and_down_come_from_barometer_or_receiver(channel):
    found = repeats(HILL, hill_course(8.0, channel))
    assert found["slope"].tolist() == ["up", "down"] * 3
    assert found["climb_m"].iloc[0] == pytest.approx(8.0, abs=1.0)


def test_a_climb_within_the_noise_is_level():
    assert set(repeats(HILL, hill_course(0.5))["slope"]) == {"level"}


def test_times_gaits_and_climbs_by_direction():
    fields = details(HILL, np.empty(0), "pocket", hill_course(8.0), Pace()).fields
    assert (fields["backward_s"], fields["forward_s"], fields["unknown_s"]) == (60, 36, 0)
    assert fields["walk_backward_strides"] == 60
    assert fields["run_backward_strides"] == 0
    assert np.isnan(fields["run_backward_share"])
    assert fields["climb_backward_m"] == pytest.approx(24, abs=3)
    assert fields["climb_forward_m"] == 0
    assert fields["repeats"] == 3


def test_symmetry_is_told_only_where_both_feet_are_felt_alike():
    strides = session((B, 20, 0))
    contacts_s = np.sort(np.concatenate([np.arange(21.0), np.arange(20) + 0.55]))
    told, silent = (
        details(strides, contacts_s, placement, NOWHERE, Pace()).fields
        for placement in ("waist", "wrist")
    )
    assert told["step_asymmetry_backward"] == pytest.approx(0.2)
    assert np.isnan(told["step_asymmetry_forward"])
    assert np.isnan(silent["step_asymmetry_backward"])


def test_even_strides_do_not_vary_and_uneven_ones_do():
    strides = session((F, 20, 0), (B, 20, 0))
    uneven = strides.assign(end_s=strides["end_s"] + 0.05 * (-1.0) ** np.arange(40))
    even, odd = (
        details(one, np.empty(0), "waist", NOWHERE, Pace()).fields for one in (strides, uneven)
    )
    assert even["stride_time_cv_backward"] == pytest.approx(0)
    assert odd["stride_time_cv_backward"] == pytest.approx(0.05, rel=0.1)


@pytest.mark.parametrize(("gap_s", "asymmetry"), [(0.08, 0.0), (0.12, 0.2)])
def test_which_foot_begins_is_known_in_an_unbroken_row_only(gap_s, asymmetry):
    # After the gap the other foot begins.
    strides = session((B, 20, 0))
    strides.loc[10:, ["start_s", "end_s"]] += gap_s
    starts_s = strides["start_s"].to_numpy()
    halves_s = starts_s + np.where(np.arange(20) < 10, 0.55, 0.45)
    contacts_s = np.sort(np.concatenate([starts_s, halves_s, [20 + gap_s]]))
    fields = details(strides, contacts_s, "waist", NOWHERE, Pace()).fields
    assert fields["step_asymmetry_backward"] == pytest.approx(asymmetry)


def test_contacts_near_the_ends_of_a_stride_are_its_own():
    strides = session((B, 10, 0))
    starts_s = np.arange(11.0)
    for off_s in (-0.09, 0.09):
        contacts_s = np.sort(np.concatenate([starts_s + off_s, starts_s[:-1] + 0.6]))
        fields = details(strides, contacts_s, "chest", NOWHERE, Pace()).fields
        assert fields["step_asymmetry_backward"] == pytest.approx(0.4)
    doubled = np.sort(np.concatenate([starts_s, starts_s + 0.12, starts_s + 0.6]))
    fields = details(strides, doubled, "chest", NOWHERE, Pace()).fields
    assert np.isnan(fields["step_asymmetry_backward"])


@pytest.mark.parametrize(("strides", "is_told"), [(4, False), (5, True)])
def test_four_strides_say_nothing_of_variability_and_symmetry(strides, is_told):
    made = session((F, strides, 0))
    contacts_s = np.sort(
        np.concatenate([made["start_s"], made["start_s"] + 0.5, made["end_s"][-1:]])
    )
    fields = details(made, contacts_s, "waist", NOWHERE, Pace()).fields
    assert np.isfinite(fields["stride_time_cv_forward"]) == is_told
    assert np.isfinite(fields["step_asymmetry_forward"]) == is_told


def test_variability_is_that_within_stretches_weighed_by_their_strides():
    slow, quick = session((F, 5, 0)), session((F, 10, 0)).assign(bout=1)
    slow["end_s"] = slow["start_s"] + [0.9, 1.1, 0.9, 1.1, 1.0]
    quick[["start_s", "end_s"]] = 20 + quick[["start_s", "end_s"]] / 2
    both = pd.concat([slow, quick], ignore_index=True)
    fields = details(both, np.empty(0), "waist", NOWHERE, Pace()).fields
    # Walking at 1 s varies by 10 % a stride, at 0.5 s not at all; apart from that they differ.
    assert fields["stride_time_cv_forward"] == pytest.approx(0.1 * 5 / 15)


def test_shares_are_told_for_each_gait():
    both = pd.concat([session((F, 30, 0), (B, 10, 0)), session((B, 4, 60), (F, 1, 0), gait="run")])
    fields = details(both, np.empty(0), "waist", NOWHERE, Pace()).fields
    assert (fields["walk_backward_share"], fields["run_backward_share"]) == (0.25, 0.8)
    assert (fields["run_forward_strides"], fields["walk_forward_strides"]) == (1, 30)


def test_without_a_speed_there_is_no_distance_and_no_energy():
    fields = details(HILL, np.empty(0), "waist", hill_course(8.0), Pace()).fields
    assert fields["speed_source"] == ""
    for name in ("distance_m", "energy_forward_kcal_per_kg", "energy_backward_low_kcal_per_kg"):
        assert np.isnan(fields[name])


def test_energy_at_a_treadmills_speed_is_the_acsm_equation_as_a_range_backward():
    strides = session((F, 60, 0), (B, 60, 0))
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=80 / 60)).fields
    forward = (3.5 + 0.1 * 80) * 0.005
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx(forward)
    assert fields["energy_backward_low_kcal_per_kg"] == pytest.approx(1.15 * forward)
    assert fields["energy_backward_high_kcal_per_kg"] == pytest.approx(1.4 * forward)
    assert fields["distance_backward_m"] == pytest.approx(80)


@pytest.mark.parametrize(("way", "other"), [(F, "backward_low"), (B, "forward")])
def test_who_goes_one_way_only_spends_nothing_the_other_way(way, other):
    fields = details(
        session((way, 60, 0)), np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.0)
    ).fields
    assert fields[f"energy_{other}_kcal_per_kg"] == 0
    assert fields[f"distance_{other.removesuffix('_low')}_m"] == 0


def test_where_most_strides_are_unknown_nobody_knows_what_was_not_found():
    strides = session((F, 20, 0), (U, 60, 0))
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.0)).fields
    assert fields["distance_forward_m"] == pytest.approx(20)
    for name in ("distance_backward_m", "energy_backward_low_kcal_per_kg"):
        assert np.isnan(fields[name])
    strides["reason"] = np.where(strides["direction"] == U, "sideways", "")
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.0)).fields
    assert fields["distance_backward_m"] == 0


def test_speeds_of_no_runner_by_a_receiver_are_told_and_not_counted():
    time_s = np.arange(0.5, 60)
    course = Course(time_s, np.full(60, 30.0), np.linspace(0, 40, 60), 5.0)
    found = details(session((F, 50, 0)), np.empty(0), "waist", course, Pace())
    assert np.isnan(found.fields["distance_m"])
    assert found.warnings == ("ignored GPS speeds of up to 30 m/s: nobody runs that fast",)
    unknown = details(session((U, 50, 0)), np.empty(0), "waist", course, Pace()).fields
    assert np.isnan(unknown["climb_backward_m"])


@pytest.mark.parametrize("told", ["distance", "leg"])
def test_a_length_nobody_goes_in_that_time_is_told_and_not_counted(told):
    found = details(HILL, np.empty(0), "waist", NOWHERE, Pace(**{f"{told}_m": 9e5}))
    assert np.isnan(found.fields["distance_m"])
    assert np.isnan(found.fields["energy_forward_kcal_per_kg"])
    (warning,) = found.warnings
    assert warning.startswith(f"ignored --{told}: it would mean ")
    assert not details(HILL, np.empty(0), "waist", NOWHERE, Pace(leg_m=24)).warnings


@pytest.mark.parametrize(
    ("gait", "speed_mps", "is_odd"),
    [("walk", 0.1, True), ("walk", 1.4, False), ("walk", 4.7, True),
     ("run", 0.5, True), ("run", 3.0, False), ("run", 5.6, True)],
)  # fmt: skip
def test_strides_as_long_as_nobodys_are_doubted(gait, speed_mps, is_odd):
    strides = session((F, 20, 0), (B, 20, 5), gait=gait)
    said = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=speed_mps)).warnings
    assert len(said) == is_odd
    assert all(f"{speed_mps:.2g} m long at the speed (given)" in sentence for sentence in said)


def test_running_takes_the_running_equation():
    strides = session((F, 60, 0), gait="run")
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=3)).fields
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx((3.5 + 0.2 * 180) * 0.005)


def test_a_length_is_gone_once_each_leg_and_splits_the_distance():
    fields = details(HILL, np.empty(0), "waist", NOWHERE, Pace(leg_m=24)).fields
    assert fields["speed_source"] == "leg"
    assert fields["distance_backward_m"] == fields["distance_forward_m"] == pytest.approx(72)


def test_a_whole_distance_is_not_split():
    fields = details(HILL, np.empty(0), "waist", NOWHERE, Pace(distance_m=150)).fields
    assert fields["distance_m"] == 150
    assert np.isnan(fields["distance_backward_m"])
    assert fields["energy_backward_high_kcal_per_kg"] > 0


def test_a_whole_distance_is_gone_at_its_mean_speed():
    strides = session((F, 120, 7), (B, 60, 9), (U, 20, 5))
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(distance_m=400.0)).fields
    assert fields["speed_source"] == "distance"
    # 2 m/s: 120 m/min for two minutes.
    forward = (3.5 + 0.1 * 120) * 2 * 0.005
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx(forward)
    assert fields["energy_backward_low_kcal_per_kg"] == pytest.approx(1.15 * forward / 2)


def test_walking_and_running_in_one_stretch_cost_what_each_costs():
    strides = session((F, 180, 0))
    strides["gait"] = np.where(strides["start_s"] < 120, "walk", "run")
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=2.0)).fields
    expected = (2 * (3.5 + 0.1 * 120) + (3.5 + 0.2 * 120)) * 0.005
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx(expected)


@pytest.mark.parametrize(
    ("gait", "per_speed", "per_climb"), [("walk", 0.1, 1.8), ("run", 0.2, 0.9)]
)
@pytest.mark.parametrize("climb_m", [30.0, -30.0, 3.0])
def test_climbing_costs_and_going_down_is_as_on_the_level(gait, per_speed, per_climb, climb_m):
    time_s = np.arange(0, 130.0)
    course = Course(time_s, 2.0 + 0 * time_s, np.interp(time_s, [3, 117], [0, climb_m]), 5.0)
    fields = details(session((F, 120, 0), gait=gait), np.empty(0), "waist", course, Pace()).fields
    risen_m = climb_m if climb_m > 5 else 0.0
    expected = (2 * (3.5 + per_speed * 120) + per_climb * risen_m) * 0.005
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx(expected, rel=0.01)
    assert fields["climb_forward_m"] == pytest.approx(risen_m, rel=0.02)
    assert fields["climb_backward_m"] == 0


def test_stretches_out_of_sight_of_the_receiver_have_no_distance():
    time_s = np.arange(0.5, 60)
    course = Course(time_s, np.where(time_s < 20, 1.5, np.nan), np.full(60, np.nan))
    fields = details(session((F, 20, 0), (B, 20, 20)), np.empty(0), "waist", course, Pace()).fields
    assert fields["distance_m"] == fields["distance_forward_m"] == pytest.approx(30)
    assert np.isnan(fields["distance_backward_m"])
    assert np.isnan(fields["energy_backward_low_kcal_per_kg"])


def test_unknown_strides_that_a_stretch_bridges_go_no_known_distance():
    strides = session(*[(F, 1, 0), (U, 2, 0)] * 20).assign(bout=0)
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.5)).fields
    assert fields["forward_s"] == 20
    assert fields["distance_forward_m"] == pytest.approx(30)


def test_a_leg_is_of_the_gait_of_most_of_its_strides():
    hill = session(*[(B, 6, 5), (B, 20, 4), (F, 12, 5)] * 3)
    hill["gait"] = np.where(hill.groupby("bout")["start_s"].transform("size") == 20, "run", "walk")
    assert repeats(hill)["gait"].tolist() == ["run", "walk"] * 3


def test_a_receivers_speed_is_used_where_it_has_one():
    time_s = np.arange(0, 130, 0.1)
    speed = np.where(time_s < 60, 1.5, -1.0)  # receivers write -1 for none
    still = np.tile([0, 0, 9.81], (len(time_s), 1))
    course = Course.of(Recording("gps", time_s, still, 10.0, "made", channels={"speed_mps": speed}))
    fields = details(HILL, np.empty(0), "waist", course, Pace()).fields
    assert fields["speed_source"] == "gps"
    assert fields["distance_backward_m"] == pytest.approx(20 * 1.5 + 13 * 1.5, rel=0.3)


def test_a_foot_that_was_measured_says_how_far_each_way():
    strides = session((F, 30, 0), (B, 10, 5), (U, 10, 5), (F, 20, 5))
    strides["stride_length_m"] = np.where(strides["direction"] == F, 1.4, 0.9)
    strides.loc[::5, "stride_length_m"] = np.nan  # its stretch tells how fast it was
    course = Course(np.arange(0.5, 90), np.full(90, 9.0), np.full(90, np.nan))
    fields = details(strides, np.empty(0), "foot", course, Pace()).fields
    assert fields["speed_source"] == "foot"
    assert fields["distance_forward_m"] == pytest.approx(50 * 1.4)
    assert fields["distance_backward_m"] == pytest.approx(10 * 0.9)
    assert fields["distance_backward_low_m"] == pytest.approx(0.87 * 9)
    assert fields["distance_backward_high_m"] == pytest.approx(1.13 * (9 + 8 * 0.9))
    told = details(strides, np.empty(0), "foot", course, Pace(speed_mps=2.0)).fields
    assert told["distance_backward_m"] == pytest.approx(20)
    assert np.isnan(told["distance_backward_low_m"])


@pytest.mark.parametrize(
    "told",
    [{"speed_mps": 1.0, "leg_m": 50.0}, {"speed_mps": 1.0, "distance_m": 1.0, "leg_m": 1.0},
     {"speed_mps": 15.0}, {"speed_mps": 0.0}, {"distance_m": -1.0}, {"distance_m": 1e6},
     {"leg_m": 0.0}, {"leg_m": np.nan}],
)  # fmt: skip
def test_impossible_paces_are_refused(told):
    with pytest.raises(UsageError):
        Pace(**told)


@pytest.mark.parametrize("told", [{}, {"speed_mps": 14.9}, {"distance_m": 42195.0}, {"leg_m": 0.5}])
def test_what_a_person_may_do_is_taken(told):
    assert Pace(**told)


def test_nothing_gives_empty_lists():
    found = details(session(), np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.0))
    assert found.bouts.empty
    assert found.repeats.empty
    assert found.fields["repeats"] == 0
