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
usual foot raw 2 90 44 31.8870 15.7082 0.6490 30.8890 0.9572 0.2309 82.5103 0.5318 0.4873
usual foot linear 2 92 45 31.9317 15.5443 0.5497 30.9475 0.9544 0.2286 82.4894 0.6364 0.4376
usual waist raw 2 92 43 31.7032 15.6814 0.5698 31.3877 0.9503 0.2173 82.4157 0.5570 0.5014
usual waist linear 2 91 43 31.9074 15.7403 0.6236 31.4452 0.9443 0.2177 82.5028 0.4843 0.4374
usual pocket raw 2 92 45 31.5840 15.9203 0.5637 31.0239 0.9565 0.2377 83.2243 0.5125 0.4697
usual pocket linear 2 92 45 31.5082 15.9976 0.6027 30.9680 0.9537 0.2233 82.8307 0.3813 0.3612
usual wrist raw 3 91 43 31.9290 15.7335 0.5755 31.5944 0.9580 0.2264 98.6283 0.5514 0.4965
usual wrist linear 2 91 44 31.9104 15.6750 0.5721 31.7206 0.9493 0.2305 83.1364 0.4820 0.4362
extreme foot raw 3 49 24 20.8715 8.8995 0.7864 20.1371 1.1269 0.4737 75.7248 0.6118 0.4851
extreme foot linear 3 49 24 20.7861 8.8972 0.7745 19.8085 1.1384 0.4679 75.3008 0.5695 0.4680
extreme waist raw 3 51 24 21.2281 9.4003 0.8124 20.0846 1.1215 0.4583 76.2802 0.4360 0.4732
extreme waist linear 2 50 24 20.4959 9.0302 0.8353 19.1599 1.1169 0.4570 64.1647 0.3868 0.4684
extreme pocket raw 3 40 18 19.4876 9.7913 1.3163 17.8002 1.2229 0.4526 71.3501 0.3340 0.4391
extreme pocket linear 2 41 19 18.5788 10.0282 1.4504 17.4373 1.2701 0.4757 60.6406 0.2782 0.4241
extreme wrist raw 3 48 23 21.6267 9.3646 0.8210 20.1617 1.1523 0.4497 77.0074 0.3843 0.4742
extreme wrist linear 2 51 24 20.9820 9.1984 0.6934 20.0295 1.1418 0.4774 64.0118 0.3632 0.4615
amid foot raw 1 14 7 5.6789 2.5136 0.0089 4.7753 1.2048 0.0186 9.6119 0.0010 0.0007
amid waist raw 1 14 7 6.2483 2.5127 0.0176 5.3484 1.1983 0.0131 10.1618 0.0001 0.0000
amid pocket raw 1 16 8 5.1477 2.8564 0.0340 4.2454 1.2031 0.0705 9.6827 0.0001 0.0002
amid wrist raw 1 15 7 5.9495 2.6895 0.0237 5.3441 1.2077 0.0253 10.1712 0.0001 0.0000
""".strip().splitlines()
"""Plan, placement and gravity, and the summary."""


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: "-".join(row.split()[:3]))
def test_the_same_recording_gives_the_same_steps(row: str) -> None:
    plan, placement, gravity, *expected = row.split()
    found = summary(gait.detect(prepare(worn(plan, placement, gravity))))
    assert found == pytest.approx([float(number) for number in expected], abs=1e-3)
