"""How sure a backward share is, given that a classifier errs.

The session itself is fully seen, so what is uncertain is not which strides were sampled but
which were misnamed. Misnaming is strongly correlated: a wearer whose gait or mounting the
model misreads is misread stride after stride. Each session therefore has its own two error
rates, drawn from beta distributions around the model's mean rates whose spread is given by
the intraclass correlation of errors within a session (the beta-binomial model; Williams 1975,
Biometrics 31:949). Given its rates, the true share follows from the counted one by the
estimator of Rogan & Gladen (1978, Am J Epidemiol 107:71). The interval is the shortest one
that holds 95 % of the posterior of the true share, under a prior that is uniform but for the
sessions that went one way only: those are common, and a few false strides must not rule them out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import betaln, ndtr, ndtri

from retrodetect.recording import FloatArray

__all__ = ["ASSUMED_ICC", "ErrorRates", "doubted_rates", "measured_rates", "share_interval"]

LEVEL = 0.95

ASSUMED_ICC = 0.2
"""Correlation of errors within a session where none was measured: between that of gait
variables within a person's strides and that of a whole session misread."""

ONE_WAY = (0.5, 0.05)
"""Prior share of sessions that went forward only, and backward only. Training sessions with a
backward part are the exception over a wearer's weeks; wholly backward ones are rare."""

DRAWS = 20_000
"""Sessions drawn for one interval: its ends then repeat to about 1 % of its width."""


@dataclass(frozen=True, slots=True)
class ErrorRates:
    """How often strides with a label carry the wrong one.

    Parameters
    ----------
    false_backward
        Probability that a forward stride, if labelled, is labelled backward.
    false_forward
        Probability that a backward stride, if labelled, is labelled forward.
    icc
        Correlation between the errors of two strides of one session, in [0, 1).
    """

    false_backward: float
    false_forward: float
    icc: float = ASSUMED_ICC


def doubted_rates(p_backward: FloatArray) -> ErrorRates:
    """Error rates that the model itself expects, from its probabilities.

    Parameters
    ----------
    p_backward : (n,) array
        Probability that each labelled stride went backward.

    Returns
    -------
    ErrorRates
        The mean doubt about a label as the rate of both errors, for a session that went one
        way says nothing about the other; with the assumed correlation.
    """
    doubt = float(np.minimum(p_backward, 1 - p_backward).mean()) if len(p_backward) else 0.0
    return ErrorRates(false_backward=doubt, false_forward=doubt)


def measured_rates(sessions: pd.DataFrame) -> ErrorRates:
    """Error rates from sessions with known truth, none of which the model has learned from.

    Parameters
    ----------
    sessions : DataFrame
        One row per session (or wearer): ``forward`` and ``backward``, labelled strides that
        truly went so; ``false_backward`` and ``false_forward``, how many of them were misnamed.

    Returns
    -------
    ErrorRates
        Rates with half an error added (Jeffreys' prior), so that a small test never claims
        perfection; the correlation by moments over both kinds of error (Williams 1975).
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
    icc = float(np.clip(_ratio(excess, possible), 0.01, 0.95))
    return ErrorRates(float(rates[0]), float(rates[1]), icc)


def share_interval(backward: int, labelled: int, rates: ErrorRates) -> tuple[float, float]:
    """95 % interval of the true share of backward strides among the labelled ones.

    Parameters
    ----------
    backward
        Strides labelled backward.
    labelled
        Strides labelled forward or backward.
    rates
        How often labels are wrong.

    Returns
    -------
    low, high
        Shares in [0, 1]; always holding the counted share. NaN without labelled strides.
    """
    if not labelled:
        return np.nan, np.nan
    counted = backward / labelled
    rng = np.random.default_rng(labelled)
    alpha = _beta(rng, rates.false_backward, rates.icc)
    beta = _beta(rng, rates.false_forward, rates.icc)
    share, weight = _posterior(counted, labelled, alpha, beta, rng)
    weight *= (1 - sum(ONE_WAY)) / (DRAWS * labelled)
    low, high = _shortest(
        np.concatenate([[0.0, 1.0], share]),
        np.concatenate(
            [
                [
                    ONE_WAY[0]
                    * _beta_binomial(backward, labelled, rates.false_backward, rates.icc),
                    ONE_WAY[1]
                    * _beta_binomial(labelled - backward, labelled, rates.false_forward, rates.icc),
                ],
                weight,
            ]
        ),
    )
    half_a_stride = 0.5 / labelled
    low = 0.0 if low < half_a_stride else low
    high = 1.0 if high > 1 - half_a_stride else high
    return min(low, counted), max(high, counted)


def _posterior(
    counted: float, labelled: int, alpha: FloatArray, beta: FloatArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """True shares, one for each drawn pair of rates, and how well the pair explains the count.

    Given its rates, the counted share is normal around ``share (1 - beta) + (1 - share) alpha``;
    as a function of the true share that is a normal cut off at 0 and 1.
    """
    slope = 1 - alpha - beta
    slope = np.where(np.abs(slope) < 1e-3, 1e-3, slope)
    centre = (counted - alpha) / slope
    inside = np.clip(centre, 0, 1)
    noise = inside * beta * (1 - beta) + (1 - inside) * alpha * (1 - alpha)
    # A count is rounded to whole strides: variance 1/12 of a stride.
    sd = np.sqrt(noise / labelled + 1 / (12 * labelled**2)) / np.abs(slope)
    bottom, top = ndtr((0 - centre) / sd), ndtr((1 - centre) / sd)
    draw = ndtri(np.clip(bottom + rng.random(len(sd)) * (top - bottom), 1e-12, 1 - 1e-12))
    return np.clip(centre + sd * draw, 0, 1), (top - bottom) / np.abs(slope)


def _shortest(values: FloatArray, weights: FloatArray) -> tuple[float, float]:
    """Ends of the shortest interval that holds ``LEVEL`` of the weight."""
    order = np.argsort(values, kind="stable")
    values = values[order]
    above = np.cumsum(weights[order])
    if not above[-1] > 0:
        # No session with such rates gives such a count: nothing is known of the share.
        return 0.0, 1.0
    above /= above[-1]
    below = np.concatenate([[0.0], above[:-1]])
    last = np.searchsorted(above, below + LEVEL)
    starts = np.flatnonzero(last < len(values))
    width = values[last[starts]] - values[starts]
    best = starts[int(np.argmin(width))]
    return float(values[best]), float(values[last[best]])


def _beta(rng: np.random.Generator, mean: float, icc: float) -> FloatArray:
    """Draw a session's rate around the mean, spread as the correlation within it says."""
    return rng.beta(*_shape(mean, icc), DRAWS)


def _beta_binomial(errors: int, strides: int, mean: float, icc: float) -> float:
    """Probability of that many errors among the strides of one session."""
    a, b = _shape(mean, icc)
    choose = -betaln(errors + 1, strides - errors + 1) - np.log(strides + 1)
    return float(np.exp(choose + betaln(errors + a, strides - errors + b) - betaln(a, b)))


def _shape(mean: float, icc: float) -> tuple[float, float]:
    """Both parameters of the beta distribution with this mean and correlation."""
    mean, icc = float(np.clip(mean, 1e-6, 1 - 1e-6)), float(np.clip(icc, 1e-3, 0.999))
    strength = (1 - icc) / icc
    return mean * strength, (1 - mean) * strength


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else 0.0
