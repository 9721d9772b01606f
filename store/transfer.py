"""Moving collections: export and import.

An export may come from anybody. Nothing that it says of itself is believed: it is read through once before anything is
written, hashes are computed here, and a vector is kept for its own passage alone, so that no other document ever gets
it. Only of an export that its owner calls trusted are hashes, digests, files and calibration taken over as they are.
"""

from __future__ import annotations

import base64
import gzip
import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

import numpy as np

from ..core.errors import CallerError, OperatorError
from ..core.files import draft_of
from ..core.json_text import json_text
from ..core.types import Chunk, Document, Vectors
from . import layout
from .collection import Collection
from .files import KnownFile, Root
from .write import AddReport, Intake, Prepared, content_hash, imported_digest

FORMAT = 1
PAGE = 500
#: Bytes of a line of an export that nobody vouches for. Read as JSON it may take some twenty times as much memory.
MAX_LINE = 50_000_000


class Followed(NamedTuple):
    """The folders and files that a collection follows, and its calibration, empty without one.

    A file has the number of its folder and its path below it.
    """

    roots: list[Root]
    files: list[tuple[int, str, KnownFile]]
    calibration: str = ""


def export(collection: Collection, path: Path) -> int:
    """Write a collection to one JSON-lines file (gzip if it ends in `.gz`) and return the number of documents.

    The file appears whole or not at all. It holds texts, metadata and vectors, so that importing it embeds nothing,
    which folders and files the collection follows, so that indexing those afterwards reads nothing, and what it was
    calibrated to. Originals stay.

    Raises:
        OperatorError: where the file cannot be written.
    """
    try:
        with draft_of(path) as draft, _open(draft, "wt", gz=path.suffix == ".gz") as file:
            head = {
                "polyhop": FORMAT,
                "embedder": collection.embedder_name,
                "dimension": collection.status()["dimension"],
                "chunk_tokens": collection.status()["chunk_tokens"],
            }
            file.write(json.dumps(head) + "\n")
            count = 0
            for row in _documents(collection):
                file.write(json_text(row) + "\n")
                count += 1
            file.write(json_text({"end": count, **_followed(collection)}) + "\n")
    except OSError as error:
        raise OperatorError(f"cannot write {str(path)!r} ({error}); choose another place") from error
    return count


def import_file(collection: Collection, path: Path, *, trusted: bool = False) -> AddReport:
    """Add what `export` wrote; documents of the same key are replaced. Nothing is written before all of it was checked.

    Vectors are taken over if the embedder is the same, otherwise the texts are embedded again.

    Args:
        trusted: whether the file is an export of your own that nobody has changed. Then passages keep their ids,
            documents that are added again are recognised as unchanged, folders and files are taken down (see
            `Files.adopt`), and a collection that was empty takes over the length of passages and the calibration.

    Raises:
        CallerError: if the file is no export, is damaged, or ends too early; nothing of it is kept.
    """
    if not path.is_file():
        raise CallerError(f"cannot open {str(path)!r} (no such file); check the path")
    expected = _Expected(collection.embedder_name, int(collection.status()["dimension"]), trusted=trusted)
    with _open(path, "rb", gz=path.suffix == ".gz") as file:
        for _ in _parts(file, path, expected):
            pass
        file.seek(0)
        if (empty := not collection.status()["documents"]) and trusted:
            tokens = int(_head(_lines(file, path, expected.line), path).get("chunk_tokens") or 0)
            collection.record.put(chunk_tokens=tokens)
            file.seek(0)
        with collection.intake() as intake:
            _take(collection, intake, _parts(file, path, expected), empty=empty)
    return intake.report


class _Expected(NamedTuple):
    """What the vectors of an import have to be, and whether the file is believed."""

    embedder: str
    dimension: int
    trusted: bool

    @property
    def line(self) -> int:
        """Return how many bytes a line may have, -1 for any number."""
        return -1 if self.trusted else MAX_LINE


