"""Calibration to a collection: what it learns of questions, when it holds, and that it never costs a question."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from polyhop.agent import Agent, CallerError, Document, Settings, export, import_file
from polyhop.agent.calibration import FLATTEST, KEY, Platt
from polyhop.agent.evaluate.calibrate import FEWEST
from polyhop.agent.example import passages_path, questions
from polyhop.agent.testing import ScriptedModel
from polyhop.encoders import Encoder
from polyhop.store.collection import Collection
from tests import corpus

from .commands import run, run_json

FOUND = [{"question": text, "gold": list(gold)} for text, gold in corpus.HOPS.items()]
#: the same questions, of which one needs something that is never found
LACKING = [*FOUND[:2], {**FOUND[2], "gold": ["Tokyo", "John Williams"]}]


@pytest.fixture
def films(tmp_path: Path, embedder: Encoder) -> Iterator[Collection]:
    """Open the known passages."""
    with corpus.collection(tmp_path, embedder) as opened:
        yield opened


def agent(collection: Collection, **settings: Any) -> Agent:
    """Return an agent of a collection."""
    return Agent(collection, settings=Settings(**settings))


def stated(collection: Collection, **settings: Any) -> tuple[float | None, bool, list[str]]:
    """Return the sufficiency of the known question, whether it is calibrated, and the notices."""
    found = agent(collection, **settings).retrieve(corpus.QUESTION)
    return found.sufficiency, found.calibrated, list(found.notices)


# The line


def test_a_line_is_found_again() -> None:
    """Fitted to many cases drawn by a known line, the line is that one; without cases nothing changes."""
    chance = np.random.default_rng(0)
    probabilities = chance.uniform(0.02, 0.98, 20_000)
    line = Platt.fitted(probabilities, chance.random(20_000) < Platt(0.6, -1.0)(probabilities))
    assert [0.6, -1.0] == pytest.approx([line.slope, line.intercept], abs=0.05)
    assert 20_000 == line.questions
    assert (1.0, 0.0, 0) == (Platt.fitted([], []).slope, Platt.fitted([], []).intercept, Platt().questions)
    assert [0.2, 0.5, 0.9] == pytest.approx(Platt()([0.2, 0.5, 0.9]).tolist())


@pytest.mark.parametrize("right", [True, False])
def test_ten_questions_that_all_came_out_alike_ruin_nothing(right: bool) -> None:  # noqa: FBT001
    """The probability moves their way and stays one that can be wrong."""
    after = float(Platt.fitted([0.8] * FEWEST, [right] * FEWEST)(0.8))
    assert 0.9 < after < 0.99 if right else 0.05 < after < 0.2


def test_the_order_stays_even_where_the_questions_speak_against_it() -> None:
    """Of labels that are all the wrong way round a flat line is made, none that falls; certainties have a place too."""
    probabilities = np.linspace(0, 1, 101)
    line = Platt.fitted(probabilities, probabilities < 0.5)
    assert FLATTEST == line.slope
    assert (np.diff(line(probabilities)) > 0)[1:-1].all() and np.isfinite(line([0.0, 1.0])).all()


# What questions do to a collection


def test_the_example_is_calibrated_by_its_questions(tmp_path: Path, embedder: Encoder) -> None:
    """Where all passages suffice the sufficiency rises, answers have a line of their own, and nothing else changes."""
    labelled: list[dict[str, Any]] = [
        {"question": one.question, "gold": list(one.titles), "answer": one.answer} for one in questions()
    ]
    heard: list[int] = []
    with Agent.open(tmp_path, create=True, embedder=embedder) as example, passages_path() as path:
        example.index([path])
        before = example.ask(labelled[0]["question"])
        report = example.calibrate(labelled, advance=heard.append)
        after = example.ask(labelled[0]["question"])
        known = example.calibration

    sufficiency, confidence = report.scores["sufficiency"], report.scores["confidence"]
    assert (20, 20, []) == (report.questions, sufficiency.questions, report.missing)
    assert sufficiency.error_after < sufficiency.error == pytest.approx(sufficiency.true - sufficiency.stated, abs=0.01)
    assert FEWEST <= confidence.questions < 20 and [1] * 20 == heard
    assert (False, False) == (before.calibrated, before.retrieval.calibrated)
    assert (True, True) == (after.calibrated, after.retrieval.calibrated)
    assert known and before.retrieval.sufficiency and before.confidence
    assert after.retrieval.sufficiency == pytest.approx(known.lines["sufficiency"](before.retrieval.sufficiency))
    assert after.confidence == pytest.approx(known.lines["confidence"](before.confidence))
    assert (before.text, before.retrieval.passages) == (after.text, after.retrieval.passages)


def test_questions_whose_passages_are_missed_make_less_sure(films: Collection) -> None:
    """A third of them lacks a passage, so that the probability falls; asked again with better ones it rises again."""
    raw, calibrated, notices = stated(films)
    assert raw is not None and (False, []) == (calibrated, notices)

    report = agent(films).calibrate(LACKING * 5)
    low, calibrated, notices = stated(films)
    assert pytest.approx(2 / 3, abs=1e-3) == report.scores["sufficiency"].true
    assert ["sufficiency"] == list(report.scores)
    assert low is not None and low < raw and (True, []) == (calibrated, notices)

    agent(films).calibrate(FOUND * 5)
    high, _, _ = stated(films)
    assert high is not None and low < high


def test_each_profile_has_its_own(films: Collection) -> None:
    """What `fast` has learned says nothing of `quality`, and stays where `quality` learns."""
    agent(films).calibrate(LACKING * 5)
    fast = stated(films)
    assert (False, []) == stated(films, profile="quality")[1:]
    agent(films, profile="quality").calibrate(LACKING * 4)
    assert (True, []) == stated(films, profile="quality")[1:]
    assert fast == stated(films)


def test_all_ways_to_ask_say_the_same(films: Collection) -> None:
    """A batch, a stream and the loop calibrate alike; a language model is asked nothing while calibrating."""
    model = ScriptedModel([])
    asking = Agent(films, llm=model, settings=Settings(split="always", llm_cache=False))
    asking.calibrate(LACKING * 4)
    assert [] == model.asked

    plain = agent(films)
    plain.calibrate(LACKING * 4)
    expected = plain.retrieve(corpus.QUESTION).sufficiency
    (together,) = plain.batch([corpus.QUESTION])
    *_, streamed = plain.stream(corpus.QUESTION)
    assert not isinstance(streamed, dict)
    assert (expected, expected) == (together.sufficiency, streamed.retrieval.sufficiency)
    assert together.calibrated and streamed.retrieval.calibrated


# When it holds


def damage(films: Collection, **changes: Any) -> None:
    """Change the entry of the record for `fast`."""
    entries = json.loads(films.record.get(KEY))
    films.record.put(calibration=json.dumps(entries | {"fast": entries["fast"] | changes}))


@pytest.mark.parametrize(
    "said", ["{", "[]", "7", '{"fast": 3}', '{"fast": {}}', '{"fast": {"scores": {"sufficiency": {"slope": "x"}}}}']
)
def test_a_damaged_calibration_is_left_out(said: str, films: Collection) -> None:
    """The question is answered as without one, and a notice says what to do; calibrating again mends it."""
    raw, _, _ = stated(films)
    films.record.put(calibration=said)
    value, calibrated, (notice,) = stated(films)
    assert (raw, False) == (value, calibrated)
    assert "is damaged and was left out" in notice and "polyhop eval --calibrate FILE" in notice
    agent(films).calibrate(FOUND * 4)
    assert (True, []) == stated(films)[1:]


@pytest.mark.parametrize("line", [
    {"slope": -1.0, "intercept": 0.0, "questions": 20}, {"slope": 1.0, "intercept": float("nan"), "questions": 20},
    {"slope": float("inf"), "intercept": 0.0, "questions": 20}, {"slope": 1.0, "questions": 20},
])  # fmt: skip
def test_a_line_that_is_none_is_damage(line: dict[str, float], films: Collection) -> None:
    """One that falls, or is not finite or not whole, is not used."""
    agent(films).calibrate(FOUND * 4)
    damage(films, scores={"sufficiency": line})
    assert not stated(films)[1] and "is damaged" in stated(films)[2][0]


def test_one_for_something_else_is_left_out(films: Collection) -> None:
    """Another embedder, other weights and other parts make other scores; a notice says so."""
    agent(films).calibrate(LACKING * 4)
    raw, calibrated, (notice,) = stated(films, max_hops=2)
    assert not calibrated and "another embedder, other weights or other settings" in notice
    assert stated(films)[1] and stated(films)[0] != raw
    for changes in ({"embedder": "another"}, {"parts": "0" * 16}):
        damage(films, **changes)
        assert (False, [notice]) == stated(films)[1:]


def test_a_collection_that_has_grown_says_that_it_is_stale(films: Collection) -> None:
    """It still holds, with a notice, once the collection has more than twice the passages."""
    agent(films).calibrate(LACKING * 4)
    asking, many = agent(films), len(corpus.DOCUMENTS)
    for more, notices in ((many, 0), (1, 1)):
        films.add([Document(f"{more} {number}", f"Note {number} of {more}.") for number in range(more)])
        found = asking.retrieve(corpus.QUESTION)
        assert (True, notices) == (found.calibrated, len(found.notices))
    assert f"when it had {many} passages, and it has {2 * many + 1} now" in found.notices[0]


def test_a_copy_and_an_export_have_it_too(films: Collection, tmp_path: Path, embedder: Encoder) -> None:
    """An empty collection takes it over with a trusted import, one that has documents of its own does not."""
    agent(films).calibrate(LACKING * 4)
    expected = stated(films)
    export(films, tmp_path / "films.jsonl")
    for name, own in (("empty", []), ("filled", [Document("own", "A note.")])):
        with corpus.collection(tmp_path / name, embedder, documents=own) as other:
            import_file(other, tmp_path / "films.jsonl", trusted=True)
            assert (expected if not own else (False, [])) == (stated(other) if not own else stated(other)[1:])
    films.close()
    shutil.copytree(films.folder, tmp_path / "copy" / films.name)
    with Collection.open(tmp_path / "copy", films.name, embedder=embedder) as copy:
        assert expected == stated(copy)


def test_several_collections_and_other_searches_have_none(films: Collection, tmp_path: Path, embedder: Encoder) -> None:
    """What one collection has learned says nothing of two, and nothing of a search of the user's own."""
    agent(films).calibrate(LACKING * 4)
    other = corpus.collection(tmp_path / "more", embedder, name="other")
    films.close()
    other.close()
    shutil.copytree(other.folder, films.folder.parent / "other")
    with Agent.open(films.folder.parent, films.name, "other", embedder=embedder) as both:
        assert both.calibration is None and not both.retrieve(corpus.QUESTION).calibrated
        with pytest.raises(CallerError, match="exactly one"):
            both.calibrate(FOUND * 4)
    own = Agent.around(lambda question, k: [{"text": "Jaws is a film."}], embedder=embedder)
    with pytest.raises(CallerError, match="exactly one"):
        own.calibrate(FOUND * 4)


