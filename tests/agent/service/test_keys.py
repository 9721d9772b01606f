"""Keys: what is kept of them, when they hold, and the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polyhop.agent import CallerError
from polyhop.agent.service.keys import FILE, KeyStore, home_of

from ..commands import run, run_json


def store(home: Path) -> KeyStore:
    """Return the keys of a home."""
    return KeyStore(home)


def test_a_key_says_whose_it_is(tmp_path: Path) -> None:
    """Whoever shows a key is its tenant, with its scopes; another key of the same form is nobody's."""
    keys = store(tmp_path)
    key = keys.add("acme", ["read", "write"])
    known = keys.check(key)

    assert known is not None
    assert ("acme", {"read", "write"}) == (known.tenant, known.scopes)
    assert [None] * 4 == [
        keys.check(one)
        for one in ("", key[:-1], f"{key[:-1]}{'A' if key[-1] != 'A' else 'B'}", "ph_" + "0" * 12 + "_" + "x" * 43)
    ]


def test_no_file_holds_a_key(tmp_path: Path) -> None:
    """The file of the keys can be read by its owner alone, and has hashes in the place of keys."""
    keys = store(tmp_path)
    key = keys.add("acme", ["read"])
    keys.close()

    assert 0o600 == (tmp_path / FILE).stat().st_mode & 0o777
    assert not [path for path in tmp_path.iterdir() if key.rpartition("_")[2].encode() in path.read_bytes()]


def test_a_revoked_key_holds_no_longer(tmp_path: Path) -> None:
    """It is refused at once, by a store that was open before too, and the home stays closed to those without a key."""
    keys, other = store(tmp_path), store(tmp_path)
    key = keys.add("acme", ["read"])
    known = other.check(key)
    assert known is not None
    keys.revoke(known.id)

    assert other.check(key) is None
    assert other.any()


def test_a_key_ends(tmp_path: Path) -> None:
    """One that was made for no time is over."""
    keys = store(tmp_path)

    assert keys.check(keys.add("acme", ["read"], days=0)) is None


def test_rotation_leaves_time_to_change(tmp_path: Path) -> None:
    """The new key has the tenant and the scopes of the old one, which holds for the overlap and not longer."""
    keys = store(tmp_path)
    old = keys.add("acme", ["write", "read"], remark="pipeline")
    name = keys.listed()[0].id
    new = keys.rotate(name, hours=1)
    before, after = keys.listed()

    assert keys.check(old) and keys.check(new)
    assert ("acme", {"read", "write"}, "pipeline") == (after.tenant, after.scopes, after.remark)
    assert before.ends is not None and before.made < before.ends <= after.made + 3_600 + 60
    assert keys.check(keys.rotate(after.id, hours=0)) and keys.check(new) is None


@pytest.mark.parametrize("tenant", ["", "..", "a/b", "Acme", "_tenants", "a" * 64])
def test_names_of_tenants_are_plain(tmp_path: Path, tenant: str) -> None:
    """No name of a tenant leads to another folder."""
    with pytest.raises(CallerError):
        home_of(tmp_path, tenant)
    with pytest.raises(CallerError):
        store(tmp_path).add(tenant, ["read"])


@pytest.mark.parametrize("scopes", [[], ["root"], ["read", "all"]])
def test_scopes_are_known(tmp_path: Path, scopes: list[str]) -> None:
    """A key needs a scope that there is."""
    with pytest.raises(CallerError, match="read, write, admin"):
        store(tmp_path).add("acme", scopes)


def test_the_commands_make_list_and_end_keys(tmp_path: Path) -> None:
    """`keys add` prints the key alone, `list` everything but the key, `revoke` and `add --replaces` end it."""
    key = run("keys", "add", "--tenant", "acme", "--scope", "read", "--remark", "web", home=tmp_path).stdout.strip()
    (listed,) = run_json("keys", "list", home=tmp_path)
    shown = run("keys", "list", home=tmp_path).stdout
    newer = run("keys", "add", "--replaces", listed["id"], "--overlap", "0", home=tmp_path).stdout.strip()
    run("keys", "revoke", listed["id"], home=tmp_path)

    assert ("acme", ["read"], "web", True) == tuple(listed[name] for name in ("tenant", "scopes", "remark", "holds"))
    assert key not in shown + json.dumps(listed) and listed["id"] in shown
    assert store(tmp_path).check(key) is None and store(tmp_path).check(newer)
    assert [False, True] == [one["holds"] for one in run_json("keys", "list", home=tmp_path)]


def test_an_unknown_key_cannot_be_revoked(tmp_path: Path) -> None:
    """The message says how ids are found."""
    said = run("keys", "revoke", "abc", home=tmp_path, code=2).stderr

    assert "polyhop keys list" in said
