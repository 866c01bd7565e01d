"""Servers of the tests' own, each a process: an object store, a scheduler, its workers."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

__all__ = ["address_of", "answers", "free_port", "process", "scheduler", "wait_for", "worker"]

ROOT = Path(__file__).parents[2]


@contextmanager
def process(*arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a module of Python until the block ends."""
    running = subprocess.Popen(
        [sys.executable, "-m", *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield running
    finally:
        running.kill()
        running.wait()


@contextmanager
def scheduler(port: int) -> Iterator[subprocess.Popen[bytes]]:
    """Run a scheduler of a cluster that answers."""
    where = ("--host", "127.0.0.1", "--port", port, "--no-dashboard")
    with process("distributed.cli.dask_scheduler", *where) as running:
        wait_for(lambda: answers(port))
        yield running


def worker(
    port: int, folder: Path, *options: object
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """Run a worker for the scheduler on a port."""
    own = ("--nthreads", 1, "--local-directory", folder, "--no-dashboard")
    return process("distributed.cli.dask_worker", address_of(port), *own, *options)


def address_of(port: int) -> str:
    """What ``--cluster`` takes."""
    return f"tcp://127.0.0.1:{port}"


def wait_for(is_there: Callable[[], object], seconds: float = 60.0) -> None:
    """Wait until something is so; the test fails if it never is."""
    deadline = time.monotonic() + seconds
    while not is_there():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def answers(port: int) -> bool:
    """Whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def free_port() -> int:
    """A port that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
