"""Physics Toolbox Sensor Suite (Vieyra): ``gFx`` in g with gravity, ``ax`` in m/s² without.

In a multi-record every row repeats what the slower sensors read last.
"""

from __future__ import annotations

from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, LIKELY, NO, Format
from retrodetect.formats.source import Source
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_LAYOUT = Layout(
    clock=(Tick("time"),),
    acceleration=(
        xyz("gf{}", "g", Claim[Gravity]("total", "stated", "g-force of Physics Toolbox")),
        xyz("a{}", "m/s2", Claim[Gravity]("linear", "stated", "ax, ay, az of Physics Toolbox")),
    ),
    rotation=(xyz("w{}", "rad/s"),),
    channels={"magnetic_field_ut": (xyz("b{}", "µT"),)},
    sign=Claim[Sign](1, "assumed", "Physics Toolbox, taken as on Android"),
)


def recognise(source: Source) -> int:
    """The app's short names."""
    table = source.table
    if table is None or not table.has("time"):
        return NO
    if table.has("gfx", "gfy", "gfz"):
        return CERTAIN
    return LIKELY if table.has("ax", "ay", "az") and (table.has("at") or table.has("wx")) else NO


def read(source: Source, options: ReadOptions) -> list[Draft]:
    """Read the g-force, or else the linear acceleration."""
    assert source.table is not None
    return drafts(source.table, _LAYOUT, options)


FORMAT = Format("physics-toolbox", recognise, read)
