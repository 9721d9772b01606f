"""The select_tools graph: the same with and without LangGraph, with and without a language model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError, ModelError
from polyhop.core.llm.gateway import Gateway
from polyhop.encoders import Encoder
from polyhop.graphs.select import STEPS, Selecting, Selector, Wanted, select, select_graph
from polyhop.tools.select.engine import Engine
from polyhop.tools.tool import Tool
from tests.tools.select.shops import engine, offered

REQUEST = Wanted(request="Tell me the weather in Oslo and send a mail to my boss", k=2)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Engine]:
    """Open the known tools."""
    with engine(tmp_path_factory.mktemp("select"), embedder) as opened:
        yield opened


def names(state: Selecting) -> list[str]:
    """Return the names of the chosen tools."""
    return sorted(name.rsplit("/", 1)[-1] for name in state["chosen"])


def timeless(state: Selecting) -> dict[str, Any]:
    """Return a state without its milliseconds."""
    return {**state, "events": [event["event"] for event in state["events"]]}


def test_the_graph_and_the_walk_agree(shop: Engine) -> None:
    """Both take the same steps and end in the same state, of plain JSON types."""
    walked = select(REQUEST, Selector(shop))
    ran = select_graph().invoke(REQUEST, context=Selector(shop))

    assert ["get_forecast", "send_mail"] == names(walked)
    assert timeless(walked) == timeless(ran)
    assert walked == json.loads(json.dumps(walked))
    assert list(STEPS) == [event["event"] for event in walked["events"]]


async def test_the_graph_runs_in_an_event_loop(shop: Engine) -> None:
    """Async code gets the same."""
    assert names(select(REQUEST, Selector(shop))) == names(
        await select_graph().ainvoke(REQUEST, context=Selector(shop))
    )


def test_a_language_model_writes_the_queries(shop: Engine) -> None:
    """What it says the request needs is searched for beside the request."""
    model = ScriptedModel(['{"tools": ["Change the size of a picture", "Return the words of a song"]}'])
    state = select(Wanted(request="Prepare the karaoke evening", k=2), Selector(shop, llm=Gateway([model])))

    assert ["get_lyrics", "resizeImage"] == names(state)
    assert 1 == len(state["spent"])


def test_a_model_that_fails_costs_nothing_but_its_call(shop: Engine) -> None:
    """The rules stand in, and the event says why."""
    state = select(REQUEST, Selector(shop, llm=Gateway([ScriptedModel([ModelError("it is away")])])))

    assert ["get_forecast", "send_mail"] == names(state)
    assert ["no queries of a language model: it is away"] == state["events"][0]["notices"]


def test_below_the_threshold_nothing_is_offered(shop: Engine) -> None:
    """The reason is told; the ranking stays in the state."""
    state = select(REQUEST, Selector(shop, threshold=1.0))

    assert state["abstained"].startswith("no tool seems to do this")
    assert 2 == len(state["chosen"])
    assert "" == select(REQUEST, Selector(shop, threshold=0.0))["abstained"]


def test_of_few_tools_none_is_kept_back(tmp_path: Path, embedder: Encoder) -> None:
    """A catalogue so small that all of it could be offered refuses nothing by itself, only at a bound that is given."""
    asked = Wanted(request="Bake me a cake", k=1)
    with engine(tmp_path, embedder) as opened:
        assert select(asked, Selector(opened))["abstained"]
        opened.catalogue.sync(offered(Tool("send_mail", "Send a letter by electronic mail.")))

        assert ("", 1) == (select(asked, Selector(opened))["abstained"], len(opened.index().snapshot.tools))
        assert select(asked, Selector(opened, threshold=0.9))["abstained"]


def test_an_empty_request_is_the_callers_mistake(shop: Engine) -> None:
    """Nothing is searched for."""
    with pytest.raises(CallerError):
        select(Wanted(request=" "), Selector(shop))
