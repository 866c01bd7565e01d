"""How sure a backward share is, given that a classifier errs.

Every stride of a session is seen, so the question is not which strides were sampled but which were
misnamed. Errors cluster: if the model misreads a wearer's gait or mounting, it misreads stride
after stride. So each session has two error rates of its own. They follow beta distributions around
the model's mean rates, and the intraclass correlation of errors within a session sets their spread
(the beta-binomial model; Williams 1975, Biometrics 31:949). The count of strides labelled backward
is then the sum of two beta-binomial counts, and its distribution their convolution.

A true share belongs to the interval unless the observed count is among the 5 % that this share
makes least likely: a test inverted (Neyman 1937, Phil Trans R Soc A 236:333) with the smallest
acceptance regions (Sterne 1954, Biometrika 41:275). So a model that misreads either nothing or a
whole session does not leave the share of a mixed session open.

A posterior under a prior that favours sessions in one direction would be shorter, but holds only on
average: at true shares of 5 % it held 87-89 %. This interval holds at every share, as
``tests/benchmarks/share_coverage.py`` measures.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import lgamma

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from retrodetect.recording import FloatArray

__all__ = [
    "ASSUMED_ICC", "LEVEL", "ErrorRates", "doubted_rates", "measured_rates", "share_interval",
]  # fmt: skip

LEVEL = 0.95
"""Level of every interval."""

ASSUMED_ICC = 0.2
"""Correlation of errors within a session if none was measured: between that of gait variables
within a person's strides and that of a whole session misread."""

MOST_STRIDES = 400
"""Longer sessions are scaled down to this many strides. Error rates differ between sessions far
more than chance makes this many strides differ, so the interval widens little."""


LIKELIEST = 0.147
"""Likelihood, relative to the greatest, above which a share is still likely: exp(-1.92), as in the
likelihood-ratio interval of 95 % (Wilks 1938, Ann Math Stat 9:60)."""

IMPOSSIBLE = 1e-9
"""Probability below which a count contradicts the rates; the transform is good to about 1e-15."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often labelled strides have the wrong label."""

    false_backward: float  # probability that a forward stride, if labelled, is labelled backward
    false_forward: float  # probability that a backward stride, if labelled, is labelled forward
    # correlation between the errors of two strides of one session, in [0, 1)
    icc: float = ASSUMED_ICC


def doubted_rates(p_backward: FloatArray) -> ErrorRates:
    """Error rates that the model expects, from the (n,) probabilities of labelled strides.

    The mean doubt about a label is the rate of both errors, since a session in one direction shows
    nothing about the other. Their correlation is the assumed one.
    """
    if not len(p_backward):
        return ErrorRates(0.0, 0.0)
    # Rounded like written probabilities, so that the last digit of a filter changes no interval.
    doubt = round(float(np.minimum(p_backward, 1 - p_backward).mean()), 4)
    return ErrorRates(false_backward=doubt, false_forward=doubt)


def measured_rates(sessions: pd.DataFrame) -> ErrorRates:
    """Error rates from sessions with known truth that the model was not trained on.

    A row is a session or a wearer: ``forward`` and ``backward`` count labelled strides by their
    true direction; ``false_backward`` and ``false_forward`` those of them with the wrong label.
    Each rate gets half an error more (Jeffreys' prior), so that a small test never claims
    perfection. The correlation is by moments over both kinds of error (Williams 1975), or the
    assumed one if no error shows how they cluster.
    """
    kinds = [("false_backward", "forward"), ("false_forward", "backward")]
    rates = [(sessions[wrong].sum() + 0.5) / (sessions[all_].sum() + 1) for wrong, all_ in kinds]
    excess = possible = 0.0
    for rate, (wrong, all_) in zip(rates, kinds, strict=True):
        n = sessions[all_].to_numpy(dtype=float)
        off = sessions[wrong].to_numpy(dtype=float) - n * rate
        # Var = n p (1 - p) (1 + (n - 1) icc)
        excess += float((off**2 - n * rate * (1 - rate)).sum())
        possible += float((n * (n - 1) * rate * (1 - rate)).sum())
    errors = sum(sessions[wrong].sum() for wrong, _ in kinds)
    icc = float(np.clip(excess / possible, 0.01, 0.95)) if errors and possible else ASSUMED_ICC
    return ErrorRates(float(rates[0]), float(rates[1]), icc)


