"""Profiles: which second look the settings describe, and what comes of it for a question."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from polyhop.agent import Agent, CallerError, Settings
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from polyhop.retrieval.candidate import Candidate
from polyhop.retrieval.config import Config
from polyhop.retrieval.escalation import Always
from polyhop.retrieval.hop.hyperlink import HyperlinkHop
from polyhop.retrieval.hop.link import LinkHop
from polyhop.retrieval.hop.span import SpanHop
from polyhop.retrieval.hop.unborne import UnborneNameHop
from polyhop.retrieval.query.first import FirstSearch
from polyhop.retrieval.query.gate import Gate
from polyhop.retrieval.query.reformulations import Feedback
from polyhop.retrieval.rerank.cover import Cover
from polyhop.retrieval.rerank.cross import CrossEncoder
from polyhop.retrieval.rerank.e2rank import E2Rank
from polyhop.retrieval.rerank.learned import Learned
from polyhop.retrieval.rerank.listwise import Estimate, Listwise
from polyhop.retrieval.rerank.reader_reranker import ReaderReranker
from polyhop.retrieval.rerank.rocchio import Rocchio
from polyhop.retrieval.rerank.role import ALWAYS, RERANKERS
from polyhop.retrieval.rerank.sentence_cross_encoder import SentenceCross
from polyhop.retrieval.run import Run
from polyhop.retrieval.stop import MaxHops, WhenDry, WhenSettled, WhenSufficient
from polyhop.store.collection import Collection
from tests import corpus

CHAIN = (Learned(), ReaderReranker(), Cover())


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path_factory.mktemp("profile"), embedder) as opened:
        yield opened


@dataclass(frozen=True)
class Fixed:
    """Estimates the same for every ranking."""

    value: float

    def estimate(self, ranked: Sequence[Candidate], run: Run) -> float:
        """Return the value."""
        return self.value


@dataclass(frozen=True)
class Fails:
    """A reranker whose model is out of order."""

    name: str = "broken"

    def rerank(self, ranked: Sequence[Candidate], run: Run) -> list[Candidate]:
        """Raise."""
        raise RuntimeError("out of memory")


def profile(**fields: Any) -> Config:
    """Return a profile with a second look that needs no weights, and none before it."""
    usual: dict[str, Any] = {"further": (SpanHop(),), "light": (), "rerankers": (Rocchio(),), "sufficiency": None}
    return Config(**{**usual, **fields})


def looks(profile: Config) -> tuple[object, ...]:
    """Return what a profile says of its second look."""
    return profile.light, profile.further, profile.rerankers, profile.sure


def of(**settings: Any) -> Config:
    """Return the profile of some settings."""
    return Config.of(Settings(**settings))


# What the settings describe


def test_the_fast_profile_has_what_reads_no_text() -> None:
    """By default nothing more is looked at, and the sufficiency is estimated."""
    assert ((Learned(), Cover()), (), (), ALWAYS) == looks(of()) == looks(Config())
    assert Estimate() == of().sufficiency == Config().sufficiency


def test_quality_always_looks_again_and_auto_where_it_is_not_sure() -> None:
    """Both have the same second look; they differ in when it is due, and `auto` looks lightly before."""
    assert ((), (SpanHop(),), CHAIN, ALWAYS) == looks(of(profile="quality"))
    assert ((Learned(), Cover()), (SpanHop(),), CHAIN, 0.5) == looks(of(profile="auto"))


def test_the_second_look_changes_nothing_else() -> None:
    """Hops, stop rule and deadline are the same in all profiles."""
    parts = {
        (one.first, one.hops, one.augment, one.ranker, one.stop, one.seconds)
        for one in (of(profile=name, max_hops=2, seconds=4) for name in ("fast", "quality", "auto"))
    }
    assert [(LinkHop(), HyperlinkHop(), UnborneNameHop()), MaxHops(2) | WhenDry(), 4.0] == [
        next(iter(parts))[place] for place in (1, 4, 5)
    ]
    assert 1 == len(parts)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("", ()),
        ("cover", (Cover(),)),
        (" rocchio ,, cross listwise,", (Rocchio(), CrossEncoder(), Listwise())),
        ("e2rank=some/model", (E2Rank("some/model"),)),
        ("cross-encoder=a=b,cover", (SentenceCross("a=b"), Cover())),
    ],
)
def test_rerankers_are_chosen_by_name(names: str, expected: tuple[object, ...]) -> None:
    """In the order given, some of them with a model, none of which is loaded."""
    assert expected == of(profile="auto", rerankers=names).rerankers


def test_choosing_a_model_loads_nothing() -> None:
    """Neither the model nor the library that would read it is touched before a question is asked."""
    before = set(sys.modules)
    of(profile="quality", rerankers="e2rank=/no/such/folder,cross-encoder=/no/such/folder,cross,listwise")
    assert set() == {"torch", "transformers", "sentence_transformers"} & (set(sys.modules) - before)


@pytest.mark.parametrize("name", ["best", "Cross", "e2rank", "e2rank=", "cross=model", "cross-encoder", "=model"])
def test_unknown_rerankers_are_refused_with_those_there_are(name: str) -> None:
    """A name that is none is told with all choices, and an argument where none belongs or that is missing by name."""
    with pytest.raises(CallerError) as refused:
        of(profile="auto", rerankers=f"cover,{name}")
    told = str(refused.value)
    assert (f"unknown reranker {name.partition('=')[0]!r}" in told and str(RERANKERS.names()) in told) or repr(
        name
    ) in told


def test_every_reranker_bears_the_name_it_is_chosen_by() -> None:
    """What the settings call a reranker is the part of the score that it adds."""
    given = {"e2rank": "e2rank=model", "cross-encoder": "cross-encoder=model"}
    names = sorted(set(RERANKERS.names()) - {"adapter"})
    assert names == [RERANKERS.make(given.get(name, name)).name for name in names]


def test_pairs_are_what_the_cross_encoder_reads() -> None:
    """Each cross-encoder of the chain may be given its own number."""
    made = of(profile="quality", rerankers="cross=9,cover,cross")
    assert (CrossEncoder(depth=9), Cover(), CrossEncoder()) == made.rerankers
    for wrong in ("cross=0", "cross=201", "cross=many"):
        with pytest.raises(CallerError, match=wrong):
            of(profile="quality", rerankers=wrong)


@pytest.mark.parametrize("given", [{"profile": "best"}, {"hops": 9}, {"k": 0}])
def test_settings_out_of_range_are_refused(given: dict[str, Any]) -> None:
    """An unknown profile, too many hops and too few passages are refused by name."""
    with pytest.raises(ValidationError, match=next(iter(given))):
        Settings(**given)


def test_a_further_updater_that_hops_already_is_not_asked_twice() -> None:
    """Where the span hop is one of the hops there is no further one, and no two of a name."""
    made = of(profile="quality", updaters="link,span")

    assert ((LinkHop(), SpanHop()), ()) == (made.hops, made.further)
    assert {"search", "link", "span"} == set(made.searchers())


def test_two_updaters_of_one_name_are_refused() -> None:
    """Also where one of them is asked in the second look only."""
    with pytest.raises(CallerError, match="two parts are called 'span'"):
        profile(hops=(SpanHop(bridges=2),)).searchers()


def test_the_first_search_may_be_called_anything() -> None:
    """What it finds is known by its kind, so that another part may even be called `search`."""
    for hops in ({"hops": (LinkHop(name="search"),)}, {"further": (SpanHop(name="search"),)}):
        assert {"first", "search"} <= set(profile(first=FirstSearch(name="first"), **hops).searchers())


def test_stop_rules_are_chosen_by_name() -> None:
    """They are combined with the bound on hops, in the order given."""
    assert MaxHops(3) | WhenSettled(2) | WhenSufficient(0.95) == of(max_hops=3, stop="settled=2, sufficient=0.95").stop
    with pytest.raises(CallerError, match="unknown stop rule 'tired'"):
        of(stop="tired")


# What comes of it


def told(agent: Agent, k: int = 4) -> Any:
    """Return the passages of a question with their scores, and the events by name."""
    found = agent.retrieve(corpus.QUESTION, k)
    return [(one.id, one.score) for one in found.passages], [event["event"] for event in found.events]


@pytest.mark.parametrize(
    ("sure", "value", "looked"), [(ALWAYS, 1.0, True), (0.9, 0.95, False), (0.9, 0.5, True), (0.0, 0.0, False)]
)
def test_a_question_is_looked_at_again_where_it_is_due(
    sure: float,
    value: float,
    looked: bool,  # noqa: FBT001
    films: Collection,
) -> None:
    """An agent follows its profile, and its result tells the sufficiency."""
    with Agent(films, config=profile(sure=sure, sufficiency=Fixed(value))) as agent:
        found = agent.retrieve(corpus.QUESTION)

    assert looked == found.looked_again == ("rerank" in {event["event"] for event in found.events})
    assert value == found.sufficiency == json.loads(json.dumps(found.to_dict()))["sufficiency"]


@pytest.mark.parametrize(("sure", "looked"), [(ALWAYS, True), (0.5, False)])
def test_the_learned_ranking_alone_is_no_second_look(sure: float, looked: bool, films: Collection) -> None:  # noqa: FBT001
    """By default there is none, and with rerankers only where the learned ranking is not sure."""
    with Agent(films) as agent:
        fast = agent.retrieve(corpus.QUESTION)
    with Agent(films, config=profile(light=(Learned(),), sure=sure, sufficiency=Fixed(0.5))) as agent:
        found = agent.retrieve(corpus.QUESTION)

    assert "rerank" in {event["event"] for event in fast.events}
    assert (False, looked) == (fast.looked_again, found.looked_again)
    assert looked == ("rocchio" in found.passages[0].parts)


def test_without_an_estimate_the_sufficiency_is_unknown(films: Collection) -> None:
    """Nothing is said where nobody estimates."""
    with Agent(films, config=profile()) as agent:
        assert agent.retrieve(corpus.QUESTION).sufficiency is None


@pytest.mark.parametrize("k", [1, 3, 12, 100])
def test_k_may_be_smaller_or_larger_than_the_head(k: int, films: Collection) -> None:
    """A reranker that looks at a few passages neither adds nor loses any, and scores fall."""
    with Agent(films, config=profile(rerankers=(Rocchio(depth=5), Cover(depth=6)))) as agent:
        found, _ = told(agent, k)
    scores = [score for _, score in found]

    assert min(k, len(corpus.DOCUMENTS)) == len(found) == len({name for name, _ in found})
    assert sorted(scores, reverse=True) == scores


def test_a_failure_is_told_beside_the_result(films: Collection) -> None:
    """A reranker that fails costs the run nothing but itself, and retrieval and answer say so."""
    with Agent(films, config=profile(rerankers=(Fails(),), notices=("first",))) as agent:
        found, answer = agent.retrieve(corpus.QUESTION), agent.ask(corpus.QUESTION)
        alone = Agent(films, config=profile(rerankers=())).retrieve(corpus.QUESTION)

    assert alone.passages == found.passages
    for notices in (found.notices, answer.retrieval.notices, answer.notices):
        assert ["first", "reranker 'broken' failed and was passed over (RuntimeError: out of memory)"] == [*notices]


QUESTIONS = [*corpus.HOPS, "Who composed the music of Jaws?", "What flows through Tokyo?"]


def batched(agent: Agent) -> list[Any]:
    """Return a batch's results without their times."""
    return [(one.passages, one.sufficiency, one.notices, one.hops) for one in agent.batch(QUESTIONS)]


