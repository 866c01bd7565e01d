"""Virtual sensors: what an accelerometer and a gyroscope on a moving skeleton would read.

A sensor is fixed to a body segment at an anatomical point. Its path and attitude are smoothed,
joined by quintic splines and differentiated, so it reads the specific force ``Rᵀ(a − g)`` and the
angular rate of the segment, at any sampling rate.

What a 30 Hz capture cannot show, whatever the rate of the virtual sensor:

- anything above about 9 Hz: the smoothing (`CUTOFF_OF_RATE`) removes it, since differentiating
  positions twice multiplies their noise by the square of the frequency. The spike of a heel
  strike, the softer touch of a toe and the ring of a shoe are mostly above that. In real
  recordings 60 % of the acceleration's variance is above it at the instep, 11 % at a belt in
  walking and 21 % in jogging (own measurement on `uci-sangenis-foot` and `sisfall-waist`);
- anything that skin, cloth and straps do: a wobble, a phone that swings or turns in a pocket
  (a real pocket also lags the thigh), a swaying bag, a phone held up before the eyes;
- steps of one or two frames: the contact times of `direction_truth` are good to about 30 ms.

Axes of an unturned sensor (``mounting`` identity), for every placement: **x to the wearer's front,
y to the left, z up**, as the segment lies in quiet standing with hanging arms. They stay with the
segment: on a forearm held level x points up. The front of the device is ``mounting⁻¹ · (1, 0, 0)``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import ndimage
from scipy.interpolate import BSpline, make_interp_spline
from scipy.spatial.transform import Rotation

from retrodetect.errors import InputError, UsageError
from retrodetect.lab.simulate.bvh import SIDES, Motion, Side
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray, Recording
from retrodetect.signal import zero_phase
from retrodetect.sites import SITES, canonical_site

__all__ = [
    "PERFECT", "SensorErrors", "contact_times_s", "direction_intervals", "direction_truth",
    "limits", "virtual_sensor",
]  # fmt: skip

GRAVITY_MPS2 = np.array([0.0, 0.0, -STANDARD_GRAVITY_MPS2])

CUTOFF_OF_RATE = 0.3
MAX_CUTOFF_HZ = 15.0
"""Low-pass of paths and attitudes: 0.3 of the capture rate (9 Hz at 30 fps) and never above
15 Hz, fourth order without lag. The noise of a second derivative grows with the square of the
frequency, and above 15 Hz gait of trunk and thigh has little power (Antonsson & Mann 1985)."""

MIN_FRAMES = 12
"""A quintic spline and a padded filter need this many frames."""

SLOW_HZ = 0.7
"""Low-pass of pelvis velocity and facing for the truth: below the stride frequency, so that the
sway and twist of each stride do not count as travel or turning. At 1 Hz a strutting walk of the
Bandai Namco set still counted as turns; at 0.5 Hz real turns of 45° no longer showed."""

STILL_MPS = 0.2
"""Pelvis speed below which the wearer is still: a third of very slow walking (0.6 m/s)."""

AHEAD_DEG = 45.0
"""Travel within this angle of the facing is forward, of its opposite backward, else sideways."""

TURNING_RADPS = np.deg2rad(50.0)
"""Yaw rate above which the wearer turns: well above walking a circle of 2 m radius
(1.3 m/s: 37 °/s), well below a turn on the spot (90 °/s and more)."""

CONFIDENT_DEG = 30.0
MIN_CONFIDENT_S = 0.5
MIN_CONFIDENT_MPS = 0.35

CONTACT_OF_PEAK = 0.25
MIN_CONTACT_MPS = 0.3
"""A foot stands while ankle or toe joint is slower than this fraction of its fastest speed within
`GAIT_WINDOW_S`. Speed, not height: the floor of a capture may be tilted (it rises 1 cm per metre
in the ACCAD female set, own measurement). Checked on captures whose names state the gait: no flight
in any plain walk, forward or backward, of two actors and ten acted styles."""

MIN_CONTACT_S = 0.1

HAND_OF_FOREARM = 0.74
"""Length of the hand over that of the forearm (Winter 2009, figure 4.1: 0.108 / 0.146)."""

ALONG = 0.1
"""Sine of the angle below which a limb lies along the line of the shoulders."""

GAIT_WINDOW_S = 1.2
"""Window that separates walking from running: at least one stride, even a slow one."""


@dataclass(frozen=True, slots=True)
class SensorErrors:
    """Errors of a device."""

    noise_mps2: float = 0.0  # standard deviation of white noise per sample and axis
    noise_radps: float = 0.0
    bias_mps2: float = 0.0  # standard deviation of the constant offset drawn per axis
    bias_radps: float = 0.0
    # standard deviation of the sampling instants around an even clock; time stamps are the
    # true instants, as in phones. Limited to 0.45 of a sampling interval.
    jitter_s: float = 0.0
    clip_mps2: float = np.inf  # range of the device: larger values read as this
    clip_radps: float = np.inf

    def but(self, **changes: float | None) -> SensorErrors:
        """Return the same device with figures changed; None keeps a figure."""
        changed = {name: value for name, value in changes.items() if value is not None}
        return replace(self, **changed)

    def instants_s(self, duration_s: float, rate_hz: float, rng: np.random.Generator) -> FloatArray:
        """(n,) strictly increasing sampling instants in [0, duration_s], the first at 0."""
        even = np.arange(int(np.floor(duration_s * rate_hz + 1e-9)) + 1) / rate_hz
        jitter = np.clip(rng.normal(size=len(even)) * self.jitter_s * rate_hz, -0.45, 0.45)
        jitter[0] = 0.0
        return np.clip(even + jitter / rate_hz, 0.0, max(duration_s, even[-1]))

    def distort(
        self,
        acceleration_mps2: FloatArray,
        angular_rate_radps: FloatArray,
        rng: np.random.Generator,
    ) -> tuple[FloatArray, FloatArray]:
        """Return both (n, 3) readings with bias, noise and clipping."""

        def worse(values: FloatArray, bias: float, noise: float, limit: float) -> FloatArray:
            values = values + bias * rng.normal(size=3) + noise * rng.normal(size=values.shape)
            return np.clip(values, -limit, limit)

        return (
            worse(acceleration_mps2, self.bias_mps2, self.noise_mps2, self.clip_mps2),
            worse(angular_rate_radps, self.bias_radps, self.noise_radps, self.clip_radps),
        )


PERFECT = SensorErrors()
"""A device without errors."""


def virtual_sensor(
    motion: Motion,
    placement: str,
    *,
    rate_hz: float = 100.0,
    side: Side = "left",
    offset_m: tuple[float, float, float] = (0.0, 0.0, 0.0),
    mounting: Rotation | None = None,
    errors: SensorErrors = PERFECT,
    seed: int = 0,
) -> Recording:
    """Record a moving skeleton with a sensor worn at a body site.

    The placement is a name or an everyday word; `sites.SITES` has its point and segment. The sensor
    sits at an offset to the front, left and up. ``mounting`` rotates vectors from the device frame
    to the axes of the site (x front, y left, z up); None aligns the two. The recording has specific
    force with gravity and angular rate in the device frame.

    ``f = Rᵀ(a − g)``, with R the attitude of the device; the module lists what the capture rate
    leaves out. The first and last 0.1 s depend on the padding of the filter.
    """
    placement = canonical_site(placement)
    if side not in SIDES or not rate_hz > 0:
        raise UsageError(
            f"cannot simulate a sensor on side {side!r} at {rate_hz:g} Hz",
            remedy="use left or right, and a positive rate",
        )
    if motion.frames < MIN_FRAMES:
        raise InputError(
            f"{motion.frames} frames are too few to differentiate",
            file=motion.name,
            remedy=f"use a clip of at least {MIN_FRAMES} frames",
        )
    rng = np.random.default_rng(seed)
    point_m, axes = _site_path(motion, placement, side, np.asarray(offset_m))
    attitude = Rotation.from_matrix(axes)
    if mounting is not None:
        attitude = attitude * mounting
    time_s = errors.instants_s(float(motion.time_s[-1]), rate_hz, rng)
    acceleration, rotation = _readings(motion, point_m, attitude, time_s)
    acceleration, rotation = errors.distort(acceleration, rotation, rng)
    return Recording(
        name=f"{motion.name}#{side}-{placement}",
        time_s=time_s,
        acceleration_mps2=acceleration,
        rate_hz=rate_hz,
        format="virtual",
        angular_rate_radps=rotation,
        placement=placement,
    )


def limits(motion: Motion) -> str:
    """Return a sentence on what a capture cannot show, whatever the rate of its sensors."""
    cutoff_hz = min(CUTOFF_OF_RATE * motion.rate_hz, MAX_CUTOFF_HZ)
    return (
        f"a capture at {motion.rate_hz:.3g} Hz shows nothing above {cutoff_hz:.2g} Hz: the spike"
        " of a heel strike, the ring of a shoe, and whatever a pocket or a strap does are missing;"
        f" contact times are good to about {1000 / motion.rate_hz:.0f} ms"
    )


def direction_truth(motion: Motion) -> pd.DataFrame:
    """Facing and travel of the skeleton in every frame, and which feet stand.

    The facing is a unit vector; ``forward_mps`` is the travel of the hips along it, ``lateral_mps``
    to its left, all below `SLOW_HZ`. ``direction`` is forward, backward, sideways, turning or
    still, ``gait`` walk, run or none.

    The facing is square to the mean of hip and shoulder lines, which twist against each other in
    gait. Running is travel with more time in the air than on both feet, that is a duty factor below
    one half (Alexander, Physiol Rev 69, 1989); hips also bounce as on a spring in crouched and
    tiptoe walks, without any flight.
    """
    hips_m = (motion.position_m("left_hip") + motion.position_m("right_hip"))[:, :2] / 2
    facing = _low_pass(motion, _facing(motion), SLOW_HZ, order=2)
    facing /= np.linalg.norm(facing, axis=1, keepdims=True)
    velocity = np.gradient(_low_pass(motion, hips_m, SLOW_HZ, order=2), axis=0) * motion.rate_hz
    forward = np.einsum("ij,ij->i", velocity, facing)
    lateral = facing[:, 0] * velocity[:, 1] - facing[:, 1] * velocity[:, 0]
    left, right = _contact(motion, "left"), _contact(motion, "right")
    heading = np.unwrap(np.arctan2(facing[:, 1], facing[:, 0]))
    yaw_rate = np.gradient(heading) * motion.rate_hz
    direction = _direction(forward, lateral, yaw_rate)
    return pd.DataFrame(
        {
            "time_s": motion.time_s,
            "facing_x": facing[:, 0],
            "facing_y": facing[:, 1],
            "velocity_x_mps": velocity[:, 0],
            "velocity_y_mps": velocity[:, 1],
            "forward_mps": forward,
            "lateral_mps": lateral,
            "yaw_rate_radps": yaw_rate,
            "left_contact": left,
            "right_contact": right,
            "direction": direction,
            "gait": np.where(direction == "still", "none", _gait(motion, left, right)),
        }
    )


def direction_intervals(truth: pd.DataFrame) -> pd.DataFrame:
    """Half-open stretches of one direction and gait.

    ``confident`` ones are long, fast and straight enough to teach or to judge.
    """
    state = truth["direction"] + truth["gait"]
    frame_s = float(truth["time_s"].diff().median())
    ahead_deg = np.rad2deg(np.arctan2(truth["lateral_mps"].abs(), truth["forward_mps"].abs()))
    off_deg = np.where(truth["direction"] == "sideways", 90.0 - ahead_deg, ahead_deg)
    rows = truth.assign(off_deg=off_deg, speed=np.hypot(truth["forward_mps"], truth["lateral_mps"]))
    table = rows.groupby(state.ne(state.shift()).cumsum()).agg(
        start_s=("time_s", "first"),
        end_s=("time_s", "last"),
        direction=("direction", "first"),
        gait=("gait", "first"),
        off_deg=("off_deg", "median"),
        speed=("speed", "median"),
    )
    table["end_s"] += frame_s
    still = table["direction"].isin(("still", "turning"))
    table["confident"] = (table["end_s"] - table["start_s"] >= MIN_CONFIDENT_S) & (
        still | ((table["off_deg"] <= CONFIDENT_DEG) & (table["speed"] >= MIN_CONFIDENT_MPS))
    )
    return table.drop(columns=["off_deg", "speed"]).reset_index(drop=True)


def contact_times_s(truth: pd.DataFrame, side: Side) -> FloatArray:
    """(k,) times at which a foot meets the ground (initial contacts), in seconds, in order.

    Contacts shorter than `MIN_CONTACT_S`, or already under way at the first frame, do not count.
    """
    stands = truth[f"{side}_contact"].to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], stands, [False]]).astype(int)))
    begin, end = edges[::2], edges[1::2]
    time_s = truth["time_s"].to_numpy()
    long = time_s[end - 1] - time_s[begin] >= MIN_CONTACT_S
    return np.asarray(time_s[begin[long & (begin > 0)]])


def _site_path(
    motion: Motion, placement: str, side: Side, shift_m: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Path of the sensor (F, 3) and its site's axes (F, 3, 3: columns front, left, up)."""
    site = SITES[placement]
    joint, origin_m, bone_m, own_axes = _segment(motion, site.segment, side)
    outward = -1.0 if side == "right" and site.on_limb else 1.0
    front, out, up = site.offset_m
    local_m = origin_m + site.along * bone_m
    local_m = local_m + own_axes @ (np.array([front, outward * out, up]) + shift_m)
    rotation = motion.rotations[:, joint]
    return motion.positions_m[:, joint] + rotation @ local_m, rotation @ own_axes


