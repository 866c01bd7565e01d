"""Loaders for public data sets whose layout is known.

Each turns one folder, as its authors published it, into labelled recordings. Nothing is
guessed here: units, axes and labels are those of the publication, or were measured on the
data where it is silent. The files themselves are no part of this project.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Collection, Iterator
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.spatial.transform import Rotation

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.recording import PLACEMENTS, STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.training.labelled import (
    INTERVAL_COLUMNS,
    DataSet,
    Labelled,
    Mounting,
    Wanted,
    throughout,
)
from retrodetect.training.published import erciyes, kiel, ku_har

__all__ = ["SETS", "DataSet", "Labelled", "Wanted", "load", "present"]

if TYPE_CHECKING:
    from retrodetect.simulate.bvh import Side

VIRTUAL_PLACEMENTS = (
    "foot", "ankle", "thigh", "pocket", "waist",
    "lower-back", "chest", "upper-arm", "wrist", "hand",
)  # fmt: skip
"""Sites of virtual sensors unless others are named: those that real recordings have."""

_BOTH_SIDES = {"foot", "ankle", "thigh", "pocket", "upper-arm", "wrist", "hand"}


def load(
    folder: str | Path,
    name: str,
    *,
    placements: Collection[str] | None = None,
    subjects: Collection[str] | None = None,
    mounting: Mounting = "identity",
    seed: int = 0,
    rate_hz: float = 50.0,
) -> Iterator[Labelled]:
    """Load one data set, recording by recording.

    Parameters
    ----------
    folder
        Where the data sets lie, each in a folder called like its name in :data:`SETS`.
    name
        Which of them.
    placements, subjects
        Body sites and people to load; None loads all (of virtual sensors, all sites that real
        recordings have; ``head`` and ``bag`` when named). Files of others are not read.
    mounting
        How virtual sensors are turned: not at all, or each by a rotation of its own (drawn
        from ``seed`` and its name). Real sensors are as they were worn.
    seed
        Of random mountings.
    rate_hz
        Sampling rate of virtual sensors.

    Returns
    -------
    iterator of Labelled
        Read as they are asked for.

    Raises
    ------
    UsageError
        Where no loader of that name or no such placement exists.
    UnreadableFile
        Where the folder is missing.
    """
    if name not in SETS:
        raise UsageError(f"{name!r} is no known data set", remedy=f"choose from {', '.join(SETS)}")
    if strange := set(placements or ()) - set(PLACEMENTS):
        raise UsageError(
            f"{', '.join(sorted(strange))} is no placement",
            remedy=f"choose from {', '.join(PLACEMENTS)}",
        )
    path = Path(folder) / name
    if not path.is_dir():
        raise UnreadableFile("is missing", file=str(path), remedy="get it from its publisher")
    wanted = Wanted(
        None if placements is None else frozenset(placements),
        None if subjects is None else frozenset(subjects),
        mounting,
        seed,
        rate_hz,
    )
    return SETS[name].loader(path, SETS[name], name, wanted)


def present(folder: str | Path) -> tuple[str, ...]:
    """Tell which data sets are there.

    Parameters
    ----------
    folder
        Where the data sets lie, each in a folder called like its name in :data:`SETS`.

    Returns
    -------
    tuple of str
        Names, in the order of :data:`SETS`.
    """
    return tuple(name for name in SETS if (Path(folder) / name).is_dir())


def _sangenis(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Left foot, 800 Hz; x to the toes. Rows: acceleration (g), rate (deg/s), time (s)."""
    directions = {
        "fwd": "forward", "back": "backward", "left": "sideways", "right": "sideways",
        "oblique": "sideways",
    }  # fmt: skip
    table = pd.read_csv(path / "derived_strides.csv")
    for file, rows in table.groupby("file"):
        subject = str(file).split("/")[0]  # each of the two people came on a day of their own
        if not wanted.takes("foot", subject):
            continue
        raw = loadmat(path / str(file))["u"]
        fresh = np.concatenate([[True], np.diff(raw[7]) > 0])
        strides = pd.DataFrame(
            {
                "start_s": rows["t_start_s"],
                "end_s": rows["t_end_s"],
                "direction": rows["label"].map(directions).fillna(rows["label"]),
                # Backward strides are at most 1.6 m/s with a third of the stride standing: walked.
                "gait": rows["gait"].where(rows["gait"].isin(["run", "none"]), "walk"),
                "confident": (rows["confident"] & (rows["label"] != "oblique"))
                | (rows["label"] == "still"),
            }
        )
        yield Labelled(
            Recording(
                name=f"{name}/{file}",
                time_s=raw[7][fresh] - raw[7][0],
                acceleration_mps2=np.ascontiguousarray(raw[:3].T[fresh]) * STANDARD_GRAVITY_MPS2,
                angular_rate_radps=np.deg2rad(raw[3:6].T[fresh]),
                rate_hz=800.0,
                format="uci-sangenis",
            ),
            subject=subject,
            source=name,
            licence=known.licence,
            placement="foot",
            front=np.array([1.0, 0.0, 0.0]),
            intervals=_merged(strides),
        )


