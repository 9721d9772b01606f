"""Say in the question what to leave out. Run it with: python examples/11_exclusions.py

polyhop searches for the question alone. Passages about what is excluded are ranked last, and no hop starts from them.
Years become a filter if the documents have dates. Keywords as in a web search work too.
"""

from __future__ import annotations

from tempfile import TemporaryDirectory

from polyhop.agent import Agent, Document

DOCUMENTS = [
    Document("goldeneye", "GoldenEye is a spy film directed by Martin Campbell.", "GoldenEye", {"year": 1995}),
    Document("zorro", "The Mask of Zorro was directed by Martin Campbell.", "The Mask of Zorro", {"year": 1998}),
    Document("casino", "Casino Royale is a spy film directed by Martin Campbell.", "Casino Royale", {"year": 2006}),
    Document("lantern", "Green Lantern was directed by Martin Campbell.", "Green Lantern", {"year": 2011}),
]
REQUESTS = [
    "Which films did Martin Campbell direct?",
    "Which films did Martin Campbell direct, but not about Casino Royale or GoldenEye?",
    "Ignore anything on Green Lantern. Which films did Martin Campbell direct?",
    "Which films did Martin Campbell direct? Only between 1996 and 2010.",
    "Which films did Martin Campbell direct? Only after 2020.",
    '"Martin Campbell" spy film -GoldenEye',
]


def main() -> None:
    """Ask the same question with several instructions, and show what was understood."""
    with TemporaryDirectory() as home, Agent.open(home, create=True) as agent:
        agent.collection.add(DOCUMENTS)
        for request in REQUESTS:
            found = agent.retrieve(request, k=4)
            print(request)
            print("   ", ", ".join(passage.title for passage in found.passages))
            for said in (*found.instructions, *found.notices):
                print("   ", said)


if __name__ == "__main__":
    main()
