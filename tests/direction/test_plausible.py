"""Strides as nobody's, as a wrong clock makes them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from strides import shown, strides_of

import retrodetect as rd
from retrodetect.direction.checks import BOUNCE_M, doubtful_strides
from retrodetect.features.catalogue import SITE_SCALARS

EXAMPLES = Path(__file__).parents[2] / "data" / "examples"
PLACE = [feature.name for feature in SITE_SCALARS].index("log_v_low")


def doubts(*, lasting_s: float, bounce_m: float, gait: str = "walk", count: int = 20) -> list[str]:
    """Of strides of equal length, in each of whose two steps the sensor moves up and down."""
    features = shown(np.zeros((count, 3)))
    step_radps = 2 * np.pi * 2 / lasting_s
    features.site_scalars[:, PLACE] = np.log(bounce_m * step_radps**2 / np.sqrt(2))
    start_s = lasting_s * np.arange(count)
    strides = pd.DataFrame({"start_s": start_s, "end_s": start_s + lasting_s, "gait": gait})
    return doubtful_strides(features, strides)


@pytest.mark.parametrize("bounce_m", [0.012, 0.03, 0.065])
@pytest.mark.parametrize(
    ("gait", "lasting_s", "word"),
    [("walk", 0.55, "shorter"), ("walk", 0.65, ""), ("walk", 1.8, ""), ("walk", 2.2, "longer"),
     ("run", 0.4, "shorter"), ("run", 0.55, ""), ("run", 0.9, ""), ("run", 1.2, "longer")],
)  # fmt: skip
def test_strides_that_last_as_long_as_nobodys_are_doubted(
    gait: str, lasting_s: float, word: str, bounce_m: float
) -> None:
    said = doubts(lasting_s=lasting_s, bounce_m=bounce_m, gait=gait)
    assert len(said) == bool(word)
    for sentence in said:
        assert word in sentence
        assert "cadence, counts and minutes" in sentence


def test_a_bounce_that_nobody_has_is_doubted() -> None:
    (high,) = doubts(lasting_s=1.9, bounce_m=BOUNCE_M[1] + 0.001)
    (low,) = doubts(lasting_s=0.7, bounce_m=BOUNCE_M[0] - 0.001)
    assert "8.1 cm up and down, higher" in high
    assert "0.7 cm up and down, less high" in low


def test_a_shuffle_may_bounce_as_little_as_it_will() -> None:
    assert not doubts(lasting_s=1.2, bounce_m=0.002)


def test_a_few_strides_are_not_judged() -> None:
    assert not doubts(lasting_s=3.0, bounce_m=0.5, count=7)
    assert doubts(lasting_s=3.0, bounce_m=0.5, count=8)


def test_a_few_odd_strides_among_many_are_no_doubt() -> None:
    features = shown(np.zeros((100, 3)))
    features.site_scalars[:, PLACE] = 1.0
    strides = strides_of(100)
    strides.loc[:8, "gait"] = "run"
    strides.loc[:8, "end_s"] = strides["start_s"] + 0.4
    assert not doubtful_strides(features, strides)


@pytest.mark.parametrize("factor", [1.0, 2.0])
def test_the_library_tells_of_a_clock_that_is_twice_too_slow(factor: float) -> None:
    own = rd.read(EXAMPLES / "simulated_thigh_forward_only.csv.gz")
    slow = replace(own, time_s=factor * own.time_s, rate_hz=own.rate_hz / factor)
    said = rd.label(slow, placement="thigh").warnings
    assert any("anybody's" in text for text in said) == (factor > 1)