def share_interval(
    backward: int,
    labelled: int,
    rates: ErrorRates,
    unknown: int = 0,
    certain: tuple[int, int] = (0, 0),
) -> tuple[float, float]:
    """95 % interval of the true share of backward strides; always contains the counted share.

    Strides of unknown direction aren't a sample of the others (they occur where a wearer turns, or
    if the front is unknown), so each may have gone either way: the interval reaches from all of
    them forward to all of them backward (worst-case bounds; Manski 2003, Partial Identification of
    Probability Distributions). NaN without labelled strides. Labelled forward and backward strides
    are ``certain`` if the wearer marked them.
    """
    if not labelled:
        return np.nan, np.nan
    strides, sure = labelled + unknown, certain[1]
    labelled, backward = labelled - sum(certain), backward - sure
    if not labelled:
        return sure / strides, (sure + unknown) / strides
    total = min(labelled, MOST_STRIDES)
    count = round(backward * total / labelled)
    possible = np.append(np.flatnonzero(_possible(rates, total)[:, count]), count)
    # Half a stride either way, since counts are whole.
    low = max(float(possible.min()) - 0.5, 0.0) / total * labelled
    high = min(float(possible.max()) + 0.5, total) / total * labelled
    return (sure + min(low, backward)) / strides, (sure + max(high, backward) + unknown) / strides


@lru_cache(maxsize=32)
def _possible(rates: ErrorRates, total: int) -> NDArray[np.bool_]:
    """Which counts of backward labels (columns) agree with each true count (rows), up to total."""
    counts = np.arange(total + 1)
    backward = counts[:, np.newaxis]
    wrong, right = _shape(rates.false_backward, rates.icc)
    misread_forward = _beta_binomial(counts, total - backward, wrong, right)
    wrong, right = _shape(rates.false_forward, rates.icc)
    read_backward = _beta_binomial(counts, backward, right, wrong)
    size = 1 << (2 * total).bit_length()
    spectrum = np.fft.rfft(misread_forward, size) * np.fft.rfft(read_backward, size)
    probability = np.fft.irfft(spectrum, size)[:, : total + 1]
    order = probability.argsort(axis=1)
    as_likely = np.take_along_axis(probability, order, axis=1).cumsum(axis=1)
    tail = np.empty_like(as_likely)
    np.put_along_axis(tail, order, as_likely, axis=1)
    possible = tail > 1 - LEVEL
    # A count that is unlikely whatever the share, such as 50 of 50 if half of the labels are wrong,
    # belongs to no region. Any answer keeps the level: take the likeliest shares. A count that is
    # all but impossible shows that the rates are wrong, so they say nothing about this session.
    best = probability.max(axis=0)
    likeliest = (probability >= LIKELIEST * best) | (best < IMPOSSIBLE)
    return np.asarray(np.where(possible.any(axis=0), possible, likeliest))


def _beta_binomial(
    counts: NDArray[np.intp], trials: NDArray[np.intp], a: float, b: float
) -> FloatArray:
    """Probability of counts in a number of trials; zero beyond it.

    Like :data:`scipy.stats.betabinom`, whose import takes longer than labelling a minute.
    """
    largest = int(trials.max())
    missed = np.maximum(trials - counts, 0)

    def log_rising(x: float) -> FloatArray:
        """(largest + 1,) logarithm of x (x + 1) … (x + k - 1)."""
        return np.array([lgamma(x + k) - lgamma(x) for k in range(largest + 1)])

    with_a, with_b, with_both, choices = map(log_rising, (a, b, a + b, 1.0))
    log_p = with_a[counts] + with_b[missed] - with_both[trials]
    log_p += choices[trials] - choices[counts] - choices[missed]
    return np.exp(np.where(counts <= trials, log_p, -np.inf))


def _shape(mean: float, icc: float) -> tuple[float, float]:
    """Both parameters of the beta distribution with this mean and correlation."""
    mean, icc = float(np.clip(mean, 1e-6, 1 - 1e-6)), float(np.clip(icc, 1e-3, 0.999))
    strength = (1 - icc) / icc
    return mean * strength, (1 - mean) * strength
