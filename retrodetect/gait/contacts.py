"""Initial contacts: one event per step, from the phase of the movement and its own shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from retrodetect.gait.movement import Movement
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, zero_phase
from retrodetect.signal.numerics import Number, moving_maximum, moving_mean, smoothed

__all__ = ["LONG_WALK", "Contacts", "angle_deg", "find_contacts"]

ComplexArray = NDArray[np.complex128]

TRACKING_HZ = 0.35
"""Fastest drift of the phase from the tracked period: slower than half a slow stride."""

STRENGTH_HZ = 1.0
"""Fastest change of the strength of steps: the first step is as strong as the third."""

ONE_FOOT_RATIO, QUIET_SHARE, STANCE_S, QUIET_STRIDES = 1.0, 0.22, 0.16, 0.8
"""A limb that stands still once a stride feels one foot: its movement is stronger at the stride
than at the step frequency, and falls for the length of a short stance to this share of its mean, in
that share of the strides. Walking feet and ankles have ratios of 1.4 to 8 and shares of 0.02 to
0.16, pockets and thighs shares of 0.25 and more, the trunk ratios of 0.3 to 0.8 (own measurement on
nine data sets)."""

IMPACT_LEAD_S = 0.025
"""Initial contact precedes the first peak of the vertical that it causes: mean over 2,000 marked
contacts of ten people at the lower back (``ipol-healthy-gait``)."""

FOOT_LEAD_S = 0.018
"""The same for the largest jerk of a foot before it stands still (140 contacts of four)."""

FLIGHT_MPS2 = 0.5 * STANDARD_GRAVITY_MPS2
"""Specific force, averaged over cycles, below which the body flies once a step."""

LANDING_SHARE = 0.1
"""Contact in running: the vertical has risen by this share from its trough to its peak."""

PEAK_SHARE = 0.6
"""A peak this high relative to the highest is the impact, if it comes first."""

PROFILE_BINS = 32
SEARCH_TURNS = 0.35
"""Largest distance of a contact from its expected place, in cycles."""

SHAPE_TURNS, FOOT_SHAPE_TURNS = 0.3, 0.15
"""Half length, in steps and in strides, of the shape that contacts of a stretch share."""

MIN_LIKENESS = 0.3
"""Least correlation with that shape; if nothing is like it, the phase alone decides."""

LEANING_DEG, TURNING_DEG, POSTURE_DEG = 15.0, 8.0, 25.0
"""Largest turn of a walker's device from its usual attitude, averaged over a stride; the largest if
it still turns, as seen a stride before and after; and its turn by then. Standing up and sitting
down end in a push like that of a step. Seated contacts turn pocket and wrist by 42 and 21°
(median), the first ones of a walk by 5 and 3° (``spsw-pocket-wrist``)."""

HARD_MPS2 = 7.0
"""Strength of movement that shows running: nobody runs from a chair, and a running foot is held
unlike a standing one. Sitting down and standing up move pocket and wrist by 2 to 6 m/s²."""

LONG_WALK, HALTING_RESPONSE = 60, 0.5
"""In a walk of more steps, a step in another attitude next to those in the usual one counts too, if
its impact is this share of theirs: at a halt, people take the phone in hand
(``oxford-step-counter``). Short walks more often end at a chair, and its push is like a step."""

ATTITUDE_NEIGHBOURS = 7
"""Contacts that define the usual attitude: in a bag or a hand it changes within a walk."""

LAST_STEP, PACE_STEPS = 0.93, 5
"""Time of the step that brings the feet together, as a share of those before it (median of 30 ends
of walks of five people in ``ipol-healthy-gait``; 0.90 of five others)."""

CLOSING_RESPONSE = 0.1
"""Least impact of that step, as a share of those before it: 17 of 33 unmarked ones stay below, and
7 of 74 marked ones (``ipol-healthy-gait``, the lower back)."""

OFF_PLACE_COST = 2.0
"""A correlation of 1 at the limit of the search counts less than one of 0 in its middle."""

MIN_STRENGTH_MPS2 = 0.4
WEAK_SHARE, WEAK_FOOT_SHARE, WEAK_RESPONSE = 0.5, 0.25, 0.3
"""A step that is weak beside its neighbours isn't a step: shifting the weight before the first one,
turning on the spot, stopping."""

FADING_SHARE, FADING_RESPONSE = 0.3, 0.25
"""The same right after a step: the last steps before a halt are shorter."""

SURELY_STRONG_MPS2, SURELY_STRONG_FOOT_MPS2 = 2.0, 3.0
"""Strength of movement that is a step whatever its neighbours are: walking beside running."""

SWING_TURNS, SWING_LATE_TURNS = 0.5, 0.1
"""Length, in strides, over which the swing of a foot is judged, and how late after the contact it
ends. By that measure the last step before standing still is as strong as the others."""

NEIGHBOURS, TYPICAL_PERCENTILE = 11, 70
MIN_CYCLES = 3


@dataclass(frozen=True, slots=True)
class Contacts:
    """Steps of one stretch, in time order."""

    at: FloatArray  # (k,) sample of each contact, fractional: of one foot, or of both in turn
    joined: NDArray[np.bool_]  # (k,) whether no step was skipped since the previous contact
    one_foot: bool  # whether the sensor is on a limb that feels the contacts of one foot only
    leading: NDArray[np.bool_]  # (k,) contacts of the foot that the sensor feels more


def find_contacts(movement: Movement, period_s: FloatArray) -> Contacts:
    """Find the initial contacts of a stretch of n samples from the (n,) stride period at each.

    The phase of the movement shows how many there are and roughly when. It is demodulated at the
    step frequency or, on a limb that feels one foot, at the stride frequency from the distance to
    rest, which has the same phase in a walk and in a sprint. The average cycle shows where
    contact is in it. Each contact is then moved to where the movement is most like the average one
    (Woody 1967, Med Biol Eng 5:539).
    """
    strides = np.cumsum(1 / period_s) / ANALYSIS_RATE_HZ
    power = np.einsum("ij,ij->i", movement.moving, movement.moving)
    size = np.sqrt(power)
    lasting = _slow_size(power, TRACKING_HZ)
    active = lasting > MIN_STRENGTH_MPS2
    if active.sum() < 2:
        return Contacts(np.empty(0), np.empty(0, bool), False, np.empty(0, bool))
    wave = np.exp(-2j * np.pi * strides)
    twice = wave * wave
    limb, both = _demodulated(size[:, None], np.stack([wave, twice]).T).T
    period = float(np.median(period_s[active])) * ANALYSIS_RATE_HZ
    one_foot = _feels_one_foot(movement.activity[active], limb[active], both[active], period)
    if one_foot:
        onset = smoothed(movement.jerk, 0.02 * ANALYSIS_RATE_HZ)
        turns = strides + _phase(_demodulated(movement.activity, wave))
        mark = _end_of_swing(onset, movement.activity, turns, active)
        half, lead_s = FOOT_SHAPE_TURNS * period, FOOT_LEAD_S
        strength = _swing_size(power, period)
    else:
        onset = _vertical_like(movement, twice)
        turns = 2 * strides + _phase(_demodulated(onset, twice))
        mark, lead_s = _impact(onset, movement.force, turns, active)
        half = SHAPE_TURNS * period / 2
        strength = _slow_size(power, STRENGTH_HZ)
    at, shown = _aligned(onset, turns - mark, active, max(int(half), 2))
    response = np.interp(at, np.arange(len(shown)), shown)
    strong = strength[_nearest(at, len(power))]
    step = _steps(strong, response, one_foot)
    if step.any() and not one_foot:
        leaning = _leaning(movement.held, at, step, period)
        leaning[step] &= _typical(strong[step]) < HARD_MPS2
        leaning &= ~_halting(step, leaning, response)
        step &= ~leaning
        _bring_together(at, step, leaning, shown)
    keep = np.flatnonzero(step)
    lead = lead_s * ANALYSIS_RATE_HZ
    joined = np.diff(keep, prepend=-2) == 1
    return Contacts(at[keep] - lead, joined, one_foot, _leading(movement.jerk, at[keep], keep))


def _slow_size(power: FloatArray, high_hz: float) -> FloatArray:
    """Root of a power, low-passed at a frequency."""
    return np.asarray(np.sqrt(np.maximum(_slow(power, high_hz), 0.0)))


def _swing_size(power: FloatArray, period: float) -> FloatArray:
    """Root of the mean power over the swing that ends in a contact."""
    width = max(int(SWING_TURNS * period), 1)
    early = width // 2 - int(SWING_LATE_TURNS * period)
    return np.sqrt(np.maximum(moving_mean(power, width, earlier=early), 0.0))


def _demodulated(series: FloatArray, wave: ComplexArray) -> ComplexArray:
    """Slow complex amplitude of one or more series at the moving frequencies of waves."""
    return _slow(series * wave, TRACKING_HZ)


def _slow(series: NDArray[Number], high_hz: float) -> NDArray[Number]:
    return zero_phase(series, high_hz, order=2, rate_hz=ANALYSIS_RATE_HZ, pad_s=1 / high_hz)


def _phase(amplitude: ComplexArray) -> FloatArray:
    """Phase in turns, without jumps."""
    return np.asarray(np.unwrap(np.angle(amplitude)) / (2 * np.pi))


def _nearest(at: FloatArray, samples: int) -> NDArray[np.intp]:
    return np.clip(np.rint(at), 0, samples - 1).astype(np.intp)


def _feels_one_foot(
    activity: FloatArray, limb: ComplexArray, both: ComplexArray, period: float
) -> bool:
    rest = moving_mean(activity, int(STANCE_S * ANALYSIS_RATE_HZ))
    limit = QUIET_SHARE * rest.mean()
    # Once a stride: sitting before and after a walk is quiet for a share of the time, too.
    first = np.arange(0, max(len(rest) - period, 0) + 1, period).astype(np.intp)
    stillest = np.minimum.reduceat(rest, first)
    quiet = np.quantile(rest, 0.15) < limit and np.quantile(stillest, QUIET_STRIDES) < limit
    return bool(quiet and np.median(np.abs(limb)) > ONE_FOOT_RATIO * np.median(np.abs(both)))


def _vertical_like(movement: Movement, wave: ComplexArray) -> FloatArray:
    """Vertical acceleration or, without gravity, the axis along which steps are strongest.

    The sign of that axis makes its peaks sharper than its troughs, like impacts.
    """
    if movement.vertical is not None:
        return movement.vertical
    steps = _demodulated(movement.moving, wave[:, None])
    axes = np.linalg.eigh((steps.conj().T @ steps).real)[1]
    along = movement.moving @ axes[:, -1]
    return np.asarray(along if (along**3).sum() >= 0 else -along)


def _profile(series: FloatArray, turns: FloatArray, active: NDArray[np.bool_]) -> FloatArray:
    """(PROFILE_BINS,) average cycle."""
    place = np.floor(turns[active] * PROFILE_BINS).astype(int) % PROFILE_BINS
    count = np.maximum(np.bincount(place, minlength=PROFILE_BINS), 1)
    mean = np.bincount(place, series[active], PROFILE_BINS) / count
    return np.asarray(smoothed(mean, 0.7, ends="wrap"))


def _impact(
    vertical: FloatArray, force: FloatArray, turns: FloatArray, active: NDArray[np.bool_]
) -> tuple[float, float]:
    """Phase of the effect of contact on the vertical, whose crest is at phase 0, and its delay."""
    profile = np.roll(_profile(vertical, turns, active), PROFILE_BINS // 2)
    near = np.arange(PROFILE_BINS // 4, 3 * PROFILE_BINS // 4 + 1)
    middle = np.median(profile)
    peaks = (profile >= np.roll(profile, 1)) & (profile > np.roll(profile, -1))
    peaks &= profile - middle >= PEAK_SHARE * (profile[near].max() - middle)
    first = near[peaks[near]][:1]
    place = float(first[0]) if len(first) else float(near[profile[near].argmax()])
    delay_s = IMPACT_LEAD_S
    gravity_in = force.mean() > FLIGHT_MPS2
    if gravity_in and _profile(force, turns, active).min() < FLIGHT_MPS2:
        rise = np.roll(profile, -int(place))[::-1]  # back in time from the peak
        level = profile.min() + LANDING_SHARE * (rise[-1] - profile.min())
        place -= float(np.argmax(rise < level))
        delay_s = 0.0
    return (place + 0.5) / PROFILE_BINS - 0.5, delay_s


def _end_of_swing(
    jerk: FloatArray, activity: FloatArray, turns: FloatArray, active: NDArray[np.bool_]
) -> float:
    """Phase of the largest jerk before the foot stands still."""
    still = moving_mean(_profile(activity, turns, active), PROFILE_BINS // 5, ends="wrap")
    profile = _profile(jerk, turns, active)
    before = (int(still.argmin()) - np.arange(int(0.42 * PROFILE_BINS))) % PROFILE_BINS
    return float((before[profile[before].argmax()] + 0.5) / PROFILE_BINS)


def _aligned(
    onset: FloatArray, cycles: FloatArray, active: NDArray[np.bool_], half: int
) -> tuple[FloatArray, FloatArray]:
    """Sample of the contact of each cycle, and (n,) strength of the common shape anywhere."""
    n = len(onset)
    cycles = np.maximum.accumulate(cycles)
    numbers = np.arange(np.ceil(cycles[0]), np.floor(cycles[-1]) + 1)
    expected = np.interp(numbers, cycles, np.arange(n))
    lag = np.arange(-half, half + 1)
    at, response = expected, np.ones(n)
    aligned = np.ones(len(expected), dtype=bool)
    for _ in range(2):
        within = aligned & active[_nearest(at, n)] & (at > half) & (at < n - 1 - half)
        if within.sum() < MIN_CYCLES:
            break
        shape = np.median(np.interp(at[within][:, None] + lag, np.arange(n), onset), axis=0)
        shape -= shape.mean()
        place, likeness, response = _similar(onset, shape / (float(np.linalg.norm(shape)) + 1e-9))
        cycle = np.interp(place, np.arange(n), cycles)
        off = cycle - np.rint(cycle)
        slot = np.rint(cycle - numbers[0]).astype(int)
        good = (np.abs(off) < SEARCH_TURNS) & (likeness > MIN_LIKENESS)
        good &= (slot >= 0) & (slot < len(numbers))
        score = likeness - OFF_PLACE_COST * (off / SEARCH_TURNS) ** 2
        order = np.lexsort((score[good], slot[good]))
        slots = slot[good][order]
        best = np.flatnonzero(np.diff(slots, append=-1))
        at, aligned = expected.copy(), np.zeros(len(expected), dtype=bool)
        at[slots[best]], aligned[slots[best]] = place[good][order][best], True
    return at, response


def _similar(onset: FloatArray, shape: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Find where the series is locally most like a shape of unit length and zero mean.

    Returns
    -------
    place, likeness : (p,) arrays
        Sample of each local maximum, and the correlation there.
    response : (n,) array
        Size of the shape in the series.
    """
    response = np.correlate(onset, shape, "same")
    mean = moving_mean(onset, len(shape))
    spread = moving_mean(onset**2, len(shape)) - mean**2
    likeness = response / np.sqrt(np.maximum(spread * len(shape), 1e-12))
    peak = np.flatnonzero((response[1:-1] > response[:-2]) & (response[1:-1] >= response[2:])) + 1
    before, top, after = response[peak - 1], response[peak], response[peak + 1]
    place = peak + 0.5 * (before - after) / np.minimum(before - 2 * top + after, -1e-12)
    return place, likeness[peak], response


