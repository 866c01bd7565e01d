"""Values as people write them."""

import re
from datetime import datetime, timedelta, timezone

import pytest

from retrodetect.cli.options import DISTANCES, amount, goal, speed, stretch
from retrodetect.errors import UsageError
from retrodetect.runs.task import MarkedTime


@pytest.mark.parametrize(
    ("text", "share"),
    [("40", 0.4), ("40%", 0.4), ("40 %", 0.4), ("0.4", 0.4), ("0,4", 0.4), ("1", 1.0),
     ("1%", 0.01), ("100", 1.0), ("0", 0.0), (None, None)],
)  # fmt: skip
def test_a_goal_is_a_share_or_percent(text, share):
    assert goal(text) == (share if share is None else pytest.approx(share))


@pytest.mark.parametrize(
    ("text", "mps"),
    [("5km/h", 5 / 3.6), ("5kmh", 5 / 3.6), ("5 kph", 5 / 3.6), ("1.4m/s", 1.4),
     ("3mph", 3 * 0.44704), ("5:30/km", 1000 / 330), ("5:30 min/km", 1000 / 330),
     ("9 min/mile", 1609.344 / 540), ("9:30 /mi", 1609.344 / 570), (None, None)],
)  # fmt: skip
def test_a_speed_may_be_a_pace(text, mps):
    assert speed(text) == (mps if mps is None else pytest.approx(mps))


@pytest.mark.parametrize(("text", "metres"), [("2.4km", 2400), ("2,4 km", 2400), ("80m", 80)])
def test_a_distance_has_a_unit(text, metres):
    assert amount(text, DISTANCES, "--distance", "80m") == pytest.approx(metres)


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("5-20", (5, 20, False)),
        ("5.5 s – 20 s", (5.5, 20, False)),
        ("60-80s", (60, 80, False)),
        ("0:05-0:20", (5, 20, False)),
        ("0:05 – 1:20.5", (5, 80.5, False)),
        ("09:02:18-09:04:10", (32538, 32650, True)),
        ("23:59:50-00:00:10", (86390, 86410, True)),
    ],
)
def test_a_stretch_is_in_seconds_in_minutes_or_by_the_clock(text, span):
    assert stretch(text, "--forward") == span


@pytest.mark.parametrize(
    ("parse", "text", "remedy"),
    [
        (goal, "140", "write 40% or 0.4"),
        (goal, "half", "write 40% or 0.4"),
        (speed, "5", "write it as 5km/h, 3mph or 5:30/km"),
        (speed, "fast", "write it as 5km/h, 3mph or 5:30/km"),
        (speed, "0:00/km", "write it as 5:30/km"),
        (speed, "1,500km/h", "write 1500km/h or 1.500km/h"),
        (lambda text: stretch(text, "--forward"), "5:20", "write 5-20 for the seconds"),
        (lambda text: stretch(text, "--forward"), "5:20", "such as 5:20-6:20"),
        (lambda text: stretch(text, "--forward"), "soon", "write 0:05-0:20 (minutes)"),
        (lambda text: stretch(text, "--forward"), "0:05-09:00:00", "write 0:05-0:20 (minutes)"),
        (lambda text: stretch(text, "--forward"), "0:75-0:80", "write 0:05-0:20 (minutes)"),
    ],
)
def test_what_may_mean_two_things_or_nothing_is_refused_with_a_way_to_write_it(parse, text, remedy):
    with pytest.raises(UsageError, match=re.escape(remedy)):
        parse(text)


def test_a_mark_by_the_clock_is_found_in_a_recording_with_a_date():
    start = datetime(2026, 3, 2, 9, 2, 8, tzinfo=timezone(timedelta(hours=1)))
    mark = MarkedTime("forward", *stretch("09:02:18-09:04:10", "--forward"))
    assert mark.span_s(start) == (10, 122)
    late = datetime(2026, 3, 2, 23, 59, 40)  # noqa: DTZ001 - a clock without a zone
    mark = MarkedTime("forward", *stretch("23:59:50-00:00:10", "--forward"))
    assert mark.span_s(late) == (10, 30)


def test_a_recording_without_a_date_counts_hours_from_its_first_sample():
    mark = MarkedTime("forward", *stretch("0:02:18-0:04:10", "--forward"))
    assert mark.span_s(None) == (138, 250)
