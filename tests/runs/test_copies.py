"""A folder that holds one recording twice, as after a second export, counts it once."""

import gzip
from importlib.util import find_spec

import pandas as pd
import pytest

import retrodetect as rd
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings


@pytest.fixture
def folder(tmp_path, write_walk):
    """A walk, the same as a browser saved it again, packed, and another walk."""
    walk = write_walk(tmp_path / "in" / "walk.csv")
    (tmp_path / "in" / "walk (1).csv").write_bytes(walk.read_bytes())
    (tmp_path / "in" / "walk packed.csv.gz").write_bytes(gzip.compress(walk.read_bytes()))
    write_walk(tmp_path / "in" / "longer.csv", 30.0)
    return tmp_path / "in"


COPY_OF = {
    "longer.csv": "", "walk (1).csv": "", "walk packed.csv.gz": "walk (1).csv",
    "walk.csv": "walk (1).csv",
}  # fmt: skip


def test_the_row_of_a_copy_says_so_and_totals_count_its_strides_once(
    folder, stored_model, tmp_path
):
    outputs = Outputs(tmp_path / "out", report=find_spec("jinja2") is not None)
    outcome = run([folder], outputs, Settings(str(stored_model)))
    written = pd.read_csv(tmp_path / "out" / "sessions.csv", keep_default_na=False)
    assert dict(zip(written["recording"], written["copy_of"], strict=True)) == COPY_OF
    copies = written[written["copy_of"] != ""]
    assert copies["warning_topics"].str.endswith("copy").all()
    assert copies["warnings"].str.contains("same readings as walk .1..csv: totals count").all()
    assert not written[written["copy_of"] == ""]["warnings"].str.contains("same readings").any()
    once = outcome.sessions.set_index("recording")["strides"][["longer.csv", "walk.csv"]].sum()
    assert rd.history(tmp_path / "out").totals["strides"] == once
    if outputs.report:
        page = (tmp_path / "out" / "report.html").read_text("utf-8")
        assert page.count("It has the same readings as walk (1).csv") == len(copies)


def test_the_library_counts_copies_once_too(folder, stored_model):
    results = list(rd.label_many(folder, model=stored_model, jobs=1))
    sessions = [each.session.fillna("") for each in results]
    assert {each["recording"]: each["copy_of"] for each in sessions} == COPY_OF
    put_together = rd.tally_many(results)
    assert put_together.totals["sessions"] == 2
    assert put_together.left_out == ("walk packed.csv.gz", "walk.csv")


def test_the_recording_that_a_manifest_names_counts_before_its_copies(
    folder, stored_model, tmp_path
):
    (folder / "manifest.csv").write_text("path,placement\nwalk.csv,waist\n")
    settings = Settings(str(stored_model))
    written = run([folder], Outputs(tmp_path / "out"), settings).sessions.to_dict("records")
    streamed = [each.session for each in rd.label_many(folder, model=stored_model, jobs=1)]
    for sessions in (written, streamed):
        copies = {each["recording"]: each["copy_of"] for each in sessions if each["copy_of"] != ""}
        assert {name: of for name, of in copies.items() if isinstance(of, str)} == {
            "walk (1).csv": "walk.csv", "walk packed.csv.gz": "walk.csv",
        }  # fmt: skip
