"""The web page in a browser, against a server: from files to a cited answer, by hand, by keyboard, and by bad luck."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from polyhop.agent import Catalogue, Tools
from polyhop.encoders import Encoder
from polyhop.tools.tool import Tool
from tests import corpus
from tests.ingest.readers.pdf_files import At, lines, pdf

from .browsing import DESK, PHONE, Visit, chromium, needs_chromium, visiting
from .served import Served

pytestmark = [needs_chromium, pytest.mark.slow]
QUESTION = "Which river flows through the city in which The Third Man is set?"
FLOOD = "How high was the water of the Danube at Vienna in the flood of 1899?"
MANY = 1_000
#: what would have to be paid for each mark, were it run
HOSTILE = """# Velvet Lantern <script>window.hacked = 1</script>

The Velvet Lantern stands in Oslo. <script>window.hacked = 2</script><img src=x onerror="window.hacked = 3">

[a link](javascript:window.hacked=4) ![a picture](http://203.0.113.7/beacon.png) <svg onload="window.hacked = 5">
<iframe src="javascript:parent.hacked=6"></iframe> <style>* { display: none }</style> <base href="http://203.0.113.7/">
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[Served]:
    """Return a server with the small corpus, a catalogue of tools, and originals that are kept."""
    home = tmp_path_factory.mktemp("page")
    corpus.collection(home, embedder).close()
    with Catalogue.create(home, embedder=embedder) as catalogue:
        tools = [Tool("convert_currency", "Convert an amount of money."), Tool("get_forecast", "Tell the weather.")]
        catalogue.sync(Tools(tools, "shop"))
    with Served(home, keep_originals="true") as served:
        yield served


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    with chromium() as opened:
        yield opened


def files(folder: Path) -> dict[str, bytes]:
    """Return files that tell of Vienna, one of them broken."""
    told = {one.key: f"# {one.title}\n\n{one.text}\n".encode() for one in corpus.DOCUMENTS[5:9]}
    flood = lines(
        40, 85, "In the flood of 1899 the water of the Danube at Vienna stood", "8.66 metres above the gauge."
    )
    pages = [[At(40, 60, "Floods of the Danube", 18)], [At(40, 60, "Vienna", 14), *flood]]
    return {
        **told,
        "floods.pdf": pdf(folder, *pages, title="Floods").read_bytes(),
        "list.md": b"# List\n\nSee [the river](Danube.md).\n",
        "broken.docx": b"PK no archive",
    }


def heard(page: Page) -> None:
    """Let the page keep what it tells screen readers."""
    page.evaluate(
        """() => {
            window.heard = [];
            const place = document.querySelector("[role=status]");
            new MutationObserver(() => window.heard.push(place.textContent)).observe(
                place, { childList: true, characterData: true, subtree: true });
        }"""
    )


def within(inner: Locator, outer: Locator) -> bool:
    """Say whether the middle of an element lies in one of others."""
    small = inner.bounding_box()
    assert small is not None
    x, y = small["x"] + small["width"] / 2, small["y"] + small["height"] / 2
    boxes = [box for one in outer.all() if (box := one.bounding_box())]
    return any(b["x"] <= x <= b["x"] + b["width"] and b["y"] <= y <= b["y"] + b["height"] for b in boxes)


def test_from_files_to_a_cited_answer(browser: Browser, server: Served, tmp_path: Path) -> None:
    """Files are dropped and told of; the answer cites them; citations open the text, and the PDF at the quoted line."""
    with visiting(browser, server.url) as visit:
        page = visit.page
        visit.go("documents/journey")
        visit.drop(files(tmp_path))
        reports = visit.reports()
        visit.go("ask")
        heard(page)
        turn = visit.ask(QUESTION)
        answer = turn.locator(".answer-text").inner_text()
        levels = {one.get_attribute("aria-level") for one in turn.get_by_role("treeitem").all()}
        vienna = turn.get_by_role("treeitem", name="Vienna, passage").get_attribute("aria-label") or ""
        number = vienna.split("passage ")[1][0]
        turn.get_by_role("button", name=f"Open passage {number}", exact=True).first.click()
        marked = page.locator(".reader mark").first.inner_text()
        without_pdf = visit.asked("pdf.worker")
        flood = visit.ask(FLOOD)
        flood.locator(".cite").first.click()
        page.locator(".pdf-frame[data-ready='2']").wait_for()
        line = page.locator(".textLayer span", has_text="8.66 metres")
        told = page.evaluate("window.heard")

        assert "skipped" in reports["broken.docx"] and "zip" in reports["broken.docx"]
        assert all("1 document" in reports[name] for name in ("Vienna.md", "floods.pdf"))
        assert "Danube" in answer
        assert {"1", "2", "3"} == levels and "cited" in vienna
        assert "the Danube flows through it" in marked
        assert ([], 1) == (without_pdf, len(visit.asked("pdf.worker")))
        assert within(line, page.locator(".pdf-page .box"))
        assert any("passages found" in one for one in told) and "Floods opened" == told[-1]
        page.keyboard.press("Escape")
        page.reload()
        page.get_by_role("button", name="History").click()
        assert "2 turns" in page.locator(".drawer .row").first.inner_text()


def test_by_keyboard_alone(browser: Browser, server: Served) -> None:
    """Skip link, question, tree and reader are reached without a pointer, and the focus is seen and comes back."""
    with visiting(browser, server.url) as visit:
        page, keyboard = visit.page, visit.page.keyboard
        page.get_by_label("In", exact=True).first.wait_for()
        for _ in range(20):  # the question has the focus at first; the skip link is the first thing of the page
            keyboard.press("Shift+Tab")
            if (skip := page.evaluate("document.activeElement.textContent")).startswith("Skip"):
                break
        keyboard.press("Enter")
        main = page.evaluate("document.activeElement.id")
        keyboard.press("/")
        keyboard.type(QUESTION)
        keyboard.press("Enter")
        page.locator(".turn:not(.running) .answer").wait_for()
        page.locator("[data-question]").blur()
        for _ in range(40):  # to the tree, as everybody who tabs
            keyboard.press("Tab")
            if page.evaluate("document.activeElement.getAttribute('role')") == "treeitem":
                break
        keyboard.press("ArrowRight")
        keyboard.press("ArrowRight")
        item = page.evaluate("document.activeElement.getAttribute('aria-label')")
        ring = page.evaluate("getComputedStyle(document.activeElement.querySelector('.box')).outlineStyle")
        keyboard.press("Enter")
        page.locator(".reader .here").wait_for()
        page.wait_for_function("document.activeElement.closest('.reader')")
        keyboard.press("Escape")
        back = page.evaluate("document.activeElement.getAttribute('aria-label')")

        assert ("Skip to content", "main") == (skip, main)
        assert item.startswith("Vienna, passage") and "“Vienna”" in item
        assert "solid" == ring
        assert item == back
        assert 0 == page.locator(".reader").count()


def test_hostile_documents_stay_text(browser: Browser, server: Served) -> None:
    """Nothing of a document runs, loads or breaks the page, also where it is narrow and a word is long."""
    wide = b"# Wide\n\nThe Wide Book says " + b"W" * 5_000 + b" in Bergen.\n"
    with visiting(browser, server.url, PHONE) as visit:
        page = visit.page
        visit.go("documents/hostile")
        visit.drop(
            {"<img src=x onerror=hacked=7>.md": HOSTILE.encode(), "wide.md": wide, "page.html": HOSTILE.encode()}
        )
        visit.reports()
        wider = [visit.overflow()]
        visit.go("ask")
        turn = visit.ask("Where does the Velvet Lantern stand?")
        wider.append(visit.overflow())
        turn.locator("[data-passage='1']").click()
        shown = page.locator(".reader .here").inner_text()
        page.get_by_role("button", name="Close the reader").click()
        visit.ask("What does the Wide Book say?").locator("[data-passage='1']").click()
        page.locator(".reader .here").wait_for()
        wider.append(visit.overflow())

        assert "Velvet Lantern" in shown
        assert [0, 0, 0] == wider
        assert page.evaluate("window.hacked === undefined")
        assert [] == visit.asked("203.0.113.7")
        assert (
            0
            == page.locator("main script, main img, main iframe, main svg[onload], .reader :is(script, img, a)").count()
        )


def test_a_thousand_documents(browser: Browser, server: Served) -> None:
    """They come in pages; none holds more than its share, and the last is reached."""
    texts = [
        {"key": f"note-{n:04}.md", "text": f"Note {n} is on shelf {n % 7}.", "title": f"Note {n}"} for n in range(MANY)
    ]
    server.client.post("/collections/many/documents", json={"documents": texts}).raise_for_status()
    with visiting(browser, server.url) as visit:
        page = visit.page
        visit.go("documents/many")
        row = page.locator(".rows .row")
        row.first.wait_for()
        first = row.count()
        page.get_by_text("1,000 documents").wait_for()
        for start in range(50, MANY, 50):
            page.get_by_role("button", name="Next →").click()
            page.get_by_text(f"note-{start:04}.md").wait_for()
        row.last.click()
        page.locator(".reader .text section").first.wait_for()

        assert (50, 50) == (first, row.count())
        assert page.get_by_role("button", name="Next →").is_disabled()
        assert "Note 999 is on shelf 5." in page.locator(".reader .text").inner_text()


def test_two_settings_side_by_side(browser: Browser, server: Served) -> None:
    """Both answers are shown, and which passages only one of them has."""
    with visiting(browser, server.url) as visit:
        page = visit.page
        visit.go("compare")
        visit.choose("films")
        page.get_by_label("Hops", exact=True).first.select_option("0")
        page.get_by_label("Stop", exact=True).last.select_option("sufficient=0.9")
        page.get_by_label("Question", exact=True).fill(QUESTION)
        page.keyboard.press("Enter")
        rows = page.locator(".difference tr", has=page.get_by_role("rowheader"))
        rows.first.wait_for()
        figures = {one.locator("th").inner_text(): one.locator("td").all_inner_texts() for one in rows.all()}

        assert ["0", "1"] == figures["Hops"]
        assert 2 == page.locator(".side .answer-text").count()


def test_what_is_not_there_and_what_goes_wrong_are_told(browser: Browser, server: Served) -> None:
    """No answer is said as such with the nearest passages; an error is told in the server's words."""
    with visiting(browser, server.url) as visit:
        visit.choose("films")
        turn = visit.ask("What does a ticket to the moon of Endor cost?")
        found = turn.inner_text()
        visit.page.locator(".settings > summary").click()
        visit.page.locator(".more > summary").click()
        visit.page.get_by_label("Filter on metadata").fill("year >=")
        visit.page.get_by_label("Question", exact=True).fill("Who directed Jaws?")
        visit.page.keyboard.press("Enter")
        told = visit.page.get_by_role("alert").inner_text()

        assert "I could not find it." in found and "What is nearest" in found
        assert "year >=" in told or "filter" in told
        assert ["400"] == [one.split("status of ")[1][:3] for one in visit.wrong]  # the browser's own line
        visit.wrong.clear()


def _views(visit: Visit, folder: Path) -> Iterator[str]:
    """Open each view in turn, and yield what it is."""
    page = visit.page
    page.get_by_label("In", exact=True).first.wait_for()
    yield "empty"
    visit.go(f"documents/{folder.name[-30:].lower().replace('_', '-').strip('-.')}")
    visit.drop(files(folder))
    visit.reports()
    yield "upload"
    visit.go("ask")
    visit.ask(QUESTION).get_by_role("button", name="What was left out").click()
    page.locator(".pruned-list, .found-how > .note").first.wait_for()
    yield "answer"
    visit.ask(FLOOD).locator(".cite").first.click()
    page.locator(".pdf-frame[data-ready]").wait_for()
    yield "pages"
    page.get_by_role("button", name="Text", exact=True).click()
    page.locator(".reader .here").wait_for()
    yield "text"
    page.keyboard.press("Escape")
    visit.go("compare")
    page.get_by_label("Question", exact=True).fill(QUESTION)
    page.keyboard.press("Enter")
    page.locator(".difference").wait_for()
    yield "compare"
    visit.go("tools")
    page.get_by_label("Search", exact=True).fill("convert money")
    page.keyboard.press("Enter")
    page.get_by_text("Confidence that a tool").wait_for()
    yield "tools"
    page.get_by_role("button", name="Keyboard shortcuts").click()
    yield "dialog"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_accessible(browser: Browser, server: Served, tmp_path: Path, scheme: str) -> None:
    """Axe finds nothing serious in any view, in light and in dark; nothing is wider than the window."""
    size = DESK if scheme == "light" else PHONE
    with visiting(browser, server.url, size, scheme="light" if scheme == "light" else "dark") as visit:
        found = {view: (visit.violations(), visit.overflow()) for view in _views(visit, tmp_path)}

    assert {} == {view: one for view, one in found.items() if one != ([], 0)}


def test_the_first_paint(browser: Browser, server: Served, record_property: pytest.RecordProperty) -> None:
    """It is measured for whoever wants to know; the bound only ends a hang."""
    with visiting(browser, server.url) as visit:
        visit.page.reload()
        painted = visit.page.evaluate("performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? null")
        record_property("first_contentful_paint_ms", painted)
        print(f"first contentful paint: {painted} ms")

        assert painted is None or painted < 60_000
