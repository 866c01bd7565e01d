"""Gait: where the wearer walks or runs, and when each foot meets the ground.

``detect`` is the whole stage. It needs no placement and no mounting: periods come from
the autocorrelation of the acceleration vector, which no rotation changes, and events from
the phase of the vertical.
"""

from retrodetect.gait.detect import Gait, detect, in_run, joined
from retrodetect.gait.displacement import WAY_COLUMNS

__all__ = ["WAY_COLUMNS", "Gait", "detect", "in_run", "joined"]