def _take(collection: Collection, intake: Intake, parts: Iterator[Prepared | Followed], *, empty: bool) -> None:
    """Take documents, and when all of them are there the folders and files."""
    for part in parts:
        if isinstance(part, Prepared):
            intake.put(part)
            continue
        intake.flush()
        if part.roots and not intake.report.skipped:
            collection.files.adopt(part.roots, part.files)
        if empty and part.calibration:
            collection.record.put(calibration=part.calibration)


def embedder_of(path: Path) -> str:
    """Return the name of the embedder whose vectors an export holds.

    Raises:
        CallerError: for a file that is no export.
    """
    with _open(path, "rb", gz=path.suffix == ".gz") as file:
        return str(_head(_lines(file, path, MAX_LINE), path).get("embedder", ""))


def _documents(collection: Collection) -> Iterator[dict[str, Any]]:
    head = (
        "SELECT id, live, key, title, source, metadata, digest FROM documents"
        " WHERE live IS NOT NULL AND id > ? ORDER BY id LIMIT ?"
    )
    body = (
        "SELECT c.title, c.heading, c.text, v.vector, c.hash, c.layout FROM chunks c LEFT JOIN vectors v"
        " ON v.hash = c.hash AND v.embedder = ? WHERE c.doc = ? AND c.version = ? ORDER BY c.ord"
    )
    last = 0
    while True:
        with collection.record.reading() as connection:
            rows = connection.execute(head, (last, PAGE)).fetchall()
            chunks = [connection.execute(body, (collection.embedder_name, row[0], row[1])).fetchall() for row in rows]
        if not rows:
            return
        last = rows[-1][0]
        for (_, _, key, title, source, metadata, digest), pieces in zip(rows, chunks, strict=True):
            yield {
                "key": key,
                "title": title,
                "source": source,
                "metadata": json.loads(metadata),
                "digest": bytes(digest).hex(),
                "chunks": [_chunk_json(*piece) for piece in pieces],
            }


def _chunk_json(*piece: Any) -> dict[str, str]:
    title, heading, text, vector, content, written = piece
    coded = base64.b64encode(vector or b"").decode()
    row = {"title": title, "heading": heading, "text": text, "vector": coded, "hash": bytes(content).hex()}
    return row | ({"layout": written} if written else {})


def _followed(collection: Collection) -> dict[str, Any]:
    """Return the folders and files that a collection follows, and its calibration, as JSON."""
    files = [
        [root, path, *(file._asdict() | {"digest": file.digest.hex()}).values()]
        for root, path, file in collection.files.every()
    ]
    row = {"roots": [list(root) for root in collection.files.roots()], "files": files}
    calibration = collection.record.get("calibration", "")
    return row | ({"calibration": calibration} if calibration else {})


def _parts(file: IO[bytes], path: Path, expected: _Expected) -> Iterator[Prepared | Followed]:
    """Yield the documents of an export, and at the end its folders and files."""
    lines = _lines(file, path, expected.line)
    same = _head(lines, path).get("embedder") == expected.embedder
    number = 1
    for number, line in enumerate(lines, start=2):
        row = _line(line, path, number)
        try:
            if "end" not in row:
                yield _document(row, expected, same=same)
                continue
            followed = _read_followed(row, same=same) if expected.trusted else Followed([], [])
        except (KeyError, TypeError, ValueError) as error:
            raise CallerError(f"{str(path)!r} is damaged at line {number} ({error!r}); export again") from error
        if row["end"] != number - 2:
            break
        yield followed
        return
    raise CallerError(f"{str(path)!r} ends too early, after {number - 1} documents; export again")


def _read_followed(row: dict[str, Any], *, same: bool) -> Followed:
    """Return what `_followed` wrote, nothing of an export of 0.1; no other embedder can use a calibration."""
    roots = [Root(int(id), *map(str, fields)) for id, *fields in row.get("roots", [])]
    files = [
        (int(root), str(path), KnownFile(str(key), int(size), int(mtime), bytes.fromhex(mark), str(reader)))
        for root, path, key, size, mtime, mark, reader in row.get("files", [])
    ]
    return Followed(roots, files, str(row.get("calibration", "")) if same else "")


