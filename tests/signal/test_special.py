"""Functions of ``scipy.special`` without its import."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special as expected

from retrodetect.signal import numerics

KAPPAS = np.concatenate([[0.0], np.logspace(-4, 4, 500), [3.75]])
LOGITS = np.random.default_rng(0).normal(scale=30.0, size=(6, 5))


@pytest.mark.parametrize("name", ["i0e", "i1e"])
def test_bessel_functions(name):
    ours, theirs = getattr(numerics, name)(KAPPAS), getattr(expected, name)(KAPPAS)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)


@pytest.mark.parametrize("name", ["logsumexp", "log_softmax"])
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_of_exponentials(name, axis):
    ours, theirs = getattr(numerics, name)(LOGITS, axis), getattr(expected, name)(LOGITS, axis=axis)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-14)


def test_shares_of_hypotheses():
    log_p = [-1000.0, -1001.0, -2000.0]
    np.testing.assert_allclose(numerics.softmax(log_p), expected.softmax(log_p), rtol=1e-12)


def test_log_odds_there_and_back():
    np.testing.assert_allclose(numerics.expit(LOGITS), expected.expit(LOGITS), atol=1e-15)
    probability = np.array([1e-6, 0.2, 0.5, 1 - 1e-6])
    np.testing.assert_allclose(numerics.logit(probability), expected.logit(probability), atol=1e-12)
