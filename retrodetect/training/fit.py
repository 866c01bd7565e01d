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
from scipy.stats import norm
from scipy.stats import t as student_t
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from retrodetect.direction.decoder import (
    BACKWARD,
    DIRECTIONS,
    OFFSET_DEGREES,
    SIDEWAYS,
    ScoreModel,
)
from retrodetect.direction.model import (
    GROUPS,
    DirectionModel,
    Readout,
    SiteGroup,
    direction_log_odds,
    group_of,
    stride_inputs,
    stride_score,
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
    "fit_front",
    "fit_scorer",
    "fit_travel",
    "held_out_scores",
    "inputs_of",
    "merged",
    "real_running_both_ways",
    "table_of",
]

MIN_READOUT_STRIDES = 20

MOST_DOUBT = 0.25
"""A travel vector that misleads about more wearers than this is not heard: of virtual arms it does
about a third to a half."""

MAX_CONCENTRATION = 40.0
"""Most a readout may claim: at a moment of 0.6 the bearing is then sure to 12°, as on a belt."""

MIN_RECORDING_STRIDES = 5
"""Shortest recording that tells whether a readout is wrong for a wearer, not for a stride."""

MIN_PAIRS, FEW_PAIRS_EFFECT = 10, 1.5
"""Neighbouring strides needed to see how alike they are, and what is taken with fewer."""

TRAVEL = "h_dv_low"
"""The vector that tells the travel direction above the ankle: on the trunk it is right in 99 to
100 % of the strides of 22 real people, and others added to it lost on held-out sources."""

MIN_SEPARATION = 2.0
"""Least distance from forward to backward, in standard deviations between people, for scores to
be heard: with less, they mislead about more than 2 % of wearers."""

FRONT = tuple(feature.name for feature in SWING)
"""Vectors whose weighted sum tells the front, at the sites where it shows."""

SHOWS_FRONT = ("distal",)
"""Groups whose swing tells where the toes are: on held-out sources in 90 to 100 % of recordings
at the foot, in 60 to 90 % at the thigh and by chance elsewhere (own measurement)."""

MOST_STRIDES, MOST_STRIDES_WITHOUT_FRONT = 25.0, 10.0
"""Independent strides an episode is worth. Above the ankle the scores, learned from captured
people, called 5 to 50 % of the windows of real walks backward (own measurement): there they
break a tie over a session, and must not decide a stride."""

PENDULUM = ("trunk", "thigh")
"""Groups carried by the pelvis, where the same mechanics give the travel direction: wearers of
all of them tell how often it fails."""


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


def fit(
    table: StrideTable, *, name: str = "unnamed", threshold: float = 0.9, sites: bool = True
) -> DirectionModel:
    """Fit a direction model.

    Parameters
    ----------
    table
        Labelled strides of several people, at least two sources with both directions.
    name
        How the model will be called.
    threshold
        Least posterior for a label.
    sites
        Whether to learn to tell body sites apart too, a third of the work; a model that is
        only ever told the placement can do without.

    Returns
    -------
    DirectionModel
    """
    groups = _groups(table)
    fitted = {}
    for group in GROUPS:
        part = table.where(groups == group)
        if not len(part):
            continue
        hears_running = real_running_both_ways(part.strides)
        heard = part
        if not hears_running:
            heard = part.where((part.strides["true_gait"] == "walk").to_numpy())
        if group not in SHOWS_FRONT:
            # Sideways strides show against a front only; above the ankle the bearing tells them.
            heard = heard.where((heard.strides["truth"] != DIRECTIONS[SIDEWAYS]).to_numpy())
        front, scorer = fit_scorer(heard, group)
        fitted[group] = SiteGroup(
            scorer,
            _score_model(heard.strides, held_out_scores(heard, group), group),
            fit_travel(table, group),
            front,
            hears_running,
        )
    placement = _fit_sites(table.features.free(), groups, tells=sites and len(fitted) > 1)
    return DirectionModel(fitted, placement, threshold, name)


