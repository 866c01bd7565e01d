"""Output of retrodetect: files, columns of tables, and text that is safe in a spreadsheet."""

from __future__ import annotations

import csv
import json
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from retrodetect.errors import InputError
from retrodetect.locations import readable
from retrodetect.recording import Caution, Topic

__all__ = [
    "BOUT_GLOSSARY", "COUNTS", "DECIMALS", "DOUBTED_STRIDES", "FACTS", "FILES", "IN_WORDS",
    "LIST_COLUMNS", "MANIFEST", "MAX_PAUSE_S", "REPEAT_GLOSSARY", "RESULTS", "SESSION_COLUMNS",
    "SESSION_GLOSSARY", "STATE", "STEPS_PER_STRIDE", "STRIDE_COLUMNS", "STRIDE_GLOSSARY", "TABLES",
    "TABLE_FORMATS", "Command", "SmallTable", "csv_text", "harmless", "lists_table", "made_by",
    "quantity", "sessions_table", "small_table", "truncated_list", "visible", "warning_columns",
    "without_nan", "written_in",
]  # fmt: skip

Command = Literal["label", "history", "evaluate"]

STATE = ".retrodetect"
"""Folder for finished work, in the folder of the results."""

FACTS = "evaluation.json"
"""Basis of an evaluation. Its tables are beside it."""

TABLES = ("strides", "sessions", "bouts", "repeats")
TABLE_FORMATS = frozenset({"csv", "parquet"})

FILES: dict[Command, frozenset[str]] = {
    "label": frozenset(
        {
            *(f"{table}.{ending}" for table in TABLES for ending in TABLE_FORMATS),
            "run.json", "report.html", "report.json",
        }
    ),
    "history": frozenset({"weeks.csv", "sessions.csv", "run.json", "report.html"}),
    "evaluate": frozenset(
        {"strides.csv", "scores.csv", "confusion.csv", "mistakes.csv", "comparison.csv", FACTS}
    ),
}  # fmt: skip
"""Names of the files that each command writes."""

RESULTS = frozenset().union(*FILES.values())
"""Names of all files that any command writes."""

STEPS_PER_STRIDE = 2

MANIFEST = "manifest.csv"
"""Table that a person writes beside recordings, with facts about each."""

IN_WORDS = {"walk": "walking", "run": "running"}
"""Words for a stride of each gait in messages."""

DOUBTED_STRIDES = 8
"""Strides of one gait from which their typical length or time is judged."""

MAX_PAUSE_S = 3.0
"""Longest pause within a bout, and within a stretch in one direction: gait bouts are commonly taken
to end after about 3 s without a stride. So a few unknown strides do not split a stretch."""

STRIDE_GLOSSARY = {
    "recording": "path as you gave it, or within the folder that you gave",
    "stride": "number within the recording, from 0",
    "bout": "number of the bout (stretch of walking or running), from 0",
    "start_s": "when a foot first touches the ground, in seconds from the file's first row; below"
    " 0 if the recording begins within the stride",
    "end_s": "when the same foot touches the ground again",
    "start_time": "start_s as wall-clock time, ISO 8601; empty without a date",
    "gait": "walk or run",
    "direction": "forward, backward or unknown",
    "p_backward": "probability that the stride went backward, 0 to 1",
    "reason": "why unknown: weak, unnamed (two opposite directions are told apart, but not which is"
    " forward), disputed (what you said contradicts the signal), sideways, turning, no_vertical or"
    " slow (recorded at less than 15 Hz); else empty",
    "side": "A or B: two opposite directions, whichever of them is forward; the session begins"
    " with A; empty if unclear",
    "p_side": "probability of the likelier side, 0 to 1",
    "stride_length_m": "horizontal distance that the foot covers, by a gyroscope on the foot;"
    " empty elsewhere, and if the foot was not seen to stand still",
    "speed_mps": "stride_length_m divided by the time of the stride",
    "marked": "direction that you marked the stride with; else empty",
}
"""Columns of ``strides.csv``, one row per stride, and their content."""

