"""Keep the tools of several sources in one catalogue. Run it with: python examples/14_tool_catalogue.py"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

from polyhop.agent import Catalogue, JsonLines, OpenApi, PythonFunctions, SyncReport

ROWS = [
    {"name": "get_forecast", "description": "Tell the weather of the next days in a city.", "server": "Sky"},
    {"name": "search", "description": "Search the web for pages.", "server": "Web"},
]
BOOKS = """
openapi: 3.1.0
info: {title: Books}
paths:
  /books:
    get: {operationId: search, summary: Search books by title, parameters: [{name: title, in: query}]}
    post: {operationId: addBook, requestBody: {content: {application/json: {schema: {type: object}}}}}
"""


def convert(amount: float, currency: str = "EUR") -> float:
    """Convert an amount of money.

    Args:
        amount: How much, in Swiss francs.
        currency: What to convert to.
    """
    return amount if currency == "CHF" else amount * 1.07


def show(report: SyncReport) -> None:
    """Print what a sync changed."""
    print(f"{report.owner}: {report.added} added, {report.changed} changed, {report.removed} removed")
    for note in report.notes:
        print(f"  {note.tool}: {note.what}; {note.remedy}")


def main() -> None:
    """Fill a catalogue, change a source, and search for a tool."""
    with TemporaryDirectory() as home, Catalogue.create(home) as catalogue:
        path = Path(home) / "rows.jsonl"
        for rows in (ROWS, ROWS[:1]):
            path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
            show(catalogue.sync(JsonLines(path, owner="rows")))
            show(catalogue.sync(OpenApi(BOOKS, owner="books")))
        show(catalogue.sync(PythonFunctions([convert])))
        (hits,) = catalogue.dense(catalogue.embedder.encode_queries(["Will it rain tomorrow?"]), k=1)
        print(catalogue.get(hits[0].id).definition())


if __name__ == "__main__":
    main()
