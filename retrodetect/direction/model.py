"""The direction model: per group of body sites, what features and travel say.

A model holds plain scikit-learn pipelines and numbers, so that it can be stored as data
(see :mod:`retrodetect.training.store`). It is fitted in :mod:`retrodetect.training.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import log_softmax
from sklearn.pipeline import Pipeline

from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, SIDEWAYS, ScoreModel
from retrodetect.features import FREE_FEATURES, StrideFeatures
from retrodetect.recording import FloatArray

__all__ = ["GROUPS", "DirectionModel", "SiteGroup", "group_of"]

GROUPS: dict[str, tuple[str, ...]] = {
    "distal": ("foot", "ankle"),
    "thigh": ("thigh", "pocket"),
    "trunk": ("waist", "lower-back", "chest", "head"),
    "arm": ("upper-arm", "wrist", "hand", "bag"),
}
"""Body sites that move alike in a stride and share one classifier. On the trunk and thigh the
travel direction turns with the wearer's; at the foot and ankle it does not (own measurement
on two motion-capture sets), and the free features carry the answer."""

_PLACEMENT = "placement"


def group_of(placement: str) -> str:
    """Return the group a placement belongs to."""
    return next(group for group, members in GROUPS.items() if placement in members)


@dataclass(frozen=True, slots=True)
class SiteGroup:
    """What the model knows of one group of body sites.

    Parameters
    ----------
    classifier
        Pipeline from the free features to ``DIRECTIONS`` (some may be missing).
    score
        How its score behaves on wearers it has not seen.
    concentration
        Von Mises concentration of the travel direction around the front for a stride whose
        travel moment is 1; 0 where it says nothing.
    """

    classifier: Pipeline
    score: ScoreModel
    concentration: float

    def scores(self, features: StrideFeatures) -> tuple[FloatArray, FloatArray]:
        """Return (n,) log odds of backward against forward, and of sideways against both."""
        free = features.free()
        known = np.isfinite(features.up[:, 0])
        log_p = np.full((len(features), len(DIRECTIONS)), np.nan)
        if known.any():
            log_p[known] = self._log_probability(free[known])
        sideways = log_p[:, SIDEWAYS] - np.logaddexp(log_p[:, FORWARD], log_p[:, BACKWARD])
        return log_p[:, BACKWARD] - log_p[:, FORWARD], sideways

    def _log_probability(self, free: Any) -> FloatArray:
        """(n, 3) log probabilities in the order of DIRECTIONS; NaN for one never learned."""
        classes = list(self.classifier.classes_)
        found = np.log(np.clip(self.classifier.predict_proba(free), 1e-9, None))
        columns = [
            found[:, classes.index(name)] if name in classes else np.full(len(found), np.nan)
            for name in DIRECTIONS
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class DirectionModel:
    """All a session decoder needs to name directions.

    Parameters
    ----------
    groups
        By name of the group.
    placement
        Pipeline from the free features to the name of the group.
    threshold
        Least posterior for a label; below it a stride is unknown.
    name, card
        How it is called and what is written about it.
    """

    groups: dict[str, SiteGroup]
    placement: Pipeline
    threshold: float = 0.9
    name: str = "unnamed"
    card: dict[str, Any] = field(default_factory=dict)

    def group_weights(self, features: StrideFeatures, placement: str | None) -> dict[str, float]:
        """Return the probability of each group, one if the placement is given.

        Strides of one session agree with each other far more than chance, so their log
        probabilities are averaged, not summed, and weighed as ``_PLACEMENT_STRIDES`` strides.
        """
        if placement is not None:
            return {group_of(placement): 1.0}
        known = np.isfinite(features.up[:, 0])
        if not known.any():
            return {"trunk": 1.0}
        free = features.free()[known]
        log_p = np.log(np.clip(self.placement.predict_proba(free), 1e-3, None)).mean(axis=0)
        weights = np.exp(log_softmax(_PLACEMENT_STRIDES * log_p))
        return {
            str(group): float(weight)
            for group, weight in zip(self.placement.classes_, weights, strict=True)
        }

    def estimators(self) -> dict[str, Pipeline]:
        """Return the pipelines to be stored."""
        return {
            _PLACEMENT: self.placement,
            **{name: group.classifier for name, group in self.groups.items()},
        }

    def parameters(self) -> dict[str, Any]:
        """Return the numbers to be stored, fit for JSON."""
        return {
            "threshold": self.threshold,
            "features": list(FREE_FEATURES),
            "groups": {
                name: {
                    "mean": list(group.score.mean),
                    "sd": group.score.sd,
                    "offset_sd": group.score.offset_sd,
                    "temper": group.score.temper,
                    "concentration": group.concentration,
                }
                for name, group in self.groups.items()
            },
        }

    @classmethod
    def from_stored(
        cls,
        estimators: dict[str, Pipeline],
        parameters: dict[str, Any],
        *,
        name: str,
        card: dict[str, Any],
    ) -> DirectionModel:
        """Rebuild a model from what :meth:`estimators` and :meth:`parameters` gave."""
        groups = {
            group: SiteGroup(
                estimators[group],
                ScoreModel(tuple(found["mean"]), found["sd"], found["offset_sd"], found["temper"]),
                found["concentration"],
            )
            for group, found in parameters["groups"].items()
        }
        return cls(groups, estimators[_PLACEMENT], parameters["threshold"], name, card)


_PLACEMENT_STRIDES = 4.0
"""How many independent strides a session is worth when its placement is inferred."""
