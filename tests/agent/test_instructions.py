"""What an agent makes of instructions and of keyword syntax, with and without a language model."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from polyhop.agent import Agent, Collection, Config, Document, Retrieval, Settings
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder

_CAMPBELL = (
    "Martin Campbell is a director from Hastings who began with comedies for the cinema and with series for television "
    "before he made GoldenEye and Casino Royale."
)
FILMS = [
    Document("goldeneye", "GoldenEye is a 1995 spy film directed by Martin Campbell.", "GoldenEye", {"year": 1995}),
    Document(
        "casino",
        "Casino Royale is a 2006 spy film directed by Martin Campbell, with Eva Green.",
        "Casino Royale (2006 film)",
        {"year": 2006},
    ),
    Document("zorro", "The Mask of Zorro is a 1998 film directed by Martin Campbell.", "The Mask of Zorro"),
    Document("campbell", _CAMPBELL, "Martin Campbell"),
    Document("eva", "Eva Green is a French actress, born in Paris.", "Eva Green"),
    Document("hastings", "Hastings is a city on Hawke's Bay.", "Hastings"),
]
ASKED = "Which spy films did Martin Campbell direct?"


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Collection]:
    """Open a few films, two of them with a year."""
    with Collection.create(tmp_path_factory.mktemp("instructions"), "films", embedder=embedder) as made:
        made.add(FILMS)
        yield made


def agent(films: Collection, *replies: str | Exception, **settings: Any) -> Agent:
    """Return an agent over the films, with a scripted model if there are replies."""
    return Agent(films, llm=ScriptedModel(replies) if replies else None, settings=Settings(**settings))


def documents(found: Retrieval) -> list[str]:
    """Return the documents found, best first."""
    return [passage.document for passage in found.passages]


def ranks(found: Retrieval) -> list[tuple[str, float]]:
    """Return what was found with its scores."""
    return [(passage.id, passage.score) for passage in found.passages]


@pytest.mark.parametrize("profile", ["fast", pytest.param("quality", marks=pytest.mark.slow)])
def test_what_is_left_out_comes_last_and_leads_nowhere(profile: str, films: Collection) -> None:
    """The excluded film and what only it leads to stand behind, whatever looks at the ranking again."""
    plain = agent(films, profile=profile).retrieve(ASKED, 6)
    found = agent(films, profile=profile).retrieve(f"{ASKED} Nothing about Casino Royale, please.", 6)

    assert "casino" in documents(plain)[:3]
    assert "casino" not in documents(found)[:4]
    assert {"campbell", "goldeneye"} <= set(documents(found)[:3])
    assert ["left out: Casino Royale"] == list(found.instructions)
    assert "casino" not in {
        films.passages([step.id])[step.id].document for passage in found.passages for step in passage.path
    }


def test_a_question_without_instructions_is_not_changed(films: Collection) -> None:
    """Ids, scores and events are those of an agent that reads no instructions, but for their milliseconds."""
    for question in (ASKED, "Which film without dialogue did Campbell direct?", "Who wrote 'Before Sunrise'?"):
        read, unread = (agent(films, instructions=on).retrieve(question, 6) for on in (True, False))
        assert ranks(unread) == ranks(read)
        assert [event["event"] for event in unread.events] == [event["event"] for event in read.events]
        assert [] == list(read.instructions)


def test_instructions_can_be_switched_off(films: Collection) -> None:
    """Then the whole request is the question."""
    found = agent(films, instructions=False).retrieve(f"{ASKED} Only since 2000.", 6)
    assert not found.instructions
    assert 6 == len(found.passages)


def test_years_are_a_filter_where_metadata_has_them(films: Collection) -> None:
    """The filter holds for the whole run, next to the caller's own."""
    found = agent(films).retrieve(f"{ASKED} Only since 2000.", 6)
    assert ["casino"] == documents(found)
    assert ["only since 2000, by metadata 'year'"] == list(found.instructions)

    both = agent(films).retrieve(f"{ASKED} Only before 2000.", 6, where="title like 'G*'")
    assert ["goldeneye"] == documents(both)


def test_a_filter_that_lets_nothing_pass_is_not_used(films: Collection) -> None:
    """The years in the texts are looked at instead, and a notice says so."""
    found = agent(films).retrieve(f"{ASKED} Only after 2010.", 6)

    assert 6 == len(found.passages)
    assert any("no document passes" in notice for notice in found.notices)
    assert any("weak evidence" in said for said in found.instructions)


