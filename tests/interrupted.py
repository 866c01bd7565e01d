"""Runs of the command line in processes of their own, ended from outside."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

__all__ = ["RESULTS", "ROOT", "command", "ended", "results", "started", "wait_for_parts"]

ROOT = Path(__file__).parents[1]
RESULTS = ("strides.csv", "sessions.csv")


def command(*arguments: str | Path) -> list[str]:
    """Command line of a run with two processes."""
    return [sys.executable, "-m", "retrodetect", "label", *map(str, arguments), "--no-report"]


def started(line: Sequence[str], **environment: str) -> subprocess.Popen[str]:
    """Start a run as the leader of a group of its own, as a shell does.

    It hears Ctrl-C even where the tests run in the background, which do not.
    """
    return subprocess.Popen(
        line,
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | environment,
        start_new_session=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )


def ended(run: subprocess.Popen[str], how: signal.Signals, *, group: bool) -> tuple[int, str]:
    """Signal a run, or its whole group; gives its status and what it said on stderr."""
    (os.killpg if group else os.kill)(run.pid, how)
    said = run.communicate(timeout=30)[1]
    return run.returncode, said


def wait_for_parts(out: Path, count: int, run: subprocess.Popen[str]) -> None:
    """Wait until a run has finished that many inputs, or has ended."""
    while run.poll() is None and len([*(out / ".retrodetect").glob("*.part")]) < count:
        time.sleep(0.005)


def simulated(folder: Path, files: int) -> Path:
    """Fill a folder with recordings of forward walks, none like another."""
    for seed in range(files):
        line = [sys.executable, "-m", "retrodetect", "simulate", "walk forward 40s",
                "--seed", str(seed), "--name", str(seed), "--out", str(folder)]  # fmt: skip
        subprocess.run(line, cwd=ROOT, check=True, capture_output=True)
    return folder


def results(out: Path) -> dict[str, bytes]:
    """What a run is for."""
    return {name: (out / name).read_bytes() for name in RESULTS}
