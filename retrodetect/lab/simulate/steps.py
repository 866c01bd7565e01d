"""From the sections of a plan to every footstep: when, where, which foot, in which manner.

The path comes first: speed and heading over time follow from the sections. Each foot is then put
down where the body will be in the middle of its stance, so starts, stops, turns, slopes and changes
of direction need no rules of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, zip_longest
from typing import Literal, Self

import numpy as np
import pandas as pd
from scipy.interpolate import PchipInterpolator
from scipy.ndimage import gaussian_filter1d

from retrodetect.errors import UsageError
from retrodetect.lab.simulate.bvh import Side
from retrodetect.lab.simulate.norms import MANNERS, Direction, Gait, Manner
from retrodetect.recording import FloatArray

__all__ = [
    "STRIDE_COLUMNS", "Path", "Person", "Plan", "Section", "Step", "plan_steps", "through",
    "true_strides",
]  # fmt: skip

STRIDE_COLUMNS = ["start_s", "end_s", "foot", "direction", "gait"]

REFERENCE_STATURE_M = 1.72
"""Stature that the cadences in `norms` belong to."""

FIRST_STEPS = {"walk": (0.55, 0.85), "run": (0.35, 0.6, 0.8, 0.92)}
"""Part of the way to full speed in the steps after a start and, in reverse, before a stop: walkers
reach it within about two steps (Breniere & Do, J Biomech 19:1035, 1986). The faster of two sections
changes to or from the slower one in the same way."""

STRIDE_TIME_CV = {"forward": 0.018, "backward": 0.035}
"""Variation of step time (Hausdorff 1996: about 2 %; backward about twice as large)."""

SPEED_CV = {"forward": 0.03, "backward": 0.05}
TURN_SPEED_DEGPS = 70.0
"""Heading rate of a turn on the spot."""

SLOPE_CHANGE_S = 0.4
"""Standard deviation of the time over which the slope of the ground changes."""

LONGEST_SESSION_S = 3600.0
"""A whole body is held in memory: an hour takes about 2 GB."""

POSSIBLE = {
    "duration_s": (0.1, LONGEST_SESSION_S, "{:g}s"), "speed_mps": (0.2, 8.0, "{:g}m/s"),
    "slope": (-0.45, 0.45, "{:.0%}"), "cadence_spm": (40.0, 260.0, "{:g}spm"),
    "arm_swing": (0.0, 3.0, "{:g}arms"),
}  # fmt: skip
"""Minimum and maximum of a section's figures, and their form in plans. The slopes are those on
which people were measured (Minetti 2002, J Appl Physiol 93:1039)."""

MIN_TRAVEL_M = 0.15
"""Shift of a foot over a stride below which it has no direction."""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of one activity."""

    gait: Literal["walk", "run", "stand"]
    duration_s: float
    direction: Direction = "forward"  # ignored while standing
    # speed over ground; None is comfortable for that gait, direction and person
    speed_mps: float | None = None
    slope: float = 0.0  # rise per distance: 0.1 is 10 % uphill
    turn_deg: float = 0.0  # change of heading, positive to the left; on the spot while standing
    cadence_spm: float | None = None  # None is the person's cadence at that speed
    arm_swing: float = 1.0  # scale of the arms' swing: 1 is the person's own, 0 keeps them still

    def __post_init__(self) -> None:
        is_gait = self.gait in ("walk", "run", "stand")
        if not is_gait or self.direction not in ("forward", "backward"):
            raise UsageError(
                f"cannot simulate {self.gait} {self.direction}",
                remedy="choose walk, run or stand, and forward or backward",
            )
        for name, (low, high, written) in POSSIBLE.items():
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise UsageError(
                    f"a section cannot have {written.format(value)}",
                    remedy=f"use {written.format(low)} to {written.format(high)}",
                )


