"""Compute the catalogue for many strides."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.features.catalogue import (
    BANDS_HZ,
    FREE_FEATURES,
    GYRO_SCALARS,
    MOMENTS,
    NEEDS_GYRO,
    RATIOS,
    SCALARS,
    SITE_SCALARS,
    VECTORS,
    Band,
    Feature,
)
from retrodetect.features.pointers import pointers
from retrodetect.features.swing import swing_vectors
from retrodetect.gait import WAY_COLUMNS
from retrodetect.recording import DIRECTION_RATE_HZ, STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal, zero_phase

__all__ = ["StrideFeatures", "compute"]

_TINY = 1e-6
"""Prevents division by zero in a stride without movement (m/s² and m/s³)."""

TILT_CUTOFF_HZ = 2.0
"""Below it are the swing of a limb and gravity, but not the impacts."""

SHORT_WAY_M = 0.1
"""A way that counts half as much as a long one: errors of ways are a few centimetres."""

_BLOCK_STRIDES = 4096
"""Strides whose products are in memory at a time, each of them twice: 11 MB at most."""


@dataclass(frozen=True, slots=True)
class StrideFeatures:
    """Features of n strides.

    Parameters
    ----------
    scalars : (n, len(SCALARS) + len(RATIOS)) array
        Scalar moments and log ratios, in the order of the catalogue.
    site_scalars : (n, len(SITE_SCALARS)) array
        What the accelerometer shows about the body site.
    gyro_scalars : (n, len(GYRO_SCALARS)) array
        What the gyroscope shows about the body site; zero if it shows nothing.
    vectors : (n, len(VECTORS), 3) array
        Vector moments in the device frame, at right angles to ``up``. In single precision, with
        errors of 1e-7: they are most of the memory of a stride.
    up : (n, 3) array
        Mean unit vector against gravity over the stride, device frame. All features are NaN in a
        recording whose gravity was removed or that is too slow.
    yaw_rad : (n,) array
        Angle by which the device turned about the vertical; 0 without a gyroscope.
    """

    scalars: FloatArray
    site_scalars: FloatArray
    gyro_scalars: FloatArray
    vectors: NDArray[np.floating]
    up: FloatArray
    yaw_rad: FloatArray

    @property
    def has_gyro(self) -> NDArray[np.bool_]:
        """(n,) whether a gyroscope that fits the accelerometer measured the stride."""
        # NaN is not above zero either.
        return np.asarray((np.abs(self.vectors[:, -len(NEEDS_GYRO) :]) > 0).any(axis=(1, 2)))

    @property
    def mostly_with_gyro(self) -> bool:
        """Whether a gyroscope that fits measured more than half of the strides; False if empty."""
        return bool(len(self) and self.has_gyro.mean() > 0.5)

    @property
    def log_angular_rate(self) -> FloatArray:
        """(n,) log of the level angular rate, root mean square in rad/s; 0 without a gyroscope."""
        return self.gyro_scalars[:, 0]

    def free(self) -> pd.DataFrame:
        """Return the (n, len(FREE_FEATURES)) features that ignore mounting and sign."""
        dots = _dot_products(self.vectors[:, : len(MOMENTS)])
        return pd.DataFrame(np.hstack([self.scalars, dots]), columns=list(FREE_FEATURES))

    def site_inputs(self, *, with_gyro: bool) -> pd.DataFrame:
        """Return the inputs from which the body site is inferred: features free of the mounting."""
        kinds = [(SITE_SCALARS, self.site_scalars)]
        if with_gyro:
            kinds.append((GYRO_SCALARS, self.gyro_scalars))
        tables = [
            pd.DataFrame(values, columns=[feature.name for feature in kind])
            for kind, values in kinds
        ]
        return pd.concat([self.free(), *tables], axis=1)

    def where(self, rows: Any) -> StrideFeatures:
        """Return the rows of a boolean mask or index."""
        return StrideFeatures(
            **{field.name: getattr(self, field.name)[rows] for field in fields(self)}
        )

    @classmethod
    def joined(cls, parts: Iterable[StrideFeatures]) -> StrideFeatures:
        """Join the rows of several parts, or of none."""
        columns = {field.name: [getattr(_unseen(0), field.name)] for field in fields(cls)}
        for part in parts:
            for name, arrays in columns.items():
                arrays.append(getattr(part, name))
        # Column by column, so that parts that nobody else refers to are never in memory twice.
        return cls(**{name: np.concatenate(columns.pop(name)) for name in [*columns]})

    def vector(self, name: str) -> NDArray[np.floating]:
        """Return one (n, 3) vector moment by its catalogue name."""
        return self.vectors[:, [feature.name for feature in VECTORS].index(name)]

    def __len__(self) -> int:
        return len(self.up)


def _unseen(count: int) -> StrideFeatures:
    """Features of unmeasured strides."""
    return StrideFeatures(
        np.full((count, len(SCALARS) + len(RATIOS)), np.nan),
        np.full((count, len(SITE_SCALARS)), np.nan),
        np.full((count, len(GYRO_SCALARS)), np.nan),
        np.full((count, len(VECTORS), 3), np.nan, np.float32),
        np.full((count, 3), np.nan),
        np.full(count, np.nan),
    )


def compute(signals: list[Signal], strides: pd.DataFrame) -> StrideFeatures:
    """Compute every feature of the catalogue for every stride.

    Parameters
    ----------
    signals
        The runs of a recording, from :func:`retrodetect.signal.prepare`.
    strides
        Columns ``run`` (index into ``signals``), ``bout``, ``start_s`` and ``end_s``, in order of
        time; ``way_x_m``, ``way_y_m`` and ``way_z_m`` if the way of a foot was measured.

    Returns
    -------
    StrideFeatures
        Row i belongs to row i of ``strides``.
    """
    return StrideFeatures.joined(
        _run_features(signals[int(str(run))], rows)
        for run, rows in strides.groupby("run", sort=True)
    )


def _run_features(signal: Signal, strides: pd.DataFrame) -> StrideFeatures:
    """Compute the features of the strides of one gap-free run."""
    start_s, end_s = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    if signal.up is None or signal.source_rate_hz < DIRECTION_RATE_HZ:
        return _unseen(len(strides))
    last = len(signal.acceleration_mps2)
    begin = np.clip(np.rint((start_s - signal.start_s) * ANALYSIS_RATE_HZ), 0, last - 1)
    end = np.clip(np.rint((end_s - signal.start_s) * ANALYSIS_RATE_HZ), begin + 1, last)
    bounds = np.stack([begin, end], axis=1).astype(np.intp)

    bands: tuple[Band, ...] = ("low", "wide")
    series = {band: _series(signal, band) for band in bands}
    rms = {band: _sizes(factors, bounds) for band, factors in series.items()}
    up = _mean(signal.up, bounds)
    up /= np.maximum(np.linalg.norm(up, axis=1, keepdims=True), _TINY)
    pointing = pointers(signal, start_s, end_s, strides["bout"].to_numpy())
    way = _way(strides, up)
    return StrideFeatures(
        scalars=np.stack(
            [_moment(feature, series, rms, bounds) for feature in SCALARS]
            + [
                np.log(rms["low"]["h"] / rms["low"]["v"]),
                np.log(rms["wide"]["h"] / rms["wide"]["v"]),
                np.log(rms["wide"]["v"] / rms["low"]["v"]),
            ],
            axis=1,
        ),
        site_scalars=np.concatenate(
            [
                np.log(end_s - start_s)[:, None],
                np.log([rms[band][axis] for band in bands for axis in "vh"]).T,
                _force_looks(signal, bounds),
                pointing.log_power,
            ],
            axis=1,
        ),
        gyro_scalars=np.column_stack([pointing.turn_scalars, np.linalg.norm(way, axis=1)]),
        vectors=np.concatenate(
            [
                np.stack([_moment(feature, series, rms, bounds) for feature in MOMENTS], axis=1),
                swing_vectors(signal, bounds),
                pointing.vectors,
                way[:, None],
            ],
            axis=1,
            dtype=np.float32,
        ),
        up=up,
        yaw_rad=_yaw_rad(signal, start_s, end_s),
    )


def _yaw_rad(signal: Signal, start_s: FloatArray, end_s: FloatArray) -> FloatArray:
    """(n,) angle turned about the vertical; 0 without a gyroscope."""
    assert signal.up is not None
    if signal.angular_rate_radps is None:
        return np.zeros(len(start_s))
    rate = np.nan_to_num(np.einsum("ij,ij->i", signal.angular_rate_radps, signal.up))
    angle = np.concatenate([[0.0], np.cumsum(rate) / ANALYSIS_RATE_HZ])
    at_s = signal.start_s + np.arange(len(angle)) / ANALYSIS_RATE_HZ
    return np.asarray(np.abs(np.interp(end_s, at_s, angle) - np.interp(start_s, at_s, angle)))


def _way(strides: pd.DataFrame, up: FloatArray) -> FloatArray:
    """(n, 3) level way of a foot, of length 0 to 1; zero if unknown."""
    way_m = strides.reindex(columns=list(WAY_COLUMNS)).to_numpy(dtype=float)
    way_m = np.nan_to_num(way_m - np.einsum("ni,ni->n", way_m, up)[:, None] * up)
    size_m = np.linalg.norm(way_m, axis=1, keepdims=True)
    return np.asarray(way_m / (size_m + SHORT_WAY_M))


def _force_looks(signal: Signal, bounds: NDArray[np.intp]) -> FloatArray:
    """(n, 3) log size and peak of the force, and log spread of the bearing of its slow part."""
    size = np.sqrt(np.einsum("ij,ij->i", signal.acceleration_mps2, signal.acceleration_mps2))
    peak = np.maximum.reduceat(np.append(size, 0.0), bounds.ravel())[::2]
    slow = zero_phase(
        signal.acceleration_mps2, TILT_CUTOFF_HZ, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=1.0
    )
    bearing = slow / np.maximum(np.linalg.norm(slow, axis=1, keepdims=True), _TINY)
    spread = 1 - np.linalg.norm(_mean(bearing, bounds), axis=1)
    unrest = _rms(size - STANDARD_GRAVITY_MPS2, bounds)
    return np.asarray(np.log(np.maximum(np.stack([unrest, peak, spread], axis=1), _TINY)))


def _series(signal: Signal, band: Band) -> dict[str, FloatArray]:
    """Compute all factors of the catalogue, sample by sample, in one band."""
    assert signal.up is not None
    low_hz, high_hz = BANDS_HZ[band]
    band_hz = (low_hz, min(high_hz, 0.42 * signal.source_rate_hz))
    moving = zero_phase(
        signal.acceleration_mps2, band_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=3 / low_hz
    )
    v = np.einsum("ij,ij->i", moving, signal.up)
    h = moving - v[:, None] * signal.up
    dv = np.gradient(v) * ANALYSIS_RATE_HZ
    dh = np.gradient(h, axis=0) * ANALYSIS_RATE_HZ
    return {
        "v": v,
        "dv": dv,
        "h": h,
        "dh": dh,
        "hh": np.einsum("ij,ij->i", h, h),
        "jj": np.einsum("ij,ij->i", dh, dh),
        "hj": np.einsum("ij,ij->i", h, dh),
    }


def _sizes(factors: dict[str, FloatArray], bounds: NDArray[np.intp]) -> dict[str, FloatArray]:
    """Root mean square of each factor; for a squared norm, the square of that of its vector."""
    v, dv = (_rms(factors[name], bounds) for name in ("v", "dv"))
    h, dh = (np.sqrt(_mean(factors[power], bounds)) + _TINY for power in ("hh", "jj"))
    return {"v": v, "dv": dv, "h": h, "dh": dh, "hh": h**2, "jj": dh**2, "hj": h * dh}


def _moment(
    feature: Feature,
    series: dict[Band, dict[str, FloatArray]],
    rms: dict[Band, dict[str, FloatArray]],
    bounds: NDArray[np.intp],
) -> FloatArray:
    """(n,) or (n, 3) mean of the product of a feature's factors over its size."""
    lead, *multipliers = (series[feature.band][factor] for factor in feature.factors)
    weight = reduce(np.multiply, multipliers)
    product = lead * (weight[:, None] if lead.ndim == 2 else weight)
    size = np.prod([rms[feature.band][factor] for factor in feature.factors], axis=0)
    mean = _mean(product, bounds)
    return np.asarray(mean / (size[:, None] if mean.ndim == 2 else size))


def _rms(values: FloatArray, bounds: NDArray[np.intp]) -> FloatArray:
    return np.sqrt(_mean(values * values, bounds)) + _TINY


def _mean(values: FloatArray, bounds: NDArray[np.intp]) -> FloatArray:
    """Mean of the samples in each half-open range of ``bounds``."""
    padded = np.concatenate([values, np.zeros_like(values[:1])])
    sums = np.add.reduceat(padded, bounds.ravel(), axis=0)[::2]
    counts = np.diff(bounds, axis=1)
    return np.asarray(sums / (counts if values.ndim == 2 else counts[:, 0]))


def _dot_products(vectors: NDArray[np.floating]) -> FloatArray:
    """(n, k (k + 1) / 2) products of each of k vectors with itself and with those after it.

    They do not change if the device is turned. The order is `combinations_with_replacement`.
    """
    first, second = np.triu_indices(vectors.shape[1])
    products = np.empty((len(vectors), len(first)))
    for rows in np.array_split(np.arange(len(vectors)), len(vectors) // _BLOCK_STRIDES + 1):
        block = vectors[rows]
        products[rows] = (block @ block.swapaxes(1, 2))[:, first, second]
    return products
