"""Threads: work on what comes next while what came before is in use."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ahead"]

S = TypeVar("S")
T = TypeVar("T")


def ahead(work: Callable[[S], T], items: Iterable[S], threads: int) -> Iterator[T]:
    """Work on items in threads, and yield results in order.

    It pays where the work leaves the lock of the interpreter, as NumPy and pandas do on arrays. No
    more items are taken than threads are busy with, and one that waits. One thread is the caller's.
    """
    if threads == 1:
        yield from map(work, items)
        return
    with ThreadPoolExecutor(threads) as pool:
        coming: deque[Future[T]] = deque()
        for item in items:
            coming.append(pool.submit(work, item))
            if len(coming) > threads:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
