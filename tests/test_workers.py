import pytest

import retrodetect as rd
from retrodetect.errors import OutputError
from retrodetect.workers import shared_out


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
