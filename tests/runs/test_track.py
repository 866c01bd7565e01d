"""The track of a watch gives speed, distance and slope; its places stay in it."""

import re
import sys
from datetime import UTC, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from tracks import LATITUDE, LONGITUDE, START, fit, gpx, points, tcx

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.lab.simulate import Session, record
from retrodetect.lab.simulate.exports import export_bytes
from retrodetect.runs import task
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings
from retrodetect.runs.track import read_track, with_track
from retrodetect.tally.details import repeats
from retrodetect.tally.energy import Course
from retrodetect.tally.session import columns_of

pytestmark = pytest.mark.extra("track")

LEGS = [(30, 1.0, 0.1), (10, 0.0, 0.0), (22, 1.4, -0.1), (14, 0.0, 0.0)] * 3
"""Of a hill: seconds, speed and slope; a rest after each leg."""

SPEED = np.concatenate([np.full(seconds, speed) for seconds, speed, _ in LEGS])
HEIGHT = 430 + np.concatenate([np.full(s, v * slope) for s, v, slope in LEGS]).cumsum()
EMPTY = Course(*[np.empty(0)] * 3)


@pytest.fixture(scope="module")
def track(tmp_path_factory):
    """Read a track after it was written in a format."""

    def written(write=gpx, speed=SPEED, height=HEIGHT, **more):
        path = tmp_path_factory.mktemp("watch") / f"walk.{write.__name__}"
        path.write_bytes(write(points(speed, height, **more)))
        return read_track(path)

    return written


def strides(begin_s=0.0):
    """Strides of a second each while somebody walks, backward up and forward down."""
    starts_s = np.flatnonzero(SPEED > 0) + begin_s
    ways = np.where(SPEED[SPEED > 0] == 1.0, "backward", "forward")
    return pd.DataFrame(
        {"bout": 0, "start_s": starts_s, "end_s": starts_s + 1, "gait": "walk", "direction": ways,
         "reason": ""}
    )  # fmt: skip


@pytest.mark.parametrize("write", [gpx, tcx, fit])
def test_each_format_gives_speed_and_height_second_by_second(track, write):
    read = track(write)
    assert read.start_time == START
    inside = np.convolve(np.ones(9), np.diff(SPEED, prepend=1.0) != 0, "same") == 0
    assert read.speed_mps[inside] == pytest.approx(SPEED[inside], abs=0.02)
    assert read.height_m == pytest.approx(HEIGHT, abs=0.11)  # FIT writes fifths of a metre
    assert np.isfinite(read.cadence).all() == (write is not tcx)


@pytest.mark.parametrize(
    ("write", "zone"),
    [(gpx, UTC), (gpx, timezone(timedelta(hours=2))), (gpx, None), (tcx, UTC), (fit, UTC)],
)
@pytest.mark.parametrize("askew_s", [0, 7, -40])
def test_the_offset_of_the_clocks_is_found(track, write, askew_s, zone):
    began = (START - timedelta(seconds=20 - askew_s)).astimezone(zone or UTC)
    began = began.replace(tzinfo=zone) if zone is None else began
    course, sentence = with_track(EMPTY, [track(write)], strides(20.0), began, 300.0, None)
    moved_s = int(re.search(r"moved by ([+-]\d+) s", sentence)[1])
    assert abs(moved_s - askew_s) <= 1  # to the second
    speed_mps = [course.mean_speed_mps(*ends) for ends in ((25, 45), (65, 78), (51, 58))]
    assert speed_mps == pytest.approx([1.0, 1.4, 0.0], abs=0.15)


def test_a_track_parts_repeats_into_uphill_and_downhill(track):
    course, _ = with_track(EMPTY, [track(height=HEIGHT * 3)], strides(), START, 228.0, None)
    assert repeats(columns_of(strides()), course)["slope"].tolist() == ["up", "down"] * 3


@pytest.mark.parametrize(
    ("start", "more", "sentence"),
    [
        (None, {}, "did not use walk.gpx: the recording has no date. To join them"),
        (START + timedelta(days=1), {}, "did not use walk.gpx: no time in common"),
        (START, {"speed": np.full(228, 1.2)}, "used the track walk.gpx by its clock alone"),
        (START.replace(tzinfo=None), {"speed": np.full(228, 1.2)},
         "did not use walk.gpx: the recording names no time zone"),
    ],
)  # fmt: skip
def test_where_clocks_or_movement_do_not_fit_a_sentence_says_so(track, start, more, sentence):
    course, said = with_track(EMPTY, [track(**more)], strides(), start, 228.0, None)
    assert said.startswith(sentence)
    assert (course is EMPTY) == said.startswith("did not use")


def test_a_clock_that_leaps_by_years_gets_no_track(track):
    course, said = with_track(EMPTY, [track()], strides(), START, 1.77e9, None)
    assert said == "did not use walk.gpx: by its clock, the recording lasts 20486 days"
    assert course is EMPTY


