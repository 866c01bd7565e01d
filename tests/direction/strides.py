"""Strides made by hand, and a model that reads them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from retrodetect.direction import DirectionModel
from retrodetect.direction.likeness import Likeness
from retrodetect.direction.model import SITE_INPUTS, Readout, SiteClassifier, SiteGroup
from retrodetect.direction.mounting import REMEMBERED, Mounting
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import GYRO_SCALARS, RATIOS, SCALARS, SITE_SCALARS, VECTORS
from retrodetect.recording import FloatArray
from retrodetect.sites import GROUPS
from retrodetect.training.fit import HABITUAL_CONTRAST

UP = np.array([0.0, 0.0, 1.0])
AHEAD = np.array([1.0, 0.0, 0.0])
LEFT = np.array([0.0, 1.0, 0.0])
NAMES = [feature.name for feature in VECTORS]
TRAVEL, FRONT, ROTATION, LEVER = (
    NAMES.index(name) for name in ("U2_fixed", "R1_gyro", "S", "lever_mid")
)
STRIDE_S = 1.0


def always(site: str | None, inputs: int) -> SiteClassifier:
    """Says that every stride is of the same site, or of any as likely."""
    groups = tuple(sorted(GROUPS))
    odds = np.where((np.array(groups) == site) | (site is None), 1.0, 1e-6)
    return SiteClassifier(groups, np.zeros((len(groups), inputs)), np.log(odds))


def readout(walk: dict[int, float], run: dict[int, float], doubt: float) -> Readout:
    """The same with and without a gyroscope."""
    weights = np.zeros((2, 2, len(VECTORS)))
    for pace, named in enumerate((walk, run)):
        for column, weight in named.items():
            weights[:, pace, column] = weight
    return Readout(weights, np.full(2, doubt))


def model(
    *,
    doubt: float = 0.01,
    site: str | None = None,
    running: float = -6.0,
    likeness: Likeness | None = None,
) -> DirectionModel:
    """A model whose travel turns round in running, and whose front is the body's and the lever."""
    front = {FRONT: 6.0, ROTATION: 6.0, LEVER: 6.0}
    group = SiteGroup(
        readout({TRAVEL: 6.0}, {TRAVEL: running}, 0.01),
        readout(front, front, doubt),
        HABITUAL_CONTRAST,
    )
    return DirectionModel(
        dict.fromkeys(GROUPS, group),
        {form: always(site, len(inputs)) for form, inputs in SITE_INPUTS.items()},
        likeness or Likeness.silent(),
    )


def mounting(ahead: FloatArray = AHEAD, up: FloatArray = UP) -> Mounting:
    """Remembers that strides forward travelled along an axis of the device."""
    weights = np.zeros((REMEMBERED.sum(), 3))
    weights[np.flatnonzero(REMEMBERED).tolist().index(TRAVEL)] = -8.0 * ahead
    return Mounting(up, weights, 0.0)


def shown(
    travel: FloatArray,
    front: FloatArray | None = None,
    lever: FloatArray | None = None,
    up: FloatArray | None = None,
    rotation: FloatArray | None = None,
    yaw_rad: float = 0.0,
    flatness: FloatArray | float = 0.0,
) -> StrideFeatures:
    """Strides with (n, 3) travel vectors, and one front, lever and rotation for all.

    Flatness is how large the horizontal movement of each is beside the vertical one.
    """
    count = len(travel)
    vectors = np.zeros((count, len(VECTORS), 3))
    vectors[:, TRAVEL] = travel
    vectors[:, FRONT] = 0.0 if front is None else front
    vectors[:, LEVER] = 0.0 if lever is None else lever
    vectors[:, ROTATION] = 0.0 if rotation is None else rotation
    names = [feature.name for feature in (*SCALARS, *RATIOS)]
    scalars = np.zeros((count, len(names)))
    scalars[:, names.index("log_h_over_v_low")] = flatness
    return StrideFeatures(
        scalars,
        np.zeros((count, len(SITE_SCALARS))),
        np.zeros((count, len(GYRO_SCALARS))),
        vectors,
        np.tile(UP, (count, 1)) if up is None else up,
        np.full(count, yaw_rad),
    )


def strides_of(*bouts: int, p_run: float = 0.01, pause_s: float = 10.0) -> pd.DataFrame:
    """Bouts of so many strides of one second."""
    bout = np.repeat(np.arange(len(bouts)), bouts)
    start_s = STRIDE_S * np.arange(len(bout)) + pause_s * bout
    return pd.DataFrame(
        {
            "run": 0, "bout": bout, "start_s": start_s, "end_s": start_s + STRIDE_S,
            "gait": "walk", "p_run": p_run,
        }
    )  # fmt: skip


def along(*ways: tuple[int, FloatArray]) -> FloatArray:
    """(n, 3) vectors: so many of each."""
    return np.concatenate([np.tile(way, (count, 1)) for count, way in ways])
