"""Fit a direction model to labelled strides, and score it on people it has not seen.

The order is: labelled recordings, :func:`table_of` strides with features, :func:`fit`. Scores
the model keeps about itself (means, spread between wearers, concentration) always come from
strides of a wearer *and source* that took no part in fitting the classifier that scored them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import minimize_scalar
from scipy.special import i0e
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, SIDEWAYS, ScoreModel
from retrodetect.direction.model import (
    GROUPS,
    DirectionModel,
    Readout,
    SiteGroup,
    direction_log_odds,
    group_of,
)
from retrodetect.features import SWING, VECTORS, StrideFeatures
from retrodetect.recording import FloatArray
from retrodetect.training.datasets import Labelled
from retrodetect.training.estimators import StrideClassifier
from retrodetect.training.examples import Example, example_of

__all__ = [
    "MIN_SEPARATION",
    "StrideTable",
    "design_effect",
    "fit",
    "fit_balanced",
    "fit_readout",
    "held_out_scores",
    "merged",
    "readouts",
    "table_of",
]

MIN_READOUT_STRIDES = 20

MAX_CONCENTRATION = 40.0
"""Most a readout may claim: at a moment of 0.6 the bearing is then sure to 12°, as on a belt."""

MIN_RECORDING_STRIDES = 5
"""Shortest recording that tells whether a readout is wrong for a wearer, not for a stride."""

MIN_PAIRS, FEW_PAIRS_EFFECT = 10, 1.5
"""Neighbouring strides needed to see how alike they are, and what is taken with fewer."""

MIN_SEPARATION = 1.0
"""Least distance between backward and forward scores, in standard deviations between wearers,
for the free classifier to be heard at all."""

TRAVEL_FEATURES: dict[str, tuple[str, ...]] = {
    "distal": tuple(feature.name for feature in SWING),
    "thigh": tuple(feature.name for feature in VECTORS),
    "trunk": ("h_dv_low",),
    "arm": ("h_dv_low",),
}
"""Vectors that tell the travel direction, by group: the smallest set that lost nothing on
held-out sources. On the trunk one is enough, and right in 99 to 100 % of the strides of 22
real people; at the foot only the swing vectors carry over to another lab's sensor."""


@dataclass(frozen=True, slots=True)
class StrideTable:
    """Strides with features and truth.

    Parameters
    ----------
    features
        Of n strides.
    strides : DataFrame
        n rows: ``recording``, ``run``, ``bout``, ``start_s``, ``end_s``, ``gait``,
        ``truth`` (its direction), ``true_gait``, ``subject``, ``session``, ``source``,
        ``placement``, ``virtual``, ``front_x``, ``front_y``, ``front_z`` (NaN where unknown).
    """

    features: StrideFeatures
    strides: pd.DataFrame

    def where(self, rows: Any) -> StrideTable:
        """Return the rows of a boolean mask or index."""
        return StrideTable(self.features.where(rows), self.strides[rows].reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.strides)


def table_of(recordings: Iterable[Labelled | Example]) -> StrideTable:
    """Detect strides in labelled recordings and keep those whose direction is certain.

    Strides are found exactly as when labelling, so that the classifier learns from what it
    will be shown.

    Parameters
    ----------
    recordings
        With known truth; measured already or not.

    Returns
    -------
    StrideTable
        Strides whose direction is certain, of all recordings.
    """
    return merged(
        _strides_of(one if isinstance(one, Example) else example_of(one)) for one in recordings
    )


def merged(tables: Iterable[StrideTable]) -> StrideTable:
    """Put tables behind each other.

    Parameters
    ----------
    tables
        Any number of them.

    Returns
    -------
    StrideTable
        With the strides of all.
    """
    tables = list(tables)
    features = [table.features for table in tables]
    return StrideTable(
        StrideFeatures(
            np.concatenate([part.scalars for part in features]),
            np.concatenate([part.vectors for part in features]),
            np.concatenate([part.up for part in features]),
        ),
        pd.concat([table.strides for table in tables], ignore_index=True),
    )


def _strides_of(example: Example) -> StrideTable:
    features = example.measured.cues.features
    strides = example.strides()
    return StrideTable(features, strides).where(
        strides["truth"].isin(DIRECTIONS).to_numpy() & np.isfinite(features.up[:, 0])
    )


