"""Bittium Faros csv: bare X, Y, Z; rate, unit and start stand in the ``meta.json`` beside it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from retrodetect.errors import InputError
from retrodetect.formats.candidate import Candidate
from retrodetect.formats.draft import Claim, Draft, Sign
from retrodetect.formats.layout import Axes, Layout, drafts
from retrodetect.formats.options import ReadOptions
from retrodetect.formats.registry import CERTAIN, NO, Format
from retrodetect.recording import Gravity

__all__ = ["FORMAT"]

_TOTAL = Claim[Gravity]("total", "stated", "Faros writes totals")
_SIGN = Claim[Sign](1, "assumed", "Faros, taken to read +1 g upward")


def recognise(file: Candidate) -> int:
    """Bare axes beside notes that state a rate for them."""
    table = file.table
    if table.names != ("x", "y", "z"):
        return NO
    return CERTAIN if "ACC" in _meta(file).get("sample_freqs", {}) else NO


def read(file: Candidate, options: ReadOptions) -> list[Draft]:
    """Read the axes by the stated rate."""
    table = file.table
    meta = _meta(file)
    layout = Layout(
        acceleration=(Axes("x", "y", "z", str(meta.get("units", {}).get("ACC", "")), _TOTAL),),
        rate_hz=float(meta["sample_freqs"]["ACC"]),
        sign=_SIGN,
    )
    try:
        start = datetime.fromisoformat(str(meta.get("start_time")))
    except ValueError:
        start = None
    return [
        draft.with_(start_time=start, device="Bittium Faros")
        for draft in drafts(table, layout, options)
    ]


def _meta(file: Candidate) -> dict[str, Any]:
    """The notes beside the readings, empty where there are none."""
    for side in file.companions:
        try:
            notes = json.loads(side.source.head) if side.source.name.endswith(".json") else None
        except (ValueError, InputError):
            continue
        if isinstance(notes, dict) and isinstance(notes.get("sample_freqs"), dict):
            return notes
    return {}


FORMAT = Format("faros", recognise, read, is_folder=True)
