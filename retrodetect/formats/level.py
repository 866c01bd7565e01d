"""Unit and gravity: what the file states, checked against what the readings can be.

A body at rest or walking feels 1 g on average over seconds, whatever the mounting; with gravity
removed the average is near 0. That average, the *level*, tells units and gravity apart.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from retrodetect.errors import RefusedRecording
from retrodetect.formats.draft import Claim
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.spool import picked
from retrodetect.formats.units import unit_in_mps2
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Finding, FloatArray, Gravity

__all__ = ["BLOCK_S", "Level", "Scale", "blocks_of", "resolve"]

BLOCK_S = 4.0
"""Length of the averages: some strides, less than most turns."""

_MOST_BLOCKS = 2000

_LINEAR_BELOW_G = 0.3
_TOTAL_G = (0.65, 1.6)
_TOTAL_SPREADS = 0.65
_LINEAR_SPREADS = 0.3
"""Own measurement on samples and data sets, walking to sprinting, foot to wrist: total acceleration
averages 0.77 to 1.26 g and 0.7 to 6 of its spreads; linear acceleration 0.01 to 0.06 g and 0.03 to
0.1 spreads, but up to 0.56 g and 0.6 spreads where the device is shaken."""

_PROBABLE_G, _MOST_G = (0.6, 1.45), 4.0
_SURE_G = (0.85, 1.18)
_SURE_BLOCKS = 3
_GUESSES = {"g": 1.0, "m/s2": STANDARD_GRAVITY_MPS2, "mg": 1000.0}
_COUNTS_PER_G = tuple(2**power for power in range(6, 15))
_COUNTS_WITHIN = 0.08
_WALKING_G = 0.5
"""Above this many g no walk spreads, so a linear acceleration that spreads more is in m/s²."""


@dataclass(frozen=True, slots=True)
class Level:
    """Averages of the readings, in the file's own unit."""

    typical: float  # median norm of the block averages
    # low, high: quartiles of the same
    low: float
    high: float
    spread: float  # median deviation within a block
    blocks: int  # how many there are

    @classmethod
    def of(cls, values: FloatArray, rate_hz: float) -> Level:
        """Measure it on (n, 3) readings."""
        averaged = blocks_of(values, rate_hz)
        norms = np.linalg.norm(averaged.mean(axis=1), axis=1)
        spread = np.linalg.norm(averaged.std(axis=1), axis=1)
        low, typical, high = np.percentile(norms, [25, 50, 75])
        return cls(float(typical), float(low), float(high), float(np.median(spread)), len(norms))

    @property
    def is_one_g(self) -> bool:
        """Whether the readings surely are in one of the usual units."""
        return any(map(self.is_surely, _GUESSES.values()))

    def is_surely(self, one_g: float) -> bool:
        """Whether the readings stay near one g of this size throughout."""
        bottom, top = (limit * one_g for limit in _SURE_G)
        return self.blocks >= _SURE_BLOCKS and bottom < self.low and self.high < top

    def is_about(self, one_g: float) -> bool:
        """Whether the typical average could be one g of this size."""
        return _TOTAL_G[0] * one_g < self.typical < _TOTAL_G[1] * one_g


def blocks_of(
    values: FloatArray, rate_hz: float, length_s: float = BLOCK_S, most: int = _MOST_BLOCKS
) -> FloatArray:
    """(k, m, 3) readings of blocks spread evenly over the recording; each axis is contiguous."""
    size = max(1, min(len(values), int(length_s * rate_hz)))  # rounded up, a block would be lost
    count = len(values) // size
    if count > most:
        starts = np.linspace(0, count - 1, most).astype(int) * size
        values = picked(values, (starts[:, None] + np.arange(size)).ravel())
    rows = values[: min(count, most) * size].reshape(-1, size, 3)
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(rows, 2, 0)), 0, 2)


@dataclass(frozen=True, slots=True)
class Scale:
    """What came out: the factor to m/s², gravity, and on what grounds."""

    mps2: float
    gravity: Gravity
    findings: tuple[Finding, Finding]
    warnings: tuple[str, ...] = ()


