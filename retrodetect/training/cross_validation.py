"""Grouped cross-validation of any classifier of strides, scored as the product is scored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn import config_context
from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict

from retrodetect.errors import UsageError
from retrodetect.recording import FloatArray
from retrodetect.training.scores import scored, units_for_intervals

__all__ = ["CrossValidation", "cross_validate", "score"]

WAYS = ("backward", "forward")
"""In the order of scikit-learn's ``classes_``."""


@dataclass(frozen=True, eq=False)
class CrossValidation:
    """Scores of a classifier on groups that it did not learn from."""

    scores: pd.DataFrame  # as from :func:`score`
    # one row for each stride: ``group``, ``truth``, ``direction`` as predicted,
    # and ``p_backward`` (NaN for a classifier without ``predict_proba``)
    strides: pd.DataFrame

    def _repr_html_(self) -> str:
        return self.scores.round(3).to_html()


def cross_validate(
    estimator: Any,
    X: Any,  # noqa: N803
    y: ArrayLike,
    *,
    groups: ArrayLike,
    recordings: ArrayLike | None = None,
    threshold: float = 0.5,
    cv: Any = None,
) -> CrossValidation:
    """Score a classifier of strides on groups, such as wearers, that it did not learn from.

    Parameters
    ----------
    estimator
        Any scikit-learn classifier, pipeline or search, such as :class:`SessionDecoder`.
    X : DataFrame or (n, k) array
        Strides, as from :func:`retrodetect.features`.
    y : (n,) array
        True directions: ``forward`` or ``backward``.
    groups : (n,) array
        What is held out together. With metadata routing, they reach every part of the estimator
        that requests them; :class:`SessionDecoder` does, to calibrate.
    recordings : (n,) array, optional
        As for :func:`score`; None for the column ``recording`` of ``X``, if present.
    threshold
        Probability below which a direction is unknown; :func:`retrodetect.label` uses 0.9.
    cv
        Splitter of scikit-learn; None to hold out one group at a time.

    Returns
    -------
    CrossValidation
        ``scores`` (a row for each group, and one for all) and ``strides`` with their predicted
        ``direction``.

    Raises
    ------
    UsageError
        If ``y`` holds other directions, or there is only one group.
    """
    truth, of_group = np.asarray(y, dtype=object), np.asarray(groups)
    if len(np.unique(of_group)) < 2:
        raise UsageError(
            "there is only one group, so nothing can be held out",
            remedy="pass the wearer (or the session) of each stride as groups=",
        )
    _check(truth)
    has_p = hasattr(estimator, "predict_proba")
    with config_context(enable_metadata_routing=True):
        predicted = cross_val_predict(
            estimator, X, truth.astype(str), cv=cv or LeaveOneGroupOut(),
            params={"groups": of_group}, method="predict_proba" if has_p else "predict",
        )  # fmt: skip
    p_backward = predicted[:, 0] if has_p else np.full(len(truth), np.nan)
    direction = _directions(p_backward, threshold) if has_p else predicted
    if recordings is None and isinstance(X, pd.DataFrame):
        recordings = X.get("recording")
    return CrossValidation(
        score(truth, direction, groups=of_group, recordings=recordings),
        pd.DataFrame(
            {"group": of_group, "truth": truth, "direction": direction, "p_backward": p_backward}
        ),
    )


def score(
    truth: ArrayLike,
    direction: ArrayLike,
    *,
    groups: ArrayLike,
    recordings: ArrayLike | None = None,
) -> pd.DataFrame:
    """Score directions of strides, from this or any other method.

    Parameters
    ----------
    truth : (n,) array
        ``forward`` or ``backward``.
    direction : (n,) array
        ``forward``, ``backward`` or ``unknown``, such as those of :func:`retrodetect.label`.
    groups : (n,) array
        Group of each stride, such as its wearer.
    recordings : (n,) array, optional
        Recording of each stride, for intervals with fewer than five groups.

    Returns
    -------
    DataFrame
        One row for each group, then ``all``: ``strides``, and each of
        :data:`retrodetect.training.scores.SCORES` with its 95 % interval ``_low`` to ``_high``.
        Intervals come from drawing groups again (or recordings, if there are fewer than five
        groups); ``attrs["intervals_over"]`` names the unit. NaN with fewer than three.

    Raises
    ------
    UsageError
        If ``truth`` holds other directions.
    """
    _check(np.asarray(truth, dtype=object))
    group = pd.Series(np.asarray(groups)).astype(str)
    rows = pd.DataFrame(
        {
            "truth": np.asarray(truth, dtype=object),
            "direction": np.asarray(direction, dtype=object),
            "source": "",
            "subject": group,
            "session": "",
            "recording": group if recordings is None else np.asarray(recordings).astype(str),
            "bout": 0,
        }
    )
    by_group = scored(rows, ["subject"]).set_index("subject")
    table = pd.concat([by_group, scored(rows).set_axis(["all"])]).rename_axis("group")
    by_recording = recordings is not None and units_for_intervals(rows)[1] != "wearers"
    table.attrs["intervals_over"] = "recordings" if by_recording else "groups"
    return table


def _check(truth: NDArray[np.object_]) -> None:
    if strange := set(truth) - set(WAYS):
        raise UsageError(
            f"the truth holds {', '.join(map(repr, sorted(map(str, strange))))}",
            remedy="keep the strides whose direction is 'forward' or 'backward'",
        )


def _directions(p_backward: FloatArray, threshold: float) -> NDArray[np.str_]:
    likelier = np.where(p_backward > 0.5, *WAYS)
    return np.where(np.maximum(p_backward, 1 - p_backward) >= threshold, likelier, "unknown")
