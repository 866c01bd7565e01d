"""The one kind of filter there is: Butterworth, run forth and back, so that nothing is delayed."""

from __future__ import annotations

from functools import cache
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import signal as sps

from retrodetect.recording import FloatArray

__all__ = ["Number", "zero_phase"]

Number = TypeVar("Number", np.float64, np.complex128)
"""What is filtered: real or complex."""


def zero_phase(
    values: NDArray[Number],
    band_hz: float | tuple[float, float],
    *,
    order: int,
    rate_hz: float,
    pad_s: float,
    padtype: Literal["odd", "even"] = "odd",
) -> NDArray[Number]:
    """Filter along time.

    Parameters
    ----------
    values : (n, ...) array
        Samples in order of time, real or complex; at least one.
    band_hz
        Cut-off of a low-pass, or both ends of a band-pass.
    order
        Of one of the two passes.
    rate_hz
        Sampling rate of the values.
    pad_s
        How far both ends are continued: for as long as the filter rings. Short series are
        continued by their own length.
    padtype
        Continued by point reflection (``odd``) or by reflection (``even``).

    Returns
    -------
    (n, ...) array
    """
    pad = min(int(pad_s * rate_hz), len(values) - 1)
    filtered = sps.sosfiltfilt(
        _sections(order, band_hz, rate_hz), values, axis=0, padtype=padtype, padlen=pad
    )
    return np.asarray(filtered)


@cache
def _sections(order: int, band_hz: float | tuple[float, float], rate_hz: float) -> FloatArray:
    """(k, 6) second-order sections; designed once, for that takes longer than a short run."""
    if isinstance(band_hz, float):
        return np.asarray(sps.butter(order, band_hz, "lowpass", fs=rate_hz, output="sos"))
    return np.asarray(sps.butter(order, band_hz, "bandpass", fs=rate_hz, output="sos"))
