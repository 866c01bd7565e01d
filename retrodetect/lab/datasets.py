"""Loaders for public data sets of known layout.

Each turns a folder, as its authors published it, into labelled recordings. Nothing is guessed:
units, axes and labels are those of the publication or, if it is silent, measured on the data. The
files themselves are not part of this project.
"""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from functools import cache
from importlib.resources import files
from itertools import takewhile
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.io import loadmat

from retrodetect.errors import UnreadableFile, UsageError
from retrodetect.formats import read
from retrodetect.lab import INTERVAL_COLUMNS, Labelled, Wanted
from retrodetect.lab.captured import bvh_clips, lafan1
from retrodetect.lab.published import erciyes, kiel, ku_har
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.sites import canonical_site

__all__ = ["SETS", "VIRTUAL", "load", "present", "register"]


def load(
    folder: str | Path,
    name: str,
    *,
    placements: Collection[str] | None = None,
    subjects: Collection[str] | None = None,
) -> Iterator[Labelled]:
    """Load a data set of :data:`SETS` from the folder of its name, recording by recording.

    ``placements`` and ``subjects`` select; None loads all (for virtual sensors, the sites in
    ``captured.VIRTUAL_PLACEMENTS``). Files of unselected recordings are not read.
    """
    if name not in SETS:
        raise UsageError(f"unknown data set {name!r}", remedy=f"choose from {', '.join(SETS)}")
    sites = None
    if placements is not None:
        sites = frozenset(canonical_site(site, option="placements") for site in placements)
    path = Path(folder) / name
    if not path.is_dir():
        raise UnreadableFile("is missing", file=str(path), remedy="get it from its publisher")
    wanted = Wanted(sites, None if subjects is None else frozenset(subjects))
    return (
        replace(labelled, source=name, licence=register()[name]["licence"])
        for labelled in SETS[name](path, wanted)
    )


def present(folder: str | Path) -> tuple[str, ...]:
    """Return the names of the data sets in a folder."""
    return tuple(name for name in SETS if (Path(folder) / name).is_dir())


