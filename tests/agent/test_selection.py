"""ToolSelector: what people call."""

from __future__ import annotations

from pathlib import Path

from polyhop.agent import ToolSelector
from polyhop.retrieval.embed import Embedder
from tests.tools.catalogues import offered
from tests.tools.select.shops import TOOLS


async def test_a_selection_is_what_an_agent_can_bind(tmp_path: Path, embedder: Embedder) -> None:
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


def test_a_selection_that_abstains_offers_nothing(tmp_path: Path, embedder: Embedder) -> None:
    """What was nearest can still be looked at."""
    with ToolSelector.open(tmp_path, create=True, embedder=embedder, threshold=1.0) as selector:
        selector.sync(offered(*TOOLS))
        found = selector.select("Prove the Riemann hypothesis", k=3)

        assert ((), True, 3) == (found.tools, found.abstained, len(found.ranked))
        assert found.why
