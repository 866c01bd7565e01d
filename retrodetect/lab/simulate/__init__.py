"""Simulator: sessions of made-up people with every stride known, as a device would record them.

``walk`` lets a person do a list of sections, ``wear`` puts a device on them. Any number of devices
can record a session:

>>> from retrodetect.lab.simulate import Section, walk, wear
>>> session = walk([Section("walk", 5.0), Section("walk", 5.0, "backward")], seed=7)
>>> recording = wear(session, "waist", rate_hz=50.0, seed=7)
>>> sorted(session.strides["direction"].unique())
['backward', 'forward']

A `Session` describes both and the app that exports it; `EXAMPLES` are those of the repository.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy import signal as sps
from scipy.ndimage import gaussian_filter1d
from scipy.spatial.transform import Rotation

from retrodetect.errors import UsageError
from retrodetect.lab.simulate import exports
from retrodetect.lab.simulate.body import move_body
from retrodetect.lab.simulate.bvh import SIDES, Motion, Side, read_bvh
from retrodetect.lab.simulate.exports import APPS
from retrodetect.lab.simulate.steps import (
    STRIDE_COLUMNS,
    Person,
    Plan,
    Section,
    plan_steps,
    true_strides,
)
from retrodetect.lab.simulate.virtual import (
    PERFECT,
    SensorErrors,
    contact_times_s,
    direction_truth,
    limits,
    virtual_sensor,
)
from retrodetect.locations import make_folder
from retrodetect.recording import STANDARD_GRAVITY_MPS2, Annotation, FloatArray, Recording
from retrodetect.sites import SITES, Impact, canonical_site
from retrodetect.tables import MANIFEST

__all__ = [
    "APPS", "EXAMPLES", "PERFECT", "PHONE", "Section", "SensorErrors", "Session", "Walk",
    "captured_strides", "direction_truth", "handled", "limits", "parse_plan", "read_bvh", "record",
    "virtual_sensor", "walk", "wear", "write_examples", "write_session",
]  # fmt: skip

MOTION_RATE_HZ = 200.0
"""Frames per second of the simulated body; its motion stays below 15 Hz."""

PHONE = SensorErrors(
    noise_mps2=0.02, noise_radps=0.002, bias_mps2=0.08, bias_radps=0.005, jitter_s=0.0004,
    clip_mps2=78.0, clip_radps=34.9,
)  # fmt: skip
"""A phone: noise density and offsets of common parts (Bosch BMI160 data sheet, rev. 08:
180 µg/√Hz, 0.007 °/s/√Hz) after calibration by the maker; ±8 g and ±2000 °/s."""

LOOSE_DAMPING = (0.15, 0.35)
LOOSE_SPREAD = 0.25
"""Range of damping, and spread of frequency between wearings."""

TEXTURE = 0.35
"""Irregular part of what a site feels (muscle, cloth, ground), relative to its own motion [D]."""

TEXTURE_BAND_HZ = (2.0, 12.0)

_AMOUNT = re.compile(r"([-+]?\d+(?:\.\d+)?)(s|m/s|%|deg|spm|arms)?")


@dataclass(frozen=True, slots=True)
class Walk:
    """A session as it really was."""

    motion: Motion  # the moving skeleton, as from a motion capture
    plan: Plan  # footsteps and path of the body
    person: Person  # person who walked
    strides: pd.DataFrame  # one row per stride, see `true_strides`

    def contacts_s(self, side: Side) -> FloatArray:
        """(k,) initial contacts of one foot, in seconds from the start."""
        return np.array([step.contact_s for step in self.plan.steps if step.side == side])


def walk(sections: Sequence[Section], *, person: Person | None = None, seed: int = 0) -> Walk:
    """Let a person do a list of sections; a session starts and ends standing.

    ``seed`` draws the variation between strides, and the person if ``person`` is None.
    """
    rng = np.random.default_rng(seed)
    person = person or Person.random(rng)
    plan = plan_steps(sections, person, rng, rate_hz=MOTION_RATE_HZ)
    return Walk(move_body(plan, person, rng), plan, person, true_strides(plan))


def wear(
    session: Walk,
    placement: str,
    *,
    side: Side = "left",
    rate_hz: float = 100.0,
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    mounting: Rotation | None = None,
    errors: SensorErrors = PHONE,
    seed: int = 0,
    name: str = "simulated",
) -> Recording:
    """Record a session with a device worn at a body site; parameters as for `virtual_sensor`.

    `virtual_sensor` measures the skeleton's motion below 15 Hz. To it are added the shocks of the
    initial contacts, which rise quickly and fade slowly in either direction, and the looseness of
    pockets, bags and hands.
    """
    site = SITES[canonical_site(placement)]
    rng = np.random.default_rng(seed)
    moved = virtual_sensor(
        session.motion, site.name, side=side, rate_hz=rate_hz, offset_m=offset_m,
        errors=SensorErrors(jitter_s=errors.jitter_s), seed=seed,
    )  # fmt: skip
    force = moved.acceleration_mps2 + _shocks(session, site.impact, side, moved.time_s, rng)
    force = _loose(force, site.looseness, rate_hz, rng)
    force = force + _texture(force, rate_hz, rng)
    rotation = moved.angular_rate_radps
    assert rotation is not None
    if mounting is not None:
        force, rotation = mounting.inv().apply(force), mounting.inv().apply(rotation)
    force, rotation = errors.distort(force, rotation, rng)
    return replace(moved, name=name, acceleration_mps2=force, angular_rate_radps=rotation)


def parse_plan(text: str) -> list[Section]:
    """Read a plan such as ``walk forward 20s 1.3m/s, stand 3s, run backward 10s 5% 90deg``.

    Commas separate the sections: gait, direction (unless standing), then in any order a duration
    in s (required), a speed in m/s, a slope in %, a turn in deg, a cadence in spm and a scale of
    the arms' swing, such as ``0.2arms``.
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
    gait, *rest = words or [""]
    if gait not in ("walk", "run", "stand") or "duration_s" not in amounts or len(rest) > 1:
        raise UsageError(
            f"{text.strip()!r} is not a section",
            remedy="write gait, direction and duration, such as walk backward 20s 0.8m/s",
        )
    return Section(gait, direction=rest[0] if rest else "forward", **amounts)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Session:
    """What the person does, where the device sits, and which app exports it."""

    plan: str  # see `parse_plan`; or ``table`` for a phone that is handled but not worn
    placement: str = "waist"  # body site, see `wear`
    app: str = "sensor_logger"  # layout, one of ``APPS``
    rate_hz: float = 50.0  # sampling rate of the device
    seed: int = 0  # of everything random, and of the person unless ``person`` is set
    side: Side = "left"  # body side of a site on a limb
    # mounting: rotations of the device about z, then its y, then its x, in degrees
    turned_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    notes: tuple[tuple[float, str], ...] = ()  # notes entered in the app: second and text of each
    # of the first sample; None for a fixed date
    start_time: datetime | None = None
    capture: Path | None = None  # BVH file to wear the device in, instead of a plan
    # shift of the device from the site to the front, left and up
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0)
    errors: SensorErrors = PHONE  # noise, bias, jitter and clipping of the device
    person: int | None = None  # number of the person, who walks alike under any seed

    def __post_init__(self) -> None:
        errors = self.errors.noise_mps2, self.errors.bias_mps2, self.errors.jitter_s
        finite = np.isfinite([*self.turned_deg, *self.offset_m, *errors]).all()
        if not (finite and self.errors.clip_mps2 > 0):
            raise UsageError(
                "impossible device settings", remedy="use finite numbers and a range above 0"
            )

    @property
    def mounting(self) -> Rotation:
        """Rotation from the device frame to the axes of the site."""
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
    """Write all `EXAMPLES` with a manifest, and their truth into ``<folder>_truth`` beside it.

    Every run on one machine writes the same bytes; machines differ in the last digits.
    """
    written = [write_session(name, session, folder) for name, session in EXAMPLES.items()]
    lines = [
        f"{path.name},{session.placement}\n"
        for path, session in zip(written, EXAMPLES.values(), strict=True)
        if session.plan != "table"
    ]
    exports.write_new({folder / MANIFEST: f"path,placement\n{''.join(lines)}".encode()})
    return written


