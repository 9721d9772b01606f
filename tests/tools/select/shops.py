"""A small catalogue of tools, in memory and on disk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from polyhop.encoders import Encoder
from polyhop.tools.catalogue import Catalogue
from polyhop.tools.select.engine import Engine
from polyhop.tools.select.model import load
from polyhop.tools.tool import Tool
from tests.tools.catalogues import offered


def takes(*names: str) -> dict[str, Any]:
    """Return a schema with these required inputs."""
    return {"type": "object", "properties": {name: {"type": "string"} for name in names}, "required": list(names)}


TOOLS = (
    Tool("get_forecast", "Tell the weather of the next days in a city.", takes("city"), server="weather"),
    Tool("get_air_quality", "Measure how clean the air of a city is.", takes("city"), server="weather"),
    Tool(
        "convert_currency", "Convert an amount of money from one currency to another.", takes("amount"), server="bank"
    ),
    Tool("send_mail", "Send a message by electronic mail.", takes("recipient", "text"), server="office"),
    Tool("book_room", "Reserve a meeting room for an hour.", takes("hour"), server="office"),
    Tool("get_user_orders", "List the orders of a customer.", takes("user_id"), server="shop"),
    Tool("search_users", "Find customers by name.", takes("query"), server="shop"),
    Tool("translateText", "Translate a text into another language.", takes("text", "language")),
    Tool("resizeImage", "Change width and height of a picture.", takes("image")),
    Tool("get_lyrics", "Return the words of a song.", takes("title"), server="music"),
)


@contextmanager
def engine(folder: Path, embedder: Encoder, *more: Tool) -> Iterator[Engine]:
    """Open the known tools and more."""
    catalogue = Catalogue.create(folder, embedder=embedder)
    with catalogue.collection:
        catalogue.sync(offered(*TOOLS, *more))
        yield Engine(catalogue, load())
