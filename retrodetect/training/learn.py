"""Learn from new strides: from nothing, or by extending a model that knows others.

An extended model keeps what its base learned from many people and corrects it for these. The
free classifier's weights are drawn toward the base's, and what its score means is measured
again, on strides that took no part in fitting the classifier that scored them. The travel
readouts are kept: they hold for everybody, and to refit them takes a known front.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
from sklearn.pipeline import Pipeline

from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, SIDEWAYS, ScoreModel
from retrodetect.direction.model import (
    DirectionModel,
    SiteGroup,
    direction_log_odds,
    group_of,
    stride_score,
)
from retrodetect.recording import FloatArray
from retrodetect.training.estimators import StrideClassifier
from retrodetect.training.fit import (
    MIN_SEPARATION,
    StrideTable,
    design_effect,
    fit,
    inputs_of,
    real_running_both_ways,
)
from retrodetect.training.folds import apart, units_of

__all__ = ["learn"]

PENALTY = 3.0
"""Strides that weigh as much as the base, of each weight: of 1 to 300, the best on real feet
whose wearer or whole data set was unseen by the base; from 1 to 30 it hardly matters (see
tests/benchmarks/personal.py)."""

OWN_STRIDES = 20.0
"""Strides after which what a score means rests on the new wearers as much as on the base."""

SAME_WEARER = 0.7
"""Spread of scores between sessions of one wearer, as a share of that between wearers: 0.5 to
0.8 against 0.5 to 2.7 at the sites of six real data sets (own measurement)."""

OWN_WEARERS = 3.0
"""Wearers after which the spread between them rests on the new ones as much as on the base."""


def learn(
    table: StrideTable, base: DirectionModel | None = None, *, name: str = "unnamed"
) -> DirectionModel:
    """Fit a model to strides with known truth.

    Parameters
    ----------
    table
        Strides of both directions at each group of sites, of one wearer or several.
    base
        Model to extend; None to begin from nothing.
    name
        How the model will be called.

    Returns
    -------
    DirectionModel
        Extended, it knows all sites of its base; from nothing, those of the strides only.
    """
    if base is None:
        return _from_nothing(table, name)
    sites = table.strides["placement"].map(group_of).to_numpy(dtype=str)
    groups = {
        group: _extended(base.groups[group], table.where(sites == group))
        for group in np.unique(sites)
        if group in base.groups
    }
    return replace(base, groups={**base.groups, **groups}, name=name, card={})


def _from_nothing(table: StrideTable, name: str) -> DirectionModel:
    """Fit without a base; what is held out together is then taken for a source of its own."""
    units, kind = units_of(table.strides)
    model = fit(StrideTable(table.features, table.strides.assign(source=units)), name=name)
    if kind == "subject":
        return model
    groups = {
        # Sessions and stretches of one wearer differ less than wearers do.
        group: replace(site, score=replace(site.score, offset_scale=SAME_WEARER * site.score.sd))
        for group, site in model.groups.items()
    }
    return replace(model, groups=groups)


def _extended(site: SiteGroup, table: StrideTable) -> SiteGroup:
    """Correct what the base knows of one group of sites."""
    hears_running = site.hears_running or real_running_both_ways(table.strides)
    known = table.strides["truth"].isin(site.classifier.classes_).to_numpy()
    if not hears_running:
        known = known & (table.strides["true_gait"] == "walk").to_numpy()
    heard = table.where(known)
    if not _both_ways(heard):
        return site
    scores = _held_out_scores(site, heard)
    score = _score_of_these(site.score, heard.strides, scores)
    return replace(
        site, classifier=_corrected(site, heard), score=score, hears_running=hears_running
    )


def _both_ways(table: StrideTable) -> bool:
    return {DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]} <= set(table.strides["truth"])


def _corrected(site: SiteGroup, table: StrideTable) -> Pipeline:
    """Classifier of the base, drawn to these strides; every wearer weighs the same."""
    size = table.strides.groupby(["subject", "truth"])["truth"].transform("size")
    weight = (1 / size).to_numpy(dtype=float)
    estimator = StrideClassifier(prior=site.classifier, penalty=PENALTY)
    return estimator.fit(
        inputs_of(site.front, table), table.strides["truth"], weight / weight.mean()
    ).pipeline_


def _held_out_scores(site: SiteGroup, table: StrideTable) -> FloatArray:
    """(n,) log odds of backward against forward, from classifiers that did not see the stride."""
    scores = np.full(len(table), np.nan)
    units, _ = units_of(table.strides)
    for unit in np.unique(units[units != ""]):
        held_out = units == unit
        train = table.where(apart(table.strides, held_out) & (units != ""))
        if _both_ways(train):
            inputs = inputs_of(site.front, table.where(held_out))
            scores[held_out] = stride_score(direction_log_odds(_corrected(site, train), inputs))
    return scores


def _score_of_these(base: ScoreModel, strides: pd.DataFrame, scores: FloatArray) -> ScoreModel:
    """What scores mean for these wearers, leaning on the base where there are few strides."""
    known = np.isfinite(scores)
    frame = strides[known].assign(score=scores[known])
    frame["gait"] = np.where(frame["p_run"] > 0.5, "run", "walk")
    means = np.where((frame["gait"] == "run").to_numpy()[:, None], base.running, base.walking)
    way = frame["truth"].map(DIRECTIONS.index).to_numpy()
    frame["off"] = frame["score"] - means[np.arange(len(frame)), way]
    off = frame.groupby(["subject", "truth"])["off"].mean().unstack("truth")
    off = off.reindex(columns=list(DIRECTIONS))
    count = np.bincount(way, minlength=len(DIRECTIONS))
    shift = count / (count + OWN_STRIDES) * np.nan_to_num(off.mean().to_numpy())
    if not count[SIDEWAYS]:
        shift[SIDEWAYS] = shift[[FORWARD, BACKWARD]].mean()

    cell = frame.groupby(["subject", "gait", "truth"])["score"]
    within = (frame["score"] - cell.transform("mean")).to_numpy()
    ways = off[[DIRECTIONS[FORWARD], DIRECTIONS[BACKWARD]]] - shift[[FORWARD, BACKWARD]]
    walking = np.array(base.walking) + shift
    separation_sd = _spread(ways.iloc[:, 1] - ways.iloc[:, 0], base.separation_sd)
    # Where the base heard nothing, a minute of one wearer has to be as clear as many wearers were.
    spread = separation_sd if base.temper else base.separation_sd
    apart_enough = walking[BACKWARD] - walking[FORWARD] > MIN_SEPARATION * spread
    return ScoreModel(
        walking=tuple(map(float, walking)),
        running=tuple(map(float, np.array(base.running) + shift)),
        # One session's strides are more alike than those of the next one will be.
        sd=max(base.sd, float(within.std())),
        offset_scale=_spread(ways.mean(axis=1), base.offset_scale),
        separation_sd=separation_sd,
        temper=1 / design_effect(frame.assign(within=within)) if apart_enough else 0.0,
        most_strides=base.most_strides,
    )


def _spread(of_wearers: pd.Series, base: float) -> float:
    """Spread between the new wearers, leaning on the base's; of one, between sessions."""
    found = of_wearers.dropna().to_numpy()
    if len(found) < 2:
        return SAME_WEARER * base
    own = float(found.var(ddof=1))
    return float(np.sqrt((len(found) * own + OWN_WEARERS * base**2) / (len(found) + OWN_WEARERS)))
