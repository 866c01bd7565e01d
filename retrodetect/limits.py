"""Limits: how much time and memory one recording may take before it fails alone."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from retrodetect.errors import UnreadableFile, UsageError

__all__ = ["Limits"]

_NO_THREAD = "can't start new thread"
"""What Python says where there is no memory for a thread's stack."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one recording may take.

    Parameters
    ----------
    timeout_s
        Seconds; None for as many as it needs. Kept where Python runs: a library that is in the
        midst of a long calculation ends it first.
    max_memory_mib
        Mebibytes on top of what the program itself has; None for as many as there are.

    Raises
    ------
    UsageError
        Where a limit is none, or where this system cannot keep it.
    """

    timeout_s: float | None = None
    max_memory_mib: float | None = None

    def __post_init__(self) -> None:
        for option, limit, systems in (
            ("--timeout", self.timeout_s, ("linux", "darwin")),
            ("--max-memory", self.max_memory_mib, ("linux",)),
        ):
            if limit is not None and not 0 < limit < float("inf"):
                raise UsageError(f"{limit!r} is no limit", place=option, remedy="give more than 0")
            if limit is not None and sys.platform not in systems:
                raise UsageError(
                    f"{sys.platform} cannot keep such a limit", place=option, remedy="leave it out"
                )

    def __bool__(self) -> bool:
        return self.timeout_s is not None or self.max_memory_mib is not None

    @contextmanager
    def kept(self, name: str) -> Iterator[None]:
        """Keep to the limits in this thread, which is the main one, until the block ends.

        Parameters
        ----------
        name
            Of the recording, for messages.

        Raises
        ------
        UnreadableFile
            Where the block would take more.
        UsageError
            Where this is not the main thread.
        """
        if self and threading.current_thread() is not threading.main_thread():
            raise UsageError("limits are kept in the main thread only", remedy="label from there")
        with _time_kept(self.timeout_s, name), _memory_kept(self.max_memory_mib, name):
            yield


class _TimeIsUp(BaseException):
    """Not an Exception, lest a reader takes it for damage of the file."""


def _end(_number: int, _frame: object) -> None:
    raise _TimeIsUp


@contextmanager
def _time_kept(timeout_s: float | None, name: str) -> Iterator[None]:
    if timeout_s is None:
        yield
        return
    previous = signal.signal(signal.SIGALRM, _end)
    try:
        signal.setitimer(signal.ITIMER_REAL, timeout_s)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
    except _TimeIsUp:
        raise UnreadableFile(
            f"takes longer than {timeout_s:g} s",
            file=name,
            remedy="give it more with --timeout, or leave it out",
        ) from None
    finally:
        signal.signal(signal.SIGALRM, previous)


@contextmanager
def _memory_kept(max_memory_mib: float | None, name: str) -> Iterator[None]:
    """Let allocations fail beyond the limit, which Linux does for data of any kind."""
    if max_memory_mib is None:
        yield
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = _data_bytes() + round(max_memory_mib * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (most if hard < 0 else min(most, hard), hard))
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if isinstance(error, RuntimeError) and str(error) != _NO_THREAD:
            raise
        raise UnreadableFile(
            f"needs more than {max_memory_mib:g} MiB of memory",
            file=name,
            remedy="give it more with --max-memory, or split it",
        ) from None
    finally:
        resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))


def _data_bytes() -> int:
    """What this process has allocated."""
    for line in Path("/proc/self/status").read_text("ascii", "replace").splitlines():
        if line.startswith("VmData:"):
            return int(line.split()[1]) * 1024
    return 0
