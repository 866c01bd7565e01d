"""HyperIMU (ianovir) for Android: the phone's own sensor names, a clock only if asked for."""

from __future__ import annotations

import re

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.guess import stated_rate_hz
from retrodetect.formats.layout import Axes, Layout, Tick, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.formats.table import Table
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]


def recognise(file: Candidate) -> int:
    """The app's name in the first line."""
    return CERTAIN if b"HyperIMU" in file.source.head[:200] else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the columns that end in the sensors' names, whoever made them."""
    table = file.table
    layout = Layout(
        clock=(Tick("timestamp", "ms", "unix"),),
        acceleration=(
            *_ending(table, "accelerometer", "m/s2", "total"),
            *_ending(table, "linear[_ ]acceleration", "m/s2", "linear"),
        ),
        rotation=_ending(table, "gyroscope", "rad/s"),
        gravity_vector=(),
        channels={"magnetic_field_ut": _ending(table, "magnetic[_ ]field", "µT")},
        rate_hz=stated_rate_hz(table),
        sign=Claim[Sign](1, "stated", "HyperIMU runs on Android"),
    )
    return [draft.with_(platform="android") for draft in drafts(table, layout, options)]


def _ending(
    table: Table, sensor: str, unit: str, gravity: Gravity | None = None
) -> tuple[Axes, ...]:
    """Axes of the sensor whose vendor's name says this."""
    pattern = re.compile(rf"(?<![a-z]){sensor}(?![a-z])(?!.*uncalibrated)[^.]*\.x$")
    heads = (name.removesuffix(".x") for name in table.names if pattern.search(name))
    claim = (
        Claim[Gravity](gravity, "stated", f"HyperIMU column {sensor.replace('[_ ]', ' ')}")
        if gravity
        else None
    )
    return tuple(Axes(f"{head}.x", f"{head}.y", f"{head}.z", unit, claim) for head in heads)


FORMAT = Format("hyperimu", recognise, read)
