"""Formats: from the file of an app or a device to recordings.

`read` is the whole stage, and `pieces` the same for recordings of any length; `discover` finds what
there is to read below a path, and `describe` says what was understood. A file goes this way, one
module for each step:

``source`` opens it, packed or in an archive, within bounds; ``table`` (with ``text``) understands
its head as a table; ``files`` asks every format of ``exports`` which is surest of it, and finds the
files that belong to it. That format says by a ``layout`` which columns are what (``guess`` helps
where names vary) and hands on a ``draft`` of whole columns, which the ``spool`` keeps in a
temporary file where they are large. Of it ``reading`` assembles the recording: ``clock`` tells the
seconds, ``plausible`` unit, gravity and what is no reading, ``align`` the other sensors.
"""

from retrodetect.formats.draft import ReadOptions
from retrodetect.formats.files import Input, discover
from retrodetect.formats.reading import describe, pieces, read

__all__ = ["Input", "ReadOptions", "describe", "discover", "pieces", "read"]
