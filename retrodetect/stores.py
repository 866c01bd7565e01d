"""Stores: what a disk and an object store each do in their own way.

Everything else about a path (joining, opening, listing) is the same for ``pathlib`` and ``upath``.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import socket
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from retrodetect.errors import OutputError, RetrodetectError

__all__ = ["Held", "answering", "replacing", "store_of"]

_log = logging.getLogger(__name__)

RENEW_S = 30.0
STALE_S = 180.0
"""A lease that missed six renewals belongs to a run that died or lost its connection."""

_HALF = ".half"


class Held(Exception):
    """Another process holds the lock.

    Parameters
    ----------
    owner
        ``process``, ``host`` and ``since``; empty where the owner left no note.
    """

    def __init__(self, owner: dict[str, Any]) -> None:
        super().__init__(owner)
        self.owner = owner


class Store(Protocol):
    """Where files live."""

    def identity(self, path: Path) -> Path:
        """Return the same path for one file, however its path is written."""

    def version(self, path: Path) -> object:
        """Return what changes whenever the file does; None if nothing shows it."""

    def replacing(self, path: Path) -> AbstractContextManager[BinaryIO]:
        """Open a file that takes its name once all of it is written."""

    def sweep(self, folder: Path) -> None:
        """Remove the half-written files of killed processes."""

    def locked(self, file: Path) -> AbstractContextManager[None]:
        """Hold a lock; raises `Held` if another process has it."""


def store_of(path: Path) -> Store:
    """Return the store that a path is in."""
    return _DISK if isinstance(path, Path) else _OBJECTS


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Open a file that takes its name once all of it is written and safe on the disk.

    A file of that name stays as it is until then.
    """
    try:
        with store_of(path).replacing(path) as stream:
            yield stream
    except OSError as error:
        raise OutputError(
            f"cannot be written ({error.strerror or error})",
            file=str(path),
            remedy="free some space or fix the permissions, then run the same command again",
        ) from error


@contextmanager
def answering(*places: str | Path) -> Iterator[None]:
    """Say in one sentence that a store among these places failed in the midst of the work.

    Where a URL is among them, any error that is not of this package becomes an OutputError.
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


class _Disk:
    """A local or mounted file system."""

    def identity(self, path: Path) -> Path:
        return path.resolve()

    def version(self, path: Path) -> object:
        try:
            status = path.stat()
        except OSError:
            return None
        return status.st_size, status.st_mtime_ns

    @contextmanager
    def replacing(self, path: Path) -> Iterator[BinaryIO]:
        half = path.with_name(f".{path.name}.{secrets.token_hex(4)}{_HALF}")
        try:
            with half.open("wb") as stream:
                yield stream
                stream.flush()
                os.fsync(stream.fileno())
            half.replace(path)
        except BaseException:
            half.unlink(missing_ok=True)
            raise
        if os.name == "posix":
            # The folder holds the name, so it has to reach the disk too.
            folder = os.open(path.parent, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def sweep(self, folder: Path) -> None:
        for half in folder.glob(f".*{_HALF}"):
            half.unlink(missing_ok=True)

    @contextmanager
    def locked(self, file: Path) -> Iterator[None]:
        """Hold a lock of the operating system, which drops it however the process ends."""
        with file.open("a+b") as stream:
            if not _try_lock(stream):
                raise Held(_fields(file.read_bytes()))
            # The file stays: a process about to lock it must not find another one.
            stream.truncate(0)
            stream.write(_owner())
            stream.flush()
            yield


class _Objects:
    """An object store behind a URL that fsspec knows."""

    def __init__(self) -> None:
        self._tokens: set[str] = set()
        """Of the leases that this process holds."""

    def identity(self, path: Path) -> Path:
        # Only the store could tell whether two URLs name one object.
        return path

    def version(self, path: Path) -> object:
        try:
            return path.fs.ukey(path.path)  # type: ignore[attr-defined]
        except Exception:  # every client has its own errors
            return None

    @contextmanager
    def replacing(self, path: Path) -> Iterator[BinaryIO]:
        """Collect the content here; an object appears once its last byte has arrived."""
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
        """Do nothing: no object is ever half written."""

    @contextmanager
    def locked(self, file: Path) -> Iterator[None]:
        """Hold a lease: an object that its owner renews, and that expires without renewal."""
        token = uuid.uuid4().hex
        self._take_lease(file, token)
        self._tokens.add(token)
        released = threading.Event()

        def renew() -> None:
            while not released.wait(RENEW_S):
                with contextlib.suppress(Exception):  # it is renewed again before it is stale
                    file.write_bytes(_owner(token))

        thread = threading.Thread(target=renew, daemon=True)
        thread.start()
        try:
            yield
        finally:
            released.set()
            thread.join()
            self._tokens.remove(token)
            with contextlib.suppress(Exception):  # what cannot be removed becomes stale
                file.unlink()

    def _take_lease(self, file: Path, token: str) -> None:
        """Create the object unless there is one that its owner still renews."""
        files = file.fs  # type: ignore[attr-defined]
        try:
            files.pipe_file(file.path, _owner(token), mode="create")  # type: ignore[attr-defined]
        except FileExistsError:
            owner = _fields(file.read_bytes())
            is_stale = time.time() - float(owner.get("renewed", 0)) >= STALE_S
            if not is_stale and not self._is_over(owner):
                raise Held(owner) from None
            file.write_bytes(_owner(token))
        # Two runs that meet the same stale lease both write it: the last one has it.
        owner = _fields(file.read_bytes())
        if owner.get("token") != token:
            raise Held(owner)

    def _is_over(self, owner: Mapping[str, Any]) -> bool:
        """Whether the owner of a lease ran on this machine, and could not remove it at its end."""
        if owner.get("host") != socket.gethostname():
            return False
        if owner.get("process") == os.getpid():
            return owner.get("token") not in self._tokens
        return os.name == "posix" and not _is_alive(int(owner.get("process", 0)))


_DISK, _OBJECTS = _Disk(), _Objects()


def _is_alive(process: int) -> bool:
    """Whether there is a process of that number; POSIX only: elsewhere asking would end it."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True


def _said(error: Exception) -> str:
    """What a client said, on one line."""
    return " ".join((str(error) or type(error).__name__).split())[:200]


def _try_lock(stream: BinaryIO) -> bool:
    """Lock a file unless another process has; True too if the disk supports no locks."""
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
    """Note of who holds the lock, in JSON."""
    now = time.time()
    since = datetime.fromtimestamp(now, UTC).isoformat(" ", "seconds")
    note = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
    return json.dumps({**note, "token": token, "renewed": now}).encode()


def _fields(owner: bytes) -> dict[str, Any]:
    try:
        return dict(json.loads(owner))
    except ValueError:
        return {}
