"""Fit a direction model to labelled strides.

The order is: labelled recordings, :func:`table_of` strides with features, :func:`fit`. There is
little to learn. Physics fixes which vectors may point to front and travel at each body site, and
with which sign; they stand in ``READOUTS``. Learned are a few weights, and the **doubt**: the
share of wearers of held-out sources that are misled.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import i0e, i1e
from sklearn.linear_model import LogisticRegression

from retrodetect.direction.decoder import BACKWARD, DIRECTIONS, FORWARD, PACES
from retrodetect.direction.likeness import COMPARED, Likeness, bout_means, log_distance
from retrodetect.direction.model import (
    FORMS,
    FRONT_CUES,
    DirectionModel,
    Readout,
    Seat,
    SiteClassifier,
    SiteGroup,
)
from retrodetect.features import StrideFeatures
from retrodetect.features.catalogue import LEVERS, SWING, VECTORS
from retrodetect.recording import FloatArray
from retrodetect.sites import LOWER_LEG, SITES, Site, group_of, groups_of
from retrodetect.training.estimators import LogOdds, Regression
from retrodetect.training.examples import BOTH_WAYS, Example, strides_of

__all__ = [
    "READOUTS",
    "Fits",
    "StrideTable",
    "doubt_of",
    "fit",
    "fit_readouts",
    "fit_weights",
    "level_fronts",
    "reference_fronts",
    "refit_weights",
    "table_of",
    "teaching",
    "went",
]

Target = Literal["travel", "front"]

MIN_STRIDES = 20
"""Fewest strides that a readout is fitted to."""

MOST_DOUBT = 0.25
"""A readout that misleads more wearers is not used."""

PHYSICS_WEARERS = 10
"""Wearers that the physics of a sign counts as for doubt, half of one misled [D]."""

MIN_RECORDING_STRIDES = 5
"""Shortest recording that shows whether a readout is wrong for a wearer, not just for a stride."""

PENALTY = 0.01
"""Ridge on weights in units of their vectors' size, over the mean log likelihood of a stride. On
held-out sources, the log likelihood of 19 readouts is highest from 0.003 to 0.02. With less, a
readout is too sure of actors who move unlike the others: at the trunk of one 21 % of strides were
unknown with 0.002, and 2 % with 0.01."""

MOST_NEWTON_STEPS = 100
LEAST_GAIN = 1e-12
"""Newton's steps end when the next would gain less log likelihood than this: after about six."""

LEAST_SLOPE = 0.1
"""Gain of a step, over the gradient's prediction, below which the step is halved."""

CAPTURED_PACE = "walk"
"""Above the knee captured people teach walking only: 30 Hz blur the flight phase of their runs,
and two captured sets contradict each other and the real jogs."""

_SWING = tuple(feature.name for feature in SWING)

HABITUAL_CONTRAST = np.array([5.0 if name == "log_h_over_v_low" else 0.0 for name in COMPARED])
"""People bounce less when they go backward: the horizontal movement is larger beside the vertical
one by 0.4 ± 0.4 log units (three captured trunks, two real feet), and 2 · 0.4 / 0.4² = 5."""

WITHOUT_CONTRAST = ("arm",)
"""Groups at which it shows nothing: an arm swings as its wearer likes."""

MOST_SITE_STRIDES = 12
"""Strides of a recording from which its site is learned: they are alike, and more take long."""

