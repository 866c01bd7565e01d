"""Faults on purpose, with counts: each run is disturbed, then the same command is given again.

``python -m tests.benchmarks.faults [TIMES]`` prints how often each fault was made, and how often
the bytes in the end were those of an undisturbed run. Full and read-only disks need the rights to
mount.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.interrupted import ROOT, command, ended, results, started, wait_for_parts

FILES = 6
DISK_KIB = 40
"""Room for some of the parts, but not for all results."""


def main(times: int = 3) -> int:
    """Make every fault some times; return how often anything was lost."""
    # A shell that starts this in the background has Ctrl-C ignored, and the runs would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lost = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = _recordings(Path(scratch) / "in")
        expected = _finished(folder, Path(scratch) / "whole")
        for name, disturb in FAULTS.items():
            same = said = 0
            for number in range(times):
                out = Path(scratch) / f"{name}{number}"
                out.mkdir()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    said += disturb(folder, out)
                same += _finished(folder, out) == expected
                subprocess.run(["umount", out], capture_output=True, check=False)
            print(f"{name:16} {times} runs, {said} ended as they should, {same} same bytes after")
            lost += times - same
    return lost


def _recordings(folder: Path) -> Path:
    for seed in range(FILES):
        line = [sys.executable, "-m", "retrodetect", "simulate", "walk forward 40s",
                "--seed", str(seed), "--name", str(seed), "--out", str(folder)]  # fmt: skip
        subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    return folder


def _command(folder: Path, out: Path) -> list[str]:
    return command(folder, "--out", out, "--jobs", "2", "--quiet")


def _finished(folder: Path, out: Path) -> dict[str, bytes]:
    with contextlib.suppress(OSError):
        subprocess.run(["mount", "-o", "remount,rw,size=100M", out], capture_output=True)
    subprocess.run(_command(folder, out), cwd=ROOT, check=True, capture_output=True)
    return results(out)


def _killed(folder: Path, out: Path) -> bool:
    run = started(_command(folder, out))
    wait_for_parts(out, random.randrange(FILES), run)
    return ended(run, signal.SIGKILL, group=True)[0] == -signal.SIGKILL


def _interrupted(folder: Path, out: Path) -> bool:
    run = started(_command(folder, out))
    wait_for_parts(out, random.randrange(1, FILES - 1), run)
    status, said = ended(run, signal.SIGINT, group=True)
    return status == 130 and said.count("\n") == 1


def _worker_killed(folder: Path, out: Path) -> bool:
    run = started(_command(folder, out))
    wait_for_parts(out, 1, run)
    listed = subprocess.run(
        ["pgrep", "-P", str(run.pid), "-f", "LokyProcess"], capture_output=True, text=True
    )
    for worker in listed.stdout.split()[:1]:
        os.kill(int(worker), signal.SIGKILL)
    run.communicate(timeout=120)
    return run.returncode in (0, 1)


@contextlib.contextmanager
def _mounted(out: Path, options: str) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", out], check=True)
    yield


def _disk_full(folder: Path, out: Path) -> bool:
    with _mounted(out, f"size={DISK_KIB}k"):
        run = started(_command(folder, out))
        said = run.communicate(timeout=120)[1]
    return run.returncode == 1 and said.count("\n") == 1 and "make room" in said


def _permission_lost(folder: Path, out: Path) -> bool:
    with _mounted(out, "size=100M"):
        run = started(_command(folder, out))
        wait_for_parts(out, 1, run)
        # Refused while a file is open for writing: again until none is.
        while (
            run.poll() is None
            and subprocess.run(["mount", "-o", "remount,ro", out], capture_output=True).returncode
        ):
            time.sleep(0.001)
        said = run.communicate(timeout=120)[1]
    return run.returncode in (0, 1, 2) and said.count("\n") <= 1


def _two_at_once(folder: Path, out: Path) -> bool:
    first, second = started(_command(folder, out)), started(_command(folder, out))
    codes = sorted((first.wait(120), second.wait(120)))
    first.communicate()
    second.communicate()
    return codes == [0, 2]


FAULTS: dict[str, Callable[[Path, Path], bool]] = {
    "kill -9": _killed,
    "Ctrl-C": _interrupted,
    "worker killed": _worker_killed,
    "disk full": _disk_full,
    "permission lost": _permission_lost,
    "two at once": _two_at_once,
}


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in sys.argv[1:2])) > 0)
