"""Every public name says what it takes, what it gives and what can go wrong."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator
from types import ModuleType

import pytest

import retrodetect

FAULTS = {
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS03", "SS06",
    "PR01", "PR02", "PR03", "PR07", "RT01", "YD01",
}  # fmt: skip
"""No summary, parameters that are missing, unknown, in another order or without a word, no
word on what is returned or yielded (numpydoc, Validation checks). Types stand in the signature."""

STAGES = ("formats", "signal", "gait", "features", "direction", "labelling", "tally", "report")
FORMATS = ("files", "layout", "reading")
"""Modules that a new format uses."""


def public() -> Iterator[object]:
    """Functions and classes that a module names in ``__all__`` and that live there."""
    for module in pkgutil.walk_packages(retrodetect.__path__, "retrodetect."):
        # Commands are documented by their --help.
        if not module.name.startswith(("retrodetect.cli", "retrodetect.__main__")):
            home = importlib.import_module(module.name)
            for name in getattr(home, "__all__", ()):
                item = getattr(home, name)
                if getattr(item, "__module__", None) == module.name and (
                    inspect.isclass(item) or inspect.isfunction(item)
                ):
                    yield item


def at_home(room: ModuleType) -> set[tuple[str, str]]:
    """Module and name of what a package names in ``__all__``, wherever it lives."""
    names = {name: getattr(room, name) for name in getattr(room, "__all__", ())}
    return {(getattr(value, "__module__", ""), name) for name, value in names.items()}


SEAMS = at_home(retrodetect).union(
    *(at_home(importlib.import_module(f"retrodetect.{stage}")) for stage in STAGES)
)
"""What users and the next stage call; of the rest a summary and the signature are enough."""


def is_machinery(item: object) -> bool:
    """Whether a name is at home behind the seams."""
    is_for_formats = item.__module__ in {f"retrodetect.formats.{name}" for name in FORMATS}
    return not is_for_formats and (item.__module__, item.__name__) not in SEAMS


@pytest.mark.extra("docs")
@pytest.mark.parametrize(
    "item", list(public()), ids=lambda item: f"{item.__module__}.{item.__name__}"
)
def test_it_is_documented(item):
    from numpydoc.validate import validate

    faults = FAULTS - {"PR01", "RT01", "YD01"} if is_machinery(item) else FAULTS
    errors = validate(f"{item.__module__}.{item.__qualname__}")["errors"]
    if inspect.isclass(item) and issubclass(item, Exception):
        errors = [(code, text) for code, text in errors if code != "PR01"]
    assert not [f"{code}: {text}" for code, text in errors if code in faults]
