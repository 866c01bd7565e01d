"""Nothing leaks: no wearer, no window and no scale is shared between learning and testing."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from handmade import UP, random_features
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.direction import DirectionModel
from retrodetect.training import train as training
from retrodetect.training.examples import Example, Measured
from retrodetect.training.fit import StrideTable
from retrodetect.training.folds import (
    BLOCKS,
    GUARD_S,
    MOST_FOLDS,
    _at_most_folds,
    _blocks,
    _each_can_go,
    apart,
    folds,
    units_of,
)  # fmt: skip
from retrodetect.training.train import held_out, learn


def example(
    subject: str, name: str, *, seed: int = 0, both: bool = True, placement: str = "foot"
) -> Example:
    """A recording of 120 strides, the first half forward, whose features show it."""
    rng = np.random.default_rng([seed, *f"{subject}{name}".encode()])
    start_s = np.arange(120) * 1.1
    half_s = 66.0
    ways = ["forward", "backward"] if both else ["forward", "forward"]
    strides = pd.DataFrame(
        {
            "stride": np.arange(120), "run": 0, "bout": np.arange(120) // 20, "start_s": start_s,
            "end_s": start_s + 1.1, "gait": "walk", "p_run": 0.02,
        }
    )  # fmt: skip
    shown = random_features(int(rng.integers(2**31)), 120)
    shown.up[:] = UP
    shown.vectors[:] *= [0.3, 0.3, 0.0]
    shown.vectors[:, :, 0] += np.where(both & (start_s >= half_s), -1.0, 1.0)[:, None]
    intervals = pd.DataFrame(
        {"start_s": [0.0, half_s], "end_s": [half_s, 132.0], "direction": ways, "gait": ""}
    )
    measured = Measured(name, strides, shown, 100.0, 132.0, placement, (), f"{subject}{name}{seed}")
    return Example(measured, subject, name, subject, "CC0", placement, None, intervals)


WEARERS = [example(subject, f"{subject}.csv") for subject in ("anna", "ben", "cleo")]
SESSIONS = [example("anna", name) for name in ("monday", "tuesday", "friday")]
ONE = [example("anna", "monday")]


def rows_of(strides: pd.DataFrame) -> set[tuple[str, str, float]]:
    return set(zip(strides["subject"], strides["recording"], strides["start_s"], strict=True))


@pytest.mark.parametrize(
    ("examples", "kind"), [(WEARERS, "subject"), (SESSIONS, "session"), (ONE, "block")]
)
def test_the_widest_unit_is_held_out(examples: list[Example], kind: str) -> None:
    found, held_out_kind = folds(examples)
    assert held_out_kind == kind
    tested = [rows_of(one.strides()) for fold in found for one in fold.test]
    everything = {row for part in tested for row in part}
    assert sum(map(len, tested)) == len(everything)
    assert everything == set.union(*(rows_of(one.strides()) for one in examples))


def test_no_wearer_is_learned_from_and_tested_on() -> None:
    for fold in folds(WEARERS)[0]:
        tested = {one.subject for one in fold.test}
        assert len(tested) == 1
        assert tested.isdisjoint(fold.train.strides["subject"])


def test_no_session_is_learned_from_and_tested_on() -> None:
    for fold in folds(SESSIONS)[0]:
        assert {one.session for one in fold.test}.isdisjoint(fold.train.strides["session"])


def test_stretches_of_a_session_share_no_window() -> None:
    for fold in folds(ONE)[0]:
        (one,) = fold.test
        tested, learned = one.strides(), fold.train.strides
        assert set(tested["truth"]) == set(learned["truth"]) == {"forward", "backward"}
        begin, end = (learned[name].to_numpy()[:, None] for name in ("start_s", "end_s"))
        gap_s = np.maximum(tested["start_s"].to_numpy() - end, begin - tested["end_s"].to_numpy())
        assert gap_s.min() >= GUARD_S


def test_wearers_of_one_direction_do_not_take_the_other_one_away() -> None:
    """With one wearer who went backward, holding them out would leave none: sessions then."""
    only_forward = example("ben", "ben.csv", both=False)
    _, kind = folds([*SESSIONS, only_forward])
    assert kind == "session"


def test_many_wearers_are_held_out_a_few_at_a_time() -> None:
    many = [example(f"p{number}", f"{number}.csv") for number in range(15)]
    found, kind = folds(many)
    assert (kind, len(found)) == ("subject", 12)
    for fold in found:
        assert {one.subject for one in fold.test}.isdisjoint(fold.train.strides["subject"])


def test_a_guard_is_as_long_on_either_side_and_in_one_recording_only() -> None:
    """Strides of a second; the tested one lies between 10 and 11 s."""
    start_s = np.arange(21.0)
    strides = pd.DataFrame({"recording": "a", "start_s": start_s, "end_s": start_s + 1.0})
    both = pd.concat([strides, strides.assign(recording="b")], ignore_index=True)
    tested = np.arange(42) == 10
    free = apart(both, tested)
    # The last that is free before it ends at 6 s, and the first after it begins at 15 s.
    assert np.flatnonzero(~free).tolist() == [6, 7, 8, 9, 10, 11, 12, 13, 14]
    # Wherever the stretches are, and in whatever order they come.
    turned = apart(both[::-1].reset_index(drop=True), tested[::-1])
    np.testing.assert_array_equal(turned[::-1], free)


def test_a_long_tested_stride_guards_what_lies_beyond_a_short_one() -> None:
    strides = pd.DataFrame(
        {"recording": "a", "start_s": [0.0, 1.0, 12.0, 20.0], "end_s": [10.0, 2.0, 13.0, 21.0]}
    )
    free = apart(strides, np.array([True, True, False, False]))
    assert free.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    ("cells", "can_go"),
    [
        # Unit, site and direction of a few strides.
        (["a foot forward", "a foot backward", "b foot forward", "b foot backward"], True),
        (["a foot forward", "a foot backward", "b foot forward"], False),
        (["a belly forward", "b chest forward", "a chest backward", "b belly backward"], True),
        (["a foot forward", "b foot forward", "a belly backward", "b belly backward"], True),
        (["a foot forward", "b foot forward", "a foot sideways"], True),
        (["a foot forward", "b foot forward", "a wrist forward"], False),
    ],
)
def test_a_unit_can_go_where_others_go_that_way_at_that_group_of_sites(
    cells: list[str], can_go: bool
) -> None:
    units, sites, ways = zip(*(cell.split() for cell in cells), strict=True)
    strides = pd.DataFrame({"placement": sites, "truth": ways})
    assert _each_can_go(strides, np.array(units)) == can_go


def test_units_beyond_a_dozen_are_held_out_in_turn() -> None:
    few = np.array([f"p{i:02}" for i in range(MOST_FOLDS)])
    np.testing.assert_array_equal(_at_most_folds(few), few)
    many = np.repeat([f"p{i:02}" for i in range(MOST_FOLDS + 2)], 2)
    together = _at_most_folds(many)
    assert len(set(together)) == MOST_FOLDS
    assert together[:4].tolist() == together[-4:].tolist() == ["00", "00", "01", "01"]


def test_a_session_is_cut_into_quarters_of_each_direction_and_group_of_sites() -> None:
    strides = pd.DataFrame(
        {
            "truth": ["forward"] * 8 + [""] + ["backward"] * 4 + ["still"] + ["forward"] * 4,
            "placement": ["belly"] * 4 + ["chest"] * 10 + ["wrist"] * 4,
        }
    )
    blocks = [f"block {i}" for i in range(BLOCKS)]
    assert _blocks(strides).tolist() == [
        *np.repeat(blocks, 2), "", *blocks, "", *blocks,
    ]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.lists(st.booleans(), min_size=30, max_size=30), st.floats(0.3, 2.0), st.integers(0, 9))
def test_no_window_reaches_within_the_guard_of_a_tested_one(
    tested: list[bool], stride_s: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    start_s = np.sort(rng.uniform(0, 60, 30))
    strides = pd.DataFrame(
        {
            "recording": np.repeat(["a", "b"], 15),
            "start_s": start_s,
            "end_s": start_s + stride_s * rng.uniform(0.5, 1.0, 30),
        }
    )
    held = np.array(tested)
    free = apart(strides, held)
    assert not (free & held).any()
    for i in range(30):
        same = held & (strides["recording"] == strides["recording"][i]).to_numpy()
        gap_s = np.maximum(
            strides["start_s"] - strides["end_s"][i], strides["start_s"][i] - strides["end_s"]
        )
        clear = bool((gap_s[same] >= GUARD_S).all())
        assert free[i] == (clear and not held[i])


@pytest.fixture
def learned(monkeypatch: pytest.MonkeyPatch) -> list[DirectionModel]:
    """Every model that is fitted from now on; what it labels is not asked."""
    models: list[DirectionModel] = []

    def spy(*arguments: object) -> DirectionModel:
        models.append(learn(*arguments))  # type: ignore[arg-type]
        return models[-1]

    monkeypatch.setattr(training, "learn", spy)
    monkeypatch.setattr(training.scores, "label_with_truth", lambda *_: pd.DataFrame())
    return models


@pytest.mark.parametrize("examples", [WEARERS, SESSIONS, ONE], ids=["wearers", "sessions", "one"])
@pytest.mark.parametrize("extends", [False, True], ids=["from nothing", "extending"])
def test_what_is_tested_has_no_say_in_what_is_learned(
    examples: list[Example],
    extends: bool,
    noise_model: DirectionModel,
    learned: list[DirectionModel],
) -> None:
    """Neither a scale nor a weight nor a score moves when held-out strides are blown up."""
    base = noise_model if extends else None
    held_out(folds(examples)[0], base, jobs=1)
    before = learned.copy()
    for number in range(len(before)):
        learned.clear()
        held_out(folds(blown_up(examples, number))[0], base, jobs=1)
        assert numbers(learned[number]) == numbers(before[number])
        assert any(numbers(a) != numbers(b) for a, b in zip(learned, before, strict=True))


def numbers(model: DirectionModel) -> str:
    """Everything that was learned, to the last digit."""
    return repr(model.parameters())


def blown_up(examples: list[Example], number: int) -> list[Example]:
    """The examples with the features of one unit's strides multiplied by a thousand."""
    table = StrideTable.of(examples)
    units, _ = units_of(table.strides)
    held = units == np.unique(units)[number]
    found = []
    for at, one in enumerate(examples):
        mine = held[(table.strides["example"] == at).to_numpy()]
        shown = one.measured.features
        size = np.where(mine, 1e3, 1.0)
        shown = replace(
            shown,
            scalars=shown.scalars * size[:, None],
            gyro_scalars=shown.gyro_scalars * size[:, None],
            vectors=shown.vectors * size[:, None, None],
        )
        found.append(replace(one, measured=replace(one.measured, features=shown)))
    return found
