"""What is shown of a session never contradicts its counts, its minutes or its interval."""

import re
import shlex

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrodetect.direction import store
from retrodetect.tables import csv_text, sessions_table
from retrodetect.tally import words
from retrodetect.tally.folder import totals
from retrodetect.tally.session import shape, tally
from retrodetect.tally.share import ErrorRates, share_interval


def row(level, low, high, **more):
    ends = {"backward_share": level, "backward_share_low": low, "backward_share_high": high}
    return {"forward_strides": 60, "backward_strides": 40, **ends, **more}


@pytest.mark.parametrize(
    ("fields", "share", "certainty"),
    [
        (row(0.413, 0.404, 0.424), "41.3%", "sure"),
        (row(0.413, 0.38, 0.44), "41%", "sure"),
        (row(0.413, 0.30, 0.50), "41%", "fairly sure"),
        (row(0.0, 0.0, 0.411, backward_strides=0), "0% to 41%", "range only"),
        (row(0.4, 0.0, 0.50004), "0% to 50%", "range only"),  # as it is written: 0.5
        (row(0.0, 0.0, 0.9), "unknown", "not settled"),
        (row(np.nan, np.nan, np.nan), "unknown", "not settled"),
        (row(0.413, 0.38, 0.44, told_apart_by="habit"), "41%", "assumed"),
        (row(0.0002, 0.0, 0.01), "<0.1%", "sure"),
        (row(0.9998, 0.99, 1.0), ">99.9%", "sure"),
        (row(0.0, 0.0, 0.01, backward_strides=0), "0.0%", "sure"),
        (row(0.004, 0.0, 0.06), "<1%", "sure"),
        (row(0.996, 0.94, 1.0), ">99%", "sure"),
        (row(0.0, 0.0, 0.06, backward_strides=0), "0%", "sure"),
    ],
)
def test_a_share_claims_no_more_than_its_interval(fields, share, certainty):
    assert (words.share(fields), words.certainty(fields)) == (share, certainty)


@pytest.mark.parametrize(
    ("fields", "share"),
    [
        (row(0.413, 0.404, 0.424), "41.3% (40.4% to 42.4%)"),
        (row(0.413, 0.38, 0.44), "41% (38% to 44%)"),
        (row(0.413, 0.38, 0.44, told_apart_by="habit"), "41%* (38% to 44%)"),
        (row(0.0, 0.0, 0.01, told_apart_by="habit", backward_strides=0), "0%* (0% to 1%)"),
        (row(0.2, 0.0, 0.411), "0% to 41%"),
        (row(np.nan, np.nan, np.nan), "unknown"),
    ],
)
def test_a_share_and_its_interval_have_the_same_digits(fields, share):
    assert words.starred(fields, with_ends=True) == share


@pytest.mark.parametrize(
    ("level", "low", "high", "progress"),
    [(0.45, 0.41, 0.5, "reached"), (0.3, 0.2, 0.39, "below"), (0.4, 0.35, 0.45, "about there"),
     (np.nan, np.nan, np.nan, "unknown"), (0.3, 0.0, 0.9, "unknown")],
)  # fmt: skip
def test_a_goal_is_reached_when_the_interval_leaves_no_doubt(level, low, high, progress):
    assert words.progress(row(level, low, high), 0.4) == progress


def test_where_a_share_is_assumed_so_is_what_becomes_of_a_goal():
    fields = row(0.0, 0.0, 0.028, backward_strides=0, unknown_strides=0, told_apart_by="habit")
    assert words.progress(fields, 0.4) == "below*"
    assert words.headline(fields | {"forward_s": 18.0}, 0.4)[-1] == "goal 40%: below*"
    assert words.progress(fields | {"backward_share_high": 1.0}, 0.4) == "unknown"


@st.composite
def strides(draw):
    """Any session: in bouts, at any pace, labelled any way."""
    n = draw(st.integers(1, 60))
    each = st.lists(st.sampled_from(["forward", "backward", "weak", "sideways"]), min_size=n,
                    max_size=n)  # fmt: skip
    kinds = draw(each)
    lasting_s = draw(st.lists(st.floats(0.5, 2.0), min_size=n, max_size=n))
    ends_s = np.cumsum(lasting_s)
    return pd.DataFrame(
        {
            "bout": np.sort(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n))),
            "start_s": ends_s - lasting_s,
            "end_s": ends_s,
            "gait": draw(st.lists(st.sampled_from(["walk", "run"]), min_size=n, max_size=n)),
            "direction": [kind if kind.endswith("ward") else "unknown" for kind in kinds],
            "p_backward": [{"forward": 0.01, "backward": 0.99}.get(kind, 0.5) for kind in kinds],
            "reason": ["" if kind.endswith("ward") else kind for kind in kinds],
        }
    )


