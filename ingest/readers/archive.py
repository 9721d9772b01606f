"""Archives (.zip): the members, each by the reader of its kind, as documents `path#member`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

from ..documents import Item, Pace, Skipped, UnreadableError, one_line
from ..members import depth, read_member, shown_name
from ..package import bomb

MAX_MEMBERS = 10_000
MAX_UNPACKED = 1_000_000_000
_JUNK = ("__MACOSX/", ".DS_Store", "Thumbs.db", "desktop.ini")


def read(path: Path) -> Iterator[Item]:
    """Yield the documents of the members, and a `Skipped` for each that gives none; hidden files are passed over."""
    if depth(path):
        raise UnreadableError("an archive inside another file is not unpacked")
    try:
        archive = ZipFile(path)
    except (BadZipFile, NotImplementedError, ValueError) as error:
        raise UnreadableError(f"not a zip archive, or a broken one: {one_line(error)}") from error
    with archive:
        members = [one for one in archive.infolist() if not one.is_dir() and not _is_junk(one.filename)]
        if len(members) > MAX_MEMBERS:
            raise UnreadableError(f"holds {len(members):,} files, over the limit of {MAX_MEMBERS:,}")
        left = MAX_UNPACKED
        seen: dict[str, int] = {}
        pace = Pace(path, len(members), "files")
        for number, member in enumerate(members):
            yield from pace.told(number)
            name = shown_name(member.filename)
            count = seen[name] = seen.get(name, 0) + 1
            key = f"{path}#{name}" + (f"-{count}" if count > 1 else "")
            left -= member.file_size
            if reason := _reason(member, left):
                yield Skipped(key, reason)
                continue
            yield from _read(archive, member, path, key)


def _read(archive: ZipFile, member: ZipInfo, path: Path, key: str) -> Iterator[Item]:
    try:
        stream = archive.open(member)
    except Exception as error:  # zipfile raises many types on broken members
        yield Skipped(key, f"cannot be unpacked: {one_line(error)}")
        return
    with stream:
        yield from read_member(stream, member.filename, outer=path, key=key)


def _is_junk(name: str) -> bool:
    last = name.rpartition("/")[2]
    return name.startswith(_JUNK) or last in _JUNK or last.startswith("._")


def _reason(member: ZipInfo, left: int) -> str:
    """Return why a member is not read, or ""; zipfile unpacks no more of it than it says that there is."""
    if member.flag_bits & 1:
        return "encrypted with a password"
    return bomb(member) or (f"the archive unpacks to more than {MAX_UNPACKED:,} bytes" if left < 0 else "")
