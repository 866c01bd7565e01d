"""Models on disk: data with a card, never code.

A model is a folder, or a zip of one, with three members: ``model.skops`` (the fitted
estimators), ``card.json`` (everything about them, and what is needed to trust them) and
``card.md`` (the card for people). Loading checks, in this order: that the card is whole and of
a known schema, that the features, rate and bands are those of this version, that the estimators
are the ones the card speaks of, that they hold nothing but scikit-learn and NumPy types, and
that they still predict what they predicted when they were saved.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import warnings
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import skops.io
from sklearn.exceptions import InconsistentVersionWarning

from retrodetect.direction import DirectionModel
from retrodetect.errors import ModelError, RetrodetectError, UsageError
from retrodetect.features import FREE_FEATURES, GYRO_SCALARS, VECTORS
from retrodetect.features.catalogue import BANDS_HZ, RATIOS
from retrodetect.locations import make_folder, reaching
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ
from retrodetect.sites import GROUPS
from retrodetect.stores import replacing
from retrodetect.training.card import markdown

__all__ = [
    "SCHEMA",
    "check_target",
    "completed",
    "load",
    "load_card",
    "models_folder",
    "save",
    "save_model",
    "shipped",
]

SCHEMA = 1
"""Version of the card's layout; a card with a higher one is refused."""

TRUSTED_TYPES: tuple[str, ...] = ()
"""Types a model may hold beyond the scikit-learn, NumPy and SciPy ones skops knows as data."""

MOST_BYTES = 256 * 2**20
"""Most that a model may expand to: the shipped ones are some hundred times smaller."""

GOLDEN_ROWS = 8
GOLDEN_TOLERANCE = 1e-6

_ESTIMATORS, _CARD, _CARD_FOR_PEOPLE = "model.skops", "card.json", "card.md"
_LIBRARIES = ("retrodetect", "scikit-learn", "numpy", "scipy", "skops")

_Place = Path | zipfile.Path


