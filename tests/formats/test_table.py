"""Tables: what the head of a text says, and columns that a cell does not fit."""

import io

import numpy as np
import pytest

from retrodetect.formats.source import Source
from retrodetect.formats.table import Table, quantity_of, says_acceleration, sniff


def table(text: str | bytes) -> Table:
    content = text.encode() if isinstance(text, str) else text
    return sniff(
        Source("walk.csv", "walk.csv", lambda: io.BufferedReader(io.BytesIO(content)),
               len(content), 1 << 20)
    )  # fmt: skip


def column(own: Table, place: int) -> np.ndarray:
    return np.concatenate([chunk[place] for chunk in own.chunks([place])])


ROWS = "1,0.5,a\n2,0.6,b\n3,0.7,c\n"


@pytest.mark.parametrize(
    ("text", "delimiter", "decimal"),
    [
        ("t,x\n1,0.5\n2,0.6\n", ",", "."),
        ("t;x\n1;0,5\n2;0,6\n", ";", ","),
        ("t;x\n1;0.5\n2;0.6\n", ";", "."),
        ("t\tx\n1\t0,5\n2\t0,6\n", "\t", ","),
        ("t|x\n1|0.5\n2|0.6\n", "|", "."),
        ("t  x\n1  0.5\n2  0.6\n", r"\s+", "."),
    ],
)
def test_delimiter_and_decimal_mark_are_those_that_make_numbers(text, delimiter, decimal):
    own = table(text)
    assert (own.delimiter, own.decimal, own.width) == (delimiter, decimal, 2)
    assert own.names == ("t", "x")
    assert column(own, 1).tolist() == [0.5, 0.6]


@pytest.mark.parametrize(
    ("above", "header", "units", "preamble"),
    [
        ("", (), (), ()),
        ("t,x,who\n", ("t", "x", "who"), (), ()),
        ("An app\n\nt,x,who\n", ("t", "x", "who"), (), ("An app",)),
        ("t,x,who\ns,g,\n", ("t", "x", "who"), ("s", "g", ""), ()),
        ("sep=,\nt,x,who\n", ("t", "x", "who"), (), ()),
    ],
)
def test_what_stands_above_the_rows(above, header, units, preamble):
    own = table(above + ROWS)
    assert (own.header, own.units, own.preamble) == (header, units, preamble)
    assert [own.kind(place) for place in range(3)] == ["number", "number", "text"]
    assert column(own, 0).tolist() == [1, 2, 3]


def test_a_column_is_found_by_its_name_with_or_without_unit_or_by_its_place():
    own = table('Time (s),"Acc X [g]",who\n' + ROWS)
    assert [own.index(name) for name in ("time", "TIME (s)", "acc x", '"acc x"', "column 3")] == [
        0, 0, 1, 1, 2,
    ]  # fmt: skip
    assert [own.index(name) for name in ("acc", "column 4", "column 0")] == [None] * 3
    assert (own.unit("time"), own.unit(1), own.unit(2)) == ("s", "g", "")
    assert own.has("time", "who")
    assert not own.has("time", "y")


@pytest.mark.parametrize(
    ("cells", "kind", "read"),
    [
        (["1", "2", "3"], "number", [1, 2, 3]),
        (["0.5", "", "1e3"], "number", [0.5, np.nan, 1000]),
        (["0.5", "x", "0.7", "0.8"], "number", [0.5, np.nan, 0.7, 0.8]),
        (["0.5", "\u22120.6", "0.7;"], "number", [0.5, -0.6, 0.7]),
        (["1700000000000000001", "1700000000000000003"], "integer",
         [1700000000000000001, 1700000000000000003]),
        (["999999999999999", "1"], "number", [999999999999999, 1]),
    ],
)  # fmt: skip
def test_a_column_is_of_numbers_in_spite_of_cells_that_are_none(cells, kind, read):
    own = table("n,x\n" + "".join(f"{place},{cell}\n" for place, cell in enumerate(cells)))
    assert own.kind(1) == kind
    np.testing.assert_array_equal(column(own, 1), read)


@pytest.mark.parametrize("damage", ["", "lost", "9" * 40])
def test_an_integer_that_is_none_is_missing_and_the_others_stay_exact(damage):
    whole = [1_700_000_000_000_000_001 + place for place in range(6000)]
    cells = [*whole[:5500], damage, *whole[5501:]]  # behind the head, which tells what they are
    read = column(table("t,x\n" + "".join(f"{cell},1\n" for cell in cells)), 0)
    assert read.dtype == np.int64
    assert read[5500] == np.iinfo(np.int64).min
    assert np.delete(read, 5500).tolist() == [*whole[:5500], *whole[5501:]]


def test_rows_of_another_width_lose_nothing_of_the_others():
    rows = [f"{place},{place}.5" for place in range(300)]
    rows[250] = "250,250.5,7,8"
    rows[270] = "270"
    read = column(table("t,x\n" + "\n".join(rows) + "\n"), 1)
    assert len(read) == 300
    assert np.isnan(read[270])
    assert read[[249, 250, 251, 299]].tolist() == [249.5, 250.5, 251.5, 299.5]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_encoding_and_any_end_of_lines(encoding, end):
    text = "Zeit,x (µg)\n" + "".join(f"{place},{place}.5\n" for place in range(20))
    own = table(text.replace("\n", end).encode(encoding))
    assert own.names == ("zeit", "x")
    assert own.unit("x") == "µg"
    assert column(own, 1).tolist() == [place + 0.5 for place in range(20)]


@pytest.mark.parametrize(
    ("last", "is_cut"), [("3,0.7,c\n", False), ("3,0.7", True), ("3,0.7,c", False), ("", False)]
)
def test_a_last_row_without_its_cells_and_end_is_cut_off(last, is_cut):
    own = table("t,x,who\n1,0.5,a\n2,0.6,b\n" + last)
    assert not own.is_cut_off
    column(own, 0)
    assert own.is_cut_off == is_cut


@pytest.mark.parametrize("text", ["", "hello\nworld\n", '{"x": 1}', "a,b\n", "\0\1\2\3" * 99])
def test_what_is_no_table_has_no_width(text):
    assert table(text).width == 0


def test_a_header_without_rows_is_a_table_without_rows():
    own = table("time,ax,ay,az\n")
    assert (own.header, own.width, own.rows) == (("time", "ax", "ay", "az"), 4, ())
    assert column(own, 1).tolist() == []


@pytest.mark.parametrize(
    ("name", "quantity"),
    [
        ("Linear Acceleration", "linear"), ("accelerometer", "acceleration"), ("gyro", "rotation"),
        ("GRAVITY", "gravity"), ("magnetic field", "magnetic"), ("walk", "unknown"),
        ("userAcceleration", "linear"), ("orientation", "other"),
    ],
)  # fmt: skip
def test_what_the_name_of_a_sensor_says(name, quantity):
    assert quantity_of(name) == quantity


@pytest.mark.parametrize("name", ["accX", "a_x", "Acceleration", "lin_acc_y", "linear accel"])
def test_names_that_say_acceleration(name):
    assert says_acceleration(name)


@pytest.mark.parametrize("name", ["gyroX", "g_x", "x", "walk", "mag_y", "x_g", "rotation"])
def test_names_that_do_not(name):
    assert not says_acceleration(name)
