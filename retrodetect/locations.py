"""Locations: paths on a disk and URLs of stores (fsspec), under one interface.

A class here covers what a disk and an object store do differently. Everything else about a path
(joining, opening, listing) is the same for ``pathlib`` and ``upath``.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, cast

from retrodetect.errors import OutputError, RetrodetectError, UsageError

__all__ = [
    "Held", "answering", "identity", "is_folder", "is_there", "location", "make_folder",
    "reaching", "readable", "replacing", "store_of", "total_bytes",
]  # fmt: skip

_log = logging.getLogger(__name__)

RENEW_S = 30.0
STALE_S = 180.0
"""A lease that missed six renewals belongs to a run that died or lost its connection."""

_HALF = ".half"


def location(text: str | Path) -> Path:
    """Turn a user's path or URL into something that opens, lists and joins like a path.

    A ``pathlib.Path``, or for a URL such as ``s3://bucket/folder`` a ``upath.UPath``, which behaves
    like one. Keys and endpoints come from where the store's own tools look for them, such as
    ``AWS_ENDPOINT_URL`` and ``~/.aws``. UsageError if the path is empty, like an unset variable of
    a shell, or packages for the URL are missing.
    """
    if not str(text):
        raise UsageError("a path is empty", remedy="name a file or folder, or . for this folder")
    if "://" not in str(text):
        return Path(text)
    try:
        from upath import UPath

        # Other processes write there too: cache no listings.
        return cast(Path, UPath(text, use_listings_cache=False))
    except (ImportError, ValueError) as error:
        raise UsageError(
            f"this kind of URL is not supported here ({error})",
            file=str(text),
            remedy="run pip install 'retrodetect[cluster]'",
        ) from error


def make_folder(folder: Path) -> Path:
    """Create a folder for results, with its parents."""
    with reaching(folder):
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except (FileExistsError, NotADirectoryError) as error:
            raise UsageError(
                "is a file, or lies below one", file=str(folder), remedy="name a folder"
            ) from error
    return folder


@contextmanager
def reaching(place: Path) -> Iterator[None]:
    """Report in one sentence that the system denies access within a place."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"cannot be used ({error.strerror or error})",
            file=str(error.filename or place),
            remedy="choose another place, or fix its permissions",
        ) from error


def is_there(path: Path) -> bool:
    """Return whether a file or folder exists; True if access is denied."""
    try:
        return path.exists()
    except Exception:  # a store's client has its own errors
        return True


def is_folder(path: Path) -> bool:
    """Return whether a path is a folder; False if access is denied: its reader reports that."""
    try:
        return path.is_dir()
    except Exception:  # a store's client has its own errors
        return False


def identity(path: Path) -> Path:
    """Return the same path for one file, however it is written; a URL unchanged."""
    return store_of(path).identity(path)


def total_bytes(paths: Iterable[Path]) -> int:
    """Add up the sizes of files, as far as they are visible."""
    total = 0
    for path in paths:
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def readable(name: str) -> str:
    """Turn the name of a file into text that can be written, the same in any locale.

    Python decodes bytes that aren't text in the locale's encoding to lone surrogates (PEP 383).
    Those bytes are read as UTF-8, and written out if they aren't that either.
    """
    try:
        return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    except UnicodeEncodeError:  # half a pair, as Windows and JSON allow
        return name.encode("utf-8", "backslashreplace").decode()


@contextmanager
def replacing(path: Path, *, is_checked: bool = False) -> Iterator[BinaryIO]:
    """Open a file that takes its name once it is complete and safe on the disk.

    Until then, a file of that name stays as it is. One that ``is_checked`` before use need not
    survive a loss of power, since that takes as long as labelling a minute.
    """
    try:
        with store_of(path).replacing(path, is_checked=is_checked) as stream:
            yield stream
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            file=str(path),
            remedy="free some space or fix the permissions, then run the same command again",
        ) from error


@contextmanager
def answering(*places: str | Path) -> Iterator[None]:
    """Report in one sentence that a store among these places failed during the work.

    If a URL is among them, any error from outside this package becomes an OutputError.
    """
    try:
        yield
    except RetrodetectError:
        raise
    except Exception as error:  # every client has its own errors
        urls = [str(place) for place in places if "://" in str(place)]
        if not urls:
            raise
        raise OutputError(
            f"the store failed ({_said(error)})",
            file=urls[-1],
            remedy="run the same command again once it answers, to resume",
        ) from error


class Held(Exception):
    """Another process has the lock."""

    def __init__(self, owner: dict[str, Any]) -> None:
        """Name the owner: ``process``, ``host`` and ``since``; empty if it left no note."""
        super().__init__(owner)
        self.owner = owner


def store_of(path: Path) -> _Disk | _Objects:
    """Return the store that a path is in."""
    return _DISK if isinstance(path, Path) else _OBJECTS


