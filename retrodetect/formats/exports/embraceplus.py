"""Empatica EmbracePlus csv, as Empatica's own conversion from avro writes it: µs since 1970, g."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, Tick, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    clock=(Tick("unix_timestamp", "us", "unix"),),
    acceleration=(
        Axes("x", "y", "z", "g", Claim[Gravity]("total", "stated", "EmbracePlus writes totals")),
    ),
    sign=Claim[Sign](1, "assumed", "EmbracePlus, taken to read +1 g upward"),
)


def recognise(file: Candidate) -> int:
    """``unix_timestamp`` beside bare axes."""
    table = file.table
    return CERTAIN if table.names == ("unix_timestamp", "x", "y", "z") else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the one table."""
    recordings = drafts(file.table, _LAYOUT, options)
    return [draft.with_(device="Empatica EmbracePlus", placement="wrist") for draft in recordings]


FORMAT = Format("empatica-embraceplus", recognise, read)
