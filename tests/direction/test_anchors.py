"""Anchors: what a wearer may tell, and what makes no sense."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from strides import strides_of

from retrodetect.direction import Anchors
from retrodetect.direction.anchors import STARTS_S
from retrodetect.errors import UsageError
from retrodetect.sites import PLACEMENTS


def test_nothing_need_be_told() -> None:
    assert Anchors().front_axis is None
    assert Anchors() == Anchors(None, None, (), (), None)


@pytest.mark.parametrize(
    ("front", "axis"),
    [
        ("+x", [1, 0, 0]), ("-x", [-1, 0, 0]), ("+y", [0, 1, 0]), ("-y", [0, -1, 0]),
        ("+z", [0, 0, 1]), ("-z", [0, 0, -1]),
    ],
)  # fmt: skip
def test_a_front_is_an_axis_of_the_device(front: str, axis: list[float]) -> None:
    found = Anchors(front=front).front_axis
    assert found is not None
    assert found.tolist() == axis


@pytest.mark.parametrize("placement", PLACEMENTS)
def test_every_placement_may_be_told(placement: str) -> None:
    assert Anchors(placement=placement).placement == placement


@pytest.mark.parametrize(
    "stated",
    [
        {"forward": ((0.0, 1.0),)},
        {"forward": ((0.0, 10.0), (20.0, 30.0)), "backward": ((10.0, 20.0), (30.0, 31.5))},
        {"backward": ((5.0, 6.0), (5.5, 7.0))},
        {"starts": "forward"},
        {"starts": "backward"},
    ],
)
def test_stretches_may_touch(stated: dict[str, Any]) -> None:
    assert Anchors(**stated)


@pytest.mark.parametrize(
    ("stated", "place", "message"),
    [
        ({"placement": "knee"}, "--placement", "'knee' isn't a body site"),
        ({"placement": ""}, "--placement", "isn't a body site"),
        ({"front": "x"}, "--front", "'x' is not a device axis"),
        ({"front": "+w"}, "--front", "is not a device axis"),
        ({"front": "*x"}, "--front", "is not a device axis"),
        ({"front": "+xy"}, "--front", "is not a device axis"),
        ({"front": ""}, "--front", "is not a device axis"),
        ({"starts": "sideways"}, "--starts", "'sideways' is not a direction"),
        ({"forward": ((3.0, 3.0),)}, "--forward", "3-3 is not a range of time"),
        ({"forward": ((4.0, 3.0),)}, "--forward", "4-3 is not a range of time"),
        ({"backward": ((-1.0, 3.0),)}, "--backward", "-1-3 is not a range of time"),
        ({"backward": ((1.0, float("inf")),)}, "--backward", "is not a range of time"),
        ({"backward": ((float("nan"), 2.0),)}, "--backward", "is not a range of time"),
        (
            {"forward": ((0.0, 5.0), (10.0, 20.0)), "backward": ((6.0, 9.0), (19.9, 30.0))},
            "--forward, --backward",
            "10-20 is marked both forward and backward",
        ),
        ({"forward": ((5.0, 6.0),), "backward": ((0.0, 5.1),)}, "--forward", "5-6 is marked"),
        ({"forward": ((5.0, 6.0),), "backward": ((0.0, 9.0),)}, "--forward", "5-6 is marked"),
    ],
)
def test_what_makes_no_sense_is_refused(stated: dict[str, Any], place: str, message: str) -> None:
    with pytest.raises(UsageError) as raised:
        Anchors(**stated)
    assert place in str(raised.value)
    assert message in str(raised.value)


def test_a_mark_holds_the_strides_whose_middle_lies_in_it() -> None:
    # Strides of a second: their middles lie at 0.5, 1.5, 2.5 s and so on.
    (mark,) = Anchors(forward=((1.5, 3.5),)).marks(strides_of(6))
    assert np.flatnonzero(mark.rows).tolist() == [1, 2]


def test_how_a_session_starts_is_said_of_the_first_bout_alone_and_of_its_first_seconds() -> None:
    (long,) = Anchors(starts="backward").marks(strides_of(20))
    assert np.flatnonzero(long.rows).tolist() == list(range(int(STARTS_S)))
    (short,) = Anchors(starts="backward").marks(strides_of(2, 20, pause_s=0.5))
    assert np.flatnonzero(short.rows).tolist() == [0, 1]