SESSION_GLOSSARY = {
    "recording": "path as you gave it, or within the folder that you gave",
    "status": "ok, no_gait, refused (readable, but not fit to be labelled), failed, or skipped"
    " (a file without sensor data in a searched folder)",
    "message": "why it was refused, failed or skipped; else what was assumed when reading it",
    "format": "file format it was read as",
    "placement": "body site, or unknown; with ? the part of the body that was inferred: foot?,"
    " ankle?, shin?, thigh?, trunk? or arm?",
    "front": "what was known about the wearer's front: given, marked, inferred or unknown",
    "rate_hz": "sampling rate of the recording",
    "duration_s": "from the file's first row to the last sample",
    "gait_s": "time within bouts of walking or running, gaps between strides included",
    "strides": "all strides; a stride is two steps",
    "forward_strides": "strides labelled forward",
    "backward_strides": "strides labelled backward",
    "unknown_strides": "strides with too little evidence, or sideways, or turning",
    "steps": "steps of both feet, two for each stride",
    "backward_share": "backward share of the labelled strides; empty without any",
    "backward_share_low": "lower end of the 95% interval for all strides except sideways ones: it"
    " allows for the model's known error rates, and counts every unknown stride as forward",
    "backward_share_high": "upper end; counts every unknown stride as backward",
    "bouts": "stretches of walking or running, whatever the direction; bouts.csv lists their parts,"
    " one for each direction and gait",
    "longest_backward_bout_s": "longest time backward without a forward stride or a pause;"
    " empty if there is none and most strides are unknown",
    "cadence_forward_spm": "steps per minute in forward strides; empty without any",
    "cadence_backward_spm": "steps per minute in backward strides; empty without any",
    "model": "model that gave the labels",
    "version": "version of retrodetect",
    "start_time": "wall-clock time of the file's first row, ISO 8601; empty without a date",
    "forward_s": "total time of the strides labelled forward",
    "backward_s": "total time of the strides labelled backward",
    "unknown_s": "total time of the strides of unknown direction",
    "walk_forward_strides": "walking strides labelled forward",
    "walk_backward_strides": "walking strides labelled backward",
    "run_forward_strides": "running strides labelled forward",
    "run_backward_strides": "running strides labelled backward",
    "walk_backward_share": "backward share of the labelled walking strides",
    "run_backward_share": "backward share of the labelled running strides",
    "stride_time_cv_forward": "standard deviation of forward stride times within bouts, as a share"
    " of their mean",
    "stride_time_cv_backward": "the same backward",
    "step_asymmetry_forward": "how much longer the steps of one foot last forward, as a share of"
    " the mean step; empty unless you say that the device is worn in the middle of the body",
    "step_asymmetry_backward": "the same backward",
    "repeats": "number of repeats; repeats.csv lists them",
    "climb_forward_m": "height gained from start to end of each forward stretch, by barometer"
    " or GPS; empty if there is none and most strides are unknown",
    "climb_backward_m": "the same backward",
    "speed_source": "where the speed comes from: given, leg, distance, foot (stride_length_m),"
    " gps; empty if unknown",
    "distance_m": "distance of strides of known direction and speed (up to 15 m/s), or of the whole"
    " recording if you gave it; never from acceleration alone",
    "distance_forward_m": "the forward part; empty if only the whole distance is known, or no"
    " speed",
    "distance_backward_m": "the backward part; empty, like the energy, if no stride is backward and"
    " most are unknown",
    "speed_forward_mps": "mean speed of the forward strides of known speed",
    "speed_backward_mps": "the same backward",
    "grade_forward": "height gained per metre forward, by barometer or GPS: 0.08 is 8% uphill;"
    " empty if too little is known",
    "grade_backward": "the same backward",
    "energy_forward_kcal_per_kg": "energy of the forward strides of known speed, rest included"
    " (equations of the American College of Sports Medicine)",
    "energy_backward_low_kcal_per_kg": "least energy of the backward strides: the forward"
    " equation at the same speed, unpractised, x 1.15",
    "energy_backward_high_kcal_per_kg": "most energy of them: x 1.4",
    "warnings": "what to know: gaps, repaired clocks and units, hints that contradict the signal"
    " or are impossible on foot",
    "sideways_strides": "unknown strides that went sideways",
    "told_apart_by": "what decided which direction is which: the wearer, the signal, or habit"
    " (how most people walk; forward and backward may be swapped)",
    "naming": "probability that forward and backward are not swapped, or, if they are unknown,"
    " of the likelier naming; empty without sides",
    "backward_share_if_swapped": "backward share of the strides on a side if forward and backward"
    " are swapped",
    "distance_forward_low_m": "lower end of the 95% interval of the forward distance by a sensor"
    " on the foot; else empty",
    "distance_forward_high_m": "upper end; counts every unknown stride as forward",
    "distance_backward_low_m": "the same backward",
    "distance_backward_high_m": "upper end; counts every unknown stride as backward",
    "warning_topics": "what the warnings are about, each once: "
    + ", ".join(topic for topic in Topic),
    "copy_of": "recording of the same run that has the same readings: totals leave this one out",
}
"""Columns of ``sessions.csv``, one row per input, and their content."""