def _segment(
    motion: Motion, segment: str, side: Side
) -> tuple[int, FloatArray, FloatArray, FloatArray]:
    """Joint that carries a segment and, in its frame, the origin, bone and anatomical axes.

    The frames of the file are arbitrary, so the axes are built from joint positions: limbs have
    z along the bone toward the trunk and y nearest to the trunk's left; trunk and head have z
    along the mean vertical of the clip; the foot has x to the toe and z up while it stands flat.
    """
    if segment in ("pelvis", "chest"):
        part = {"pelvis": "hip", "chest": "shoulder"}[segment]
        joint = motion.joint(segment)
        ends = motion.position_m(f"left_{part}"), motion.position_m(f"right_{part}")
        origin = _mean_in(motion, joint, (ends[0] + ends[1]) / 2 - motion.positions_m[:, joint])
        left = _mean_in(motion, joint, ends[0] - ends[1])
        return joint, origin, np.zeros(3), _axes(_up_in(motion, joint), left)
    if segment == "head":
        joint = motion.joint("head")
        left = _mean_in(motion, joint, _leftward(motion, "shoulder"))
        return joint, np.zeros(3), np.zeros(3), _axes(_up_in(motion, joint), left)
    near, far, trunk = {
        "thigh": ("hip", "knee", "hip"),
        "shank": ("knee", "ankle", "hip"),
        "foot": ("ankle", "toe", "hip"),
        "upper-arm": ("shoulder", "elbow", "shoulder"),
        "forearm": ("elbow", "wrist", "shoulder"),
        "hand": ("wrist", "wrist", "shoulder"),
    }[segment]
    joint = motion.joint(f"{side}_{near}")
    bone_in_world = motion.position_m(f"{side}_{far}") - motion.positions_m[:, joint]
    if segment == "hand":
        elbow = motion.position_m(f"{side}_elbow")
        bone_in_world = (motion.positions_m[:, joint] - elbow) * HAND_OF_FOREARM
    bone = _mean_in(motion, joint, bone_in_world)
    if segment == "foot":
        up = _flat_up(motion, joint, side)
        return joint, np.zeros(3), bone, _axes(up, np.cross(up, bone))
    left = _mean_in(motion, joint, _leftward(motion, trunk))
    if np.linalg.norm(np.cross(left, bone)) < ALONG * np.linalg.norm(left) * np.linalg.norm(bone):
        # Arms stretched sideways for a whole clip: the outside of a hanging arm faces up.
        left = _up_in(motion, joint) * (1.0 if side == "left" else -1.0)
    return joint, np.zeros(3), bone, _axes(-bone, left)


