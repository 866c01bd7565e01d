"""Write a recording as the export of an app, in that app's layout, units and sign.

The layouts share with the real exports the names, order, units, clock, sign and padding of columns,
and nothing else. Device names state that the data are simulated. The bytes depend only on the
recording.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import signal as sps

from retrodetect.errors import UsageError
from retrodetect.locations import make_folder, replacing
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Annotation, FloatArray, Recording

__all__ = [
    "APPS", "export_bytes", "export_path", "truth_bytes", "truth_path", "write_new",
]  # fmt: skip

DEFAULT_START = datetime(2026, 3, 1, 9, 0, tzinfo=UTC)
"""Start of a recording that has none, so that files do not depend on the time of writing."""

ZIP_TIME = (2026, 3, 1, 9, 0, 0)

GRAVITY_TIME_CONSTANT_S = 0.8
"""Low-pass with which the apps' stand-in splits gravity from linear acceleration; phones without a
gyroscope do about the same (android.hardware.SensorEvent, documentation)."""

UPTIME_S = 86_400.0
"""Seconds since boot at the start of a SensorLog recording."""

SENSOR_LOGGER_LATENCY_S = 0.05
"""Delay of Sensor Logger's first sample after the tap on start."""


def export_bytes(recording: Recording, app: str) -> bytes:
    """Content of an export; UsageError if gravity was removed from the recording."""
    if recording.gravity != "total":
        raise UsageError(
            "gravity was removed from this recording",
            file=recording.name,
            remedy="write one with gravity",
        )
    return APPS[app][1](recording)


def export_path(name: str, app: str, folder: Path) -> Path:
    """Return the path of an export."""
    if Path(name).name != name:
        raise UsageError(f"{name!r} is not a valid file name", remedy="use a name without folders")
    if app not in APPS:
        raise UsageError(
            f"cannot write exports of {app!r}", remedy=f"choose one of {', '.join(APPS)}"
        )
    return folder / f"{name}{APPS[app][0]}"


def truth_path(name: str, folder: Path) -> Path:
    """Return the path of a recording's true strides: beside its folder, not in it."""
    return folder.with_name(f"{folder.name}_truth") / f"{name}.truth.csv"


def truth_bytes(strides: pd.DataFrame) -> bytes:
    """Content of a table of true strides."""
    return strides.to_csv(index=False, float_format="%.4f", lineterminator="\n").encode()


def write_new(contents: Mapping[Path, bytes]) -> None:
    """Write files; UsageError, and nothing written, if one exists with other content."""
    for path, content in contents.items():
        make_folder(path.parent)
        if path.exists() and path.read_bytes() != content:
            raise UsageError(
                "already exists with other content",
                file=str(path),
                remedy="choose another name, or delete it",
            )
    for path, content in contents.items():
        with replacing(path) as stream:
            stream.write(content)


def _sensor_logger(recording: Recording) -> bytes:
    """Sensor Logger on Android: a zip with one csv per sensor, axes in the order z, y, x."""
    start = _start(recording)
    elapsed_s = recording.time_s + SENSOR_LOGGER_LATENCY_S
    total = recording.acceleration_mps2
    triads = {"TotalAcceleration": total, "Accelerometer": total - _gravity(recording)}
    if recording.angular_rate_radps is not None:
        triads["Gyroscope"] = recording.angular_rate_radps
    sensors = [*triads, "Annotation"]
    period_ms = f"{1000 / recording.rate_hz:.0f}"
    facts = {
        "version": "3",
        "device name": "simulated",
        "recording epoch time": f"{start.timestamp() * 1000:.0f}",
        "recording time": f"{start:%Y-%m-%d_%H-%M-%S}",
        "recording timezone": "UTC",
        "platform": "android",
        "appVersion": "1.40.0",
        "device id": "00000000-0000-0000-0000-000000000000",
        "sensors": "|".join(sensors),
        "sampleRateMs": "|".join(["" if s == "Annotation" else period_ms for s in sensors]),
        "standardisation": "false",
        "platform version": "14",
    }
    files = {
        f"{sensor}.csv": _rows(
            "time,seconds_elapsed,z,y,x",
            "%d,%.6f,%.5f,%.5f,%.5f",
            _epoch_ns(start, elapsed_s),
            elapsed_s,
            *values.T[::-1],
        )
        for sensor, values in triads.items()
    }
    files["Annotation.csv"] = _annotations(recording.annotations, start)
    files["Metadata.csv"] = ",".join(facts) + "\n" + ",".join(facts.values()) + "\n"
    return _zip(files)


def _annotations(notes: Sequence[Annotation], start: datetime) -> str:
    """Notes in the form of Sensor Logger; empty if there are none."""
    if not notes:
        return ""
    at_s = np.array([note.start_s for note in notes]) + SENSOR_LOGGER_LATENCY_S
    return _rows(
        "time,seconds_elapsed,text,millisecond_press_duration",
        "%d,%.6f,%s,120",
        _epoch_ns(start, at_s),
        at_s,
        [note.text for note in notes],
    )


