"""What an example is: strides, their truth, where they come from, and what is refused."""

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from handmade import features
from recordings import measured, recording

import retrodetect as rd
from retrodetect.direction.anchors import Statement
from retrodetect.errors import InputError, RefusedExamples, RefusedRecording, UsageError
from retrodetect.formats import Input, ReadOptions
from retrodetect.recording import Annotation
from retrodetect.training import examples as gathering
from retrodetect.training.examples import (
    MIN_STRIDES,
    Measured,
    _attempt,
    _check_together,
    _intervals,
    _same_recordings,
    _site,
    _without_file,
    gather,
    strides_of,
    truth_of_strides,
)
from retrodetect.training.manifest import Entry, Problems

# Truth ----------------------------------------------------------------------------------------


def strides_from(*starts_s: float, gait: str = "walk") -> pd.DataFrame:
    """Strides of one second, numbered in tens."""
    start_s = np.array(starts_s)
    table = pd.DataFrame({"start_s": start_s, "end_s": start_s + 1.0, "gait": gait})
    return table.set_axis(10 * np.arange(len(table)))


INTERVALS = pd.DataFrame(
    {
        "start_s": [0.0, 10.0],
        "end_s": [10.0, 20.0],
        "direction": ["forward", "backward"],
        "gait": ["", "run"],
    }
)


@pytest.mark.parametrize(
    ("start_s", "truth", "gait"),
    [
        (4.0, "forward", "walk"),
        (15.0, "backward", "run"),
        # Seven tenths of a stride are enough, and less is not, on either side of an edge.
        (9.25, "forward", "walk"),
        (9.35, "", ""),
        (9.65, "", ""),
        (9.75, "backward", "run"),
        (-0.25, "forward", "walk"),
        (-0.35, "", ""),
        (19.25, "backward", "run"),
        (19.35, "", ""),
        (40.0, "", ""),
    ],
)
def test_the_truth_of_a_stride_is_that_of_the_interval_that_covers_most_of_it(start_s, truth, gait):
    found = truth_of_strides(strides_from(4.0, start_s), INTERVALS)
    assert found["truth"].tolist() == ["forward", truth]
    assert found["true_gait"].tolist() == ["walk", gait]


@pytest.mark.parametrize("learn", [rd.train, rd.evaluate])
def test_no_recordings_are_refused_in_one_sentence(learn):
    with pytest.raises(UsageError, match="no recordings were given; give labelled recordings"):
        learn([])


def test_a_doubtful_interval_tells_nothing():
    doubtful = INTERVALS.assign(confident=[False, True])
    found = truth_of_strides(strides_from(4.0, 15.0), doubtful)
    assert found["truth"].tolist() == ["", "backward"]
    assert found["true_gait"].tolist() == ["", "run"]


def test_without_strides_or_intervals_there_is_no_truth():
    assert not any(map(len, truth_of_strides(strides_from(), INTERVALS).values()))
    found = truth_of_strides(strides_from(1.0, 2.0), INTERVALS[:0])
    assert [each.tolist() for each in found.values()] == [["", ""], ["", ""]]


def test_strides_of_examples_follow_each_other_and_say_where_they_come_from():
    first = recording(("forward", 2), name="a.csv", front=np.array([0.0, 0.0, -1.0]))
    none = recording(("forward", 0), name="none.csv")
    last = recording(
        ("backward", 1), name="b.csv", subject="ben", session="friday", placement="wrist",
        virtual=True,
    )  # fmt: skip
    strides = strides_of([first, none, last])
    assert strides["recording"].tolist() == ["a.csv", "a.csv", "b.csv"]
    assert strides["truth"].tolist() == ["forward", "forward", "backward"]
    assert strides["subject"].tolist() == ["anna", "anna", "ben"]
    assert strides["session"].tolist() == ["monday", "monday", "friday"]
    assert strides["source"].tolist() == ["anna", "anna", "ben"]
    assert strides["placement"].tolist() == ["foot", "foot", "wrist"]
    assert strides["virtual"].tolist() == [False, False, True]
    np.testing.assert_array_equal(
        strides[["front_x", "front_y", "front_z"]], [[0, 0, -1], [0, 0, -1], [np.nan] * 3]
    )


