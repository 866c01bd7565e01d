"""Mutate what real exports mean, and compare the strides with those of the export as it was.

``python -m tests.benchmarks.semantic --count 1500 --seed 1`` takes the tables of ``../shared`` and
``data/examples`` in which somebody walks, swaps units, columns and sensors, drops, doubles and
shifts rows, and prints for each mutation how often the outcome was the same strides, a refusal, a
new warning, or silently another result.
"""

from __future__ import annotations

import argparse
import gzip
import logging
import os
import random
import sys
import tempfile
import time
import warnings
import zipfile
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.direction import Anchors, store
from retrodetect.errors import InputError, RetrodetectError
from retrodetect.formats import read
from retrodetect.formats.files import Candidate
from retrodetect.formats.source import open_file
from retrodetect.labelling import label_pieces

ROOT = Path(__file__).parents[2]
LEAST_STRIDES, WITHIN_S, MOST_OTHER = 5, 0.2, 0.1
MOST_S = 30.0
"""Of a table, from its first stride on: enough for a walk, and little to read again."""

ENDINGS = (".csv", ".csv.gz", ".txt", ".zip")


@dataclass(frozen=True)
class Sheet:
    """A table of text: lines above, rows of cells, and where the axes of its sensors stand."""

    name: str
    above: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    delimiter: str
    decimal: str
    acceleration: tuple[int, ...]
    other: tuple[int, ...]
    end: str = "\n"

    def text(self) -> str:
        """The file."""
        by = " " if self.delimiter == r"\s+" else self.delimiter
        return "\n".join([*self.above, *map(by.join, self.rows)]) + self.end

    def scaled(self, change: Callable[[float], float], rows: slice) -> Sheet:
        """Other readings in some rows."""
        changed = [list(row) for row in self.rows]
        for row in changed[rows]:
            for place in self.acceleration:
                try:
                    value = change(float(row[place].replace(self.decimal, ".")))
                except (ValueError, IndexError):
                    continue
                row[place] = f"{value:.7g}".replace(".", self.decimal)
        return replace(self, rows=tuple(map(tuple, changed)))

    def columns(self, places: dict[int, int]) -> Sheet:
        """Cells of some columns taken from others."""
        rows = [
            tuple(row[places.get(at, at)] if max(places.values()) < len(row) else cell
                  for at, cell in enumerate(row))
            for row in self.rows
        ]  # fmt: skip
        return replace(self, rows=tuple(rows))


def _units(own: Sheet, rng: random.Random) -> Sheet:
    """Another unit in the lines above."""
    pairs = [("m/s^2", "g"), ("m/s²", "g"), ("(g)", "(m/s^2)"), ("(G)", "(m/s^2)"),
             ("(ms)", "(s)"), ("(s)", "(ms)"), ("(ns)", "(ms)")]  # fmt: skip
    text = "\n".join(own.above)
    fitting = [pair for pair in pairs if pair[0] in text]
    if not fitting:
        return own
    return replace(own, above=tuple(text.replace(*rng.choice(fitting)).split("\n")))


def _sensors(own: Sheet, rng: random.Random) -> Sheet:
    """Readings of the accelerometer and another sensor change places."""
    del rng
    pairs = list(zip(own.acceleration, own.other, strict=False))
    return own.columns({**dict(pairs), **{b: a for a, b in pairs}}) if pairs else own


def _one_column(own: Sheet, rng: random.Random) -> Sheet:
    if not own.other:
        return own
    a, b = rng.choice(own.acceleration), rng.choice(own.other)
    return own.columns({a: b, b: a})


def _slower(own: Sheet, rng: random.Random) -> Sheet:
    third, every = len(own.rows) // 3, rng.choice([2, 2, 4, 10])
    return replace(own, rows=tuple(
        row for at, row in enumerate(own.rows) if not third <= at < 2 * third or at % every == 0
    ))  # fmt: skip


