"""Google Science Journal (later Arduino): ``AccX`` in m/s² with gravity, about 15 rows a second."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    clock=(Tick("relative_time", "ms", "none"), Tick("timestamp", "ms", "unix")),
    acceleration=(
        xyz("acc{}", "m/s2", Claim[Gravity]("total", "stated", "AccX of Science Journal")),
    ),
    sign=Claim[Sign](1, "assumed", "Science Journal, taken as on Android"),
)


def recognise(file: Candidate) -> int:
    """``relative_time`` beside ``AccX``; a bare ``timestamp`` is too common to tell."""
    table = file.table
    return LIKELY if table.has("relative_time", "accx", "accy", "accz") else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the one table."""
    return drafts(file.table, _LAYOUT, options)


FORMAT = Format("science-journal", recognise, read)