def _sisfall(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Waist belt, 200 Hz raw counts; +z faces the front."""
    for file in sorted(path.glob("*/D0[1-4]_*.txt.gz")):
        if not wanted.takes("waist", file.parent.name):
            continue
        with gzip.open(file, "rt") as text:
            raw = np.loadtxt(
                (line.replace(";", "") for line in text if line.strip()), delimiter=","
            )
        recording = Recording(
            name=f"{name}/{file.name}",
            time_s=np.arange(len(raw)) / 200.0,
            acceleration_mps2=raw[:, :3] * (32 / 8192 * STANDARD_GRAVITY_MPS2),
            angular_rate_radps=np.deg2rad(raw[:, 3:6] * (4000 / 65536)),
            rate_hz=200.0,
            format="sisfall",
        )
        yield Labelled(
            recording,
            subject=file.parent.name,
            source=name,
            licence=known.licence,
            placement="waist",
            front=np.array([0.0, 0.0, 1.0]),
            intervals=throughout(
                recording, "forward", "walk" if file.name[:3] in ("D01", "D02") else "run"
            ),
        )


def _ipol(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Lower back and feet, 100 Hz, m/s² and rad/s; on the lower back -z faces the front."""
    for file in sorted(path.glob("*_*.txt.gz")):
        marks = json.loads((path / f"{file.name.split('_')[0]}.json").read_text())
        back = "_lb" in file.name
        if not wanted.takes("lower-back" if back else "foot", str(marks["Subject"])):
            continue
        raw = pd.read_csv(file, sep="\t", skiprows=1)
        sides = ("Left", "Right") if back else (("Left",) if "_lf" in file.name else ("Right",))
        # An event is a swing: the foot leaves the ground, then meets it.
        contacts = [event[1] for side in sides for event in marks[f"{side}FootEvents"]]
        (begin, end), (turn, straight) = (
            np.array(marks[bounds]) / 100.0 for bounds in ("TrialBoundaries", "UTurnBoundaries")
        )
        rows = [
            (0.0, begin, "still", "none", True),
            (begin, turn, "forward", "walk", True),
            (turn, straight, "turning", "walk", True),
            (straight, end, "forward", "walk", True),
            (end, len(raw) / 100.0, "still", "none", True),
        ]
        yield Labelled(
            Recording(
                name=f"{name}/{file.name}",
                time_s=np.arange(len(raw)) / 100.0,
                acceleration_mps2=raw[["Acc_X", "Acc_Y", "Acc_Z"]].to_numpy(dtype=float),
                angular_rate_radps=raw[["Gyr_X", "Gyr_Y", "Gyr_Z"]].to_numpy(dtype=float),
                rate_hz=100.0,
                format="ipol-gait",
            ),
            subject=str(marks["Subject"]),
            source=name,
            licence=known.licence,
            placement="lower-back" if back else "foot",
            front=np.array([0.0, 0.0, -1.0]) if back else None,
            intervals=pd.DataFrame(rows, columns=list(INTERVAL_COLUMNS)),
            contacts_s=np.sort(np.array(contacts)) / 100.0,
        )


_OXFORD_PLACEMENTS = {
    "armband": "upper-arm", "backpocket": "pocket", "frontpocket": "pocket", "inhand": "hand",
    "neckpouch": "chest", "purse": "bag", "swingingarm": "hand",
}  # fmt: skip


def _oxford(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Phones at 100 to 406 Hz, m/s²; foot switches as truth of the steps."""
    for file in sorted(path.glob("*/accelerometer.csv.gz")):
        _, subject, _, carried, _ = file.parent.name.split("_")
        placement = _OXFORD_PLACEMENTS[carried.lower()]
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file, header=None)
        recording = _phone(
            f"{name}/{file.parent.name}", raw[0].to_numpy(), raw[[2, 3, 4]].to_numpy()
        )
        switch = pd.read_csv(file.with_name("stepcounter.csv.gz"), header=None).to_numpy()
        at_s = (switch[1:, 0] - int(raw[0].iloc[0])) / 1e9
        contacts = np.sort(np.concatenate([at_s[np.diff(switch[:, foot]) > 0] for foot in (1, 2)]))
        contacts = contacts[(contacts > 0) & (contacts < recording.duration_s)]
        yield Labelled(
            recording,
            subject=subject,
            source=name,
            licence=known.licence,
            placement=placement,
            front=None,
            intervals=throughout(recording, "forward", "walk"),
            steps=len(contacts),
            contacts_s=contacts,
        )


def _mobifall(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Phone in a trouser pocket, about 88 Hz, uneven, m/s² and rad/s on clocks of their own."""
    for file in sorted(path.glob("*/*_acc_*.txt.gz")):
        if not wanted.takes("pocket", file.parent.name):
            continue
        raw = _after_data(file)
        turn = _after_data(file.with_name(file.name.replace("_acc_", "_gyro_")))
        raw = raw[(raw[:, 0] >= turn[0, 0]) & (raw[:, 0] <= turn[-1, 0])]
        rotation = np.stack(
            [np.interp(raw[:, 0], turn[:, 0], axis) for axis in turn.T[1:4]], axis=1
        )
        recording = _phone(f"{name}/{file.name}", raw[:, 0], raw[:, 1:4], rotation)
        yield Labelled(
            recording,
            subject=file.parent.name,
            source=name,
            licence=known.licence,
            placement="pocket",
            front=None,
            intervals=throughout(
                recording, "forward", "run" if file.name.startswith("JOG") else "walk"
            ),
        )


def _after_data(file: Path) -> FloatArray:
    """Rows of numbers that follow ``@DATA``."""
    with gzip.open(file, "rt") as text:
        body = text.read().split("@DATA")[1]
    return np.array([line.split(",") for line in body.split("\n") if line.strip()], dtype=float)


_PDIOT_PLACEMENTS = {
    "upper-leg": "thigh", "lower-leg": "ankle", "torso": "chest", "upper-arm": "upper-arm",
    "wrist": "wrist", "foot": "foot",
}  # fmt: skip
_PDIOT_GAITS = {"running": "run", "walking-level-ground": "walk"}


def _pdiot(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Body-worn sensor in g and deg/s; stamps are arrival times, the counter is the clock."""
    for file in sorted(path.glob("*.csv.gz")):
        subject, activity, position, _, count, _ = re.split("_", file.name.removesuffix(".csv.gz"))
        remarks = _remarks(file)
        in_pocket = any(line.strip('"\n').endswith("mounting: Pocket") for line in remarks)
        placement = "pocket" if in_pocket else _PDIOT_PLACEMENTS[position]
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file, skiprows=len(remarks))
        order, arrived_ms = raw["seq"].to_numpy(), raw["timestamp"].to_numpy()
        fresh = np.concatenate([[True], np.diff(order) > 0])
        if fresh.sum() < 2:
            continue
        rate_hz = float(1000 * (order[-1] - order[0]) / (arrived_ms[-1] - arrived_ms[0]))
        force = raw[["accel_x", "accel_y", "accel_z"]].to_numpy(dtype=float)
        rotation = raw[["gyro_x", "gyro_y", "gyro_z"]].to_numpy(dtype=float)
        recording = Recording(
            name=f"{name}/{file.name}",
            time_s=(order[fresh] - order[0]) / rate_hz,
            acceleration_mps2=force[fresh] * STANDARD_GRAVITY_MPS2,
            angular_rate_radps=np.deg2rad(rotation[fresh]),
            rate_hz=rate_hz,
            format="pdiot",
        )
        yield Labelled(
            recording,
            subject=subject,
            source=name,
            licence=known.licence,
            placement=placement,
            front=None,
            intervals=throughout(recording, "forward", _PDIOT_GAITS.get(activity, "stairs")),
            steps=_pdiot_steps(recording, int(count)),
        )


PDIOT_SINGLE_STEP_HZ = 15.0
MAX_CADENCE_HZ = 4.0


def _pdiot_steps(recording: Recording, count: int) -> int | None:
    """Steps of both feet from the wearer's count, or None where it cannot be.

    The recordings tell what was counted: at 24 Hz a count of 100 takes 100 s and more at 1.6 to
    2 steps per second, so it counts double steps; at 10 Hz it takes 58 s, so it counts single
    ones (own measurement). Two recordings of group G go on long after the count.
    """
    steps = count if recording.rate_hz < PDIOT_SINGLE_STEP_HZ else 2 * count
    return steps if steps < MAX_CADENCE_HZ * recording.duration_s else None


def _remarks(file: Path) -> list[str]:
    """Lines before the header: quoted remarks and a blank one."""
    with gzip.open(file, "rt") as text:
        return list(takewhile(lambda line: not line.startswith('"timestamp"'), text))


_NO_GAIT = re.compile("hop|jump|leap|skip|crouch|random|urban", re.IGNORECASE)


def _motion_capture(path: Path, known: DataSet, name: str, wanted: Wanted) -> Iterator[Labelled]:
    """Virtual sensors; front is +x of the unmounted device.

    The files do not tell actors apart, so each set counts as one person.
    """
    from retrodetect.simulate.bvh import read_bvh
    from retrodetect.simulate.virtual import (
        contact_times_s,
        direction_intervals,
        direction_truth,
        front_axis,
        virtual_sensor,
    )

    sides: tuple[Side, Side] = ("left", "right")
    sites = VIRTUAL_PLACEMENTS if wanted.placements is None else sorted(wanted.placements)
    sites = [site for site in sites if wanted.takes(site, "actor")]
    for file in sorted(path.glob("*.bvh.gz")) if sites else []:
        motion = read_bvh(file)
        if _NO_GAIT.search(file.name) or motion.frames < MIN_CLIP_FRAMES:
            continue
        truth = direction_truth(motion)
        intervals = direction_intervals(truth)
        contacts = {side: contact_times_s(truth, side) for side in sides}
        both = np.sort(np.concatenate(list(contacts.values())))
        for placement in sites:
            for side in sides if placement in _BOTH_SIDES else sides[:1]:
                label = f"{name}/{file.name}#{placement}-{side}"
                turn = Rotation.identity()
                if wanted.mounting == "random":
                    rng = np.random.default_rng([wanted.seed, *label.encode()])
                    turn = Rotation.random(rng=rng)
                recording = virtual_sensor(
                    motion, placement, rate_hz=wanted.rate_hz, side=side, mounting=turn
                )
                yield Labelled(
                    recording.with_(name=label),
                    subject="actor",
                    source=name,
                    licence=known.licence,
                    placement=placement,
                    front=front_axis(turn),
                    intervals=intervals,
                    virtual=True,
                    contacts_s=contacts[side] if placement in ("foot", "ankle") else both,
                )


MIN_CLIP_FRAMES = 20
"""Clips of less than 0.7 s at 30 Hz hold no stride."""


def _phone(
    name: str,
    time_ns: FloatArray,
    acceleration_mps2: FloatArray,
    angular_rate_radps: FloatArray | None = None,
) -> Recording:
    """Recording of a phone with sensor stamps in ns, stamps that do not advance left out."""
    fresh = np.concatenate([[True], np.diff(time_ns) > 0])
    time_s = (time_ns[fresh] - time_ns[0]) / 1e9
    return Recording(
        name=name,
        time_s=time_s,
        acceleration_mps2=acceleration_mps2[fresh].astype(float),
        angular_rate_radps=None if angular_rate_radps is None else angular_rate_radps[fresh],
        rate_hz=float(1 / np.median(np.diff(time_s))),
        format="phone",
    )


def _merged(strides: pd.DataFrame) -> pd.DataFrame:
    """Intervals of neighbouring strides that say the same."""
    same = strides[["direction", "gait", "confident"]]
    new = (same != same.shift()).any(axis=1) | (
        strides["start_s"] > strides["end_s"].shift() + 0.05
    )
    merged = strides.groupby(new.cumsum()).agg(
        {
            "start_s": "first",
            "end_s": "last",
            "direction": "first",
            "gait": "first",
            "confident": "first",
        }
    )
    return merged.reset_index(drop=True)


SETS: dict[str, DataSet] = {
    "uci-sangenis-foot": DataSet(
        "Foot-mounted inertial recordings, forward, backward and sideways",
        "Sangenis & Shkel, University of California, Irvine",
        "CC BY-NC-ND 4.0", False, _sangenis,
    ),
    "sisfall-waist": DataSet(
        "SisFall, waist belt, walking and jogging",
        "Sucerquia, López & Vargas-Bonilla 2017, Sensors 17:198",
        "none stated; public research benchmark", False, _sisfall,
    ),
    "ipol-healthy-gait": DataSet(
        "Lower back and feet, 10 m, U-turn, 10 m",
        "Voisard et al. 2023, Image Processing On Line 497",
        "AGPL-3.0", False, _ipol,
    ),
    "oxford-step-counter": DataSet(
        "Phones in hand, armband, pockets, pouch and purse, with foot switches",
        "Salvi, Velardo, Brynes & Tarassenko 2018, EMBC",
        "CC BY 4.0", False, _oxford,
    ),
    "mobifall-pocket": DataSet(
        "MobiFall, trouser pocket, walking and jogging",
        "Vavoulas et al., MobiFall",
        "none stated; public research benchmark", False, _mobifall,
    ),
    "pdiot-body": DataSet(
        "Body-worn sensors at six sites, counted walks, runs and stairs",
        "Principles and Design of IoT Systems, The University of Edinburgh",
        "none stated", False, _pdiot,
    ),
    "mocap-accad-male1": DataSet(
        "ACCAD motion capture, one man",
        "ACCAD, The Ohio State University",
        "CC BY 3.0", True, _motion_capture,
    ),
    "mocap-accad-female1": DataSet(
        "ACCAD motion capture, one woman",
        "ACCAD, The Ohio State University",
        "CC BY 3.0", True, _motion_capture,
    ),
    "mocap-bandai-namco-1": DataSet(
        "Bandai Namco Research motion data set 1, three actors, ten styles",
        "Kobayashi et al. 2023, Bandai Namco Research",
        "CC BY-NC 4.0", True, _motion_capture,
    ),
    "ku-har": DataSet(
        "KU-HAR, phone in a waist bag, 18 activities",
        "Sikder & Nahid 2021, Pattern Recognition Letters 146:46",
        "CC BY 4.0", False, ku_har,
    ),
    "kiel-full-body": DataSet(
        "Kiel validation set, full-body sensors against optical capture",
        "Warmerdam et al. 2022, Data 7:136; 2021, Sensors 21:5833",
        "none stated with the files; paper CC BY 4.0", False, kiel,
    ),
    "erciyes-falls": DataSet(
        "Erciyes simulated falls and daily activities, six sensors",
        "Özdemir & Barshan 2014, Sensors 14:10691",
        "CC BY 4.0", False, erciyes,
    ),
}  # fmt: skip
"""What there is, by the name of its folder."""
