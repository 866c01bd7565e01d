"""Recordings with known truth: a parametric walker, and virtual sensors in motion capture."""

from retrodetect.lab.simulate.bvh import read_bvh
from retrodetect.lab.simulate.exports import APPS
from retrodetect.lab.simulate.sessions import (
    EXAMPLES,
    PHONE,
    Session,
    Walk,
    captured_strides,
    handled,
    parse_plan,
    record,
    walk,
    wear,
    write_examples,
    write_session,
)
from retrodetect.lab.simulate.steps import Section
from retrodetect.lab.simulate.virtual import (
    PERFECT,
    SensorErrors,
    direction_truth,
    limits,
    virtual_sensor,
)

__all__ = [
    "APPS", "EXAMPLES", "PERFECT", "PHONE", "Section", "SensorErrors", "Session", "Walk",
    "captured_strides", "direction_truth", "handled", "limits", "parse_plan", "read_bvh", "record",
    "virtual_sensor", "walk", "wear", "write_examples", "write_session",
]  # fmt: skip
