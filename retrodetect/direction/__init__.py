"""Direction stage: travel direction, the classifier, and the session decoder that joins them."""

from retrodetect.direction.anchors import Anchors
from retrodetect.direction.classify import Cues, Directions, classify, decide
from retrodetect.direction.decoder import Priors
from retrodetect.direction.misgivings import misgivings
from retrodetect.direction.model import GROUPS, DirectionModel

__all__ = [
    "GROUPS",
    "Anchors",
    "Cues",
    "DirectionModel",
    "Directions",
    "Priors",
    "classify",
    "decide",
    "misgivings",
]