def _fit_sites(
    free: pd.DataFrame, groups: np.ndarray[Any, np.dtype[np.str_]], *, tells: bool
) -> Pipeline:
    """Fit what tells groups of sites apart, or what only knows how common they are."""
    if tells:
        return StrideClassifier().fit(free, groups).pipeline_
    return make_pipeline(StandardScaler(), DummyClassifier()).fit(free, groups)


def _groups(table: StrideTable) -> np.ndarray[Any, np.dtype[np.str_]]:
    return table.strides["placement"].map(group_of).to_numpy(dtype=str)


def real_running_both_ways(strides: pd.DataFrame) -> bool:
    """Tell whether real sensors recorded fast strides in both directions.

    The one real backward set mixes walking and jogging under one name, so its speed is judged
    by what it is beside: a source that holds real running forward.

    Parameters
    ----------
    strides
        ``source``, ``truth``, ``true_gait``, ``virtual``.

    Returns
    -------
    bool
        Whether running can be learned from them.
    """
    real = strides[~strides["virtual"]]
    ran = real.loc[real["true_gait"] == "run", "source"].unique()
    return real.loc[real["source"].isin(ran), "truth"].nunique() > 1


def fit_scorer(table: StrideTable, group: str) -> tuple[FloatArray, Pipeline]:
    """Fit what scores single strides of a group of sites.

    Parameters
    ----------
    table
        Strides of the group with known truth.
    group
        Name of the group of sites.

    Returns
    -------
    front : (len(VECTORS),) array
        See :class:`~retrodetect.direction.model.SiteGroup`.
    classifier : Pipeline
    """
    front = fit_front(table) if group in SHOWS_FRONT else np.zeros(len(VECTORS))
    return front, fit_balanced(table, front)


def inputs_of(front: FloatArray, table: StrideTable) -> pd.DataFrame:
    """Inputs of the classifier; each recording is one placement episode.

    Parameters
    ----------
    front : (len(VECTORS),) array
        See :class:`~retrodetect.direction.model.SiteGroup`.
    table
        Strides of one group of sites.

    Returns
    -------
    DataFrame
        One row for each stride.
    """
    recording = np.unique(table.strides["recording"].to_numpy(dtype=str), return_inverse=True)[1]
    running = table.strides["p_run"].to_numpy(dtype=float) > 0.5
    return stride_inputs(front, table.features, running.astype(float), recording)


def fit_front(table: StrideTable) -> FloatArray:
    """Fit the weights of the swing vectors whose sum points to the front.

    A logistic regression without intercept on the components along the front, against their
    opposites.

    Parameters
    ----------
    table
        Strides with known truth and front.

    Returns
    -------
    (len(VECTORS),) array
        Zero but for the swing vectors.
    """
    along, _ = _along_front(table, FRONT)
    use = np.isfinite(along).all(axis=1)
    use &= (table.strides["truth"] != DIRECTIONS[SIDEWAYS]).to_numpy()
    weights = np.zeros(len(VECTORS))
    if use.sum() < MIN_READOUT_STRIDES:
        return weights
    along = along[use]
    cells = table.strides[use].groupby(["source", "placement", "truth"])["truth"]
    weight = np.tile(1 / cells.transform("size").to_numpy(dtype=float), 2)
    size = np.sqrt((along**2).mean(axis=0)) + 1e-9
    model = LogisticRegression(C=0.003, fit_intercept=False, max_iter=2000)
    model.fit(
        np.concatenate([along, -along]) / size,
        np.repeat([1, -1], len(along)),
        sample_weight=weight / weight.mean(),
    )
    weights[[feature.name in FRONT for feature in VECTORS]] = model.coef_[0] / size
    return weights


