"""Repeats, shape, course and energy."""

import numpy as np
import pandas as pd
import pytest

from retrodetect.errors import UsageError
from retrodetect.recording import Recording
from retrodetect.tally.course import Course
from retrodetect.tally.details import details
from retrodetect.tally.energy import Pace
from retrodetect.tally.repeats import repeats
from retrodetect.tally.stretches import stretches

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
    return table.astype({"start_s": float, "end_s": float})


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


def test_a_long_rest_parts_two_sets():
    found = repeats(session(*[(B, 20, 5), (F, 12, 5)] * 2, (B, 20, 600), *[(F, 12, 5), (B, 20, 5)]))
    assert found["set"].tolist() == [1] * 4 + [2] * 3


@pytest.mark.parametrize("legs", [[], [(F, 30, 0)], [(F, 30, 0), (B, 30, 3)], [(U, 30, 0)]])
def test_there_and_back_once_is_no_set(legs):
    assert repeats(session(*legs)).empty


def test_unknown_strides_are_listed_between_the_stretches():
    found = stretches(session((F, 5, 0), (U, 4, 0), (B, 5, 0), (B, 5, 60)), unknown=True)
    assert found["direction"].tolist() == [F, U, B, B]


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


def test_running_takes_the_running_equation():
    strides = session((F, 60, 0), gait="run")
    fields = details(strides, np.empty(0), "waist", NOWHERE, Pace(speed_mps=3)).fields
    assert fields["energy_forward_kcal_per_kg"] == pytest.approx((3.5 + 0.2 * 180) * 0.005)


def test_a_track_is_gone_once_each_leg_and_splits_the_distance():
    fields = details(HILL, np.empty(0), "waist", NOWHERE, Pace(track_m=24)).fields
    assert fields["speed_source"] == "track"
    assert fields["distance_backward_m"] == fields["distance_forward_m"] == pytest.approx(72)


def test_a_whole_distance_is_not_split():
    fields = details(HILL, np.empty(0), "waist", NOWHERE, Pace(distance_m=150)).fields
    assert fields["distance_m"] == 150
    assert np.isnan(fields["distance_backward_m"])
    assert fields["energy_backward_high_kcal_per_kg"] > 0


def test_a_receivers_speed_is_used_where_it_has_one():
    time_s = np.arange(0, 130, 0.1)
    speed = np.where(time_s < 60, 1.5, -1.0)  # receivers write -1 for none
    still = np.tile([0, 0, 9.81], (len(time_s), 1))
    course = Course.of(Recording("gps", time_s, still, 10.0, "made", channels={"speed_mps": speed}))
    fields = details(HILL, np.empty(0), "waist", course, Pace()).fields
    assert fields["speed_source"] == "gps"
    assert fields["distance_backward_m"] == pytest.approx(20 * 1.5 + 13 * 1.5, rel=0.3)


@pytest.mark.parametrize(
    "told", [{"speed_mps": 1.0, "track_m": 50.0}, {"speed_mps": 40.0}, {"distance_m": -1.0}]
)
def test_impossible_paces_are_refused(told):
    with pytest.raises(UsageError):
        Pace(**told)


def test_nothing_gives_empty_lists():
    found = details(session(), np.empty(0), "waist", NOWHERE, Pace(speed_mps=1.0))
    assert found.bouts.empty
    assert found.repeats.empty
    assert found.fields["repeats"] == 0
