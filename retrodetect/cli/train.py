"""``retrodetect train``: labelled recordings in, a model with its card out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrodetect.cli import options
from retrodetect.cli.options import Cache, Columns, Gravity, Labelled, Quiet, Rate, Sign, Unit

__all__ = ["train"]


def train(
    recordings: Labelled,
    out: Annotated[Path, options.out_option("Where to store the model.")],
    base: Annotated[
        str, typer.Option(help="Model to extend, by name or file; none to begin from nothing.")
    ] = "default",
    placement: Annotated[
        str, typer.Option(help="Body site of recordings that tell none.")
    ] = "auto",
    name: Annotated[str | None, typer.Option(help="What to call it; as OUT by default.")] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Processes; as many as cores.")] = None,
    cache: Cache = None,
    mixed_rates: Annotated[
        bool, typer.Option("--mixed-rates", help="Let recordings of one site differ in rate.")
    ] = False,
    quiet: Quiet = False,
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> None:
    """Train a model on your own recordings, and say how good it is.

    RECORDINGS is a manifest (a csv with path, subject, and direction or labels), a folder with
    subfolders called forward and backward, or recordings with notes made in the app.
    """
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect.cli import scores
    from retrodetect.training.train import train as train_model

    model = train_model(
        recordings,
        None if base == "none" else base,
        out=out,
        name=name,
        placement=None if placement == "auto" else placement,
        jobs=jobs,
        cache_folder=options.cache_folder(cache),
        mixed_rates=mixed_rates,
        read=read,
    )
    if not quiet:
        scores.show_card(model.card, out)