def _phyphox(recording: Recording) -> bytes:
    """Experiment "Acceleration (with g)" of phyphox: quoted header, numbers like 1.5E-2."""
    start = _start(recording)
    files = {
        "Accelerometer.csv": _phyphox_rows(
            recording.time_s, recording.acceleration_mps2, "Acceleration {} (m/s^2)"
        )
    }
    if recording.angular_rate_radps is not None:
        files["Gyroscope.csv"] = _phyphox_rows(
            recording.time_s, recording.angular_rate_radps, "Gyroscope {} (rad/s)"
        )
    device = {"version": "1.2.0", "deviceModel": "simulated", "depthFrontSensor": "0"}
    files["meta/device.csv"] = '"property","value"\n' + "".join(
        f'"{key}","{value}"\n' for key, value in device.items()
    )
    files["meta/time.csv"] = '"event","experiment time","system time","system time text"\n'
    for event, at_s in (("START", 0.0), ("PAUSE", recording.duration_s)):
        text = f"{start + timedelta(seconds=at_s):%Y-%m-%d %H:%M:%S.%f}"[:-3]
        stamps = f"{_exponent(at_s, 9)},{_exponent(start.timestamp() + at_s, 12)}"
        files["meta/time.csv"] += f'"{event}",{stamps},"{text} UTC+00:00"\n'
    return _zip(files)


def _phyphox_rows(time_s: FloatArray, values: FloatArray, column: str) -> str:
    header = ",".join(f'"{name}"' for name in ["Time (s)", *(column.format(a) for a in "xyz")])
    size = np.linalg.norm(values, axis=1)
    numbers = ([_exponent(v, 6) for v in axis] for axis in [*values.T, size])
    return _rows(
        f'{header},"Absolute"', "%s,%s,%s,%s,%s", [_exponent(t, 9) for t in time_s], *numbers
    )


def _exponent(value: float, digits: int) -> str:
    """1.5E-2 rather than 1.5e-02."""
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return f"{mantissa}E{int(exponent)}"


def _sensorlog_ios(recording: Recording) -> bytes:
    """SensorLog on iOS: one wide csv, acceleration in g with CoreMotion's sign."""
    start = _start(recording)
    uptime_s = recording.time_s + UPTIME_S
    stamps = [
        (start + timedelta(seconds=round(t, 3))).isoformat(timespec="milliseconds")
        for t in recording.time_s
    ]
    names = ["loggingTime(txt)", "loggingSample(N)", "accelerometerTimestamp_sinceReboot(s)"]
    names += [f"accelerometerAcceleration{axis}(G)" for axis in "XYZ"]
    numbers = [uptime_s, *(-recording.acceleration_mps2 / STANDARD_GRAVITY_MPS2).T]
    if recording.angular_rate_radps is not None:
        names += ["gyroTimestamp_sinceReboot(s)"]
        names += [f"gyroRotation{axis}(rad/s)" for axis in "XYZ"]
        # CoreMotion's gyroscope follows the right hand, as Android's does.
        numbers += [uptime_s, *recording.angular_rate_radps.T]
    form = "%s,%d" + ",%.6f" * len(numbers)
    return _rows(",".join(names), form, stamps, range(1, len(stamps) + 1), *numbers).encode()


def _physics_toolbox(recording: Recording) -> bytes:
    """Physics Toolbox multi record: blank first line, trailing comma, g beside m/s²."""
    names = ["time", "gFx", "gFy", "gFz", "ax", "ay", "az"]
    force = recording.acceleration_mps2
    numbers = [*(force / STANDARD_GRAVITY_MPS2).T, *(force - _gravity(recording)).T]
    if recording.angular_rate_radps is not None:
        names += ["wx", "wy", "wz"]
        numbers += [*recording.angular_rate_radps.T]
    form = "%.6f" + ",%.4f" * len(numbers) + ","
    return b"\n" + _rows(",".join([*names, ""]), form, recording.time_s, *numbers).encode()


def _plain(recording: Recording) -> bytes:
    """A user's own csv, gzipped: time in s and specific force in m/s²."""
    text = _rows(
        "time_s,acc_x_mps2,acc_y_mps2,acc_z_mps2",
        "%.4f,%.4f,%.4f,%.4f",
        recording.time_s,
        *recording.acceleration_mps2.T,
    )
    return gzip.compress(text.encode(), mtime=0)


APPS: dict[str, tuple[str, Callable[[Recording], bytes]]] = {
    "sensor_logger": (".zip", _sensor_logger),
    "phyphox": (".zip", _phyphox),
    "sensorlog_ios": (".csv", _sensorlog_ios),
    "physics_toolbox": (".csv", _physics_toolbox),
    "plain": (".csv.gz", _plain),
}
"""Layouts that can be written: ending of the file, and the function that writes its content."""


def _start(recording: Recording) -> datetime:
    return recording.start_time or DEFAULT_START


def _gravity(recording: Recording) -> FloatArray:
    """(n, 3) gravity as a phone estimates it: the slow part, late by about a second."""
    values = recording.acceleration_mps2
    if len(values) == 0:
        return values
    keep = float(np.exp(-1 / (recording.rate_hz * GRAVITY_TIME_CONSTANT_S)))
    slow, _ = sps.lfilter([1 - keep], [1, -keep], values, axis=0, zi=keep * values[:1])
    return np.asarray(slow)


def _epoch_ns(start: datetime, elapsed_s: FloatArray) -> NDArray[np.int64]:
    """Time since 1970 in nanoseconds, rounded to microseconds."""
    begin_ns = int(start.timestamp()) * 10**9 + start.microsecond * 1000
    return begin_ns + np.round(elapsed_s * 1e6).astype(np.int64) * 1000


def _rows(header: str, form: str, *columns: Iterable[object]) -> str:
    """A csv of a header line and rows in a printf form."""
    return "\n".join([header, *(form % row for row in zip(*columns, strict=True))]) + "\n"


def _zip(files: dict[str, str]) -> bytes:
    """A zip that depends on its contents only."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(name, date_time=ZIP_TIME)
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
    return buffer.getvalue()
