"""Totals, weeks and progress."""

import numpy as np
import pandas as pd
import pytest

from retrodetect.tables import sessions_table
from retrodetect.tally.folder import progress, sessions_apart, totals, weeks


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


def test_many_sessions_are_surer_than_one():
    one, four = (totals(table(*[row("")] * n)) for n in (1, 4))
    assert four["backward_share"] == one["backward_share"] == pytest.approx(0.4)
    width = one["backward_share_high"] - one["backward_share_low"]
    assert four["backward_share_high"] - four["backward_share_low"] == pytest.approx(width / 2)
    assert four["backward_min"] == 40


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
        assert "ok" in sessions_apart(runs)["status"].tolist()


def test_older_tables_without_times_give_minutes_from_strides_and_cadence():
    older = row("") | {"backward_s": np.nan, "cadence_backward_spm": 100.0}
    assert totals(table(older))["backward_min"] == pytest.approx(10.0)


@pytest.mark.parametrize(
    ("share", "low", "high", "word"),
    [(0.45, 0.41, 0.5, "reached"), (0.3, 0.2, 0.39, "below"), (0.4, 0.35, 0.45, "about there"),
     (np.nan, np.nan, np.nan, "unknown")],
)  # fmt: skip
def test_a_goal_is_reached_when_the_interval_leaves_no_doubt(share, low, high, word):
    assert progress(share, low, high, 0.4) == word


def test_an_empty_run_is_no_trouble():
    empty = table()
    assert sessions_apart([empty]).empty
    assert weeks(empty).empty
    assert isinstance(pd.Series(totals(empty)), pd.Series)
