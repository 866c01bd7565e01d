"""Bouts, contacts and strides of a whole recording."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.gait.contacts import LONG_WALK, angle_deg, find_contacts
from retrodetect.gait.displacement import WAY_COLUMNS, displacements_m
from retrodetect.gait.movement import Movement, movement_of
from retrodetect.gait.pace import probability_run
from retrodetect.gait.period import Stretch, stretches
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal
from retrodetect.tables import MAX_PAUSE_S

__all__ = ["Gait", "detect", "in_run", "joined"]

MIN_STRIDES = 2
"""Least number of strides of a bout."""

ODD_STEP_TURNS = (0.25, 0.75)
"""Time of an odd step after a stride, in strides: a half, give or take a quarter."""

OTHERWISE_DEG = 30.0
"""Turn of a device, within half a stride of either end of a short walk, that shows a seated wearer:
pocket and wrist turn by 34 to 90° (``spsw-pocket-wrist``). It turns as far at an eighth of the ends
of long walks, when taken from a pocket or a swinging arm (``oxford-step-counter``)."""


@dataclass(frozen=True, slots=True)
class Gait:
    """Where the wearer walked or ran.

    Parameters
    ----------
    strides : DataFrame
        ``stride`` (0-based), ``run`` (index of the signal), ``bout``, ``start_s``, ``end_s``,
        ``gait`` (walk or run), ``p_run``, ``way_x_m``, ``way_y_m``, ``way_z_m`` (level way of a
        sensor on one foot, by gyroscope, in the device frame; else NaN). On a foot or ankle a
        stride goes from contact to contact of that foot; the first one of a series begins one
        period before its contact. Elsewhere the first and last stride of a bout may contain a
        single contact, in the middle: the body feels both feet, and bouts have odd steps.
    contacts_s : (k,) array
        One initial contact per step of a bout, of either foot, in order of time. A sensor on a
        foot or ankle feels only its own; contacts of the other foot are placed half-way between.
    """

    strides: pd.DataFrame
    contacts_s: FloatArray

    @property
    def length_m(self) -> FloatArray:
        """(n,) way of the sensor in each stride; NaN if not measured."""
        return np.asarray(np.linalg.norm(self.strides[list(WAY_COLUMNS)], axis=1))


def detect(signals: list[Signal]) -> Gait:
    """Find bouts, initial contacts and strides.

    Parameters
    ----------
    signals
        The runs of a recording; a bout never reaches across two of them.

    Returns
    -------
    Gait
        With an empty, correctly typed table if there is no gait.
    """
    return joined([in_run(signal) for signal in signals])


def joined(parts: Sequence[Gait]) -> Gait:
    """Join the gait of consecutive runs.

    Parameters
    ----------
    parts
        From `in_run`, one for each run.

    Returns
    -------
    Gait
    """
    strides = []
    bouts = 0
    for run, part in enumerate(parts):
        if len(part.strides):
            strides.append(part.strides.assign(run=run, bout=part.strides["bout"] + bouts))
            bouts += part.strides["bout"].nunique()
    table = pd.concat(strides or [_NO_STRIDES], ignore_index=True)
    table["stride"] = np.arange(len(table))
    return Gait(table, np.concatenate([np.empty(0), *(part.contacts_s for part in parts)]))


def in_run(signal: Signal, given_s: FloatArray | None = None) -> Gait:
    """Find the gait of one run.

    Parameters
    ----------
    signal
        An active part of a recording, without gaps.
    given_s : (k, 2) array, optional
        Start and end of strides of one foot from elsewhere, in time order: those within the run
        are used, and none are sought.

    Returns
    -------
    Gait
        Numbered from 0 within the run.
    """
    movement = movement_of(signal)
    times, edges, bout, one_foot = _sought(movement) if given_s is None else _taken(signal, given_s)
    if not len(edges):
        return Gait(_NO_STRIDES, np.empty(0))
    p_run = probability_run(movement, edges, bout, one_foot)
    ways_m = np.full((len(edges), 3), np.nan)
    ways_m[one_foot] = displacements_m(signal, edges[one_foot])
    edges_s = signal.start_s + edges / ANALYSIS_RATE_HZ
    strides = pd.DataFrame(
        {
            "stride": np.arange(len(edges)),
            "run": 0,
            "bout": bout,
            "start_s": edges_s[:, 0],
            "end_s": edges_s[:, 1],
            "gait": np.where(p_run > 0.5, "run", "walk"),
            "p_run": p_run,
            **dict(zip(WAY_COLUMNS, ways_m.T, strict=True)),
        }
    )
    times_s = signal.start_s + np.sort(times) / ANALYSIS_RATE_HZ
    return Gait(strides, _in_bouts(times_s, edges_s, bout))


_Strides = tuple[FloatArray, FloatArray, NDArray[np.intp], NDArray[np.bool_]]
"""Contacts and stride edges, in samples of the run, the bout of each stride, and whether the sensor
felt one foot only."""


def _sought(movement: Movement) -> _Strides:
    """Find the strides where the movement is that of gait."""
    parts = [_steps(movement, stretch) for stretch in stretches(movement)]
    # A contact may come later than the movement that shows it, after the end of the recording.
    end = len(movement.force) - 1
    times = np.minimum(np.concatenate([np.empty(0), *(part[0] for part in parts)]), end)
    edges = np.minimum(np.concatenate([np.empty((0, 2)), *(part[1] for part in parts)]), end)
    one_foot = np.repeat([part[2] for part in parts], [len(part[1]) for part in parts])
    order = np.argsort(edges[:, 0])
    order = order[edges[order, 1] > 0]  # a first contact may seem to precede the first sample
    kept, bout = _bouts(edges[order], MIN_STRIDES)
    edges, one_foot = edges[order][kept], one_foot[order][kept].astype(np.bool_)
    after, closing = _closing(edges, bout, one_foot, np.sort(times), end)
    edges, one_foot = np.insert(edges, after, closing, axis=0), np.insert(one_foot, after, False)
    times, bout = np.sort(times), _bouts(edges, 1)[1]
    kept = one_foot | ~_seated(movement.held, edges, bout, times)
    return times, edges[kept], np.unique(bout[kept], return_inverse=True)[1], one_foot[kept]


def _closing(
    edges: FloatArray,
    bout: NDArray[np.intp],
    one_foot: NDArray[np.bool_],
    times: FloatArray,
    end: float,
) -> tuple[NDArray[np.intp], FloatArray]:
    """Place and edges of the strides that end bouts with an odd last step.

    That step is half a stride, like an odd first one: the rest, after its contact, is standing.
    They are added once bouts are separated, so that they form no bout and move no other stride.
    """
    after = np.flatnonzero(np.diff(bout, append=-1)) + 1
    last, length = edges[after - 1, 1], np.diff(edges[after - 1], axis=1)[:, 0]
    contact = np.append(times, np.inf)[np.searchsorted(times, last, side="right")]
    shortest, longest = np.multiply.outer(ODD_STEP_TURNS, length)
    odd = (contact - last > shortest) & (contact - last < longest) & ~one_foot[after - 1]
    closing = np.stack([last, contact + length / 2], axis=1)
    odd &= closing[:, 1] <= end
    return after[odd], closing[odd]


def _seated(
    held: FloatArray | None, edges: FloatArray, bout: NDArray[np.intp], times: FloatArray
) -> NDArray[np.bool_]:
    """(n,) whether a stride begins or ends a short bout without a contact, beside another posture.

    Half of such a stride shows no step: the wearer stands up or sits down there.
    """
    seated, strides = np.zeros(len(edges), np.bool_), np.bincount(bout)
    short = (strides > 1) & (2 * strides <= LONG_WALK)
    if held is None or not short.any():
        return seated
    last = (np.cumsum(strides) - 1)[short]
    ends = np.concatenate([last - strides[short] + 1, last])
    inward = np.repeat([1, -1], len(last))
    outer = np.where(inward > 0, edges[ends, 0], edges[ends, 1])
    beyond = outer - inward * np.diff(edges[ends], axis=1)[:, 0] / 2
    sums = np.pad(np.cumsum(held, axis=0), ((1, 0), (0, 0)))

    def attitude(*span: FloatArray) -> FloatArray:
        begin, end = np.clip(np.rint(np.sort(span, axis=0)), 0, len(held)).astype(np.intp)
        return np.asarray(sums[end] - sums[begin])

    turned_deg = angle_deg(attitude(outer, beyond), attitude(*edges[ends + inward].T))
    seen = (outer >= 1) & (outer <= len(held) - 2) & ~np.isin(outer, times)
    seated[ends[seen & (turned_deg > OTHERWISE_DEG)]] = True
    return seated


def _taken(signal: Signal, given_s: FloatArray) -> _Strides:
    """Return the given strides whose middle is within the run, in the form of `_sought`."""
    edges = (given_s - signal.start_s) * ANALYSIS_RATE_HZ
    middle = edges.mean(axis=1)
    edges = edges[(middle >= 0) & (middle < len(signal.acceleration_mps2))]
    _, bout = _bouts(edges, 1)
    times = np.unique(np.append(edges, edges.mean(axis=1)))
    return times, edges, bout, np.zeros(len(edges), np.bool_)


_NO_STRIDES = pd.DataFrame(
    {
        "stride": np.empty(0, np.intp), "run": np.empty(0, np.intp), "bout": np.empty(0, np.intp),
        "start_s": np.empty(0), "end_s": np.empty(0), "gait": np.empty(0, str),
        "p_run": np.empty(0), **dict.fromkeys(WAY_COLUMNS, np.empty(0)),
    }
)  # fmt: skip


def _steps(movement: Movement, stretch: Stretch) -> tuple[FloatArray, FloatArray, bool]:
    """Contacts and (strides, 2) edges of a stretch, in samples; whether they are of one foot."""
    part = movement[stretch.begin : stretch.end]
    contacts = find_contacts(part, stretch.period_s)
    at, first = contacts.at, np.flatnonzero(~contacts.joined)
    if not len(at):
        return np.empty(0), np.empty((0, 2)), contacts.one_foot
    stride = stretch.period_s[np.clip(at[first].astype(int), 0, len(stretch.period_s) - 1)]
    stride = stride * ANALYSIS_RATE_HZ
    # A series begins with the swing that ends in its first contact.
    start = at[first] - (stride if contacts.one_foot else stride / 2)
    edges = np.insert(at, first, start)
    series = np.insert(np.cumsum(~contacts.joined), first, np.arange(1, len(first) + 1))
    if contacts.one_foot:
        between = (edges[1:] + edges[:-1])[series[1:] == series[:-1]] / 2
        at = np.sort(np.concatenate([at, between]))
    else:
        same_foot = np.insert(contacts.leading, first, ~contacts.leading[first])
        edges, series = edges[same_foot], series[same_foot]
    whole = series[1:] == series[:-1]
    pairs = np.stack([edges[:-1][whole], edges[1:][whole]], axis=1)
    return at + stretch.begin, pairs + stretch.begin, contacts.one_foot


def _bouts(edges: FloatArray, min_strides: int) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Mask of the strides in bouts that are long enough, and the bout of each of those."""
    pause = edges[1:, 0] - edges[:-1, 1] > MAX_PAUSE_S * ANALYSIS_RATE_HZ
    bout = np.concatenate([[0], np.cumsum(pause)])[: len(edges)].astype(np.intp)
    enough = np.bincount(bout)[bout] >= min_strides
    return enough, np.unique(bout[enough], return_inverse=True)[1]


def _in_bouts(times_s: FloatArray, edges_s: FloatArray, bout: NDArray[np.intp]) -> FloatArray:
    """Contacts within a bout, with a tolerance of half a step at its end."""
    first = np.flatnonzero(np.diff(bout, prepend=-1))
    begin_s, end_s = edges_s[first, 0], np.maximum.reduceat(edges_s[:, 1], first)
    at = np.searchsorted(begin_s - 1e-9, times_s, side="right") - 1
    odd_step_s = 1.0
    return times_s[(at >= 0) & (times_s <= end_s[at] + odd_step_s)]
