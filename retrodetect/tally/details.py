"""What a session's row and lists tell beyond the counts."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from retrodetect.recording import FloatArray
from retrodetect.tally.course import Course
from retrodetect.tally.energy import Pace, effort
from retrodetect.tally.repeats import repeats
from retrodetect.tally.session import shape
from retrodetect.tally.stretches import doubtful_strides, mostly_unknown, stretches

__all__ = ["Details", "details"]


class Details(NamedTuple):
    """Further fields of a session's row, and its lists.

    Parameters
    ----------
    fields
        By name, as in ``sessions.csv``.
    bouts : DataFrame
        Runs in one direction and gait, unknown ones too.
    repeats : DataFrame
        Legs of the sets, as from :func:`retrodetect.tally.repeats.repeats`.
    warnings
        What of the wearer's words was not counted, and which results nobody's strides have.
    """

    fields: dict[str, float | str]
    bouts: pd.DataFrame
    repeats: pd.DataFrame
    warnings: tuple[str, ...]


def details(
    strides: pd.DataFrame, contacts_s: FloatArray, placement: str, course: Course, pace: Pace
) -> Details:
    """Tell what was done in more detail than :func:`retrodetect.tally.tally`.

    Parameters
    ----------
    strides : DataFrame
        As from :func:`retrodetect.label`.
    contacts_s : (k,) array
        Initial contacts of either foot.
    placement
        Body site, as given or inferred.
    course
        Speed and height, where the export has them.
    pace
        Speed or distance, where the wearer knows it.
    """
    strides = pd.DataFrame(strides)  # without attrs, of which every selection makes a copy
    bouts = stretches(strides, unknown=True, by_gait=True)
    legs = repeats(strides, course)
    count = int(legs.groupby("set")["repeat"].max().sum())
    fields: dict[str, float | str] = {**shape(strides, contacts_s, placement, count)}
    fields |= {
        f"climb_{way}_m": np.nan
        if mostly_unknown(strides) and not (bouts["direction"] == way).any()
        else _climbed_m(bouts[bouts["direction"] == way], course)
        for way in ("forward", "backward")
    }
    spent = effort(strides, course, pace, legs)
    warnings = (*doubtful_strides(strides), *spent.warnings)
    return Details(fields | spent.fields, bouts, legs, warnings)


def _climbed_m(bouts: pd.DataFrame, course: Course) -> float:
    """Height gained; NaN where no height is known."""
    if np.isnan(course.sure_m):
        return np.nan
    gained = [course.climb_m(*ends) for ends in zip(bouts["start_s"], bouts["end_s"], strict=True)]
    return float(sum(climb_m for climb_m in gained if climb_m >= course.sure_m))
