"""``retrodetect models``: the shipped models and their cards in short."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from retrodetect.direction.card import Card

__all__ = ["models"]


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
