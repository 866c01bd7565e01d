"""Xsens MTw (MT Manager txt): facts after ``//``, tabs, and a packet counter for a clock."""

from __future__ import annotations

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Layout, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]


def recognise(file: Candidate) -> int:
    """``// Start Time`` over a packet counter."""
    table = file.table
    if not table.has("packetcounter") or not file.source.head.startswith(b"//"):
        return NO
    return CERTAIN if table.has("acc_x") or table.has("freeacc_x") else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the calibrated acceleration by counter and stated rate."""
    table = file.table
    layout = Layout(
        acceleration=(
            xyz("acc_{}", "m/s2", Claim[Gravity]("total", "stated", "Acc_ of Xsens")),
            xyz("freeacc_{}", "m/s2", Claim[Gravity]("linear", "stated", "FreeAcc_ of Xsens")),
        ),
        rotation=(xyz("gyr_{}", "rad/s"),),
        counter="packetcounter",
        rate_hz=stated_rate_hz(table),
        sign=Claim[Sign](1, "stated", "Xsens writes specific force"),
    )
    return [draft.with_(device="Xsens MTw") for draft in drafts(table, layout, options)]


FORMAT = Format("xsens-mtw", recognise, read)