READOUTS: dict[str, dict[tuple[Target, str, str], tuple[str, ...]]] = {
    "foot": {
        ("travel", "gyroscope", "walk"): (*_SWING, "-U1_gyro", "-U1_lean", "+way"),
        ("travel", "accelerometer", "walk"): (*_SWING, "-U2_fixed", "+U1_fixed", "+U3_fixed"),
        ("travel", "gyroscope", "run"): (*_SWING, "-U1_gyro", "+way"),
        ("travel", "accelerometer", "run"): _SWING,
        ("front", "gyroscope", "walk"): (*_SWING, "-S", "+Q"),
        ("front", "accelerometer", "walk"): _SWING,
        ("front", "gyroscope", "run"): (*_SWING, "-a_p"),
        ("front", "accelerometer", "run"): _SWING,
    },
    "ankle": {
        ("travel", "gyroscope", "walk"): ("-A", "-U1_gyro", "+dh_jj_wide", "+way"),
        ("travel", "accelerometer", "walk"): (
            *_SWING, "-U2_fixed", "+U1_fixed", "+U3_fixed", "+U4_fixed", "+dh_jj_wide",
        ),
        ("travel", "gyroscope", "run"): ("-A", "-U1_gyro", "+way"),
        ("front", "gyroscope", "walk"): (
            "-R2_gyro", "+R4_gyro", "+lever_low", "+lever_mid", "+lever_high",
        ),
        ("front", "accelerometer", "walk"): ("-R2_fixed", "-R1_fixed", "-R3_fixed", "+R4_fixed"),
        ("front", "gyroscope", "run"): ("+lever_low", "+lever_mid", "+lever_high"),
    },
    "shin": {
        ("travel", "gyroscope", "walk"): ("-A", "-U1_gyro", "-U1_lean", "+way"),
        ("travel", "gyroscope", "run"): ("-A", "-U1_gyro", "+way"),
        ("front", "gyroscope", "walk"): (
            "+R1_fixed", "+R2_fixed", "+R3_fixed", "+R1_gyro", "+R4_gyro",
        ),
    },
    "thigh": {
        ("travel", "gyroscope", "walk"): ("+U2_fixed", "+U2_gyro", "-A", "+U3_gyro"),
        ("travel", "accelerometer", "walk"): ("+U2_fixed", "+U3_fixed"),
        ("travel", "gyroscope", "run"): ("-U2_fixed", "-U2_gyro"),
        ("front", "gyroscope", "walk"): (
            "+R1_gyro", "-R1_fixed", "-S", "+Q", "+a_p", "+R2_gyro", "+lever_low", "+lever_high",
        ),
        ("front", "accelerometer", "walk"): ("-R1_fixed", "+R3_fixed", "+R4_fixed"),
        ("front", "gyroscope", "run"): ("+R1_gyro", "-S", "-lever_low"),
    },
    "trunk": {
        ("travel", "gyroscope", "walk"): ("+U2_fixed", "+U2_gyro", "+U2_arm"),
        ("travel", "accelerometer", "walk"): ("+U2_fixed", "+U3_fixed"),
        ("travel", "gyroscope", "run"): ("-U2_fixed", "-U2_gyro"),
        ("travel", "accelerometer", "run"): ("-U2_fixed",),
        ("front", "gyroscope", "walk"): ("+lever_low", "+lever_mid", "+lever_high"),
        ("front", "gyroscope", "run"): ("+lever_high",),
    },
    "arm": {
        ("travel", "gyroscope", "walk"): ("+U2_arm", "+U1_hanging", "+U1_fixed", "-A"),
        ("front", "gyroscope", "walk"): ("+R1_gyro", "+S", "-Q"),
    },
}  # fmt: skip
"""What may point to travel and front at each group of sites, by what saw it and by pace. A sign is
that of the weight; swing vectors have none, for their lobes point either way. Signs are those of
our own measurements on real forward walks and captured walks both ways, listed in
docs/decoder.md; the travel vector of the hip turns round in running, as a bouncing spring reverses
an inverted pendulum (Cavagna, Heglund & Taylor 1977, Am J Physiol 233:R243). At an arm no cue to
the travel turns round in every captured actor, but their sum does: that of the trunk once the arm
is taken out, the swing of the arm, with and without the gravity that it mixes in, and its skew, as
at a leg."""


