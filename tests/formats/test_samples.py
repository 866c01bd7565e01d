"""Every real sample reads as what it is, or is refused for the right reason."""

from pathlib import Path

import numpy as np
import pytest

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats import describe, read
from retrodetect.recording import STANDARD_GRAVITY_MPS2

from .samples import SAMPLES, Sample

RATE_WITHIN = 0.015


@pytest.mark.parametrize("name", [name for name, s in SAMPLES.items() if s.verdict == "ok"])
def test_a_recording_reads_as_what_it_is(name: str, shared: Path) -> None:
    sample = SAMPLES[name]
    (recording,) = read(shared / "formats" / name)
    facts = describe(recording)
    assert recording.name == Path(name).name  # one device each, and nothing added about it
    assert recording.format == sample.format
    assert recording.rate_hz == pytest.approx(sample.rate_hz, rel=RATE_WITHIN)
    assert facts["unit"]["value"].split(" (")[0] == sample.unit
    assert recording.gravity == sample.gravity
    assert _sign(facts) == sample.sign
    if recording.gravity == "total":
        lengths = np.linalg.norm(recording.acceleration_mps2, axis=1)
        assert 0.8 < np.median(lengths) / STANDARD_GRAVITY_MPS2 < 1.25


@pytest.mark.parametrize("name", [name for name, s in SAMPLES.items() if s.verdict != "ok"])
def test_what_is_no_recording_is_refused_with_the_reason(name: str, shared: Path) -> None:
    sample = SAMPLES[name]
    kind = RefusedRecording if sample.verdict == "refused" else UnreadableFile
    with pytest.raises(kind) as caught:
        read(shared / "formats" / name)
    assert sample.reason in str(caught.value)
    assert name.rsplit("/", 1)[1] in str(caught.value)
    assert caught.value.remedy


def test_no_sample_is_left_out(shared: Path) -> None:
    folder = shared / "formats"
    files = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and path.name != "SOURCE.md"
    }
    assert files == set(SAMPLES)


def _sign(facts: dict[str, dict[str, str]]) -> int | None:
    finding = facts["sign"]
    if finding["value"].startswith("turned"):
        return -1
    return None if finding["value"].startswith("unchanged: ") else 1


def test_the_table_of_truth_is_complete() -> None:
    assert all(sample.reason or sample.verdict == "ok" for sample in SAMPLES.values())
    assert all(isinstance(sample, Sample) for sample in SAMPLES.values())
