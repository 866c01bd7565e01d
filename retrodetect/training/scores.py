"""Labelled strides beside their truth, and scores with intervals over wearers or sessions.

Strides of one wearer are right or wrong together, so intervals come from drawing whole
wearers (or sessions, or recordings) again, never strides (cluster bootstrap: Field & Welsh
2007, J R Stat Soc B 69:369). Two models are compared on the same draws.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
import pandas as pd

from retrodetect.direction import Anchors, DirectionModel, Priors, decide
from retrodetect.direction.card import knowledge
from retrodetect.recording import FloatArray
from retrodetect.sites import LOWER_LEG, group_of
from retrodetect.tally.share import LEVEL, measured_rates
from retrodetect.training.examples import BOTH_WAYS, Example

__all__ = [
    "SCORES", "compared", "confusion", "error_rates", "label_with_truth",
    "marked_stretch", "mistakes", "records", "scored", "stated_anchors", "summary",
    "units_for_intervals",
]  # fmt: skip

SCORES = (
    "right_of_labelled", "wrong", "unknown", "recall_backward", "f1_backward", "balanced_accuracy",
    "false_backward_per_1000",
)  # fmt: skip
"""Share right among labelled strides; shares wrong and unknown among all; recall and F1 of
backward strides, and the mean recall of both directions, which count unknown as missed; forward
strides called backward, per 1,000 forward ones."""

DRAWS = 2000

FEW_UNITS = 5
"""With fewer wearers, sessions are drawn instead; with fewer sessions, recordings."""

LEAST_UNITS = 3
"""With fewer units there is no interval: the data cannot support it."""

MARKED_S = 5.0
"""Length of the stretch that a wearer marks in `marked_stretch`."""

MIN_SESSION_STRIDES = 10
"""A lap of a room and back; most clips of motion captures hold three to eight."""

_KEPT = [
    "start_s", "end_s", "bout", "truth", "true_gait", "source", "subject",
    "session", "recording", "placement", "virtual",
]  # fmt: skip


def label_with_truth(
    model: DirectionModel,
    recordings: Iterable[Example],
    anchors_of: Callable[[Example], Anchors] = lambda example: Anchors(example.placement),
    priors: Priors | None = None,
) -> pd.DataFrame:
    """Label recordings exactly as users' are, and put the truth beside each stride.

    The model has seen neither these wearers nor these sources. One row per stride: ``source``,
    ``subject``, ``session``, ``recording``, ``placement``, ``virtual``, ``start_s``, ``end_s``,
    ``gait``, ``true_gait``, ``truth`` (empty where unsure), ``direction``, ``p_backward``,
    ``reason``, ``marked``, ``told_apart_by``, ``knowledge`` (from
    :func:`retrodetect.direction.card.knowledge`).
    """
    examples = list(recordings)
    parts = [example.strides() for example in examples]
    decided = [
        decide(example.measured.features, strides, model, anchors_of(example), priors)
        for example, strides in zip(examples, parts, strict=True)
    ]
    # Joined once: for short recordings, joining each takes a third of the time.
    rows = pd.concat([strides[_KEPT] for strides in parts], ignore_index=True)
    answers = pd.concat([answer.table for answer in decided], ignore_index=True)
    lengths = [len(answer.table) for answer in decided]
    states = [knowledge(answer.placement, answer.front, answer.told_apart_by) for answer in decided]
    return pd.concat([rows, answers], axis=1).assign(
        told_apart_by=np.repeat([answer.told_apart_by for answer in decided], lengths),
        knowledge=np.repeat(states, lengths),
    )


def stated_anchors(example: Example) -> Anchors:
    """Return the anchors of a wearer who states the placement, and the front if known.

    The front is stated if it lies on an axis of the device, but never below the knee, where the
    signal shows it.
    """
    front = None
    if example.front is not None and group_of(example.placement) not in LOWER_LEG:
        axis = int(np.abs(example.front).argmax())
        if abs(example.front[axis]) > 0.99:
            front = f"{'+' if example.front[axis] > 0 else '-'}{'xyz'[axis]}"
    return Anchors(example.placement, front=front)


def marked_stretch(example: Example) -> Anchors:
    """Return the anchors of a wearer who marks the first stretch that was surely mostly forward.

    It is `MARKED_S` long; the intervals of the example have ``confident``.
    """
    intervals = example.intervals
    sure = intervals[(intervals["direction"] == "forward") & intervals["confident"]]
    begin_s, end_s = sure[["start_s", "end_s"]].to_numpy(dtype=float).T
    if not len(sure):
        return Anchors(example.placement)
    inside_s = [
        (np.minimum(end_s, start_s + MARKED_S) - np.maximum(begin_s, start_s)).clip(0).sum()
        for start_s in begin_s
    ]
    enough = np.flatnonzero(np.array(inside_s) > 0.5 * MARKED_S)
    start_s = float(begin_s[enough[0] if len(enough) else int(np.argmax(inside_s))])
    return Anchors(example.placement, forward=((start_s, start_s + MARKED_S),))


def units_for_intervals(rows: pd.DataFrame) -> tuple[pd.Series[str], str]:
    """Choose what to draw again for an interval: wearers, if there are enough."""
    wearer = rows["source"].astype(str) + "/" + rows["subject"].astype(str)
    session = wearer + "/" + rows["session"].astype(str)
    recording = session + "/" + rows["recording"].astype(str)
    for units, kind in ((wearer, "wearers"), (session, "sessions"), (recording, "recordings")):
        if units.nunique() >= FEW_UNITS:
            return units, kind
    return recording + "/" + rows["bout"].astype(str), "bouts"


def scored(rows: pd.DataFrame, by: Sequence[str] = ()) -> pd.DataFrame:
    """Score strides, with 95 % intervals: one row for each part.

    It has the columns of ``by``, ``strides``, and each of :data:`SCORES` with its ``_low`` and
    ``_high``; NaN where a score has no meaning.
    """
    rows = rows[rows["truth"].isin(BOTH_WAYS)]
    parts = rows.groupby(list(by), sort=True) if by else [((), rows)]
    table = []
    for key, part in parts:
        counts = _counts_of_units(part)
        score = _scores(counts.sum(axis=0)[None])[0]
        low, high = _interval(_scores(_weights(len(counts)) @ counts))
        row: dict[str, Any] = {**dict(zip(by, key, strict=True)), "strides": len(part)}
        for name, value, lower, upper in zip(SCORES, score, low, high, strict=True):
            row |= {name: value, f"{name}_low": lower, f"{name}_high": upper}
        table.append(row)
    return pd.DataFrame(table)


def summary(rows: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """Score strides as `scored`, without intervals."""
    rows = rows[rows["truth"].isin(BOTH_WAYS)]
    counts = _counts(rows).groupby([rows[name] for name in by]).sum()
    table = pd.DataFrame(_scores(counts.to_numpy(dtype=float)), counts.index, list(SCORES))
    table.insert(0, "strides", counts["all"])
    return table.reset_index()


def compared(rows: pd.DataFrame, against: pd.DataFrame) -> pd.DataFrame:
    """Compare two models stride by stride: the same strides in the same order, labelled by each.

    One row for each of :data:`SCORES`: ``score``, ``model``, ``against``, ``difference``, and its
    95 % interval ``low`` to ``high``; ``better`` and ``worse`` count strides that only the first,
    or only the second, named correctly.
    """
    has_direction = rows["truth"].isin(BOTH_WAYS)
    ours, theirs = rows[has_direction], against[has_direction]
    units, _ = units_for_intervals(ours)
    counts, counts_against = (_counts_of_units(part, units) for part in (ours, theirs))
    weights = _weights(len(counts))
    low, high = _interval(_scores(weights @ counts) - _scores(weights @ counts_against))
    first, second = (_scores(part.sum(axis=0)[None])[0] for part in (counts, counts_against))
    right, also = (part["direction"] == part["truth"] for part in (ours, theirs))
    return pd.DataFrame(
        {
            "score": SCORES,
            "model": first,
            "against": second,
            "difference": first - second,
            "low": low,
            "high": high,
            "better": int((right & ~also.to_numpy()).sum()),
            "worse": int((~right & also.to_numpy()).sum()),
        }
    )


def confusion(rows: pd.DataFrame) -> pd.DataFrame:
    """Count what strides were and what they were called, site by site."""
    labelled = rows[rows["truth"] != ""]
    counts = labelled.groupby(["placement", "truth"])["direction"].value_counts().unstack()
    labels = ["forward", "backward", "unknown"]
    return (
        counts.reindex(columns=labels).fillna(0).astype(int).rename_axis(None, axis=1).reset_index()
    )


def mistakes(rows: pd.DataFrame) -> pd.DataFrame:
    """List the stretches that were called the wrong way, longest first.

    If a whole stretch is wrong and its neighbours are right, check its label first. A row has
    ``recording``, ``start_s``, ``end_s``, ``truth``, ``direction`` (as called), ``strides`` and
    ``of``, how many strides of that truth the recording has.
    """
    rows = rows[rows["truth"].isin(BOTH_WAYS)]
    state = rows[["recording", "truth", "direction"]]
    stretch = (state != state.shift()).any(axis=1).cumsum()
    size = rows.groupby(["recording", "truth"])["truth"].transform("size")
    wrong = (rows["direction"] != rows["truth"]) & (rows["direction"] != "unknown")
    stretches = (
        rows.assign(strides=1, of=size)[wrong]
        .groupby(stretch[wrong])
        .agg(
            {
                "recording": "first", "start_s": "first", "end_s": "last", "truth": "first",
                "direction": "first", "strides": "sum", "of": "first",
            }
        )
    )  # fmt: skip
    return stretches.sort_values("strides", ascending=False, kind="stable").reset_index(drop=True)


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return rows fit for a card: rounded, without undefined values."""
    return [
        {
            str(key): value
            for key, value in row.items()
            if not (isinstance(value, float) and np.isnan(value))
        }
        for row in table.round(4).to_dict("records")
    ]


