"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from retrodetect.errors import UsageError
from retrodetect.sites import PLACEMENTS, canonical_site

if TYPE_CHECKING:
    from retrodetect.formats import ReadOptions

__all__ = [
    "SITES_HELP",
    "Cache",
    "Columns",
    "Goal",
    "Gravity",
    "Jobs",
    "Labelled",
    "Model",
    "Paths",
    "Placement",
    "Quiet",
    "Rate",
    "Sign",
    "Unit",
    "cache_folder",
    "out_option",
    "placement",
    "read_options",
]

_READING = "Reading"

SITES_HELP = f"Body site: {', '.join(PLACEMENTS)}, or a word like hip; auto infers it."

Paths = Annotated[
    list[str],
    typer.Argument(
        help="File, folder (searched recursively), an app's zip, or URL.", show_default=False
    ),
]
Model = Annotated[str, typer.Option(help="Name of a shipped model, or a model file.")]
Labelled = Annotated[
    Path,
    typer.Argument(
        help="Manifest, folder with forward/ and backward/, or recordings with notes.",
        show_default=False,
        metavar="RECORDINGS",
    ),
]
Placement = Annotated[str, typer.Option(help=f"For recordings that name no site. {SITES_HELP}")]
Cache = Annotated[
    str | None,
    typer.Option(help="Folder that keeps what was measured, or none (default: your cache)."),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Number of processes (default: one per core).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")]
Unit = Annotated[
    str | None,
    typer.Option(help="Unit of the acceleration: m/s2, g, mg, g/256.", rich_help_panel=_READING),
]
Sign = Annotated[
    str | None,
    typer.Option(help="Sign of an upward axis at rest: + or -.", rich_help_panel=_READING),
]
Gravity = Annotated[
    str | None,
    typer.Option(help="total, or linear if the app removed gravity.", rich_help_panel=_READING),
]
Rate = Annotated[float | None, typer.Option(help="Sampling rate in Hz.", rich_help_panel=_READING)]
Columns = Annotated[
    str | None,
    typer.Option(help="Names of the columns: time=T,x=A,y=B,z=C.", rich_help_panel=_READING),
]


def read_options(
    unit: str | None, sign: str | None, gravity: str | None, rate: float | None, columns: str | None
) -> ReadOptions:
    """Overrides for reading, checked."""
    from retrodetect.formats import ReadOptions

    named = ReadOptions.parse_columns(columns) if columns else {}
    return ReadOptions(unit=unit, sign=sign, gravity=gravity, rate_hz=rate, columns=named)  # type: ignore[arg-type]


Goal = Annotated[
    str | None,
    typer.Option(help="Backward share to reach, such as 40%.", rich_help_panel="Tally"),
]


def out_option(sentence: str) -> Any:
    """Option for what is to be written: a path that is not empty, as an unset variable is."""
    return typer.Option(help=sentence, parser=_place, metavar="<path>")


def _place(text: str) -> Path:
    if not text:
        raise UsageError(
            "a path is empty", place="--out", remedy="name a folder, or . for this one"
        )
    return Path(text)


def cache_folder(option: str | None) -> Path | None:
    """Folder for the cache: as given, else the user's; None for none, or if none can be made."""
    from retrodetect.locations import make_folder

    if option == "none":
        return None
    if option is not None:
        return make_folder(Path(option))
    from platformdirs import user_cache_path

    try:
        return make_folder(user_cache_path("retrodetect", appauthor=False))
    except (RuntimeError, UsageError):  # no home, or nobody may write there
        return None


def placement(words: str) -> str | None:
    """Name of the body site, or None for ``auto``; UsageError where there is no such site."""
    return None if words.lower() == "auto" else canonical_site(words)
