"""A recording in pieces gives the same signals as in one, to the last bit."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.recording import Recording
from retrodetect.signal import ANALYSIS_RATE_HZ, MIN_ACTIVITY_MPS2, activity, prepare, signals


def recording_of(seconds, seed=0, rate_hz=80.0, *, gaps=True):
    """Rest and movement in turns, with jittered stamps, gaps and a gyroscope."""
    rng = np.random.default_rng(seed)
    time_s = np.arange(0, seconds, 1 / rate_hz) + rng.uniform(0, 2e-3, int(seconds * rate_hz))
    stirs = np.repeat(rng.random(int(seconds / 15) + 1) < 0.4, int(15 * rate_hz))[: len(time_s)]
    acceleration = 0.02 * rng.normal(size=(len(time_s), 3)) + [0, 0, 9.81]
    acceleration += stirs[:, None] * 2 * np.sin(2 * np.pi * time_s[:, None] * [0.9, 1.8, 1.8])
    rotation = rng.normal(size=(len(time_s), 3))
    rotation[rng.random(len(time_s)) < 0.01] = np.nan
    kept = np.ones(len(time_s), dtype=bool)
    if gaps:
        for begin in rng.integers(0, len(time_s), 3):
            kept[begin : begin + int(rng.integers(5, 400))] = False
    time_s = time_s[kept] - time_s[kept][0]
    return Recording(
        "walk", time_s, acceleration[kept], rate_hz, "csv", angular_rate_radps=rotation[kept]
    )


def cut(recording, at):
    bounds = [0, *sorted(set(at)), len(recording.time_s)]
    for begin, end in zip(bounds[:-1], bounds[1:], strict=True):
        yield recording.with_(
            time_s=recording.time_s[begin:end],
            acceleration_mps2=recording.acceleration_mps2[begin:end],
            angular_rate_radps=recording.angular_rate_radps[begin:end],
        )


def assert_same(found, expected):
    assert [signal.start_s for signal in found] == [signal.start_s for signal in expected]
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one.acceleration_mps2, other.acceleration_mps2)
        np.testing.assert_array_equal(one.up, other.up)
        np.testing.assert_array_equal(one.angular_rate_radps, other.angular_rate_radps)


@given(st.integers(0, 10), st.lists(st.integers(1, 32_000), max_size=12))
@settings(deadline=None, max_examples=30)
def test_it_does_not_matter_where_a_recording_is_cut(seed, at):
    recording = recording_of(400, seed)
    assert_same(list(signals(cut(recording, at))), prepare(recording))


@pytest.mark.parametrize("seed", range(4))
def test_nor_does_it_where_movement_goes_on_for_longer_than_is_held(seed, monkeypatch):
    monkeypatch.setattr(activity, "LONGEST", 60)
    recording = recording_of(400, seed, gaps=False)
    expected = prepare(recording)
    lengths_s = [len(signal.acceleration_mps2) / ANALYSIS_RATE_HZ for signal in expected]
    assert max(lengths_s) <= 30
    for rows in (170, 1_003, 9_999):
        at = range(rows, len(recording.time_s), rows)
        assert_same(list(signals(cut(recording, at))), expected)


def test_a_seam_lies_where_it_is_stillest_in_the_last_quarter(monkeypatch):
    monkeypatch.setattr(activity, "LONGEST", 80)
    spread_mps2 = np.full(100, 3.0)
    spread_mps2[[30, 70]] = [0.5, 1.0]
    found = activity.active_parts(spread_mps2, 0, 0, 107, is_closed=True)
    assert found.whole == [(0, 74), (74, 107)]


def test_what_is_left_out_is_stiller_than_any_gait():
    recording = recording_of(400, gaps=False)
    found = prepare(recording)
    assert 0 < sum(len(signal.acceleration_mps2) for signal in found) < 400 * ANALYSIS_RATE_HZ
    ends = [0.0, *(signal.start_s + len(signal.acceleration_mps2) / 50 for signal in found)]
    starts = [*(signal.start_s for signal in found), recording.duration_s]
    size = np.linalg.norm(recording.acceleration_mps2, axis=1)
    for end_s, start_s in zip(ends, starts, strict=True):
        inside = (recording.time_s >= end_s) & (recording.time_s < start_s)
        assert not inside.any() or size[inside].std() < MIN_ACTIVITY_MPS2


def test_rest_alone_gives_no_signal():
    still = recording_of(400, gaps=False).with_(
        acceleration_mps2=np.tile([0.0, 0.0, 9.81], (400 * 80, 1))
    )
    assert prepare(still) == []


@pytest.mark.parametrize("samples", [0, 1, 2, 30, 100, 160, 320])
def test_short_and_empty_recordings(samples):
    recording = recording_of(10, gaps=False)
    (short,) = list(cut(recording, []))[:1]
    short = short.with_(
        time_s=short.time_s[:samples],
        acceleration_mps2=5 * np.sin(np.arange(samples))[:, None] + [0, 0, 9.81],
        angular_rate_radps=None,
    )
    found = prepare(short)
    assert len(found) == (samples > 40)
    for signal in found:
        last_s = signal.start_s + (len(signal.acceleration_mps2) - 1) / ANALYSIS_RATE_HZ
        assert short.duration_s - last_s < 1 / ANALYSIS_RATE_HZ
