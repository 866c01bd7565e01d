"""One recording in random ways to write and to label it: how often does the answer change?

``python -m tests.benchmarks.differential ../shared --count 10000 --seed 1 --minutes 60`` prints
every difference. With ``--answers FILE`` the plain answers are kept there, or, if it is there
already, compared with those that another Python or other packages gave. With ``--batches N`` it
also labels N folders of such files by the command: with one and two processes, on a cluster, and
killed in the middle and resumed; a batch costs as much as fifty single answers.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pandas as pd

from retrodetect.direction import store
from tests.formats.differential import Case, Way, answer, any_way, cases, differences, written
from tests.interrupted import command, ended, results, started, wait_for_parts
from tests.runs.servers import address_of, free_port, scheduler, worker

BATCH = 12
"""Files of a batch."""

WRITTEN = 1.1e-3
"""Tables are rounded to the millisecond and to four places of a probability."""


def main() -> int:
    """Compare, and return how many answers differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=5, help="recordings of each data set")
    parser.add_argument("--answers", type=Path)
    parser.add_argument("--batches", type=int, default=0)
    arguments = parser.parse_args()
    os.nice(19)
    model, rng = store.load("default"), random.Random(arguments.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = {
            case.name: (case, answer(case, Way(), model, folder))
            for case in cases(arguments.shared, most=arguments.most)
        }
        strides = sum(len(expected) for _, expected in plain.values())
        print(f"{len(plain)} cases with {strides} strides", flush=True)
        differing = 0
        if arguments.answers is not None:
            differing += _compared(arguments.answers, {key: own for key, (_, own) in plain.items()})
        for wrong in _batches(arguments.batches, plain, rng, folder):
            differing += 1
            print(wrong, flush=True)
        until = time.time() + 60 * arguments.minutes
        done = 0
        while done < arguments.count and time.time() < until:
            case, expected = plain[rng.choice([*plain])]
            way = any_way(rng)
            wrong = differences(expected, answer(case, way, model, folder))
            differing += bool(wrong)
            done += 1
            if wrong:
                print(f"{case.name}, {way}: {', '.join(wrong)}", flush=True)
            if done % 500 == 0:
                print(f"{done} done, {differing} differ", flush=True)
    print(f"{done} done, {differing} differ")
    return differing


def _batches(
    most: int, plain: dict[str, tuple[Case, pd.DataFrame]], rng: random.Random, folder: Path
) -> Iterator[str]:
    """Label folders of files in every way that a batch can be; gives what differs."""
    if not most:
        return
    port = free_port()
    answers = 0
    with ExitStack() as stack:
        stack.enter_context(scheduler(port))
        for name in "ab":
            stack.enter_context(worker(port, folder / name, "--no-nanny"))
        for number in range(most):
            own = folder / str(number)
            drawn = _distinct(rng.sample([*plain.values()], len(plain)))
            _write(drawn, own / "in", rng)
            ways = {
                "one process": ("--jobs", "1"),
                "two processes": ("--jobs", "2"),
                "a cluster": ("--cluster", address_of(port)),
                "killed and resumed": ("--jobs", "2"),
            }
            done = {}
            for way, options in ways.items():
                out = own / way
                line = [*command(own / "in", "--out", out), *options]
                if way.startswith("killed"):
                    out.mkdir()
                    run = started(line)
                    wait_for_parts(out, rng.randrange(BATCH), run)
                    ended(run, signal.SIGKILL, group=True)
                run = started(line)
                said = run.communicate()[1]
                if run.returncode:
                    yield f"batch {number}, {way}: {said}"
                    continue
                done[way] = results(out)
                if done[way] != done["one process"]:
                    yield f"batch {number}, {way}: other bytes than one process"
                answers += len(drawn)
            tables = pd.read_csv(own / "one process" / "strides.csv", keep_default_na=False,
                                 na_values={"stride_length_m": [""]})  # fmt: skip
            for at, (case, expected) in enumerate(drawn):
                rows = tables[tables["recording"].str.startswith(f"{at:02}.")]
                if wrong := differences(expected, rows.reset_index(drop=True), WRITTEN):
                    yield f"batch {number}, {case.name}: {', '.join(wrong)}"
    print(f"{most} batches, {answers} answers", flush=True)


def _distinct(drawn: list[tuple[Case, pd.DataFrame]]) -> list[tuple[Case, pd.DataFrame]]:
    """As many as a batch takes; each recording once, with its body site or without."""
    by_recording = {case.name.rsplit(" ", 1)[0]: (case, own) for case, own in drawn}
    return [*by_recording.values()][:BATCH]


def _write(drawn: list[tuple[Case, pd.DataFrame]], folder: Path, rng: random.Random) -> None:
    """Write cases in ways of their own, and a manifest with their body sites."""
    folder.mkdir(parents=True)
    lines = ["path,placement"]
    for at, (case, _) in enumerate(drawn):
        path = written(case, any_way(rng), folder, f"{at:02}")
        lines.append(f"{path.name},{case.placement or ''}")
    (folder / "manifest.csv").write_text("\n".join(lines) + "\n")


def _compared(file: Path, own: dict[str, pd.DataFrame]) -> int:
    """Keep answers, or count those that differ from the ones that are kept."""
    if not file.exists():
        pd.concat(own, names=["case", "row"]).to_csv(file)
        return 0
    kept = pd.read_csv(file, keep_default_na=False, na_values={"stride_length_m": [""]})
    by_case = {str(name): rows.reset_index(drop=True) for name, rows in kept.groupby("case")}
    found = {name: differences(by_case.get(name, kept[:0]), own[name]) for name in own}
    for name, wrong in found.items():
        if wrong:
            print(f"{name}, elsewhere: {', '.join(wrong)}")
    return sum(map(bool, found.values()))


if __name__ == "__main__":
    sys.exit(main() > 0)
