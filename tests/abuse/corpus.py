"""Small recordings of the project's own making, from which a fuzzer begins.

Nothing here was recorded: a simulated walk is written as apps and devices write one.
"""

from __future__ import annotations

import ast
import io
import json
import re
import zipfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect import formats
from retrodetect.lab.simulate import APPS, Session, record
from retrodetect.lab.simulate.exports import export_bytes, export_path

__all__ = ["recordings", "tokens"]

RATE_HZ = 50


@cache
def walk() -> np.ndarray:
    """Samples (n, 3) in g of somebody bouncing at two steps a second; short, so that many fit."""
    time_s = np.arange(0, 0.8, 1 / RATE_HZ)
    phase = 2 * np.pi * 2 * time_s
    return np.stack([0.2 * np.sin(phase / 2), 1 + 0.3 * np.sin(phase), 0.1 * np.cos(phase)], axis=1)


def recordings() -> list[tuple[str, bytes]]:
    """Name and content of every seed.

    Returns
    -------
    list of (str, bytes)
        In the same order, and with the same bytes, at every call.
    """
    return [*_exports(), *_tables(), *_devices()]


def _exports() -> Iterator[tuple[str, bytes]]:
    """What the simulator writes as apps do."""
    whole, _ = record(Session("walk forward 1s", rate_hz=RATE_HZ), "walk")
    assert whole.angular_rate_radps is not None
    first = slice(len(walk()))
    recording = whole.with_(
        time_s=whole.time_s[first],
        acceleration_mps2=whole.acceleration_mps2[first],
        angular_rate_radps=whole.angular_rate_radps[first],
    )
    for app in APPS:
        yield export_path(recording.name, app, Path()).name, export_bytes(recording, app)


HEADERS = {
    "polar": "Phone timestamp;sensor timestamp [ns];X [mg];Y [mg];Z [mg]",
    "dot": "PacketCounter,SampleTimeFine,Acc_X,Acc_Y,Acc_Z,Gyr_X,Gyr_Y,Gyr_Z",
    "mtw": "PacketCounter\tSampleTimeFine\tAcc_X\tAcc_Y\tAcc_Z",
    "hyperimu": "Timestamp,K330 3-axis.x,K330 3-axis.y,K330 3-axis.z",
    "metamotion": "epoch (ms),time (01:00),elapsed (s),x-axis (g),y-axis (g),z-axis (g)",
    "hhar": "Index,Arrival_Time,Creation_Time,x,y,z,User,Model,Device,gt",
    "xio": "Time (s),Gyroscope X (deg/s),Gyroscope Y (deg/s),Gyroscope Z (deg/s),"
    "Accelerometer X (g),Accelerometer Y (g),Accelerometer Z (g)",
    "witmotion": "time,DeviceName,AccX(g),AccY(g),AccZ(g)",
    "wide": "time,wrist_acc_x,wrist_acc_y,wrist_acc_z,ankle_acc_x,ankle_acc_y,ankle_acc_z",
    "german": "Zeit (s);Beschleunigung x (m/s^2);Beschleunigung y (m/s^2);Beschleunigung z (m/s^2)",
    "science": "relative_time,AccX,AccY,AccZ",
}
"""First lines of exports that the simulator does not write."""


def _tables() -> Iterator[tuple[str, bytes]]:
    samples = walk()
    for name, header in HEADERS.items():
        delimiter = max(",;\t", key=header.count)
        columns = header.split(delimiter)
        table = pd.DataFrame(np.resize(samples, (len(samples), len(columns))), columns=columns)
        for number, column in enumerate(columns):
            if re.search(r"time|Zeit|Index|Counter|epoch", column, re.I):
                step = 1 / RATE_HZ if "(s)" in column else 20
                table[column] = np.arange(len(table)) * step + number
            elif column in {"User", "Model", "Device", "gt", "DeviceName"}:
                table[column] = "a"
        text = table.to_csv(
            index=False,
            sep=delimiter,
            decimal="," if name == "german" else ".",
            float_format="%.4f",
        )
        yield f"{name}.csv", text.encode()
    rows = [f"33,Walking,{n * 50},{x:.2f},{y:.2f},{z:.2f};" for n, (x, y, z) in enumerate(samples)]
    yield "wisdm.txt", "\n".join(rows).encode()
    counts = "\n".join(",".join(str(round(64 * value)) for value in row) for row in samples)
    clock = "1500000000.0, 1500000000.0, 1500000000.0\n32.0, 32.0, 32.0\n"
    yield "ACC.csv", f"{clock}{counts}\n".encode()


