"""Gulf Coast Data Concepts X2, X16 and the like: counts, under lines that begin with a semicolon.

https://www.gcdataconcepts.com: the X16 counts 2048 to 1 g. The others' counts are measured.
"""

from __future__ import annotations

import re

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.timetext import moment

__all__ = ["FORMAT"]

_SIGN = Claim[Sign](1, "assumed", "a logger with its axes printed on it")
_START = re.compile(r"^;\s*Start_time\s*,\s*([\d-]+)\s*,\s*([\d:.]+)", re.MULTILINE)


def recognise(file: Candidate) -> int:
    """Its maker in the preamble."""
    preamble = "\n".join(file.table.preamble)
    return CERTAIN if preamble.startswith(";") and "gcdataconcepts" in preamble else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the one table."""
    preamble = "\n".join(file.table.preamble)
    unit = "g/2048" if "X16" in preamble.partition("\n")[0] else None
    layout = Layout(
        clock=(Tick("time", "s", "none"),), acceleration=(xyz("a{}", unit),), sign=_SIGN
    )
    begun = _START.search(preamble)
    start = moment(f"{begun[1]} {begun[2]}") if begun else None
    return [draft.with_(start_time=start) for draft in drafts(file.table, layout, options)]


FORMAT = Format("gulf-coast", recognise, read)
