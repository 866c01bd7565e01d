"""Nothing is written over that the same command has not written."""

import json

import pytest

from retrodetect import tables
from retrodetect.errors import UsageError
from retrodetect.formats import discover
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs, check_ours
from retrodetect.runs.task import Settings


@pytest.fixture
def settings(stored_model):
    return Settings(model=str(stored_model))


@pytest.fixture
def walk(tmp_path, write_walk):
    return write_walk(tmp_path / "in" / "walk.csv")


@pytest.mark.parametrize(
    "name", ["strides.csv", "sessions.parquet", "report.html", "bouts.csv", "run.json"]
)
def test_a_file_of_the_users_own_is_no_result(walk, settings, tmp_path, name):
    out = tmp_path / "out"
    out.mkdir()
    (out / name).write_text("mine")
    with pytest.raises(UsageError, match=name):
        run([walk], Outputs(out), settings)
    assert [path.name for path in out.iterdir()] == [name]
    assert (out / name).read_text() == "mine"


def test_other_files_are_left_alone(walk, settings, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    run([walk], Outputs(out), settings)
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("named", ["strides.csv", "linked.csv"])
def test_a_recording_with_the_name_of_a_result_is_not_written_over(
    walk, settings, tmp_path, write_walk, named
):
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    write_walk(out / "strides.csv")
    if named != "strides.csv":
        (out / named).symlink_to(out / "strides.csv")
    content = (out / "strides.csv").read_bytes()
    with pytest.raises(UsageError, match=r"strides.csv is an input, and a result would replace it"):
        run([out / named], Outputs(out), settings)
    assert (out / "strides.csv").read_bytes() == content


def test_results_are_written_over_by_the_same_command_only(walk, settings, tmp_path):
    out = tmp_path / "out"
    for _ in range(2):
        run([walk], Outputs(out), settings)
    assert tables.made_by(out) == "label"
    with pytest.raises(UsageError, match="contains the results of retrodetect label"):
        check_ours(out, "history")


@pytest.mark.extra("parquet")
def test_another_format_is_no_second_truth(walk, settings, tmp_path):
    out = tmp_path / "out"
    for table_format in ("csv", "parquet"):
        run([walk], Outputs(out, table_format=table_format), settings)
        tables = {path.suffix for path in out.iterdir() if path.stem in ("strides", "sessions")}
        assert tables == {f".{table_format}"}
    with pytest.raises(UsageError, match="contains the results of retrodetect label"):
        check_ours(out, "evaluate")


def test_names_that_a_command_does_not_write_are_the_users_own(walk, settings, tmp_path):
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    (out / "scores.csv").write_bytes(walk.read_bytes())
    assert [one.name for one in discover(out)] == ["scores.csv"]


def test_a_run_whose_state_was_deleted_is_known_by_its_record(walk, settings, tmp_path):
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    for path in (out / tables.STATE).iterdir():
        path.unlink()
    (out / tables.STATE).rmdir()
    run([walk], Outputs(out), settings)


def test_results_of_recordings_that_are_not_named_are_kept(walk, settings, tmp_path, write_walk):
    other = write_walk(tmp_path / "in" / "other.csv")
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    with pytest.raises(UsageError, match=r"1 recording .* not name this time \(walk.csv\)"):
        run([other], Outputs(out), settings)
    assert set(run([other, walk], Outputs(out), settings).sessions["recording"]) == {
        "walk.csv",
        "other.csv",
    }
    outcome = run([other], Outputs(out), settings, restart=True)
    assert list(outcome.sessions["recording"]) == ["other.csv"]


def test_what_failed_need_not_be_named_again(walk, settings, tmp_path):
    (tmp_path / "in" / "empty.csv").write_text("")
    out = tmp_path / "out"
    run([tmp_path / "in"], Outputs(out), settings)
    (tmp_path / "in" / "empty.csv").unlink()
    assert run([tmp_path / "in"], Outputs(out), settings).all_done


def test_a_mistyped_path_changes_nothing(walk, settings, tmp_path):
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    before = (out / "sessions.csv").read_bytes()
    with pytest.raises(UsageError, match=r"wlak.csv: no such file or folder"):
        run([tmp_path / "in" / "wlak.csv"], Outputs(out), settings)
    assert (out / "sessions.csv").read_bytes() == before


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"version": 1}', "\x00"])
def test_a_record_of_something_else_is_none_of_ours(tmp_path, record):
    (tmp_path / "run.json").write_text(record)
    assert tables.made_by(tmp_path) is None


def test_a_damaged_list_of_inputs_keeps_nobody_from_going_on(walk, settings, tmp_path):
    out = tmp_path / "out"
    run([walk], Outputs(out), settings)
    (out / tables.STATE / "inputs.json").write_text(json.dumps(None))
    run([walk], Outputs(out), settings)
