"""Columns in a temporary file are the same as in memory, block by block."""

import numpy as np
import pytest

from retrodetect.formats import spool

ROWS = 100
VALUES = np.random.default_rng(0).normal(size=(ROWS, 3)).round(1)
STAMPS = np.cumsum(np.random.default_rng(1).integers(1, 9, ROWS))


@pytest.fixture(params=["memory", "file"])
def place(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "file":
        monkeypatch.setattr(spool, "IN_MEMORY_BYTES", 64)
        monkeypatch.setattr(spool, "BLOCK_ROWS", 7)
    return str(request.param)


def kept(array: np.ndarray) -> np.ndarray:
    """The array as a format hands it on: joined from chunks."""
    chunks = ({"own": array[begin : begin + 9]} for begin in range(0, len(array), 9))
    return spool.gather(chunks)["own"]


@pytest.mark.parametrize("order", ["C", "F"])
def test_chunks_are_joined_whatever_their_order_in_memory(place: str, order: str) -> None:
    own = kept(np.array(VALUES, order=order))
    np.testing.assert_array_equal(own, VALUES)


def test_columns_of_several_names_stay_apart(place: str) -> None:
    columns = spool.gather([{"a": VALUES, "b": STAMPS}, {"a": VALUES[:2], "b": STAMPS[:2]}])
    np.testing.assert_array_equal(columns["a"], np.vstack([VALUES, VALUES[:2]]))
    np.testing.assert_array_equal(columns["b"], np.append(STAMPS, STAMPS[:2]))
    assert columns["b"].dtype == STAMPS.dtype
    assert spool.gather([]) == {}


def test_extremes_are_those_of_each_column(place: str) -> None:
    np.testing.assert_array_equal(
        spool.extremes(kept(VALUES)), [VALUES.min(axis=0), VALUES.max(axis=0)]
    )
    np.testing.assert_array_equal(spool.extremes(kept(STAMPS)), [STAMPS[0], STAMPS[-1]])
    holed = VALUES.copy()
    holed[50, 1] = np.nan
    assert np.isnan(spool.extremes(kept(holed))).tolist() == [[False, True, False]] * 2


@pytest.mark.parametrize("fall", [6, 7, 8, 48])
def test_steps_are_taken_across_blocks_too(place: str, fall: int) -> None:
    steps = np.diff(STAMPS)
    assert spool.step_extremes(kept(STAMPS)) == (steps.min(), steps.max())
    fallen = np.where(np.arange(ROWS) < fall, STAMPS, STAMPS - 500)
    assert spool.step_extremes(kept(fallen)) == (steps[fall - 1] - 500, steps.max())


def test_one_row_and_none_have_no_step(place: str) -> None:
    for count in (0, 1):
        assert spool.step_extremes(STAMPS[:count]) == (np.inf, -np.inf)


@pytest.mark.parametrize("rows", [[0, 99], [3, 7, 8, 21, 22, 98], [], [6]])
def test_rows_from_anywhere_and_how_they_differ_from_later_ones(
    place: str, rows: list[int]
) -> None:
    at = np.array(rows, dtype=np.intp)
    np.testing.assert_array_equal(spool.picked(kept(VALUES), at), VALUES[at])
    near = at[at + 1 < ROWS]
    np.testing.assert_array_equal(
        spool.picked(kept(VALUES), near, 1), VALUES[near + 1] - VALUES[near]
    )


def test_rows_are_taken_by_mask_and_by_number(place: str) -> None:
    mask = VALUES[:, 0] > 0
    np.testing.assert_array_equal(spool.take(kept(VALUES), mask), VALUES[mask])
    order = np.random.default_rng(2).permutation(ROWS)
    np.testing.assert_array_equal(spool.take(kept(VALUES), order), VALUES[order])


def test_a_scaled_copy_leaves_what_it_copies_alone(place: str) -> None:
    own = kept(VALUES)
    copy = spool.scaled(own, slice(5, 60), 2.5)
    np.testing.assert_allclose(copy, 2.5 * VALUES[5:60])
    assert copy.flags.f_contiguous
    np.testing.assert_array_equal(own, VALUES)


@pytest.mark.parametrize("factor", [1, 3])
def test_the_typical_step_is_that_of_rows_far_apart(place: str, factor: int) -> None:
    shared = np.repeat(np.arange(50), 2) * factor  # two rows to each stamp
    assert spool.typical_step(kept(shared)) == pytest.approx(factor / 2)
    shared[70] = 10**9
    assert spool.typical_step(kept(shared)) == pytest.approx(factor / 2)


def test_many_rows_are_sampled_in_order_and_few_are_all_taken() -> None:
    assert spool.sampled(1000).tolist() == list(range(1000))
    many = spool.sampled(10**7)
    assert len(many) == 100_000
    assert (np.diff(many) >= 0).all()
    assert 0 <= many[0] < many[-1] < 10**7
    assert np.mean(many) == pytest.approx(5e6, rel=0.01)


def test_blocks_cover_all_rows_once(place: str) -> None:
    rows = [row for block in spool.blocks(ROWS, rows=9) for row in range(ROWS)[block]]
    assert rows == list(range(ROWS))
    assert [block.stop - block.start for block in spool.blocks(20, rows=9)] == [9, 9, 2]


def test_readings_of_packets_are_spread_up_to_the_next_or_as_usual() -> None:
    stamps = np.array([0.0, 1.0, 2.0, 10.0, np.nan, 12.0])
    counts = np.array([4, 4, 4, 4, 4, 2])
    times = spool.spread(stamps, counts)
    each = np.arange(4) / 4
    expected = np.concatenate([each, 1 + each, 2 + each, 10 + each, np.full(4, np.nan),
                               12 + each[:2]])  # fmt: skip
    np.testing.assert_allclose(times, expected)


def test_twelve_bits_are_signed_and_need_not_end_with_a_byte() -> None:
    content = np.frombuffer(bytes.fromhex("7FF8000017F0"), dtype=np.uint8)
    assert spool.twelve_bits(content).tolist() == [2047, -2048, 1, 2032]
    assert spool.twelve_bits(content[:5]).tolist() == [2047, -2048, 1]


def test_a_single_packet_has_no_time_between_its_readings() -> None:
    assert spool.spread(np.array([5.0]), np.array([3])).tolist() == [5, 5, 5]


def test_a_single_row_has_no_step() -> None:
    assert spool.typical_step(STAMPS[:1]) == 0.0
