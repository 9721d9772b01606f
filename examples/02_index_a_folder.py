"""Index your own folder and ask a question. Run it with: python examples/02_index_a_folder.py FOLDER QUESTION

Without arguments it writes three short notes and asks about them. Indexing again reads only changed files.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from polyhop.agent import Agent

NOTES = {
    "checkout.md": "# Checkout\n\nCheckout takes the money for an order. It keeps its state in Ledger.\n",
    "ledger.md": "# Ledger\n\nLedger is a PostgreSQL database. Backups run at 02:00 UTC and are kept for 35 days.\n",
    "search.md": "# Search\n\nSearch finds products by their names. Its index is rebuilt every night at 04:00 UTC.\n",
}
QUESTION = "How long are backups of the state of Checkout kept?"


def ask(folder: Path, home: Path, question: str) -> None:
    """Index the folder twice, to show that nothing is read again, and answer the question."""
    with Agent.open(home, create=True) as agent:
        for _ in range(2):
            report = agent.index([folder])
            print(f"{report.files} files: {report.indexed} indexed, {report.unchanged} unchanged")
            for place, reason in report.skipped:
                print(f"  skipped {place}: {reason}")
        answer = agent.ask(question)
        print(f"\n{question}\n{answer.text}")
        for number, passage in enumerate(answer.retrieval.passages, start=1):
            print(f"[{number}] {Path(passage.source).name}")


def main() -> None:
    """Use the folder and the question from the command line, or the notes."""
    with TemporaryDirectory() as temporary:
        home, notes = Path(temporary, "home"), Path(temporary, "notes")
        if len(sys.argv) == 3:
            ask(Path(sys.argv[1]), home, sys.argv[2])
            return
        notes.mkdir()
        for name, text in NOTES.items():
            (notes / name).write_text(text, encoding="utf-8")
        ask(notes, home, QUESTION)


if __name__ == "__main__":
    main()
