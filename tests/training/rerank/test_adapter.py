"""Training the query adapter: what is learned, saved and refused, and that noise teaches it nothing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from polyhop.core.errors import CallerError
from polyhop.core.weights_file import Card
from polyhop.encoders import Encoder
from polyhop.retrieval.rerank.adapter import Adapter, AdapterShape, load
from polyhop.training.harness import NotBetter, write
from polyhop.training.rerank.adapter import (
    AdapterRecipe,
    AdapterVerdict,
    ListTable,
    TorchAdapter,
    contrast,
    cosines,
    distillation,
    fit,
    judge,
    logits_of,
    main,
    ranknet,
    table,
    train,
)
from polyhop.training.rerank.lists import CandidateList, ListedCandidate
from tests.training.silence import Silence

from . import tables

GOLD = {2: "second", 3: "third"}
SHAPE = AdapterShape(tables.DIMENSION, first=4, attention=8, hidden=8)


def recipe(**parts: Any) -> AdapterRecipe:
    """Return a recipe for small lists, learned in a second."""
    return AdapterRecipe(
        **{"first": 4, "attention": 8, "hidden": 8, "rate": 2e-3, "faster": 20.0, "batch": 32, **parts}
    )


def trained(
    folder: Path, lists: tuple[ListTable, ListTable], **parts: Any
) -> tuple[Card[AdapterShape], str, AdapterVerdict]:
    """Train on lists and return what came of it."""
    out = folder / "w.safetensors"
    return train(*lists, recipe(**parts), out=out, embedder="turning", watcher=Silence())


def ruled() -> tuple[ListTable, ListTable]:
    """Return lists to learn from and to judge by, with a rule in them."""
    return tables.ruled(400, 1), tables.ruled(100, 2)


def drawn(seed: int = 3) -> TorchAdapter:
    """Return a network with drawn weights, none of them zero."""
    torch.manual_seed(seed)
    network = TorchAdapter(SHAPE)
    with torch.no_grad():
        for part in network.parameters():
            part.copy_(torch.randn_like(part) / math.sqrt(part.shape[-1]))
    return network.eval()


def test_untrained_it_is_the_plain_cosine() -> None:
    """Before the first step every candidate has its cosine with the question."""
    lists = tables.ruled(5, 1)
    expected = np.einsum("ld,lcd->lc", lists.question_vectors(), lists.vectors())

    np.testing.assert_allclose(expected, cosines(TorchAdapter(SHAPE), lists), atol=1e-6)


@pytest.mark.parametrize("size", [1, 3, 4, 12])
def test_numpy_computes_what_was_trained(size: int) -> None:
    """The network in use and its twin agree, whether a list is shorter or longer than what they look at."""
    lists, network = tables.ruled(6, 1), drawn()
    lists = replace(lists, there=lists.there & (np.arange(lists.there.shape[1]) < size))
    adapter = Adapter(SHAPE, network.trained())
    queries, rows, found = lists.question_vectors(), lists.vectors(), cosines(network, lists)

    for line in range(len(lists)):
        expected = rows[line, :size] @ adapter(queries[line], rows[line, :size])
        np.testing.assert_allclose(expected, found[line, :size], atol=1e-5)


def test_losses_over_a_list() -> None:
    """Each loss is what its formula says, computed by hand for two lists, one without gold."""
    logits = torch.tensor([[1.0, 0.0, 2.0, 9.0], [1.0, 0.0, 2.0, 9.0]])
    gold = torch.tensor([[True, False, False, False], [False] * 4])
    there = torch.tensor([[True, True, True, False], [True] * 4])
    teacher = torch.tensor([[2.0, 0.0, torch.nan, torch.nan], [torch.nan] * 4])
    taught, student = (functional.softmax(torch.tensor(row), 0) for row in ([1.0, 0.0], [1.0, 0.0]))

    assert pytest.approx(math.log(math.exp(1) + 1 + math.exp(2)) - 1) == float(contrast(logits, gold, there))
    expected = (math.log1p(math.exp(-1)) + math.log1p(math.exp(1))) / 2
    assert pytest.approx(expected) == float(ranknet(logits, gold, there))
    assert pytest.approx(float((taught * (taught / student).log()).sum()), abs=1e-6) == float(
        distillation(logits, teacher, 2.0)
    )
    assert float(distillation(logits, teacher, 1.0)) > 0.01
    assert 0 == float(distillation(logits, torch.full((2, 4), torch.nan), 1.0))


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, {"contrast": 0.0}, {"ranknet": 0.0}], ids=str)
def test_a_rule_is_learned_and_saved(tmp_path: Path, parts: dict[str, float]) -> None:
    """Where the right candidates follow a rule the adapter finds it, beats its rivals and is saved with its figures."""
    card, digest, verdict = trained(tmp_path, ruled(), **parts)
    found = load(tmp_path / "w.safetensors", embedder="turning", dimension=tables.DIMENSION)

    assert verdict.adapter > verdict.feedback + 0.1
    assert verdict.low > 0
    assert (card, digest, verdict.facts()) == (found.card, found.digest, found.card.heldout)


@pytest.mark.slow
def test_a_teacher_teaches(tmp_path: Path) -> None:
    """From a teacher's logits alone, without labels in the loss, the rule is learned as well."""
    learned, apart = ruled()
    taught = replace(learned, teacher=np.where(learned.there, 4.0 * learned.gold, np.nan).astype(np.float32))
    _, _, verdict = trained(tmp_path, (taught, apart), contrast=0.0, ranknet=0.0, distil=1.0)

    assert verdict.adapter > verdict.feedback + 0.1