def fit_travel(table: StrideTable, group: str) -> Readout:
    """Fit how surely the travel vector points where the wearer goes.

    Parameters
    ----------
    table
        Strides of all sites: running above the ankle is learned from the trunk, for only there
        was it recorded with a known front, and never from motion capture, whose 30 Hz blur the
        flight phase (two captured sets contradict each other and the real jogs).
    group
        Name of the group of sites.

    Returns
    -------
    Readout
        Weights for walking and running, and how often it fails.
    """
    weights = np.zeros((2, len(VECTORS)))
    if group in SHOWS_FRONT:
        return Readout(weights[0], weights[1], doubt=1.0)
    groups = _groups(table)
    walked = (table.strides["true_gait"] == "walk").to_numpy()
    walk, doubt = _concentration_and_doubt(table.where(walked & (groups == group)))
    if doubt > MOST_DOUBT:
        return Readout(weights[0], weights[1], doubt)
    if group in PENDULUM:
        _, doubt = _concentration_and_doubt(table.where(walked & np.isin(groups, PENDULUM)))
    real_run = (table.strides["true_gait"] == "run") & ~table.strides["virtual"]
    run, _ = _concentration_and_doubt(table.where(real_run.to_numpy() & (groups == "trunk")))
    # The bouncing spring reverses the inverted pendulum (Cavagna, Heglund & Taylor 1977, Am J
    # Physiol 233:R243); real running only tells how closely.
    weights[:, [feature.name for feature in VECTORS].index(TRAVEL)] = walk, -(run or walk)
    return Readout(weights[0], weights[1], doubt=doubt)


def _concentration_and_doubt(table: StrideTable) -> tuple[float, float]:
    """Fit the travel vector to strides of one gait whose front is known.

    Returns
    -------
    concentration : float
        What the vector's length is multiplied with to be the von Mises concentration around
        the wearer's mean; 0 where too few strides tell.
    doubt : float
        Share of wearers for whom it points to the rear of their travel; of running, where all
        do, it is of no use.
    """
    along, front = _along_front(table, (TRAVEL,))
    use = np.isfinite(along).all(axis=1)
    use &= (table.strides["truth"] != DIRECTIONS[SIDEWAYS]).to_numpy()
    if use.sum() < MIN_READOUT_STRIDES:
        return 0.0, 1.0
    table, front = table.where(use), front[use]
    sign = np.where(table.strides["truth"] == DIRECTIONS[BACKWARD], -1, 1)
    vector = table.features.vector(TRAVEL) * sign[:, None]
    length = np.linalg.norm(vector, axis=1)
    off_rad = _off_front_rad(vector, front, table.features.up)
    recording = np.unique(table.strides["recording"].to_numpy(dtype=str), return_inverse=True)[1]
    off = np.angle(_mean_direction(length, off_rad, recording))
    wrong = np.abs(off) > np.pi / 2
    long_enough = np.bincount(recording) >= MIN_RECORDING_STRIDES
    doubt = _share_wrong(wrong, long_enough, recording, table.strides)
    # The decoder finds each wearer's own front, so what counts is the spread around it.
    wearer = np.unique(_wearers(table.strides), return_inverse=True)[1]
    own_rad = np.angle(_mean_direction(np.ones(len(length)), off_rad, wearer))[wearer]
    source = np.unique(table.strides["source"].to_numpy(dtype=str), return_inverse=True)[1]
    weight = (1 / np.bincount(source))[source]
    return _concentration(length, off_rad - own_rad, weight), doubt


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


def _concentration(length: FloatArray, off_rad: FloatArray, weight: FloatArray) -> float:
    """Scale that makes the length of vectors the concentration of their angles around zero."""

    def cost(log_scale: float) -> float:
        kappa = np.exp(log_scale) * length
        density = np.exp(kappa * (np.cos(off_rad) - 1)) / (2 * np.pi * i0e(kappa))
        return -float(weight @ np.log(0.95 * density + 0.05 / (2 * np.pi)))

    top = np.log(MAX_CONCENTRATION)
    return float(np.exp(minimize_scalar(cost, bounds=(-6, top), method="bounded").x))


