"""Read thousands of damaged files: no traceback, no hang, no silent misreading.

``python -m tests.benchmarks.mutate_formats [COUNT [SEED [FOLDER]]]`` prints what went wrong, and
the slowest read. Real samples are taken from ``../shared/formats``.
"""

from __future__ import annotations

import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path

from retrodetect.errors import InputError
from retrodetect.formats import read
from tests.formats.mutants import examine, mutants

_SHARED = Path(__file__).parents[3] / "shared" / "formats"
_SLOW_S = 5.0


def main(count: int = 10_000, seed: int = 0, folder: Path = _SHARED) -> int:
    """Mutate every sample under a folder; return how many outcomes were wrong."""
    files = sorted(file for file in folder.rglob("*") if file.is_file() and file.suffix != ".md")
    healthy = {file: _first(file) for file in files}
    wrong: Counter[str] = Counter()
    slowest = (0.0, "")
    with tempfile.TemporaryDirectory() as scratch:
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