def _sangenis(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Left foot, 800 Hz; x to the toes. Rows: acceleration (g), rate (deg/s), time (s)."""
    directions = {
        "fwd": "forward", "back": "backward", "left": "sideways", "right": "sideways",
        "oblique": "sideways",
    }  # fmt: skip
    table = pd.read_csv(path / "derived_strides.csv")
    for file, rows in table.groupby("file"):
        subject = str(file).split("/")[0]  # each of the two people came on a different day
        if not wanted.takes("foot", subject):
            continue
        raw = loadmat(path / str(file))["u"]
        strides = pd.DataFrame(
            {
                "start_s": rows["t_start_s"],
                "end_s": rows["t_end_s"],
                "direction": rows["label"].map(directions).fillna(rows["label"]),
                # Backward strides reach 1.6 m/s and the foot stands for a third of each: walking.
                "gait": rows["gait"].where(rows["gait"].isin(["run", "none"]), "walk"),
                "confident": (rows["confident"] & (rows["label"] != "oblique"))
                | (rows["label"] == "still"),
            }
        )
        intervals = _merged(strides, strides[["direction", "gait", "confident"]])
        yield Labelled.of(
            f"{path.name}/{file}", subject, "foot", intervals,
            time_s=raw[7],
            acceleration_mps2=np.ascontiguousarray(raw[:3].T) * STANDARD_GRAVITY_MPS2,
            angular_rate_radps=np.deg2rad(np.ascontiguousarray(raw[3:6].T)),
            rate_hz=800.0,
            front=np.array([1.0, 0.0, 0.0]),
        )  # fmt: skip


def _sisfall(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Waist belt, 200 Hz raw counts; +z faces the front."""
    for file in sorted(path.glob("*/D0[1-4]_*.txt.gz")):
        if not wanted.takes("belly", file.parent.name):
            continue
        raw = np.loadtxt(file, delimiter=",", comments=";")
        gait = "walk" if file.name[:3] in ("D01", "D02") else "run"
        yield Labelled.of(
            f"{path.name}/{file.name}", file.parent.name, "belly", ("forward", gait, True),
            time_s=np.arange(len(raw)) / 200.0,
            acceleration_mps2=raw[:, :3] * (32 / 8192 * STANDARD_GRAVITY_MPS2),
            angular_rate_radps=np.deg2rad(raw[:, 3:6] * (4000 / 65536)),
            rate_hz=200.0,
            front=np.array([0.0, 0.0, 1.0]),
        )  # fmt: skip


def _ipol(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Lower back and feet, 100 Hz, m/s² and rad/s; on the lower back -z faces the front."""
    for file in sorted(path.glob("*_*.txt.gz")):
        marks = json.loads((path / f"{file.name.split('_')[0]}.json").read_text("utf-8"))
        subject, on_back = str(marks["Subject"]), "_lb" in file.name
        placement = "lower-back" if on_back else "foot"
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file, sep="\t", skiprows=1).drop_duplicates("PacketCounter")
        # Half of the recordings lost packets, up to a quarter of them.
        time_s = (raw["PacketCounter"] - raw["PacketCounter"].iloc[0]).to_numpy() / 100.0
        sides = ("Left", "Right") if on_back else ("Left" if "_lf" in file.name else "Right",)
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
            (end, time_s[-1] + 0.01, "still", "none", True),
        ]
        yield Labelled.of(
            f"{path.name}/{file.name}", subject, placement,
            pd.DataFrame(rows, columns=list(INTERVAL_COLUMNS)),
            time_s=time_s,
            acceleration_mps2=raw[["Acc_X", "Acc_Y", "Acc_Z"]].to_numpy(),
            angular_rate_radps=raw[["Gyr_X", "Gyr_Y", "Gyr_Z"]].to_numpy(),
            rate_hz=100.0,
            front=np.array([0.0, 0.0, -1.0]) if on_back else None,
            contacts_s=np.sort(np.array(contacts)) / 100.0,
        )  # fmt: skip


_OXFORD_PLACEMENTS = {
    "armband": "upper-arm", "backpocket": "back-pocket", "frontpocket": "front-pocket",
    "inhand": "hand", "neckpouch": "chest", "purse": "bag", "swingingarm": "hand",
}  # fmt: skip


def _oxford(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Phones at 100 to 406 Hz, m/s²; foot switches count the true steps."""
    for file in sorted(path.glob("*/accelerometer.csv.gz")):
        _, subject, _, carried, _ = file.parent.name.split("_")
        placement = _OXFORD_PLACEMENTS[carried.lower()]
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file, header=None)
        time_s = ((raw[0] - raw[0].iloc[0]) / 1e9).to_numpy()
        switch = pd.read_csv(file.with_name("stepcounter.csv.gz"), header=None).to_numpy()
        at_s = (switch[1:, 0] - int(raw[0].iloc[0])) / 1e9
        contacts = np.sort(np.concatenate([at_s[np.diff(switch[:, foot]) > 0] for foot in (1, 2)]))
        contacts = contacts[(contacts > 0) & (contacts < time_s[-1])]
        yield Labelled.of(
            f"{path.name}/{file.parent.name}", subject, placement, ("forward", "walk", True),
            time_s=time_s,
            acceleration_mps2=raw[[2, 3, 4]].to_numpy(),
            steps=len(contacts),
            contacts_s=contacts,
        )  # fmt: skip


def _mobifall(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Phone in a trouser pocket, about 88 Hz, uneven, m/s² and rad/s on separate clocks."""
    for file in sorted(path.glob("*/*_acc_*.txt.gz")):
        if not wanted.takes("front-pocket", file.parent.name):
            continue
        raw, turn = (
            np.loadtxt(readings, delimiter=",", comments=["#", "@"])
            for readings in (file, file.with_name(file.name.replace("_acc_", "_gyro_")))
        )
        raw = raw[(raw[:, 0] >= turn[0, 0]) & (raw[:, 0] <= turn[-1, 0])]
        rotation = np.stack(
            [np.interp(raw[:, 0], turn[:, 0], axis) for axis in turn.T[1:4]], axis=1
        )
        gait = "run" if file.name.startswith("JOG") else "walk"
        yield Labelled.of(
            f"{path.name}/{file.name}", file.parent.name, "front-pocket", ("forward", gait, True),
            time_s=(raw[:, 0] - raw[0, 0]) / 1e9,
            acceleration_mps2=raw[:, 1:4],
            angular_rate_radps=rotation,
        )  # fmt: skip


_PDIOT_PLACEMENTS = {
    "upper-leg": "thigh", "lower-leg": "lower-leg", "torso": "breastbone", "upper-arm": "upper-arm",
    "wrist": "wrist", "foot": "foot",
}  # fmt: skip
_PDIOT_GAITS = {"running": "run", "walking-level-ground": "walk"}


def _pdiot(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Body-worn sensor in g and deg/s; stamps are arrival times, the counter is the clock."""
    for file in sorted(path.glob("*.csv.gz")):
        subject, activity, position, _, count, _ = file.name.removesuffix(".csv.gz").split("_")
        remarks = _remarks(file)
        in_pocket = any(line.strip('"\n').endswith("mounting: Pocket") for line in remarks)
        placement = "front-pocket" if in_pocket else _PDIOT_PLACEMENTS[position]
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file, skiprows=len(remarks))
        order, arrived_ms = raw["seq"].to_numpy(), raw["timestamp"].to_numpy()
        if not (np.diff(order) > 0).any():
            continue
        rate_hz = float(1000 * (order[-1] - order[0]) / (arrived_ms[-1] - arrived_ms[0]))
        force = raw[["accel_x", "accel_y", "accel_z"]].to_numpy(dtype=float)
        rotation = raw[["gyro_x", "gyro_y", "gyro_z"]].to_numpy(dtype=float)
        # The duration shows what was counted. At 24 Hz a count of 100 takes 100 s or more at 1.6 to
        # 2 steps per second: double steps. At 10 Hz it takes 58 s: single steps (own measurement).
        # Two recordings of group G go on long after the count.
        steps = int(count) * (1 if rate_hz < PDIOT_SINGLE_STEP_HZ else 2)
        is_counted = steps < MAX_CADENCE_HZ * (order[-1] - order[0]) / rate_hz
        yield Labelled.of(
            f"{path.name}/{file.name}", subject, placement,
            ("forward", _PDIOT_GAITS.get(activity, "stairs"), True),
            time_s=(order - order[0]) / rate_hz,
            acceleration_mps2=force * STANDARD_GRAVITY_MPS2,
            angular_rate_radps=np.deg2rad(rotation),
            rate_hz=rate_hz,
            steps=steps if is_counted else None,
        )  # fmt: skip


PDIOT_SINGLE_STEP_HZ = 15.0
MAX_CADENCE_HZ = 4.0


def _remarks(file: Path) -> list[str]:
    """Lines before the header: quoted remarks and a blank one."""
    with gzip.open(file, "rt", encoding="utf-8") as text:
        return list(takewhile(lambda line: not line.startswith('"timestamp"'), text))


_SPSW_PLACEMENTS = {"sp": "front-pocket", "sw": "wrist"}
_SPSW_LABELS = {"WALKING": ("forward", "walk"), "TURNING": ("turning", "walk")}
"""Direction and gait by label; sitting and standing up hold no gait."""


def _spsw(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Phone in the left trouser pocket and watch on the wrist, ~100 Hz, m/s², rad/s, ms.

    Several samples may share a stamp; the first is kept. The front of the watch is −y.
    """
    for file in sorted(path.glob("s*/*.csv.gz")):
        device = file.name.removesuffix(".csv.gz").rpartition("_")[2]
        placement, subject = _SPSW_PLACEMENTS[device], file.parent.name
        if not wanted.takes(placement, subject):
            continue
        raw = pd.read_csv(file).sort_values("timestamp", kind="stable", ignore_index=True)
        stamp_ns = raw["timestamp"].to_numpy() * 1e6
        yield Labelled.of(
            f"{path.name}/{file.name}", subject, placement, _spsw_intervals(raw),
            time_s=(stamp_ns - stamp_ns[0]) / 1e9,
            acceleration_mps2=raw[["x_acc", "y_acc", "z_acc"]].to_numpy(),
            angular_rate_radps=raw[["x_gyro", "y_gyro", "z_gyro"]].to_numpy(),
            front=_front_by_sitting(raw) if device == "sp" else np.array([0.0, -1.0, 0.0]),
        )  # fmt: skip


def _front_by_sitting(raw: pd.DataFrame) -> FloatArray:
    """Front of a phone in a pocket: what faces ahead on a standing thigh faces up on a sitting one.

    The publication states which side of the screen faces ahead, but not that a phone may lie on
    the outer side of the thigh. Against the travel cue (the second harmonic in quadrature) of 289
    forward walks, the side of the screen is off by 40° (median) and this front by 14°.
    """
    mean_mps2 = raw.groupby("label")[["x_acc", "y_acc", "z_acc"]].mean()
    up = mean_mps2.loc["WALKING"].to_numpy()
    up = up / np.linalg.norm(up)
    seated = mean_mps2.loc["SEATED"].to_numpy()
    front = seated - (seated @ up) * up
    return np.asarray(front / np.linalg.norm(front))


def _spsw_intervals(raw: pd.DataFrame) -> pd.DataFrame:
    """Intervals of neighbouring samples with the same label."""
    states = [_SPSW_LABELS.get(label, ("still", "none")) for label in raw["label"]]
    samples = pd.DataFrame(states, columns=["direction", "gait"]).assign(confident=True)
    samples["start_s"] = (raw["timestamp"] - raw["timestamp"].iloc[0]) / 1000
    samples["end_s"] = samples["start_s"].shift(-1)
    intervals = _merged(samples, raw[["label"]])
    return intervals[intervals["end_s"] > intervals["start_s"]].reset_index(drop=True)


_HANDLING_GAIT_S: dict[str, list[tuple[float, float, str]]] = {
    "2022-09-27_12_59_37_nz_iOS_device.csv.gz": [(5.0, 163.0, "walk")],
    "same_data_test_jg.csv.gz": [(8.0, 26.5, "walk"), (28.0, 33.0, "run")],
    "same_data_test_nz.csv.gz": [(8.0, 26.5, "walk"), (28.5, 33.0, "run")],
    "walking_test_jg.csv.gz": [(23.0, 50.0, "walk")],
}
"""Steady gait with the phone in the pocket: the tilt stays constant, and the cadence is that of
walking (1.0 strides per second) or running (1.35, with peaks of 30 m/s² and more). The other files
are left out: in one the phone lies on a table, in the other its site is unknown."""


def _handling(path: Path, wanted: Wanted) -> Iterator[Labelled]:
    """Phones that are handled, put into a pocket and walked with, as their apps exported them.

    Nobody goes backward. Only steady gait in the pocket is confident. The two phones of
    ``same_data_test`` turn alike, so one person carried both; the set counts as one person.
    """
    for file_name, gaits in _HANDLING_GAIT_S.items():
        if not wanted.takes("pocket", "wearer"):
            continue
        (recording,) = read(path / file_name)
        ends_s = [0.0, *(bound for begin, end, _ in gaits for bound in (begin, end))]
        rows = [(begin, end, "forward", gait, True) for begin, end, gait in gaits] + [
            (begin, end, "forward", "walk", False)
            for begin, end in zip(ends_s[::2], [*ends_s[1::2], recording.duration_s], strict=True)
        ]
        yield Labelled(
            recording.with_(name=f"{path.name}/{file_name}"),
            subject="wearer",
            placement="pocket",
            front=None,
            intervals=pd.DataFrame(sorted(rows), columns=list(INTERVAL_COLUMNS)),
        )


def _merged(rows: pd.DataFrame, state: pd.DataFrame) -> pd.DataFrame:
    """Intervals of neighbouring rows in the same state, without a pause between them."""
    new = (state != state.shift()).any(axis=1) | (rows["start_s"] > rows["end_s"].shift() + 0.05)
    how = {name: "last" if name == "end_s" else "first" for name in INTERVAL_COLUMNS}
    return rows.groupby(new.cumsum()).agg(how).reset_index(drop=True)


@cache
def register() -> dict[str, dict[str, str]]:
    """Return what the authors state about each data set, by folder name."""
    text = files("retrodetect.lab").joinpath("datasets.csv").read_text("utf-8")
    return {row["loader"]: row for row in csv.DictReader(text.splitlines())}


SETS: dict[str, Callable[[Path, Wanted], Iterator[Labelled]]] = {
    "uci-sangenis-foot": _sangenis,
    "sisfall-waist": _sisfall,
    "ipol-healthy-gait": _ipol,
    "oxford-step-counter": _oxford,
    "mobifall-pocket": _mobifall,
    "pdiot-body": _pdiot,
    "mocap-accad-male1": bvh_clips,
    "mocap-accad-female1": bvh_clips,
    "mocap-bandai-namco-1": bvh_clips,
    "mocap-lafan1": lafan1,
    "spsw-pocket-wrist": _spsw,
    "phone-handling": _handling,
    "ku-har": ku_har,
    "kiel-full-body": kiel,
    "erciyes-falls": erciyes,
}
"""Loader of each data set, by folder name."""

VIRTUAL = tuple(name for name, loader in SETS.items() if loader in (bvh_clips, lafan1))
"""Data sets of motion capture."""
