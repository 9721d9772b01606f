"""Uploads: files that are on disk before they are accepted, and read into a collection one upload after the other.

An upload is a folder of its own, with the files and a card that says what they are for. Once the card is there the
upload is accepted, and nothing short of the disk's death loses it: a server that starts takes up what is not done.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence, Set
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from ...core.errors import CallerError
from ...core.files import write_whole
from ...ingest.index import FileRead, index_paths
from ...ingest.readers import is_readable
from ...store.collection import Collection
from ...store.files import below, within
from ..doctor import of_passages

JobState = Literal["waiting", "running", "done", "failed"]
FileState = Literal["read", "partly", "skipped", "unchanged"]
#: folder of a tenant's uploads, and of a collection's files that were uploaded
JOBS, UPLOADS = "_jobs", "uploads"
CARD, FILES = "job.json", "files"
#: finished uploads whose outcome is remembered
REMEMBERED = 200
#: reasons that are told of a file
SHOWN = 100
#: documents of a file, and passages, in which it is looked for what looks wrong
DOCUMENTS, SAMPLE = 100, 1_000
#: files of an upload that are read at a time, before other writes have their turn
PART_FILES, PART_BYTES = 50, 4_000_000
_ID = re.compile(r"[0-9a-f]{16}")
#: bytes of one part of a path, and parts
_LONGEST, _DEEPEST = 200, 16


class Stopping(Exception):
    """The server ends, and an upload that is not done is left to the next start."""


@dataclass(slots=True)
class Job:
    """An upload on its way; `bytes` are those of its files, `read` how many characters were embedded so far.

    `skipped` pairs a file, or `file:line`, with the reason why it could not be read. `dropped` counts characters that
    were left out on purpose, by kind. `results` say what came of each file; see `FileBody`.
    """

    id: str
    collection: str
    files: Sequence[str]
    bytes: int
    made: float
    state: JobState = "waiting"
    file: str = ""
    read: int = 0
    documents_added: int = 0
    documents_changed: int = 0
    documents_removed: int = 0
    passages: int = 0
    skipped: Sequence[Sequence[str]] = field(default=())
    dropped: dict[str, int] = field(default_factory=dict)
    results: Sequence[dict[str, Any]] = field(default=())
    error: str = ""

    @property
    def finished(self) -> bool:
        """Say whether nothing more comes of it."""
        return self.state in ("done", "failed")


def fresh(job: Job) -> Job:
    """Return an upload as it was when it was accepted."""
    return Job(job.id, job.collection, job.files, job.bytes, job.made)


def safe_name(name: str) -> str:
    """Return the relative path that a file is kept under, parts joined by `/`.

    Raises:
        CallerError: for a name that leads elsewhere, or that no file system takes.
    """
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    bad = not parts or len(parts) > _DEEPEST or any(map(_unusable, parts))
    if bad:
        raise CallerError(f"{name!r:.100} is no name for a file; give a plain name, or a path below a folder")
    return "/".join(parts)


def _unusable(part: str) -> bool:
    encodable = part.encode("utf-8", "replace").decode() == part
    return part == ".." or not part.isprintable() or not encodable or len(part.encode()) > _LONGEST


class Jobs:
    """The uploads of one tenant."""

    def __init__(self, home: Path) -> None:
        self._folder = home / JOBS

    def draft(self) -> UploadDraft:
        """Begin an upload."""
        return UploadDraft(self._folder / secrets.token_hex(8))

    def get(self, name: str) -> Job | None:
        """Return an upload by its id."""
        return self._read(self._folder / name / CARD) if _ID.fullmatch(name) else None

    def unfinished(self) -> list[Job]:
        """Return the uploads that are to be done, the oldest first, and sweep up what never became one."""
        found = []
        for folder in self._folders():
            job = self._read(folder / CARD)
            if job is None:
                shutil.rmtree(folder, ignore_errors=True)
            elif not job.finished:
                found.append(job)
        return sorted(found, key=lambda job: (job.made, job.id))

    def put(self, job: Job) -> None:
        """Take down how an upload is; of one that is finished the files go."""
        folder = self._folder / job.id
        write_whole(folder / CARD, json.dumps(asdict(job)).encode())
        if job.finished:
            shutil.rmtree(folder / FILES, ignore_errors=True)
            self._sweep()

    def files(self, job: Job) -> Path:
        """Return the folder of the files that were not taken over yet."""
        return self._folder / job.id / FILES

    def _sweep(self) -> None:
        known = [
            (job.made, folder) for folder in self._folders() if (job := self._read(folder / CARD)) and job.finished
        ]
        for _, folder in sorted(known)[:-REMEMBERED]:
            shutil.rmtree(folder, ignore_errors=True)

    def _folders(self) -> Iterator[Path]:
        if self._folder.is_dir():
            yield from (one for one in self._folder.iterdir() if _ID.fullmatch(one.name))

    @staticmethod
    def _read(card: Path) -> Job | None:
        try:
            return Job(**json.loads(card.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None


class UploadDraft:
    """An upload that is not accepted yet."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}

    def add(self, name: str, pieces: Iterator[bytes]) -> None:
        """Write a file; a second one of the same name takes its place.

        Raises:
            CallerError: for a bad name, or a format that is not read.
        """
        place = safe_name(name)
        suffix = os.path.splitext(place)[1].lower()
        if not is_readable(suffix):
            raise CallerError(f"{name!r:.100}: files of the format {suffix or 'without a suffix'} are not read")
        path = self._folder / FILES / place
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                for piece in pieces:
                    file.write(piece)
                file.flush()
                os.fsync(file.fileno())
                self._sizes[place] = file.tell()
        except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
            raise CallerError(f"{name!r:.100} is a file and a folder at once; give them different names") from error

    def accept(self, collection: str, jobs: Jobs) -> Job:
        """Make it an upload: afterwards no crash loses it."""
        total = sum(self._sizes.values())
        job = Job(self._folder.name, collection, sorted(self._sizes), total, time.time())
        for folder in {path.parent for path in self._folder.rglob("*")} | {self._folder.parent}:
            _sync(folder)
        jobs.put(job)
        _sync(self._folder)
        return job

    def drop(self) -> None:
        """Forget it."""
        shutil.rmtree(self._folder, ignore_errors=True)


