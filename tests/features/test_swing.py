"""What the swing of a foot shows, on strides whose shape is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from retrodetect.features.catalogue import SWING, SWING_BINS, VECTORS
from retrodetect.features.swing import ENERGY_SHARES, swing_vectors
from retrodetect.recording import STANDARD_GRAVITY_MPS2, FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ, Signal

STRIDE_S, SWING_S, STRIDES = 1.2, 0.6, 6
STRIDE = round(STRIDE_S * ANALYSIS_RATE_HZ)
AHEAD = np.array([1.0, 0.0, 0.0])


def walked(
    size_mps2: float = 10.0, brake: float = 1.0, turned: Rotation | None = None
) -> FloatArray:
    """Six strides: a foot stands, is pushed ahead for half a swing and braked for the other."""
    time_s = np.arange(STRIDES * STRIDE) / ANALYSIS_RATE_HZ
    phase = (time_s % STRIDE_S - (STRIDE_S - SWING_S) / 2) / SWING_S
    push = np.where((phase > 0) & (phase < 1), np.sin(2 * np.pi * phase), 0.0)
    push[push < 0] *= brake
    force = size_mps2 * push[:, None] * AHEAD
    force[:, 2] += STANDARD_GRAVITY_MPS2
    return force if turned is None else turned.apply(force)


def swings(force: FloatArray, *, cut: int = 0, count: int = STRIDES) -> dict[str, FloatArray]:
    """Mean swing vectors of strides that are cut so many samples later."""
    begin = np.arange(count) * STRIDE + cut
    up = np.tile(force[0] / np.linalg.norm(force[0]), (len(force), 1))
    signal = Signal(0.0, force, up, None, ANALYSIS_RATE_HZ)
    shown = swing_vectors(signal, np.stack([begin, begin + STRIDE], axis=1))
    return dict(zip((feature.name for feature in SWING), shown.mean(axis=0), strict=True))


def along_swing(shown: dict[str, FloatArray]) -> FloatArray:
    return np.stack([shown[f"swing_{k}"] for k in range(SWING_BINS)])


def test_the_swing_is_told_in_the_size_of_the_stride() -> None:
    phase = np.linspace(0, 1, 1001)
    energy = np.cumsum(np.sin(2 * np.pi * phase) ** 2)
    first, last = np.interp(ENERGY_SHARES, energy / energy[-1], phase)
    sine = np.sin(2 * np.pi * np.linspace(first, last, SWING_BINS))
    # The sine fills half of the stride, so its root mean square over all of it is one half.
    assert along_swing(swings(walked()))[:, 0] == pytest.approx(sine / 0.5, abs=0.25)


def test_a_foot_that_stands_askew_swings_the_same() -> None:
    askew = Rotation.from_euler("xyz", [20, -35, 50], degrees=True)
    for name, vector in swings(walked(turned=askew)).items():
        assert vector == pytest.approx(askew.apply(swings(walked())[name]), abs=1e-6)


@pytest.mark.parametrize("size_mps2", [3.0, 30.0])
def test_the_size_of_the_swing_does_not_matter(size_mps2: float) -> None:
    for name, vector in swings(walked(size_mps2)).items():
        assert vector == pytest.approx(swings(walked())[name], abs=0.02)


@pytest.mark.parametrize("cut", [0, STRIDE // 4, STRIDE // 2])
def test_where_a_stride_is_cut_does_not_matter(cut: int) -> None:
    for name, vector in swings(walked(), cut=cut, count=STRIDES - 1).items():
        assert vector == pytest.approx(swings(walked())[name], abs=0.1)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_a_push_before_a_brake_goes_ahead(sign: float) -> None:
    # Of a sine over half of the stride, minus the first moment over its size and that of time.
    way = (0.25 / (2 * np.pi)) / (0.5 / np.sqrt(12))
    shown = swings(walked() * [sign, 1.0, 1.0])["swing_way"]
    assert shown == pytest.approx(sign * way * AHEAD, abs=0.02)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_the_skew_points_where_the_harder_lobe_points(sign: float) -> None:
    # Whichever way the foot goes: a foot brakes hard ahead, and is pushed hard to the heel.
    force = walked(brake=2.0)
    force[:, 0] *= sign
    assert sign * swings(force)["swing_skew"][0] < -0.5


def test_every_swing_vector_is_level() -> None:
    assert np.abs([vector[2] for vector in swings(walked()).values()]).max() < 1e-9
    assert {feature.name for feature in SWING} <= {feature.name for feature in VECTORS}
