"""Totals, weeks and progress."""

import time

import numpy as np
import pandas as pd
import pytest

from retrodetect.tables import sessions_table
from retrodetect.tally.folder import _Sessions, sessions_apart, totals, weeks


def row(start_time, backward_min=10.0, forward_min=15.0, status="ok", **more):
    backward, forward = round(backward_min * 50), round(forward_min * 50)
    share = backward / (backward + forward) if status == "ok" else np.nan
    return {
        "recording": "walk.csv", "status": status, "start_time": start_time, "duration_s": 1800.0,
        "strides": backward + forward, "steps": 2 * (backward + forward),
        "forward_strides": forward, "backward_strides": backward, "unknown_strides": 0,
        "forward_s": 60 * forward_min, "backward_s": 60 * backward_min, "unknown_s": 0.0,
        "backward_share": share, "backward_share_low": share - 0.05,
        "backward_share_high": share + 0.05, "longest_backward_bout_s": 60.0, **more,
    }  # fmt: skip


def table(*rows):
    return sessions_table(rows)


def test_sessions_together_are_as_sure_as_each_for_one_wearer_may_be_misread_in_all():
    one, four = (totals(table(*[row("")] * n)) for n in (1, 4))
    for end in ("", "_low", "_high"):
        assert four[f"backward_share{end}"] == pytest.approx(one[f"backward_share{end}"])
    assert four["backward_min"] == 40


def test_a_copy_adds_nothing():
    walk, copy = row("2026-05-04T08:00"), row("2026-05-04T08:00", copy_of="walk.csv")
    assert totals(table(walk, copy)) == totals(table(walk))
    assert list(weeks(table(walk, copy))["sessions"]) == [1]
    assert len(sessions_apart([table(walk, copy)])) == 1


def test_one_session_alone_keeps_its_interval():
    found = totals(table(row("")))
    assert found["backward_share_low"] == pytest.approx(0.35)
    assert found["backward_share_high"] == pytest.approx(0.45)


def test_a_long_session_weighs_more_than_a_short_one():
    long = row("", 30.0, 0.0) | {"backward_share_low": 0.9, "backward_share_high": 1.0}
    short = row("", 0.0, 10.0) | {"backward_share_low": 0.0, "backward_share_high": 0.2}
    found = totals(table(long, short))
    assert found["backward_share"] == 0.75
    assert found["backward_share_low"] == pytest.approx(0.75 * 0.9)
    assert found["backward_share_high"] == pytest.approx(0.75 * 1.0 + 0.25 * 0.2)


def test_a_session_without_labels_may_have_gone_either_way():
    unknown = row("") | {
        "forward_strides": 0, "backward_strides": 0, "unknown_strides": 1250,
        "backward_share": np.nan, "backward_share_low": np.nan, "backward_share_high": np.nan,
    }  # fmt: skip
    found = totals(table(row(""), unknown))
    assert found["backward_share"] == 0.4
    assert found["backward_share_low"] == pytest.approx(0.35 / 2)
    assert found["backward_share_high"] == pytest.approx((0.45 + 1) / 2)
    assert np.isnan(totals(table(unknown))["backward_share"])


def test_strides_that_went_sideways_weigh_nothing():
    drill = row("", 4.0, 0.0) | {"strides": 1200, "unknown_strides": 1000, "sideways_strides": 1000}
    found = totals(table(drill | {"backward_share_low": 0.9, "backward_share_high": 1.0}, row("")))
    weight = 200 / (200 + 1250)
    assert found["backward_share_low"] == pytest.approx(weight * 0.9 + (1 - weight) * 0.35)
    assert found["backward_share_low"] <= found["backward_share"] <= found["backward_share_high"]


def test_together_rests_on_habit_where_one_of_them_does():
    habit, told = row("", told_apart_by="habit"), row("", told_apart_by="wearer")
    assert totals(table(habit, told))["told_apart_by"] == "habit"
    assert totals(table(told, row("", told_apart_by="signal")))["told_apart_by"] == ""


def test_one_named_stride_is_a_share():
    one = row("") | {"forward_strides": 0, "backward_strides": 1, "backward_share_low": 0.2}
    assert totals(table(one))["backward_share"] == 1.0


