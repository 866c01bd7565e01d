"""Library: functions for notebooks, on top of the stages.

``arrays`` makes recordings from arrays and data frames, ``result`` contains the strides and
converts them to the columns of other tools, ``doors`` reads, labels and measures, ``many`` labels
whole folders, and ``validation`` compares strides with a reference. The stages name options of the
command line; errors that leave the library name its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from retrodetect.errors import RetrodetectError

__all__ = ["as_arguments", "in_python_words"]

_OPTION = re.compile(r"--([a-z-]+)(?: (linear|total|forward|backward)| ((?:\w+=\w+,?)+))?")
_ARGUMENTS = {"rate": "rate_hz=", "ignore-notes": "use_notes=False"}


@contextmanager
def in_python_words() -> Iterator[None]:
    """Name arguments instead of options in errors: ``unit=`` for ``--unit``."""
    try:
        yield
    except RetrodetectError as error:
        for part in ("reason", "place", "remedy"):
            setattr(error, part, as_arguments(getattr(error, part, "")))
        raise


def as_arguments(text: str) -> str:
    """Name arguments instead of options in a text."""

    def argument(option: re.Match[str]) -> str:
        name = _ARGUMENTS.get(option[1], f"{option[1]}=")
        if option[3]:
            return f"{name}{dict(pair.split('=') for pair in option[3].split(','))}"
        return f'{name}"{option[2]}"' if option[2] else name

    return _OPTION.sub(argument, text)
