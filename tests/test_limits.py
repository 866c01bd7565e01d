"""What takes too long or too much fails alone, with one sentence."""

import sys
import threading
import time
from contextlib import suppress

import pytest

import retrodetect as rd
from retrodetect import batch
from retrodetect.limits import Limits

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are kept by Linux")


def test_what_takes_longer_than_it_may_is_ended_wherever_it_is():
    begin = time.perf_counter()
    ended = pytest.raises(rd.UnreadableFile, match=r"walk: takes longer than 0.05 s; .*--timeout")
    # Suppressed is what a reader would take for damage.
    with ended, Limits(timeout_s=0.05).kept("walk"), suppress(Exception):
        time.sleep(30)
    assert time.perf_counter() - begin < 10


def test_what_needs_more_memory_than_it_may_is_ended():
    ended = pytest.raises(rd.UnreadableFile, match=r"walk: needs more than 50 MiB .*--max-memory")
    with ended, Limits(max_memory_mib=50).kept("walk"):
        bytearray(100 << 20)
    bytearray(100 << 20)


def test_what_stays_within_its_limits_is_left_alone():
    with Limits(timeout_s=0.05, max_memory_mib=50).kept("walk"):
        bytearray(10 << 20)
    time.sleep(0.06)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_what_is_no_limit_is_refused(limit):
    with pytest.raises(rd.UsageError, match="is no limit"):
        Limits(timeout_s=limit)


def test_elsewhere_than_in_the_main_thread_nothing_is_promised():
    caught = []

    def label():
        with pytest.raises(rd.UsageError, match="main thread"), Limits(timeout_s=1).kept("walk"):
            pass
        caught.append(True)

    thread = threading.Thread(target=label)
    thread.start()
    thread.join()
    assert caught


@pytest.fixture
def folder(tmp_path, write_walk):
    """A walk, and JSON that takes five times its 30 MB in memory."""
    write_walk(tmp_path / "in" / "walk.csv")
    numbers = b"1," * 15_000_000
    json = b'[{"sensor":"Accelerometer","x":[' + numbers + b"1]}]"
    (tmp_path / "in" / "large.json").write_bytes(json)
    return tmp_path / "in"


@pytest.mark.parametrize("jobs", [1, 2])
def test_one_recording_over_the_limit_fails_alone(folder, stored_model, tmp_path, jobs):
    settings = batch.Settings(str(stored_model))
    limits = Limits(max_memory_mib=100)
    outcome = batch.run([folder], tmp_path / "out", settings, jobs=jobs, limits=limits)
    rows = outcome.sessions.set_index("recording")
    assert rows.loc["walk.csv", "status"] == "ok"
    assert rows.loc["large.json", "status"] == "failed"
    assert "needs more than 100 MiB" in rows.loc["large.json", "message"]


def test_one_recording_that_hangs_fails_alone(folder, stored_model, tmp_path, monkeypatch):
    pieces = batch.formats.pieces

    def hang(path, **options):
        if path.name == "large.json":
            time.sleep(30)
        return pieces(path, **options)

    monkeypatch.setattr(batch.formats, "pieces", hang)
    settings = batch.Settings(str(stored_model))
    outcome = batch.run([folder], tmp_path / "out", settings, jobs=1, limits=Limits(timeout_s=5.0))
    rows = outcome.sessions.set_index("recording")
    assert rows["status"].to_dict() == {"large.json": "failed", "walk.csv": "ok"}
    assert "takes longer than 5 s" in rows.loc["large.json", "message"]


def test_limits_change_nothing_that_is_done(folder, stored_model, tmp_path):
    settings = batch.Settings(str(stored_model))
    paths = [folder / "walk.csv"]
    batch.run(paths, tmp_path / "out", settings)
    again = batch.run(paths, tmp_path / "out", settings, limits=Limits(60, 4000))
    assert again.resumed == 1


def test_a_cluster_keeps_its_own_limits(folder, tmp_path):
    with pytest.raises(rd.UsageError, match="workers of a cluster keep their own"):
        batch.run([folder], tmp_path, cluster="tcp://nowhere:1", limits=Limits(1))
