"""The answer stays the same however a recording is written, packed, cut and labelled.

``tests/benchmarks/differential.py`` makes thousands of random combinations of these.
"""

from __future__ import annotations

import random
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from retrodetect.direction import DirectionModel, store

from .differential import Case, Way, answer, any_way, cases, differences
from .reexport import walk

WAYS = [any_way(random.Random(seed)) for seed in range(6)]


@pytest.fixture(scope="module")
def model() -> DirectionModel:
    return store.load("default")


@pytest.mark.parametrize("clock", ["ms", "ns"])
def test_stamps_in_whole_milliseconds_mean_the_same_in_any_unit(
    clock: str, model: DirectionModel, tmp_path: Path
) -> None:
    """Steps of 5, 10 and 15 ms, and pauses of 250 ms, are right on the bounds of what is usual."""
    own = walk(rate_hz=100, duration_s=12)
    shares = {5: 0.3, 10: 0.38, 15: 0.3, 250: 0.02}
    steps_ms = np.random.default_rng(0).choice([*shares], len(own.time_ns), p=[*shares.values()])
    time_us = np.cumsum(steps_ms) * 1000
    case = Case("walk", time_us, own.acceleration_mps2, None, "waist")
    plain = answer(case, Way(), model, tmp_path)
    assert differences(plain, answer(case, Way(clock=clock), model, tmp_path)) == []


def test_real_recordings_are_labelled_the_same_in_any_way(
    shared: Path, model: DirectionModel, tmp_path: Path
) -> None:
    strides = 0
    for number, case in enumerate(islice(cases(shared, most=1), 0, None, 2)):
        plain = answer(case, Way(), model, tmp_path)
        way = WAYS[number % len(WAYS)]
        assert differences(plain, answer(case, way, model, tmp_path)) == [], (case.name, way)
        strides += len(plain)
    assert strides > 50
