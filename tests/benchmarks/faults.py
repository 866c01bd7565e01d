"""Faults on purpose, with counts: each run is disturbed, then the same command is given again.

``python -m tests.benchmarks.faults [TIMES [FAULT ...]]`` prints how often each fault was made, and
how often the bytes in the end were those of an undisturbed run. Full and read-only disks need the
rights to mount.
"""

from __future__ import annotations

import contextlib
import gzip
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.interrupted import ROOT, command, ended, results, simulated, started, wait_for_parts

FILES = 6
DISK_KIB = 40
"""Room for some of the parts, but not for all results."""

SET_BACK = """
import time
real, begin = time.time, time.monotonic()
time.time = lambda: real() - 3600 * (time.monotonic() > begin + 1)
"""
UNLOCKABLE = """
import errno, fcntl
def refuse(*_):
    raise OSError(errno.ENOLCK, "No locks available")
fcntl.flock = refuse
"""
"""What a machine does, done to the Python that runs there."""


def main(times: int = 3, *faults: str) -> int:
    """Make every fault some times; return how often anything was lost."""
    # A shell that starts this in the background has Ctrl-C ignored, and the runs would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    lost = 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = simulated(Path(scratch) / "in", FILES)
        expected = _finished(folder, Path(scratch) / "whole")
        for name in faults or FAULTS:
            same = said = 0
            for number in range(times):
                own, out = (Path(scratch) / f"{name}{number}{part}" for part in ("in", "out"))
                shutil.copytree(folder, own)
                out.mkdir()
                with contextlib.suppress(subprocess.TimeoutExpired):
                    said += FAULTS[name](own, out)
                same += _finished(own, out) == expected
                subprocess.run(["umount", out], capture_output=True, check=False)
            print(
                f"{name:20} {times} runs, {said} ended as they should, {same} same bytes after",
                flush=True,
            )
            lost += times - same
    return lost


def _command(folder: Path, out: Path) -> list[str]:
    return command(folder, "--out", out, "--jobs", "2", "--quiet")


def _finished(folder: Path, out: Path) -> dict[str, bytes]:
    with contextlib.suppress(OSError):
        subprocess.run(
            ["mount", "-o", "remount,rw,size=100M,nr_inodes=9999", out], capture_output=True
        )
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
    return run.returncode == 1 and said.count("\n") == 1 and "free some space" in said


def _names_used_up(folder: Path, out: Path) -> bool:
    """The disk has room, but takes no more files."""
    with _mounted(out, f"size=100M,nr_inodes={random.randrange(4, FILES + 4)}"):
        run = started(_command(folder, out))
        said = run.communicate(timeout=120)[1]
    return run.returncode in (1, 2) and said.count("\n") == 1 and "free some space" in said


def _no_room_for_copies(folder: Path, out: Path) -> bool:
    """The temporary folder is full: what has to be unpacked into it fails alone."""
    packed = folder / "packed.mat"
    head = b"MATLAB 5.0 MAT-file".ljust(124) + b"\x00\x01IM"
    packed.write_bytes(gzip.compress(head + random.randbytes(1 << 20)))
    with tempfile.TemporaryDirectory() as name, _mounted(Path(name), "size=64k"):
        try:
            run = started(_command(folder, out), TMPDIR=name)
            said = run.communicate(timeout=120)[1]
        finally:
            subprocess.run(["umount", name], capture_output=True, check=False)
    packed.unlink()
    is_alone = said.count("failed: ") == 1 and f"temporary folder {name}" in said
    shutil.rmtree(out)
    out.mkdir()
    return run.returncode == 1 and is_alone


def _clock_set_back(folder: Path, out: Path) -> bool:
    run = started(_patched(SET_BACK, folder, out))
    said = run.communicate(timeout=120)[1]
    record = (out / "run.json").read_text()
    return run.returncode == 0 and said == "" and '"took_s": -' not in record


def _no_locks(folder: Path, out: Path) -> bool:
    run = started(_patched(UNLOCKABLE, folder, out))
    said = run.communicate(timeout=120)[1]
    return run.returncode == 0 and "cannot be locked (No locks available)" in said


def _patched(patch: str, folder: Path, out: Path) -> list[str]:
    """The command in a Python that something was done to."""
    python, _, _, *arguments = _command(folder, out)
    return [python, "-c", f"{patch}\nfrom retrodetect.cli import main; main()", *arguments]


def _names_of_any_plane(folder: Path, out: Path) -> bool:
    """Every name is labelled, and resumed after a kill."""
    names = {path: _any_name() for path in sorted(folder.iterdir())}
    for path, name in names.items():
        path.rename(folder / f"{name}{path.suffix}")
    run = started(_command(folder, out))
    wait_for_parts(out, 2, run)
    ended(run, signal.SIGKILL, group=True)
    resumed = _finished(folder, out)
    with tempfile.TemporaryDirectory() as whole:
        is_same = _finished(folder, Path(whole)) == resumed
    for path, name in names.items():
        (folder / f"{name}{path.suffix}").rename(path)
    shutil.rmtree(out)
    out.mkdir()
    return is_same and resumed["sessions.csv"].count(b",ok,") == FILES


def _any_name() -> str:
    """Letters of any plane of Unicode, no surrogates, no controls of a terminal."""
    letters = (chr(random.randrange(plane << 16, (plane + 1) << 16)) for plane in range(17))
    fitting = [each for each in letters if unicodedata.category(each) not in ("Cs", "Cc")]
    return "".join(random.sample(fitting, 6)).replace("/", "").lstrip(".")


def _grows(folder: Path, out: Path) -> bool:
    """A file is still being copied; the next run takes it whole."""
    path = sorted(folder.iterdir())[3]
    whole = path.read_bytes()
    path.write_bytes(whole[: random.randrange(len(whole))])
    run = started(_command(folder, out))
    wait_for_parts(out, random.randrange(FILES - 1), run)
    with path.open("ab") as stream:
        stream.write(whole[path.stat().st_size :])
    run.communicate(timeout=120)
    return run.returncode in (0, 1)


def _vanishes(folder: Path, out: Path) -> bool:
    """A file is gone when its turn comes, or it was done before; it is there again for the next."""
    path = sorted(folder.iterdir())[5]
    whole = path.read_bytes()
    run = started(_command(folder, out))
    wait_for_parts(out, random.randrange(FILES - 1), run)
    path.unlink()
    said = run.communicate(timeout=120)[1]
    path.write_bytes(whole)
    return (run.returncode, said.count("\n")) in ((0, 0), (1, 1))


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
    "names used up": _names_used_up,
    "temporary folder full": _no_room_for_copies,
    "clock set back": _clock_set_back,
    "no locks": _no_locks,
    "names of any plane": _names_of_any_plane,
    "a file grows": _grows,
    "a file vanishes": _vanishes,
    "permission lost": _permission_lost,
    "two at once": _two_at_once,
}


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:]) > 0)
