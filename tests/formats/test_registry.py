"""Adding a format is one record: the registry finds it, the docs tell of it."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from retrodetect.formats import ReadOptions
from retrodetect.formats.files import Candidate, Format, formats
from retrodetect.formats.reading import assemble
from retrodetect.formats.source import open_file

DOCS = Path(__file__).parents[2] / "docs"


def test_every_format_has_a_name_of_its_own() -> None:
    names = [each.name for each in formats()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]+", name) for name in names)


def test_the_page_of_formats_tells_of_each() -> None:
    page = (DOCS / "formats.md").read_text()
    told = set(re.findall(r"`([a-z0-9-]+)`", page))
    assert {each.name for each in formats()} - told <= {"counts"}


def test_the_example_of_the_docs_reads_a_file(tmp_path: Path) -> None:
    page = (DOCS / "add-a-format.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    scope: dict[str, Any] = {"__name__": "steplab"}
    exec(compile(code, "add-a-format.md", "exec"), scope)
    (example,) = scope["FORMATS"]
    assert isinstance(example, Format)
    path = tmp_path / "walk.csv"
    lines = [f"{i * 20_000},{np.sin(i):.5f},1.0,0.1" for i in range(500)]
    path.write_text("\n".join(["steplab_us,sl_acc_x,sl_acc_y,sl_acc_z", *lines]))
    file = Candidate(open_file(path, 1 << 20))
    assert example.recognise(file)
    (draft,) = example.read(file, ReadOptions())
    recording = assemble(draft, "walk", example.name, ReadOptions()).recording()
    assert recording.rate_hz == pytest.approx(50)
    assert all(found.ground == "stated" for found in recording.findings)
