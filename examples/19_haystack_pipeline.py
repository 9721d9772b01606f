"""Use polyhop as a component of a Haystack pipeline. Run it with: python examples/19_haystack_pipeline.py

It needs `pip install 'polyhop[haystack]'`. The pipeline here finds passages and builds a prompt of them; a generator of
yours would come next. It is written into a file of Haystack's format and read back. Haystack reports its use to its
maker unless HAYSTACK_TELEMETRY_ENABLED is False.
"""

from __future__ import annotations

import os
from tempfile import TemporaryDirectory

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"

from haystack import Pipeline  # it reads the variable when it is imported
from haystack.components.builders import PromptBuilder

from polyhop.agent import Agent, Document
from polyhop.agent.adapters.haystack import MultiHopRetriever

DOCUMENTS = [
    Document("film", "Seven Samurai is a 1954 Japanese film directed by Akira Kurosawa.", "Seven Samurai"),
    Document("director", "Akira Kurosawa was a Japanese film director, born in Tokyo.", "Akira Kurosawa"),
    Document("other", "Jaws is a 1975 thriller film directed by Steven Spielberg.", "Jaws"),
    Document("city", "Tokyo is the capital of Japan; the Sumida River runs through the city.", "Tokyo"),
    Document("draft", "Seven Samurai was directed by somebody.", "Seven Samurai, draft", {"state": "draft"}),
]
QUESTION = "Where was the director of Seven Samurai born?"
PROMPT = """{% for one in documents %}[{{ loop.index }}] {{ one.meta.path | join(" > ") }} > {{ one.content }}
{% endfor %}Question: {{ question }}"""


def main() -> None:
    """Make the pipeline, write it down, read it back and run it with a filter of Haystack's."""
    with TemporaryDirectory() as home:
        with Agent.open(home, create=True) as agent:
            agent.collection.add(DOCUMENTS)
        pipeline = Pipeline()
        pipeline.add_component("hops", MultiHopRetriever(home=home, top_k=2))
        pipeline.add_component("prompt", PromptBuilder(PROMPT, required_variables="*"))
        pipeline.connect("hops.documents", "prompt.documents")

        again = Pipeline.loads(pipeline.dumps(), allowed_modules=["polyhop.*"])
        finished = {"field": "meta.state", "operator": "!=", "value": "draft"}
        asked = {"hops": {"query": QUESTION, "filters": finished}, "prompt": {"question": QUESTION}}
        print(again.run(asked)["prompt"]["prompt"])
        again.close()


if __name__ == "__main__":
    main()
