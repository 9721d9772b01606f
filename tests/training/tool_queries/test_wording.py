"""The choice of a prompt by its reward."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from polyhop.agent.testing import ScriptedModel
from polyhop.core.errors import CallerError, ModelError
from polyhop.core.llm.callable_model import OwnModel
from polyhop.core.llm.gateway import Gateway
from polyhop.core.llm.role import Budget, Ledger, Message
from polyhop.encoders import Encoder
from polyhop.graphs.select import Selector, Wanted, select
from polyhop.tools.select.prompt import QueryPrompt, reply
from polyhop.training.catalogues import ToolRequest
from polyhop.training.tool_queries.examples import QueryGeneratorRecipe
from polyhop.training.tool_queries.wording import Chooser
from tests.tools.select.shops import engine
from tests.training.silence import Silence

from .worlds import ROW, judge, requests

GOOD, BAD = "Write what each tool does.", "Write anything."
RECIPE = QueryGeneratorRecipe(k=2, together=1, sets=1, shots=1)
MAIL, NOTHING = reply(["Send a message by electronic mail."]), reply(["Reserve a meeting room for an hour."])
ASKED = [ToolRequest(f"Tell my boss that I am ill {number}", np.array([ROW["send_mail"]])) for number in range(6)]


def chooser(embedder: Encoder, llm: Gateway, *wordings: str) -> Chooser:
    """Return a choice among wordings."""
    return Chooser(judge(embedder, RECIPE), llm, RECIPE, Silence(), wordings)


def obedient(messages: Sequence[Message]) -> str:
    """Reply with the right tool where the wording is good or an example shows it, otherwise with a wrong one."""
    return MAIL if GOOD in messages[0]["content"] or len(messages) > 2 else NOTHING


async def test_the_wording_that_finds_more_is_chosen(embedder: Encoder, tmp_path: Path) -> None:
    """It is measured against the first one on requests that chose nothing, and a selection can use its file."""
    chosen, facts = await chooser(embedder, Gateway([OwnModel(obedient)]), BAD, GOOD).run(ASKED)
    chosen.save(tmp_path / "prompt.json")

    assert QueryPrompt(GOOD) == chosen
    assert facts["better"] and facts["chosen"] > facts["default"]
    assert [0, 0, 1] == [one["shots"] for one in facts["tried"]]
    with engine(tmp_path / "home", embedder) as shop:
        model = ScriptedModel([MAIL])
        context = Selector(shop, llm=Gateway([model]), prompt=QueryPrompt.load(tmp_path / "prompt.json"))
        state = select(Wanted(request="Tell my boss that I am ill", k=2), context)
    assert ["Send a message by electronic mail."] == state["intents"]
    assert GOOD in model.asked[0][0]["content"]


async def test_an_example_shows_what_a_wording_does_not_say(embedder: Encoder) -> None:
    """Where the model's own queries found nothing, its examples are the gold tools' descriptions."""
    chosen, facts = await chooser(embedder, Gateway([OwnModel(obedient)]), BAD).run(ASKED)

    assert ("Send a message by electronic mail.",) == chosen.shots[0].tools
    assert facts["better"]


async def test_what_is_no_better_is_not_chosen(embedder: Encoder) -> None:
    """A reply that cannot be read counts as the request alone, and the first wording stays."""
    model = ScriptedModel(["no", "nor this"] + 20 * [NOTHING])
    chosen, facts = await chooser(embedder, Gateway([model]), BAD, GOOD).run(ASKED)

    assert (QueryPrompt(BAD), False) == (chosen, facts["better"])
    assert facts["alone"] == facts["default"]


async def test_a_budget_that_is_met_leaves_the_first_wording(embedder: Encoder) -> None:
    """What was measured until then is told."""
    llm = Gateway([OwnModel(obedient)], [Ledger(Budget(calls=3))])
    chosen, facts = await chooser(embedder, llm, BAD, GOOD).run(ASKED)

    assert QueryPrompt(BAD) == chosen
    assert (1, True) == (len(facts["tried"]), facts["stopped"].startswith("the budget of 3 calls is met"))


async def test_a_model_that_is_away_chooses_nothing(embedder: Encoder) -> None:
    """Too few requests do not either."""
    with pytest.raises(ModelError, match="script"):
        await chooser(embedder, Gateway([ScriptedModel([])]), BAD).run(ASKED)
    with pytest.raises(CallerError, match="2 requests are too few"):
        await chooser(embedder, Gateway([ScriptedModel([])]), BAD).run(requests()[:2])
