"""The formats that are known: the ``FORMAT`` of every module of `retrodetect.formats.exports`."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Draft
from retrodetect.formats.options import ReadOptions

__all__ = ["CERTAIN", "LIKELY", "NO", "POSSIBLE", "Format", "Role", "formats", "recognised"]

NO, POSSIBLE, LIKELY, CERTAIN = 0, 1, 2, 3
"""How sure a format is of a file: a structure that many share, one that few do, a signature."""


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


def _recording(file: Candidate) -> Role:
    """Role of a file that holds one recording of its own."""
    del file
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


@cache
def formats() -> tuple[Format, ...]:
    """All formats, in order of module name."""
    from retrodetect.formats import exports

    modules = [
        importlib.import_module(f"{exports.__name__}.{module.name}")
        for module in pkgutil.iter_modules(exports.__path__)
    ]
    return tuple(module.FORMAT for module in modules)


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
