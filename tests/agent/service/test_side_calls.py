"""What chat clients ask beside the question."""

from __future__ import annotations

import json

import pytest

from polyhop.agent.service.side_calls import side_call

HISTORY = "<chat_history>\nUSER: In which city was the director of Jaws born?\nASSISTANT: Cincinnati.\n</chat_history>"


def asked(key: str, value: str = '"…"') -> str:
    """Return a prompt of the form that Open WebUI sends."""
    return f'### Task:\nDo it.\n### Output:\nJSON format: {{ "{key}": {value} }}\n### Chat History:\n{HISTORY}'


@pytest.mark.parametrize(("key", "value"), [
    ("title", "In which city was the director"), ("tags", ["General"]), ("follow_ups", []), ("queries", []),
    ("text", ""),
])  # fmt: skip
def test_a_task_gets_the_json_that_it_names(key: str, value: object) -> None:
    """Titles are the first words of the conversation; the rest is what changes nothing."""
    said = side_call(asked(key))

    assert said is not None
    assert {key: value} == json.loads(said)


def test_a_title_may_be_asked_for_in_a_sentence() -> None:
    """As LibreChat does it; the answer is the title alone."""
    prompt = (
        "Provide a concise, 5-word-or-less title for the conversation. Only return it.\n\nUser: Who made Jaws?\nAI: He."
    )

    assert "Who made Jaws" == side_call(prompt)


@pytest.mark.parametrize("text", [
    "In which city was the director of Jaws born?",
    "What is a good title for the conversation between Plato and Socrates?",
    "### Task:\nRespond to the user query using the provided context.\n<user_query>Who?</user_query>",
    asked("unknown"),
])  # fmt: skip
def test_a_question_is_none(text: str) -> None:
    """What asks for something else is searched for."""
    assert side_call(text) is None
