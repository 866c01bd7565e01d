"""Report: a page about sessions.

``view_of`` keeps what a page shows of a session, ``trace_of`` thins its signal, ``page`` makes one
self-contained HTML page of many, and ``facts`` the same as data where no table holds it.
``annotate`` makes a page to mark recordings on.
"""

from retrodetect.report.page import annotate, facts, overview, page, trace_of, view_of

__all__ = ["annotate", "facts", "overview", "page", "trace_of", "view_of"]
