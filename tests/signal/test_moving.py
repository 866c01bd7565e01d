"""Means and maxima over a moving window against those of SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from retrodetect.signal.numerics import moving_maximum, moving_mean, smoothed, weighted_mean

MODES = {"symmetric": "reflect", "reflect": "mirror", "edge": "nearest", "wrap": "wrap"}
"""Names of NumPy and of SciPy for how both ends are continued."""

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("ends", MODES)
@pytest.mark.parametrize("width", [1, 4, 5, 12])
@pytest.mark.parametrize("shape", [(40,), (40, 3), (7,)])
def test_the_mean_over_a_window(shape, width, ends):
    values = RNG.normal(size=shape)
    expected = ndimage.uniform_filter1d(values, width, axis=0, mode=MODES[ends])
    if ends != "wrap" or width < len(values):
        np.testing.assert_allclose(moving_mean(values, width, ends=ends), expected, atol=1e-12)


@pytest.mark.parametrize("earlier", [-2, 1, 3])
def test_a_window_that_lies_earlier(earlier):
    values = RNG.normal(size=50)
    expected = ndimage.uniform_filter1d(values, 9, origin=earlier)
    np.testing.assert_allclose(moving_mean(values, 9, earlier=earlier), expected, atol=1e-12)


@pytest.mark.parametrize("width", [1, 4, 5])
def test_the_maximum_over_a_window(width):
    values = RNG.normal(size=50)
    expected = ndimage.maximum_filter1d(values, width)
    np.testing.assert_array_equal(moving_maximum(values, width), expected)


@pytest.mark.parametrize("ends", ["symmetric", "wrap"])
@pytest.mark.parametrize("spread", [0.7, 1.0, 2.5])
def test_smoothing_with_a_gaussian(spread, ends):
    values = RNG.normal(size=50)
    expected = ndimage.gaussian_filter1d(values, spread, mode=MODES[ends])
    np.testing.assert_allclose(smoothed(values, spread, ends=ends), expected, atol=1e-12)


@pytest.mark.parametrize("count", [3, 50])
def test_weights_along_time(count):
    values, weights = RNG.normal(size=(count, 3)), np.array([1.0, 2.0, 5.0, 2.0, 1.0])
    expected = ndimage.correlate1d(values, weights, axis=0, mode="mirror")
    np.testing.assert_allclose(weighted_mean(values, weights, ends="reflect"), expected, atol=1e-12)
