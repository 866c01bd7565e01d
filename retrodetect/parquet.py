"""The two tables as parquet."""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from retrodetect.atomic import replacing
from retrodetect.errors import UsageError

try:
    import pyarrow as pa
    from pyarrow import parquet
except ImportError as error:
    raise UsageError(
        "writing parquet needs pyarrow", remedy="run pip install 'retrodetect[parquet]'"
    ) from error

__all__ = ["write_parquet"]

_TYPES = {
    "recording": "str", "stride": "int64", "bout": "int64", "start_s": "float64",
    "end_s": "float64", "start_time": "str", "gait": "str", "direction": "str",
    "p_backward": "float64", "reason": "str",
}  # fmt: skip


def write_parquet(out: Path, bodies: Iterable[bytes], sessions: pd.DataFrame) -> None:
    """Write ``strides.parquet`` and ``sessions.parquet``.

    Parameters
    ----------
    out
        Folder.
    bodies
        Csv lines of the strides, input by input: never all of them at once.
    sessions : DataFrame
        The table of sessions.
    """
    header = ",".join(_TYPES).encode() + b"\n"
    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in _TYPES.items()])
    with (
        replacing(out / "strides.parquet") as stream,
        parquet.ParquetWriter(stream, schema) as writer,
    ):
        for body in bodies:
            table = pd.read_csv(io.BytesIO(header + body), dtype=_TYPES, keep_default_na=False)
            writer.write_table(pa.Table.from_pandas(table, schema, preserve_index=False))
    with replacing(out / "sessions.parquet") as stream:
        sessions.to_parquet(stream, index=False)