def held_out_scores(table: StrideTable, group: str) -> FloatArray:
    """Score every stride with a classifier that saw neither its wearer nor its source.

    Parameters
    ----------
    table
        Strides of the group with known truth.
    group
        Name of the group of sites.

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
            front, scorer = fit_scorer(train, group)
            log_p = direction_log_odds(scorer, inputs_of(front, table.where(test)))
            scores[test] = stride_score(log_p)
    return scores


def fit_balanced(table: StrideTable, front: FloatArray) -> Pipeline:
    """Fit so that every source, wearer and direction weighs the same, however long it walked.

    Sources seen in one direction only are left out: the classifier would learn to tell their
    device from the others', and call that a direction.

    Parameters
    ----------
    table
        Strides with known truth.
    front : (len(VECTORS),) array
        Weights of the vectors that point to the front; zero where the site does not show it.

    Returns
    -------
    Pipeline
        From the inputs of the group to a direction.
    """
    strides = table.strides
    both = (strides.groupby("source")["truth"].transform("nunique") > 1).to_numpy()
    strides, inputs = strides[both], inputs_of(front, table)[both]
    size = strides.groupby(["source", "subject", "truth"])["truth"].transform("size")
    weight = (1 / size).to_numpy(dtype=float)
    return StrideClassifier().fit(inputs, strides["truth"], weight / weight.mean()).pipeline_


def _score_model(strides: pd.DataFrame, scores: FloatArray, group: str) -> ScoreModel:
    """Means and spreads of held-out scores, between and within wearers."""
    known = np.isfinite(scores)
    frame = strides[known].assign(score=scores[known])
    frame["wearer"] = frame["source"] + "/" + frame["subject"] + "/" + frame["placement"]
    frame["gait"] = np.where(frame["p_run"] > 0.5, "run", "walk")
    cell = frame.groupby(["gait", "wearer", "truth"])["score"]
    cells = cell.mean().where(cell.size() >= MIN_RECORDING_STRIDES).unstack("truth")
    cells = cells.reindex(columns=list(DIRECTIONS))
    forward, backward, _ = DIRECTIONS
    # The middle wearer, not the mean: one with the sensor at an odd place must not move it.
    mean = cells.groupby("gait").median().dropna(subset=[forward, backward])
    if "walk" not in mean.index:
        return ScoreModel((0.0,) * 3, (0.0,) * 3, 1.0, 1.0, 0.0, temper=0.0, most_strides=0.0)
    middle = (mean[forward] + mean[backward]) / 2
    mean = mean.apply(lambda column: column.fillna(middle))
    # Where running was scored in one direction only, it counts as walking.
    mean = mean.reindex(["walk", "run"]).ffill()
    off = cells - mean.reindex(cells.index, level="gait")
    within = (frame["score"] - cell.transform("mean")).to_numpy()
    # Sites of one person are no new persons.
    person = off.index.get_level_values("wearer").str.rsplit("/", n=1).str[0]
    separation_sd = _spread_of_next((off[backward] - off[forward]).groupby(person).mean().dropna())
    separation = mean.loc["walk", backward] - mean.loc["walk", forward]
    told_apart = separation > MIN_SEPARATION * separation_sd
    return ScoreModel(
        walking=tuple(map(float, mean.loc["walk"])),
        running=tuple(map(float, mean.loc["run"])),
        sd=float(within.std()),
        offset_scale=_scale_of_next(
            off[[forward, backward]].mean(axis=1).groupby("wearer").mean().dropna()
        ),
        separation_sd=separation_sd,
        temper=1 / design_effect(frame.assign(within=within)) if told_apart else 0.0,
        most_strides=MOST_STRIDES if group in SHOWS_FRONT else MOST_STRIDES_WITHOUT_FRONT,
    )


def _scale_of_next(of_wearers: pd.Series) -> float:
    """Scale of the heavy-tailed offset of the next wearer: one who is odd widens it little."""
    if len(of_wearers) < 2:
        return _spread_of_next(of_wearers)
    _, _, scale = student_t.fit(of_wearers.to_numpy(), fix_df=OFFSET_DEGREES, floc=0.0)
    return float(scale * np.sqrt(1 + 1 / len(of_wearers)))


def _spread_of_next(of_wearers: pd.Series) -> float:
    """Standard deviation of the next wearer around the mean of these.

    Few wearers tell it badly: it is as wide as 68 % of Student's predictive distribution.
    """
    count = len(of_wearers)
    if count < 2:
        return float(of_wearers.abs().max()) if count else 1.0
    one_sd = student_t.ppf(norm.cdf(1), count - 1)
    return float(of_wearers.std() * np.sqrt(1 + 1 / count) * one_sd)


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
