import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrodetect.formats.text import to_float, to_floats

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
