import json
import os
import re
import shlex
import signal
import subprocess
import sys
from datetime import UTC
from pathlib import Path

import pandas as pd
import pytest
from interrupted import command, started, wait_for_parts

import retrodetect as rd
from retrodetect.lab.simulate import Session, record, write_session
from retrodetect.lab.simulate.exports import export_bytes
from retrodetect.recording import Annotation
from retrodetect.runs import NUMERICAL_THREADS


@pytest.fixture
def walk(tmp_path, write_walk):
    return write_walk(tmp_path / "in" / "walk.csv")


def test_label_writes_its_files_and_says_how_many_how_much_and_how_sure(
    retrodetect, walk, stored_model, tmp_path
):
    status, out, err = retrodetect(
        "label", walk, "--out", tmp_path / "out", "--model", stored_model, "--jobs", 1
    )
    assert (status, err) == (0, "")
    for word in ("walk.csv", "backward share", "how sure", "1 ok. Results: ", "retrodetect label"):
        assert word in out
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert {"strides.csv", "sessions.csv", "run.json"} <= names


def test_a_manifest_is_named_and_each_open_recording_has_a_command(
    retrodetect, stored_model, write_walk, tmp_path
):
    folder, out = tmp_path / "in", tmp_path / "out"
    for name in ("a b.csv", "sub/c.csv"):
        write_walk(folder / name)
    (folder / "manifest.csv").write_text("path,placement,front\na b.csv,foot,+x\nsub/c.csv,,\n")
    _, text, _ = retrodetect("label", folder, "--out", out, "--model", stored_model, "--jobs", 1)
    lines = text.splitlines()
    assert lines[0] == f"Using {folder / 'manifest.csv'}: 2 recordings"
    commands = [line.strip() for line in lines if line.startswith("  retrodetect")]
    assert len(commands) == 2
    assert f"retrodetect annotate '{folder}/a b.csv' --out '{out}-a b.html'" in commands
    again = f"{folder}/sub/c.csv --model {stored_model} --starts forward --out {out}-c"
    assert f"retrodetect label {again}" in commands
    for suggested in commands:
        status, _, _ = retrodetect(*shlex.split(suggested)[1:])
        assert status == 0


def test_a_share_that_rests_on_what_is_common_is_marked(retrodetect, tmp_path):
    write_session("walk", Session("walk forward 40s", placement="bag"), tmp_path / "in")
    line = ["label", tmp_path / "in", "--jobs", 1, "--placement", "bag", "--no-report", "--out"]
    _, out, _ = retrodetect(*line, tmp_path / "habit")
    assert "%*  " in out
    assert "\n* assumed: most people go mostly forward" in out
    _, out, _ = retrodetect("history", tmp_path / "habit")
    assert "%* (" in out
    _, out, _ = retrodetect(*line, tmp_path / "told", "--starts", "forward")
    assert "*" not in out
    sessions = [pd.read_csv(tmp_path / name / "sessions.csv") for name in ("habit", "told")]
    assert [table["told_apart_by"][0] for table in sessions] == ["habit", "wearer"]


def test_one_bad_input_gives_one_sentence_and_status_1(retrodetect, walk, stored_model, tmp_path):
    arguments = ["--out", tmp_path / "out", "--model", stored_model, "--jobs", 1]
    status, out, err = retrodetect("label", walk, tmp_path / "gone.csv", *arguments)
    assert status == 1
    assert "does not exist" in err
    assert "1 ok" in out
    status, out, err = retrodetect("label", walk, tmp_path / "gone.csv", *arguments, "--quiet")
    assert (status, out) == (1, "")
    assert err.startswith("failed: ")
    assert len(err.splitlines()) == 1


