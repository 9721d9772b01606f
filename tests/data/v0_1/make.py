"""Make what version 0.1.0 leaves behind; run it with 0.1.0 in an empty folder.

`made.tar.xz` gets home/ (collections `films` and `notes`, catalogue `tools`), docs/ (what `notes` was made of), an
export of `films`, and runs.sqlite (checkpoints of a run that was left after its first search);
`expected.json` what 0.1.0 found and answered.
"""

import json
import tarfile
from pathlib import Path

from polyhop.agent import Agent, Catalogue, Document, Functions, export
from polyhop.agent.testing import ScriptedModel

TEXTS = {
    "Jaws (film)": (1975, "Jaws is a thriller film of 1975 that Steven Spielberg directed."),
    "Steven Spielberg": (1946, "Steven Spielberg is a film director who was born in Cincinnati."),
    "The Third Man": (1949, "The Third Man is a film of 1949, directed by Carol Reed and set in Vienna."),
    "Carol Reed": (1906, "Carol Reed was a film director who was born in Putney in London."),
}
FILMS = [Document(f"{title}.md", text, title, {"year": year}) for title, (year, text) in TEXTS.items()]
NOTES = {
    "harbour.md": "# Harbour team\n\nThe harbour team sits in Lisbon and looks after the checkout service.\n",
    "checkout.md": "# Checkout\n\nThe checkout service takes orders. The harbour team looks after it.\n",
}
FUNCTIONS = [
    {"name": "get_forecast", "description": "Get the weather forecast for a city.", "parameters": {"type": "object"}},
    {"name": "send_mail", "description": "Send an e-mail to a person.", "parameters": {"type": "object"}},
]
QUESTION = "Where was the director of Jaws born?"
REPLY = "The director of Jaws, Steven Spielberg, was born in Cincinnati [1][2]."


def main():
    """Make everything."""
    Path("docs").mkdir()
    for name, text in NOTES.items():
        (Path("docs") / name).write_text(text)
    expected = {}
    with Agent.open("home", "films", create=True) as agent:
        agent.collection.add(FILMS)
        found = agent.retrieve(QUESTION, k=4)
        expected["passages"] = [[one.id, round(one.score, 6)] for one in found.passages]
        expected["answer"] = agent.ask(QUESTION, k=4).text
        expected["filtered"] = [one.id for one in agent.retrieve(QUESTION, k=4, where="year < 1950").passages]
        export(agent.collection, Path("films.jsonl.gz"))
    with Agent.open("home", "notes", create=True) as agent:
        agent.index(["docs"])
        expected["notes"] = [one.id for one in agent.retrieve("Where is the team that looks after checkout?").passages]
    with Catalogue.create("home", "tools") as catalogue:
        catalogue.sync(Functions(FUNCTIONS, owner="office"))
        expected["tools"] = sorted(tool.id for tool in catalogue.tools())
    with Agent.open(
        "home", "films", llm=ScriptedModel([REPLY], identity="scripted"), checkpoints="runs.sqlite"
    ) as agent:
        expected["written"] = agent.ask(QUESTION, k=4).text
        for _ in agent.stream(QUESTION, k=4, thread="left"):
            break
    Path("expected.json").write_text(json.dumps(expected) + "\n")
    with tarfile.open("made.tar.xz", "w:xz") as archive:
        for name in ("home", "docs", "films.jsonl.gz", "runs.sqlite"):
            archive.add(name)


main()