@dataclass(frozen=True, slots=True)
class Person:
    """How one simulated wearer differs from another."""

    stature_m: float = REFERENCE_STATURE_M  # body height; sets all segment lengths
    cadence_factor: float = 1.0  # cadence relative to the norm
    speed_factor: float = 1.0  # comfortable speed relative to the norm
    step_width_m: float = 0.10  # lateral distance of the feet in walking
    toe_out_deg: float = 6.0  # angle by which the feet point outward
    asymmetry: float = 0.0  # fraction of the step time by which left steps exceed the mean
    variability: float = 1.0  # variation between strides relative to the norm
    arm_swing: float = 1.0  # scale of the arms' swing
    rotation: float = 1.0  # scale of pelvis and trunk rotations
    impact: float = 1.0  # scale of foot strikes
    lean_deg: float = 0.0  # forward lean of the trunk beyond the norm
    stiffness: float = 1.0  # scale of the double hump of the force: a bent knee flattens it
    loading: float = 0.0  # by how much the first half of stance bears more than in the norm
    toe_up: float = 1.0  # scale of the foot's angles above the flat foot
    heel_up: float = 1.0  # the same below it

    @classmethod
    def random(cls, rng: np.random.Generator) -> Self:
        """Draw an adult (stature 1.70 ± 0.09 m; the other spreads are our own choice)."""
        return cls(
            stature_m=float(np.clip(rng.normal(1.70, 0.09), 1.48, 1.98)),
            cadence_factor=float(np.clip(rng.normal(1.0, 0.05), 0.88, 1.12)),
            speed_factor=float(np.clip(rng.normal(1.0, 0.10), 0.75, 1.25)),
            step_width_m=float(np.clip(rng.normal(0.10, 0.025), 0.04, 0.18)),
            toe_out_deg=float(np.clip(rng.normal(6.0, 4.0), -5.0, 18.0)),
            asymmetry=float(np.clip(rng.normal(0.0, 0.01), -0.03, 0.03)),
            variability=float(rng.uniform(0.7, 1.5)),
            arm_swing=float(rng.uniform(0.3, 1.3)),
            rotation=float(rng.uniform(0.6, 1.4)),
            impact=float(rng.uniform(0.6, 1.5)),
            lean_deg=float(rng.normal(0.0, 2.5)),
            stiffness=float(rng.uniform(0.85, 1.25)),
            loading=float(rng.normal(0.0, 0.03)),
            toe_up=float(rng.uniform(0.5, 1.25)),
            heel_up=float(rng.uniform(0.85, 1.1)),
        )


@dataclass(frozen=True, slots=True)
class Path:
    """Path of the body over ground, as functions of time."""

    time_s: FloatArray  # (n,): evenly spaced
    position_m: FloatArray  # (n, 3): position of the body at ground level, without the steps' sway
    heading_rad: FloatArray  # (n,): facing of the wearer, counter-clockwise from x
    incline_rad: FloatArray  # (n,): rise of the ground in the direction of the facing

    def at(self, time_s: float) -> tuple[FloatArray, float, float]:
        """Position (3,), heading and incline at one time."""
        after = int(np.searchsorted(self.time_s, time_s).clip(1, len(self.time_s) - 1))
        near = slice(after - 1, after + 1)
        begin_s, end_s = self.time_s[near]
        part = float(np.clip((time_s - begin_s) / (end_s - begin_s), 0.0, 1.0))
        share = np.array([1.0 - part, part])
        heading, incline = share @ self.heading_rad[near], share @ self.incline_rad[near]
        return share @ self.position_m[near], float(heading), float(incline)


