import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodetect.formats.text import (
    NO_TICK,
    moment,
    split_unit,
    time_format,
    to_float,
    to_floats,
    unit_in_mps2,
)

written = st.one_of(
    st.floats().map(str),
    st.integers().map(str),
    st.floats(-1e6, 1e6).map(lambda number: f"{number:.3f}".replace(".", ",")),
    st.text("0123456789+-.,eE \u2212_naif", max_size=6),
)


@given(cells=st.lists(written, max_size=8), decimal=st.sampled_from(".,"))
def test_many_cells_are_the_numbers_that_each_is(cells, decimal):
    each = [to_float(cell, decimal) for cell in cells]
    assert np.array_equal(to_floats(cells, decimal), np.array(each), equal_nan=True)


@pytest.mark.parametrize(
    ("cell", "decimal", "number"),
    [
        ("1.5", ".", 1.5), ("1,5", ",", 1.5), ("\u22122", ".", -2), ("-3e2", ".", -300),
        ("1.5", ",", np.nan), ("1,5", ".", np.nan), ("1_0", ".", np.nan), ("", ".", np.nan),
        ("1e31", ".", np.nan), ("inf", ".", np.nan), ("0x10", ".", np.nan), ("1 2", ".", np.nan),
    ],
)  # fmt: skip
def test_a_cell_is_a_number_as_apps_write_it_or_none(cell, decimal, number):
    assert to_float(cell, decimal) == pytest.approx(number, nan_ok=True)


@pytest.mark.parametrize(
    ("cell", "said", "epoch", "zone_min"),
    [
        ("2024-10-17T14:56:15.250+05:30", "2024-10-17T09:26:15.250", "unix", 330),
        ("2024-10-17 14:56:15-0330", "2024-10-17T18:26:15", "unix", -210),
        ("2024/10/17 14:56:15Z", "2024-10-17T14:56:15", "unix", 0),
        ("17.10.2024 14:56:15.5", "2024-10-17T14:56:15.5", "local", None),
        ("10/17/2024 02:56:15 PM", "2024-10-17T14:56:15", "local", None),
        ("17-10-24 14:56:15", "2024-10-17T14:56:15", "local", None),
        ("17-Oct-2024 14:56:15", "2024-10-17T14:56:15", "local", None),
        ("Oct 17, 2024 14:56:15", "2024-10-17T14:56:15", "local", None),
        ("14:56:15.250", "1970-01-01T14:56:15.250", "none", None),
        ("56:15.250", "1970-01-01T00:56:15.250", "none", None),
    ],
)
def test_a_time_is_read_as_it_is_written(cell, said, epoch, zone_min):
    written = time_format([cell])
    assert written is not None
    (ns,) = written.parse(pd.Series([cell], dtype="str"))
    assert np.datetime64(int(ns), "ns") == np.datetime64(said, "ns")
    assert (written.epoch, written.zone_min, written.is_ambiguous) == (epoch, zone_min, False)


@pytest.mark.parametrize(
    ("cell", "hint", "day", "is_ambiguous"),
    [
        ("03/04/2024", "", "2024-03-04", True),
        ("03.04.2024", "", "2024-04-03", True),
        ("03/04/2024", "d/M/yyyy", "2024-04-03", False),
        ("03/04/2024", "M/d/yyyy", "2024-03-04", False),
        ("13/04/2024", "", "2024-04-13", False),
        ("12/13/2024", "", "2024-12-13", False),
    ],
)
def test_day_and_month_are_told_by_size_hint_or_mark(cell, hint, day, is_ambiguous):
    written = time_format([cell], hint)
    assert written is not None
    assert written.is_ambiguous == is_ambiguous
    assert str(moment(cell, hint)) == f"{day} 00:00:00"


@pytest.mark.parametrize("cell", ["", "noon", "14:56", "2024-10", "12345", "1.5"])
def test_what_is_no_time_has_no_format(cell):
    assert time_format([cell]) is None
    assert moment(cell) is None


@pytest.mark.parametrize("text", ["14:56:15", "99:15.250", "1850-10-17 10:00:00"])
def test_a_time_without_a_day_or_of_another_age_is_no_moment(text):
    assert moment(text) is None


@pytest.mark.parametrize(
    ("unit", "mps2"),
    [
        ("m/s^2", 1), ("m/s²", 1), ("g", 9.80665), ("mg", 0.00980665), ("g/256", 9.80665 / 256),
        (" mg / 2 ", 0.00980665 / 2), ("g/0", None), ("g/x", None), ("deg/s", None), ("", None),
    ],
)  # fmt: skip
def test_a_unit_of_acceleration_and_its_fractions(unit, mps2):
    assert unit_in_mps2(unit) == (None if mps2 is None else pytest.approx(mps2))


@pytest.mark.parametrize(
    ("header", "name", "unit"),
    [
        ("Acceleration x (m/s^2)", "Acceleration x", "m/s^2"), ("x[g]", "x", "g"),
        ("ax {mg} ", "ax", "mg"), ("time", "time", ""), ("v (m/(s^2))", "v", "m/(s^2)"),
        ("x (raw) y", "x (raw) y", ""),
    ],
)  # fmt: skip
def test_a_header_is_a_name_and_its_unit(header, name, unit):
    assert split_unit(header) == (name, unit)


@pytest.mark.parametrize(
    ("fractions", "is_millis"),
    [
        ((".7", ".12", ".205"), True),
        ((".100", ".200", ".300"), False),
        ((".1", ".2", ".3"), False),
        ((".9", ".1"), False),
        ((".7", ".1200"), False),
        (("", ""), False),
    ],
)
def test_fractions_without_leading_zeros_are_told_by_their_order(fractions, is_millis):
    written = time_format([f"10:00:00{fraction}" for fraction in fractions])
    assert written is not None
    assert written.counts_millis == is_millis


def test_whole_seconds_among_fractions_are_times_too():
    cells = ["10:00:00.5", "10:00:01", "10:00:01.5", "later"]
    written = time_format(cells[:3])
    assert written is not None
    read = written.parse(pd.Series(cells, dtype="str"))
    assert (read[:3] - read[0]).tolist() == [0, 5 * 10**8, 10**9]
    assert read[3] == NO_TICK
