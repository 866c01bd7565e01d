"""Tables of research: published data sets, and the mHealth specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from retrodetect.formats.draft import total, upward
from retrodetect.formats.files import CERTAIN, LIKELY, NO, Candidate, Role
from retrodetect.formats.guess import best_clock, layouts
from retrodetect.formats.layout import Axes, Layout, Tick, table_format, xyz

__all__ = ["FORMATS"]

# HHAR: long tables of several people and devices, by each device's own clock, with names or not.
_HHAR_NAMES = (
    "index", "arrival_time", "creation_time", "x", "y", "z", "user", "model", "device", "gt",
)  # fmt: skip
_HHAR = Layout(
    clock=(Tick("column 3", "ns"),),
    acceleration=(Axes("column 4", "column 5", "column 6", "m/s2", total("HHAR writes totals")),),
    split=("column 7", "column 9"),
    sign=upward("HHAR was recorded on Android and Tizen"),
)


def _is_hhar(file: Candidate) -> int:
    """Its ten columns, by name or by what they hold: arrival in ms, then creation in ns."""
    table = file.table
    if table.names == _HHAR_NAMES:
        return CERTAIN
    if table.header or table.width != len(_HHAR_NAMES):
        return NO
    kinds = [table.kind(index) == "text" for index in range(table.width)]
    is_epoch = 1e12 < table.numbers(1)[0] < 2.2e12
    return LIKELY if kinds == [False] * 6 + [True] * 4 and is_epoch else NO


# mHealth specification: in g unless the names say m/s².
def _is_mhealth(file: Candidate) -> int:
    """The name of its clock, and axes of acceleration."""
    return LIKELY if file.table.has("header_time_stamp") and layouts(file.table) else NO


def _mhealth(file: Candidate) -> Mapping[str, Layout]:
    """Whatever axes are named."""
    sign = upward("mHealth, taken to read +1 g upward", "assumed")
    return {part: replace(layout, sign=sign) for part, layout in layouts(file.table).items()}


# Several body sites side by side (``lw_x`` … ``ra_z``), in g. The letters are those of the
# PhysioNet data set accelerometry-walk-climb-drive: left or right wrist, hip and ankle.
_SITES = {
    f"{side}{letter}": site
    for side in "lr"
    for letter, site in (("w", "wrist"), ("h", "waist"), ("a", "ankle"))
}


def _multi_site(file: Candidate) -> Mapping[str, Layout]:
    """The sites whose three axes are there."""
    triads = {name: xyz(f"{name}_{{}}") for name in _SITES}
    present = {name: axes for name, axes in triads.items() if file.table.has(*axes.names)}
    clock = best_clock(file.table) if len(present) >= 2 else ()
    return {
        name: Layout(clock=clock, acceleration=(axes,), placement=_SITES[name])
        for name, axes in present.items()
    }


# WISDM: user, activity, ns, x, y, z, each row ended by a semicolon; several people in a file.
_WISDM = Layout(
    clock=(Tick("3", "ns", "none"),),
    acceleration=(Axes("4", "5", "6", "m/s2", total("WISDM writes totals")),),
    split=("1",),
    sign=upward("WISDM was recorded on Android"),
)


def _is_wisdm(file: Candidate) -> int:
    """Six columns without names, the second an activity, each row ended by a semicolon."""
    table = file.table
    if table.header or table.width != 6 or table.terminator != ";":
        return NO
    return CERTAIN if table.kind(1) == "text" and table.kind(2) != "text" else NO


def _by_name(file: Candidate) -> Role:
    """Tell the accelerometer's file from the gyroscope's, which looks alike, by its name."""
    return Role(has_acceleration="gyro" not in file.source.stem.lower())


FORMATS = (
    table_format("hhar", _is_hhar, _HHAR, _by_name),
    table_format("mhealth", _is_mhealth, _mhealth),
    table_format(
        "multi-site", lambda file: LIKELY if len(_multi_site(file)) >= 2 else NO, _multi_site
    ),
    table_format("wisdm", _is_wisdm, _WISDM, _by_name),
)
