"""What the fuzzer does to models, and what must come of it.

Digests are made right again after the damage, so that it reaches what lies behind them.
"""

from __future__ import annotations

import hashlib
import io
import json
import pickle
import random
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from retrodetect.direction import DirectionModel, store
from retrodetect.direction.card import Card
from retrodetect.errors import ModelError

from .fuzzing import Fuzzer, Item

__all__ = ["models"]

_TYPES = (
    "os.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "posix.system",
    "shutil.rmtree", "functools.partial", "pathlib.Path", "numpy.load", "numpy.memmap",
    "numpy.ndarray",
    "sklearn.preprocessing._function_transformer.FunctionTransformer", "builtins.getattr",
    "sklearn.linear_model._logistic.LogisticRegression", "sklearn.pipeline.Pipeline",
    "scipy.special.expit", "joblib.load", "skops.io.load",
    "importlib.import_module", "antigravity.x",
)  # fmt: skip
_LOADERS = (
    "ObjectNode", "DictNode", "ListNode", "TupleNode", "SetNode", "FunctionNode", "MethodNode",
    "PartialNode", "TypeNode", "SliceNode", "JsonNode", "NdArrayNode", "SparseMatrixNode",
    "RandomStateNode", "RandomGeneratorNode", "BytesNode", "BytearrayNode", "OperatorFuncNode",
    "DefaultDictNode", "MaskedArrayNode", "DTypeNode", "CachedNode", "TreeNode", "Nonsense",
)  # fmt: skip
_VALUES = (
    None, True, 0, -1, 2**70, 1e308, float("nan"), float("inf"), "", "x", "../x", [], {}, [[]],
    {"x": 1}, "9" * 400, [0] * 1000,
)  # fmt: skip


class _Touch:
    """A payload: unpickling it would import ``os`` and run a command."""

    def __reduce__(self) -> tuple[object, ...]:
        import os

        return os.system, ("true",)


def models(folder: Path, model: DirectionModel) -> Fuzzer:
    """Fuzzer of `retrodetect.load_model`, working in a folder."""
    store.save(model, Card(summary="Fitted on noise, for tests."), folder / "seed.model")
    path = folder / "fuzzed.model"

    def run(item: Item) -> str | None:
        path.write_bytes(item.data)
        try:
            store.load(path)
        except ModelError as error:
            return None if str(error).endswith(".") else "a message is no sentence"
        return None

    return Fuzzer(run, damaged, [Item("seed.model", (folder / "seed.model").read_bytes())])


def damaged(parent: Item, others: Sequence[Item], rng: random.Random) -> Item:
    """Damage the archive, the card, the tree of estimators, or an array in it."""
    if rng.random() < 0.1:
        return Item(parent.name, _bytes_damaged(parent.data, rng))
    needed = {"card.json", "model.skops"}
    members = _members(parent.data)
    if not needed <= members.keys():
        members = _members(others[0].data)
    for _ in range(rng.choice([1, 1, 3])):
        if needed <= members.keys():
            rng.choice(_DAMAGE)(members, rng)
    return Item(parent.name, _packed(members, rng))


def _members(data: bytes) -> dict[str, bytes]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return {name: archive.read(name) for name in archive.namelist()}
    except Exception:
        return {}


def _packed(members: dict[str, bytes], rng: random.Random) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", rng.choice([0, zipfile.ZIP_DEFLATED])) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return packed.getvalue()


def _bytes_damaged(data: bytes, rng: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice([1, 4, 64])):
        if changed:
            changed[rng.randrange(len(changed))] = rng.randrange(256)
    if rng.random() < 0.3:
        begin = rng.randrange(len(changed) + 1)
        del changed[begin : begin + rng.choice([1, 100, 10**6])]
    return bytes(changed)


def _card(members: dict[str, bytes], rng: random.Random) -> None:
    """Change a value somewhere in the card."""
    try:
        card = json.loads(members["card.json"])
    except ValueError:
        return
    _change(card, rng)
    if isinstance(card, dict) and rng.random() < 0.95:
        card["card_sha256"] = store._digest(card)
    members["card.json"] = json.dumps(card).encode()


