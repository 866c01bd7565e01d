"""Scores count what they say, and their intervals are over wearers, not strides."""

import numpy as np
import pandas as pd
import pytest

from retrodetect.training.scores import (
    compared,
    confusion,
    error_rates,
    mistakes,
    scored,
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
