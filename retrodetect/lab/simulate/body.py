"""From footsteps to a moving skeleton.

Feet and trunk each follow what is best known about them; the leg between them is solved:

- **Feet** stand where they were planted and roll over heel and ball; in swing they go from one
  footprint to the next.
- **The body** is moved by the force under the feet. Vertically every stance pushes with the two
  harmonics of Alexander & Jayes (1980). The force points from the centre of pressure to the
  body, so braking, push-off and the pull to the middle follow from the position of the foot.
  Integrated twice, this yields the inverted pendulum of walking (highest in mid-stance) and the
  bouncing spring of running (lowest in mid-stance) without prescribing either.
- **Knees** come from hip and ankle by inverse kinematics.
- **Pelvis, trunk and arms** turn as harmonics of the stride.

Backward gait takes its poses from forward ones with time reversed (Winter 1989, Grasso 1998)
and the changes listed in `norms`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy.ndimage import gaussian_filter1d, minimum_filter1d
from scipy.spatial.transform import Rotation

from retrodetect.lab.simulate.bvh import SIDES, Motion, Side
from retrodetect.lab.simulate.steps import Person, Plan, Step, through
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray

__all__ = ["move_body"]

OUTWARD: dict[Side, float] = {"left": 1.0, "right": -1.0}

PARTS_OF_STATURE = {
    "thigh": 0.245, "shank": 0.246, "ankle": 0.039, "foot": 0.152, "hips": 0.191,
    "shoulders": 0.259, "trunk": 0.288, "head": 0.34, "upper-arm": 0.186, "forearm": 0.146,
}  # fmt: skip
"""Segment lengths (Winter 2009, figure 4.1); ``trunk`` and ``head`` from the hips upward."""

HEEL_OF_FOOT, BALL_OF_FOOT, TOE_OF_FOOT = -0.25, 0.45, 0.60
"""Points where the sole rolls, from the ankle in foot lengths."""

TOE_PITCH_RAD = np.deg2rad(50.0)
"""Heel-up angle at which a foot has rolled from its ball onto its toes."""

FOOT_ROLL_RAD, FOOT_TWIST_RAD = np.deg2rad(7.0), np.deg2rad(5.0)
"""Sole turned inward and toes turned in during swing [D]."""

CENTRE_OF_MASS_OF_STATURE = 0.55
"""Height of the body's centre of mass (Winter 2009)."""

SLOWEST_SWAY_HZ = np.array([0.3, 0.3, 0.9])
"""Below this frequency the force under the feet moves nothing, since people correct their drift:
below strides on the level, below slow steps vertically."""

FURTHEST_REACH = 0.992
"""Longest distance from hip to ankle, as a fraction of thigh plus shank; it sets the height of the
hips."""

SOFT_REACH = 0.006
"""How gently, in the same fractions, a leg reaches its full length. The angle of a nearly straight
knee is not smooth in that distance, so knees stay bent by about 15°, more than in people (5°,
Winter 1991)."""

DEEPEST_CROUCH = 0.88
"""Lowest hips, as a fraction of the leg, however far apart the feet are."""

LEG_SLUGGISHNESS_S = 0.022
"""Smoothing (standard deviation) of the path from hip to ankle before the knee is solved: thigh and
shank are too heavy to follow the ankle's jerks (thigh sensors show few) [D]."""

HANGING_ELBOW_DEG = 12.0

PELVIS_OVERTONES = {
    "walk": {
        "yaw": ((3, 0.64, 0.154), (5, 0.17, 0.111)),
        "roll": ((3, 1.34, 0.173), (5, 0.21, 0.158)),
        "tilt": ((4, 0.17, 0.110), (6, 0.05, 0.100)),
    },
    "run": {
        "yaw": ((3, 0.70, 0.283), (5, 0.39, 0.023)),
        "roll": ((3, 2.20, 0.033), (5, 0.67, 0.048)),
        "tilt": ((4, 0.60, 0.151), (6, 0.40, 0.129)),
    },
}
"""How the pelvis jolts as a foot takes the load: multiple of the stride frequency, amplitude in
degrees, and lag behind the left contact in strides. Own measurement: 25 people with belts (SisFall)
and 10 with a sensor on the lower back (IPOL); medians, and for the tilt the part common to all
strides. Without these jolts no lever shows."""

