"""The app that draws the hop tree, in a real browser, as a host shows it: in a sandbox, under the default policy."""

from __future__ import annotations

import re
import shutil
from collections.abc import AsyncIterator
from typing import Any

import pytest
from playwright.async_api import Browser, Frame, Page, async_playwright

from polyhop.agent.mcp.resources import app
from polyhop.agent.mcp.tools import APP, DRAWING
from tests.agent.service.served import Served
from tests.corpus import QUESTION

from .clients import over_http

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
#: what a host must set where an app declares no domains, of the specification of 2026-01-26
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "media-src 'self' data:; connect-src 'none'"
)
HOST = """<!doctype html><iframe sandbox="allow-scripts" style="border:0;width:900px;height:100px"></iframe><script>
const frame = document.querySelector("iframe");
const send = (message) => frame.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
window.heard = [];
window.tell = (method, params) => send({ method, params });
window.ask = (id, method) => send({ id, method, params: {} });
window.start = (html, told, context, resources) => {
  window.addEventListener("message", ({ source, data }) => {
    if (source !== frame.contentWindow) return;
    heard.push(data);
    const capabilities = resources ? { serverResources: {} } : {};
    const host = { protocolVersion: "2026-01-26", hostCapabilities: capabilities, hostContext: context,
      hostInfo: { name: "host", version: "1" } };
    if (data.method === "ui/initialize") send({ id: data.id, result: host });
    if (data.method === "ui/notifications/initialized") for (const [method, params] of told) tell(method, params);
    if (data.method === "ui/notifications/size-changed") frame.style.height = `${data.params.height}px`;
    if (data.method === "resources/read") send({ id: data.id, result: { contents: [{ text: resources }] } });
  });
  frame.srcdoc = html;
};
</script>"""
INPUT, RESULT = "ui/notifications/tool-input", "ui/notifications/tool-result"
DARK, LIGHT = "rgb(13, 17, 23)", "rgb(246, 248, 250)"


