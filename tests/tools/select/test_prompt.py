"""How a language model is asked for queries."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.core.errors import CallerError
from polyhop.prompts import load
from polyhop.tools.select.prompt import QueryPrompt, Shot, tidy


def test_examples_are_turns_before_the_request() -> None:
    """Each as the model would have been asked, and as it should have replied."""
    told = QueryPrompt("List tools.", (Shot("Is it warm?", ("Tell the weather",)),)).messages("Book a room")

    assert ["system", "user", "assistant", "user"] == [message["role"] for message in told]
    assert ["List tools.", "Request: Is it warm?", '{"tools": ["Tell the weather"]}', "Request: Book a room"] == [
        message["content"] for message in told
    ]


def test_the_default_is_the_shipped_wording() -> None:
    """Without examples."""
    assert QueryPrompt(load("tool_queries"), ()) == QueryPrompt()


def test_a_prompt_is_kept_in_a_file(tmp_path: Path) -> None:
    """Whole as JSON, or its wording alone as text."""
    prompt = QueryPrompt("Nenne Werkzeuge für die Anfrage.", (Shot("Regnet es?", ("Sag das Wetter an",)),))
    prompt.save(tmp_path / "prompt.json")
    (tmp_path / "prompt.md").write_text("List tools.")

    assert prompt == QueryPrompt.load(tmp_path / "prompt.json")
    assert QueryPrompt("List tools.") == QueryPrompt.load(tmp_path / "prompt.md")


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"system": "", "shots": []}', '{"system": "a", "shots": [{"request": "b", "tools": "c"}]}'],
)
def test_a_file_that_is_no_prompt_is_refused(tmp_path: Path, text: str) -> None:
    """The message says what is expected."""
    (tmp_path / "prompt.json").write_text(text)
    with pytest.raises(CallerError, match=r"prompt\.json.*`system` and `shots`"):
        QueryPrompt.load(tmp_path / "prompt.json")


def test_queries_are_tidied() -> None:
    """Each once and in one line, none empty, none endless, and eight at most."""
    assert ["a b", "c" * 400] == tidy(["a\n b", " ", "a b", "c" * 500])
    assert 8 == len(tidy(map(str, range(20))))