@dataclass(frozen=True, slots=True)
class Step:
    """One foot on the ground."""

    contact_s: float
    side: Side  # foot that lands
    gait: Gait
    direction: Direction
    speed_mps: float  # of the body
    stance_s: float  # time to lift-off
    stride_s: float  # time to the next contact of this foot, if there were no stop
    walk: int  # number of the unbroken run of steps
    on_spot: bool = False  # a step of a turn on the spot
    arm_swing: float = 1.0  # scale of the arms' swing during it

    @property
    def manner(self) -> Manner:
        """Norms of this gait and direction."""
        return MANNERS[self.gait, self.direction]

    @property
    def vigour(self) -> float:
        """Scale of angles and lift: strides grow with the 0.58th power of speed (Grieve66)."""
        return float(np.clip((self.speed_mps / self.manner.speed_mps) ** 0.58, 0.35, 1.15))

    @property
    def middle_s(self) -> float:
        """Mid-stance, when the body is over the foot."""
        return self.contact_s + self.stance_s / 2


@dataclass(frozen=True, slots=True)
class Plan:
    """Every footstep, and the path of the body."""

    steps: tuple[Step, ...]  # in order of time
    path: Path  # path of the body

    def walks(self) -> list[list[Step]]:
        """Steps of each unbroken run."""
        return [list(steps) for _, steps in groupby(self.steps, key=lambda step: step.walk)]


@dataclass(slots=True)
class _Draft:
    """Steps and knots of the path while they are being planned."""

    steps: list[Step] = field(default_factory=list)
    speed: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    heading: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    incline: list[tuple[float, float]] = field(default_factory=lambda: [(0.0, 0.0)])
    now_s: float = 0.0
    heading_rad: float = 0.0
    next_side: Side = "left"
    walk: int = 0


def plan_steps(
    sections: Sequence[Section], person: Person, rng: np.random.Generator, *, rate_hz: float
) -> Plan:
    """Plan all footsteps of a session.

    A session starts and ends standing; if the sections do not, a second of standing is added. A
    change of direction or gait without standing in between takes a few slower steps. ``rng``
    varies the steps; ``rate_hz`` is the rate of the path.
    """
    if not sections:
        raise UsageError("nothing to simulate", remedy="name at least one section")
    if sum(section.duration_s for section in sections) > LONGEST_SESSION_S:
        raise UsageError(
            "the session is too long to simulate",
            remedy=f"keep it under {LONGEST_SESSION_S:g} s and simulate several",
        )
    todo = list(sections)
    if todo[0].gait != "stand":
        todo.insert(0, Section("stand", 1.0))
    if todo[-1].gait != "stand":
        todo.append(Section("stand", 1.0))
    draft = _Draft(next_side="left" if rng.random() < 0.5 else "right")
    for before, section, after in zip([None, *todo], todo, [*todo[1:], None], strict=False):
        if section.gait == "stand":
            _stand(draft, section, person)
        else:
            _go(draft, section, before, after, person, rng)
    return Plan(_retimed(draft.steps), _path(draft, rate_hz))


def true_strides(plan: Plan) -> pd.DataFrame:
    """Every stride, from initial contact to the next of the same foot, in order of start.

    ``foot`` is left or right, ``gait`` walk or run. ``direction`` is forward or backward, measured
    from the footprints: which way along the facing the foot has moved; none if it came down within
    0.15 m of where it was.
    """
    rows = []
    for walk in plan.walks():
        for first, second in zip(walk[:-2], walk[2:], strict=True):
            here, there = (plan.path.at(step.middle_s)[0] for step in (first, second))
            _, heading, _ = plan.path.at((first.middle_s + second.middle_s) / 2)
            ahead = (there - here)[:2] @ [np.cos(heading), np.sin(heading)]
            direction = "none"
            if abs(ahead) >= MIN_TRAVEL_M:
                direction = "forward" if ahead > 0 else "backward"
            rows.append((first.contact_s, second.contact_s, first.side, direction, second.gait))
    return pd.DataFrame(rows, columns=STRIDE_COLUMNS).astype({"start_s": float, "end_s": float})


def speed_of_mps(section: Section, person: Person) -> float:
    """Speed of a section; by default comfortable, less uphill (Tobler's function, 1993)."""
    if section.speed_mps is not None:
        return section.speed_mps
    manner = MANNERS[_gait(section), section.direction]
    return float(manner.speed_mps * person.speed_factor * np.exp(-2.5 * abs(section.slope)))


