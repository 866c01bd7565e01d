"""How long reading takes, against pandas' C parser alone, and how much memory.

``python -m tests.benchmarks.reading_speed [HOURS [RATE_HZ]]`` writes a plain csv and reads it in
turns by ``pandas.read_csv``, by ``retrodetect.formats.read`` and by ``pieces``. It prints the best
times with their ratios, and the peak of memory.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from retrodetect.formats import pieces, read

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


def best_s(*actions: Callable[[], object]) -> list[tuple[float, float]]:
    """Shortest time of some runs of each action, of the clock and of the processor.

    They take turns, so that a busy machine is fair.
    """
    times: list[list[tuple[float, float]]] = [[] for _ in actions]
    for _ in range(_TURNS):
        for action, own in zip(actions, times, strict=True):
            begin, begin_cpu = time.perf_counter(), time.process_time()
            action()
            own.append((time.perf_counter() - begin, time.process_time() - begin_cpu))
    return [(min(wall for wall, _ in own), min(cpu for _, cpu in own)) for own in times]


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
        actions = {
            "pandas.read_csv": lambda: pd.read_csv(path),
            "read": lambda: read(path),
            "pieces": lambda: [len(one.time_s) for parts in pieces(path) for one in parts],
        }
        print(f"{rows} rows, {size_mb:.0f} MB, pandas {pd.__version__}")
        found = dict(zip(actions, best_s(*actions.values()), strict=True))
        bare = found["pandas.read_csv"]
        for name, (wall_s, cpu_s) in found.items():
            print(
                f"{name} {wall_s:.2f} s ({wall_s / bare[0]:.2f} times), "
                f"of the processor {cpu_s:.2f} s ({cpu_s / bare[1]:.2f} times)"
            )
        print(f"peak of allocations {peak_beyond_arrays(path):.2f} times the arrays kept")
        for what in ("", "read(path)", "[0 for parts in pieces(path) for _ in parts]"):
            code = (
                f"from retrodetect.formats import pieces, read; import pandas; path={str(path)!r}"
            )
            # What the process before `exec` held counts in ``ru_maxrss``, but not here.
            peak = "print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
            run = [sys.executable, "-c", f"{code}; {what}; {peak}".replace("; ;", ";")]
            shown = subprocess.run(run, check=True, capture_output=True, text=True).stdout
            print(f"largest resident set {float(shown) / 1e3:.0f} MB: {what or 'imports alone'}")


if __name__ == "__main__":
    main(*(float(number) for number in sys.argv[1:]))