BOUT_GLOSSARY = {
    "recording": "path as you gave it, or within the folder that you gave",
    "bout": "number of the bout, as in strides.csv",
    "direction": "forward, backward or unknown",
    "gait": "walk or run",
    "start_s": "in seconds from the file's first row",
    "end_s": "in seconds from the file's first row",
    "start_time": "start_s as wall-clock time; empty without a date",
    "strides": "strides of that direction",
    "cadence_spm": "steps per minute",
}
"""Columns of ``bouts.csv``, one row per part of a bout in one direction and gait."""

REPEAT_GLOSSARY = {
    "recording": "path as you gave it, or within the folder that you gave",
    "set": "number of the set within the recording, from 1",
    "repeat": "number of the repeat within the set, from 1: two legs, there and back",
    "bout": "number of the stretch of walking or running in which the leg begins",
    "direction": "forward or backward",
    "gait": "walk or run, whichever there is more of",
    "start_s": "in seconds from the file's first row",
    "end_s": "in seconds from the file's first row",
    "start_time": "start_s as wall-clock time; empty without a date",
    "duration_s": "from start to end",
    "strides": "strides of that direction",
    "cadence_spm": "steps per minute",
    "pause_s": "time since the end of the previous leg; empty for the first of a set",
    "climb_m": "height gained, by barometer or receiver; empty without either",
    "slope": "up, down or level; empty if no height is known",
}
"""Columns of ``repeats.csv``, one row per leg of a set."""

LIST_COLUMNS = {"bouts": tuple(BOUT_GLOSSARY), "repeats": tuple(REPEAT_GLOSSARY)}
"""Columns of the tables of bouts and repeats, in order."""

STRIDE_COLUMNS = tuple(STRIDE_GLOSSARY)
"""Columns of ``strides.csv``, in order."""

SESSION_COLUMNS = tuple(SESSION_GLOSSARY)
"""Columns of ``sessions.csv``, in order."""

