"""Files made to harm: each ends in a recording or in one sentence, within seconds."""

import errno
import io
import json
import os
import resource
import struct
import sys
import time
import zipfile
import zlib
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from retrodetect.direction import store
from retrodetect.errors import InputError, ModelError, RefusedRecording
from retrodetect.formats import discover, read, source
from retrodetect.runs import task
from retrodetect.runs.batch import run
from retrodetect.runs.outputs import Outputs
from retrodetect.runs.task import Settings

from .corpus import walk
from .fuzzing import guarded

HEAD = b"time,x,y,z\n"
ROWS = b"".join(
    b"%.2f,%.3f,%.3f,%.3f\n" % (n / 50, *(9.81 * row))
    for n, row in enumerate(np.tile(walk(), (8, 1)))
)


def zipped(*members):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return packed.getvalue()


def nested_zips(depth):
    content = zipped(("walk.csv", HEAD + ROWS))
    for _ in range(depth):
        content = zipped(("walk.zip", content))
    return content


def billion_laughs():
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10 if n else "lol"}">' for n in range(12))
    book = f'<?xml version="1.0"?><!DOCTYPE w [{entities}]><w>&a11;</w>'
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
    types = (
        '<?xml version="1.0"?>'
        '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kind}"/></Types>'
    )
    return zipped(("[Content_Types].xml", types), ("xl/workbook.xml", book))


