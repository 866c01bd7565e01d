"""Options that several commands share."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodetect.errors import UsageError
from retrodetect.locations import make_folder

if TYPE_CHECKING:
    from retrodetect.formats import ReadOptions

__all__ = [
    "Cache",
    "Columns",
    "Gravity",
    "Labelled",
    "Model",
    "Paths",
    "Quiet",
    "Rate",
    "Sign",
    "Unit",
    "cache_folder",
    "out_option",
    "read_options",
    "stretches",
]

_READING = "Reading"

Paths = Annotated[
    list[str],
    typer.Argument(help="File, folder (searched), an app's zip, or a URL.", show_default=False),
]
Model = Annotated[str, typer.Option(help="Name of a shipped model, or its file.")]
Labelled = Annotated[
    Path,
    typer.Argument(
        help="Manifest, folder with forward/ and backward/, or recordings with notes.",
        show_default=False,
        metavar="RECORDINGS",
    ),
]
Cache = Annotated[
    str | None,
    typer.Option(help="Folder for the features of recordings; none to keep nothing."),
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Nothing but failures.")]
Unit = Annotated[
    str | None,
    typer.Option(help="Unit of the acceleration: m/s2, g, mg, g/256.", rich_help_panel=_READING),
]
Sign = Annotated[
    str | None,
    typer.Option(help="What an upward axis reads at rest: + or -.", rich_help_panel=_READING),
]
Gravity = Annotated[
    str | None, typer.Option(help="total or linear (removed).", rich_help_panel=_READING)
]
Rate = Annotated[float | None, typer.Option(help="Sampling rate in Hz.", rich_help_panel=_READING)]
Columns = Annotated[
    str | None,
    typer.Option(help="Which column is which: time=T,x=A,y=B,z=C.", rich_help_panel=_READING),
]


def read_options(
    unit: str | None, sign: str | None, gravity: str | None, rate: float | None, columns: str | None
) -> ReadOptions:
    """Overrides for reading, checked."""
    from retrodetect.formats import ReadOptions

    named = ReadOptions.parse_columns(columns) if columns else {}
    return ReadOptions(unit=unit, sign=sign, gravity=gravity, rate_hz=rate, columns=named)  # type: ignore[arg-type]


def stretches(texts: list[str], option: str) -> tuple[tuple[float, float], ...]:
    """Turn ``5:20`` into (5.0, 20.0).

    Raises
    ------
    UsageError
        Where a text is not two numbers with a colon between.
    """
    found = []
    for text in texts:
        begin, _, end = text.partition(":")
        try:
            found.append((float(begin), float(end)))
        except ValueError as error:
            raise UsageError(
                f"{text!r} is no stretch of time",
                place=option,
                remedy="write start:end in seconds, such as 5:20",
            ) from error
    return tuple(found)


def out_option(words: str) -> Any:
    """Option for what is to be written: a path, and not an empty one, as an unset variable is."""
    return typer.Option(help=words, parser=_place, metavar="<path>")


def _place(text: str) -> Path:
    if not text:
        raise UsageError("a path is empty", place="--out", remedy="name one, . for this folder")
    return Path(text)


def cache_folder(told: str | None) -> Path | None:
    """Folder for the cache: as told, else the user's; None for none, or where none can be made."""
    if told == "none":
        return None
    if told is not None:
        return make_folder(Path(told))
    try:
        users = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
        return make_folder(users / "retrodetect")
    except (RuntimeError, UsageError):  # no home, or nobody may write there
        return None
