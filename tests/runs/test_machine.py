"""What a machine can do to a run: its clock, its locks, its disk, its files and their names."""

import errno
import os
import platform
import time
from pathlib import Path

import pytest

import retrodetect as rd
from retrodetect.errors import OutputError
from retrodetect.formats import source
from retrodetect.runs.batch import finished, plan, run, started, write
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings, do

NAMES = [
    "a b.csv", "naïve.csv", "nai\u0308ve.csv", "走る.csv", "\u202egnp.csv", "👟🏃‍♀️.csv",
    "\U00020000.csv", "\U000e0041.csv", "\U0010fffd.csv", "\uffff.csv", "\x7f.csv",
]  # fmt: skip
"""From several planes: spaces, accents of both kinds, right to left, emoji, tags, private use."""


@pytest.fixture
def settings(stored_model):
    return Settings(str(stored_model))


def test_a_clock_that_is_set_back_makes_no_run_shorter_than_nothing(
    tmp_path, write_walk, settings, monkeypatch
):
    planned = plan(
        [write_walk(tmp_path / "walk.csv")], Outputs(tmp_path / "out"), settings, Workers(1)
    )
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    with started(planned) as tasks:
        *_, progress = finished(tasks, planned.workers)
        outcome = write(planned, tasks, progress.resumed)
    assert outcome.all_done
    assert '"took_s": -' not in (tmp_path / "out" / "run.json").read_text("utf-8")


@pytest.mark.skipif(os.name == "nt", reason="locks of POSIX")
def test_a_disk_without_locks_is_said_and_used(tmp_path, write_walk, settings, monkeypatch, caplog):
    def refuse(*_):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    assert run([write_walk(tmp_path / "walk.csv")], Outputs(tmp_path / "out"), settings).all_done
    assert "cannot be locked (No locks available). Start only one run at a time." in caplog.text


def test_a_disk_that_takes_no_more_files_ends_the_run_in_a_sentence_and_the_next_goes_on(
    tmp_path, write_walk, settings, monkeypatch
):
    """It has room, but not for another name."""
    paths, opened = [write_walk(tmp_path / f"{name}.csv", 6.0) for name in "ab"], Path.open

    def refuse(path, *args, **named):
        if path.suffix == ".half" and [*path.parent.glob("*.part")]:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return opened(path, *args, **named)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", refuse)
        with pytest.raises(OutputError, match=r"cannot be written .*; free some space"):
            run(paths, Outputs(tmp_path / "out"), settings)
    after = run(paths, Outputs(tmp_path / "out"), settings)
    assert (after.all_done, after.resumed) == (True, 1)


def test_files_of_any_name_are_labelled_and_resumed(tmp_path, write_walk, settings):
    written = []
    for name in NAMES:
        try:
            written.append(write_walk(tmp_path / "in" / name, 6.0))
        except (OSError, UnicodeError):  # this disk has no such names
            continue
    first = run([tmp_path / "in"], Outputs(tmp_path / "out"), settings)
    assert first.all_done
    assert first.sessions["recording"].nunique() == len(written) > 5
    again = run([tmp_path / "in"], Outputs(tmp_path / "out"), settings)
    assert again.resumed == len(written)


def test_a_file_that_grew_or_vanished_meanwhile_is_told_and_done_again(
    tmp_path, write_walk, settings
):
    growing, leaving, staying = (
        write_walk(tmp_path / "in" / f"{name}.csv", 6.0)
        for name in ("growing", "leaving", "staying")
    )
    whole, outputs = growing.read_bytes(), Outputs(tmp_path / "out")
    growing.write_bytes(whole[: len(whole) // 2])
    planned = plan([tmp_path / "in"], outputs, settings, Workers(1))
    with started(planned) as tasks:
        growing.write_bytes(whole)
        leaving.unlink()
        *_, progress = finished(tasks, planned.workers)
        rows = write(planned, tasks, progress.resumed).sessions.set_index("recording")
    assert rows.loc["leaving.csv", "status"] == "failed"
    assert "does not exist" in rows.loc["leaving.csv", "message"]
    assert rows.loc["staying.csv", "status"] == "ok"
    # Half a file may have been read: what it was read as is not what it is now.
    after = run([growing, staying], Outputs(tmp_path / "out"), settings)
    assert (after.all_done, after.resumed) == (True, 1)


@pytest.mark.parametrize("error", [errno.ENOSPC, errno.EROFS])
def test_a_temporary_folder_that_takes_no_copy_is_named(tmp_path, monkeypatch, error):
    def refuse(**_):
        raise OSError(error, os.strerror(error))

    file = tmp_path / "walk.mat"
    file.write_bytes(b"\x1f\x8b" + bytes(20))
    monkeypatch.setattr(source.tempfile, "TemporaryDirectory", refuse)
    monkeypatch.setattr(source.tempfile, "tempdir", "/where/copies/go")
    named = r"cannot be unpacked into the temporary folder /where/copies/go \(.+\)"
    told = pytest.raises(rd.UnreadableFile, match=named)
    with told, source.open_file(file, 1 << 20).on_disk():
        pass


def test_a_worker_of_another_version_is_refused_with_both(tmp_path, write_walk, settings):
    paths, outputs = [write_walk(tmp_path / "walk.csv", 6.0)], Outputs(tmp_path / "out")
    planned = plan(paths, outputs, settings, Workers(1))
    with started(planned) as (task,):
        named = (
            r"another version of retrodetect \(.+, code \w{8}; the batch started with 0123abcd\)"
        )
        with pytest.raises(rd.UsageError, match=named) as refused:
            do(task._replace(code="0123abcd" * 8))
    assert str(refused.value).startswith(f"the worker on {platform.node()}: has another")
    assert "--cluster" not in str(refused.value)  # it may be a process on this machine
    assert not [*(tmp_path / "out" / ".retrodetect").glob("*.part")]
