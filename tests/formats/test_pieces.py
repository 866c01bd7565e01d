"""A long recording in pieces is the same recording."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrodetect.errors import RefusedRecording, UnreadableFile, UsageError
from retrodetect.formats import ReadOptions, packets, pieces, read, table
from retrodetect.formats.exports import actigraph_gt3x
from retrodetect.recording import Recording

from .reexport import START_NS, G, walk

WALK = walk(rate_hz=50, duration_s=60)
SECONDS = WALK.time_ns / 1e9
COUNT = len(SECONDS)
FEW_ROWS = 257
ROW_BYTES = 33


@pytest.fixture
def few_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in chunks that are much shorter than the recordings of these tests."""
    monkeypatch.setattr(table, "BLOCK_BYTES", FEW_ROWS * ROW_BYTES // 2)


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


def put_together(parts: list[Recording]) -> Recording:
    rotations = [one.angular_rate_radps for one in parts]
    return parts[-1].with_(
        time_s=np.concatenate([one.time_s for one in parts]),
        acceleration_mps2=np.concatenate([one.acceleration_mps2 for one in parts]),
        angular_rate_radps=None if rotations[0] is None else np.concatenate(rotations),
        channels={
            name: np.concatenate([one.channels[name] for one in parts])
            for name in parts[0].channels
        },
    )


@pytest.mark.usefixtures("few_rows")
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
    (parts,) = pieces(path, grain_s=grain_s)
    found = list(parts)
    assert all(len(one.time_s) for one in found)
    assert_same(put_together(found), whole)
    # No grain is shared by two pieces.
    places = [np.unique(np.floor(one.time_s / grain_s)) for one in found]
    assert len(np.concatenate(places)) == len(np.unique(np.concatenate(places)))


def test_chunks_change_nothing_where_nothing_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    turning = np.column_stack([WALK.acceleration_mps2 / G, WALK.acceleration_mps2 * 3])
    path = write(
        tmp_path / "walk.csv",
        [str(START_NS + ns) for ns in WALK.time_ns],
        turning,
        "time,accX (g),accY (g),accZ (g),gyroX (deg/s),gyroY (deg/s),gyroZ (deg/s)",
    )
    (whole,) = read(path)
    monkeypatch.setattr(table, "BLOCK_BYTES", FEW_ROWS * ROW_BYTES // 2)
    (chunked,) = read(path)
    assert_same(chunked.with_(findings=whole.findings), whole)  # of other blocks averages differ
    (counted,) = read(path, options=ReadOptions(rate_hz=50, unit="g"))
    np.testing.assert_allclose(counted.time_s, SECONDS, atol=1e-9)


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
    assert_same(put_together(list(parts)), whole)


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
    with pytest.raises(UsageError, match="cannot be cut"):
        pieces(slow, grain_s=0)


@pytest.mark.usefixtures("few_rows")
def test_every_real_recording_comes_in_pieces(shared: Path) -> None:
    for name in ("axivity/ax3_testfile.cwa", "geneactiv/GENEActiv_testfile.bin",
                 "actigraph/actigraph_testfile.gt3x", "xio_ximu3/short_walk.csv",
                 "actigraph/actigraph_timestamped.csv", "mhealth/mhealth.csv",
                 "sensor_logger/android_SM-N986B_2023-11-24_07-25-54.zip"):  # fmt: skip
        (whole,) = read(shared / "formats" / name)
        (parts,) = pieces(shared / "formats" / name, grain_s=2.5)
        assert_same(put_together(list(parts)), whole)


@pytest.mark.parametrize(
    "name",
    [
        "axivity/ax3_testfile.cwa",
        "geneactiv/GENEActiv_testfile.bin",
        "actigraph/actigraph_testfile.gt3x",
    ],
)
def test_a_binary_log_in_small_blocks_is_the_same(
    name: str, shared: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (whole,) = read(shared / "formats" / name)
    monkeypatch.setattr(packets, "BLOCK_BYTES", 7777)
    if name.endswith("gt3x"):
        monkeypatch.setattr(actigraph_gt3x, "_MOST_BYTES", 2000)
    (parts,) = pieces(shared / "formats" / name, grain_s=7)
    found = list(parts)
    assert len(found) > 5
    together = put_together(found)
    np.testing.assert_allclose(together.time_s, whole.time_s, atol=1e-3)
    np.testing.assert_array_equal(together.acceleration_mps2, whole.acceleration_mps2)
    assert together.warnings == whole.warnings
