"""A recording reads back as itself, however it was written."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from retrodetect.formats import read
from retrodetect.recording import Recording

from .reexport import CLOCKS, ENCODINGS, NAMES, UNITS, Style, Walk, walk, write

WALK = walk()
COARSEST_S = 0.0011
quickly = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture
def reread(tmp_path: Path) -> Callable[[Style], Recording]:
    def write_and_read(style: Style) -> Recording:
        path = tmp_path / "walk.csv"
        path.write_bytes(write(WALK, style))
        (recording,) = read(path)
        return recording

    return write_and_read


def assert_same(recording: Recording, original: Walk = WALK) -> None:
    assert len(recording.time_s) == len(original.time_ns)
    np.testing.assert_allclose(recording.time_s, original.time_ns / 1e9, atol=COARSEST_S)
    np.testing.assert_allclose(recording.acceleration_mps2, original.acceleration_mps2, atol=2e-5)
    assert recording.rate_hz == pytest.approx(50, rel=0.002)
    assert recording.gravity == "total"


@pytest.mark.parametrize("clock", CLOCKS)
def test_every_clock(clock: str, reread: Callable[[Style], Recording]) -> None:
    recording = reread(Style(clock=clock))
    assert_same(recording)
    if clock.startswith("epoch") or "zone" in clock:
        assert recording.start_time is not None
        assert recording.start_time.tzinfo is not None


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("packing", ["", "gz", "xz", "bz2", "zip"])
def test_every_encoding_and_packing(
    encoding: str, packing: str, reread: Callable[[Style], Recording]
) -> None:
    assert_same(reread(Style(encoding=encoding, packing=packing)))


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("is_unit_stated", [True, False])
def test_every_unit(unit: str, is_unit_stated: bool, reread: Callable[[Style], Recording]) -> None:
    recording = reread(Style(unit=unit, is_unit_stated=is_unit_stated))
    assert_same(recording)
    ground = next(found.ground for found in recording.findings if found.topic == "unit")
    assert ground == ("stated" if is_unit_stated else "measured")


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "top",
    ["", "\n", "sep=;\n", '"sep=;"\r\n', "# phone: X\n# rate: 50 Hz\n\n", "App 3.1\nDate: today\n"],
)
def test_what_stands_above_the_header(
    top: str, line_end: str, reread: Callable[[Style], Recording]
) -> None:
    assert_same(reread(Style(delimiter=";", top=top, line_end=line_end)))


@pytest.mark.parametrize(
    "style",
    [
        Style(delimiter=";", trailing=";"),
        Style(trailing=","),
        Style(has_unit_row=True, unit="g"),
        Style(repeat_header_at=300),
        Style(delimiter=";", decimal=",", minus="\N{MINUS SIGN}"),
        Style(is_quoted=True, decimal=","),
        Style(delimiter=r" "),
    ],
    ids=["trailing semicolon", "phantom column", "unit row", "repeated header", "U+2212",
         "quoted decimal commas", "blanks"],
)  # fmt: skip
def test_the_odd_ways_of_apps(style: Style, reread: Callable[[Style], Recording]) -> None:
    assert_same(reread(style))


@quickly
@given(
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    decimal=st.sampled_from(".,"),
    unit=st.sampled_from(sorted(UNITS)),
    is_unit_stated=st.booleans(),
    clock=st.sampled_from(sorted(CLOCKS)),
    names=st.sampled_from(NAMES),
    order=st.permutations(range(4)),
    encoding=st.sampled_from(ENCODINGS),
    line_end=st.sampled_from(["\n", "\r\n"]),
    is_quoted=st.booleans(),
    packing=st.sampled_from(["", "gz", "zip"]),
)
def test_any_mixture(reread: Callable[[Style], Recording], **choices: object) -> None:
    style = Style(**choices)  # type: ignore[arg-type]
    if style.delimiter == "," and style.decimal == ",":
        style = replace(style, is_quoted=True)
    assert_same(reread(style))