@dataclass(frozen=True, slots=True)
class StrideTable:
    """Strides with features and truth."""

    features: StrideFeatures  # of n strides
    # n rows: ``recording``, ``run``, ``bout``, ``start_s``, ``end_s``, ``gait``,
    # ``truth`` (its direction), ``true_gait``, ``subject``, ``session``, ``source``,
    # ``placement``, ``virtual``, ``front_x``, ``front_y``, ``front_z`` (NaN where unknown)
    strides: pd.DataFrame

    @classmethod
    def of(cls, examples: Sequence[Example]) -> StrideTable:
        """Join the strides of examples, including those without a known truth.

        An additional column, ``example``, numbers the example of each stride.
        """
        number = np.repeat(
            np.arange(len(examples)), [len(each.measured.strides) for each in examples]
        )
        return cls(
            StrideFeatures.joined(each.measured.features for each in examples),
            strides_of(examples).assign(example=number),
        )

    @property
    def teaches(self) -> NDArray[np.bool_]:
        """(n,) whether strides can be learned from."""
        has_vertical = np.isfinite(self.features.up[:, 0])
        return np.asarray(has_vertical & self.strides["truth"].isin(DIRECTIONS).to_numpy())

    def where(self, rows: Any) -> StrideTable:
        """Return the rows of a boolean mask or index."""
        return StrideTable(self.features.where(rows), self.strides[rows].reset_index(drop=True))

    def __len__(self) -> int:
        return len(self.strides)


def table_of(recordings: Iterable[Example]) -> StrideTable:
    """Keep the strides of labelled recordings whose direction is certain.

    Strides are found exactly as for labelling, so that a model learns from what it will see.
    """
    table = StrideTable.of(list(recordings))
    return table.where(table.teaches)


def fit(table: StrideTable, *, name: str = "unnamed") -> DirectionModel:
    """Fit a direction model to strides of several people, some of them in both directions.

    Some have a known front.
    """
    return Fits(table, name=name).model


class Fits:
    """A direction model fitted to strides, and variants without a source or a wearer.

    They hardly differ: parts that the omitted strides did not teach are the same, and the
    others are a few steps away.
    """

    table: StrideTable
    model: DirectionModel  # fitted to all strides

    def __init__(self, table: StrideTable, *, name: str = "unnamed") -> None:
        """Fit a model to all strides; see `fit`."""
        self.table = table
        self._certain = _in_one_group(table.strides["placement"])
        self._groups = np.where(self._certain, _groups(table), "")
        self._sites = {
            form: _Sites(table, self._groups, with_gyro=form == "gyroscope") for form in FORMS
        }
        self._pairs = _pairs_of_bouts(table)
        self.model = DirectionModel(
            {
                group: fit_readouts(table.where(self._groups == group), group)
                for group in READOUTS
                if (self._groups == group).any()
            },
            {form: sites.classifier for form, sites in self._sites.items()},
            _likeness(*self._pairs),
            name=name,
        )

    def without(self, source: str, subject: str | None = None) -> DirectionModel:
        """Fit a model to strides of other sources, or of other wearers too."""
        kept = ~_of_wearer(self.table.strides, source, subject)
        if (_in_one_group(self.table.strides["placement"][kept]) != self._certain[kept]).any():
            return fit(self.table.where(kept))
        readouts = {}
        for group, readout in self.model.groups.items():
            here = self._groups == group
            if kept[here].all():
                readouts[group] = readout
            elif kept[here].any():
                readouts[group] = fit_readouts(self.table.where(here & kept), group)
        difference, compared = self._pairs
        pairs = ~_of_wearer(compared, source, subject)
        return DirectionModel(
            readouts,
            {form: sites.fit(kept) for form, sites in self._sites.items()},
            _likeness(difference[pairs], compared[pairs]),
        )


def _of_wearer(rows: pd.DataFrame, source: str, subject: str | None) -> NDArray[np.bool_]:
    """(n,) whether rows are of a source, or of one of its wearers."""
    of_source = (rows["source"] == source).to_numpy()
    return of_source if subject is None else of_source & (rows["subject"] == subject).to_numpy()


