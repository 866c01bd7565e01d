"""Files and folders that nobody may look at, as found on shared disks."""

import ctypes
import json
import os
import subprocess
import sys

import pandas as pd
import pytest

_PR_CAPBSET_DROP, _CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH = 24, 1, 2

READ = "cannot be read (Permission denied)"
USED = "cannot be used (Permission denied)"


def _as_anybody():
    """Give up, before a program starts, what lets root into every file."""
    if os.geteuid() == 0:
        for capability in (_CAP_DAC_OVERRIDE, _CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)


def ran(*arguments):
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        capture_output=True, text=True, preexec_fn=_as_anybody,
    )  # fmt: skip


def retrodetect(*arguments):
    """Run the command line; gives status, and lines of stderr."""
    run = ran("-m", "retrodetect", *arguments)
    return run.returncode, run.stderr.splitlines()


@pytest.fixture
def closed(tmp_path):
    """Close a file or folder until the test has ended."""
    modes = {}

    def close(path):
        modes.setdefault(path, path.stat().st_mode)
        path.chmod(0)
        return path

    if not hasattr(os, "geteuid"):
        pytest.skip("permissions are those of POSIX")
    probe = tmp_path / "probe"
    probe.touch()
    if ran("-c", f"open({str(close(probe))!r})").returncode == 0:
        pytest.skip("nothing is closed to whoever runs the tests here")
    yield close
    for path, mode in reversed(modes.items()):
        path.chmod(mode)


@pytest.fixture
def walks(tmp_path, write_walk):
    folder = tmp_path / "in"
    for name in ("open.csv", "closed.csv", "sub/within.csv"):
        write_walk(folder / name)
    return folder


def test_what_is_closed_fails_alone_and_is_done_once_it_is_open(
    closed, walks, stored_model, tmp_path
):
    line = ("label", walks, "--out", tmp_path / "out", "--model", stored_model, "--no-report")
    for path in (walks / "closed.csv", walks / "sub"):
        closed(path)
    status, said = retrodetect(*line, "-q")
    assert status == 1
    assert said == [
        f"failed: {path}: {READ}; check its permissions."
        for path in (walks / "closed.csv", walks / "sub")
    ]
    table = pd.read_csv(tmp_path / "out" / "sessions.csv").set_index("recording")
    assert dict(table["status"]) == {"open.csv": "ok", "closed.csv": "failed", "sub": "failed"}
    for path in (walks / "closed.csv", walks / "sub"):
        path.chmod(0o700)
    assert retrodetect(*line, "-q") == (0, [])
    table = pd.read_csv(tmp_path / "out" / "sessions.csv")
    assert set(table["recording"]) == {"open.csv", "closed.csv", "sub/within.csv"}


def test_a_file_in_a_folder_nobody_may_enter_fails_beside_others(
    closed, walks, stored_model, tmp_path
):
    closed(walks / "sub")
    files = (walks / "open.csv", walks / "sub" / "within.csv")
    status, said = retrodetect(
        "label", *files, "--out", tmp_path / "out", "--model", stored_model, "--no-report", "-q"
    )
    assert status == 1
    assert said == [f"failed: {files[1]}: {READ}; check its permissions."]
    assert list(pd.read_csv(tmp_path / "out" / "sessions.csv")["status"]) == ["ok", "failed"]


def test_names_that_may_be_listed_and_not_opened_fail_one_by_one(closed, walks):
    # With the name of a result: whose folder it is cannot be seen.
    (walks / "sub" / "within.csv").rename(walks / "sub" / "sessions.csv")
    closed(walks / "sub").chmod(0o400)
    run = ran("-m", "retrodetect", "inspect", walks, "--json")
    assert run.returncode == 1
    errors = {one["name"]: one.get("error") for one in json.loads(run.stdout)}
    assert errors.pop("sub/sessions.csv").endswith(f"{READ}; check its permissions.")
    assert errors == {"open.csv": None, "closed.csv": None}


@pytest.mark.parametrize(
    ("closes", "command", "status", "sentence"),
    [
        ("out", "label in/open.csv --out out", 2, USED),
        ("out", "label in/open.csv --out out/new", 2, USED),
        ("out/.retrodetect", "label in/open.csv --out out", 2, USED),
        ("out", "history out", 1, f"out: {READ}"),
        ("out/run.json", "history out", 1, f"out: {READ}"),
        ("the.model", "label in/open.csv --out new --model the.model", 2, f"the.model: {READ}"),
        ("out", "train in/closed.csv --out out/the.model", 2, USED),
        ("out", "evaluate in/closed.csv --out out/new", 2, USED),
        ("out", "simulate --out out/new", 2, USED),
        ("in/open.csv", "evaluate m.csv", 1, f"line 2: in/open.csv: {READ}"),
    ],
)
def test_what_is_closed_is_told_without_a_traceback(
    closed, walks, tmp_path, monkeypatch, closes, command, status, sentence
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "out" / ".retrodetect").mkdir(parents=True)
    (tmp_path / "out" / "run.json").write_text("{}")
    (tmp_path / "out" / "sessions.csv").write_text("recording,status\n")
    (tmp_path / "the.model").write_bytes(b"")
    (tmp_path / "m.csv").write_text("path,subject,direction\nin/open.csv,anna,forward\n")
    closed(tmp_path / closes)
    found, said = retrodetect(*command.split())
    assert found == status
    assert sentence in said[-1]
    assert not any("Traceback" in line for line in said)
