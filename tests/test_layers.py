"""A stage never imports what sits on top of it, not even when a function runs."""

import ast
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

import retrodetect

PACKAGE = Path(retrodetect.__file__).parent
ORDER = (
    {"errors", "locations", "recording", "sites", "tables"},
    {"formats"}, {"signal"}, {"gait"}, {"features"}, {"direction"}, {"labelling"},
    {"tally"}, {"report"}, {"runs"}, {"library"}, {"training"}, {"lab"}, {"retrodetect"},
    {"cli"}, {"__main__"},
)  # fmt: skip
"""Rooms of the package, each of which may import those before it."""

LEVEL = {room: level for level, rooms in enumerate(ORDER) for room in rooms}


def module_name(file):
    return ".".join(file.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(
        ".__init__"
    )


FILES = {module_name(file): file for file in sorted(PACKAGE.rglob("*.py"))}


def imported(module):
    """Modules of retrodetect that a module imports anywhere in it, also within functions."""
    for node in ast.walk(ast.parse(FILES[module].read_text("utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            continue
        for name in names:
            # What is no module itself is defined in the one before the dot.
            home = name if name in FILES else name.rpartition(".")[0]
            if home in FILES and home != module:
                yield home


IMPORTS = {module: set(imported(module)) for module in FILES}


def room(module):
    """Package or module right below retrodetect; what joins them all is a room of its own."""
    return module.split(".")[1] if "." in module else module


def test_every_module_has_its_place_in_the_order():
    assert {room(module) for module in FILES} == set(LEVEL)


def test_no_modules_import_each_other_in_a_circle():
    graphlib.TopologicalSorter(IMPORTS).prepare()


def test_no_room_imports_a_later_one():
    above = {
        (module, other)
        for module, others in IMPORTS.items()
        for other in others
        if LEVEL[room(other)] > LEVEL[room(module)]
    }
    assert not above


def test_what_every_stage_stands_on_stands_on_itself():
    base = {module for module in FILES if room(module) in ORDER[0]}
    assert base
    assert {room(other) for module in base for other in IMPORTS[module]} <= ORDER[0]


def test_the_tally_needs_no_model_and_no_signal():
    tally = {
        other for module in FILES if "retrodetect.tally" in module for other in IMPORTS[module]
    }
    assert {room(other) for other in tally} <= {"tally", *ORDER[0]}


def test_the_test_sees_imports_within_functions():
    assert "retrodetect.report" in IMPORTS["retrodetect.runs.outputs"]


@pytest.mark.parametrize(
    "code",
    ["rd.load_model('default')", "rd.label(walk, placement='foot').session"],
)
def test_using_a_model_loads_neither_training_nor_lab(code, write_walk, tmp_path):
    walk = str(write_walk(tmp_path / "walk.csv"))
    script = (
        f"import sys, retrodetect as rd; walk = {walk!r}; {code}\n"
        "print([m for m in sys.modules if m.split('.')[1:2] in (['training'], ['lab'])])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.strip() == "[]"
