"""Exports that are whole and wrong are never read silently."""

import random
from pathlib import Path

import pytest

from .semantic import MUTATIONS, judge, sheet


@pytest.mark.parametrize("name", MUTATIONS)
def test_no_export_that_is_whole_and_wrong_is_read_silently(name: str, tmp_path: Path) -> None:
    rng = random.Random(name)
    for _ in range(8):
        original = sheet(rng)
        mutated = MUTATIONS[name](original, rng)
        assert not judge(original, mutated, tmp_path), mutated
