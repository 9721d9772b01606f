"""The reader: what it is given of a page, what it says of its sentences, and which sentence it prefers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from polyhop.encoders.minilm import tokenizer
from polyhop.retrieval.rerank.cross import TokenScorer
from polyhop.retrieval.rerank.crossfile import CrossEncoderCard, load, save
from polyhop.retrieval.rerank.pairs import END, QUESTION, START
from polyhop.retrieval.rerank.reader import (
    ANSWER,
    HOLDS,
    OUTPUTS,
    SENTENCE,
    SHIPPED,
    SUPPORTS,
    WHOLE,
    Reader,
    ReaderPage,
    reader,
    windows,
)
from tests.retrieval.rerank.crosses import drawn

LONG = "river " * 200

#: a question, and its sentences with their headings, of which the first holds the answer
CASES: dict[str, Sequence[tuple[str, str]]] = {}


def case(question: str, *told: tuple[str, ...]) -> None:
    """Add a case."""
    CASES[question] = [(text, heading[0] if heading else "") for text, *heading in told]


def pages(question: str, told: Sequence[tuple[str, str]]) -> list[ReaderPage]:
    """Return what stands under each heading as a page, the last sentence first: its place gives nothing away."""
    headings = dict.fromkeys(heading for _, heading in told)
    return [ReaderPage(question, one, [text for text, heading in told[::-1] if heading == one]) for one in headings]


def best(found: Reader, question: str, told: Sequence[tuple[str, str]]) -> tuple[str, float]:
    """Return the likeliest sentence and its logit of holding the answer."""
    read = pages(question, told)
    return max(
        (
            (text, float(logit))
            for page, logits in zip(read, found.logits(read), strict=True)
            for text, logit in zip(page.sentences, logits[:, HOLDS], strict=True)
        ),
        key=lambda one: one[1],
    )


case(
    "How many guests fit into the barn?",
    ("The barn seats 140 guests.", "Wedding venues"),
    ("The barn was painted red in spring.", "Wedding venues"),
    ("The chapel seats 60 guests.", "Wedding venues"),
)
case(
    "What is the speed limit on the canal?",
    ("Boats on the canal may go no faster than 6 km/h.",),
    ("The canal was dug by hand.",),
    ("Boats on the canal need a licence.",),
)
case(
    "When was Clara Veit born?",
    ("Clara Veit (born 9 May 1932 in Ulm) was a Swiss ceramist.",),
    ("Clara Veit taught at the arts school for twenty years.",),
    ("Clara Veit married the sculptor Horst Amann in 1957.",),
)
case(
    "Who composed the Harbour Suite?",
    ("It was composed by Ellen Marsh for a brass band.", "Harbour Suite"),
    ("It is played every summer on the quay.", "Harbour Suite"),
    ("It was composed by Peter Lind for two pianos.", "Meadow Suite"),
)
case(
    "How often does bus 17 run on Sundays?",
    ("Line: 17; Weekdays: every 10 min; Sundays: every 40 min",),
    ("Line: 19; Weekdays: every 12 min; Sundays: every 30 min",),
    ("Line; Weekdays; Sundays",),
)
case(
    "What is the boiling point of acetone?",
    ("Substance: acetone; Boiling point: 56 °C; Flash point: -20 °C",),
    ("Substance: ethanol; Boiling point: 78 °C; Flash point: 13 °C",),
    ("Substance: toluene; Boiling point: 111 °C; Flash point: 4 °C",),
)
case(
    "Which vaccine do puppies need at eight weeks?",
    ("At eight weeks puppies are vaccinated against distemper.", "Puppies"),
    ("Puppies sleep up to twenty hours a day.", "Puppies"),
    ("At eight weeks kittens are vaccinated against cat flu.", "Kittens"),
)
case(
    "How long does concrete have to cure?",
    ("Concrete has to cure for 28 days before it bears its full load.",),
    ("Concrete is mixed from cement, sand, gravel and water.",),
    ("Plaster has to dry for three days.",),
)
case(
    "What does the key F7 do?",
    ("F7: checks the spelling", "Keyboard shortcuts"),
    ("F5: starts the slide show", "Keyboard shortcuts"),
    ("F12: saves under another name", "Keyboard shortcuts"),
)
case(
    "Can I bring my dog to the campsite?",
    ("Dogs are welcome on the campsite if they are kept on a lead.", "Campsite rules"),
    ("The campsite lies by a lake.", "Campsite rules"),
    ("Quiet hours begin at ten in the evening.", "Campsite rules"),
)
case(
    "Why did the bakery move?",
    ("The bakery moved because the old oven had been condemned.",),
    ("The bakery has sold rye bread since 1908.",),
    ("The florist moved because the rent had doubled.",),
)
case(
    "What is the dose of ibuprofen for adults?",
    ("Adults take 400 mg of ibuprofen up to three times a day.", "Ibuprofen"),
    ("Children take 10 mg per kilogram of body weight.", "Ibuprofen"),
    ("Do not take ibuprofen on an empty stomach.", "Ibuprofen"),
)
case(
    "Who scored the winning goal against Norfield?",
    ("Against Norfield it was Dana Roth who scored the winner in the 88th minute.",),
    ("Against Easton it was Mia Kurz who scored the winner in the 70th minute.",),
    ("The match against Norfield was sold out.",),
)
case(
    "Which river flows through Hallbach?",
    ("Hallbach lies on both banks of the Sill.", "Hallbach"),
    ("Hallbach has 4,200 inhabitants.", "Hallbach"),
    ("Ostheim lies on the left bank of the Werra.", "Ostheim"),
)
case(
    "how hot must the oven be for the meringue",
    ("Bake the meringue at 95 °C with the door ajar.", "Meringue"),
    ("Beat the egg whites until they are stiff.", "Meringue"),
    ("Bake the sponge at 180 °C for half an hour.", "Sponge cake"),
)
case(
    "Where did Tomas Brandl study?",
    ("He studied law in Heidelberg and Basel.", "Tomas Brandl"),
    ("He was a judge at the district court.", "Tomas Brandl"),
    ("He studied medicine in Kiel.", "Arno Fels"),
)
case(
    "Wie tief ist der Waldsee?",
    ("Der Waldsee ist 31 Meter tief.",),
    ("Der Waldsee ist ein beliebter Badeort.",),
    ("Der Bergsee ist 12 Meter tief.",),
)
case(
    "Who pays for the repair of the roof?",
    ("The landlord bears the cost of repairs to the roof.", "Lease > Repairs"),
    ("The tenant bears the cost of minor repairs up to 100 euros.", "Lease > Repairs"),
    ("Repairs must be announced two days ahead.", "Lease > Repairs"),
)
case(
    "What is the password policy for contractors?",
    ("Contractors must change their password every 30 days.", "Security"),
    ("Employees must change their password every 90 days.", "Security"),
    ("Contractors wear a yellow badge.", "Security"),
)
case(
    "In which year did the ferry Astrid enter service?",
    ("The ferry Astrid entered service in 1998.",),
    ("The ferry Birgit entered service in 2003.",),
    ("The ferry Astrid carries 40 cars.",),
)


@pytest.fixture(scope="module")
def shipped() -> Reader:
    """Return the reader that comes along."""
    return reader()


def test_a_page_is_read_behind_the_question() -> None:
    """Its heading and its sentences are of the second segment, and each sentence's tokens are known."""
    (((tokens, parts),),) = windows([ReaderPage("who?", "Staff", ["It is Ann.", "She is 40."])], tokenizer())
    known = [tokenizer().encode(text, add_special_tokens=False).ids for text in ("It is Ann.", "She is 40.")]

    assert START == tokens.ids[0] and END == tokens.ids[-1] == tokens.ids[tokens.first - 1]
    assert len(tokens.ids) == tokens.last
    assert known == [tokens.ids[start:end] for _, start, end in parts]
    assert [0, 1] == [place for place, *_ in parts]


