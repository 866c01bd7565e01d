"""``retrodetect train``, ``evaluate`` and ``models``: models made, scored and listed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

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

if TYPE_CHECKING:
    from retrodetect.direction.card import Card

__all__ = ["evaluate", "models", "train"]


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

    from retrodetect.cli import terminal
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
        terminal.show_card(model.card, out)


def evaluate(
    recordings: Labelled,
    model: Model = "default",
    against: Annotated[
        str | None, typer.Option(help="Another model to compare with, stride by stride.")
    ] = None,
    out: Annotated[Path | None, options.out_option("Folder for the tables.")] = None,
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
    """Score a model on labelled recordings, or compare two models."""
    read = options.read_options(unit, sign, gravity, rate, columns)

    from retrodetect.cli import terminal
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
        terminal.show_evaluation(evaluation, out)


def models(
    name: Annotated[
        str | None, typer.Argument(help="Name or file of a model, to show its whole card.")
    ] = None,
) -> None:
    """List the shipped models, or show the card of one model."""
    from retrodetect.direction import card, store

    if name is not None:
        typer.echo(card.markdown(store.load_card(name)))
        return
    for shipped in store.shipped():
        typer.echo(_short(store.load_card(shipped)))


def _short(whole: Card) -> str:
    """Card in a few lines."""
    facts = {
        "licence": whole.licence,
        "created": whole.created,
        "sites": ", ".join(site for sites in whole.placements.values() for site in sites),
        "sources": ", ".join(f"{source.name} ({source.evidence})" for source in whole.sources),
    }
    lines = [whole.name, f"  {whole.summary}"]
    lines += [f"  {topic}: {fact}" for topic, fact in facts.items() if fact]
    return "\n".join(lines)
