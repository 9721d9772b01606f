"""Use polyhop as the retriever of a LlamaIndex query engine. Run it with: python examples/20_llama_index_query.py

It needs `pip install 'polyhop[llama-index]'`. The model here repeats its prompt, so that the example runs offline and
shows what a model would read. Use any LLM of LlamaIndex instead.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from llama_index.core import get_response_synthesizer
from llama_index.core.llms import MockLLM
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.vector_stores import FilterOperator, MetadataFilter, MetadataFilters

from polyhop.agent import Agent, Document
from polyhop.agent.adapters.llama_index import NodeRetriever

DOCUMENTS = [
    Document("film", "Seven Samurai is a 1954 Japanese film directed by Akira Kurosawa.", "Seven Samurai"),
    Document("director", "Akira Kurosawa was a Japanese film director, born in Tokyo.", "Akira Kurosawa"),
    Document("other", "Jaws is a 1975 thriller film directed by Steven Spielberg.", "Jaws"),
    Document("city", "Tokyo is the capital of Japan; the Sumida River runs through the city.", "Tokyo"),
    Document("draft", "Seven Samurai was directed by somebody.", "Seven Samurai, draft", {"state": "draft"}),
]
FINISHED = MetadataFilters(filters=[MetadataFilter(key="state", value="draft", operator=FilterOperator.NE)])


def main() -> None:
    """Answer a question, and show the sources with the way to each."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        agent.collection.add(DOCUMENTS)
        engine = RetrieverQueryEngine(
            retriever=NodeRetriever(agent, k=2, filters=FINISHED),
            response_synthesizer=get_response_synthesizer(llm=MockLLM()),
        )
        said = engine.query("Where was the director of Seven Samurai born?")
        print(said)
        for source in said.source_nodes:
            print(source.node.metadata["title"], source.node.metadata["path"])


if __name__ == "__main__":
    main()
