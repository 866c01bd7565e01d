"""Tell backward from forward strides in the recordings of phones, watches and body-worn sensors.

>>> import retrodetect as rd
>>> recording = rd.read("walk.zip")
>>> strides = rd.label(recording)
>>> session = rd.tally(strides)
>>> model = rd.train("recordings.csv")

Names are loaded when first used, so that importing costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

# Bound at once, for loading the package of the same name would otherwise shadow the function.
from retrodetect.tally import tally

if TYPE_CHECKING:
    from retrodetect.errors import (
        InputError,
        ModelError,
        RefusedExamples,
        RefusedRecording,
        RetrodetectError,
        UnreadableFile,
        UsageError,
    )
    from retrodetect.labelling import label, read, read_all
    from retrodetect.recording import Recording
    from retrodetect.training.assess import evaluate
    from retrodetect.training.store import load as load_model
    from retrodetect.training.store import save_model
    from retrodetect.training.train import train

    __version__: str

__all__ = [
    "InputError",
    "ModelError",
    "Recording",
    "RefusedExamples",
    "RefusedRecording",
    "RetrodetectError",
    "UnreadableFile",
    "UsageError",
    "__version__",
    "evaluate",
    "label",
    "load_model",
    "read",
    "read_all",
    "save_model",
    "tally",
    "train",
]

_HOMES = {
    "InputError": "errors",
    "ModelError": "errors",
    "Recording": "recording",
    "RefusedExamples": "errors",
    "RefusedRecording": "errors",
    "RetrodetectError": "errors",
    "UnreadableFile": "errors",
    "UsageError": "errors",
    "evaluate": "training.assess",
    "label": "labelling",
    "load_model": "training.store",
    "read": "labelling",
    "read_all": "labelling",
    "save_model": "training.store",
    "train": "training.train",
}
_NAMES_AT_HOME = {"load_model": "load"}


def __getattr__(name: str) -> object:
    """Load a public name when it is first used."""
    if name == "__version__":
        from importlib.metadata import version

        found: object = version("retrodetect")
    elif name in _HOMES:
        home = import_module(f"retrodetect.{_HOMES[name]}")
        found = getattr(home, _NAMES_AT_HOME.get(name, name))
    else:
        raise AttributeError(f"module 'retrodetect' has no attribute {name!r}")
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return __all__
