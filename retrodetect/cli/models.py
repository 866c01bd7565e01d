"""``retrodetect models``: the shipped models and their cards in short."""

from __future__ import annotations

from typing import Annotated, Any

import typer

__all__ = ["models"]


def models(
    name: Annotated[
        str | None, typer.Argument(help="Name or file of a model, for its whole card.")
    ] = None,
) -> None:
    """List the shipped models, or show the card of one."""
    from retrodetect.training import card, store

    if name is not None:
        typer.echo(card.markdown(store.load_card(name)))
        return
    for shipped in store.shipped():
        typer.echo(_short(store.load_card(shipped)))


def _short(found: dict[str, Any]) -> str:
    """Card in a few lines."""
    sources = ", ".join(
        f"{source['name']} ({source.get('evidence', '?')})" for source in found.get("sources", [])
    )
    facts = {
        "licence": found.get("licence"),
        "created": found.get("created"),
        "sites": ", ".join(site for sites in found["placements"].values() for site in sites),
        "sources": sources,
    }
    lines = [found["name"], f"  {found.get('summary', '')}"]
    lines += [f"  {topic}: {fact}" for topic, fact in facts.items() if fact]
    return "\n".join(lines)