def single(agent: Agent) -> list[Any]:
    """Return the same results asked one after the other."""
    return [(one.passages, one.sufficiency, one.notices, one.hops) for one in map(agent.retrieve, QUESTIONS)]


def test_a_batch_is_looked_at_again_as_single_questions_are(films: Collection) -> None:
    """The results are those of one question at a time, to the last digit."""
    with Agent(films, config=profile(rerankers=(Rocchio(), Fails(), Cover()), sufficiency=Fixed(0.5))) as agent:
        assert single(agent) == batched(agent)


SAID = [{"role": "user", "content": "Who directed Jaws?"}, {"role": "assistant", "content": "Steven Spielberg."}]
PARTS = json.dumps({"questions": ["Who directed Jaws?", "Where was #1 born?"]})


@pytest.mark.parametrize(
    ("question", "fields", "history", "special"),
    [
        (corpus.QUESTION, {}, [], (0, False, 0, False)),
        ("Where was he born?", {}, SAID, (0, False, 0, True)),
        ("Where was the director of Jaws born? Do not use passages about Ohio.", {}, [], (1, False, 0, False)),
        (corpus.QUESTION, {"augment": Feedback(), "gate": Gate("feedback", 0.0)}, [], (0, True, 0, False)),
        (corpus.QUESTION, {"escalation": Always()}, [], (0, False, 3, False)),
    ],
    ids=["plain", "conversation", "instructions", "gate", "sub-questions"],
)
def test_the_first_updater_may_have_any_name(
    question: str,
    fields: dict[str, Any],
    history: list[dict[str, str]],
    special: tuple[int, bool, int, bool],
    films: Collection,
) -> None:
    """Whatever the first search is called, passages, scores, ways and steps are the same, also of what is special."""
    outcomes = []
    for first in (FirstSearch(), FirstSearch(name="opening")):
        llm = ScriptedModel([PARTS]) if "escalation" in fields else None
        with Agent(films, config=profile(first=first, **fields), llm=llm) as agent:
            found = agent.retrieve(question, history=history)
        events = [{key: fact for key, fact in event.items() if key != "ms"} for event in found.events]
        passages = [replace(one, via="opening") if one.via == "search" else one for one in found.passages]
        outcomes.append((passages, events, found.instructions, found.sub_questions, found.turn))

    assert outcomes[0] == outcomes[1]
    assert "opening" in {passage.via for passage in found.passages}
    assert special == (len(found.instructions), found.augmented, len(found.sub_questions), found.understood)


@pytest.mark.slow
def test_the_quality_profile_gives_single_questions_what_it_gives_a_batch(films: Collection) -> None:
    """With the weights that come along too."""
    with Agent(films, settings=Settings(profile="quality")) as agent:
        first = single(agent)
        assert first == batched(agent)
    assert all(0 < sufficiency < 1 and not notices for _, sufficiency, notices, _ in first)
    assert all({"reader", "cover"} <= set(passages[0].parts) for passages, *_ in first)


@pytest.mark.slow
def test_missing_weights_do_not_lose_a_question(films: Collection, tmp_path: Path) -> None:
    """Weights of the cross-encoder that cannot be used are told, and the ranking stays."""
    (tmp_path / "cut.safetensors").write_bytes(b"cut")
    with Agent(films, config=profile(rerankers=(CrossEncoder(file=tmp_path / "cut.safetensors"),))) as agent:
        found = agent.retrieve(corpus.QUESTION)

    assert 5 == len(found.passages)
    assert "BrokenCheckpoint" in found.notices[0] and "cut.safetensors" in found.notices[0]
