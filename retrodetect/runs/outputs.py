"""The folder of results: who may write there, and what is written.

A command replaces only files that it has written itself, and only one run writes at a time.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal

import pandas as pd

from retrodetect.direction.card import Card
from retrodetect.errors import UsageError
from retrodetect.locations import Held, identity, make_folder, reaching, replacing, store_of
from retrodetect.results import FILES, STATE, TABLE_FORMATS, TABLES, Command, made_by
from retrodetect.runs import resume
from retrodetect.runs.task import entries
from retrodetect.tables import (
    COUNTS,
    DECIMALS,
    LIST_COLUMNS,
    STRIDE_COLUMNS,
    csv_text,
    lists_table,
    quantity,
    truncated_list,
)
from retrodetect.tally.folder import sessions_apart, weeks

__all__ = [
    "Outputs", "TableFormat", "can_report", "check_all_named", "check_libraries", "check_ours",
    "held", "keep_inputs", "strides_in", "write_json", "write_report", "write_tables",
]  # fmt: skip

TableFormat = Literal["csv", "parquet"]

_INPUTS = "inputs.json"

_STRIDE_TYPES = {
    name: "int64" if name in COUNTS else "float64" if name in DECIMALS else "str"
    for name in STRIDE_COLUMNS
}


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a batch writes."""

    folder: str | Path  # folder or URL; made if it does not exist
    table_format: TableFormat = "csv"  # file format of the tables, ``csv`` or ``parquet``
    report: bool = False  # whether to write ``report.html`` and ``report.json``
    goal: float | None = None  # backward share to reach, for the report
    arguments: tuple[str, ...] = ()  # the command line, for ``run.json``


def can_report() -> bool:
    """Tell whether the packages of the extra ``report`` are installed."""
    return not _missing("report")


def check_libraries(outputs: Outputs) -> None:
    """Check before the work that everything can be written after it."""
    for wanted, extra in ((outputs.report, "report"), (_is_parquet(outputs), "parquet")):
        if wanted and (missing := _missing(extra)):
            raise UsageError(
                f"this needs {missing[0]}", remedy=f"run pip install 'retrodetect[{extra}]'"
            )


