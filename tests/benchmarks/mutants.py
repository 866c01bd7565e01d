"""Break the package in small ways, one at a time, and count how many of them its tests notice.

    python -m tests.benchmarks.mutants direction gait tally --count 300

A mutant is one changed operator, comparison, constant or condition (Budd et al. 1980, POPL; as
mutmut and cosmic-ray make them, but in processes forked from one that has collected the tests, in
which the code is exchanged in memory: what takes time is the tests alone). It runs in a copy of the
repository, of which nothing is changed. A first round notes which lines each test runs; a mutant is
shown to the tests that run its line, the quickest first, and with ``--each`` for so many seconds of
their time only, which gives a lower bound. What is computed at import, as the table of a format,
keeps its value. Survivors are printed with their line. Constants of a module, which are
measured and not derived, are counted apart from what is written in functions. Left out is what
cannot change a result: annotations, decorators (how a class is stored, how much is kept) and the
``strict`` of a ``zip``, which only asserts.
"""

from __future__ import annotations

import argparse
import ast
import gc
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import _lru_cache_wrapper
from itertools import pairwise
from pathlib import Path
from types import CodeType, FrameType, FunctionType, ModuleType
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]

STAGES: dict[str, tuple[str, ...]] = {
    "formats": ("tests/formats",),
    "gait": ("tests/gait",),
    "features": ("tests/features",),
    "direction": ("tests/direction",),
    "training": ("tests/training",),
    "tally": ("tests/tally", "tests/report"),
}
"""Package below ``retrodetect``, and the tests that are asked."""

LIBRARIES = (
    "numpy", "pandas", "scipy.interpolate", "scipy.ndimage", "scipy.signal",
    "scipy.spatial.transform", "scipy.stats", "sklearn.linear_model", "sklearn.pipeline",
    "sklearn.preprocessing",
)  # fmt: skip
"""Loaded once, before processes are forked."""

TIME_LIMIT_S = 180
"""A mutant that takes more processor time hangs, which is noticed too."""

_OWN = ("retrodetect", "tests")

_SWAPS: dict[type[ast.AST], type[ast.AST]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.MatMult: ast.Mult,
    ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In,
    ast.And: ast.Or, ast.Or: ast.And, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.USub: ast.UAdd,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Mutant:
    """One change of one module.

    Parameters
    ----------
    module
        Path below the root.
    place
        Number of the changed node in the order of `ast.walk`.
    line
        Where it is.
    lines
        Half-open range of lines of the statement it is in.
    kind
        ``operator``, ``comparison``, ``condition``, ``number`` or ``module constant``.
    """

    module: Path
    place: int
    line: int
    lines: tuple[int, int]
    kind: str


@dataclass(frozen=True, slots=True)
class Test:
    """A test of the healthy package.

    Parameters
    ----------
    item
        As pytest collected it.
    seconds
        How long it takes.
    lines
        By module, the lines it runs.
    """

    item: pytest.Item
    seconds: float
    lines: dict[str, set[int]]

    def runs(self, mutant: Mutant) -> bool:
        """Whether it runs the changed statement, or any of the module where that is imported."""
        ran = self.lines.get(str(mutant.module), set())
        if mutant.kind == "module constant":
            return bool(ran)
        return not ran.isdisjoint(range(*mutant.lines))


class Watch:
    """Notes which lines of a stage are run."""

    def __init__(self, root: Path, stage: str) -> None:
        self._root = f"{root}/"
        self._folder = f"{root}/retrodetect/{stage}/"
        self._lines: defaultdict[str, set[int]] = defaultdict(set)

    def of(self, item: pytest.Item, following: pytest.Item | None) -> dict[str, list[int]]:
        """Run a test, and return the lines; what its fixtures run belongs to it."""
        self._lines.clear()
        sys.settrace(self._enter)
        try:
            _run_test(item, following)
        finally:
            sys.settrace(None)
        return {module: sorted(ran) for module, ran in self._lines.items()}

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(self._folder):
            return None
        ran = self._lines[name.removeprefix(self._root)]

        def line(frame: FrameType, event: str, _: Any) -> Any:
            ran.add(frame.f_lineno)
            return line

        return line


class Examination:
    """Plugin of pytest that shows mutants to the tests it collected, instead of running these."""

    def __init__(self, root: Path, stage: str, options: argparse.Namespace) -> None:
        self._root, self._stage, self._options = root, stage, options

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Note what each test runs, then examine the mutants."""
        sys.dont_write_bytecode = True
        _examine(self._root, self._stage, self._observed(session.items), self._options)
        return True

    @pytest.hookimpl
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End the process in which a test failed."""
        if report.failed:
            os._exit(1)

    def _observed(self, items: list[pytest.Item]) -> list[Test]:
        """Run the tests on the healthy package, and note what each of them runs."""
        notes = self._root / "notes.json"

        def note() -> None:
            watch, found = Watch(self._root, self._stage), []
            for item, following in pairwise([*items, None]):
                begin_s = time.process_time()
                lines = watch.of(item, following)  # type: ignore[arg-type]
                found.append((time.process_time() - begin_s, lines))
            notes.write_text(json.dumps(found))

        if _fails(note, limit_s=0):
            sys.exit(f"{self._stage}: its tests fail on the healthy package")
        return [
            Test(item, seconds, {module: set(ran) for module, ran in lines.items()})
            for item, (seconds, lines) in zip(items, json.loads(notes.read_text()), strict=True)
        ]


def _run_test(item: pytest.Item, following: pytest.Item | None) -> None:
    item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)


