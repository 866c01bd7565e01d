import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.tally.share import (
    ErrorRates,
    doubted_rates,
    measured_rates,
    share_interval,
)

PERFECT = ErrorRates(0, 0, 0.01)


def simulated_session(rng, rates, share=None):
    """True share, and counts of a model whose error rates differ from session to session."""
    strides = int(rng.integers(30, 3000))
    if share is None:
        share = 0.0 if rng.random() < 0.5 else rng.random()
    truly_backward = round(share * strides)
    strength = (1 - rates.icc) / rates.icc
    wrong_forward, wrong_backward = (
        rng.beta(mean * strength, (1 - mean) * strength)
        for mean in (rates.false_backward, rates.false_forward)
    )
    backward = rng.binomial(strides - truly_backward, wrong_forward) + rng.binomial(
        truly_backward, 1 - wrong_backward
    )
    return truly_backward / strides, backward, strides


@pytest.mark.parametrize(
    "rates", [ErrorRates(0.01, 0.04, 0.05), ErrorRates(0.02, 0.06, 0.3)], ids=str
)
def test_the_interval_holds_the_true_share_in_95_percent_of_sessions(rates):
    rng = np.random.default_rng(7)
    held = []
    for _ in range(500):
        truth, backward, strides = simulated_session(rng, rates)
        low, high = share_interval(backward, strides, rates)
        held.append(low <= truth <= high)
    assert 0.93 <= np.mean(held) <= 0.975


def test_without_errors_the_interval_is_the_count():
    low, high = share_interval(40, 100, PERFECT)
    assert low == pytest.approx(0.4, abs=0.011)
    assert high == pytest.approx(0.4, abs=0.011)


def test_a_few_backward_strides_within_the_error_rate_do_not_rule_out_none():
    assert share_interval(10, 1000, ErrorRates(0.01, 0.05, 0.1))[0] == 0


def test_more_errors_or_more_correlated_ones_widen_the_interval():
    def width(rates):
        low, high = share_interval(400, 1000, rates)
        return high - low

    assert width(ErrorRates(0.01, 0.01, 0.1)) < width(ErrorRates(0.05, 0.05, 0.1))
    assert width(ErrorRates(0.05, 0.05, 0.01)) < width(ErrorRates(0.05, 0.05, 0.1))


def test_nothing_labelled_gives_no_interval():
    assert np.isnan(share_interval(0, 0, PERFECT)).all()


@settings(deadline=None, max_examples=60)
@given(
    labelled=st.integers(1, 100_000),
    part=st.floats(0, 1),
    rates=st.builds(ErrorRates, st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.001, 0.95)),
)
def test_the_interval_is_ordered_holds_the_count_and_repeats(labelled, part, rates):
    backward = round(part * labelled)
    low, high = share_interval(backward, labelled, rates)
    assert 0 <= low <= backward / labelled <= high <= 1
    assert share_interval(backward, labelled, rates) == (low, high)


def test_a_count_that_the_rates_rule_out_says_nothing_of_the_share():
    assert share_interval(0, 2513, ErrorRates(0.5, 0.0, 0.001)) == (0.0, 1.0)


def test_doubts_of_the_model_become_error_rates():
    rates = doubted_rates(np.array([0.1, 0.1, 0.9, 0.7]))
    assert rates.false_backward == rates.false_forward == pytest.approx(0.15)


@pytest.mark.parametrize("icc", [0.03, 0.3])
def test_measured_rates_come_back_from_sessions_made_with_them(icc):
    rng = np.random.default_rng(3)
    strength = (1 - icc) / icc
    n = 400
    sessions = pd.DataFrame(
        {
            "forward": n,
            "backward": n,
            "false_backward": rng.binomial(n, rng.beta(0.05 * strength, 0.95 * strength, 300)),
            "false_forward": rng.binomial(n, rng.beta(0.10 * strength, 0.90 * strength, 300)),
        }
    )
    rates = measured_rates(sessions)
    assert rates.false_backward == pytest.approx(0.05, rel=0.3)
    assert rates.false_forward == pytest.approx(0.10, rel=0.3)
    assert rates.icc == pytest.approx(icc, rel=0.4)


def test_a_small_test_without_errors_does_not_claim_perfection():
    sessions = pd.DataFrame(
        {"forward": [20], "backward": [20], "false_backward": [0], "false_forward": [0]}
    )
    assert measured_rates(sessions).false_backward == pytest.approx(0.5 / 21)


@pytest.mark.parametrize("share", [0.02, 0.05, 0.5])
def test_the_interval_holds_at_each_share_not_only_on_average(share):
    rates = ErrorRates(0.003, 0.03, 0.06)
    rng = np.random.default_rng(5)
    held = []
    for _ in range(300):
        truth, backward, strides = simulated_session(rng, rates, share)
        low, high = share_interval(backward, strides, rates)
        held.append(low <= truth <= high)
    assert 0.92 <= np.mean(held) <= 0.98
