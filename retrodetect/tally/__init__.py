"""Tally: from the strides of a session to its shares, bouts, repeats and energy.

``tally`` counts one session, ``stretches`` lists what was done in which direction, and
``share_interval`` says how sure the backward share is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from retrodetect.tally.share import ErrorRates

__all__ = ["tally"]


def tally(strides: pd.DataFrame, rates: ErrorRates | None = None) -> pd.Series[float]:
    """Count the strides of one session.

    Parameters
    ----------
    strides : DataFrame
        As from :func:`retrodetect.label`: columns ``bout``, ``start_s``, ``end_s``,
        ``gait``, ``direction``, ``p_backward`` and ``reason``, in order of time; may be empty.
    rates
        How often the model errs; None to take what its card says, which :func:`label` puts
        into ``strides.attrs``, and where it is silent what ``p_backward`` implies.

    Returns
    -------
    Series
        The fields of ``sessions.csv`` that follow from strides:
        :data:`retrodetect.tally.session.TALLY_FIELDS`. Counts are 0 and all else NaN where
        there is nothing to count. ``backward_share`` is the share among the strides whose
        direction is known, ``backward_share_low`` and ``backward_share_high`` its 95 %
        interval: see :func:`retrodetect.tally.share.share_interval`.
    """
    # pandas is loaded on use, so that ``import retrodetect`` stays quick.
    from retrodetect.tally.session import tally_session

    return tally_session(strides, rates)
