import json
import os
import socket
import subprocess
import sys
import time

import pytest

import retrodetect.errors
from retrodetect import locations
from retrodetect.locations import replacing, store_of


def test_a_file_is_replaced_whole(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")
    with replacing(path) as stream:
        stream.write(b"new")
        assert path.read_bytes() == b"old"
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fail_halfway():
        with replacing(path) as stream:
            stream.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail_halfway()
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_what_a_killed_process_left_is_swept_and_nothing_else(tmp_path):
    (tmp_path / ".file.0a1b2c3d.half").write_bytes(b"ha")
    (tmp_path / "file.half").write_bytes(b"mine")
    store_of(tmp_path).sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["file.half"]


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    with pytest.raises(retrodetect.errors.OutputError, match=r"gone/file: cannot be written \(No"):
        replacing(tmp_path / "gone" / "file").__enter__()


def in_memory(url):
    """A path in an object store in memory."""
    from upath import UPath

    return UPath(url)


@pytest.fixture(params=["disk", pytest.param("store", marks=pytest.mark.extra("cluster"))])
def lock(request, tmp_path):
    """Where to lock: on a disk, and in an object store."""
    if request.param == "disk":
        return tmp_path / "lock"
    folder = in_memory("memory://held")
    folder.mkdir()
    return folder / "lock"


def test_a_lock_is_held_once_and_free_again_afterwards(lock):
    store = store_of(lock)
    with store.locked(lock):
        with pytest.raises(locations.Held) as held:
            store.locked(lock).__enter__()
        assert {"process", "host", "since"} <= held.value.owner.keys()
    with store.locked(lock):
        pass


@pytest.mark.extra("cluster")
def test_a_lease_that_nobody_renews_is_stale():
    lock = in_memory("memory://stale/lock")
    lock.parent.mkdir()
    left = {"process": 1, "host": "gone", "renewed": time.time() - locations.STALE_S - 1}
    lock.write_bytes(json.dumps(left).encode())
    with store_of(lock).locked(lock):
        assert json.loads(lock.read_bytes())["host"] != "gone"
    assert not lock.exists()


@pytest.fixture
def ended_process():
    """Number of a process that was."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


@pytest.mark.extra("cluster")
@pytest.mark.skipif(os.name == "nt", reason="asks for processes as POSIX does")
def test_a_lease_of_a_process_of_this_machine_that_ended_is_over(ended_process):
    lock = in_memory("memory://ended/lock")
    lock.parent.mkdir()
    left = {"process": ended_process, "host": socket.gethostname(), "renewed": time.time()}
    lock.write_bytes(json.dumps({**left, "host": "elsewhere"}).encode())
    with pytest.raises(locations.Held):
        store_of(lock).locked(lock).__enter__()
    lock.write_bytes(json.dumps(left).encode())
    with store_of(lock).locked(lock):
        assert json.loads(lock.read_bytes())["process"] == os.getpid()


@pytest.mark.extra("cluster")
def test_a_lease_that_could_not_be_removed_stops_no_later_run_of_the_same_process():
    lock = in_memory("memory://kept/lock")
    lock.parent.mkdir()
    with store_of(lock).locked(lock):
        own = lock.read_bytes()
    lock.write_bytes(own)
    with store_of(lock).locked(lock):
        assert lock.read_bytes() != own


@pytest.mark.extra("cluster")
def test_a_lease_is_renewed_while_it_is_held(monkeypatch):
    monkeypatch.setattr(locations, "RENEW_S", 0.01)
    lock = in_memory("memory://renewed/lock")
    lock.parent.mkdir()

    def renewed():
        return json.loads(lock.read_bytes())["renewed"]

    with store_of(lock).locked(lock):
        first = renewed()
        time.sleep(0.1)
        assert renewed() > first


def test_the_version_of_a_file_changes_with_it(tmp_path):
    file = tmp_path / "file"
    versions = [store_of(file).version(file)]
    for content in ("a", "ab"):
        file.write_text(content)
        versions.append(store_of(file).version(file))
    assert versions[0] is None
    assert len(set(versions)) == 3
