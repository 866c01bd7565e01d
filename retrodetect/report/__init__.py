"""Report: figures and a page about sessions.

``figure`` draws one session with matplotlib, ``view_of`` keeps what a page tells of it,
``trace_of`` thins its signal, ``page`` makes one self-contained HTML page of many, and ``facts``
the same as data where no table holds it. ``annotate`` makes a page to mark recordings on.
"""

from retrodetect.report.figure import figure
from retrodetect.report.page import annotate, facts, page, view_of
from retrodetect.report.trace import overview, trace_of

__all__ = ["annotate", "facts", "figure", "overview", "page", "trace_of", "view_of"]