def _mean_in(motion: Motion, joint: int, vectors: FloatArray) -> FloatArray:
    """(3,) mean over the clip of world vectors (F, 3), in a joint's frame."""
    local = np.einsum("fij,fi->fj", motion.rotations[:, joint], vectors)
    return np.asarray(local.mean(axis=0))


def _up_in(motion: Motion, joint: int) -> FloatArray:
    """(3,) mean over the clip of the vertical in a joint's frame."""
    return np.asarray(motion.rotations[:, joint, 2].mean(axis=0))


def _leftward(motion: Motion, part: str) -> FloatArray:
    """(F, 3) line from the right to the left joint of hips or shoulders."""
    return motion.position_m(f"left_{part}") - motion.position_m(f"right_{part}")


def _flat_up(motion: Motion, joint: int, side: Side) -> FloatArray:
    """(3,) vertical in the foot's frame while it stands flat: ankle and toe slow and low."""
    ankle, toe = motion.position_m(f"{side}_ankle"), motion.position_m(f"{side}_toe")
    unrest = _speed(ankle, motion.rate_hz) + _speed(toe, motion.rate_hz)
    flat = unrest <= np.quantile(unrest, 0.1)
    return np.asarray(motion.rotations[flat, joint, 2].mean(axis=0))


def _axes(up: FloatArray, left: FloatArray) -> FloatArray:
    """(3, 3) columns front, left, up; up is kept, left made square to it."""
    up = up / np.linalg.norm(up)
    front = np.cross(left, up)
    front = front / np.linalg.norm(front)
    return np.stack([front, np.cross(up, front), up], axis=1)


