"""A fuzzer: inputs are damaged at random, and those that reach new lines of code are kept.

Coverage is what `sys.monitoring` tells (Python 3.12 and later): a line reports once and never
again, so that it costs next to nothing. On earlier Pythons the damage is as random, but blind.
"""

from __future__ import annotations

import platform
import random
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

__all__ = ["Fuzzer", "Item", "guarded"]

SLOW_S = 5.0
"""What takes more time of the processor hangs; a busy machine alone makes nothing hang."""

STUCK_S = 60.0
"""What takes longer by the clock hangs too: it waits for something."""

MOST_GROWTH_KIB = 512 * 1024
"""Memory that one input of some kilobytes may cost: half a gibibyte."""

MOST_BYTES = 30_000
"""Longer inputs are not kept to be damaged further."""

_FORBIDDEN = (
    "os.system", "os.exec", "os.spawn", "os.posix_spawn", "os.fork", "os.forkpty",
    "os.putenv", "subprocess.Popen", "pickle.find_class", "socket.connect", "socket.bind",
    "socket.getaddrinfo", "ctypes.dlopen", "shutil.move", "webbrowser.open", "code.__new__",
)  # fmt: skip
"""Audit events (PEP 578) that no reading of a file may raise."""


class Hang(BaseException):
    """Not an Exception, so that nothing takes it for the fault of a file."""


class Forbidden(BaseException):
    """An input made the process do what only code could make it do."""


@dataclass(frozen=True)
class Item:
    """One input: the name of its file, and its bytes."""

    name: str
    data: bytes


@dataclass
class Fuzzer:
    """What to run, what to run it on, and what came of it.

    Parameters
    ----------
    run
        Handles one input; returns what is wrong with the outcome, None where nothing is.
    damage
        Makes a new input of one or more.
    corpus
        Inputs to begin with; grows by those that reach new lines.
    """

    run: Callable[[Item], str | None]
    damage: Callable[[Item, Sequence[Item], random.Random], Item]
    corpus: list[Item]
    findings: dict[str, Item] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0

    @property
    def peak_mib(self) -> int:
        """Most memory the process has had."""
        return _peak_kib() >> 10

    def fuzz(
        self,
        count: int,
        seed: int,
        *,
        until: float = float("inf"),
        tell: Callable[[int], None] = lambda _: None,
    ) -> int:
        """Run that many damaged inputs, or until a time, and tell how many every now and then."""
        rng = random.Random(seed)
        with _lines_reached() as reached:
            for item in self.corpus[:]:
                self._tried(item)
            for number in range(count):
                if time.time() > until:
                    return number
                if number % 500 == 0:
                    tell(number)
                # Half of the time one of the latest: what is new leads further.
                latest = rng.random() < 0.5
                parent = rng.choice(self.corpus[-40:] if latest else self.corpus)
                before = reached[0]
                item = self.damage(parent, self.corpus, rng)
                self._tried(item)
                if reached[0] > before and len(item.data) < MOST_BYTES:
                    self.corpus.append(item)
        return count

    def _tried(self, item: Item) -> None:
        """Run one input and note what is wrong."""
        begin, peak = time.process_time(), _peak_kib()
        wrong = self._wrong(item)
        took_s = time.process_time() - begin
        if wrong and wrong.startswith("Hang") and took_s < SLOW_S:
            wrong = self._wrong(item)  # a machine that was asleep hangs once, an input twice
        self.slowest_s = max(self.slowest_s, took_s)
        if _peak_kib() - peak > MOST_GROWTH_KIB:
            wrong = wrong or f"memory: {(_peak_kib() - peak) >> 10} MiB"
        if wrong is not None:
            self.counts[wrong] += 1
            self.findings.setdefault(wrong, item)

    def _wrong(self, item: Item) -> str | None:
        """Run one input; what is wrong with how it ends, None where nothing is."""
        try:
            with guarded():
                return self.run(item)
        except (Exception, Hang, Forbidden) as error:
            return _place(error)


def _place(error: BaseException) -> str:
    """An error and where in this project it came from, the same for the same defect."""
    frames = traceback.extract_tb(error.__traceback__)
    mine = [frame for frame in frames if "/retrodetect/" in frame.filename] or frames
    where = f"{Path(mine[-1].filename).name}:{mine[-1].lineno}"
    return f"{type(error).__name__} at {where}: {str(error)[:80]}"


def _peak_kib() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


@contextmanager
def _lines_reached() -> Iterator[list[int]]:
    """Count lines of this package that are reached for the first time."""
    reached = [0]
    if sys.version_info < (3, 12):
        yield reached
        return
    monitoring: Any = sys.monitoring
    tool = monitoring.COVERAGE_ID

    def on_line(code: CodeType, line: int) -> object:
        if "/retrodetect/" in code.co_filename:
            reached[0] += 1
        return monitoring.DISABLE

    monitoring.use_tool_id(tool, "fuzzer")
    monitoring.register_callback(tool, monitoring.events.LINE, on_line)
    monitoring.set_events(tool, monitoring.events.LINE)
    try:
        yield reached
    finally:
        monitoring.set_events(tool, 0)
        monitoring.free_tool_id(tool)


_watching = [False]


def _on_audit(event: str, arguments: tuple[object, ...]) -> None:
    if _watching[0] and event.startswith(_FORBIDDEN):
        _watching[0] = False
        raise Forbidden(f"{event}{arguments!r}"[:200])


def _on_alarm(number: int, frame: object) -> None:
    raise Hang


@contextmanager
def guarded() -> Iterator[None]:
    """Raise `Hang` after ``SLOW_S``, and `Forbidden` where a program or a network is called."""
    if not hasattr(guarded, "hooked"):
        platform.processor()  # asks ``uname`` once; mat-io does so when it is imported
        sys.addaudithook(_on_audit)
        guarded.hooked = True  # type: ignore[attr-defined]
    timers = (
        (signal.SIGPROF, signal.ITIMER_PROF, SLOW_S),
        (signal.SIGALRM, signal.ITIMER_REAL, STUCK_S),
    )
    previous = [(sign, signal.signal(sign, _on_alarm)) for sign, _, _ in timers]
    for _, timer, limit_s in timers:
        signal.setitimer(timer, limit_s)
    _watching[0] = True
    try:
        yield
    finally:
        _watching[0] = False
        for _, timer, _ in timers:
            signal.setitimer(timer, 0)
        for sign, handler in previous:
            signal.signal(sign, handler)
