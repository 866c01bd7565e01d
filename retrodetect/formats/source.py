"""Sources: the bytes of one file, on disk or in an archive, decompressed within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import re
import shutil
import tempfile
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path, PurePosixPath
from typing import IO, Any, BinaryIO
from xml.parsers import expat

import pandas as pd

from retrodetect.errors import RefusedRecording, RetrodetectError, UnreadableFile
from retrodetect.formats.spool import in_temporary_folder

__all__ = [
    "HEAD_BYTES", "RESEARCHKIT", "Source", "archive_members", "contents", "guarded",
    "holds_files", "load_json", "open_file",
]  # fmt: skip


HEAD_BYTES = 1 << 16
"""How much of a file decides its format: about a hundred rows of the widest export seen."""

_FREE_BYTES = 64 * 2**20
_MOST_EXPANSION = 200
"""Sensor tables shrink 3 to 30 times when compressed. Past ``_FREE_BYTES``, a file that expands
more than this is treated as a zip bomb (deflate cannot exceed 1032)."""

_MOST_MEMBERS = 5_000

_ENCRYPTED = 1
"""Encryption flag of a member of a zip archive (PKWARE, APPNOTE 4.4.4)."""

_PACKED: dict[bytes, Callable[[BinaryIO], io.BufferedIOBase]] = {
    b"\x1f\x8b": lambda raw: gzip.GzipFile(fileobj=raw),
    b"\xfd7zXZ\x00": lambda raw: lzma.LZMAFile(raw),
    b"BZh": lambda raw: bz2.BZ2File(raw),
}
_DAMAGE = (OSError, EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError,
           NotImplementedError, ValueError)  # fmt: skip


@dataclass(frozen=True)
class Source:
    """One file that a format may read."""

    name: str  # path within its folder or archive, with forward slashes
    label: str  # name shown in messages
    opener: Callable[[], io.BufferedReader]  # opens the bytes as stored
    stored_bytes: int  # size as stored
    max_bytes: int  # size that it may expand to
    path: Path | None = None  # the file on disk; None within an archive

    @property
    def stem(self) -> str:
        """File name without folders and endings (``walk`` for ``walk.csv.gz``)."""
        name = PurePosixPath(self.name).name
        for ending in (".gz", ".xz", ".bz2"):
            name = name.removesuffix(ending)
        return PurePosixPath(name).stem

    @cached_property
    def head(self) -> bytes:
        """First ``HEAD_BYTES`` of the decompressed content."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @property
    def is_whole(self) -> bool:
        """Whether ``head`` holds the whole file."""
        return len(self.head) < HEAD_BYTES

    def open(self) -> BinaryIO:
        """Open the decompressed content; reading more than the bounds allow raises an error."""
        with ExitStack() as opened:
            try:
                raw = opened.enter_context(self.opener())
                magic = raw.peek(6)
            except _DAMAGE as error:
                raise self._damaged(error) from error
            opened.pop_all()
        for start, unpack in _PACKED.items():
            if magic.startswith(start):
                return io.BufferedReader(_Bounded(unpack(raw), raw, self), 1 << 18)
        return raw

    def check_size(self, unpacked_bytes: int) -> None:
        """Refuse a file that expands too much."""
        allowed = min(self.max_bytes, max(_FREE_BYTES, _MOST_EXPANSION * self.stored_bytes))
        if unpacked_bytes > allowed:
            raise RefusedRecording(
                f"expands to more than {allowed >> 20} MiB",
                file=self.label,
                remedy="unpack it yourself if you trust it",
            )

    def check_deflated(self, parts: Iterable[bytes], window_bits: int) -> None:
        """Refuse a file whose deflated parts expand too much, before a library unpacks them.

        Damaged parts are left to the library. ``window_bits`` is that of `zlib.decompressobj`.
        """
        unpacked_bytes = 0
        for part in parts:
            unpack, rest = zlib.decompressobj(window_bits), part
            with suppress(zlib.error):
                while rest and not unpack.eof:
                    unpacked_bytes += len(unpack.decompress(rest, 1 << 20))
                    self.check_size(unpacked_bytes)
                    rest = unpack.unconsumed_tail

    @contextmanager
    def on_disk(self) -> Iterator[Path]:
        """Yield a path for libraries that need one: the file itself, or a temporary copy.

        The copy is not named after the archive's member, so a hostile name cannot choose its place.
        """
        if isinstance(self.path, Path):
            with self.opener() as stored:
                is_packed = stored.peek(6).startswith(tuple(_PACKED))
            if not is_packed:
                yield self.path
                return
        with ExitStack() as stack:
            with in_temporary_folder("cannot be unpacked into"):
                folder = tempfile.TemporaryDirectory(prefix="retrodetect-")
                copy = Path(stack.enter_context(folder)) / f"file{PurePosixPath(self.name).suffix}"
                with self.open() as stream, copy.open("wb") as target:
                    shutil.copyfileobj(stream, target, 1 << 20)
            yield copy

    def _damaged(self, error: BaseException) -> UnreadableFile:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        closed = isinstance(error, PermissionError)
        return UnreadableFile(
            f"cannot be read ({reason})",
            file=self.label,
            remedy="check its permissions" if closed else "copy or export it again",
        )