class _Sites:
    """What tells groups of sites apart, or what only knows how common they are."""

    def __init__(self, table: StrideTable, groups: NDArray[np.str_], *, with_gyro: bool) -> None:
        rows = groups != ""
        has_gyro = rows & table.features.has_gyro
        if with_gyro and has_gyro.any():
            rows = has_gyro
        rows[rows] = _thinned(table.strides[rows])
        strides = table.strides[rows]
        self._rows, self._group = rows, groups[rows]
        self._cell = strides.groupby(["source", "placement"]).ngroup().to_numpy()
        self._inputs = table.features.where(rows).site_inputs(with_gyro=with_gyro).to_numpy()
        self._names, number = np.unique(self._group, return_inverse=True)
        self._regression = Regression(self._inputs, number)
        self._log_odds: LogOdds | None = None
        self.classifier = self.fit(np.ones(len(table), dtype=bool))

    def fit(self, kept: NDArray[np.bool_]) -> SiteClassifier:
        """Fit to the strides in ``kept``."""
        kept = kept[self._rows]
        if self._log_odds is not None and kept.all():
            return self.classifier
        names, number, counts = np.unique(
            self._group[kept], return_inverse=True, return_counts=True
        )
        if len(names) < 2:
            weights = np.zeros((len(names), self._inputs.shape[1]))
            return SiteClassifier(tuple(names.tolist()), weights, np.log(counts / counts.sum()))
        size = np.bincount(self._cell[kept])[self._cell[kept]]
        weight = np.zeros(len(kept))
        weight[kept] = 1 / np.sqrt(size)
        weight /= weight[kept].mean()
        if len(names) < len(self._names):
            log_odds = Regression(self._inputs[kept], number).fit(weight[kept])
        else:
            log_odds = self._regression.fit(weight, start=self._log_odds)
            self._log_odds = self._log_odds or log_odds
        return SiteClassifier(tuple(names.tolist()), log_odds.weights, log_odds.intercepts)


