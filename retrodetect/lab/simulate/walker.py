"""The parametric walker: sessions of made-up people whose every stride is known.

``walk`` lets a person do a list of sections, ``wear`` puts a device on them. A session may be
worn with any number of devices:

>>> from retrodetect.lab.simulate import Section, walk, wear
>>> session = walk([Section("walk", 5.0), Section("walk", 5.0, "backward")], seed=7)
>>> recording = wear(session, "waist", rate_hz=50.0, seed=7)
>>> sorted(session.strides["direction"].unique())
['backward', 'forward']
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import signal as sps
from scipy.spatial.transform import Rotation

from retrodetect.lab.simulate.body import move_body
from retrodetect.lab.simulate.bvh import Motion, Side
from retrodetect.lab.simulate.steps import Person, Plan, Section, plan_steps, true_strides
from retrodetect.lab.simulate.virtual import SensorErrors, virtual_sensor
from retrodetect.recording import FloatArray, Recording
from retrodetect.sites import SITES, Impact, canonical_site

__all__ = ["PHONE", "Person", "Section", "Walk", "walk", "wear"]

MOTION_RATE_HZ = 200.0
"""Frames per second of the simulated body; its motion stays below 15 Hz."""

PHONE = SensorErrors(
    noise_mps2=0.02,
    noise_radps=0.002,
    bias_mps2=0.08,
    bias_radps=0.005,
    jitter_s=0.0004,
    clip_mps2=78.0,
    clip_radps=34.9,
)
"""A phone: noise density and offsets of common parts (Bosch BMI160 data sheet, rev. 08:
180 µg/√Hz, 0.007 °/s/√Hz) after calibration by the maker; ±8 g and ±2000 °/s."""

LOOSE_DAMPING = (0.15, 0.35)
LOOSE_SPREAD = 0.25
"""Range of damping, and spread of frequency, between one wearing and the next."""

TEXTURE = 0.35
"""Irregular part of what a site feels (muscle, cloth, ground), against its own motion [D]."""

TEXTURE_BAND_HZ = (2.0, 12.0)


@dataclass(frozen=True, slots=True)
class Walk:
    """A session as it truly was."""

    motion: Motion  # the moving skeleton, as a motion capture would hold it
    plan: Plan  # footsteps and way of the body
    person: Person  # person who walked
    strides: pd.DataFrame  # one row per stride, see `true_strides`

    def contacts_s(self, side: Side) -> FloatArray:
        """(k,) initial contacts of one foot, in seconds from the start."""
        return np.array([step.contact_s for step in self.plan.steps if step.side == side])


def walk(sections: Sequence[Section], *, person: Person | None = None, seed: int = 0) -> Walk:
    """Let a person, None to draw one from the seed, do a list of sections.

    A session starts and ends standing. The seed is also that of all variation between strides.
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

    The skeleton's motion below 15 Hz is measured by `virtual_sensor`. Above that come the shocks of
    the initial contacts, quick to rise and slow to fade whichever way the wearer goes, and the
    looseness of pockets, bags and hands.
    """
    site = SITES[canonical_site(placement)]
    rng = np.random.default_rng(seed)
    perfect = SensorErrors(jitter_s=errors.jitter_s)
    moved = virtual_sensor(
        session.motion,
        site.name,
        rate_hz=rate_hz,
        side=side,
        offset_m=offset_m,
        errors=perfect,
        seed=seed,
    )
    force = moved.acceleration_mps2 + _shocks(session, site.impact, side, moved.time_s, rng)
    force = _loose(force, site.looseness, rate_hz, rng)
    force = force + _texture(force, rate_hz, rng)
    rotation = moved.angular_rate_radps
    assert rotation is not None
    if mounting is not None:
        force, rotation = mounting.inv().apply(force), mounting.inv().apply(rotation)
    force, rotation = errors.distort(force, rotation, rng)
    return replace(moved, name=name, acceleration_mps2=force, angular_rate_radps=rotation)


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
        way = np.array([against * impact.braking, 0.15 * rng.normal(), 1.0])
        ring = strength * _ring(impact, time_s[begin:end] - begin_s)
        total[begin:end] += ring[:, None] * way
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
    """What a device on a damped spring feels of its site's force (causal; gravity unchanged).

    The spring also turns part of the motion along one axis into motion along the others.
    """
    frequency_hz, part = looseness
    omega = 2 * np.pi * frequency_hz * np.exp(LOOSE_SPREAD * rng.normal())
    damping = rng.uniform(*LOOSE_DAMPING)
    coupling = part * (np.eye(3) + 0.5 * rng.normal(size=(3, 3)))
    if omega > 0.8 * np.pi * rate_hz or len(force) == 0:
        return force
    taps = sps.bilinear([-1.0, 0.0, 0.0], [1.0, 2 * damping * omega, omega**2], fs=rate_hz)
    own = sps.lfilter(*taps, force - force[:1], axis=0)
    return np.asarray(force + own @ coupling.T)


def _texture(force: FloatArray, rate_hz: float, rng: np.random.Generator) -> FloatArray:
    """(n, 3) irregular part, in proportion to how much the site moves at the time."""
    low_hz, high_hz = TEXTURE_BAND_HZ[0], min(TEXTURE_BAND_HZ[1], 0.45 * rate_hz)
    if low_hz >= high_hz:
        return np.zeros_like(force)
    band = sps.butter(2, [low_hz, high_hz], "bandpass", fs=rate_hz, output="sos")
    noise = sps.sosfilt(band, rng.normal(size=force.shape), axis=0)
    noise *= np.sqrt(rate_hz / 2 / (high_hz - low_hz))
    effort = sps.sosfilt(sps.butter(1, low_hz, fs=rate_hz, output="sos"), _unrest(force, rate_hz))
    return np.asarray(TEXTURE * effort[:, None] * noise)


def _unrest(force: FloatArray, rate_hz: float) -> FloatArray:
    """(n,) size of the quick part of the force, per axis."""
    quick = sps.butter(1, 0.5, "highpass", fs=rate_hz, output="sos")
    return np.asarray(
        np.linalg.norm(sps.sosfilt(quick, force - force[:1], axis=0), axis=1) / 3**0.5
    )
