"""The session decoder on top of any classifier of strides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.utils import Tags, get_tags
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import check_is_fitted, validate_data

from retrodetect.direction.decoder import (
    BACKWARD,
    FORWARD,
    SIDEWAYS,
    Evidence,
    Priors,
    decode,
    mixed_beforehand,
)
from retrodetect.recording import FloatArray
from retrodetect.training.estimators import StrideClassifier

__all__ = ["SessionDecoder"]

NOT_FEATURES = ("recording", "stride", "bout", "start_s", "end_s", "gait")
"""Columns of :func:`retrodetect.features` that do not measure the movement."""

EVEN = Priors(
    mixed=0.5, one_way=(0.5, 0.5, 0.0), begun=(0.5, 0.5, 0.0), drawn=(0.5, 0.5, 0.0), contrast=0.0
)
"""Neither direction is favoured; sessions go one way or both ways, equally likely."""

FOLDS = 5
"""Folds for calibration."""

LEAST_P = 1e-3
"""Least probability accepted from a classifier: a forest returns 0 where no tree voted."""


class SessionDecoder(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Decode whole sessions from a classifier's probabilities of each stride.

    People rarely change direction from one stride to the next. A hidden Markov model, that of
    :func:`retrodetect.label`, finds the directions that explain all strides of a recording
    together. Its evidence is the classifier's log likelihood ratio of each stride, calibrated on
    strides that the classifier did not see (Platt 1999) inside the training data.

    Parameters
    ----------
    classifier
        Any scikit-learn classifier with ``predict_proba``; None for :class:`StrideClassifier`.
    priors
        How often directions change; None for those of :func:`retrodetect.label`, with neither
        direction favoured.

    Attributes
    ----------
    classes_ : (2,) array
        The directions, in alphabetical order: ``backward`` before ``forward``.
    classifier_
        The classifier, fitted to all strides.
    calibration_ : LogisticRegression
        From the classifier's log odds to log likelihood ratios.
        Smallest probability: as if one more error occurred on the calibration strides.
        Smallest probability: that of one error more than on the strides of the calibration.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : array
        Their names, if ``fit`` got names.

    Notes
    -----
    Pass strides as the table of :func:`retrodetect.features`, or its columns ``recording``,
    ``bout`` and some features. Rows of one ``recording`` are decoded together, in the order of the
    table; directions change more easily between two values of ``bout``. Without these columns
    every stride is its own session.

    Calibration holds out whole ``groups`` (such as wearers), if ``fit`` gets them and both
    directions remain without any one of them; else whole recordings, else random strides. With
    metadata routing, ``groups`` are requested by default.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> way = np.repeat(["backward", "forward"] * 4, 25)
    >>> strides = pd.DataFrame({"recording": np.repeat(list("abcd"), 50)})
    >>> strides["feature"] = rng.normal(size=200) + (way == "forward")
    >>> plain = StrideClassifier().fit(strides[["feature"]], way)
    >>> round(plain.score(strides[["feature"]], way), 2)
    0.69
    >>> round(SessionDecoder(StrideClassifier()).fit(strides, way).score(strides, way), 2)
    0.95
    """

    __metadata_request__fit: ClassVar = {"groups": True}

    def __init__(self, classifier: Any = None, priors: Priors | None = None) -> None:
        self.classifier = classifier
        self.priors = priors

    def fit(self, X: Any, y: Any, groups: Any = None) -> Self:  # noqa: N803
        """Fit the classifier, and calibrate it on strides that it did not see.

        Parameters
        ----------
        X : DataFrame or (n, k) array
        Strides: features, and optionally ``recording`` and ``bout``.
        y : (n,) array
            Direction of each stride.
        groups : (n,) array, optional
            What to hold out together for calibration, such as the wearer of each stride.

        Returns
        -------
        SessionDecoder
            Itself.

        Raises
        ------
        ValueError
            If ``y`` does not hold two directions.
        """
        _, y = validate_data(self, _features(X), y, ensure_all_finite=not self._allows_nan())
        check_classification_targets(y)
        self.classes_, code = np.unique(y, return_inverse=True)
        if len(self.classes_) == 1:
            raise ValueError("only one class of strides; training needs two")
        if len(self.classes_) > 2:
            raise ValueError(
                "Only binary classification is supported. The type of the target is "
                f"{type_of_target(y)}: keep the strides that went forward or backward"
            )
        features, classifier = _features(X), clone(self._classifier())
        columns = X if isinstance(X, pd.DataFrame) else pd.DataFrame()
        unseen = cross_val_predict(
            classifier, features, y, cv=_folds(columns, y, groups), method="predict_proba"
        )
        self.calibration_ = LogisticRegression(class_weight="balanced").fit(_log_odds(unseen), code)
        self.classifier_ = classifier.fit(features, y)
        self.least_p_ = 1 / (len(y) + 2)
        return self

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: N803
        """Return the probability of each direction, given all strides of the recording.

        Parameters
        ----------
        X : DataFrame or (n, k) array
            As for `fit`: whole recordings, strides in order of time.

        Returns
        -------
        (n, 2) array
            Rows add up to one.
        """
        check_is_fitted(self)
        features = _features(X)
        rows = validate_data(self, features, reset=False, ensure_all_finite=not self._allows_nan())
        ratio = self.calibration_.decision_function(
            _log_odds(self.classifier_.predict_proba(features))
        )
        p_forward = np.empty(len(rows))
        for session, bout in _sessions(X, len(rows)):
            p_forward[session] = _decoded(ratio[session], bout, self.priors or EVEN)
        p_forward = np.clip(p_forward, self.least_p_, 1 - self.least_p_)
        return np.stack([1 - p_forward, p_forward], axis=1)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """Return the likeliest of ``classes_`` for each stride; see `predict_proba`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        tags.input_tags.allow_nan = self._allows_nan()
        return tags

    def _classifier(self) -> Any:
        return StrideClassifier() if self.classifier is None else self.classifier

    def _allows_nan(self) -> bool:
        return bool(get_tags(self._classifier()).input_tags.allow_nan)


def _features(strides: Any) -> Any:
    """Columns that the classifier sees."""
    if not isinstance(strides, pd.DataFrame):
        return strides
    return strides.drop(columns=[name for name in NOT_FEATURES if name in strides])


def _sessions(strides: Any, count: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Rows of each session, and their bouts."""
    if not (isinstance(strides, pd.DataFrame) and "recording" in strides):
        for row in range(count):
            yield np.array([row]), np.zeros(1, dtype=np.intp)
        return
    bout = strides["bout"].to_numpy() if "bout" in strides else np.zeros(count, dtype=np.intp)
    for rows in strides.groupby("recording", sort=False).indices.values():
        yield np.asarray(rows), pd.factorize(bout[rows])[0]


