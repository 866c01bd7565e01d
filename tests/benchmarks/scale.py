"""Speed, memory and what survives a kill, against the goals.

``python tests/benchmarks/scale.py [FOLDER] [--only day growth ...]`` makes its inputs in a folder
(a temporary one unless named; a week takes 5 GB), runs the command line in processes of its own,
and prints a table. Times of single processes are of the processor, so that a busy machine does
little harm; speed-up with more than one is of the clock, and wants a quiet one. A quick round is
``--files 200 --kills 5 --longest 24``. ``--python`` names the Python of another environment to
measure, such as one without extras.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import Process
from pathlib import Path
from typing import NamedTuple

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "benchmarks")]

import days  # noqa: E402
from interrupted import command, ended, results, started, wait_for_parts  # noqa: E402

BARE_PARSE = """
import sys, time
import pandas
# From 3.1 on pandas reads a file with as many threads as there are cores.
if pandas.__version__ >= "3.1":
    pandas.set_option("mode.max_threads", 1)
begin = time.perf_counter(), time.process_time()
pandas.read_csv(sys.argv[1], engine="c")
print(time.perf_counter() - begin[0], time.process_time() - begin[1])
"""

SUM_OF_PARTS = """
import sys, time
from pathlib import Path
from retrodetect import formats
from retrodetect.direction import Anchors
from retrodetect.labelling import label_pieces
from retrodetect.runs.task import session_row
from retrodetect.tables import csv_text
from retrodetect.tally.energy import Course
from retrodetect.tally.energy import Pace
from retrodetect.direction import store

NOWHERE = Course.joined([])
model = store.load("default")
files = sorted(Path(sys.argv[1]).iterdir())[: int(sys.argv[2])]
for once_more in range(2):
    begin = time.process_time()
    for path in files:
        (pieces,) = formats.pieces(path)
        session = label_pieces(pieces, model, Anchors())
        session_row(session, NOWHERE, Pace())
        csv_text(session.strides, header=False)
