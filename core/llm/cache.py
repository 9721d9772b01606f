"""The cache of replies: the same call of the same model is not paid for twice."""

from __future__ import annotations

import json
import sqlite3
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..forked import never_close, register
from ..logs import get_logger
from ..private import private_file, private_folder
from .role import Call, LanguageModel, Reply

MOST = 100_000
# How many replies are dropped at once when there are too many.
DROPPED = 1_000


class ReplyCache:
    """Keeps replies in one SQLite file by the content of the call; may be shared by threads and processes.

    A file that cannot be read or written costs the cache, never a run: it is logged once and left alone from then on.
    The oldest replies are dropped when there are more than `most`.
    """

    def __init__(self, path: Path | str, *, most: int = MOST) -> None:
        self._path = Path(path)
        self._most = most
        self._connection: sqlite3.Connection | None = None
        self._broken = False
        self._inside = threading.Lock()
        register(self)

    def get(self, model: LanguageModel, call: Call) -> Reply | None:
        """Return what the model replied to the same call before, if that is known."""
        if not model.identity:
            return None
        found = self._run("SELECT reply FROM replies WHERE key = ?", (_key(model, call),))
        return _read(found[0][0]) if found else None

    def put(self, model: LanguageModel, call: Call, reply: Reply) -> None:
        """Keep a reply."""
        if not model.identity:
            return
        said = {"text": reply.text, "tokens_in": reply.tokens_in, "tokens_out": reply.tokens_out, "cut": reply.cut}
        self._run("INSERT OR REPLACE INTO replies (key, reply) VALUES (?, ?)", (_key(model, call), json.dumps(said)))
        self._run(
            "DELETE FROM replies WHERE (SELECT count(*) FROM replies) > ? "
            "AND rowid IN (SELECT rowid FROM replies ORDER BY rowid LIMIT ?)",
            (self._most, DROPPED),
        )

    def close(self) -> None:
        """Close the file."""
        with self._inside:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def before_fork(self) -> None:
        """Close the file; whoever asks next opens it again, in the parent as in the child."""
        self.close()

    def in_child(self) -> None:
        """Begin anew, whatever other threads of the parent were at."""
        never_close(self._connection)
        self._connection = None
        self._inside = threading.Lock()

    def _run(self, statement: str, values: tuple[object, ...]) -> list[tuple[str]]:
        with self._inside:
            if self._broken:
                return []
            try:
                return self._open().execute(statement, values).fetchall()
            except (sqlite3.Error, OSError) as error:
                self._broken = True
                get_logger(__name__).warning(
                    "the cache of replies is not used", file=str(self._path), reason=str(error)
                )
                return []

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            private_folder(self._path.parent)
            private_file(self._path)
            self._connection = sqlite3.connect(self._path, timeout=5.0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = NORMAL")
            self._connection.execute("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, reply TEXT NOT NULL)")
        return self._connection


def _read(row: object) -> Reply | None:
    """Return a reply as `put` wrote it, None for anything else: others may have written to the file."""
    try:
        said: Any = json.loads(row) if isinstance(row, str) else None
        text, read, written, cut = (said[name] for name in ("text", "tokens_in", "tokens_out", "cut"))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    counts = all(type(count) is int and count >= 0 for count in (read, written))
    return Reply(text, read, written, cut) if isinstance(text, str) and counts and isinstance(cut, bool) else None


def _key(model: LanguageModel, call: Call) -> str:
    content = [model.identity, call.messages, call.max_tokens, call.temperature, call.sample, call.schema]
    return sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
