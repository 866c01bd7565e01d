"""Recordings with known truth: a parametric walker, and virtual sensors in motion capture."""

from retrodetect.lab.simulate.bvh import Motion, read_bvh
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
from retrodetect.lab.simulate.steps import Person, Section
from retrodetect.lab.simulate.virtual import (
    PERFECT,
    SensorErrors,
    contact_times_s,
    direction_intervals,
    direction_truth,
    front_axis,
    limits,
    virtual_sensor,
)

__all__ = [
    "APPS", "EXAMPLES", "PERFECT", "PHONE", "Motion", "Person", "Section", "SensorErrors",
    "Session", "Walk", "captured_strides", "contact_times_s", "direction_intervals",
    "direction_truth", "front_axis", "handled", "limits", "parse_plan", "read_bvh", "record",
    "virtual_sensor", "walk", "wear", "write_examples", "write_session",
]  # fmt: skip
