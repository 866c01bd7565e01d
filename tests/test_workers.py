import os
import signal

import pytest
from joblib import delayed
from joblib.externals.loky import get_reusable_executor

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


def test_calls_come_back_in_order_from_processes_deaf_to_interrupts():
    def call(number):
        import os
        import signal

        blocked = signal.pthread_sigmask(signal.SIG_BLOCK, set())
        return number, os.getpid(), signal.SIGINT in blocked

    # Ones that another test left running may have started otherwise.
    get_reusable_executor().shutdown(wait=True)
    for jobs in (1, 2):
        numbers, processes, deaf = zip(
            *in_parallel([delayed(call)(n) for n in range(6)], jobs), strict=True
        )
        assert numbers == tuple(range(6))
        assert set(deaf) == {jobs == 2}
        assert (os.getpid() in processes) == (jobs == 1)
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, set())
