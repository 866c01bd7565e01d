"""The scores of a shipped model are of wearers that the models they come from never saw."""

import numpy as np
import pandas as pd
import pytest
from handmade import random_features

from retrodetect.direction import DirectionModel
from retrodetect.errors import UsageError
from retrodetect.lab import shipped
from retrodetect.lab.shipped import GIVEN, PLAIN, held_out
from retrodetect.training.examples import Example, Measured
from retrodetect.training.fit import StrideTable, table_of

FOOT, WAIST = "uci-sangenis-foot", "sisfall-waist"


def example(source: str, subject: str, *ways: str, front=None) -> Example:
    """Ten strides each way at the foot or the belly."""
    count = 10 * len(ways)
    start_s = 1.1 * np.arange(count)
    strides = pd.DataFrame(
        {
            "stride": np.arange(count), "run": 0, "bout": np.arange(count) // 10,
            "start_s": start_s, "end_s": start_s + 1.1, "gait": "walk", "p_run": 0.02,
        }
    )  # fmt: skip
    intervals = pd.DataFrame(
        {
            "start_s": start_s[::10], "end_s": start_s[::10] + 11.0, "direction": ways,
            "gait": "walk", "confident": True,
        }
    )  # fmt: skip
    name, site = f"{source} {subject}", "foot" if source == FOOT else "belly"
    shown = random_features(len(subject), count)
    measured = Measured(name, strides, shown, 100.0, 11.0 * len(ways), site, (), name)
    return Example(measured, subject, name, source, "CC0", site, front, intervals)


class Remembering:
    """Models fitted without somebody: whom they were asked for."""

    def __init__(self, table: StrideTable, model: DirectionModel) -> None:
        self.table, self.model, self.asked = table, model, []

    def without(self, source: str, subject: str | None = None) -> DirectionModel:
        self.asked.append((source, subject))
        return self.model


def test_people_who_went_both_ways_are_held_out_one_by_one(noise_model):
    recordings = {
        FOOT: [example(FOOT, who, "forward", "backward") for who in ("anna", "ben")],
        WAIST: [
            example(WAIST, "cleo", "forward", front=np.array([1.0, 0.0, 0.0])),
            example(WAIST, "dora", "forward", "backward"),
        ],
    }
    fits = Remembering(table_of([*recordings[FOOT], *recordings[WAIST]]), noise_model)
    tables = held_out(recordings, fits, jobs=1)
    assert fits.asked == [(FOOT, None), (WAIST, None), (FOOT, "anna"), (FOOT, "ben")]
    for (source, subject), rows in zip(fits.asked, tables, strict=True):
        assert set(rows["source"]) == {source}
        assert set(rows["held_out"]) == {"source" if subject is None else "person"}
        assert subject is None or set(rows["subject"]) == {subject}
    rows = tables[1]
    strides = rows.groupby(["subject", "given"]).size()
    # Whose front nobody knows has no state in which it is stated.
    assert strides["cleo"].to_dict() == dict.fromkeys([*GIVEN, PLAIN], 10)
    assert strides["dora"].to_dict() == dict.fromkeys(["site", "nothing", "mark", PLAIN], 20)
    assert list(rows["truth"].unique()) == ["forward", "backward"]


def test_too_few_data_sets_to_hold_one_out_are_answered_in_a_sentence(tmp_path, monkeypatch):
    def of_people(folder, names, **_):
        return {name: [example(name, "anna", "forward", "backward")] for name in names}

    monkeypatch.setattr(shipped, "measured_sets", of_people)
    with pytest.raises(UsageError, match="has none of the data sets; add data sets"):
        shipped.make("default", tmp_path, tmp_path / "models")
    # Another set of another site does not help.
    for name in (FOOT, WAIST):
        (tmp_path / name).mkdir()
        with pytest.raises(UsageError, match=f"without {name}, no data set there teaches"):
            shipped.make("default", tmp_path, tmp_path / "models")
    assert not (tmp_path / "models").exists()
