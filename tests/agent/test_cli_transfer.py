"""`polyhop export`, `import` and `reindex`."""

from __future__ import annotations

from pathlib import Path

import chromadb
import numpy as np
import pytest
from chromadb.config import Settings

from polyhop.core.types import Vectors
from polyhop.encoders import Encoder, minilm

from .commands import QUESTION, ROWS, files, run, run_json


@pytest.fixture
def home(tmp_path: Path, embedder: Encoder) -> Path:
    """Return a home with an indexed collection."""
    run("index", files(tmp_path / "docs"), home=tmp_path / "home")
    return tmp_path / "home"


def found(home: Path) -> list[tuple[str, float]]:
    """Return titles and scores for the question."""
    return [(one["title"], one["score"]) for one in run_json("retrieve", QUESTION, home=home)["passages"]]


def chroma(folder: Path, vectors: Vectors) -> Path:
    """Make a Chroma database that holds the rows."""
    client = chromadb.PersistentClient(path=str(folder), settings=Settings(anonymized_telemetry=False))
    theirs = client.create_collection("films", embedding_function=None, metadata={"hnsw:space": "cosine"})
    theirs.add(
        ids=[str(row["id"]) for row in ROWS],
        documents=[row["text"] for row in ROWS],
        metadatas=[{"title": row["title"], "year": row["year"]} for row in ROWS],
        embeddings=vectors,
    )
    return folder


@pytest.mark.parametrize("name", ["films.jsonl", "films.jsonl.gz"])
def test_an_export_imports_to_the_same_results(home: Path, tmp_path: Path, name: str) -> None:
    """A collection that was exported and imported elsewhere embeds nothing and answers alike."""
    run("export", tmp_path / name, home=home)
    report = run_json("import", tmp_path / name, home=tmp_path / "other")

    assert (4, 0) == (report["added"], report["embedded"])
    assert found(home) == found(tmp_path / "other")
    assert 4 == run_json("import", tmp_path / name, home=tmp_path / "other")["unchanged"]


def test_a_damaged_export_is_refused(home: Path, tmp_path: Path) -> None:
    """A file that ends too early says so, with exit code 2."""
    run("export", tmp_path / "films.jsonl", home=home)
    lines = (tmp_path / "films.jsonl").read_text().splitlines(keepends=True)
    (tmp_path / "films.jsonl").write_text("".join(lines[:-2]))

    assert "ends too early" in run("import", tmp_path / "films.jsonl", home=tmp_path / "other", code=2).stderr


def test_a_chroma_collection_is_adopted_with_its_vectors(tmp_path: Path, embedder: Encoder) -> None:
    """Documents of an existing Chroma collection come over without being embedded, and are searched."""
    folder = chroma(tmp_path / "chroma", embedder.encode_passages([row["text"] for row in ROWS]))
    report = run_json("import", "--chroma", folder, "--chroma-collection", "films", home=tmp_path / "home")

    assert (3, 0) == (report["added"], report["embedded"])
    assert {"Jaws (film)", "Steven Spielberg"} == {title for title, _ in found(tmp_path / "home")[:2]}


def test_vectors_of_another_embedder_are_refused(tmp_path: Path, embedder: Encoder) -> None:
    """Vectors that this embedder cannot have made are not mixed with its own."""
    noise = np.random.default_rng(7).normal(size=(len(ROWS), embedder.dimension)).astype(np.float32)
    folder = chroma(tmp_path / "chroma", noise)
    result = run("import", "--chroma", folder, "--chroma-collection", "films", home=tmp_path / "home", code=2)

    assert "were not made by 'all-MiniLM-L6-v2'" in result.stderr


def test_the_collections_of_a_chroma_are_named(tmp_path: Path, embedder: Encoder) -> None:
    """Asking for one that is not there lists those that are."""
    folder = chroma(tmp_path / "chroma", embedder.encode_passages([row["text"] for row in ROWS]))

    said = run("import", "--chroma", folder, "--chroma-collection", "x", home=tmp_path / "home", code=2).stderr
    assert "has no collection 'x' (there: films)" in said


@pytest.mark.slow
def test_another_embedder_needs_a_reindex(home: Path) -> None:
    """Indexing with another embedder is refused; after `reindex` it is the collection's."""
    model = str(minilm.model_folder())
    refused = run("index", home.parent / "docs", "--embedder", model, home=home, code=3)
    done = run_json("reindex", "--embedder", model, home=home)

    assert "polyhop reindex --embedder" in refused.stderr
    assert {"passages": 4, "embedder": model} == done
    assert [] == run_json("status", "--verify", home=home)[0]["problems"]
    assert model == run_json("status", home=home)[0]["embedder"]
