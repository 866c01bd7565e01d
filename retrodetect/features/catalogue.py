"""The catalogue: every stride feature, its unit, its meaning and its source.

Notation. Over one stride, ``v`` is the vertical and ``h`` the horizontal acceleration
(a vector in the device's own horizontal plane), ``dv`` and ``dh`` their derivatives (jerk),
``hh`` = h·h, ``jj`` = dh·dh. A *moment* is the mean of a product over the stride, divided
by the root mean squares of its factors, and so has no unit and lies near [-1, 1].

Two kinds of moment are enough:

- a **vector** moment has one horizontal factor and turns with the device, e.g. ⟨h·dv⟩;
- a **scalar** moment has none and ignores the mounting, e.g. ⟨dv³⟩.

Turning the device about the vertical turns all vectors alike, and a total sign flip (an iOS
recording taken for Android) turns all of them by 180° while ``v`` and ``hh`` stay the same. Hence
dot products of vectors, and scalars, are *free* of the mounting; a vector's component along a known
front is *anchored*.

A foot or ankle stands still once in every stride, which allows a third kind: **swing** vectors are
horizontal accelerations relative to that quiet stance, at fixed shares of the energy of the swing.
Forward, a swing begins with a push toward the toes and ends with a large brake; backward, the large
push comes first and points to the heel (own measurement on real and virtual feet; see
docs/pointers.md). They too turn with the device.

Moments with an odd number of derivatives change sign under time reversal, and backward walking is
nearly that (Winter, Pluck & Yang 1989, J Mot Behav 21:291; Grasso, Bianchi & Lacquaniti 1998, J
Neurophysiol 80:1868). An amplitude spectrum cannot show them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Literal

import numpy as np

__all__ = [
    "BANDS_HZ",
    "FREE_FEATURES",
    "GYRO_SCALARS",
    "HARMONICS",
    "LEVERS",
    "LEVER_BANDS_HZ",
    "MOMENTS",
    "NEEDS_GYRO",
    "POINTERS",
    "RATIOS",
    "ROTATIONS",
    "SCALARS",
    "SITE_SCALARS",
    "SWING",
    "SWING_BINS",
    "TURN_SCALARS",
    "VECTORS",
    "WAY",
    "Band",
    "Feature",
]

Band = Literal["low", "wide", "swing", "pointer"]

BANDS_HZ: dict[Band, tuple[float, float]] = {
    "low": (0.5, 4.0),
    "wide": (0.5, 10.0),
    "swing": (0.0, 6.0),
    "pointer": (0.0, 10.0),
}
"""``low`` keeps the sway and bounce of the body, ``wide`` also the impacts. A 24 Hz recorder still
shows 10 Hz. ``swing`` is low-passed only: quiet stance is its zero. ``pointer`` is low-passed
before its harmonics are taken, so that rates do not matter."""

LEVER_BANDS_HZ: dict[str, tuple[float, float]] = {
    "low": (0.6, 4.0),
    "mid": (2.0, 6.0),
    "high": (2.5, 9.0),
}
"""Bands of the lever: ``low`` suits the thigh, ``mid`` the walking and ``high`` the running trunk
(own measurement on real belts, lower backs and pockets)."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One stride feature."""

    name: str  # column name; it contains the factors of a moment
    factors: tuple[str, ...]  # of the product; a vector moment begins with its vector factor
    band: Band  # band-passed acceleration that the factors come from
    meaning: str  # what it measures, in words
    source: str  # paper, or ``own``
    unit: str = "1"  # of the value; ``1`` for moments, which have none


def _both_bands(kind: dict[tuple[str, ...], tuple[str, str]]) -> tuple[Feature, ...]:
    return tuple(
        Feature(f"{'_'.join(factors)}_{band}", factors, band, meaning, source)
        for band in ("low", "wide")
        for factors, (meaning, source) in kind.items()
    )


_TRAVEL = "Kunze et al. 2009 (ISWC) for the axis; the sign is own"
_BISPECTRUM = "Nikias & Mendel 1993, IEEE Signal Process Mag 10(3):10 (third-order statistics)"

