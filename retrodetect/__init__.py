"""Tell backward from forward strides in the recordings of phones, watches and body-worn sensors.

>>> import retrodetect as rd
>>> result = rd.label("walk.zip")
>>> result.strides, result.session
>>> model = rd.train("recordings.csv")

Names are loaded on first use, so that importing costs next to nothing.
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrodetect.direction.store import load as load_model
    from retrodetect.direction.store import save_model
    from retrodetect.errors import (
        InputError,
        ModelError,
        RefusedExamples,
        RefusedRecording,
        RetrodetectError,
        UnreadableFile,
        UsageError,
    )
    from retrodetect.library.arrays import from_arrays, from_dataframe
    from retrodetect.library.doors import feature_info, features, inspect, label, read, read_all
    from retrodetect.library.many import history, label_many, methods, tally_many
    from retrodetect.library.result import Result
    from retrodetect.library.validation import validate
    from retrodetect.recording import Recording
    from retrodetect.tally import tally
    from retrodetect.training.assess import evaluate
    from retrodetect.training.cross_validation import cross_validate, score
    from retrodetect.training.estimators import StrideClassifier
    from retrodetect.training.session_decoder import SessionDecoder
    from retrodetect.training.train import train

    __version__: str

__all__ = [
    "InputError", "ModelError", "Recording", "RefusedExamples", "RefusedRecording", "Result",
    "RetrodetectError", "SessionDecoder", "StrideClassifier", "UnreadableFile", "UsageError",
    "__version__", "cross_validate", "evaluate", "feature_info", "features", "from_arrays",
    "from_dataframe", "history", "inspect", "label", "label_many", "load_model", "methods",
    "read", "read_all", "save_model", "score", "tally", "tally_many", "train", "validate",
]  # fmt: skip

_PUBLIC = {
    "direction.store": ("load_model", "save_model"),
    "errors": (
        "InputError", "ModelError", "RefusedExamples", "RefusedRecording", "RetrodetectError",
        "UnreadableFile", "UsageError",
    ),
    "library.arrays": ("from_arrays", "from_dataframe"),
    "library.doors": ("feature_info", "features", "inspect", "label", "read", "read_all"),
    "library.many": ("history", "label_many", "methods", "tally_many"),
    "library.result": ("Result",),
    "library.validation": ("validate",),
    "recording": ("Recording",),
    "tally": ("tally",),
    "training.assess": ("evaluate",),
    "training.cross_validation": ("cross_validate", "score"),
    "training.estimators": ("StrideClassifier",),
    "training.session_decoder": ("SessionDecoder",),
    "training.train": ("train",),
}  # fmt: skip
"""Public names by their home module."""

_HOMES = {name: home for home, names in _PUBLIC.items() for name in names}
_NAMES_AT_HOME = {"load_model": "load"}


def __getattr__(name: str) -> object:
    """Load a public name on first use."""
    if name == "__version__":
        from importlib.metadata import version

        value: object = version("retrodetect")
    elif name in _HOMES:
        home = import_module(f"retrodetect.{_HOMES[name]}")
        value = getattr(home, _NAMES_AT_HOME.get(name, name))
    else:
        raise AttributeError(f"module 'retrodetect' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """A package whose ``features`` and ``tally`` are functions, not the stages of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
