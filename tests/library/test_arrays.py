"""Arrays and data frames become recordings with the same care as files."""

from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import retrodetect as rd
from retrodetect.recording import STANDARD_GRAVITY_MPS2

RATE_HZ = 100.0


@pytest.fixture(scope="module")
def walk(write_walk, tmp_path_factory):
    """(n, 3) m/s² of somebody walking, and the recording that the file of it gives."""
    path = write_walk(tmp_path_factory.mktemp("walk") / "walk.csv", seconds=30.0)
    table = pd.read_csv(path)
    return table, rd.read(path)


def test_an_array_is_what_the_file_of_it_is(walk):
    table, from_file = walk
    made = rd.from_arrays(table[["x", "y", "z"]], time_s=table["time_s"], unit="m/s2")
    np.testing.assert_allclose(made.acceleration_mps2, from_file.acceleration_mps2)
    np.testing.assert_allclose(made.time_s, from_file.time_s, atol=1e-9)
    assert made.rate_hz == pytest.approx(from_file.rate_hz)


@settings(max_examples=8, deadline=None)
@given(unit=st.sampled_from(["m/s2", "g", "mg", None]), scale=st.sampled_from(["m/s2", "g", "mg"]))
def test_the_unit_does_not_matter_as_long_as_it_is_true_or_left_out(walk, unit, scale):
    table, from_file = walk
    one_g = {"m/s2": STANDARD_GRAVITY_MPS2, "g": 1.0, "mg": 1000.0}
    readings = table[["x", "y", "z"]].to_numpy() / STANDARD_GRAVITY_MPS2 * one_g[scale]
    if unit in (None, scale):
        made = rd.from_arrays(readings, rate_hz=RATE_HZ, unit=unit)
        np.testing.assert_allclose(made.acceleration_mps2, from_file.acceleration_mps2)
    else:
        with pytest.raises(rd.UsageError, match=f'not in {unit}: .* pass unit="{scale}"'):
            rd.from_arrays(readings, rate_hz=RATE_HZ, unit=unit)


def test_readings_are_copied(walk):
    readings = walk[0][["x", "y", "z"]].to_numpy() / STANDARD_GRAVITY_MPS2
    before = readings.copy()
    rd.from_arrays(readings, rate_hz=RATE_HZ, unit="g")
    np.testing.assert_array_equal(readings, before)


def test_a_gyroscope_comes_along_in_either_unit(walk):
    readings = walk[0][["x", "y", "z"]]
    turn_radps = np.random.default_rng(0).normal(size=readings.shape)
    for turn, unit in ((turn_radps, "rad/s"), (np.rad2deg(turn_radps), "deg/s")):
        made = rd.from_arrays(readings, rate_hz=RATE_HZ, gyroscope=turn, gyroscope_unit=unit)
        np.testing.assert_allclose(made.angular_rate_radps, turn_radps)


MISUSES = {
    "transposed": (lambda a: {"acceleration": a.T, "rate_hz": 100}, r"pass acceleration\.T"),
    "four columns": (
        lambda a: {"acceleration": np.c_[a, a[:, 0]], "rate_hz": 100}, "one row of x, y, z"
    ),
    "no time": (lambda a: {"acceleration": a}, "pass rate_hz= or time_s="),
    "two times": (
        lambda a: {"acceleration": a, "rate_hz": 100, "time_s": a[:, 0]}, "both rate_hz and time_s"
    ),
    "other length": (
        lambda a: {"acceleration": a, "time_s": np.arange(5)}, "one time for each row"
    ),
    "gyroscope": (
        lambda a: {"acceleration": a, "rate_hz": 100, "gyroscope": a[:9]}, "resample the gyroscope"
    ),
    "unit": (lambda a: {"acceleration": a, "rate_hz": 100, "unit": "furlong"}, 'use "m/s2"'),
    "counts": (lambda a: {"acceleration": 37 * a, "rate_hz": 100}, "give it with unit="),
    "no gravity": (
        lambda a: {"acceleration": a - a.mean(axis=0), "rate_hz": 100}, 'gravity="linear"'
    ),
    "copied axis": (
        lambda a: {"acceleration": a[:, [0, 0, 1]], "rate_hz": 100}, "name their columns with"
    ),
}  # fmt: skip


