"""An agent as a component of a Haystack pipeline (`pip install 'polyhop[haystack]'`)."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from haystack import Document, component, default_from_dict, default_to_dict
from haystack.document_stores.types import FilterPolicy, apply_filter_policy

from ...core.errors import CallerError
from ...core.settings import Settings
from ...store.filter import Node
from ..agent import Agent
from ..results import Retrieval
from . import conditions
from .passages import metadata_of


@component
class MultiHopRetriever:
    """Finds the passages that together answer a question, best first, as Haystack documents.

    Where an agent is given it is used as it is, and stays the caller's to close. Otherwise the collections are opened
    with the first question, or by `warm_up`, with the settings of the environment, and closed by `close`; only such a
    component can be written into a file of a pipeline.

    Args:
        agent: an agent of the caller's own.
        home: folder of the collections; by default that of the settings.
        collections: names, `default` if there are none; several are searched as one.
        profile: `fast`, `quality` or `auto`; by default that of the settings.
        top_k: how many documents to return.
        filters: Haystack's filters, translated by `where_of`.
        filter_policy: whether the filters of a run replace these or are merged with them.

    Raises:
        CallerError: where an agent is given together with what it would be opened by, or filters are none of
            Haystack's.
    """

    def __init__(
        self,
        agent: Agent | None = None,
        *,
        home: str | None = None,
        collections: Sequence[str] = (),
        profile: str | None = None,
        top_k: int = 5,
        filters: dict[str, Any] | None = None,
        filter_policy: FilterPolicy = FilterPolicy.REPLACE,
    ) -> None:
        if agent is not None and (home is not None or collections or profile is not None):
            raise CallerError("give an agent, or the home, collections and profile that one is opened with, not both")
        where_of(filters)
        self.home, self.collections, self.profile = home, list(collections), profile
        self.top_k, self.filters, self.filter_policy = top_k, filters, filter_policy
        self._given = agent
        self._opened: Agent | None = None
        self._opening = threading.Lock()

    def warm_up(self) -> None:
        """Open the collections, if that is not done; a pipeline calls this before its first run."""
        self._agent()

    def close(self) -> None:
        """Close what this component opened; another run opens it anew."""
        with self._opening:
            opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def to_dict(self) -> dict[str, Any]:
        """Return what a file of a pipeline says of this component.

        Raises:
            CallerError: where it holds an agent of the caller's own, which no file can.
        """
        if self._given is not None:
            raise CallerError(
                "a component around an agent of your own cannot be written down; make it of home and collections"
            )
        return default_to_dict(
            self,
            home=self.home,
            collections=self.collections,
            profile=self.profile,
            top_k=self.top_k,
            filters=self.filters,
            filter_policy=self.filter_policy.value,
        )

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Self:
        """Return the component that `to_dict` described."""
        said = dict(data.get("init_parameters", {}))
        if "filter_policy" in said:
            said["filter_policy"] = FilterPolicy.from_str(said["filter_policy"])
        return default_from_dict(cls, {**data, "init_parameters": said})

    @component.output_types(documents=list[Document])
    def run(self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None) -> dict[str, Any]:
        """Return the documents for a question under `documents`.

        Raises:
            CallerError: for an empty question, filters that cannot be translated, a bad `top_k`, or a collection that
                is not there.
            OperatorError: for a lock that is held, or a collection that cannot be read.
        """
        where, k = self._asked(filters, top_k)
        return _documents(self._agent().retrieve(query, k, where=where))

    @component.output_types(documents=list[Document])
    async def run_async(
        self, query: str, filters: dict[str, Any] | None = None, top_k: int | None = None
    ) -> dict[str, Any]:
        """Do what `run` does, without holding up the event loop.

        Raises:
            CallerError: as for `run`.
            OperatorError: as for `run`.
        """
        where, k = self._asked(filters, top_k)
        agent = await asyncio.to_thread(self._agent)
        return _documents(await agent.aretrieve(query, k, where=where))

    def _asked(self, filters: dict[str, Any] | None, top_k: int | None) -> tuple[str, int]:
        merged = apply_filter_policy(self.filter_policy, self.filters, filters)
        return where_of(merged), self.top_k if top_k is None else top_k

    def _agent(self) -> Agent:
        if self._given is not None:
            return self._given
        with self._opening:
            if self._opened is None:
                settings = Settings.model_validate({} if self.profile is None else {"profile": self.profile})
                home = None if self.home is None else Path(self.home)
                self._opened = Agent.open(home, *self.collections, settings=settings)
            return self._opened


def _documents(found: Retrieval) -> dict[str, Any]:
    documents = [
        Document(id=passage.id, content=passage.text, meta=metadata_of(passage), score=passage.score)
        for passage in found.passages
    ]
    return {"documents": documents}


_JOINED: Mapping[str, Callable[[Sequence[Node]], Node]] = {
    "AND": conditions.all_of,
    "OR": conditions.any_of,
    "NOT": lambda parts: conditions.opposite(conditions.all_of(parts)),
}


def where_of(filters: Mapping[str, Any] | None) -> str:
    """Return Haystack's filters in our filter language; nothing for none.

    They mean what Haystack says, with `meta.` before a key or without it. Two things are ours: a list of values
    satisfies a condition if any of them does, and a number, a string and a boolean are never equal.

    Raises:
        CallerError: for what is no filter of Haystack's, asks about the text, the id or the score of a document, or
            has no counterpart.
    """
    return conditions.written(_node(filters)) if filters else ""


def _node(said: Any) -> Node:
    if not isinstance(said, Mapping) or "operator" not in said:
        raise CallerError(f"{said!r:.120} is no filter of Haystack's; it has an operator, and a field or conditions")
    if "field" in said:
        return _comparison(said)
    join, parts = _JOINED.get(said["operator"]), said.get("conditions")
    if join is None or not isinstance(parts, list) or not parts:
        raise CallerError(f"{said!r:.120}: a filter joins a list of conditions by one of {sorted(_JOINED)}")
    return join([_node(part) for part in parts])


def _comparison(said: Mapping[str, Any]) -> Node:
    operator, value = said["operator"], said.get("value")
    key = str(said["field"]).removeprefix("meta.")
    if key in ("content", "id", "score", "embedding") and key == said["field"]:
        raise CallerError(f"filter on {key!r}: only the metadata of documents can be filtered by")
    if "value" not in said:
        raise CallerError(f"filter on {key!r}: it has no value")
    match operator:
        case "==":
            return conditions.equal(key, value)
        case "!=":
            return conditions.opposite(conditions.equal(key, value))
        case "in":
            return conditions.among(key, value)
        case "not in":
            return conditions.opposite(conditions.among(key, value))
        case _ if operator in conditions.ORDERINGS:
            return conditions.never(key) if value is None else conditions.ordered(key, operator, value)
    raise CallerError(f"filter on {key!r}: there is no operator {operator!r}")