MOMENTS = _both_bands(
    {
        ("h", "dv"): ("travel direction in walking, its opposite in running", _TRAVEL),
        ("h", "v"): ("in-phase part: travel direction in running", _TRAVEL),
        ("h", "v", "v"): ("horizontal push while the vertical is large", _BISPECTRUM),
        ("h", "v", "dv"): ("horizontal push while the vertical power grows", _BISPECTRUM),
        ("h", "dv", "dv"): ("horizontal push at vertical impacts", _BISPECTRUM),
        ("h", "hh"): ("skewness of the horizontal acceleration and tilt", _BISPECTRUM),
        ("dh", "jj"): ("skewness of the horizontal jerk: attack against decay", _BISPECTRUM),
        ("dh", "hh"): ("which lobe of the swing rises faster", _BISPECTRUM),
        ("h", "jj"): ("horizontal push while the jerk is large", _BISPECTRUM),
    }
)
"""Vector moments."""

SWING_BINS = 10
"""Points along the swing: enough for its lobes, few enough for 24 Hz."""

_SWING = "own measurement; quiet stance as in Skog et al. 2010, IEEE Trans Biomed Eng 57:2657"

SWING = (
    Feature("swing_skew", ("h", "hh"), "swing", "points to the heel both ways", _SWING),
    Feature(
        "swing_way", ("h", "t"), "swing", "way covered: minus the first moment in time", _SWING
    ),
    *(
        Feature(
            f"swing_{k}", ("h",), "swing", f"push at {k} of {SWING_BINS - 1} of the swing", _SWING
        )
        for k in range(SWING_BINS)
    ),
)
"""Vectors relative to the quiet stance."""

HARMONICS = (1, 2, 3, 4)
"""Multiples of the stride frequency. On the trunk the second is that of the step."""

_EVEN = "own; even under time reversal (Winter, Pluck & Yang 1989), so it stays with the front"
_ODD = "own; odd under time reversal (Winter, Pluck & Yang 1989), so it turns with the travel"
_LEVER = "Seel, Raisch & Schauer 2014, Sensors 14:6891, with one sensor"


def _pointer(name: str, meaning: str, source: str) -> Feature:
    return Feature(name, (), "pointer", meaning, source)


def _harmonics(frame: str, where: str) -> tuple[Feature, ...]:
    return (
        *(
            _pointer(
                f"R{k}_{frame}", f"horizontal in phase with the vertical at {k}/T, {where}", _EVEN
            )
            for k in HARMONICS
        ),
        *(
            _pointer(
                f"U{k}_{frame}", f"horizontal in quadrature to the vertical at {k}/T, {where}", _ODD
            )
            for k in HARMONICS
        ),
    )


_FIXED = _harmonics("fixed", "level by the mean force of the stride")

_TURNING = (
    *_harmonics("gyro", "level at every moment by gyroscope and accelerometer"),
    _pointer(
        "U1_lean",
        "angle of the segment in quadrature to the vertical force at 1/T, upper end ahead positive",
        _ODD,
    ),
    _pointer(
        "S", "skewness of the angle about the main level axis, lower end ahead positive", _EVEN
    ),
    _pointer("Q", "the same angle in the quietest fifth of the stride against its mean", _EVEN),
    _pointer("A", "skewness of the angular rate: the leg swings fast where it goes", _ODD),
    _pointer("a_p", "skewness of the acceleration across the main axis of rotation", _EVEN),
    *(
        _pointer(
            f"lever_{band}",
            "from the axis of the body segment out to the sensor; as long as the share of the"
            f" acceleration it explains, {low_hz:g} to {high_hz:g} Hz",
            _LEVER,
        )
        for band, (low_hz, high_hz) in LEVER_BANDS_HZ.items()
    ),
    *(
        _pointer(f"U{k}_{arm}", f"U{k} once {how} is taken out: the travel of the trunk", _ODD)
        for arm, how in (
            ("arm", "the swing of a lever fitted at the stride frequency"),
            ("hanging", "the swing of an arm of 0.3 m that hangs"),
        )
        for k in (1, 2)
    ),
)

POINTERS = (*_FIXED, *_TURNING)
"""Vectors that point to the front whichever way the wearer goes, or in the direction of travel."""

WAY = _pointer(
    "way",
    "from stance to stance of a foot; half as long as its direction for a stride of 0.1 m",
    "Foxlin 2005, IEEE Comput Graph Appl 25(6):38 (zero-velocity update)",
)
"""From stance to stance of a sensor on one foot or ankle: the travel itself."""