WALKING_YAW_LAG = 0.17
"""Lag of the pelvis behind the feet in walking, in strides, measured in the same people."""

BACKWARD_OVERTONES = 0.6
"""Their relative size going backward, as in the captured actors."""

RESTLESS_DEG = {"trunk": 0.6, "arm": 2.0, "head": 1.5, "pelvis": 0.4}
RESTLESS_HZ = 0.5
"""Slow wandering of posture, at all times [D]."""


@dataclass(frozen=True, slots=True)
class _Frames:
    """What all parts of the body share; F frames."""

    time_s: FloatArray
    plan: Plan
    person: Person
    rate_hz: float

    def size_m(self, part: str) -> float:
        return PARTS_OF_STATURE[part] * self.person.stature_m


def move_body(plan: Plan, person: Person, rng: np.random.Generator) -> Motion:
    """Let a person make the planned footsteps: a skeleton of 17 joints, z up, in the path's frames.

    ``rng`` drives the restlessness of posture.
    """
    time_s = plan.path.time_s
    frames = _Frames(time_s, plan, person, 1.0 / float(time_s[1] - time_s[0]))
    feet = {side: _foot(frames, side) for side in SIDES}
    sway = _sway(frames)
    turns = _turns(frames, rng)
    hips = _hips(frames, feet, sway, turns["pelvis"])
    joints = {"hips": (hips, turns["pelvis"])}
    for side in SIDES:
        joints |= _leg(frames, side, hips, turns["pelvis"], feet[side])
    joints |= _upper_body(frames, hips, turns)
    return _skeleton(joints, frames)


@dataclass(frozen=True, slots=True)
class _Foot:
    """One foot: ankle (F, 3) in the world, orientation, and whether it stands (F,)."""

    ankle_m: FloatArray
    turn: Rotation
    stands: FloatArray


@dataclass(frozen=True, slots=True)
class _Stance:
    """One foot on the ground, between the step that put it there and the one that lifts it."""

    begin_s: float
    end_s: float
    arriving: Step | None
    leaving: Step | None
    print_m: FloatArray
    yaw_rad: float
    incline_rad: float


def _foot(frames: _Frames, side: Side) -> _Foot:
    """Path and attitude of one foot over the whole session."""
    stances = _stances(frames, side)
    pitch = _pitch(stances, frames.person, frames.time_s)
    yaw = _plateaus([(s.begin_s, s.end_s, s.yaw_rad) for s in stances], frames.time_s)
    incline = _plateaus([(s.begin_s, s.end_s, s.incline_rad) for s in stances], frames.time_s)
    aloft = OUTWARD[side] * _aloft(stances, frames.time_s)
    angles = [yaw - FOOT_TWIST_RAD * aloft, -(pitch + incline), FOOT_ROLL_RAD * aloft]
    turn = Rotation.from_euler("ZYX", np.stack(angles, axis=1))
    ankle = np.empty((len(frames.time_s), 3))
    stands = np.zeros(len(frames.time_s), dtype=bool)
    for stance in stances:
        frame = _slice(frames.time_s, stance.begin_s, stance.end_s)
        stands[frame] = True
        ankle[frame] = _rolling(frames, stance, pitch[frame])
    for before, after in pairwise(stances):
        frame = _slice(frames.time_s, before.end_s, after.begin_s)
        ankle[frame] = _swinging(frames, before, after, pitch, frames.time_s[frame])
    return _Foot(ankle, turn, stands)


