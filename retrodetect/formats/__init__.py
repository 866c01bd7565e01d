"""Formats: from the file of an app or a device to recordings.

`read` is the whole stage, and `pieces` the same for recordings of any length; `discover` finds what
there is to read below a path, and `describe` says what was understood. A file goes this way, one
module for each step:

``source`` opens it, packed or in an archive, within bounds; ``sniff`` understands its head as a
``table`` (with ``text``); ``registry`` asks every format of ``exports`` which is surest of it, and
``grouping`` finds the files that belong to it. That format says by a
``layout`` which columns are what (``guess``, ``columns``, ``units`` and ``timetext`` help where
names vary) and hands on a ``draft`` of whole columns, which the ``spool`` keeps in a temporary file
where they are large. Of it ``assemble`` makes the recording: ``clock`` the seconds, ``holds`` what
is no reading, ``level`` unit and gravity, ``align`` the other sensors.
"""

from retrodetect.formats.discover import Input, discover
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.reading import describe, pieces, read

__all__ = ["Input", "ReadOptions", "describe", "discover", "pieces", "read"]
