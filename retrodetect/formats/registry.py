"""The formats that can be read, and the candidates that they are asked about.

Every module of `retrodetect.formats.exports` lists its own in ``FORMATS``.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property

from retrodetect.formats.draft import Draft
from retrodetect.formats.layout import Layout, drafts_of_parts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.sniff import sniff
from retrodetect.formats.source import Source
from retrodetect.formats.table import Table

__all__ = [
    "CERTAIN", "LIKELY", "NO", "POSSIBLE", "Candidate", "Format", "Role", "formats", "recognised",
    "table_format",
]  # fmt: skip

NO, POSSIBLE, LIKELY, CERTAIN = 0, 1, 2, 3
"""How sure a format is of a file: a structure that many share, one that few do, a signature."""


@dataclass(frozen=True)
class Candidate:
    """A file that may be a recording.

    Parameters
    ----------
    source
        Its bytes.
    companions
        The other files of the same recording.
    """

    source: Source
    companions: tuple[Candidate, ...] = ()

    @cached_property
    def table(self) -> Table:
        """The file as a table of text; a table of width 0 if it is none.

        Raises
        ------
        UnreadableFile
            If the file cannot be opened or is damaged.
        """
        return sniff(self.source)

    def with_companions(self, companions: tuple[Candidate, ...]) -> Candidate:
        """Return the same file with other companions; its table is not read again."""
        changed = replace(self, companions=companions)
        if "table" in self.__dict__:
            changed.__dict__["table"] = self.table
        return changed

    def forgotten(self) -> Candidate:
        """Return the same file and its companions without the content read so far."""
        return Candidate(
            replace(self.source),
            tuple(Candidate(replace(companion.source)) for companion in self.companions),
        )


@dataclass(frozen=True, slots=True)
class Role:
    """What a file is among those of one recording.

    Parameters
    ----------
    has_acceleration
        Whether a recording can be read from it; a side file otherwise.
    device
        Tells apart devices that share an export, such as a phone and a watch.
    rank
        Of several files with the same device's acceleration, the highest is read.
    """

    has_acceleration: bool = True
    device: str = ""
    rank: int = 0


def _recording(_: Candidate) -> Role:
    """Role of a file that holds one recording of its own."""
    return Role()


@dataclass(frozen=True, slots=True)
class Format:
    """One export format.

    Parameters
    ----------
    name
        As in results.
    recognise
        How sure the format is of a file, from its head alone.
    read
        Reads it.
    role
        What a file is among its companions.
    is_folder
        Whether an export of this format is a folder of files with fixed names.
    """

    name: str
    recognise: Callable[[Candidate], int]
    read: Callable[[Candidate, ReadOptions], list[Draft]]
    role: Callable[[Candidate], Role] = _recording
    is_folder: bool = False


def table_format(
    name: str,
    recognise: Callable[[Candidate], int],
    layout: Layout | Callable[[Candidate], Layout | Mapping[str, Layout]],
    role: Callable[[Candidate], Role] = _recording,
    *,
    is_folder: bool = False,
) -> Format:
    """Return the format of tables that a layout describes.

    Parameters
    ----------
    name, recognise
        As in `Format`.
    layout
        The layout; or what makes it, where it depends on the file: several by the name of their
        part, where a table holds several recordings side by side.
    role, is_folder
        As in `Format`.

    Returns
    -------
    Format
        It reads one recording, or one for each device or person.
    """

    def read(file: Candidate, options: ReadOptions) -> list[Draft]:
        own = layout(file) if callable(layout) else layout
        parts = {"": own} if isinstance(own, Layout) else own
        return drafts_of_parts(file.table, parts, options)

    return Format(name, recognise, read, role, is_folder)


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in order of their names."""
    from retrodetect.formats import exports

    modules = [
        importlib.import_module(f"{exports.__name__}.{module.name}")
        for module in pkgutil.iter_modules(exports.__path__)
    ]
    every: list[Format] = [each for module in modules for each in module.FORMATS]
    return tuple(sorted(every, key=lambda each: each.name))


def recognised(file: Candidate) -> Format | None:
    """Return the format that is surest of a file, None where none is.

    Parameters
    ----------
    file
        The file with its companions.

    Returns
    -------
    Format or None
        The surest one, if any.
    """
    sure = [(each.recognise(file), each) for each in formats()]
    score, best = max(sure, key=lambda pair: pair[0])
    return best if score > NO else None
