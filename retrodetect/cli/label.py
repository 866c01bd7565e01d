"""``retrodetect label``: recordings in, tables out."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from enum import StrEnum
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated

import typer

from retrodetect.cli import options
from retrodetect.cli.options import Columns, Gravity, Model, Paths, Quiet, Rate, Sign, Unit

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from retrodetect.batch import Progress

__all__ = ["label"]

_ANCHORS = "What the wearer knows"
_TALLY = "Tally"


class _TableFormat(StrEnum):
    csv = "csv"
    parquet = "parquet"


def label(
    paths: Paths,
    out: Annotated[str, typer.Option(help="Folder or URL for the results.", show_default=False)],
    placement: Annotated[
        str, typer.Option(help="Body site, such as waist or pocket.", rich_help_panel=_ANCHORS)
    ] = "auto",
    front: Annotated[
        str | None,
        typer.Option(help="Device axis to the wearer's front: +x … -z.", rich_help_panel=_ANCHORS),
    ] = None,
    forward: Annotated[
        list[str] | None,
        typer.Option(help="Went forward from A:B seconds.", rich_help_panel=_ANCHORS),
    ] = None,
    backward: Annotated[
        list[str] | None,
        typer.Option(help="Went backward from A:B seconds.", rich_help_panel=_ANCHORS),
    ] = None,
    starts: Annotated[
        str | None,
        typer.Option(help="Direction of the first strides.", rich_help_panel=_ANCHORS),
    ] = None,
    goal: Annotated[
        float | None,
        typer.Option(
            min=0, max=1, help="Backward share to reach, such as 0.4.", rich_help_panel=_TALLY
        ),
    ] = None,
    speed: Annotated[
        str | None, typer.Option(help="Of the treadmill, such as 5km/h.", rich_help_panel=_TALLY)
    ] = None,
    distance: Annotated[
        str | None,
        typer.Option(help="Gone in the whole recording, such as 2.4km.", rich_help_panel=_TALLY),
    ] = None,
    track: Annotated[
        str | None,
        typer.Option(
            help="Length of a track gone once each way in a repeat, such as 80m.",
            rich_help_panel=_TALLY,
        ),
    ] = None,
    model: Model = "default",
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Label on this Dask scheduler's workers instead.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Most seconds one input may take; it fails alone.")
    ] = None,
    max_memory: Annotated[
        float | None, typer.Option(help="Most MiB of memory one input may take; it fails alone.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--restart", help="Go on from an earlier run, or start anew.")
    ] = True,
    table_format: Annotated[
        _TableFormat, typer.Option("--format", help="Of the tables.")
    ] = _TableFormat.csv,
    report: Annotated[
        bool | None,
        typer.Option(
            "--report/--no-report", help="Write report.html; on where its packages are installed."
        ),
    ] = None,
    as_labels: Annotated[
        bool,
        typer.Option("--as-labels", help="Write intervals too, to correct and to train on."),
    ] = False,
    quiet: Quiet = False,
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> int:
    """Label every stride of some recordings forward, backward or unknown."""
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect import batch
    from retrodetect.cli.amounts import DISTANCES, SPEEDS, amount
    from retrodetect.cli.summary import show, tell
    from retrodetect.direction import Anchors
    from retrodetect.limits import Limits
    from retrodetect.tally.energy import Pace

    anchors = Anchors(
        placement=None if placement.lower() == "auto" else placement.lower(),
        front=front,
        forward=options.stretches(forward or [], "--forward"),
        backward=options.stretches(backward or [], "--backward"),
        starts=starts,  # type: ignore[arg-type]
    )
    pace = Pace(
        amount(speed, SPEEDS, "--speed"),
        amount(distance, DISTANCES, "--distance"),
        amount(track, DISTANCES, "--track"),
    )
    # Whoever ends a batch politely gets the same: workers ended, one line, status 130.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _progress(shown=not quiet) as on_progress:
        outcome = batch.run(
            paths,
            out,
            batch.Settings(model, anchors, read, pace=pace),
            jobs=jobs,
            cluster=cluster,
            limits=Limits(timeout, max_memory),
            restart=not resume,
            table_format=table_format.value,
            report=_can_report() if report is None else report,
            goal=goal,
            arguments=sys.argv[1:],
            on_progress=on_progress,
        )
    if not quiet:
        show(outcome.sessions, out, goal)
    tell(outcome, quiet=quiet)
    if as_labels:
        manifest = _write_labels(paths, out, outcome.sessions, table_format, read.columns.values())
        if not quiet:
            typer.echo(f"correct the labels, then: retrodetect train {manifest} --out mine.model")
    return 0 if outcome.all_done else 1


def _write_labels(
    paths: list[str],
    out: str,
    sessions: pd.DataFrame,
    table_format: _TableFormat,
    columns: Collection[str],
) -> Path:
    """Write intervals of every recording that is one of the inputs."""
    import pandas as pd

    from retrodetect.formats import discover
    from retrodetect.locations import location
    from retrodetect.training.relabel import write_labels

    folder = location(out)
    with (folder / f"strides.{table_format.value}").open("rb") as stream:
        strides = (pd.read_csv if table_format == "csv" else pd.read_parquet)(stream)
    found = {one.name: one.path for one in discover(*paths, columns=columns)}
    return write_labels(strides, sessions, found, folder)


def _can_report() -> bool:
    """Whether the packages of the extra ``report`` are there."""
    return all(find_spec(name) for name in ("jinja2", "matplotlib"))


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """Bar on a terminal: inputs done, recorded hours per second, time left."""
    from rich.console import Console

    console = Console(stderr=True)
    if not (shown and console.is_terminal):
        yield lambda _: None
        return

    from rich import progress

    with progress.Progress(
        progress.TextColumn("labelling"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[pace]}"),
        progress.TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("", total=None, pace="")

        def on_progress(now: Progress) -> None:
            elapsed_s = bar.tasks[0].elapsed or 0.0
            pace = f"{now.hours / elapsed_s:.2f} h/s" if elapsed_s else ""
            bar.update(task, completed=now.done, total=now.total, pace=pace)

        yield on_progress
