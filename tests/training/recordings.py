"""Labelled recordings made by hand, of strides that last one second each."""

from __future__ import annotations

import numpy as np
import pandas as pd
from handmade import features

from retrodetect.features import StrideFeatures
from retrodetect.recording import Annotation, FloatArray
from retrodetect.training.examples import Example, Measured

__all__ = ["measured", "recording"]


def measured(
    strides: int,
    *,
    name: str = "walk.csv",
    gait: str = "walk",
    rate_hz: float = 100.0,
    placement: str | None = None,
    annotations: tuple[Annotation, ...] = (),
    shown: StrideFeatures | None = None,
) -> Measured:
    """Strides of one second in one bout, which show nothing unless told."""
    start_s = np.arange(strides, dtype=float)
    table = pd.DataFrame(
        {
            "stride": np.arange(strides), "run": 0, "bout": 0, "start_s": start_s,
            "end_s": start_s + 1.0, "gait": gait, "p_run": 0.02,
        }
    )  # fmt: skip
    return Measured(
        name, table, shown or features(strides), rate_hz, float(strides), placement, annotations,
        f"digest of {name}",
    )  # fmt: skip


def recording(
    *legs: tuple[str, int],
    subject: str = "anna",
    name: str = "walk.csv",
    session: str = "monday",
    placement: str = "foot",
    front: FloatArray | None = None,
    licence: str = "CC0",
    virtual: bool = False,
    origin: str = "",
    gait: str = "walk",
    rate_hz: float = 100.0,
    shown: StrideFeatures | None = None,
) -> Example:
    """Legs of a direction and a number of strides each, one after the other."""
    ends_s = np.cumsum([count for _, count in legs]).astype(float)
    intervals = pd.DataFrame(
        {
            "start_s": ends_s - [count for _, count in legs],
            "end_s": ends_s,
            "direction": [direction for direction, _ in legs],
            "gait": "",
        }
    )
    strides = sum(count for _, count in legs)
    return Example(
        measured(strides, name=name, gait=gait, rate_hz=rate_hz, shown=shown),
        subject, session, subject, licence, placement, front, intervals,
        virtual=virtual, origin=origin or name,
    )  # fmt: skip
