import signal
import subprocess
import sys

import pytest
from joblib import delayed

import retrodetect as rd
from retrodetect.errors import OutputError
from retrodetect.workers import in_parallel, shared_out


@pytest.mark.parametrize("jobs", [1, 2])
def test_every_task_is_done_once(jobs):
    done = dict(shared_out(lambda task: task / 2, list(range(9)), jobs=jobs))
    assert done == {task: task / 2 for task in range(9)}


def test_a_task_that_kills_its_process_is_named_and_the_others_are_done():
    def do(task):  # nested, so that it travels to the processes by value
        import os

        if task == 5:
            os.kill(os.getpid(), 9)
        return 1.0

    done = dict(shared_out(do, list(range(8)), jobs=2))
    assert done == {task: None if task == 5 else 1.0 for task in range(8)}


@pytest.mark.parametrize("jobs", [1, 2])
def test_an_error_on_purpose_ends_the_work(jobs):
    def do(task):
        raise OutputError("cannot be written", file="out")

    with pytest.raises(OutputError, match="out: cannot be written"):
        list(shared_out(do, [1, 2, 3], jobs=jobs))


def test_a_cluster_that_does_not_answer_is_named(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr("retrodetect.workers.CONNECT_S", 0.2)
    with pytest.raises(rd.UsageError, match=r"--cluster tcp://127\.0\.0\.1:9: no cluster answers"):
        list(shared_out(float, [1, 2], cluster="tcp://127.0.0.1:9"))


def test_calls_come_back_in_their_order():
    assert in_parallel([delayed(abs)(-n) for n in range(6)], 2) == [*range(6)]


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="no signal is blocked here")
@pytest.mark.parametrize("jobs", [1, 2])
def test_processes_are_deaf_to_interrupts_from_the_first(jobs):
    # In an interpreter of its own, which has started no other process yet.
    code = f"""
import signal
from joblib import delayed
from retrodetect.workers import in_parallel

def is_deaf():
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, set())

print(set(in_parallel([delayed(is_deaf)() for _ in range(4)], {jobs})), is_deaf())
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["{True}" if jobs == 2 else "{False}", "False"]