def test_skipped_files_and_warnings_are_told_everywhere(retrodetect, walk, stored_model, tmp_path):
    for name in "abcd":
        (walk.parent / f"{name}.csv").write_text("lap,remark\n1,good\n2,bad\n")
    (walk.parent / "diary").write_text("I walked backward.\n")
    (walk.parent / "photo.jpg").write_bytes(b"\xff\xd8\xff")
    _, out, err = retrodetect(
        "label", walk.parent, "--out", tmp_path / "out", "--model", stored_model, "--jobs", 1,
        "--forward", "500-510",
    )  # fmt: skip
    assert "1 ok, 5 skipped" in out
    why = "no column is named after a sensor"
    assert f"Skipped ({why}): a.csv, b.csv, c.csv and 1 more" in err
    assert "Skipped (not a table of numbers): diary" in err
    assert f"{walk.name}: --forward 500-510 contains no strides (they lie between " in err
    record = json.loads((tmp_path / "out" / "run.json").read_text())
    reasons = {**dict.fromkeys(["a.csv", "b.csv", "c.csv", "d.csv"], why),
               "diary": "not a table of numbers"}  # fmt: skip
    assert record["skipped"] == reasons
    assert record["counts"]["inputs"] == 1
    sessions = pd.read_csv(tmp_path / "out" / "sessions.csv")
    assert "--forward 500-510 contains no strides" in sessions["warnings"][0]
    skipped = sessions[sessions["status"] == "skipped"]
    assert dict(zip(skipped["recording"], skipped["message"], strict=True)) == reasons
    assert "diary: not a table of numbers" in (tmp_path / "out" / "report.html").read_text()
    _, out, _ = retrodetect("history", tmp_path / "out", "--out", tmp_path / "weeks")
    assert "diary" not in out
    assert len(pd.read_csv(tmp_path / "weeks" / "sessions.csv")) == 1


@pytest.fixture(params=["label", "inspect", "annotate"])
def on_recordings(request, retrodetect, tmp_path):
    """Run a command that takes recordings; gives its exit status and messages."""

    def run(*paths):
        where = [] if request.param == "inspect" else ["--out", tmp_path / "out"]
        status, _, err = retrodetect(request.param, *paths, *where)
        return status, err

    return run


def test_a_folder_without_recordings_says_what_it_skipped(on_recordings, tmp_path):
    (tmp_path / "in").mkdir()
    status, err = on_recordings(tmp_path / "in")
    assert (status, "no recordings found; name a file" in err) == (2, True)
    (tmp_path / "in" / "laps.csv").write_text("lap,remark\n1,good\n2,bad\n")
    status, err = on_recordings(tmp_path / "in")
    assert status == 2
    why = "no column is named after a sensor"
    assert f"no recordings found (skipped laps.csv: {why}); name a file" in err


def test_a_manifest_beside_recordings_is_none_of_them(on_recordings, walk):
    (walk.parent / "manifest.csv").write_text("path,placement\nwalk.csv,belly\n")
    assert on_recordings(walk.parent)[0] == 0


def test_a_path_that_does_not_exist_is_wrong_usage_unless_another_one_does(
    on_recordings, walk, tmp_path
):
    status, err = on_recordings(tmp_path / "gone.csv")
    assert (status, "gone.csv: no such file or folder; check the spelling" in err) == (2, True)
    assert not (tmp_path / "out").exists()
    assert on_recordings(walk, tmp_path / "gone.csv")[0] == 1
    assert on_recordings(walk)[0] == 0


def test_notes_of_the_app_are_marks_told_and_left_out_on_demand(retrodetect, tmp_path):
    session = Session(
        "walk forward 20s, stand 3s, walk backward 20s", placement="waist", app="sensor_logger"
    )
    recording, _ = record(session)
    notes = (Annotation(0.0, 0.0, "vorwärts"), Annotation(22.0, 22.0, "backward, slow, uphill"))
    walk = tmp_path / "walk.zip"
    walk.write_bytes(export_bytes(recording.with_(annotations=notes), session.app))
    _, out, _ = retrodetect("inspect", walk)
    assert "“vorwärts” at 0.0 s; “backward, slow, uphill” at 22.0 s" in out

    line = ["label", walk, "--jobs", 1, "--no-report", "--out"]
    _, _, err = retrodetect(*line, tmp_path / "used")
    assert "used note 'vorwärts' at 0:00 (forward)" in err
    assert "Add --ignore-notes to leave notes out" in err
    table = pd.read_csv(tmp_path / "used" / "strides.csv")
    assert set(table["direction"][table["start_s"] < 20]) == {"forward"}
    assert set(table["direction"][table["start_s"] > 24]) == {"backward"}
    assert pd.read_csv(tmp_path / "used" / "sessions.csv")["front"][0] == "marked"

    _, _, err = retrodetect(*line, tmp_path / "left", "--ignore-notes")
    assert "note" not in err
    assert pd.read_csv(tmp_path / "left" / "sessions.csv")["front"][0] != "marked"


