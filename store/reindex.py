"""Embedding a whole collection again, with another embedder."""

from __future__ import annotations

from collections.abc import Callable

from ..core.types import Chunk
from ..encoders.role import Encoder
from .record import LIVE, Record, put

BLOCK = 1_024


def embed_again(record: Record, embedder: Encoder, progress: Callable[[int, int], None]) -> int:
    """Put a vector of `embedder` beside each live chunk, make it the collection's embedder, and return the number of
    chunks.

    Each block is committed when it is done, so that a killed run goes on where it was. The caller then opens the vector
    index again, which finds none and builds it.
    """
    without = f"{LIVE} WHERE NOT EXISTS (SELECT 1 FROM vectors v WHERE v.hash = c.hash AND v.embedder = ?)"
    missing = f"SELECT DISTINCT c.hash, c.title, c.heading, c.text FROM {without} LIMIT ?"
    left = f"SELECT count(*) FROM {without}"
    total = record.count()[1]
    while True:
        with record.reading() as connection:
            progress(total - connection.execute(left, (embedder.name,)).fetchone()[0], total)
            rows = connection.execute(missing, (embedder.name, BLOCK)).fetchall()
        if not rows:
            break
        vectors = embedder.encode_passages([Chunk(text, title, heading).embed_text for _, title, heading, text in rows])
        with record.writing() as connection:
            connection.executemany(
                "INSERT OR REPLACE INTO vectors (hash, embedder, vector) VALUES (?, ?, ?)",
                (
                    (row[0], embedder.name, vector.astype("<f4").tobytes())
                    for row, vector in zip(rows, vectors, strict=True)
                ),
            )
    with record.writing() as connection:
        put(connection, embedder=embedder.name, dimension=embedder.dimension, dirty="reindexed")
        connection.execute("DELETE FROM vectors WHERE embedder <> ?", (embedder.name,))
    return total
