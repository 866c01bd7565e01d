"""Sessions worth simulating: plans in words, the examples of the repository, and no gait at all."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from retrodetect.errors import UsageError
from retrodetect.lab.simulate.bvh import Motion, Side, read_bvh
from retrodetect.lab.simulate.exports import (
    export_bytes,
    export_path,
    truth_bytes,
    truth_path,
    write_new,
)
from retrodetect.lab.simulate.steps import STRIDE_COLUMNS, Person, Section
from retrodetect.lab.simulate.virtual import (
    SensorErrors,
    contact_times_s,
    direction_truth,
    virtual_sensor,
)
from retrodetect.lab.simulate.walker import PHONE, walk, wear
from retrodetect.locations import make_folder
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Annotation, FloatArray, Recording
from retrodetect.tables import MANIFEST

__all__ = [
    "EXAMPLES", "Session", "captured_strides", "handled", "parse_plan", "record", "truth_folder",
    "write_examples", "write_session",
]  # fmt: skip


_AMOUNT = re.compile(r"([-+]?\d+(?:\.\d+)?)(s|m/s|%|deg|spm|arms)?")


def parse_plan(text: str) -> list[Section]:
    """Read a plan such as ``walk forward 20s 1.3m/s, stand 3s, run backward 10s 5% 90deg``.

    Sections have commas between: gait, direction (unless standing), then in any order a duration in
    s (needed), a speed in m/s, a slope in %, a turn in deg, a cadence in spm and a scale of the
    arms' swing, such as ``0.2arms``.
    """
    return [_parse_section(part) for part in text.split(",") if part.strip()]


def _parse_section(text: str) -> Section:
    names = {
        "s": "duration_s", "m/s": "speed_mps", "%": "slope", "deg": "turn_deg",
        "spm": "cadence_spm", "arms": "arm_swing",
    }  # fmt: skip
    words, amounts = [], {}
    for token in text.split():
        match = _AMOUNT.fullmatch(token)
        if match:
            value = float(match[1])
            amounts[names[match[2] or "s"]] = value / 100 if match[2] == "%" else value
        else:
            words.append(token)
    gait, *way = words or [""]
    if gait not in ("walk", "run", "stand") or "duration_s" not in amounts or len(way) > 1:
        raise UsageError(
            f"{text.strip()!r} is not a section",
            remedy="write gait, direction and duration, such as walk backward 20s 0.8m/s",
        )
    return Section(gait, direction=way[0] if way else "forward", **amounts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Session:
    """What is done, where the device sits, and which app exports it."""

    plan: str  # see `parse_plan`; or ``table`` for a phone that is handled but not worn
    placement: str = "waist"  # body site, see `wear`
    app: str = "sensor_logger"  # layout, one of ``APPS``
    rate_hz: float = 50.0  # sampling rate of the device
    seed: int = 0  # of everything random, and of the person where none is named
    side: Side = "left"  # body side of a site on a limb
    # mounting: turns of the device about z, then its y, then its x, in degrees
    turned_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    notes: tuple[tuple[float, str], ...] = ()  # notes pressed in the app: second and text of each
    # of the first sample; None for a date that is always the same
    start_time: datetime | None = None
    capture: Path | None = None  # BVH file to wear the device in, instead of a plan
    # shift of the device from the site to the front, to the left and up
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    errors: SensorErrors = PHONE  # noise, bias, jitter and clipping of the device
    person: int | None = None  # number of the person; the same one walks alike under any seed

    def __post_init__(self) -> None:
        errors = self.errors.noise_mps2, self.errors.bias_mps2, self.errors.jitter_s
        finite = np.isfinite([*self.turned_deg, *self.offset_m, *errors]).all()
        if not (finite and self.errors.clip_mps2 > 0):
            raise UsageError(
                "impossible device settings", remedy="use finite numbers and a range above 0"
            )

    @property
    def mounting(self) -> Rotation:
        """Turns vectors of the device frame into the axes of the site."""
        return Rotation.from_euler("ZYX", self.turned_deg, degrees=True)


EXAMPLES: dict[str, Session] = {
    "simulated_foot_walk_both_ways": Session(
        "stand 4s, walk forward 30s 1.2m/s, stand 4s, walk backward 30s 0.9m/s, stand 3s,"
        " walk forward 15s 1.3m/s, walk backward 15s 0.8m/s, stand 4s",
        "foot", "sensor_logger", 100.0, seed=11, side="right", turned_deg=(0, 0, 12),
        start_time=datetime(2026, 3, 2, 7, 30, tzinfo=UTC),
    ),
    "simulated_belly_walk_and_run": Session(
        "stand 5s, walk forward 25s, run forward 25s, walk forward 10s, stand 6s,"
        " walk backward 25s, stand 4s, run backward 20s, stand 5s",
        "belly", "physics_toolbox", 50.0, seed=22, turned_deg=(82, -6, 90),
    ),
    "simulated_pocket_hill_repeats": Session(
        "stand 5s, " + "walk backward 22s 0.8m/s 8%, stand 3s, walk forward 16s 1.2m/s -8%,"
        " stand 2s, " * 5 + "stand 5s",
        "front-pocket", "sensor_logger", 50.0, seed=33, turned_deg=(-100, 15, -85),
        notes=((2.0, "hill repeats"),), start_time=datetime(2026, 3, 5, 17, 10, tzinfo=UTC),
    ),
    "simulated_wrist_walk_with_turns": Session(
        "stand 4s, walk forward 25s 90deg, stand 4s 180deg, walk forward 20s, stand 3s,"
        " walk backward 20s, stand 4s 180deg, walk backward 15s, stand 4s",
        "wrist", "sensor_logger", 50.0, seed=44, turned_deg=(0, 90, 90),
        notes=((3.5, "forward"), (55.5, "backward")),
        start_time=datetime(2026, 3, 10, 7, 45, tzinfo=UTC),
    ),
    "simulated_chest_run_both_ways": Session(
        "stand 5s, run forward 30s, stand 8s, run backward 25s, stand 6s, run forward 20s,"
        " run backward 15s, stand 5s",
        "chest", "phyphox", 100.0, seed=55, turned_deg=(94, 4, 90),
        start_time=datetime(2026, 3, 12, 18, 0, tzinfo=UTC),
    ),
    "simulated_lower_back_ten_steps_first": Session(
        "stand 3s, walk forward 5.6s, stand 3s, walk backward 30s, stand 3s, walk forward 12s,"
        " stand 2s, walk backward 30s, stand 4s",
        "lower-back", "sensorlog_ios", 50.0, seed=66, turned_deg=(-87, 3, 92),
        start_time=datetime(2026, 3, 17, 7, 30, tzinfo=UTC),
    ),
    "simulated_thigh_forward_only": Session(
        "stand 3s, walk forward 40s, run forward 15s, walk forward 20s 60deg, stand 3s",
        "thigh", "plain", 50.0, seed=77, side="right", turned_deg=(-90, 35, 0),
    ),
    "simulated_table_and_shaking": Session(
        "table", "hand", "sensor_logger", 50.0, seed=88,
        start_time=datetime(2026, 3, 18, 9, 0, tzinfo=UTC),
    ),
}  # fmt: skip
"""Examples shipped with the project: sessions such as a coach records."""


def write_examples(folder: Path) -> list[Path]:
    """Write all `EXAMPLES` with a manifest, and their truth into ``<folder>_truth`` beside.

    Byte for byte the same at every run.
    """
    written = [write_session(name, session, folder) for name, session in EXAMPLES.items()]
    lines = [
        f"{path.name},{session.placement}\n"
        for path, session in zip(written, EXAMPLES.values(), strict=True)
        if session.plan != "table"
    ]
    write_new({folder / MANIFEST: f"path,placement\n{''.join(lines)}".encode()})
    return written


def write_session(name: str, session: Session, folder: Path) -> Path:
    """Simulate one session, write its export and, into ``<folder>_truth``, its strides."""
    path = export_path(name, session.app, folder)
    make_folder(folder)
    recording, strides = record(session, name)
    recording = recording.with_(
        annotations=tuple(Annotation(at_s, at_s, text) for at_s, text in session.notes),
        start_time=session.start_time,
    )
    truth = truth_path(name, truth_folder(folder))
    write_new({path: export_bytes(recording, session.app), truth: truth_bytes(strides)})
    return path


def record(session: Session, name: str = "simulated") -> tuple[Recording, pd.DataFrame]:
    """Simulate one session; UsageError where its plan, placement or side is not known."""
    names = ("placement", "side", "rate_hz", "offset_m", "mounting", "errors", "seed")
    device: dict[str, Any] = {of: getattr(session, of) for of in names}
    if session.capture is not None:
        motion = read_bvh(session.capture)
        return virtual_sensor(motion, **device).with_(name=name), captured_strides(motion)
    if session.plan == "table":
        recording = handled(120.0, rate_hz=session.rate_hz, seed=session.seed, name=name)
        return recording, pd.DataFrame(columns=STRIDE_COLUMNS)
    person = None
    if session.person is not None:
        person = Person.random(np.random.default_rng(session.person))
    worn = walk(parse_plan(session.plan), person=person, seed=session.seed)
    return wear(worn, **device, name=name), worn.strides


def captured_strides(motion: Motion) -> pd.DataFrame:
    """Strides of a motion capture, in the columns of `true_strides`.

    Direction and gait are those of most frames; ``none`` where these show neither forward nor
    backward travel.
    """
    truth = direction_truth(motion)
    rows = []
    for foot in get_args(Side):
        contacts_s = contact_times_s(truth, foot)
        for start_s, end_s in pairwise(contacts_s):
            inside = truth[(truth["time_s"] >= start_s) & (truth["time_s"] < end_s)]
            direction = str(inside["direction"].mode()[0])
            if direction not in ("forward", "backward"):
                direction = "none"
            rows.append((start_s, end_s, foot, direction, str(inside["gait"].mode()[0])))
    strides = pd.DataFrame(rows, columns=STRIDE_COLUMNS)
    return strides.sort_values("start_s", ignore_index=True)


def truth_folder(folder: Path) -> Path:
    """Where the truth of a folder of recordings goes: beside it, not into it."""
    return folder.with_name(f"{folder.name}_truth")


def handled(
    duration_s: float, *, rate_hz: float = 50.0, seed: int = 0, name: str = "simulated"
) -> Recording:
    """Record a phone that lies on a table, is knocked, taken up, shaken and put back: no gait."""
    rng = np.random.default_rng(seed)
    time_s = PHONE.instants_s(duration_s, rate_hz, rng)
    in_hand = ((time_s > 0.25 * duration_s) & (time_s < 0.8 * duration_s)).astype(float)
    in_hand = gaussian_filter1d(in_hand, 0.4 * rate_hz)
    wander = gaussian_filter1d(rng.normal(size=(len(time_s), 3)), rate_hz, axis=0)
    tilt = np.cumsum(wander, axis=0) / rate_hz * 6.0
    attitude = Rotation.from_rotvec(tilt * in_hand[:, None])
    force = attitude.inv().apply([0.0, 0.0, STANDARD_GRAVITY_MPS2])
    for begin_s in np.sort(rng.uniform(0.3, 0.72, size=6)) * duration_s:
        force += _shake(time_s, begin_s, rng)
    for at_s in rng.uniform(0.02, 0.24, size=5) * duration_s:
        since_s = np.maximum(time_s - at_s, 0.0)
        force[:, 2] += 2.0 * np.exp(-since_s / 0.03) * np.sin(2 * np.pi * 15 * since_s)
    rotation = np.zeros_like(force)
    rotation[1:] = (attitude[:-1].inv() * attitude[1:]).as_rotvec() * rate_hz
    force, rotation = PHONE.distort(force, rotation, rng)
    return Recording(
        name=name,
        time_s=time_s,
        acceleration_mps2=force,
        rate_hz=rate_hz,
        format="virtual",
        angular_rate_radps=rotation,
        placement="hand",
    )


def _shake(time_s: FloatArray, begin_s: float, rng: np.random.Generator) -> FloatArray:
    """(n, 3) a bout of shaking for 2 to 5 s, faster than steps."""
    length_s = rng.uniform(2.0, 5.0)
    inside = np.clip((time_s - begin_s) / length_s, 0.0, 1.0)
    way = rng.normal(size=3)
    beat = np.sin(2 * np.pi * (rng.uniform(3.5, 5.5) * time_s + 0.15 * np.sin(5 * time_s)))
    size = rng.uniform(6.0, 14.0) * np.sin(np.pi * inside) * beat
    return np.asarray(size[:, None] * way / np.linalg.norm(way))