def test_too_little_to_learn_from_is_refused(films: Collection) -> None:
    """Fewer questions than ten, and questions about other passages, leave everything as it was."""
    with pytest.raises(CallerError, match="3 questions are too few"):
        agent(films).calibrate(FOUND)
    with pytest.raises(CallerError, match="holds none of the 10 gold passages"):
        agent(films).calibrate([{"question": "Who?", "gold": ["Nowhere"]}] * FEWEST)
    assert films.record.get(KEY) is None


# The command line


def test_the_command_calibrates_and_says_so(films: Collection, tmp_path: Path) -> None:
    """A table or JSON shows errors before and after, and --explain says from then on whose percentages are shown."""
    home, name = films.folder.parent, films.name
    films.close()
    file = tmp_path / "questions.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in LACKING * 4), encoding="utf-8")
    asking = (corpus.QUESTION, "--collection", name, "--explain")

    assert "; not calibrated for this collection;" in run("retrieve", *asking, home=home).stdout
    assert "probability, not calibrated for this collection (" in run("ask", *asking, home=home).stdout
    assert "sufficiency" in run("eval", "--calibrate", file, "--collection", name, home=home).stdout
    said = run_json("eval", file, "--calibrate", "--collection", name, home=home)
    assert (12, "fast", 12) == (said["questions"], said["profile"], said["scores"]["sufficiency"]["questions"])
    assert "; calibrated for this collection;" in run("retrieve", *asking, home=home).stdout
    assert run_json("retrieve", *asking[:3], home=home)["calibrated"]


def test_the_command_does_one_thing_at_a_time(films: Collection, tmp_path: Path) -> None:
    """Variants are compared, not calibrated."""
    result = run("eval", "--calibrate", tmp_path / "q", "--without", "link", home=films.folder.parent, code=2)
    assert "--calibrate compares nothing" in result.stderr
