"""The short tables after training and evaluating: how right, how sure, what is wrong."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from retrodetect.tables import visible

if TYPE_CHECKING:
    from retrodetect.direction.card import Card
    from retrodetect.training.assess import Evaluation

__all__ = ["show_card", "show_evaluation"]

WIDTH_IN_FILES = 120
MOST_MISTAKES = 5

_Row = Mapping[Any, Any]
_Rows = Sequence[_Row]


def show_card(card: Card, out: Path) -> None:
    """Print what a trained model is worth."""
    console = _console()
    console.print(Text(card.summary))
    _show_scores(console, card.scores)
    _show_sizes(console, card.learning_curve)
    _show_difference(console, card.against_base, "its base")
    _show_mistakes(console, card.mistakes)
    for sentence in [*card.remarks, *card.weaknesses]:
        console.print(Text(f"- {visible(sentence)}"), soft_wrap=True)
    console.print(Text(f"Stored model {card.name} in {out}"), soft_wrap=True)


def show_evaluation(evaluation: Evaluation, out: Path | None) -> None:
    """Print what a model made of labelled recordings."""
    console = _console()
    _show_scores(console, evaluation.scores.to_dict("records"))
    if evaluation.comparison is not None:
        _show_difference(console, evaluation.comparison.to_dict("records"), "the other model")
    _show_mistakes(console, evaluation.mistakes.to_dict("records"))
    for sentence in evaluation.remarks:
        console.print(Text(f"- {visible(sentence)}"), soft_wrap=True)
    if out is not None:
        console.print(Text(f"Tables: {out}"), soft_wrap=True)


def _console() -> Console:
    console = Console()
    return console if console.is_terminal else Console(width=WIDTH_IN_FILES)


def _show_scores(console: Console, rows: _Rows) -> None:
    table = _table("site", "gait", "strides", "right (95 %)", "unknown", "backward F1 (95 %)")
    for row in rows:
        table.add_row(
            row["placement"], row["true_gait"], str(row["strides"]),
            _with_interval(row, "right_of_labelled"), _share(row.get("unknown")),
            _with_interval(row, "f1_backward"),
        )  # fmt: skip
    console.print(table)


def _show_sizes(console: Console, rows: _Rows) -> None:
    table = _table("minutes each way", "backward F1", "wrong", "unknown")
    for row in rows:
        scores = (_share(row.get(name)) for name in ("f1_backward", "wrong", "unknown"))
        table.add_row(f"{row['minutes_each_way']:g}", *scores)
    if rows:
        console.print(table)


def _show_difference(console: Console, rows: _Rows, other: str) -> None:
    for row in rows:
        if row["score"] in ("right_of_labelled", "f1_backward") and "difference" in row:
            called = "backward F1" if row["score"] == "f1_backward" else "right of those labelled"
            ends = (
                f"{row[end]:+.1%}" if row.get(end) is not None else "?" for end in ("low", "high")
            )
            console.print(
                Text(
                    f"{called}: {_share(row['model'])}, {other} {_share(row['against'])}; "
                    f"difference {row['difference']:+.1%} ({' to '.join(ends)}), "
                    f"{row['better']} strides better, {row['worse']} worse"
                ),
                soft_wrap=True,
            )


def _show_mistakes(console: Console, rows: _Rows) -> None:
    for row in rows[:MOST_MISTAKES]:
        console.print(
            Text(
                f"Wrong: {visible(row['recording'])} from {row['start_s']:.1f} to "
                f"{row['end_s']:.1f} s, truly {row['truth']}, labelled {row['direction']} "
                f"({row['strides']} of {row['of']} strides)"
            ),
            soft_wrap=True,
        )
    if len(rows) > MOST_MISTAKES:
        console.print(Text(f"… and {len(rows) - MOST_MISTAKES} more stretches"))


def _table(*names: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for number, name in enumerate(names):
        table.add_column(name, justify="left" if number == 0 else "right", no_wrap=True)
    return table


def _share(value: float | None) -> str:
    return "" if value is None or value != value else f"{value:.1%}"


def _with_interval(row: _Row, score: str) -> str:
    ends = [_share(row.get(f"{score}_{end}")) for end in ("low", "high")]
    return _share(row.get(score)) + (f" ({' to '.join(ends)})" if all(ends) else "")