def test_some_strides_of_an_example_keep_what_they_show():
    shown = features(3, {"U2_fixed": [[1, 0, 0], [2, 0, 0], [3, 0, 0]]})
    part = recording(("forward", 3), shown=shown).where(np.array([True, False, True]))
    assert part.strides()["start_s"].tolist() == [0.0, 2.0]
    assert part.measured.features.vectors.max(axis=(1, 2)).tolist() == [1.0, 3.0]


# What is refused about recordings as a whole -----------------------------------------------------


def told_together(*examples, both_ways=True, mixed_rates=False) -> list[str]:
    problems = Problems()
    _check_together(examples, problems, both_ways=both_ways, mixed_rates=mixed_rates)
    return problems.sentences


def both(count: int = MIN_STRIDES, **options):
    return recording(("forward", MIN_STRIDES), ("backward", count), **options)


def test_rates_of_a_site_may_differ_by_a_tenth():
    slow = both(name="slow.csv", rate_hz=100.0)
    assert told_together(slow, both(name="fast.csv", rate_hz=110.0)) == []
    fast = both(name="fast.csv", rate_hz=111.0)
    assert told_together(slow, fast, both(name="again.csv", rate_hz=100.0)) == [
        "slow.csv, fast.csv, again.csv: mixed rates, 100 Hz (slow.csv, again.csv) and 111 Hz "
        "(fast.csv); train on one rate, or allow mixed rates"
    ]
    assert told_together(slow, fast, mixed_rates=True) == []


def test_rates_of_other_sites_may_be_others():
    assert told_together(both(rate_hz=50.0), both(rate_hz=100.0, placement="waist")) == []


def test_each_direction_needs_some_strides_at_each_group_of_sites():
    assert told_together(both(MIN_STRIDES)) == []
    assert told_together(both(MIN_STRIDES - 1)) == [
        "walk.csv: 7 backward strides at foot; both directions are needed, with at least 8 strides"
    ]
    assert told_together(both(0), both_ways=False) == []
    none = told_together(both(0), both(placement="wrist"))
    assert none == [
        "walk.csv: no backward strides at foot; both directions are needed, with at least 8 strides"
    ]
    # Sites of a group stand together.
    belly = recording(("forward", 8), placement="belly", name="a.csv")
    back = recording(("backward", 8), placement="lower-back", name="b.csv")
    assert told_together(belly, back) == []
    short = recording(("backward", 5), placement="chest", name="b.csv")
    assert told_together(belly, short) == [
        "a.csv, b.csv: 5 backward strides at belly, chest; both directions are needed, with at "
        "least 8 strides"
    ]


def test_the_same_samples_under_two_names_are_noted_once():
    problems = Problems()
    listed = [entry(f"m.csv, line {line}") for line in (2, 3, 4, 5)]
    bad = InputError("is bad", file="bad.csv")
    same = [measured(3, name="a.csv")], [measured(3, name="b.csv")], bad
    again = measured(3, name="a.csv")
    _same_recordings(listed, [*same, [again]], problems)
    assert problems.sentences == [
        "m.csv, line 2 (a.csv) and m.csv, line 5 (a.csv): contain the same recording; list it once"
    ]


# Site -----------------------------------------------------------------------------------------


def entry(where: str = "m.csv, line 2", **options) -> Entry:
    return Entry(where, Input(Path("a.csv"), "a.csv", ()), "anna", "monday", **options)


def site(weights: dict[str, float], placement=None, *, told=None, by_file=None):
    """The site of a recording, and what was said about it."""
    problems, remarks = Problems(), []
    sites = SimpleNamespace(group_weights=lambda features, placement: weights)
    part = measured(3, name="a.csv", placement=by_file)
    found = _site(entry(placement=told), part, placement, sites, problems, remarks)
    return found, problems.sentences, remarks


