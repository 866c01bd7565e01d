"""Report stage: sessions for the eye.

``figure`` draws one session with matplotlib, ``view_of`` keeps what a page tells of it,
``trace_of`` thins its signal, ``page`` makes one self-contained HTML page of many, and ``facts``
the same as data where no table holds it.
"""

from retrodetect.report.figure import figure
from retrodetect.report.page import facts, page
from retrodetect.report.trace import trace_of
from retrodetect.report.view import view_of

__all__ = ["facts", "figure", "page", "trace_of", "view_of"]
