"""Fuzz the readers, the model loader or all of labelling while there is time, in a quiet process.

``python -m tests.benchmarks.fuzz readers|models|labels --count 1000000 --minutes 60 --seed 1``
prints how many inputs were run and what was found; ``--keep FOLDER`` keeps one input for each.
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import sys
import tempfile
import time
import warnings
from pathlib import Path

from retrodetect.direction import store
from tests.abuse.fuzzing import Fuzzer
from tests.abuse.labels import labels
from tests.abuse.models import models
from tests.abuse.readers import readers

MOST_BYTES = 8 << 30


def main() -> int:
    """Fuzz, and return how many findings there were."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=["readers", "models", "labels"])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--minutes", type=float, default=float("inf"))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--model", default="default", help="what the models are made of, or what labels"
    )
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    os.nice(19)
    # More than that is a finding; without a limit it would be the end of the machine.
    resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
    warnings.simplefilter("ignore")
    logging.disable()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.what == "readers":
            fuzzer = readers(Path(folder))
        elif arguments.what == "labels":
            fuzzer = labels(Path(folder), arguments.model)
        else:
            fuzzer = models(Path(folder), store.load(arguments.model))

        def tell(done: int) -> None:
            _tell(done, fuzzer)
            _keep(fuzzer, arguments.keep)

        until = time.time() + 60 * arguments.minutes
        tell(fuzzer.fuzz(arguments.count, arguments.seed, until=until, tell=tell))
    for found, times in fuzzer.counts.most_common():
        print(f"{times:6} {found}")
    return len(fuzzer.findings)


def _tell(done: int, fuzzer: Fuzzer) -> None:
    print(
        f"{done} run, {len(fuzzer.corpus)} kept, {len(fuzzer.findings)} findings, "
        f"slowest {fuzzer.slowest_s:.2f} s, peak {fuzzer.peak_mib} MiB",
        flush=True,
    )


def _keep(fuzzer: Fuzzer, folder: Path | None) -> None:
    if folder is None:
        return
    folder.mkdir(parents=True, exist_ok=True)
    for number, (found, item) in enumerate(fuzzer.findings.items()):
        (folder / f"{number}-{item.name}").write_bytes(item.data)
        (folder / f"{number}.txt").write_text(f"{found}\n")


if __name__ == "__main__":
    sys.exit(main() > 0)
