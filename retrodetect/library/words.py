"""Errors in the words of Python: the stages speak of the options of the command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from retrodetect.errors import RetrodetectError

__all__ = ["in_python_words"]

_OPTION = re.compile(r"--([a-z]+)(?: (linear|total))?")


@contextmanager
def in_python_words() -> Iterator[None]:
    """Name arguments instead of options in errors: ``unit=`` for ``--unit``.

    Yields
    ------
    None
    """
    try:
        yield
    except RetrodetectError as error:
        for part in ("reason", "place", "remedy"):
            setattr(error, part, _OPTION.sub(_argument, getattr(error, part, "")))
        raise


def _argument(option: re.Match[str]) -> str:
    name = {"rate": "rate_hz"}.get(option[1], option[1])
    return f'{name}="{option[2]}"' if option[2] else f"{name}="
