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
    contacts_s, strides = found.contacts_s, found.strides
    bout_ends_s = strides.groupby("bout")["end_s"].max()
    lasting_s = strides["end_s"] - strides["start_s"]
    return [
        len(bout_ends_s), len(contacts_s), len(strides),
        contacts_s.mean(), contacts_s.std(ddof=1), np.diff(contacts_s).std(),
        strides["start_s"].mean(), lasting_s.mean(), lasting_s.std(),
        bout_ends_s.sum(), strides["p_run"].mean(), strides["p_run"].std(),
    ]  # fmt: skip


GOLDEN = """
usual foot raw 2 89 44 31.6416 15.6228 0.6522 30.8890 0.9572 0.2309 82.5103 0.5318 0.4873
usual foot linear 2 91 45 31.6922 15.4589 0.5523 30.9475 0.9544 0.2286 82.4894 0.6364 0.4376
usual waist raw 2 90 44 31.6357 15.5900 0.5966 31.3325 0.9548 0.2169 83.5680 0.5444 0.5026
usual waist linear 2 89 44 31.8428 15.6487 0.6559 31.0616 0.9493 0.2205 83.0918 0.4733 0.4384
usual pocket raw 2 88 43 31.4925 16.0290 0.6218 31.3501 0.9577 0.2462 83.8551 0.5350 0.4806
usual pocket linear 2 89 44 31.4588 16.0200 0.6197 31.3544 0.9448 0.2167 83.4460 0.3892 0.3602
usual wrist raw 3 88 43 31.8862 15.7298 0.6680 31.5944 0.9587 0.2280 98.6597 0.5514 0.4965
usual wrist linear 2 89 45 31.8470 15.5833 0.6046 31.6677 0.9592 0.2342 84.5307 0.4694 0.4354
extreme foot raw 3 48 23 20.7374 8.9435 0.8266 19.8566 1.1447 0.4760 75.0079 0.5952 0.4890
extreme foot linear 3 48 24 20.6516 8.9409 0.8174 19.8085 1.1384 0.4679 75.3008 0.5695 0.4680
extreme waist raw 2 49 25 20.7445 9.2003 0.8677 19.9610 1.1432 0.4675 65.4687 0.4360 0.4753
extreme waist linear 3 48 24 20.5169 9.0887 0.9515 20.4795 1.1241 0.4639 77.2836 0.4041 0.4674
extreme pocket raw 3 37 19 19.7747 10.1349 1.4668 18.9920 1.2685 0.4653 75.4992 0.3861 0.4511
extreme pocket linear 2 38 20 19.5740 9.6362 1.5387 19.4884 1.2404 0.4847 62.8333 0.3142 0.4432
extreme wrist raw 2 50 25 21.6386 9.2073 0.7901 20.9246 1.1395 0.4581 66.5342 0.3791 0.4730
extreme wrist linear 2 50 25 20.8548 9.2464 0.7365 20.7091 1.1563 0.4729 65.5153 0.3487 0.4576
amid foot raw 1 14 7 5.6789 2.5136 0.0089 4.7753 1.2048 0.0186 9.6119 0.0010 0.0007
amid waist raw 1 14 7 6.2483 2.5127 0.0176 5.3484 1.1983 0.0131 10.1618 0.0001 0.0000
amid pocket raw 1 16 8 5.6513 2.8286 0.0731 5.3690 1.1633 0.0911 10.6512 0.0024 0.0008
amid wrist raw 1 15 7 5.9495 2.6895 0.0237 5.3441 1.2077 0.0253 10.1712 0.0001 0.0000
""".strip().splitlines()
"""Plan, placement and gravity, and the summary."""


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: "-".join(row.split()[:3]))
def test_the_same_recording_gives_the_same_steps(row: str) -> None:
    plan, placement, gravity, *expected = row.split()
    found = summary(gait.detect(prepare(worn(plan, placement, gravity))))
    assert found == pytest.approx([float(number) for number in expected], abs=1e-3)