def _steps(strength: FloatArray, response: FloatArray, one_foot: bool) -> NDArray[np.bool_]:
    """Return which cycles are steps."""
    if not len(strength):
        return np.empty(0, np.bool_)
    strong = strength > MIN_STRENGTH_MPS2
    usual, alike = _typical(strength), _typical(response)
    if one_foot:
        weak = strength < WEAK_FOOT_SHARE * usual
        return np.asarray(strong & (~weak | (strength > SURELY_STRONG_FOOT_MPS2)))
    weak = (strength < WEAK_SHARE * usual) | (response < WEAK_RESPONSE * alike)
    step = strong & (~weak | (strength > SURELY_STRONG_MPS2))
    fading = (strength > FADING_SHARE * usual) & (response > FADING_RESPONSE * alike)
    step[1:] |= step[:-1] & strong[1:] & fading[1:]
    return np.asarray(step)


def _leaning(
    held: FloatArray | None, at: FloatArray, step: NDArray[np.bool_], period: float
) -> NDArray[np.bool_]:
    """(k,) whether the device is in an unusual attitude, averaged over a stride, at a contact.

    Sitting down, standing up or taking the device in hand turns it. Between steps in the usual
    attitude it may turn: the wearer walks on.
    """
    if held is None:
        return np.zeros(len(at), np.bool_)
    stride, last = max(int(period), 1), len(held) - 1
    lasting = moving_mean(held, stride, ends="edge")
    here = _nearest(at, len(held))
    attitude = lasting[here]
    before, after = lasting[np.maximum(here - stride, 0)], lasting[np.minimum(here + stride, last)]
    width = min(ATTITUDE_NEIGHBOURS, int(step.sum()))
    medians = np.median(sliding_window_view(attitude[step], width, axis=0), axis=-1)
    usual = medians[np.clip(np.cumsum(step) - 1 - width // 2, 0, len(medians) - 1)]
    lean = angle_deg(attitude, usual)
    turn = np.minimum(angle_deg(attitude, before), angle_deg(attitude, after))
    posture = np.maximum(angle_deg(usual, before), angle_deg(usual, after))
    leaning = lean > LEANING_DEG
    leaning |= (np.minimum(lean, turn) > TURNING_DEG) & (posture > POSTURE_DEG)
    usual_too = np.pad(step & ~leaning, 2)
    beside = usual_too[1:-1] & (usual_too[:-2] | usual_too[2:])
    ends = np.flatnonzero(np.diff(np.pad(step & leaning, 1).astype(np.int8))).reshape(-1, 2)
    for begin, end in ends[beside[ends[:, 0]] & beside[ends[:, 1] + 1]]:
        leaning[begin:end] = False
    return leaning


def _halting(
    step: NDArray[np.bool_], leaning: NDArray[np.bool_], response: FloatArray
) -> NDArray[np.bool_]:
    """(k,) whether a leaning contact is still the first or the last step of a long walk."""
    if step.sum() <= LONG_WALK:
        return np.zeros(len(step), np.bool_)
    usual = np.pad(step & ~leaning, 1)
    beside = step & leaning & (usual[2:] | usual[:-2])
    return np.asarray(beside & (response >= HALTING_RESPONSE * _typical(response)))


def angle_deg(first: FloatArray, second: FloatArray) -> FloatArray:
    """Angle between (n, 3) vectors."""
    size = np.linalg.norm(first, axis=1) * np.linalg.norm(second, axis=1)
    cosine = np.einsum("ij,ij->i", first, second) / np.maximum(size, 1e-9)
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _bring_together(
    at: FloatArray, step: NDArray[np.bool_], leaning: NDArray[np.bool_], shown: FloatArray
) -> None:
    """End each series with the step that brings the feet together, too weak to show its moment.

    If the wearer already stands, there is no impact where that step is expected.
    """
    impact = shown[_nearest(at, len(shown))]
    for last in np.flatnonzero(step[:-1] & ~step[1:] & ~leaning[1:]):
        pace = np.diff(at[max(last - PACE_STEPS, 0) : last + 1])
        closing = at[last] + LAST_STEP * np.median(pace) if len(pace) else at[last + 1]
        reach = SEARCH_TURNS * (closing - at[last])
        low, high = _nearest(closing + np.array([-reach, reach]), len(shown))
        usual = np.median(impact[: last + 1][step[: last + 1]][-NEIGHBOURS:])
        if shown[low : high + 1].max() > CLOSING_RESPONSE * usual:
            at[last + 1], step[last + 1] = closing, True


def _typical(values: FloatArray) -> FloatArray:
    """Return a high percentile of each value and its neighbours.

    This avoids SciPy's percentile filter, which in 1.15.0 to 1.15.2 writes past its arrays if it
    gets fewer values than neighbours (scipy issue 22586).
    """
    padded = np.pad(values, NEIGHBOURS // 2, mode="edge")
    rank = NEIGHBOURS * TYPICAL_PERCENTILE // 100
    return np.partition(sliding_window_view(padded, NEIGHBOURS), rank, axis=1)[:, rank]


def _leading(jerk: FloatArray, at: FloatArray, cycle: NDArray[np.intp]) -> NDArray[np.bool_]:
    """(k,) whether a contact is of the foot, even or odd, that shakes the sensor more."""
    shaken = moving_maximum(jerk, int(0.1 * ANALYSIS_RATE_HZ))[_nearest(at, len(jerk))]
    even = cycle % 2 == 0
    if even.all() or not even.any():
        return np.ones(len(at), dtype=bool)
    even_leads = np.median(shaken[even]) >= np.median(shaken[~even])
    return np.asarray(even == even_leads)
