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
from retrodetect.training.datasets import Labelled
from scipy.optimize import minimize_scalar
from scipy.special import i0e
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from retrodetect import gait
from retrodetect.direction.classify import TRAVEL_MOMENT
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, SIDEWAYS, ScoreModel
from retrodetect.direction.model import GROUPS, DirectionModel, SiteGroup, group_of
from retrodetect.features import StrideFeatures, compute
from retrodetect.recording import FloatArray
from retrodetect.signal import prepare

__all__ = ["StrideTable", "classifier", "fit", "held_out_scores", "table_of"]

MIN_OVERLAP = 0.7
"""Least share of a stride that must lie in one labelled interval for it to teach anything."""


@dataclass(frozen=True, slots=True)
class StrideTable:
    """Strides with features and truth.

    Parameters
    ----------
    features
        Of n strides.
    strides : DataFrame
        n rows: ``recording``, ``run``, ``bout``, ``start_s``, ``end_s``, ``gait``,
        ``direction`` (truth), ``true_gait``, ``subject``, ``source``, ``placement``,
        ``virtual``, ``front_x``, ``front_y``, ``front_z`` (NaN where unknown).
    """

    features: StrideFeatures
    strides: pd.DataFrame

    def where(self, rows: Any) -> StrideTable:
        """Return the rows of a boolean mask or index."""
        return StrideTable(
            StrideFeatures(
                self.features.scalars[rows], self.features.vectors[rows], self.features.up[rows]
            ),
            self.strides[rows].reset_index(drop=True),
        )

    def __len__(self) -> int:
        return len(self.strides)


def table_of(recordings: Iterable[Labelled]) -> StrideTable:
    """Detect strides in labelled recordings and keep those whose direction is certain.

    Strides are found exactly as when labelling, so that the classifier learns from what it
    will be shown.
    """
    tables = [_strides_of(labelled) for labelled in recordings]
    features = [table.features for table in tables]
    return StrideTable(
        StrideFeatures(
            np.concatenate([part.scalars for part in features]),
            np.concatenate([part.vectors for part in features]),
            np.concatenate([part.up for part in features]),
        ),
        pd.concat([table.strides for table in tables], ignore_index=True),
    )


def _strides_of(labelled: Labelled) -> StrideTable:
    signals = prepare(labelled.recording)
    strides = gait.detect(signals).strides
    features = compute(signals, strides)
    front = np.full(3, np.nan) if labelled.front is None else np.asarray(labelled.front)
    strides = strides.assign(
        recording=labelled.recording.name,
        subject=labelled.subject,
        source=labelled.source,
        placement=labelled.placement,
        virtual=labelled.virtual,
        front_x=front[0],
        front_y=front[1],
        front_z=front[2],
        **_truth(strides, labelled.intervals),
    )
    return StrideTable(features, strides).where(
        strides["direction"].isin(DIRECTIONS).to_numpy() & np.isfinite(features.up[:, 0])
    )


def _truth(strides: pd.DataFrame, intervals: pd.DataFrame) -> dict[str, list[str]]:
    """Direction and gait of the interval that covers most of each stride, or ''."""
    begin, end = strides["start_s"].to_numpy(), strides["end_s"].to_numpy()
    shared = np.minimum(end[:, None], intervals["end_s"].to_numpy()) - np.maximum(
        begin[:, None], intervals["start_s"].to_numpy()
    )
    if not shared.size:
        return {"direction": [""] * len(strides), "true_gait": [""] * len(strides)}
    best = shared.argmax(axis=1)
    sure = shared[np.arange(len(best)), best] >= MIN_OVERLAP * (end - begin)
    if "confident" in intervals:
        sure &= intervals["confident"].to_numpy(dtype=bool)[best]
    return {
        column: list(np.where(sure, intervals[source].to_numpy(dtype=str)[best], ""))
        for column, source in (("direction", "direction"), ("true_gait", "gait"))
    }


def classifier() -> Pipeline:
    """Return the unfitted pipeline from free features to a direction.

    Linear on purpose: with a handful of people a straight boundary travels better to the
    next lab than a forest (own measurement on held-out sources), and each weight can be read.
    """
    return make_pipeline(
        StandardScaler(), LogisticRegression(C=0.01, max_iter=5000, class_weight="balanced")
    )


