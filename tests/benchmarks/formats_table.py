"""Print what every real sample reads as, and whether that is right.

``python -m tests.benchmarks.formats_table`` reads ``../shared/formats``; what is right is in
``tests/formats/samples.py``, by each sample's SOURCE.md.
"""

from __future__ import annotations

from pathlib import Path

from retrodetect.errors import InputError, RefusedRecording
from retrodetect.formats import describe, read
from tests.formats.samples import SAMPLES, Sample

_SHARED = Path(__file__).parents[3] / "shared" / "formats"
_RATE_WITHIN = 0.015


def main() -> None:
    """Print the table in Markdown."""
    print("| sample | format | rate | unit | gravity | mean | gaps | verdict | right |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    rights = [_row(name, sample) for name, sample in sorted(SAMPLES.items())]
    print(f"\n{sum(rights)} of {len(rights)} right")


def _row(name: str, sample: Sample) -> bool:
    """Print one row; return whether it is right."""
    try:
        facts = describe(read(_SHARED / name)[0])
    except InputError as error:
        verdict = "refused" if isinstance(error, RefusedRecording) else "failed"
        is_right = verdict == sample.verdict and sample.reason in str(error)
        print(f"| {name} | | | | | | | {verdict}: {error.reason} | {is_right} |")
        return is_right
    unit = facts["unit"]["value"].split(" (")[0]
    gravity = "total" if facts["gravity_included"] else "linear"
    is_right = (
        sample.verdict == "ok"
        and facts["format"] == sample.format
        and abs(facts["rate_hz"] / sample.rate_hz - 1) < _RATE_WITHIN
        and (unit, gravity) == (sample.unit, sample.gravity)
    )
    print(
        f"| {name} | {facts['format']} | {facts['rate_hz']:.1f} Hz | {unit} | {gravity} "
        f"| {facts['mean_g']:.2f} g | {facts['gaps']} | ok | {is_right} |"
    )
    return is_right


if __name__ == "__main__":
    main()