print((time.process_time() - begin) / len(files))
"""
"""Reading, labelling, counting and formatting, without any batch around them; the second round
counts, when everything is loaded."""

GROWTH_HOURS = (1, 8, 24, 168)
WALKING_SHARE = 1.5 / 24
WALKING_HOURS = {1.5: "≤ 3 ×", 14.4: "≤ 6 ×"}
"""Of a day: an ordinary one, and one with 60 % walking; with the goals of default jobs."""


class Row(NamedTuple):
    """One line of the table."""

    work: str
    measured: str
    goal: str


class Run(NamedTuple):
    """What a process took."""

    seconds: float
    cpu_s: float
    peak_mb: float
    out: str


def write(what: Callable[..., None], *positional: Path | float, **more: int) -> None:
    """Make an input in a process of its own, for peaks of memory are passed on to children."""
    maker = Process(target=what, args=positional, kwargs=more)
    maker.start()
    maker.join()


def measured(*arguments: str | Path) -> Run:
    """Run the Python that is measured to its end, with compiled modules, as it is installed."""
    line = [sys.executable, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    begin = time.perf_counter()
    process = subprocess.Popen(line, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    out = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {line}")
    seconds = time.perf_counter() - begin
    return Run(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, out)


def labelled(path: Path, out: Path, jobs: int | None = 1) -> Run:
    """Label from the command line, anew; None for the default number of jobs."""
    shutil.rmtree(out, ignore_errors=True)
    more = [] if jobs is None else ["--jobs", str(jobs)]
    return measured(*command(path, "--out", out, "--quiet", *more)[1:])


def startup(folder: Path) -> Iterator[Row]:
    minute = folder / "minute.csv"
    write(days.write_walk, minute, 60)
    help_s = min(measured("-m", "retrodetect", "--help").cpu_s for _ in range(5))
    inspect_s = min(measured("-m", "retrodetect", "inspect", minute).cpu_s for _ in range(5))
    minute_s = min(labelled(minute, folder / "out").cpu_s for _ in range(5))
    yield Row("`--help`", f"{help_s:.2f} s", "≤ 0.15 s")
    yield Row("`inspect` of a 1-minute file", f"{inspect_s:.2f} s", "≤ 0.5 s")
    yield Row("a 1-minute file in all, without a report", f"{minute_s:.2f} s", "≤ 0.9 s")


def day(folder: Path) -> Iterator[Row]:
    for walking_hours, goal in WALKING_HOURS.items():
        path = folder / f"day_{walking_hours}.csv"
        write(days.write_day, path, 24, walking_hours)
        outs = [folder / "out_one_job", folder / "out_default_jobs"]
        parses, ones, defaults = [], [], []
        for _ in range(3):
            parses.append([float(s) for s in measured("-c", BARE_PARSE, path).out.split()])
            ones.append(labelled(path, outs[0]))
            defaults.append(labelled(path, outs[1], jobs=None))
        if results(outs[0]) != results(outs[1]):
            raise SystemExit("one job and the default ones wrote different bytes")
        parse_s, parse_cpu_s = np.min(parses, axis=0)
        cpu_s, seconds = min(run.cpu_s for run in ones), min(run.seconds for run in defaults)
        work = f"24 h at 100 Hz, {walking_hours} h of walking, {path.stat().st_size / 1e6:.0f} MB"
        yield Row(
            f"{work}: default jobs, by the clock",
            f"{seconds / parse_s:.1f} × the bare parse ({seconds:.1f} against {parse_s:.2f} s)",
            goal,
        )
        yield Row(
            f"{work}: one process, by the processor",
            f"{cpu_s / parse_cpu_s:.1f} × the bare parse ({cpu_s:.1f} against {parse_cpu_s:.2f} s)",
            "≤ 8 ×",
        )
        peaks = (max(run.peak_mb for run in runs) for runs in (ones, defaults))
        peak = "one job {:.0f} MB, default jobs {:.0f} MB".format(*peaks)
        yield Row(f"{work}: peak memory", peak, "≤ 400 MB")


def growth(folder: Path, longest: int) -> Iterator[Row]:
    hours = [one for one in GROWTH_HOURS if one <= longest]
    runs = []
    for one in hours:
        path = folder / "growth.csv"
        write(days.write_same_hours, path, one, WALKING_SHARE)
        runs.append(labelled(path, folder / "out"))
        path.unlink()
    # What every run begins with is no growth.
    start_s = labelled(folder / "minute.csv", folder / "out").cpu_s
    seconds = [run.cpu_s - start_s for run in runs]
    exponent = np.polyfit(np.log(hours), np.log(seconds), 1)[0]
    took = ", ".join(f"{one} h {run.cpu_s:.1f} s" for one, run in zip(hours, runs, strict=True))
    yield Row(f"growth: {took}", f"exponent {exponent:.2f}", "≤ 1.02")
    yield Row(f"{hours[-1]} h: peak memory", f"{runs[-1].peak_mb:.0f} MB", "≤ 500 MB")


def batch(folder: Path, files: int) -> Iterator[Row]:
    many = folder / "many"
    many.mkdir(exist_ok=True)
    for number in range(files):
        path = many / f"{number:05}.csv"
        if number < 20:
            write(days.write_walk, path, 120, seed=number)
        else:
            os.link(many / f"{number % 20:05}.csv", path)
    start_s = labelled(folder / "minute.csv", folder / "out").cpu_s
    one, two = (labelled(many, folder / f"out{jobs}", jobs=jobs) for jobs in (1, 2))
    if results(folder / "out1") != results(folder / "out2"):
        raise SystemExit("one job and two wrote different bytes")
    part_s = float(measured("-c", SUM_OF_PARTS, many, "40").out)
    over_s = (one.cpu_s - start_s) / files - part_s
    yield Row(
        f"{files} files of 2 min: 1 job {one.seconds:.0f} s, 2 jobs {two.seconds:.0f} s",
        f"{one.seconds / two.seconds:.2f} ×, same bytes",
        "≥ 1.9 ×; 2,000 files ≤ 60 s with 2 jobs",
    )
    yield Row(
        f"overhead a file over the sum of its parts ({part_s * 1e3:.0f} ms)",
        f"{over_s * 1e3:.1f} ms",
        "≤ 10 ms",
    )


def kills(folder: Path, count: int) -> Iterator[Row]:
    few, out = folder / "few", folder / "killed"
    few.mkdir(exist_ok=True)
    for number in range(12):
        write(days.write_walk, few / f"{number}.csv", 60, seed=number)
    whole = labelled(few, folder / "whole", jobs=2).seconds
    expected = results(folder / "whole")
    chance = random.Random(0)
    same = killed = resumed = 0
    for number in range(count):
        shutil.rmtree(out, ignore_errors=True)
        run = started(command(few, "--out", out, "--jobs", "2"))
        if number % 2:
            wait_for_parts(out, chance.randint(0, 12), run)
            time.sleep(chance.uniform(0, 0.1))
        else:
            time.sleep(chance.uniform(0, 1.2 * whole))
        status, _ = ended(run, signal.SIGKILL, group=True)
        killed += status == -signal.SIGKILL
        subprocess.run(command(few, "--out", out, "--jobs", "2", "--quiet"), cwd=ROOT, check=True)
        resumed += json.loads((out / "run.json").read_text())["counts"]["resumed"]
        same += results(out) == expected and not [*out.rglob("*.half")]
    yield Row(
        f"kill -9 at {count} moments ({killed} before the end; {resumed / count:.1f} of 12 files "
        "were done by then), then resumed",
        f"{same} of {count} identical",
        "all",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--only", nargs="+", default=["startup", "day", "growth", "batch", "kills"])
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--longest", type=int, default=168)
    parser.add_argument("--python", default=sys.executable)
    arguments = parser.parse_args()
    # Inputs are still made by the Python that runs this.
    sys.executable = arguments.python
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        write(days.write_walk, folder / "minute.csv", 60)
        sections = {
            "startup": lambda: startup(folder),
            "day": lambda: day(folder),
            "growth": lambda: growth(folder, arguments.longest),
            "batch": lambda: batch(folder, arguments.files),
            "kills": lambda: kills(folder, arguments.kills),
        }
        print("| work | measured | goal |\n|---|---|---|", flush=True)
        for name in arguments.only:
            for row in sections[name]():
                print(f"| {row.work} | {row.measured} | {row.goal} |", flush=True)


if __name__ == "__main__":
    main()