def fit(table: StrideTable, *, name: str = "unnamed", threshold: float = 0.9) -> DirectionModel:
    """Fit a direction model.

    Parameters
    ----------
    table
        Labelled strides of several people, at least two of them with both directions.
    name
        How the model will be called.
    threshold
        Least posterior for a label.

    Returns
    -------
    DirectionModel
    """
    free = table.features.free()
    groups = table.strides["placement"].map(group_of)
    fitted = {}
    for group in GROUPS:
        rows = (groups == group).to_numpy()
        part = table.where(rows)
        scores = held_out_scores(part)
        fitted[group] = SiteGroup(
            _fit_balanced(classifier(), free[rows], part.strides),
            _score_model(part.strides, scores),
            _concentration(part),
        )
    placement = clone(classifier())
    placement.fit(free, groups)
    return DirectionModel(fitted, placement, threshold, name)


def held_out_scores(table: StrideTable) -> FloatArray:
    """Score every stride with a classifier that saw neither its wearer nor its source.

    Returns
    -------
    (n,) array
        Log odds of backward against forward.
    """
    free = table.features.free()
    scores = np.full(len(table), np.nan)
    for source in table.strides["source"].unique():
        test = (table.strides["source"] == source).to_numpy()
        train = table.strides[~test]
        if train["direction"].nunique() < 2:
            continue
        model = _fit_balanced(classifier(), free[~test], train)
        group = SiteGroup(model, ScoreModel((0, 0, 0), 1, 1, 1), 0)
        scores[test] = group.scores(table.where(test).features)[0]
    return scores


def _fit_balanced(model: Pipeline, free: pd.DataFrame, strides: pd.DataFrame) -> Pipeline:
    """Fit so that every wearer, source and direction weighs the same, however long it walked.

    Wearers seen in one direction only are left out: the classifier would learn to tell their
    device from the others', and call that a direction.
    """
    both = strides.groupby("source")["direction"].transform("nunique") > 1
    strides, free = strides[both], free[both.to_numpy()]
    size = strides.groupby(["source", "subject", "direction"])["direction"].transform("size")
    cells = strides.groupby("direction")["source"].transform("nunique")
    weight = 1 / (size * cells)
    return model.fit(
        free, strides["direction"], logisticregression__sample_weight=weight / weight.mean()
    )


def _score_model(strides: pd.DataFrame, scores: FloatArray) -> ScoreModel:
    """Means and spreads of held-out scores, between and within wearers."""
    known = np.isfinite(scores)
    frame = strides[known].assign(score=scores[known])
    frame["wearer"] = frame["source"] + "/" + frame["subject"]
    cell = frame.groupby(["wearer", "direction"])["score"]
    cells = cell.mean().unstack("direction").reindex(columns=list(DIRECTIONS))
    mean = cells.mean()
    mean = mean.fillna(mean[[DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]]].mean())
    offset = (cells - mean)[[DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]]].stack()
    within = (frame["score"] - cell.transform("mean")).to_numpy()
    return ScoreModel(
        (float(mean.iloc[FORWARD]), float(mean.iloc[BACKWARD]), float(mean.iloc[SIDEWAYS])),
        sd=float(within.std()),
        offset_sd=float(np.sqrt((offset**2).mean())),
        temper=1 / _design_effect(frame.assign(within=within)),
    )


def _design_effect(frame: pd.DataFrame) -> float:
    """How many strides in a row are worth one independent stride."""
    lag = frame.groupby(["recording", "bout"])["within"].shift()
    rho = float(np.clip(frame["within"].corr(lag), 0, 0.95))
    return (1 + rho) / (1 - rho)


def _concentration(table: StrideTable) -> float:
    """Von Mises concentration of the travel direction around truth, per unit of its moment."""
    front = table.strides[["front_x", "front_y", "front_z"]].to_numpy(dtype=float)
    front = front - np.einsum("ij,ij->i", front, table.features.up)[:, None] * table.features.up
    travel = table.features.vector(TRAVEL_MOMENT)
    size = np.linalg.norm(travel, axis=1)
    cosine = np.einsum("ij,ij->i", travel, front) / (size * np.linalg.norm(front, axis=1) + 1e-9)
    sign = np.where(table.strides["direction"] == DIRECTIONS[BACKWARD], -1, 1)
    sign = np.where(table.strides["true_gait"] == "run", -sign, sign)
    use = np.isfinite(cosine) & (table.strides["direction"] != DIRECTIONS[SIDEWAYS]).to_numpy()
    if use.sum() < 10:
        return 0.0

    def cost(log_scale: float) -> float:
        kappa = np.exp(log_scale) * size[use]
        density = np.exp(kappa * (sign[use] * cosine[use] - 1)) / (2 * np.pi * i0e(kappa))
        return -float(np.log(0.95 * density + 0.05 / (2 * np.pi)).mean())

    return float(np.exp(minimize_scalar(cost, bounds=(-5, 5), method="bounded").x))