def _folds(strides: pd.DataFrame, y: Any, groups: Any) -> Any:
    """Train and test rows of each fold, holding out together whatever can be."""
    rarest = np.unique(y, return_counts=True)[1].min()
    for together in (groups, strides.get("recording")):
        if together is not None and (kinds := pd.Series(np.asarray(together)).nunique()) > 1:
            folds = list(GroupKFold(min(FOLDS, kinds)).split(y, groups=np.asarray(together)))
            if all(len(np.unique(y[train])) > 1 for train, _ in folds):
                return folds
    if rarest < 2:
        raise ValueError("one class has a single stride; calibration needs at least two of each")
    return StratifiedKFold(min(FOLDS, rarest))


def _log_odds(probability: FloatArray) -> FloatArray:
    """(n, 1) log odds of the second class."""
    p = np.clip(probability[:, 1], LEAST_P, 1 - LEAST_P)
    return np.asarray(np.log(p / (1 - p)))[:, None]


def _decoded(ratio: FloatArray, bout: NDArray[np.intp], priors: Priors) -> FloatArray:
    """(n,) probability of forward, from log likelihood ratios of a session's strides."""
    count, bouts = len(ratio), len(np.unique(bout))
    log_direction = np.zeros((count, 3))
    log_direction[:, FORWARD], log_direction[:, BACKWARD] = ratio / 2, -ratio / 2
    log_direction[:, SIDEWAYS] = -np.inf
    mixed = mixed_beforehand(np.zeros(bouts), np.zeros(bouts, np.intp), priors, stated=False)
    evidence = Evidence(
        travel=np.zeros((count, 2, 2)),
        front=np.zeros((count, 0, 2, 2)),
        seats=np.ones(1),
        front_offset_rad=np.zeros((1, 0)),
        front_shown=False,
        front_temper=1.0,
        front_doubt=0.5,
        log_run=np.zeros(count),
        bout=bout,
        log_direction=log_direction,
        named_front=np.zeros(2),
        named_front_doubt=1.0,
        stated=False,
        mixed=float(mixed[0]),
        log_turn=np.zeros(count),
    )
    return decode(evidence, priors).probability[:, FORWARD]
