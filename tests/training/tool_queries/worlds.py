"""A known catalogue with requests that say little of the tools they need, and a small model that can read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from polyhop.encoders import Encoder
from polyhop.tools.select.prompt import QueryPrompt, reply
from polyhop.training.catalogues import Shop, ToolRequest
from polyhop.training.tool_queries.examples import Judge, QueryGeneratorRecipe, described, messages
from tests.core.llm.causals import causal
from tests.encoders.decoders import STOP
from tests.tools.select.shops import TOOLS

PROMPT = QueryPrompt("List the tools.")
ASKED = {
    "Tell my boss that I am ill": "send_mail",
    "I am flying to Paris tomorrow": "convert_currency",
    "Put my holiday on the wall": "resizeImage",
}
ROW = {tool.name: row for row, tool in enumerate(TOOLS)}
#: turns of a conversation around the texts, so that they are single tokens
_TURNS = f"system\n{STOP}\nassistant\n<think>\n\n</think>\n\nuser\n"


def requests() -> list[ToolRequest]:
    """Return the known requests."""
    return [ToolRequest(text, np.array([ROW[name]])) for text, name in ASKED.items()]


def judge(embedder: Encoder, recipe: QueryGeneratorRecipe | None = None) -> Judge:
    """Return what rewards queries for the known tools."""
    return Judge(
        Shop(TOOLS, embedder.encode_passages([tool.embed_text for tool in TOOLS])),
        embedder,
        recipe or QueryGeneratorRecipe(k=2),
    )


def model(folder: Path) -> str:
    """Write a small causal model of random weights for these texts, and return its name."""
    asked = [message["content"] for text in ASKED for message in messages(text, PROMPT)]
    return causal(folder, [*asked, *(reply([described(tool)]) for tool in TOOLS), _TURNS, _TURNS])