def test_of_several_tracks_the_one_of_that_time_is_used_and_an_offset_goes_before_clocks(track):
    other = track(start=START - timedelta(days=1))
    _, said = with_track(EMPTY, [other, track()], strides(), START, 228.0, None)
    assert re.match(r"used the track walk.gpx, moved by [+-][01] s", said)
    course, said = with_track(EMPTY, [other], strides(), None, 260.0, 30.0)
    assert said == "used the track walk.gpx from 30 s on, as given"
    assert course.mean_speed_mps(35, 55) == pytest.approx(1.0, abs=0.05)


def test_the_recordings_barometer_goes_before_the_heights_of_the_watch(track):
    time_s = np.arange(228) + 0.5
    own = Course(time_s, np.full(228, 9.0), 2 * HEIGHT, 1.0)
    course, _ = with_track(own, [track()], strides(), START, 228.0, None)
    assert course.climb_m(5, 25) == pytest.approx(4.0, abs=0.2)
    assert course.mean_speed_mps(5, 25) == pytest.approx(1.0, abs=0.05)


def test_a_paused_watch_knows_nothing_meanwhile(tmp_path):
    rows = points(SPEED, HEIGHT)
    (tmp_path / "walk.gpx").write_bytes(gpx(rows[:50] + rows[80:]))
    speed_mps, height_m, _ = read_track(tmp_path / "walk.gpx").at(
        np.array([-1.0, 20, 65, 100, 230])
    )
    assert np.isfinite(speed_mps).tolist() == [False, True, False, True, False]
    assert np.isfinite(height_m).tolist() == [False, True, False, True, False]


BOMB = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]><gpx><trkpt>&b;</trkpt></gpx>'


@pytest.mark.parametrize(
    ("content", "reason"),
    [(b"", "isn't a GPX"), (b"time,x,y,z\n", "isn't a GPX"), (BOMB, "isn't a GPX"),
     (fit(points(SPEED, HEIGHT))[:400], "isn't a GPX"), (gpx([]), "has no track points with times"),
     (gpx(points(SPEED[:1], HEIGHT[:1])), "has no track points with times")],
    ids=["empty", "table", "entities", "cut off", "no points", "one point"],
)  # fmt: skip
def test_what_is_no_track_is_refused_in_one_sentence(tmp_path, content, reason):
    path = tmp_path / "walk.fit"
    path.write_bytes(content)
    with pytest.raises(UnreadableFile, match=reason):
        read_track(path)
    with pytest.raises(UnreadableFile, match="cannot be opened"):
        read_track(tmp_path / "gone.gpx")


def test_without_the_extra_a_sentence_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "defusedxml.ElementTree", None)
    (tmp_path / "walk.gpx").write_bytes(gpx(points(SPEED, HEIGHT)))
    with pytest.raises(UsageError, match=r"run pip install 'retrodetect\[track\]'"):
        read_track(tmp_path / "walk.gpx")


@pytest.fixture(scope="module")
def session():
    """A hill of two repeats, backward up and forward down, as an app exports it."""
    up, down = "walk backward 25s 1m/s 10%", "walk forward 20s 1.3m/s -10%"
    plan = ", stand 5s, ".join([up, down, up, down])
    recording, _ = record(Session(plan, placement="thigh", app="sensor_logger"))
    return export_bytes(recording.with_(start_time=START), "sensor_logger")


def test_a_manifest_names_the_track_and_no_place_comes_out(session, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "walk.zip").write_bytes(session)
    legs = [(25, 1.0, 2.5), (5, 0.0, 0.0), (20, 1.3, -3.25), (5, 0.0, 0.0)] * 2
    speed = np.concatenate([np.full(seconds, v) for seconds, v, _ in legs])
    height = 430 + np.concatenate([np.full(s, up / s * 4) for s, _, up in legs]).cumsum()
    rows = points(speed, height, start=START + timedelta(seconds=9))
    (folder / "watch.gpx").write_bytes(gpx(rows))
    (folder / "manifest.csv").write_text("path,placement,track\nwalk.zip,thigh,watch.gpx\n")
    outcome = run([folder], Outputs(tmp_path / "out", report=True), Settings())
    (row,) = outcome.sessions.to_dict("records")
    assert not outcome.skipped
    assert "used the track watch.gpx, moved by -" in row["warnings"]
    assert row["speed_source"] == "gps"
    assert row["speed_backward_mps"] == pytest.approx(1.0, abs=0.1)
    assert row["speed_forward_mps"] == pytest.approx(1.3, abs=0.1)
    assert row["distance_m"] == pytest.approx(102, rel=0.12)
    legs = pd.read_csv(tmp_path / "out" / "repeats.csv")
    assert legs["slope"].tolist() == ["up", "down", "up", "down"]
    for file in (tmp_path / "out").rglob("*"):
        if file.is_file():
            text = file.read_bytes()
            assert str(LATITUDE)[:5].encode() not in text
            assert f"{LONGITUDE}".encode() not in text


def test_a_track_that_was_exported_again_is_read_again(tmp_path):
    path = tmp_path / "walk.gpx"
    for seconds in (60, 90):
        path.write_bytes(gpx(points(SPEED[:seconds], HEIGHT[:seconds])))
        assert task._track(str(path)).time_s[-1] == seconds - 1
    assert task._track(str(path)) is task._track(str(path))
