"""WitMotion's text export: several devices may share a table, each with a clock in its chip."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.table import Table
from retrodetect.formats.timetext import time_format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "WitMotion writes totals")


def recognise(file: Candidate) -> int:
    """``Chip Time()`` beside axes in g."""
    table = file.table
    return CERTAIN if table.has("chip time", "acceleration x") else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read each device."""
    table = file.table
    layout = Layout(
        clock=tuple(Tick(name) for name in ("chip time", "time") if _is_clock(table, name)),
        acceleration=(xyz("acceleration {}", "g", _TOTAL),),
        rotation=(xyz("angular velocity {}", "deg/s"),),
        channels={"magnetic_field_ut": (xyz("magnetic field {}", "µT"),)},
        split=("device name",),
        sign=Claim[Sign](1, "assumed", "WitMotion, taken to read +1 g upward"),
    )
    return [draft.with_(device="WitMotion") for draft in drafts(table, layout, options)]


def _is_clock(table: Table, name: str) -> bool:
    """Whether the chip's clock was filled in; without its own battery it may be empty."""
    index = table.index(name)
    if index is None:
        return False
    cells = table.cells(index)
    return len(set(cells)) > 1 and (table.kind(index) != "text" or time_format(cells) is not None)


FORMAT = Format("witmotion", recognise, read)
