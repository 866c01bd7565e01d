"""Read thousands of damaged files: no traceback, no hang, no silent misreading.

``python -m tests.benchmarks.mutate_formats [COUNT [SEED [FOLDER]]]`` prints what went wrong, and
the slowest read. Real samples are taken from ``../shared/formats``; of what there is no sample, a
workbook and a JSON list, one of each is invented.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.errors import InputError
from retrodetect.formats import read
from tests.formats.mutants import examine, mutants
from tests.formats.reexport import START_NS, walk

_SHARED = Path(__file__).parents[3] / "shared" / "formats"
_SLOW_S = 5.0


def main(count: int = 10_000, seed: int = 0, folder: Path = _SHARED) -> int:
    """Mutate every sample under a folder; return how many outcomes were wrong."""
    wrong: Counter[str] = Counter()
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory() as scratch, tempfile.TemporaryDirectory() as own:
        real = (file for file in folder.rglob("*") if file.is_file() and file.suffix != ".md")
        files = [*sorted(real), *_invented(Path(own))]
        healthy = {file: _first(file) for file in files}
        for mutant in mutants(files, count, seed):
            begin = time.perf_counter()
            try:
                fault = examine(mutant, Path(scratch), healthy)
            except Exception:
                fault = "traceback: " + " | ".join(traceback.format_exc().strip().splitlines()[-7:])
            took_s = time.perf_counter() - begin
            slowest = max(slowest, (took_s, f"{mutant.original.name} ({mutant.how})"))
            if took_s > _SLOW_S:
                fault = f"took {took_s:.1f} s"
            if fault:
                wrong[fault] += 1
                print(f"{mutant.original.name} ({mutant.how}): {fault}")
    print(f"{count} mutants of {len(files)} files: {sum(wrong.values())} wrong")
    print(f"slowest {slowest[0]:.2f} s: {slowest[1]}")
    return sum(wrong.values())


def _invented(folder: Path) -> list[Path]:
    """A workbook of phyphox and a JSON list of Sensor Logger."""
    original = walk(rate_hz=50, duration_s=20)
    seconds = original.time_ns / 1e9
    units = ["Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz")]
    sheet = pd.DataFrame(np.column_stack([seconds, original.acceleration_mps2]), columns=units)
    book, listed = folder / "walk.xlsx", folder / "walk.json"
    sheet.to_excel(book, sheet_name="Raw Data", index=False)
    entries = pd.DataFrame(original.acceleration_mps2[:, ::-1], columns=list("zyx")).astype(str)
    entries.insert(0, "seconds_elapsed", seconds.astype(str))
    entries.insert(0, "time", [str(START_NS + ns) for ns in original.time_ns])
    entries.insert(0, "sensor", "TotalAcceleration")
    entries.to_json(listed, orient="records")
    return [book, listed]


def _first(file: Path):  # type: ignore[no-untyped-def]
    try:
        return read(file)[0]
    except InputError:
        return None


if __name__ == "__main__":
    arguments = sys.argv[1:]
    sys.exit(
        main(
            *(int(number) for number in arguments[:2]),
            **({"folder": Path(arguments[2])} if len(arguments) > 2 else {}),
        )
        > 0
    )