class _Bounded(io.RawIOBase):
    """A stream that stops a zip bomb and names the file where it finds damage."""

    def __init__(
        self,
        stream: IO[bytes] | io.BufferedIOBase,
        below: IO[bytes] | io.BufferedIOBase,
        source: Source,
    ) -> None:
        self._stream = stream
        self._below = below
        self._source = source
        self._count = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        try:
            block = self._stream.read(len(buffer))
        except _DAMAGE as error:
            raise self._source._damaged(error) from error
        self._count += len(block)
        self._source.check_size(self._count)
        buffer[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._stream.close()
        self._below.close()
        super().close()


def open_file(path: Path, max_bytes: int) -> Source:
    """Describe a file on disk without reading it; ``max_bytes`` bounds its decompressed size."""
    return Source(
        name=path.name,
        label=str(path),
        opener=lambda: _peekable(path.open("rb")),
        stored_bytes=path.stat().st_size,
        max_bytes=max_bytes,
        path=path,
    )


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    """The stream itself if it comes from a disk; others get a buffer."""
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(stream, 1 << 18)  # type: ignore[arg-type]


def archive_members(source: Source) -> list[Source] | None:
    """List the files of a zip archive, in its order; None where the source is not an archive.

    Nothing is extracted to disk under a name taken from the archive.
    """
    if not source.head.startswith(_ZIP):
        return None
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            named = [entry for entry in archive.infolist() if entry.filename]
            # Where two members share a name the last one counts, as when unpacking.
            last = {entry.filename: entry for entry in named if not entry.is_dir()}
    except _DAMAGE as error:
        raise source._damaged(error) from error
    entries = [*last.values()]
    if len(entries) > _MOST_MEMBERS:
        raise RefusedRecording(
            f"contains {len(entries)} files, more than {_MOST_MEMBERS}",
            remedy="unpack it yourself if you trust it",
        )
    return [
        _member(source, entry) for entry in entries if not entry.filename.startswith("__MACOSX/")
    ]


def _member(source: Source, entry: zipfile.ZipInfo) -> Source:
    def opener() -> io.BufferedReader:
        raw = source.open()
        try:
            if entry.flag_bits & _ENCRYPTED:
                raise UnreadableFile(
                    "is encrypted", file=member.label, remedy="unpack it with its password"
                )
            with zipfile.ZipFile(raw) as archive:
                stream = archive.open(entry)
        except BaseException:
            raw.close()
            raise
        return io.BufferedReader(_Bounded(stream, raw, member), 1 << 18)

    member = Source(
        name=entry.filename.replace("\\", "/"),
        label=f"{source.label}#{entry.filename}",
        opener=opener,
        stored_bytes=entry.compress_size,
        max_bytes=source.max_bytes,
    )
    return member


@contextmanager
def guarded(what: str, extra: str = "devices") -> Iterator[None]:
    """Import a library and let it read a file; turn whatever it raises into a clear error.

    ``what`` is the kind of file with its article; ``extra`` is the extra that installs the library.
    """
    try:
        yield
    except (RetrodetectError, MemoryError):
        raise
    except ImportError as error:
        raise UnreadableFile(
            f"is {what}, which needs more packages",
            remedy=f"run pip install 'retrodetect[{extra}]'",
        ) from error
    except Exception as error:  # third-party parsers may raise anything on damaged bytes
        raise UnreadableFile(
            f"is {what} that is cut off or damaged",
            remedy="copy or export it again",
        ) from error


_OLD_WORKBOOK = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of a compound file, the container of Excel 97 to 2003."""

_NEW_WORKBOOK = "xl/workbook.xml"
_PLACED = (" row", " c")
"""Elements of a sheet that carry a position, after their namespace."""

_PLACE = re.compile(r"([A-Z]{0,3})(\d{0,7})")
_FEW_CELLS, _MOST_PADDING = 1_000_000, 20
"""A sheet may be padded to this many cells, or to this many times the cells it has."""

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_ARCHIVES, _TAR_AT = (b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\x28\xb5\x2f\xfd"), 257
"""First bytes of 7z, RAR and Zstandard; tar has its mark further in (POSIX.1, ``ustar``)."""

_FRAMES = (b"PAR1", b"ARROW1")
_FRAME_CELLS = 50_000_000

_RECORDS = re.compile(rb'\s*(?:\{\s*"\w{1,40}"\s*:\s*\[\s*|\[\s*)?\{')
_TRIAD = re.compile(
    rb'"x"\s*:[^"{}\[\]]{1,40}"y"\s*:[^"{}\[\]]{1,40}"z"\s*:'
    rb'|"values?"\s*:\s*\[(?:[^\[\]",]{1,40},){2}[^\[\]",]{1,40}\]'
)
_DEEPEST = 4
"""Lists of objects with readings along three axes (ResearchKit, LAMP, SensorStreamer)."""

RESEARCHKIT = "items of ResearchKit"
"""Line placed above ResearchKit's tables. Only ResearchKit names a list of readings so, and it runs
on iOS only (source: ``ORKJSONLogFormatter``)."""

_SENSORS = re.compile(rb'^\s*\[\s*\{[^{}\[\]]{0,2000}?"sensor"\s*:\s*"')


_JSON_LINES = re.compile(rb"\s*\{[^\n]*\}\s*\n\s*\{")
_BETWEEN_LINES = re.compile(rb"\}\s*\n\s*\{")
_MOST_JSON_BYTES = 256 * 2**20
"""About three hours at 104 Hz. JSON must fit in memory whole, at several times its size."""


def contents(source: Source) -> list[Source] | None:
    """List the files inside a file; None where there are none.

    Members of an archive, sheets of a workbook, sensors or readings of a JSON list, or the table
    of a Parquet or Feather file.
    """
    within = _within(source.head)
    return None if within is None else within(source)


def holds_files(source: Source) -> bool:
    """Whether a file holds others, judged by its first bytes; it may be damaged."""
    return _within(source.head) is not None


def _within(head: bytes) -> Callable[[Source], list[Source]] | None:
    """Function that lists the files inside a file with this head; None where there are none."""
    if head.startswith(_OLD_WORKBOOK):
        return partial(_sheets, engine="xlrd")
    if head.startswith(_ZIP):
        return _members_or_sheets
    if head.startswith(_FRAMES):
        return _frame
    if _SENSORS.match(head):
        return _sensors
    if _RECORDS.match(head) and _TRIAD.search(head[:4000]):
        return _records
    is_archive = head.startswith(_ARCHIVES) or head[_TAR_AT:].startswith(b"ustar")
    return _refuse_archive if is_archive else None


def _refuse_archive(_: Source) -> list[Source]:
    raise UnreadableFile("is an unsupported kind of archive", remedy="unpack it")


def _members_or_sheets(source: Source) -> list[Source]:
    """Members of a zip archive, or sheets if it is a workbook."""
    members = archive_members(source) or []
    if not any(member.name == _NEW_WORKBOOK for member in members):
        return members
    for member in members:
        _check_extent(member)
    return _sheets(source, "openpyxl")


def _sheets(source: Source, engine: Any) -> list[Source]:
    """Sheets of a workbook that are not empty."""
    with guarded("an Excel workbook"), source.open() as stream:
        book = io.BytesIO(stream.read())
        sheets = pd.read_excel(book, sheet_name=None, header=None, engine=engine)
    return [_table(source, name, frame, False) for name, frame in sheets.items() if len(frame)]


def _check_extent(member: Source) -> None:
    """Unpack a part of a workbook, to detect a bomb before a library does.

    A sheet may claim a cell in row 1e308; libraries would fill all rows before it.
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
            # Anything that isn't valid XML is left to the library.
            with suppress(expat.ExpatError):
                parser.Parse(block)
    if rows * columns > max(_FEW_CELLS, _MOST_PADDING * cells):
        raise RefusedRecording(
            f"has {cells} cells, but claims {rows} rows and {columns} columns",
            file=member.label,
            remedy="export it as csv",
        )


def _sensors(source: Source) -> list[Source]:
    """One table for each sensor, in order of appearance."""
    entries = load_json(source)
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for entry in entries:
        if not isinstance(entry, dict) or not isinstance(entry.get("sensor"), str):
            raise UnreadableFile(
                "is a JSON list in which some readings name no sensor",
                remedy="export it again, or as csv",
            )
        rows[entry["sensor"]].append(entry)
    return [
        _table(source, sensor, pd.DataFrame(map(_flat, entries)).drop(columns="sensor"), True)
        for sensor, entries in rows.items()
    ]


def _records(source: Source) -> list[Source]:
    """The list of readings in a file as a single table; empty where the file has no such list."""
    content = load_json(source)
    lists = content if isinstance(content, dict) else {"": content}
    key, entries = next((item for item in lists.items() if isinstance(item[1], list)), ("", []))
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return []
    frame = pd.DataFrame(map(_flat, entries))
    return [_table(source, source.stem, frame, True, RESEARCHKIT if key == "items" else "")]


def _flat(record: Any, name: str = "", depth: int = 0) -> dict[str, Any]:
    """A JSON record without nesting: ``{"data": {"x": 1}}`` becomes ``{"data.x": 1}``."""
    is_list = isinstance(record, list)
    flat: dict[str, Any] = {}
    for key, value in enumerate(record) if is_list else record.items():
        path = f"{name}{'_' if is_list else '.'}{key}" if name else str(key)
        if not isinstance(value, dict | list):
            flat[path] = value
        elif depth < _DEEPEST:
            flat |= _flat(value, path, depth + 1)
    return flat


def _frame(source: Source) -> list[Source]:
    """The table of a Parquet or Feather file."""
    with guarded("a Parquet or Feather table", "parquet"), source.open() as stream:
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
            raise RefusedRecording(f"has more than {_FRAME_CELLS:,} cells", remedy="split it")
        read = table.read if source.head.startswith(b"PAR1") else table.read_all
        frame = read().to_pandas()
        if frame.index.name:
            frame = frame.reset_index()
    return [_table(source, source.stem, frame, True)]


def _table(source: Source, name: str, frame: pd.DataFrame, header: bool, above: str = "") -> Source:
    """A table in memory presented as a text file, with an optional line above it."""
    try:
        text = (f"{above}\n" * bool(above) + frame.to_csv(header=header, index=False)).encode()
    except UnicodeEncodeError as error:
        raise UnreadableFile("contains damaged text", remedy="export it again") from error
    if len(text) > source.max_bytes:
        raise RefusedRecording(
            f"expands to more than {source.max_bytes >> 20} MiB",
            remedy="split it",
        )
    return Source(
        name=f"{name}.csv",
        label=f"{source.label}#{name}",
        opener=lambda: io.BufferedReader(io.BytesIO(text)),
        stored_bytes=len(text),
        max_bytes=source.max_bytes,
    )


def load_json(source: Source) -> Any:
    """Parse a whole file within bounds; objects on separate lines make a list."""
    with source.open() as stream:
        text = stream.read(_MOST_JSON_BYTES + 1)
    if len(text) > _MOST_JSON_BYTES:
        raise RefusedRecording(
            f"is JSON larger than {_MOST_JSON_BYTES >> 20} MiB",
            remedy="split it, or export csv",
        )
    if _JSON_LINES.match(text):
        text = b"[" + _BETWEEN_LINES.sub(b"},{", text) + b"]"
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UnreadableFile(
            "is JSON that is cut off or damaged", remedy="export it again"
        ) from error