def test_a_table_of_labels_names_stretches_and_removes_what_is_no_gait(retrodetect, tmp_path):
    write_session("walk", Session("walk forward 40s", placement="waist"), tmp_path / "in")
    labels = tmp_path / "labels.csv"
    labels.write_text("start_s,end_s,direction\n0,20,backward\n20,60,none\n")
    retrodetect("label", tmp_path / "in", "--labels", labels, "--jobs", 1, "--no-report",
                "--out", tmp_path / "out")  # fmt: skip
    table = pd.read_csv(tmp_path / "out" / "strides.csv")
    assert set(table["direction"]) == {"backward"}
    assert table["end_s"].max() < 22


def test_quiet_says_nothing(retrodetect, walk, stored_model, tmp_path):
    assert retrodetect(
        "label", walk, "--out", tmp_path / "out", "--model", stored_model, "--jobs", 1, "-q"
    ) == (0, "", "")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "Missing option '--out'"),
        (["--out", "OUT", "--placement", "knee"], "'knee' isn't a body site"),
        (["--out", "OUT", "--front", "up"], "'up' is not a device axis"),
        (["--out", "OUT", "--forward", "5:20"], "may mean seconds 5 to 20, or 5 min 20 s"),
        (["--out", "OUT", "--forward", "early"], "'early' is not a range of time; write 0:05-"),
        (["--out", "OUT", "--forward", "20-5"], "20-5 is not a range of time"),
        (["--out", "OUT", "--labels", "gone.csv"], "labels gone.csv do not exist"),
        (["--out", "OUT", "--starts", "sideways"], "'sideways' is not a direction"),
        (["--out", "OUT", "--unit", "furlong"], "furlong"),
        (["--out", "OUT", "--columns", "x"], "cannot be read"),
        (["--out", "OUT", "--jobs", "0"], "--jobs"),
        (["--out", "OUT", "--model", "gone"], "no such model"),
        (["--out", "OUT", "--nonsense"], "No such option"),
        (["--out", "OUT", "--format", "tsv"], "'--format': 'tsv' is not one of 'csv', 'parquet'"),
    ],
    ids=lambda value: " ".join(value[2:]) if isinstance(value, list) else "",
)
def test_wrong_usage_gives_one_sentence_and_status_2(
    retrodetect, walk, tmp_path, arguments, sentence
):
    out = tmp_path / "out"
    status, stdout, err = retrodetect(
        "label", walk, *(out if argument == "OUT" else argument for argument in arguments)
    )
    assert (status, stdout) == (2, "")
    assert sentence in err
    assert len(err.splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ("label x --plcement foot", "No such option: --plcement (Possible options: --placement)."),
        ("label x --out", "Option '--out' requires an argument."),
        ("train --out x", "Missing argument 'RECORDINGS'."),
        ("lable x", "No such command 'lable'. Did you mean 'label'?"),
    ],
    ids=["option", "value", "argument", "command"],
)
def test_what_cannot_be_parsed_is_answered_with_the_help_that_tells_more(
    retrodetect, words, sentence
):
    command = words.split()[0]
    where = "retrodetect" if command == "lable" else f"retrodetect {command}"
    assert retrodetect(*words.split())[::2] == (2, f"retrodetect: {sentence} See {where} --help.\n")