def _gait(section: Section) -> Gait:
    return "run" if section.gait == "run" else "walk"


def _cadence_spm(manner: Manner, speed_mps: float, person: Person) -> float:
    """Steps per minute at a speed; short legs step faster (Froude scaling)."""
    size = np.sqrt(REFERENCE_STATURE_M / person.stature_m)
    relative = max(speed_mps, 0.4) / manner.speed_mps
    return float(
        manner.cadence_spm * relative**manner.cadence_exponent * size * person.cadence_factor
    )


def _stand(draft: _Draft, section: Section, person: Person) -> None:
    """Stand still, or turn on the spot."""
    draft.walk += 1
    begin_s = draft.now_s
    end_s = begin_s + section.duration_s
    draft.speed += [(begin_s, 0.0), (end_s, 0.0)]
    draft.heading.append((begin_s, draft.heading_rad))
    if section.turn_deg:
        step_s = 60.0 / _cadence_spm(MANNERS["walk", "forward"], 0.7, person)
        turn_s = min(abs(section.turn_deg) / TURN_SPEED_DEGPS, section.duration_s)
        count = max(int(np.ceil(turn_s / step_s)), 1)
        for number in range(count + 1):
            contact_s = begin_s + (number + 0.6) * step_s
            _add(draft, contact_s, "walk", "forward", 0.3, step_s, on_spot=True)
        end_s = max(end_s, begin_s + (count + 2) * step_s)
        draft.heading_rad += np.deg2rad(section.turn_deg)
        draft.heading.append((begin_s + (count + 1) * step_s, draft.heading_rad))
        draft.speed.append((end_s, 0.0))
        draft.walk += 1
    draft.now_s = end_s


def _go(
    draft: _Draft,
    section: Section,
    before: Section | None,
    after: Section | None,
    person: Person,
    rng: np.random.Generator,
) -> None:
    """Walk or run one section."""
    gait, direction = _gait(section), section.direction
    manner = MANNERS[gait, direction]
    full_mps = speed_of_mps(section, person)
    own_spm = _cadence_spm(manner, full_mps, person)
    hurry = 1.0 if section.cadence_spm is None else section.cadence_spm / own_spm
    usual_s = 60.0 / (own_spm * hurry)
    count = max(round(section.duration_s / usual_s), 2)
    speed = np.full(count, full_mps)
    for neighbour, order in ((before, slice(None)), (after, slice(None, None, -1))):
        edge_mps = _edge_speed_mps(neighbour, section, person)
        parts = np.array(FIRST_STEPS[gait][:count])
        near = speed[order][: len(parts)]
        near[:] = np.minimum(near, edge_mps + (full_mps - edge_mps) * parts)
    wobble = person.variability * SPEED_CV[direction] * _drift(count, rng)
    speed *= 1.0 + wobble
    wander = person.variability * STRIDE_TIME_CV[direction] * rng.normal(size=count)
    sign = 1.0 if direction == "forward" else -1.0
    draft.incline.append((draft.now_s, sign * section.slope))
    draft.heading.append((draft.now_s, draft.heading_rad))
    for number in range(count):
        cadence_spm = _cadence_spm(manner, max(speed[number], 0.8 * full_mps), person)
        step_s = 60.0 / (cadence_spm * hurry)
        lopsided = person.asymmetry if draft.next_side == "left" else -person.asymmetry
        step_s *= 1.0 + wander[number] + lopsided
        draft.speed.append((draft.now_s + step_s / 2, sign * speed[number]))
        draft.now_s += step_s
        _add(draft, draft.now_s, gait, direction, float(speed[number]), step_s, section.arm_swing)
    draft.heading_rad += np.deg2rad(section.turn_deg)
    draft.heading.append((draft.now_s, draft.heading_rad))