def _estimators(members: dict[str, bytes], rng: random.Random) -> None:
    """Change a node of the tree, an array, or all of it."""
    inner = _members(members["model.skops"])
    arrays = [name for name in inner if name.endswith(".npy")]
    what = rng.random()
    if what < 0.6 and "schema.json" in inner:
        tree = json.loads(inner["schema.json"])
        _change(tree, rng, is_tree=True)
        inner["schema.json"] = json.dumps(tree).encode()
    elif what < 0.9 and arrays:
        name = rng.choice(arrays)
        inner[name] = _array(inner[name], rng)
    else:
        members["model.skops"] = rng.choice(
            [pickle.dumps(_Touch()), _bytes_damaged(members["model.skops"], rng), b""]
        )
    if inner and what < 0.9:
        members["model.skops"] = _packed(inner, rng)
    _seal(members)


def _array(content: bytes, rng: random.Random) -> bytes:
    """An array of another type or shape, or one that holds a pickle."""
    stream = io.BytesIO()
    match rng.randrange(5):
        case 0:
            payload = np.empty(1, dtype=object)
            payload[0] = _Touch()
            np.save(stream, payload, allow_pickle=True)
        case 1:
            shape = rng.choice(["(10**12,)", "(-1,)", "(2**62, 2**62)", "(1000000000000,)", "()"])
            descr = rng.choice(["<f8", "|O", "<U9", "V8", "<M8[ns]", "[('a','<f8')]"])
            head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n".encode()
            stream.write(b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head)
        case 2:
            kinds = [np.zeros(3), np.array("text"), np.full((2, 2), np.nan), np.arange(3)]
            np.save(stream, rng.choice(kinds))
        case 3:
            try:
                array = np.load(io.BytesIO(content), allow_pickle=False)
                np.save(stream, array.astype(rng.choice(["f4", "i8", "U5", "c16"])).ravel()[::-1])
            except Exception:  # it was damaged before
                return _bytes_damaged(content, rng)
        case 4:
            return _bytes_damaged(content, rng)
    return stream.getvalue()


def _seal(members: dict[str, bytes]) -> None:
    """Make the digests right."""
    try:
        card = json.loads(members["card.json"])
        card["sha256"] = hashlib.sha256(members["model.skops"]).hexdigest()
        card["card_sha256"] = store._digest(card)
    except (ValueError, TypeError):
        return
    members["card.json"] = json.dumps(card).encode()


def _rename(members: dict[str, bytes], rng: random.Random) -> None:
    name = rng.choice(sorted(members))
    content = members.pop(name)
    if rng.random() < 0.5:
        members[rng.choice(["../card.json", "/card.json", "CARD.JSON", "card.json/x"])] = content


_DAMAGE = (_card, _card, _estimators, _estimators, _estimators, _rename)


def _change(root: Any, rng: random.Random, *, is_tree: bool = False) -> None:
    """Change, remove or add one value somewhere in JSON."""
    places = [*_places(root)] if isinstance(root, dict | list) else []
    if not places:
        return
    holder, key = rng.choice(places)
    match rng.randrange(6):
        case 0:
            del holder[key]
        case 1:
            other, name = rng.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        case 2 if is_tree and isinstance(holder, dict):
            module, _, name = rng.choice(_TYPES).rpartition(".")
            holder |= {"__module__": module, "__class__": name}
        case 3 if is_tree and isinstance(holder, dict):
            holder["__loader__"] = rng.choice(_LOADERS)
        case 4:
            deep: Any = rng.choice(_VALUES)
            for _ in range(rng.choice([1, 1, 50])):
                deep = [deep]
            holder[key] = deep
        case _:
            holder[key] = rng.choice(_VALUES)


def _places(node: Any) -> Iterator[tuple[Any, Any]]:
    """Every holder of a value, with the key or number it holds it by."""
    waiting = [node]
    while waiting:
        holder = waiting.pop()
        keys = [*holder] if isinstance(holder, dict) else range(len(holder))
        for key in keys:
            yield holder, key
            if isinstance(holder[key], dict | list):
                waiting.append(holder[key])
