"""How people walk and run, forward and backward: every figure of the walker, with its source.

Four manners of gait, each a `Manner` in `MANNERS`. Sources are given short:

- Winter91: Winter, The Biomechanics and Motor Control of Human Gait, 2nd ed., 1991.
- Winter09: Winter, Biomechanics and Motor Control of Human Movement, 4th ed., 2009.
- Grieve66: Grieve & Gear, Ergonomics 9:379 (step frequency as a power of speed).
- AJ80: Alexander & Jayes, J Biomech 13:383, 1980 (force of one foot as a two-term series).
- Novacheck98: Novacheck, The biomechanics of running, Gait & Posture 7:77.
- Cavagna88, Cavagna12: J Physiol 399:81 (step frequency of running); J Exp Biol 215:75
  (backward running: stiffer, longer in the air, slow brake and quick push).
- Winter89, Grasso98, Lee13: J Mot Behav 21:291; J Neurophysiol 80:1868; Gait & Posture 38:674
  (backward walking: kinematics close to time-reversed forward walking, toe first).
- Laufer05: J Gerontol A 60:627 (backward: cadence kept, shorter strides, more double support).
- Threlkeld89, DeVita91: JOSPT 11:56; Med Sci Sports Exerc 23:602 (backward running, forefoot
  first, less reach).
- Murray67: Phys Ther 47:272 (arms, pelvis and trunk in walking).
- Lafortune91: J Biomech 24:877 (tibia after foot strike: 2.7–3.7 g walking, 10.6 g running).

`[D]` marks our own choice, made so that signals resemble real ones; see ``docs/simulator.md``.
The foot's angles follow these sources in order and size. Their timing, and the figures of the
swing (push, brake, landing, clearance), were set by eye against real feet [D].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["MANNERS", "Direction", "Gait", "Manner"]

Gait = Literal["walk", "run"]
Direction = Literal["forward", "backward"]

Knots = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Manner:
    """One gait in one direction."""

    speed_mps: float  # comfortable speed
    cadence_spm: float  # steps per minute of a person of 1.72 m at ``speed_mps``
    cadence_exponent: float  # exponent of speed in the cadence
    duty: float  # fraction of the stride that a foot stands, at ``speed_mps``
    duty_slope: float  # its change per m/s
    # weight q of the third harmonic in ``sin(πs) + q·sin(3πs)``, the vertical force over the
    # stance fraction s, at ``speed_mps``; proportional to speed (AJ80)
    force_shape: float
    force_skew: float  # weight of ``sin(2πs)``: above 0 if the first half of stance carries more
    stance_pitch_deg: Knots  # toe-up angle of the foot at fractions of stance
    swing_pitch_deg: Knots  # the same at fractions of swing
    # acceleration of the foot at lift-off and deceleration at contact, in lengths of the swing per
    # square of its duration
    swing_push: float
    swing_brake: float
    landing: float  # speed over ground at contact, relative to the mean speed of the swing
    # lift of the sole's lowest point in early and late swing: height in m, and the powers of the
    # elapsed and remaining parts of swing with which it rises and falls
    clearance: tuple[tuple[float, float, float], ...]
    # amplitudes about the vertical, the fore-aft and the lateral axis; trunk against pelvis
    pelvis_yaw_deg: float
    pelvis_roll_deg: float
    pelvis_tilt_deg: float
    trunk_yaw_deg: float
    lean_deg: float  # forward lean of the trunk
    # amplitude and mean of flexion
    shoulder_deg: float
    shoulder_mean_deg: float
    elbow_deg: float
    elbow_mean_deg: float
    impact: float  # strength of the foot strike relative to forward walking


MANNERS: dict[tuple[Gait, Direction], Manner] = {
    ("walk", "forward"): Manner(
        speed_mps=1.3,
        cadence_spm=112.0,  # Winter91, natural cadence
        cadence_exponent=0.42,  # Grieve66
        duty=0.61,  # Winter91
        duty_slope=-0.075,  # Grieve66: stance shrinks as speed grows
        force_shape=0.42,  # AJ80
        force_skew=0.03,  # Winter91: first peak a little higher
        stance_pitch_deg=(  # Winter91: heel strike, foot flat, heel off, toe off
            (0.0, 15.0), (0.04, 6.0), (0.09, 1.5), (0.16, 0.0), (0.5, 0.0), (0.62, -1.5),
            (0.73, -5.0), (0.82, -13.0), (0.89, -26.0), (0.95, -44.0), (1.0, -60.0),
        ),
        swing_pitch_deg=(
            (0.05, -67.0), (0.1, -68.0), (0.18, -62.0), (0.3, -48.0), (0.45, -27.0),
            (0.6, -6.0), (0.75, 11.0), (0.87, 19.0), (0.93, 19.5),
        ),
        swing_push=4.0, swing_brake=6.5, landing=0.05,
        clearance=((0.018, 1.0, 4.0), (0.03, 9.0, 1.8)),
        pelvis_yaw_deg=5.0,  # Murray67
        pelvis_roll_deg=2.4,  # [D] real belts and lower backs; Murray67 has 4
        pelvis_tilt_deg=1.2, trunk_yaw_deg=-8.0, lean_deg=2.0,
        shoulder_deg=13.0,  # Murray67
        shoulder_mean_deg=-5.0, elbow_deg=12.0, elbow_mean_deg=25.0, impact=1.0,
    ),
    ("walk", "backward"): Manner(
        speed_mps=0.9,  # Laufer05
        cadence_spm=108.0,  # Laufer05: as forward
        cadence_exponent=0.42,
        duty=0.62,  # Laufer05: more double support, each at its own comfortable speed
        duty_slope=-0.075, force_shape=0.32,
        force_skew=0.05,  # [D] landing on the toe loads early, push-off is weak (Jansen 2012)
        stance_pitch_deg=(  # Winter89, Grasso98: forward reversed, toe first
            (0.0, -28.0), (0.08, -19.0), (0.18, -7.0), (0.3, 0.0),
            (0.8, 0.0), (0.9, 5.0), (1.0, 14.0),
        ),
        swing_pitch_deg=(
            (0.1, 19.0), (0.25, 13.0), (0.4, -1.0), (0.55, -14.0), (0.7, -23.0), (0.85, -28.0),
            (0.94, -29.5),
        ),
        swing_push=4.0, swing_brake=1.5, landing=0.2, clearance=((0.02, 4.0, 3.0),),
        pelvis_yaw_deg=4.0, pelvis_roll_deg=1.8, pelvis_tilt_deg=1.2, trunk_yaw_deg=-5.0,
        lean_deg=0.0,
        shoulder_deg=8.0,  # [D] arms swing less
        shoulder_mean_deg=-2.0, elbow_deg=6.0, elbow_mean_deg=30.0,
        impact=0.45,  # [D] softer
    ),
    ("run", "forward"): Manner(
        speed_mps=2.7,
        cadence_spm=163.0,  # Cavagna88
        cadence_exponent=0.12,  # Cavagna88: hardly changes below 4 m/s
        duty=0.37,  # Novacheck98
        duty_slope=-0.037,
        force_shape=-0.1,  # AJ80
        force_skew=0.06,  # Cavagna12: quick brake, slow push
        stance_pitch_deg=(
            (0.0, 12.0), (0.14, 0.0), (0.42, 0.0), (0.58, -5.0), (0.75, -17.0), (0.88, -36.0),
            (1.0, -64.0),
        ),
        swing_pitch_deg=(
            (0.07, -83.0), (0.15, -97.0), (0.25, -103.0), (0.36, -95.0), (0.5, -66.0),
            (0.65, -29.0), (0.8, 3.0), (0.92, 14.0),
        ),
        swing_push=4.0, swing_brake=3.0, landing=0.2,
        clearance=((0.04, 1.0, 4.0), (0.1, 3.0, 1.2)),
        pelvis_yaw_deg=7.0,  # Novacheck98
        pelvis_roll_deg=5.0, pelvis_tilt_deg=2.0, trunk_yaw_deg=-14.0, lean_deg=7.0,
        shoulder_deg=24.0, shoulder_mean_deg=-18.0, elbow_deg=12.0, elbow_mean_deg=90.0,
        impact=2.6,  # Lafortune91
    ),
    ("run", "backward"): Manner(
        speed_mps=2.0,
        cadence_spm=174.0,  # Cavagna12: higher step frequency
        cadence_exponent=0.2,
        duty=0.36,  # Cavagna12: longer in the air
        duty_slope=-0.037, force_shape=-0.1,
        force_skew=-0.06,  # Cavagna12: slow brake, quick push
        stance_pitch_deg=(  # Threlkeld89: forefoot first
            (0.0, -26.0), (0.15, -14.0), (0.32, -4.0), (0.5, 0.0), (0.75, -2.0), (1.0, -8.0),
        ),
        swing_pitch_deg=(
            (0.15, -10.0), (0.3, -22.0), (0.5, -44.0), (0.7, -48.0), (0.87, -36.0),
        ),
        swing_push=4.0, swing_brake=1.0, landing=0.35,
        clearance=((0.06, 2.0, 3.0), (0.05, 3.0, 1.5)), pelvis_yaw_deg=5.0, pelvis_roll_deg=4.0,
        pelvis_tilt_deg=2.0, trunk_yaw_deg=-9.0, lean_deg=4.0, shoulder_deg=14.0,
        shoulder_mean_deg=-10.0, elbow_deg=8.0, elbow_mean_deg=85.0, impact=1.5,
    ),
}  # fmt: skip
"""Figures per gait and direction at the comfortable speed; angles of the foot as toe-up."""
