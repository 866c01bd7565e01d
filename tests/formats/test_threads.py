"""Work in threads gives what work in turn gives."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from retrodetect.formats.table import ahead


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
