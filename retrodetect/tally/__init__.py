"""Tally: from the strides of a session to its shares, bouts, repeats and energy.

``tally`` counts one session, ``stretches`` lists what was done in which direction, and
``share_interval`` says how sure the backward share is.
"""

from retrodetect.tally.session import tally

__all__ = ["tally"]