@pytest.mark.slow
def test_what_needs_no_training_is_the_guard(tmp_path: Path) -> None:
    """Where the plain cosine finds everything, nothing is saved, and an older file stays."""
    (tmp_path / "w.safetensors").write_bytes(b"old")

    with pytest.raises(NotBetter, match="nothing was saved") as refused:
        trained(tmp_path, (tables.plain(200, 1), tables.plain(100, 2)), epochs=2)
    assert 1 == refused.value.exit_code
    assert b"old" == (tmp_path / "w.safetensors").read_bytes()


def test_both_rivals_must_be_beaten_by_more_than_chance() -> None:
    """The margin is that over the better of the two rivals, and to be as good as one of them is not enough."""
    near, far = tables.plain(60, 2), tables.ruled(60, 2)
    perfect = far.gold.astype(np.float32)
    drawn_at_random = np.random.default_rng(0).normal(size=far.gold.shape).astype(np.float32)

    assert judge(far, perfect).better
    assert not judge(far, drawn_at_random).better
    assert not judge(near, near.gold.astype(np.float32)).better


@pytest.mark.slow
def test_a_seed_gives_the_same_weights(tmp_path: Path) -> None:
    """Training is repeatable, and another seed is another training."""
    first, again, other = (
        trained(tmp_path / name, ruled(), seed=seed, epochs=4)[1] for name, seed in (("a", 0), ("b", 0), ("c", 1))
    )

    assert first == again != other


def test_too_few_lists_are_told(tmp_path: Path) -> None:
    """A handful of lists is refused."""
    with pytest.raises(CallerError, match=r"7 lists to learn from and 9 to judge by are too few"):
        trained(tmp_path, (tables.noise(7, 1), tables.noise(9, 2)))


class Heard(NamedTuple):
    """What a model made of noise that it had not seen: its loss, that of chance, and how often gold came first."""

    loss: float
    chance: float
    first: float


@pytest.mark.slow
@pytest.mark.parametrize("parts", [{}, {"contrast": 0.0}, {"ranknet": 0.0}], ids=str)
def test_noise_teaches_nothing(parts: dict[str, float]) -> None:
    """Trained on unrelated random vectors, it ranks others at chance and its loss is not below that of chance."""
    heard = adapter_on_noise(**parts)

    assert heard.loss >= 0.99 * heard.chance
    assert pytest.approx(1 / tables.SIZE, abs=0.04) == heard.first


@pytest.mark.slow
def test_the_noise_test_finds_a_loss_that_leaks() -> None:
    """Passages that carry the mark of their own question can be told by it: the loss falls, the ranking is chance."""
    heard = leaking_on_noise()

    assert heard.loss < 0.8 * heard.chance
    assert pytest.approx(1 / tables.SIZE, abs=0.04) == heard.first


def adapter_on_noise(**parts: Any) -> Heard:
    """Train the adapter on noise and return how it fares on other noise."""
    apart, chosen = tables.noise(800, 2), recipe(epochs=6, **parts)
    network = fit(tables.noise(400, 1), apart, replace(chosen, patience=99), say=lambda line: None)
    found = cosines(network, apart)
    logits, gold, there = (torch.from_numpy(part) for part in (found / chosen.temperature, apart.gold, apart.there))
    return Heard(float(contrast(logits, gold, there)), math.log(tables.SIZE), _first(found, apart))


class Modulated(nn.Module):
    """Passages scaled and shifted as their question says, in the manner of IMRNNs (EACL 2026), their own space kept."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Linear(tables.DIMENSION, tables.DIMENSION)
        self.shift = nn.Linear(tables.DIMENSION, tables.DIMENSION)
        for part in self.parameters():
            nn.init.zeros_(part)

    def forward(self, queries: Tensor, rows: Tensor) -> Tensor:
        """Return the modulated passages at unit length; one question for each row."""
        changed = rows * (1 + torch.tanh(self.scale(queries))) + self.shift(queries)
        return functional.normalize(changed, dim=-1)


def leaking_on_noise() -> Heard:
    """Train a modulation by the loss as released, each question against all questions' own passages."""
    torch.manual_seed(0)
    model, (learned, apart) = Modulated(), (tables.noise(400, 1), tables.noise(800, 2))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-2)
    for step in range(150):
        places = np.random.default_rng(step).choice(len(learned), 32, replace=False)
        loss = _leaking(model, learned.part(places))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    with torch.no_grad():
        losses = [float(_leaking(model, apart.part(np.arange(start, start + 32)))) for start in range(0, 800, 32)]
        queries = torch.from_numpy(apart.question_vectors())
        own = (model(queries[:, None], torch.from_numpy(apart.vectors())) @ queries[..., None]).squeeze(-1)
    return Heard(float(np.mean(losses)), math.log(32), _first(own.numpy(), apart))


