import os
import signal
import subprocess
import sys
import time
from functools import partial

import numpy as np
import pandas as pd
import pytest
from interrupted import ROOT
from joblib import delayed

import retrodetect as rd
from retrodetect.direction import Anchors, store
from retrodetect.errors import OutputError
from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.labelling import label_pieces
from retrodetect.runs.pool import Limits, Workers, in_parallel, in_turn, jobs_within, shared_out

# What processes are to do is named at the top of a module, so that they find it.


def half(task):
    return task / 2


def half_or_die(task):
    if task == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return task / 2


def half_or_hang(began, task):
    if task == 5:
        began.write_text(repr(time.time()))
        sum(range(10**12))  # hours in compiled code, where Python hears no signal
    return task / 2


def half_or_die_elsewhere(home, task):
    if os.getpid() != home:
        os.kill(os.getpid(), signal.SIGKILL)
    return task / 2


def fail(task):
    raise OutputError("cannot be written", file="out")


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_once(jobs):
    done = list(shared_out(half, range(9), Workers(jobs)))
    assert sorted(done) == [(task, task / 2) for task in range(9)]


def test_a_task_that_kills_its_process_is_named_and_the_others_are_done():
    done = dict(shared_out(half_or_die, range(8), Workers(2)))
    assert done == {task: "killed" if task == 5 else task / 2 for task in range(8)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_task_that_hangs_in_compiled_code_is_ended_in_time_and_the_others_are_done(
    jobs, tmp_path
):
    began, workers = tmp_path / "began", Workers(jobs, limits=Limits(timeout_s=0.5))
    ended_s = {}
    done = {}
    for task, result in shared_out(partial(half_or_hang, began), range(8), workers):
        done[task], ended_s[task] = result, time.time()
    assert done == {task: "timed out" if task == 5 else task / 2 for task in range(8)}
    assert ended_s[5] - float(began.read_text()) < 0.5 + 2


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_on_purpose_ends_the_work(jobs):
    with pytest.raises(OutputError, match="out: cannot be written"):
        list(shared_out(fail, [1, 2, 3], Workers(jobs)))


@pytest.mark.extra("cluster")
def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr("retrodetect.runs.pool.CONNECT_S", 0.2)
    with pytest.raises(rd.UsageError, match=r"--cluster tcp://127\.0\.0\.1:9: no cluster answers"):
        list(shared_out(float, [1, 2], Workers(cluster="tcp://127.0.0.1:9")))


@pytest.mark.parametrize("jobs", [1, 2])
def test_calls_come_back_in_their_order(jobs):
    assert in_parallel([delayed(abs)(-n) for n in range(6)], jobs) == [*range(6)]


@pytest.fixture
def at_once(monkeypatch):
    """Help comes at once, however little there is to do."""
    monkeypatch.setattr("retrodetect.runs.pool.HELP_AFTER_S", 0.0)


@pytest.mark.parametrize("jobs", [1, 3])
def test_results_of_helpers_come_in_order(jobs, at_once):
    assert list(in_turn(half, range(20), jobs)) == [task / 2 for task in range(20)]


def test_what_a_helper_dies_of_is_done_here(at_once):
    work = partial(half_or_die_elsewhere, os.getpid())
    assert list(in_turn(work, range(3), 2)) == [0.0, 0.5, 1.0]


def test_an_error_of_a_helper_is_raised(at_once):
    with pytest.raises(OutputError, match="out: cannot be written"):
        list(in_turn(fail, [1], 2))


def test_signals_measured_by_helpers_give_the_same_strides(at_once):
    plan = parse_plan("walk forward 20s, stand 60s, walk backward 20s, stand 60s, run forward 20s")
    recording = wear(walk(plan, seed=1), "waist", rate_hz=50.0)
    alone, helped = (
        label_pieces(
            [recording], store.load("default"), Anchors(), mapper=partial(in_turn, jobs=jobs)
        ).strides
        for jobs in (1, 2)
    )
    assert len(alone) > 30
    assert np.diff(alone["start_s"]).max() > 30
    pd.testing.assert_frame_equal(alone, helped, check_exact=True)


@pytest.mark.parametrize(
    ("tasks", "workers", "jobs"),
    [(1, Workers(jobs=2), 2), (1, Workers(), None), (2, Workers(jobs=5), 1),
     (0, Workers(jobs=2), 1), (1, Workers(jobs=2, limits=Limits(timeout_s=9)), 1),
     (1, Workers(cluster="tcp://host:1"), 1)],
)  # fmt: skip
def test_a_recording_has_helpers_where_it_is_the_only_one(tasks, workers, jobs):
    assert jobs_within(range(tasks), workers) == jobs


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal is blocked here")
@pytest.mark.parametrize("jobs", [1, 2])
def test_processes_ignore_interrupts_from_the_first(jobs, tmp_path):
    # In an interpreter of its own, which has started no other process yet, from a script that has
    # no guard around what it does.
    (tmp_path / "deaf.py").write_text("""
import signal

def is_deaf():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())
""")
    (tmp_path / "script.py").write_text(f"""
from deaf import is_deaf
from joblib import delayed
from retrodetect.runs.pool import in_parallel

said = set(in_parallel([delayed(is_deaf)() for _ in range(4)], {jobs})), is_deaf()
open("said", "w").write(repr(said))
""")
    script = [sys.executable, str(tmp_path / "script.py")]
    package = os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{tmp_path}"}
    # Not printed: processes of joblib may print beside it as they are ended.
    subprocess.run(script, capture_output=True, check=True, env=package, cwd=tmp_path)
    assert (tmp_path / "said").read_text() == f"({ {jobs == 2} }, False)"
