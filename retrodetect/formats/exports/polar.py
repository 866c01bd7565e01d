"""Polar Sensor Logger: mg, and a sensor clock in ns since 2000 that nobody may ever have set."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, drafts, first_time, series
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format, Role
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_CLOCK = Tick("sensor timestamp", "ns", "none")
_TOTAL = Claim[Gravity]("total", "stated", "Polar writes totals")
_SIGN = Claim[Sign](1, "assumed", "Polar, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """Both clocks of the app."""
    table = file.table
    return CERTAIN if table.has("phone timestamp", "sensor timestamp") else NO


def role(file: Candidate) -> Role:
    """Only readings in mg are the accelerometer's."""
    return Role(has_acceleration=_unit(file.table) == "mg")


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read by the sensor's clock; the phone's tells when it began."""
    table = file.table
    axes = (Axes("x", "y", "z", "mg", _TOTAL),) if _unit(table) == "mg" else ()
    recordings = drafts(table, Layout(clock=(_CLOCK,), acceleration=axes, sign=_SIGN), options)
    rotation = next(
        (
            values
            for side in file.companions
            if _unit(side.table) in ("dps", "deg/s")
            if (values := series(side.table, (Axes("x", "y", "z"),), _CLOCK))
        ),
        None,
    )
    start = first_time(table, "phone timestamp")
    return [
        draft.with_(rotation=rotation, start_time=start, device="Polar") for draft in recordings
    ]


def _unit(table: Table) -> str:
    index = table.index("x")
    return "" if index is None else table.unit(index).strip()


FORMAT = Format("polar", recognise, read, role)