DECIMALS = {
    "start_s": 3, "end_s": 3, "p_backward": 4, "p_side": 4, "stride_length_m": 3, "speed_mps": 3,
    "rate_hz": 3, "duration_s": 3,
    "gait_s": 2,
    "backward_share": 4, "backward_share_low": 4, "backward_share_high": 4,
    "naming": 4, "backward_share_if_swapped": 4,
    "longest_backward_bout_s": 2, "cadence_forward_spm": 1, "cadence_backward_spm": 1,
    "forward_s": 2, "backward_s": 2, "unknown_s": 2,
    "walk_backward_share": 4, "run_backward_share": 4,
    "stride_time_cv_forward": 4, "stride_time_cv_backward": 4,
    "step_asymmetry_forward": 4, "step_asymmetry_backward": 4,
    "climb_forward_m": 1, "climb_backward_m": 1,
    "distance_m": 1, "distance_forward_m": 1, "distance_backward_m": 1,
    "distance_forward_low_m": 1, "distance_forward_high_m": 1,
    "distance_backward_low_m": 1, "distance_backward_high_m": 1,
    "speed_forward_mps": 3, "speed_backward_mps": 3, "grade_forward": 3, "grade_backward": 3,
    "energy_forward_kcal_per_kg": 4, "energy_backward_low_kcal_per_kg": 4,
    "energy_backward_high_kcal_per_kg": 4,
    "cadence_spm": 1, "pause_s": 2, "climb_m": 1, "change": 3,
    "forward_min": 2, "backward_min": 2, "unknown_min": 2,
}  # fmt: skip
"""Decimal places: about a tenth of each figure's accuracy."""

_FORMULA_STARTS = "=+-@＝＋－＠"
"""Characters with which a formula may start in a spreadsheet (OWASP, CSV Injection)."""

