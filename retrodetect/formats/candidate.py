"""Candidates: a file as formats look at it, with the files that belong to it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from retrodetect.formats.sniff import sniff
from retrodetect.formats.source import Source
from retrodetect.formats.table import Table

__all__ = ["Candidate"]


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
