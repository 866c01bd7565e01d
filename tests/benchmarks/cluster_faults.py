"""A cluster with faults on purpose, with counts.

``python -m tests.benchmarks.cluster_faults [TIMES] [FAULT ...]``: a scheduler and two workers on
this machine label some files, and something happens to them. The run must end, within two minutes,
with whole results or a sentence. Then the same command is given again without the cluster, as on
another machine, and must end with the bytes of an undisturbed run.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import NamedTuple

from tests.interrupted import ROOT, command, results, simulated, started, wait_for_parts
from tests.runs.servers import address_of, free_port, scheduler, worker

FILES = 8
LONGEST_S = 120.0
"""For a run with a fault: the client tries again for a while before it says so."""


class Ended(NamedTuple):
    """How a disturbed run ended."""

    status: int
    said: str

    @property
    def in_a_sentence(self) -> bool:
        """Whether it told in one line why it could not go on."""
        return self.status in (1, 2) and self.said.count("\n") == 1 and "Traceback" not in self.said


def main(times: int = 3, *faults: str) -> int:
    """Make every fault some times; return how often a result was wrong or lost."""
    lost, rng = 0, random.Random(0)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "in"
        simulated(folder, FILES)
        expected = _finished(folder, Path(scratch) / "whole")
        for name in faults or FAULTS:
            whole = said = wrong = same = 0
            longest_s = 0.0
            for number in range(times):
                out = Path(scratch) / f"{name}{number}"
                out.mkdir()
                begin = time.monotonic()
                ended = FAULTS[name](folder, out, rng)
                longest_s = max(longest_s, time.monotonic() - begin)
                is_whole = ended.status == 0 and results(out) == expected
                whole += is_whole
                said += ended.in_a_sentence
                print(name, number, ended, file=sys.stderr, flush=True)
                if not (is_whole or ended.in_a_sentence or ended.status == -signal.SIGKILL):
                    wrong += 1
                    print(f"{name} {number}: {ended}", flush=True)
                same += _finished(folder, out) == expected
                shutil.rmtree(out)
            print(
                f"{name:32} {times} runs, {whole} whole, {said} ended in a sentence, "
                f"{wrong} wrong, {same} same bytes after; longest {longest_s:.0f} s",
                flush=True,
            )
            lost += wrong + times - same
    return lost


def _finished(folder: Path, out: Path) -> dict[str, bytes]:
    """Go on with one process, as on another machine."""
    line = [*command(folder, "--out", out, "--jobs", "1"), "--quiet"]
    subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    return results(out)


def _ended(run: subprocess.Popen[str]) -> Ended:
    try:
        said = run.communicate(timeout=LONGEST_S)[1]
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        return Ended(-1, f"no end after {LONGEST_S:g} s: {run.communicate()[1]}")
    return Ended(run.returncode, said)


class _Cluster:
    """A scheduler and workers, any of which may die."""

    def __init__(self, stack: ExitStack, *, workers: int = 2, options: tuple[object, ...]) -> None:
        self._stack = stack
        self.port = free_port()
        self._scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        self.scheduler = stack.enter_context(scheduler(self.port))
        self.workers = [self.add_worker(self.port, *options) for _ in range(workers)]

    def add_worker(self, port: int, *options: object) -> subprocess.Popen[bytes]:
        """Start one more, which finds the scheduler at a port."""
        folder = self._scratch / str(time.monotonic_ns())
        return self._stack.enter_context(worker(port, folder, *options))

    def run(self, folder: Path, out: Path, port: int | None = None) -> subprocess.Popen[str]:
        """Start the command."""
        address = address_of(port or self.port)
        return started(command(folder, "--out", out, "--cluster", address, "--quiet"))


@contextmanager
def _cluster(*options: object, workers: int = 2) -> Iterator[_Cluster]:
    with ExitStack() as stack:
        yield _Cluster(stack, workers=workers, options=options or ("--no-nanny",))


def _scheduler_killed(folder: Path, out: Path, rng: random.Random) -> Ended:
    """And started again at once, at the same address, as a supervisor does it."""
    with _cluster() as own:
        run = own.run(folder, out)
        wait_for_parts(out, rng.randrange(FILES), run)
        own.scheduler.kill()
        own.scheduler.wait()
        with scheduler(own.port):
            return _ended(run)


def _scheduler_gone(folder: Path, out: Path, rng: random.Random) -> Ended:
    with _cluster() as own:
        run = own.run(folder, out)
        wait_for_parts(out, rng.randrange(FILES), run)
        own.scheduler.kill()
        return _ended(run)


def _worker_killed(folder: Path, out: Path, rng: random.Random) -> Ended:
    with _cluster() as own:
        run = own.run(folder, out)
        wait_for_parts(out, rng.randrange(FILES), run)
        rng.choice(own.workers).kill()
        return _ended(run)


def _out_of_memory(folder: Path, out: Path, rng: random.Random) -> Ended:
    """A file that no worker can hold: it fails alone, and the others are whole."""
    with tempfile.TemporaryDirectory() as scratch:
        both = Path(scratch) / "in"
        shutil.copytree(folder, both)
        rows = [
            {"sensor": "TotalAcceleration", "time": str(1_700_000_000_000_000_000 + at * 10**7),
             "seconds_elapsed": str(at / 100), "z": "1.0", "y": "9.7", "x": "0.1"}
            for at in range(600_000)
        ]  # fmt: skip
        (both / "large.json").write_text(json.dumps(rows))
        with _cluster("--nanny", "--memory-limit", "400MB") as own:
            ended = _ended(own.run(both, out))
        sessions = (out / "sessions.csv").read_text().splitlines()
        (row,) = (line for line in sessions if line.startswith("large"))
        is_alone = ended.status == 1 and "its process was killed" in row
        is_whole = not any(",failed," in line for line in sessions if line != row)
        shutil.rmtree(out)
        out.mkdir()
        return Ended(2 if is_alone and is_whole else -1, f"{row}\n")


def _other_version(folder: Path, out: Path, rng: random.Random) -> Ended:
    """One worker has a package that differs in a comment."""
    with tempfile.TemporaryDirectory() as scratch, _cluster(workers=1) as own:
        shutil.copytree(ROOT / "retrodetect", Path(scratch) / "retrodetect")
        with (Path(scratch) / "retrodetect" / "errors.py").open("a") as stream:
            stream.write("# another version\n")
        line = [sys.executable, "-m", "distributed.cli.dask_worker", address_of(own.port),
                "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--local-directory", scratch]  # fmt: skip
        silent = subprocess.DEVNULL
        other = subprocess.Popen(line, cwd=scratch, stdout=silent, stderr=silent,
                                 env=os.environ | {"PYTHONPATH": scratch})  # fmt: skip
        try:
            time.sleep(rng.uniform(3, 5))
            ended = _ended(own.run(folder, out))
        finally:
            other.kill()
            other.wait()
    is_named = "another version of retrodetect" in ended.said
    return ended if is_named else Ended(-1, f"not refused: {ended}")


@contextmanager
def _link(port: int) -> Iterator[tuple[int, Callable[[], None]]]:
    """A wire to a port of this machine, and how to cut it."""
    is_cut = False
    ends: list[socket.socket] = []
    entry = socket.create_server(("127.0.0.1", 0))

    def carry(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if is_cut:
                    return
                target.sendall(data)

    def accept() -> None:
        with suppress(OSError):
            while True:
                one = entry.accept()[0]
                if is_cut:
                    one.close()
                    continue
                other = socket.create_connection(("127.0.0.1", port))
                ends.extend((one, other))
                Thread(target=carry, args=(one, other), daemon=True).start()
                Thread(target=carry, args=(other, one), daemon=True).start()

    def cut() -> None:
        nonlocal is_cut
        is_cut = True
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    Thread(target=accept, daemon=True).start()
    try:
        yield entry.getsockname()[1], cut
    finally:
        cut()
        entry.close()


def _driver_cut_off(folder: Path, out: Path, rng: random.Random) -> Ended:
    """The network between the command and the scheduler breaks for good."""
    with _cluster() as own, _link(own.port) as (port, cut):
        run = own.run(folder, out, port)
        wait_for_parts(out, rng.randrange(FILES), run)
        cut()
        return _ended(run)


def _worker_cut_off(folder: Path, out: Path, rng: random.Random) -> Ended:
    """The network between a worker and the scheduler breaks for good; it works on for a while."""
    with _cluster(workers=1) as own, _link(own.port) as (port, cut):
        own.add_worker(port, "--no-nanny")
        run = own.run(folder, out)
        wait_for_parts(out, rng.randrange(FILES), run)
        cut()
        return _ended(run)


def _driver_killed(folder: Path, out: Path, rng: random.Random) -> Ended:
    """Its workers go on for a while, when the next command has already begun elsewhere."""
    with _cluster() as own:
        run = own.run(folder, out)
        wait_for_parts(out, rng.randrange(FILES), run)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        _finished(folder, out)
        return Ended(run.returncode, "")


FAULTS: dict[str, Callable[[Path, Path, random.Random], Ended]] = {
    "scheduler killed, started again": _scheduler_killed,
    "scheduler gone": _scheduler_gone,
    "worker killed": _worker_killed,
    "worker out of memory": _out_of_memory,
    "worker of another version": _other_version,
    "command cut off": _driver_cut_off,
    "worker cut off": _worker_cut_off,
    "command killed": _driver_killed,
}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:]) > 0)