def test_sums_times_and_the_longest():
    hill = {"climb_backward_m": 30.0, "longest_backward_bout_s": 90.0, "unknown_s": 30.0}
    found = totals(table(row("") | hill, row("") | {"climb_backward_m": 12.0}, row("", 1.0, 2.0)))
    assert found["sessions"] == 3
    assert (found["backward_min"], found["forward_min"], found["unknown_min"]) == (21, 32, 0.5)
    assert found["backward_strides"] == 1050
    assert found["steps"] == 2 * found["strides"] == 2 * (1050 + 1600)
    assert found["climb_backward_m"] == 42
    assert found["longest_backward_bout_s"] == 90
    plain = totals(table(row("", longest_backward_bout_s=np.nan)))
    assert np.isnan(plain["climb_backward_m"])
    assert np.isnan(plain["longest_backward_bout_s"])
    assert totals(table(row("", status="failed")))["longest_backward_bout_s"] == 0


def test_nothing_adds_up_to_nothing():
    found = totals(table(row("", status="failed")))
    assert found["sessions"] == found["backward_min"] == 0
    assert np.isnan(found["backward_share"])


def test_weeks_follow_iso_8601_across_new_year_and_empty_ones_are_there():
    found = weeks(
        table(row("2026-12-28T09:00:00+01:00"), row("2027-01-03T23:30:00+01:00", 12.0),
              row("2027-01-11T08:00:00+01:00"))
    )  # fmt: skip
    assert found["week"].tolist() == ["2026-W53", "2027-W01", "2027-W02"]
    assert found["monday"].tolist() == ["2026-12-28", "2027-01-04", "2027-01-11"]
    assert found["marked"].tolist() == [False, False, True]
    assert found["sessions"].tolist() == [2, 0, 1]
    assert found["backward_min"].tolist() == [22, 0, 10]
    assert found["change"].iloc[1] == -1
    assert np.isnan(found["change"].iloc[2])


def test_a_long_break_is_no_row_of_zeros_and_no_rise():
    found = weeks(
        table(row("2024-01-01T09:00:00"), row("2024-02-05T09:00:00"), row("2026-03-02T09:00:00"))
    )
    # Four weeks without a session are a break in a plan, two years are another plan.
    assert found["week"].tolist() == [*(f"2024-W{n:02}" for n in range(1, 7)), "2026-W10"]
    assert np.isnan(found["change"].iloc[-1])
    assert not found["marked"].iloc[-1]


@pytest.mark.parametrize(("monday", "rows"), [("2024-02-05", 6), ("2024-02-12", 2)])
def test_four_weeks_are_a_break_in_a_plan_and_five_are_not(monday, rows):
    found = weeks(table(row("2024-01-01T09:00:00"), row(f"{monday}T09:00:00")))
    assert len(found) == rows
    assert found["monday"].iloc[-1] == monday


def test_a_week_is_the_wearers_own():
    # Sunday evening in New York is Monday in London.
    found = weeks(table(row("2026-03-08T22:00:00-05:00")))
    assert found["week"].tolist() == ["2026-W10"]


@pytest.mark.parametrize(("minutes", "marked"), [(10.9, False), (11.2, True), (5.0, False)])
def test_more_than_a_tenth_above_the_week_before_is_marked(minutes, marked):
    found = weeks(table(row("2026-03-02T09:00:00"), row("2026-03-09T09:00:00", minutes)))
    assert bool(found["marked"].iloc[1]) is marked
    assert found["change"].iloc[1] == pytest.approx(minutes / 10 - 1)


def test_sessions_without_a_date_are_in_no_week():
    assert weeks(table(row(""))).empty


def test_a_recording_labelled_twice_counts_once_by_the_newer_run():
    old, new = row("2026-03-02T09:00:00+00:00", 9.0), row("2026-03-02T10:00:00+01:00", 10.0)
    found = sessions_apart([table(old), table(new | {"recording": "again.csv"})])
    assert found["recording"].tolist() == ["again.csv"]
    assert list(found) == list(table(old))


@pytest.mark.parametrize(("late_s", "longer_s", "kept"), [
    (1.9, 0.0, "new"), (2.1, 0.0, "old"), (-1.9, 0.0, "new"), (0.0, 1.9, "new"), (0.0, 2.1, "old"),
])  # fmt: skip
def test_one_recording_begins_and_lasts_alike_within_two_seconds(late_s, longer_s, kept):
    # Of another one at the same time the one with more strides would stay, which is the old one.
    old = row("2026-03-02T09:00:10+00:00", recording="old")
    new = row(f"2026-03-02T09:00:{10 + late_s:09.6f}+00:00", 1.0, 1.0, recording="new")
    new["duration_s"] += longer_s
    assert sessions_apart([table(old), table(new)])["recording"].tolist() == [kept]


