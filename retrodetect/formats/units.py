"""Unit names as apps write them, and what they are in SI."""

from __future__ import annotations

import re
from math import pi

from retrodetect.recording import STANDARD_GRAVITY_MPS2

__all__ = ["is_unit", "split_unit", "unit_in", "unit_in_mps2"]

_ACCELERATION = {
    "m/s2": 1.0,
    "mps2": 1.0,
    "ms2": 1.0,
    "ms-2": 1.0,
    "m/s/s": 1.0,
    "m/sec2": 1.0,
    "meterspersecondsquared": 1.0,
    "g": STANDARD_GRAVITY_MPS2,
    "gn": STANDARD_GRAVITY_MPS2,
    "mg": STANDARD_GRAVITY_MPS2 / 1000,
    "cm/s2": 0.01,
    "gal": 0.01,
    "mm/s2": 0.001,
}
_QUANTITIES: dict[str, dict[str, float]] = {
    "acceleration": _ACCELERATION,
    "rotation": {
        "rad/s": 1.0,
        "radps": 1.0,
        "rad/sec": 1.0,
        "radianspersecond": 1.0,
        "deg/s": pi / 180,
        "deg/sec": pi / 180,
        "dps": pi / 180,
        "°/s": pi / 180,
        "degrees/s": pi / 180,
        "degreespersecond": pi / 180,
        "mdps": pi / 180e3,
    },
    "magnetic": {"ut": 1.0, "microtesla": 1.0, "mgauss": 0.1, "gauss": 100.0, "mt": 1e3, "t": 1e6},
    "pressure": {"hpa": 1.0, "mbar": 1.0, "kpa": 10.0, "pa": 0.01, "bar": 1e3},
    "speed": {"m/s": 1.0, "mps": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6},
    "length": {"m": 1.0},
    "time": {
        "0.1ms": 1e-4,
        "ns": 1e-9, "us": 1e-6, "ms": 1e-3, "s": 1.0, "sec": 1.0, "secs": 1.0, "seconds": 1.0,
        "second": 1.0, "millis": 1e-3, "milliseconds": 1e-3, "microseconds": 1e-6,
        "nanoseconds": 1e-9, "nanos": 1e-9, "min": 60.0, "minutes": 60.0, "h": 3600.0,
        "hours": 3600.0,
    },
}  # fmt: skip
_OTHER_UNITS = {"", "mv", "v", "us", "kohms", "no_units", "nounits", "local_flux", "localflux",
                "degreescelsius", "celsius", "c", "°c", "lux", "%", "n", "txt", "bpm", "hz",
                "deg", "°", "rad", "db", "a.u.", "au", "counts"}  # fmt: skip
_TRAILING = re.compile(
    r"^(?P<name>.*?)(?<!\s)\s*+[(\[{](?P<unit>[^()\[\]{}]*(?:\([^()]*\))?)[)\]}]\s*$"
)


def unit_in(quantity: str, unit: str) -> float | None:
    """Factor from ``unit`` to the unit used inside, None where the name is not known.

    Inside: m/s² for ``acceleration``, rad/s for ``rotation``, µT for ``magnetic``, hPa for
    ``pressure``, m/s for ``speed``, m for ``length`` and s for ``time``.
    """
    return _QUANTITIES[quantity].get(_plain(unit))


def unit_in_mps2(unit: str) -> float | None:
    """Factor to m/s² of an acceleration unit, also of a fraction such as ``g/256``."""
    base, _, divisor = unit.partition("/") if re.fullmatch(r"\s*m?g\s*/\s*\d+\s*", unit) else (
        unit, "", "1",
    )  # fmt: skip
    factor = unit_in("acceleration", base)
    return None if factor is None or float(divisor) == 0 else factor / float(divisor)


def split_unit(header: str) -> tuple[str, str]:
    """Split ``Acceleration x (m/s^2)`` into its name and its unit (empty where none)."""
    match = _TRAILING.match(header)
    return (match["name"], match["unit"]) if match else (header, "")


def is_unit(text: str) -> bool:
    """Whether a cell could stand in a row of units."""
    plain = _plain(text)
    return plain in _OTHER_UNITS or any(plain in names for names in _QUANTITIES.values())


def _plain(unit: str) -> str:
    """Unit name in lower case without blanks, brackets and ways to write a square."""
    plain = unit.lower().replace("²", "2").replace("µ", "u").replace("μ", "u")
    return re.sub(r"[\s^*()_]", "", plain).replace("sec2", "s2")
