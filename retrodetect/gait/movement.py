"""Movement apart from gravity: the series that every part of the gait stage uses."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from retrodetect.recording import DIRECTION_RATE_HZ, STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, zero_phase

__all__ = ["Movement", "movement_of"]

BAND_HZ = (0.5, 8.0)
"""Slow walking strides at 0.5 Hz; 98 % of the power of heel strikes lies below 10 Hz
(Antonsson & Mann 1985, J Biomech 18:39)."""

HIGH_SHARE, HIGH_SHARE_IF_SLOW = 0.42, 0.35
"""Highest frequency used, as a share of the recording's rate. At 10 Hz most devices pass impacts as
noise near half the rate: at 0.42, walks in pockets were lost (own measurement)."""


@dataclass(frozen=True, slots=True)
class Movement:
    """One run's movement, sample by sample. Only `moving` and `held` depend on how it is worn."""

    moving: FloatArray  # (n, 3) acceleration in the band of gait, device frame, m/s²
    vertical: FloatArray | None  # (n,) its part along the vertical; None if gravity was removed
    # (n, 3) specific force, device frame, m/s²: its mean over a stride shows how the device is
    # held. None if gravity was removed.
    held: FloatArray | None
    force: FloatArray  # (n,) size of the specific force, m/s²: constant if the device only turns
    activity: FloatArray  # (n,) its distance from the value at rest, m/s²
    jerk: FloatArray  # (n,) size of the change of the specific force, m/s³

    def __getitem__(self, part: slice) -> Movement:
        """Return a part of the run."""
        series = (getattr(self, field.name) for field in fields(self))
        parts: list[Any] = [None if values is None else values[part] for values in series]
        return Movement(*parts)


def movement_of(signal: Signal) -> Movement:
    """Filter an active part of a recording, without gaps."""
    force = signal.acceleration_mps2
    share = HIGH_SHARE if signal.source_rate_hz >= DIRECTION_RATE_HZ else HIGH_SHARE_IF_SLOW
    high_hz = min(BAND_HZ[1], share * signal.source_rate_hz)
    band_hz = (BAND_HZ[0], high_hz)
    moving = zero_phase(force, band_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=3.0)
    at_rest = STANDARD_GRAVITY_MPS2 if signal.up is not None else 0.0
    size = np.sqrt(np.einsum("ij,ij->i", force, force))
    change = np.diff(force, axis=0, prepend=force[:1])
    return Movement(
        moving=moving,
        vertical=None if signal.up is None else np.einsum("ij,ij->i", moving, signal.up),
        held=None if signal.up is None else force,
        force=size,
        activity=np.abs(size - at_rest),
        jerk=np.sqrt(np.einsum("ij,ij->i", change, change)) * ANALYSIS_RATE_HZ,
    )
