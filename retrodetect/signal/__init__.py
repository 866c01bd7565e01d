"""Signal: from a recording to its active parts, without gaps, at one rate, with the vertical.

``prepare`` is the whole stage; ``signals`` does the same for a recording in pieces. Gaps are never
filled: a recording is cut wherever samples are missing for longer than ``MAX_GAP_S``, and where it
is stiller than any gait (``activity``); each part is resampled on its own. Everything downstream
works at ``ANALYSIS_RATE_HZ``.
"""

from retrodetect.signal.activity import HOP_S, MIN_ACTIVITY_MPS2, WINDOW_S
from retrodetect.signal.numerics import zero_phase
from retrodetect.signal.prepare import ANALYSIS_RATE_HZ, Signal, prepare, signals

__all__ = [
    "ANALYSIS_RATE_HZ", "HOP_S", "MIN_ACTIVITY_MPS2", "WINDOW_S", "Signal", "prepare", "signals",
    "zero_phase",
]  # fmt: skip