def fit(table: StrideTable, *, name: str = "unnamed", threshold: float = 0.9) -> DirectionModel:
    """Fit a direction model.

    Parameters
    ----------
    table
        Labelled strides of several people, at least two sources with both directions.
    name
        How the model will be called.
    threshold
        Least posterior for a label.

    Returns
    -------
    DirectionModel
    """
    free = table.features.free()
    groups = table.strides["placement"].map(group_of).to_numpy(dtype=str)
    fitted = {}
    for group in GROUPS:
        part = table.where(groups == group)
        if not len(part):
            continue
        hears_running = _real_running_both_ways(part.strides)
        heard = part
        if not hears_running:
            heard = part.where((part.strides["true_gait"] == "walk").to_numpy())
        fitted[group] = SiteGroup(
            fit_balanced(heard),
            _score_model(heard.strides, held_out_scores(heard)),
            *readouts(group, part, table),
            hears_running,
        )
    return DirectionModel(fitted, _fit_sites(free, groups), threshold, name)


def _fit_sites(free: pd.DataFrame, groups: np.ndarray[Any, np.dtype[np.str_]]) -> Pipeline:
    """Fit what tells groups of sites apart; with one group there is nothing to tell."""
    if len(np.unique(groups)) > 1:
        return StrideClassifier().fit(free, groups).pipeline_
    return make_pipeline(StandardScaler(), DummyClassifier()).fit(free, groups)


def _real_running_both_ways(strides: pd.DataFrame) -> bool:
    """Whether real sensors recorded fast strides in both directions.

    The one real backward set mixes walking and jogging under one name, so its speed is judged
    by what it is beside: a source that holds real running forward.
    """
    real = strides[~strides["virtual"]]
    ran = real.loc[real["true_gait"] == "run", "source"].unique()
    return real.loc[real["source"].isin(ran), "truth"].nunique() > 1


def readouts(group: str, part: StrideTable, table: StrideTable) -> tuple[Readout, Readout]:
    """Fit what points to the travel direction and what points to the front.

    Parameters
    ----------
    group
        Name of the group of sites.
    part
        Its strides.
    table
        All strides: running above the ankle is learned from the trunk, for only there was it
        recorded with a known front, and never from motion capture, whose 30 Hz blur the
        flight phase (two captured sets contradict each other and the real jogs).

    Returns
    -------
    travel, front
    """
    nothing = Readout(np.zeros(len(VECTORS)), np.zeros(len(VECTORS)), doubt=1.0)
    pace = part.strides["true_gait"].to_numpy(dtype=str)
    walk, doubt = fit_readout(part.where(pace == "walk"), TRAVEL_FEATURES[group], "travel")
    if group == "distal":
        run, _ = fit_readout(part.where(pace == "run"), TRAVEL_FEATURES[group], "travel")
        front, front_doubt = fit_readout(part, TRAVEL_FEATURES[group], "front")
        return Readout(walk, run, doubt), Readout(front, front, front_doubt)
    trunk = table.strides["placement"].map(group_of) == "trunk"
    real_run = (table.strides["true_gait"] == "run") & trunk & ~table.strides["virtual"]
    run, _ = fit_readout(table.where(real_run.to_numpy()), TRAVEL_FEATURES["trunk"], "travel")
    # The bouncing spring reverses the inverted pendulum (Cavagna, Heglund & Taylor 1977, Am J
    # Physiol 233:R243); real running only tells how closely.
    run = -np.abs(run) if run.any() else -walk
    return Readout(walk, run, doubt), nothing


