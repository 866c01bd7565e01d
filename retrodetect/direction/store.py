"""Models on disk: data with a card, never code.

A model is a folder, or a zip of one, with two members: ``card.json`` (the numbers of the model,
and everything about them) and ``card.md`` (the card for people). Loading needs neither
scikit-learn nor any code from the file. It checks, in this order: that the card has a supported
schema and is unchanged, that the features, rate and bands are those of this version, and that the
model still predicts what it predicted when it was saved.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from retrodetect.direction.card import Card, Inputs, markdown
from retrodetect.direction.model import SITE_INPUTS, DirectionModel
from retrodetect.errors import ModelError, RetrodetectError, UsageError
from retrodetect.features.catalogue import (
    BANDS_HZ,
    FREE_FEATURES,
    GYRO_SCALARS,
    RATIOS,
    SITE_SCALARS,
    VECTORS,
)
from retrodetect.locations import make_folder, reaching, replacing
from retrodetect.recording import FloatArray
from retrodetect.signal import ANALYSIS_RATE_HZ
from retrodetect.sites import GROUPS

__all__ = [
    "SCHEMA", "check_target", "completed", "load", "load_card", "models_folder", "save_model",
    "shipped",
]  # fmt: skip

SCHEMA = 2
"""Version of the card's layout; a card with a higher one is refused."""

MOST_BYTES = 256 * 2**20
"""Largest expanded size of a model: the shipped ones are a few hundred times smaller."""

GOLDEN_ROWS = 8
GOLDEN_TOLERANCE = 1e-6

_CARD, _CARD_FOR_PEOPLE = "card.json", "card.md"
_LIBRARIES = ("retrodetect", "scikit-learn", "numpy", "scipy")

_Place = Path | zipfile.Path


def save_model(model: DirectionModel, path: str | Path) -> DirectionModel:
    """Store a model with its card.

    Parameters
    ----------
    model
        A model that has a ``card``, such as :func:`retrodetect.train` returns.
    path
        Target: a folder, or a file if the name has a suffix (``my.model``).

    Returns
    -------
    DirectionModel
        The same model, with the card as written.
    """
    content = _content(model)
    whole = Card.from_json(content)
    members = {
        _CARD: (json.dumps(content, indent=1, ensure_ascii=False) + "\n").encode(),
        _CARD_FOR_PEOPLE: markdown(whole).encode(),
    }
    target = Path(path)
    check_target(target)
    if target.suffix:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, member in members.items():
                archive.writestr(name, member)
        files = {target: buffer.getvalue()}
    else:
        make_folder(target)
        files = {target / name: member for name, member in members.items()}
    for file, member in files.items():
        with replacing(file) as stream:
            stream.write(member)
    return replace(model, card=whole)


def check_target(path: str | Path) -> None:
    """Check that a model can be stored there without overwriting anything but another model."""
    target = Path(path)
    make_folder(target.parent)
    with reaching(target):
        if target.is_dir():
            members = [target / name for name in (_CARD, _CARD_FOR_PEOPLE)]
            over = [member for member in members if member.exists()]
            is_ours = len(over) == len(members)
        else:
            over = [target] if target.exists() else []
            is_ours = _is_model(target)
    if over and not is_ours:
        raise UsageError(
            "exists and is not a retrodetect model, so it was not overwritten",
            file=str(over[0]),
            remedy="choose another name",
        )


def completed(model: DirectionModel) -> DirectionModel:
    """Add to a model's card what only the model itself can supply."""
    return replace(model, card=Card.from_json(_content(model)))


def load(model: str | Path | DirectionModel) -> DirectionModel:
    """Load a shipped model by name or a stored one by path; return a model unchanged.

    Parameters
    ----------
    model
        ``default``, ``open``, or the path passed to :func:`save_model`.

    Returns
    -------
    DirectionModel
        With its ``card``.

    Raises
    ------
    ModelError
        If it is missing, damaged, tampered with, or made for other features or by a newer
        version.
    """
    if isinstance(model, DirectionModel):
        return model
    with _guarded(str(model)):
        return _loaded(_read(model), str(model))


def _content(model: DirectionModel) -> dict[str, Any]:
    """Content of the card file."""
    libraries = {library: version(library) for library in _LIBRARIES}
    whole = replace(
        model.card,
        name=model.name,
        versions={"python": platform.python_version(), **libraries},
        placements={group: list(GROUPS[group]) for group in model.groups},
        inputs=_inputs(),
        sha256="",
    )
    content = whole.to_json() | {
        "schema": SCHEMA,
        "parameters": model.parameters(),
        "golden": {form: rows.tolist() for form, rows in _golden(model).items()},
    }
    return content | {"sha256": _digest(content)}


@lru_cache(maxsize=2)
def _loaded(content: bytes, label: str) -> DirectionModel:
    """Check and build the model in a card; cached by content."""
    stored = _checked_content(content, label)
    card = Card.from_json(stored)
    try:
        model = DirectionModel.from_stored(stored["parameters"], name=card.name, card=card)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelError(
            f"its parameters do not fit this version ({error})",
            file=label,
            remedy="train it again with this version, or install the one that made it",
        ) from error
    _check_golden(model, stored, label)
    return model


def load_card(model: str | Path) -> Card:
    """Read and check a model's card without its numbers; see :func:`load`."""
    with _guarded(str(model)):
        return Card.from_json(_checked_content(_read(model), str(model)))


