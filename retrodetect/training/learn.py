"""Learn from new strides: from nothing, or by extending a model that knows others.

An extended model keeps what its base learned from many people and leans toward these wearers: the
weights of its readouts are drawn toward those of the base, as by so many strides. Where the front
is not known it is taken from the travel of the labelled strides, so half a minute each way teaches
how strongly each cue shows on this wearer.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from retrodetect.direction.card import Card
from retrodetect.direction.decoder import PACES
from retrodetect.direction.model import FORMS, DirectionModel, Readout, SiteGroup
from retrodetect.recording import FloatArray
from retrodetect.sites import group_of
from retrodetect.training.fit import (
    READOUTS,
    StrideTable,
    Target,
    fit,
    level_fronts,
    reference_fronts,
    refit_weights,
    teaching,
    went,
)
from retrodetect.training.folds import units_of

__all__ = ["learn"]

BASE_STRIDES = 20.0
"""Strides of the new wearers that weigh as much as the base."""


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
        # What is held out together counts as a source of its own.
        units, _ = units_of(table.strides)
        return fit(StrideTable(table.features, table.strides.assign(source=units)), name=name)
    sites = table.strides["placement"].map(group_of).to_numpy(dtype=str)
    groups = {
        group: _extended(base.groups[group], went(table.where(sites == group)), group)
        for group in np.unique(sites)
        if group in base.groups
    }
    return replace(base, groups={**base.groups, **groups}, name=name, card=Card())


def _extended(site: SiteGroup, table: StrideTable, group: str) -> SiteGroup:
    """Correct what the base knows of one group of sites."""
    fronts = reference_fronts(table, level_fronts(table), site.travel)
    return SiteGroup(
        _corrected(site.travel, table, fronts, group, "travel"),
        _corrected(site.front, table, fronts, group, "front"),
    )


def _corrected(
    readout: Readout, table: StrideTable, fronts: FloatArray, group: str, target: Target
) -> Readout:
    """Draw a readout toward these strides, where the base uses it."""
    weights = readout.weights.copy()
    for i, form in enumerate(FORMS):
        for j, pace in enumerate(PACES):
            names = READOUTS[group].get((target, form, pace), ())
            part, goal = teaching(table, fronts, group, target, form, pace)
            if weights[i, j].any() and len(part):
                weights[i, j] = refit_weights(
                    part, goal, names, prior=weights[i, j], penalty=BASE_STRIDES / len(part)
                )
    return replace(readout, weights=weights)