def fit_readout(
    table: StrideTable, names: tuple[str, ...], target: str
) -> tuple[FloatArray, float]:
    """Fit the weights of the vectors whose sum points to the travel direction or the front.

    A logistic regression without intercept on the components along the front: turning a
    stride by 180° turns its label, so recordings of one direction teach as well as others.
    Its length is then scaled so that, on held-out sources, it is the von Mises concentration.

    Parameters
    ----------
    table
        Strides with known truth and front.
    names
        Of the vectors it may use.
    target
        ``travel`` or ``front``.

    Returns
    -------
    weights : (len(VECTORS),) array
    doubt : float
        Share of wearers from held-out sources for whom it points the wrong way round.
    """
    along, front = _along_front(table, names)
    sign = np.where(table.strides["truth"] == DIRECTIONS[BACKWARD], -1, 1)
    if target == "front":
        sign = np.ones(len(table), dtype=int)
    use = np.isfinite(along).all(axis=1)
    use &= (table.strides["truth"] != DIRECTIONS[SIDEWAYS]).to_numpy()
    weights = np.zeros(len(VECTORS))
    if use.sum() < MIN_READOUT_STRIDES:
        return weights, 1.0
    columns = [feature.name in names for feature in VECTORS]
    table, along, front, sign = table.where(use), along[use], front[use], sign[use]
    vectors = table.features.vectors[:, columns]
    sources = table.strides["source"].to_numpy(dtype=str)
    coefficients = _odd_regression(along, sign, table.strides)
    pointing = np.einsum("nki,k->ni", vectors, coefficients)
    for source in np.unique(sources):
        test = sources == source
        if len(names) > 1 and not test.all():
            fold = _odd_regression(along[~test], sign[~test], table.strides[~test])
            pointing[test] = np.einsum("nki,k->ni", vectors[test], fold)
    length = np.linalg.norm(pointing, axis=1)
    off_rad = _off_front_rad(pointing * sign[:, None], front, table.features.up)

    recording = np.unique(table.strides["recording"].to_numpy(dtype=str), return_inverse=True)[1]
    long_enough = np.bincount(recording) >= MIN_RECORDING_STRIDES
    mean = _mean_direction(length, off_rad, recording)
    doubt = _share_wrong(np.cos(np.angle(mean)) < 0, long_enough, recording, table.strides)
    if target == "front":
        # One wearer's strides agree with each other: what counts is how far their mean errs.
        scale = _concentration(np.abs(mean), np.angle(mean), np.ones(len(mean)))
    else:
        # The decoder finds each wearer's own front, so what counts is the spread around it.
        wearer = np.unique(_wearers(table.strides), return_inverse=True)[1]
        own_rad = np.angle(_mean_direction(np.ones(len(length)), off_rad, wearer))[wearer]
        each_source = 1 / np.bincount(np.unique(sources, return_inverse=True)[1])
        weight = each_source[np.unique(sources, return_inverse=True)[1]]
        scale = _concentration(length, off_rad - own_rad, weight)
    weights[columns] = coefficients * scale
    return weights, doubt


def _share_wrong(
    wrong: np.ndarray[Any, np.dtype[np.bool_]],
    long_enough: np.ndarray[Any, np.dtype[np.bool_]],
    recording: np.ndarray[Any, np.dtype[np.intp]],
    strides: pd.DataFrame,
) -> float:
    """Share of wearers for whom it is wrong; recordings of one wearer are no new evidence."""
    people = strides["source"] + "/" + strides["subject"] + "/" + strides["placement"]
    of_recording = pd.Series(people.to_numpy()).groupby(recording).first().to_numpy()
    wearers = pd.Series(wrong[long_enough]).groupby(of_recording[long_enough]).mean()
    return float((wearers.sum() + 0.5) / (len(wearers) + 1))


def _wearers(strides: pd.DataFrame) -> np.ndarray[Any, np.dtype[np.str_]]:
    """(n,) wearer, site and side; a virtual recording's name ends with ``#site-side``."""
    side = strides["recording"].str.extract("#(.*)$", expand=False).fillna("")
    names = strides["source"] + "/" + strides["subject"] + "/" + strides["placement"] + "/" + side
    return names.to_numpy(dtype=str)


def _off_front_rad(pointing: FloatArray, front: FloatArray, up: FloatArray) -> FloatArray:
    """(n,) angle from the front, about the vertical."""
    left = np.cross(up, front)
    across, along = (np.einsum("ij,ij->i", pointing, axis) for axis in (left, front))
    return np.asarray(np.arctan2(across, along))


def _mean_direction(
    length: FloatArray, angle_rad: FloatArray, number: np.ndarray[Any, np.dtype[np.intp]]
) -> np.ndarray[Any, np.dtype[np.complex128]]:
    """Mean of the vectors of each number, as complex numbers."""
    total = np.bincount(number, length * np.cos(angle_rad)) + 1j * np.bincount(
        number, length * np.sin(angle_rad)
    )
    return np.asarray(total / np.bincount(number))


def _along_front(table: StrideTable, names: tuple[str, ...]) -> tuple[FloatArray, FloatArray]:
    """(n, k) components of the named vectors along the horizontal front, and (n, 3) that front."""
    front = table.strides[["front_x", "front_y", "front_z"]].to_numpy(dtype=float)
    up = table.features.up
    front = front - np.einsum("ij,ij->i", front, up)[:, None] * up
    front = front / np.maximum(np.linalg.norm(front, axis=1, keepdims=True), 1e-9)
    columns = [feature.name in names for feature in VECTORS]
    return np.einsum("nki,ni->nk", table.features.vectors[:, columns], front), front


