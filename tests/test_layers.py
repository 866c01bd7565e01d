"""A stage never imports what sits on top of it, not even when a function runs."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "retrodetect"
STAGES = ("formats", "signal", "gait", "features", "direction", "tally", "report")
BASE = ("errors", "locations", "recording", "results", "sites", "stores", "tables")


def imported(module):
    """Names of retrodetect that a module imports anywhere in it."""
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.startswith("retrodetect."))
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("retrodetect"):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def rooms(path):
    """Which packages and modules of retrodetect a package or module imports, and from where."""
    modules = sorted(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    assert modules
    return {(name.split(".")[1], module.name) for module in modules for name in imported(module)}


@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_imports_a_batch_or_the_command_line(stage):
    found = {(room, module) for room, module in rooms(PACKAGE / stage) if room in ("runs", "cli")}
    assert not found


@pytest.mark.parametrize("module", BASE)
def test_what_every_stage_stands_on_imports_no_stage(module):
    assert {room for room, _ in rooms(PACKAGE / module)} <= set(BASE)


@pytest.mark.parametrize(
    ("upper", "lower"),
    [
        ("report", "tally"),
        ("cli", "runs"),
        ("cli", "tally"),
        ("cli", "report"),
        ("cli", "training"),
    ],
)
def test_the_lower_of_two_never_imports_the_upper(upper, lower):
    assert upper not in {room for room, _ in rooms(PACKAGE / lower)}


def test_the_tally_needs_no_model_and_no_signal():
    allowed = {"tally", "recording", "errors", "sites", "tables"}
    assert {room for room, _ in rooms(PACKAGE / "tally")} <= allowed


def test_the_test_sees_imports_within_functions():
    assert ("report", "task.py") in rooms(PACKAGE / "runs")
