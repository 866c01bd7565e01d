"""Report stage: sessions for the eye.

``figure`` draws one session with matplotlib, ``view_of`` keeps what a page tells of it, and
``page`` makes one self-contained HTML page of many.
"""

from retrodetect.report.figure import figure
from retrodetect.report.page import page
from retrodetect.report.view import view_of

__all__ = ["figure", "page", "view_of"]