def mutants(root: Path, stage: str) -> list[Mutant]:
    """Everything that can be changed in a stage."""
    found = []
    for path in sorted((root / "retrodetect" / stage).rglob("*.py")):
        tree = ast.parse(path.read_text())
        inside, idle = _inside_functions(tree), _idle(tree)
        lines = _statements(tree)
        for place, node in enumerate(ast.walk(tree)):
            kind = _kind(node)
            if kind is None or id(node) in idle:
                continue
            if id(node) not in inside and kind != "number":
                continue
            kind = kind if id(node) in inside else "module constant"
            where = lines.get(id(node), (0, 0))
            found.append(Mutant(path.relative_to(root), place, _line(node), where, kind))
    return found


def _statements(tree: ast.Module) -> dict[int, tuple[int, int]]:
    """Lines of the innermost statement of each node; of one with a body, those of its head."""
    found = {}
    for statement in ast.walk(tree):
        if isinstance(statement, ast.stmt):
            body = getattr(statement, "body", None)
            end = body[0].lineno if body else (statement.end_lineno or statement.lineno) + 1
            for node in ast.walk(statement):
                found[id(node)] = (statement.lineno, max(end, statement.lineno + 1))
    return found


def _inside_functions(tree: ast.Module) -> set[int]:
    """Nodes that are run when a function is; not annotations, which say nothing."""
    return {
        id(node)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for statement in function.body
        for node in _run(statement)
    }


def _run(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for name, value in ast.iter_fields(node):
        if name in ("annotation", "returns"):
            continue
        for child in value if isinstance(value, list) else [value]:
            if isinstance(child, ast.AST):
                yield from _run(child)


def _idle(tree: ast.Module) -> set[int]:
    """Nodes of decorators and of what a ``zip`` asserts."""
    found: list[ast.AST] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            found += node.decorator_list
        elif isinstance(node, ast.keyword) and node.arg == "strict":
            found.append(node)
    return {id(part) for node in found for part in ast.walk(node)}


def _line(node: ast.AST) -> int:
    return int(getattr(node, "lineno", 0))


def _kind(node: ast.AST) -> str | None:
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.UnaryOp):
        known = type(node.op) in _SWAPS or isinstance(node.op, ast.Not | ast.Invert)
        return "operator" if known else None
    if isinstance(node, ast.Compare):
        return "comparison" if type(node.ops[0]) in _SWAPS else None
    if isinstance(node, ast.BoolOp):
        return "condition"
    if isinstance(node, ast.Constant) and type(node.value) in (int, float, bool):
        return "number"
    return None


def changed(root: Path, mutant: Mutant) -> tuple[ast.Module, str]:
    """Changed module, and what was changed into what."""
    tree = ast.parse((root / mutant.module).read_text())
    node = list(ast.walk(tree))[mutant.place]
    before = ast.unparse(node)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not | ast.Invert):
        # Twice negated, it is as if it were not there.
        node.operand = ast.UnaryOp(type(node.op)(), node.operand)
    elif isinstance(node, ast.BinOp | ast.AugAssign | ast.UnaryOp | ast.BoolOp):
        node.op = _SWAPS[type(node.op)]()  # type: ignore[assignment]
    elif isinstance(node, ast.Compare):
        node.ops[0] = _SWAPS[type(node.ops[0])]()  # type: ignore[call-overload]
    else:
        assert isinstance(node, ast.Constant)
        node.value = _other(node.value)  # type: ignore[arg-type]
    return ast.fix_missing_locations(tree), f"{before}  ->  {ast.unparse(node)}"


