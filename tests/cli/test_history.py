"""``retrodetect history``, and what ``label`` takes for it."""

import json

import pandas as pd
import pytest

from retrodetect.tables import csv_text, sessions_table


@pytest.fixture
def run(tmp_path):
    """Write what a run leaves."""

    def write(name, *rows, began="2026-03-20T10:00:00+00:00"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "sessions.csv").write_text(csv_text(sessions_table(rows), header=True))
        (folder / "run.json").write_text(
            json.dumps(
                {
                    "version": "0.1",
                    "model": {"name": "default"},
                    "counts": {},
                    "times": {"began": began},
                }
            )
        )
        return folder

    return write


def row(start_time, backward_min=10.0, **more):
    return {
        "recording": "walk.csv", "status": "ok", "message": "", "start_time": start_time,
        "duration_s": 1800.0, "strides": 1000, "forward_strides": 600, "backward_strides": 400,
        "unknown_strides": 0, "forward_s": 900.0, "backward_s": 60 * backward_min,
        "backward_share": 0.4, "backward_share_low": 0.38, "backward_share_high": 0.42, **more,
    }  # fmt: skip


def test_weeks_changes_and_the_goal_are_shown_and_written(retrodetect, run, tmp_path):
    one = run("one", row("2026-03-02T09:00:00+01:00"), began="2026-03-03")
    two = run("two", row("2026-03-10T09:00:00+01:00", 12.0), began="2026-03-11")
    status, out, err = retrodetect(
        "history", one, two, "--goal", "0.3", "--out", tmp_path / "weeks"
    )
    assert (status, err) == (0, "")
    for word in ("2026-W10", "2026-W11", "+20.0% !", "reached", "40% (38% to 42%)"):
        assert word in out
    table = pd.read_csv(tmp_path / "weeks" / "weeks.csv")
    assert table["backward_min"].tolist() == [10, 12]
    assert table["marked"].tolist() == [False, True]
    page = (tmp_path / "weeks" / "report.html").read_text()
    assert "2026-W11" in page
    assert "▲" in page


def test_duplicates_undated_and_failed_ones_are_told_of(retrodetect, run):
    one = run("one", row("2026-03-02T09:00:00+01:00"), row("", recording="undated.csv"))
    two = run(
        "two", row("2026-03-02T09:00:00+01:00", recording="copy.csv"),
        {"recording": "bad.csv", "status": "failed", "message": "no"},
    )  # fmt: skip
    status, out, _ = retrodetect("history", one, two)
    assert status == 0
    for words in (
        "1 recording without a date",
        "1 recording failed or refused",
        "1 recording left out (same session as another): walk.csv",
    ):
        assert words in out


def test_the_page_and_the_record_tell_what_is_in_no_week(retrodetect, run, tmp_path):
    one = run("one", row("2026-03-02T09:00:00+01:00"), row("", recording="undated.csv"))
    two = run("two", row("2026-03-02T09:00:30+01:00", recording="watch.csv"), began="2026-03-03")
    retrodetect("history", one, two, "--out", tmp_path / "weeks")
    record = json.loads((tmp_path / "weeks" / "run.json").read_text())
    assert record["counts"]["outside_weeks"] == 1
    assert record["left_out"] == ["watch.csv"]
    page = (tmp_path / "weeks" / "report.html").read_text()
    assert "1 of 2 sessions is in no week" in page
    assert "Left out (same session as another recording): watch.csv." in page


def test_the_page_tells_of_undated_sessions_where_no_week_is(retrodetect, run, tmp_path):
    retrodetect("history", run("one", row("")), "--out", tmp_path / "weeks")
    assert "1 of 1 sessions is in no week" in (tmp_path / "weeks" / "report.html").read_text()


@pytest.mark.parametrize(
    ("record", "cell"),
    [("[]", "1000"), ('{"times": []}', "1000"), ("{}", "1,000"), ("{}", "9" * 30), ("{", "1000")],
)
def test_a_run_that_was_changed_by_hand_is_read_or_told_in_one_line(retrodetect, run, record, cell):
    folder = run("one", row("2026-03-02T09:00:00+01:00", strides=1234567))
    table = (folder / "sessions.csv").read_text()
    (folder / "sessions.csv").write_text(table.replace("1234567", f'"{cell}"'))
    (folder / "run.json").write_text(record)
    status, _, err = retrodetect("history", folder)
    assert (status, err.count("\n")) in ((0, 0), (1, 1))


def test_a_folder_without_a_run_is_named(retrodetect, tmp_path):
    (tmp_path / "walk.csv").touch()
    for folder, words in (
        (tmp_path / "walk.csv", "isn't a folder; name a folder that you gave to label --out"),
        (tmp_path, "no results of retrodetect label"),
        ("nope", "no such folder"),
    ):
        status, _, err = retrodetect("history", folder)
        assert status == 2
        assert words in err


def test_the_folder_of_a_run_is_not_written_over(retrodetect, run):
    folder = run("one", row("2026-03-02T09:00:00+01:00"))
    status, _, err = retrodetect("history", folder, "--out", folder)
    assert status == 2
    assert "contains the results of retrodetect label" in err


def test_a_history_is_written_over_by_a_history_only(retrodetect, run, tmp_path):
    folder = run("one", row("2026-03-02T09:00:00+01:00"))
    for _ in range(2):
        assert retrodetect("history", folder, "--out", tmp_path / "weeks")[0] == 0
    (tmp_path / "weeks" / "run.json").unlink()
    status, _, err = retrodetect("history", folder, "--out", tmp_path / "weeks")
    assert status == 2
    assert "retrodetect did not write" in err


def test_tables_of_an_older_version_are_read(retrodetect, run):
    folder = run("one", row("2026-03-02T09:00:00+01:00"))
    table = pd.read_csv(folder / "sessions.csv")
    table.loc[:, :"version"].to_csv(folder / "sessions.csv", index=False)
    status, out, _ = retrodetect("history", folder)
    assert status == 0
    assert "1 recording without a date" in out


def test_label_writes_bouts_repeats_and_what_follows_from_a_speed(
    retrodetect, tmp_path, write_walk, stored_model
):
    walk = write_walk(tmp_path / "in" / "=cmd <b>walk.csv")
    out = tmp_path / "out"
    arguments = ["--out", out, "--model", stored_model, "--jobs", 1, "--starts", "forward"]
    status, text, _ = retrodetect(
        "label", walk.parent, *arguments, "--goal", "0.4", "--speed", "5km/h", "--report"
    )
    assert status == 0
    assert "goal 40%" in text
    for name in ("bouts.csv", "repeats.csv", "report.json", "report.html"):
        assert (out / name).exists()
    session = pd.read_csv(out / "sessions.csv").iloc[0]
    assert session["speed_source"] in ("given", "") or pd.isna(session["speed_source"])
    for name in ("sessions.csv", "bouts.csv", "strides.csv"):
        cells = pd.read_csv(out / name)["recording"].astype(str)
        assert not cells.str.startswith(("=", "+", "-", "@")).any()
    assert "<b>walk" not in (out / "report.html").read_text()


@pytest.mark.parametrize("told", ["5", "fast", "5 furlongs", "1,500km/h"])
def test_a_speed_without_a_unit_is_refused(retrodetect, tmp_path, write_walk, told):
    walk = write_walk(tmp_path / "walk.csv")
    status, _, err = retrodetect("label", walk, "--out", tmp_path / "out", "--speed", told)
    assert status == 2
    assert "km/h" in err
