"""Model cards: facts about a model, for programs and for people.

A card says what a model learned from, how well it did on people it had not seen, how often its
labels are wrong, and what it cannot do. The maker of a model fills in the first part; storing the
model adds the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Literal

from retrodetect.sites import group_of

__all__ = ["Base", "Card", "Inputs", "Row", "Source", "Validation", "knowledge", "markdown"]

_SHARES = {
    "right_of_labelled", "wrong", "unknown", "recall_backward", "f1_backward", "balanced_accuracy",
    "false_backward", "false_forward",
}  # fmt: skip
_COMPARED = {"model", "against", "difference", "low", "high"}

Row = dict[str, Any]
"""Row of a table: text and numbers by the name of their column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Recordings that a model learned from: a data set, or one wearer at one body site."""

    name: str  # of the data set or the wearer
    # licence, citation: as the source states them
    licence: str
    citation: str = ""
    # whether sensors were worn, or simulated on motion capture
    evidence: Literal["real", "virtual"]
    people: int  # number of wearers in it
    placements: list[str] = field(default_factory=list)  # body sites at which sensors were worn
    # minutes_forward, minutes_backward: minutes labelled as forward and as backward
    minutes_forward: float = 0.0
    minutes_backward: float = 0.0
    # recordings, rate_hz: their number and median sampling rate, where the user's own
    # recordings were used
    recordings: int | None = None
    rate_hz: float | None = None
    # name of the base model that learned from them, if it was not this model itself
    through: str | None = None


@dataclass(frozen=True, slots=True)
class Base:
    """The model that another one extends."""

    name: str  # from its own card
    sha256: str  # its digest, which identifies it


@dataclass(frozen=True, slots=True)
class Validation:
    """How the scores of a model were measured."""

    # what a model never saw of what it was scored on: the wearer (``subject``), the
    # ``session``, or only the ``block`` of a session
    held_out: Literal["subject", "session", "block"]
    folds: int  # number of parts held out in turn
    guard_s: float  # seconds left out on both sides of a block
    intervals_over: str  # what was resampled for the intervals: wearers or sessions

    def __str__(self) -> str:
        """Describe it in words."""
        held_out = {
            "subject": "each wearer by a model that saw only the others",
            "session": "each session by a model that saw only the wearer's other sessions",
            "block": f"each of {self.folds} stretches by a model that saw the rest of the same "
            f"recordings, at least {self.guard_s:g} s away",
        }[self.held_out]
        return f"{held_out}; 95% intervals over {self.intervals_over}"


@dataclass(frozen=True, slots=True)
class Inputs:
    """Inputs that a model needs."""

    analysis_rate_hz: float  # rate to which signals are resampled
    bands_hz: dict[str, list[float]]  # lower and upper edge by name of the band
    features: list[dict[str, str]]  # name and unit of each feature, in order


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Facts about a model."""

    summary: str = ""  # one or two sentences
    created: str = ""  # day on which the model was made, as ISO date
    licence: str = ""  # how the model may be used
    sources: list[Source] = field(default_factory=list)  # what it learned from, its base included
    base: Base | None = None  # the model it extends
    # SHA-256 of the samples of each recording that a user's model learned from
    recordings: list[str] = field(default_factory=list)
    validation: Validation | None = None  # how the scores were measured
    scores: list[Row] = field(default_factory=list)  # on what was held out
    against_base: list[Row] = field(default_factory=list)  # of the base on the same strides
    learning_curve: list[Row] = field(default_factory=list)  # score by minutes of recording
    confusion: list[Row] = field(default_factory=list)  # what strides were called
    mistakes: list[Row] = field(default_factory=list)  # longest stretches called the wrong way
    # by state of knowledge, see :func:`knowledge`: the numbers of
    # :class:`retrodetect.tally.share.ErrorRates`
    error_rates: dict[str, dict[str, float]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)  # what was assumed about the recordings
    weaknesses: list[str] = field(default_factory=list)  # what the model cannot do, in sentences
    # The rest is added when the model is stored.
    name: str = ""
    versions: dict[str, str] = field(default_factory=dict)  # of the libraries
    placements: dict[str, list[str]] = field(default_factory=dict)  # body sites of each group
    inputs: Inputs | None = None
    sha256: str = ""  # digest of the model and its card

    def error_rates_at(
        self, placement: str, front: str, told_apart_by: str
    ) -> dict[str, float] | None:
        """Return how often labels are wrong in a state of knowledge; see :func:`knowledge`.

        If that state was not measured, return the rates of the group with only its site stated;
        None if they were not measured either.
        """
        rates = self.error_rates.get(knowledge(placement, front, told_apart_by))
        return rates or self.error_rates.get(group_of(placement))

    def to_json(self) -> dict[str, Any]:
        """Return the content of ``card.json``, without empty entries."""
        content = _filled(self)
        if self.sources:
            content["sources"] = [_filled(source) for source in self.sources]
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> Card:
        """Rebuild a card from :meth:`to_json`; TypeError if an entry does not fit.

        Entries of ``card.json`` that belong to the model rather than the card are left out.
        """
        names = {entry.name for entry in fields(cls)}
        entries = {name: value for name, value in content.items() if name in names}
        for name, part in (("base", Base), ("validation", Validation), ("inputs", Inputs)):
            if name in entries:
                entries[name] = part(**entries[name])
        entries["sources"] = [Source(**source) for source in entries.get("sources", [])]
        return cls(**entries)


