"""Strides and models made by hand, for tests that know what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from retrodetect.direction.decoder import PACES
from retrodetect.direction.model import FORMS, Readout
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import GYRO_SCALARS, RATIOS, SCALARS, SITE_SCALARS, VECTORS
from retrodetect.recording import FloatArray

__all__ = ["AHEAD", "LEFT", "UP", "features", "random_features", "readout"]

AHEAD, LEFT, UP = np.eye(3)

_NAMES = [feature.name for feature in VECTORS]


def features(
    count: int,
    vectors: Mapping[str, ArrayLike] | None = None,
    *,
    up: ArrayLike = UP,
    scalars: Mapping[int, ArrayLike] | None = None,
    gyro_scalars: Mapping[str, ArrayLike] | None = None,
) -> StrideFeatures:
    """Features of strides: the named vectors, all else zero.

    A stride has a gyroscope as soon as one of the vectors that need it is not zero.
    """
    made = StrideFeatures(
        scalars=np.zeros((count, len(SCALARS) + len(RATIOS))),
        site_scalars=np.zeros((count, len(SITE_SCALARS))),
        gyro_scalars=np.zeros((count, len(GYRO_SCALARS))),
        vectors=np.zeros((count, len(VECTORS), 3)),
        up=np.array(np.broadcast_to(up, (count, 3)), dtype=float),
        yaw_rad=np.zeros(count),
    )
    for name, vector in (vectors or {}).items():
        made.vectors[:, _NAMES.index(name)] = vector
    for column, scalar in (scalars or {}).items():
        made.scalars[:, column] = scalar
    names = [feature.name for feature in GYRO_SCALARS]
    for name, scalar in (gyro_scalars or {}).items():
        made.gyro_scalars[:, names.index(name)] = scalar
    return made


def random_features(seed: int, count: int = 6) -> StrideFeatures:
    """Features of strides, every one of them random."""
    rng = np.random.default_rng(seed)
    up = rng.normal(size=(count, 3))
    return StrideFeatures(
        scalars=rng.normal(size=(count, len(SCALARS) + len(RATIOS))),
        site_scalars=rng.normal(size=(count, len(SITE_SCALARS))),
        gyro_scalars=rng.normal(size=(count, len(GYRO_SCALARS))),
        vectors=rng.normal(size=(count, len(VECTORS), 3)),
        up=up / np.linalg.norm(up, axis=1, keepdims=True),
        yaw_rad=rng.uniform(0, 0.5, count),
    )


def readout(
    walk: Mapping[str, float],
    *,
    run: Mapping[str, float] | None = None,
    forms: Sequence[str] = FORMS,
    doubt: float | tuple[float, float] = 0.01,
) -> Readout:
    """A readout by the names of its vectors; of running as of walking where not given."""
    weights: FloatArray = np.zeros((len(FORMS), len(PACES), len(VECTORS)))
    for form in forms:
        for pace, by_name in zip(PACES, (walk, walk if run is None else run), strict=True):
            for name, weight in by_name.items():
                weights[FORMS.index(form), PACES.index(pace), _NAMES.index(name)] = weight
    return Readout(weights, np.array(np.broadcast_to(doubt, len(FORMS)), dtype=float))
