"""Shimmer (Consensys): two accelerometers, a low-noise one of ±2 g (LN) and a wide one (WR)."""

from __future__ import annotations

import re

import numpy as np

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, Value, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_AXIS = r"(?P<head>.*){}_x(?P<tail>(?:_cal|_raw|_uncal)?)$"
_CLIPPED_MPS2 = 19.0
_CLIPPED_SHARE = 0.001
"""A reading near the ±2 g of the low-noise sensor is likely cut off."""

_SIGN = Claim[Sign](1, "stated", "Shimmer writes specific force")


def recognise(file: Candidate) -> int:
    """Consensys' names of either accelerometer."""
    table = file.table
    return CERTAIN if (_axes(table, "accel_ln") or _axes(table, "accel_wr")) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the low-noise accelerometer, or the wide-range one where the other is cut off."""
    table = file.table
    low, wide = _axes(table, "accel_ln"), _axes(table, "accel_wr")
    recordings = drafts(table, _layout(table, low or wide), options)
    if low and wide and any(_is_clipped(draft) for draft in recordings):
        recordings = drafts(table, _layout(table, wide), options)
    return [draft.with_(device="Shimmer") for draft in recordings]


def _layout(table: Table, acceleration: tuple[Axes, ...]) -> Layout:
    clocks = [name for name in table.names if re.search(r"timestamp_(unix|sync|formatted)", name)]
    return Layout(
        clock=tuple(Tick(name) for name in sorted(clocks, key=lambda name: "unix" not in name)),
        acceleration=acceleration,
        rotation=_axes(table, "gyro"),
        channels={
            "magnetic_field_ut": _axes(table, "mag"),
            "pressure_hpa": tuple(Value(name) for name in table.names if "pressure" in name),
        },
        sign=_SIGN,
    )


def _axes(table: Table, sensor: str) -> tuple[Axes, ...]:
    """Axes of a sensor, calibrated before raw."""
    triads = []
    for name in table.names:
        match = re.match(_AXIS.format(sensor), name)
        if match:
            claim = Claim[Gravity]("total", "stated", f"Shimmer {sensor}")
            triads.append(xyz(f"{match['head']}{sensor}_{{}}{match['tail']}", gravity=claim))
    return tuple(sorted(triads, key=lambda axes: not axes.x.endswith("_cal")))


def _is_clipped(draft: Draft) -> bool:
    top = np.abs(draft.acceleration.values).max(axis=1)
    return bool((top > _CLIPPED_MPS2).mean() > _CLIPPED_SHARE)


FORMAT = Format("shimmer", recognise, read)
