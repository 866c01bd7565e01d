"""Every error retrodetect raises on purpose.

One root and a few kinds, so that a caller may catch as widely or as narrowly as
it likes. A message always names the file, the place in it, the reason and the
remedy, in one sentence that a wearer understands.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial

__all__ = [
    "InputError", "ModelError", "OutputError", "RefusedExamples", "RefusedRecording",
    "RetrodetectError", "UnreadableFile", "UsageError", "about",
]  # fmt: skip


class RetrodetectError(Exception):
    """Base class of all errors that retrodetect raises on purpose.

    Parameters
    ----------
    reason
        What is wrong, in a few words, without a full stop.
    file
        The file or folder concerned, if any.
    place
        Where in it: a line, a column, a time.
    remedy
        What the reader of the message can do now.
    """

    def __init__(self, reason: str, *, file: str = "", place: str = "", remedy: str = "") -> None:
        self.reason = reason
        self.file = file
        self.place = place
        self.remedy = remedy
        super().__init__(reason, file, place, remedy)

    def __str__(self) -> str:
        where = ", ".join(part for part in (self.file, self.place) if part)
        head = f"{where}: {self.reason}" if where else self.reason
        return f"{head}; {self.remedy}." if self.remedy else f"{head}."

    def __reduce__(self) -> tuple[object, ...]:
        named = {"file": self.file, "place": self.place, "remedy": self.remedy}
        return partial(type(self), **named), (self.reason,)


class InputError(RetrodetectError):
    """One input is at fault; a batch records the error and goes on with the others."""


class UnreadableFile(InputError):
    """The file is missing, empty, damaged, or not a recording (status ``failed``)."""


class RefusedRecording(InputError):
    """The file can be read but not labelled reliably (status ``refused``)."""


MOST_LISTED = 20
"""Problems that a message lists; a file with another layout has one in every line."""


class RefusedExamples(InputError):
    """Labelled recordings are unfit for training or scoring; nothing was done.

    Parameters
    ----------
    problems
        What is wrong, each with its file and line.
    file
        The manifest or folder.
    """

    def __init__(self, problems: Sequence[str], *, file: str = "") -> None:
        self.problems = tuple(problems)
        listed = "".join(f"\n  {problem}" for problem in self.problems[:MOST_LISTED])
        if len(self.problems) > MOST_LISTED:
            listed += f"\n  and {len(self.problems) - MOST_LISTED} more"
        super().__init__(f"nothing was done. Fix these:{listed}", file=file)

    def __reduce__(self) -> tuple[object, ...]:
        return partial(RefusedExamples, file=self.file), (self.problems,)


class ModelError(RetrodetectError):
    """A model is missing, damaged, or does not fit this version."""


class OutputError(RetrodetectError):
    """Results cannot be written: the run ends and can be resumed."""


class UsageError(RetrodetectError):
    """An option or argument makes no sense; nothing was done."""


@contextmanager
def about(file: str) -> Iterator[None]:
    """Name a file in errors about an input that don't name one yet."""
    try:
        yield
    except InputError as error:
        error.file = error.file or file
        raise
