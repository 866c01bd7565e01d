"""Column names: what each says about its quantity, axis, unit and device."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import Literal

from retrodetect.formats.table import Table
from retrodetect.formats.units import unit_in

__all__ = ["PROCESSED", "Column", "Quantity", "classify", "quantity_of", "says_acceleration"]

Quantity = Literal[
    "time", "counter", "acceleration", "linear", "gravity", "rotation", "magnetic", "pressure",
    "speed", "magnitude", "counts", "who", "unknown", "other",
]  # fmt: skip

_WORDS: dict[Quantity, set[str]] = {
    "acceleration": {"acc", "accel", "accl", "acceleration", "accelerometer", "accelerations",
                     "beschleunigung", "accélération", "aceleracion", "aceleración", "acce",
                     "accelerometro", "acelerometro", "acelerómetro", "accéléromètre",
                     "akcelerometr", "beschleunigungssensor", "versnelling"},
    "gravity": {"gravity", "grav", "gravitational", "schwerkraft", "gravedad", "gravité",
                "static", "stat"},
    "rotation": {"gyro", "gyr", "gyroscope", "rotation", "rotationrate", "angular", "omega",
                 "as", "rot", "gyros", "gyroskop", "giroscopio", "giroscópio", "giroscopo"},
    "magnetic": {"mag", "magnetometer", "magnetic", "magnet", "magn"},
    "pressure": {"pressure", "barometer", "baro"},
    "speed": {"speed", "velocity", "vel"},
    "magnitude": {"magnitude", "vm", "vectormagnitude", "absolute", "resultant", "norm", "enmo",
                  "svm", "smv", "total"},
    "counts": {"counts", "count", "axis1", "axis2", "axis3", "steps", "lux", "inclinometer"},
    "who": {"user", "subject", "person", "participant", "device", "model"},
    "time": {"time", "timestamp", "timestamps", "t", "ts", "elapsed", "epoch", "epoc", "date",
             "datetime", "clock", "millis", "seconds", "zeit", "tiempo", "temps", "tempo", "unix",
             "ms", "sec", "arrival", "creation", "tijd", "tid", "micros",
             "us", "tick", "ticks", "uptime", "timer", "microseconds", "milliseconds", "nanos",
             "nanoseconds", "secs", "second", "czas", "čas", "aika", "idő",
             "zaman", "ora", "время", "时间", "時間", "시간"},
    "counter": {"counter", "seq", "sequence", "sample", "samples", "index", "packet",
                "packetcounter", "frame", "row", "no", "nr", "id"},
}  # fmt: skip
_LINEAR = {
    "linear",
    "lineare",
    "lin",
    "user",
    "free",
    "freeacc",
    "linearacc",
    "useracceleration",
    "lacc",
    "dyn",
    "dynamic",
    "nograv",
    "body",
}
_TOTAL = {"total", "totalacceleration", "raw", "uncalibrated", "calibrated", "sensor", "wo", "m"}
_OTHER = {
    "euler", "quat", "quaternion", "roll", "pitch", "yaw", "orientation", "azimuth", "attitude",
    "mat", "latitude", "longitude", "altitude", "accuracy", "bearing", "temperature", "temp",
    "heart", "hr", "light", "sound", "battery", "bias", "position", "pos", "vector", "jerk",
    "label", "activity", "std", "var", "mean", "min", "max", "gps",
}  # fmt: skip
PROCESSED = {"filtered", "filt", "smooth", "smoothed", "world", "earth", "global", "hp", "lp",
             "highpass", "lowpass", "hpf", "lpf"}  # fmt: skip
"""Words for what was made of the readings of a sensor, and no names of another one."""

_UNIT_WORDS = {"attr", "mps2", "ms2", "g", "mg", "meters", "per", "second", "squared", "rad",
               "deg", "ut", "radps", "dps", "s", "m", "s2", "ns", "us", "hpa"}  # fmt: skip
"""Words that say nothing of the sensor; ``attr_x`` is what RealWorld (Mannheim) writes."""

_SHORT = re.compile(
    r"(?P<letter>linacc|acc|accel|ac|gyro|gyr|gy|mag|grav|gf|lin|la|ua|a|g|w|m)_?(?P<axis>[xyz])$"
)
_SHORT_MEANING: dict[str, Quantity] = {
    "a": "acceleration", "ac": "acceleration", "acc": "acceleration", "accel": "acceleration",
    "gf": "acceleration", "g": "rotation", "w": "rotation", "gy": "rotation", "gyro": "rotation",
    "gyr": "rotation", "m": "magnetic",
    "mag": "magnetic", "grav": "gravity", "lin": "linear", "linacc": "linear", "la": "linear",
    "ua": "linear",
}  # fmt: skip
_SENSORS: tuple[Quantity, ...] = ("acceleration", "gravity", "rotation", "magnetic")
_NUMBERED = re.compile(r"(?P<stem>.*[^\W\d_])[_ .\[]?(?P<number>[0-3])\]?$")
_UNIT_SUFFIX = re.compile(
    r"[_ ](?P<unit>mps2|ms2|m_s2|mg|g|ns|us|ms|s|sec|seconds|millis|radps|rad_s|dps|deg_s|ut|"
    r"meters_per_second_squared)$",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Column:
    """What a column's name says."""

    index: int  # position
    # ``acceleration`` is what the name calls acceleration without saying more, ``unknown`` an
    # axis of a sensor that the name does not tell
    quantity: Quantity
    axis: str  # ``x``, ``y``, ``z`` or empty
    group: tuple[str, ...]  # the remaining words: a device, a body site
    unit: str  # as stated in the name or the unit row


