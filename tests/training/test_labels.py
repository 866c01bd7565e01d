"""What a manifest, a folder and a table of labels say, before any recording is read."""

from pathlib import Path

import pytest

from retrodetect.direction.anchors import Statement
from retrodetect.errors import UsageError
from retrodetect.training.manifest import (
    FRONTS,
    Entry,
    Problems,
    _file_name,
    _placement,
    _seconds,
    entries,
    read_labels,
)


def labels(tmp_path: Path, text: str) -> tuple[tuple[Statement, ...], list[str]]:
    (tmp_path / "labels.csv").write_text(text)
    problems = Problems()
    return read_labels(tmp_path / "labels.csv", "m.csv, line 2", problems), problems.sentences


def spans(intervals: tuple[Statement, ...]) -> list[tuple[float, float, str, str]]:
    return [(each.start_s, each.end_s, each.direction, each.gait) for each in intervals]


def test_labels_are_intervals_in_order_of_time(tmp_path):
    found, problems = labels(
        tmp_path,
        "start_s,end_s,direction,gait\n10,20.5,Back,run\n0,10,fwd,\n30,31,,walk\n\n21,22,turn,\n",
    )
    assert spans(found) == [
        (0.0, 10.0, "forward", ""), (10.0, 20.5, "backward", "run"), (21.0, 22.0, "turning", ""),
        (30.0, 31.0, "unknown", "walk"),
    ]  # fmt: skip
    assert [each.source for each in found] == [f"labels.csv, line {n}" for n in (3, 2, 6, 4)]
    assert problems == []


@pytest.mark.parametrize(
    ("rows", "overlaps"),
    [
        ("0,10\n10,20", []),
        # Times in milliseconds may share one, and a rounding.
        ("0,10.001\n10,20", []),
        ("0,10.002\n10,20", []),
        ("0,10.003\n10,20", [(3, 2)]),
        ("0,30\n5,6\n10,20\n29,40", [(3, 2), (4, 2), (5, 2)]),
        ("5,6\n0,30", [(2, 3)]),
    ],
)
def test_intervals_that_overlap_are_named(tmp_path, rows, overlaps):
    lines = "".join(f"{row},forward\n" for row in rows.split("\n"))
    _, problems = labels(tmp_path, f"start_s,end_s,direction\n{lines}")
    assert problems == [
        f"labels.csv, line {later}: overlaps labels.csv, line {first}" for later, first in overlaps
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("start_s,direction\n0,forward\n", "labels.csv, line 1: column end_s is missing"),
        ("start_s,end_s,way\n0,1,forward\n", "labels.csv, line 1: column direction is missing"),
        ("start_s,end_s,direction\n", "labels.csv: contains no intervals"),
        (
            "start_s,end_s,direction,gait\n0,1,forward,hop\n",
            "labels.csv, line 2: 'hop' is not a gait; use walk or run, or leave it empty",
        ),
        (
            "start_s,end_s,direction\n3,3,forward\n",
            "labels.csv, line 2: ends at 3 s, before it starts",
        ),
        (
            "start_s,end_s,direction\n0,,forward\n",
            "labels.csv, line 2: start_s and end_s must both be numbers of seconds",
        ),
        (
            "start_s,end_s,direction\n,4,forward\n",
            "labels.csv, line 2: start_s and end_s must both be numbers of seconds",
        ),
        (
            "start_s,end_s,direction\n0,1,up\n",
            "labels.csv, line 2: 'up' is not a direction; use forward or backward",
        ),
    ],
)  # fmt: skip
def test_what_is_wrong_with_labels_is_said_once(tmp_path, text, problem):
    assert labels(tmp_path, text)[1] == [problem]


def test_labels_that_are_not_there_or_no_text_are_named(tmp_path):
    problems = Problems()
    assert read_labels(tmp_path / "gone.csv", "m.csv, line 2", problems) == ()
    (tmp_path / "noise.csv").write_bytes(bytes(range(256)) * 9)
    assert read_labels(tmp_path / "noise.csv", "m.csv, line 3", problems) == ()
    assert problems.sentences == [
        "m.csv, line 2: labels gone.csv do not exist",
        "m.csv, line 3: labels noise.csv are not a text file",
    ]


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.5", 1.5), ("1,5", 1.5), ("-2", -2.0), ("1e8", 1e8), ("-1e9", None), ("1e9", None),
     ("nan", None), ("inf", None), ("", None), ("3 s", None)],
)  # fmt: skip
def test_seconds_are_numbers_that_a_recording_may_have(text, seconds):
    assert _seconds(text) == seconds


def test_a_site_is_told_by_an_everyday_word_or_left_out():
    problems = Problems()
    assert _placement("", "m.csv, line 2", problems) is None
    assert _placement("auto", "m.csv, line 2", problems) is None
    assert _placement("Left shoe", "m.csv, line 2", problems) == "foot"
    assert problems.sentences == []
    assert _placement("knee", "m.csv, line 3", problems) is None
    assert problems.sentences[0].startswith("m.csv, line 3: 'knee' isn't a body site; choose")


def test_a_file_is_called_after_its_recording_as_far_as_a_name_allows():
    assert _file_name("walk-1.csv") == "walk-1.csv"
    spaced, slashed = _file_name("my walk.csv"), _file_name("my/walk.csv")
    assert spaced.startswith("my_walk.csv.")
    assert len(spaced) == len("my_walk.csv.") + 6
    assert spaced != slashed


