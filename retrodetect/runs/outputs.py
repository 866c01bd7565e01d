"""The folder of results: its lock, its files, and the history of several runs.

A command replaces only files that it wrote itself, and only one run writes at a time.
"""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any, BinaryIO, Literal, NamedTuple

import pandas as pd

from retrodetect import tables
from retrodetect.direction.card import Card
from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.locations import (
    Held,
    identity,
    location,
    make_folder,
    reaching,
    replacing,
    store_of,
)
from retrodetect.runs import own_version, resume
from retrodetect.runs.task import entries
from retrodetect.tally.folder import outside_weeks, sessions_apart, totals, weeks

__all__ = [
    "Outputs", "Run", "TableFormat", "can_report", "check_all_named", "check_libraries",
    "check_ours", "held", "keep_inputs", "left_out", "read_runs", "strides_in", "write_history",
    "write_json", "write_report", "write_tables",
]  # fmt: skip

TableFormat = Literal["csv", "parquet"]

_INPUTS = "inputs.json"

_STRIDE_TYPES = {
    name: "int64" if name in tables.COUNTS else "float64" if name in tables.DECIMALS else "str"
    for name in tables.STRIDE_COLUMNS
}

_NUMBERS = {name for name in tables.SESSION_COLUMNS if name in {*tables.COUNTS, *tables.DECIMALS}}
_TEXT = {name: str for name in tables.SESSION_COLUMNS if name not in _NUMBERS}
"""Numeric and text columns of the sessions table."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """What a batch writes."""

    folder: str | Path  # folder or URL; created if it does not exist
    table_format: TableFormat = "csv"  # file format of the tables, ``csv`` or ``parquet``
    report: bool = False  # whether to write ``report.html`` and ``report.json``
    goal: float | None = None  # backward share to reach, for the report
    arguments: tuple[str, ...] = ()  # the command line, for ``run.json``


def can_report() -> bool:
    """Return whether the packages of the extra ``report`` are installed."""
    return find_spec("jinja2") is not None


def check_libraries(outputs: Outputs) -> None:
    """Check before the work that the packages for its outputs are installed."""
    is_parquet = _is_parquet(outputs)
    for wanted, extra, package in (
        (outputs.report, "report", "jinja2"), (is_parquet, "parquet", "pyarrow")
    ):  # fmt: skip
        if wanted and find_spec(package) is None:
            raise UsageError(
                f"this needs {package}", remedy=f"run pip install 'retrodetect[{extra}]'"
            )


def check_ours(folder: Path, command: tables.Command, inputs: Iterable[Path] = ()) -> None:
    """Check that a command would replace only its own files, and no input."""
    with reaching(folder):
        # Identities match however a path is written.
        to_read = {identity(path) for path in inputs}
        present = [name for name in sorted(tables.FILES[command]) if (folder / name).exists()]
        endangered = [name for name in present if identity(folder / name) in to_read]
        maker = tables.made_by(folder) or (None if present else command)
    if endangered:
        reason = f"{tables.truncated_list(endangered)} is an input, and a result would replace it"
    elif maker is None:
        reason = (
            f"already has files that retrodetect did not write and would replace"
            f" ({tables.truncated_list(present)})"
        )
    elif maker != command:
        reason = f"contains the results of retrodetect {maker}"
    else:
        return
    raise UsageError(reason, file=str(folder), remedy="choose another folder for the results")


@contextmanager
def held(folder: Path) -> Iterator[Path]:
    """Create a folder of results and lock it against other runs."""
    state = make_folder(make_folder(folder) / tables.STATE)
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
    """Check that the inputs cover every recording in the tables: others would vanish."""
    try:
        before = set(json.loads((state / _INPUTS).read_bytes()))
    except (OSError, ValueError, TypeError):
        return
    missing = sorted(before - {str(identity(path)) for path in inputs})
    if missing:
        raise UsageError(
            f"contains results of {tables.quantity(len(missing), 'recording')} that you did not"
            f" name this time ({tables.truncated_list([Path(path).name for path in missing])})",
            file=str(state.parent),
            remedy="name them too, choose another folder, or use --restart to replace the results",
        )


def keep_inputs(state: Path, inputs: Iterable[Path]) -> None:
    """Record which recordings the tables contain, for `check_all_named`."""
    write_json(state / _INPUTS, [str(identity(path)) for path in inputs], indent=None)


def strides_in(part: Path) -> pd.DataFrame:
    """Read the strides of finished work."""
    lines = io.BytesIO(",".join(tables.STRIDE_COLUMNS).encode() + b"\n" + resume.body(part))
    empty = {name: [""] for name, kind in _STRIDE_TYPES.items() if kind == "float64"}
    return pd.read_csv(lines, dtype=_STRIDE_TYPES, keep_default_na=False, na_values=empty)


def write_tables(
    outputs: Outputs, folder: Path, parts: Sequence[Path], sessions: pd.DataFrame
) -> None:
    """Write all tables, and remove those of an earlier run in another format.

    ``parts`` is the finished work in the order of the inputs, ``sessions`` its rows.
    """
    ending = outputs.table_format
    with replacing(folder / f"strides.{ending}") as stream:
        (_write_parquet if _is_parquet(outputs) else _write_csv)(stream, parts)
    lists = [entry.lists for part in parts for entry in entries(part)]
    written = {"sessions": sessions}
    for name in tables.LIST_COLUMNS:
        written[name] = tables.lists_table(name, [of.get(name, {}) for of in lists])
    for name, table in written.items():
        with replacing(folder / f"{name}.{ending}") as stream:
            if _is_parquet(outputs):
                table.to_parquet(stream, index=False)
            else:
                stream.write(tables.csv_text(table, header=True).encode())
    for name in tables.TABLES:
        for other in tables.TABLE_FORMATS - {ending}:
            (folder / f"{name}.{other}").unlink(missing_ok=True)


def write_report(
    folder: Path,
    parts: Sequence[Path],
    sessions: pd.DataFrame,
    card: Card,
    record: Mapping[str, Any],
) -> None:
    """Write ``report.html``, and ``report.json`` with what it shows beyond the tables.

    ``parts`` is the finished work in the order of the inputs, ``sessions`` its rows.
    """
    from retrodetect.report import facts, page

    all_entries = [entry for part in parts for entry in entries(part)]
    by_week = weeks(sessions_apart([sessions]))
    views = [entry.view and {**entry.view, "lists": entry.lists} for entry in all_entries]
    write_json(folder / "report.json", facts(sessions, views, card, by_week), indent=None)
    with replacing(folder / "report.html") as stream:
        stream.write(page(sessions, views, card, record, by_week).encode())


def write_json(file: Path, content: object, indent: int | None = 1) -> None:
    """Write a JSON file."""
    with replacing(file) as stream:
        stream.write((json.dumps(content, indent=indent) + "\n").encode())


class Run(NamedTuple):
    """Output of one run."""

    folder: str  # its output folder
    sessions: pd.DataFrame  # its ``sessions.csv``; columns its version did not write are empty
    record: dict[str, Any]  # content of its ``run.json``


def read_runs(folders: Sequence[str]) -> list[Run]:
    """Read the output of runs."""
    # A folder named twice is one run, however its path is written.
    names = {identity(location(name)): name for name in folders}.values()
    return sorted(map(_read_run, names), key=lambda run: str(run.record["times"].get("began", "")))


def left_out(runs: Iterable[pd.DataFrame], sessions: pd.DataFrame) -> list[str]:
    """Name the recordings that are no session because another recording covers them."""
    listed = Counter(name for table in runs for name in table["recording"])
    return sorted((listed - Counter(sessions["recording"])).elements())


def write_history(
    out: Path,
    runs: Sequence[Run],
    sessions: pd.DataFrame,
    by_week: pd.DataFrame,
    goal: float | None,
) -> None:
    """Write ``weeks.csv``, ``sessions.csv``, ``run.json`` and, if Jinja is installed, the page.

    Replace such a file only if an earlier history wrote it.
    """
    check_ours(out, "history")
    make_folder(out)
    counts = sessions["status"].value_counts()
    models = {str(run.record["model"].get("name", "?")) for run in runs}
    record = {
        "version": own_version(),
        "runs": [run.folder for run in runs],
        "model": {"name": " and ".join(sorted(models)), "sha256": ""},
        "goal": goal,
        "left_out": left_out((run.sessions for run in runs), sessions),
        "counts": {
            "inputs": len(sessions),
            "ok": int(counts.get("ok", 0)),
            "outside_weeks": outside_weeks(sessions, by_week),
        },
        "totals": tables.without_nan(totals(sessions)),
        "times": {"began": datetime.now(UTC).isoformat(timespec="seconds")},
    }
    # First: it marks the other files as ours.
    write_json(out / "run.json", record)
    for name, table in (("weeks.csv", by_week), ("sessions.csv", sessions)):
        with replacing(out / name) as stream:
            stream.write(tables.csv_text(table, header=True).encode())
    if can_report():
        from retrodetect.report import page

        with replacing(out / "report.html") as stream:
            stream.write(page(sessions, [None] * len(sessions), None, record, by_week).encode())


def _is_parquet(outputs: Outputs) -> bool:
    return outputs.table_format == "parquet"


def _write_csv(stream: BinaryIO, parts: Sequence[Path]) -> None:
    """Write strides input by input, to save memory."""
    stream.write(",".join(tables.STRIDE_COLUMNS).encode() + b"\n")
    stream.writelines(map(resume.body, parts))


def _write_parquet(stream: BinaryIO, parts: Sequence[Path]) -> None:
    """Write strides input by input, to save memory."""
    import pyarrow as pa
    from pyarrow import parquet

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _STRIDE_TYPES.items()])
    with parquet.ParquetWriter(stream, schema) as writer:
        for part in parts:
            table = pa.Table.from_pandas(strides_in(part), schema, preserve_index=False)
            writer.write_table(table)


_AGAIN = "label its recordings again, with --restart"


def _read_run(folder: str) -> Run:
    where = location(folder)
    try:
        if (where / "sessions.csv").is_file():
            empty = {name: [""] for name in _NUMBERS}
            with (where / "sessions.csv").open("rb") as stream:
                table = pd.read_csv(stream, dtype=_TEXT, keep_default_na=False, na_values=empty)
        else:
            with (where / "sessions.parquet").open("rb") as stream:
                table = pd.read_parquet(stream)
        record = json.loads((where / "run.json").read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError) as error:
        raise UsageError(
            "no such folder"
            if not where.exists()
            else "contains no results of retrodetect label"
            if where.is_dir()
            else "isn't a folder",
            file=folder,
            remedy="name a folder that you gave to label --out",
        ) from error
    except (OSError, ValueError, ImportError) as error:
        reason = getattr(error, "strerror", None) or error
        raise UnreadableFile(f"cannot be read ({reason})", file=folder, remedy=_AGAIN) from error
    if not {"recording", "status"} <= set(table.columns):
        raise UnreadableFile(
            "its sessions table has no columns recording and status", file=folder, remedy=_AGAIN
        )
    if not isinstance(record, dict):
        raise UnreadableFile("retrodetect did not write its run.json", file=folder, remedy=_AGAIN)
    table = table[table["status"] != "skipped"]
    rows = [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]
    try:
        table = tables.sessions_table(rows)
    except (ValueError, TypeError, OverflowError) as error:
        raise UnreadableFile(
            f"its sessions table cannot be read ({error})", file=folder, remedy=_AGAIN
        ) from error
    start_time = table["start_time"].astype(object).fillna("").astype(str)
    parts = {
        name: part if isinstance(part := record.get(name), dict) else {}
        for name in ("times", "model")
    }
    return Run(folder, table.assign(start_time=start_time), record | parts)
