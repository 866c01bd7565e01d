"""``retrodetect models``: the shipped models and their cards in short."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["models"]


def models(
    name: Annotated[
        str | None, typer.Argument(help="Name or file of a model, to show its whole card.")
    ] = None,
) -> None:
    """List the shipped models, or show the card of one model."""
    from retrodetect.training import card, store

    if name is not None:
        typer.echo(card.markdown(store.load_card(name)))
        return
    for shipped in store.shipped():
        typer.echo(_short(store.load_card(shipped)))


def _short(whole: dict[str, Any]) -> str:
    """Card in a few lines."""
    sources = ", ".join(
        f"{source['name']} ({source.get('evidence', '?')})" for source in whole.get("sources", [])
    )
    facts = {
        "licence": whole.get("licence"),
        "created": whole.get("created"),
        "sites": ", ".join(site for sites in whole["placements"].values() for site in sites),
        "sources": sources,
    }
    lines = [whole["name"], f"  {whole.get('summary', '')}"]
    lines += [f"  {topic}: {fact}" for topic, fact in facts.items() if fact]
    return "\n".join(lines)
