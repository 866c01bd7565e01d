"""A long recording, in temporary files, in blocks and in pieces, is the same recording."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrodetect.errors import RefusedRecording, UnreadableFile, UsageError
from retrodetect.formats import ReadOptions, pieces, plausible, read, reading, spool, table
from retrodetect.formats.exports import actigraph
from retrodetect.recording import Recording

from .reexport import START_NS, G, walk

WALK = walk(rate_hz=50, duration_s=60)
SECONDS = WALK.time_ns / 1e9
COUNT = len(SECONDS)
FEW_ROWS = 257
ROW_BYTES = 33


def joined(parts):
    """All rows of consecutive pieces, as one recording."""
    first = parts[0]
    rotations = [part.angular_rate_radps for part in parts if part.angular_rate_radps is not None]
    return first.with_(
        time_s=np.concatenate([part.time_s for part in parts]),
        acceleration_mps2=np.concatenate([part.acceleration_mps2 for part in parts]),
        angular_rate_radps=np.concatenate(rotations) if rotations else None,
        channels={
            name: np.concatenate([part.channels[name] for part in parts]) for name in first.channels
        },
    )


@contextmanager
def blocks_of_few_rows(*, in_memory: bool = False) -> Iterator[None]:
    """Take the recordings of these tests for long ones: many blocks, in temporary files."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(table, "BLOCK_BYTES", FEW_ROWS * ROW_BYTES // 2)
        patch.setattr(spool, "BLOCK_BYTES", 7777)
        patch.setattr(actigraph, "_MOST_BYTES", 2000)
        patch.setattr(spool, "BLOCK_ROWS", FEW_ROWS)
        patch.setattr(plausible, "BLOCK_ROWS", FEW_ROWS)
        patch.setattr(reading, "PIECE_ROWS", FEW_ROWS)
        if not in_memory:
            patch.setattr(spool, "IN_MEMORY_BYTES", 1000)
        yield


@pytest.fixture
def few_rows() -> Iterator[None]:
    with blocks_of_few_rows():
        yield


def write(path: Path, clock: list[str], values: np.ndarray, header: str = "time,x,y,z") -> Path:
    cells = [
        ",".join([t, *(f"{v:.5f}" for v in row)]) for t, row in zip(clock, values, strict=True)
    ]
    path.write_text("\n".join([header, *cells, ""]))
    return path


def assert_same(one: Recording, other: Recording) -> None:
    np.testing.assert_array_equal(one.time_s, other.time_s)
    np.testing.assert_array_equal(one.acceleration_mps2, other.acceleration_mps2)
    assert (one.angular_rate_radps is None) == (other.angular_rate_radps is None)
    if one.angular_rate_radps is not None and other.angular_rate_radps is not None:
        np.testing.assert_array_equal(one.angular_rate_radps, other.angular_rate_radps)
    assert one.channels.keys() == other.channels.keys()
    for field in ("name", "rate_hz", "gravity", "start_time", "findings", "warnings", "format"):
        assert getattr(one, field) == getattr(other, field), field


