"""Error rates of a card, by what was known when directions were named."""

from __future__ import annotations

import pytest

from retrodetect.direction.card import Card, knowledge, markdown

STATES = {
    ("lower-back", "inferred", "signal"): "trunk",
    ("lower-back", "unknown", ""): "trunk",
    ("lower-back", "given", "wearer"): "trunk, front given",
    ("lower-back", "marked", "wearer"): "trunk, front given",
    ("lower-back", "inferred", "habit"): "trunk, assumed",
    ("trunk?", "inferred", "signal"): "trunk?",
    ("trunk?", "inferred", "habit"): "trunk, assumed",
    ("trunk?", "marked", "wearer"): "trunk, front given",
}


@pytest.mark.parametrize("state", STATES)
def test_each_state_of_knowledge_has_rates_of_its_own(state):
    assert knowledge(*state) == STATES[state]
    card = Card(error_rates={name: {"icc": float(len(name))} for name in STATES.values()})
    assert card.error_rates_at(*state) == card.error_rates[STATES[state]]


def test_a_state_that_was_not_measured_has_the_rates_of_its_site():
    card = Card(error_rates={"trunk": {"icc": 0.2}})
    assert card.error_rates_at("belly", "given", "wearer") == {"icc": 0.2}
    assert card.error_rates_at("wrist", "inferred", "signal") is None
    assert card.error_rates_at("unknown", "unknown", "") is None


def test_people_read_shares_in_percent():
    scores = [{"placement": "foot", "strides": 124, "wrong": 0.0912, "f1_backward": 0.7}]
    compared = [
        {"score": "wrong", "model": 0.1, "against": 0.25, "difference": -0.15},
        {"score": "false_backward_per_1000", "model": 86.2, "against": 3.7, "difference": 82.5},
    ]
    text = markdown(Card(scores=scores, against_base=compared))
    assert "| foot | 124 | 9.12% | 70% |" in text
    assert "| wrong | 10% | 25% | -15% |" in text
    assert "| false_backward_per_1000 | 86.2 | 3.7 | 82.5 |" in text