@pytest.mark.parametrize("out", ["{file}/out", "{file}"])
@pytest.mark.parametrize(
    "command",
    ["label {walk}", "simulate", "train {walk}", "evaluate {walk} --cache none", "history {run}"],
    ids=lambda command: command.split()[0],
)
def test_results_that_cannot_be_put_there_are_told_before_the_work(
    retrodetect, walk, stored_model, tmp_path, command, out
):
    retrodetect("label", walk, "--out", tmp_path / "run", "--model", stored_model, "--no-report")
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    known = {"walk": walk, "run": tmp_path / "run", "file": file}
    words = [word.format_map(known) for word in (*command.split(), "--out", out)]
    status, stdout, err = retrodetect(*words)
    assert (status, stdout) == (2, "")
    assert err.startswith(f"retrodetect: {file}")
    assert len(err.splitlines()) == 1
    assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("given", "began"),
    [("2026-03-01T09:00:00", "09:00"), ("2026-03-01T09:00:00+0200", "07:00"),
     ("2026-03-01T09:00:00Z", "09:00")],
)  # fmt: skip
def test_a_simulated_recording_starts_when_told(retrodetect, tmp_path, given, began):
    status, out, _ = retrodetect(
        "simulate", "walk forward 3s", "--start-time", given, "--out", tmp_path / "out"
    )
    assert status == 0
    start = rd.read(out.strip()).start_time
    assert start.astimezone(UTC).isoformat().startswith(f"2026-03-01T{began}")


@pytest.mark.parametrize(
    "command", ["label {}", "simulate", "train {}", "evaluate {}", "history {}"]
)
def test_an_empty_place_for_results_is_not_this_folder(
    retrodetect, walk, tmp_path, monkeypatch, command
):
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    status, out, err = retrodetect(*command.format(walk).split(), "--out", "")
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert "a path is empty" in err
    assert not [*(tmp_path / "here").iterdir()]


def test_anchors_reach_the_decoder(retrodetect, walk, stored_model, tmp_path):
    retrodetect(
        "label", walk, "--out", tmp_path / "out", "--model", stored_model, "--jobs", 1,
        "--placement", "waist", "--front", "-z",
    )  # fmt: skip
    row = (tmp_path / "out" / "sessions.csv").read_text().splitlines()[1]
    assert ",waist,given," in row


def test_inspect_shows_every_assumption_with_its_ground(retrodetect, walk):
    status, out, _ = retrodetect("inspect", walk)
    assert status == 0
    assert re.search(r"^walk\.csv\n  format +plain$", out, re.M)
    assert re.search(r"^  unit +measured +m/s2 \(mean vector 9\.\d+\)$", out, re.M)
    assert re.search(r"^  sign +assumed +unchanged", out, re.M)
    assert re.search(r"^  rate_hz +[\d.]+$", out, re.M)


def test_inspect_as_json_also_names_what_cannot_be_read(retrodetect, walk, tmp_path):
    status, out, _ = retrodetect("inspect", "--json", walk, tmp_path / "gone.csv")
    good, bad = json.loads(out)
    assert status == 1
    assert good["sign"]["ground"] == "assumed"
    assert "does not exist" in bad["error"]


def test_inspect_lists_skipped_files_of_a_folder(retrodetect, walk):
    (walk.parent / "laps.csv").write_text("lap,minutes\n1,2\n2,3\n3,4\n")
    status, out, _ = retrodetect("inspect", "--json", walk.parent)
    read, skipped = json.loads(out)
    assert status == 0
    assert read["name"] == "walk.csv"
    assert skipped["name"] == "laps.csv"
    assert skipped["skipped"]
    assert skipped["skipped"] in retrodetect("inspect", walk.parent)[1]


def test_annotate_leaves_out_what_cannot_be_read(retrodetect, walk, tmp_path):
    empty = walk.parent / "empty.csv"
    empty.touch()
    page = tmp_path / "marks.html"
    status, _, err = retrodetect("annotate", walk.parent, "--out", page)
    assert status == 1
    assert err == f"left out: {empty}: is empty; export it again.\n"
    assert "walk.csv" in page.read_text()
    status, _, err = retrodetect("annotate", empty, "--out", tmp_path / "none.html")
    assert status == 1
    assert "is empty" in err


