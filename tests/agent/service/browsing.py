"""The web page in a real browser: headless Chromium of the system, driven by Playwright."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Literal, cast
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, Request, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: nothing but the page is to be asked for
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking"
    " --disable-component-update --disable-sync --disable-dev-shm-usage"
).split()
PATIENCE = 30_000  # milliseconds; ends a hang
DESK, PHONE = (1280, 800), (360, 740)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="needs chromium: apt-get install chromium")


@contextmanager
def chromium() -> Iterator[Browser]:
    """Lend a browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page that is open, with what it asked for and what went wrong in it."""

    page: Page
    url: str
    requests: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    def asked(self, part: str) -> list[str]:
        """Return the addresses asked for that hold some text."""
        return [one for one in self.requests if part in one]

    def strange(self) -> list[str]:
        """Return the addresses asked for that are not the server's."""
        own = urlsplit(self.url).netloc
        return [
            one for one in self.requests if urlsplit(one).scheme in ("http", "https") and urlsplit(one).netloc != own
        ]

    def go(self, view: str) -> None:
        """Open a view by its address."""
        self.page.goto(f"{self.url}/#/{view}")

    def choose(self, collection: str) -> None:
        """Choose a collection."""
        self.page.get_by_label("In", exact=True).first.select_option(collection)

    def ask(self, question: str) -> Locator:
        """Ask, and return the turn once it is answered."""
        turns = self.page.locator(".turn:not(.running)")
        before = turns.count()
        self.page.get_by_label("Question", exact=True).fill(question)
        self.page.keyboard.press("Enter")
        turn = turns.nth(before)
        turn.locator(".answer").wait_for()
        return turn

    def drop(self, files: dict[str, bytes]) -> None:
        """Drop files onto the page as a hand does."""
        given = [{"name": name, "bytes": list(data)} for name, data in files.items()]
        data = self.page.evaluate_handle(
            """(files) => {
                const data = new DataTransfer();
                for (const { name, bytes } of files) data.items.add(new File([new Uint8Array(bytes)], name));
                return data;
            }""",
            given,
        )
        self.page.locator(".drop").dispatch_event("drop", {"dataTransfer": data})

    def reports(self) -> dict[str, str]:
        """Return what the last upload says of each file, once it is read."""
        self.page.locator(".report .results").first.wait_for()
        rows = self.page.locator(".report").first.locator(".results > li").all()
        return {one.locator(".title").inner_text(): one.inner_text() for one in rows}

    def overflow(self) -> int:
        """Return by how many pixels the page is wider than its window."""
        return cast(int, self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def violations(self) -> list[str]:
        """Return the serious and critical findings of axe, with the elements that they are about."""
        self.page.evaluate("Promise.all(document.getAnimations().map((one) => one.finished.catch(() => null)))")
        found: list[dict[str, Any]] = Axe().run(self.page).response["violations"]
        bad = [one for one in found if one["impact"] in ("serious", "critical")]
        return [f"{one['id']}: {[node['html'][:200] for node in one['nodes']]}" for one in bad]


@contextmanager
def visiting(
    browser: Browser,
    url: str,
    size: Sequence[int] = DESK,
    *,
    scheme: Literal["light", "dark"] = "light",
) -> Iterator[Visit]:
    """Lend the page at its start; at the end nothing went wrong in it, and it asked its own server alone."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
    )
    context.set_default_timeout(PATIENCE)
    visit = Visit(context.new_page(), url)

    def note(request: Request) -> None:
        visit.requests.append(request.url)

    context.on("request", note)
    visit.page.on("console", lambda said: said.type in ("error", "warning") and visit.wrong.append(said.text))
    visit.page.on("crash", lambda _: visit.wrong.append("the page crashed"))
    visit.page.on("pageerror", lambda error: visit.wrong.append(str(error)))
    try:
        visit.page.goto(url)
        visit.page.get_by_role("heading", level=1).wait_for(state="attached")
        yield visit
    except BaseException as error:
        error.add_note(
            f"wrong: {visit.wrong}, last asked: {visit.requests[-5:]}, seen: {visit.page.inner_text('body')[-800:]}"
        )
        raise
    assert ([], []) == (visit.wrong, visit.strange())
    context.close()