def error_rates(rows: pd.DataFrame, states: pd.Series[str]) -> dict[str, dict[str, float]]:
    """Error rates of labelled strides by state of knowledge, as stored in a card.

    Strides that the wearer marked do not count.

    They include how errors cluster in recordings (``icc``). A clip of a few strides is not a
    session: the prior decides all of it. So recordings of fewer than ``MIN_SESSION_STRIDES``
    count only for directions without longer ones.
    """
    named = (rows["direction"] != "unknown") & (rows["marked"] == "")
    labelled = rows[rows["truth"].isin(BOTH_WAYS) & named]
    wrong = labelled["direction"] != labelled["truth"]
    counted = pd.DataFrame(
        {
            "state": states[labelled.index],
            "session": labelled["source"] + labelled["subject"] + labelled["recording"],
            "forward": labelled["truth"] == "forward",
            "backward": labelled["truth"] == "backward",
            "false_backward": wrong & (labelled["truth"] == "forward"),
            "false_forward": wrong & (labelled["truth"] == "backward"),
        }
    )
    rates = {}
    for state, strides in counted.groupby("state"):
        sessions = strides.drop(columns="state").groupby("session").sum()
        is_long = sessions["forward"] + sessions["backward"] >= MIN_SESSION_STRIDES
        for way, wrong_way in (("forward", "false_backward"), ("backward", "false_forward")):
            if sessions.loc[is_long, way].any():
                sessions.loc[~is_long, [way, wrong_way]] = 0
        measured = measured_rates(sessions)
        rates[str(state)] = {
            "false_backward": round(measured.false_backward, 5),
            "false_forward": round(measured.false_forward, 5),
            "icc": round(measured.icc, 4),
        }
    return rates


