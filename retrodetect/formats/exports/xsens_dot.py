"""Movella (Xsens) DOT: ``Acc_`` with gravity; ``FreeAcc_`` without, and in the earth's frame.

``SampleTimeFine`` counts µs in 32 bits; logs of the PC software count 0.1 ms.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, LIKELY, NO, Format
from retrodetect.formats.table import Table
from retrodetect.formats.timetext import moment
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    acceleration=(
        xyz("acc_{}", "m/s2", Claim[Gravity]("total", "stated", "Acc_ of Movella DOT")),
        xyz("freeacc_{}", "m/s2", Claim[Gravity]("linear", "stated", "FreeAcc_ of Movella DOT")),
    ),
    rotation=(xyz("gyr_{}", "deg/s"),),
    channels={"magnetic_field_ut": (xyz("mag_{}", ""),)},
    counter="packetcounter",
    sign=Claim[Sign](1, "stated", "Xsens writes specific force"),
)
_SLOWEST_US = 1000
"""No DOT samples faster than 120 Hz, so smaller steps are not in µs."""


def recognise(file: Candidate) -> int:
    """``SampleTimeFine`` beside either acceleration, surely so with its preamble."""
    table = file.table
    if not table.has("sampletimefine"):
        return NO
    if not any(table.has(*axes.names) for axes in _LAYOUT.acceleration):
        return NO
    return CERTAIN if any("DeviceTag" in line for line in table.preamble) else LIKELY


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read either acceleration."""
    table = file.table
    layout = replace(_LAYOUT, clock=(_clock(table),), rate_hz=_rate_hz(table))
    recordings = drafts(table, layout, options)
    is_free = not table.has(*_LAYOUT.acceleration[0].names)
    warnings = (
        ("free acceleration is in the earth's frame, not the sensor's: direction may be wrong",)
        if is_free
        else ()
    )
    begun = re.search(r"StartTime:?[,;]?\s*(.+)", "\n".join(table.preamble))
    start = moment(begun[1].strip()) if begun else None
    return [
        draft.with_(device="Movella DOT", warnings=warnings, start_time=start)
        for draft in recordings
    ]


def _clock(table: Table) -> Tick:
    ticks = table.numbers(table.index("sampletimefine") or 0)
    steps = np.diff(ticks[np.isfinite(ticks)])
    unit = "us" if len(steps) and np.median(steps) >= _SLOWEST_US else "0.1ms"
    return Tick("sampletimefine", unit, "none", wrap_ticks=2**32)


def _rate_hz(table: Table) -> float | None:
    """What the preamble states as ``OutputRate:,60Hz``."""
    match = re.search(r"OutputRate:?\D*(\d+)", "\n".join(table.preamble))
    return float(match[1]) if match else None


FORMAT = Format("xsens-dot", recognise, read)
