"""Gait stage: from gap-free runs to bouts, initial contacts and strides.

``detect`` is the whole stage. It assumes nothing about placement, mounting or the
direction of travel: what it measures is the same for every rotation of the device
and for a total change of sign.
"""

from retrodetect.gait.detect import Gait, detect

__all__ = ["Gait", "detect"]
