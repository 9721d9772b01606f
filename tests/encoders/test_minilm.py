"""The default embedder against the library that it stands in for."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from polyhop.core.errors import CallerError, OperatorError
from polyhop.encoders import Encoder, graph_cache, minilm
from polyhop.encoders.minilm import MiniLM
from polyhop.encoders.sentence_transformer import SentenceModel

ROUNDING = 1e-6

TEXTS = [
    "",
    " ",
    "radium",
    "Who founded the university where the discoverer of radium taught?",
    "The company was founded in 1902. " * 200,
    "supercalifragilistic" * 40,
    "東京は日本の首都であり、世界最大の都市圏の一つです。",
    "한국어 문장과 русский текст وبعض العربية",
    "🦜🌍 emoji 👩‍👩‍👧‍👦 families",
    "Déjà vu — naïve façade, Ångström",
    "line\nbreaks\tand\u00a0odd\u200bspaces",
    "[CLS] [MASK] [SEP] written out",
    "x = {'a': [1, 2, 3]}  # code",
]


def passages(count: int) -> list[str]:
    """Return texts of many lengths, in an order that is not that of the lengths."""
    return [f"passage {n} " + "about rivers and towns " * (n * 7 % 23) for n in range(count)]


@pytest.fixture(scope="module")
def reference() -> SentenceModel:
    """Return the same weights as sentence-transformers loads them."""
    return SentenceModel(str(minilm.model_folder()))


@pytest.fixture
def cache(embedder: Encoder, tmp_path: Path) -> Iterator[Path]:
    """Return a cache that holds a sound export, a link to the run's own."""
    exported = minilm.target(Path(os.environ["POLYHOP_CACHE"]))
    minilm.target(tmp_path).symlink_to(exported)
    yield tmp_path


@pytest.mark.slow
def test_vectors_are_those_of_sentence_transformers(embedder: Encoder, reference: SentenceModel) -> None:
    """Every kind of text gets the vector that sentence-transformers gives it."""
    cosines = np.sum(embedder.encode_passages(TEXTS) * reference.encode_passages(TEXTS), axis=1)

    assert cosines.min() >= 0.9999


def test_tokens_are_counted_as_sentence_transformers_counts(embedder: Encoder, reference: SentenceModel) -> None:
    """Both embedders read and count the same tokens."""
    assert reference.count_tokens(TEXTS) == embedder.count_tokens(TEXTS)
    assert (reference.dimension, reference.max_tokens) == (embedder.dimension, embedder.max_tokens)


def test_rows_are_unit_vectors(embedder: Encoder) -> None:
    """Each row has length one and type float32, whatever the text."""
    vectors = embedder.encode_passages(TEXTS)

    assert (len(TEXTS), 384) == vectors.shape
    assert np.float32 == vectors.dtype
    assert np.allclose(1.0, np.linalg.norm(vectors, axis=1), atol=ROUNDING)


def test_no_texts_give_no_rows(embedder: Encoder) -> None:
    """An empty list is a valid request."""
    assert (0, 384) == embedder.encode_passages([]).shape
    assert [] == embedder.count_tokens([])


def test_company_does_not_matter(embedder: Encoder) -> None:
    """A text has the same vector to the last bit alone and in a large batch, and the rows are in the texts' order."""
    texts = [*passages(20), *(f"Who founded town {n}?" for n in range(64)), "river " * 62, "river " * 300]
    together = embedder.encode_passages(texts)
    alone = np.concatenate([embedder.encode_passages([text]) for text in texts])

    assert np.array_equal(alone, together)


def test_reading_ends_at_the_limit(embedder: Encoder) -> None:
    """Tokens beyond `max_tokens` change nothing, the last one before them does."""
    full = ["river"] * embedder.max_tokens
    exact, longer, other = embedder.encode_passages(
        [" ".join(words) for words in (full, [*full, "war"], [*full[:-1], "war"])]
    )

    assert [embedder.max_tokens] == embedder.count_tokens([" ".join(full)])
    assert np.abs(exact - longer).max() < ROUNDING
    assert np.abs(exact - other).max() > ROUNDING


