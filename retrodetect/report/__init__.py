"""Report stage: sessions for the eye.

``figure`` draws one session with matplotlib, ``view_of`` keeps what a page tells of it,
``trace_of`` thins its signal, ``page`` makes one self-contained HTML page of many, and ``told``
the same as data where no table holds it.
"""

from retrodetect.report.figure import figure
from retrodetect.report.page import page, told
from retrodetect.report.trace import trace_of
from retrodetect.report.view import view_of

__all__ = ["figure", "page", "told", "trace_of", "view_of"]
