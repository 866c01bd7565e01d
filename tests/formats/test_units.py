"""What a unit is worth, by definition (BIPM, The International System of Units, 9th edition)."""

from math import pi

import pytest

from retrodetect.formats.text import unit_in

G = 9.80665
WORTH = {
    "acceleration": {  # in m/s²
        1.0: ("m/s2", "mps2", "ms2", "ms-2", "m/s/s", "m/sec2", "meterspersecondsquared"),
        G: ("g", "gn"),
        G / 1000: ("mg",),
        0.01: ("cm/s2", "gal"),
        0.001: ("mm/s2",),
    },
    "rotation": {  # in rad/s
        1.0: ("rad/s", "radps", "rad/sec", "radianspersecond"),
        pi / 180: ("deg/s", "deg/sec", "dps", "°/s", "degrees/s", "degreespersecond"),
        pi / 180_000: ("mdps",),
    },
    "magnetic": {  # in µT
        1.0: ("ut", "microtesla"),
        0.1: ("mgauss",),
        100.0: ("gauss",),
        1000.0: ("mt",),
        1_000_000.0: ("t",),
    },
    "pressure": {1.0: ("hpa", "mbar"), 10.0: ("kpa",), 0.01: ("pa",), 1000.0: ("bar",)},  # in hPa
    "speed": {1.0: ("m/s", "mps"), 1000 / 3600: ("km/h", "kmh", "kph")},  # in m/s
    "length": {1.0: ("m",)},
    "time": {  # in s
        1e-9: ("ns", "nanos", "nanoseconds"),
        1e-6: ("us", "microseconds"),
        1e-4: ("0.1ms",),
        1e-3: ("ms", "millis", "milliseconds"),
        1.0: ("s", "sec", "secs", "second", "seconds"),
        60.0: ("min", "minutes"),
        3600.0: ("h", "hours"),
    },
}


@pytest.mark.parametrize(
    ("quantity", "unit", "worth"),
    [
        (quantity, unit, worth)
        for quantity, by_worth in WORTH.items()
        for worth, units in by_worth.items()
        for unit in units
    ],
)
def test_each_unit_is_worth_what_it_is_by_definition(
    quantity: str, unit: str, worth: float
) -> None:
    assert unit_in(quantity, unit) == pytest.approx(worth, rel=1e-12)