def _stances(frames: _Frames, side: Side) -> list[_Stance]:
    """All stances of a foot; the first from the start, the last to the end."""
    steps = [step for step in frames.plan.steps if step.side == side]
    begins = [float(frames.time_s[0]), *(step.contact_s for step in steps)]
    ends = [step.contact_s - (step.stride_s - step.stance_s) for step in steps]
    ends.append(float(frames.time_s[-1]) + 1.0)
    prints = [frames.time_s[0], *(step.middle_s for step in steps)]
    return [
        _Stance(
            begin_s, max(end_s, begin_s + 0.1), arriving, leaving, *_footprint(frames, side, at)
        )
        for begin_s, end_s, arriving, leaving, at in zip(
            begins, ends, [None, *steps], [*steps, None], prints, strict=True
        )
    ]


def _footprint(frames: _Frames, side: Side, time_s: float) -> tuple[FloatArray, float, float]:
    """Where the ankle is over the flat foot, the foot's yaw and the ground's incline."""
    position, heading, incline = frames.plan.path.at(time_s)
    ahead = np.array([np.cos(heading), np.sin(heading), np.tan(incline)])
    aside = np.array([-np.sin(heading), np.cos(heading), 0.0]) * OUTWARD[side]
    behind_m = 0.2 * frames.size_m("foot")
    ground = position - behind_m * ahead + frames.person.step_width_m / 2 * aside
    yaw = heading + OUTWARD[side] * np.deg2rad(frames.person.toe_out_deg)
    ground[2] += frames.size_m("ankle")
    return ground, yaw, incline


def _pitch(stances: list[_Stance], person: Person, time_s: FloatArray) -> FloatArray:
    """(F,) toe-up angle against the ground, in rad."""
    knots = [(float(time_s[0]), 0.0)]
    for stance in stances:
        # A long stance contains standing: roll at the usual pace, and rest flat between.
        length_s = min(stance.end_s - stance.begin_s, 1.0)
        if step := stance.arriving:
            knots += [
                (stance.begin_s + part * length_s, step.vigour * angle)
                for part, angle in step.manner.stance_pitch_deg
                if part < 0.5
            ]
        if step := stance.leaving:
            swing_s = step.contact_s - stance.end_s
            knots += [
                (stance.end_s - (1 - part) * length_s, step.vigour * angle)
                for part, angle in step.manner.stance_pitch_deg
                if part >= 0.5
            ]
            knots += [
                (stance.end_s + part * swing_s, step.vigour * angle)
                for part, angle in step.manner.swing_pitch_deg
            ]
    scaled = ((at, a * (person.toe_up if a > 0 else person.heel_up)) for at, a in knots)
    return np.deg2rad(through(scaled, time_s))


def _plateaus(values: list[tuple[float, float, float]], time_s: FloatArray) -> FloatArray:
    """(F,) values constant from begin to end of each (begin, end, value), smooth between them."""
    return through(((at, value) for *ends, value in values for at in ends), time_s)


def _aloft(stances: list[_Stance], time_s: FloatArray) -> FloatArray:
    """(F,) 0 on the ground, rising to 1 in mid-swing."""
    aloft = np.zeros(len(time_s))
    for before, after in pairwise(stances):
        frame = _slice(time_s, before.end_s, after.begin_s)
        part = (time_s[frame] - before.end_s) / (after.begin_s - before.end_s)
        aloft[frame] = np.sin(np.pi * part) ** 2
    return aloft