@pytest.fixture
async def browser() -> AsyncIterator[Browser]:
    """Return a browser of this machine."""
    if CHROMIUM is None:
        pytest.skip("needs chromium: apt-get install chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        await browser.close()


class ShownApp:
    """The app in a page of a host, and what the browser complained of."""

    def __init__(self, page: Page) -> None:
        self.page, self.complaints = page, list[str]()
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    @property
    def frame(self) -> Frame:
        """Return the app's frame."""
        return self.page.frames[1]

    async def heard(self, method: str) -> list[Any]:
        """Return what the app has said by a method."""
        rows: list[Any] = await self.page.evaluate("heard")
        return [one for one in rows if one.get("method") == method]

    async def text(self, selector: str) -> str:
        """Return the text of an element."""
        return await self.frame.locator(selector).inner_text()


async def shown(
    browser: Browser, *told: tuple[str, Any], resources: str = "", shows: str = "", **context: Any
) -> ShownApp:
    """Show the app in a host that tells it something once it is ready, until it shows an element."""
    one = ShownApp(await browser.new_page())
    await one.page.set_content(HOST)
    html = app().replace("<meta", f'<meta http-equiv="Content-Security-Policy" content="{POLICY}"><meta', 1)
    arguments = [html, [list(row) for row in told], context, resources]
    await one.page.evaluate("([html, told, context, resources]) => start(html, told, context, resources)", arguments)
    await one.page.wait_for_function("heard.some((one) => one.method === 'ui/notifications/initialized')")
    if shows:
        await one.frame.wait_for_selector(shows)
    return one


async def result(server: Served, tool: str, **arguments: Any) -> Any:
    """Return what a tool of the real server comes to, as a host hands it on."""
    async with over_http(server) as client:
        found = await client.call_tool(tool, {"question": QUESTION, "collections": ["films"], **arguments})
    return found.model_dump(by_alias=True, mode="json", exclude_none=True)


@pytest.mark.slow
async def test_the_hops_are_drawn_and_passages_open(browser: Browser, served: Served) -> None:
    """In the colours of the host, whatever those of the system are; by mouse and by key; the host hears the size."""
    told = await result(served, "ask", k=4)
    one = await shown(browser, (INPUT, {"arguments": {}}), (RESULT, told), shows="g.passage[role=button]", theme="dark")
    cards = one.frame.locator("g.passage[role=button]")
    dark = await one.frame.locator("svg > rect").evaluate("(rect) => getComputedStyle(rect).fill")
    await one.frame.get_by_role("button", name="Read Steven Spielberg").click()
    opened = await one.text("#passage")
    await one.frame.get_by_role("button", name="Read Jaws (film)").press("Enter")
    other = await one.text("#passage p")
    await one.page.evaluate("tell('ui/notifications/host-context-changed', { theme: 'light' })")
    await one.frame.wait_for_function("document.documentElement.style.colorScheme === 'light'")
    light = await one.frame.locator("svg > rect").evaluate("(rect) => getComputedStyle(rect).fill")
    (size, *_) = await one.heard("ui/notifications/size-changed")

    assert 4 == await cards.count()
    assert "born in Cincinnati." in opened and "directed by Steven Spielberg" in other
    assert (DARK, LIGHT) == (dark, light)
    assert size["params"]["width"] > 0 and size["params"]["height"] > 0
    assert [] == one.complaints


@pytest.mark.slow
async def test_a_text_that_the_result_lacks_is_read_by_the_host(browser: Browser, served: Served) -> None:
    """An explanation holds no texts; a host that cannot read leaves them out."""
    told = await result(served, "explain", k=2)
    one = await shown(browser, (RESULT, told), resources="It was read.", shows="g.passage[role=button]")
    await one.frame.locator("g.passage[role=button]").first.click()
    await one.frame.wait_for_function("document.querySelector('#passage p').textContent === 'It was read.'")
    (asked,) = await one.heard("resources/read")
    without = await shown(browser, (RESULT, told), shows="g.passage[role=button]")
    await without.frame.locator("g.passage[role=button]").first.click()
    await without.frame.wait_for_function("document.querySelector('#passage p').textContent.includes('not hold')")

    assert asked["params"]["uri"].startswith("polyhop://films/passages/")


HOSTILE = """<svg xmlns="http://www.w3.org/2000/svg" width="400" height="90" onload="window.hit=1">
<script>window.hit=2</script><style>@import "https://evil.example/a.css"; rect{fill:url(https://evil.example/b)}</style>
<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="window.hit=3"/></body></foreignObject>
<image href="https://evil.example/c.png"/><use href="https://evil.example/d.svg#x"/>
<a href="javascript:window.hit=4"><text y="20">gone</text></a>
<rect width="9" height="9" style="fill:url(https://evil.example/e)" fill="url(https://evil.example/f)"/>
<g class="passage" data-passage="x" onclick="window.hit=5"><text y="40">&lt;img src=x onerror=hit()&gt;</text></g>
</svg>"""


@pytest.mark.slow
async def test_nothing_that_documents_say_runs(browser: Browser) -> None:
    """Of a hostile drawing only shapes and texts are left, and a hostile text is shown as it is written."""
    image = "<img src=x onerror=window.hit=7>"
    passage = {"uri": "polyhop://films/passages/x", "title": image, "heading": image, "text": image, "source": image}
    told = {"content": [], "structuredContent": {"passages": [passage]}, "_meta": {DRAWING: HOSTILE}}
    one = await shown(browser, (RESULT, told), shows="g.passage[role=button]")
    await one.frame.locator("g.passage").click()
    kept = await one.frame.evaluate("[...document.querySelectorAll('#tree *')].map((node) => node.localName)")
    attributes = "[...document.querySelectorAll('#tree *')].flatMap((node) => node.getAttributeNames())"

    assert ["svg", "style", "rect", "g", "text"] == kept
    assert not [name for name in await one.frame.evaluate(attributes) if name.startswith("on") or "href" in name]
    assert "" == await one.frame.locator("#tree style").evaluate("(node) => node.textContent")
    assert image == await one.text("#passage p")
    assert await one.frame.evaluate("window.hit") is None
    assert [] == one.complaints


@pytest.mark.slow
async def test_without_a_drawing_there_is_a_list(browser: Browser, served: Served) -> None:
    """For hosts that hand on no `_meta`; mistakes and cancelled calls are told in words."""
    told = await result(served, "retrieve", k=2)
    del told["_meta"]
    listed = await shown(browser, (RESULT, told), shows="li[role=button]")
    await listed.frame.locator("li").nth(1).press(" ")
    mistaken = {"isError": True, "content": [{"type": "text", "text": "there is no collection"}]}
    failed = await shown(browser, (RESULT, mistaken))
    await failed.frame.wait_for_function("document.querySelector('#status').textContent.includes('no collection')")
    stopped = await shown(browser, (INPUT, {"arguments": {"question": "Who?"}}))
    await stopped.frame.wait_for_function("document.querySelector('#status').textContent === 'Searching: Who?'")
    await stopped.page.evaluate("tell('ui/notifications/tool-cancelled', { reason: 'enough' })")
    await stopped.frame.wait_for_function("document.querySelector('#status').textContent === 'Cancelled: enough'")

    assert ["Jaws (film)", "Jaws (film) → Steven Spielberg"] == await listed.frame.locator("li").all_inner_texts()
    assert "born in Cincinnati" in await listed.text("#passage p")


@pytest.mark.slow
async def test_the_host_is_answered(browser: Browser) -> None:
    """What it may ask has an answer, what it may not an error; it is asked to begin first of all."""
    one = await shown(browser)
    for id, method in ((71, "ping"), (72, "ui/resource-teardown"), (73, "tools/call")):
        await one.page.evaluate("([id, method]) => ask(id, method)", [id, method])
    await one.page.wait_for_function("heard.some((one) => one.id === 73)")
    rows = {row["id"]: row for row in await one.page.evaluate("heard") if "method" not in row}
    (begun,) = await one.heard("ui/initialize")

    assert ({}, {}, -32601) == (rows[71]["result"], rows[72]["result"], rows[73]["error"]["code"])
    assert "2026-01-26" == begun["params"]["protocolVersion"]
    assert ["inline", "fullscreen"] == begun["params"]["appCapabilities"]["availableDisplayModes"]


def test_the_page_loads_nothing() -> None:
    """It is one small file without addresses, and puts no text in as HTML."""
    page = app()

    assert APP.startswith("ui://") and len(page) < 20_000
    assert [] == re.findall(r"\bsrc=|\bhref=|@import|https?://(?!www\.w3\.org/2000/svg)|innerHTML|eval\(", page)
