"""Logs that devices write themselves, in JSON and binary, read as their SOURCE.md says."""

import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats import ReadOptions, read
from retrodetect.recording import Recording

G = 9.80665


def mean_g(recording: Recording) -> float:
    return float(np.linalg.norm(recording.acceleration_mps2, axis=1).mean() / G)


def cut(path: Path, folder: Path, share: float = 0.6) -> Path:
    content = path.read_bytes()
    part = folder / path.name
    part.write_bytes(content[: int(share * len(content))])
    return part


def test_movesense_spreads_each_packet_of_eight(shared: Path, tmp_path: Path) -> None:
    path = shared / "formats" / "movesense" / "MovesenseLog_2_625.json"
    (recording,) = read(path)
    assert recording.format == "movesense"
    assert recording.rate_hz == pytest.approx(106.9, rel=0.002)
    assert np.diff(recording.time_s).max() < 0.0105
    assert mean_g(recording) == pytest.approx(1.09, abs=0.02)
    assert recording.angular_rate_radps is not None
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read(cut(path, tmp_path))


@pytest.mark.parametrize("packets", ["3", '{"Timestamp":1}', '[{"Timestamp":1}]', "[" * 100_000])
def test_movesense_of_another_shape_is_damaged(packets: str, tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text(f'{{"Meas":{{"IMU9":{packets}}}}}')
    with pytest.raises(UnreadableFile, match="cut off or damaged"):
        read(path)


def test_movesense_packets_are_not_stretched_over_lost_ones(tmp_path: Path) -> None:
    times = [80 * place + (400 if place > 20 else 0) for place in range(40)]
    rows = [
        f'{{"Timestamp":{ms},"ArrayAcc":['
        + ",".join(f'{{"x":0.{ms + i},"y":1,"z":9.8}}' for i in range(8))
        + "]}"
        for ms in times
    ]
    path = tmp_path / "log.json"
    path.write_text(f'{{"Meas":{{"IMU6":[{",".join(rows)}]}}}}')
    (recording,) = read(path)
    assert recording.rate_hz == pytest.approx(100)
    assert np.diff(recording.time_s).max() == pytest.approx(0.41)


def witmotion_frame(kind: int, *payload: int) -> bytes:
    body = bytes([0x55, kind, *payload])
    return body + bytes([sum(body) % 256])


def test_witmotion_card_without_frames_of_time_needs_a_rate(shared: Path) -> None:
    path = shared / "formats" / "witmotion" / "sdcard_example_data.TXT"
    with pytest.raises(RefusedRecording, match="--rate"):
        read(path)
    (recording,) = read(path, options=ReadOptions(rate_hz=50))
    assert recording.format == "witmotion-sd"
    assert len(recording.time_s) == 2017
    assert mean_g(recording) == pytest.approx(1.032, abs=0.002)
    assert recording.angular_rate_radps is not None


def test_witmotion_frames_carry_time_and_survive_damage(tmp_path: Path) -> None:
    sets = [
        witmotion_frame(0x50, 24, 5, 6, 7, 8, ms // 1000, *(ms % 1000).to_bytes(2, "little"))
        + witmotion_frame(0x51, ms % 251, 0, 0, 0xF8, 0, 0, 0, 0)
        + witmotion_frame(0x52, 0, 0x40, 0, 0, 0, 0, 0, 0)
        for ms in range(0, 20_000, 20)
    ]
    sets[500] = sets[500][5:]
    path = tmp_path / "data.TXT"
    path.write_bytes(b"".join(sets))
    (recording,) = read(path)
    assert recording.rate_hz == pytest.approx(50, rel=0.01)
    assert recording.acceleration_mps2[:, 1] == pytest.approx(-G)
    assert recording.angular_rate_radps is not None
    assert np.nanmax(recording.angular_rate_radps) == pytest.approx(np.radians(1000))
    assert recording.start_time is not None
    assert recording.start_time.isoformat().startswith("2024-05-06T07:08:00")


def test_axivity_sectors_and_damage_among_them(shared: Path, tmp_path: Path) -> None:
    path = shared / "formats" / "axivity" / "ax3_testfile.cwa"
    (recording,) = read(path)
    assert recording.format == "axivity-cwa"
    assert recording.rate_hz == pytest.approx(99, rel=0.005)
    assert recording.time_s[-1] == pytest.approx(176, abs=0.2)
    assert mean_g(recording) == pytest.approx(0.982, abs=0.002)
    assert recording.start_time is not None
    assert recording.start_time.isoformat().startswith("2019-02-26T10:55:06")
    content = bytearray(path.read_bytes())
    content[20 * 512 + 77] ^= 1
    damaged = tmp_path / "damaged.cwa"
    damaged.write_bytes(content)
    (rest,) = read(damaged)
    assert len(rest.time_s) == len(recording.time_s) - 120
    assert any("left out 1 damaged sector" in warning for warning in rest.warnings)
    with pytest.raises(UnreadableFile, match="without one complete block"):
        read(cut(path, tmp_path, 0.015))


def cwa(path: Path, axes: NDArray[np.int16], *, seconds: int, scales: int, code: bytes) -> Path:
    """Write a sector for each second, every other one a count higher."""
    sectors = []
    for second in range(seconds):
        stamp = 24 << 26 | 5 << 22 | 6 << 17 | 7 << 12 | 8 << 6 | second
        sector = bytearray(512)
        sector[:4] = b"AX\xfc\x01"
        sector[14:18] = stamp.to_bytes(4, "little")
        sector[18:20] = scales.to_bytes(2, "little")
        sector[24:26] = code
        sector[28:30] = len(axes).to_bytes(2, "little")
        sector[30 : 30 + axes.nbytes] = (axes + second % 2).tobytes()
        total = int(np.frombuffer(bytes(sector), "<u2").sum(dtype=np.uint16))
        sector[510:] = (-total % 65536).to_bytes(2, "little")
        sectors.append(bytes(sector))
    path.write_bytes(b"MD\xfc\x03" + bytes(1020) + b"".join(sectors))
    return path


def test_axivity_six_axes_hold_the_gyroscope_first(tmp_path: Path) -> None:
    axes = np.tile(np.array([[16384, 0, 0, 0, 2048, 0]], dtype="<i2"), (40, 1))
    axes[:, 3] = np.arange(40)
    path = cwa(tmp_path / "six.cwa", axes, seconds=40, scales=3 << 13 | 3 << 10, code=b"\x47\x62")
    (recording,) = read(path)
    assert recording.rate_hz == pytest.approx(40)
    counts = np.vstack([axes + second % 2 for second in range(40)])
    # Sectors of 8000 deg/s over 2 ** 4 and of 2048 counts to 1 g; the gyroscope comes first.
    np.testing.assert_allclose(recording.acceleration_mps2, counts[:, 3:] / 2048 * G)
    np.testing.assert_allclose(
        recording.angular_rate_radps, np.radians(counts[:, :3] / 32768 * 1000)
    )


def test_geneactiv_pages_and_a_last_one_cut_short(shared: Path, tmp_path: Path) -> None:
    path = shared / "formats" / "geneactiv" / "GENEActiv_testfile.bin"
    (recording,) = read(path)
    assert recording.format == "geneactiv-bin"
    assert recording.rate_hz == pytest.approx(85.7, rel=0.002)
    assert mean_g(recording) == pytest.approx(1.02, abs=0.005)
    assert len(recording.time_s) == 16 * 300 + 231
    with pytest.raises(UnreadableFile, match="without readings"):
        read(cut(path, tmp_path, 0.022))


def test_actigraph_seconds_with_idle_sleep_as_gaps(shared: Path, tmp_path: Path) -> None:
    path = shared / "formats" / "actigraph" / "actigraph_testfile.gt3x"
    (recording,) = read(path)
    assert recording.format == "actigraph-gt3x"
    assert recording.rate_hz == pytest.approx(30)
    assert len(recording.time_s) == 588 * 30
    assert 0.95 < mean_g(recording) < 1.05
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2020-08-26T10:09:00"
    with pytest.raises(UnreadableFile):
        read(cut(path, tmp_path))


def test_genea_chunks_of_six_bytes(shared: Path, tmp_path: Path) -> None:
    path = shared / "formats" / "geneactiv" / "genea_testfile.bin"
    (recording,) = read(path)
    assert recording.format == "genea-bin"
    assert recording.rate_hz == pytest.approx(80, rel=0.001)
    assert mean_g(recording) == pytest.approx(1.0, abs=0.02)
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2010-03-30T12:08:37"
    with pytest.raises(UnreadableFile, match="without readings"):
        read(cut(path, tmp_path, 0.005))


def twelve_bits(counts: np.ndarray) -> bytes:
    """Readings (n, 3) packed as ActiGraph does: y, x, z, twelve bits each."""
    numbers = counts[:, [1, 0, 2]].ravel() & 0xFFF
    bits = numbers[:, None] >> np.arange(11, -1, -1) & 1
    return np.packbits(bits.ravel().astype(np.uint8)).tobytes()


def gt3x(path: Path, facts: str, **logs: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("info.txt", facts)
        for name, content in logs.items():
            archive.writestr(f"{name}.bin", content)
    return path


def test_actigraph_of_old_firmware_is_continuous(tmp_path: Path) -> None:
    counts = np.tile([[8, 6, -323], [9, 7, -321]], (900, 1))
    facts = "Serial Number: NEO1\nSample Rate: 30\nStart Date: 634556532600000000\nLimb: Waist\n"
    log = twelve_bits(counts)
    assert log[:9] == bytes.fromhex("006008EBD007009EBF")  # the example of its documentation
    (recording,) = read(gt3x(tmp_path / "old.gt3x", facts, activity=log, lux=bytes(90)))
    assert recording.rate_hz == pytest.approx(30)
    np.testing.assert_allclose(recording.acceleration_mps2, counts / 341 * G)
    assert recording.start_time is not None
    assert recording.start_time.isoformat() == "2011-10-31T10:21:00"
    assert recording.placement == "waist"


def gt3x_record(kind: int, second: int, content: bytes) -> bytes:
    record = struct.pack("<BBIH", 0x1E, kind, 1_600_000_000 + second, len(content)) + content
    return record + bytes([int(np.bitwise_xor.reduce(np.frombuffer(record, np.uint8))) ^ 0xFF])


def test_actigraph_records_of_words_and_of_idle_sleep(tmp_path: Path) -> None:
    counts = np.arange(60 * 50 * 3).reshape(60, 50, 3) % 100 + np.array([0, 200, 50])
    idle = gt3x_record(0x1A, 10, b"\0")
    log = [gt3x_record(0x1A, second, own.astype("<i2").tobytes()) for second, own in
           enumerate(counts)]  # fmt: skip
    facts = "Serial Number: MOS2\nSample Rate: 50\nAcceleration Scale: 256.0\n"
    (recording,) = read(
        gt3x(tmp_path / "w.gt3x", facts, log=b"".join([*log[:10], idle, *log[11:]]))
    )
    kept = np.delete(counts, 10, axis=0).reshape(-1, 3)
    np.testing.assert_allclose(recording.acceleration_mps2, kept / 256 * G, rtol=1e-6)
    assert recording.time_s[-1] == pytest.approx(59.98)
    assert recording.warnings[-1].startswith("1 gap of 1.0 s")


@pytest.mark.parametrize(
    ("facts", "log"),
    [
        ("Serial Number: XYZ1\nSample Rate: 50\n", gt3x_record(0x1A, 0, bytes(300)) * 60),
        ("Serial Number: MOS1\nSample Rate: 50\n", bytes(9000)),
    ],
)
def test_actigraph_without_a_scale_or_with_a_damaged_log_fails(
    tmp_path: Path, facts: str, log: bytes
) -> None:
    with pytest.raises(UnreadableFile, match="scale is missing or whose log is damaged"):
        read(gt3x(tmp_path / "w.gt3x", facts, log=log))


def test_actigraph_with_nothing_but_epochs_is_refused(tmp_path: Path) -> None:
    log = gt3x_record(0x03, 0, bytes(4)) * 60
    path = gt3x(tmp_path / "e.gt3x", "Serial Number: MOS1\n", log=log)
    with pytest.raises(RefusedRecording, match="no raw acceleration"):
        read(path)


def test_actigraph_loses_the_second_whose_check_is_wrong_and_no_other(tmp_path: Path) -> None:
    counts = np.arange(40 * 50 * 3).reshape(40, 50, 3) % 100 + np.array([0, 200, 50])
    log = [gt3x_record(0x1A, second, own.astype("<i2").tobytes()) for second, own in
           enumerate(counts)]  # fmt: skip
    words = counts[30].astype("<i2").tobytes()
    log[30] = gt3x_record(0x1A, 30, words + bytes(4))  # no whole reading
    log[20] = log[20][:30] + b"\x00" + log[20][31:-1] + bytes([log[20][-1] ^ 1])
    facts = "Serial Number: MOS2\nSample Rate: 50\nAcceleration Scale: 256.0\n"
    (recording,) = read(gt3x(tmp_path / "w.gt3x", facts, log=b"".join(log)))
    kept = np.delete(counts, 20, axis=0).reshape(-1, 3)
    np.testing.assert_allclose(recording.acceleration_mps2, kept / 256 * G, rtol=1e-6)


def test_actigraph_of_old_firmware_that_states_no_rate_needs_one(tmp_path: Path) -> None:
    log = twelve_bits(np.tile([[8, 6, -323], [9, 7, -321]], (900, 1)))
    path = gt3x(tmp_path / "old.gt3x", "Serial Number: NEO1\n", activity=log)
    with pytest.raises(RefusedRecording, match="--rate"):
        read(path)
    (recording,) = read(path, options=ReadOptions(rate_hz=30))
    assert (len(recording.time_s), recording.start_time) == (1800, None)


@pytest.mark.parametrize(("count", "rate"), [(3, 0x47), (9, 0x46)])
def test_axivity_words_of_three_and_of_nine_axes(tmp_path: Path, count: int, rate: int) -> None:
    rows = 240 // count
    axes = np.zeros((rows, count), dtype="<i2")
    first = 0 if count == 3 else 3  # the gyroscope comes first, the magnetometer last
    axes[:, first] = 37 * np.arange(rows) % rows
    axes[:, first + 1] = 2048
    code = bytes([rate, count << 4 | 2])
    path = cwa(tmp_path / "three.cwa", axes, seconds=20, scales=3 << 13, code=code)
    (recording,) = read(path)
    counts = np.vstack([axes + second % 2 for second in range(20)])
    own = counts[:, first : first + 3]
    np.testing.assert_allclose(recording.acceleration_mps2, own / 2048 * G)
    assert recording.rate_hz == pytest.approx(rows)
    assert (recording.angular_rate_radps is None) == (count == 3)


def test_witmotion_frames_without_rotation_or_without_acceleration(tmp_path: Path) -> None:
    clock = [
        witmotion_frame(0x50, 24, 5, 6, 7, 8, ms // 1000, *(ms % 1000).to_bytes(2, "little"))
        for ms in range(0, 20_000, 20)
    ]
    felt = [witmotion_frame(0x51, place % 251, 0, 0, 0xF8, 0, 0, 0, 0) for place in range(1000)]
    path = tmp_path / "data.TXT"
    path.write_bytes(b"".join(map(bytes.__add__, clock, felt)))
    (recording,) = read(path)
    counts = np.arange(1000) % 251
    np.testing.assert_allclose(recording.acceleration_mps2[:, 0], counts * 16 / 32768 * G)
    np.testing.assert_allclose(recording.time_s, np.arange(1000) * 0.02, atol=1e-9)
    assert recording.angular_rate_radps is None
    path.write_bytes(b"".join(clock))
    with pytest.raises(RefusedRecording, match="has no acceleration"):
        read(path)


def test_movesense_of_heart_rate_alone_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "log.json"
    path.write_text('{"Meas":{"IMU6":[{"Timestamp":1,"ArrayAcc":[]}]}}')
    with pytest.raises(RefusedRecording, match="has no acceleration"):
        read(path)


def test_a_page_of_geneactiv_without_a_time_is_left_out(shared: Path, tmp_path: Path) -> None:
    content = (shared / "formats" / "geneactiv" / "GENEActiv_testfile.bin").read_bytes()
    second_page = content.index(b"Page Time:", content.index(b"Page Time:") + 10)
    at = second_page + len(b"Page Time:2012-")
    path = tmp_path / "walk.bin"
    path.write_bytes(content[:at] + b"99" + content[at + 2 :])
    (recording,) = read(path)
    assert len(recording.time_s) == 15 * 300 + 231
    assert any("300 rows without a complete reading or time" in w for w in recording.warnings)
