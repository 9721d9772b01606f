"""Keys and passwords in what is shown, and the rights of what is written."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path

import pytest

from polyhop.agent import Agent, Document, Settings
from polyhop.core.llm.cache import ReplyCache
from polyhop.core.llm.litellm_model import LiteLLM
from polyhop.core.llm.role import Call, Reply
from polyhop.core.private import redacted, without_user
from polyhop.encoders import Encoder
from polyhop.store.chroma import connect
from polyhop.store.vector_index import IndexUnavailable

KEY = "sk-made-up-0123456789abcdef"
ODD = "correct-horse-battery"
CALL = Call([{"role": "user", "content": "Who directed Jaws?"}], 100)


@pytest.mark.parametrize(
    "text",
    [
        f"Incorrect API key provided: {KEY}.",
        f"refused: Bearer {ODD}",
        f"cannot reach http://user:{ODD}@127.0.0.1:9/v1",
        f"header Authorization: Basic {ODD}",
    ],
)
def test_what_looks_like_a_secret_is_not_told(text: str) -> None:
    """Keys, headers and passwords in addresses go; the rest of the message stays."""
    told = redacted(text)
    assert not {KEY, ODD} & set(told.replace("@", " ").replace(".", " ").split())
    assert KEY not in told
    assert ODD not in told
    assert told.startswith(text[:7])


def test_known_secrets_are_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever the environment or the options call a key is known, whatever it looks like."""
    monkeypatch.setenv("MADE_UP_API_KEY", ODD)
    assert "you sent ***" == redacted(f"you sent {ODD}")
    assert "you sent ***" == redacted("you sent other-odd-one", {"extra_headers": {"Authorization": "x other-odd-one"}})
    assert "max_tokens 12345678 tokens" == redacted("max_tokens 12345678 tokens", {"max_tokens": "12345678"})


def test_a_model_shows_no_key() -> None:
    """Neither its repr nor its identity holds a secret, of whatever option."""
    options = {
        "api_key": KEY,
        "password": ODD,
        "client_secret": ODD,
        "extra_headers": {"Authorization": f"Bearer {ODD}"},
    }
    model = LiteLLM("openai/test", options)
    shown = (
        repr(model)
        + model.identity
        + repr(Settings(llm_url=f"http://me:{ODD}@host", index=f"chroma=http://me:{ODD}@h"))
    )
    assert KEY not in shown
    assert ODD not in shown
    assert "host" in shown


def test_replies_belong_to_the_key_that_paid_for_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another key, or another header, asks the provider itself; the same key finds what it was told."""
    cache, said = ReplyCache(tmp_path / "replies.sqlite"), Reply("Steven Spielberg.", 9, 4)
    one = LiteLLM("openai/test", {"api_key": KEY})
    cache.put(one, CALL, said)
    assert said == cache.get(LiteLLM("openai/test", {"api_key": KEY}), CALL)
    assert cache.get(LiteLLM("openai/test", {"api_key": f"{KEY}-other"}), CALL) is None
    assert cache.get(LiteLLM("openai/test", {"api_key": KEY, "extra_headers": {"X-Key": ODD}}), CALL) is None
    for value, expected in ((KEY, said), (ODD, None), (KEY, said)):
        monkeypatch.setenv("OPENAI_API_KEY", value)
        if value == KEY and expected == said:
            cache.put(LiteLLM("openai/test"), CALL, said)
        assert expected == cache.get(LiteLLM("openai/test"), CALL)
    cache.close()
    assert not any(KEY.encode() in path.read_bytes() for path in tmp_path.iterdir())


@pytest.mark.parametrize(
    "row",
    [
        "[]",
        "null",
        "nojson",
        "[" * 100_000,
        '{"text": 5, "tokens_in": 1, "tokens_out": 1, "cut": false}',
        '{"text": "x", "tokens_in": -1, "tokens_out": 1, "cut": false}',
        '{"text": "x", "tokens_in": 1, "tokens_out": 1e308, "cut": false}',
        '{"text": "x", "tokens_in": 1, "tokens_out": 1, "cut": null}',
        '{"text": "x"}',
        b"\xff",
        7,
    ],
)
def test_a_row_that_is_no_reply_is_passed_over(tmp_path: Path, row: object) -> None:
    """The provider is asked again, and the row is replaced."""
    cache, model = ReplyCache(tmp_path / "replies.sqlite"), LiteLLM("openai/test")
    cache.put(model, CALL, Reply("Steven Spielberg.", 9, 4))
    cache._run("UPDATE replies SET reply = ?", (row,))
    assert cache.get(model, CALL) is None
    cache.put(model, CALL, Reply("He did.", 9, 4))
    assert Reply("He did.", 9, 4) == cache.get(model, CALL)
    cache.close()


def test_what_polyhop_writes_is_its_owners_alone(tmp_path: Path, embedder: Encoder) -> None:
    """Homes, records, checkpoints and the cache cannot be read by others, whatever the umask lets them."""
    old = os.umask(0o022)
    try:
        home, cache = tmp_path / "deep" / "home", ReplyCache(tmp_path / "cache" / "replies.sqlite")
        cache.put(LiteLLM("openai/test"), CALL, Reply("He did.", 9, 4))
        with Agent.open(home, create=True, embedder=embedder, checkpoints=tmp_path / "runs.sqlite") as agent:
            agent.collection.add([Document("a", "The Elbe ends in the North Sea.")])
            agent.retrieve("Where does the Elbe end?", thread="one")
            found = {path: stat.S_IMODE(path.stat().st_mode) for path in (home, home.parent, *home.glob("*"))}
            files = [*home.glob("*/record.sqlite*"), *cache._path.parent.iterdir(), tmp_path / "runs.sqlite"]
            modes = {path: stat.S_IMODE(path.stat().st_mode) for path in files}
        cache.close()
    finally:
        os.umask(old)
    assert dict.fromkeys(found, 0o700) == found
    assert len(modes) > 3
    assert dict.fromkeys(modes, 0o600) == modes


def test_an_address_of_a_server_is_told_without_its_password() -> None:
    """Neither the message nor the place of the vectors holds it."""
    address = f"http://user:{ODD}@127.0.0.1:9"
    assert "http://127.0.0.1:9" == without_user(address)
    with pytest.raises(IndexUnavailable) as raised:
        connect(Path(), address)
    assert ODD not in str(raised.value)
    assert ODD not in json.dumps(str(raised.value.__cause__))
