"""Model cards for people: the JSON card as Markdown.

The maker of a model writes these keys; everything else is added when the model is saved.

- ``summary``: one or two sentences; ``created``: ISO date; ``licence``: how it may be used
- ``sources``: list of ``{name, licence, citation, evidence (real | virtual), people,
  placements, minutes_forward, minutes_backward}``, and ``through``, the base that saw them
- ``base``: ``{name, sha256}`` of the model it extends
- ``recordings``: SHA-256 of the samples of each recording it learned from
- ``validation``: ``{held_out, folds, guard_s, intervals_over}``: how the scores were got
- ``scores``: list of flat rows, such as ``{source, placement, held_out, evidence,
  strides, backward_f1}``
- ``against_base``, ``learning_curve``, ``confusion``, ``mistakes``: lists of flat rows
- ``error_rates``: by group, ``{false_backward, false_forward, icc}``
- ``remarks``: what was assumed about the recordings; ``weaknesses``: list of sentences
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
        "Extends": card.get("base", {}).get("name", ""),
        "Features": f"{len(card['inputs']['features'])} per stride, at "
        f"{card['inputs']['analysis_rate_hz']:g} Hz",
        "Made with": ", ".join(f"{name} {found}" for name, found in card["versions"].items()),
        "Scored": _validation(card.get("validation")),
        "SHA-256": f"`{card['sha256']}`",
    }
    parts.append("\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact))
    groups = [{"group": name, "sites": ", ".join(s)} for name, s in card["placements"].items()]
    rates = [{"group": name, **found} for name, found in card.get("error_rates", {}).items()]
    for title, rows in (
        ("Body sites", groups),
        ("Training sources", card.get("sources", [])),
        ("Scores on people held out of training", card.get("scores", [])),
        ("The same strides before, by the model it extends", card.get("against_base", [])),
        ("Score by minutes of recording", card.get("learning_curve", [])),
        ("What strides were called", card.get("confusion", [])),
        ("Stretches called the wrong way: look at their labels", card.get("mistakes", [])),
        ("Error rates per labelled stride", rates),
    ):
        if rows:
            parts += [f"## {title}", _table(rows)]
    for title, sentences in (
        ("Assumed about the recordings", card.get("remarks", [])),
        ("Known weaknesses", card.get("weaknesses", [])),
    ):
        if sentences:
            parts += [f"## {title}", "\n".join(f"- {one}" for one in sentences)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _validation(how: dict[str, Any] | None) -> str:
    """How the scores were got, in words."""
    if how is None:
        return ""
    held_out = {
        "subject": "each wearer by a model that saw the others only",
        "session": "each session by a model that saw the wearer's others only",
        "block": f"each of {how['folds']} stretches by a model that saw the rest of the same "
        f"recordings, {how['guard_s']:g} s away and more",
    }[how["held_out"]]
    return f"{held_out}; intervals of 95 % over {how['intervals_over']}"


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
