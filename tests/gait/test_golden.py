"""The same recording gives the same steps in every version: numbers to the millisecond.

Whoever changes what the gait stage finds, and not only how, finds it here and puts in the new
numbers; whether those are better, real recordings tell (``tests/benchmarks/steps.py``).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from retrodetect import gait
from retrodetect.recording import Recording
from retrodetect.signal import prepare
from retrodetect.simulate import PERFECT, Walk, parse_plan, walk, wear

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
usual foot raw 2 90 44 31.2928 16.2997 0.7845 30.2874 0.9478 0.2239 81.1254 0.5493 0.4699
usual foot linear 2 92 45 31.3731 16.1072 0.6755 30.3833 0.9436 0.2229 81.1580 0.5064 0.4707
usual waist raw 2 92 43 31.7025 15.6798 0.5674 31.3865 0.9504 0.2177 82.4153 0.5573 0.5016
usual waist linear 2 91 44 31.9939 15.5000 0.5714 31.3105 0.9561 0.2184 82.9640 0.4492 0.4236
usual pocket raw 2 92 45 31.5972 15.9381 0.5394 31.0348 0.9580 0.2386 83.1666 0.5046 0.4674
usual pocket linear 3 92 44 31.5544 15.9778 0.5811 31.5201 0.9490 0.2294 97.3656 0.3896 0.3603
usual wrist raw 2 92 44 31.6151 15.9420 0.5423 30.8007 0.9608 0.2266 82.9011 0.5407 0.4993
usual wrist linear 2 94 47 31.5667 15.5830 0.4973 30.8436 0.9602 0.2226 83.9595 0.4365 0.4257
extreme foot raw 3 49 24 20.8747 8.9020 0.7826 20.1395 1.1287 0.4720 75.7821 0.6117 0.4850
extreme foot linear 3 49 24 20.7879 8.8959 0.7725 19.8100 1.1384 0.4679 75.3084 0.5695 0.4680
extreme waist raw 3 52 25 21.3163 9.3600 0.7575 20.3172 1.1083 0.4525 77.0328 0.4466 0.4755
extreme waist linear 3 48 23 20.4455 8.6596 0.8360 19.8898 1.1113 0.4643 76.3648 0.4202 0.4646
extreme pocket raw 3 48 23 20.1267 8.7908 0.8384 19.5542 1.1173 0.4573 75.5602 0.5152 0.4823
extreme pocket linear 2 51 24 20.0116 9.4140 0.8031 19.2437 1.1511 0.4738 64.8086 0.4522 0.4820
extreme wrist raw 3 45 21 21.7336 9.4876 0.9717 21.1225 1.1444 0.4398 76.1539 0.3939 0.4714
extreme wrist linear 2 53 26 20.9303 9.0943 0.5667 19.9280 1.1621 0.4923 66.8138 0.2728 0.4053
amid foot raw 1 14 7 5.6812 2.5139 0.0088 4.7775 1.2049 0.0184 9.6140 0.0278 0.0086
amid waist raw 1 15 7 5.9486 2.6919 0.0174 5.3424 1.2094 0.0216 10.1997 0.0001 0.0000
amid pocket raw 1 16 8 5.1236 2.8578 0.0121 4.2215 1.2027 0.0252 9.6732 0.0014 0.0011
amid wrist raw 1 15 7 5.9484 2.6957 0.0226 4.7337 1.2095 0.0305 9.5867 0.0000 0.0000
""".strip().splitlines()
"""Plan, placement and gravity, and the summary."""


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: "-".join(row.split()[:3]))
def test_the_same_recording_gives_the_same_steps(row: str) -> None:
    plan, placement, gravity, *expected = row.split()
    found = summary(gait.detect(prepare(worn(plan, placement, gravity))))
    assert found == pytest.approx([float(number) for number in expected], abs=1e-3)