def test_long_pages_are_cut() -> None:
    """Whatever is given, a window has at most the tokens that the model takes; each sentence is judged once."""
    sentences = [LONG, *(f"Sentence {number} says nothing of it." for number in range(100)), "", LONG]
    (found,) = windows([ReaderPage(LONG, LONG, sentences)], tokenizer())

    assert len(found) > 3
    assert all(len(one.tokens.ids) <= WHOLE and one.tokens.first <= QUESTION + 2 for one in found)
    assert list(range(len(sentences))) == [place for one in found for place, *_ in one.parts]
    assert max(end - start for one in found for _, start, end in one.parts) == SENTENCE
    assert found[1].tokens.ids[found[1].parts[0][1] - 1] == found[0].tokens.ids[-2]  # the end of the last one again


@pytest.mark.slow
def test_tokens_or_pairs_have_logits(tmp_path: Path) -> None:
    """What the card says is what the graph gives: logits for a pair, one or some, or for each of its tokens."""
    ((window,),) = windows([ReaderPage("who?", "", ["It is Ann."])], tokenizer())
    shapes = {(1, False): (), (2, False): (2,), (3, True): (8 * -(-len(window.tokens.ids) // 8), 3)}
    for (outputs, tokens), shape in shapes.items():
        file = tmp_path / f"{outputs}.safetensors"
        save(file, drawn(1, outputs=outputs), CrossEncoderCard(1, outputs=outputs, tokens=tokens))
        assert [shape] == [logits.shape for logits in TokenScorer(file, tmp_path).score([window.tokens])]


def test_the_weights_say_what_they_are() -> None:
    """Three logits for each token, of a file below 12 MB with a card beside it."""
    card, _ = load(SHIPPED)

    assert (OUTPUTS, True) == (card.outputs, card.tokens)
    assert SHIPPED.stat().st_size < 12_000_000
    assert SHIPPED.with_suffix(".md").exists()


@pytest.mark.slow
class TestShipped:
    """The weights that come along."""

    def test_the_right_sentence_is_preferred(self, shipped: Reader) -> None:
        """Among sentences on the same thing, and the same of other things, the one with the answer is the best."""
        missed = [question for question, told in CASES.items() if best(shipped, question, told)[0] != told[0][0]]

        assert len(CASES) >= 20
        assert len(missed) <= 2, missed

    def test_nothing_is_less_likely_to_answer(self, shipped: Reader) -> None:
        """Without the right sentence the likeliest one mostly has a lower logit; things of one family are alike."""
        lower = [
            best(shipped, question, told)[1] > best(shipped, question, told[1:])[1] for question, told in CASES.items()
        ]

        assert sum(lower) >= 0.75 * len(CASES)

    def test_the_same_is_said_again(self, shipped: Reader) -> None:
        """The same pages, in whatever order and from however many threads, have the same logits."""
        read = [page for question, told in CASES.items() for page in pages(question, told)]
        wanted = np.concatenate(shipped.logits(read))

        assert np.array_equal(wanted, np.concatenate(shipped.logits(read[::-1])[::-1]))
        with ThreadPoolExecutor(4) as pool:
            again = pool.map(lambda _: np.concatenate(shipped.logits(read)), range(4))
            assert all(np.array_equal(wanted, one) for one in again)

    def test_the_answer_itself_is_marked(self, shipped: Reader) -> None:
        """The logit of the answer's tokens is the highest in the sentence that holds it."""
        (logits,) = shipped.logits(
            [ReaderPage("How tall is Miro?", "Miro", ["Miro lives in Graz.", "He is 182 cm tall."])]
        )

        assert 1 == logits[:, ANSWER].argmax()

    def test_a_sentence_that_leads_on_supports_more_than_it_holds(self, shipped: Reader) -> None:
        """Of two hops the first one has the higher logit of supporting."""
        question = "In which city was the director of Silent Harbour born?"
        (first,), (second,) = shipped.logits(
            [
                ReaderPage(question, "Silent Harbour", ["Silent Harbour is a 1994 film directed by Maud Ekberg."]),
                ReaderPage(question, "Maud Ekberg", ["Maud Ekberg was born in Malmö."]),
            ]
        )

        assert first[SUPPORTS] > second[SUPPORTS]
        assert second[HOLDS] > first[HOLDS]

    def test_nothing_is_read_of_nothing(self, shipped: Reader) -> None:
        """No pages have no logits, nor has a page without sentences; one without a token holds nothing."""
        assert [] == shipped.logits([])
        empty, blank = shipped.logits([ReaderPage("who?", "a", []), ReaderPage("who?", "a", [""])])
        assert (0, OUTPUTS) == empty.shape
        assert blank[0, HOLDS] < -4
