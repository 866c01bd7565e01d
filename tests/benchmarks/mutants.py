"""Break the package in small ways, one at a time, and count how many of them its tests notice.

    python -m tests.benchmarks.mutants direction gait tally --count 300

A mutant is one changed operator, comparison, constant or condition (Budd et al. 1980, POPL; as
mutmut and cosmic-ray make them, but with processes forked from one that has the libraries loaded,
which is ten times as quick). It runs in a copy of the repository, of which nothing is changed.
A first round notes which lines each test runs; a mutant is shown to the tests that run its line,
the quickest first. Survivors are printed with their line. Constants of a module, which are
measured and not derived, are counted apart from what is written in functions. Left out is what
cannot change a result: annotations, decorators (how a class is stored, how much is kept) and the
``strict`` of a ``zip``, which only asserts.
"""

from __future__ import annotations

import argparse
import ast
import contextlib
import importlib
import json
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
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
    name
        As pytest calls it.
    seconds
        How long it takes.
    lines
        By module, the lines it runs.
    """

    name: str
    seconds: float
    lines: dict[str, set[int]]

    def runs(self, mutant: Mutant) -> bool:
        """Whether it runs the changed statement, or any of the module where that is imported."""
        ran = self.lines.get(str(mutant.module), set())
        if mutant.kind == "module constant":
            return bool(ran)
        return not ran.isdisjoint(range(*mutant.lines))


class Watch:
    """Plugin of pytest that notes what each test runs of the package."""

    def __init__(self, root: Path, stage: str) -> None:
        self._root = f"{root}/"
        self._folder = f"{root}/retrodetect/{stage}/"
        self._lines: defaultdict[str, set[int]] = defaultdict(set)
        self.found: list[tuple[str, float, dict[str, list[int]]]] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        """Time a test, and trace it; what its fixtures run belongs to it."""
        self._lines.clear()
        begin_s = time.perf_counter()
        sys.settrace(self._enter)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            lines = {module: sorted(ran) for module, ran in self._lines.items()}
            self.found.append((item.nodeid, time.perf_counter() - begin_s, lines))

    def _enter(self, frame: FrameType, event: str, _: Any) -> Any:
        name = frame.f_code.co_filename
        if not name.startswith(self._folder):
            return None
        ran = self._lines[name.removeprefix(self._root)]

        def line(frame: FrameType, event: str, _: Any) -> Any:
            ran.add(frame.f_lineno)
            return line

        return line


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


def source_of(root: Path, mutant: Mutant) -> tuple[str, str]:
    """Text of the changed module, and what was changed into what."""
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
    changed = ast.unparse(ast.fix_missing_locations(tree))
    return changed, f"{before}  ->  {ast.unparse(node)}"


def _other(value: float) -> float:
    """Half as much again, or one more, or the other of two."""
    if isinstance(value, bool):
        return not value
    return value + 1 if isinstance(value, int) or value == 0 else 1.5 * value


def is_noticed(root: Path, mutant: Mutant, tests: list[Test]) -> bool:
    """Run the tests that concern a changed module, in a process of its own."""
    concerned = sorted((test for test in tests if test.runs(mutant)), key=lambda t: t.seconds)
    if not concerned:
        return False
    path = root / mutant.module
    healthy = path.read_text()
    path.write_text(source_of(root, mutant)[0])
    try:
        return _fails(root, [test.name for test in concerned])
    finally:
        path.write_text(healthy)


def observed(root: Path, stage: str) -> list[Test]:
    """Run the tests of a stage on the healthy package, and note what each of them runs."""
    notes = root / "notes.json"
    if _fails(root, list(STAGES[stage]), notes=notes, stage=stage):
        sys.exit(f"{stage}: its tests fail on the healthy package")
    return [
        Test(name, seconds, {module: set(ran) for module, ran in lines.items()})
        for name, seconds, lines in json.loads(notes.read_text())
    ]


def _fails(root: Path, tests: list[str], *, notes: Path | None = None, stage: str = "") -> bool:
    child = os.fork()
    if not child:
        signal.setitimer(signal.ITIMER_PROF, 0 if notes else TIME_LIMIT_S)
        os.setpgid(0, 0)
        sys.dont_write_bytecode = True
        silence = os.open(os.devnull, os.O_WRONLY)
        os.dup2(silence, 1)
        os.dup2(silence, 2)
        os.chdir(root)
        code = 1
        watch = [Watch(root, stage)] if notes else []
        with contextlib.suppress(BaseException):
            own = ["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *tests]
            code = pytest.main(own, plugins=watch)
        if notes:
            notes.write_text(json.dumps(watch[0].found))
        os._exit(int(code))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0


def main() -> None:
    """Print survivors as they come, then one line per kind of change."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="+", choices=STAGES)
    parser.add_argument("--count", type=int, default=100, help="mutants of each stage")
    parser.add_argument("--seconds", type=float, default=3600, help="longest for each stage")
    parser.add_argument("--seed", type=int, default=0)
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
        for stage in options.stages:
            _examine(root, stage, options.count, options.seconds, options.seed)


def _examine(root: Path, stage: str, count: int, seconds: float, seed: int) -> None:
    tests = observed(root, stage)
    every = mutants(root, stage)
    order = np.random.default_rng(seed).permutation(len(every))[:count]
    tried: Counter[str] = Counter()
    noticed: Counter[str] = Counter()
    end_s = time.monotonic() + seconds
    for mutant in (every[index] for index in order):
        if time.monotonic() > end_s:
            break
        tried[mutant.kind] += 1
        if is_noticed(root, mutant, tests):
            noticed[mutant.kind] += 1
        else:
            change = source_of(root, mutant)[1]
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