def test_inspect_says_when_the_gyroscope_is_missing(retrodetect, walk, tmp_path):
    header, *rows = walk.read_text().splitlines()
    turning = tmp_path / "turning.csv"
    with_gyroscope = [f"{header},gyro_x,gyro_y,gyro_z", *(f"{row},0.1,0.2,0.3" for row in rows)]
    turning.write_text("\n".join(with_gyroscope))
    _, out, _ = retrodetect("inspect", "--json", walk, turning)
    without, complete = json.loads(out)
    assert not without["gyroscope"]
    (advice,) = without["advice"]
    assert advice.startswith("it has no gyroscope")
    assert "switch it on" in advice
    assert complete["gyroscope"]
    assert complete["advice"] == []
    assert advice in retrodetect("inspect", walk)[1]
    assert "no gyroscope" not in retrodetect("inspect", turning)[1]
    for options, why in (
        (["--rate", "12"], "its rate is below 15 Hz"),
        (["--gravity", "linear"], "its gravity was removed"),
    ):
        (described,) = json.loads(retrodetect("inspect", "--json", walk, *options)[1])
        (advice,) = described["advice"]
        assert advice.startswith(why)


def test_reading_options_reach_inspect(retrodetect, walk):
    _, out, _ = retrodetect("inspect", "--json", walk, "--unit", "g", "--sign", "-")
    (found,) = json.loads(out)
    assert found["unit"]["ground"] == found["sign"]["ground"] == "given"


def test_models_shows_a_card(retrodetect, stored_model):
    status, out, _ = retrodetect("models", stored_model)
    assert status == 0
    assert "Fitted on noise" in out
    assert retrodetect("models")[0] == 0


def test_version_and_help(retrodetect):
    assert retrodetect("--version")[0] == 0
    status, out, _ = retrodetect("--help")
    assert status == 0
    for name in ("label", "inspect", "simulate", "models"):
        assert name in out


def test_matrices_are_multiplied_in_one_thread_unless_told_otherwise(retrodetect, monkeypatch):
    for name in NUMERICAL_THREADS:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    retrodetect("--version")
    assert [os.environ[name] for name in NUMERICAL_THREADS] == ["3", "1", "1", "1"]


def test_help_lists_options_by_topic(retrodetect):
    out = retrodetect("label", "--help")[1]
    topics = re.findall(r"^(\w[\w ]*):$", out, re.M)
    assert topics == ["Arguments", "Options", "What you know", "Tally", "Reading"]
    reading = out[out.index("Reading:") :]
    assert re.findall(r"--\w+", reading) == ["--unit", "--sign", "--gravity", "--rate", "--columns"]
    assert out.index("--speed") > out.index("Tally:")


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_the_terminal_cannot_show_is_written_out(write_walk, stored_model, tmp_path, encoding):
    walk = write_walk(tmp_path / "\u6b69\u884c.csv")
    for arguments in (["inspect", walk], ["label", "--help"]):
        run = subprocess.run(
            [sys.executable, "-m", "retrodetect", *arguments], capture_output=True,
            env=os.environ | {"PYTHONIOENCODING": encoding},
        )  # fmt: skip
        assert (run.returncode, run.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no disk is always full here")
def test_a_full_log_is_told_in_one_line():
    with Path("/dev/full").open("w") as full:
        run = subprocess.run(
            [sys.executable, "-m", "retrodetect", "models"], stdout=full, stderr=subprocess.PIPE
        )
    assert run.returncode == 1
    assert run.stderr == (
        b"retrodetect: standard output: No space left on device. Fix that, then try again.\n"
    )


def test_ctrl_c_ends_cleanly_and_the_next_run_goes_on(tmp_path, write_walk, stored_model):
    for number in range(40):
        write_walk(tmp_path / "in" / f"{number:02}.csv", 40)
    line = command(
        tmp_path / "in", "--out", tmp_path / "out", "--model", stored_model, "--jobs", "2"
    )
    running = started(line)
    wait_for_parts(tmp_path / "out", 3, running)
    # As a terminal does: to the whole group.
    os.killpg(running.pid, signal.SIGINT)
    out, said = running.communicate(timeout=60)
    assert running.returncode == 130
    assert out == ""
    assert said.splitlines() == ["retrodetect: Interrupted. Run the same command to resume."]
    again = subprocess.run(line, capture_output=True, check=True)
    assert b"40 ok" in again.stdout
    assert json.loads((tmp_path / "out" / "run.json").read_text())["counts"]["resumed"] >= 3
