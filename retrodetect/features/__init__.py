"""Stride features: what one stride says about direction, whatever the mounting.

``catalogue`` names every feature with its unit, meaning and source; ``compute`` turns
strides into a :class:`StrideFeatures`. Nothing here knows which way the wearer went.
"""

from retrodetect.features.catalogue import (
    FREE_FEATURES,
    GYRO_SCALARS,
    LEVERS,
    MOMENTS,
    NEEDS_GYRO,
    POINTERS,
    SCALARS,
    SWING,
    VECTORS,
    Feature,
)
from retrodetect.features.compute import StrideFeatures, compute
from retrodetect.features.invariant import MountingFree

__all__ = [
    "FREE_FEATURES",
    "GYRO_SCALARS",
    "LEVERS",
    "MOMENTS",
    "NEEDS_GYRO",
    "POINTERS",
    "SCALARS",
    "SWING",
    "VECTORS",
    "Feature",
    "MountingFree",
    "StrideFeatures",
    "compute",
]
