"""The classifier of strides, as a scikit-learn estimator.

It tells body sites apart in every model, and it fits into ``Pipeline``, ``GridSearchCV`` and
``cross_validate`` like any other.
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from retrodetect.recording import FloatArray

__all__ = ["StrideClassifier", "weights_by_class"]


class StrideClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Tell directions from free stride features.

    A multinomial logistic regression on standardised features, linear on purpose: with a
    handful of people a straight boundary travels better to the next lab than a forest (own
    measurement on held-out sources), and each weight can be read.

    Parameters
    ----------
    penalty
        Precision of the Gaussian prior of each weight around zero, in strides. All directions
        weigh the same in the fit.

    Attributes
    ----------
    classes_ : array
        Directions, in alphabetical order.
    n_features_in_ : int
        Number of features.
    feature_names_in_ : array
        Their names, where they came with names.
    pipeline_ : Pipeline
        Scaler and logistic regression: plain data, ready to be stored.

    Examples
    --------
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> rng = np.random.default_rng(0)
    >>> way = np.repeat(["backward", "forward"], 20)
    >>> strides = rng.normal(size=(40, 3)) + 2.0 * (way == "forward")[:, None]
    >>> wearer = np.tile(np.arange(4), 10)
    >>> scores = cross_val_score(
    ...     StrideClassifier(), strides, way, groups=wearer, cv=GroupKFold(4)
    ... )
    >>> bool(scores.mean() > 0.9)
    True
    """

    def __init__(self, penalty: float = 50.0) -> None:
        self.penalty = penalty

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:  # noqa: N803
        """Learn from strides.

        Parameters
        ----------
        X : (n, k) array or DataFrame
            Features, one row for each stride.
        y : (n,) array
            Direction of each stride.
        sample_weight : (n,) array, optional
            How much each stride counts.

        Returns
        -------
        StrideClassifier
            Itself.

        Raises
        ------
        ValueError
            Where ``y`` holds fewer than two directions.
        """
        rows, y = validate_data(self, X, y)
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
        counts = weight > 0
        rows, y, weight = self._named(rows[counts]), y[counts], weight[counts]
        self.classes_, number = np.unique(y, return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("only one class of strides; training needs at least two")
        of_class = np.bincount(number, weight)
        balanced = weight * weight.sum() / (len(of_class) * of_class[number])
        scaler = StandardScaler().fit(rows, sample_weight=weight)
        regression = LogisticRegression(C=1 / self.penalty, tol=1e-5, max_iter=5000)
        regression.fit(scaler.transform(rows), y, sample_weight=balanced)
        self.pipeline_ = make_pipeline(scaler, regression)
        return self

    def predict_proba(self, X: Any) -> FloatArray:  # noqa: N803
        """Return the probability of each direction.

        Parameters
        ----------
        X : (n, k) array or DataFrame
            Features of n strides.

        Returns
        -------
        (n, len(``classes_``)) array
            Rows add up to one.
        """
        check_is_fitted(self)
        rows = self._named(validate_data(self, X, reset=False))
        return np.asarray(self.pipeline_.predict_proba(rows))

    def predict(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """Return the likeliest of ``classes_`` for each stride; see `predict_proba`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])

    def _named(self, rows: FloatArray) -> Any:
        """Rows with the names they came with, which the pipeline then checks."""
        names = getattr(self, "feature_names_in_", None)
        return rows if names is None else pd.DataFrame(rows, columns=names)


def weights_by_class(regression: LogisticRegression) -> FloatArray:
    """Return (classes, k + 1) weights of a fitted regression, the intercept last.

    There is a row for each class also where there are only two.
    """
    weights = np.column_stack([regression.coef_, regression.intercept_])
    return np.concatenate([-weights, weights]) / 2 if len(weights) == 1 else weights
