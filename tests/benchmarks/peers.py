"""Retrodetect and its peers on the same hours, each in an environment of its own.

``python tests/benchmarks/peers.py [FOLDER] [--hours 1] [--walking 8]`` makes a recording, makes an
environment for each peer, lets each go from the csv to its result, and prints seconds of the
processor and the peak of memory, and ratios to the bare parse by pandas. Loading of packages is
left out for all. The peers do other things than tell directions; what is compared is what a user
waits for. A peer that cannot be installed or does not run is listed with the reason.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from multiprocessing import Process
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "benchmarks")]

from days import write_day  # noqa: E402

_SHELL = """
import json, resource, sys, time, warnings
warnings.simplefilter("ignore")
{imports}
import numpy as np
import pandas as pd
path = sys.argv[1]
begin = time.process_time()
{body}
seconds = time.process_time() - begin
peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print("\\n" + json.dumps([seconds, peak_mb]))
"""


class Peer(NamedTuple):
    """One program to compare with.

    Parameters
    ----------
    name
        As in the table.
    packages
        What its environment needs; none for this one.
    imports, body
        Code, with the csv's ``path`` defined between them.
    """

    name: str
    packages: tuple[str, ...]
    imports: str
    body: str


PEERS = (
    Peer("pandas, bare C parse", (), "", 'pd.read_csv(path, engine="c")'),
    Peer(
        "retrodetect",
        (),
        """
from retrodetect import formats
from retrodetect.direction import Anchors
from retrodetect.labelling import label_pieces
from retrodetect.direction import store
""",
        """
(pieces,) = formats.pieces(path)
label_pieces(pieces, store.load("default"), Anchors())
""",
    ),
    Peer(
        "scikit-digital-health, GaitLumbar",
        ("scikit-digital-health", "pandas"),
        "from skdh.gait import GaitLumbar",
        """
table = pd.read_csv(path)
GaitLumbar().predict(
    time=table["time"].to_numpy() / 1e9,
    accel=table[["x", "y", "z"]].to_numpy() / 9.80665,
    fs=100.0,
    height=1.75,
)
""",
    ),
    Peer(
        "mobgap, MobilisedPipelineHealthy",
        ("mobgap",),
        """
from mobgap.data import GaitDatasetFromData
from mobgap.pipeline import MobilisedPipelineHealthy
""",
        """
table = pd.read_csv(path)
# Its sensor has x pointing up; ours has z.
sensor = table[["z", "y", "x"]].set_axis(["acc_x", "acc_y", "acc_z"], axis=1)
sensor = sensor.assign(gyr_x=0.0, gyr_y=0.0, gyr_z=0.0)
who = {"height_m": 1.75, "sensor_height_m": 1.0, "cohort": "HA"}
data = GaitDatasetFromData(
    {"one": {"LowerBack": sensor}},
    100.0,
    {"one": who},
    {"one": {"measurement_condition": "free_living", "recording_type": "unsupervised"}},
    single_sensor_name="LowerBack",
)
MobilisedPipelineHealthy().run(data[0])
""",
    ),
    Peer(
        "tsfel, features of 4 s windows",
        ("tsfel", "setuptools<81"),
        "import tsfel",
        """
table = pd.read_csv(path)[["x", "y", "z"]]
tsfel.time_series_features_extractor(
    tsfel.get_features_by_domain(), table, fs=100, window_size=400, verbose=0, n_jobs=1
)
""",
    ),
)


def python_of(peer: Peer, folder: Path) -> Path:
    """Python of a peer's environment, made if need be."""
    if not peer.packages:
        return Path(sys.executable)
    place = folder / f"environment-{peer.packages[0]}"
    python = place / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", place], check=True)
        subprocess.run([python, "-m", "pip", "install", "-q", *peer.packages], check=True)
    return python


def seconds_and_peak(peer: Peer, path: Path, folder: Path, most_s: float) -> tuple[float, float]:
    """Let a peer do the work, in a process of its own on one core."""
    code = _SHELL.format(imports=peer.imports, body=peer.body)
    single = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"), "1")
    done = subprocess.run(
        [python_of(peer, folder), "-c", code, path],
        env={**single, "PATH": "/usr/bin:/bin", "HOME": str(folder), "PYTHONPATH": str(ROOT)}
        if not peer.packages
        else {**single, "PATH": "/usr/bin:/bin", "HOME": str(folder)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=most_s,
    )
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    seconds, peak_mb = json.loads(done.stdout.strip().splitlines()[-1])
    return float(seconds), float(peak_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--walking", type=float, default=8.0, help="hours a day")
    parser.add_argument("--most", type=float, default=1800.0, help="seconds a peer may take")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.folder or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "peers.csv"
        # In a process of its own: peaks of memory are passed on to children.
        maker = Process(target=write_day, args=(path, arguments.hours, arguments.walking))
        maker.start()
        maker.join()
        print(f"{arguments.hours:g} h at 100 Hz, {arguments.walking:g} h of walking a day\n")
        print("| program | s | × bare parse | × retrodetect | peak MB |\n|---|---|---|---|---|")
        took: dict[str, float] = {}
        for peer in PEERS:
            try:
                seconds, peak_mb = seconds_and_peak(peer, path, folder, arguments.most)
            except (RuntimeError, subprocess.SubprocessError) as error:
                print(f"| {peer.name} | did not run: {error} | | | |", flush=True)
                continue
            took[peer.name] = seconds
            bare, own = (took.get(one.name, float("nan")) for one in PEERS[:2])
            ratios = f"{seconds / bare:.1f} | {seconds / own:.1f}"
            print(f"| {peer.name} | {seconds:.2f} | {ratios} | {peak_mb:.0f} |", flush=True)


if __name__ == "__main__":
    main()
