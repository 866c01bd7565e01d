"""``retrodetect train``: labelled recordings in, a model with its card out."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from retrodetect.cli import options
from retrodetect.cli.options import (
    Cache,
    Columns,
    Gravity,
    Jobs,
    Labelled,
    Placement,
    Quiet,
    Rate,
    Sign,
    Unit,
)

__all__ = ["train"]


def train(
    recordings: Labelled,
    out: Annotated[Path, options.out_option("File to store the model in.")],
    base: Annotated[
        str, typer.Option(help="Model to extend, by name or file, or none to start from scratch.")
    ] = "default",
    placement: Placement = "auto",
    name: Annotated[str | None, typer.Option(help="Name of the model (default: as --out).")] = None,
    jobs: Jobs = None,
    cache: Cache = None,
    mixed_rates: Annotated[
        bool, typer.Option("--mixed-rates", help="Allow different sampling rates at one body site.")
    ] = False,
    quiet: Quiet = False,
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> None:
    """Train a model on your own recordings, and test it.

    RECORDINGS is a manifest (a csv with the columns path, subject, and direction or labels), a
    folder with the subfolders forward and backward, or recordings with notes made in the app.
    """
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect.cli import scores
    from retrodetect.training.train import train as train_model

    model = train_model(
        recordings,
        None if base == "none" else base,
        out=out,
        name=name,
        placement=options.placement(placement),
        jobs=jobs,
        cache_folder=options.cache_folder(cache),
        mixed_rates=mixed_rates,
        read=read,
    )
    if not quiet:
        scores.show_card(model.card, out)
