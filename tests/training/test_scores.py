"""Scores count what they say, and their intervals are over wearers, not strides."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from recordings import recording

from retrodetect.direction import Anchors
from retrodetect.tally.share import ASSUMED_ICC
from retrodetect.training.scores import (
    MIN_SESSION_STRIDES,
    compared,
    confusion,
    error_rates,
    label_with_truth,
    marked_stretch,
    mistakes,
    records,
    scored,
    stated_anchors,
    summary,
    units_for_intervals,
)


def rows(called: dict[str, str], truth: str = "FFFFBBBB") -> pd.DataFrame:
    """Strides of wearers, each called by a letter: F, B or u; truth may be S or blank."""
    words = {"F": "forward", "B": "backward", "u": "unknown", "S": "sideways", " ": ""}
    parts = [
        pd.DataFrame(
            {
                "source": "s", "subject": wearer, "session": wearer, "recording": f"{wearer}.csv",
                "bout": 0, "placement": "foot", "true_gait": "walk",
                "start_s": np.arange(len(letters)) * 1.0,
                "end_s": np.arange(len(letters)) + 1.0,
                "truth": [words[letter] for letter in truth],
                "direction": [words[letter] for letter in letters], "marked": "",
            }
        )
        for wearer, letters in called.items()
    ]  # fmt: skip
    return pd.concat(parts, ignore_index=True)


WEARERS = {f"p{i}": "FFFFBBBB" for i in range(5)}


def test_scores_are_those_of_the_counts() -> None:
    (found,) = scored(rows({"anna": "FFBuBBFu"})).to_dict("records")
    assert found["strides"] == 8
    assert found["right_of_labelled"] == pytest.approx(4 / 6)
    assert found["wrong"] == pytest.approx(2 / 8)
    assert found["unknown"] == pytest.approx(2 / 8)
    assert found["recall_backward"] == pytest.approx(2 / 4)
    assert found["f1_backward"] == pytest.approx(2 * 2 / (2 * 2 + 1 + 2))
    assert found["balanced_accuracy"] == pytest.approx((2 / 4 + 2 / 4) / 2)
    assert found["false_backward_per_1000"] == pytest.approx(1000 / 4)


def test_a_summary_scores_each_part_alike() -> None:
    strides = rows({"anna": "FFBuBBFu", "ben": "BBFFFFFF"}, "FFFFBBBB")
    for by in ("subject", "placement"):
        table = summary(strides, [by])
        pd.testing.assert_frame_equal(table, scored(strides, [by])[list(table.columns)])
    assert list(summary(strides, ["subject"])["false_backward_per_1000"]) == [250, 500]
    assert np.isnan(summary(rows({"a": "B"}, "B"), ["subject"])["false_backward_per_1000"][0])


def test_strides_of_uncertain_or_other_truth_do_not_count() -> None:
    (found,) = scored(rows({"anna": "FFFFBBBB"}, "FFSSBB  ")).to_dict("records")
    assert found["strides"] == 4
    assert found["right_of_labelled"] == 1.0


def test_without_backward_strides_their_scores_have_no_meaning() -> None:
    (found,) = scored(rows({"anna": "FFFFFFFF"}, "FFFFFFFF")).to_dict("records")
    assert np.isnan(found["f1_backward"])
    assert found["right_of_labelled"] == 1.0


def test_one_bad_wearer_of_five_widens_the_interval_however_long_they_walked() -> None:
    bad = WEARERS | {"p0": "BBBBFFFF"}
    (short,) = scored(rows(bad)).to_dict("records")
    (long,) = scored(
        rows({name: letters * 50 for name, letters in bad.items()}, "FFFFBBBB" * 50)
    ).to_dict("records")
    assert short["right_of_labelled"] == long["right_of_labelled"] == pytest.approx(0.8)
    for found in (short, long):
        assert found["right_of_labelled_low"] <= 0.45
        assert found["right_of_labelled_high"] == 1.0


def test_few_wearers_are_drawn_by_session_and_too_few_of_anything_give_no_interval() -> None:
    assert units_for_intervals(rows(WEARERS))[1] == "wearers"
    assert units_for_intervals(rows({"anna": "FFFFBBBB"}))[1] == "bouts"
    (found,) = scored(rows({"anna": "FFFFBBBB"})).to_dict("records")
    assert np.isnan(found["f1_backward_low"])


def test_a_model_against_itself_differs_by_nothing() -> None:
    table = compared(rows(WEARERS), rows(WEARERS))
    assert (table[["difference", "low", "high", "better", "worse"]] == 0).all(axis=None)


def test_a_difference_all_wearers_share_is_sure_and_counted_stride_by_stride() -> None:
    worse = rows(dict.fromkeys(WEARERS, "FFFFBBFF"))
    found = compared(rows(WEARERS), worse).set_index("score").loc["f1_backward"]
    assert found["difference"] == pytest.approx(1 - 2 / 3)
    assert found["low"] == found["high"] == pytest.approx(found["difference"])
    assert (found["better"], found["worse"]) == (10, 0)


def test_confusion_counts_by_site() -> None:
    (forward, backward) = (
        confusion(rows({"anna": "FFBuBBFu"}))[
            ["placement", "truth", "forward", "backward", "unknown"]
        ]
        .to_numpy()
        .tolist()[::-1]
    )
    assert forward == ["foot", "forward", 2, 1, 1]
    assert backward == ["foot", "backward", 1, 2, 1]


def test_a_wrong_stretch_is_named_with_its_file_and_times() -> None:
    found = mistakes(rows({"anna": "FBBFBBBu", "ben": "FFFFFBBB"}))
    assert found.to_dict("records") == [
        {
            "recording": "anna.csv", "start_s": 1.0, "end_s": 3.0, "truth": "forward",
            "direction": "backward", "strides": 2, "of": 4,
        },
        {
            "recording": "ben.csv", "start_s": 4.0, "end_s": 5.0, "truth": "backward",
            "direction": "forward", "strides": 1, "of": 4,
        },
    ]  # fmt: skip


def test_error_rates_are_by_state_of_knowledge_and_never_nought() -> None:
    labelled = rows({"anna": "FFBFBBBB", "ben": "FFFFBBBB"})
    rates = error_rates(labelled, labelled["placement"])
    assert set(rates) == {"foot"}
    assert rates["foot"]["false_backward"] == pytest.approx(1.5 / 9, abs=1e-4)
    assert 0 < rates["foot"]["false_forward"] < 0.1


def test_what_the_wearer_marked_tells_nothing_of_the_model() -> None:
    labelled = rows({"anna": "FFBFBBBB", "ben": "FFFFBBBB"})
    marked = labelled.assign(marked=["forward"] * 2 + [""] * 14)
    expected = error_rates(labelled[2:], labelled["placement"][2:])
    assert error_rates(marked, marked["placement"]) == expected


# Intervals ------------------------------------------------------------------------------------


def test_an_interval_is_that_of_wearers_drawn_again() -> None:
    """A bad one of five is drawn three times in 5.8 % of all draws, four times in 0.7 %."""
    (found,) = scored(rows(WEARERS | {"p0": "BBBBFFFF"})).to_dict("records")
    assert (found["wrong_low"], found["wrong"], found["wrong_high"]) == (0.0, 0.2, 0.6)
    assert found["right_of_labelled_low"] == pytest.approx(0.4)
    assert found["right_of_labelled_high"] == 1.0


@pytest.mark.parametrize(
    ("wearers", "sessions", "recordings", "bouts", "kind"),
    [
        (5, 1, 1, 1, "wearers"),
        (4, 2, 1, 1, "sessions"),
        (4, 1, 1, 2, "bouts"),
        (2, 2, 2, 1, "recordings"),
        (1, 4, 2, 3, "recordings"),
        (1, 2, 2, 3, "bouts"),
    ],
)
def test_what_is_drawn_again_is_the_widest_of_which_there_are_five(
    wearers: int, sessions: int, recordings: int, bouts: int, kind: str
) -> None:
    counts = (wearers, sessions, recordings, bouts)
    of = np.unravel_index(np.arange(np.prod(counts)), counts)
    strides = pd.DataFrame(dict(zip(("subject", "session", "recording", "bout"), of, strict=True)))
    units, found = units_for_intervals(strides.assign(source="s"))
    assert found == kind
    names = {"wearers": 1, "sessions": 2, "recordings": 3, "bouts": 4}
    assert units.nunique() == np.prod(counts[: names[kind]])


def test_wearers_of_two_sources_are_two_whatever_they_are_called() -> None:
    strides = rows({"anna": "F"}, "F")
    units, _ = units_for_intervals(pd.concat([strides, strides.assign(source="t")]))
    assert units.nunique() == 2


@pytest.mark.parametrize(("bouts", "drawn"), [(2, False), (3, True)])
def test_an_interval_needs_three_units(bouts: int, drawn: bool) -> None:
    strides = rows({"anna": "FBFFBB"}, "FFFBBB").assign(bout=np.arange(6) % bouts)
    (found,) = scored(strides).to_dict("records")
    assert np.isfinite(found["wrong_low"]) == np.isfinite(found["wrong_high"]) == drawn


def test_strides_that_only_either_model_named_rightly_are_counted() -> None:
    truth = "FFFFBBBS"
    table = compared(rows({"anna": "FFFBuBuF"}, truth), rows({"anna": "BBFFuuBB"}, truth))
    found = table.set_index("score")
    # Of seven strides, the first is right in four and the second in three.
    assert (found["better"] == 3).all()
    assert (found["worse"] == 2).all()
    assert found.loc["unknown", "model"] == pytest.approx(2 / 7)
    assert found.loc["unknown", "against"] == pytest.approx(2 / 7)
    assert found.loc["wrong", "difference"] == pytest.approx(1 / 7 - 2 / 7)


def test_a_card_holds_four_digits_and_nothing_without_a_meaning() -> None:
    table = pd.DataFrame(
        {"placement": ["foot"], "strides": [3], "f1": [np.nan], "wrong": [0.12345]}
    )
    assert records(table) == [{"placement": "foot", "strides": 3, "wrong": 0.1234}]


# Error rates ------------------------------------------------------------------------------------


def sessions(*called: tuple[str, str]) -> pd.DataFrame:
    """Recordings, each with what its strides were called and what they were."""
    return pd.concat([rows({f"w{i}": found}, truth) for i, (found, truth) in enumerate(called)])


def rates_of(*called: tuple[str, str]) -> dict[str, float]:
    labelled = sessions(*called).reset_index(drop=True)
    return error_rates(labelled, labelled["placement"])["foot"]


def test_error_rates_are_rounded_for_the_card() -> None:
    long = "F" * MIN_SESSION_STRIDES
    # Two of ten, and none of ten; half an error more of one stride more.
    rates = rates_of(("BB" + long[2:], long), ("B" * 10, "B" * 10))
    assert rates == {
        "false_backward": round(2.5 / 11, 5), "false_forward": round(0.5 / 11, 5), "icc": 0.01,
    }  # fmt: skip


def test_errors_of_one_recording_cluster() -> None:
    long = "F" * 10
    alone = rates_of((long, long), ("B" * 10, long), ("B" * 10, "B" * 10))
    spread = rates_of(("FB" * 5, long), ("BF" * 5, long), ("B" * 10, "B" * 10))
    assert alone["false_backward"] == spread["false_backward"] == round(10.5 / 21, 5)
    assert spread["icc"] == 0.01
    # (25 + 25 - 5) of n (n - 1) p (1 - p) = 45 forward, and those that are not wrong.
    p = 0.5 / 11
    excess = 45 + (10 * p) ** 2 - 10 * p * (1 - p)
    assert alone["icc"] == round(excess / (45 + 90 * p * (1 - p)), 4)
    assert rates_of((long, long))["icc"] == ASSUMED_ICC


def test_clips_count_only_where_nobody_went_that_way_for_longer() -> None:
    clip = MIN_SESSION_STRIDES - 1
    long = ("BB" + "F" * 8, "F" * 10)
    forward, backward = ("B" * clip, "F" * clip), ("F" * clip, "B" * clip)
    rates = rates_of(long, forward, backward)
    assert rates["false_backward"] == round(2.5 / 11, 5)
    assert rates["false_forward"] == round((clip + 0.5) / (clip + 1), 5)
    only_clips = rates_of(forward, backward)
    assert only_clips["false_backward"] == rates["false_forward"]
    # A recording of both ways is as long as both together.
    both = rates_of(long, ("FFFFF" + "FFFFF", "FFFFF" + "BBBBB"), backward)
    assert both["false_forward"] == round(5.5 / 6, 5)
    assert both["false_backward"] == round(2.5 / 16, 5)


def test_error_rates_are_those_of_labelled_strides_by_state() -> None:
    labelled = sessions(("uuuFFB", "FFFFFF"), ("BBBBBF", "BBBBBB")).reset_index(drop=True)
    states = pd.Series(["foot"] * 6 + ["foot?"] * 6)
    rates = error_rates(labelled, states)
    assert rates["foot"]["false_backward"] == round(1.5 / 4, 5)
    assert rates["foot?"]["false_forward"] == round(1.5 / 7, 5)


# What a wearer states ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("placement", "front", "stated"),
    [
        ("waist", [0.0, 0.0, -1.0], "-z"),
        ("waist", [0.995, 0.09, 0.0], "+x"),
        ("waist", [0.0, -0.995, 0.09], "-y"),
        ("waist", [0.98, 0.2, 0.0], None),
        ("waist", None, None),
        ("foot", [0.0, 0.0, -1.0], None),
        ("shin", [1.0, 0.0, 0.0], None),
        ("thigh", [1.0, 0.0, 0.0], "+x"),
    ],
)
def test_a_front_is_stated_where_an_axis_of_the_device_is_one_above_the_knee(
    placement: str, front: list[float] | None, stated: str | None
) -> None:
    worn = recording(
        ("forward", 3), placement=placement, front=None if front is None else np.array(front)
    )
    assert stated_anchors(worn) == Anchors(placement, front=stated)


@pytest.mark.parametrize(
    ("ahead_s", "marked_s"),
    [
        ([(3.0, 20.0)], (3.0, 8.0)),
        # The first that is mostly forward, though another is so throughout.
        ([(0.0, 2.6), (10.0, 20.0)], (0.0, 5.0)),
        ([(0.0, 2.5), (10.0, 20.0)], (10.0, 15.0)),
        ([(0.0, 2.0), (3.0, 4.0), (10.0, 20.0)], (0.0, 5.0)),
        # Where none is, the one that is so most.
        ([(0.0, 1.0), (10.0, 12.0), (20.0, 21.5)], (10.0, 15.0)),
    ],
)
def test_a_wearer_marks_the_first_stretch_that_was_mostly_forward(
    ahead_s: list[tuple[float, float]], marked_s: tuple[float, float]
) -> None:
    intervals = pd.DataFrame(ahead_s, columns=["start_s", "end_s"])
    intervals = intervals.assign(direction="forward", gait="", confident=True)
    other = intervals.assign(start_s=0.0, end_s=30.0)
    every = [intervals, other.assign(direction="backward"), other.assign(confident=False)]
    worn = replace(recording(), intervals=pd.concat(every, ignore_index=True))
    assert marked_stretch(worn) == Anchors("foot", forward=(marked_s,))
    never = replace(recording(), intervals=pd.concat(every[1:], ignore_index=True))
    assert marked_stretch(never) == Anchors("foot")


def test_labels_stand_beside_the_truth_with_what_was_known(noise_model) -> None:
    """Of recordings in which nothing shows, habit decides, if anything."""
    asked = [recording(("forward", 3)), recording(("backward", 2), name="b.csv", placement="waist")]
    found = label_with_truth(noise_model, asked)
    assert found["recording"].tolist() == ["walk.csv"] * 3 + ["b.csv"] * 2
    assert found["truth"].tolist() == ["forward"] * 3 + ["backward"] * 2
    assert found["placement"].tolist() == ["foot"] * 3 + ["waist"] * 2
    assert found["start_s"].tolist() == [0.0, 1.0, 2.0, 0.0, 1.0]
    fronts = {"foot": None, "waist": "+x"}
    stated = label_with_truth(
        noise_model,
        asked,
        lambda example: Anchors(example.placement, front=fronts[example.placement]),
    )
    assert found["knowledge"].tolist() == ["foot, assumed"] * 3 + ["trunk, assumed"] * 2
    assert found["told_apart_by"].tolist() == ["habit"] * 5
    assert stated["knowledge"].tolist() == ["foot, assumed"] * 3 + ["trunk, front given"] * 2
    assert stated["told_apart_by"].tolist() == ["habit"] * 3 + [""] * 2