def tallied(table):
    fields = {str(name): value for name, value in tally(table).items()}
    more = shape(table, np.empty(0), "waist", 0)
    return {"recording": "walk", "status": "ok", "told_apart_by": "signal", **fields, **more}


@given(strides())
@settings(max_examples=60, deadline=None)
def test_counts_minutes_shares_and_words_never_disagree(table):
    session = tallied(table)
    assert session["strides"] == sum(session[f"{way}_strides"] for way in WAYS)
    assert session["steps"] == 2 * session["strides"]
    assert session["sideways_strides"] <= session["unknown_strides"]
    for way in ("forward", "backward"):
        gaits = sum(session[f"{gait}_{way}_strides"] for gait in ("walk", "run"))
        assert gaits == session[f"{way}_strides"]
        assert (session[f"{way}_s"] > 0) == (session[f"{way}_strides"] > 0)
    seconds = words.lasting_s(session)
    assert seconds["all"] == sum(seconds[way] for way in WAYS)
    assert abs(seconds["all"] - (table["end_s"] - table["start_s"]).sum()) <= 1.5
    check_words(session)


@given(st.lists(strides(), min_size=2, max_size=4))
@settings(max_examples=30, deadline=None)
def test_sessions_together_never_contradict_themselves(tables):
    sessions = sessions_table(map(tallied, tables))
    together = totals(sessions)
    assert together["strides"] == sum(together[f"{way}_strides"] for way in WAYS)
    check_words(together)


@given(strides())
@settings(max_examples=30, deadline=None)
def test_a_table_read_again_says_the_same(table):
    from io import StringIO

    session = sessions_table([tallied(table)])
    written = StringIO(csv_text(session, header=True))
    (again,) = sessions_table(pd.read_csv(written).to_dict("records")).to_dict("records")
    (before,) = session.to_dict("records")
    for say in (words.share, words.interval, words.certainty):
        assert say(again) == say(before)


def test_a_headline_says_share_time_distance_and_goal():
    fields = row(0.413, 0.40, 0.44, forward_s=800.0, backward_s=500.0, unknown_s=20.0)
    assert words.headline(fields | {"distance_m": 1800.0}, 0.4) == [
        "41% backward", "22\u00a0min", "1.8\u00a0km", "goal 40%: reached",
    ]  # fmt: skip


# At an arm hardly a backward stride is ever labelled so, unless the wearer marks it.
RATES = {
    known: rates
    for known, rates in store.load("default").card.error_rates.items()
    if not known.startswith("arm")
}
WHOLE_SESSIONS = [(50, 50), (5, 5), (6, 6)]


@pytest.mark.parametrize(("backward", "labelled"), WHOLE_SESSIONS)
@pytest.mark.parametrize("known", sorted(RATES))
def test_a_session_labelled_whole_has_a_share_that_a_person_believes(known, backward, labelled):
    rates = ErrorRates(**RATES[known])
    low, high = share_interval(backward, labelled, rates)
    fields = row(1.0, low, high) | {"forward_strides": 0, "backward_strides": backward}
    assert words.share(fields) in ("100%", "100.0%")
    assert words.is_settled(fields)


@pytest.mark.parametrize(("backward", "text"), [(0, "0%"), (343, "100%")])
def test_a_session_of_one_way_that_habit_named_is_assumed_however_wide_its_interval(backward, text):
    fields = row(backward / 343, 0.0, 1.0) | {
        "forward_strides": 343 - backward, "backward_strides": backward, "unknown_strides": 12,
        "told_apart_by": "habit",
    }  # fmt: skip
    assert words.share(fields) == text
    assert words.certainty(fields) == "assumed"
    assert words.starred(fields) == f"{text}*"
    assert words.share(fields | {"told_apart_by": "signal"}) == "unknown"
    assert words.certainty(fields | {"unknown_strides": 400}) == "not settled"
    assert words.certainty(fields | {"forward_strides": 9, "backward_strides": 9}) == "not settled"


def test_no_word_helps_where_gravity_was_removed():
    fields = row(0.0, 0.0, 1.0, forward_strides=0, backward_strides=0, unknown_strides=272) | {
        "status": "ok"
    }
    assert words.needs_word(fields)
    assert words.needs_word(fields | {"warning_topics": "reading; notes"})
    assert not words.needs_word(fields | {"warning_topics": "reading; no_gravity"})
    assert not words.needs_word(fields | {"warning_topics": "slow"})


