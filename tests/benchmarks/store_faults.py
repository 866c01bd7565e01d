"""An object store with faults on purpose, with counts.

``python -m tests.benchmarks.store_faults 20``: a proxy disturbs the requests from a random one on.
Then the same command is given again without the fault, and must end with the bytes of an
undisturbed run.
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
from tests.runs.proxy import FAULTS, RESULTS, between, trial

MOST_REQUESTS = 90
"""An undisturbed run makes about as many."""


def main(times: int = 3) -> int:
    """Make every fault some times; return how often a result was wrong or lost."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = [sys.executable, "-m", "moto.server", "-p", str(port)]
    silent = subprocess.DEVNULL
    with subprocess.Popen(server, stdout=silent, stderr=silent) as running:
        try:
            with between(port) as proxy_port:
                return _counted(times, port, proxy_port)
        finally:
            running.kill()


def _counted(times: int, port: int, proxy_port: int) -> int:
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
        session = Session("walk forward 10s", app="physics_toolbox")
        files.put_file(str(write_session("walk", session, Path(folder))), "walks/in/walk.csv")
    run(["s3://walks/in"], Outputs("s3://walks/plain"))
    expected = {name: files.cat_file(f"walks/plain/{name}") for name in RESULTS}
    lost, rng = 0, random.Random(0)
    for fault in FAULTS:
        wrong = stopped = resumed = 0
        for number in range(times):
            out = f"s3://walks/{fault.replace(' ', '-')}-{number}"
            after = rng.randrange(MOST_REQUESTS)
            said, first, then = trial(fault, after, "s3://walks/in", out, Settings(), files)
            stopped += bool(said)
            wrong += not said and first != expected
            resumed += then == expected
        print(
            f"{fault:30} {times} runs, {stopped} ended in a sentence, {wrong} wrong, "
            f"{resumed} same bytes after",
            flush=True,
        )
        lost += wrong + times - resumed
    return lost


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in sys.argv[1:2])) > 0)
