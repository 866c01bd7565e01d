import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import betabinom

from retrodetect.tally.share import (
    ASSUMED_ICC,
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


@pytest.mark.parametrize(("backward", "labelled", "rates", "expected"), [
    (0, 1000, ErrorRates(0.01, 0.04, 0.05), (0.0000, 0.0038)),
    (30, 1000, ErrorRates(0.01, 0.04, 0.05), (0.0000, 0.0438)),
    (400, 1000, ErrorRates(0.02, 0.06, 0.3), (0.2862, 0.6938)),
    (1000, 1000, ErrorRates(0.02, 0.06, 0.3), (0.9888, 1.0000)),
    (50000, 100000, ErrorRates(0.1, 0.02, 0.02), (0.3838, 0.5088)),
])  # fmt: skip
def test_the_same_counts_give_the_same_interval_in_every_version(
    backward, labelled, rates, expected
):
    # In steps of the 400 strides that a long session is scaled to.
    assert share_interval(backward, labelled, rates) == pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("rates", [ErrorRates(0.003, 0.03, 0.06), ErrorRates(0.1, 0.3, 0.2)])
@pytest.mark.parametrize("labelled", [1, 7, 40])
def test_a_share_is_held_possible_unless_it_makes_the_count_one_of_the_least_likely(
    rates, labelled
):
    strength = (1 - rates.icc) / rates.icc

    def likelihood(truly_backward):
        """Probability of each count, stride by stride and by definition."""
        wrong = [
            betabinom(n, mean * strength, (1 - mean) * strength)
            for n, mean in (
                (labelled - truly_backward, rates.false_backward),
                (truly_backward, rates.false_forward),
            )
        ]
        return np.array([
            sum(
                wrong[0].pmf(misread) * wrong[1].pmf(truly_backward - (count - misread))
                for misread in range(count + 1)
            )
            for count in range(labelled + 1)
        ])  # fmt: skip

    every = [likelihood(truly_backward) for truly_backward in range(labelled + 1)]
    for count in range(0, labelled + 1, 3):
        held = [
            truly_backward
            for truly_backward, p in enumerate(every)
            if p[p <= p[count] * (1 + 1e-9)].sum() > 0.05
        ]
        low, high = share_interval(count, labelled, rates)
        assert low == pytest.approx(max(min(held) - 0.5, 0) / labelled)
        assert high == pytest.approx(min(max(held) + 0.5, labelled) / labelled)


def test_a_short_session_is_not_surer_than_its_strides_can_be():
    # Of two strides one; half a stride either way cannot be told.
    low, high = share_interval(1, 2, PERFECT)
    assert low <= 0.26
    assert high >= 0.74


def test_unknown_strides_may_have_gone_either_way():
    assert share_interval(40, 100, PERFECT, unknown=100) == pytest.approx((0.2, 0.7), abs=0.006)
    assert share_interval(0, 10, PERFECT, unknown=90) == pytest.approx((0.0, 0.9), abs=0.006)


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 300), st.floats(0, 1), st.integers(0, 500))
def test_unknown_strides_only_widen_the_interval(labelled, part, unknown):
    backward = round(part * labelled)
    low, high = share_interval(backward, labelled, ErrorRates(0.01, 0.05), unknown)
    inner = share_interval(backward, labelled, ErrorRates(0.01, 0.05))
    assert 0 <= low <= inner[0] <= backward / labelled <= inner[1] <= high <= 1


def test_what_the_wearer_marked_is_certain():
    rates = ErrorRates(0.0001, 0.99, 0.01)
    assert share_interval(34, 70, rates)[1] > 0.9
    assert share_interval(34, 70, rates, certain=(36, 34)) == pytest.approx((34 / 70, 34 / 70))
    assert share_interval(34, 70, rates, 10, certain=(36, 34)) == pytest.approx((34 / 80, 44 / 80))
    rest = share_interval(10, 40, ErrorRates(0.02, 0.06, 0.1))
    both = share_interval(30, 100, ErrorRates(0.02, 0.06, 0.1), certain=(40, 20))
    assert both == pytest.approx(tuple((20 + 40 * end) / 100 for end in rest))


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


def test_measured_rates_are_what_moments_say():
    # Of 100 forward strides none and 10 wrong. The rate is 10.5 of 201; the variance of the
    # counts about it, 50.1, is 40.2 more than that of a binomial, and 99 times that is possible.
    sessions = pd.DataFrame(
        {
            "forward": [100, 100], "backward": [0, 0],
            "false_backward": [0, 10], "false_forward": [0, 0],
        }
    )  # fmt: skip
    rates = measured_rates(sessions)
    p = 10.5 / 201
    excess = (100 * p) ** 2 + (10 - 100 * p) ** 2 - 2 * 100 * p * (1 - p)
    assert rates.false_backward == pytest.approx(p)
    assert rates.false_forward == 0.5
    assert rates.icc == pytest.approx(excess / (2 * 100 * 99 * p * (1 - p)))


@pytest.mark.parametrize(("wrong", "icc"), [([10, 10, 10], 0.01), ([0, 0, 100], 0.95)])
def test_errors_are_never_taken_for_quite_independent_nor_quite_the_same(wrong, icc):
    sessions = pd.DataFrame(
        {"forward": 100, "backward": 0, "false_backward": wrong, "false_forward": 0}
    )
    assert measured_rates(sessions).icc == pytest.approx(icc, abs=0.06)
    assert 0.01 <= measured_rates(sessions).icc <= 0.95


def test_a_correlation_that_no_error_shows_is_assumed():
    none = pd.DataFrame(
        {"forward": [20], "backward": [20], "false_backward": [0], "false_forward": [0]}
    )
    single = pd.DataFrame(
        {"forward": [1], "backward": [0], "false_backward": [1], "false_forward": [0]}
    )
    assert measured_rates(none).icc == measured_rates(single).icc == ASSUMED_ICC == 0.2
    assert doubted_rates(np.empty(0)) == ErrorRates(0.0, 0.0, 0.2)


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
