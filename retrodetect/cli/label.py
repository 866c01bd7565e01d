"""``retrodetect label`` and ``history``: label recordings, and compare weeks."""

from __future__ import annotations

import signal
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from retrodetect.cli import options

if TYPE_CHECKING:
    from retrodetect.direction.anchors import Statement
    from retrodetect.runs.batch import Outcome, Progress

__all__ = ["history", "label"]

_anchor = partial(typer.Option, rich_help_panel="What you know")
_tally = partial(typer.Option, rich_help_panel="Tally")


@options.with_reading
def label(
    paths: options.Paths,
    out: Annotated[
        str, typer.Option(help="Folder or URL to write the results to.", show_default=False)
    ],
    placement: Annotated[str, _anchor(help=options.SITES_HELP)] = "auto",
    front: Annotated[
        str | None, _anchor(help="Device axis that pointed to your front: +x, -x, … -z.")
    ] = None,
    forward: Annotated[
        list[str] | None,
        _anchor(help="When you went forward: 0:05-0:20, 09:02:18-09:04:10, or 5-20 (seconds)."),
    ] = None,
    backward: Annotated[
        list[str] | None, _anchor(help="When you went backward, in the same form.")
    ] = None,
    starts: Annotated[
        str | None, _anchor(help="Direction of your first strides: forward or backward.")
    ] = None,
    same_mounting: Annotated[
        bool,
        _anchor(
            "--same-mounting",
            help="The device sits as in the recordings that your own model was trained on.",
        ),
    ] = False,
    labels: Annotated[
        Path | None,
        _anchor(
            help="Table of marked stretches (start_s, end_s, direction), as annotate saves it."
        ),
    ] = None,
    ignore_notes: Annotated[
        bool, _anchor("--ignore-notes", help="Ignore notes made in the app, such as “backward”.")
    ] = False,
    goal: options.Goal = None,
    speed: Annotated[
        str | None, _tally(help="Speed of the treadmill, such as 5km/h or 9 min/mile.")
    ] = None,
    distance: Annotated[
        str | None, _tally(help="Distance of the whole recording, such as 2.4km.")
    ] = None,
    leg: Annotated[
        str | None, _tally(help="Length of one leg (one way) of your repeats, such as 80m.")
    ] = None,
    track: Annotated[
        list[str] | None,
        _tally(help="Track of your watch (GPX, TCX or FIT), for speed, distance and slope."),
    ] = None,
    track_offset: Annotated[
        float | None,
        _tally(help="Seconds from the recording's start to the track's (default: estimated)."),
    ] = None,
    model: options.Model = "default",
    jobs: options.Jobs = None,
    cluster: Annotated[
        str | None, typer.Option(help="Address of a Dask scheduler, to label on its workers.")
    ] = None,
    timeout: Annotated[
        float | None, typer.Option(help="Give up on a recording after this many seconds.")
    ] = None,
    max_memory: Annotated[
        float | None,
        typer.Option(help="Give up on a recording that needs more than this many MiB."),
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume/--restart", help="Resume an earlier run, or start again.")
    ] = True,
    table_format: Annotated[
        Literal["csv", "parquet"], typer.Option("--format", help="Format of the tables.")
    ] = "csv",
    report: Annotated[
        bool | None,
        typer.Option("--report/--no-report", help="Write report.html (default: with jinja2)."),
    ] = None,
    as_labels: Annotated[
        bool,
        typer.Option("--as-labels", help="Also write the labels, to correct and train on."),
    ] = False,
    quiet: options.Quiet = False,
    *,
    read: options.Read,
) -> int:
    """Label every stride forward, backward or unknown."""
    from retrodetect.direction import Anchors
    from retrodetect.runs.batch import run
    from retrodetect.runs.outputs import Outputs, can_report
    from retrodetect.runs.pool import Limits, Workers
    from retrodetect.runs.task import MarkedTime, Settings
    from retrodetect.tally.energy import Pace

    directions: tuple[Literal["forward", "backward"], ...] = ("forward", "backward")
    marks = [
        MarkedTime(direction, *options.stretch(text, f"--{direction}"), text)
        for direction, texts in zip(directions, (forward, backward), strict=True)
        for text in texts or ()
    ]
    anchors = Anchors(
        placement=options.placement(placement),
        front=front,
        starts=starts,  # type: ignore[arg-type]
        statements=_statements(labels) if labels else (),
        use_notes=not ignore_notes,
        same_mounting=same_mounting,
    )
    pace = Pace(
        options.speed(speed),
        options.amount(distance, options.DISTANCES, "--distance", "2.4km or 800m"),
        options.amount(leg, options.DISTANCES, "--leg", "80m"),
    )
    outputs = Outputs(
        out,
        table_format=table_format,
        report=can_report() if report is None else report,
        goal=options.goal(goal),
        arguments=tuple(sys.argv[1:]),
    )
    # SIGTERM ends a batch like Ctrl-C: workers stopped, one line, status 130.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _progress(shown=not quiet) as on_progress:
        outcome = run(
            paths,
            outputs,
            Settings(model, anchors, read, pace, tuple(marks), tuple(track or ()), track_offset),
            Workers(jobs, cluster, Limits(timeout, max_memory)),
            restart=not resume,
            on_progress=on_progress,
        )
    if not (quiet and outcome.all_done):
        from retrodetect.cli.terminal import show, show_problems

        if not quiet:
            show(outcome, outputs)
        show_problems(outcome, quiet=quiet)
    if as_labels:
        manifest = _write_labels(outcome, out, table_format)
        if not quiet:
            typer.echo(
                f"Correct the labels, then run: retrodetect train {manifest} --out mine.model"
            )
    return 0 if outcome.all_done else 1


