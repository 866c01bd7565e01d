"""The same recording gives the same steps in every version: numbers to the millisecond.

Whoever changes what the gait stage finds, and not only how, finds it here and puts in the new
numbers; whether those are better, real recordings tell (``tests/benchmarks/steps.py``).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from retrodetect import gait
from retrodetect.lab.simulate import PERFECT, Walk, parse_plan, walk, wear
from retrodetect.recording import Recording
from retrodetect.signal import prepare

PLANS = {
    "usual": "stand 3s, walk forward 12s, stand 2s, walk backward 12s 0.7m/s, stand 6s,"
    " run forward 10s, run backward 8s, stand 3s",
    "extreme": "stand 2s, walk forward 10s 0.4m/s, stand 3.5s, walk forward 5s 1.9m/s,"
    " run forward 6s 4.5m/s, stand 4.5s, walk backward 6s 0.5m/s, stand 2s",
    "amid": "walk forward 9s 1.1m/s",
}


@cache
def walked(plan: str) -> Walk:
    return walk(parse_plan(PLANS[plan]), seed=5)


def worn(plan: str, placement: str, gravity: str) -> Recording:
    found = wear(walked(plan), placement, rate_hz=50.0, errors=PERFECT, seed=5)
    if gravity == "raw":
        return found
    still = found.acceleration_mps2[found.time_s < 1.5].mean(axis=0)
    return found.with_(
        acceleration_mps2=found.acceleration_mps2 - still,
        angular_rate_radps=None,
        gravity="linear",
    )


def summary(found: gait.Gait) -> list[float]:
    """Counts of bouts, contacts and strides; contacts' mean and spread; strides' the same."""
    contacts_s, strides = found.contacts["time_s"], found.strides
    lasting_s = strides["end_s"] - strides["start_s"]
    return [
        len(found.bouts), len(contacts_s), len(strides),
        contacts_s.mean(), contacts_s.std(), np.diff(contacts_s).std(),
        strides["start_s"].mean(), lasting_s.mean(), lasting_s.std(),
        found.bouts["end_s"].sum(), strides["p_run"].mean(), strides["p_run"].std(),
    ]  # fmt: skip


GOLDEN = """
usual foot raw 2 90 44 31.8879 15.7095 0.6487 30.8890 0.9572 0.2309 82.5103 0.5318 0.4873
usual foot linear 2 92 45 31.9319 15.5455 0.5497 30.9475 0.9528 0.2304 82.4894 0.6393 0.4354
usual waist raw 2 92 43 31.7049 15.6791 0.5665 31.3877 0.9503 0.2173 82.4157 0.5570 0.5014
usual waist linear 2 91 43 31.9084 15.7365 0.6172 31.4452 0.9443 0.2177 82.5028 0.4843 0.4374
usual pocket raw 2 92 45 31.5888 15.9188 0.5392 31.0239 0.9580 0.2394 83.2178 0.5128 0.4700
usual pocket linear 2 92 45 31.5203 15.9903 0.5796 30.9680 0.9544 0.2267 82.7668 0.3863 0.3640
usual wrist raw 3 91 43 31.9337 15.7295 0.5453 31.5944 0.9642 0.2420 98.8923 0.5514 0.4965
usual wrist linear 2 91 44 31.9154 15.6729 0.5432 31.7206 0.9500 0.2296 83.1671 0.4808 0.4351
extreme foot raw 3 49 24 20.8724 8.9002 0.7818 20.1371 1.1287 0.4721 75.7692 0.6117 0.4850
extreme foot linear 3 49 24 20.7864 8.8974 0.7729 19.8085 1.1384 0.4679 75.3008 0.5695 0.4680
extreme waist raw 3 51 24 21.2326 9.4084 0.8189 20.0846 1.1215 0.4583 76.2802 0.4360 0.4732
extreme waist linear 2 49 24 20.1556 8.7661 0.8013 19.1599 1.1338 0.4697 64.1647 0.3868 0.4684
extreme pocket raw 3 41 19 19.2550 9.2798 1.2273 18.0816 1.1830 0.4723 71.8027 0.3663 0.4514
extreme pocket linear 2 42 20 18.7222 9.9307 1.3311 17.7235 1.2489 0.4635 61.5837 0.3125 0.4416
extreme wrist raw 3 48 23 21.6248 9.3611 0.8211 20.1617 1.1523 0.4497 77.0074 0.3843 0.4742
extreme wrist linear 2 50 24 20.6503 8.9743 0.6806 20.0295 1.1418 0.4774 64.0118 0.3632 0.4615
amid foot raw 1 14 7 5.6789 2.5136 0.0089 4.7753 1.2048 0.0186 9.6119 0.0010 0.0007
amid waist raw 1 14 7 6.2511 2.5175 0.0149 5.3484 1.2040 0.0223 10.2019 0.0001 0.0000
amid pocket raw 1 16 8 5.1477 2.8564 0.0340 4.2454 1.2031 0.0705 9.6827 0.0001 0.0002
amid wrist raw 1 15 7 5.9508 2.6916 0.0228 5.3441 1.2105 0.0270 10.1903 0.0001 0.0000
""".strip().splitlines()
"""Plan, placement and gravity, and the summary."""


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: "-".join(row.split()[:3]))
def test_the_same_recording_gives_the_same_steps(row: str) -> None:
    plan, placement, gravity, *expected = row.split()
    found = summary(gait.detect(prepare(worn(plan, placement, gravity))))
    assert found == pytest.approx([float(number) for number in expected], abs=1e-3)
