import numpy as np
import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.tables import SESSION_COLUMNS
from retrodetect.tally import session
from retrodetect.tally.share import ErrorRates


def strides_of(*directions, bout=0, start_s=0.0, stride_s=1.0, gait="walk"):
    n = len(directions)
    start = start_s + stride_s * np.arange(n)
    return pd.DataFrame(
        {
            "bout": np.full(n, bout),
            "start_s": start,
            "end_s": start + stride_s,
            "gait": [gait] * n,
            "direction": list(directions),
            "p_backward": [{"forward": 0.02, "backward": 0.97}.get(d, 0.4) for d in directions],
            "reason": ["weak" if d == "unknown" else "" for d in directions],
        }
    )


F, B, U = "forward", "backward", "unknown"


def stretches(strides):
    return pd.DataFrame(session.stretches(session.columns_of(strides)))


def test_unknown_strides_widen_the_interval_but_for_those_that_went_sideways():
    rates = ErrorRates(1e-6, 1e-6)
    strides = strides_of(*[F] * 60, *[B] * 40, *[U] * 100)
    low, high = rd.tally(strides, rates)[["backward_share_low", "backward_share_high"]]
    assert (low, high) == pytest.approx((0.2, 0.7), abs=0.005)
    strides.loc[100:, "reason"] = "sideways"
    low, high = rd.tally(strides, rates)[["backward_share_low", "backward_share_high"]]
    assert (low, high) == pytest.approx((0.4, 0.4), abs=0.01)


def test_counts_share_and_cadence():
    strides = pd.concat(
        [
            strides_of(*[F] * 6, U),
            strides_of(*[B] * 4, bout=1, start_s=20, stride_s=1.25),
        ]
    )
    session = rd.tally(strides)
    first, last = map(SESSION_COLUMNS.index, ("gait_s", "cadence_backward_spm"))
    assert tuple(session.index) == SESSION_COLUMNS[first : last + 1]
    assert session["strides"] == 11
    assert (session["forward_strides"], session["backward_strides"]) == (6, 4)
    assert session["unknown_strides"] == 1
    assert session["steps"] == 22
    assert session["bouts"] == 2
    assert session["gait_s"] == pytest.approx(7 + 5)
    assert session["backward_share"] == pytest.approx(0.4)
    assert session["backward_share_low"] <= 0.4 <= session["backward_share_high"]
    assert session["cadence_forward_spm"] == pytest.approx(120)
    assert session["cadence_backward_spm"] == pytest.approx(96)
    assert session["longest_backward_bout_s"] == pytest.approx(5)


def test_an_empty_session_counts_nothing_and_raises_nothing():
    session = rd.tally(strides_of().astype({"p_backward": float}))
    assert session["strides"] == session["steps"] == session["bouts"] == 0
    assert session["longest_backward_bout_s"] == 0
    assert np.isnan(session["backward_share"])
    assert np.isnan(session["cadence_forward_spm"])


def test_unknown_strides_alone_give_no_share():
    session = rd.tally(strides_of(U, U, U))
    assert session["unknown_strides"] == 3
    assert np.isnan(session["longest_backward_bout_s"])
    assert np.isnan([session["backward_share"], session["backward_share_low"]]).all()


def test_rates_that_came_with_the_labels_are_used():
    strides = strides_of(*[F] * 60, *[B] * 40)
    exact, poor = ErrorRates(0.001, 0.001, 0.01), ErrorRates(0.2, 0.2, 0.3)
    strides.attrs["error_rates"] = {"false_backward": 0.2, "false_forward": 0.2, "icc": 0.3}
    assert rd.tally(strides).equals(rd.tally(strides, poor))
    narrow, wide = rd.tally(strides, exact), rd.tally(strides)
    assert narrow["backward_share_high"] < wide["backward_share_high"]


def test_stretches_bridge_a_few_unknown_strides_but_no_turn_back():
    found = stretches(strides_of(B, B, U, U, B, F, F, B))
    assert list(found["direction"]) == [B, F, B]
    assert list(found["strides"]) == [3, 2, 1]
    assert list(found["end_s"] - found["start_s"]) == [5, 2, 1]


def test_a_stretch_ends_after_three_seconds_without_its_direction_and_with_its_bout():
    assert len(stretches(strides_of(B, U, U, U, U, B))) == 2
    both = pd.concat([strides_of(B, B), strides_of(B, B, bout=1, start_s=2.5)])
    assert len(stretches(both)) == 2


def test_no_stretches_in_nothing():
    assert len(stretches(strides_of())) == 0
    assert len(stretches(strides_of(U, U))) == 0


@pytest.mark.parametrize("given", [pd.DataFrame({"start_s": [1.0]}), pd.Series(), None, "walk.csv"])
def test_what_is_no_table_of_strides_is_refused_in_a_sentence(given):
    with pytest.raises(rd.UsageError, match=r"not a table of strides; pass result\.strides, where"):
        rd.tally(given)