def resolve(
    level: Level, unit: str, gravity: Claim[Gravity] | None, options: ReadOptions, label: str
) -> Scale:
    """Settle unit (empty where the file states none) and gravity together.

    Refused where the unit can neither be read nor told from the level of the readings.
    """
    stated = unit_in_mps2(options.unit or unit)
    warnings: list[str] = []
    if stated is None:
        factor, unit_finding = _measured_unit(level, unit, gravity, options, label)
    else:
        factor = stated
        unit_finding = Finding("unit", options.unit or unit, "given" if options.unit else "stated")
        other = _contradiction(level, factor)
        if other is not None and options.unit:
            warnings.append(
                f"--unit {options.unit} does not fit its readings, which average "
                f"{level.typical:.3g}: that is 1 g in {other}. Check it"
            )
        elif other is not None:
            factor = unit_in_mps2(other) or factor
            unit_finding = Finding("unit", f"{other} (the file says {unit})", "measured")
            warnings.append(
                f"the file states {unit}, but its readings average {level.typical:.3g}, "
                f"which is 1 g in {other}"
            )
    level_g = level.typical * factor / STANDARD_GRAVITY_MPS2
    included, finding = _gravity(level_g, gravity, options, warnings)
    if included == "total" and not warnings:
        warnings += _improbable(level_g, options, label)
    return Scale(factor, included, (unit_finding, finding), tuple(warnings))


def _improbable(level_g: float, options: ReadOptions, label: str) -> list[str]:
    """Say where readings with gravity average another length than that of gravity.

    Refused where nothing worn on a body can, whatever it does.
    """
    if _PROBABLE_G[0] < level_g < _PROBABLE_G[1]:
        return []
    if level_g > _MOST_G and options.unit is None:
        raise RefusedRecording(
            f"averages {level_g:.2f} g, but a body feels 1 g: wrong unit, or an offset",
            file=label,
            remedy="correct the file, or give its unit with --unit",
        )
    return [
        f"its readings average {level_g:.2f} g instead of 1 g: unit, offset or a column may be "
        "wrong, and with them direction and share"
    ]


def _contradiction(level: Level, factor: float) -> str | None:
    """Unit in which the readings stay at one g, where the stated one makes no sense of them."""
    if _LINEAR_BELOW_G < level.typical * factor / STANDARD_GRAVITY_MPS2 < 2 * _TOTAL_G[1]:
        return None
    return next((unit for unit, one_g in _GUESSES.items() if level.is_surely(one_g)), None)


def _measured_unit(
    level: Level,
    unit: str,
    gravity: Claim[Gravity] | None,
    options: ReadOptions,
    label: str,
) -> tuple[float, Finding]:
    """Unit from the level: one g in g, m/s² or mg, or in counts of a binary range."""
    wanted = options.gravity or (gravity.value if gravity else None)
    if wanted != "linear":
        for guess, one_g in _GUESSES.items():
            if level.is_about(one_g) and level.typical > _TOTAL_SPREADS * level.spread:
                ground = "measured" if level.is_surely(one_g) else "assumed"
                text = f"{guess} (mean vector {level.typical:.3g})"
                return unit_in_mps2(guess) or 1.0, Finding("unit", text, ground)  # type: ignore[arg-type]
        for counts in _COUNTS_PER_G:
            if abs(level.typical / counts - 1) < _COUNTS_WITHIN and level.blocks >= _SURE_BLOCKS:
                text = f"counts, {counts} to 1 g (mean vector {level.typical:.4g})"
                return STANDARD_GRAVITY_MPS2 / counts, Finding("unit", text, "assumed")
    is_linear = wanted == "linear" or (
        level.typical < _LINEAR_SPREADS * level.spread
        and level.typical < _LINEAR_BELOW_G * STANDARD_GRAVITY_MPS2
    )
    if is_linear and level.spread > _WALKING_G:
        return 1.0, Finding("unit", f"m/s2 (no gravity, spread {level.spread:.3g})", "assumed")
    raise RefusedRecording(
        f"the unit of its acceleration is unclear (mean vector {level.typical:.4g}"
        + (f", stated as {unit!r})" if unit else ")"),
        file=label,
        remedy="give it with --unit",
    )


def _gravity(
    level_g: float, claim: Claim[Gravity] | None, options: ReadOptions, warnings: list[str]
) -> tuple[Gravity, Finding]:
    """Whether gravity is included: given, else what the file says unless the readings forbid it."""
    measured: Gravity | None = None
    if level_g < _LINEAR_BELOW_G:
        measured = "linear"
    elif level_g > _TOTAL_G[0]:
        measured = "total"
    text = f"mean vector {level_g:.2f} g"
    if options.gravity:
        if measured not in (None, options.gravity):
            warnings.append(
                f"--gravity {options.gravity} does not fit its readings ({text}). Check it"
            )
        return options.gravity, Finding("gravity", options.gravity, "given")
    if claim is None:
        if measured is None:
            return "total", Finding("gravity", f"total ({text})", "assumed")
        return measured, Finding("gravity", f"{measured} ({text})", "measured")
    if measured is None or measured == claim.value:
        return claim.value, Finding("gravity", f"{claim.value} ({claim.because})", claim.ground)
    warnings.append(f"{claim.because}, but the {text} says {measured}")
    return measured, Finding("gravity", f"{measured} ({text}, against {claim.because})", "measured")
