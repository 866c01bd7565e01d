"""What takes too long or too much fails alone, with one sentence."""

import sys

import pytest

import retrodetect as rd
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Limits, Workers, memory_limited
from retrodetect.runs.task import Settings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits are kept by Linux")


def test_what_needs_more_memory_than_it_may_is_ended():
    ended = pytest.raises(rd.UnreadableFile, match=r"walk: needs more than 50 MiB .*--max-memory")
    with ended, memory_limited(50, "walk"):
        bytearray(100 << 20)
    bytearray(100 << 20)


def test_what_stays_within_its_limit_is_left_alone():
    with memory_limited(50, "walk"):
        bytearray(10 << 20)


@pytest.mark.parametrize("limit", [0, -1, float("nan"), float("inf")])
def test_what_is_no_limit_is_refused(limit):
    with pytest.raises(rd.UsageError, match="is not a limit"):
        Limits(timeout_s=limit)


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
    settings = Settings(str(stored_model))
    limits = Limits(max_memory_mib=100)
    outcome = run([folder], Outputs(tmp_path / "out"), settings, Workers(jobs=jobs, limits=limits))
    rows = outcome.sessions.set_index("recording")
    assert rows.loc["walk.csv", "status"] == "ok"
    assert rows.loc["large.json", "status"] == "failed"
    assert "needs more than 100 MiB" in rows.loc["large.json", "message"]


def test_one_recording_that_takes_too_long_fails_and_is_tried_again(
    tmp_path, write_walk, stored_model
):
    # Two hours take over a second on any machine, and the limit is looked at ten times a second.
    paths, outputs = [write_walk(tmp_path / "walk.csv", 7200.0)], Outputs(tmp_path / "out")
    settings, hurry = Settings(str(stored_model)), Workers(limits=Limits(timeout_s=0.05))
    (row,) = run(paths, outputs, settings, hurry).sessions.to_dict("records")
    assert row["status"] == "failed"
    assert row["message"] == (
        "walk.csv: takes longer than 0.05 s; raise --timeout, or leave it out."
    )
    assert run(paths, outputs, settings).all_done


def test_limits_change_nothing_that_is_done(folder, stored_model, tmp_path):
    settings = Settings(str(stored_model))
    paths = [folder / "walk.csv"]
    run(paths, Outputs(tmp_path / "out"), settings)
    again = run(paths, Outputs(tmp_path / "out"), settings, Workers(limits=Limits(60, 4000)))
    assert again.resumed == 1


def test_a_cluster_keeps_its_own_limits(folder, tmp_path):
    with pytest.raises(rd.UsageError, match="workers have their own limits"):
        run(
            [folder],
            Outputs(tmp_path),
            workers=Workers(cluster="tcp://nowhere:1", limits=Limits(1)),
        )
