"""Error rates of a card, by what was known when directions were named."""

from __future__ import annotations

import pytest

from retrodetect.direction.card import Card, knowledge

STATES = {
    ("lower-back", "inferred"): "trunk",
    ("lower-back", "unknown"): "trunk",
    ("lower-back", "given"): "trunk, front given",
    ("lower-back", "marked"): "trunk, front given",
    ("trunk?", "inferred"): "trunk?",
    ("trunk?", "marked"): "trunk, front given",
}


@pytest.mark.parametrize(("placement", "front"), STATES)
def test_each_state_of_knowledge_has_rates_of_its_own(placement, front):
    state = STATES[placement, front]
    assert knowledge(placement, front) == state
    card = Card(error_rates={name: {"icc": float(len(name))} for name in STATES.values()})
    assert card.error_rates_at(placement, front) == card.error_rates[state]


def test_a_state_that_was_not_measured_has_the_rates_of_its_site():
    card = Card(error_rates={"trunk": {"icc": 0.2}})
    assert card.error_rates_at("belly", "given") == {"icc": 0.2}
    assert card.error_rates_at("wrist", "inferred") is None
    assert card.error_rates_at("unknown", "unknown") is None