def _statements(labels: Path) -> tuple[Statement, ...]:
    """Read statements from a table of labels; UsageError if anything in it is wrong."""
    from retrodetect.errors import UsageError
    from retrodetect.training.manifest import Problems, read_labels

    problems = Problems()
    statements = read_labels(labels, "--labels", problems)
    if problems.sentences:
        raise UsageError(
            "; ".join(problems.sentences),
            remedy="correct the table, or save it from the page again",
        )
    return statements


def _write_labels(outcome: Outcome, out: str, table_format: str) -> Path:
    """Write the labels of every recording that is alone in its file."""
    import pandas as pd

    from retrodetect.locations import location
    from retrodetect.training.manifest import write_labels

    folder = location(out)
    with (folder / f"strides.{table_format}").open("rb") as stream:
        strides = (pd.read_csv if table_format == "csv" else pd.read_parquet)(stream)
    in_file = Counter(outcome.paths)
    named = zip(outcome.sessions["recording"], outcome.paths, strict=True)
    paths = {name: path for name, path in named if in_file[path] == 1}
    return write_labels(strides, outcome.sessions, paths, folder)


@contextmanager
def _progress(*, shown: bool) -> Iterator[Callable[[Progress], None]]:
    """Show a bar on a terminal: inputs done, recorded hours per second, time left."""
    if not shown:
        yield lambda _: None
        return

    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
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


def history(
    folders: Annotated[
        list[str],
        typer.Argument(help="Output folders of label.", show_default=False, metavar="DIR..."),
    ],
    goal: options.Goal = None,
    out: Annotated[
        Path | None, options.out_option("Folder for weeks.csv, sessions.csv and report.html.")
    ] = None,
    quiet: options.Quiet = False,
) -> None:
    """Show one wearer's backward minutes and share, week by week."""
    from retrodetect.cli.terminal import show_weeks
    from retrodetect.library.many import history as put_together

    share = options.goal(goal)
    done = put_together(folders, out=out, goal=share)
    if not quiet:
        show_weeks(done.weeks, done.sessions, done.left_out, share)