def test_threads_share_one_embedder(embedder: Encoder) -> None:
    """Thirty-two threads get what one gets."""
    texts = passages(32)
    expected = embedder.encode_passages(texts)
    with ThreadPoolExecutor(32) as pool:
        rows = list(pool.map(lambda text: embedder.encode_passages([text])[0], texts))

    assert np.abs(expected - np.array(rows)).max() < ROUNDING


@pytest.mark.parametrize("text", ["a\ud800b", "\udfff", "a\0b", "\0"])
def test_broken_unicode_is_embedded(embedder: Encoder, text: str) -> None:
    """Lone surrogates and NULs come from real files and must not stop an ingest."""
    assert np.isfinite(embedder.encode_passages([text, "sound"])).all()


def test_surrogate_pairs_are_joined(embedder: Encoder) -> None:
    """A character outside the basic plane reads the same in either spelling."""
    assert np.array_equal(embedder.encode_passages(["good 😀"]), embedder.encode_passages(["good \ud83d\ude00"]))


@pytest.mark.parametrize("texts", ["one string", [b"bytes"], [None], ["sound", 3]])
def test_other_types_are_refused(embedder: Encoder, texts: list[str]) -> None:
    """A wrong type is the caller's error and named as such."""
    with pytest.raises(CallerError, match="encode: "):
        embedder.encode_passages(texts)


def test_nothing_is_told_to_the_maker_of_the_runtime(cache: Path, tmp_path: Path) -> None:
    """onnxruntime collects its use in the user's own cache before it sends it; with us it collects nothing."""
    home = tmp_path / "home"
    home.mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "ORT_DISABLE_TELEMETRY"}
    environment |= {"HOME": str(home), "POLYHOP_CACHE": str(cache), "PYTHONPATH": os.pathsep.join(sys.path)}
    environment.pop("XDG_CACHE_HOME", None)
    code = "from polyhop.encoders import load; print(load('all-MiniLM-L6-v2').encode_queries(['Who?']).shape[1])"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert "384\n" == done.stdout
    assert [] == [path for path in home.rglob("*") if path.is_file()]


@pytest.mark.slow
def test_no_torch_in_a_cold_process(embedder: Encoder) -> None:
    """A process that only embeds never imports torch, its libraries or the exporter."""
    code = (
        "import sys; from polyhop.encoders import load; load().encode_passages(['a']); "
        "print(*{'torch', 'transformers', 'sentence_transformers', 'onnx', 'litellm'} & set(sys.modules))"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)

    assert "" == done.stdout.strip()


def test_sound_cache_is_used(cache: Path) -> None:
    """A second load exports nothing."""
    MiniLM(cache)

    assert minilm.target(cache).is_symlink()


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_damaged_cache_is_written_again(cache: Path, embedder: Encoder, damage: str) -> None:
    """A file that was cut short, altered or emptied is noticed and replaced."""
    path = minilm.target(cache)
    data = bytearray(path.read_bytes())
    path.unlink()
    data[len(data) // 2] ^= 1
    path.write_bytes({"cut": data[: len(data) // 2], "flipped": data, "empty": b""}[damage])

    vector = MiniLM(cache).encode_passages(["radium"])
    assert np.array_equal(embedder.encode_passages(["radium"]), vector)
    assert graph_cache.read(path) is not None
    assert {path.name, path.with_suffix(".lock").name} == {file.name for file in cache.iterdir()}


@pytest.mark.slow
def test_two_processes_export_once(tmp_path: Path) -> None:
    """Whoever comes second waits for the first and leaves its file alone."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, "-m", "polyhop.encoders.minilm", str(tmp_path)]
    running = [subprocess.Popen(command, env=environment) for _ in range(2)]
    assert [0, 0] == [process.wait(100) for process in running]

    before = minilm.target(tmp_path).stat().st_mtime_ns
    minilm.export(tmp_path)
    assert before == minilm.target(tmp_path).stat().st_mtime_ns


@pytest.mark.slow
def test_unusable_cache_names_the_remedy(tmp_path: Path) -> None:
    """A cache that cannot be written is the operator's to mend."""
    file = tmp_path / "file"
    file.touch()

    with pytest.raises(OperatorError, match="POLYHOP_CACHE"):
        MiniLM(file / "cache")