def write_session(name: str, session: Session, folder: Path) -> Path:
    """Simulate one session, write its export and, into ``<folder>_truth``, its strides."""
    path = exports.export_path(name, session.app, folder)
    make_folder(folder)
    recording, strides = record(session, name)
    recording = recording.with_(
        annotations=tuple(Annotation(at_s, at_s, text) for at_s, text in session.notes),
        start_time=session.start_time,
    )
    truth = exports.truth_path(name, folder)
    export = exports.export_bytes(recording, session.app)
    exports.write_new({path: export, truth: exports.truth_bytes(strides)})
    return path


def record(session: Session, name: str = "simulated") -> tuple[Recording, pd.DataFrame]:
    """Simulate a session; UsageError if its plan, placement or side is unknown."""
    names = ("placement", "side", "rate_hz", "offset_m", "mounting", "errors", "seed")
    device: dict[str, Any] = {field: getattr(session, field) for field in names}
    if session.capture is not None:
        motion = read_bvh(session.capture)
        return virtual_sensor(motion, **device).with_(name=name), captured_strides(motion)
    if session.plan == "table":
        recording = handled(120.0, rate_hz=session.rate_hz, seed=session.seed, name=name)
        return recording, pd.DataFrame(columns=STRIDE_COLUMNS)
    seed = session.person
    person = None if seed is None else Person.random(np.random.default_rng(seed))
    worn = walk(parse_plan(session.plan), person=person, seed=session.seed)
    return wear(worn, **device, name=name), worn.strides


