"""Options that several commands share, and the parsers of their values."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from retrodetect.errors import UsageError
from retrodetect.sites import PLACEMENTS, canonical_site

__all__ = [
    "DISTANCES", "SITES_HELP", "Cache", "Goal", "Jobs", "Labelled", "Model", "Paths", "Placement",
    "Quiet", "Read", "amount", "cache_folder", "goal", "out_option", "placement", "speed",
    "stretch", "with_reading",
]  # fmt: skip

T = TypeVar("T")

_reading = partial(typer.Option, rich_help_panel="Reading")

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
Placement = Annotated[str, typer.Option(help=f"For recordings without a known site. {SITES_HELP}")]
Cache = Annotated[
    str | None,
    typer.Option(help="Folder that keeps measured strides, or none (default: your cache)."),
]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Number of processes (default: one per core).")
]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="Print failures only.")]
Unit = Annotated[str | None, _reading(help="Unit of the acceleration: m/s2, g, mg, g/256.")]
Sign = Annotated[str | None, _reading(help="Sign that an axis pointing up reads at rest: + or -.")]
Gravity = Annotated[str | None, _reading(help="total, or linear if the app removed gravity.")]
Rate = Annotated[float | None, _reading(help="Sampling rate in Hz, instead of the file's clock.")]
Columns = Annotated[str | None, _reading(help="Columns by name or number: time=T,x=A,y=B,z=C.")]

Read = Any
"""Checked :class:`retrodetect.formats.ReadOptions`, which is slow to import."""


def with_reading(command: Callable[..., T]) -> Callable[..., T]:
    """Add the options for reading to a command; it receives them, checked, as ``read``."""

    def run(
        *, unit: Unit = None, sign: Sign = None, gravity: Gravity = None, rate: Rate = None,
        columns: Columns = None, **arguments: Any,
    ) -> T:  # fmt: skip
        from retrodetect.formats import ReadOptions

        named = ReadOptions.parse_columns(columns) if columns else {}
        read = ReadOptions(unit=unit, sign=sign, gravity=gravity, rate_hz=rate, columns=named)  # type: ignore[arg-type]
        return command(**arguments, read=read)

    declared, shared = (signature(function, eval_str=True) for function in (command, run))
    parameters = {**declared.parameters, **shared.parameters}.values()
    kept = [parameter for parameter in parameters if parameter.name not in ("read", "arguments")]
    run.__signature__ = declared.replace(parameters=kept)  # type: ignore[attr-defined]
    run.__name__, run.__doc__ = command.__name__, command.__doc__
    return run


Goal = Annotated[
    str | None, typer.Option(help="Backward share to reach, such as 40%.", rich_help_panel="Tally")
]


def out_option(sentence: str) -> Any:
    """Option for an output path; refuses an empty one, as from an unset variable."""
    return typer.Option(help=sentence, parser=_place, metavar="<path>")


def _place(text: str) -> Path:
    if not text:
        raise UsageError("a path is empty", place="--out", remedy="use . for this folder")
    return Path(text)


def cache_folder(option: str | None) -> Path | None:
    """Return the cache folder: the option or the user's; None if unwanted or not writable."""
    from retrodetect.locations import make_folder

    if option == "none":
        return None
    if option is not None:
        return make_folder(Path(option))
    from platformdirs import user_cache_path

    try:
        return make_folder(user_cache_path("retrodetect", appauthor=False))
    except (RuntimeError, UsageError):  # no home, or no permission to write
        return None


def placement(words: str) -> str | None:
    """Return the body site, or None for ``auto``; UsageError if there is no such site."""
    return None if words.lower() == "auto" else canonical_site(words)


DISTANCES = {"m": 1.0, "km": 1000.0, "mi": 1609.344, "mile": 1609.344, "miles": 1609.344}

_SPEEDS = {
    "m/s": 1.0, "km/h": 1 / 3.6, "kmh": 1 / 3.6, "kph": 1 / 3.6, "mph": 0.44704,
    "mi/h": 0.44704,
}  # fmt: skip
_PACE_OVER_M = {"/km": 1000.0, "/mi": 1609.344, "/mile": 1609.344}

