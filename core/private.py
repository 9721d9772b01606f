"""What is nobody else's business: keys and passwords in texts that are shown, and files that hold what users know."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from secrets import token_bytes

HIDDEN = "***"
#: what an option or a variable is called that holds a secret
_SECRET = re.compile(r"key|token(?!s|iz)|secret|password|passwd|credential|authorization|cookie", re.IGNORECASE)
#: too short to be found in a text without finding words
SHORTEST = 8
_USER = re.compile(r"(?<=://)[^\s/@'\"]*:[^\s/'\"]*@")
_BEARER = re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/=-]{8,}", re.IGNORECASE)
_KEY = re.compile(r"\b(?:sk|pk|rk|gsk|xai|hf|ghp|glpat|AIza)[-_]?[\w-]{16,}")


def is_secret(name: str) -> bool:
    """Tell by its name whether an option or an environment variable holds a secret."""
    return bool(_SECRET.search(name))


def secrets_in(options: Mapping[str, object]) -> list[str]:
    """Return the secrets among options, those of headers and other mappings inside too."""
    found: list[str] = []
    for name, value in options.items():
        if isinstance(value, Mapping):
            found += secrets_in(value) if not is_secret(name) else [str(one) for one in value.values()]
        elif is_secret(name) and isinstance(value, str):
            found += [value, value.rpartition(" ")[2]]  # "Bearer KEY" may be told without its first word
    return [one for one in found if len(one) >= SHORTEST]


def redacted(text: str, options: Mapping[str, object] | None = None) -> str:
    """Return a text without secrets.

    Those of `options` and of the environment go, and whatever looks like a key, or like the user and password in an
    address.
    """
    known = {*secrets_in(options or {}), *secrets_in(os.environ)}
    for secret in sorted(known, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    text = _USER.sub(f"{HIDDEN}@", text)
    return _KEY.sub(HIDDEN, _BEARER.sub(rf"\1{HIDDEN}", text))


def without_user(address: str) -> str:
    """Return an address without the user and password that it may name."""
    return _USER.sub("", address)


def mark_of_secrets(options: Mapping[str, object], prefix: str) -> str:
    """Return what tells one user's secrets from another's and does not give them away.

    Those of `options` count, and of the environment the variables that begin with `prefix`, in any case.
    """
    given = {name: value for name, value in os.environ.items() if name.upper().startswith(prefix.upper())}
    found = [*secrets_in(options), *secrets_in(given)]
    return blake2b("\0".join(found).encode("utf-8", "surrogateescape"), digest_size=16).hexdigest() if found else ""


def sealed(text: str, folder: Path) -> str:
    """Return a seal that only who has the key in a folder of his own can make; the key is made when there is none.

    Raises:
        OSError: if the key can be neither read nor made.
    """
    path = folder / "seal.key"
    if not path.exists():
        private_folder(folder)
        draft = path.with_name(f".seal.{os.getpid()}")
        draft.unlink(missing_ok=True)
        private_file(draft)
        draft.write_bytes(token_bytes(32))
        with suppress(FileExistsError):  # another process was first
            os.link(draft, path)
        draft.unlink()
    return blake2b(text.encode("utf-8", "surrogateescape"), key=path.read_bytes(), digest_size=16).hexdigest()


def private_folder(path: Path) -> None:
    """Make a folder and those above it, as far as they are missing, for its owner alone.

    Raises:
        OSError: if it cannot be made.
    """
    if path.is_dir():
        return
    private_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)


def private_file(path: Path) -> None:
    """Make a file for its owner alone; one that is there stays as it is.

    Raises:
        OSError: if it cannot be made or opened.
    """
    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_NONBLOCK, 0o600))
