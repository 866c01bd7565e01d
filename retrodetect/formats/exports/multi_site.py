"""Tables with several body sites side by side (``lw_x`` … ``ra_z``), each a recording of its own.

The letters are those of the PhysioNet data set accelerometry-walk-climb-drive: left or right wrist,
hip and ankle. Its readings are in g.
"""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Draft
from retrodetect.formats.guess import best_clock
from retrodetect.formats.layout import Layout, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import LIKELY, NO, Format

__all__ = ["FORMAT"]

_SITES = {
    f"{side}{letter}": site
    for side in "lr"
    for letter, site in (("w", "wrist"), ("h", "waist"), ("a", "ankle"))
}


def recognise(file: Candidate) -> int:
    """Two sites or more."""
    return LIKELY if len(_present(file)) >= 2 else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read each site."""
    clock = best_clock(file.table)
    return [
        draft.with_(part=name, placement=_SITES[name])
        for name in _present(file)
        for draft in drafts(
            file.table, Layout(clock=clock, acceleration=(xyz(f"{name}_{{}}"),)), options
        )
    ]


def _present(file: Candidate) -> list[str]:
    """Sites whose three axes are there."""
    return [name for name in _SITES if file.table.has(*(f"{name}_{axis}" for axis in "xyz"))]


FORMAT = Format("multi-site", recognise, read)
