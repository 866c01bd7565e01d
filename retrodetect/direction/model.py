"""The direction model: what a stride shows of front and travel at each group of body sites.

It is small on purpose: above all **readouts**, weighted sums of the vectors of a stride.
Their signs are fixed by physics (see :mod:`retrodetect.features.pointers`), and a few weights are
learned (see :mod:`retrodetect.training.fit`). The session decoder does the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.direction.card import Card
from retrodetect.direction.decoder import PACES
from retrodetect.direction.likeness import COMPARED, Likeness
from retrodetect.direction.mounting import Mounting
from retrodetect.errors import RefusedRecording
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import (
    FREE_FEATURES,
    GYRO_SCALARS,
    LEVERS,
    ROTATIONS,
    SITE_SCALARS,
    VECTORS,
)
from retrodetect.recording import FloatArray
from retrodetect.signal.numerics import log_softmax
from retrodetect.sites import GROUPS, SITES, UNNAMED, group_of, groups_of

__all__ = [
    "FORMS",
    "SITE_INPUTS",
    "DirectionModel",
    "Readout",
    "Seat",
    "SiteClassifier",
    "SiteGroup",
    "seats_of",
]

FORMS = ("accelerometer", "gyroscope")
"""Sensors that measured a stride; each form has its own weights."""

SITE_INPUTS = {
    "accelerometer": (*FREE_FEATURES, *(feature.name for feature in SITE_SCALARS)),
    "gyroscope": (*FREE_FEATURES, *(feature.name for feature in (*SITE_SCALARS, *GYRO_SCALARS))),
}
"""Features from which the group of body sites is inferred, by form."""

FRONT_CUES = (ROTATIONS, ~ROTATIONS & ~LEVERS, LEVERS)
"""Vectors of each cue to the front: the rotation, the force and the lever."""

BLOCK_STRIDES = 4096
"""Strides processed at a time: their pairs of vectors take 10 MB."""

SITE_STRIDES = 2.0
"""Independent strides that a session counts as when its site is inferred: its strides agree far
more than by chance. Single clips of held-out sources would have 1.5, sessions more."""

MISNAMED = 0.002
"""How common each other group of sites is where a wearer named one (a guess): phones move from a
pocket to the hand, and a strap at mid-shin is called an ankle. Of 519 recordings of sources
held out, one is doubted wrongly (``tests/benchmarks/check_anchors.py``)."""

LEAST_LOG_SITE = float(np.log(1e-3))
"""Least log probability of a group for a single stride, which may not be a stride at all."""


@dataclass(frozen=True, slots=True)
class Readout:
    """A weighted sum of the vectors of a stride: another vector of the device frame.

    Every vector turns with the device, and so does their sum; its length is the von Mises
    concentration of its bearing around its target.
    """

    weights: FloatArray  # (2, 2, len(VECTORS)): by form (of `FORMS`) and pace (of `PACES`)
    doubt: FloatArray  # (2,): share of unseen wearers it always misleads, by form

    def vectors(
        self, features: StrideFeatures, among: NDArray[np.bool_] | None = None
    ) -> FloatArray:
        """Sum the vectors of n strides, or only those ``among`` them.

        The (n, 2, 3) sums are as if the strides were walked, and as if they were run; zero where a
        stride has no vectors.
        """
        weights = self.weights if among is None else self.weights * among
        form = features.has_gyro.astype(np.intp)
        used = np.flatnonzero(weights.any(axis=(0, 1)))
        summed = np.empty((len(features), len(PACES), 3))
        for start in range(0, len(features), BLOCK_STRIDES):
            rows = slice(start, start + BLOCK_STRIDES)
            vectors = np.nan_to_num(features.vectors[rows, used])
            summed[rows] = np.einsum("nki,npk->npi", vectors, weights[form[rows]][:, :, used])
        return summed


@dataclass(frozen=True, slots=True)
class Seat:
    """One place where a device may sit."""

    site: str  # name of the body site
    weight: float  # prior probability
    named: bool  # whether the wearer named this place

    @property
    def offsets_rad(self) -> tuple[float, float, float]:
        """Angle from the front to where each of `FRONT_CUES` points; NaN if it shows nothing."""
        site = SITES[self.site]
        rotation_deg = 0.0 if site.shows_front or site.may_mimic_front else np.nan
        force_deg = 0.0 if site.shows_front else np.nan
        if site.may_mimic_front and not self.named:
            force_deg = 180.0
        lever_deg = np.nan if site.lever_deg is None else site.lever_deg
        rotation, force, lever = np.deg2rad([rotation_deg, force_deg, lever_deg])
        return float(rotation), float(force), float(lever)


def seats_of(placement: str | None, group: str) -> tuple[Seat, ...]:
    """List the places in a group of sites that a placement may mean; their weights sum to 1.

    Without a placement, these are all sites of the group, even if the group has the name of a
    site: an inferred ``thigh`` may be a back pocket.
    """
    weights: Mapping[str, float] = UNNAMED[group]
    if placement is not None and group in groups_of(placement):
        weights = SITES[placement].may_be or {placement: 1.0}
    weights = {site: weight for site, weight in weights.items() if group_of(site) == group}
    total = sum(weights.values())
    return tuple(
        Seat(site, weight / total, named=site == placement) for site, weight in weights.items()
    )


@dataclass(frozen=True, slots=True)
class SiteGroup:
    """Readouts and contrast of a group of body sites."""

    travel: Readout  # points in the direction of travel
    # points where the wearer faces, in either direction; but its levers point from the body out to
    # the device, and so depend on where around the body it sits
    front: Readout
    # (len(COMPARED),): log odds of backward for the half of a session in which a feature is larger
    # by 1
    contrast: FloatArray

    def front_cues(self, features: StrideFeatures) -> FloatArray:
        """Return the (n, 3, 2, 3) cues to the front: rotation, force and lever, by pace."""
        return np.stack([self.front.vectors(features, cue) for cue in FRONT_CUES], axis=1)

    def doubt(self, features: StrideFeatures) -> float:
        """Probability that front and travel disagree throughout, for these strides."""
        form = int(features.mostly_with_gyro)
        return float(1 - (1 - self.travel.doubt[form]) * (1 - self.front.doubt[form]))


@dataclass(frozen=True, slots=True, eq=False)
class SiteClassifier:
    """Multinomial logistic regression that infers the group of body sites from a stride."""

    groups: tuple[str, ...]
    weights: FloatArray  # (len(groups), k): of the features in `SITE_INPUTS`, as measured
    intercepts: FloatArray  # (len(groups),): log odds of each group if all features are zero

    def log_probability(self, inputs: pd.DataFrame) -> FloatArray:
        """Return the (n, len(groups)) log probability of each group for n strides."""
        logits = inputs.to_numpy() @ self.weights.T + self.intercepts
        return np.asarray(log_softmax(logits, axis=1))


@dataclass(frozen=True, slots=True, eq=False)
class DirectionModel:
    """Everything the session decoder needs to name directions.

    Parameters
    ----------
    groups
        By name of the group of sites.
    sites
        Classifiers that infer the group of sites, by form.
    likeness
        What the distance between two bouts shows about their directions.
    threshold
        Least posterior for a label; below it a stride is unknown.
    name, card
        Name, and the description in its card.
    mountings
        By body site: one wearer's strides as seen by a device that is mounted the same way
        every time. Only personal models have any.
    """

    groups: dict[str, SiteGroup]
    sites: dict[str, SiteClassifier]
    likeness: Likeness
    threshold: float = 0.9
    name: str = "unnamed"
    card: Card = field(default_factory=Card, repr=False)
    mountings: dict[str, Mounting] = field(default_factory=dict)

    def group_weights(self, features: StrideFeatures, placement: str | None) -> dict[str, float]:
        """Return the probability of each group of sites, by its name.

        The strides of an episode choose among the groups that ``placement`` may mean, and may
        overrule it if they move like those of another group. RefusedRecording if the model was
        not trained for the placement.
        """
        beforehand = dict.fromkeys(self.groups, 1.0)
        if placement is not None:
            meant = groups_of(placement)
            beforehand = {group: 1.0 if group in meant else MISNAMED for group in self.groups}
            if not meant & set(beforehand):
                sites = ", ".join(site for name in self.groups for site in GROUPS[name])
                raise RefusedRecording(
                    f"model {self.name} was not trained for {placement}",
                    remedy=f"choose another model, or record at {sites}",
                )
        usable = np.flatnonzero(np.isfinite(features.up[:, 0]))
        if len(beforehand) == 1 or not len(usable):
            return {max(beforehand, key=lambda group: (beforehand[group], group)): 1.0}
        form = FORMS[int(features.has_gyro[usable].mean() > 0.5)]
        classifier = self.sites[form]
        # They agree far more than by chance: evenly spaced ones show as much.
        usable = usable[:: -(-len(usable) // BLOCK_STRIDES)]
        inputs = features.where(usable).site_inputs(with_gyro=form == "gyroscope")
        by_stride = np.maximum(classifier.log_probability(inputs), LEAST_LOG_SITE)
        heard = [place for place, group in enumerate(classifier.groups) if group in beforehand]
        log_prior = np.log([beforehand[classifier.groups[place]] for place in heard])
        log_p = log_prior + SITE_STRIDES * by_stride[:, heard].mean(axis=0)
        return {
            classifier.groups[place]: float(weight)
            for place, weight in zip(heard, np.exp(log_softmax(log_p)), strict=True)
        }

    def parameters(self) -> dict[str, Any]:
        """Return the numbers to store, fit for JSON."""
        mountings = {site: mounting.stored() for site, mounting in self.mountings.items()}
        return ({"mountings": mountings} if mountings else {}) | {
            "threshold": self.threshold,
            "groups": {
                name: {
                    "travel": _stored_readout(group.travel),
                    "front": _stored_readout(group.front),
                    "contrast": dict(zip(COMPARED, group.contrast.tolist(), strict=True)),
                }
                for name, group in self.groups.items()
            },
            "sites": {
                form: {
                    group: {
                        "intercept": float(intercept),
                        "weights": dict(zip(SITE_INPUTS[form], weights.tolist(), strict=True)),
                    }
                    for group, weights, intercept in zip(
                        sites.groups, sites.weights, sites.intercepts, strict=True
                    )
                }
                for form, sites in self.sites.items()
            },
            "likeness": {
                "scale": dict(zip(COMPARED, self.likeness.scale.tolist(), strict=True)),
                "slope": self.likeness.slope,
                "intercept": self.likeness.intercept,
            },
        }

    @classmethod
    def from_stored(cls, parameters: dict[str, Any], *, name: str, card: Card) -> DirectionModel:
        """Rebuild a model from :meth:`parameters`."""
        groups = {
            group: SiteGroup(
                _readout(stored["travel"]),
                _readout(stored["front"]),
                np.array([float(stored["contrast"][name]) for name in COMPARED]),
            )
            for group, stored in parameters["groups"].items()
        }
        sites = {form: _classifier(parameters["sites"][form], SITE_INPUTS[form]) for form in FORMS}
        likeness = Likeness(
            np.array([float(parameters["likeness"]["scale"][name]) for name in COMPARED]),
            float(parameters["likeness"]["slope"]),
            float(parameters["likeness"]["intercept"]),
        )
        mountings = {
            site: Mounting.from_stored(stored)
            for site, stored in parameters.get("mountings", {}).items()
        }
        return cls(groups, sites, likeness, parameters["threshold"], name, card, mountings)


def _stored_readout(readout: Readout) -> dict[str, Any]:
    """Nonzero weights by form, pace and feature name."""
    return {
        form: {
            "doubt": float(readout.doubt[i]),
            **{
                pace: {
                    feature.name: float(weight)
                    for feature, weight in zip(VECTORS, readout.weights[i, j], strict=True)
                    if weight != 0
                }
                for j, pace in enumerate(PACES)
            },
        }
        for i, form in enumerate(FORMS)
    }


def _readout(stored: dict[str, Any]) -> Readout:
    names = [feature.name for feature in VECTORS]
    weights = np.zeros((len(FORMS), len(PACES), len(VECTORS)))
    for i, form in enumerate(FORMS):
        for j, pace in enumerate(PACES):
            for name, weight in stored[form][pace].items():
                weights[i, j, names.index(name)] = weight
    return Readout(weights, np.array([float(stored[form]["doubt"]) for form in FORMS]))


def _classifier(stored: dict[str, Any], names: tuple[str, ...]) -> SiteClassifier:
    return SiteClassifier(
        tuple(stored),
        np.array([[float(group["weights"][name]) for name in names] for group in stored.values()]),
        np.array([float(group["intercept"]) for group in stored.values()]),
    )