def shipped() -> list[str]:
    """Names of the models that come with retrodetect."""
    return sorted(path.parent.name for path in models_folder().glob(f"*/{_CARD}"))


def models_folder() -> Path:
    """Folder of the shipped models, in an installed package as in a clone."""
    package = Path(__file__).parents[1]
    installed = package / "models"
    return installed if installed.is_dir() else package.parent / "models"


@contextmanager
def _guarded(label: str) -> Iterator[None]:
    """Turn any error while loading into a refusal: a model may come from anybody."""
    try:
        yield
    except RetrodetectError:
        raise
    except PermissionError as error:
        raise ModelError(
            f"cannot be read ({error.strerror})", file=label, remedy="check its permissions"
        ) from error
    except Exception as error:
        raise _refused("the file is damaged", label) from error


def _find(model: str | Path) -> _Place:
    """Folder or zip that holds the members of a model."""
    label = str(model)
    if label in shipped():
        return models_folder() / label
    path = Path(model)
    if label and path.is_dir():
        return path
    if not label or not path.exists():
        raise ModelError(
            "no such model", file=label, remedy=f"use a path or one of {', '.join(shipped())}"
        )
    if not path.is_file():
        # Reading a pipe may never end.
        raise _refused("it is neither a file nor a folder", label)
    with path.open("rb") as stream:
        is_zip = zipfile.is_zipfile(stream)
    if not is_zip:
        raise _refused("it is not a retrodetect model (pickles are never loaded)", label)
    return zipfile.Path(path)


def _read(model: str | Path) -> bytes:
    """Bytes of the card of a model."""
    place = _find(model)
    if isinstance(place, zipfile.Path):
        # A zip member is never read past the size that it declares.
        members = place.root.infolist()
        if sum(member.file_size for member in members) > MOST_BYTES:
            raise _refused(f"it expands to more than {MOST_BYTES >> 20} MiB", str(model))
    try:
        return (place / _CARD).read_bytes()
    except PermissionError:
        raise
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise _refused(f"{_CARD} is missing or damaged", str(model)) from error


def _checked_content(content: bytes, label: str) -> dict[str, Any]:
    """Return the content of a card file, if it is intact and made for this version's inputs."""
    try:
        card = json.loads(content)
        schema = int(card["schema"])
    except (ValueError, KeyError, TypeError) as error:
        raise _refused("its card cannot be read", label) from error
    if schema > SCHEMA:
        made_by = card.get("versions", {}).get("retrodetect", "a newer version")
        raise ModelError(
            f"made by a newer retrodetect ({made_by})", file=label, remedy="upgrade retrodetect"
        )
    if card.get("sha256") != _digest(card):
        raise _refused("its card was changed after the model was saved", label)
    inputs = asdict(_inputs())
    if card["inputs"] != inputs:
        differing = [key for key, value in inputs.items() if card["inputs"].get(key) != value]
        raise ModelError(
            f"needs other inputs ({', '.join(differing)}) than this version computes",
            file=label,
            remedy="train it again with this version, or install the one that made it",
        )
    return dict(card)


def _check_golden(model: DirectionModel, stored: dict[str, Any], label: str) -> None:
    """Compare predictions with those made when the model was saved."""
    try:
        now = _golden(model)
        same = now.keys() == stored["golden"].keys() and all(
            np.allclose(rows, stored["golden"][form], rtol=0, atol=GOLDEN_TOLERANCE)
            for form, rows in now.items()
        )
    except (AttributeError, ValueError, TypeError):
        same = False
    if not same:
        made_with = stored["versions"].get("retrodetect", "another version")
        raise ModelError(
            f"its predictions have changed since it was saved with retrodetect {made_with}",
            file=label,
            remedy="install that version, or train the model again",
        )


def _golden(model: DirectionModel) -> dict[str, FloatArray]:
    """Log probabilities of the groups of sites for fixed rows within the range of moments."""

    def fixed(names: tuple[str, ...]) -> pd.DataFrame:
        rows, columns = np.ogrid[1 : GOLDEN_ROWS + 1, 1 : len(names) + 1]
        return pd.DataFrame(np.sin(rows * columns), columns=list(names))

    return {
        form: classifier.log_probability(fixed(SITE_INPUTS[form]))
        for form, classifier in model.sites.items()
    }


def _inputs() -> Inputs:
    """Inputs that a model needs."""
    units = {feature.name: feature.unit for feature in (*RATIOS, *SITE_SCALARS, *GYRO_SCALARS)}
    kinds = (*SITE_SCALARS, *GYRO_SCALARS, *VECTORS)
    names = [*FREE_FEATURES, *(feature.name for feature in kinds)]
    return Inputs(
        analysis_rate_hz=ANALYSIS_RATE_HZ,
        bands_hz={band: list(edges) for band, edges in BANDS_HZ.items()},
        features=[{"name": name, "unit": units.get(name, "1")} for name in names],
    )


def _digest(content: dict[str, Any]) -> str:
    """SHA-256 of the content of a card file, without this digest."""
    signed = {key: value for key, value in content.items() if key != "sha256"}
    text = json.dumps(signed, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _is_model(file: Path) -> bool:
    """Whether a file is a stored model, even a damaged one."""
    try:
        with zipfile.ZipFile(file) as archive:
            return _CARD in archive.namelist()
    except (OSError, zipfile.BadZipFile):
        return False


def _refused(reason: str, label: str) -> ModelError:
    return ModelError(
        f"model rejected: {reason}", file=label, remedy="get the model again from its source"
    )
