"""Every public name says what it takes, what it gives and what can go wrong."""

import importlib
import inspect
import pkgutil
from collections.abc import Iterator

import pytest

import retrodetect

FAULTS = {
    "GL01", "GL02", "GL03", "GL05", "GL06", "GL07", "GL08", "SS01", "SS03", "SS06",
    "PR01", "PR02", "PR03", "PR07", "RT01", "YD01",
}  # fmt: skip
"""No summary, parameters that are missing, unknown, in another order or without a word, no
word on what is returned or yielded (numpydoc, Validation checks). Types stand in the signature."""

SEAMS = ("draft", "layout", "options", "reading", "registry", "source", "discover", "describe")
"""Modules of the formats that a new format uses; the others are machinery, where a summary and
the signature do."""


def public() -> Iterator[object]:
    """Functions and classes that a module names in ``__all__`` and that live there."""
    for module in pkgutil.walk_packages(retrodetect.__path__, "retrodetect."):
        # Commands are documented by their --help.
        if not module.name.startswith(("retrodetect.cli", "retrodetect.__main__")):
            home = importlib.import_module(module.name)
            for name in getattr(home, "__all__", ()):
                found = getattr(home, name)
                if getattr(found, "__module__", None) == module.name and (
                    inspect.isclass(found) or inspect.isfunction(found)
                ):
                    yield found


def is_machinery(module: str) -> bool:
    """Whether a name is at home inside the formats, away from its seams."""
    return module.startswith("retrodetect.formats.") and not module.endswith(SEAMS)


@pytest.mark.extra("docs")
@pytest.mark.parametrize(
    "found", list(public()), ids=lambda one: f"{one.__module__}.{one.__name__}"
)
def test_it_is_documented(found):
    from numpydoc.validate import validate

    faults = FAULTS - {"PR01", "RT01", "YD01"} if is_machinery(found.__module__) else FAULTS
    errors = validate(f"{found.__module__}.{found.__qualname__}")["errors"]
    if inspect.isclass(found) and issubclass(found, Exception):
        errors = [(code, text) for code, text in errors if code != "PR01"]
    assert not [f"{code}: {text}" for code, text in errors if code in faults]
