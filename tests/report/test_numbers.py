"""Everything that the page tells is in the files beside it, too."""

import csv
import json
import re
from html.parser import HTMLParser
from importlib.resources import files
from pathlib import Path

import pytest

from retrodetect.direction import Anchors
from retrodetect.report import _environment, _wall
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings
from retrodetect.tally import words
from retrodetect.tally.energy import Pace

WAYS = ("forward", "backward", "unknown")
EXAMPLE = Path(__file__).parents[2] / "data" / "examples" / "simulated_pocket_hill_repeats.zip"
NOT_READ = '<div class="scale".*?</div>|<style>.*?</style>|<script>.*?</script>|<code>.*?</code>'
NUMBER = re.compile(r"[+-]?\d[\d\u202f:.]*(?<!\.)")


class Words(HTMLParser):
    """What is read on the page; the axes of close-ups of the signal are left out."""

    def __init__(self, html):
        super().__init__()
        self.text = []
        self.feed(re.sub(NOT_READ, "", html, flags=re.DOTALL))

    def handle_data(self, data):
        self.text.append(data)


def values(node):
    """All numbers and texts of a JSON document."""
    if isinstance(node, dict | list):
        for below in node.values() if isinstance(node, dict) else node:
            yield from values(below)
    elif node is not None:
        yield node


def cells(path):
    with path.open(newline="", encoding="utf-8") as stream:
        yield from (cell for row in csv.reader(stream) for cell in row)


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    folder = tmp_path_factory.mktemp("hill")
    settings = Settings(anchors=Anchors(starts="backward"), pace=Pace(speed_mps=1.1))
    run([EXAMPLE], Outputs(folder, report=True, goal=0.4), settings)
    return folder


def shown(value, start):
    """Each way in which the page might write a number."""
    filters = _environment().filters
    for name in (
        "clock",
        "figure",
        "goal",
        "minutes",
        "pace",
        "percent",
        "rough",
        "signed",
        "whole",
    ):
        yield filters[name](value)
    yield filters["figure"](3.6 * value)
    yield f"{value:.0%}"
    yield f"{value / 60:.0f}"
    yield _wall(start, value)


def test_every_number_on_the_page_is_in_a_file_beside_it(out):
    known = set()
    documents = [json.loads((out / name).read_text()) for name in ("report.json", "run.json")]
    told = list(values(documents))
    for name in ("sessions.csv", "bouts.csv", "repeats.csv"):
        told += list(cells(out / name))
    header, row = csv.reader((out / "sessions.csv").read_text().splitlines())
    fields = dict(zip(header, row, strict=True))
    start = fields["start_time"]
    known |= set(NUMBER.findall(start[:16].replace("T", " ")))  # to the minute
    # The headline adds up the times by direction, each in whole seconds.
    known.add(words.clock(sum(round(float(fields[f"{way}_s"])) for way in WAYS)))
    for value in told:
        known |= set(NUMBER.findall(str(value)))
        try:
            number = float(value)
        except ValueError:
            continue
        for text in shown(number, start) if number == number else ():
            known |= set(NUMBER.findall(text))
    template = files("retrodetect.report").joinpath("page.html.j2").read_text()
    fixed = re.sub(r"<style>.*?</style>|{{.*?}}", "", template, flags=re.DOTALL)
    known |= set(NUMBER.findall(fixed))
    page = " ".join(Words((out / "report.html").read_text()).text)
    found = NUMBER.findall(page)
    assert len(found) > 100
    assert [number for number in found if number not in known] == []
