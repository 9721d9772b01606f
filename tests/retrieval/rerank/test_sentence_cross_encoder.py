"""Cross-encoders of the sentence-transformers library."""

from __future__ import annotations

from pathlib import Path

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

from polyhop.core.errors import CallerError
from polyhop.retrieval.rerank import sentence_cross_encoder
from polyhop.retrieval.rerank.role import Reranker
from polyhop.retrieval.rerank.sentence_cross_encoder import SentenceCross
from tests import corpus

from .contract import DEPTH, RerankerStructure, Scene, scene

__all__ = ["scene"]

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]


def made(folder: Path, labels: int = 1) -> str:
    """Write a small cross-encoder of random weights into a folder and return its name."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification, PreTrainedTokenizerFast

    words = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    words.normalizer, words.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    words.train_from_iterator(
        [document.text for document in corpus.DOCUMENTS],
        trainers.WordPieceTrainer(vocab_size=300, special_tokens=SPECIAL, show_progress=False),
    )
    ends = [(token, words.token_to_id(token)) for token in ("[CLS]", "[SEP]")]
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    names = dict(zip(["pad_token", "unk_token", "cls_token", "sep_token", "mask_token"], SPECIAL, strict=True))
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, model_max_length=64, **names)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=64,
        num_labels=labels,
        initializer_range=0.5,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return str(folder)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Make a small cross-encoder."""
    return made(tmp_path_factory.mktemp("cross"))


@pytest.mark.slow
class TestSentenceCross(RerankerStructure):
    """A cross-encoder of random weights."""

    @pytest.fixture
    def reranker(self, model: str) -> Reranker:
        """Return a cross-encoder with a head of the contract's depth that reads the ways."""
        return SentenceCross(model, depth=DEPTH, ways=True)


def logits(model: str, pairs: list[tuple[str, str]]) -> list[float]:
    """Return what the library itself makes of pairs, one at a time."""
    import torch
    from sentence_transformers import CrossEncoder

    cross = CrossEncoder(model)
    return [float(cross.predict([pair], activation_fn=torch.nn.Identity())[0]) for pair in pairs]


@pytest.mark.slow
def test_gains_are_weighted_logits_of_question_and_candidate(model: str, scene: Scene) -> None:
    """The library's own logit of question and candidate, weighted, is the gain, in whatever batch it is read."""
    first, run = scene.ranked()[:6], scene.run()
    passages = [run.known(item["id"]).passage for item in first]
    texts = [f"{passage.title}: {passage.text}" if passage.title else passage.text for passage in passages]
    alone = logits(model, [(run.question, text) for text in texts])
    expected = {item["id"]: logit for item, logit in zip(first, alone, strict=True)}
    for batch in (1, 4, 32):
        found = SentenceCross(model, depth=6, weight=0.5, batch=batch).rerank(scene.ranked(), run)

        assert pytest.approx(expected, abs=1e-5) == {item["id"]: item["logit"] for item in found if "logit" in item}
        gains = {item["id"]: item["parts"]["cross-encoder"] for item in found[:6]}
        assert pytest.approx({name: logit / 2 for name, logit in expected.items()}, abs=1e-5) == gains
    assert len(set(expected.values())) > 1


@pytest.mark.slow
def test_the_way_stands_before_a_candidate(model: str, scene: Scene) -> None:
    """With ways, what the bridge says around the name is read before the passage that it led to."""
    born = [item for item in scene.ranked() if item["path"]]
    without, told = (SentenceCross(model, ways=ways).rerank(born, scene.run())[0]["logit"] for ways in (False, True))
    texts = {document.title: document.text for document in corpus.DOCUMENTS}
    text = f"Steven Spielberg: {texts['Steven Spielberg']}"
    way = f"Jaws (film): {texts['Jaws (film)']}"
    expected = logits(model, [(corpus.QUESTION, text), (corpus.QUESTION, f"{way} > {text}")])

    assert pytest.approx(expected, abs=1e-5) == [without, told]
    assert abs(without - told) > 1e-4


@pytest.mark.slow
def test_unknown_model_names_the_remedy(tmp_path: Path, scene: Scene) -> None:
    """A model that cannot be loaded is the caller's error, with the cause chained, also without a network."""
    for name in (str(tmp_path / "absent"), "nobody/nothing"):
        with pytest.raises(CallerError, match="give the folder of a downloaded model") as caught:
            SentenceCross(name).rerank(scene.ranked(), scene.run())

        assert caught.value.__cause__ is not None


@pytest.mark.slow
def test_a_classifier_is_refused(tmp_path: Path, scene: Scene) -> None:
    """A model with several numbers for a pair has no score to give."""
    with pytest.raises(CallerError, match="gives 3 numbers"):
        SentenceCross(made(tmp_path, labels=3)).rerank(scene.ranked(), scene.run())


def test_nothing_is_loaded_before_it_is_needed(scene: Scene) -> None:
    """A ranking without passages asks for no model."""
    sentence_cross_encoder._load.cache_clear()
    assert [] == SentenceCross("nobody/nothing").rerank([], scene.run())
    assert 0 == sentence_cross_encoder._load.cache_info().misses
