"""The fuzzers, for seconds; ``tests/benchmarks/fuzz.py`` runs them for hours."""

import pytest

from .labels import labels
from .models import models
from .readers import readers

pytestmark = pytest.mark.filterwarnings("ignore")


def report(fuzzer):
    return "\n".join(f"{times} x {found}" for found, times in fuzzer.counts.items())


@pytest.mark.parametrize("seed", range(2))
def test_no_reader_crashes_hangs_or_runs_anything(tmp_path, seed):
    fuzzer = readers(tmp_path)
    assert fuzzer.fuzz(150, seed) == 150
    assert not fuzzer.findings, report(fuzzer)


def test_no_model_crashes_hangs_or_runs_anything(tmp_path, noise_model):
    fuzzer = models(tmp_path, noise_model)
    assert fuzzer.fuzz(100, 0) == 100
    assert not fuzzer.findings, report(fuzzer)


def test_no_recording_crashes_or_hangs_what_labels_it_and_every_result_is_possible(
    tmp_path, stored_model
):
    fuzzer = labels(tmp_path, stored_model)
    assert fuzzer.fuzz(12, 0) == 12
    assert not fuzzer.findings, report(fuzzer)


def test_the_fuzzer_finds_what_there_is(tmp_path, monkeypatch):
    """A reader that takes any file for its own, and trips over it, does not stay hidden."""
    from retrodetect.formats import reading

    def trip(file):
        raise KeyError(file.source.name)

    monkeypatch.setattr(reading, "recognised", trip)
    fuzzer = readers(tmp_path)
    fuzzer.fuzz(1, 0)
    assert any("KeyError" in found for found in fuzzer.findings)
