"""Sources: the bytes of one file, on disk or in an archive, decompressed within bounds."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import IO, BinaryIO

from retrodetect.errors import RefusedRecording, RetrodetectError, UnreadableFile
from retrodetect.formats.spool import in_temporary_folder

__all__ = ["HEAD_BYTES", "Source", "archive_members", "guarded", "open_file"]

HEAD_BYTES = 1 << 16
"""How much of a file decides what it is: some hundred rows of the widest export seen."""

_FREE_BYTES = 64 * 2**20
_MOST_EXPANSION = 200
"""A sensor table packs 3 to 30 times; what packs better than this, past ``_FREE_BYTES``, is a
zip bomb (deflate ends at 1032)."""

_MOST_MEMBERS = 5_000

_ENCRYPTED = 1
"""Flag of a member of a zip archive (PKWARE, APPNOTE 4.4.4)."""

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
    label: str  # how messages call it
    opener: Callable[[], io.BufferedReader]  # opens the bytes as stored
    stored_bytes: int  # their number
    max_bytes: int  # most bytes it may expand to
    path: Path | None = None  # the file on disk; None within an archive

    @property
    def stem(self) -> str:
        """File name without folders and endings (``walk.csv.gz`` gives ``walk``)."""
        name = PurePosixPath(self.name).name
        for ending in (".gz", ".xz", ".bz2"):
            name = name.removesuffix(ending)
        return PurePosixPath(name).stem

    @cached_property
    def head(self) -> bytes:
        """The first ``HEAD_BYTES`` after decompression."""
        with self.open() as stream:
            return stream.read(HEAD_BYTES)

    @property
    def is_whole(self) -> bool:
        """Whether ``head`` is the whole file."""
        return len(self.head) < HEAD_BYTES

    @property
    def is_stored_plain(self) -> bool:
        """Whether the bytes lie on disk as they are read."""
        if not isinstance(self.path, Path):
            return False
        with self.path.open("rb") as stream:
            return not stream.read(6).startswith(tuple(_PACKED))

    def open(self) -> BinaryIO:
        """Open the content, decompressed and bounded."""
        try:
            raw = self.opener()
        except _DAMAGE as error:
            raise self._damaged(error) from error
        try:
            magic = raw.peek(6)
        except BaseException as error:
            raw.close()
            if isinstance(error, OSError):
                raise self._damaged(error) from error
            raise
        for start, unpack in _PACKED.items():
            if magic.startswith(start):
                return io.BufferedReader(_Bounded(unpack(raw), raw, self), 1 << 18)
        return raw

    def check_size(self, unpacked_bytes: int) -> None:
        """Refuse what expands beyond all measure."""
        allowed = min(self.max_bytes, max(_FREE_BYTES, _MOST_EXPANSION * self.stored_bytes))
        if unpacked_bytes > allowed:
            raise RefusedRecording(
                f"expands to more than {allowed >> 20} MiB",
                file=self.label,
                remedy="unpack it yourself if you trust it",
            )

    def check_deflated(self, parts: Iterable[bytes], window_bits: int) -> None:
        """Refuse a file whose deflated parts expand beyond all measure, before a library does.

        Damaged parts are left to the library. ``window_bits`` is as `zlib.decompressobj` takes it.
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
        """Give a path for libraries that want one: the file itself, or a copy for the while.

        The copy carries none of an archive's own names, so a hostile one cannot choose its place.
        """
        if self.path is not None and self.is_stored_plain:
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
        said = getattr(error, "strerror", None) or str(error) or type(error).__name__
        closed = isinstance(error, PermissionError)
        return UnreadableFile(
            f"cannot be read ({said})",
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
    """Describe a file on disk, of which at most so many bytes may be read, without reading it."""
    return Source(
        name=path.name,
        label=str(path),
        opener=lambda: _peekable(path.open("rb")),
        stored_bytes=path.stat().st_size,
        max_bytes=max_bytes,
        path=path,
    )


def _peekable(stream: BinaryIO) -> io.BufferedReader:
    """The stream itself, if it is one of a disk; others are buffered as one of a disk is."""
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(stream, 1 << 18)  # type: ignore[arg-type]


def archive_members(source: Source) -> list[Source] | None:
    """List the files of a zip archive, in its order; None where the source is no archive.

    Nothing is ever extracted to disk under a name from the archive.
    """
    if not source.head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return None
    try:
        with source.open() as raw, zipfile.ZipFile(raw) as archive:
            named = [entry for entry in archive.infolist() if entry.filename]
            # Of several of one name the last counts, as for whoever unpacks them.
            entries = list(
                {entry.filename: entry for entry in named if not entry.is_dir()}.values()
            )
    except _DAMAGE as error:
        raise source._damaged(error) from error
    if len(entries) > _MOST_MEMBERS:
        raise RefusedRecording(
            f"contains {len(entries)} files, more than {_MOST_MEMBERS}",
            file=source.label,
            remedy="unpack it yourself if you trust it",
        )
    return [
        Source(
            name=entry.filename.replace("\\", "/"),
            label=f"{source.label}#{entry.filename}",
            opener=_member_opener(source, entry),
            stored_bytes=entry.compress_size,
            max_bytes=source.max_bytes,
        )
        for entry in entries
        if not entry.filename.startswith("__MACOSX/")
    ]


def _member_opener(source: Source, entry: zipfile.ZipInfo) -> Callable[[], io.BufferedReader]:
    bounds = replace(
        source, label=f"{source.label}#{entry.filename}", stored_bytes=entry.compress_size
    )

    def opener() -> io.BufferedReader:
        raw = source.open()
        try:
            with zipfile.ZipFile(raw) as archive:
                if entry.flag_bits & _ENCRYPTED:
                    raise UnreadableFile(
                        "is encrypted", file=bounds.label, remedy="unpack it with its password"
                    )
                stream = archive.open(entry)
        except BaseException:
            raw.close()
            raise
        return io.BufferedReader(_Bounded(stream, raw, bounds), 1 << 18)

    return opener


@contextmanager
def guarded(source: Source, what: str, extra: str = "devices") -> Iterator[None]:
    """Import a library and let it read a file; whatever it raises becomes one clear sentence.

    ``what`` names the file's kind with its article, ``extra`` what brings the library.
    """
    try:
        yield
    except (RetrodetectError, MemoryError):
        raise
    except ImportError as error:
        raise UnreadableFile(
            f"is {what}, which needs more packages",
            file=source.label,
            remedy=f"run pip install 'retrodetect[{extra}]'",
        ) from error
    except Exception as error:  # parsers of others raise anything on damaged bytes
        raise UnreadableFile(
            f"is {what} that is cut off or damaged",
            file=source.label,
            remedy="copy or export it again",
        ) from error