def _thinned(strides: pd.DataFrame) -> NDArray[np.bool_]:
    """(n,) a few strides of each recording, evenly spaced."""
    by_recording = strides.groupby(["source", "recording", "placement"])["truth"]
    step = np.maximum(by_recording.transform("size") // MOST_SITE_STRIDES, 1)
    return (by_recording.cumcount() % step == 0).to_numpy()


def _pairs_of_bouts(table: StrideTable) -> tuple[FloatArray, pd.DataFrame]:
    """Differences between all bouts of each wearer at a site and pace, and the compared pairs.

    Shins are left out: they repeat the legs of the ankles.
    """
    bouts, means = _bouts(went(table.where((table.strides["placement"] != "shin").to_numpy())))
    wearers = bouts.groupby(["source", "subject", "placement", "ran"]).indices.values()
    pairs = [rows[np.stack(np.triu_indices(len(rows), 1))] for rows in wearers]
    first, second = np.concatenate([np.empty((2, 0), np.intp), *pairs], axis=1)
    forward = bouts["forward"].to_numpy()
    compared = bouts[["source", "subject", "group"]].iloc[first].reset_index(drop=True)
    # A bout in both directions cannot stand for either.
    compared["opposite"] = ~np.isin(forward[first] + forward[second], (0, 2))
    return np.abs(means[first] - means[second]), compared


def _likeness(difference: FloatArray, compared: pd.DataFrame) -> Likeness:
    """Learn how unlike bouts in one direction are, and bouts in opposite directions.

    Every source and group of sites counts the same, however many bouts it holds. If nobody went
    both ways, the result is silent.
    """
    opposite = compared["opposite"].to_numpy(dtype=bool)
    if not (opposite.any() and (~opposite).any()):
        return Likeness.silent()
    same = pd.DataFrame(difference[~opposite]).groupby(
        [compared.loc[~opposite, name].to_numpy() for name in ("source", "group")]
    )
    scale = np.sqrt((same.median() ** 2).mean()).to_numpy()
    distance = log_distance(difference, scale)
    size = compared.groupby(["source", "group", "opposite"])["opposite"].transform("size")
    weight = 1 / size.to_numpy(dtype=float)
    for side in (opposite, ~opposite):
        weight[side] /= weight[side].sum()
    fitted = LogisticRegression(C=np.inf).fit(distance[:, None], opposite, sample_weight=weight)
    return Likeness(scale, float(fitted.coef_[0, 0]), float(fitted.intercept_[0]))


def _bouts(table: StrideTable) -> tuple[pd.DataFrame, FloatArray]:
    """Bouts, with their origin, pace and direction, and their means."""
    by_bout = table.strides.groupby(["source", "recording", "bout"], sort=False)
    number = np.asarray(by_bout.ngroup(), dtype=np.intp)
    order = np.argsort(number, kind="stable")
    strides, number = table.strides.iloc[order], number[order]
    ran = (strides["true_gait"] == "run").to_numpy()
    means, ran = bout_means(table.features.where(order), number, ran)
    bouts = strides.groupby(number).first()
    forward = (strides["truth"] == DIRECTIONS[FORWARD]).groupby(number).mean()
    usable = np.isfinite(means[:, 0])
    bouts = bouts.assign(group=bouts["placement"].map(group_of), forward=forward, ran=ran)
    return bouts[usable].reset_index(drop=True), means[usable]


def _groups(table: StrideTable) -> NDArray[np.str_]:
    return table.strides["placement"].map(group_of).to_numpy(dtype=str)


def _in_one_group(placement: pd.Series) -> NDArray[np.bool_]:
    """(n,) whether the group of each site is certain, or no site of a certain one teaches it."""
    certain = placement.map(lambda site: len(groups_of(site)) == 1).to_numpy(dtype=bool)
    group = placement.map(group_of)
    return np.asarray(certain | ~group.isin(group[certain]))


def fit_readouts(table: StrideTable, group: str) -> SiteGroup:
    """Fit the readouts of travel and front at a group of sites.

    Readouts that mislead too many wearers of held-out sources have no weights.
    """
    going = went(table)
    fronts = level_fronts(going)
    if np.isfinite(fronts[:, 0]).sum() < MIN_STRIDES:
        fronts = reference_fronts(going, fronts, _by_signs(going, group))
    travel = _fit_readout(going, fronts, group, "travel")
    fronts = reference_fronts(going, fronts, travel)
    front = _fit_readout(going, fronts, group, "front")
    return SiteGroup(travel, front, HABITUAL_CONTRAST * (group not in WITHOUT_CONTRAST))


def went(table: StrideTable) -> StrideTable:
    """Return the strides that went forward or backward, without sideways ones."""
    return table.where(table.strides["truth"].isin(BOTH_WAYS).to_numpy())


def _by_signs(table: StrideTable, group: str) -> Readout:
    """Travel by the signs of physics alone, without a known front."""
    names = READOUTS[group]
    weights = [
        [_signs_over_size(table.features, names.get(("travel", form, pace), ())) for pace in PACES]
        for form in FORMS
    ]
    return Readout(np.array(weights), np.zeros(len(FORMS)))


def _signs_over_size(features: StrideFeatures, names: tuple[str, ...]) -> FloatArray:
    """(len(VECTORS),) weights by which the named vectors count the same, whatever their length."""
    signs, columns = _signed(names)
    vectors = np.nan_to_num(features.vectors.astype(np.float64))
    size = np.sqrt(np.einsum("nki,nki->k", vectors, vectors) / max(len(features), 1)) + 1e-6
    weights = np.zeros(len(VECTORS))
    weights[columns] = signs / size[columns]
    return weights


def _fit_readout(table: StrideTable, fronts: FloatArray, group: str, target: Target) -> Readout:
    weights = np.zeros((len(FORMS), len(PACES), len(VECTORS)))
    doubt = np.ones(len(FORMS))
    for i, form in enumerate(FORMS):
        for j, pace in enumerate(PACES):
            names = READOUTS[group].get((target, form, pace), ())
            if not names:
                continue
            part, front = teaching(table, fronts, group, target, form, pace)
            if len(part) >= MIN_STRIDES:
                weights[i, j] = refit_weights(part, front, names)
            elif pace == "run" and weights[i, 0].any():
                weights[i, j] = _untaught(table.features, names, weights[i, 0])
            if pace == "walk" and len(part) >= MIN_STRIDES:
                doubt[i] = doubt_of(part, front, names, weights[i, j])
        if doubt[i] > MOST_DOUBT:
            weights[i] = 0.0
    return Readout(weights, doubt)


def _untaught(features: StrideFeatures, names: tuple[str, ...], walking: FloatArray) -> FloatArray:
    """Weights of running if nobody ran: the signs of physics, as sure as walking."""
    vectors = np.nan_to_num(features.vectors.astype(np.float64))
    weights = _signs_over_size(features, names)
    walked, ran = (
        np.linalg.norm(np.einsum("nki,k->ni", vectors, weight), axis=1).mean()
        for weight in (walking, weights)
    )
    return np.asarray(weights * walked / max(float(ran), 1e-6))


def teaching(
    table: StrideTable, fronts: FloatArray, group: str, target: Target, form: str, pace: str
) -> tuple[StrideTable, FloatArray]:
    """Select the k of n strides that teach a readout, and the (k, 3) goals it should point to.

    The n strides went forward or backward; their (n, 3) fronts are NaN where unknown.
    """
    strides = table.strides
    rows = np.isfinite(fronts[:, 0]) & (strides["true_gait"] == pace).to_numpy()
    if form == "gyroscope":
        rows &= table.features.has_gyro
    if pace != CAPTURED_PACE and group not in LOWER_LEG:
        rows &= ~strides["virtual"].to_numpy(dtype=bool)
    seen_by = {name: _seat(name).travel_seen_by for name in SITES}
    if form == "accelerometer":
        rows &= (strides["placement"].map(seen_by) == "accelerometer").to_numpy()
    elif target == "travel":
        rows &= (strides["placement"].map(seen_by) != "nothing").to_numpy()
    if target == "front":
        showing = [
            name
            for name in SITES
            if _seat(name).shows_front
            or (form == "gyroscope" and _seat(name).lever_deg is not None)
        ]
        rows &= strides["placement"].isin(showing).to_numpy()
    part, front = table.where(rows), fronts[rows]
    if target == "travel":
        front = front * _way(part)[:, None]
    return part, front


def _seat(placement: str) -> Site:
    """The site itself, or the likeliest that a vaguer name may mean."""
    site = SITES[placement]
    return SITES[max(site.may_be, key=lambda name: site.may_be[name])] if site.may_be else site


def _way(table: StrideTable) -> FloatArray:
    """(n,) 1 forward, -1 backward."""
    return np.where(table.strides["truth"] == DIRECTIONS[BACKWARD], -1.0, 1.0)


def refit_weights(
    table: StrideTable,
    goal: FloatArray,
    names: tuple[str, ...],
    *,
    prior: FloatArray | None = None,
    penalty: float = PENALTY,
) -> FloatArray:
    """Fit the (len(VECTORS),) weights of signed vectors, as in :func:`fit_weights`.

    ``table`` and ``goal`` are from :func:`teaching`; all but the named weights are 0.
    """
    signs, columns = _signed(names)
    weights = np.zeros(len(VECTORS))
    weights[columns] = fit_weights(
        _toward_front(table, columns),
        goal,
        _balance(table.strides),
        signs,
        prior=None if prior is None else prior[columns],
        penalty=penalty,
    )
    return weights


def _signed(names: tuple[str, ...]) -> tuple[FloatArray, NDArray[np.intp]]:
    """Sign of each weight (0 for either), and the index of its vector."""
    order = [feature.name for feature in VECTORS]
    signs = [{"+": 1.0, "-": -1.0}.get(name[0], 0.0) for name in names]
    columns = np.array([order.index(name.lstrip("+-")) for name in names], dtype=np.intp)
    return np.array(signs), columns


def _toward_front(table: StrideTable, columns: NDArray[np.intp]) -> FloatArray:
    """(n, k, 3) vectors of a readout.

    If it sums levers, it reads the front: levers are turned from outward to the front, and the
    part that a site's own movement does not show is removed.
    """
    vectors = np.nan_to_num(table.features.vectors[:, columns].astype(np.float64))
    if not LEVERS[columns].any():
        return vectors
    for placement, rows in table.strides.groupby("placement").indices.items():
        seat = Seat(_seat(str(placement)).name, 1.0, named=True)
        for cue, offset_rad in zip(FRONT_CUES, seat.offsets_rad, strict=True):
            here = np.ix_(np.asarray(rows, dtype=np.intp), np.flatnonzero(cue[columns]))
            shown = vectors[here]
            if np.isnan(offset_rad):
                vectors[here] = 0.0
            elif offset_rad:
                across = np.cross(table.features.up[rows][:, None], shown)
                vectors[here] = np.cos(offset_rad) * shown - np.sin(offset_rad) * across
    return vectors


def _balance(strides: pd.DataFrame) -> FloatArray:
    """(n,) weights by which every source, site and direction counts the same."""
    size = strides.groupby(["source", "placement", "truth"])["truth"].transform("size")
    return 1 / size.to_numpy(dtype=float)


def fit_weights(
    vectors: FloatArray,
    target: FloatArray,
    weight: FloatArray,
    signs: FloatArray,
    *,
    prior: FloatArray | None = None,
    penalty: float = PENALTY,
    start: FloatArray | None = None,
) -> FloatArray:
    """Fit the (k,) weights whose sum of vectors points to a target.

    The bearing of the level unit ``target`` (n, 3) around the sum of ``vectors`` (n, k, 3) is von
    Mises with the sum's length as concentration. Its log likelihood is concave in the weights (it
    is an exponential family). ``weight`` (n,) is how much each stride counts, ``signs`` (k,) the
    sign of each weight, 0 for either, ``prior`` (k,) the weights to lean toward, ``penalty`` how
    strongly, over the mean log likelihood of a stride, and ``start`` (k,) where to begin.
    """
    share = weight / weight.sum()
    size = np.sqrt(share @ np.einsum("nki,nki->nk", vectors, vectors)) + 1e-6
    # (n, 3, k): as a matrix of 3 n rows it is summed in half the time.
    scaled = np.ascontiguousarray((vectors / size[:, None]).swapaxes(1, 2))
    flat = scaled.reshape(-1, len(size))
    along = (share[:, None] * target).ravel() @ flat
    centre = np.zeros(len(size)) if prior is None else prior * size

    def posterior(weights: FloatArray) -> tuple[float, FloatArray, FloatArray]:
        """Log posterior, its gradient, and its curvature, which is positive."""
        total = scaled @ weights
        kappa = np.linalg.norm(total, axis=1) + 1e-9
        level = i0e(kappa)
        ratio, log_norm = i1e(kappa) / level, np.log(level) + kappa
        off = weights - centre
        across = share * ratio / kappa
        toward = np.einsum("nik,ni->nk", scaled, total / kappa[:, None])
        curvature = (
            flat.T @ (np.repeat(across, 3)[:, None] * flat)
            + toward.T @ ((share * (1 - ratio**2) - 2 * across)[:, None] * toward)
            + penalty * np.eye(len(size))
        )
        return (
            float(weights @ along - share @ log_norm - 0.5 * penalty * (off @ off)),
            along - (across[:, None] * total).ravel() @ flat - penalty * off,
            curvature,
        )

    low, high = np.where(signs > 0, 0.0, -np.inf), np.where(signs < 0, 0.0, np.inf)
    weights = np.clip(centre if start is None else start * size, low, high)
    log_p, gradient, curvature = posterior(weights)
    for _ in range(MOST_NEWTON_STEPS):
        held = np.where(gradient < 0, weights <= low, weights >= high)
        free = np.flatnonzero(~held)
        step = np.zeros(len(size))
        step[free] = np.linalg.solve(curvature[np.ix_(free, free)], gradient[free])
        begun = weights
        weights = np.clip(begun + step, low, high)
        if gradient @ step < LEAST_GAIN:
            break
        at_begin, toward = log_p, gradient
        for _ in range(MOST_NEWTON_STEPS):
            log_p, gradient, curvature = posterior(weights)
            if log_p >= at_begin + LEAST_SLOPE * toward @ (weights - begun):
                break
            step /= 2
            weights = np.clip(begun + step, low, high)
    return np.asarray(weights / size)


def doubt_of(
    table: StrideTable,
    target: FloatArray,
    names: tuple[str, ...],
    weights: FloatArray | None = None,
) -> float:
    """Share of wearers that a readout misleads if their source is held out of the fit.

    It is the share in the direction that misleads more of them: a vector that fails to turn round
    is right as long as everybody goes forward. It is never 0, since there are never enough wearers,
    nor near 1 for a few of them, since physics fixes the signs. ``weights`` are those of all
    strides, if available: the fits without a source start from them.
    """
    signs, columns = _signed(names)
    vectors, weight = _toward_front(table, columns), _balance(table.strides)
    start = None if weights is None else weights[columns]
    sources = pd.factorize(table.strides["source"])[0]
    along = np.full(len(table), np.nan)
    for source in range(sources.max() + 1):
        out = sources == source
        if (~out).sum() >= MIN_STRIDES:
            fitted = fit_weights(vectors[~out], target[~out], weight[~out], signs, start=start)
            along[out] = np.einsum("nki,k,ni->n", vectors[out], fitted, target[out])
    strides = table.strides.assign(along=along).dropna(subset="along")
    wearer = ["truth", "source", "subject", "placement"]
    recordings = strides.groupby([*wearer, "recording"])["along"]
    sums = recordings.sum()[recordings.size() >= MIN_RECORDING_STRIDES]
    misled = (sums < 0).groupby(wearer).mean()
    worst = float(misled.groupby("truth").mean().max()) if len(misled) else 0.0
    return (worst * len(misled) + 0.5) / (len(misled) + PHYSICS_WEARERS)


def level_fronts(table: StrideTable) -> FloatArray:
    """Project the known fronts into the level plane: (n, 3) unit vectors, NaN if unknown."""
    front = table.strides[["front_x", "front_y", "front_z"]].to_numpy(dtype=float)
    return _unit(
        front - np.einsum("ni,ni->n", front, table.features.up)[:, None] * table.features.up
    )


def reference_fronts(table: StrideTable, fronts: FloatArray, travel: Readout) -> FloatArray:
    """Fill in the (n, 3) level fronts of recordings with only the direction known.

    They come from the travel; NaN if it shows nothing.
    """
    filled = fronts.copy()
    ran = (table.strides["true_gait"] == "run").to_numpy().astype(np.intp)
    going = travel.vectors(table.features)[np.arange(len(table)), ran] * _way(table)[:, None]
    unknown = table.strides[~np.isfinite(fronts[:, 0])]
    for recording in unknown.groupby(["source", "recording"]).groups.values():
        rows = recording.to_numpy()
        up = table.features.up[rows]
        mean = going[rows].sum(axis=0)
        if np.linalg.norm(mean) > 0:
            filled[rows] = _unit(mean - (up @ mean)[:, None] * up)
    return filled


def _unit(vectors: FloatArray) -> FloatArray:
    return np.asarray(vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9))