@settings(max_examples=25, deadline=None)
@example(grain_s=0.8, seed=0, faults=set())
@given(
    grain_s=st.floats(0.7, 90.0),
    seed=st.integers(0, 2**16),
    faults=st.sets(
        st.sampled_from(["gap", "missing", "twice", "late", "backward", "held", "odd cell", "zero"])
    ),
)
def test_pieces_put_together_are_the_whole(
    grain_s: float, seed: int, faults: set[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    rng = np.random.default_rng(seed)
    values, clock = WALK.acceleration_mps2.copy(), SECONDS.copy()
    first, second = sorted(rng.integers(50, COUNT - 300, 2))
    if "gap" in faults:
        clock[first:] += 7.3
    if "backward" in faults:
        clock[second:] -= 11.1
    if "held" in faults:
        values[second : second + 200] = values[second]
    cells = [f"{t:.3f}" for t in clock]
    order = np.arange(COUNT)
    if "late" in faults:
        order[[first, first + 3]] = order[[first + 3, first]]
    if "twice" in faults:
        order = np.insert(order, second, order[second])
    if "missing" in faults:
        values[rng.integers(0, COUNT, 5)] = np.nan
        values[2 * FEW_ROWS : 6 * FEW_ROWS] = np.nan
    if "zero" in faults:
        values[:FEW_ROWS] = 0.0
    path = tmp_path_factory.mktemp("pieces") / "walk.csv"
    write(path, [cells[i] for i in order], values[order])
    if "odd cell" in faults:
        lines = path.read_text().splitlines()
        lines[second] = "time,x,y,z"
        path.write_text("\n".join(lines))
    (whole,) = read(path)
    with blocks_of_few_rows():
        (parts,) = pieces(path, grain_s=grain_s)
        found = list(parts)
    assert all(len(one.time_s) for one in found)
    assert_same(joined(found), whole)
    # No grain is shared by two pieces.
    places = [np.unique(np.floor(one.time_s / grain_s)) for one in found]
    assert len(np.concatenate(places)) == len(np.unique(np.concatenate(places)))


def test_another_unit_and_a_given_rate_change_nothing_in_that(tmp_path: Path) -> None:
    turning = np.column_stack([WALK.acceleration_mps2 / G, WALK.acceleration_mps2 * 3])
    path = write(
        tmp_path / "walk.csv",
        [str(START_NS + ns) for ns in WALK.time_ns],
        turning,
        "time,accX (g),accY (g),accZ (g),gyroX (deg/s),gyroY (deg/s),gyroZ (deg/s)",
    )
    for options in (ReadOptions(), ReadOptions(rate_hz=50, unit="g")):
        (whole,) = read(path, options=options)
        with blocks_of_few_rows():
            (in_blocks,) = read(path, options=options)
        assert_same(in_blocks, whole)
        np.testing.assert_allclose(whole.time_s, SECONDS, atol=1e-9)


@pytest.mark.usefixtures("few_rows")
def test_a_clock_of_the_day_goes_on_past_midnight(tmp_path: Path) -> None:
    begin = 86_400 - 33.4
    day = (begin + SECONDS) % 86_400
    clock = [f"{int(t // 3600):02}:{int(t // 60 % 60):02}:{t % 60:06.3f}" for t in day]
    (found,) = read(write(tmp_path / "walk.csv", clock, WALK.acceleration_mps2))
    np.testing.assert_allclose(found.time_s, SECONDS, atol=1e-3)
    assert not found.warnings


@pytest.mark.usefixtures("few_rows")
def test_sensors_in_files_beside_come_along(tmp_path: Path) -> None:
    ns = [str(START_NS + t) for t in WALK.time_ns]
    header = "time,seconds_elapsed,z,y,x"
    stamped = [f"{stamp},{second:.3f}" for stamp, second in zip(ns, SECONDS, strict=True)]
    linear = WALK.acceleration_mps2 - [0, G, 0]
    write(tmp_path / "Accelerometer.csv", stamped, linear[:, ::-1], header)
    write(tmp_path / "Gravity.csv", stamped, np.tile([0, G, 0], (COUNT, 1)), header)
    write(tmp_path / "Gyroscope.csv", stamped, WALK.acceleration_mps2[:, ::-1] / 9, header)
    (whole,) = read(tmp_path / "Accelerometer.csv")
    assert whole.gravity == "total"
    np.testing.assert_allclose(whole.acceleration_mps2, WALK.acceleration_mps2, atol=1e-4)
    assert whole.angular_rate_radps is not None
    np.testing.assert_allclose(
        whole.angular_rate_radps[1:-1], WALK.acceleration_mps2[1:-1] / 9, atol=1e-4
    )
    (parts,) = pieces(tmp_path / "Accelerometer.csv", grain_s=13)
    assert_same(joined(list(parts)), whole)


@pytest.mark.usefixtures("few_rows")
def test_a_recording_that_only_later_shows_what_it_is_is_read_on(tmp_path: Path) -> None:
    values = WALK.acceleration_mps2.copy()
    values[: 4 * FEW_ROWS] = 0.0  # not yet worn
    path = write(tmp_path / "walk.csv", [f"{t:.2f}" for t in SECONDS], values)
    (found,) = read(path)
    np.testing.assert_allclose(found.acceleration_mps2, values[4 * FEW_ROWS :], atol=1e-4)


@pytest.mark.usefixtures("few_rows")
def test_a_clock_that_must_be_rebuilt_takes_all_rows(tmp_path: Path) -> None:
    clock = [f"{t:.0f}" for t in np.floor(SECONDS)]
    (found,) = read(write(tmp_path / "walk.csv", clock, WALK.acceleration_mps2, "time_s,x,y,z"))
    np.testing.assert_allclose(np.diff(found.time_s), 0.02, atol=1e-6)


def test_what_cannot_be_read_says_so_before_the_first_piece(tmp_path: Path) -> None:
    slow = write(
        tmp_path / "slow.csv", [f"{t / 5}" for t in range(90)], WALK.acceleration_mps2[:90]
    )
    with pytest.raises(RefusedRecording, match="readings a second"):
        pieces(slow)
    with pytest.raises(UnreadableFile, match="not exist"):
        pieces(tmp_path / "nothing.csv")
    with pytest.raises(UsageError, match="are not possible"):
        pieces(slow, grain_s=0)


@pytest.mark.parametrize(
    "name",
    [
        "axivity/ax3_testfile.cwa",
        "geneactiv/GENEActiv_testfile.bin",
        "actigraph/actigraph_testfile.gt3x",
        "actigraph/actigraph_timestamped.csv",
        "xio_ximu3/short_walk.csv",
        "mhealth/mhealth.csv",
        "sensor_logger/android_SM-N986B_2023-11-24_07-25-54.zip",
    ],
)
def test_every_real_recording_comes_in_pieces(name: str, shared: Path) -> None:
    (whole,) = read(shared / "formats" / name)
    with blocks_of_few_rows():
        (parts,) = pieces(shared / "formats" / name, grain_s=2.5)
        found = list(parts)
    assert len(found) > 1
    together = joined(found)
    np.testing.assert_allclose(together.time_s, whole.time_s, atol=1e-9)
    np.testing.assert_array_equal(together.acceleration_mps2, whole.acceleration_mps2)
    assert together.warnings == whole.warnings


@pytest.mark.usefixtures("few_rows")
@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
def test_a_temporary_folder_without_room_is_one_clear_sentence(
    error: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(**options: object) -> NoReturn:
        raise OSError(error, os.strerror(error))

    path = write(tmp_path / "walk.csv", [f"{t:.2f}" for t in SECONDS], WALK.acceleration_mps2)
    monkeypatch.setattr(spool.tempfile, "TemporaryFile", fail)
    with pytest.raises(
        UnreadableFile, match=r"walk\.csv: .* temporary folder .*; free space"
    ) as told:
        read(path)
    assert os.strerror(error) in str(told.value)


@pytest.mark.skipif(os.name != "posix", reason="an open file keeps its name elsewhere")
@pytest.mark.usefixtures("few_rows")
def test_temporary_files_have_no_name_while_they_are_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path / "walk.csv", [f"{t:.2f}" for t in SECONDS], WALK.acceleration_mps2)
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(spool.tempfile, "tempdir", str(folder))
    (parts,) = pieces(path)
    next(parts)
    assert not list(folder.iterdir())
