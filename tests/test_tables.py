import csv
import io

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodetect.tables import (
    SESSION_COLUMNS,
    csv_text,
    harmless,
    sessions_table,
    visible,
)


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "  =", "＝"])
def test_a_name_that_looks_like_a_formula_still_names_its_file(start):
    assert harmless(f"{start}cmd|' /C calc'!A0.csv", is_path=True) == (
        f"./{start}cmd|' /C calc'!A0.csv"
    )


def test_other_text_that_looks_like_a_formula_gets_an_apostrophe():
    assert harmless("=1+1") == "'=1+1"
    assert harmless("plain text = fine") == "plain text = fine"


def test_control_and_direction_characters_are_written_out():
    assert visible("a\tb\nc\x1b[31m\u202egpj.exe") == r"a\tb\nc\x1b[31m\u202egpj.exe"
    assert visible("Höhe 日本 🏃‍♀️") == "Höhe 日本 🏃‍♀️"


@given(st.text())
def test_no_text_begins_a_formula_or_breaks_a_line(text):
    cell = harmless(text)
    assert not cell.lstrip().startswith(tuple("=+-@"))
    assert cell.isprintable() or all(ord(char) > 31 for char in cell)


def test_csv_keeps_counts_whole_and_missing_fields_empty():
    table = sessions_table(
        [
            {
                "recording": "a,b.csv",
                "status": "ok",
                "message": 'says "hi"',
                "strides": 12,
                "backward_share": 1 / 3,
            },
            {"recording": "c.csv", "status": "failed", "message": "gone"},
        ]
    )
    rows = list(csv.DictReader(io.StringIO(csv_text(table, header=True))))
    assert tuple(rows[0]) == SESSION_COLUMNS
    assert rows[0]["strides"] == "12"
    assert rows[0]["backward_share"] == "0.3333"
    assert (rows[0]["recording"], rows[0]["message"]) == ("a,b.csv", 'says "hi"')
    assert rows[1]["strides"] == rows[1]["backward_share"] == ""


def test_an_empty_table_has_its_header():
    assert csv_text(sessions_table([]), header=True) == ",".join(SESSION_COLUMNS) + "\n"
    assert isinstance(sessions_table([]), pd.DataFrame)
