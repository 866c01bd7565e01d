"""Runs that are killed, interrupted, or out of room, and what the next one makes of it."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
from interrupted import ROOT, command, ended, results, started, wait_for_parts

from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs, held
from retrodetect.runs.task import Settings

FILES = 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory, write_walk):
    folder = tmp_path_factory.mktemp("in")
    for number in range(FILES):
        write_walk(folder / f"{number}.csv", 30.0)
    return folder


@pytest.fixture(scope="module")
def arguments(folder, stored_model):
    return [folder, "--model", stored_model, "--jobs", "2"]


@pytest.fixture(scope="module")
def finish(folder, stored_model):
    """Go on in a folder to the end; gives what is there then."""

    def finish(out):
        outcome = run([folder], Outputs(out), Settings(str(stored_model)))
        assert outcome.all_done
        return results(out)

    return finish


@pytest.fixture(scope="module")
def expected(finish, tmp_path_factory):
    """What an uninterrupted run writes."""
    return finish(tmp_path_factory.mktemp("whole"))


@pytest.mark.parametrize("parts", [0, 3, FILES])
def test_a_run_killed_at_any_moment_goes_on_and_ends_the_same(
    arguments, finish, tmp_path, expected, parts
):
    run = started(command(*arguments, "--out", tmp_path))
    wait_for_parts(tmp_path, parts, run)
    ended(run, signal.SIGKILL, group=True)
    assert finish(tmp_path) == expected
    assert not [*tmp_path.rglob("*.half")]


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_an_interrupted_run_says_so_in_one_line(arguments, finish, tmp_path, expected, how):
    run = started(command(*arguments, "--out", tmp_path))
    wait_for_parts(tmp_path, 2, run)
    status, said = ended(run, how, group=True)
    assert (status, said) == (130, "retrodetect: Interrupted. Run the same command to resume.\n")
    assert finish(tmp_path) == expected


def test_a_second_run_into_a_folder_is_told_so_in_one_line(arguments, finish, tmp_path, expected):
    with held(tmp_path):
        second = subprocess.run(
            command(*arguments, "--out", tmp_path), capture_output=True, text=True, cwd=ROOT
        )
    assert second.returncode == 2
    said = f"retrodetect: {tmp_path}: another run is writing there (process {os.getpid()} on "
    assert second.stderr.startswith(said)
    assert second.stderr.count("\n") == 1
    assert finish(tmp_path) == expected


@pytest.mark.skipif(sys.platform == "win32", reason="file size limits are of POSIX")
def test_a_full_disk_ends_the_run_in_one_line_and_the_next_goes_on(
    arguments, finish, tmp_path, expected
):
    """A limit on the size of files fails as a full disk does, in the midst of writing."""
    limit = int(np.mean([len(expected["strides.csv"]) / FILES, len(expected["strides.csv"])]))
    line = command(*arguments, "--out", tmp_path)
    code = (
        f"import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, ({limit}, {limit}));"
        f"sys.argv[1:] = {line[3:]!r}; from retrodetect.cli import main; main()"
    )
    run = subprocess.run([line[0], "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert run.returncode == 1
    assert "strides.csv: cannot be written" in run.stderr
    assert run.stderr.count("\n") == 1
    assert not [*tmp_path.glob("strides*")]
    assert finish(tmp_path) == expected
