"""Signal stage: from a recording to gap-free runs at one rate, with the vertical found.

``prepare`` is the whole stage. It never fills a gap: a recording is cut wherever
samples are missing for longer than ``MAX_GAP_S``, and each run is resampled on its
own. Everything downstream works at ``ANALYSIS_RATE_HZ``.
"""

from retrodetect.signal.prepare import ANALYSIS_RATE_HZ, Signal, prepare

__all__ = ["ANALYSIS_RATE_HZ", "Signal", "prepare"]
