"""A file that tells devices apart by their addresses gives parts that are numbered."""

from pathlib import Path

import pytest

from retrodetect.formats import read
from retrodetect.formats.reading import _numbered as numbered

from .reexport import walk


@pytest.mark.parametrize(
    ("parts", "shown"),
    [
        (["D4:22:CD:00:A1:B2", "D4:22:CD:00:A1:B3"], ["1", "2"]),
        (["d4-22-cd-00-a1-b2", "D422CD00A1B3"], ["1", "2"]),
        (["WT901BLE67(d0:5f:b8:11:22:33)", "WT901BLE67(d0:5f:b8:11:22:34)"],
         ["WT901BLE67(1)", "WT901BLE67(2)"]),
        (["left ankle MOS2E39180594", "right ankle MOS2E39180595"],
         ["left ankle 1", "right ankle 2"]),
        (["550e8400-e29b-41d4-a716-446655440000", ""], ["1", ""]),
        (["anna/213030000123", "bert/213030000123", "bert/213030000124"],
         ["anna/1", "bert/1", "bert/2"]),
        (["1/A1B2C3D4", "2/A1B2C3D5"], ["1/3", "2/4"]),
    ],
)  # fmt: skip
def test_identifiers_become_numbers(parts: list[str], shown: list[str]) -> None:
    assert numbered(parts) == shown


@pytest.mark.parametrize(
    "part",
    ["left wrist", "subject0012", "participant1234", "nexus4_1", "1600", "20260301",
     "20260301123000", "2026-03-01", "samsungold_2", "a/b", "watch", "deadbeef", "WT901BLE67"],
)  # fmt: skip
def test_people_placements_dates_and_models_keep_their_names(part: str) -> None:
    assert numbered([part]) == [part]


@pytest.mark.parametrize("column", ["device name", "device id"])
def test_a_table_of_two_devices(tmp_path: Path, column: str) -> None:
    devices = ("WT901(d0:5f:b8:11:22:33)", "WT901(d0:5f:b8:11:22:34)")
    rows = [f"time,{column},acc_x,acc_y,acc_z"]
    for number, row in enumerate(walk().acceleration_mps2):
        values = ",".join(f"{value:.4f}" for value in row)
        rows += [f"{number / 50:.2f},{device},{values}" for device in devices]
    path = tmp_path / "two.csv"
    path.write_text("\n".join(rows))
    assert [one.name for one in read(path)] == ["two.csv#WT901(1)", "two.csv#WT901(2)"]