def _head(lines: Iterator[bytes], path: Path) -> dict[str, Any]:
    head = _line(next(lines, b""), path, 1)
    if head.get("polyhop") != FORMAT:
        raise CallerError(
            f"{str(path)!r} is no export of this polyhop; `polyhop export` makes one, `polyhop index` reads documents"
        )
    return head


def _document(row: dict[str, Any], expected: _Expected, *, same: bool) -> Prepared:
    """Return a document as it was written, or raise one of KeyError, TypeError and ValueError."""
    pieces = row["chunks"]
    chunks = [_chunk(piece) for piece in pieces]
    if not chunks:
        raise ValueError("a document without passages")
    text = "\n".join(chunk.text for chunk in chunks)
    document = Document(row["key"], text, row["title"], row["metadata"], row["source"])
    vectors = _vectors(pieces, expected.dimension) if same else None
    if expected.trusted:
        kept = [bytes.fromhex(piece["hash"]) for piece in pieces] if same else []
        return Prepared(document, chunks, bytes.fromhex(row["digest"]), vectors, kept)
    hashes = [
        content_hash(chunk, b"" if vectors is None else vectors[place].astype("<f4").tobytes())
        for place, chunk in enumerate(chunks)
    ]
    return Prepared(document, chunks, imported_digest(document, chunks, hashes), vectors, hashes)


def _chunk(piece: dict[str, Any]) -> Chunk:
    text, title, heading, coded = (piece.get(name, "") for name in ("text", "title", "heading", "layout"))
    if not all(isinstance(one, str) for one in (text, title, heading, coded)) or not text.strip():
        raise ValueError("a passage without text")
    "".join((text, title, heading)).encode()  # a lone surrogate is a ValueError too
    return Chunk(text, title, heading, layout.checked(coded, len(text)))


def _vectors(pieces: list[dict[str, str]], dimension: int) -> Vectors:
    """Return the vectors of passages, shape (passages, dimension)."""
    data = [base64.b64decode(piece["vector"], validate=True) for piece in pieces]
    if any(len(one) != 4 * dimension for one in data):
        raise ValueError(f"a vector has not the {dimension} dimensions of the collection")
    rows = np.frombuffer(b"".join(data), "<f4").reshape(-1, dimension).astype(np.float32)
    with np.errstate(over="ignore", invalid="ignore"):
        if not np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3):
            raise ValueError("a vector is not of unit length")
    return rows


def _lines(file: IO[bytes], path: Path, most: int) -> Iterator[bytes]:
    """Yield the lines of a file that may be cut short, no text, or no gzip; of `most` bytes each, -1 for no bound."""
    try:
        while line := file.readline(most):  # the file itself would be closed together with the generator
            if len(line) == most and not line.endswith(b"\n"):
                raise CallerError(
                    f"{str(path)!r} has a line of more than {most:,} bytes; if it is an export of your own that nobody "
                    "has changed, import it as trusted (`polyhop import FILE --trusted`)"
                )
            yield line
    except EOFError as error:
        raise CallerError(f"{str(path)!r} ends too early ({error}); export again") from error
    except (OSError, ValueError, zlib.error) as error:
        raise CallerError(f"{str(path)!r} is damaged or no export ({error}); export again") from error


def _line(line: bytes, path: Path, number: int) -> dict[str, Any]:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise CallerError(
            f"{str(path)!r} is damaged or no export: line {number} is no JSON ({error}); export again"
        ) from error
    if not isinstance(row, dict):
        raise CallerError(f"{str(path)!r} is damaged or no export: line {number} is no JSON object; export again")
    return row


def _open(path: Path, mode: str, *, gz: bool) -> Any:
    try:
        encoding = None if "b" in mode else "utf-8"
        return gzip.open(path, mode, encoding=encoding) if gz else path.open(mode, encoding=encoding)
    except OSError as error:
        raise CallerError(f"cannot open {str(path)!r} ({error}); check the path") from error
