"""An agent as a LlamaIndex retriever (`pip install 'polyhop[llama-index]'`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode
from llama_index.core.vector_stores import FilterCondition, FilterOperator, MetadataFilter, MetadataFilters

from ...core.errors import CallerError
from ...store.filter import Comparison, Node, typed
from ..agent import Agent
from ..results import RankedPassage, Retrieval
from . import conditions
from .passages import metadata_of

#: what a language model reads of the metadata; the rest is for programs
READ = ("title", "heading", "source")


class NodeRetriever(BaseRetriever):
    """Finds the passages that together answer a question, best first; errors are raised as they are.

    Use it as the retriever of any query engine. The agent stays the caller's to close.

    Args:
        agent: the agent that is asked.
        k: how many nodes to return; by default as the agent's settings say.
        where: a filter in our filter language.
        filters: LlamaIndex's filters, translated by `where_of`; both hold together with `where`.
        options: what any `BaseRetriever` takes, such as `callback_manager`.

    Raises:
        CallerError: for a filter that cannot be read or has no counterpart.
    """

    def __init__(
        self,
        agent: Agent,
        k: int | None = None,
        *,
        where: str = "",
        filters: MetadataFilters | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        both = [f"({one})" for one in (where, where_of(filters)) if one.strip()]
        self._agent, self._k, self._where = agent, k, " and ".join(both)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return nodes_of(self._agent.retrieve(query_bundle.query_str, self._k, where=self._where))

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return nodes_of(await self._agent.aretrieve(query_bundle.query_str, self._k, where=self._where))


def nodes_of(found: Retrieval) -> list[NodeWithScore]:
    """Return the passages as nodes; the score is comparable within one result, and may be negative."""
    return [NodeWithScore(node=_node_of(passage), score=passage.score) for passage in found.passages]


def _node_of(passage: RankedPassage) -> TextNode:
    metadata = metadata_of(passage)
    hidden = [name for name in metadata if name not in READ or not metadata[name]]
    return TextNode(
        id_=passage.id,
        text=passage.text,
        metadata=metadata,
        excluded_llm_metadata_keys=hidden,
        excluded_embed_metadata_keys=hidden,
        start_char_idx=passage.start,
        end_char_idx=passage.end,
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=passage.document)},
    )


def where_of(filters: MetadataFilters | None) -> str:
    """Return LlamaIndex's filters in our filter language; nothing for none.

    They mean what LlamaIndex says. Two things are ours: a list of values satisfies a comparison if any of them does,
    and a number and a string are never equal.

    Raises:
        CallerError: for an operator without counterpart (`text_match`, which heeds case).
    """
    return conditions.written(_joined(filters)) if filters is not None and filters.filters else ""


def _joined(filters: MetadataFilters) -> Node:
    parts = [_joined(one) if isinstance(one, MetadataFilters) else _comparison(one) for one in filters.filters]
    if filters.condition == FilterCondition.OR:
        return conditions.any_of(parts)
    if filters.condition == FilterCondition.NOT:
        return conditions.opposite(conditions.any_of(parts))
    return conditions.all_of(parts)


def _like(key: str, value: Any) -> Node:
    escaped = "".join(f"\\{char}" if char in "*?\\" else char for char in str(value))
    return Comparison(key, "like", (typed(f"*{escaped}*", key=key),))


def _every(key: str, values: Any) -> Node:
    return conditions.all_of([conditions.equal(key, value) for value in values or ()] or [conditions.never(key)])


def _empty(key: str, value: Any) -> Node:
    return conditions.any_of([conditions.equal(key, None), conditions.equal(key, "")])


_OPERATORS: Mapping[FilterOperator, Callable[[str, Any], Node]] = {
    FilterOperator.EQ: conditions.equal,
    FilterOperator.NE: lambda key, value: conditions.opposite(conditions.equal(key, value)),
    FilterOperator.GT: lambda key, value: conditions.ordered(key, ">", value),
    FilterOperator.GTE: lambda key, value: conditions.ordered(key, ">=", value),
    FilterOperator.LT: lambda key, value: conditions.ordered(key, "<", value),
    FilterOperator.LTE: lambda key, value: conditions.ordered(key, "<=", value),
    FilterOperator.IN: conditions.among,
    FilterOperator.NIN: lambda key, value: conditions.opposite(conditions.among(key, value)),
    FilterOperator.ANY: conditions.among,
    FilterOperator.ALL: _every,
    FilterOperator.CONTAINS: conditions.equal,
    FilterOperator.TEXT_MATCH_INSENSITIVE: _like,
    FilterOperator.IS_EMPTY: _empty,
}


def _comparison(said: MetadataFilter) -> Node:
    make = _OPERATORS.get(said.operator)
    if make is None:
        known = ", ".join(operator.value for operator in _OPERATORS)
        raise CallerError(f"filter on {said.key!r}: {said.operator.value!r} has no counterpart here; use {known}")
    return make(said.key, said.value)