class _Disk:
    """A local or mounted file system."""

    def identity(self, path: Path) -> Path:
        """Return the same path for one file, however it is written."""
        return Path(os.path.realpath(path))  # of a link to itself, too

    def version(self, path: Path) -> object:
        """Return a value that changes whenever the file does; None if there isn't one."""
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns

    @contextmanager
    def replacing(self, path: Path, *, is_checked: bool) -> Iterator[BinaryIO]:
        """Open a file that takes its name once it is complete."""
        half = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_HALF}")
        try:
            with half.open("wb") as stream:
                yield stream
                if not is_checked:
                    stream.flush()
                    os.fsync(stream.fileno())
            half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        if os.name == "posix" and not is_checked:
            # The folder contains the name, so it must reach the disk too.
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def sweep(self, folder: Path) -> None:
        """Remove the half-written files of killed processes."""
        for half in folder.glob(f".*{_HALF}"):
            half.unlink(missing_ok=True)

    @contextmanager
    def locked(self, file: Path) -> Iterator[None]:
        """Hold a lock of the system, which ends with the process; `Held` if another has it."""
        with file.open("a+b") as stream:
            if not _try_lock(stream):
                raise Held(_fields(file.read_bytes()))
            # Keep the file: a process about to lock it must not find another one.
            stream.truncate(0)
            stream.write(_owner())
            stream.flush()
            yield


class _Objects:
    """An object store behind a URL of fsspec."""

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        """Tokens of the leases of this process."""

    def identity(self, path: Path) -> Path:
        # Only the store could decide whether two URLs name one object.
        return path

    def version(self, path: Path) -> object:
        try:
            return path.fs.ukey(path.path)  # type: ignore[attr-defined]
        except Exception:  # every client has its own errors
            return None

    @contextmanager
    def replacing(self, path: Path, *, is_checked: bool) -> Iterator[BinaryIO]:  # noqa: ARG002
        """Collect the content here; the object appears once its last byte has arrived."""
        with tempfile.TemporaryDirectory(prefix="retrodetect-") as folder:
            copy = Path(folder) / "object"
            with copy.open("wb") as stream:
                yield stream
            try:
                path.fs.put_file(str(copy), path.path)  # type: ignore[attr-defined]
            except OSError:
                raise
            except Exception as error:  # every client has its own errors
                raise OSError(_said(error)) from error

    def sweep(self, folder: Path) -> None:
        """Do nothing: an object is never half written."""

    @contextmanager
    def locked(self, file: Path) -> Iterator[None]:
        """Hold a lease: an object that its owner renews, and that expires without renewal."""
        token = uuid.uuid4().hex
        self._take_lease(file, token)
        self._tokens.add(token)
        released = threading.Event()

        def renew() -> None:
            while not released.wait(RENEW_S):
                with suppress(Exception):  # it is renewed again before it is stale
                    file.write_bytes(_owner(token))

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            released.set()
            thread.join()
            self._tokens.remove(token)
            with suppress(Exception):  # what cannot be removed becomes stale
                file.unlink()

    def _take_lease(self, file: Path, token: str) -> None:
        """Create the object, unless its owner still renews one."""
        files = file.fs  # type: ignore[attr-defined]
        try:
            files.pipe_file(file.path, _owner(token), mode="create")  # type: ignore[attr-defined]
        except FileExistsError:
            owner = _fields(file.read_bytes())
            is_stale = time.time() - float(owner.get("renewed", 0)) >= STALE_S
            if not is_stale and not self._is_over(owner):
                raise Held(owner) from None
            file.write_bytes(_owner(token))
        # Two runs that find the same stale lease both write it: the last one gets it.
        owner = _fields(file.read_bytes())
        if owner.get("token") != token:
            raise Held(owner)

    def _is_over(self, owner: Mapping[str, Any]) -> bool:
        """Whether the owner of a lease ran on this machine, and ended without removing it."""
        if owner.get("host") != socket.gethostname():
            return False
        if owner.get("process") == os.getpid():
            return owner.get("token") not in self._tokens
        if os.name != "posix":
            return False  # asking would end it
        try:
            os.kill(int(owner.get("process", 0)), 0)
        except OSError as error:
            return isinstance(error, ProcessLookupError)
        return False


_DISK, _OBJECTS = _Disk(), _Objects()


def _said(error: Exception) -> str:
    """Return the message of a client on one line."""
    return " ".join((str(error) or type(error).__name__).split())[:200]


def _try_lock(stream: BinaryIO) -> bool:
    """Lock a file unless another process has; True if the disk supports no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            stream.seek(1 << 30)  # locked bytes cannot be read, and the owner's note must be
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        _log.warning(
            "%s cannot be locked (%s). Start only one run at a time.", stream.name, error.strerror
        )
    return True


def _owner(token: str = "") -> bytes:
    """Return a note of the owner of the lock, in JSON."""
    now = time.time()
    since = datetime.fromtimestamp(now, UTC).isoformat(" ", "seconds")
    note = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
    return json.dumps({**note, "token": token, "renewed": now}).encode()


def _fields(owner: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(owner))
    except ValueError:
        return {}
