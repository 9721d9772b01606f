"""The hop tree as a picture: valid, inert, the same each time, and nothing on top of anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polyhop.agent.hop_svg import KINDS, MOST_FAINT, MOST_PASSAGES, hop_tree_svg
from polyhop.agent.svg_text import ELLIPSIS, clean, width, wrapped
from polyhop.retrieval.candidate import Kind

SVG = "{http://www.w3.org/2000/svg}"
HOSTILE = [
    "<script>alert(1)</script>",
    "]]><svg onload=alert(1)>",
    "\"' onmouseover='alert(1)",
    "&lt;b&gt; &#x3c;",
    "\x00\x08\x1b[31m\x7f\x85\ufffe\uffff\ud800",
    "javascript:alert(1)",
    "\u202egnp.exe",
    "a\u2028b\nc\td",
    "吾輩は猫である、名前はまだ無い。どこで生れたかとんと見当がつかぬ",
    "مقدمة ابن خلدون وتاريخ العرب في شمال أفريقيا",
    "👩‍👩‍👧‍👦👍🏽🇩🇪" * 9,
    "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft",
    "﷽" * 20,
    "W" * 400,
    "",
    " ",
]
TEXTS = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=120))
IDS = st.one_of(st.sampled_from(["a", "b", "c", "<d>", ""]), st.text(max_size=8))
STEPS = st.fixed_dictionaries({"id": IDS, "title": TEXTS})
PASSAGES = st.fixed_dictionaries(
    {
        "id": IDS,
        "title": TEXTS,
        "heading": TEXTS,
        "text": TEXTS,
        "page": st.integers(0, 10_000),
        "score": st.floats(-1e6, 1e6),
        "kind": st.sampled_from(list(KINDS)),
        "via": st.one_of(st.sampled_from(["search", "link"]), TEXTS),
        "name": TEXTS,
        "span": st.one_of(st.none(), st.fixed_dictionaries({"text": TEXTS})),
        "parts": st.dictionaries(st.sampled_from(["search", "link", "named", "words"]), st.floats(-99, 99)),
        "path": st.lists(STEPS, max_size=10),
    }
)
LEFT_OUT = st.fixed_dictionaries(
    {"id": IDS, "title": TEXTS, "kind": st.sampled_from(list(KINDS)), "path": st.lists(STEPS, max_size=3), "why": TEXTS}
)
CITATIONS = st.fixed_dictionaries(
    {"sentence": TEXTS, "passages": st.lists(st.integers(1, 20), max_size=3), "supported": st.booleans()}
)
RESULTS = st.fixed_dictionaries(
    {
        "text": TEXTS,
        "found": st.booleans(),
        "model": TEXTS,
        "confidence": st.one_of(st.none(), st.floats(0, 1)),
        "citations": st.lists(CITATIONS, max_size=4),
        "retrieval": st.fixed_dictionaries(
            {
                "question": TEXTS,
                "passages": st.lists(PASSAGES, max_size=20),
                "left_out": st.lists(LEFT_OUT, max_size=12),
            }
        ),
    }
)


def passage(id: str, *path: str, **facts: object) -> dict[str, Any]:
    """Return a passage as `to_dict` gives it, as far as the picture looks at it."""
    steps = [{"id": step, "title": f"Title {step}"} for step in path]
    kind = "link" if path else "question"
    return {"id": id, "title": f"Title {id}", "text": "", "score": 1.5, "kind": kind, "via": "", "path": steps, **facts}


def boxes(svg: str) -> list[tuple[float, float, float, float]]:
    """Return the left, upper, right and lower end of every card."""
    cards = [one for one in ElementTree.fromstring(svg).iter(f"{SVG}rect") if one.get("x") is not None]
    assert cards
    made = []
    for one in cards:
        x, y, wide, high = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        made.append((x, y, x + wide, y + high))
    return made


def texts(svg: str) -> list[str]:
    """Return the lines that are written in a picture."""
    return [one.text or "" for one in ElementTree.fromstring(svg).iter(f"{SVG}text")]


def overlapping(svg: str) -> Iterator[tuple[object, object]]:
    """Yield the pairs of cards that share a point."""
    found = boxes(svg)
    for place, one in enumerate(found):
        for other in found[place + 1 :]:
            if one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]:
                yield one, other


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(result=RESULTS)
def test_every_result_makes_a_sound_picture(result: Mapping[str, Any]) -> None:
    """Whatever stands in a result: valid XML, nothing active, no overlap, everything inside, the same each time."""
    svg = hop_tree_svg(result)

    root = ElementTree.fromstring(svg)
    right, bottom = float(root.attrib["width"]), float(root.attrib["height"])
    assert {one.tag.removeprefix(SVG) for one in root.iter()} <= {
        *("svg", "title", "desc", "style", "g", "rect", "path", "circle", "text")
    }
    assert not [name for one in root.iter() for name in one.attrib if name.startswith("on") or "href" in name]
    assert [] == list(overlapping(svg))
    assert all(0 <= box[0] and 0 <= box[1] and box[2] <= right and box[3] <= bottom for box in boxes(svg))
    assert svg == hop_tree_svg(result)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(result=RESULTS)
def test_no_text_leaves_its_card(result: Mapping[str, Any]) -> None:
    """The lines of a card are no wider than it, measured in the widest of the usual fonts."""
    for card in ElementTree.fromstring(hop_tree_svg(result)).iter(f"{SVG}g"):
        box = card.find(f"{SVG}rect")
        assert box is not None
        left, top = float(box.attrib["x"]), float(box.attrib["y"])
        right, bottom = left + float(box.attrib["width"]), top + float(box.attrib["height"])
        for line in card.iter(f"{SVG}text"):
            wide = width(line.text or "", float(line.attrib["font-size"]), bold="font-weight" in line.attrib)
            x = float(line.attrib["x"])
            ends = {None: (x, x + wide), "middle": (x - wide / 2, x + wide / 2)}[line.get("text-anchor")]
            begin, end = (x - wide, x) if line.get("direction") == "rtl" else ends
            assert left <= begin and end <= right, line.text
            assert top <= float(line.attrib["y"]) <= bottom


@given(text=TEXTS, size=st.floats(8, 20), room=st.floats(60, 400), most=st.integers(1, 4), bold=st.booleans())
def test_lines_hold_the_text_or_say_that_they_do_not(
    text: str, size: float, room: float, most: int, *, bold: bool
) -> None:
    """Lines fit, and either they hold all of a text or an ellipsis says that something is missing."""
    said = clean(text)
    lines = wrapped(said, size, room, most=most, bold=bold)

    assert len(lines) <= most
    assert all(width(line, size, bold=bold) <= room for line in lines)
    whole = "".join(lines).replace(" ", "") == said.replace(" ", "")
    assert whole or any(line.endswith(ELLIPSIS) for line in lines)


def test_every_kind_of_way_has_a_name() -> None:
    """An edge says in words by what kind of way its passage was reached."""
    assert set(Kind.__args__) == set(KINDS)  # type: ignore[attr-defined]


def test_the_tree_stands_from_left_to_right() -> None:
    """A passage stands right of the one that led to it, also of a bridge that is not in the result."""
    found = {"question": "Who?", "passages": [passage("c", "a", "b"), passage("a"), passage("d", "b")]}
    svg = hop_tree_svg(found)

    columns = sorted({box[0] for box in boxes(svg)})
    cards = ElementTree.fromstring(svg).iter(f"{SVG}g")
    at = {one.get("data-passage"): columns.index(float(one[1].attrib["x"])) for one in cards if one.get("data-passage")}
    assert {"a": 1, "b": 1, "c": 2, "d": 2} == at
    assert "on the way" in texts(svg)


def test_edges_say_kind_name_and_gain() -> None:
    """Over and under an edge stand the kind of way, what it adds to the score, and the name that was followed."""
    named = passage("b", "a", name="larry hagman", span={"text": "Larry Hagman"}, parts={"link": 4.964, "search": -1})
    said = texts(hop_tree_svg({"question": "Who?", "passages": [passage("a", parts={"search": -0.5}), named]}))

    assert {"name link", "“Larry Hagman”", "+4.96", "found by search", "−0.50"} <= set(said)


def test_what_the_answer_cites_is_marked() -> None:
    """Passages of borne-out sentences are marked with what is quoted; a sentence that is not borne out marks none."""
    citations = [
        {"sentence": "A: It is so.", "quote": "It is so.", "passages": [1], "supported": True},
        {"sentence": "It is not.", "passages": [2], "supported": False},
    ]
    retrieval = {"question": "Is it?", "passages": [passage("a"), passage("b")]}
    svg = hop_tree_svg({"text": "It is so. [1]", "found": True, "citations": citations, "retrieval": retrieval})

    assert ["cited · score 1.50", "score 1.50"] == [line for line in texts(svg) if "score" in line]
    assert "“It is so.”" in texts(svg)
    assert "1: Title a, cited. Path: question → Title a (found by search)." in svg


def test_what_was_left_out_is_faint_and_says_why() -> None:
    """Candidates without a place in the result have dashed cards, no number, and the reason; the list is bounded."""
    left = [{**passage(f"x{n}", "a"), "why": "near duplicate of A"} for n in range(MOST_FAINT + 5)]
    svg = hop_tree_svg({"question": "Q?", "passages": [passage("a")], "left_out": left})

    assert MOST_FAINT == texts(svg).count("near duplicate of A")
    assert "5 more that were left out, not drawn" in texts(svg)
    assert "Left out, near duplicate of A: Title x0." in svg


def test_a_large_result_is_bounded_and_says_so() -> None:
    """Of many passages the first are drawn, and the rest is counted."""
    svg = hop_tree_svg({"question": "Q?", "passages": [passage(str(n)) for n in range(100)]})

    assert MOST_PASSAGES + 1 == len(boxes(svg))
    assert f"{100 - MOST_PASSAGES} more in the result, not drawn" in texts(svg)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_only_text(text: str) -> None:
    """What a document or a model writes is shown or dropped, never read as markup."""
    found = {"question": text, "passages": [passage(text, title=text, name=text, heading=text, via=text)]}
    plain = hop_tree_svg({"question": "x", "passages": [passage("x", title="x", name="x", heading="x", via="x")]})
    svg = hop_tree_svg(found)

    tags = [one.tag for one in ElementTree.fromstring(svg).iter() if one.tag != f"{SVG}text"]
    assert [one.tag for one in ElementTree.fromstring(plain).iter() if one.tag != f"{SVG}text"] == tags
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\ud800-\udfff\ufffe\uffff]", svg)


def test_two_pictures_on_a_page_do_not_share_an_id() -> None:
    """The ids inside belong to one picture, and its style sheet touches no other element of a page."""
    one, other = (hop_tree_svg({"question": said, "passages": []}) for said in ("One?", "Two?"))

    ids = [set(re.findall(r' id="([^"]+)"', svg)) for svg in (one, other)]
    assert 3 == len(ids[0]) and not ids[0] & ids[1]
    sheet = re.search(r"<style>@media [^{]*\{(.*)\}</style>", one)
    name = ElementTree.fromstring(one).get("id")
    assert sheet is not None and all(rule.startswith(f"#{name} .") for rule in re.findall(r"[^{}]+(?=\{)", sheet[1]))
