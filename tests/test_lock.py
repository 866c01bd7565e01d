import json
import time

import pytest

import retrodetect as rd
from retrodetect import lock

upath = pytest.importorskip("upath")


@pytest.fixture(params=["disk", "store"])
def folder(request, tmp_path):
    """A folder on a disk, and one of an object store."""
    if request.param == "disk":
        return tmp_path
    folder = upath.UPath("memory://held")
    folder.mkdir()
    return folder


def test_a_folder_is_held_once_and_free_again_afterwards(folder):
    busy = pytest.raises(rd.UsageError, match=r"another run is writing there \(process \d+ on")
    with lock.held(folder), busy:
        lock.held(folder).__enter__()
    with lock.held(folder):
        pass


def test_a_lease_that_nobody_renews_is_stale(monkeypatch):
    folder = upath.UPath("memory://stale")
    folder.mkdir()
    left = {"process": 1, "host": "gone", "renewed": time.time() - lock.STALE_S - 1}
    (folder / "lock").write_bytes(json.dumps(left).encode())
    with lock.held(folder):
        assert json.loads((folder / "lock").read_bytes())["host"] != "gone"
    assert not (folder / "lock").exists()


def test_a_lease_is_renewed_while_it_is_held(monkeypatch):
    monkeypatch.setattr(lock, "RENEW_S", 0.01)
    folder = upath.UPath("memory://renewed")
    folder.mkdir()

    def renewed():
        return json.loads((folder / "lock").read_bytes())["renewed"]

    with lock.held(folder):
        first = renewed()
        time.sleep(0.1)
        assert renewed() > first