def _counts_of_units(rows: pd.DataFrame, units: pd.Series[str] | None = None) -> FloatArray:
    """(units, counts) strides of each unit by category; see `_counts`."""
    if units is None:
        units, _ = units_for_intervals(rows)
    return _counts(rows).groupby(units).sum().to_numpy(dtype=float)


def _counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Categories of each stride, in the columns that `_scores` takes."""
    truth, direction = rows["truth"], rows["direction"]
    backward = truth == "backward"
    return pd.DataFrame(
        {
            "labelled": direction != "unknown",
            "right": truth == direction,
            "all": True,
            "hit": backward & (direction == "backward"),
            "backward": backward,
            "false": ~backward & (direction == "backward"),
        }
    )


def _scores(counts: FloatArray) -> FloatArray:
    """(n, scores) from (n, counts); NaN if undefined."""
    labelled, right, total, hit, backward, false = counts.T
    forward = total - backward
    with np.errstate(invalid="ignore", divide="ignore"):
        f1 = np.where(backward > 0, 2 * hit / (hit + false + backward), np.nan)
        return np.stack(
            [
                right / labelled,
                (labelled - right) / total,
                1 - labelled / total,
                hit / backward,
                f1,
                ((right - hit) / forward + hit / backward) / 2,
                1000 * false / forward,
            ],
            axis=1,
        )


def _weights(units: int) -> FloatArray:
    """(draws, units) how often each unit is drawn; no draws if there are too few."""
    if units < LEAST_UNITS:
        return np.empty((0, units))
    rng = np.random.default_rng(0)
    return rng.multinomial(units, np.full(units, 1 / units), size=DRAWS).astype(float)


def _interval(draws: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(scores,) ends of the interval; NaN for a score undefined in every draw."""
    if not len(draws):
        draws = np.full((1, len(SCORES)), np.nan)
    ends = np.full((2, draws.shape[1]), np.nan)
    for column, values in enumerate(draws.T):
        finite = values[np.isfinite(values)]
        if len(finite):
            ends[:, column] = np.quantile(finite, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return ends[0], ends[1]
