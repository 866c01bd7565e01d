"""The classifier of strides, as a scikit-learn estimator, and the regression in it.

It infers body sites in every model, and it works with ``Pipeline``, ``GridSearchCV`` and
``cross_validate`` like any other estimator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from retrodetect.recording import FloatArray
from retrodetect.signal.numerics import log_softmax, softmax

__all__ = ["PENALTY", "LogOdds", "Regression", "StrideClassifier"]

PENALTY = 50.0
"""Precision of the Gaussian prior of each weight around zero, in strides."""

STEPS_A_ROUND, MOST_ROUNDS = 40, 20
"""Steps before the curvature is measured again, and how often: that takes as long as 50 steps."""

GRADIENT = 1e-7
"""Largest final gradient of the mean log likelihood, along steps of curvature 1: weights of
standardised features are then right to 1e-6."""

_LEAST_CURVATURE = 1e-5
"""For directions that no stride bears on: a constant that all classes share."""

_ROUNDING = 1e-12
"""Spread of a feature, relative to its mean, that counts as zero."""


@dataclass(frozen=True, slots=True)
class LogOdds:
    """Log odds of classes, linear in k features as they are measured."""

    weights: FloatArray  # (classes, k)
    intercepts: FloatArray  # (classes,)
    # (d, d): steps of the scaled d = classes * (k + 1) numbers, row by row, along which the
    # curvature is 1 and which are independent
    steps: FloatArray


class Regression:
    """Multinomial logistic regressions with a ridge, on the same strides with various weights.

    In each, all classes weigh the same, and the ridge is that of features standardised by its
    weights. Steps are those of L-BFGS (Liu & Nocedal 1989, Math Program 45:503), in coordinates in
    which the curvature is even. From the solution for all strides, few lead to that for most: 0.1
    to 0.4 s of processor time without a source of the shipped models, where scikit-learn's own
    L-BFGS needs 2 s from the same start, and for all strides 2.5 s beside 3 s, or 7 s by Newton.
    """

    def __init__(self, rows: FloatArray, number: NDArray[np.intp]) -> None:
        """Take (n, k) features, and the (n,) class of each stride."""
        self._number, self._own = number, np.eye(int(number.max()) + 1)[number]
        self._mean, self._spread = rows.mean(axis=0), rows.std(axis=0)
        self._spread[self._spread <= _ROUNDING * np.abs(self._mean)] = 1.0
        scaled = (rows - self._mean) / self._spread
        self._inputs = np.column_stack([scaled, np.ones(len(rows))])

    def fit(
        self, weight: FloatArray, penalty: float = PENALTY, start: LogOdds | None = None
    ) -> LogOdds:
        """Weigh strides by (n,) weights; each class needs at least one above zero."""
        # For two classes, the prior is that of the difference of their weights.
        precision = 2 * penalty if self._own.shape[1] == 2 else penalty
        share, ridge = self._share(weight), precision * self._variance(weight) / weight.sum()
        if start is None:
            at = np.zeros((self._own.shape[1], self._inputs.shape[1]))
            steps = self._steps(at, share, ridge)
        else:
            at = np.column_stack(
                [start.weights * self._spread, start.intercepts + start.weights @ self._mean]
            )
            steps = start.steps
        for _ in range(MOST_ROUNDS):
            step, is_there = self._descent(at, steps, share, ridge)
            at = at + step
            if is_there:
                break
            steps = self._steps(at, share, ridge)
        weights = at[:, :-1] / self._spread
        return LogOdds(weights, at[:, -1] - weights @ self._mean, steps)

    def _share(self, weight: FloatArray) -> FloatArray:
        """(n,) how much each stride counts if all classes count the same."""
        of_class = weight @ self._own
        return np.asarray(weight / (len(of_class) * of_class[self._number]))

    def _variance(self, weight: FloatArray) -> FloatArray:
        """(k + 1,) of the inputs, by these weights; 0 for the intercept, which has no ridge."""
        share = weight / weight.sum()
        variance = share @ (self._inputs - share @ self._inputs) ** 2
        variance[variance <= _ROUNDING] = 1.0
        variance[-1] = 0.0
        return np.asarray(variance)

    def _steps(self, at: FloatArray, share: FloatArray, ridge: FloatArray) -> FloatArray:
        """Steps of `LogOdds` for the curvature at the given weights."""
        p = softmax(self._inputs @ at.T)
        classes, inputs = at.shape
        curvature = np.zeros((classes, inputs, classes, inputs))
        for i in range(classes):
            for j in range(i + 1):
                both = share * p[:, i] * ((i == j) - p[:, j])
                curvature[i, :, j] = self._inputs.T @ (self._inputs * both[:, None])
                curvature[j, :, i] = curvature[i, :, j].T
        ridges = np.diag(np.tile(np.maximum(ridge, _LEAST_CURVATURE), classes))
        factor = np.linalg.cholesky(curvature.reshape(ridges.shape) + ridges)
        return np.asarray(solve_triangular(factor, np.eye(len(factor)), lower=True))

    def _descent(
        self, begin: FloatArray, steps: FloatArray, share: FloatArray, ridge: FloatArray
    ) -> tuple[FloatArray, bool]:
        """Distance from the given weights to the best ones, and whether that is final."""
        rows = np.arange(len(share))

        def cost(along: FloatArray) -> tuple[float, FloatArray]:
            at = begin + (along @ steps).reshape(begin.shape)
            log_p = log_softmax(self._inputs @ at.T)
            off = share[:, None] * (np.exp(log_p) - self._own)
            value = 0.5 * ridge @ (at**2).sum(axis=0) - share @ log_p[rows, self._number]
            return float(value), steps @ (off.T @ self._inputs + ridge * at).ravel()

        options: Any = {"maxiter": STEPS_A_ROUND, "gtol": GRADIENT, "ftol": 0.0}
        solution = minimize(
            cost, np.zeros(begin.size), jac=True, method="L-BFGS-B", options=options
        )
        return (solution.x @ steps).reshape(begin.shape), solution.nit < STEPS_A_ROUND


class StrideClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Classify strides by direction, from features that do not depend on the mounting.

    A multinomial logistic regression on standardised features, linear on purpose: learned from
    a few people, a linear boundary holds up better in the next lab than a forest (own measurement
    on held-out sources), and each weight can be read.

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
        Their names, if ``fit`` got names.
    weights_ : (len(``classes_``), k) array
        Log odds of each direction for a feature that is larger by 1.
    intercepts_ : (len(``classes_``),) array
        Log odds of each direction if all features are 0.

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

    def __init__(self, penalty: float = PENALTY) -> None:
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
        If ``y`` holds fewer than two directions.
        """
        rows, y = validate_data(self, X, y)
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, rows, ensure_non_negative=True)
        counts = weight > 0
        self.classes_, number = np.unique(y[counts], return_inverse=True)
        if len(self.classes_) < 2:
            raise ValueError("only one class of strides; training needs at least two")
        regression = Regression(rows[counts].astype(float), number)
        log_odds = regression.fit(weight[counts].astype(float), self.penalty)
        self.weights_, self.intercepts_ = log_odds.weights, log_odds.intercepts
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
        rows = validate_data(self, X, reset=False)
        return softmax(rows @ self.weights_.T + self.intercepts_)

    def predict(self, X: Any) -> np.ndarray[Any, Any]:  # noqa: N803
        """Return the likeliest of ``classes_`` for each stride; see `predict_proba`."""
        likeliest = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[likeliest])