def _edge_speed_mps(neighbour: Section | None, section: Section, person: Person) -> float:
    """Speed at the border of two sections: that of the slower, or zero if the walk breaks there."""
    own_mps = speed_of_mps(section, person)
    if neighbour is None or neighbour.gait == "stand" or neighbour.direction != section.direction:
        return 0.0
    return min(own_mps, speed_of_mps(neighbour, person))


def _drift(count: int, rng: np.random.Generator) -> FloatArray:
    """(count,) slow wandering about 0 with unit variance: neighbours are alike."""
    memory = 0.8
    values = rng.normal(size=count)
    for k in range(1, count):
        values[k] = memory * values[k - 1] + np.sqrt(1 - memory**2) * values[k]
    return values


def _add(
    draft: _Draft, contact_s: float, gait: Gait, direction: Direction, speed_mps: float,
    step_s: float, arm_swing: float = 1.0, *, on_spot: bool = False,
) -> None:  # fmt: skip
    """Put the next foot down."""
    manner = MANNERS[gait, direction]
    duty = manner.duty + manner.duty_slope * (speed_mps - manner.speed_mps)
    # A walk has double support, a run has none.
    duty = float(np.clip(duty, *((0.54, 0.75) if gait == "walk" else (0.24, 0.46))))
    step = Step(
        contact_s, draft.next_side, gait, direction, speed_mps,
        stance_s=2 * step_s * duty, stride_s=2 * step_s, walk=draft.walk, on_spot=on_spot,
        arm_swing=arm_swing,
    )  # fmt: skip
    draft.steps.append(step)
    draft.next_side = "right" if draft.next_side == "left" else "left"


def _retimed(steps: list[Step]) -> tuple[Step, ...]:
    """Steps with the stride time to the same foot's next step, instead of the usual one."""
    retimed = []
    for step, following in zip_longest(steps, steps[2:]):
        if following is not None and following.walk == step.walk:
            stride_s = following.contact_s - step.contact_s
            stance_s = step.stance_s * stride_s / step.stride_s
            step = replace(step, stride_s=stride_s, stance_s=stance_s)
        retimed.append(step)
    return tuple(retimed)


def _path(draft: _Draft, rate_hz: float) -> Path:
    """Integrate speed, heading and slope to a path over ground."""
    time_s = np.arange(int(np.floor(draft.now_s * rate_hz)) + 1) / rate_hz
    speed = through([*draft.speed, (draft.now_s, 0.0)], time_s)
    heading = through([*draft.heading, (draft.now_s, draft.heading_rad)], time_s)
    begins, inclines = np.array(draft.incline).T
    incline = inclines[np.searchsorted(begins, time_s, side="right") - 1]
    incline = gaussian_filter1d(incline, SLOPE_CHANGE_S * rate_hz, mode="nearest")
    velocity = speed[:, None] * np.stack([np.cos(heading), np.sin(heading), incline], axis=1)
    steps = (velocity[1:] + velocity[:-1]) / (2 * rate_hz)
    position = np.concatenate([np.zeros((1, 3)), np.cumsum(steps, axis=0)])
    return Path(time_s, position, heading, np.arctan(incline))


CLOSEST_S = 0.002
"""Knots closer together than this count as one; the body moves in frames of 5 ms."""


def through(knots: Iterable[tuple[float, float]], time_s: FloatArray) -> FloatArray:
    """Curve through (time, value) knots that never overshoots them.

    The last of several knots at one time counts. Before the first knot and after the last the curve
    is level. Monotone cubic interpolation (Fritsch & Butland, SIAM J Sci Stat Comput 5:300, 1984).
    """
    latest = dict(knots)
    at = np.array(sorted(latest))
    at = at[np.concatenate([[True], np.diff(at) > CLOSEST_S])]
    # The interpolation divides by differences, and the smallest floats overflow it.
    values = np.round([latest[float(t)] for t in at], 12)
    if len(at) < 2:
        return np.full(len(time_s), values[0])
    return np.asarray(PchipInterpolator(at, values)(np.clip(time_s, at[0], at[-1])))
