"""Libraries of the extras: not installed, or given a damaged file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from retrodetect.errors import RetrodetectError, UnreadableFile
from retrodetect.formats.source import Source

__all__ = ["guarded"]


@contextmanager
def guarded(source: Source, what: str, extra: str = "devices") -> Iterator[None]:
    """Import a library and let it read a file; whatever it raises becomes one clear sentence.

    Parameters
    ----------
    source
        The file, for messages.
    what
        What it is, with its article: ``an Excel workbook``.
    extra
        Which brings the library.

    Raises
    ------
    UnreadableFile
        Where the library is missing, or cannot make sense of the file.
    """
    try:
        yield
    except (RetrodetectError, MemoryError):
        raise
    except ImportError as error:
        raise UnreadableFile(
            f"is {what}, which needs more packages",
            file=source.label,
            remedy=f"run pip install 'retrodetect[{extra}]'",
        ) from error
    except Exception as error:  # parsers of others raise anything on damaged bytes
        raise UnreadableFile(
            f"is {what} that is cut off or damaged",
            file=source.label,
            remedy="copy or export it again",
        ) from error
