"""The tables retrodetect writes: their columns, and text that is safe in any spreadsheet."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from typing import Any

import pandas as pd

__all__ = [
    "SESSION_COLUMNS",
    "SESSION_GLOSSARY",
    "STRIDE_COLUMNS",
    "STRIDE_GLOSSARY",
    "csv_text",
    "harmless",
    "sessions_table",
    "visible",
]

STRIDE_GLOSSARY = {
    "recording": "path as given, below the input root",
    "stride": "number within the recording, from 0",
    "bout": "number of the stretch of walking or running it belongs to, from 0",
    "start_s": "initial contact it begins with, in seconds from the recording's first sample",
    "end_s": "next initial contact of the same foot",
    "start_time": "start_s by the clock on the wall, ISO 8601; empty where no date is known",
    "gait": "walk or run",
    "direction": "forward, backward or unknown",
    "p_backward": "probability that the stride went backward, 0 to 1",
    "reason": "why unknown: weak, sideways, turning or no_vertical; else empty",
}
"""Columns of ``strides.csv``, one row per stride, and what they hold."""

SESSION_GLOSSARY = {
    "recording": "path as given, below the input root",
    "status": "ok, no_gait, refused (understood, but not to be labelled) or failed",
    "message": "why it was refused or failed; else what was assumed in reading it",
    "format": "which export it was read as",
    "placement": "body site, as told; with ? where it was inferred",
    "front": "how forward was told from backward: given, marked, inferred or unknown",
    "rate_hz": "sampling rate of the recording",
    "duration_s": "from first to last sample",
    "gait_s": "time within bouts of walking or running",
    "strides": "all strides found; a stride is two steps",
    "forward_strides": "strides labelled forward",
    "backward_strides": "strides labelled backward",
    "unknown_strides": "strides whose evidence was too weak, or that went sideways or turned",
    "steps": "steps of both feet in all strides",
    "backward_share": "share of backward among the labelled strides; empty without any",
    "backward_share_low": "lower end of its 95 % interval, by the model's known error rates",
    "backward_share_high": "upper end of that interval",
    "bouts": "stretches of walking or running",
    "longest_backward_bout_s": "longest time gone backward without a forward stride or a pause",
    "cadence_forward_spm": "steps per minute in forward strides; empty without any",
    "cadence_backward_spm": "steps per minute in backward strides; empty without any",
    "model": "which model gave the labels",
    "version": "which version of retrodetect",
}
"""Columns of ``sessions.csv``, one row per input, and what they hold."""

STRIDE_COLUMNS = tuple(STRIDE_GLOSSARY)
"""Columns of ``strides.csv``, in order."""

SESSION_COLUMNS = tuple(SESSION_GLOSSARY)
"""Columns of ``sessions.csv``, in order."""

DECIMALS = {
    "start_s": 3, "end_s": 3, "p_backward": 4, "rate_hz": 3, "duration_s": 3, "gait_s": 2,
    "backward_share": 4, "backward_share_low": 4, "backward_share_high": 4,
    "longest_backward_bout_s": 2, "cadence_forward_spm": 1, "cadence_backward_spm": 1,
}  # fmt: skip
"""Places written: about a tenth of what each figure is good for."""

_FORMULA_STARTS = "=+-@＝＋－＠"
"""What a spreadsheet takes for the start of a formula (OWASP, CSV Injection)."""

_TURNS_TEXT = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction controls: a name that holds them shows as another one (Unicode, TR 36)."""

_COUNTS = (
    "strides", "forward_strides", "backward_strides", "unknown_strides", "steps", "bouts",
)  # fmt: skip


def csv_text(table: pd.DataFrame, *, header: bool) -> str:
    """Write a table as csv, with the promised decimals and nothing a spreadsheet would run.

    Parameters
    ----------
    table
        With some of the columns above.
    header
        Whether to begin with the names of the columns.

    Returns
    -------
    str
        Lines that end in a line feed.
    """
    safe = table.round(DECIMALS)
    for column in ("recording", "message"):
        if column in safe:
            # Tables of strides repeat one name thousands of times.
            names = {
                name: harmless(name, is_path=column == "recording") for name in set(safe[column])
            }
            safe[column] = safe[column].map(names)
    return safe.to_csv(index=False, header=header, lineterminator="\n")


def harmless(text: str, *, is_path: bool = False) -> str:
    """Text that no spreadsheet takes for a formula and no terminal for a command.

    A path gets ``./`` in front, so that it still names the same file; other text an apostrophe.

    Parameters
    ----------
    text
        Of one cell.
    is_path
        Whether it names a file.

    Returns
    -------
    str
        What to write.
    """
    text = visible(text)
    if text.lstrip().startswith(tuple(_FORMULA_STARTS)):
        return f"./{text}" if is_path else f"'{text}"
    return text


def visible(text: str) -> str:
    """Text with control and direction characters written out, so that it shows what it holds.

    Parameters
    ----------
    text
        Any text.

    Returns
    -------
    str
        Without characters that move the cursor or turn the reading direction.
    """
    return "".join(
        char.encode("unicode_escape").decode() if _hidden(char) else char for char in text
    )


def _hidden(char: str) -> bool:
    return unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _TURNS_TEXT


def sessions_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Rows of ``sessions.csv``, typed; fields that are missing stay empty.

    Parameters
    ----------
    rows
        Fields by name, one mapping for each session.

    Returns
    -------
    DataFrame
        With ``SESSION_COLUMNS``: counts as nullable integers, measures as floats.
    """
    table = pd.DataFrame(list(rows), columns=list(SESSION_COLUMNS))
    return table.astype(dict.fromkeys(_COUNTS, "Int64")).astype(
        {column: "float64" for column in DECIMALS if column in SESSION_COLUMNS}
    )