def captured_strides(motion: Motion) -> pd.DataFrame:
    """Strides of a motion capture, in the columns of `true_strides`.

    Direction and gait are those of most frames; ``none`` if most show neither forward nor backward
    travel.
    """
    truth = direction_truth(motion)
    rows = []
    for foot in SIDES:
        for start_s, end_s in pairwise(contact_times_s(truth, foot)):
            inside = truth[(truth["time_s"] >= start_s) & (truth["time_s"] < end_s)]
            direction = str(inside["direction"].mode()[0])
            if direction not in ("forward", "backward"):
                direction = "none"
            rows.append((start_s, end_s, foot, direction, str(inside["gait"].mode()[0])))
    strides = pd.DataFrame(rows, columns=STRIDE_COLUMNS)
    return strides.sort_values("start_s", ignore_index=True)


def handled(
    duration_s: float, *, rate_hz: float = 50.0, seed: int = 0, name: str = "simulated"
) -> Recording:
    """Record a phone that lies on a table, is knocked, picked up, shaken and put back: no gait."""
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
    """(n, 3) shaking for 2 to 5 s, faster than steps."""
    length_s = rng.uniform(2.0, 5.0)
    inside = np.clip((time_s - begin_s) / length_s, 0.0, 1.0)
    axis = rng.normal(size=3)
    beat = np.sin(2 * np.pi * (rng.uniform(3.5, 5.5) * time_s + 0.15 * np.sin(5 * time_s)))
    size = rng.uniform(6.0, 14.0) * np.sin(np.pi * inside) * beat
    return np.asarray(size[:, None] * axis / np.linalg.norm(axis))


def _shocks(
    session: Walk, impact: Impact, side: Side, time_s: FloatArray, rng: np.random.Generator
) -> FloatArray:
    """(n, 3) shock of every initial contact in the axes of the site (front, left, up)."""
    total = np.zeros((len(time_s), 3))
    for step in session.plan.steps:
        strength = step.manner.impact * step.speed_mps / step.manner.speed_mps
        strength *= session.person.impact
        strength *= 1.0 if step.side == side else impact.other_side
        strength *= rng.lognormal(0.0, 0.15 * session.person.variability)
        begin_s = step.contact_s + impact.delay_s
        begin, end = np.searchsorted(time_s, [begin_s, begin_s + 8 * impact.decay_s])
        against = -1.0 if step.direction == "forward" else 1.0
        kick = np.array([against * impact.braking, 0.15 * rng.normal(), 1.0])
        ring = strength * _ring(impact, time_s[begin:end] - begin_s)
        total[begin:end] += ring[:, None] * kick
    return total


def _ring(impact: Impact, time_s: FloatArray) -> FloatArray:
    """(n,) oscillation that swells quickly and fades slowly, with the impact's peak."""

    def wave(at_s: FloatArray) -> FloatArray:
        part = np.maximum(at_s, 0.0) / impact.decay_s
        ring = np.sin(2 * np.pi * impact.frequency_hz * at_s)
        return np.asarray(part * np.exp(-part) * ring)

    top = wave(np.linspace(0.0, 0.5 / impact.frequency_hz, 50)).max()
    return np.asarray(impact.peak_mps2 * wave(time_s) / top)


def _loose(
    force: FloatArray, looseness: tuple[float, float], rate_hz: float, rng: np.random.Generator
) -> FloatArray:
    """Force on a device that a damped spring holds at its site (causal; gravity unchanged).

    The spring also couples motion along each axis into the others.
    """
    frequency_hz, part = looseness
    omega = 2 * np.pi * frequency_hz * np.exp(LOOSE_SPREAD * rng.normal())
    damping = rng.uniform(*LOOSE_DAMPING)
    coupling = part * (np.eye(3) + 0.5 * rng.normal(size=(3, 3)))
    if omega > 0.8 * np.pi * rate_hz or len(force) == 0:
        return force
    taps = sps.bilinear([-1.0, 0.0, 0.0], [1.0, 2 * damping * omega, omega**2], fs=rate_hz)
    swing = sps.lfilter(*taps, force - force[:1], axis=0)
    return np.asarray(force + swing @ coupling.T)


def _texture(force: FloatArray, rate_hz: float, rng: np.random.Generator) -> FloatArray:
    """(n, 3) irregular part, in proportion to how much the site moves at that time."""
    low_hz, high_hz = TEXTURE_BAND_HZ[0], min(TEXTURE_BAND_HZ[1], 0.45 * rate_hz)
    if low_hz >= high_hz:
        return np.zeros_like(force)
    band = sps.butter(2, [low_hz, high_hz], "bandpass", fs=rate_hz, output="sos")
    noise = sps.sosfilt(band, rng.normal(size=force.shape), axis=0)
    noise *= np.sqrt(rate_hz / 2 / (high_hz - low_hz))
    quick = sps.butter(1, 0.5, "highpass", fs=rate_hz, output="sos")
    unrest = np.linalg.norm(sps.sosfilt(quick, force - force[:1], axis=0), axis=1) / 3**0.5
    effort = sps.sosfilt(sps.butter(1, low_hz, fs=rate_hz, output="sos"), unrest)
    return np.asarray(TEXTURE * effort[:, None] * noise)
