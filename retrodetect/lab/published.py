"""Loaders for public data sets that were not available here.

They follow the publishers' descriptions and were tested only on files made from those descriptions
(``tests/lab/test_published.py``). If you have the real files, look at the first recordings before
you trust a score: ``retrodetect inspect`` shows a unit, a sign or a site that the description has
wrong.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat

from retrodetect.errors import UnreadableFile
from retrodetect.lab import Labelled, Truth, Wanted
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray

__all__ = ["erciyes", "kiel", "ku_har"]

logger = logging.getLogger(__name__)

KU_HAR_RATE_HZ = 100.0
KU_HAR_TRIMMED = "2.Trimmed_interpolated_data"
KU_HAR_CLASSES: dict[str, Truth] = {
    "Walk": ("forward", "walk", True),
    "Walk-backward": ("backward", "walk", True),
    "Walk-backwards": ("backward", "walk", True),
    "Walk-circle": ("forward", "walk", False),
    "Run": ("forward", "run", True),
    "Stair-up": ("forward", "stairs", True),
    "Stair-down": ("forward", "stairs", True),
}
"""Classes with gait. The paper writes Walk-backward, the folder Walk-backwards."""


def ku_har(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load KU-HAR: a phone in a waist bag, 100 Hz, m/s² **without gravity**, rad/s.

    Without gravity there is no vertical, so steps are countable but directions are not. A recording
    is a file ``12.Walk-backwards/<person>_<…>.csv``.

    Written from the data set's page (Mendeley Data, doi:10.17632/45f952y38r.5) and its authors'
    description: no header; time of the acceleration in ms, x, y, z in m/s², time of the rotation,
    x, y, z in rad/s; trimmed, and interpolated to 100 Hz; "gravity acceleration was omitted".
    Circles are labelled forward, without confidence.
    """
    trimmed = path / KU_HAR_TRIMMED
    for file in sorted((trimmed if trimmed.is_dir() else path).glob("[0-9]*.*/*.csv")):
        truth = KU_HAR_CLASSES.get(file.parent.name.split(".", 1)[1])
        subject = file.stem.split("_")[0]
        if truth is None or not wanted.takes("waist", subject):
            continue
        raw = pd.read_csv(file, header=None).to_numpy(dtype=float)
        raw = raw[np.isfinite(raw[:, 1:4]).all(axis=1)]
        yield Labelled.of(
            f"{path.name}/{file.parent.name}/{file.name}", subject, "waist", truth,
            time_s=np.arange(len(raw)) / KU_HAR_RATE_HZ,
            acceleration_mps2=np.ascontiguousarray(raw[:, 1:4]),
            angular_rate_radps=np.ascontiguousarray(raw[:, 5:8]),
            rate_hz=KU_HAR_RATE_HZ,
            gravity="linear",
        )  # fmt: skip


KIEL_TASKS: dict[str, Truth] = {
    "walk_slow": ("forward", "walk", True),
    "walk_preferred": ("forward", "walk", True),
    "walk_fast": ("forward", "walk", True),
    "walk_turn": ("forward", "walk", False),
    "slalom": ("forward", "walk", False),
    "backwards": ("backward", "walk", True),
    "sideways": ("sideways", "walk", True),
}
"""Tasks by file name, ``imu_<task>.mat``. Tasks that mix gait with sitting or standing, or whose
course the description leaves open, are left out."""

KIEL_SITES = {
    "head": "head", "sternum": "chest", "chest": "chest", "pelvis": "lower-back",
    "lumbar": "lower-back", "lower_back": "lower-back", "upper_arm": "upper-arm",
    "fore_arm": "wrist", "forearm": "wrist", "wrist": "wrist", "hand": "hand",
    "thigh": "thigh", "upper_leg": "thigh", "shank": "lower-leg", "lower_leg": "lower-leg",
    "ankle": "ankle", "foot": "foot",
}  # fmt: skip
"""Body site by what the name of a sensor's place contains (a side precedes it)."""