def _devices() -> Iterator[tuple[str, bytes]]:
    """Binary files of loggers, and JSON."""
    counts = np.round(np.tile(walk(), (2, 1)) * 2048).astype("<i2")
    yield "axivity.cwa", b"MD\xfc\x03" + bytes(1020) + b"".join(map(_sector, [counts] * 4))
    yield "actigraph.gt3x", _gt3x(np.round(walk() * 341).astype(int))
    yield "data.TXT", b"".join(_witmotion(ms) for ms in range(0, 3000, 20))
    yield "movesense.json", _movesense()
    listed = [
        {"sensor": "Accelerometer", "time": str(1_700_000_000_000_000_000 + n * 20_000_000),
         "seconds_elapsed": str(n / RATE_HZ), "x": str(x), "y": str(y), "z": str(z)}
        for n, (x, y, z) in enumerate((walk() * 9.81).round(3).tolist())
    ]  # fmt: skip
    yield "sensors.json", json.dumps(listed).encode()
    book = io.BytesIO()
    sheet = pd.DataFrame(np.column_stack([np.arange(len(walk())) / RATE_HZ, walk() * 9.81]))
    sheet.columns = pd.Index(["Time (s)", "X (m/s^2)", "Y (m/s^2)", "Z (m/s^2)"])
    sheet.to_excel(book, sheet_name="Accelerometer", index=False)
    yield "phyphox.xlsx", book.getvalue()


def _sector(counts: np.ndarray) -> bytes:
    """One sector of an Axivity file."""
    sector = bytearray(512)
    sector[:4] = b"AX\xfc\x01"
    stamp = 24 << 26 | 5 << 22 | 6 << 17 | 7 << 12 | 8 << 6 | 9
    sector[14:18] = stamp.to_bytes(4, "little")
    sector[24:26] = b"\x4a\x32"
    sector[28:30] = len(counts).to_bytes(2, "little")
    sector[30:510] = (counts // 8).astype("<i2").tobytes()
    total = int(np.frombuffer(bytes(sector), "<u2").sum(dtype=np.uint16))
    sector[510:] = (-total % 65536).to_bytes(2, "little")
    return bytes(sector)


def _gt3x(counts: np.ndarray) -> bytes:
    bits = (counts[:, [1, 0, 2]].ravel() & 0xFFF)[:, None] >> np.arange(11, -1, -1) & 1
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        facts = "Serial Number: NEO1\nSample Rate: 30\nStart Date: 634556532600000000\n"
        archive.writestr(zipfile.ZipInfo("info.txt"), facts)
        activity = np.packbits(bits.ravel().astype(np.uint8)).tobytes()
        archive.writestr(zipfile.ZipInfo("activity.bin"), activity)
    return packed.getvalue()


def _witmotion(ms: int) -> bytes:
    clock = bytes([0x55, 0x50, 24, 5, 6, 7, 8, ms // 1000, *(ms % 1000).to_bytes(2, "little")])
    shake = bytes([0x55, 0x51, ms % 251, 0, 0, 8, 0, 0, 0, 0])
    return b"".join(frame + bytes([sum(frame) % 256]) for frame in (clock, shake))


def _movesense() -> bytes:
    packets = [
        {"imu": {"Timestamp": 160 * n, "ArrayAcc": [dict(zip("xyz", xyz, strict=True))] * 8}}
        for n, xyz in enumerate((walk()[:25] * 9.81).round(3).tolist())
    ]
    return json.dumps({"Meas": {"IMU6": packets}}).encode()


@cache
def tokens() -> tuple[bytes, ...]:
    """Every short text that the readers' code speaks of, as fuzzers' dictionaries hold them."""
    found = set()
    for path in Path(formats.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str | bytes):
                value = node.value.encode() if isinstance(node.value, str) else node.value
                if 0 < len(value) < 40:
                    found.add(value)
    return tuple(sorted(found))
