"""``retrodetect evaluate``: how right a model is on labelled recordings."""

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
    Model,
    Placement,
    Quiet,
    Rate,
    Sign,
    Unit,
)

__all__ = ["evaluate"]


def evaluate(
    recordings: Labelled,
    model: Model = "default",
    against: Annotated[
        str | None, typer.Option(help="Another model to compare with, stride by stride.")
    ] = None,
    out: Annotated[
        Path | None,
        options.out_option("Folder for the tables."),
    ] = None,
    placement: Placement = "auto",
    jobs: Jobs = None,
    cache: Cache = None,
    quiet: Quiet = False,
    unit: Unit = None,
    sign: Sign = None,
    gravity: Gravity = None,
    rate: Rate = None,
    columns: Columns = None,
) -> None:
    """Score a model on recordings whose directions are known, or compare two models."""
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect.cli import scores
    from retrodetect.training import assess

    evaluation = assess.evaluate(
        recordings,
        model,
        against=against,
        placement=options.placement(placement),
        jobs=jobs,
        cache_folder=options.cache_folder(cache),
        read=read,
        out=out,
    )
    if not quiet:
        scores.show_evaluation(evaluation, out)