def classify(table: Table) -> list[Column]:
    """Say what each named column of a table is."""
    if not table.header:
        return []
    numbered = _numbered_axes(table)
    columns = [
        _column(table, index, numbered.get(index, ""))
        for index in range(len(table.header))
        if table.header[index]
    ]
    # `x,y,z (m/s^2)` states the unit once, for all three.
    bare = [column for column in columns if table.names[column.index] in ("x", "y", "z")]
    unit = next((column.unit for column in bare if column.unit), "")
    # Beside columns that say acceleration they are something else, such as a position.
    is_named = any(c.quantity == "acceleration" and c not in bare for c in columns)
    is_other = is_named and unit_in("acceleration", unit) is None
    quantity: Quantity = "other" if is_other else "acceleration"
    return [
        _grouped(column.index, quantity, column.axis, [], unit) if column in bare else column
        for column in columns
    ]


def quantity_of(name: str) -> Quantity:
    """What a sensor's name in a cell says: ``Linear Acceleration``, ``gyro``."""
    words = set(_words(name))
    quantity = _quantity(words, "x")
    return "linear" if quantity == "acceleration" and words & _LINEAR else quantity


def _numbered_axes(table: Table) -> dict[int, str]:
    """Axes of columns that are numbered (``Acc1`` to ``Acc3``, ``values_0`` to ``values_2``)."""
    places: dict[str, dict[int, int]] = defaultdict(dict)
    for index, name in enumerate(table.names):
        match = _NUMBERED.match(name)
        if match and name not in _WORDS["counts"]:
            places[match["stem"]][int(match["number"])] = index
    triads = [own for own in places.values() if sorted(own) in ([0, 1, 2], [1, 2, 3])]
    return {
        index: axis
        for own in triads
        for axis, (_, index) in zip("xyz", sorted(own.items()), strict=True)
    }


def _column(table: Table, index: int, numbered: str) -> Column:
    raw = table.header[index]
    unit = table.unit(index)
    words = _words(raw.split("(")[0].split("[")[0])
    suffix = _UNIT_SUFFIX.search(raw)
    if not unit and suffix:
        unit = suffix["unit"].replace("_", "")
    if numbered:
        words = [*filter(None, (word.rstrip("0123456789") for word in words)), numbered]
    axis = next((word for word in words if word in ("x", "y", "z")), "")
    rest = [word for word in words if word not in ("x", "y", "z", "axis")]
    letter = _letter(words, axis)
    if letter:
        rest.remove(letter)
        return _grouped(index, _SHORT_MEANING[letter], axis, rest, unit)
    for word in rest:
        short = _SHORT.match(word)
        if short and not axis:
            rest.remove(word)
            return _grouped(index, _SHORT_MEANING[short["letter"]], short["axis"], rest, unit)
    return _grouped(index, _quantity(set(rest), axis), axis, rest, unit)


def _letter(words: list[str], axis: str) -> str:
    """The letter before an axis that stands for its sensor (``a_x``, ``gX``); empty for none.

    Behind the axis the same letter is a unit (``x_g``).
    """
    before = words[: words.index(axis)][-1:] if axis else []
    is_named = any(words_of & set(words) for words_of in map(_WORDS.__getitem__, _SENSORS))
    return before[0] if before and before[0] in _SHORT_MEANING and not is_named else ""


def says_acceleration(name: str) -> bool:
    """Whether a name has a word for acceleration."""
    words = _words(name)
    letter = _letter(words, next((word for word in words if word in ("x", "y", "z")), ""))
    return (
        bool(_WORDS["acceleration"].intersection(words))
        or any(map(_SHORT.match, words))
        or _SHORT_MEANING.get(letter) in ("acceleration", "linear")
    )


def _grouped(index: int, quantity: Quantity, axis: str, rest: list[str], unit: str) -> Column:
    words = set(rest)
    if quantity == "acceleration":
        quantity = _by_unit(unit) or ("linear" if words & _LINEAR else quantity)
    meaningful = set().union(*_WORDS.values()) | _LINEAR | _TOTAL | _UNIT_WORDS
    return Column(
        index, quantity, axis, tuple(word for word in rest if word not in meaningful), unit
    )


def _by_unit(unit: str) -> Quantity | None:
    """What a unit forbids to call acceleration."""
    if unit_in("acceleration", unit) is None and unit_in("rotation", unit) is not None:
        return "rotation"
    return "magnetic" if unit_in("magnetic", unit) is not None else None


def _quantity(words: set[str], axis: str) -> Quantity:
    if words & _OTHER:
        return "other"
    if axis:
        named = _first_named(words, ("gravity", "rotation", "magnetic", "speed"))
        if named is not None:
            return named
        # A bare x, y, z beside a time is what loggers of a single accelerometer write.
        if words & _WORDS["acceleration"] or not words - _UNIT_WORDS - _LINEAR - _TOTAL:
            return "acceleration"
        return "unknown"
    order: tuple[Quantity, ...] = (
        "magnitude", "counts", "time", "who", "counter", "pressure", "speed",
    )  # fmt: skip
    return _first_named(words, order) or "other"


def _first_named(words: set[str], order: tuple[Quantity, ...]) -> Quantity | None:
    """First quantity one of whose words is among these."""
    return next((quantity for quantity in order if words & _WORDS[quantity]), None)


def _words(name: str) -> list[str]:
    """Words of a name: ``userAcceleration.x`` and ``USER_ACCELERATION_X`` give the same."""
    split = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    split = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1 \2", split)
    return [word.lower() for word in re.findall(r"[^\W_]+", split)]
