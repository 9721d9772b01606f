"""OpenAI's own client against the server."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import openai
import pytest

from tests.corpus import QUESTION

from .served import PATIENCE, Served
from .test_side_calls import asked

pytestmark = pytest.mark.slow  # a server of its own takes seconds to start, on a busy machine many

MODEL = "polyhop/films/fast"


@pytest.fixture
def client(films: Served) -> Iterator[openai.OpenAI]:
    """Return the client; it insists on a key."""
    with openai.OpenAI(base_url=f"{films.url}/v1", api_key="none", timeout=PATIENCE, max_retries=0) as made:
        yield made


def turns(*texts: str) -> Any:
    """Return a conversation in which the user begins."""
    roles = ("user", "assistant")
    return [{"role": roles[place % 2], "content": text} for place, text in enumerate(texts)]


def test_each_collection_is_a_model_in_each_profile(client: openai.OpenAI) -> None:
    """The ids that are listed can be asked for."""
    listed = [one.id for one in client.models.list()]

    assert [f"polyhop/films/{profile}" for profile in ("fast", "quality", "auto")] == listed
    assert [MODEL, "polyhop"] == [(one := client.models.retrieve(MODEL)).id, one.owned_by]


def test_a_completion_cites_its_sources(client: openai.OpenAI, films: Served) -> None:
    """Each annotation names a passage, an address where it can be read, and the sentence that rests on it."""
    said = client.chat.completions.create(model=MODEL, messages=turns(QUESTION)).choices[0]
    text, noted = said.message.content or "", said.message.annotations or []
    cited = [one.url_citation for one in noted]

    assert "stop" == said.finish_reason and "Cincinnati" in text
    assert "Steven Spielberg" in [one.title for one in cited]
    assert {True} == {0 <= one.start_index < one.end_index <= len(text) for one in cited}
    assert "Cincinnati" in text[cited[-1].start_index : cited[-1].end_index] or "Cincinnati" in text
    assert {200} == {films.client.get(one.url).status_code for one in cited}


def test_a_stream_says_the_same(client: openai.OpenAI) -> None:
    """Pieces of the text, then the sources, then the reason to stop, and what was used if it is asked for."""
    whole = client.chat.completions.create(model=MODEL, messages=turns(QUESTION)).choices[0].message
    stream = client.chat.completions.create(
        model=MODEL, messages=turns(QUESTION), stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    deltas = [one.choices[0].delta for one in chunks if one.choices]
    noted = [extra for one in deltas for extra in (one.model_extra or {}).get("annotations", ())]

    assert whole.content == "".join(one.content or "" for one in deltas)
    assert [one.model_dump() for one in whole.annotations or ()] == noted
    assert ["assistant", "stop"] == [deltas[0].role, chunks[-2].choices[0].finish_reason]
    assert chunks[-1].usage is not None and 0 == chunks[-1].usage.total_tokens
    assert len(deltas) > 5


def test_the_last_message_is_understood_by_those_before(client: openai.OpenAI) -> None:
    """A system message changes nothing; parts of a message are read as its text."""
    history: Any = [
        {"role": "system", "content": "You are a pirate."},
        *turns("Who directed Jaws?", "Steven Spielberg."),
        {"role": "user", "content": [{"type": "text", "text": "Where was he born?"}]},
    ]
    said = client.chat.completions.create(model=MODEL, messages=history, temperature=0.9)

    assert "Cincinnati" in (said.choices[0].message.content or "")


@pytest.mark.parametrize("stream", [False, True])
def test_side_calls_search_for_nothing(client: openai.OpenAI, stream: bool) -> None:  # noqa: FBT001 - pytest gives it
    """A title is made of the first words, and no passage is cited."""
    said: Any = client.chat.completions.create(model=MODEL, messages=turns(asked("title")), stream=stream)
    text = "".join(one.choices[0].delta.content or "" for one in said) if stream else said.choices[0].message.content

    assert '{"title": "In which city was the director"}' == text


def test_mistakes_are_those_that_the_client_knows(client: openai.OpenAI) -> None:
    """An unknown model is not found, a conversation without a last question a bad request."""
    with pytest.raises(openai.NotFoundError, match="GET /v1/models"):
        client.chat.completions.create(model="gpt-4o", messages=turns("x"))
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("polyhop/none/fast")
    with pytest.raises(openai.BadRequestError, match="last message"):
        client.chat.completions.create(model=MODEL, messages=turns("x", "y"))
    with pytest.raises(openai.BadRequestError, match="question is empty"):
        client.chat.completions.create(model=MODEL, messages=turns(" "), stream=True)
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model=MODEL, messages=turns("x"), n=2)