def far_workbook(row):
    """A sheet of three rows, the last of which says that it is somewhere else."""
    plain, far = io.BytesIO(), io.BytesIO()
    pd.DataFrame({"Time (s)": [0.0, 0.1], "x": [0.0, 0.1]}).to_excel(plain, index=False)
    with zipfile.ZipFile(plain) as old, zipfile.ZipFile(far, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            if name.startswith("xl/worksheets/"):
                assert b'<row r="3">' in content
                content = content.replace(b'<row r="3">', row.encode())
            new.writestr(name, content)
    return far.getvalue()


def matlab_bomb():
    """A matrix of 256 MB in a quarter of a megabyte."""
    packer = zlib.compressobj(9)
    body = packer.compress(struct.pack("<II", 14, 2**28) + bytes(64))
    body += b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    head = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H2s", 0x100, b"IM")
    return head + struct.pack("<II", 15, len(body)) + body


def number(whole):
    """As Avro writes one: the sign in the lowest bit, seven bits a byte."""
    whole, found = whole << 1, b""
    while whole > 0x7F:
        found, whole = found + bytes([whole & 0x7F | 0x80]), whole >> 7
    return found + bytes([whole])


def avro_bomb():
    """A session of 256 MB in a quarter of a megabyte."""
    schema = b'{"type": "record", "name": "empatica.Session", "fields": []}'
    entries = {b"avro.schema": schema, b"avro.codec": b"deflate"}
    head = b"".join(number(len(part)) + part for entry in entries.items() for part in entry)
    packer = zlib.compressobj(9, wbits=-15)
    body = b"".join(packer.compress(bytes(2**20)) for _ in range(256)) + packer.flush()
    mark = bytes(range(16))
    head = b"Obj\x01" + number(len(entries)) + head + number(0) + mark
    return head + number(1) + number(len(body)) + body + mark


HOSTILE = {
    "deep brackets.json": b"[" * 1_000_000,
    "deep objects.json": b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
    "deep sensor.json": b'[{"sensor":"Accelerometer","x":'
    + b"[" * 300_000
    + b"]" * 300_000
    + b"}]",
    "deep packets.json": b'{"Meas":' + b"[" * 300_000 + b"]" * 300_000 + b"}",
    "million columns.csv": HEAD + ROWS + b",".join([b"1.5"] * 1_000_000) + b"\n" + ROWS,
    "wide header.csv": b",".join(b"c%d" % n for n in range(50_000)) + b"\n" + ROWS,
    "endless line.csv": HEAD + ROWS + b"1" * 50_000_000,
    "one line.csv": b"1,2,3,4," * 5_000_000,
    "gigantic fields.csv": HEAD + ROWS + (b'1,2,3,"' + b"a" * 1_000_000 + b'"\n') * 40,
    "open quote.csv": HEAD + ROWS + b'1,2,3,"' + ROWS * 50,
    "zeros.csv": HEAD + ROWS + bytes(20_000_000) + ROWS,
    "zip in zip.zip": nested_zips(500),
    "billion laughs.xlsx": billion_laughs(),
    "row 1e308.xlsx": far_workbook('<row r="1e308">'),
    "last row.xlsx": far_workbook('<row r="1048576">'),
    "last column.xlsx": far_workbook('<row r="3"><c r="ZZZ3" t="n"><v>1</v></c>'),
    "far and near.xlsx": far_workbook('<row r="3"><c r="XFD3" t="n"><v>1</v></c></row><row>' * 500),
    "bomb.mat": matlab_bomb(),
    "bomb.avro": avro_bomb(),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_ends_in_a_recording_or_in_one_sentence(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with guarded():  # five seconds, no program started, no network
        try:
            outcome = [f"{one.name} is read." for one in read(path)]
        except InputError as error:
            outcome = [str(error)]
    for sentence in outcome:
        assert name in sentence
        assert sentence.endswith(".")
        assert "\n" not in sentence
    grown_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before_kib
    assert grown_kib < 512 * 1024


@pytest.mark.parametrize("name", ["bomb.mat", "bomb.avro"])
def test_a_bomb_within_a_binary_log_is_never_handed_to_the_library(tmp_path, name, monkeypatch):
    for library in ("matio", "fastavro"):
        monkeypatch.setitem(sys.modules, library, None)  # to import it would fail
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(RefusedRecording, match="expands to more than 64 MiB"):
        read(path)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("row 1e308.xlsx", "invalid reference"),
        ("last row.xlsx", "1048576 rows"),
        ("far and near.xlsx", "1002 rows and 16384 columns"),
    ],
)
def test_a_sheet_that_pretends_to_be_larger_than_it_is_is_refused(tmp_path, name, reason):
    path = tmp_path / name
    path.write_bytes(HOSTILE[name])
    with pytest.raises(InputError, match=reason):
        read(path)


def test_json_is_read_up_to_a_bound_only(tmp_path, monkeypatch):
    path = tmp_path / "walk.json"
    path.write_text(json.dumps([{"sensor": "Accelerometer", "x": 1.0}] * 1000))
    monkeypatch.setattr(source, "_MOST_JSON_BYTES", 1 << 15)
    with pytest.raises(RefusedRecording, match="is JSON larger than"):
        read(path)


def test_what_is_around_a_monstrous_line_is_kept(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_bytes(HEAD + ROWS + b"1," * 3_000_000 + b"\n")
    (recording,) = read(path)
    assert len(recording.time_s) == ROWS.count(b"\n")


@pytest.mark.skipif(sys.platform == "win32", reason="pipes with names are of POSIX")
def test_pipes_and_devices_are_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "zero.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "zero.csv"):
        with guarded(), pytest.raises(InputError, match="neither a file nor a folder"):
            read(tmp_path / name)
    # They have a row, which says so; to open them would wait for ever.
    with guarded():
        assert [item.name for item in discover(tmp_path)] == ["pipe.csv", "zero.csv"]


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="no file here fails to be read")
def test_a_file_that_cannot_be_read_fails_alone(tmp_path, write_walk, stored_model):
    write_walk(tmp_path / "in" / "walk.csv")
    # Its first byte gives an error of input, as on a damaged disk.
    (tmp_path / "in" / "bad.csv").symlink_to("/proc/self/mem")
    settings = Settings(str(stored_model))
    sessions = run([tmp_path / "in"], Outputs(tmp_path / "out"), settings).sessions
    assert dict(zip(sessions["recording"], sessions["status"], strict=True)) == {
        "walk.csv": "ok",
        "bad.csv": "failed",
    }
    assert "cannot be read (Input/output error)" in " ".join(sessions["message"])


def test_a_file_that_breaks_off_in_the_middle_fails_alone(
    tmp_path, write_walk, stored_model, monkeypatch
):
    files = [write_walk(tmp_path / "in" / name) for name in ("a.csv", "b.csv")]
    label, broken = task.label_pieces, iter([True])

    def breaking(pieces, *more, **options):
        if next(broken, False):
            raise OSError(errno.EIO, "Input/output error")
        return label(pieces, *more, **options)

    monkeypatch.setattr(task, "label_pieces", breaking)
    settings = Settings(str(stored_model))
    sessions = run(files, Outputs(tmp_path / "out"), settings).sessions
    assert list(sessions["status"]) == ["failed", "ok"]
    assert sessions["message"][0] == (
        "a.csv: cannot be read to its end (Input/output error); copy or export it again."
    )


def test_links_in_circles_and_to_nowhere_do_not_trap_the_search(tmp_path):
    inner = tmp_path / "in" / "deep"
    inner.mkdir(parents=True)
    (inner / "walk.csv").write_bytes(HEAD + ROWS)
    (inner / "again").symlink_to(tmp_path / "in")
    (inner / "itself.csv").symlink_to(inner / "itself.csv")
    (inner / "gone.csv").symlink_to(tmp_path / "nowhere.csv")
    with guarded():
        named = [item.name for item in discover(tmp_path / "in")]
        assert named == ["deep/walk.csv", "deep/gone.csv", "deep/itself.csv"]
        with pytest.raises(InputError):
            read(inner / "itself.csv")


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_results_replace_a_link_and_never_what_it_points_at(tmp_path, write_walk, stored_model):
    """Whoever shares the folder might point a result at a file of the user's."""
    victim = tmp_path / "victim"
    victim.write_text("precious")
    out = tmp_path / "out"
    walk, settings = write_walk(tmp_path / "w.csv"), Settings(str(stored_model))
    run([walk], Outputs(out), settings)
    for name in ("strides.csv", "sessions.csv", "run.json"):
        (out / name).unlink()
        (out / name).symlink_to(victim)
    run([walk], Outputs(out), settings)
    assert victim.read_text() == "precious"
    assert not any(
        (out / name).is_symlink() for name in ("strides.csv", "sessions.csv", "run.json")
    )


NAMES = (
    "=HYPERLINK(1).csv", "<script>alert(1)</script>.csv", "a\nb.csv", "\x1b[31mred.csv",
    "\u202evsc.csv", "\udcff.csv", "quote\".csv", "'; DROP.csv", "{{ 7 * 7 }}.csv",
)  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="such names are none there")
def test_names_stay_names_in_every_output(tmp_path, write_walk, stored_model):
    folder = tmp_path / "in"
    for name in NAMES:
        write_walk(folder / name.replace("/", "\u2215"))
    (folder / "\udcfe.csv.gz").write_bytes(b"\x1f\x8bdamaged")  # its message names it too
    out = tmp_path / "out"
    settings = Settings(str(stored_model))
    outcome = run([folder], Outputs(out, report=True), settings)
    assert outcome.sessions["status"].tolist().count("ok") == len(NAMES)
    page = (out / "report.html").read_text("utf-8")
    assert "<script>alert" not in page
    assert "{{ 7" in page or "49" not in page
    rows = (out / "sessions.csv").read_text("utf-8").splitlines()
    assert len(rows) == len(NAMES) + 2
    assert not [row for row in rows if row.startswith(("=", "+", "@", "-"))]
    written = b"".join(path.read_bytes() for path in out.iterdir() if path.is_file())
    assert b"\x1b" not in written
    assert "\u202e".encode() not in written


