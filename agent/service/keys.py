"""API keys: who may ask a server what, and for which tenant.

A key is 32 random bytes, so that a fast hash (SHA-256) keeps it: a slow one is for secrets that can be guessed, and
would cost each request a tenth of a second. The file holds hashes alone; a key is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from ...core.errors import CallerError, OperatorError

Scope = Literal["read", "write", "admin"]
SCOPES: Sequence[str] = get_args(Scope)
#: the tenant whose collections lie in the home itself, where the command line puts them
DEFAULT = "default"
#: no collection can be called so: names of collections begin with a letter or a digit
TENANTS, FILE = "_tenants", "_keys.sqlite"
_TENANT = re.compile(r"[a-z0-9][a-z0-9-]{0,62}")
_KEY = re.compile(r"ph_([0-9a-f]{12})_[\w-]{43}", re.ASCII)
HOUR, DAY = 3_600.0, 86_400.0

_TABLE = """
CREATE TABLE IF NOT EXISTS keys (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL, tenant TEXT NOT NULL, scopes TEXT NOT NULL, remark TEXT NOT NULL,
    made REAL NOT NULL, ends REAL
) STRICT
"""


@dataclass(frozen=True, slots=True)
class ApiKey:
    """What is known of a key; `ends` is when it ceases to hold, None for never (seconds since 1970)."""

    id: str
    tenant: str
    scopes: frozenset[str]
    remark: str
    made: float
    ends: float | None

    def holds(self, now: float) -> bool:
        """Say whether it is neither revoked nor over."""
        return self.ends is None or now < self.ends


def home_of(home: Path, tenant: str) -> Path:
    """Return the folder that holds a tenant's collections, and nothing of anybody else's.

    Raises:
        CallerError: for what is no name of a tenant.
    """
    if not _TENANT.fullmatch(tenant):
        raise CallerError(f"{tenant!r} is no name for a tenant; use lower-case letters, digits and '-', at most 63")
    return home if tenant == DEFAULT else home / TENANTS / tenant


class KeyStore:
    """The keys of a home, in one SQLite file beside its collections; a running server sees every change at once.

    Raises:
        OperatorError: from every method, for a file that cannot be read or written.
    """

    def __init__(self, home: Path) -> None:
        self._path = home / FILE
        self._connection: sqlite3.Connection | None = None

    def any(self) -> bool:
        """Say whether there ever was a key: then nobody gets in without one, also once all are revoked."""
        if not self._path.exists():
            return False
        with self._reading() as connection:
            return connection.execute("SELECT 1 FROM keys LIMIT 1").fetchone() is not None

    def add(self, tenant: str, scopes: Sequence[str], *, remark: str = "", days: float | None = None) -> str:
        """Make a key and return it; nobody can read it again.

        Raises:
            CallerError: for an unknown scope or none, and for what is no name of a tenant.
        """
        home_of(self._path.parent, tenant)
        if not scopes or set(scopes) - set(SCOPES):
            raise CallerError(f"a key needs scopes out of {', '.join(SCOPES)}, not {', '.join(scopes) or 'none'}")
        name, now = secrets.token_hex(6), time.time()
        key = f"ph_{name}_{secrets.token_urlsafe(32)}"
        ends = None if days is None else now + days * DAY
        row = (name, _hash(key), tenant, " ".join(sorted(set(scopes))), remark, now, ends)
        with self._reading() as connection:
            connection.execute("INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)", row)
        return key

    def rotate(self, name: str, *, hours: float) -> str:
        """Return a new key for the tenant and the scopes of an old one, which ends after some hours.

        Raises:
            CallerError: for a key that is not there, or holds no longer.
        """
        old = self._known(name)
        if not old.holds(time.time()):
            raise CallerError(f"the key {name!r} holds no longer; add one with `polyhop keys add`")
        key = self.add(old.tenant, sorted(old.scopes), remark=old.remark)
        self._end(name, time.time() + hours * HOUR)
        return key

    def revoke(self, name: str) -> None:
        """End a key now.

        Raises:
            CallerError: for a key that is not there.
        """
        self._known(name)
        self._end(name, time.time())

    def listed(self) -> list[ApiKey]:
        """Return all keys, the oldest first."""
        if not self._path.exists():
            return []
        with self._reading() as connection:
            rows = connection.execute("SELECT id, tenant, scopes, remark, made, ends FROM keys ORDER BY made, id")
            return [_key(row) for row in rows]

    def check(self, given: str) -> ApiKey | None:
        """Return whose key is given, or None for one that is unknown, revoked or over."""
        found = _KEY.fullmatch(given)
        if found is None or not self._path.exists():
            return None
        sql = "SELECT id, tenant, scopes, remark, made, ends, hash FROM keys WHERE id = ?"
        with self._reading() as connection:
            row = connection.execute(sql, (found[1],)).fetchone()
        if row is None or not hmac.compare_digest(row[6], _hash(given)):
            return None
        key = _key(row[:6])
        return key if key.holds(time.time()) else None

    def close(self) -> None:
        """Let go of the file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _known(self, name: str) -> ApiKey:
        found = next((one for one in self.listed() if one.id == name), None)
        if found is None:
            raise CallerError(f"there is no key {name!r}; `polyhop keys list` shows their ids")
        return found

    def _end(self, name: str, when: float) -> None:
        """Let a key end at a time, unless it ends sooner."""
        sql = "UPDATE keys SET ends = min(ifnull(ends, ?1), ?1) WHERE id = ?2"
        with self._reading() as connection:
            connection.execute(sql, (when, name))

    @contextmanager
    def _reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection, each statement a transaction of its own."""
        try:
            if self._connection is None:
                self._connection = self._opened()
            yield self._connection
        except (sqlite3.Error, OSError) as error:
            raise OperatorError(f"the keys in {str(self._path)!r} failed ({error}); check the file") from error

    def _opened(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(self._path, os.O_CREAT | os.O_RDWR, 0o600))
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=10)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(_TABLE)
        return connection


def _hash(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def _key(row: Sequence[object]) -> ApiKey:
    name, tenant, scopes, remark, made, ends = row
    return ApiKey(str(name), str(tenant), frozenset(str(scopes).split()), str(remark), float(str(made)), _time(ends))


def _time(ends: object) -> float | None:
    return None if ends is None else float(str(ends))