@pytest.mark.parametrize("misuse", MISUSES)
def test_a_misuse_is_answered_with_what_to_change(walk, misuse):
    arguments, answer = MISUSES[misuse]
    with pytest.raises(rd.RetrodetectError, match=answer) as raised:
        rd.from_arrays(**arguments(walk[0][["x", "y", "z"]].to_numpy()))
    assert "--" not in str(raised.value)


FRAMES = {
    "time in a column": lambda t: t,
    "time in the index": lambda t: t.set_index("time_s"),
    "dates in the index": lambda t: t[["x", "y", "z"]].set_index(
        pd.Timestamp("2026-03-01 09:00") + pd.to_timedelta(t["time_s"], unit="s")
    ),
    "dates with a zone": lambda t: t.assign(
        time_s=pd.Timestamp("2026-03-01 09:00", tz="UTC") + pd.to_timedelta(t["time_s"], unit="s")
    ),
    "durations": lambda t: t.assign(time_s=pd.to_timedelta(t["time_s"], unit="s")),
    "milliseconds": lambda t: t.assign(time_s=1000 * t["time_s"]).rename(
        columns={"time_s": "timestamp"}
    ),
    "text": lambda t: t.assign(
        time_s=(pd.Timestamp("2026-03-01 09:00") + pd.to_timedelta(t["time_s"], unit="s"))
        .dt.strftime("%Y-%m-%d %H:%M:%S.%f")
    ).rename(columns={"time_s": "timestamp"}),
    "numbers for names": lambda t: t.set_axis(range(4), axis=1),
    "g in the names": lambda t: (t / [1, *[STANDARD_GRAVITY_MPS2] * 3]).set_axis(
        ["time_s", "acc_x (g)", "acc_y (g)", "acc_z (g)"], axis=1
    ),
    "float32": lambda t: t.astype({"x": "float32", "y": "float32", "z": "float32"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_is_what_the_file_of_it_is(walk, kind):
    table, from_file = walk
    made = rd.from_dataframe(FRAMES[kind](table))
    np.testing.assert_allclose(made.acceleration_mps2, from_file.acceleration_mps2, rtol=1e-6)
    np.testing.assert_allclose(made.time_s, from_file.time_s, atol=1e-6)


def test_dates_tell_the_start(walk):
    dates, zoned = (
        rd.from_dataframe(FRAMES[kind](walk[0])).start_time
        for kind in ("dates in the index", "dates with a zone")
    )
    assert dates == datetime(2026, 3, 1, 9)  # noqa: DTZ001
    assert zoned == datetime(2026, 3, 1, 9, tzinfo=UTC)


def test_columns_may_be_named_and_a_gyroscope_among_them(walk):
    table, from_file = walk
    turn = np.random.default_rng(0).normal(size=(len(table), 3))
    frame = table.set_axis(["when", "u", "v", "w"], axis=1).assign(
        p=turn[:, 0], q=turn[:, 1], r=turn[:, 2]
    )
    roles = {"time": "when", "x": "u", "y": "v", "z": "w", "gx": "p", "gy": "q", "gz": "r"}
    made = rd.from_dataframe(frame, columns=roles, unit="m/s2", gyroscope_unit="rad/s")
    np.testing.assert_allclose(made.acceleration_mps2, from_file.acceleration_mps2)
    np.testing.assert_allclose(made.angular_rate_radps, turn)
    with pytest.raises(rd.UsageError, match="no column 'acc'; use columns from 'when', 'u'"):
        rd.from_dataframe(frame, columns=roles | {"x": "acc"})


def test_a_frame_of_two_wearers_is_refused(walk):
    both = pd.concat([walk[0].assign(subject=name) for name in ("anna", "ben")])
    with pytest.raises(rd.InputError, match=r"contains 2 recordings \(anna, ben\)"):
        rd.from_dataframe(both.reset_index(drop=True))