_TURNS_TEXT = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Direction controls: a name that contains them looks like another one (Unicode, TR 36)."""

COUNTS = (
    "stride", "bout", "strides", "forward_strides", "backward_strides", "unknown_strides", "steps",
    "bouts",
    "walk_forward_strides", "walk_backward_strides", "run_forward_strides", "run_backward_strides",
    "repeats", "sideways_strides",
)  # fmt: skip
"""Columns of whole numbers in the tables of strides and sessions; other columns without decimals
are text."""

_FROM_OUTSIDE = (
    "recording", "message", "warnings", "format", "placement", "front", "model", "version",
    "told_apart_by", "copy_of",
)  # fmt: skip
"""Columns with text from outside: file names, model names, and output of other runs."""


def made_by(folder: Path) -> Command | None:
    """Return the command that wrote the results in a folder; None if none did."""
    if (folder / STATE).is_dir():
        return "label"
    if "intervals_over" in _content(folder / FACTS):
        return "evaluate"
    record = _content(folder / "run.json")
    if not {"version", "model", "counts"} <= record.keys():
        return None
    return "history" if "runs" in record else "label"


def written_in(folder: Path) -> frozenset[str]:
    """Return the names of the files that the maker of a folder writes."""
    maker = made_by(folder)
    return FILES[maker] if maker else frozenset()


def _content(file: Path) -> dict[str, Any]:
    """Read a JSON file of ours; empty for anything else."""
    try:
        content = json.loads(file.read_bytes())
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def csv_text(table: pd.DataFrame, *, header: bool) -> str:
    """Write a table as csv, with the documented decimals and nothing a spreadsheet would run."""
    # Without attrs, which every selection copies.
    cells = pd.DataFrame(table).items()
    columns = {str(name): _written(str(name), values) for name, values in cells}
    return pd.DataFrame(columns).to_csv(index=False, header=header, lineterminator="\n")


def _written(name: str, values: pd.Series[Any]) -> ArrayLike:
    """Round the cells of a column, or make them harmless."""
    cells: ArrayLike = values.array
    if name in DECIMALS and values.dtype.kind == "f":
        cells = np.round(values.to_numpy(), DECIMALS[name])
    elif name in _FROM_OUTSIDE:
        # Tables of strides repeat one name thousands of times.
        texts = {
            cell: harmless(cell, is_path=name == "recording")
            for cell in set(values)
            if isinstance(cell, str)
        }
        cells = np.array([texts.get(cell, cell) for cell in values], dtype=object)
    return cells


def harmless(text: str, *, is_path: bool = False) -> str:
    """Return text that no spreadsheet takes for a formula and no terminal for a command.

    A path gets ``./`` in front, so that it still names the same file; other text an apostrophe.
    """
    text = visible(text)
    if text.lstrip().startswith(tuple(_FORMULA_STARTS)):
        return f"./{text}" if is_path else f"'{text}"
    return text


def quantity(count: int, noun: str) -> str:
    """Count things: ``1 recording``, ``2 recordings``."""
    return f"{count} {noun}{'s' * (count != 1)}"


def truncated_list(names: Sequence[str], limit: int = 3) -> str:
    """List the first few names, and count the others."""
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return ", ".join(names[:limit]) + more


def without_nan(fields: Mapping[str, float | str]) -> dict[str, float | str | None]:
    """Replace NaN by None, for JSON."""
    return {name: None if value != value else value for name, value in fields.items()}


def visible(text: str) -> str:
    """Write out control and direction characters, so that text shows what it contains."""
    return "".join(
        char.encode("unicode_escape").decode()
        if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"} or char in _TURNS_TEXT
        else char
        for char in readable(text)
    )


def warning_columns(cautions: Sequence[Caution]) -> dict[str, str]:
    """Return ``warnings`` and ``warning_topics`` as in ``sessions.csv``.

    A semicolon separates warnings and occurs in none.
    """
    return {
        "warnings": visible("; ".join(text.replace("; ", ", ") for _, text in cautions)),
        "warning_topics": "; ".join(dict.fromkeys(topic for topic, _ in cautions)),
    }


def lists_table(name: str, lists: Iterable[dict[str, list[Any]]]) -> pd.DataFrame:
    """Join the rows of ``bouts.csv`` or ``repeats.csv``."""
    columns = list(LIST_COLUMNS[name])
    tables = [pd.DataFrame(rows, columns=columns) for rows in lists if rows and rows["recording"]]
    return pd.concat(tables or [pd.DataFrame(columns=columns)], ignore_index=True)


@dataclass(frozen=True, slots=True)
class SmallTable:
    """A table of text."""

    names: tuple[str, ...]  # of its columns, in lower case
    # line number and cells of each row that isn't empty
    rows: tuple[tuple[int, Mapping[str, str]], ...]


def small_table(path: Path) -> SmallTable | None:
    """Read a table that a person wrote, in any form and encoding that spreadsheets save."""
    try:
        text = _decoded(path.read_bytes())
    except OSError as error:
        raise InputError(str(error.strerror), file=str(path), remedy="check the path") from error
    if text is None:
        return None
    lines = text.splitlines()
    head = next((line for line in lines if line.strip()), "")
    reader = csv.reader(lines, delimiter=max(",;\t", key=head.count), skipinitialspace=True)
    names: tuple[str, ...] = ()
    rows = []
    for cells in reader:
        cells = [cell.strip() for cell in cells]
        if not any(cells):
            continue
        if not names:
            names = tuple(cell.lower() for cell in cells)
        else:
            padded = cells + [""] * (len(names) - len(cells))
            rows.append((reader.line_num, dict(zip(names, padded, strict=False))))
    return SmallTable(names, tuple(rows))


def _decoded(content: bytes) -> str | None:
    """Decode text in the encodings of spreadsheets; None if it isn't text."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return content.decode("utf-16", errors="replace")
    if b"\0" in content:
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")


def sessions_table(rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
    """Return rows of ``sessions.csv``, typed; missing fields stay empty.

    Counts are nullable integers, measures floats.
    """
    all_rows = list(rows)
    columns: dict[str, Any] = {}
    for name in SESSION_COLUMNS:
        values = [row.get(name, np.nan) for row in all_rows]
        if name in COUNTS:
            columns[name] = pd.array(values, dtype="Int64")
        else:
            columns[name] = np.array(values, np.float64) if name in DECIMALS else values
    return pd.DataFrame(columns)