def _leaking(model: Modulated, lists: ListTable) -> Tensor:
    queries = torch.from_numpy(lists.question_vectors())
    right = torch.from_numpy(lists.vectors()[np.arange(len(lists)), lists.gold.argmax(1)])
    logits = 10 * queries @ model(queries, right).T
    return functional.cross_entropy(logits, torch.arange(len(lists)))


def _first(scores: Any, lists: ListTable) -> float:
    best = np.where(lists.there, scores, -np.inf).argmax(axis=1)
    return float(lists.gold[np.arange(len(lists)), best].mean())


def made(count: int = 40) -> list[CandidateList]:
    """Return lists of texts: for each question about a number the passages of that number are right."""
    found = []
    for number in range(count):
        candidates = [
            ListedCandidate(
                id=f"{number}.{place}",
                gold=GOLD.get(place, ""),
                text=f"Text {place} on matter {number}.",
                way="",
                score=9.0 - place,
                kind="question",
                via="search",
            )
            for place in range(9)
        ]
        found.append(CandidateList(f"What is said of matter {number}?", 2, tuple(candidates), {}))
    return found


def test_a_table_says_what_the_lists_say(tmp_path: Path, embedder: Encoder) -> None:
    """Vectors, marks and scores of every candidate stand where its list has it; a passage found twice counts once."""
    lists = [made(1)[0], CandidateList("Who?", 4, made(1)[0].candidates[:4], {})]
    twice = replace(lists[0], candidates=(*lists[0].candidates[2:4], replace(lists[0].candidates[2], text="Again.")))
    found = table([*lists, twice], embedder, tmp_path, Silence())

    texts = [each.text for each in lists[1].candidates]
    np.testing.assert_allclose(embedder.encode_passages(texts), found.vectors()[1, :4], atol=1e-6)
    np.testing.assert_allclose(embedder.encode_queries(["Who?"])[0], found.question_vectors()[1], atol=1e-6)
    assert [9, 4, 3] == found.there.sum(1).tolist()
    assert [1.0, 0.5, 1.0] == found.recall(found.scores).tolist()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.pop(), "2 lines for 3 candidate lists"),
        (lambda rows: rows.append(rows[0]), "4 lines for 3 candidate lists"),
        (lambda rows: rows[1].update(question="Other?"), "t.jsonl:2: 2 logits for 'Other"),
        (lambda rows: rows[1].update(logits=[0.0] * 10), "t.jsonl:2: 10 logits"),
        (lambda rows: rows[1].update(logits=[0.0, float("nan")]), "finite"),
        (lambda rows: rows[1].update(logits="many"), "t.jsonl:2: no logits"),
        (lambda rows: rows[1].pop("logits"), "t.jsonl:2: no logits"),
    ],
)
def test_logits_that_belong_to_other_lists_are_told(tmp_path: Path, change: Any, said: str) -> None:
    """Each line is checked against the list that it stands for."""
    lists, path = made(3), tmp_path / "t.jsonl"
    rows = [{"question": one.question, "logits": [0.5, 1.5]} for one in lists]
    path.write_text("\n".join(map(json.dumps, rows)))
    assert [[0.5, 1.5]] * 3 == [values.tolist() for values in logits_of([path], lists)]

    change(rows)
    path.write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(CallerError, match=said):
        logits_of([path], lists)


@pytest.mark.slow
def test_list_files_are_trained_on(
    tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Files of lists and of logits become weights with a card; a part of the recipe is set by name."""
    monkeypatch.setattr(AdapterVerdict, "better", True)
    lists, files = made(), [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    for path, some in zip(files, (lists[:20], lists[20:]), strict=True):
        write(path, some)
    (tmp_path / "t.jsonl").write_text("\n".join(json.dumps({"question": o.question, "logits": [1.0]}) for o in lists))
    given = ["--teacher", str(tmp_path / "t.jsonl"), "--share", "0.4", "--set", "epochs=1", "--set", "hidden=4"]
    code = main([*map(str, files), *given, "--out", str(tmp_path / "w.safetensors")])
    facts = json.loads(capsys.readouterr().out)

    assert 0 == code
    assert 40 == facts["data"]["taught"] + facts["heldout"]["lists"]
    assert load(tmp_path / "w.safetensors", embedder=embedder.name, dimension=384).digest == facts["digest"]
    assert facts["digest"] in (tmp_path / "w.md").read_text(encoding="utf-8")


def test_a_bad_recipe_is_told(tmp_path: Path, embedder: Encoder, capsys: pytest.CaptureFixture[str]) -> None:
    """A part that no recipe has is one line on standard error and exit code 2."""
    assert 2 == main([str(tmp_path / "none"), "--set", "hiden=4", "--out", str(tmp_path / "w")])
    assert "no part of the recipe is called so" in capsys.readouterr().err