def save(model: DirectionModel, card: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """Store a model with its card.

    Parameters
    ----------
    model
        A fitted direction model.
    card
        What only the maker knows: ``summary``, ``created``, ``licence``, ``sources``,
        ``scores``, ``error_rates``, ``weaknesses``; see :mod:`retrodetect.training.card`.
    path
        Where to: a folder, or a file if the name has an ending (``my.model``).

    Returns
    -------
    dict
        The card as written, completed with versions, features, hash and golden predictions.
    """
    whole, estimators = completed(model, card)
    members = {
        _ESTIMATORS: estimators,
        _CARD: (json.dumps(whole, indent=1, ensure_ascii=False) + "\n").encode(),
        _CARD_FOR_PEOPLE: markdown(whole).encode(),
    }
    target = Path(path)
    check_target(target)
    if target.suffix:
        _write_file(target, members)
    else:
        make_folder(target)
        for name, content in members.items():
            with replacing(target / name) as stream:
                stream.write(content)
    return whole


def save_model(model: DirectionModel, path: str | Path) -> DirectionModel:
    """Store a model that has its card, such as one just trained.

    Parameters
    ----------
    model
        With its ``card``.
    path
        Where to: a folder, or a file if the name has an ending (``my.model``).

    Returns
    -------
    DirectionModel
        The same, with the card as written.
    """
    return replace(model, card=save(model, model.card, path))


def check_target(path: str | Path) -> None:
    """Check that a model can be stored there, and would write over nothing but another model.

    Parameters
    ----------
    path
        As for :func:`save`.

    Raises
    ------
    UsageError
        Where another file is there, or the folder around it cannot be made.
    """
    target = Path(path)
    make_folder(target.parent)
    with reaching(target):
        if target.is_dir():
            members = [target / name for name in (_ESTIMATORS, _CARD, _CARD_FOR_PEOPLE)]
            over = [member for member in members if member.exists()]
            is_ours = len(over) == len(members)
        else:
            over = [target] if target.exists() else []
            is_ours = _is_model(target)
    if over and not is_ours:
        raise UsageError(
            "is of no model, and would be written over",
            file=str(over[0]),
            remedy="name another place",
        )


def completed(model: DirectionModel, card: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """Add to a card what the model itself tells.

    Parameters
    ----------
    model
        A fitted direction model.
    card
        As for :func:`save`.

    Returns
    -------
    card : dict
        With versions, features, hash and golden predictions.
    estimators : bytes
        The content the hash is of.
    """
    estimators = skops.io.dumps(model.estimators())
    whole = {
        **card,
        "schema": SCHEMA,
        "name": model.name,
        "versions": {"python": platform.python_version(), **{n: version(n) for n in _LIBRARIES}},
        "placements": {group: list(GROUPS[group]) for group in model.groups},
        "inputs": _inputs(),
        "parameters": model.parameters(),
        "sha256": hashlib.sha256(estimators).hexdigest(),
        "golden": {name: found.tolist() for name, found in _golden(model.estimators()).items()},
    }
    whole["card_sha256"] = _digest(whole)
    return whole, estimators


def load(model: str | Path) -> DirectionModel:
    """Load a model by the name of a shipped one or by its path.

    Parameters
    ----------
    model
        ``default``, ``open``, or the path :func:`save` was given.

    Returns
    -------
    DirectionModel
        With its ``card``.

    Raises
    ------
    ModelError
        Where it is missing, damaged, tampered with, made for other features or by a newer
        version, or would run code.
    """
    with _guarded(str(model)):
        return _loaded(*_find(model))


def _loaded(place: _Place, label: str) -> DirectionModel:
    """Load and check, step by step, the model whose members lie there."""
    card = _checked_card(place, label)
    content = _member(place, _ESTIMATORS, label)
    if hashlib.sha256(content).hexdigest() != card["sha256"]:
        raise _refused("its estimators are not those its card speaks of", label)
    estimators = _checked_estimators(content, label)
    try:
        found = DirectionModel.from_stored(
            estimators, card["parameters"], name=card["name"], card=card
        )
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"its parameters are not those of this version ({error})",
            file=label,
            remedy="train it again with this version, or install the one that made it",
        ) from error
    _check_golden(found, card, label)
    return found


def load_card(model: str | Path) -> dict[str, Any]:
    """Read and check the card of a model without loading its estimators; errors as :func:`load`.

    Parameters
    ----------
    model
        Name of a shipped model, or the folder of a stored one.

    Returns
    -------
    dict
        The JSON card.
    """
    with _guarded(str(model)):
        return _checked_card(*_find(model))


def shipped() -> list[str]:
    """Names of the models that come with retrodetect.

    Returns
    -------
    list of str
        In alphabetical order.
    """
    return sorted(path.parent.name for path in models_folder().glob(f"*/{_CARD}"))


def models_folder() -> Path:
    """Folder of the shipped models, in an installed package as in a clone.

    Returns
    -------
    Path
        With one folder for each model.
    """
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


@contextmanager
def _guarded(label: str) -> Iterator[None]:
    """Refuse a model for whatever it provokes: it may come from anybody."""
    try:
        yield
    except RetrodetectError:
        raise
    except PermissionError as error:
        raise ModelError(
            f"cannot be read ({error.strerror})", file=label, remedy="see who may read it"
        ) from error
    except Exception as error:
        raise _refused("it is damaged", label) from error


def _find(model: str | Path) -> tuple[_Place, str]:
    """Where the members of a model lie, and how messages call it."""
    label = str(model)
    if label in shipped():
        return models_folder() / label, label
    path = Path(model)
    if label and path.is_dir():
        return path, label
    if not label or not path.exists():
        raise ModelError(
            "no such model", file=label, remedy=f"give a path or one of {', '.join(shipped())}"
        )
    if not path.is_file():
        # A pipe may never come to an end.
        raise _refused("it is neither a file nor a folder", label)
    with path.open("rb") as stream:
        is_zip = zipfile.is_zipfile(stream)
    if not is_zip:
        raise _refused("it is no retrodetect model; pickles are never loaded", label)
    return zipfile.Path(path), label


def _member(place: _Place, name: str, label: str) -> bytes:
    if isinstance(place, zipfile.Path):
        _check_size(place.root, label)
    try:
        return (place / name).read_bytes()
    except PermissionError:
        raise
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise _refused(f"{name} is missing or damaged", label) from error


def _check_size(archive: zipfile.ZipFile, label: str) -> None:
    """Refuse a zip bomb; what a member says of its size is the most that is read of it."""
    if sum(member.file_size for member in archive.infolist()) > MOST_BYTES:
        raise _refused(f"it expands to more than {MOST_BYTES >> 20} MiB", label)


def _checked_card(place: _Place, label: str) -> dict[str, Any]:
    """Return the card if it is whole and speaks of this version's inputs."""
    try:
        card = json.loads(_member(place, _CARD, label))
        schema = int(card["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refused("its card cannot be read", label) from error
    if schema > SCHEMA:
        made_by = card.get("versions", {}).get("retrodetect", "a newer version")
        raise ModelError(
            f"made by a newer retrodetect ({made_by})", file=label, remedy="upgrade retrodetect"
        )
    if card.get("card_sha256") != _digest(card):
        raise _refused("its card was changed after it was made", label)
    if card["inputs"] != _inputs():
        differing = [key for key, value in _inputs().items() if card["inputs"].get(key) != value]
        raise ModelError(
            f"made for other inputs ({', '.join(differing)}) than this version computes",
            file=label,
            remedy="train it again with this version, or install the one that made it",
        )
    return dict(card)


def _checked_estimators(content: bytes, label: str) -> dict[str, Any]:
    """Load the estimators if they hold nothing but known data types."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_size(archive, label)
        foreign = set(skops.io.get_untrusted_types(data=content)) - set(TRUSTED_TYPES)
        if foreign:
            raise _refused(f"it holds foreign types ({', '.join(sorted(foreign))})", label)
        with warnings.catch_warnings():
            # Another scikit-learn is no reason to refuse: the golden predictions decide.
            warnings.simplefilter("ignore", InconsistentVersionWarning)
            estimators = skops.io.loads(content, trusted=list(TRUSTED_TYPES))
    except ModelError:
        raise
    except Exception as error:
        # skops raises whatever the damaged content provokes.
        raise _refused("its estimators cannot be read", label) from error
    if not isinstance(estimators, dict):
        raise _refused("its estimators cannot be read", label)
    return estimators


def _check_golden(model: DirectionModel, card: dict[str, Any], label: str) -> None:
    """Compare predictions with those made when the model was saved."""
    try:
        now = _golden(model.estimators())
        same = now.keys() == card["golden"].keys() and all(
            np.allclose(found, card["golden"][name], rtol=0, atol=GOLDEN_TOLERANCE)
            for name, found in now.items()
        )
    except (AttributeError, ValueError, TypeError):
        same = False
    if not same:
        made_with = card["versions"].get("scikit-learn", "another version")
        raise ModelError(
            f"predicts otherwise than when it was saved, with scikit-learn {made_with}",
            file=label,
            remedy="install that version, or train the model again",
        )


def _golden(estimators: dict[str, Any]) -> dict[str, FloatArray]:
    """Probabilities for a fixed set of feature rows within the range of moments."""

    def fixed(names: list[str]) -> pd.DataFrame:
        rows, columns = np.ogrid[1 : GOLDEN_ROWS + 1, 1 : len(names) + 1]
        return pd.DataFrame(np.sin(rows * columns), columns=names)

    return {
        name: found.predict_proba(fixed(list(found.feature_names_in_)))
        for name, found in estimators.items()
    }


def _inputs() -> dict[str, Any]:
    """What the estimators must be fed with."""
    units = {feature.name: feature.unit for feature in (*RATIOS, *GYRO_SCALARS)}
    names = [*FREE_FEATURES, *(feature.name for feature in (*GYRO_SCALARS, *VECTORS))]
    return {
        "analysis_rate_hz": ANALYSIS_RATE_HZ,
        "bands_hz": {band: list(edges) for band, edges in BANDS_HZ.items()},
        "features": [{"name": name, "unit": units.get(name, "1")} for name in names],
    }


def _digest(card: dict[str, Any]) -> str:
    """SHA-256 of a card without its own digest."""
    content = {key: value for key, value in card.items() if key != "card_sha256"}
    text = json.dumps(content, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _write_file(target: Path, members: dict[str, bytes]) -> None:
    """Write a zip of the members, whole or not at all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    with replacing(target) as stream:
        stream.write(buffer.getvalue())


def _is_model(file: Path) -> bool:
    """Whether a file is a stored model, be it damaged within."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _CARD in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _refused(reason: str, label: str) -> ModelError:
    return ModelError(
        f"refused, for {reason}", file=label, remedy="get it again from where it came"
    )
