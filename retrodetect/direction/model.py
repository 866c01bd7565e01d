"""The direction model: per group of body sites, what features and travel say.

A model holds plain scikit-learn pipelines and numbers, so that it can be stored as data
(see :mod:`retrodetect.training.store`). It is fitted in :mod:`retrodetect.training.fit`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import pandas as pd
from scipy.special import log_softmax
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.pipeline import Pipeline

from retrodetect import gait
from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, SIDEWAYS, ScoreModel
from retrodetect.errors import RefusedRecording
from retrodetect.features import VECTORS, StrideFeatures
from retrodetect.recording import FloatArray, Recording
from retrodetect.signal import prepare

__all__ = [
    "GROUPS",
    "DirectionModel",
    "Readout",
    "SiteGroup",
    "direction_log_odds",
    "group_of",
    "pointing",
    "stride_inputs",
    "stride_score",
]

GROUPS: dict[str, tuple[str, ...]] = {
    "distal": ("foot", "ankle"),
    "thigh": ("thigh", "pocket"),
    "trunk": ("waist", "lower-back", "chest", "head"),
    "arm": ("upper-arm", "wrist", "hand", "bag"),
}
"""Body sites that move alike in a stride and share one classifier. On the trunk and thigh the
travel direction turns with the wearer's; at the foot and ankle it does not (own measurement
on two motion-capture sets), and the free features carry the answer."""

MOST_LOG_ODDS = 3.0
"""A classifier that learned from a handful of people is never surer than 20 to 1 of a stride. How
far scores lie beyond that tells wearers apart, not directions (own measurement: it halves the
spread between wearers at the foot)."""

_PLACEMENT = "placement"


def group_of(placement: str) -> str:
    """Return the group a placement belongs to.

    Parameters
    ----------
    placement
        One of ``PLACEMENTS``, or the group that was inferred (``trunk?``).

    Returns
    -------
    str
        One of ``GROUPS``; empty for anything else.
    """
    site = placement.removesuffix("?")
    return next((group for group, sites in GROUPS.items() if site in (group, *sites)), "")


@dataclass(frozen=True, slots=True)
class Readout:
    """A weighted sum of the vector features of a stride: again a vector of the device frame.

    Every vector feature turns with the device, and so does their sum; its length is the
    von Mises concentration of its bearing around what it points to.

    Parameters
    ----------
    walk, run : (len(VECTORS),) arrays
        Weights for walking and for running strides.
    doubt
        Share of sessions of unseen wearers in which it points the wrong way round throughout.
    """

    walk: FloatArray
    run: FloatArray
    doubt: float

    def vectors(self, features: StrideFeatures) -> tuple[FloatArray, FloatArray]:
        """Return two times (n, 3) vectors: were the strides walking, and were they running."""
        known = np.nan_to_num(features.vectors)
        return (
            np.einsum("nki,k->ni", known, self.walk),
            np.einsum("nki,k->ni", known, self.run),
        )


@dataclass(frozen=True, slots=True)
class SiteGroup:
    """What the model knows of one group of body sites.

    Parameters
    ----------
    classifier
        Pipeline from the inputs (see :meth:`inputs`) to ``DIRECTIONS`` (some may be missing).
    score
        How its score behaves on wearers it has not seen.
    travel
        Points where the wearer goes; zero where the classifier says it better.
    front : (len(VECTORS),) array
        Weights of the vectors whose sum points where the wearer faces, whichever way the wearer
        goes; zero where the site does not show it.
    hears_running
        Whether the classifier learned from real running, and so is asked about it.
    """

    classifier: Pipeline
    score: ScoreModel
    travel: Readout
    front: FloatArray
    hears_running: bool

    def scores(
        self, features: StrideFeatures, running: FloatArray, front: FloatArray | None = None
    ) -> tuple[FloatArray, FloatArray]:
        """Score the n strides of one placement episode.

        Parameters
        ----------
        features
        running : (n,) array
            1 for running strides, else 0.
        front : (3,) array, optional
            Where the wearer faces in the device frame, if known.

        Returns
        -------
        score, sideways : (n,) arrays
            Log odds of backward over forward, and of sideways over the likelier.
        """
        if front is None:
            front = pointing(self.front, features).sum(axis=0)
        log_p = np.empty((len(features), len(DIRECTIONS)))
        for rows in _blocks(len(features)):
            here = features.where(rows)
            episode = np.zeros(len(here), dtype=np.intp)
            inputs = stride_inputs(self.front, here, running[rows], episode, front)
            log_p[rows] = direction_log_odds(self.classifier, inputs)
        ahead = log_p[:, [FORWARD, BACKWARD]].max(axis=1)
        sideways = log_p[:, SIDEWAYS] - ahead
        return stride_score(log_p), sideways


def stride_inputs(
    weights: FloatArray,
    features: StrideFeatures,
    running: FloatArray,
    episode: np.ndarray[tuple[int], np.dtype[np.intp]],
    front: FloatArray | None = None,
) -> pd.DataFrame:
    """Return what the classifier of a group is fed with.

    Parameters
    ----------
    weights : (len(VECTORS),) array
        See :class:`SiteGroup`. Where they are zero, and no front shows, the free features are
        the input, else the oriented ones.
    features
        Of n strides.
    running : (n,) array
        1 for running strides, else 0.
    episode : (n,) integer array
        Number of the placement episode, 0-based: all its strides share one front.
    front : (3,) array, optional
        The front, if known otherwise.

    Returns
    -------
    DataFrame
        n rows; NaN in strides without a vertical.
    """
    if not weights.any():
        return features.free()
    if front is None:
        of_episode = np.zeros((episode.max(initial=0) + 1, 3))
        np.add.at(of_episode, episode, pointing(weights, features))
        return features.oriented(of_episode[episode], running)
    return features.oriented(np.broadcast_to(front, (len(features), 3)), running)


def pointing(weights: FloatArray, features: StrideFeatures) -> FloatArray:
    """Sum the vectors of each stride by their weights.

    Parameters
    ----------
    weights : (len(VECTORS),) array
        Such as ``front`` of a :class:`SiteGroup`.
    features
        Of n strides.

    Returns
    -------
    (n, 3) array
        In the device frame; zero where a stride has no vectors.
    """
    return np.asarray(np.nan_to_num(np.einsum("nki,k->ni", features.vectors, weights)))


def _blocks(count: int) -> list[slice]:
    """Slices of some strides at a time."""
    return [slice(start, start + BLOCK_STRIDES) for start in range(0, count, BLOCK_STRIDES)]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class DirectionModel(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
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

    @property
    def classes_(self) -> np.ndarray[Any, np.dtype[np.str_]]:
        """What a stride may be called."""
        return np.array([DIRECTIONS[BACKWARD], DIRECTIONS[FORWARD], "unknown"])

    def fit(self, X: Any = None, y: Any = None) -> Self:  # noqa: N803, ARG002
        """Return the model as it is, like any frozen estimator; `retrodetect.train` teaches.

        Parameters
        ----------
        X, y
            Passed over.

        Returns
        -------
        DirectionModel
            Itself.
        """
        return self

    def predict(self, recording: Recording) -> np.ndarray[Any, np.dtype[np.object_]]:
        """Name the direction of every stride of a recording.

        :func:`retrodetect.label` says more, and takes anchors.

        Parameters
        ----------
        recording
            Worn where its ``placement`` says, if it does.

        Returns
        -------
        (n,) array of str
            Of ``classes_``, one for each stride found.
        """
        # The stage's own front door; it knows this module.
        from retrodetect.direction.anchors import Anchors
        from retrodetect.direction.classify import classify

        signals = prepare(recording)
        strides = gait.detect(signals).strides
        found = classify(signals, strides, self, Anchors(recording.placement))
        return found.table["direction"].to_numpy(dtype=object)

    def __repr__(self) -> str:
        return f"DirectionModel(name={self.name!r}, groups={list(self.groups)})"

    def __sklearn_is_fitted__(self) -> bool:
        """Tell scikit-learn that a model holds what it learned."""
        return True

    def group_weights(self, features: StrideFeatures, placement: str | None) -> dict[str, float]:
        """Return the probability of each group, one if the placement is given.

        Strides of one session agree with each other far more than chance, so their log
        probabilities are averaged, not summed, and weighed as ``_PLACEMENT_STRIDES`` strides.

        Raises
        ------
        RefusedRecording
            Where the placement is one the model knows nothing of.
        """
        if placement is not None:
            if (group := group_of(placement)) not in self.groups:
                sites = ", ".join(site for name in self.groups for site in GROUPS[name])
                raise RefusedRecording(
                    f"worn at {placement}, and model {self.name} knows nothing of that site",
                    remedy=f"choose another model, or record at {sites}",
                )
            return {group: 1.0}
        known = np.isfinite(features.up[:, 0])
        if not known.any():
            return {"trunk" if "trunk" in self.groups else next(iter(self.groups)): 1.0}
        log_p = np.zeros(len(self.placement.classes_))
        for rows in _blocks(len(features)):
            if known[rows].any():
                free = features.where(rows).free()[known[rows]]
                log_p += np.log(np.clip(self.placement.predict_proba(free), 1e-3, None)).sum(axis=0)
        weights = np.exp(log_softmax(_PLACEMENT_STRIDES * log_p / known.sum()))
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
            "groups": {
                name: {
                    "walking": list(group.score.walking),
                    "running": list(group.score.running),
                    "sd": group.score.sd,
                    "offset_scale": group.score.offset_scale,
                    "separation_sd": group.score.separation_sd,
                    "temper": group.score.temper,
                    "most_strides": group.score.most_strides,
                    "travel": _as_names(group.travel),
                    "front": _named(group.front),
                    "hears_running": group.hears_running,
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
                ScoreModel(
                    tuple(found["walking"]),
                    tuple(found["running"]),
                    found["sd"],
                    found["offset_scale"],
                    found["separation_sd"],
                    found["temper"],
                    found["most_strides"],
                ),
                _from_names(found["travel"]),
                _weights(found["front"]),
                found["hears_running"],
            )
            for group, found in parameters["groups"].items()
        }
        return cls(groups, estimators[_PLACEMENT], parameters["threshold"], name, card)


BLOCK_STRIDES = 4096
"""Strides that are scored at a time: their pairs of vectors take 10 MB."""

_PLACEMENT_STRIDES = 2.0
"""How many independent strides a session is worth when its placement is inferred."""


def stride_score(log_p: FloatArray) -> FloatArray:
    """(n,) log odds of backward over forward, never beyond ``MOST_LOG_ODDS``.

    Parameters
    ----------
    log_p : (n, 3) array
        From :func:`direction_log_odds`.

    Returns
    -------
    (n,) array
        NaN where nothing can be said.
    """
    return MOST_LOG_ODDS * np.tanh((log_p[:, BACKWARD] - log_p[:, FORWARD]) / MOST_LOG_ODDS)


def _named(weights: FloatArray) -> dict[str, float]:
    """Weights by feature name, those that are zero left out."""
    return {
        feature.name: float(weight)
        for feature, weight in zip(VECTORS, weights, strict=True)
        if weight != 0
    }


def _weights(named: dict[str, float]) -> FloatArray:
    return np.array([named.get(feature.name, 0.0) for feature in VECTORS])


def _as_names(readout: Readout) -> dict[str, Any]:
    return {"walk": _named(readout.walk), "run": _named(readout.run), "doubt": readout.doubt}


def _from_names(found: dict[str, Any]) -> Readout:
    return Readout(_weights(found["walk"]), _weights(found["run"]), found["doubt"])


def direction_log_odds(classifier: Pipeline, inputs: pd.DataFrame) -> FloatArray:
    """(n, 3) log probabilities in the order of DIRECTIONS.

    NaN for a direction the classifier never learned and for strides without inputs.

    Parameters
    ----------
    classifier
        Fitted on such inputs.
    inputs
        Of n strides, from :func:`stride_inputs`.

    Returns
    -------
    (n, 3) array
        Natural logarithms; NaN where nothing can be said.
    """
    known = np.isfinite(inputs.iloc[:, 0].to_numpy())
    log_p = np.full((len(inputs), len(DIRECTIONS)), np.nan)
    if known.any():
        found = np.log(np.clip(classifier.predict_proba(inputs[known]), 1e-9, None))
        for column, name in enumerate(classifier.classes_):
            log_p[known, DIRECTIONS.index(name)] = found[:, column]
    return log_p
