"""ToolSelector: what people call."""

from __future__ import annotations

from pathlib import Path

import pytest

from polyhop.agent import Budget, ToolSelector
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from tests.tools.catalogues import offered
from tests.tools.select.shops import TOOLS


async def test_a_selection_is_what_an_agent_can_bind(tmp_path: Path, embedder: Encoder) -> None:
    """Tools come with the part of the request that they serve, as definitions, and with what they depend on."""
    with ToolSelector.open(tmp_path, create=True, embedder=embedder, threshold=0.0) as selector:
        selector.sync(offered(*TOOLS))
        found = selector.select("List the orders of our customer Mary, and what is the weather in Oslo?", k=2)
        again = await selector.aselect("List the orders of our customer Mary, and what is the weather in Oslo?", k=2)

        assert ["get_forecast", "get_user_orders"] == sorted(tool.name for tool in found.ranked)
        assert ["search_users"] == [tool.name for tool in found.needed]
        assert ("user_id", "get_user_orders") == (found.needed[0].gives, found.needed[0].to)
        assert {"List the orders of our customer Mary", "what is the weather in Oslo"} == {
            tool.reason for tool in found.ranked
        }
        assert [tool.name for tool in found.tools] == [one["function"]["name"] for one in found.definitions()]
        assert found.ranked == again.ranked


def test_a_selection_that_abstains_offers_nothing(tmp_path: Path, embedder: Encoder) -> None:
    """What was nearest can still be looked at."""
    with ToolSelector.open(tmp_path, create=True, embedder=embedder, threshold=1.0) as selector:
        selector.sync(offered(*TOOLS))
        found = selector.select("Prove the Riemann hypothesis", k=3)

        assert ((), True, 3) == (found.tools, found.abstained, len(found.ranked))
        assert found.why


def test_a_language_model_writes_the_queries(tmp_path: Path, embedder: Encoder) -> None:
    """What it says is searched for beside the request, within the budget of all selections; what it took is told."""
    model = ScriptedModel(['{"tools": ["tell the weather of the next days"]}'] * 2)
    given = {"threshold": 0.0, "llm": model, "budget": Budget(calls=1)}
    with ToolSelector.open(tmp_path, create=True, embedder=embedder, **given) as selector:
        selector.sync(offered(*TOOLS))
        found, after = (selector.select(f"Shall I take an umbrella {when}?", k=1) for when in ("today", "tomorrow"))

        assert (("tell the weather of the next days",), "get_forecast") == (found.intents, found.ranked[0].name)
        assert [1, 0] == [sum(one["calls"] for one in each.spent) for each in (found, after)]
        assert "tell the weather of the next days" not in after.intents


def test_no_model_is_asked_that_was_not_given(
    tmp_path: Path, embedder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The model of the settings is there for answers."""
    monkeypatch.setenv("POLYHOP_LLM", "openai/none")
    with ToolSelector.open(tmp_path, create=True, embedder=embedder, threshold=0.0) as selector:
        selector.sync(offered(*TOOLS))
        assert () == selector.select("What is the weather in Oslo?").spent
