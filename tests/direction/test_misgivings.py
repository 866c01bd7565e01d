"""Words of the wearer that cannot be right are told of, and right ones are not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from test_classify import BOUTS, HEARS, THERE_AND_BACK, cues_of, model_of, strides_of

from retrodetect.direction import Anchors, decide, misgivings
from retrodetect.recording import FloatArray


def said(told: dict[str, Any], ways: FloatArray = THERE_AND_BACK, **model: Any) -> tuple[str, ...]:
    cues, fitted, anchors = cues_of(ways), model_of(**model), Anchors("waist", **told)
    found = decide(cues, BOUTS, fitted, anchors)
    return misgivings(cues, BOUTS, fitted, anchors, found)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"front": "+x"},
        {"front": "-x"},
        {"starts": "backward"},
        {"forward": ((0.0, 10.0),), "backward": ((35.0, 40.0),)},
    ],
)
def test_words_that_the_signal_does_not_belie_are_left_alone(told: dict[str, Any]) -> None:
    assert said(told) == ()


@pytest.mark.parametrize(("front", "way"), [("+z", "up"), ("-z", "down")])
def test_an_axis_that_is_not_level_is_no_front(front: str, way: str) -> None:
    (sentence,) = said({"front": front})
    assert sentence.startswith(f"--front {front} points {way} ")


@pytest.mark.parametrize("front", ["+y", "-y"])
def test_a_front_across_the_way_is_told_with_the_likelier_one(front: str) -> None:
    (sentence,) = said({"front": front})
    assert sentence.startswith(f"--front {front} does not fit the signal")
    assert "+x or -x" in sentence


def test_a_front_that_does_not_fit_the_directions_is_told_with_the_one_that_does() -> None:
    # The front is overruled: marks say that the wearer went along x, forward first.
    told = {"front": "-x", "forward": ((0.0, 20.0),), "backward": ((30.0, 50.0),)}
    (sentence,) = said(told)
    assert "by which the front is near +x" in sentence


def test_a_stretch_without_strides_says_nothing() -> None:
    assert said({"forward": ((500.0, 510.0),)}) == (
        "--forward 500:510 holds no stride, and so says nothing",
    )


def test_marks_that_contradict_each_other_are_named() -> None:
    assert said({"starts": "backward", "forward": ((0.0, 20.0),)}) == (
        "--starts backward and --forward 0:20 mark the same strides: the latter counts",
    )


def test_a_mark_that_the_signal_alone_belies_is_doubted() -> None:
    cues = cues_of(np.zeros((40, 3)))
    cues.features.scalars[:, 0] = np.where(np.arange(40) < 20, -3.0, 3.0)
    model = model_of(score=replace(HEARS, offset_scale=0.1))
    for way, sentences in (("forward", 0), ("backward", 1)):
        anchors = Anchors("foot", **{way: ((0.0, 10.0),)})
        found = decide(cues, BOUTS, model, anchors)
        told = misgivings(cues, BOUTS, model, anchors, found)
        assert len(told) == sentences
    assert told[0].startswith("--backward 0:10 does not fit the signal, which alone says forward")


def test_where_the_way_is_not_shown_nothing_is_doubted() -> None:
    assert said({"front": "+y"}, np.zeros((40, 3))) == ()
    rng = np.random.default_rng(0)
    ways = rng.normal(size=(40, 3)) * (1, 1, 0)
    assert said({"front": "+y"}, ways) == ()


def test_no_strides_no_misgivings() -> None:
    cues, anchors, model = cues_of(np.empty((0, 3))), Anchors("waist", front="+z"), model_of()
    found = decide(cues, BOUTS.iloc[:0], model, anchors)
    assert misgivings(cues, BOUTS.iloc[:0], model, anchors, found) == ()


def test_without_a_vertical_a_front_says_nothing() -> None:
    strides = strides_of((40,))
    cues = cues_of(THERE_AND_BACK, np.full((40, 3), np.nan))
    anchors, model = Anchors("waist", front="+x"), model_of()
    (sentence,) = misgivings(cues, strides, model, anchors, decide(cues, strides, model, anchors))
    assert "without a vertical" in sentence
