"""What a card tells of the recordings, how much was learned from, and what one wearer teaches."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import LEFT, UP, features, random_features
from recordings import recording

from retrodetect.direction.card import Base, Card, Source
from retrodetect.direction.likeness import COMPARED
from retrodetect.direction.mounting import REMEMBERED, remembered
from retrodetect.errors import UsageError
from retrodetect.features.catalogue import VECTORS
from retrodetect.training import train as training
from retrodetect.training.fit import StrideTable
from retrodetect.training.folds import Fold
from retrodetect.training.train import (
    LEAST_CONTRAST_STRIDES,
    OWN_CONTRAST,
    SMALL_STRIDES,
    _card,
    _discriminant,
    _first_minutes,
    _jobs,
    _minutes_in_words,
    _mounting,
    _own_contrast,
    _reaches,
    _sources,
    _told_apart,
    _weaknesses,
    held_out,
    learning_curve,
    train,
)

U2 = [feature.name for feature in VECTORS].index("U2_fixed")

# What a card tells ------------------------------------------------------------------------------


def test_minutes_are_those_of_strides_that_surely_went_that_way():
    examples = [
        recording(("forward", 60), ("", 50), ("backward", 30)),
        recording(("forward", 12), subject="ben"),
    ]
    assert _minutes_in_words(examples) == "1.2 min forward and 0.5 min backward of 2 wearers"
    assert _minutes_in_words(examples[1:]) == "0.2 min forward and 0.0 min backward of 1 wearer"


def test_sources_are_wearers_at_a_site_under_a_licence():
    examples = [
        recording(("forward", 60), ("backward", 30), rate_hz=99.123),
        recording(("backward", 45), name="b.csv", rate_hz=101.0, virtual=True),
        recording(("forward", 3), name="c.csv", placement="wrist", virtual=True),
        recording(("forward", 6), name="d.csv", placement="wrist", virtual=True, licence="own"),
        recording(("forward", 9), name="e.csv", subject="ben"),
    ]
    every = {"citation": "", "people": 1}
    assert _sources(examples) == [
        Source(
            name="anna", licence="CC0", evidence="real", placements=["foot"], recordings=2,
            rate_hz=100.06, minutes_forward=1.0, minutes_backward=1.25, **every,
        ),
        Source(
            name="anna", licence="CC0", evidence="virtual", placements=["wrist"], recordings=1,
            rate_hz=100.0, minutes_forward=0.05, minutes_backward=0.0, **every,
        ),
        Source(
            name="anna", licence="own", evidence="virtual", placements=["wrist"], recordings=1,
            rate_hz=100.0, minutes_forward=0.1, minutes_backward=0.0, **every,
        ),
        Source(
            name="ben", licence="CC0", evidence="real", placements=["foot"], recordings=1,
            rate_hz=100.0, minutes_forward=0.15, minutes_backward=0.0, **every,
        ),
    ]  # fmt: skip


PLENTY = ("forward", 120), ("backward", 120)
NOBODY_RAN = ["Saw nobody running forward.", "Saw nobody running backward."]
NO_SIDEWAYS = "Never saw sideways steps: labels many of them forward or backward."


def test_weaknesses_of_a_model_that_knows_nothing_else(noise_model):
    one = [recording(*PLENTY)]
    assert _weaknesses(one, "block", None) == [
        "Learned from one wearer (anna); its scores say nothing about others.",
        "Scored on stretches of the very sessions it learned from, with a guard of 4 s: another "
        "day, shoe or mounting may score lower.",
        *NOBODY_RAN,
        "Cannot be used at ankle, lower-leg, shin, thigh, pocket, front-pocket, back-pocket, "
        "waist, belly, lower-back, left-hip, right-hip, chest, breastbone, head, upper-arm, wrist, "
        "hand, bag.",
        NO_SIDEWAYS,
    ]


def test_what_one_of_several_wearers_or_sites_shows_is_no_weakness():
    sites = ("foot", "ankle", "shin", "thigh", "belly", "wrist")
    examples = [recording(*PLENTY, ("sideways", 1), placement=site) for site in sites]
    examples.append(recording(*PLENTY, subject="ben", gait="run"))
    assert _weaknesses(examples, "subject", None) == []


def test_few_minutes_of_a_direction_at_a_site_and_runs_of_one_direction_are_named():
    examples = [
        recording(*PLENTY, subject="ben"),
        recording(("forward", 119), ("backward", 30), gait="run", placement="wrist"),
        recording(("backward", 90), name="b.csv", placement="wrist", subject="cleo"),
        recording(("forward", 5), gait="run", subject="cleo"),
    ]
    found = _weaknesses(examples, "session", None)
    assert "Saw only 2.0 min of going forward at wrist." in found
    assert sum("Saw only" in sentence for sentence in found) == 1
    assert not any("running" in sentence for sentence in found)
    walked = _weaknesses([examples[0], examples[3]], "session", None)
    assert "Saw nobody running backward." in walked
    assert "Saw nobody running forward." not in walked


def test_an_extended_model_has_the_weaknesses_of_its_base(noise_model):
    base = replace(noise_model, card=Card(weaknesses=["Cannot be used at foot."]))
    examples = [recording(*PLENTY), recording(*PLENTY, subject="ben")]
    assert _weaknesses(examples, "subject", base) == [
        *NOBODY_RAN, "As noise: Cannot be used at foot.",
    ]  # fmt: skip


# How much was learned from ----------------------------------------------------------------------


def test_the_first_minutes_are_shared_by_the_wearers_of_a_site_and_direction():
    examples = [
        recording(("forward", 40), ("backward", 40), name="a.csv"),
        recording(("forward", 40), name="b.csv", subject="ben"),
        recording(("forward", 40), name="c.csv", subject="ben", placement="ankle"),
    ]
    strides = StrideTable.of(examples).strides
    first = strides[_first_minutes(strides, 0.5)]
    counts = first.groupby(["placement", "truth", "subject"]).size().to_dict()
    assert counts == {
        ("foot", "forward", "anna"): 15, ("foot", "forward", "ben"): 15,
        ("foot", "backward", "anna"): 30, ("ankle", "forward", "ben"): 30,
    }  # fmt: skip
    assert first.groupby(["recording", "truth"])["start_s"].min().tolist() == [40.0, 0.0, 0.0, 0.0]


def test_minutes_are_reached_where_nine_tenths_of_them_are_there_each_way_at_each_site():
    def reaches(*examples, minutes=1.0):
        return _reaches(StrideTable.of(examples), minutes)

    enough = recording(("forward", 54), ("backward", 54), ("sideways", 1))
    assert reaches(enough)
    assert not reaches(recording(("forward", 54), ("backward", 53)))
    assert not reaches(enough, recording(("forward", 53), placement="ankle"))
    # Sites of a group are one.
    belly = recording(("forward", 54), placement="belly")
    assert reaches(belly, recording(("backward", 54), placement="chest"))


def test_a_few_strides_are_labelled_by_one_process():
    def fold(strides: int) -> Fold:
        return Fold(StrideTable.of([recording(("forward", 1))]), (recording(("forward", strides)),))

    assert _jobs([fold(SMALL_STRIDES - 2), fold(1)], None) == 1
    assert _jobs([fold(SMALL_STRIDES - 1), fold(1)], None) is None
    assert _jobs([fold(SMALL_STRIDES)], 3) == 3
    assert _jobs([fold(1)], 3) == 3


def test_a_learning_curve_scores_what_was_learned_from_more_and_more(monkeypatch, noise_model):
    """A model that learned from n strides misses so many of the 60 fewer."""
    part = recording(("forward", 60), ("backward", 60))
    fold = Fold(StrideTable.of([part]), (part,))

    def learn(table, base):
        assert base is noise_model
        return replace(base, name=str(len(table)))

    def label(model, examples, anchors_of):
        learned = 0 if model is noise_model else int(model.name)
        strides = pd.concat([example.strides() for example in examples], ignore_index=True)
        missed = strides.index < 60 - learned / 4
        direction = np.where(missed, "unknown", strides["truth"])
        return strides.assign(direction=direction)

    monkeypatch.setattr(training, "learn", learn)
    monkeypatch.setattr(training.scores, "label_with_truth", label)
    rows = learning_curve([fold] * 4, noise_model, jobs=1).to_dict("list")
    assert rows["minutes_each_way"] == [0.0, 0.5, 1.0]
    # Of the base as it is, no strides are learned from.
    assert rows["strides"] == [0, 60, 120]
    assert rows["unknown"] == [60 / 120, 45 / 120, 30 / 120]
    assert rows["wrong"] == [0.0, 0.0, 0.0]
    assert rows["f1_backward"] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize(("folds", "learned"), [(6, 6), (7, 4), (12, 6)])
def test_a_learning_curve_of_many_folds_takes_some_of_them(monkeypatch, folds, learned):
    part = recording(("forward", 30), ("backward", 30))
    lengths = []

    def learn(table, base):
        lengths.append(len(table))
        return object()

    monkeypatch.setattr(training, "learn", learn)
    monkeypatch.setattr(
        training.scores, "label_with_truth", lambda *_: part.strides().assign(direction="unknown")
    )
    curve = learning_curve([Fold(StrideTable.of([part]), (part,))] * folds, None, jobs=1)
    assert curve["minutes_each_way"].tolist() == [0.5]
    assert lengths == [60] * learned


def shown(*legs: tuple[str, int], seed: int = 0):
    """A foot that swings where it goes, with some noise."""
    count = sum(number for _, number in legs)
    made = random_features(seed, count)
    made.up[:] = UP
    made.vectors[:] *= [0.3, 0.3, 0.0]
    sign = np.concatenate([np.full(n, -1.0 if way == "backward" else 1.0) for way, n in legs])
    made.vectors[:, :, 0] += sign[:, None]
    return made


def there_and_back(subject: str, count: int = 20):
    legs = ("forward", count), ("backward", count)
    made = shown(*legs, seed=len(subject))
    return recording(*legs, subject=subject, name=f"{subject}.csv", shown=made)


def test_a_card_says_what_a_model_rests_on_and_how_it_was_tried(noise_model):
    base = replace(
        noise_model,
        card=Card(
            licence="CC BY 4.0",
            sha256="digest",
            sources=[Source(name="lab", licence="CC0", evidence="real", people=3)],
        ),
    )
    examples = [there_and_back("anna"), there_and_back("benjamin")]
    card = _card(examples, base, ["a remark"], 1)
    assert (
        card.summary
        == "Trained on 0.7 min forward and 0.7 min backward of 2 wearers, extending noise."
    )
    assert card.recordings == ["digest of anna.csv", "digest of benjamin.csv"]
    assert (card.validation.held_out, card.validation.folds) == ("subject", 2)
    assert card.validation.guard_s == 0.0
    assert card.base == Base("noise", "digest")
    assert card.licence == "CC0; through noise: CC BY 4.0"
    assert [(source.name, source.through) for source in card.sources] == [
        ("anna", None), ("benjamin", None), ("lab", "noise"),
    ]  # fmt: skip
    assert card.remarks == ["a remark"]
    assert [row["strides"] for row in card.scores] == [80]
    assert {row["score"] for row in card.against_base} >= {"f1_backward", "wrong"}
    assert sum(row["forward"] + row["backward"] + row["unknown"] for row in card.confusion) == 80


def test_a_model_from_one_session_was_tried_with_a_guard(monkeypatch, noise_model):
    monkeypatch.setattr(training, "learn", lambda table, base: noise_model)
    card = _card([there_and_back("anna", 40)], None, [], 1)
    assert card.summary.endswith(" of 1 wearer, from nothing.")
    assert (card.validation.held_out, card.validation.guard_s) == ("block", 4.0)
    assert (card.base, card.licence, card.against_base) == (None, "CC0", [])


def test_a_model_is_named_after_its_file_and_tells_what_it_remembers(
    monkeypatch, noise_model, tmp_path
):
    monkeypatch.setattr(training, "_card", lambda *told: Card(remarks=list(told[2])))
    examples = [there_and_back("anna")]
    model = train(examples, noise_model)
    assert model.name == "trained"
    assert model.card.remarks == [
        "Remembers how the device sat at foot: --same-mounting says that it sits so again."
    ]
    assert model.card.placements["foot"] == ["foot"]
    stored = train(examples, noise_model, out=tmp_path / "mine.model")
    assert (stored.name, (tmp_path / "mine.model").exists()) == ("mine", True)
    assert train(examples, noise_model, name="hers", out=tmp_path / "m.model").name == "hers"
    with pytest.raises(UsageError, match="isn't a body site"):
        train(examples, noise_model, placement="knee")


@pytest.mark.parametrize("extends", [True, False])
def test_sites_are_told_apart_by_the_base_or_by_the_model_that_is_shipped(
    monkeypatch, noise_model, extends
):
    asked = []

    def gather(recordings, sites, **options):
        asked.append((recordings, sites, options))
        return [recording(("forward", 1))], ("a remark",)

    base = noise_model if extends else None
    monkeypatch.setattr(training, "gather", gather)
    monkeypatch.setattr(
        training, "learn", lambda table, base, name: replace(noise_model, name=name)
    )
    monkeypatch.setattr(training, "_card", lambda *told: Card(remarks=list(told[2])))
    model = train("m.csv", base, placement="Left hip", jobs=3, mixed_rates=True)
    assert model.card.remarks == ["a remark"]
    ((recordings, sites, options),) = asked
    assert (recordings, sites.name) == ("m.csv", "noise" if extends else "default")
    assert (options["placement"], options["jobs"], options["mixed_rates"]) == ("left-hip", 3, True)
    assert options.get("both_ways", True)


@pytest.mark.parametrize("extends", [True, False])
def test_every_fold_is_labelled_by_a_model_that_learned_from_the_rest(
    monkeypatch, noise_model, extends
):
    base = noise_model if extends else None
    first, last = recording(("forward", 3)), recording(("backward", 2), name="b.csv")

    def learn(table, asked):
        assert asked is base
        return len(table)

    def label(model, examples, anchors_of):
        assert anchors_of is training.scores.stated_anchors
        return examples[0].strides().assign(learned=model)

    monkeypatch.setattr(training, "learn", learn)
    monkeypatch.setattr(training.scores, "label_with_truth", label)
    parts = [Fold(StrideTable.of([last]), (first,)), Fold(StrideTable.of([first]), (last,))]
    rows = held_out(parts, base, jobs=1)
    assert rows["recording"].tolist() == ["walk.csv"] * 3 + ["b.csv"] * 2
    assert rows["learned"].tolist() == [2, 2, 2, 3, 3]
    assert rows.index.tolist() == [0, 1, 2, 3, 4]


# What one wearer teaches ------------------------------------------------------------------------


def test_a_discriminant_heeds_half_of_what_goes_together():
    within = np.array([[1.0, 1.0], [-1.0, -1.0]])
    # The covariance is 1 throughout, and shrunk [[1, 1/2], [1/2, 1]].
    weights = _discriminant(np.array([1.0, 0.0]), within)
    np.testing.assert_allclose(weights, [1.0, -0.5], atol=1e-6)
    np.testing.assert_allclose(_discriminant(np.array([2.0, 0.0]), within), [0.5, -0.25], atol=1e-6)
    np.testing.assert_array_equal(_discriminant(np.zeros(2), within), [0.0, 0.0])


def test_ways_are_told_apart_half_way_between_their_means():
    rows = np.array([[0.9], [1.1], [0.9], [1.1], [4.9], [5.1]])
    weights, intercept = _told_apart(rows, np.array([False, False, False, False, True, True]))
    # Forward is -1/2 in the mean, backward 1/2.
    np.testing.assert_allclose(weights, [0.25])
    assert intercept == pytest.approx(-0.75)


def test_what_goes_together_is_judged_around_the_mean_of_each_way():
    rows = np.array([[11.0, 5.0], [9.0, 3.0], [12.0, 5.0], [10.0, 3.0]])
    weights, intercept = _told_apart(rows, np.array([False, False, True, True]))
    np.testing.assert_allclose(weights, [1.0, -0.5], atol=1e-6)
    assert intercept == pytest.approx(-(10.5 - 0.5 * 4.0))


def worn(spread: float, *, count: int = 16, sessions: tuple[str, ...] = ("monday", "friday")):
    """U2 points to the left by 1 forward and by 3 backward, give or take, in each session."""
    parts = []
    for session in sessions:
        along = np.tile([-spread, spread], count)
        along += np.repeat([1.0, 3.0], count)
        made = features(2 * count, {"U2_fixed": along[:, None] * LEFT})
        parts.append(
            recording(
                ("forward", count), ("backward", count), name=session, session=session, shown=made
            )
        )
    return StrideTable.of(parts)


def test_a_mounting_is_as_sure_as_normal_distributions_are():
    mounting = _mounting(worn(0.5))
    np.testing.assert_allclose(mounting.up, UP)
    # Of means 1 and 3 and variance 1/4, x has the log odds (x - 2) * 2 / (1/4).
    every = np.zeros((REMEMBERED.sum(), 3))
    every[np.flatnonzero(REMEMBERED).tolist().index(U2)] = 8.0 * LEFT
    np.testing.assert_allclose(mounting.weights, every, atol=1e-6)
    assert mounting.intercept == pytest.approx(-16.0, abs=1e-5)
    assert remembered(worn(0.5).features).shape == (64, REMEMBERED.sum(), 3)


def test_a_mounting_is_as_sure_as_it_was_in_sessions_that_it_had_not_seen():
    table = worn(0.5)
    friday = (table.strides["session"] == "friday").to_numpy()
    table.features.vectors[friday, U2] = 4.0 * LEFT - table.features.vectors[friday, U2]
    assert _mounting(table) is None
    # What is the same on friday only in part is told with more doubt.
    table = worn(0.5)
    table.features.vectors[friday, U2] += 1.0 * LEFT
    unsure = _mounting(table)
    assert 0 < unsure.weights.max() < 8.0


@pytest.mark.parametrize("count", [LEAST_CONTRAST_STRIDES - 1, LEAST_CONTRAST_STRIDES])
def test_a_mounting_needs_some_strides_either_way(count):
    table = StrideTable.of([recording(("forward", 30), ("backward", count), shown=shown(
        ("forward", 30), ("backward", count)))])  # fmt: skip
    assert (_mounting(table) is None) == (count < LEAST_CONTRAST_STRIDES)


HABITUAL = np.linspace(0.0, 1.0, len(COMPARED))


def differing(difference: float, spread: float = 0.1, *, backward: int = 10, **options):
    """Ten strides forward and some backward, in which two scalars differ."""
    made = features(10 + backward)
    made.scalars[:10, 0] = np.resize([-spread, spread], 10)
    made.scalars[10:, 0] = difference + np.resize([-spread, spread], backward)
    made.scalars[:, 1] = np.resize([-1.0, -1.0, 1.0, 1.0], 10 + backward)
    return recording(("forward", 10), ("backward", backward), shown=made, **options)


def own_contrast(*examples):
    return _own_contrast(StrideTable.of(examples), HABITUAL)


def test_the_contrast_of_wearers_is_that_of_their_mean_difference():
    one = differing(2.0, backward=12)
    other = differing(4.0, subject="ben", backward=12)
    contrast = own_contrast(one, other)
    assert contrast[0] * 3.0 == pytest.approx(OWN_CONTRAST, rel=0.01)
    # Who went one way only differs from nobody.
    ahead = recording(("forward", 50), subject="cleo", shown=features(50, scalars={0: 9.0}))
    np.testing.assert_allclose(own_contrast(one, other, ahead), contrast)
    # Nor do runs count.
    ran = differing(-50.0, gait="run", name="run.csv")
    np.testing.assert_allclose(own_contrast(one, other, ran), contrast)


def test_the_contrast_is_the_usual_one_where_nobody_was_seen_both_ways():
    np.testing.assert_array_equal(own_contrast(differing(2.0, backward=7)), HABITUAL)
    assert own_contrast(differing(2.0, backward=8))[0] != HABITUAL[0]
    apart = [recording((way, 20), subject=way) for way in ("forward", "backward")]
    np.testing.assert_array_equal(own_contrast(*apart), HABITUAL)