def kiel(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load the Kiel validation set: sensors on the whole body, g and deg/s.

    Written from the README of the authors' repository (neurogeriatricskiel/Validation-dataset) and
    the study protocol (Warmerdam et al. 2021, Sensors 21:5833): a struct ``data`` with ``acc`` (N,
    3, M) in g, ``gyro`` (N, 3, M) in deg/s, ``fs`` in Hz and ``imu_location``, M names. The names
    are not listed there; sensors at an unknown place are skipped with a message. Directions are
    those of the task, not of the optical capture.
    """
    for file in sorted(path.rglob("imu_*.mat")):
        truth = KIEL_TASKS.get(file.stem.removeprefix("imu_"))
        subject = file.parent.parent.name
        if truth is None or (wanted.subjects is not None and subject not in wanted.subjects):
            continue
        force_g, rate_degps, rate_hz, places = _kiel_struct(file)
        for place, force, rotation in zip(
            places, np.moveaxis(force_g, 2, 0), np.moveaxis(rate_degps, 2, 0), strict=True
        ):
            site = next((site for word, site in KIEL_SITES.items() if word in place), None)
            if site is None:
                logger.warning("%s: no body site is known for the sensor %r", file, place)
            elif wanted.takes(site, subject):
                there = np.isfinite(force).all(axis=1)
                yield Labelled.of(
                    f"{path.name}/{subject}/{file.name}#{place}", subject, site, truth,
                    time_s=np.flatnonzero(there) / rate_hz,
                    acceleration_mps2=force[there] * STANDARD_GRAVITY_MPS2,
                    angular_rate_radps=np.deg2rad(rotation[there]),
                    rate_hz=rate_hz,
                )  # fmt: skip


def _kiel_struct(file: Path) -> tuple[FloatArray, FloatArray, float, list[str]]:
    """Acceleration (N, 3, M) in g, rotation in deg/s, rate, and M places in lower case."""
    try:
        data = loadmat(file, simplify_cells=True)["data"]
        force, rotation = (np.asarray(data[field], dtype=float) for field in ("acc", "gyro"))
        places = [str(place).lower().replace(" ", "_") for place in data["imu_location"]]
        return force, rotation, float(data["fs"]), places
    except (KeyError, NotImplementedError, ValueError, TypeError) as error:
        raise UnreadableFile(
            f"is not the struct that its README describes ({error})",
            file=str(file),
            remedy="load it in MATLAB and save it with -v7",
        ) from error


ERCIYES_SENSORS = {
    "340506": "head", "340527": "chest", "340535": "waist", "340537": "wrist", "340539": "thigh",
    "340540": "ankle",
}  # fmt: skip
"""Body site by sensor number; wrist, thigh and ankle are the right ones."""

ERCIYES_ACTIVITIES: dict[str, Truth] = {
    "801": ("forward", "walk", True),
    "802": ("backward", "walk", True),
    "803": ("forward", "run", True),
    "807": ("forward", "walk", True),
}
"""Walking forward, walking backward, jogging, limping; the rest are falls and chores."""

_ERCIYES_PATH = re.compile(
    r"(?P<subject>\d{3})/Testler Export/(?P<activity>\d{3})[^/]*/(?P<test>[^/]+)/(?:.*/)?"
    r"(?P<sensor>\d{6})\.txt$"
)
_ERCIYES_RATE = re.compile(r"Update Rate:\s*([\d.]+)\s*Hz")
_ERCIYES_AXES = ["Acc_X", "Acc_Y", "Acc_Z", "Gyr_X", "Gyr_Y", "Gyr_Z"]
_COUNTER_PERIOD = 2**16


def erciyes(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Load the Erciyes set: six Xsens MTw, 25 Hz, m/s² and rad/s.

    Files are ``<person>/Testler Export/<activity>…/Test_<n>/<sensor>.txt`` at any depth; trials
    marked as failed are left out. Written from the publication (Özdemir & Barshan 2014, Sensors
    14:10691), the set's page at the UCI repository, and third-party programs that read it: header
    lines after ``//`` with the rate, a row of names, a 16-bit counter as clock. The folders' names
    are Turkish: 801 *yürüme ileri* (forward), 802 *yürüme geri* (backward), 803 *tempolu yavaş
    koşu* (jog), 807 *topallama* (limp). A trial takes about 15 s with standing before and after.
    """
    for file in sorted(path.rglob("*.txt")):
        parts = _ERCIYES_PATH.search(file.as_posix())
        if parts is None or "fail" in parts["test"].lower():
            continue
        truth = ERCIYES_ACTIVITIES.get(parts["activity"])
        site = ERCIYES_SENSORS.get(parts["sensor"])
        if truth is not None and site is not None and wanted.takes(site, parts["subject"]):
            time_s, axes, rate_hz = _mtw(file)
            yield Labelled.of(
                f"{path.name}/{parts[0]}", parts["subject"], site, truth,
                time_s=time_s,
                acceleration_mps2=axes[:, :3],
                angular_rate_radps=axes[:, 3:],
                rate_hz=rate_hz,
            )  # fmt: skip


def _mtw(file: Path) -> tuple[FloatArray, FloatArray, float]:
    """Times, (n, 6) readings and rate of one sensor; readings lost by the radio are gaps."""
    lines = file.read_text("utf-8", "replace").splitlines()
    facts = [line for line in lines[:20] if line.startswith("//")]
    rate = _ERCIYES_RATE.search("\n".join(facts))
    if rate is None:
        raise UnreadableFile(
            "does not state its update rate", file=str(file), remedy="use the original file"
        )
    table = pd.read_csv(file, sep="\t", skiprows=len(facts)).rename(columns=str.strip)
    table = table.dropna(subset=["Counter", *_ERCIYES_AXES[:3]])
    counter = np.unwrap(table["Counter"].to_numpy(dtype=float), period=_COUNTER_PERIOD)
    axes = table[_ERCIYES_AXES].to_numpy(dtype=float)
    return (counter - counter[0]) / float(rate[1]), axes, float(rate[1])
