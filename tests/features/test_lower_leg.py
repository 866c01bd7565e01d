"""What points ahead on a lower leg, and how it turns round with the height; captured walkers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from retrodetect.features.catalogue import VECTORS
from retrodetect.lab.simulate import read_bvh, virtual_sensor
from retrodetect.training.examples import measure

CLIPS = (
    "mocap-accad-female1/Female1_B03_Walk1",
    "mocap-accad-female1/Female1_B05_WalkBackwards",
    "mocap-accad-male1/Male1_B6_WalkBackwards",
    "mocap-bandai-namco-1/dataset-1_walk_normal_001",
    "mocap-bandai-namco-1/dataset-1_walk-back_angry_001",
)
BESIDE, IN_FRONT, BEHIND = (0.0, 0.0, 0.0), (0.05, -0.045, 0.0), (-0.05, -0.045, 0.0)
"""From the place of the site, which is on the outside of the leg."""


def ahead(
    shared: Path, clip: str, site: str, offset_m: tuple[float, float, float]
) -> dict[str, float]:
    """Median of each vector along the wearer's front, over the strides of a clip."""
    motion = read_bvh(shared / f"datasets/{clip}.bvh.gz")
    worn = virtual_sensor(motion, site, rate_hz=50.0, offset_m=offset_m)
    vectors = measure(worn).features.vectors[:, :, 0]
    named = zip(VECTORS, np.nanmedian(vectors, axis=0), strict=True)
    return {feature.name: float(median) for feature, median in named}


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("offset_m", [BESIDE, IN_FRONT, BEHIND])
def test_the_lever_of_an_ankle_points_backward_whichever_way_the_wearer_goes(
    shared: Path, clip: str, offset_m: tuple[float, float, float]
) -> None:
    assert ahead(shared, clip, "ankle", offset_m)["lever_mid"] <= 0


@pytest.mark.parametrize("clip", CLIPS)
@pytest.mark.parametrize("offset_m", [BESIDE, BEHIND])
def test_harmonics_turn_round_between_ankle_and_shin(
    shared: Path, clip: str, offset_m: tuple[float, float, float]
) -> None:
    at_ankle, at_shin = (ahead(shared, clip, site, offset_m) for site in ("ankle", "shin"))
    assert at_ankle["R2_gyro"] < 0 < at_shin["R2_fixed"]
    assert at_ankle["R2_fixed"] < at_shin["R2_fixed"] - 0.1
