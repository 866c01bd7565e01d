"""Tally: from the strides of a session to its shares, bouts, repeats and energy."""

from retrodetect.tally.session import tally

__all__ = ["tally"]
