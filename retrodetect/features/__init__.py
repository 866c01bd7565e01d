"""Features: what each stride shows about direction, however the device is mounted.

``catalogue`` names every feature with its unit, meaning and source; ``compute`` turns
strides into a :class:`StrideFeatures`. No feature depends on the true direction.
"""

from retrodetect.features.compute import StrideFeatures, compute

__all__ = ["StrideFeatures", "compute"]
