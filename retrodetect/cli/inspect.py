"""``retrodetect inspect`` and ``annotate``: check and mark recordings before labelling."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from retrodetect.cli import options
from retrodetect.errors import InputError

__all__ = ["annotate", "inspect"]


@options.with_reading
def inspect(
    paths: options.Paths,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON instead.")] = False,
    *,
    read: options.Read,
) -> int:
    """Show how a recording was read: each conclusion and its evidence."""
    from retrodetect import formats
    from retrodetect.runs.inputs import find_inputs

    inputs, skipped = find_inputs(paths, read.columns.values())
    descriptions: list[dict[str, Any]] = []
    for recording_input in inputs:
        try:
            recordings = formats.read(recording_input, options=read)
            descriptions += [formats.describe(recording) for recording in recordings]
        except InputError as error:
            descriptions.append({"name": recording_input.name, "error": str(error)})
    descriptions += [{"name": name, "skipped": why} for name, why in skipped.items()]
    if as_json:
        typer.echo(json.dumps(descriptions, indent=1, ensure_ascii=False))
    else:
        _show(descriptions)
    return int(any("error" in description for description in descriptions))


def _show(descriptions: list[dict[str, Any]]) -> None:
    """Print a block for each recording: topic, ground, conclusion."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    from retrodetect.tables import visible

    # Break no sentence if a program reads it.
    console = Console(width=None if Console().is_terminal else 1000)
    for description in descriptions:
        console.print(Text(visible(description["name"]), style="bold"))
        table = Table(box=None, show_header=False, padding=(0, 2))
        for topic, value in description.items():
            if topic != "name":
                text, ground = _shown(value)
                table.add_row(*(Text(visible(cell)) for cell in (topic, ground, text)))
        with console.capture() as lines:
            console.print(table)
        typer.echo("\n".join(line.rstrip() for line in lines.get().splitlines()))


def _shown(value: Any) -> tuple[str, str]:
    """Return the text and ground of a finding, or the text of a plain value."""
    if isinstance(value, dict) and "ground" in value:
        return str(value["value"]), str(value["ground"])
    if isinstance(value, list):
        return "; ".join(map(_item, value)) or "none", ""
    if isinstance(value, bool):
        return "yes" if value else "no", ""
    return "not known" if value is None else str(value), ""


def _item(value: Any) -> str:
    """Return the text of a list entry; annotations with their times."""
    if isinstance(value, dict):
        until = f"–{value['end_s']:.1f}" if value["end_s"] > value["start_s"] else ""
        return f"“{value['text']}” at {value['start_s']:.1f}{until} s"
    return str(value)


@options.with_reading
def annotate(
    paths: options.Paths,
    out: Annotated[Path, options.out_option("File to write the page to.")] = Path("annotate.html"),
    *,
    read: options.Read,
) -> int:
    """Make a page for marking stretches: forward, backward, sideways.

    The page works offline. It saves a table for label --labels and for train.
    """
    from retrodetect import formats
    from retrodetect.locations import replacing
    from retrodetect.runs.inputs import find_inputs
    from retrodetect.runs.outputs import Outputs, check_libraries

    check_libraries(Outputs(out.parent, report=True))
    from retrodetect.report import annotate as page_of
    from retrodetect.report import overview, trace_of

    recordings: list[dict[str, Any]] = []
    failures: list[InputError] = []
    for recording_input in find_inputs(paths, read.columns.values())[0]:
        try:
            recordings += [
                {
                    "name": recording.name,
                    "path": str(recording_input.path),
                    "duration_s": recording.duration_s,
                    "start_time": recording.start_time.isoformat() if recording.start_time else "",
                    "overview": overview(trace_of(recording), fine=True),
                }
                for recording in formats.read(recording_input, options=read)
            ]
        except InputError as error:
            failures.append(error)
    if not recordings:
        raise failures[0]
    for failure in failures:
        typer.echo(f"left out: {failure}", err=True)
    with replacing(out) as stream:
        stream.write(page_of(recordings, sys.argv[1:]).encode())
    typer.echo(f"Page: {out}. Open it in a browser, mark the stretches, and save the labels.")
    return int(bool(failures))