_AMOUNT = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z/]+)", re.IGNORECASE)
_PACE = re.compile(r"(\d+)(?::([0-5]\d))?\s*(?:min)?\s*(/\s*(?:km|mile|mi))", re.IGNORECASE)
_DASH = r"\s*[-–]\s*"
_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)\s*s?"
_SECONDS = re.compile(rf"{_NUMBER}{_DASH}{_NUMBER}")
_TIME = r"(?:(\d+):)?(\d+):([0-5]\d(?:\.\d+)?)"
_TIMES = re.compile(rf"{_TIME}{_DASH}{_TIME}")
_AMBIGUOUS = re.compile(r"(\d+):(\d+)")

DAY_S = 86400.0


def goal(text: str | None) -> float | None:
    """Turn ``40``, ``40%`` or ``0.4`` into a share."""
    if text is None:
        return None
    match = re.fullmatch(r"(\d+(?:[.,]\d+)?)\s*(%?)", text.strip())
    number = float(match[1].replace(",", ".")) if match else -1.0
    share = number / 100 if match and (match[2] or number > 1) else number
    if not 0 <= share <= 1:
        raise UsageError(
            f"{text!r} is not a share", place="--goal", remedy="write 40% or 0.4 for 40 percent"
        )
    return share


def speed(text: str | None) -> float | None:
    """Turn ``5km/h``, ``5kmh``, ``5:30/km`` or ``9 min/mile`` into metres per second."""
    match = _PACE.fullmatch(text.strip()) if text is not None else None
    if match is None:
        return amount(text, _SPEEDS, "--speed", "5km/h, 3mph or 5:30/km")
    seconds = 60 * int(match[1]) + int(match[2] or 0)
    if not seconds:
        raise UsageError(f"{text!r} is not a pace", place="--speed", remedy="write it as 5:30/km")
    return _PACE_OVER_M[match[3].lower().replace(" ", "")] / seconds


def amount(text: str | None, units: dict[str, float], option: str, example: str) -> float | None:
    """Turn a number with a unit, such as ``2.4km``, into the base unit."""
    if text is None:
        return None
    match = _AMOUNT.fullmatch(text.strip())
    if match is None or match[2].lower() not in units:
        raise UsageError(
            f"{text!r} is not a number with a unit", place=option, remedy=f"write it as {example}"
        )
    if re.search(r",\d{3}$", match[1]):
        raise UsageError(
            f"{text!r} may mean thousands or a decimal comma",
            place=option,
            remedy=f"write {text.replace(',', '')} or {text.replace(',', '.')}",
        )
    return float(match[1].replace(",", ".")) * units[match[2].lower()]


def stretch(text: str, option: str) -> tuple[float, float, bool]:
    """Turn ``5-20``, ``0:05-0:20`` or ``09:02:18-09:04:10`` into two times in seconds.

    They count from the first sample or, if they have hours, from midnight; the last value
    returned says which.
    """
    text = text.strip()
    if match := _AMBIGUOUS.fullmatch(text):
        raise UsageError(
            f"{text!r} may mean seconds {match[1]} to {match[2]}, or"
            f" {int(match[1])} min {int(match[2])} s",
            place=option,
            remedy=f"write {match[1]}-{match[2]} for the seconds, or two times such as"
            f" {text}-{int(match[1]) + 1}:{match[2]}",
        )
    if match := _SECONDS.fullmatch(text):
        return float(match[1]), float(match[2]), False
    match = _TIMES.fullmatch(text)
    if match is None or (match[1] is None) != (match[4] is None):
        raise UsageError(
            f"{text!r} is not a range of time",
            place=option,
            remedy="write 0:05-0:20 (minutes), 09:02:18-09:04:10 (clock) or 5-20 (seconds)",
        )
    start_s, end_s = (
        3600 * int(hours or 0) + 60 * int(minutes) + float(seconds)
        for hours, minutes, seconds in (match.groups()[:3], match.groups()[3:])
    )
    by_clock = match[1] is not None
    if by_clock and end_s < start_s:
        end_s += DAY_S  # past midnight
    return start_s, end_s, by_clock
