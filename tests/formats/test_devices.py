"""Logs that devices write themselves, in JSON and binary, read as their SOURCE.md says."""

from pathlib import Path

import numpy as np
import pytest

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