# Entries --------------------------------------------------------------------------------------


def listed(path: Path) -> tuple[list[Entry], list[str]]:
    problems = Problems()
    return entries(path, problems), problems.sentences


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files that look like recordings from outside."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("time,x,y,z\n0,0,0,9.8\n")
    return tmp_path


def test_a_line_of_a_manifest_is_an_entry_with_all_it_says(folder):
    (folder / "m.csv").write_text(
        "path,subject,direction,placement,front,session,licence\n"
        "a.csv,anna,backwards,left hip,-z,monday,CC0\n"
        "b.csv,ben,forward,,,,\n"
    )
    (anna, ben), problems = listed(folder / "m.csv")
    assert problems == []
    assert (anna.where, anna.subject, anna.session) == ("m.csv, line 2", "anna", "monday")
    assert (anna.direction, anna.labels) == ("backward", None)
    assert (anna.placement, anna.front, anna.licence) == ("left-hip", "-z", "CC0")
    assert (anna.input.name, anna.input.path) == ("a.csv", folder / "a.csv")
    assert (ben.session, ben.placement, ben.front, ben.licence) == (
        "b.csv", None, None, "not stated",
    )  # fmt: skip


@pytest.mark.parametrize("front", FRONTS)
def test_every_axis_of_the_device_may_be_the_front(folder, front):
    (folder / "m.csv").write_text(f"path,subject,direction,front\na.csv,anna,forward,{front}\n")
    (entry,), problems = listed(folder / "m.csv")
    assert (entry.front, problems) == (front, [])


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("a.csv,,forward,", ["has no subject; add who wore it"]),
        ("a.csv,anna,unknown,", ["the direction is unknown, so there is nothing to learn from it"]),
        ("a.csv,anna,up,", ["'up' is not a direction; use forward or backward"]),
        ("a.csv,anna,forward,l.csv", ["has both a direction and labels; keep one"]),
        ("a.csv,,up,", ["has no subject; add who wore it",
                        "'up' is not a direction; use forward or backward"]),
    ],
)  # fmt: skip
def test_an_entry_with_a_fault_is_listed_too(folder, line, said):
    (folder / "l.csv").write_text("start_s,end_s,direction\n0,1,forward\n")
    (folder / "m.csv").write_text(f"path,subject,direction,labels\n{line}\n")
    found, problems = listed(folder / "m.csv")
    assert len(found) == 1
    assert problems == [f"m.csv, line 2: {each}" for each in said]
    # Neither a direction nor notes stand in for one that is wrong.
    if "up" in line:
        assert (found[0].direction, found[0].labels) == (None, ())


def test_a_recording_by_itself_is_told_by_its_notes(folder):
    (entry,), problems = listed(folder / "a.csv")
    assert (entry.where, entry.subject, entry.session) == (
        str(folder / "a.csv"), "wearer", entry.input.name,
    )  # fmt: skip
    assert (entry.direction, entry.labels, problems) == (None, None, [])
    with pytest.raises(UsageError, match=r"gone\.csv: does not exist; check the path"):
        listed(folder / "gone.csv")


@pytest.mark.parametrize(
    ("path", "subject", "session", "direction"),
    [
        ("a.csv", "wearer", "a.csv", None),
        ("forward/a.csv", "wearer", "a.csv", "forward"),
        ("BACKWARD/a.csv", "wearer", "a.csv", "backward"),
        ("anna/forward/a.csv", "anna", "anna/a.csv", "forward"),
        ("lab/anna/backward/day/a.csv", "anna", "lab/anna/day/a.csv", "backward"),
        ("anna/forward/forward/a.csv", "anna", "anna/a.csv", "forward"),
        ("forwards/a.csv", "wearer", "forwards/a.csv", None),
    ],
)
def test_the_folder_called_after_a_direction_says_it_and_that_above_it_the_wearer(
    tmp_path, path, subject, session, direction
):
    file = tmp_path / "root" / path
    file.parent.mkdir(parents=True)
    file.write_text("time,x,y,z\n0,0,0,9.8\n")
    (entry,), problems = listed(tmp_path / "root")
    assert (entry.where, entry.input.name) == (path, path)
    assert (entry.subject, entry.session, entry.direction) == (subject, session, direction)
    assert problems == []


def test_a_recording_in_folders_of_both_directions_is_refused(tmp_path):
    file = tmp_path / "forward" / "backward" / "a.csv"
    file.parent.mkdir(parents=True)
    file.write_text("time,x,y,z\n0,0,0,9.8\n")
    assert listed(tmp_path) == (
        [], ["forward/backward/a.csv: is in a forward and in a backward folder"],
    )  # fmt: skip
    (tmp_path / "empty").mkdir()
    assert listed(tmp_path / "empty") == ([], [f"{tmp_path / 'empty'}: contains no recordings"])


@pytest.mark.parametrize(
    ("name", "said"),
    [("placment", "placement"), ("licens", "licence"), ("mood", None), ("front_side", None)],
)
def test_a_column_that_is_nearly_one_of_ours_is_asked_about(folder, name, said):
    (folder / "m.csv").write_text(f"path,subject,direction,{name}\na.csv,anna,forward,x\n")
    _, problems = listed(folder / "m.csv")
    asked = [f"m.csv, line 1: unknown column {name}; did you mean {said}?"]
    assert problems == (asked if said else [])