@pytest.mark.parametrize(("late_s", "count"), [(850, 1), (950, 2)])
def test_recordings_of_one_walk_overlap_by_more_than_half_of_the_shorter(late_s, count):
    phone = row("2026-03-02T09:00:00+00:00") | {"duration_s": 1200.0}
    minute, second = divmod(late_s, 60)
    watch = row(f"2026-03-02T09:{minute:02}:{second:02}+00:00", 1.0) | {"duration_s": 600.0}
    for runs in ([table(phone, watch)], [table(watch), table(phone)]):
        assert len(sessions_apart(runs)) == count


def test_sessions_are_in_order_of_time_and_undated_ones_last():
    found = sessions_apart([
        table(row("", recording="undated"), row("2026-03-03T09:00:00", recording="second"),
              row("2026-03-03T09:30:00+01:00", recording="first")),
    ])  # fmt: skip
    assert found["recording"].tolist() == ["first", "second", "undated"]
    assert list(found.index) == [0, 1, 2]


def test_a_dated_recording_is_not_the_undated_one():
    assert len(sessions_apart([table(row("")), table(row("2026-03-02T09:00:00"))])) == 2


def test_one_that_covers_two_takes_the_place_of_both():
    halves = [
        row(f"2026-03-02T09:{minute}:00+00:00", 2.0, 2.0, recording=f"watch {minute}")
        | {"duration_s": 800.0}
        for minute in ("00", "15")
    ]
    whole = row("2026-03-02T09:00:00+00:00", recording="phone")
    for runs in ([table(*halves), table(whole)], [table(whole), table(*halves)]):
        assert sessions_apart(runs)["recording"].tolist() == ["phone"]


def test_undated_recordings_are_the_same_by_name_and_length():
    longer = row("") | {"duration_s": 900.0}
    assert len(sessions_apart([table(row("")), table(row(""), longer)])) == 2


def test_phone_and_watch_of_one_walk_count_once():
    phone = row("2026-03-02T09:00:00+00:00", 10.0, 15.0)
    watch = row("2026-03-02T09:00:30+00:00", 2.0, 3.0) | {
        "recording": "watch",
        "duration_s": 1700.0,
    }
    found = sessions_apart([table(watch, phone)])
    assert found["recording"].tolist() == ["walk.csv"]


def test_a_failed_row_does_not_take_the_place_of_one_that_worked():
    failed = {"recording": "walk.csv", "status": "failed", "message": "gone"}
    for runs in ([table(row("")), table(failed)], [table(failed), table(row(""))]):
        assert sessions_apart(runs)["status"].tolist() == ["ok"]


def test_an_empty_run_is_no_trouble():
    empty = table()
    assert sessions_apart([empty]).empty
    assert weeks(empty).empty
    assert isinstance(pd.Series(totals(empty)), pd.Series)


@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Europe/Berlin", "UTC"])
def test_the_computers_own_zone_makes_no_difference(zone, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        begins = ("2026-03-08T01:20:00+00:00", "2026-03-08T02:30:00+00:00",
                  "2026-03-08T03:15:00+00:00", "2026-03-29T02:15:00+00:00",
                  "2026-03-29T03:20:00+00:00")  # fmt: skip
        found = sessions_apart([table(*(row(begin) | {"duration_s": 2400.0} for begin in begins))])
        assert len(found) == 5
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_clock_without_a_zone_is_held_against_the_others_wall_clock():
    watch, phone = row("2026-03-02T09:00:00"), row("2026-03-02T09:00:00+05:00")
    assert len(sessions_apart([table(watch, phone)])) == 1


def test_a_week_that_is_mostly_unknown_is_no_fall_and_the_next_no_rise():
    unknown = row("2026-03-09T09:00:00", 0.0, 1.0) | {"unknown_s": 1500.0}
    found = weeks(table(row("2026-03-02T09:00:00"), unknown, row("2026-03-16T09:00:00")))
    assert found["change"].isna().all()
    assert not found["marked"].any()


def test_a_session_is_held_against_those_of_its_name_or_time_alone(monkeypatch):
    """Among a hundred thousand, all others would take hours."""
    looked_at, beside = [], _Sessions.beside

    def counting(facts, index, others):
        looked_at.append(len(others))
        return beside(facts, index, others)

    monkeypatch.setattr(_Sessions, "beside", counting)
    days = pd.date_range("2020-01-01T08:00", periods=300).map(lambda day: day.isoformat())
    rows = [row(day, recording=f"{day}{when}") for day in days for when in ("", " watch")]
    rows += [row("", 0.0, 0.0, "failed", recording=str(number)) for number in range(300)]
    assert len(sessions_apart([table(*rows)])) == 600
    assert max(looked_at) == 1
