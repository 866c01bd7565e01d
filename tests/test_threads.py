"""Work in threads gives what work in turn gives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pandas as pd
import pytest

from retrodetect.direction import Anchors, store
from retrodetect.lab.simulate import parse_plan, walk, wear
from retrodetect.labelling import label_pieces
from retrodetect.runs.pool import Workers, threads_each
from retrodetect.threads import ahead


def test_results_come_in_order_and_items_are_taken_as_threads_are_free():
    taken: list[int] = []
    first_may_end = threading.Event()

    def items() -> Iterator[int]:
        for item in range(20):
            taken.append(item)
            yield item

    def work(item: int) -> int:
        if item == 0:
            first_may_end.wait(10)
        return item * item

    results = ahead(work, items(), 2)
    threading.Timer(0.2, first_may_end.set).start()
    assert next(results) == 0
    assert taken == [0, 1, 2]
    assert list(results) == [item * item for item in range(1, 20)]


def test_an_error_in_a_thread_is_raised():
    with pytest.raises(ZeroDivisionError):
        list(ahead(lambda item: 1 // item, [2, 1, 0], 2))


def test_signals_measured_in_threads_give_the_same_strides():
    plan = parse_plan("walk forward 20s, stand 60s, walk backward 20s, stand 60s, run forward 20s")
    recording = wear(walk(plan, seed=1), "waist", rate_hz=50.0)
    model = store.load("default")
    one, two = (
        label_pieces([recording], model, Anchors(), threads=threads).strides for threads in (1, 3)
    )
    assert len(one) > 30
    assert np.diff(one["start_s"]).max() > 30
    pd.testing.assert_frame_equal(one, two, check_exact=True)


@pytest.mark.parametrize(
    ("tasks", "workers", "threads"),
    [(1, Workers(jobs=2), 2), (2, Workers(jobs=2), 1), (1, Workers(jobs=1), 1),
     (2, Workers(jobs=5), 2), (0, Workers(jobs=2), 1), (1, Workers(cluster="tcp://host:1"), 1)],
)  # fmt: skip
def test_few_recordings_share_the_processes_asked_for(tasks, workers, threads):
    assert threads_each(tasks, workers) == threads