def _other(value: float) -> float:
    """Half as much again, or one more, or the other of two."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) or value == 0 else 1.5 * value


def is_noticed(root: Path, mutant: Mutant, tests: list[Test], each_s: float) -> bool:
    """Run the tests that concern a changed module, in a process of its own."""
    shown: list[pytest.Item] = []
    spent_s = 0.0
    for test in sorted((test for test in tests if test.runs(mutant)), key=lambda t: t.seconds):
        if spent_s <= each_s:
            shown.append(test.item)
        spent_s += test.seconds

    def show() -> None:
        exchange(root, mutant)
        for item, following in pairwise([*shown, None]):
            _run_test(item, following)  # type: ignore[arg-type]

    return bool(shown) and _fails(show)


def exchange(root: Path, mutant: Mutant) -> None:
    """Change a module where it lies in memory: the code of its functions, or its constants."""
    path = str(root / mutant.module)
    # Formats are imported by the first that asks for them.
    module = importlib.import_module(str(mutant.module.with_suffix("")).replace("/", "."))
    healthy = compile((root / mutant.module).read_text(), path, "exec")
    other = compile(changed(root, mutant)[0], path, "exec")
    codes = {_place(a): b for a, b in zip(_codes(healthy), _codes(other), strict=True)}
    functions = [
        own for own in gc.get_objects()
        if isinstance(own, FunctionType) and own.__code__.co_filename == path
    ]  # fmt: skip
    for function in functions:
        function.__code__ = codes[_place(function.__code__)]
    for own in gc.get_objects():
        if isinstance(own, _lru_cache_wrapper):
            own.cache_clear()
    if mutant.kind == "module constant":
        _exchange_constants(module, other, functions)


def _exchange_constants(module: ModuleType, code: CodeType, functions: list[FunctionType]) -> None:
    """Give a module, and those that import from it, the values that its changed code computes."""
    fresh: dict[str, Any] = {"__name__": module.__name__, "__file__": module.__file__}
    exec(code, fresh)  # of our own module
    for name, old in list(vars(module).items()):
        new = fresh.get(name)
        if isinstance(old, type):
            _exchange_defaults(old, new)
        elif not isinstance(old, FunctionType | ModuleType) and not name.startswith("__"):
            for user in list(sys.modules.values()):
                if vars(user).get(name) is old:
                    setattr(user, name, new)
    defaults = {_place(own.__code__): own for own in gc.get_objects()
                if isinstance(own, FunctionType) and own.__globals__ is fresh}  # fmt: skip
    for function in functions:
        if (twin := defaults.get(_place(function.__code__))) is not None:
            function.__defaults__, function.__kwdefaults__ = (
                twin.__defaults__, twin.__kwdefaults__,
            )  # fmt: skip


def _exchange_defaults(old: type, new: Any) -> None:
    """Give a data class the defaults of its changed twin."""
    if "__dataclass_fields__" in vars(old):
        old.__init__.__defaults__ = new.__init__.__defaults__  # type: ignore[misc]
        old.__init__.__kwdefaults__ = new.__init__.__kwdefaults__  # type: ignore[misc]


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Code of a module and of all that is in it."""
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _codes(part)


def _place(code: CodeType) -> tuple[object, ...]:
    """What tells code apart from all other in its module, changed or not."""
    columns = [column for _, _, column, _ in code.co_positions() if column]
    return code.co_qualname, code.co_firstlineno, min(columns, default=0)


def _fails(run: Callable[[], None], limit_s: float = TIME_LIMIT_S) -> bool:
    """Run in a process of its own; whether that ends otherwise than well."""
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, limit_s)
        os.setpgid(0, 0)
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        code = 1
        try:
            run()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def main() -> None:
    """Print survivors as they come, then one line per kind of change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--count", type=int, default=100, help="mutants of each stage")
    parser.add_argument("--seconds", type=float, default=3600, help="longest for each stage")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--each", type=float, default=float("inf"),
                        help="longest for the tests of a mutant")  # fmt: skip
    options = parser.parse_args()
    for name in LIBRARIES:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "main"
        for part in ("retrodetect", "tests", "models", "data", "docs"):
            left_out = shutil.ignore_patterns("__pycache__", ".hypothesis")
            shutil.copytree(ROOT / part, root / part, ignore=left_out)
        for file in ("pyproject.toml", "README.md"):
            shutil.copy(ROOT / file, root)
        if (ROOT.parent / "shared").is_dir():
            (Path(folder) / "shared").symlink_to(ROOT.parent / "shared")
        sys.path = [str(root), *(entry for entry in sys.path if Path(entry or ".") != ROOT)]
        for module in [name for name in sys.modules if name.split(".")[0] in _OWN]:
            if module != __name__:
                del sys.modules[module]
        os.chdir(root)
        for stage in options.stages:
            own = ["-qq", "-s", "-n", "0", "-p", "no:cacheprovider", *STAGES[stage]]
            child = os.fork()  # so that each stage has its own modules
            if not child:
                os._exit(int(pytest.main(own, plugins=[Examination(root, stage, options)])))
            os.waitpid(child, 0)


def _examine(root: Path, stage: str, tests: list[Test], options: argparse.Namespace) -> None:
    every = mutants(root, stage)
    order = np.random.default_rng(options.seed).permutation(len(every))[: options.count]
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    end_s = time.monotonic() + options.seconds
    for mutant in (every[index] for index in order):
        if time.monotonic() > end_s:
            break
        tried[mutant.kind] += 1
        if is_noticed(root, mutant, tests, options.each):
            noticed[mutant.kind] += 1
        else:
            change = changed(root, mutant)[1]
            print(f"{mutant.module}:{mutant.line}: {mutant.kind}: {change}", flush=True)
    print(f"{stage}: {sum(tried.values())} of {len(every)} mutants")
    for kind in sorted(tried):
        print(f"  {kind:16} {noticed[kind]:4} of {tried[kind]:4} noticed")
    inside = [kind for kind in tried if kind != "module constant"]
    for name, kinds in (("in functions", inside), ("all", list(tried))):
        share = sum(noticed[k] for k in kinds) / max(sum(tried[k] for k in kinds), 1)
        print(f"  {name:16} {share:.0%}", flush=True)


if __name__ == "__main__":
    main()
