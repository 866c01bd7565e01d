"""Loaders for public data sets whose layout is known.

Each turns one folder, as its authors published it, into labelled recordings. Nothing is
guessed here: units, axes and labels are those of the publication, or were measured on the
data where it is silent. The files themselves are no part of this project.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from scipy.io import loadmat
from scipy.spatial.transform import Rotation

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording

__all__ = ["SETS", "DataSet", "Labelled", "load"]

INTERVAL_COLUMNS = ("start_s", "end_s", "direction", "gait", "confident")


Mounting = Literal["identity", "random"]


@dataclass(frozen=True, slots=True)
class Labelled:
    """A recording whose truth is known.

    Parameters
    ----------
    recording
    subject
        Who wore it; people are told apart within a source only.
    source
        Name of the data set.
    licence
        As the source states it.
    placement
        Body site.
    front : (3,) array or None
        Device axis that points to the wearer's front, where it is known.
    intervals : DataFrame
        ``start_s``, ``end_s``, ``direction`` (forward, backward, sideways, turning, still),
        ``gait`` (walk, run, stairs, none), ``confident``.
    virtual
        Whether the sensor was simulated on motion capture.
    steps
        Steps (or strides of the instrumented side) counted by the wearer, if so.
    contacts_s : array or None
        Times of known initial contacts.
    """

    recording: Recording
    subject: str
    source: str
    licence: str
    placement: str
    front: FloatArray | None
    intervals: pd.DataFrame
    virtual: bool = False
    steps: int | None = None
    contacts_s: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class DataSet:
    """What is known of a public data set.

    Parameters
    ----------
    title, citation, licence
    virtual
        Whether it is motion capture.
    loader
        From its folder to its recordings.
    """

    title: str
    citation: str
    licence: str
    virtual: bool
    loader: Callable[[Path, DataSet, str, Mounting], Iterator[Labelled]]


VIRTUAL_PLACEMENTS = (
    "foot", "ankle", "thigh", "pocket", "waist",
    "lower-back", "chest", "upper-arm", "wrist", "hand",
)  # fmt: skip
_BOTH_SIDES = {"foot", "ankle", "thigh", "pocket", "upper-arm", "wrist", "hand"}
VIRTUAL_RATE_HZ = 50.0


def load(folder: str | Path, name: str, *, mounting: Mounting = "identity") -> Iterator[Labelled]:
    """Load one data set, recording by recording.

    Parameters
    ----------
    folder
        Where the data sets lie, each in a folder called like its name in :data:`SETS`.
    name
        Which of them.
    mounting
        How virtual sensors are turned: not at all, or each by a rotation of its own (seeded by
        its name). Real sensors are as they were worn.

    Yields
    ------
    Labelled

    Raises
    ------
    UsageError
        Where no loader of that name exists.
    UnreadableFile
        Where the folder is missing.
    """
    if name not in SETS:
        raise UsageError(f"{name!r} is no known data set", remedy=f"choose from {', '.join(SETS)}")
    path = Path(folder) / name
    if not path.is_dir():
        raise UnreadableFile("is missing", file=str(path), remedy="get it from its publisher")
    return SETS[name].loader(path, SETS[name], name, mounting)


def _sangenis(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Left foot, 800 Hz; x to the toes. Rows: acceleration (g), rate (deg/s), time (s)."""
    directions = {"fwd": "forward", "back": "backward", "left": "sideways", "right": "sideways"}
    table = pd.read_csv(path / "derived_strides.csv")
    for file, rows in table.groupby("file"):
        raw = loadmat(path / str(file))["u"]
        fresh = np.concatenate([[True], np.diff(raw[7]) > 0])
        strides = pd.DataFrame(
            {
                "start_s": rows["t_start_s"],
                "end_s": rows["t_end_s"],
                "direction": rows["label"].map(directions).fillna(rows["label"]),
                "gait": np.where(rows["gait"] == "run", "run", "walk"),
                "confident": rows["confident"] | (rows["label"] == "still"),
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
            subject=str(file).split("/")[0],
            source=name,
            licence=known.licence,
            placement="foot",
            front=np.array([1.0, 0.0, 0.0]),
            intervals=_merged(strides),
        )


def _sisfall(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Waist belt, 200 Hz raw counts; +z faces the front."""
    for file in sorted(path.glob("*/D0[1-4]_*.txt.gz")):
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
            intervals=_throughout(recording, "walk" if file.name[:3] in ("D01", "D02") else "run"),
        )


def _ipol(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Lower back and feet, 100 Hz, m/s² and rad/s; on the lower back -z faces the front."""
    for file in sorted(path.glob("*_*.txt.gz")):
        marks = json.loads((path / f"{file.name.split('_')[0]}.json").read_text())
        raw = pd.read_csv(file, sep="\t", skiprows=1)
        back = "_lb" in file.name
        sides = ("Left", "Right") if back else (("Left",) if "_lf" in file.name else ("Right",))
        contacts = [event[1] for side in sides for event in marks[f"{side}FootEvents"]]
        (begin, end), (turn, straight) = (
            np.array(marks[bounds]) / 100.0 for bounds in ("TrialBoundaries", "UTurnBoundaries")
        )
        rows = [
            (0.0, begin, "still", "none", True),
            (begin, turn, "forward", "walk", True),
            (turn, straight, "turning", "walk", True),
            (straight, end, "forward", "walk", True),
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


def _oxford(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Phones at 100 to 406 Hz, m/s²; foot switches as truth of the steps."""
    for file in sorted(path.glob("*/accelerometer.csv.gz")):
        _, subject, _, placement, _ = file.parent.name.split("_")
        raw = pd.read_csv(file, header=None)
        recording = _phone(
            f"{name}/{file.parent.name}", raw[0].to_numpy(), raw[[2, 3, 4]].to_numpy()
        )
        switch = pd.read_csv(file.with_name("stepcounter.csv.gz"), header=None).to_numpy()
        at_s = (switch[1:, 0] - int(raw[0].iloc[0])) / 1e9
        contacts = np.sort(np.concatenate([at_s[np.diff(switch[:, foot]) > 0] for foot in (1, 2)]))
        yield Labelled(
            recording,
            subject=subject,
            source=name,
            licence=known.licence,
            placement=_OXFORD_PLACEMENTS[placement.lower()],
            front=None,
            intervals=_throughout(recording, "walk"),
            contacts_s=contacts[(contacts > 0) & (contacts < recording.duration_s)],
        )


def _mobifall(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Phone in a trouser pocket, about 88 Hz, uneven, m/s²."""
    for file in sorted(path.glob("*/*_acc_*.txt.gz")):
        with gzip.open(file, "rt") as text:
            body = text.read().split("@DATA")[1]
        raw = np.array([line.split(",") for line in body.split("\n") if line.strip()], dtype=float)
        recording = _phone(f"{name}/{file.name}", raw[:, 0], raw[:, 1:4])
        yield Labelled(
            recording,
            subject=file.parent.name,
            source=name,
            licence=known.licence,
            placement="pocket",
            front=None,
            intervals=_throughout(recording, "run" if file.name.startswith("JOG") else "walk"),
        )


_PDIOT_PLACEMENTS = {
    "upper-leg": "thigh", "lower-leg": "ankle", "torso": "chest", "upper-arm": "upper-arm",
    "wrist": "wrist", "foot": "foot",
}  # fmt: skip
_PDIOT_GAITS = {"running": "run", "walking-level-ground": "walk"}


def _pdiot(path: Path, known: DataSet, name: str, _: Mounting) -> Iterator[Labelled]:
    """Body-worn sensor in g; stamps are arrival times in bursts, the counter is the clock."""
    for file in sorted(path.glob("*.csv.gz")):
        subject, activity, position, _, count, _ = re.split("_", file.name.removesuffix(".csv.gz"))
        raw = pd.read_csv(file, comment="#", skiprows=_preamble(file))
        order, arrived_ms = raw["seq"].to_numpy(), raw["timestamp"].to_numpy()
        fresh = np.concatenate([[True], np.diff(order) > 0])
        if fresh.sum() < 2:
            continue
        rate_hz = 1000 * (order[-1] - order[0]) / (arrived_ms[-1] - arrived_ms[0])
        axes = raw[["accel_x", "accel_y", "accel_z"]].to_numpy(dtype=float)
        recording = Recording(
            name=f"{name}/{file.name}",
            time_s=(order[fresh] - order[0]) / rate_hz,
            acceleration_mps2=axes[fresh] * STANDARD_GRAVITY_MPS2,
            rate_hz=float(rate_hz),
            format="pdiot",
        )
        yield Labelled(
            recording,
            subject=subject,
            source=name,
            licence=known.licence,
            placement=_PDIOT_PLACEMENTS[position],
            front=None,
            intervals=_throughout(recording, _PDIOT_GAITS.get(activity, "stairs")),
            steps=int(count),
        )


def _preamble(file: Path) -> int:
    """Lines before the header: quoted remarks and a blank one."""
    with gzip.open(file, "rt") as text:
        return next(i for i, line in enumerate(text) if line.startswith('"timestamp"'))


_NO_GAIT = re.compile("hop|jump|leap|skip|crouch|random|urban", re.IGNORECASE)


def _motion_capture(
    path: Path, known: DataSet, name: str, mounting: Mounting
) -> Iterator[Labelled]:
    """Virtual sensors at every site; front is +x of the unmounted device."""
    from retrodetect.simulate.bvh import read_bvh
    from retrodetect.simulate.virtual import direction_intervals, direction_truth, virtual_sensor

    for file in sorted(path.glob("*.bvh.gz")):
        motion = read_bvh(file)
        if _NO_GAIT.search(file.name) or motion.frames < MIN_CLIP_FRAMES:
            continue
        intervals = direction_intervals(direction_truth(motion))
        for placement in VIRTUAL_PLACEMENTS:
            for side in ("left", "right") if placement in _BOTH_SIDES else ("left",):
                label = f"{name}/{file.name}#{placement}-{side}"
                turn = Rotation.identity()
                if mounting == "random":
                    turn = Rotation.random(rng=np.random.default_rng(list(label.encode())))
                recording = virtual_sensor(
                    motion, placement, rate_hz=VIRTUAL_RATE_HZ, side=side, mounting=turn
                )
                yield Labelled(
                    recording.with_(name=label),
                    subject="actor",
                    source=name,
                    licence=known.licence,
                    placement=placement,
                    front=turn.inv().apply([1.0, 0.0, 0.0]),
                    intervals=intervals,
                    virtual=True,
                )


MIN_CLIP_FRAMES = 20
"""Clips of less than 0.7 s at 30 Hz hold no stride."""


def _phone(name: str, time_ns: FloatArray, acceleration_mps2: FloatArray) -> Recording:
    """Recording of a phone with sensor stamps in ns, stamps that do not advance left out."""
    fresh = np.concatenate([[True], np.diff(time_ns) > 0])
    time_s = (time_ns[fresh] - time_ns[0]) / 1e9
    return Recording(
        name=name,
        time_s=time_s,
        acceleration_mps2=acceleration_mps2[fresh].astype(float),
        rate_hz=float(1 / np.median(np.diff(time_s))),
        format="phone",
    )


def _throughout(recording: Recording, gait: str) -> pd.DataFrame:
    """One forward interval from first to last sample."""
    row = (0.0, recording.duration_s, "forward", gait, True)
    return pd.DataFrame([row], columns=list(INTERVAL_COLUMNS))


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
}  # fmt: skip
"""What there is, by the name of its folder."""