def test_who_tells_the_site_of_a_recording_is_believed_before_its_file_and_that_before_all():
    assert site({}, "waist", told="foot", by_file="wrist") == ("foot", [], [])
    assert site({}, "waist", by_file="wrist") == ("wrist", [], [])
    assert site({}, "waist") == ("waist", [], [])


def test_a_site_that_nobody_told_is_inferred_where_strides_are_sure():
    assert site({"foot": 0.1, "thigh": 0.9}) == (
        "pocket", [],
        ["m.csv, line 2: the placement of a.csv was inferred from its strides: "
         "thigh or pocket or front-pocket or back-pocket"],
    )  # fmt: skip
    assert site({"foot": 0.89, "thigh": 0.11}) == (
        None, ["m.csv, line 2: the placement of a.csv is unknown; add it"], [],
    )  # fmt: skip


# Intervals ------------------------------------------------------------------------------------


def intervals(part=None, **options):
    """Rows of the intervals, what is wrong, and what is remarked."""
    problems, remarks = Problems(), []
    part = part or measured(10, name="a.csv")
    found = _intervals(entry(**options), part, problems, remarks)
    return None if found is None else found.to_numpy().tolist(), problems.sentences, remarks


def noted(*notes: tuple[float, str]):
    """Ten strides in which notes were pressed."""
    annotations = tuple(Annotation(at_s, at_s, text) for at_s, text in notes)
    return measured(10, name="a.csv", annotations=annotations)


def test_the_direction_of_a_recording_is_that_of_all_of_it():
    assert intervals(direction="backward") == ([[0.0, 10.0, "backward", ""]], [], [])


def test_labels_may_reach_beyond_the_recording_by_half_a_second():
    def label(start_s, end_s):
        return (Statement(start_s, end_s, "forward", "labels.csv, line 2", "run"),)

    assert intervals(labels=label(-0.5, 10.5)) == ([[-0.5, 10.5, "forward", "run"]], [], [])
    outside = "is outside the recording, which lasts 10.0 s"
    assert intervals(labels=label(-0.6, 9.0))[1] == [f"labels.csv, line 2: -0.6 to 9 s {outside}"]
    assert intervals(labels=label(3.0, 10.6))[1] == [f"labels.csv, line 2: 3 to 10.6 s {outside}"]


def test_notes_tell_directions_until_the_next_one():
    assert intervals(noted((1.0, "forward"), (4.0, "backward"))) == (
        [[1.0, 4.0, "forward", ""], [4.0, 10.0, "backward", ""]], [], [],
    )  # fmt: skip


def test_a_note_that_names_no_direction_ends_one_and_is_told():
    assert intervals(noted((1.0, "forward"), (4.0, "lunch"), (6.0, "back"))) == (
        [[1.0, 4.0, "forward", ""], [6.0, 10.0, "backward", ""]], [],
        ["m.csv, line 2: ignored notes that name no direction: 'lunch' at 4.0 s"],
    )  # fmt: skip


@pytest.mark.parametrize("part", [None, noted((4.0, "lunch"))], ids=["no notes", "lunch"])
def test_a_recording_of_which_nobody_told_the_direction_is_named(part):
    rows, problems, _ = intervals(part)
    assert rows is None
    assert problems == [
        "m.csv, line 2: the direction of a.csv is unknown; add a direction, labels or notes"
    ]
    # A place may say already which recording it is.
    assert intervals(part, where="walks/a.csv")[1][0].startswith(
        "walks/a.csv: the direction is unknown"
    )


# Reading --------------------------------------------------------------------------------------


def test_a_path_is_not_told_twice():
    error = InputError("is bad", file="in/walks/a.csv")
    assert _without_file(error, "walks/a.csv") == "is bad"
    assert _without_file(error, "m.csv, line 2") == "in/walks/a.csv: is bad"


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (RefusedRecording("is empty", file="a.csv"), "a.csv: is empty."),
        (PermissionError(13, "Permission denied"), "a.csv: cannot be read (Permission denied)."),
        (OSError("gone"), "a.csv: cannot be read (gone)."),
    ],
)
def test_what_cannot_be_read_is_an_answer(monkeypatch, error, text):
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(gathering, "read_files", fail)
    answer = _attempt(Input(Path("a.csv"), "a.csv", ()), ReadOptions(), None, "code")
    assert isinstance(answer, InputError)
    assert str(answer) == text


