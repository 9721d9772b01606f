"""Archives."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import pytest

from polyhop.core.types import Document
from polyhop.ingest import documents
from polyhop.ingest.documents import FileProgress, Skipped
from polyhop.ingest.readers import archive as reader
from polyhop.ingest.readers import read_file


def write(folder: Path, members: dict[str, bytes]) -> Path:
    file = folder / "a.zip"
    with ZipFile(file, "w", ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(ZipInfo(name), data, compress_type=ZIP_DEFLATED)
    return file


def skipped(path: Path) -> dict[str, str]:
    return {item.path: item.reason for item in read_file(path) if isinstance(item, Skipped)}


def test_members_are_read_by_their_readers(tmp_path: Path) -> None:
    """Keys name the member; the source is the archive; titles are those of the members."""
    file = write(
        tmp_path, {"docs/a-b.txt": b"one", "rows.csv": b"id,text\n7,two\n", "__MACOSX/x.txt": b"no", "e/": b""}
    )
    made = [item for item in read_file(file) if isinstance(item, Document)]

    assert {f"{file}#docs/a-b.txt": "one", f"{file}#rows.csv#7": "two"} == {item.key: item.text for item in made}
    assert {str(file)} == {item.source for item in made}
    assert "a b" == made[0].title
    assert {} == skipped(file)


def test_paths_lead_nowhere_and_names_are_told_apart(tmp_path: Path) -> None:
    """Steps out of the archive, line ends and repeated names do no harm."""
    outside = tmp_path / "evil.txt"
    file = write(tmp_path, {"../evil.txt": b"up", "/abs\nolute.txt": b"root"})
    with pytest.warns(UserWarning, match="Duplicate"), ZipFile(file, "a") as archive:
        archive.writestr("../evil.txt", "again")
    keys = [item.key for item in read_file(file) if isinstance(item, Document)]

    assert [f"{file}#evil.txt", f"{file}#abs olute.txt", f"{file}#evil.txt-2"] == keys
    assert not outside.exists() and not (tmp_path.parent / "evil.txt").exists()


def test_progress_is_told_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A watcher hears how far the file is read."""
    monkeypatch.setattr(documents, "PACE", 0)
    file = write(tmp_path, {"a.txt": b"one", "b.txt": b"two"})
    told = [item for item in read_file(file) if isinstance(item, FileProgress)]

    assert [FileProgress(str(file), done, 2, "files") for done in (0, 1)] == [
        one for one in told if one.unit == "files"
    ]


def test_each_member_that_is_not_read_has_its_reason(tmp_path: Path) -> None:
    """Archives in archives, bombs and unknown formats are skipped, and the others are read."""
    (tmp_path / "inner").mkdir()
    inner = write(tmp_path / "inner", {"x.txt": b"deep"}).read_bytes()
    members = {"inner.zip": inner, "bomb.txt": b"0" * 20_000_000, "a.exe": b"MZ", "good.txt": b"fine", "empty.txt": b""}
    file = write(tmp_path, members)

    assert {
        f"{file}#inner.zip": "an archive inside another file is not unpacked",
        f"{file}#bomb.txt": skipped(file)[f"{file}#bomb.txt"],
        f"{file}#a.exe": "unsupported format '.exe'",
        f"{file}#empty.txt": "empty: no text in it",
    } == skipped(file)
    assert "as only bombs do" in skipped(file)[f"{file}#bomb.txt"]
    assert ["fine"] == [item.text for item in read_file(file) if isinstance(item, Document)]


def test_sizes_and_numbers_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many members refuse the archive, too many bytes the members that are over."""
    file = write(tmp_path, {"a.txt": b"1234567890", "b.txt": b"1234567890"})
    monkeypatch.setattr(reader, "MAX_UNPACKED", 15)
    assert [f"{file}#b.txt"] == list(skipped(file))
    monkeypatch.setattr(reader, "MAX_MEMBERS", 1)
    assert ["holds 2 files, over the limit of 1"] == list(skipped(file).values())


def test_encrypted_and_damaged_members_are_skipped(tmp_path: Path) -> None:
    """A member with a password, and one whose bytes changed, have their reasons; rubbish is no archive."""
    file = write(tmp_path, {"a.txt": b"first " * 50, "b.txt": b"second " * 50})
    data = bytearray(file.read_bytes())
    data[40:44] = b"\xff\xff\xff\xff"  # within what is packed of the first
    with ZipFile(file) as archive:
        place = data.rindex(b"PK\x01\x02")
        assert "b.txt" == archive.infolist()[1].filename
    data[place + 8] |= 1
    file.write_bytes(data)

    assert skipped(file)[f"{file}#a.txt"].startswith("cannot be unpacked")
    assert "encrypted with a password" == skipped(file)[f"{file}#b.txt"]
    (tmp_path / "c.zip").write_bytes(b"rubbish")
    assert skipped(tmp_path / "c.zip")[str(tmp_path / "c.zip")].startswith("not a zip archive")
