"""How long training on all public data sets takes, cold and from the cache, and how much memory.

    python tests/benchmarks/training_time.py ../shared/datasets

fits the default model and scores it on every wearer and source held out, twice: with an empty
cache and with a full one. Beside the wall clock stands the time all processes computed, which
other work on the machine does not lengthen.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("datasets", type=Path)
    datasets = parser.parse_args().datasets
    with tempfile.TemporaryDirectory() as folder:
        for state in ("cold", "from the cache"):
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            began = time.perf_counter()
            subprocess.run(
                [
                    sys.executable, "-m", "retrodetect.lab.shipped", datasets,
                    Path(folder) / "models", "default", "--cache", Path(folder) / "cache",
                ],
                check=True,
                stderr=subprocess.DEVNULL,
            )  # fmt: skip
            wall_s = time.perf_counter() - began
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            print(
                f"{state}: {wall_s:.0f} s, {cpu_s:.0f} s computed, "
                f"{after.ru_maxrss / 2**20:.2f} GiB in the largest process"
            )


if __name__ == "__main__":
    main()