def test_only_a_session_with_sides_asks_how_it_began():
    fields = row(0.0, 0.0, 1.0, unknown_strides=272, status="ok", front="inferred", naming=0.9)
    assert words.is_open(fields)
    assert not words.is_open(fields | {"front": "marked"})
    assert not words.is_open(fields | {"naming": np.nan})
    assert words.needs_word(fields | {"naming": np.nan})


def test_how_it_began_is_not_asked_where_only_habit_shows_the_strides_alike():
    fields = row(0.0, 0.0, 1.0, unknown_strides=0, status="ok", front="inferred", naming=0.9)
    fields |= {"backward_strides": 0, "told_apart_by": "habit"}
    assert words.needs_word(fields)
    assert not words.is_open(fields)
    assert words.is_open(fields | {"backward_share_high": 0.03})
    assert words.is_open(fields | {"told_apart_by": "signal"})


def test_a_command_to_run_next_reads_the_file_as_before_and_takes_no_path_for_an_option():
    typed = [
        "label", "--columns", "time=t s,x=2,y=3,z=4", "--unit=g", "walk.csv", "--out", "out",
        "--model", "own.model", "--ignore-notes", "--jobs", "1", "--goal=40%",
    ]  # fmt: skip
    begun = words.labelling("--walk.csv", "belly", typed, "--starts", "forward", "--out", "next")
    assert shlex.split(begun) == [
        "retrodetect", "label", "./--walk.csv", "--columns", "time=t s,x=2,y=3,z=4", "--unit=g",
        "--model", "own.model", "--ignore-notes", "--placement", "belly", "--starts", "forward",
        "--out", "next",
    ]  # fmt: skip
    assert shlex.split(words.marking("walk.csv", typed, "page.html")) == [
        "retrodetect", "annotate", "walk.csv", "--columns", "time=t s,x=2,y=3,z=4", "--unit=g",
        "--out", "page.html",
    ]  # fmt: skip
    # A site that was inferred is not stated.
    assert "--placement" not in words.labelling("walk.csv", "trunk?", ["label", "--rate"])


WAYS = ("forward", "backward", "unknown")


def test_the_minutes_of_several_sessions_are_the_sum_of_what_each_shows():
    rows = [{"status": "ok", "forward_s": 10.4, "backward_s": 0.4, "unknown_s": 0.0}] * 3
    total = words.lasting_s(words.added_up([*rows, {"status": "failed"}]))
    assert total == {"forward": 30, "backward": 0, "unknown": 0, "all": 30}
    assert words.lasting_s({"forward_min": 31.2 / 60, "backward_min": 1.2 / 60})["all"] == 32


def check_words(fields):
    headline = words.headline(fields, 0.4)
    assert headline[0].startswith(("backward share unknown", words.share(fields)))
    sentence = words.how_sure(fields)
    assert sentence.startswith("Not settled") == (words.certainty(fields) == "not settled")
    assert ("have no direction" not in sentence) or fields["unknown_strides"]
    share, certainty = words.share(fields), words.certainty(fields)
    low, high = fields["backward_share_low"], fields["backward_share_high"]
    labelled = fields["forward_strides"] + fields["backward_strides"]
    assert (share == "unknown") == (certainty == "not settled")
    if not labelled:
        assert share == "unknown"
        return
    assert 0 <= low <= fields["backward_share"] <= high <= 1
    either_way = fields["unknown_strides"] - fields.get("sideways_strides", 0)
    if "sideways_strides" in fields and either_way > labelled:
        assert certainty == "not settled"
    if share in ("0%", "0.0%"):
        assert fields["backward_strides"] == 0
    if share in ("100%", "100.0%"):
        assert fields["forward_strides"] == 0
    if re.fullmatch(r"[<>]?[\d.]+%", share):
        # A single figure stands for the unknown strides, too.
        assert high - low <= words.FAIRLY_SURE + 1e-4
    for goal in (0.0, 0.2, 0.4, 1.0):
        progress = words.progress(fields, goal)
        assert (progress == "unknown") == (share == "unknown")
        if progress.startswith("reached"):
            assert fields["backward_share"] >= goal - 1e-4
        if progress.startswith("below"):
            assert fields["backward_share"] < goal


def test_a_share_of_strides_that_were_all_marked_has_no_interval_to_tell():
    assert words.how_sure(row(0.4, 0.4, 0.4, unknown_strides=0)) == "Sure: all strides were marked."