def test_a_batch_and_a_stream_do_what_one_question_does(films: Collection) -> None:
    """The same passages with the same scores, and an event that says what was understood."""
    asking = agent(films)
    requests = [f"{ASKED} Nothing about Casino Royale.", '"Martin Campbell" -GoldenEye spy', ASKED]

    assert [ranks(asking.retrieve(one)) for one in requests] == [ranks(one) for one in asking.batch(requests)]
    *events, answer = asking.stream(requests[0])
    assert [["left out: Casino Royale"]] == [
        event["understood"] for event in events if isinstance(event, dict) and event["event"] == "instruct"
    ]
    assert json.dumps(answer.retrieval.to_dict())  # type: ignore[union-attr]


def test_what_a_request_leaves_out_is_told(films: Collection) -> None:
    """A passage that is out since the request says so has that as its reason."""
    found = agent(films).retrieve(f"{ASKED} Nothing about Casino Royale.", 1, explain=True)
    assert "about Casino Royale, which is to be left out" in {one.why for one in found.left_out}


def test_two_names_joined_by_and_are_one_if_something_is_called_so(films: Collection) -> None:
    """What no document is called is taken for two."""
    found = agent(films).retrieve(f"{ASKED} Nothing about Eva Green and Hastings.")
    assert ["left out: Eva Green, Hastings"] == list(found.instructions)


def test_keywords_are_read(films: Collection) -> None:
    """What is excluded goes last, the phrase comes first, and a site that nothing comes from is told."""
    found = agent(films).retrieve('"Martin Campbell" spy film -"Casino Royale" site:nowhere.example', 6)

    assert "read as keywords: Martin Campbell spy film" == found.instructions[0]
    assert "casino" not in documents(found)[:4]
    assert ["only from nowhere.example"] == [notice.split(":")[0] for notice in found.notices]


@pytest.mark.parametrize(("request_", "replies", "understood", "calls"), [
    (f"{ASKED} Anything about Casino Royale is of no use.", ['{"question": "Which spy films did Martin Campbell '
     'direct?", "exclude": ["Casino Royale"]}'], ["left out: Casino Royale"], 1),
    (f"{ASKED} Anything about Casino Royale is of no use.", ['{"question": "Who is Eva?", "exclude": ["Jaws"]}'],
     [], 1),
    ('"Martin Campbell" spy 1995', ["Which spy film of 1995 did Martin Campbell direct?"],
     ["read as keywords: Which spy film of 1995 did Martin Campbell direct?"], 1),
    ('"Martin Campbell" spy 1995', ["Which spy film of 1996 was it?"],
     ["read as keywords: Martin Campbell spy 1995"], 1),
    (ASKED, ["never asked"], [], 0),
    (f"{ASKED} Nothing about Casino Royale.", ["never asked"], ["left out: Casino Royale"], 0),
])  # fmt: skip
def test_a_model_is_asked_where_no_rule_can_read(
    request_: str, replies: Sequence[str], understood: list[str], calls: int, films: Collection
) -> None:
    """What it says is taken over only where it follows from the request; a question in words costs no call."""
    found = agent(films, *replies, llm_cache=False).retrieve(request_)
    asked = found.spent["instruct"].calls if "instruct" in found.spent else 0
    assert (understood, calls) == (list(found.instructions), asked)


def test_a_model_that_fails_costs_a_notice(films: Collection) -> None:
    """The keywords are searched for as they are."""
    found = agent(films, "", llm_calls=1, llm_cache=False).retrieve('"Martin Campbell" spy 1995')
    away = Agent(films, llm=ScriptedModel()).retrieve('"Martin Campbell" spy 1995')

    assert ["read as keywords: Martin Campbell spy 1995"] == list(found.instructions) == list(away.instructions)
    assert ["keywords were searched for as they are"] == [notice.split(" (")[0] for notice in away.notices]


def test_a_profile_has_the_weights(films: Collection) -> None:
    """Where nothing is taken for evidence nothing is moved."""
    from polyhop.agent.exclusions import Exclude

    blind = Config(exclude=Exclude(bias=-100.0))
    found = Agent(films, config=blind).retrieve(f"{ASKED} Nothing about Casino Royale.", 6)
    assert ranks(agent(films).retrieve(ASKED, 6)) == ranks(found)
