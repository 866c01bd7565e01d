"""Physics Toolbox Sensor Suite (Vieyra): ``gFx`` in g with gravity, ``ax`` in m/s² without.

In a multi-record every row repeats what the slower sensors read last.
"""

from __future__ import annotations

from dataclasses import replace

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import best_clock, is_acceleration
from retrodetect.formats.layout import Layout, Tick, drafts, xyz
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, LIKELY, NO, Format
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
)
_ANDROID = Claim[Sign](1, "assumed", "Physics Toolbox, taken as on Android")
_IOS = Claim[Sign](-1, "assumed", "gFTotal of Physics Toolbox on iOS, taken as CoreMotion's sign")


def recognise(file: Candidate) -> int:
    """The app's short names; other loggers write total acceleration under them."""
    table = file.table
    if table.has("gfx", "gfy", "gfz"):
        return CERTAIN
    places = [index for name in ("ax", "ay", "az") if (index := table.index(name)) is not None]
    is_short = len(places) == 3 and table.has("time") and (table.has("at") or table.has("wx"))
    if not is_short or table.unit(places[0]):
        return NO
    return NO if is_acceleration([table.numbers(index) for index in places]) else LIKELY


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the g-force, or else the linear acceleration."""
    table = file.table
    sign = _IOS if table.has("gftotal") else _ANDROID
    clock = (*_LAYOUT.clock, *best_clock(table))
    return drafts(table, replace(_LAYOUT, sign=sign, clock=clock), options)


FORMAT = Format("physics-toolbox", recognise, read)
