"""Model cards for people: the JSON card as Markdown.

The maker of a model writes these keys; everything else is added when the model is saved.

- ``summary``: one or two sentences; ``created``: ISO date; ``licence``: how it may be used
- ``sources``: list of ``{name, licence, citation, evidence (real | virtual), people,
  placements, minutes_forward, minutes_backward}``
- ``scores``: list of flat rows, such as ``{source, placement, held_out, evidence,
  strides, backward_f1}``
- ``error_rates``: by group, ``{false_backward, false_forward, icc}``
- ``weaknesses``: list of sentences
"""

from __future__ import annotations

from typing import Any

__all__ = ["markdown"]


def markdown(card: dict[str, Any]) -> str:
    """Write a card for people.

    Parameters
    ----------
    card
        As stored with a model.

    Returns
    -------
    str
        Markdown, with the parts the card has.
    """
    parts = [f"# Model `{card['name']}`", card.get("summary", "")]
    facts = {
        "Created": card.get("created", ""),
        "Licence": card.get("licence", ""),
        "Features": f"{len(card['inputs']['features'])} per stride, at "
        f"{card['inputs']['analysis_rate_hz']:g} Hz",
        "Made with": ", ".join(f"{name} {found}" for name, found in card["versions"].items()),
        "SHA-256": f"`{card['sha256']}`",
    }
    parts.append("\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact))
    groups = [{"group": name, "sites": ", ".join(s)} for name, s in card["placements"].items()]
    rates = [{"group": name, **found} for name, found in card.get("error_rates", {}).items()]
    for title, rows in (
        ("Body sites", groups),
        ("Training sources", card.get("sources", [])),
        ("Scores on people held out of training", card.get("scores", [])),
        ("Error rates per labelled stride", rates),
    ):
        if rows:
            parts += [f"## {title}", _table(rows)]
    if card.get("weaknesses"):
        parts += ["## Known weaknesses", "\n".join(f"- {one}" for one in card["weaknesses"])]
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(rows: list[dict[str, Any]]) -> str:
    """Markdown table of flat rows, with the columns of all of them."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row.get(column, "")) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.3g}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("\n", " ")
