"""``retrodetect annotate``: a page on which a person marks what was done when."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrodetect.cli import options
from retrodetect.cli.options import Columns, Gravity, Paths, Rate, Sign, Unit

__all__ = ["annotate"]


def annotate(
    paths: Paths,
    out: Annotated[Path, options.out_option("File to write the page to.")] = Path("annotate.html"),
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> None:
    """Make a page to mark stretches on: forward, backward, sideways or no gait.

    The page saves labels.csv for label --labels and for train. It needs no network.
    """
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect import formats
    from retrodetect.errors import UsageError
    from retrodetect.runs.outputs import Outputs, check_libraries
    from retrodetect.stores import replacing

    check_libraries(Outputs(out.parent, report=True))
    from retrodetect.report import annotate as page_of
    from retrodetect.report import overview, trace_of

    recordings = [
        {
            "name": recording.name,
            "path": str(each.path),
            "duration_s": recording.duration_s,
            "start_time": recording.start_time.isoformat() if recording.start_time else "",
            "overview": overview(trace_of(recording), fine=True),
        }
        for each in formats.discover(*paths, columns=read.columns.values())
        for recording in formats.read(each.path, name=each.name, options=read)
    ]
    if not recordings:
        raise UsageError(
            "contains no recordings",
            file=", ".join(paths),
            remedy="name a file, or a folder that contains recordings",
        )
    with replacing(out) as stream:
        stream.write(page_of(recordings).encode())
    typer.echo(f"Page: {out}. Open it in a browser, mark, and save the labels.")
