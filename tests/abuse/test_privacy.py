"""What a recording knows of its wearer stays in it, and nothing leaves the machine."""

import io
import json
import re
import socket
import sys
import zipfile

import numpy as np
import pytest

from retrodetect.cli import main
from retrodetect.formats import ReadOptions, read

from .corpus import walk

LATITUDE, LONGITUDE = "52.516274", "13.377704"
SERIAL = "MOS2E39180594"
OWNER = "Anna's iPhone"


def lines(head, rows):
    return "\n".join([*head, *(",".join(map(str, row)) for row in rows)]) + "\n"


@pytest.fixture
def folder(tmp_path):
    """Exports that hold a place, a serial number and a name."""
    folder = tmp_path / "in"
    folder.mkdir()
    samples = np.tile(walk(), (20, 1)).round(4)
    time_ns = 1_700_000_000_000_000_000 + np.arange(len(samples)) * 20_000_000
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        axes = zip(time_ns, (time_ns - time_ns[0]) / 1e9, *(9.81 * samples).T.round(3), strict=True)
        archive.writestr("Accelerometer.csv", lines(["time,seconds_elapsed,z,y,x"], axes))
        places = [(at, 0, LATITUDE, LONGITUDE) for at in time_ns[::50]]
        head = ["time,seconds_elapsed,latitude,longitude"]
        archive.writestr("Location.csv", lines(head, places))
        facts = f"version,device name,device id,platform\n3,{OWNER},{SERIAL},ios\n"
        archive.writestr("Metadata.csv", facts)
    (folder / "logger.zip").write_bytes(packed.getvalue())
    head = [
        "------------ Data File Created By ActiGraph GT3X+ ActiLife v6.13.3 Firmware v2.5.0 "
        "date format M/d/yyyy at 50 Hz  Filter Normal -----------",
        f"Serial Number: {SERIAL}", "Start Time 10:00:00", "Start Date 3/1/2026",
        "Epoch Period (hh:mm:ss) 00:00:00", "Download Time 12:00:00", "Download Date 3/1/2026",
        "Current Memory Address: 0", "Current Battery Voltage: 4.0     Mode = 12",
        "--------------------------------------------------",
        "Accelerometer X,Accelerometer Y,Accelerometer Z",
    ]  # fmt: skip
    (folder / "graph.csv").write_text(lines(head, samples))
    return folder


SECRETS = (LATITUDE[:6], LONGITUDE[:6], SERIAL, "Anna")


def said(*arguments, monkeypatch, capsys):
    """Run the command line in this process; gives what it says."""
    monkeypatch.setattr(sys, "argv", ["retrodetect", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        main()
    captured = capsys.readouterr()
    assert ended.value.code in (0, None), captured.err
    return captured.out + captured.err


def test_no_output_tells_where_the_wearer_was_or_whose_device_it_is(
    folder, stored_model, tmp_path, monkeypatch, capsys
):
    out = tmp_path / "out"
    texts = [
        said("label", folder, "--out", out, "--model", stored_model, "--jobs", "1", "--report",
             monkeypatch=monkeypatch, capsys=capsys),
        said("inspect", folder, monkeypatch=monkeypatch, capsys=capsys),
        said("inspect", folder, "--json", monkeypatch=monkeypatch, capsys=capsys),
    ]  # fmt: skip
    written = [path for path in out.rglob("*") if path.is_file()]
    assert {"strides.csv", "sessions.csv", "run.json", "report.html"} <= {p.name for p in written}
    texts += [path.read_text("utf-8", "replace") for path in written]
    for secret in SECRETS:
        assert not [text[:80] for text in texts if secret in text], secret


def test_coordinates_are_there_for_who_asks(folder):
    (plain,) = read(folder / "logger.zip")
    assert not {"latitude_deg", "longitude_deg"} & plain.channels.keys()
    (asked,) = read(folder / "logger.zip", options=ReadOptions(coordinates=True))
    assert np.nanmean(asked.channels["latitude_deg"]) == pytest.approx(float(LATITUDE))


@pytest.fixture
def offline(monkeypatch):
    """No socket but those of this machine's own processes may be opened."""
    opened = []

    def refuse(*arguments, **options):
        opened.append(arguments)
        raise OSError("no network here")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket.socket, "connect_ex", refuse)
    monkeypatch.setattr(socket.socket, "bind", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield
    assert not opened


@pytest.mark.usefixtures("offline")
def test_no_command_asks_anything_of_a_network(
    folder, stored_model, write_walk, tmp_path, monkeypatch, capsys
):
    ways = {"monkeypatch": monkeypatch, "capsys": capsys}
    said("simulate", "walk forward 30s, walk backward 30s", "--out", tmp_path / "sim", **ways)
    said("inspect", folder, **ways)
    out = tmp_path / "out"
    said("label", folder, "--out", out, "--model", stored_model, "--jobs", "1", "--report", **ways)
    assert "http" not in _addresses((out / "report.html").read_text())
    assert json.loads((out / "run.json").read_text())["counts"]["ok"] == 2
    rows = ["path,subject,labels,placement"]
    for way in ("forward", "backward"):
        said("simulate", f"walk {way} 40s", "--out", tmp_path / "mine", "--name", way, **ways)
        (tmp_path / "mine" / f"{way}.labels.csv").write_text(f"start_s,end_s,direction\n1,39,{way}")
        rows.append(f"{way}.zip,anna,{way}.labels.csv,waist")
    (tmp_path / "mine" / "manifest.csv").write_text("\n".join(rows))
    told = ("--base", stored_model, "--cache", "none", "--jobs", "1")
    said("train", tmp_path / "mine" / "manifest.csv", "--out", tmp_path / "m.model", *told, **ways)
    assert (tmp_path / "m.model").exists()


def _addresses(html):
    """What a browser would fetch: sources and sheets, not links for people to follow."""
    return " ".join(re.findall(r"""(?:\bsrc|<link[^>]*href|url\()\s*=?\s*["']?([^"')>]+)""", html))
