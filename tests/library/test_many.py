"""Many recordings give one result each, in order, whatever becomes of them."""

from datetime import UTC, datetime

import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.runs import task
from retrodetect.tables import SESSION_COLUMNS, STRIDE_COLUMNS


@pytest.fixture
def folder(tmp_path, write_walk):
    write_walk(tmp_path / "in" / "a.csv", 20)
    write_walk(tmp_path / "in" / "=b.csv", 30)
    write_walk(tmp_path / "in" / "still.csv", 0.5)
    (tmp_path / "in" / "empty.csv").write_text("")
    return tmp_path / "in"


@pytest.mark.parametrize("jobs", [1, 2])
def test_each_input_gives_a_result_with_errors_as_values(folder, stored_model, jobs):
    results = list(rd.label_many(folder, model=stored_model, jobs=jobs))
    assert [result.name for result in results] == ["=b.csv", "a.csv", "empty.csv", "still.csv"]
    assert [result.session["status"] for result in results] == ["ok", "ok", "failed", "no_gait"]
    assert [bool(result.error) for result in results] == [False, False, True, False]
    assert "is empty" in results[2].error
    for result in results:
        assert tuple(result.strides.columns) == STRIDE_COLUMNS
        assert tuple(result.session.index) == SESSION_COLUMNS
        assert result._repr_html_()


def test_a_result_is_that_of_the_recording_alone(folder, stored_model):
    many = next(rd.label_many(folder / "a.csv", model=stored_model))
    alone = rd.label(folder / "a.csv", model=stored_model)
    pd.testing.assert_frame_equal(many.strides, alone.strides, check_dtype=False, atol=1e-3)
    pd.testing.assert_series_equal(many.session, alone.session, rtol=1e-6)
    assert many.strides.attrs == alone.strides.attrs
    assert (many.contacts_s == alone.contacts_s).all()
    assert many.recording.name == "a.csv"


def test_out_gets_the_tables_and_the_next_call_resumes(folder, stored_model, tmp_path, monkeypatch):
    first = list(rd.label_many(folder, model=stored_model, out=tmp_path / "out", jobs=1))
    sessions = pd.read_csv(tmp_path / "out" / "sessions.csv")
    assert list(sessions["status"]) == [result.session["status"] for result in first]

    def must_not(*_):
        raise AssertionError("labelled again")

    monkeypatch.setattr(task, "label_pieces", must_not)
    again = list(rd.label_many(folder, model=stored_model, out=tmp_path / "out", jobs=1))
    for one, other in zip(first, again, strict=True):
        pd.testing.assert_frame_equal(one.strides, other.strides)


def test_many_results_are_tallied_as_a_run_on_disk_is(folder, stored_model, tmp_path):
    results = rd.label_many(folder, model=stored_model, out=tmp_path / "out", jobs=1)
    tallied, read = rd.tally_many(results), rd.history(tmp_path / "out", out=tmp_path / "history")
    assert list(tallied.errors.index) == list(read.errors.index) == ["empty.csv"]
    assert "is empty" in tallied.errors["empty.csv"]
    assert tallied.totals["sessions"] == 2
    assert tallied.totals["strides"] == tallied.sessions["strides"].sum() > 10
    pd.testing.assert_series_equal(read.totals, tallied.totals, rtol=1e-3)
    assert (tmp_path / "history" / "weeks.csv").exists()
    assert "strides" in tallied._repr_html_()


def test_a_session_recorded_twice_counts_once(stored_model, write_walk, tmp_path):
    recording = rd.read(write_walk(tmp_path / "phone.csv")).with_(
        start_time=datetime(2026, 3, 2, tzinfo=UTC)
    )
    once = rd.label(recording, model=stored_model)
    twice = rd.tally_many([once, rd.label(recording.with_(name="watch.csv"), model=stored_model)])
    assert twice.totals["strides"] == len(once.strides)
    assert len(twice.left_out) == 1
    assert list(twice.weeks["week"]) == ["2026-W10"]


def test_mistakes_are_named_as_arguments(folder):
    with pytest.raises(rd.UsageError, match="front=: 'north'"):
        next(rd.label_many(folder, front="north"))
