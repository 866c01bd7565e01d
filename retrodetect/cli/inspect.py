"""``retrodetect inspect``: what the reader understood, and every assumption."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from retrodetect.cli import options
from retrodetect.cli.options import Columns, Gravity, Paths, Rate, Sign, Unit

__all__ = ["inspect"]

WIDTH_IN_FILES = 1000
"""No sentence is broken where a program reads it."""


def inspect(
    paths: Paths,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON list for programs.")] = False,
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> int:
    """Show what the reader understood of recordings, and every assumption with its ground."""
    read_options = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect import formats
    from retrodetect.errors import InputError, UsageError

    inputs = formats.discover(*paths, columns=read_options.columns.values())
    if not inputs:
        raise UsageError(
            "no recordings found",
            file=", ".join(paths),
            remedy="name a file, or a folder that holds some",
        )
    found: list[dict[str, Any]] = []
    for one in inputs:
        try:
            recordings = formats.read(one.path, name=one.name, options=read_options)
            found += [formats.describe(recording) for recording in recordings]
        except InputError as error:
            found.append({"name": one.name, "error": str(error)})
    if as_json:
        typer.echo(json.dumps(found, indent=1, ensure_ascii=False))
    else:
        _show(found)
    return int(any("error" in one for one in found))


def _show(found: list[dict[str, Any]]) -> None:
    """Print a block for each recording: topic, conclusion, ground."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from retrodetect.tables import visible

    console = Console()
    if not console.is_terminal:
        console = Console(width=WIDTH_IN_FILES)
    for one in found:
        console.print(Text(visible(one["name"]), style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 2))
        for topic, value in one.items():
            if topic != "name":
                text, ground = _shown(value)
                table.add_row(*(Text(visible(cell)) for cell in (topic, text, ground)))
        console.print(table)


def _shown(value: Any) -> tuple[str, str]:
    """Text of a finding and its ground, or of a plain value."""
    if isinstance(value, dict) and "ground" in value:
        return str(value["value"]), str(value["ground"])
    if isinstance(value, list):
        return "; ".join(map(_item, value)) or "none", ""
    if isinstance(value, bool):
        return "yes" if value else "no", ""
    return "not known" if value is None else str(value), ""


def _item(value: Any) -> str:
    """Text of an entry of a list; annotations as ``start–end text``."""
    if isinstance(value, dict):
        return f"{value['start_s']:.1f}–{value['end_s']:.1f} s {value['text']}"
    return str(value)
