"""A real scheduler with two workers, and a real server of S3's API, all on this machine."""

import json
import os
import signal
import subprocess
from contextlib import ExitStack
from typing import NamedTuple

import pytest
from interrupted import RESULTS, command, results, started, wait_for_parts
from proxy import FAULTS, between, is_honest, trial
from servers import address_of, answers, free_port, process, scheduler, wait_for, worker

from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.pool import Workers
from retrodetect.runs.task import Settings

pytestmark = pytest.mark.extra("test-cluster")

FILES = 8

WAITED_OUT = ("429 now and then", "503 now and then", "503 for good", "slow answers")
"""Faults that take the client half a minute and more: in ``benchmarks/store_faults.py`` only."""


@pytest.fixture(scope="module")
def bucket():
    """Files of an empty bucket, and where every process finds its server."""
    port = free_port()
    where = {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_ACCESS_KEY_ID": "nobody",
        "AWS_SECRET_ACCESS_KEY": "nothing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    with pytest.MonkeyPatch.context() as patch, process("moto.server", "-p", port):
        for name, value in where.items():
            patch.setenv(name, value)
        wait_for(lambda: answers(port))
        import s3fs

        files = s3fs.S3FileSystem(use_listings_cache=False, skip_instance_cache=True)
        files.mkdir("walks")
        yield files


class Cluster(NamedTuple):
    """A scheduler and its two workers."""

    address: str
    scheduler: subprocess.Popen
    workers: list[subprocess.Popen]


@pytest.fixture
def cluster(bucket, tmp_path):
    port = free_port()
    with ExitStack() as stack:
        own = stack.enter_context(scheduler(port))
        workers = [worker(port, tmp_path / name, "--no-nanny") for name in "ab"]
        yield Cluster(address_of(port), own, [*map(stack.enter_context, workers)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_walk):
    folder = tmp_path_factory.mktemp("in")
    for number in range(FILES):
        write_walk(folder / "some" / f"{number}.csv", 40.0)
    return folder


@pytest.fixture(scope="module")
def expected(folder, stored_model, tmp_path_factory):
    out = tmp_path_factory.mktemp("loky")
    run([folder], Outputs(out), Settings(str(stored_model)), Workers(jobs=2))
    return results(out)


def test_a_cluster_on_a_store_writes_the_same_bytes_as_processes_on_a_disk(
    bucket, cluster, folder, stored_model, expected
):
    for path in sorted((folder / "some").iterdir()):
        bucket.put_file(str(path), f"walks/in/some/{path.name}")
    line = command("s3://walks/in", "--out", "s3://walks/out", "--model", stored_model)
    run = started([*line, "--cluster", cluster.address])
    said = run.communicate()[1]
    assert (run.returncode, said) == (0, "")
    assert {name: bucket.cat_file(f"walks/out/{name}") for name in RESULTS} == expected
    again = started(line)
    again.communicate()
    assert again.returncode == 0
    assert json.loads(bucket.cat_file("walks/out/run.json"))["counts"]["resumed"] == FILES
    assert not bucket.exists("walks/out/.retrodetect/lock")


def test_a_worker_killed_in_the_middle_loses_nothing(
    cluster, folder, stored_model, expected, tmp_path
):
    first, second = cluster.workers
    line = command(folder, "--out", tmp_path, "--model", stored_model)
    run = started([*line, "--cluster", cluster.address])
    wait_for_parts(tmp_path, 1, run)
    first.send_signal(signal.SIGKILL)
    run.communicate()
    assert run.returncode == 0
    assert second.poll() is None
    assert results(tmp_path) == expected
    assert not [*tmp_path.rglob("*.half")]


def test_a_scheduler_that_dies_is_said_in_one_line_and_the_next_run_goes_on(
    cluster, folder, stored_model, expected, tmp_path
):
    line = command(folder, "--out", tmp_path, "--model", stored_model)
    run = started([*line, "--cluster", cluster.address])
    wait_for_parts(tmp_path, 1, run)
    cluster.scheduler.kill()
    said = run.communicate()[1]
    lost = "the connection to the scheduler was lost; run the same command again"
    assert (run.returncode, said.count("\n"), lost in said) == (1, 1, True), said
    again = started([*line, "--jobs", "1"])
    again.communicate()
    assert again.returncode == 0
    assert results(tmp_path) == expected


@pytest.fixture
def behind_proxy(bucket, monkeypatch):
    """Runs of this process talk to the server through the proxy."""
    import s3fs

    port = int(os.environ["AWS_ENDPOINT_URL"].rsplit(":", 1)[1])
    with between(port) as proxy_port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{proxy_port}")
        s3fs.S3FileSystem.clear_instance_cache()
        yield
    s3fs.S3FileSystem.clear_instance_cache()


@pytest.fixture(scope="module")
def on_store(bucket, write_walk, stored_model, tmp_path_factory):
    """Settings, and what an undisturbed run makes of the one walk in the store."""
    walk = write_walk(tmp_path_factory.mktemp("walk") / "walk.csv")
    bucket.put_file(str(walk), "walks/one/walk.csv")
    settings = Settings(str(stored_model))
    run(["s3://walks/one"], Outputs("s3://walks/plain"), settings)
    return settings, {each: bucket.cat_file(f"walks/plain/{each}") for each in RESULTS}


@pytest.mark.usefixtures("behind_proxy")
@pytest.mark.parametrize("fault", [name for name in FAULTS if name not in WAITED_OUT])
def test_a_store_on_a_bad_day_gives_no_wrong_result_and_the_next_run_goes_on(
    fault, bucket, on_store
):
    settings, expected = on_store
    out = f"s3://walks/{fault.replace(' ', '-')}"
    done = trial(fault, 20, "s3://walks/one", out, settings, bucket)
    assert done.hits
    assert is_honest(done, expected), done.said
    assert done.then == expected


def test_a_url_of_a_store_that_is_not_installed_is_refused_in_one_line(tmp_path):
    run = started(command("nowhere://x", "--out", tmp_path))
    said = run.communicate()[1]
    assert run.returncode == 2
    assert said.startswith("retrodetect: nowhere://x: this kind of URL is not supported here")
    assert said.count("\n") == 1
    assert not [*tmp_path.iterdir()]