def _odd_regression(along: FloatArray, sign: FloatArray, strides: pd.DataFrame) -> FloatArray:
    """(k,) coefficients of a logistic regression through the origin; 1 for a single vector."""
    if along.shape[1] == 1:
        return np.ones(1)
    size = np.sqrt((along**2).mean(axis=0)) + 1e-9
    cells = strides.groupby(["source", "placement", "truth"])["truth"]
    weight = np.tile(1 / cells.transform("size").to_numpy(dtype=float), 2)
    model = LogisticRegression(C=0.003, fit_intercept=False, max_iter=2000)
    model.fit(
        np.concatenate([along, -along]) / size,
        np.concatenate([sign, -sign]),
        sample_weight=weight / weight.mean(),
    )
    return np.asarray(model.coef_[0] / size)


def _concentration(length: FloatArray, off_rad: FloatArray, weight: FloatArray) -> float:
    """Scale that makes the length of vectors the concentration of their angles around zero."""

    def cost(log_scale: float) -> float:
        kappa = np.exp(log_scale) * length
        density = np.exp(kappa * (np.cos(off_rad) - 1)) / (2 * np.pi * i0e(kappa))
        return -float(weight @ np.log(0.95 * density + 0.05 / (2 * np.pi)))

    top = np.log(MAX_CONCENTRATION)
    return float(np.exp(minimize_scalar(cost, bounds=(-6, top), method="bounded").x))


def held_out_scores(table: StrideTable) -> FloatArray:
    """Score every stride with a classifier that saw neither its wearer nor its source.

    Parameters
    ----------
    table
        Strides with known truth.

    Returns
    -------
    (n,) array
        Log odds of backward against forward.
    """
    scores = np.full(len(table), np.nan)
    sources = table.strides["source"].to_numpy(dtype=str)
    for source in np.unique(sources):
        test = sources == source
        train = table.where(~test)
        if train.strides.groupby("source")["truth"].nunique().max() > 1:
            log_p = direction_log_odds(fit_balanced(train), table.where(test).features)
            scores[test] = log_p[:, BACKWARD] - log_p[:, FORWARD]
    return scores


def fit_balanced(table: StrideTable) -> Pipeline:
    """Fit so that every source, wearer and direction weighs the same, however long it walked.

    Sources seen in one direction only are left out: the classifier would learn to tell their
    device from the others', and call that a direction.

    Parameters
    ----------
    table
        Strides with known truth.

    Returns
    -------
    Pipeline
        From free features to a direction.
    """
    strides = table.strides
    both = (strides.groupby("source")["truth"].transform("nunique") > 1).to_numpy()
    strides, free = strides[both], table.features.free()[both]
    size = strides.groupby(["source", "subject", "truth"])["truth"].transform("size")
    weight = (1 / size).to_numpy(dtype=float)
    return StrideClassifier().fit(free, strides["truth"], weight / weight.mean()).pipeline_


def _score_model(strides: pd.DataFrame, scores: FloatArray) -> ScoreModel:
    """Means and spreads of held-out scores, between and within wearers."""
    known = np.isfinite(scores)
    if not known.any():
        return ScoreModel((0.0, 0.0, 0.0), sd=1.0, offset_sd=1.0, temper=0.0)
    frame = strides[known].assign(score=scores[known])
    frame["wearer"] = frame["source"] + "/" + frame["subject"]
    cell = frame.groupby(["wearer", "truth"])["score"]
    cells = cell.mean().unstack("truth").reindex(columns=list(DIRECTIONS))
    mean = cells.mean()
    mean = mean.fillna(mean[[DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]]].mean())
    offset = (cells - mean)[[DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]]].stack()
    within = (frame["score"] - cell.transform("mean")).to_numpy()
    temper = 1 / design_effect(frame.assign(within=within))
    spread = float(np.sqrt((offset**2).mean()))
    if mean.iloc[BACKWARD] - mean.iloc[FORWARD] < MIN_SEPARATION * spread:
        temper = 0.0
    return ScoreModel(
        (float(mean.iloc[FORWARD]), float(mean.iloc[BACKWARD]), float(mean.iloc[SIDEWAYS])),
        sd=float(within.std()),
        offset_sd=spread,
        temper=temper,
    )


def design_effect(frame: pd.DataFrame) -> float:
    """Tell how many strides in a row are worth one independent stride.

    Parameters
    ----------
    frame
        ``recording``, ``bout`` and ``within``, the distance of each stride's score from the
        mean of its wearer and direction.

    Returns
    -------
    float
        At least 1 (first-order autocorrelation); that of the shipped models' feet where there
        are too few pairs of strides to tell.
    """
    lag = frame.groupby(["recording", "bout"])["within"].shift()
    if lag.notna().sum() < MIN_PAIRS:
        return FEW_PAIRS_EFFECT
    rho = float(np.clip(frame["within"].corr(lag), 0, 0.95))
    return (1 + rho) / (1 - rho)
