"""From moments in the device's frame to features that no mounting changes, as a transformer."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted, validate_data

from retrodetect.recording import FloatArray

__all__ = ["MountingFree", "dot_products"]

_BLOCK = 4096
"""Strides whose pairs of vectors are held at a time: 17 MB."""

_AXES = ("_x", "_y", "_z")


class MountingFree(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Replace vectors by their dot products, which turn with nothing.

    Three columns that are called ``NAME_x``, ``NAME_y`` and ``NAME_z`` are one vector. However
    the device is turned, and whichever way its axes are signed, the dot products of two vectors
    stay; columns that belong to no vector pass through.

    Attributes
    ----------
    vectors_ : tuple of str
        Names of the vectors, in the order of their columns.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : array
        Their names, where they came with names; without names there are no vectors.

    Examples
    --------
    >>> import pandas as pd
    >>> strides = pd.DataFrame({"cadence": [1.0], "u_x": [3.0], "u_y": [0.0], "u_z": [4.0]})
    >>> MountingFree().set_output(transform="pandas").fit_transform(strides)
       cadence   u·u
    0      1.0  25.0
    """

    def fit(self, X: Any, y: Any = None) -> Self:  # noqa: N803, ARG002
        """Find the vectors among the columns.

        Parameters
        ----------
        X : (n, k) array or DataFrame
            Moments, one row for each stride.
        y
            Passed over.

        Returns
        -------
        MountingFree
            Itself.
        """
        validate_data(self, X, ensure_all_finite="allow-nan")
        names = list(map(str, getattr(self, "feature_names_in_", ())))
        stems = [name[:-2] for name in names if name.endswith(_AXES[0])]
        self.vectors_ = tuple(
            stem for stem in stems if all(f"{stem}{axis}" in names for axis in _AXES)
        )
        of_vectors = [f"{stem}{axis}" for stem in self.vectors_ for axis in _AXES]
        self._vector_columns = [names.index(name) for name in of_vectors]
        self._other_columns = [
            column
            for column in range(self.n_features_in_)
            if column not in set(self._vector_columns)
        ]
        return self

    def transform(self, X: Any) -> FloatArray:  # noqa: N803
        """Return what no mounting changes.

        Parameters
        ----------
        X : (n, k) array or DataFrame
            Moments, with the columns seen in ``fit``.

        Returns
        -------
        (n, m) array or DataFrame
            Columns outside vectors, then a dot product for each pair of vectors.
        """
        check_is_fitted(self)
        rows = validate_data(
            self, X, reset=False, ensure_min_samples=0, ensure_all_finite="allow-nan"
        )
        vectors = rows[:, self._vector_columns].reshape(len(rows), len(self.vectors_), 3)
        return np.hstack([rows[:, self._other_columns], dot_products(vectors)])

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray[Any, Any]:
        """Return the names of the columns that ``transform`` gives.

        Parameters
        ----------
        input_features
            As in scikit-learn: names to check against, or to use where there were none.

        Returns
        -------
        (m,) array of str
            ``a·b`` for the dot product of a and b.
        """
        check_is_fitted(self, "n_features_in_")
        names = _check_feature_names_in(self, input_features)
        first, second = np.triu_indices(len(self.vectors_))
        pairs = [
            f"{self.vectors_[i]}·{self.vectors_[j]}" for i, j in zip(first, second, strict=True)
        ]
        return np.array([*(names[column] for column in self._other_columns), *pairs], dtype=object)

    def __sklearn_tags__(self) -> Any:
        """Tell scikit-learn that NaN passes through."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def dot_products(vectors: FloatArray) -> FloatArray:
    """Multiply each vector with itself and with those after it.

    Parameters
    ----------
    vectors : (n, k, 3) array
        Of n strides.

    Returns
    -------
    (n, k (k + 1) / 2) array
        In the order of ``combinations_with_replacement``.
    """
    first, second = np.triu_indices(vectors.shape[1])
    found = np.empty((len(vectors), len(first)))
    for rows in np.array_split(np.arange(len(vectors)), len(vectors) // _BLOCK + 1):
        # A few strides at a time: the pairs take ten times the room of their products.
        here = vectors[rows]
        found[rows] = np.einsum("nki,nki->nk", here[:, first], here[:, second])
    return found
