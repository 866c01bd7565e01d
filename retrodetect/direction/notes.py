"""Words for directions, and what a note pressed in a recording app says about a stretch."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import NamedTuple

from retrodetect.recording import Annotation

__all__ = ["WORDS", "Stretch", "direction_of_note", "stretches_of_notes"]

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


class Stretch(NamedTuple):
    """A stretch of a recording, and what somebody said of it.

    Parameters
    ----------
    start_s, end_s
        Seconds from the first sample.
    direction
        One of the values of :data:`WORDS`.
    source
        Who says so, for messages.
    """

    start_s: float
    end_s: float
    direction: str
    source: str


def direction_of_note(text: str) -> str | None:
    """Return the direction that a note names.

    Parameters
    ----------
    text
        As it was pressed: a word of :data:`WORDS`, or a few words such as ``backward, uphill``.
    """
    plain = text.strip().lower()
    if plain in WORDS:
        return WORDS[plain]
    words = WORDS.keys() & set(re.findall(r"[^\W\d_]+", plain)) - _ONLY_ALONE
    named = {WORDS[word] for word in words}
    if "still" in named:
        return "still"  # "stop backward", "end of forward"
    return named.pop() if len(named) == 1 else None


def stretches_of_notes(notes: Sequence[Annotation], duration_s: float) -> list[Stretch]:
    """Turn notes into stretches: what a note says holds until the next note.

    Parameters
    ----------
    notes
        In order of time. A note that was pressed for a while holds for that while.

    Returns
    -------
    list of Stretch
        In order of time; without the notes that name no direction.
    """
    stretches = []
    for note, later in zip_longest(notes, notes[1:]):
        direction = direction_of_note(note.text)
        next_s = duration_s if later is None else later.start_s
        end_s = note.end_s if note.end_s > note.start_s else next_s
        if direction is not None and end_s > max(note.start_s, 0.0):
            source = f"note {note.text.strip()!r} at {_clock(note.start_s)}"
            stretches.append(Stretch(max(note.start_s, 0.0), end_s, direction, source))
    return stretches


def _clock(seconds: float) -> str:
    minutes, rest = divmod(max(round(seconds), 0), 60)
    return f"{minutes}:{rest:02}"
