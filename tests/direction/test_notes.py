"""Notes pressed in an app are marks, in whatever words people press."""

import pytest
from strides import strides_of

from retrodetect.direction import Anchors
from retrodetect.direction.anchors import direction_of_note, statements_of_notes
from retrodetect.recording import Annotation


@pytest.mark.parametrize(
    ("text", "direction"),
    [
        ("backward", "backward"), (" Forwards ", "forward"), ("rückwärts", "backward"),
        ("RÜCKWÄRTS 3", "backward"), ("vorwärts", "forward"), ("back", "backward"),
        ("backward, uphill, slow", "backward"), ("start forward", "forward"),
        ("stop backward", "still"), ("still backward", "backward"), ("sidestep", "sideways"),
        ("backward up, forward down", None), ("on the way back home", None), ("tag", None),
        ("windy", None), ("", "unknown"),
    ],
)  # fmt: skip
def test_a_note_names_one_direction_or_none(text, direction):
    assert direction_of_note(text) == direction


NOTES = [
    Annotation(-1.0, -1.0, "forward"), Annotation(10.0, 10.0, " backwards"),
    Annotation(15.0, 18.0, "fwd"), Annotation(20.0, 20.0, "backward"),
    Annotation(25.0, 25.0, "windy"), Annotation(30.0, 30.0, "stop"),
]  # fmt: skip


def test_a_note_holds_until_the_next_one():
    said = statements_of_notes(NOTES, 40.0)
    assert [stretch[:3] for stretch in said] == [
        (0.0, 10.0, "forward"), (10.0, 15.0, "backward"), (15.0, 18.0, "forward"),
        (20.0, 25.0, "backward"), (30.0, 40.0, "still"),
    ]  # fmt: skip
    assert said[3].source == "note 'backward' at 0:20"


def test_a_mark_ends_with_the_bout_so_that_one_note_does_not_name_a_whole_session():
    strides = strides_of(20, 20)  # seconds 0 to 20 and 30 to 50
    (mark,) = Anchors().in_notes([Annotation(2.0, 2.0, "backward")], strides)
    assert mark[:3] == (2.0, 20.0, "backward")
    before, after = Anchors().in_notes(
        [Annotation(2.0, 2.0, "forward"), Annotation(25.0, 25.0, "back")], strides
    )
    assert before[:3] == (2.0, 20.0, "forward")
    assert after[:3] == (25.0, 50.0, "backward")


def test_a_mark_ends_with_a_bout_of_a_single_stride_too():
    (mark,) = Anchors().in_notes([Annotation(0.0, 0.0, "backward")], strides_of(1, 20))
    assert mark[:3] == (0.0, 1.0, "backward")


def test_notes_can_be_left_out_and_never_remove_strides():
    strides = strides_of(50)
    assert Anchors(use_notes=False).in_notes(NOTES, strides) == []
    assert "still" not in {mark.direction for mark in Anchors().in_notes(NOTES, strides)}
