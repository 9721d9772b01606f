"""The web page of a server that has keys and a language model: who gets in, and what a model may write."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from polyhop.agent.service.keys import KeyStore
from polyhop.encoders import Encoder
from tests import corpus
from tests.model_server import ModelServer

from .browsing import chromium, needs_chromium, visiting
from .served import Served

pytestmark = [needs_chromium, pytest.mark.slow]
#: its first sentence is borne out, so that it is shown, with everything in it that a page could be made to do
HOSTILE = (
    "Jaws was directed by Steven Spielberg [1]. It was **Steven Spielberg** [1]"
    ' <img src="http://203.0.113.7/beacon.png" onerror="window.hacked = 1"> <script>window.hacked = 2</script>'
    ' <a href="javascript:window.hacked=3" id="main">Jaws</a> <form action="http://203.0.113.7/"><p>Jaws</p></form>'
    " ![Jaws](http://203.0.113.7/jaws.png) [Jaws](javascript:window.hacked=4)."
)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory, embedder: Encoder) -> Iterator[tuple[Served, str]]:
    """Return a server that needs a key and whose model writes that, and a key."""
    home = tmp_path_factory.mktemp("guarded")
    corpus.collection(home, embedder).close()
    key = KeyStore(home).add("default", ["read"])
    settings = {"llm": "openai/replay", "split": "never", "llm_cache": "false"}
    with pytest.MonkeyPatch.context() as patch, ModelServer([HOSTILE] * 2) as model:
        patch.setenv("OPENAI_API_KEY", "none")
        with Served(home, key=key, **settings, llm_url=model.url) as server:
            yield server, key


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return a browser."""
    with chromium() as opened:
        yield opened


def test_a_key_lets_in_and_what_a_model_writes_stays_harmless(browser: Browser, guarded: tuple[Served, str]) -> None:
    """A wrong key is told, a right one stays in the tab; markup of a model is text, emphasis and citations at most."""
    server, key = guarded
    with visiting(browser, server.url) as visit:
        page = visit.page
        field = page.get_by_label("Key", exact=True)
        field.fill("ph_wrong")
        page.get_by_role("button", name="Use this key").click()
        page.get_by_text("This key does not hold.").wait_for()
        field.fill(key)
        page.get_by_role("button", name="Use this key").click()
        visit.choose("films")
        turn = visit.ask(corpus.QUESTION)
        markup = turn.locator(".answer-text").inner_html()
        turn.locator(".answer-text .cite").first.click()
        page.locator(".reader .here").wait_for()
        kept = page.evaluate(
            "(key) => [localStorage, sessionStorage].map((one) => JSON.stringify(one).includes(key))", key
        )

        assert "<strong>Steven Spielberg</strong>" in markup
        assert 0 == turn.locator(".answer-text :is(img, script, form, a[href], [id])").count()
        assert page.evaluate("window.hacked === undefined")
        assert [] == visit.asked("203.0.113.7")
        assert [False, True] == kept
        assert {"401"} == {one.partition("status of ")[2][:3] for one in visit.wrong}  # the browser's own lines
        visit.wrong.clear()