NEEDS_GYRO = (*_TURNING, WAY)
"""Vectors that need a gyroscope; zero without one, or if it does not fit."""

VECTORS = (*MOMENTS, *SWING, *POINTERS, WAY)
"""All vectors, in the order of :attr:`StrideFeatures.vectors`."""

LEVERS = np.array([feature.name.startswith("lever_") for feature in VECTORS])
"""(len(VECTORS),) which of them point from the body to the device."""

ROTATIONS = np.array([feature.name in ("S", "Q", "A", "a_p") for feature in VECTORS])
"""(len(VECTORS),) which of them come from the rotation alone: the same anywhere on a segment."""

SCALARS = _both_bands(
    {
        ("v", "v", "v"): ("skewness of the vertical", _BISPECTRUM),
        ("dv", "dv", "dv"): ("skewness of the vertical jerk: attack against decay", _BISPECTRUM),
        ("hh", "v"): ("horizontal power while pushed up", _BISPECTRUM),
        ("hh", "dv"): ("horizontal power while the vertical rises", _BISPECTRUM),
        ("jj", "v"): ("horizontal jerk while pushed up", _BISPECTRUM),
        ("jj", "dv"): ("horizontal jerk while the vertical rises", _BISPECTRUM),
        ("v", "dv", "dv"): ("vertical push at vertical impacts", _BISPECTRUM),
        ("hj", "dv"): ("growth of horizontal power while the vertical rises", _BISPECTRUM),
    }
)
"""Scalar moments."""

RATIOS = (
    Feature("log_h_over_v_low", ("h", "v"), "low", "horizontal over vertical size", "own", "log"),
    Feature("log_h_over_v_wide", ("h", "v"), "wide", "the same with impacts", "own", "log"),
    Feature(
        "log_impact", ("v", "v"), "wide", "vertical size with over without impacts", "own", "log"
    ),
)
"""Log ratios of root mean squares; no absolute sizes, since sensors and speeds differ."""

TURN_SCALARS = (
    Feature("log_turn", (), "pointer", "root mean square of the level angular rate", "own", "log"),
    Feature("turn_planar", (), "pointer", "share of it about one axis", "own"),
    Feature("log_yaw", (), "pointer", "vertical over level angular rate", "own", "log"),
    *(
        Feature(f"lever_length_{band}", (), "pointer", "level length of the lever", _LEVER, "m")
        for band in LEVER_BANDS_HZ
    ),
    *(
        Feature(f"lever_share_{band}", (), "pointer", "share it explains", _LEVER)
        for band in LEVER_BANDS_HZ
    ),
)
"""What the rotation shows about the body site; zero without a gyroscope."""

GYRO_SCALARS = (
    *TURN_SCALARS,
    Feature("way_length", (), "pointer", "length of the vector ``way``", "own"),
)
"""What a gyroscope shows about the body site; zero without one. A foot comes to rest in every
stride, and an ankle nearly, so they have a way. Higher up hardly anything has."""

SITE_SCALARS = (
    Feature("log_period", (), "pointer", "length of the stride", "own", "log(s)"),
    *(
        Feature(f"log_{axis}_{band}", (axis,), band, f"{along} size", "own", "log(m/s²)")
        for band in ("low", "wide")
        for axis, along in (("v", "vertical"), ("h", "horizontal"))
    ),
    Feature(
        "log_unrest", (), "pointer", "size of the force without its 9.8 m/s²", "own", "log(m/s²)"
    ),
    Feature("log_peak", (), "pointer", "greatest force", "own", "log(m/s²)"),
    Feature("log_tilt", (), "pointer", "spread of the bearing of the slow force", "own", "log"),
    *(
        Feature(
            f"log_{axis}_{k}", (), "pointer", f"share of the {along} power at {k}/T", "own", "log"
        )
        for axis, along in (("v", "vertical"), ("h", "horizontal"))
        for k in HARMONICS
    ),
)
"""What an accelerometer shows about the body site: a trunk swings at the step frequency, a limb at
the stride frequency, and impacts are harder nearer to the ground."""

FREE_FEATURES: tuple[str, ...] = (
    *(feature.name for feature in SCALARS),
    *(feature.name for feature in RATIOS),
    *(f"{a.name}·{b.name}" for a, b in combinations_with_replacement(MOMENTS, 2)),
)
"""Ordered names of all features that do not depend on the mounting."""
