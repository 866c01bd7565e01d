"""Zero-phase filters: nothing is delayed, whatever the length and the kind of number."""

import numpy as np
import pytest
from scipy.signal import butter, sosfiltfilt

from retrodetect.signal import zero_phase

RATE_HZ = 50.0
TIME_S = np.arange(1000) / RATE_HZ
MIDDLE = slice(300, 700)


def tone(hz: float) -> np.ndarray:
    return np.sin(2 * np.pi * hz * TIME_S)


@pytest.mark.parametrize("band_hz", [5.0, (0.5, 5.0)])
def test_what_is_in_the_band_passes_without_delay_and_the_rest_does_not(
    band_hz: float | tuple[float, float],
) -> None:
    def filtered(hz: float) -> np.ndarray:
        return zero_phase(tone(hz), band_hz, order=2, rate_hz=RATE_HZ, pad_s=3.0)[MIDDLE]

    np.testing.assert_allclose(filtered(1.5), tone(1.5)[MIDDLE], atol=0.03)
    assert np.abs(filtered(20.0)).max() < 0.01


def test_forth_and_back_a_tone_at_the_cut_off_is_halved() -> None:
    found = zero_phase(tone(1.0), 1.0, order=2, rate_hz=RATE_HZ, pad_s=3.0)
    assert np.abs(found[MIDDLE]).max() == pytest.approx(0.5, abs=0.01)


def test_columns_and_complex_numbers_are_filtered_part_by_part() -> None:
    both = np.stack([tone(1.0), tone(4.0)], axis=1)
    found = zero_phase(both, 2.0, order=2, rate_hz=RATE_HZ, pad_s=1.0)
    for column, values in zip(found.T, both.T, strict=True):
        alone = zero_phase(values, 2.0, order=2, rate_hz=RATE_HZ, pad_s=1.0)
        np.testing.assert_allclose(column, alone, atol=1e-12)
    mixed = zero_phase(both @ [1.0, 1.0j], 2.0, order=2, rate_hz=RATE_HZ, pad_s=1.0)
    np.testing.assert_allclose(mixed, found @ [1.0, 1.0j], atol=1e-12)


@pytest.mark.parametrize("count", [1, 2, 7])
@pytest.mark.parametrize("padtype", ["odd", "even"])
def test_a_level_stays_a_level_however_short(count: int, padtype: str) -> None:
    level = np.full((count, 3), 9.81)
    found = zero_phase(level, 0.25, order=1, rate_hz=RATE_HZ, pad_s=12.0, padtype=padtype)
    np.testing.assert_allclose(found, level)


@pytest.mark.parametrize("count", [2, 40, 20_000])
@pytest.mark.parametrize(
    ("band_hz", "order", "rate_hz"),
    [(0.25, 1, 400.0), (20.0, 2, 1000.0), (6.0, 4, 120.0), ((0.5, 10.0), 2, 50.0)],
)
@pytest.mark.parametrize("padtype", ["odd", "even"])
def test_it_is_the_filter_of_scipy(count, band_hz, order, rate_hz, padtype):
    walk = np.random.default_rng(0).normal(size=(count, 2)).cumsum(axis=0)
    kind = "lowpass" if isinstance(band_hz, float) else "bandpass"
    sections = butter(order, band_hz, kind, fs=rate_hz, output="sos")
    pad = min(int(3 * rate_hz), count - 1)
    expected = sosfiltfilt(sections, walk, axis=0, padtype=padtype, padlen=pad)
    found = zero_phase(walk, band_hz, order=order, rate_hz=rate_hz, pad_s=3.0, padtype=padtype)
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-9 * np.abs(walk).max())