@pytest.fixture
def gathered(tmp_path, monkeypatch):
    """Gather from the lines of a manifest and what was measured in the recordings of each."""

    def run(lines: list[str], parts: list[list[Measured] | InputError], **options):
        for name in ("a.csv", "b.csv"):
            (tmp_path / name).write_text(f"recording {name}")
        (tmp_path / "l.csv").write_text("start_s,end_s,direction\n0,8,forward\n8,16,backward\n")
        (tmp_path / "m.csv").write_text("\n".join(["path,subject,direction,labels", *lines]))
        monkeypatch.setattr(gathering, "_measured", lambda *_: parts)
        return gather(tmp_path / "m.csv", SimpleNamespace(), placement="waist", **options)

    return run


def long(name: str) -> Measured:
    return measured(16, name=name, rate_hz=25.0 if name == "slow.csv" else 100.0)


def test_every_recording_of_an_entry_is_an_example(gathered):
    found = gathered(
        ["a.csv,anna,forward,", "b.csv,ben,,l.csv"], [[long("a1"), long("a2")], [long("b")]]
    )
    assert [each.name for each in found.examples] == ["a1", "a2", "b"]
    assert [each.subject for each in found.examples] == ["anna", "anna", "ben"]
    assert [each.origin for each in found.examples] == ["m.csv, line 2"] * 2 + ["m.csv, line 3"]
    assert found.examples[2].intervals["direction"].tolist() == ["forward", "backward"]


def refused(gathered, *told, **options) -> list[str]:
    with pytest.raises(RefusedExamples) as refusal:
        gathered(*told, **options)
    return list(refusal.value.problems)


def test_labels_are_those_of_a_single_recording(gathered):
    assert refused(gathered, ["a.csv,anna,,l.csv"], [[long("a1"), long("a2")]]) == [
        "m.csv, line 2: has labels, but contains 2 recordings; list a single recording"
    ]


def test_what_cannot_be_read_is_told_before_what_is_wrong_with_all(gathered):
    bad = InputError("is bad", file="b.csv")
    assert refused(gathered, ["a.csv,anna,forward,", "b.csv,ben,forward,"], [[long("a")], bad]) == [
        "m.csv, line 3: b.csv: is bad"
    ]
    # By itself, the first has no backward strides.
    one_way = ["a.csv,anna,forward,"], [[long("a")]]
    assert refused(gathered, *one_way)[0].startswith("m.csv, line 2: no backward strides")
    assert len(gathered(*one_way, both_ways=False).examples) == 1


def test_rates_are_mixed_where_that_is_allowed(gathered):
    told = ["a.csv,anna,,l.csv", "b.csv,ben,,l.csv"], [[long("a")], [long("slow.csv")]]
    assert "mixed rates" in refused(gathered, *told)[0]
    assert len(gathered(*told, mixed_rates=True).examples) == 2


@pytest.mark.parametrize(("jobs", "size", "used"), [(None, 10, 1), (None, 9, None), (3, 10, 3)])
def test_a_few_bytes_are_read_by_one_process(tmp_path, monkeypatch, jobs, size, used):
    (tmp_path / "a.csv").write_text("0123456789")
    monkeypatch.setattr(gathering, "SMALL_BYTES", size)
    monkeypatch.setattr(gathering, "in_parallel", lambda calls, jobs: [len(calls), jobs])
    one = Entry("", Input(tmp_path / "a.csv", "a.csv", ()), "anna", "monday")
    assert gathering._measured([one], ReadOptions(), None, jobs) == [1, used]


def test_examples_are_taken_as_they_are():
    one_way = [recording(("forward", 3))]
    assert gather(one_way, SimpleNamespace()) == (tuple(one_way), ())
