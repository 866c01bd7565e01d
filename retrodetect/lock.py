"""One run at a time in a folder of results.

On a disk the operating system keeps the lock and drops it with the process, however that ends:
what a killed run leaves behind never has to be judged. An object store knows no such locks. There
the lock is an object that its owner renews, and that counts for nothing when that has stopped.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from retrodetect.errors import UsageError
from retrodetect.locations import reaching

__all__ = ["held"]

_log = logging.getLogger(__name__)

RENEW_S = 30.0
STALE_S = 180.0
"""A lease not renewed for six turns belongs to a run that is gone, or cut off from the store."""


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Keep other runs out of a folder of results.

    Parameters
    ----------
    folder
        An existing folder, on a disk or of an object store.

    Yields
    ------
    None
        While it is held.

    Raises
    ------
    UsageError
        Where another run is at work there; it says which.
    """
    file = folder / "lock"
    with _locked(file) if isinstance(file, Path) else _leased(file):
        yield


@contextmanager
def _locked(file: Path) -> Iterator[None]:
    """Hold a lock of the operating system."""
    with reaching(file):
        stream = file.open("a+b")
    with stream:
        if not _try_lock(stream):
            raise _busy(file.parent, file.read_bytes())
        # Left behind on purpose: a run that waits to open it must not find another file.
        stream.truncate(0)
        stream.write(_owner())
        stream.flush()
        yield


def _try_lock(stream: BinaryIO) -> bool:
    """Lock a file if no other process has; True too where the disk knows no locks."""
    try:
        if os.name == "nt":
            import msvcrt

            stream.seek(1 << 30)  # locked bytes cannot be read, and the owner is to be
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]
        else:
            import fcntl

            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    except OSError as error:
        _log.warning("%s cannot be locked (%s): see to it yourself", stream.name, error.strerror)
    return True


@contextmanager
def _leased(file: Path) -> Iterator[None]:
    """Hold an object, renewed while it is held."""
    token = uuid.uuid4().hex
    _take_lease(file, token)
    ended = threading.Event()

    def renew() -> None:
        while not ended.wait(RENEW_S):
            with contextlib.suppress(OSError):
                file.write_bytes(_owner(token))

    thread = threading.Thread(target=renew, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        file.unlink()


def _take_lease(file: Path, token: str) -> None:
    """Create the object where there is none, or where nobody renews it any more."""
    store = file.fs  # type: ignore[attr-defined]
    try:
        store.pipe_file(file.path, _owner(token), mode="create")  # type: ignore[attr-defined]
    except FileExistsError:
        found = file.read_bytes()
        if time.time() - float(_fields(found).get("renewed", 0)) < STALE_S:
            raise _busy(file.parent, found) from None
        file.write_bytes(_owner(token))
    # Two runs that find the same stale lease both write: the last one has it.
    if _fields(file.read_bytes()).get("token") != token:
        raise _busy(file.parent, file.read_bytes())


def _owner(token: str = "") -> bytes:
    """Who holds the lock, in JSON."""
    now = time.time()
    since = datetime.fromtimestamp(now, UTC).isoformat(" ", "seconds")
    who = {"process": os.getpid(), "host": socket.gethostname(), "since": since}
    return json.dumps({**who, "token": token, "renewed": now}).encode()


def _fields(owner: bytes) -> dict[str, float | str]:
    try:
        return dict(json.loads(owner))
    except ValueError:
        return {}


def _busy(folder: Path, owner: bytes) -> UsageError:
    who = _fields(owner)
    by = f" (process {who['process']} on {who['host']})" if who else ""
    return UsageError(
        f"another run is writing there{by}",
        file=str(folder.parent),
        remedy="wait until it ends, or name another folder",
    )
