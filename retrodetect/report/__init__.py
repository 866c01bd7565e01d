"""Report stage: sessions for the eye."""

from retrodetect.report.figure import figure

__all__ = ["figure"]
