"""Candidate lists to learn from: requests of known tools, asked of their catalogue, of another, and of what is left."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from ..core.errors import CallerError
from ..core.files import read_rows
from ..core.types import Vectors
from ..encoders.role import Encoder
from ..tools.importers.definitions import JsonLines
from ..tools.select.features import CandidateFeatures, read, search
from ..tools.select.intents import essence, intents, searched
from ..tools.select.lexicon import Lexicon, Rows
from ..tools.select.model import ToolScorer, Values
from ..tools.tool import Tool

# From this cosine on a tool does what another does, when all that can answer a request is taken away.
TWINS = 0.85
BANK = 40
Embed = Callable[[Sequence[str]], Vectors]


@dataclass(frozen=True, slots=True)
class ToolRequest:
    """A request and the rows of the tools that it needs, which are none in a catalogue of others."""

    text: str
    gold: Rows


@dataclass(frozen=True)
class Shop:
    """A catalogue in memory."""

    tools: Sequence[Tool]
    vectors: Vectors

    @cached_property
    def lexicon(self) -> Lexicon:
        """Return its words."""
        return Lexicon.of(self.tools)

    def without(self, gold: Rows) -> Rows:
        """Return the rows that are left without the gold tools and what does the same."""
        near = (self.vectors @ self.vectors[gold].T).max(1) >= TWINS
        near[gold] = True
        return np.flatnonzero(~near)


@dataclass(frozen=True, slots=True)
class SelectionExample:
    """Candidates with their features, which of them are wanted, and the words of the catalogue they come from."""

    reading: CandidateFeatures
    wanted: np.ndarray[Any, np.dtype[np.bool_]]
    lexicon: Lexicon


def shop(file: Path, embedder: Encoder) -> Shop:
    """Read the tools of a file of JSON lines, and embed them."""
    tools = [tool for tool in JsonLines(file).read() if isinstance(tool, Tool)]
    if not tools:
        raise CallerError(f"{str(file)!r} holds no tools; give JSON lines with a name and a description each")
    return Shop(tools, embedder.encode_passages([tool.embed_text for tool in tools]))


def requests(file: Path, tools: Sequence[Tool]) -> list[ToolRequest]:
    """Read requests and the names of their gold tools; a request none of whose tools is there is refused."""
    rows = {tool.name: row for row, tool in enumerate(tools)}
    found = []
    for place, row in read_rows(file):
        text, gold = row.get("query"), row.get("gold")
        if not isinstance(text, str) or not isinstance(gold, list):
            raise CallerError(f"{place}: {row!r:.80} is no request; an object with query and gold is expected")
        known = [rows[name] for name in gold if name in rows]
        if not known:
            raise CallerError(f"{place}: none of its gold tools {gold!r:.80} is in the catalogue")
        found.append(ToolRequest(text, np.array(known, np.int64)))
    return found


def bank(asked: Sequence[Sequence[ToolRequest]]) -> list[str]:
    """Return the first parts of requests, `BANK` of each catalogue's at even distances."""
    some = [one for requests in asked for one in requests[:: max(1, len(requests) // BANK)][:BANK]]
    return [essence((intents(one.text) or [one.text])[0]) for one in some]


def remembering(embedder: Encoder) -> Embed:
    """Return a function that embeds each text once: requests are asked of many catalogues."""
    known: dict[str, Vectors] = {}

    def embed(texts: Sequence[str]) -> Vectors:
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, embedder.encode_queries(new), strict=True))
        return np.stack([known[text] for text in texts])

    return embed


def smaller(
    shop: Shop, asked: Sequence[ToolRequest], size: int, random: np.random.Generator
) -> tuple[Shop, list[ToolRequest]]:
    """Return a part of a catalogue, and those requests whose tools it has: they take at most half of its places."""
    rows: dict[int, None] = {}
    own: list[ToolRequest] = []
    for place in random.permutation(len(asked)).tolist():
        wanted = rows | dict.fromkeys(asked[place].gold.tolist())
        if len(wanted) > size / 2:
            break
        rows = wanted
        own.append(asked[place])
    every = list(rows | dict.fromkeys(random.permutation(len(shop.tools)).tolist()))[:size]
    at = {row: place for place, row in enumerate(every)}
    part = Shop([shop.tools[row] for row in every], shop.vectors[every])
    return part, [ToolRequest(one.text, np.array([at[row] for row in one.gold.tolist()], np.int64)) for one in own]


def usual(model: ToolScorer, shop: Shop, embed: Embed) -> Values:
    """Return what the bank of a model finds in a catalogue."""
    return model.background(search(model.bank, embed(model.bank), shop.vectors, shop.lexicon), shop.lexicon)


def examples(asked: Iterable[ToolRequest], among: Shop, embed: Embed, *, left: bool = False) -> list[SelectionExample]:
    """Return the candidates for requests; with `left`, those of what is left when all right tools are gone."""
    made = []
    for request in asked:
        texts = searched(request.text, intents(request.text))
        compared = search(texts, embed(texts), among.vectors, among.lexicon)
        allowed = among.without(request.gold) if left else None
        reading = read(compared, among.lexicon, allowed)
        made.append(SelectionExample(reading, np.isin(reading.rows, request.gold), among.lexicon))
    return made


def strange(asked: Sequence[ToolRequest]) -> list[ToolRequest]:
    """Return requests as they are where none of their tools can be had."""
    return [ToolRequest(request.text, np.zeros(0, np.int64)) for request in asked]
