"""How long reading takes, against pandas' C parser alone, and how much memory.

``python -m tests.benchmarks.reading_speed [HOURS [RATE_HZ]]`` writes a plain csv, reads it in turns
by ``pandas.read_csv`` and by ``retrodetect.formats.read``, and prints the ratio of the best times
and the peak of memory beyond the arrays that are kept.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.formats import read

_TURNS = 5


def write_day(path: Path, hours: float, rate_hz: float) -> int:
    """Write epoch ns and m/s² with six decimals; return the number of rows."""
    rng = np.random.default_rng(0)
    count = int(hours * 3600 * rate_hz)
    with path.open("w") as file:
        file.write("time,x,y,z\n")
        for begin in range(0, count, 1 << 18):
            rows = np.arange(begin, min(begin + (1 << 18), count))
            phase = 2 * np.pi * 1.8 * rows / rate_hz
            noise = rng.normal(0, 0.5, (len(rows), 3))
            pattern = (2 * np.sin(phase / 2), 9.81 + 3 * np.sin(phase), np.cos(phase))
            values = np.stack(pattern, axis=1) + noise
            jitter = rng.integers(-200_000, 200_000, len(rows))
            ns = 1_700_000_000_000_000_000 + (rows * (1e9 / rate_hz)).astype(np.int64) + jitter
            table = pd.DataFrame(values.round(6), columns=list("xyz"))
            table.insert(0, "time", ns)
            table.to_csv(file, header=False, index=False)
    return count


def best_s(*actions: Callable[[], object]) -> list[float]:
    """Shortest of some runs of each action; they take turns, so that a busy machine is fair."""
    times: list[list[float]] = [[] for _ in actions]
    for _ in range(_TURNS):
        for action, own in zip(actions, times, strict=True):
            begin = time.perf_counter()
            action()
            own.append(time.perf_counter() - begin)
    return [min(own) for own in times]


def peak_beyond_arrays(path: Path) -> float:
    """Largest memory while reading, as a multiple of the arrays that are kept."""
    tracemalloc.start()
    (recording,) = read(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / (recording.time_s.nbytes + recording.acceleration_mps2.nbytes)


def main(hours: float = 24.0, rate_hz: float = 100.0) -> None:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "day.csv"
        rows = write_day(path, hours, rate_hz)
        size_mb = path.stat().st_size / 1e6
        bare_s, own_s = best_s(lambda: pd.read_csv(path), lambda: read(path))
        print(f"{rows} rows, {size_mb:.0f} MB, pandas {pd.__version__}")
        print(
            f"pandas.read_csv {bare_s:.2f} s, retrodetect {own_s:.2f} s: {own_s / bare_s:.2f} times"
        )
        print(f"peak of allocations {peak_beyond_arrays(path):.2f} times the arrays kept")
        code = f"from retrodetect.formats import read; read({str(path)!r})"
        subprocess.run([sys.executable, "-c", code], check=True)
        resident_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3
        print(f"largest resident set {resident_mb:.0f} MB, the mapped file included")


if __name__ == "__main__":
    main(*(float(number) for number in sys.argv[1:]))
