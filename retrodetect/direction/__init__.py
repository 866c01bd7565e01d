"""Direction: from features to a direction for each stride, and the models for it."""

from retrodetect.direction.anchors import Anchors
from retrodetect.direction.checks import check_anchors, doubtful_strides
from retrodetect.direction.classify import Directions, decide
from retrodetect.direction.decoder import Priors
from retrodetect.direction.model import DirectionModel

__all__ = [
    "Anchors", "DirectionModel", "Directions", "Priors", "check_anchors", "decide",
    "doubtful_strides",
]  # fmt: skip
