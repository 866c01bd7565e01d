"""GENEActiv csv: a preamble of facts, then time, x, y, z in g, light, button and temperature."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "GENEActiv writes totals")
_SIGN = Claim[Sign](1, "assumed", "GENEActiv, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """The maker's name in the preamble over columns without names."""
    table = file.table
    is_ours = len(table.names) >= 4 and any("GENEActiv" in line for line in table.preamble)
    return CERTAIN if is_ours else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read by position, since the maker names no columns."""
    table = file.table
    names = table.names
    layout = Layout(
        clock=(Tick(names[0]),),
        acceleration=(Axes(names[1], names[2], names[3], "g", _TOTAL),),
        rate_hz=stated_rate_hz(table),
        sign=_SIGN,
    )
    return [draft.with_(device="GENEActiv") for draft in drafts(table, layout, options)]


FORMAT = Format("geneactiv", recognise, read)
