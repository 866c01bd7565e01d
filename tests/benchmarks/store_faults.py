"""An object store with faults on purpose, with counts.

``python -m tests.benchmarks.store_faults 20 [FAULT ...]``: a proxy disturbs the requests from a
random one on. What is there then must be whole, or say what it lacks. Then the same command is
given again without the fault, and must end with the bytes of an undisturbed run.
"""

from __future__ import annotations

import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from retrodetect.lab.simulate import Session, write_session
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings
from tests.runs.proxy import FAULTS, RESULTS, between, is_honest, trial

MOST_REQUESTS = 90
"""An undisturbed run makes about as many."""


def main(times: int = 3, *faults: str) -> int:
    """Make every fault some times; return how often a result was wrong or lost."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = [sys.executable, "-m", "moto.server", "-p", str(port)]
    silent = subprocess.DEVNULL
    with subprocess.Popen(server, stdout=silent, stderr=silent) as running:
        try:
            with between(port) as proxy_port:
                return _counted(times, faults or tuple(FAULTS), port, proxy_port)
        finally:
            running.kill()


def _counted(times: int, faults: tuple[str, ...], port: int, proxy_port: int) -> int:
    os.environ |= {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{proxy_port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with socket.socket() as probe:
        while probe.connect_ex(("127.0.0.1", port)):
            time.sleep(0.1)
    import s3fs

    files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
    files.mkdir("walks")
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("a", "walk forward 10s"), ("b", "walk backward 10s")):
            session = Session(text, app="physics_toolbox")
            path = write_session(name, session, Path(folder))
            files.put_file(str(path), f"walks/in/{path.name}")
    run(["s3://walks/in"], Outputs("s3://walks/plain"))
    expected = {name: files.cat_file(f"walks/plain/{name}") for name in RESULTS}
    lost, rng = 0, random.Random(0)
    for fault in faults:
        wrong = struck = stopped = resumed = 0
        for number in range(times):
            out = f"s3://walks/{fault.replace(' ', '-')}-{number}"
            after = rng.randrange(MOST_REQUESTS)
            done = trial(fault, after, "s3://walks/in", out, Settings(), files)
            struck += done.hits > 0
            stopped += bool(done.said)
            wrong += not is_honest(done, expected)
            resumed += done.then == expected
        print(
            f"{fault:30} {times} runs, struck {struck}, {stopped} ended in a sentence, {wrong} "
            f"wrong, {resumed} same bytes after",
            flush=True,
        )
        lost += wrong + times - resumed
    return lost


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2]), *sys.argv[2:]) > 0)
