"""ActiGraph raw csv (ActiLife): a preamble of ten lines, then g, with or without a time column.

The same preamble stands over epoch counts; only an epoch of 00:00:00 means raw readings.
"""

from __future__ import annotations

import re

from retrodetect.errors import RefusedRecording
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.timetext import moment
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "ActiGraph raw data are totals")
_SIGN = Claim[Sign](1, "assumed", "ActiGraph, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """The line that ActiLife writes first."""
    return CERTAIN if b"Data File Created By ActiGraph" in file.source.head[:200] else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read raw readings.

    Raises
    ------
    RefusedRecording
        Where the file holds counts.
    """
    table = file.table
    preamble = "\n".join(table.preamble)
    epoch = re.search(r"Epoch Period \(hh:mm:ss\) (\d\d:\d\d:\d\d)", preamble)
    if epoch is None or epoch[1] != "00:00:00":
        raise RefusedRecording(
            f"has activity counts per epoch ({epoch[1] if epoch else 'unknown'}), not raw readings",
            file=file.source.label,
            remedy="export the raw data from ActiLife",
        )
    hint = re.search(r"date format (\S+)", preamble)
    layout = Layout(
        clock=(Tick("timestamp", date_hint=hint[1] if hint else ""),),
        acceleration=(
            xyz("accelerometer {}", "g", _TOTAL),
            Axes("1", "2", "3", "g", _TOTAL),
        ),
        rotation=(xyz("gyroscope {}", "deg/s"),),
        channels={"magnetic_field_ut": (xyz("magnetometer {}", "µT"),)},
        rate_hz=stated_rate_hz(table),
        sign=_SIGN,
    )
    begun = re.search(r"Start Time (\S+)\s+Start Date (\S+)", preamble)
    start = moment(f"{begun[2]} {begun[1]}", hint[1] if hint else "") if begun else None
    recordings = drafts(table, layout, options)
    return [draft.with_(start_time=start, device="ActiGraph") for draft in recordings]


FORMAT = Format("actigraph", recognise, read)
