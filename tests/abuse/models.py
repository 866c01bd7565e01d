"""What the fuzzer does to models, and what must come of it.

The digest is made right again after the damage, so that it reaches what lies behind it.
"""

from __future__ import annotations

import io
import json
import random
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from retrodetect.direction import DirectionModel, store
from retrodetect.direction.card import Card
from retrodetect.errors import ModelError

from .fuzzing import Fuzzer, Item

__all__ = ["models"]

_VALUES = (
    None, True, 0, -1, 2**70, 1e308, float("nan"), float("inf"), "", "x", "../x", [], {}, [[]],
    {"x": 1}, "9" * 400, [0] * 1000,
)  # fmt: skip


def models(folder: Path, model: DirectionModel) -> Fuzzer:
    """Fuzzer of `retrodetect.load_model`, working in a folder."""
    store.save_model(
        replace(model, card=Card(summary="Fitted on noise, for tests.")), folder / "seed.model"
    )
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
    """Damage the archive, or the card in it."""
    if rng.random() < 0.1:
        return Item(parent.name, _bytes_damaged(parent.data, rng))
    members = _members(parent.data)
    if "card.json" not in members:
        members = _members(others[0].data)
    for _ in range(rng.choice([1, 1, 3])):
        if "card.json" in members:
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
        card["sha256"] = store._digest(card)
    members["card.json"] = json.dumps(card).encode()


def _rename(members: dict[str, bytes], rng: random.Random) -> None:
    name = rng.choice(sorted(members))
    content = members.pop(name)
    if rng.random() < 0.5:
        members[rng.choice(["../card.json", "/card.json", "CARD.JSON", "card.json/x"])] = content


_DAMAGE = (_card, _card, _card, _card, _rename)


def _change(root: Any, rng: random.Random) -> None:
    """Change, remove or add one value somewhere in JSON."""
    places = [*_places(root)] if isinstance(root, dict | list) else []
    if not places:
        return
    holder, key = rng.choice(places)
    match rng.randrange(4):
        case 0:
            del holder[key]
        case 1:
            other, name = rng.choice(places)
            holder[key] = json.loads(json.dumps(other[name]))
        case 2:
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
