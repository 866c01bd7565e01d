"""Contents: files within a file, whether it is a zip, a workbook, a list in JSON or a data frame.

Sheets of a workbook, lists of readings in JSON and tables of Parquet and Feather become tables of
text, named as the app names the same in a folder of csv; from there on they are read as such a
folder is.
"""

from __future__ import annotations

import io
import re
from collections import defaultdict
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from xml.parsers import expat

import pandas as pd

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats.source import Source, archive_members, guarded
from retrodetect.formats.text import load_json

__all__ = ["RESEARCHKIT", "contents", "holds_files"]

_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""Compound file, in which Excel 97 to 2003 keeps its sheets."""

_NEW_WORKBOOK = "xl/workbook.xml"
_PLACED = (" row", " c")
"""Elements of a sheet that say where they are, behind their namespace."""

_PLACE = re.compile(r"([A-Z]{0,3})(\d{0,7})")
_FEW_CELLS, _MOST_PADDING = 1_000_000, 20
"""A sheet may be padded to so many cells, or to so many for each that it holds."""

_FRAMES = (b"PAR1", b"ARROW1")
_FRAME_CELLS = 50_000_000

_RECORDS = re.compile(rb'\s*(?:\{\s*"\w{1,40}"\s*:\s*\[\s*|\[\s*)?\{')
_TRIAD = re.compile(
    rb'"x"\s*:[^"{}\[\]]{1,40}"y"\s*:[^"{}\[\]]{1,40}"z"\s*:'
    rb'|"values?"\s*:\s*\[(?:[^\[\]",]{1,40},){2}[^\[\]",]{1,40}\]'
)
_DEEPEST = 4
"""Lists of objects with readings along three axes: ResearchKit, LAMP, SensorStreamer."""

RESEARCHKIT = "items of ResearchKit"
"""Line above its tables: it alone calls a list of readings so, and it is of iOS alone (source:
``ORKJSONLogFormatter``)."""

_SENSORS = re.compile(rb'^\s*\[\s*\{[^{}\[\]]{0,2000}?"sensor"\s*:\s*"')


def contents(source: Source) -> list[Source] | None:
    """List the files within a file; None where it holds no others.

    They are members of an archive, sheets of a workbook, sensors or readings of a JSON list, or the
    one table of Parquet or Feather.
    """
    if source.head.startswith(_OLD_WORKBOOK):
        return _sheets(source, "xlrd")
    members = archive_members(source)
    if members is not None and any(member.name == _NEW_WORKBOOK for member in members):
        for member in members:
            _check_extent(member)
        return _sheets(source, "openpyxl")
    if members is None and source.head.startswith(_FRAMES):
        return [_frame(source)]
    if members is None and _SENSORS.match(source.head):
        return _sensors(source)
    if members is None and _has_records(source):
        return _records(source)
    return members


def holds_files(source: Source) -> bool:
    """Whether a file, damaged or not, holds others, by its first bytes alone."""
    packed = (_OLD_WORKBOOK, b"PK\x03\x04", b"PK\x05\x06", *_FRAMES)
    is_listed = _SENSORS.match(source.head) is not None or _has_records(source)
    return source.head.startswith(packed) or is_listed


def _has_records(source: Source) -> bool:
    """Whether a file begins with a list of readings along three axes."""
    return bool(_RECORDS.match(source.head)) and bool(_TRIAD.search(source.head[:4000]))


def _sheets(source: Source, engine: Any) -> list[Source]:
    """Sheets of a workbook that hold anything."""
    with guarded(source, "an Excel workbook"), source.open() as stream:
        book = io.BytesIO(stream.read())
        sheets = pd.read_excel(book, sheet_name=None, header=None, engine=engine)
    return [_table(source, name, frame, False) for name, frame in sheets.items() if len(frame)]


def _check_extent(member: Source) -> None:
    """Unpack a part of a workbook, so that a bomb is found before a library meets it.

    A sheet may say of a cell that it is in row 1e308: libraries fill all that lies before it.
    """
    cells = rows = columns = 0

    def on_element(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal cells, rows, columns
        if not name.endswith(_PLACED):
            return
        place = _PLACE.fullmatch(attributes.get("r", ""))
        if place is None:
            raise UnreadableFile(
                "has a cell with an invalid reference",
                file=member.label,
                place=f"cell {attributes['r'][:20]!r}",
                remedy="export it again",
            )
        is_row = name.endswith(_PLACED[0])
        cells += not is_row
        rows = max(rows + is_row, int(place[2] or 0))
        column = 0
        for letter in place[1]:
            column = 26 * column + ord(letter) - ord("A") + 1
        columns = max(columns, column)

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = on_element
    with member.open() as stream:
        while block := stream.read(1 << 20):
            # What is no XML, or damaged, is left to the library.
            with suppress(expat.ExpatError):
                parser.Parse(block)
    if rows * columns > max(_FEW_CELLS, _MOST_PADDING * cells):
        raise RefusedRecording(
            f"has {cells} cells, but claims {rows} rows and {columns} columns",
            file=member.label,
            remedy="export it as csv",
        )


def _sensors(source: Source) -> list[Source]:
    """Entries of each sensor as a table, in order of appearance."""
    entries = load_json(source)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("sensor"), str):
            raise UnreadableFile(
                "is a JSON list in which some readings name no sensor",
                file=source.label,
                remedy="export it again, or as csv",
            )
        rows[entry["sensor"]].append(entry)
    return [
        _table(source, sensor, pd.DataFrame(map(_flat, own)).drop(columns="sensor"), True)
        for sensor, own in rows.items()
    ]


def _records(source: Source) -> list[Source]:
    """The list of readings in a file as one table; none where it is no such list."""
    entries = load_json(source)
    lists = entries if isinstance(entries, dict) else {"": entries}
    key, own = next(((key, own) for key, own in lists.items() if isinstance(own, list)), ("", []))
    if not own or not all(isinstance(entry, dict) for entry in own):
        return []
    frame = pd.DataFrame(map(_flat, own))
    return [_table(source, source.stem, frame, True, RESEARCHKIT if key == "items" else "")]


def _flat(record: Any, name: str = "", depth: int = 0) -> dict[str, Any]:
    """A record of JSON without nesting: ``{"data": {"x": 1}}`` becomes ``{"data.x": 1}``."""
    is_list = isinstance(record, list)
    flat: dict[str, Any] = {}
    for key, value in enumerate(record) if is_list else record.items():
        own = f"{name}{'_' if is_list else '.'}{key}" if name else str(key)
        if not isinstance(value, dict | list):
            flat[own] = value
        elif depth < _DEEPEST:
            flat |= _flat(value, own, depth + 1)
    return flat


def _frame(source: Source) -> Source:
    """The table of a Parquet or Feather file."""
    with guarded(source, "a Parquet or Feather table", "parquet"), source.open() as stream:
        import pyarrow as pa
        from pyarrow import parquet

        if source.head.startswith(b"PAR1"):
            table = parquet.ParquetFile(pa.BufferReader(stream.read()))
            rows, columns = table.metadata.num_rows, table.metadata.num_columns
        else:
            table = pa.ipc.open_file(pa.BufferReader(stream.read()))
            rows = sum(table.get_batch(part).num_rows for part in range(table.num_record_batches))
            columns = len(table.schema)
        if rows * columns > _FRAME_CELLS:
            raise RefusedRecording(
                f"has more than {_FRAME_CELLS:,} cells", file=source.label, remedy="split it"
            )
        read = table.read if source.head.startswith(b"PAR1") else table.read_all
        frame = read().to_pandas()
        if frame.index.name:
            frame = frame.reset_index()
    return _table(source, source.stem, frame, True)


def _table(source: Source, name: str, frame: pd.DataFrame, header: bool, above: str = "") -> Source:
    """A table in memory as if it were a file of text, with a line above it."""
    try:
        text = (f"{above}\n" * bool(above) + frame.to_csv(header=header, index=False)).encode()
    except UnicodeEncodeError as error:
        raise UnreadableFile(
            "contains damaged text", file=source.label, remedy="export it again"
        ) from error
    if len(text) > source.max_bytes:
        raise RefusedRecording(
            f"expands to more than {source.max_bytes >> 20} MiB",
            file=source.label,
            remedy="split it",
        )
    return Source(
        name=f"{name}.csv",
        label=f"{source.label}#{name}",
        opener=lambda: io.BufferedReader(io.BytesIO(text)),
        stored_bytes=len(text),
        max_bytes=source.max_bytes,
    )
