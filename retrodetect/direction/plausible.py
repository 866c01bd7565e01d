"""Plausibility of the strides: whether anybody walks or runs like that.

A clock that is wrong by a factor makes strides that last too long or too short, or bodies that
bounce too high or not at all: at the same force, the height goes with the square of the time.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.features import SITE_SCALARS, StrideFeatures
from retrodetect.recording import FloatArray
from retrodetect.tables import DOUBTED_STRIDES, IN_WORDS, STEPS_PER_STRIDE

__all__ = ["doubtful_strides"]

STRIDE_S = {"walk": (0.6, 2.0), "run": (0.48, 1.05)}
"""Typical stride times, wide of those that are published (Hausdorff 2007, Hum Mov Sci 26:555;
Novacheck 1998, Gait Posture 7:77): 200 and 60 steps a minute in a walk, 250 and 114 in a run."""

BOUNCE_M = (0.008, 0.08)
"""How far a sensor moves up from its mean in each step. Own measurement on 229 real recordings of
walking and running, at all sites: 0.011 to 0.065 m."""

_BRISK_S = 0.92
"""Longest stride whose bounce may be too small: fewer than 130 steps a minute may be shuffled."""

_DOUBTED_SHARE = 0.1
"""Of the strides of a session: fewer of one gait are a few mistakes, not a clock."""


def doubtful_strides(features: StrideFeatures, strides: pd.DataFrame) -> list[str]:
    """Say where strides are as nobody's, as by a wrong clock.

    Parameters
    ----------
    features, strides
        Of n strides; the table has ``start_s``, ``end_s`` and ``gait`` (``walk`` or ``run``).

    Returns
    -------
    list of str
        A sentence for each gait whose typical stride nobody takes.
    """
    lasting_s = (strides["end_s"] - strides["start_s"]).to_numpy()
    bounce_m = _bounce_m(features, lasting_s)
    doubts = []
    for name, (shortest_s, longest_s) in STRIDE_S.items():
        own = (strides["gait"] == name).to_numpy()
        if np.count_nonzero(own) < max(DOUBTED_STRIDES, _DOUBTED_SHARE * len(strides)):
            continue
        middle_s, middle_m = np.median(lasting_s[own]), np.median(bounce_m[own])
        subject = f"the typical {IN_WORDS[name]} stride"
        if not shortest_s <= middle_s <= longest_s:
            than = "shorter" if middle_s < shortest_s else "longer"
            says = f"{subject} lasts {middle_s:.2f} s, {than} than anybody's"
        elif middle_m > BOUNCE_M[1] or (middle_m < BOUNCE_M[0] and middle_s < _BRISK_S):
            than = "higher" if middle_m > BOUNCE_M[1] else "less high"
            says = f"{subject} goes {100 * middle_m:.2g} cm up and down, {than} than anybody's"
        else:
            continue
        doubts.append(f"{says}: if the clock is wrong, cadence, counts and minutes are too")
    return doubts


def _bounce_m(features: StrideFeatures, lasting_s: FloatArray) -> FloatArray:
    """(n,) amplitude of the vertical movement at the step, NaN where no vertical is known."""
    at = [feature.name for feature in SITE_SCALARS].index("log_v_low")
    amplitude_mps2 = np.sqrt(2) * np.exp(features.site_scalars[:, at])
    bounce_m: FloatArray = amplitude_mps2 / (2 * np.pi * STEPS_PER_STRIDE / lasting_s) ** 2
    return bounce_m