def bomb_model(folder, **members):
    path = folder / "bomb.model"
    path.write_bytes(zipped(*members.items()))
    return path


def refusal(path):
    with guarded(), pytest.raises(ModelError) as caught:
        store.load(path)
    return str(caught.value)


def test_a_model_that_is_a_zip_bomb_is_not_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "MOST_BYTES", 2**20)
    assert "expands to more than 1 MiB" in refusal(
        bomb_model(tmp_path, **{"card.json": b" " * 2**21})
    )


@pytest.mark.parametrize(
    "card",
    [b"[" * 200_000, b"{}", b"[]", b"null", b'{"schema": 1e999}', b'{"schema": 1, "inputs": []}',
     b'{"schema": 99, "versions": []}', b"\xff\xfe", b""],
)  # fmt: skip
def test_a_card_of_any_shape_is_refused_in_one_sentence(tmp_path, card):
    assert refusal(bomb_model(tmp_path, **{"card.json": card})).endswith(".")


def test_a_card_sealed_over_nonsense_is_refused(tmp_path):
    card = {
        "schema": store.SCHEMA,
        "inputs": asdict(store._inputs()),
        "name": [],
        "versions": 3,
        "parameters": {"groups": []},
    }
    card["sha256"] = store._digest(card)
    assert "rejected" in refusal(bomb_model(tmp_path, **{"card.json": json.dumps(card).encode()}))


def test_reading_hostile_files_takes_no_longer_in_a_batch(tmp_path, stored_model):
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "walk.csv").write_bytes(HEAD + ROWS)
    for name in ("deep brackets.json", "million columns.csv", "zeros.csv", "zip in zip.zip"):
        (folder / name).write_bytes(HOSTILE[name])
    begin = time.process_time()
    outcome = run([folder], Outputs(tmp_path / "out"), Settings(str(stored_model)))
    assert time.process_time() - begin < 30
    rows = outcome.sessions.set_index("recording")
    assert rows.loc["walk.csv", "status"] in {"ok", "no_gait"}
    assert not rows["message"].astype(str).str.contains("please report").any()
