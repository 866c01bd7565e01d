"""Formats: from whatever an app or a device wrote to recordings.

`read` is the whole stage; `discover` finds what there is to read below a path, and `describe` says
what was understood. One module of `exports` holds what is special to one format; the rest of this
package is what they share:

`source` opens bytes, `table` and `timetext` understand text, `columns` and `units` names;
`layout` turns a table into `draft` recordings; `clock`, `level` and `assemble` make recordings of
them; `registry` and `grouping` choose the format and the files that belong together.
"""

from retrodetect.formats.describe import describe
from retrodetect.formats.discover import Input, discover
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.reading import read

__all__ = ["Input", "ReadOptions", "describe", "discover", "read"]