def take_over(job: Job, jobs: Jobs, collection: Collection) -> list[list[str]]:
    """Move the files of an upload into the collection's folder, and return their names in parts to be read at a time.

    It may be done again from any point: a file is moved in one step.

    Raises:
        CallerError: for a file whose name is a folder's there, or the reverse.
    """
    spool, folder = jobs.files(job), collection.folder / UPLOADS
    parts: list[list[str]] = []
    room = 0
    for name in job.files:
        if (spool / name).is_file():
            _move(spool / name, folder / name, job)
        if not (folder / name).is_file():
            continue  # deleted meanwhile
        if room <= 0 or len(parts[-1]) >= PART_FILES:
            parts.append([])
            room = PART_BYTES
        parts[-1].append(name)
        room -= (folder / name).stat().st_size
    return parts


def read_part(
    job: Job, names: Sequence[str], collection: Collection, pause: Callable[[], None], **options: Any
) -> None:
    """Read some files of an upload into the collection, and add to the job what came of it.

    Args:
        options: what `index_paths` is told besides.
        pause: is called wherever nothing is half written; others may write meanwhile.

    Raises:
        Stopping: when `pause` does; what is written by then stays.
    """
    folder = collection.folder / UPLOADS
    watcher = _Progress(job, str(folder), pause)
    only = [str(folder / name) for name in names]
    report = index_paths(collection, [folder], only=only, everything=True, watcher=watcher, **options)
    job.documents_added += report.documents_added
    job.documents_changed += report.documents_changed
    job.documents_removed += report.documents_removed
    job.passages += report.passages
    skipped = [(_shown(place, str(folder)), reason) for place, reason in report.skipped]
    job.skipped = [*job.skipped, *skipped]
    job.dropped = dict(Counter(job.dropped) + Counter(report.dropped))
    read = {_shown(one.path, str(folder)): one for one in report.read}
    results = [
        _result(name, read.get(name), [one for one in skipped if _owner(one[0], names) == name]) for name in names
    ]
    for one in results:
        one["warnings"] = _warnings(collection, str(folder / one["file"])) if one["documents"] else []
    job.results = [*job.results, *results]


def discard_files(collection: Collection, sources: Sequence[str], reading: Set[str]) -> None:
    """Delete the uploaded files of which no document is left, but for those that an upload is `reading`."""
    folder = os.path.realpath(collection.folder / UPLOADS)
    for source in sources:
        path = os.path.realpath(collection.files.path_of(source)) if source else ""
        if path.startswith(folder + os.sep) and path not in reading and not collection.files.keys(source):
            with suppress(OSError):
                os.unlink(path)


def _owner(place: str, names: Sequence[str]) -> str:
    """Return the file that a place is in: `a.csv` of `a.csv:7`, unless there is an `a.csv:7`."""
    return max((name for name in names if place.startswith(name)), key=len, default="")


def _result(name: str, read: FileRead | None, skipped: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return what came of a file; a place in it stands before the reason."""
    documents = read.documents if read else 0
    reasons = [reason if place == name else f"{place.removeprefix(name)}: {reason}" for place, reason in skipped]
    state: FileState = "partly" if reasons else "read"
    if not documents:
        state = "skipped" if read or reasons else "unchanged"
    return {
        "file": name,
        "state": state,
        "documents": documents,
        "reasons": reasons[:SHOWN],
        "dropped": read.dropped if read else {},
    }


def _warnings(collection: Collection, path: str) -> list[dict[str, Any]]:
    """Return what looks wrong about the passages of a file, of very many the first."""
    path = os.path.abspath(path)
    root = next((one for one in collection.files.roots() if within(path, one.path)), None)
    keys = collection.files.keys(root.short(below(path, root.path)))[:DOCUMENTS] if root else []
    ids = [name for found in collection.heads(keys, SAMPLE).values() for name in found][:SAMPLE]
    found = of_passages(sorted(collection.record.passages(ids).values(), key=lambda one: (one.document, one.place)))
    return [{**one._asdict(), "places": list(one.places)} for one in found]


class _Progress:
    """Takes down how far an upload is."""

    def __init__(self, job: Job, folder: str, pause: Callable[[], None]) -> None:
        self._job, self._folder, self._pause = job, folder, pause

    def start(self, characters: int) -> None:
        """Begin."""
        self._pause()

    def advance(self, characters: int) -> None:
        """Count what was embedded."""
        self._job.read += characters
        self._pause()

    def file(self, path: str) -> None:
        """Name the file."""
        self._job.file = _shown(path, self._folder)
        self._pause()

    def within(self, done: int, total: int, unit: str) -> None:
        """Hear how much of a file is read."""
        self._pause()


def _move(source: Path, target: Path, job: Job) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(source, target)
    except (FileExistsError, IsADirectoryError, NotADirectoryError) as error:
        raise CallerError(
            f"{job.id}: {target.name!r} is a file where another upload has a folder, or the reverse; rename it"
        ) from error


def _shown(path: str, folder: str) -> str:
    """Return a place without the folder on the server."""
    return path.removeprefix(folder).lstrip(os.sep)


def _sync(folder: Path) -> None:
    """Make the names in a folder durable."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
