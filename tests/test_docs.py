"""The documentation says what is so."""

import re
from pathlib import Path

from retrodetect.formats.files import formats
from retrodetect.lab.datasets import SETS, register
from retrodetect.tally.folder import WEEK_COLUMNS

ROOT = Path(__file__).parents[1]
CODE = re.compile(r"^```.*?^```$", re.M | re.S)
PAGES = [*ROOT.glob("*.md"), ROOT / "data/README.md", *sorted((ROOT / "docs").glob("*.md"))]


def test_the_register_and_the_loaders_name_the_same_sets():
    assert list(register()) == list(SETS)
    for row in register().values():
        assert all(row.values())


def test_every_link_within_the_project_leads_somewhere():
    dead = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\((?!\w+:)([^)#\s]+)", CODE.sub("", page.read_text()))
        if not (page.parent / target).exists()
    ]
    assert not dead


def test_every_file_that_a_page_names_is_there():
    named = r"`((?:data|docs|models|notebooks|retrodetect|tests)/[\w/.-]+\w)`"
    dead = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(named, page.read_text())
        if not (ROOT / target).exists()
    ]
    assert not dead


def test_every_test_that_a_promise_names_is_there():
    page = (ROOT / "docs/threats.md").read_text()
    kept = [row.rsplit("|", 2)[1] for row in re.findall(r"^\|.*\|$", page, re.M) if "`" in row]
    named = {name for cell in kept for name in re.findall(r"`([\w./-]+(?:\.py|versions))`", cell)}
    assert len(named) > 25
    assert not [
        name for name in named if not any((ROOT / at / name).exists() for at in ("tests", ""))
    ]


def test_the_recording_guide_speaks_of_every_format():
    said = re.sub(r"[\W_]", "", (ROOT / "docs/recording.md").read_text().lower())
    kinds = ("bin", "cwa", "gt3x", "avro", "sd")
    for name in (one.name for one in formats()):
        maker = [word for word in name.split("-") if word not in kinds]
        assert "".join(maker) in said or maker[-1] in said or name in ("plain", "counts"), name


def test_no_formula_uses_commands_that_docutils_shows_wrongly():
    """``\\boldsymbol`` swallows the formula behind it, ``\\tfrac12`` the bracket."""
    wrong = re.compile(r"\\boldsymbol|\\[td]frac\d")
    assert not [page.name for page in PAGES if wrong.search(page.read_text())]


def test_the_page_on_outputs_explains_every_column_of_a_week():
    page = (ROOT / "docs/outputs.md").read_text()
    assert not [name for name in WEEK_COLUMNS if f"`{name}`" not in page]


def test_each_of_the_ten_tasks_takes_at_most_five_lines():
    page = (ROOT / "docs/tasks.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", page, re.M | re.S)
    assert len(blocks) == 10
    before = ("import ", "from ", "matplotlib.use")
    for block in blocks:
        lines = [line for line in block.splitlines() if line.strip()]
        assert sum(not line.startswith(before) for line in lines) <= 5
