"""How sure a backward share is, given that a classifier errs.

The session itself is fully seen, so what is uncertain is not which strides were sampled but
which were misnamed. Misnaming is strongly correlated: a wearer whose gait or mounting the
model misreads is misread stride after stride. Each session therefore has its own two error
rates, drawn from beta distributions around the model's mean rates whose spread is given by
the intraclass correlation of errors within a session (the beta-binomial model; Williams 1975,
Biometrics 31:949). A true share is held possible unless the count is among the 5 % that it would
give least likely: a test inverted (Neyman 1937, Phil Trans R Soc A 236:333) whose regions are the
smallest (Sterne 1954, Biometrika 41:275), so that a model which misreads either nothing or a whole
session does not leave the share of a mixed one open.

A posterior under a prior that favours sessions gone one way would be shorter, but holds only
on average over such sessions: at true shares of 5 % it held 87-89 %. This one holds at each
share; ``tests/benchmarks/share_coverage.py`` measures it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri
from scipy.stats import beta as beta_distribution
from scipy.stats import qmc

from retrodetect.recording import FloatArray

__all__ = ["ASSUMED_ICC", "ErrorRates", "doubted_rates", "measured_rates", "share_interval"]

LEVEL = 0.95

ASSUMED_ICC = 0.2
"""Correlation of errors within a session where none was measured: between that of gait
variables within a person's strides and that of a whole session misread."""

POINTS = 512
"""Pairs of error rates, evenly spread (Sobol 1967), over which a session is averaged."""

PROBES = 128
"""Counts of a share that are compared with the one found: what is held possible then stands to
about 1 % of probability."""

SMOOTH = 0.004
"""Counted shares that differ by less are held equally likely: bridges the gaps between pairs."""

STEPS = 16
"""Shares tried at once; thrice, each time closer to the ends of the interval."""


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
    if not len(p_backward):
        return ErrorRates(0.0, 0.0)
    # Rounded as probabilities are written: intervals are searched in steps, which the last digit
    # of a filter would flip otherwise, and with it the bytes of a file.
    doubt = round(float(np.minimum(p_backward, 1 - p_backward).mean()), 4)
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
        perfection; the correlation by moments over both kinds of error (Williams 1975), or the
        assumed one where no error shows how they cluster.
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
    backward: int, labelled: int, rates: ErrorRates, unknown: int = 0
) -> tuple[float, float]:
    """95 % interval of the true share of backward strides.

    Strides of unknown direction are no sample of the others (they come where a wearer turns, or
    where the front is not known), so that each may have gone either way: the interval reaches
    from all of them forward to all of them backward (worst-case bounds; Manski 2003, Partial
    Identification of Probability Distributions).

    Parameters
    ----------
    backward
        Strides labelled backward.
    labelled
        Strides labelled forward or backward.
    rates
        How often labels are wrong.
    unknown
        Strides that may have gone either way; those that went sideways did not.

    Returns
    -------
    low, high
        Shares in [0, 1]; always holding the counted share. NaN without labelled strides.
    """
    if not labelled:
        return np.nan, np.nan
    counted = backward / labelled
    sessions, probes = _sessions(rates, POINTS, seed=1), _sessions(rates, PROBES, seed=2)

    def possible(shares: FloatArray) -> NDArray[np.bool_]:
        return (
            np.array([_tail(counted, labelled, share, sessions, probes) for share in shares])
            > 1 - LEVEL
        )

    low, high = _ends(possible, counted, labelled)
    strides = labelled + unknown
    return low * labelled / strides, (high * labelled + unknown) / strides


class _Sessions(NamedTuple):
    """(n,) false backward and false forward rates of sessions as they come, and their noise."""

    alpha: FloatArray
    beta: FloatArray
    noise: FloatArray

    def counted(self, share: float, labelled: int) -> tuple[FloatArray, FloatArray]:
        """(n,) expected counted shares and their standard deviations."""
        expected = share * (1 - self.beta) + (1 - share) * self.alpha
        variance = share * self.beta * (1 - self.beta) + (1 - share) * self.alpha * (1 - self.alpha)
        # A count is rounded to whole strides: variance 1/12 of a stride.
        return expected, np.sqrt(variance / labelled + 1 / (12 * labelled**2))


@lru_cache(maxsize=8)
def _sessions(rates: ErrorRates, number: int, seed: int) -> _Sessions:
    """Sessions spread evenly over what the model meets."""
    even = np.clip(qmc.Sobol(3, rng=seed).random(number), 1e-9, 1 - 1e-9)
    alpha, beta = (
        beta_distribution.ppf(even[:, column], *_shape(mean, rates.icc))
        for column, mean in enumerate((rates.false_backward, rates.false_forward))
    )
    return _Sessions(alpha, beta, ndtri(even[:, 2]))


def _tail(
    counted: float, labelled: int, share: float, sessions: _Sessions, probes: _Sessions
) -> float:
    """Probability that a session of this true share gives no likelier a count than this one."""
    expected, sd = probes.counted(share, labelled)
    counts = np.append(np.clip(expected + sd * probes.noise, 0, 1), counted)
    centre, sd = sessions.counted(share, labelled)
    width = np.maximum(sd, SMOOTH)
    # Half the precision is plenty to rank by, and three times as fast.
    away = np.subtract.outer(counts, centre).astype(np.float32) / width.astype(np.float32)
    density = np.exp(-0.5 * away**2) @ (1 / width).astype(np.float32)
    return float((density[:-1] <= density[-1]).mean())


def _ends(
    possible: Callable[[FloatArray], NDArray[np.bool_]], counted: float, labelled: int
) -> tuple[float, float]:
    """Least and greatest possible share, the counted one let in; all, where none is possible."""
    shares = np.unique(np.append(np.linspace(0, 1, STEPS + 1), counted))
    low, high = 0.0, 1.0
    for _ in range(3):
        held = possible(shares)
        if not held.any():
            return low, high
        first, last = int(held.argmax()), len(held) - 1 - int(held[::-1].argmax())
        low, high = min(shares[first], counted), max(shares[last], counted)
        outside = shares[max(first - 1, 0)], shares[min(last + 1, len(shares) - 1)]
        finer = [np.linspace(outside[0], low, STEPS), np.linspace(high, outside[1], STEPS)]
        shares = np.unique(np.concatenate([*finer, shares[held], [counted]]))
    half_a_stride = 0.5 / labelled
    low = 0.0 if low < half_a_stride else low
    high = 1.0 if high > 1 - half_a_stride else high
    return float(low), float(high)


def _shape(mean: float, icc: float) -> tuple[float, float]:
    """Both parameters of the beta distribution with this mean and correlation."""
    mean, icc = float(np.clip(mean, 1e-6, 1 - 1e-6)), float(np.clip(icc, 1e-3, 0.999))
    strength = (1 - icc) / icc
    return mean * strength, (1 - mean) * strength