def _contact(frames: _Frames, angle: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(n, 2) heel and (n, 2) forefoot from the ankle, ahead and up along a foot at each angle."""
    foot_m, up = frames.size_m("foot"), np.full(len(angle), -frames.size_m("ankle"))
    rolled = np.sin(np.clip(-angle / TOE_PITCH_RAD, 0.0, 1.0) * np.pi / 2) ** 2
    forefoot = BALL_OF_FOOT + (TOE_OF_FOOT - BALL_OF_FOOT) * rolled
    heel = np.full(len(angle), HEEL_OF_FOOT * foot_m)
    return np.stack([heel, up], axis=1), np.stack([forefoot * foot_m, up], axis=1)


def _tilted(points: FloatArray, angle: FloatArray) -> FloatArray:
    """(n, 2) points (ahead, up) after a toe-up rotation."""
    cos, sin = np.cos(angle), np.sin(angle)
    ahead, up = points.T
    return np.stack([ahead * cos - up * sin, ahead * sin + up * cos], axis=1)


def _rolling(frames: _Frames, stance: _Stance, pitch: FloatArray) -> FloatArray:
    """(n, 3) ankle of a foot that rolls over heel (toe up) or forefoot (heel up)."""
    heel, forefoot = _contact(frames, pitch)
    pivot = np.where(pitch[:, None] > 0, heel, forefoot)
    ground = np.full(len(pitch), stance.incline_rad)
    moved = _tilted(pivot, ground) - _tilted(pivot, ground + pitch)
    ahead = np.array([np.cos(stance.yaw_rad), np.sin(stance.yaw_rad), 0.0])
    return np.asarray(stance.print_m + moved[:, :1] * ahead + moved[:, 1:] * [0.0, 0.0, 1.0])


def _swinging(
    frames: _Frames, before: _Stance, after: _Stance, pitch: FloatArray, time_s: FloatArray
) -> FloatArray:
    """(n, 3) ankle from lift-off to the next contact.

    Horizontally a quintic continues the velocity of rolling at both ends. The height keeps the
    lowest point of the sole clear of the ground.
    """
    length_s = after.begin_s - before.end_s
    part = (time_s - before.end_s) / length_s
    ends = []
    for stance, at_s in ((before, before.end_s), (after, after.begin_s)):
        around_s = at_s + np.array([-0.5, 0.5]) / frames.rate_hz
        near = _rolling(frames, stance, np.interp(around_s, frames.time_s, pitch))
        ends.append((near.mean(axis=0), (near[1] - near[0]) * frames.rate_hz * length_s))
    step = after.arriving
    assert step is not None
    manner = step.manner
    (start, start_v), (end, end_v) = ends
    shift = end - start
    end_v = end_v + manner.landing * shift
    ankle = _quintic(
        part, start, end, start_v, end_v, manner.swing_push * shift, -manner.swing_brake * shift
    )
    lift_m = np.zeros(len(part))
    for height_m, rise, fall in manner.clearance:
        lift_m += step.vigour * height_m * _hump(part, rise, fall)
    angle = np.interp(time_s, frames.time_s, pitch)
    ground = np.interp(part, [0, 1], [before.print_m[2], after.print_m[2]])
    ground -= frames.size_m("ankle")
    ankle[:, 2] = ground + lift_m + _ankle_over_sole(frames, angle, part)
    return ankle


def _quintic(
    part: FloatArray, start: FloatArray, end: FloatArray, start_v: FloatArray, end_v: FloatArray,
    start_a: FloatArray, end_a: FloatArray,
) -> FloatArray:  # fmt: skip
    """(n, 3) curve with these ends, velocities and accelerations (per duration)."""
    p = part[:, None]
    rise = p**3 * (10 - 15 * p + 6 * p**2)
    out = p - p**3 * (6 - 8 * p + 3 * p**2)
    into = -(p**3) * (4 - 7 * p + 3 * p**2)
    push = p**2 * (1 - p) ** 3 / 2
    brake = p**3 * (1 - p) ** 2 / 2
    curve = start * (1 - rise) + end * rise + start_v * out + end_v * into
    return np.asarray(curve + start_a * push + end_a * brake)


def _hump(part: FloatArray, rise: float, fall: float) -> FloatArray:
    """(n,) curve from 0 over 1 to 0: powers of the elapsed and the remaining part."""
    peak = rise / (rise + fall)
    top = peak**rise * (1 - peak) ** fall
    return np.asarray(part**rise * (1 - part) ** fall / top)


def _ankle_over_sole(frames: _Frames, angle: FloatArray, part: FloatArray) -> FloatArray:
    """(n,) height of the ankle over the sole's lowest point, rounded off in mid-swing."""
    heel_m, forefoot_m = (-_tilted(points, angle)[:, 1] for points in _contact(frames, angle))
    soft_m = 1e-4 + 0.03 * 4 * part * (1 - part)
    return np.asarray(soft_m * np.logaddexp(heel_m / soft_m, forefoot_m / soft_m))


def _sway(frames: _Frames) -> FloatArray:
    """(F, 3) sway of the body about its path, from the force under the feet."""
    time_s, path = frames.time_s, frames.plan.path
    force = np.zeros((len(time_s), 3))
    height_m = CENTRE_OF_MASS_OF_STATURE * frames.person.stature_m
    for step in _with_ghosts(frames.plan):
        frame = _slice(time_s, step.contact_s, step.contact_s + step.stance_s)
        part = (time_s[frame] - step.contact_s) / step.stance_s
        upward = _upward_mps2(step, part, frames.person)
        print_m, yaw, _ = _footprint(frames, step.side, step.middle_s)
        ahead = np.array([np.cos(yaw), np.sin(yaw)])
        pressure = print_m[:2] + _pressure_m(frames, step.direction, part)[:, None] * ahead
        force[frame, :2] += upward[:, None] * (path.position_m[frame, :2] - pressure) / height_m
        force[frame, 2] += upward
    going = _going(frames)
    force[:, 2] -= STANDARD_GRAVITY_MPS2
    falling_s2 = STANDARD_GRAVITY_MPS2 / height_m * np.array([1.0, 1.0, 0.0])
    return _integrated(force * going[:, None], falling_s2, frames.rate_hz)


def _upward_mps2(step: Step, part: FloatArray, person: Person) -> FloatArray:
    """(n,) vertical force per body mass over a stance; all steps together bear the weight."""
    manner = step.manner
    shape = manner.force_shape * person.stiffness * step.speed_mps / manner.speed_mps
    shape = np.clip(shape, -0.2, 0.6)
    push = np.sin(np.pi * part) + shape * np.sin(3 * np.pi * part)
    push += (manner.force_skew + person.loading) * np.sin(2 * np.pi * part)
    mean = 2 / np.pi * (1 + shape / 3)
    return np.asarray(STANDARD_GRAVITY_MPS2 * step.stride_s / 2 / step.stance_s * push / mean)


def _with_ghosts(plan: Plan) -> list[Step]:
    """Steps with an extra one before and after each walk, so that its ends bear weight too."""
    steps = list(plan.steps)
    for walk in plan.walks():
        for step, strides in ((walk[0], -0.5), (walk[-1], 0.5)):
            side: Side = "left" if step.side == "right" else "right"
            contact_s = step.contact_s + strides * step.stride_s
            steps.append(replace(step, side=side, contact_s=contact_s))
    return steps


def _pressure_m(frames: _Frames, direction: str, part: FloatArray) -> FloatArray:
    """(n,) centre of pressure ahead of the ankle: heel to ball going forward, else the reverse."""
    ends = np.array([HEEL_OF_FOOT, BALL_OF_FOOT]) * frames.size_m("foot")
    return np.interp(part, [0, 1], ends if direction == "forward" else ends[::-1])


def _going(frames: _Frames) -> FloatArray:
    """(F,) 1 while stepping, 0 while standing, smooth in between."""
    going = np.zeros(len(frames.time_s))
    for walk in frames.plan.walks():
        going[_slice(frames.time_s, walk[0].contact_s, walk[-1].contact_s + 0.1)] = 1.0
    return np.asarray(gaussian_filter1d(going, 0.12 * frames.rate_hz))


def _integrated(force: FloatArray, falling_s2: FloatArray, rate_hz: float) -> FloatArray:
    """(F, 3) shift whose second derivative is the force, without drift.

    Over the feet the body is an inverted pendulum: a shift toward a foot reduces the force by as
    much as gravity over the height of the body, ``falling_s2``.
    """
    count = 2 * len(force)
    omega = 2 * np.pi * np.fft.rfftfreq(count, 1 / rate_hz)[:, None]
    # −1/ω², attenuated so that slow parts vanish instead of growing.
    gain = -(omega**6) / (omega**6 + (2 * np.pi * SLOWEST_SWAY_HZ) ** 6)
    gain /= np.where(omega > 0, omega**2 + falling_s2, 1.0)
    spectrum = np.fft.rfft(force, count, axis=0) * gain
    return np.asarray(np.fft.irfft(spectrum, count, axis=0)[: len(force)])


def _turns(frames: _Frames, rng: np.random.Generator) -> dict[str, Rotation]:
    """Orientation of pelvis, trunk, head and arms in the world."""
    person, manners = frames.person, _mix(frames)
    phase, backward = _phase(frames), manners["backward"]
    going = _going(frames) * np.clip(manners["vigour"], 0, 1.2)
    heading = frames.plan.path.heading_rad
    deg = np.pi / 180.0

    def wave(times: int, lag: float | FloatArray) -> FloatArray:
        # Going backward the phase runs in reverse, and a contact has the pose of a lift-off.
        ahead = np.cos(2 * np.pi * times * (phase - lag))
        reverse = np.cos(2 * np.pi * times * (manners["duty"] - phase - lag))
        return np.asarray((1 - backward) * ahead + backward * reverse)

    def turned(yaw: FloatArray, pitch: FloatArray, roll: FloatArray, part: str) -> Rotation:
        stray = deg * RESTLESS_DEG[part] * _restless(frames, rng)
        angles = np.stack([heading + yaw, pitch, roll], axis=1) + stray
        return Rotation.from_euler("ZYX", angles)

    def overtones(angle: str) -> FloatArray:
        size = 1 - (1 - BACKWARD_OVERTONES) * backward
        running = manners["running"]
        return size * sum(
            share * degrees * np.cos(2 * np.pi * times * (phase - lag))
            for share, gait in ((1 - running, "walk"), (running, "run"))
            for times, degrees, lag in PELVIS_OVERTONES[gait][angle]
        )

    swing = going * person.rotation * deg
    yaw_lag = WALKING_YAW_LAG * (1 - manners["running"])
    yaw = swing * (overtones("yaw") - manners["pelvis_yaw_deg"] * wave(1, yaw_lag))
    roll = swing * (overtones("roll") + manners["pelvis_roll_deg"] * wave(1, 0.12))
    tilt = swing * (overtones("tilt") + manners["pelvis_tilt_deg"] * wave(2, 0.1))
    lean = deg * (going * manners["lean_deg"] + person.lean_deg)
    trunk_yaw = yaw - swing * manners["trunk_yaw_deg"] * wave(1, 0.0)
    turns = {
        "pelvis": turned(yaw, tilt + 0.3 * lean, roll, "pelvis"),
        "chest": turned(trunk_yaw, lean + 0.7 * tilt, -0.4 * roll, "trunk"),
        "head": turned(0.15 * trunk_yaw, 0.3 * lean - 0.3 * tilt, 0.0 * roll, "head"),
    }
    swung = person.arm_swing * manners["arm_swing"]
    for side in SIDES:
        reach = -OUTWARD[side] * wave(1, 0.03)
        shoulder = manners["shoulder_mean_deg"] + swung * manners["shoulder_deg"] * reach
        flexed = -OUTWARD[side] * wave(1, 0.08)
        elbow = (
            manners["elbow_mean_deg"] - HANGING_ELBOW_DEG + swung * manners["elbow_deg"] * flexed
        )
        shoulder, elbow = deg * going * shoulder, deg * (HANGING_ELBOW_DEG + going * elbow)
        aside = np.full(len(phase), OUTWARD[side] * 7.0 * deg)
        turns[f"{side}_arm"] = turned(0.5 * trunk_yaw, -shoulder, aside, "arm")
        turns[f"{side}_forearm"] = turns[f"{side}_arm"] * Rotation.from_euler("Y", -elbow[:, None])
    return turns


def _mix(frames: _Frames) -> dict[str, FloatArray]:
    """(F,) figures of the manner at each moment, blended over about a step."""
    names = (
        "duty", "pelvis_yaw_deg", "pelvis_roll_deg", "pelvis_tilt_deg", "trunk_yaw_deg",
        "lean_deg", "shoulder_deg", "shoulder_mean_deg", "elbow_deg", "elbow_mean_deg",
    )  # fmt: skip
    table = np.array(
        [
            [
                *(getattr(step.manner, name) for name in names),
                float(step.direction == "backward"),
                float(step.gait == "run"),
                0.0 if step.on_spot else step.vigour,
                step.arm_swing,
            ]
            for step in frames.plan.steps
        ]
        or [[0.0] * (len(names) + 4)]
    )
    contact_s = [step.contact_s for step in frames.plan.steps]
    at = np.searchsorted(contact_s, frames.time_s).clip(0, len(table) - 1)
    smooth = gaussian_filter1d(table[at], 0.15 * frames.rate_hz, axis=0)
    return dict(zip((*names, "backward", "running", "vigour", "arm_swing"), smooth.T, strict=True))


def _phase(frames: _Frames) -> FloatArray:
    """(F,) stride phase: left contact at integers, right contact half-way."""
    steps = frames.plan.steps
    if len(steps) < 2:
        return np.zeros(len(frames.time_s))
    first = 0.5 if steps[0].side == "right" else 0.0
    knots = [(step.contact_s, first + 0.5 * number) for number, step in enumerate(steps)]
    usual_s = steps[0].stride_s
    # A session goes on for a stride beyond its ends, so that the first and last steps turn too.
    knots += [(knots[0][0] - usual_s, first - 1.0), (knots[-1][0] + usual_s, knots[-1][1] + 1.0)]
    return through(knots, frames.time_s)


def _restless(frames: _Frames, rng: np.random.Generator) -> FloatArray:
    """(F, 3) slow noise with unit variance."""
    width = frames.rate_hz / (2 * np.pi * RESTLESS_HZ)
    noise = gaussian_filter1d(rng.normal(size=(len(frames.time_s), 3)), width, axis=0)
    return np.asarray(noise * np.sqrt(2 * np.sqrt(np.pi) * width))


def _hips(
    frames: _Frames, feet: dict[Side, _Foot], sway: FloatArray, pelvis: Rotation
) -> FloatArray:
    """(F, 3) middle of the hips: path and sway, as high as the legs reach."""
    hips = frames.plan.path.position_m + sway
    leg_m = frames.size_m("thigh") + frames.size_m("shank")
    highest = np.full(len(hips), FURTHEST_REACH * leg_m + frames.size_m("ankle"))
    highest += frames.plan.path.position_m[:, 2]
    for side in SIDES:
        arm = pelvis.apply([0.0, OUTWARD[side] * frames.size_m("hips") / 2, 0.0])
        level = np.linalg.norm((feet[side].ankle_m - hips - arm)[:, :2], axis=1)
        reach = np.sqrt(np.maximum((FURTHEST_REACH * leg_m) ** 2 - level**2, 0.04))
        limit = feet[side].ankle_m[:, 2] + reach - arm[:, 2] - sway[:, 2]
        highest = np.where(feet[side].stands, np.minimum(highest, limit), highest)
    relative = np.maximum(highest - frames.plan.path.position_m[:, 2], DEEPEST_CROUCH * leg_m)
    lowest = minimum_filter1d(relative, int(1.4 * frames.rate_hz))
    hips[:, 2] += gaussian_filter1d(lowest, 0.35 * frames.rate_hz)
    return hips


def _leg(
    frames: _Frames, side: Side, hips: FloatArray, pelvis: Rotation, foot: _Foot
) -> dict[str, tuple[FloatArray, Rotation]]:
    """Hip, knee, ankle and toe of one side, by inverse kinematics."""
    thigh_m, shank_m = frames.size_m("thigh"), frames.size_m("shank")
    hip = hips + pelvis.apply([0.0, OUTWARD[side] * frames.size_m("hips") / 2, 0.0])
    down = gaussian_filter1d(foot.ankle_m - hip, LEG_SLUGGISHNESS_S * frames.rate_hz, axis=0)
    length = np.linalg.norm(down, axis=1, keepdims=True)
    down = down / length
    longest = 0.999 * (thigh_m + shank_m)
    soft = SOFT_REACH * longest
    length = longest - soft * np.logaddexp(0.0, (longest - length) / soft)
    along = (thigh_m**2 - shank_m**2 + length**2) / (2 * length)
    ahead = _square(pelvis.apply([1.0, 0.0, 0.0]) + foot.turn.apply([1.0, 0.0, 0.0]), down)
    bend = np.sqrt(np.maximum(thigh_m**2 - along**2, 0.0))
    knee = hip + along * down + bend * ahead
    toe_m = (1 + HEEL_OF_FOOT) * frames.size_m("foot")
    toe = foot.ankle_m + foot.turn.apply([toe_m, 0.0, -frames.size_m("ankle")])
    return {
        f"{side}_hip": (hip, _limb(hip - knee, ahead)),
        f"{side}_knee": (knee, _limb(knee - hip - down * length, ahead)),
        f"{side}_ankle": (foot.ankle_m, foot.turn),
        f"{side}_toe": (toe, foot.turn),
    }


def _square(vectors: FloatArray, axis: FloatArray) -> FloatArray:
    """(n, 3) unit vectors at right angles to an axis."""
    rest = vectors - np.einsum("ij,ij->i", vectors, axis)[:, None] * axis
    return np.asarray(rest / np.linalg.norm(rest, axis=1, keepdims=True))


def _limb(up: FloatArray, ahead: FloatArray) -> Rotation:
    """Attitude of a limb: z along ``up``, x nearest to ``ahead``."""
    up = up / np.linalg.norm(up, axis=1, keepdims=True)
    front = _square(ahead, up)
    return Rotation.from_matrix(np.stack([front, np.cross(up, front), up], axis=-1))


def _upper_body(
    frames: _Frames, hips: FloatArray, turns: dict[str, Rotation]
) -> dict[str, tuple[FloatArray, Rotation]]:
    """Chest, head and arms."""
    chest = hips + turns["chest"].apply([0.0, 0.0, frames.size_m("trunk")])
    neck_m = frames.size_m("head") - frames.size_m("trunk")
    joints = {
        "chest": (chest, turns["chest"]),
        "head": (chest + turns["chest"].apply([0.0, 0.0, neck_m]), turns["head"]),
    }
    for side in SIDES:
        arm, forearm = turns[f"{side}_arm"], turns[f"{side}_forearm"]
        width_m = OUTWARD[side] * frames.size_m("shoulders") / 2
        shoulder = chest + turns["chest"].apply([0.0, width_m, 0.0])
        elbow = shoulder + arm.apply([0.0, 0.0, -frames.size_m("upper-arm")])
        wrist = elbow + forearm.apply([0.0, 0.0, -frames.size_m("forearm")])
        joints[f"{side}_shoulder"] = (shoulder, arm)
        joints[f"{side}_elbow"] = (elbow, forearm)
        joints[f"{side}_wrist"] = (wrist, forearm)
    return joints


def _skeleton(joints: dict[str, tuple[FloatArray, Rotation]], frames: _Frames) -> Motion:
    """Pack joints as a motion capture."""
    names = tuple(joints)
    return Motion(
        name="simulated",
        names=names,
        frame_time_s=1.0 / frames.rate_hz,
        positions_m=np.stack([positions for positions, _ in joints.values()], axis=1),
        rotations=np.stack([turns.as_matrix() for _, turns in joints.values()], axis=1),
        roles={("pelvis" if name == "hips" else name): i for i, name in enumerate(names)},
    )


def _slice(time_s: FloatArray, begin_s: float, end_s: float) -> slice:
    """Frames in [begin, end)."""
    begin, end = np.searchsorted(time_s, [begin_s, end_s])
    return slice(int(begin), int(end))
