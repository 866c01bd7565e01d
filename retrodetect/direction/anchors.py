"""Anchors: options, labels and notes from the wearer that name forward and backward."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.decoder import DIRECTIONS
from retrodetect.errors import UsageError
from retrodetect.recording import Annotation, FloatArray
from retrodetect.sites import canonical_site

__all__ = [
    "WORDS", "Anchors", "Mark", "Statement", "check_spans", "direction_of_note",
    "statements_of_notes",
]  # fmt: skip

STARTS_S = 6.0
"""Length of the first bout that ``starts`` marks: about ten steps."""


WORDS = {
    "forward": "forward", "forwards": "forward", "fwd": "forward", "ahead": "forward",
    "vorwärts": "forward", "vorwaerts": "forward", "adelante": "forward",
    "avant": "forward", "avanti": "forward", "vooruit": "forward",
    "backward": "backward", "backwards": "backward", "back": "backward", "bwd": "backward",
    "retro": "backward", "reverse": "backward", "rückwärts": "backward",
    "rueckwaerts": "backward", "atrás": "backward", "arrière": "backward",
    "indietro": "backward", "achteruit": "backward",
    "sideways": "sideways", "sidestep": "sideways", "seitwärts": "sideways",
    "turning": "turning", "turn": "turning",
    "still": "still", "stop": "still", "stand": "still", "standing": "still", "end": "still",
    "none": "still", "no gait": "still", "ende": "still", "stopp": "still", "halt": "still",
    "unknown": "unknown", "": "unknown",
}  # fmt: skip
"""What people write, and the direction it means; ``still`` is no gait, ``unknown`` nothing."""


_ONLY_ALONE = frozenset(
    {"ahead", "avant", "back", "retro", "reverse", "still", "stand", "standing", "none", "turn"}
)
"""Words that mean something else in a sentence: "back home", "still backward"."""


class Statement(NamedTuple):
    """A stretch of a recording and the direction stated for it."""

    # start_s, end_s: seconds from the first sample
    start_s: float
    end_s: float
    direction: str  # one of the values of `WORDS`
    source: str  # option, table or note that states it, for messages
    gait: str = ""  # ``walk`` or ``run``; empty to infer it from the signal


class Mark(NamedTuple):
    """Strides whose direction the wearer marked."""

    words: str  # as on the command line, or the note that marks it
    direction: int  # index into ``DIRECTIONS``
    rows: NDArray[np.bool_]  # (n,): strides that lie within the mark


@dataclass(frozen=True, slots=True)
class Anchors:
    """What the wearer states about a session.

    Parameters
    ----------
    placement
        Body site, by name or by an everyday word (``hip``); stored by name. None infers it.
    front
        Device axis that points to the wearer's front: ``+x``, ``-x``, … ``-z``; or None.
    forward, backward
        Marked stretches (start, end) in seconds from the first sample.
    starts
        Direction of the first strides of the recording, or None.
    statements
        From notes and a table of labels; strides marked ``still`` (no gait) do not count.
    use_notes
        Whether notes made in the recording app count as marks.
    same_mounting
        Whether the device is mounted as in the recordings that the model was trained on.

    Raises
    ------
    UsageError
        If a value is invalid, or a stretch is marked in both directions.
    """

    placement: str | None = None
    front: str | None = None
    forward: tuple[tuple[float, float], ...] = ()
    backward: tuple[tuple[float, float], ...] = ()
    starts: Literal["forward", "backward"] | None = None
    statements: tuple[Statement, ...] = ()
    use_notes: bool = True
    same_mounting: bool = False

    def __post_init__(self) -> None:
        if self.placement is not None:
            object.__setattr__(self, "placement", canonical_site(self.placement))
        if self.front is not None and not (
            len(self.front) == 2 and self.front[0] in "+-" and self.front[1] in "xyz"
        ):
            raise UsageError(
                f"{self.front!r} is not a device axis",
                place="--front",
                remedy="use +x, -x, … or -z",
            )
        if self.starts not in (None, "forward", "backward"):
            raise UsageError(
                f"{self.starts!r} is not a direction",
                place="--starts",
                remedy="use forward or backward",
            )
        check_spans(self._spans)

    @property
    def _spans(self) -> list[Statement]:
        """Statements for ``forward`` and ``backward``, named as on the command line."""
        return [
            Statement(start_s, end_s, direction, f"--{direction} {start_s:g}-{end_s:g}")
            for direction, spans in (("forward", self.forward), ("backward", self.backward))
            for start_s, end_s in spans
        ]

    @property
    def front_axis(self) -> FloatArray | None:
        """(3,) unit vector of the front in the device frame, or None."""
        if self.front is None:
            return None
        axis = np.zeros(3)
        axis["xyz".index(self.front[1])] = 1.0 if self.front[0] == "+" else -1.0
        return axis

    def in_notes(self, notes: Sequence[Annotation], strides: pd.DataFrame) -> list[Statement]:
        """Return the marks in a recording's notes; notes and strides are in order of time.

        A note holds until the next note, but not past the bout it was pressed in or before: one
        "backward" at the start of a session does not cover the way back down. Returns no marks
        if notes do not count or cover no stride.
        """
        marks = []
        for statement in statements_of_notes(notes, np.inf) if self.use_notes else []:
            held = strides[_within(strides, statement)]
            if statement.direction in DIRECTIONS and len(held):
                last = held[held["bout"] == held["bout"].iloc[0]].iloc[-1]
                marks.append(statement._replace(end_s=float(last["end_s"])))
        return marks

    def gait(self, strides: pd.DataFrame) -> NDArray[np.bool_]:
        """(n,) strides outside stretches without gait."""
        is_gait = np.ones(len(strides), dtype=np.bool_)
        for statement in self.statements:
            if statement.direction == "still":
                is_gait &= ~_within(strides, statement)
        return is_gait

    def marks(self, strides: pd.DataFrame) -> list[Mark]:
        """Find the marked strides; ``strides`` are in order of time.

        Returns an item for each mark, even without strides, but none for ``starts`` if there are
        no strides. Where two marks overlap, the later one counts.
        """
        marks = []
        if self.starts is not None and len(strides):
            first_s = strides["start_s"].iloc[0]
            start = Statement(first_s, first_s + STARTS_S, self.starts, f"--starts {self.starts}")
            in_bout = (strides["bout"] == strides["bout"].iloc[0]).to_numpy()
            marks.append(_mark(start, in_bout & _within(strides, start)))
        marks += [
            _mark(statement, _within(strides, statement))
            for statement in (*self.statements, *self._spans)
            if statement.direction in DIRECTIONS
        ]
        return marks


def check_spans(spans: Sequence[Statement]) -> None:
    """Refuse empty stretches, and seconds marked in both directions."""
    for span in spans:
        option, _, typed = span.source.partition(" ")
        if not 0 <= span.start_s < span.end_s < np.inf:
            raise UsageError(
                f"{typed} is not a range of time",
                place=option,
                remedy="write the start before the end, such as 0:05-0:20",
            )
        if any(
            marked.direction != span.direction
            and span.start_s < marked.end_s
            and marked.start_s < span.end_s
            for marked in spans
        ):
            raise UsageError(
                f"{typed} is marked both forward and backward",
                place="--forward, --backward",
                remedy="mark each second only once",
            )


def direction_of_note(text: str) -> str | None:
    """Return the direction that a note names: a word of `WORDS`, alone or among a few others."""
    plain = text.strip().lower()
    if plain in WORDS:
        return WORDS[plain]
    words = WORDS.keys() & set(re.findall(r"[^\W\d_]+", plain)) - _ONLY_ALONE
    named = {WORDS[word] for word in words}
    if "still" in named:
        return "still"  # "stop backward", "end of forward"
    return named.pop() if len(named) == 1 else None


def statements_of_notes(notes: Sequence[Annotation], duration_s: float) -> list[Statement]:
    """Turn notes into statements, both in order of time; skip notes without a direction.

    A note holds until the next note, or for as long as it was pressed.
    """
    statements = []
    for note, later in zip_longest(notes, notes[1:]):
        direction = direction_of_note(note.text)
        next_s = duration_s if later is None else later.start_s
        end_s = note.end_s if note.end_s > note.start_s else next_s
        if direction is not None and end_s > max(note.start_s, 0.0):
            source = f"note {note.text.strip()!r} at {_clock(note.start_s)}"
            statements.append(Statement(max(note.start_s, 0.0), end_s, direction, source))
    return statements


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02}"


def _mark(statement: Statement, rows: NDArray[np.bool_]) -> Mark:
    return Mark(statement.source, DIRECTIONS.index(statement.direction), rows)


def _within(strides: pd.DataFrame, statement: Statement) -> NDArray[np.bool_]:
    """(n,) strides whose middle lies within a statement."""
    middle_s = (strides["start_s"].to_numpy() + strides["end_s"].to_numpy()) / 2
    return np.asarray((middle_s >= statement.start_s) & (middle_s < statement.end_s))
