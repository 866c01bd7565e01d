"""One synthetic walk, written in the many ways that apps write a table."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

G = 9.80665
START = datetime(2024, 10, 17, 14, 56, 15)  # noqa: DTZ001 - a local time, as apps write it
START_NS = 1729177000 * 10**9


@dataclass(frozen=True)
class Walk:
    """What every re-export must read back as."""

    time_ns: NDArray[np.int64]
    acceleration_mps2: NDArray[np.float64]


def walk(rate_hz: float = 50.0, duration_s: float = 20.0, seed: int = 0) -> Walk:
    """Bouncing at 1.8 steps a second with gravity along a tilted axis."""
    rng = np.random.default_rng(seed)
    count = int(rate_hz * duration_s)
    phase = 2 * np.pi * 1.8 * np.arange(count) / rate_hz
    shape = np.stack([np.sin(phase / 2), 2.5 * np.sin(phase), np.cos(phase)], axis=1)
    up = np.array([0.2, 0.95, 0.24])
    values = shape + G * up / np.linalg.norm(up) + rng.normal(0, 0.3, (count, 3))
    step_ns = round(1e9 / rate_hz)
    return Walk(np.arange(count, dtype=np.int64) * step_ns, values)


UNITS = {"m/s2": 1.0, "g": 1 / G, "mg": 1000 / G}

CLOCKS: dict[str, Callable[[int], str]] = {
    "s": lambda ns: f"{ns / 1e9:.6f}",
    "ms": lambda ns: f"{ns / 1e6:.3f}",
    "us": lambda ns: str(ns // 1000),
    "ns": lambda ns: str(ns + 263239144953734),
    "epoch s": lambda ns: f"{(START_NS + ns) / 1e9:.4f}",
    "epoch ms": lambda ns: str((START_NS + ns) // 10**6),
    "epoch us": lambda ns: str((START_NS + ns) // 1000),
    "epoch ns": lambda ns: str(START_NS + ns),
    "ISO": lambda ns: (START + timedelta(microseconds=ns // 1000)).isoformat(
        "T", timespec="milliseconds"
    ),
    "ISO zone": lambda ns: (
        (START + timedelta(microseconds=ns // 1000)).isoformat(" ", timespec="microseconds")
        + "+02:00"
    ),
    "European": lambda ns: f"{START + timedelta(microseconds=ns // 1000):%d.%m.%Y %H:%M:%S.%f}",
    "American": lambda ns: f"{START + timedelta(microseconds=ns // 1000):%m/%d/%Y %I:%M:%S.%f %p}",
    "clock": lambda ns: f"{START + timedelta(microseconds=ns // 1000):%H:%M:%S:%f}"[:-3],
}

NAMES = (
    ("time", "x", "y", "z"),
    ("timestamp", "accX", "accY", "accZ"),
    ("Time", "Acceleration x", "Acceleration y", "Acceleration z"),
    ("t", "ax", "ay", "az"),
    ("elapsed", "wrist_acc_x", "wrist_acc_y", "wrist_acc_z"),
    ("date time", "ACCELEROMETER X", "ACCELEROMETER Y", "ACCELEROMETER Z"),
)

ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252")


def compress(data: bytes, how: str) -> bytes:
    """Pack the bytes of a file."""
    match how:
        case "gz":
            return gzip.compress(data)
        case "xz":
            return lzma.compress(data)
        case "bz2":
            return bz2.compress(data)
        case "zip":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
                archive.writestr("export/walk.csv", data)
            return packed.getvalue()
    return data


@dataclass(frozen=True)
class Style:
    """How to write it."""

    delimiter: str = ","
    decimal: str = "."
    unit: str = "m/s2"
    is_unit_stated: bool = True
    clock: str = "epoch ns"
    names: tuple[str, str, str, str] = NAMES[0]
    order: tuple[int, ...] = (0, 1, 2, 3)
    line_end: str = "\n"
    is_quoted: bool = False
    minus: str = "-"
    top: str = ""
    trailing: str = ""
    encoding: str = "utf-8"
    packing: str = ""
    has_unit_row: bool = False
    repeat_header_at: int = 0


def write(recording: Walk, style: Style) -> bytes:
    """Write a walk in a style."""
    unit = f" ({style.unit})" if style.is_unit_stated and not style.has_unit_row else ""
    header = [style.names[0], *(f"{name}{unit}" for name in style.names[1:])]
    values = recording.acceleration_mps2 * UNITS[style.unit]
    rows = [
        [CLOCKS[style.clock](int(ns)), *(f"{value:.6f}" for value in row)]
        for ns, row in zip(recording.time_ns, values, strict=True)
    ]
    is_text = ":" in rows[0][0]
    for row in rows:
        for index, cell in enumerate(row):
            if not (index == 0 and is_text):
                row[index] = cell.replace(".", style.decimal).replace("-", style.minus)
    if style.has_unit_row:
        rows.insert(0, ["", *[style.unit] * 3])
    if style.repeat_header_at:
        rows.insert(style.repeat_header_at, header)
    quote = '"' if style.is_quoted else ""
    lines = [
        style.delimiter.join(f"{quote}{row[index]}{quote}" for index in style.order)
        + style.trailing
        for row in [header, *rows]
    ]
    text = style.top + style.line_end.join([*lines, ""])
    return compress(text.encode(style.encoding), style.packing)
