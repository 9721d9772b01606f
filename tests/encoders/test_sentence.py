"""Models of sentence-transformers, and the prompts that they were trained with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from polyhop.encoders.sentence_transformer import SentenceModel

from .contract import EncoderContract
from .decoders import encoder

PROMPTS = {"query": "question: ", "document": "passage: "}


def built(folder: Path, prompts: dict[str, str]) -> SentenceModel:
    """Write a small model with prompts in its configuration and load it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    words = Transformer(encoder(folder / "words"), max_seq_length=32)
    model = SentenceTransformer(modules=[words, Pooling(32)], prompts=prompts, device="cpu")
    model.save(str(folder / "model"), create_model_card=False)
    return SentenceModel(str(folder / "model"))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> SentenceModel:
    """Load a model without prompts."""
    return built(tmp_path_factory.mktemp("plain"), {})


@pytest.fixture(scope="module")
def prompted(tmp_path_factory: pytest.TempPathFactory) -> SentenceModel:
    """Load the same model with prompts."""
    return built(tmp_path_factory.mktemp("prompted"), PROMPTS)


@pytest.mark.slow
class TestSentenceModel(EncoderContract):
    """A model with prompts as an embedder."""

    @pytest.fixture
    def one(self, prompted: SentenceModel) -> SentenceModel:
        """Return the model with prompts."""
        return prompted


@pytest.mark.slow
@pytest.mark.parametrize("kind", PROMPTS)
def test_the_prompts_of_the_model_are_used(kind: str, prompted: SentenceModel) -> None:
    """A question and a passage are read behind their own prompts, as the library reads behind one that it is given."""
    from sentence_transformers import SentenceTransformer

    behind = SentenceTransformer(prompted.name).encode(["Danube"], prompt=PROMPTS[kind], normalize_embeddings=True)
    rows = prompted.encode_queries(["Danube"]) if kind == "query" else prompted.encode_passages(["Danube"])
    np.testing.assert_allclose(behind, rows, atol=1e-5)
    assert np.abs(prompted.encode_queries(["Danube"]) - prompted.encode_passages(["Danube"])).max() > 0.01


@pytest.mark.slow
def test_a_prompt_takes_room(plain: SentenceModel, prompted: SentenceModel) -> None:
    """A passage may be as long as what its prompt leaves."""
    assert plain.max_tokens - sum(plain.count_tokens(["passage: "])) == prompted.max_tokens


@pytest.mark.slow
def test_a_model_without_prompts_reads_questions_like_passages(plain: SentenceModel) -> None:
    """Where there are no prompts there is one way to read."""
    assert np.array_equal(plain.encode_passages(["Danube"]), plain.encode_queries(["Danube"]))