def check_ours(folder: Path, command: Command, inputs: Iterable[Path] = ()) -> None:
    """Check that a command would replace nothing but what it wrote itself, and no input."""
    with reaching(folder):
        # Comparing identities finds a file however its path is written.
        to_read = {identity(path) for path in inputs}
        present = [name for name in sorted(FILES[command]) if (folder / name).exists()]
        endangered = [name for name in present if identity(folder / name) in to_read]
        maker = made_by(folder) or (None if present else command)
    if endangered:
        reason = f"{truncated_list(endangered)} is an input, and a result would replace it"
    elif maker is None:
        reason = (
            f"already has files that retrodetect did not write and would replace"
            f" ({truncated_list(present)})"
        )
    elif maker != command:
        reason = f"holds the results of retrodetect {maker}"
    else:
        return
    raise UsageError(reason, file=str(folder), remedy="choose another folder for the results")


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Make a folder of results, and keep other runs out of it."""
    state = make_folder(make_folder(folder) / STATE)
    with ExitStack() as stack:
        try:
            with reaching(state):
                stack.enter_context(store_of(state).locked(state / "lock"))
        except Held as other:
            by = " (process {process} on {host})".format(**other.owner) if other.owner else ""
            raise UsageError(
                f"another run is writing there{by}",
                file=str(folder),
                remedy="wait until it ends, or choose another folder",
            ) from None
        yield state


def check_all_named(state: Path, inputs: Iterable[Path]) -> None:
    """Check that the tables hold no recordings but those of the inputs: others would vanish."""
    try:
        before = set(json.loads((state / _INPUTS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return
    others = sorted(before - {str(identity(path)) for path in inputs})
    if others:
        raise UsageError(
            f"holds results of {quantity(len(others), 'recording')} that you did not name this time"
            f" ({truncated_list([Path(path).name for path in others])})",
            file=str(state.parent),
            remedy="name them too, choose another folder, or use --restart to replace the results",
        )


def keep_inputs(state: Path, inputs: Iterable[Path]) -> None:
    """Keep which recordings the tables hold, for `check_all_named`."""
    write_json(state / _INPUTS, [str(identity(path)) for path in inputs], indent=None)


def strides_in(part: Path) -> pd.DataFrame:
    """Read the strides of finished work."""
    lines = io.BytesIO(",".join(STRIDE_COLUMNS).encode() + b"\n" + resume.body(part))
    empty = {name: [""] for name, kind in _STRIDE_TYPES.items() if kind == "float64"}
    return pd.read_csv(lines, dtype=_STRIDE_TYPES, keep_default_na=False, na_values=empty)


def write_tables(
    outputs: Outputs, folder: Path, parts: Sequence[Path], sessions: pd.DataFrame
) -> None:
    """Write all tables, and remove those that an earlier run wrote in another format.

    ``parts`` is the finished work in the order of the inputs, ``sessions`` its rows.
    """
    ending = outputs.table_format
    with replacing(folder / f"strides.{ending}") as stream:
        (_write_parquet if _is_parquet(outputs) else _write_csv)(stream, parts)
    lists = [entry.lists for part in parts for entry in entries(part)]
    tables = {"sessions": sessions}
    tables |= {name: lists_table(name, [of.get(name, {}) for of in lists]) for name in LIST_COLUMNS}
    for name, table in tables.items():
        with replacing(folder / f"{name}.{ending}") as stream:
            if _is_parquet(outputs):
                table.to_parquet(stream, index=False)
            else:
                stream.write(csv_text(table, header=True).encode())
    for name in TABLES:
        for other in TABLE_FORMATS - {ending}:
            (folder / f"{name}.{other}").unlink(missing_ok=True)


def write_report(
    folder: Path,
    parts: Sequence[Path],
    sessions: pd.DataFrame,
    card: Card,
    record: Mapping[str, Any],
) -> None:
    """Write ``report.html``, and ``report.json`` with what it shows that no table holds.

    ``parts`` is the finished work in the order of the inputs, ``sessions`` its rows.
    """
    from retrodetect.report import facts, page

    every = [entry for part in parts for entry in entries(part)]
    by_week = weeks(sessions_apart([sessions]))
    views = [entry.view and {**entry.view, "lists": entry.lists} for entry in every]
    write_json(folder / "report.json", facts(sessions, views, card, by_week), indent=None)
    with replacing(folder / "report.html") as stream:
        stream.write(page(sessions, views, card, record, by_week).encode())


def write_json(file: Path, content: object, indent: int | None = 1) -> None:
    """Write a JSON file."""
    with replacing(file) as stream:
        stream.write((json.dumps(content, indent=indent) + "\n").encode())


def _is_parquet(outputs: Outputs) -> bool:
    return outputs.table_format == "parquet"


def _missing(extra: str) -> list[str]:
    """Packages of an extra that are not installed."""
    packages = {"report": ("jinja2",), "parquet": ("pyarrow",)}
    return [name for name in packages[extra] if find_spec(name) is None]


def _write_csv(stream: BinaryIO, parts: Sequence[Path]) -> None:
    """Write strides input by input: never all of them are in memory."""
    stream.write(",".join(STRIDE_COLUMNS).encode() + b"\n")
    stream.writelines(map(resume.body, parts))


def _write_parquet(stream: BinaryIO, parts: Sequence[Path]) -> None:
    """Write strides input by input: never all of them are in memory."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _STRIDE_TYPES.items()])
    with parquet.ParquetWriter(stream, schema) as writer:
        for part in parts:
            table = pa.Table.from_pandas(strides_in(part), schema, preserve_index=False)
            writer.write_table(table)