def _doubled(own: Sheet, rng: random.Random) -> Sheet:
    begin = rng.choice([0, len(own.rows) // 4, len(own.rows) // 2])
    return replace(own, rows=own.rows + own.rows[begin:])


def _each_twice(own: Sheet, rng: random.Random) -> Sheet:
    del rng
    return replace(own, rows=tuple(row for row in own.rows for _ in range(2)))


def _offset(own: Sheet, rng: random.Random) -> Sheet:
    readings = [abs(float(cell.replace(own.decimal, "."))) for row in own.rows[:500]
                for cell in (row[at] for at in own.acceleration if at < len(row))
                if _is_number(cell, own.decimal)]  # fmt: skip
    offset = rng.choice([2.0, 5.0, 20.0]) * max(readings, default=1.0)
    return own.scaled(lambda value: value + offset, slice(None))


def _repeated_axis(own: Sheet, rng: random.Random) -> Sheet:
    a, b = rng.sample(own.acceleration, 2)
    return own.columns({a: b})


def _dead_axis(own: Sheet, rng: random.Random) -> Sheet:
    dead = replace(own, acceleration=(rng.choice(own.acceleration),))
    begin = rng.choice([0, len(own.rows) // 2])
    return replace(dead.scaled(lambda _: 0.0, slice(begin, None)), acceleration=own.acceleration)


def _unit_changes(own: Sheet, rng: random.Random) -> Sheet:
    begin = int(rng.choice([0.3, 0.5, 0.75]) * len(own.rows))
    return own.scaled(lambda value: value / 9.80665, slice(begin, None))


def _clipped(own: Sheet, rng: random.Random) -> Sheet:
    readings = np.array([
        [float(row[at].replace(own.decimal, ".")) for at in own.acceleration] for row in own.rows
        if all(at < len(row) and _is_number(row[at], own.decimal) for at in own.acceleration)
    ])  # fmt: skip
    limit = float(np.percentile(np.abs(readings).max(axis=1), rng.choice([60, 80])))
    return own.scaled(lambda value: min(max(value, -limit), limit), slice(None))


def _out_of_order(own: Sheet, rng: random.Random) -> Sheet:
    at = int(rng.uniform(0.2, 0.8) * len(own.rows))
    return replace(own, rows=own.rows[at:] + own.rows[:at])


def _axis_turned(own: Sheet, rng: random.Random) -> Sheet:
    axes = rng.choice([own.acceleration, own.other or own.acceleration])
    turned = replace(own, acceleration=(rng.choice(axes),))
    return replace(turned.scaled(lambda value: -value, slice(None)), acceleration=own.acceleration)


def _range_narrows(own: Sheet, rng: random.Random) -> Sheet:
    late = replace(own, rows=own.rows[len(own.rows) // 2 :])
    return replace(own, rows=(*own.rows[: len(own.rows) // 2], *_clipped(late, rng).rows))


def _cut_off(own: Sheet, rng: random.Random) -> Sheet:
    kept = own.rows[: rng.randrange(len(own.rows) // 2, len(own.rows))]
    return replace(own, rows=(*kept[:-1], kept[-1][:-1]), end="")


MUTATIONS: dict[str, Callable[[Sheet, random.Random], Sheet]] = {
    "units swapped in the header": _units,
    "sensors swapped": _sensors,
    "one column swapped": _one_column,
    "slower in the middle": _slower,
    "rows doubled": _doubled,
    "each row twice": _each_twice,
    "offset added": _offset,
    "axis repeated": _repeated_axis,
    "axis dead": _dead_axis,
    "unit changes": _unit_changes,
    "clipped": _clipped,
    "blocks out of order": _out_of_order,
    "axis turned round": _axis_turned,
    "range narrows": _range_narrows,
    "cut off within a row": _cut_off,
}


def _is_number(cell: str, decimal: str) -> bool:
    try:
        float(cell.replace(decimal, "."))
    except ValueError:
        return False
    return True


def _texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Names and texts of tables: files, packed files and members of archives."""
    for path in sorted(file for file in folder.rglob("*") if file.name.endswith(ENDINGS)):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.endswith(".csv"):
                        yield Path(name).name, archive.read(name).decode("utf-8", "replace")
        else:
            opener = gzip.open if path.suffix == ".gz" else open
            with opener(path, "rb") as stream:
                yield path.name.removesuffix(".gz"), stream.read().decode("utf-8", "replace")


def _sheet(path: Path, text: str) -> Sheet | None:
    """A table whose columns are known; None for others."""
    table = Candidate(open_file(path, 1 << 30)).table
    if not table.width or table.terminator or table.encoding not in ("utf-8", "utf-8-sig"):
        return None
    by_quantity: dict[str, dict[str, int]] = defaultdict(dict)
    for column in table.columns:
        by_quantity[column.quantity].setdefault(column.axis, column.index)
    triads = {
        quantity: tuple(axes[axis] for axis in "xyz")
        for quantity, axes in by_quantity.items() if {*"xyz"} <= {*axes}
    }  # fmt: skip
    acceleration = triads.get("acceleration") or triads.get("linear")
    if acceleration is None:
        return None
    other = triads.get("rotation") or triads.get("magnetic") or ()
    lines = text.removeprefix("\ufeff").splitlines()
    by = None if table.delimiter == r"\s+" else table.delimiter
    rows = tuple(tuple(line.split(by)) for line in lines[table.first_line :] if line)
    return Sheet(path.name, tuple(lines[: table.first_line]), rows, table.delimiter,
                 table.decimal, acceleration, other)  # fmt: skip


def _shortened(sheet: Sheet | None, strides: pd.DataFrame) -> Sheet | None:
    """Rows from the first stride on, where the clock is even."""
    if sheet is None:
        return None
    rows_a_s = len(sheet.rows) / strides.attrs["duration_s"]
    count = int(MOST_S * rows_a_s)
    begin = int(rows_a_s * strides["start_s"].iloc[0])
    begin = max(0, min(begin, len(sheet.rows) - count))
    return replace(sheet, rows=sheet.rows[begin : begin + count])


def _outcome(path: Path) -> tuple[pd.DataFrame, frozenset[str]] | str:
    """Strides and warnings of a file with one recording, or how it was refused."""
    try:
        (recording,) = read(path)
        session = label_pieces([recording], store.load("default"), Anchors())
    except (InputError, RetrodetectError):
        return "refused"
    except ValueError:
        return "several"
    session.strides.attrs["duration_s"] = session.duration_s
    return session.strides, frozenset(caution.text for caution in session.cautions)


def _is_same(strides: pd.DataFrame, original: pd.DataFrame) -> bool:
    """Whether nearly all strides are there, in the same direction, and no others."""
    begins = strides["start_s"].to_numpy()
    own = original["start_s"].to_numpy()
    if abs(len(begins) - len(own)) > max(2, MOST_OTHER * len(own)) or not len(begins):
        return False
    nearest = np.abs(begins[:, None] - own).argmin(axis=0)
    is_there = np.abs(begins[nearest] - own) < WITHIN_S
    ways = strides["direction"].to_numpy()[nearest]
    wanted = original["direction"].to_numpy()
    is_opposite = is_there & (ways != wanted) & (ways != "unknown") & (wanted != "unknown")
    return bool(is_there.mean() > 1 - MOST_OTHER and is_opposite.mean() < MOST_OTHER)


def main() -> int:
    """Mutate, and return how many mutants were silently wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1500)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="folder for what is silently wrong")
    asked = parser.parse_args()
    os.nice(15)
    warnings.simplefilter("ignore")
    logging.disable()
    rng = random.Random(asked.seed)
    until = time.time() + 60 * asked.minutes
    with tempfile.TemporaryDirectory() as folder:
        originals = []
        for root in (ROOT / "../shared/formats", ROOT / "data/examples"):
            for name, text in _texts(root):
                path = Path(folder, name)
                path.write_text(text)
                sheet, outcome = None, _outcome(path)
                if not isinstance(outcome, str) and len(outcome[0]) >= LEAST_STRIDES:
                    sheet = _shortened(_sheet(path, text), outcome[0])
                if sheet is not None:
                    path.write_text(sheet.text())
                    outcome = _outcome(path)
                    if not isinstance(outcome, str) and len(outcome[0]) >= LEAST_STRIDES:
                        originals.append((sheet, outcome))
                path.unlink()
        print(f"{len(originals)} tables with strides", flush=True)
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for number in range(asked.count):
            if time.time() > until:
                break
            (sheet, (strides, said)), how = rng.choice(originals), rng.choice([*MUTATIONS])
            mutant = MUTATIONS[how](sheet, rng)
            if mutant == sheet:
                continue
            path = Path(folder, sheet.name)
            path.write_text(mutant.text())
            outcome = _outcome(path)
            if isinstance(outcome, str):
                result = outcome
            elif outcome[1] - said:
                result = "warned"
            else:
                result = "same" if _is_same(outcome[0], strides) else "SILENT"
            counts[how][result] += 1
            if result == "SILENT":
                print(f"{number}: {sheet.name}: {how}: {len(outcome[0])} of {len(strides)} strides")
                if asked.keep is not None:
                    asked.keep.mkdir(parents=True, exist_ok=True)
                    path.rename(asked.keep / f"{number}-{sheet.name}")
        for how, results in counts.items():
            print(f"{how:30} {dict(results)}")
    total = sum(counts.values(), Counter())
    print(f"{sum(total.values())} mutants: {dict(total)}")
    return total["SILENT"]


if __name__ == "__main__":
    sys.exit(main() > 0)