def _readings(
    motion: Motion, point_m: FloatArray, attitude: Rotation, time_s: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Specific force and angular rate (n, 3) of a device with this path and attitude."""
    quaternion = _unbroken(attitude.as_quat())
    path = _spline(motion, point_m)
    turning = _spline(motion, quaternion)
    acceleration = path(time_s, 2)
    length = np.linalg.norm(turning(time_s), axis=1, keepdims=True)
    device = Rotation.from_quat(turning(time_s))
    force = device.inv().apply(acceleration - GRAVITY_MPS2)
    return force, _body_rate(turning(time_s) / length, turning(time_s, 1) / length)


def _unbroken(quaternion: FloatArray) -> FloatArray:
    """Quaternions (F, 4) with signs chosen so that neighbours are near."""
    agree = np.einsum("ij,ij->i", quaternion[1:], quaternion[:-1])
    sign = np.cumprod(np.concatenate([[1.0], np.where(agree < 0, -1.0, 1.0)]))
    return quaternion * sign[:, None]


def _body_rate(quaternion: FloatArray, derivative: FloatArray) -> FloatArray:
    """(n, 3) angular rate in the body frame: vector part of 2 q* q'; scalar last."""
    vector, scalar = quaternion[:, :3], quaternion[:, 3:]
    d_vector, d_scalar = derivative[:, :3], derivative[:, 3:]
    return 2.0 * (scalar * d_vector - d_scalar * vector - np.cross(vector, d_vector))


def _spline(motion: Motion, values: FloatArray) -> BSpline:
    """Quintic spline through low-passed values (F, k)."""
    cutoff_hz = min(CUTOFF_OF_RATE * motion.rate_hz, MAX_CUTOFF_HZ)
    smooth = _low_pass(motion, values, cutoff_hz, order=4)
    return make_interp_spline(motion.time_s, smooth, k=5)


def _low_pass(motion: Motion, values: FloatArray, cutoff_hz: float, order: int) -> FloatArray:
    """Values (F, k) below a frequency; the motion is extrapolated beyond the ends."""
    pad_s = 2 / cutoff_hz + 1 / motion.rate_hz
    return zero_phase(values, cutoff_hz, order=order, rate_hz=motion.rate_hz, pad_s=pad_s)


def _speed(positions_m: FloatArray, rate_hz: float) -> FloatArray:
    """(F,) speed in m/s."""
    return np.asarray(np.linalg.norm(np.gradient(positions_m, axis=0), axis=1) * rate_hz)


def _direction(forward: FloatArray, lateral: FloatArray, yaw_rate: FloatArray) -> NDArray[np.str_]:
    """(F,) direction labels from slow speeds (m/s) and yaw rate (rad/s)."""
    angle_deg = np.rad2deg(np.arctan2(np.abs(lateral), forward))
    return np.select(
        [
            np.abs(yaw_rate) > TURNING_RADPS,
            np.hypot(forward, lateral) < STILL_MPS,
            angle_deg <= AHEAD_DEG,
            angle_deg >= 180.0 - AHEAD_DEG,
        ],
        ["turning", "still", "forward", "backward"],
        default="sideways",
    )


def _facing(motion: Motion) -> FloatArray:
    """(F, 2) level vector square to the mean of the hip and, if present, the shoulder line."""
    parts = ["hip"] + ["shoulder"] * ("chest" in motion.roles)
    lines = [_leftward(motion, part)[:, :2] for part in parts]
    left = np.sum([line / np.linalg.norm(line, axis=1, keepdims=True) for line in lines], axis=0)
    return np.stack([left[:, 1], -left[:, 0]], axis=1)


def _contact(motion: Motion, side: Side) -> NDArray[np.bool_]:
    """(F,) whether ankle or toe is slow for this gait."""
    speed = np.minimum(
        *(_speed(motion.position_m(f"{side}_{part}"), motion.rate_hz) for part in ("ankle", "toe"))
    )
    peak = ndimage.maximum_filter1d(speed, _window(motion))
    return np.asarray(speed < np.maximum(MIN_CONTACT_MPS, CONTACT_OF_PEAK * peak))


def _gait(motion: Motion, left: NDArray[np.bool_], right: NDArray[np.bool_]) -> NDArray[np.str_]:
    """(F,) walk or run, by whether flight or double support lasts longer around each frame."""
    flight_less_double = (~left & ~right).astype(float) - (left & right)
    return np.where(
        ndimage.uniform_filter1d(flight_less_double, _window(motion)) >= 0, "run", "walk"
    )


def _window(motion: Motion) -> int:
    """Odd number of frames in `GAIT_WINDOW_S`."""
    return int(GAIT_WINDOW_S * motion.rate_hz) | 1
