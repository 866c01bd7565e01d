"""Archives and packed files: bounded, harmless, and named where they are broken."""

import bz2
import gzip
import io
import lzma
import warnings
import zipfile
from pathlib import Path

import pytest

from retrodetect.errors import RefusedRecording, UnreadableFile
from retrodetect.formats import ReadOptions, read

from .reexport import Style, walk, write

CSV = write(walk(), Style())


@pytest.fixture
def small_bombs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a megabyte be what 64 are otherwise."""
    monkeypatch.setattr("retrodetect.formats.source._FREE_BYTES", 1 << 20)
    monkeypatch.setattr("retrodetect.formats.source._MOST_EXPANSION", 20)


@pytest.mark.usefixtures("small_bombs")
@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress, bz2.compress])
def test_a_bomb_is_refused_before_it_expands(tmp_path: Path, pack: object) -> None:
    assert callable(pack)
    path = tmp_path / "walk.csv.gz"
    path.write_bytes(pack(CSV + b"1,2,3,4\n" * 400_000))
    with pytest.raises(RefusedRecording, match="expands to more"):
        read(path)


def test_the_bound_can_be_set(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv.gz"
    path.write_bytes(gzip.compress(CSV))
    assert read(path)
    with pytest.raises(RefusedRecording, match="expands"):
        read(path, options=ReadOptions(max_bytes=len(CSV) // 2))


@pytest.mark.usefixtures("small_bombs")
def test_a_bomb_within_a_zip_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "walk.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("walk.csv", CSV + b"1,2,3,4\n" * 400_000)
    with pytest.raises(RefusedRecording, match="expands"):
        read(path)


def test_an_archive_of_countless_files_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "many.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(5001):
            archive.writestr(f"{number}.csv", "")
    with pytest.raises(RefusedRecording, match="5001 files"):
        read(path)


@pytest.mark.parametrize("name", ["../../evil.csv", "/etc/evil.csv", "..\\evil.csv", "a/../b.csv"])
def test_names_that_climb_out_write_nothing(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = tmp_path / "inner" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    with zipfile.ZipFile(inner / "walk.zip", "w") as archive:
        archive.writestr(name, CSV)
    before = sorted(tmp_path.rglob("*"))
    assert read(inner / "walk.zip")
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("pack", "name"),
    [(gzip.compress, "w.gz"), (lzma.compress, "w.xz"), (bz2.compress, "w.bz2")],
)
def test_a_cut_or_flipped_file_is_named_as_damaged(tmp_path: Path, pack: object, name: str) -> None:
    assert callable(pack)
    data = bytearray(pack(CSV))
    path = tmp_path / name
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(UnreadableFile, match=f"{name}: cannot be read"):
        read(path)
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises((UnreadableFile, RefusedRecording)):
        read(path)


def test_what_a_packed_file_suffers_from_is_told(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv.gz"
    path.write_bytes(gzip.compress(CSV)[:-200])
    with pytest.raises(UnreadableFile, match=r"cannot be read \(Compressed file ended before"):
        read(path)


def test_a_damaged_member_is_reported_beside_the_others(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("good.csv", CSV)
        archive.writestr("torn.csv", CSV)
    data = bytearray(packed.getvalue())
    place = data.index(b"torn.csv") + 200
    data[place : place + 50] = b"\0" * 50
    path = tmp_path / "walk.zip"
    path.write_bytes(data)
    (recording,) = read(path)
    assert any("torn.csv" in warning for warning in recording.warnings)


def test_a_locked_archive_says_so(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("walk.csv", CSV)
    data = bytearray(packed.getvalue())
    for header in (b"PK\x03\x04", b"PK\x01\x02"):
        data[data.index(header) + (6 if header == b"PK\x03\x04" else 8)] |= 1  # encrypted
    path = tmp_path / "walk.zip"
    path.write_bytes(data)
    with pytest.raises(UnreadableFile, match="encrypted"):
        read(path)


def test_of_members_of_one_name_the_last_counts(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "walk.zip", "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # zipfile says that the name is there already
        for content in ("time_s,x\n", CSV, CSV):
            archive.writestr("walk.csv", content)
    assert len(read(tmp_path / "walk.zip")) == 1


def test_an_archive_without_a_recording_says_so(tmp_path: Path) -> None:
    path = tmp_path / "papers.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    with pytest.raises(UnreadableFile, match="but no recording"):
        read(path)
