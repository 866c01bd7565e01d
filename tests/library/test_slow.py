"""Recordings too slow for directions."""

import numpy as np
import pytest

import retrodetect as rd
from retrodetect.lab.simulate import PERFECT, parse_plan, walk, wear
from retrodetect.recording import TOO_SLOW

PLAN = "stand 3s, walk forward 20s, stand 3s"


@pytest.mark.parametrize("rate_hz", [10.0, 12.0])
def test_steps_are_counted_and_no_direction_is_named(rate_hz):
    session = walk(parse_plan(PLAN), seed=2)
    steps = len(session.contacts_s("left")) + len(session.contacts_s("right"))
    slow = wear(session, "waist", rate_hz=rate_hz, errors=PERFECT, seed=2)
    result = rd.label(slow, placement="waist", forward=[(5.0, 15.0)])
    assert result.session["steps"] == pytest.approx(steps, abs=4)
    assert set(result.strides["direction"]) == {"unknown"}
    assert set(result.strides["reason"]) == {"slow"}
    assert np.isnan(result.session["backward_share"])
    assert TOO_SLOW in result.strides.attrs["warnings"]