def knowledge(placement: str, front: str, told_apart_by: str) -> str:
    """Name the state of knowledge behind the directions: each state has its own error rates.

    It is the group of sites: given (``trunk``), given with the front or a marked stretch
    (``trunk, front given``), or inferred (``trunk?``); or whatever was given, habit alone named
    the directions (``trunk, assumed``). ``front`` says how forward got its name, and
    ``told_apart_by`` what told it from backward, as in :class:`retrodetect.direction.Directions`.
    """
    group = group_of(placement)
    if front in ("given", "marked"):
        return f"{group}, front given"
    if told_apart_by == "habit":
        return f"{group}, assumed"
    return f"{group}?" if placement.endswith("?") else group


def markdown(card: Card) -> str:
    """Write a card for people."""
    inputs = card.inputs
    facts = {
        "Created": card.created,
        "Licence": card.licence,
        "Extends": card.base and card.base.name,
        "Features": inputs
        and f"{len(inputs.features)} per stride, at {inputs.analysis_rate_hz:g} Hz",
        "Made with": ", ".join(f"{name} {version}" for name, version in card.versions.items()),
        "Scored": card.validation,
        "SHA-256": card.sha256 and f"`{card.sha256}`",
    }
    parts = [f"# Model `{card.name}`", card.summary]
    parts.append("\n".join(f"- {name}: {fact}" for name, fact in facts.items() if fact))
    for title, rows in (
        (
            "Body sites",
            [{"group": name, "sites": sites} for name, sites in card.placements.items()],
        ),
        ("Training sources", [_filled(source) for source in card.sources]),
        ("Scores on people held out of training", card.scores),
        ("The same strides before, by the model it extends", card.against_base),
        ("Score by minutes of recording", card.learning_curve),
        ("What strides were called", card.confusion),
        ("Stretches called the wrong way: check their labels", card.mistakes),
        (
            "Error rates per labelled stride",
            [{"knowledge": name, **rates} for name, rates in card.error_rates.items()],
        ),
    ):
        if rows:
            parts += [f"## {title}", _table(rows)]
    for title, sentences in (
        ("Assumed about the recordings", card.remarks),
        ("Known weaknesses", card.weaknesses),
    ):
        if sentences:
            parts += [f"## {title}", "\n".join(f"- {sentence}" for sentence in sentences)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _filled(part: Card | Source) -> Row:
    """Return the fields that are not empty."""
    return {name: value for name, value in asdict(part).items() if value not in (None, "", [], {})}


def _table(rows: Sequence[Row]) -> str:
    """Markdown table of rows, with all their columns."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    lines = [columns, ["---"] * len(columns)]
    lines += [[_cell(row, column) for column in columns] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(row: Row, column: str) -> str:
    """Text of a cell: a share in percent."""
    value = row.get(column, "")
    if isinstance(value, float):
        # Rows that compare two models name their score in a cell.
        score = row.get("score", column) if column in _COMPARED else column
        is_share = score.removesuffix("_low").removesuffix("_high") in _SHARES
        return f"{100 * value:.3g}%" if is_share else f"{value:.3g}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return str(value).replace("|", "\\|").replace("\n", " ")
