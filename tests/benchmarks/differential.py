"""One recording in random ways to write and to label it: how often does the answer change?

``python -m tests.benchmarks.differential ../shared --count 10000 --seed 1 --minutes 60`` prints
every difference. With ``--answers FILE`` the plain answers are kept there, or, if it is there
already, compared with those that another Python or other packages gave.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

from retrodetect.direction import store
from tests.formats.differential import Way, answer, any_way, cases, differences


def main() -> int:
    """Compare, and return how many answers differed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shared", type=Path, nargs="?", default=Path("../shared"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--most", type=int, default=5, help="recordings of each data set")
    parser.add_argument("--answers", type=Path)
    told = parser.parse_args()
    os.nice(19)
    model, rng = store.load("default"), random.Random(told.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain = {
            case.name: (case, answer(case, Way(), model, folder))
            for case in cases(told.shared, most=told.most)
        }
        strides = sum(len(expected) for _, expected in plain.values())
        print(f"{len(plain)} cases with {strides} strides", flush=True)
        differing = 0
        if told.answers is not None:
            differing += _compared(told.answers, {key: own for key, (_, own) in plain.items()})
        until = time.time() + 60 * told.minutes
        done = 0
        while done < told.count and time.time() < until:
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
