"""Resources and prompts behind the proxy, with real servers and the real client."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from mcp import Client
from mcp.shared.exceptions import MCPError

from polyhop.agent import ToolSelector
from polyhop.agent.toolbox import listings
from polyhop.agent.toolbox.proxy import Proxy
from polyhop.agent.toolbox.search import Permissions
from polyhop.encoders import Encoder

from .test_proxy import CHILD, GONE, POST, WAIT

OSLO = replace(POST, command=(sys.executable, str(CHILD), "Oslo"), name="north/post")
DENIED = Permissions(deny=("*/secret_*", "north/post/letter"))


@pytest.fixture(scope="module")
def two(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    """Return a proxy before two servers that have the same, and one that is not there."""
    with (
        ToolSelector.open(tmp_path_factory.mktemp("two"), create=True, embedder=embedder) as selector,
        Proxy(selector, [POST, OSLO, GONE], permissions=DENIED, seconds=WAIT) as proxy,
    ):
        assert proxy.follower.wait_until_tried(WAIT)
        yield proxy


def asked(proxy: Proxy, work: Callable[[Client], Awaitable[Any]]) -> Any:
    """Ask a proxy by the real client."""

    async def ask() -> Any:
        async with Client(proxy.server()) as client:
            try:
                return await work(client)
            except MCPError as error:
                return error  # the client would wrap what is raised inside it

    came = asyncio.run(ask())
    if isinstance(came, MCPError):
        raise came
    return came


def read(proxy: Proxy, address: str) -> str:
    """Read a resource."""
    (found,) = asked(proxy, lambda client: client.read_resource(address)).contents
    return str(found.text)


@pytest.mark.slow
def test_what_several_servers_have_is_shown_behind_their_names(two: Proxy) -> None:
    """Each can be read; without a server's name nobody can tell which is meant, and is told the names."""
    rows = asked(two, lambda client: client.list_resources()).resources

    assert [
        ("polyhop-proxy://post/post%3A%2F%2Frules", "Rules"),
        ("polyhop-proxy://north%2Fpost/post%3A%2F%2Frules", "Rules"),
    ] == [(one.uri, one.title) for one in rows]
    assert ["Stamps are sold in Rome.", "Stamps are sold in Oslo."] == [read(two, one.uri) for one in rows]
    with pytest.raises(MCPError, match="2 servers have the resource 'post://rules'; ask for one of 'polyhop-proxy:"):
        read(two, "post://rules")


@pytest.mark.slow
def test_addresses_are_made_of_templates(two: Proxy) -> None:
    """A template is shown behind its server's name likewise, and what is made of it is read there."""
    rows = asked(two, lambda client: client.list_resource_templates()).resource_templates
    made = rows[1].uri_template.replace("{town}", "Bergen")

    assert "polyhop-proxy://north%2Fpost/post%3A%2F%2Fboxes%2F{town}" == rows[1].uri_template
    assert "Three boxes in Bergen." == read(two, made)


@pytest.mark.slow
def test_prompts_are_called_by_their_servers(two: Proxy) -> None:
    """The shorter name does where one server alone has a prompt of it that may be shown."""
    rows = asked(two, lambda client: client.list_prompts()).prompts
    got = [
        asked(two, lambda client, name=name: client.get_prompt(name, {"to": "Ada"}))
        for name in ("post/letter", "letter")
    ]

    assert [("post/letter", "A letter", ["to"])] == [
        (one.name, one.title, [argument.name for argument in one.arguments]) for one in rows
    ]
    assert ["Dear Ada", "Dear Ada"] == [one.messages[0].content.text for one in got]


@pytest.mark.slow
@pytest.mark.parametrize(
    "address",
    [
        "post://secret_rules",
        "polyhop-proxy://post/post%3A%2F%2Fsecret_rules",
        "polyhop-proxy://north%2Fpost/post%3A%2F%2Fsecret_rules",
        "polyhop-proxy://post/post://SECRET_rules",
        "polyhop-proxy://post/post%3A%2F%2Fsecret%5Frules%3Fx",
        "polyhop-proxy://nobody/post%3A%2F%2Frules",
        "polyhop-proxy://gone/post%3A%2F%2Frules/secret_x",
        "file:///etc/passwd",
        "",
    ],
)
def test_what_is_denied_is_not_there(two: Proxy, address: str) -> None:
    """By no address."""
    with pytest.raises(MCPError, match="there is no resource"):
        read(two, address)


@pytest.mark.slow
def test_denied_prompts_are_not_there(two: Proxy) -> None:
    """By neither name; a mistake in the arguments is told as the server tells it."""
    for name in ("secret_letter", "post/secret_letter", "north/post/letter", "x"):
        with pytest.raises(MCPError, match="there is no prompt"):
            asked(two, lambda client, name=name: client.get_prompt(name))
    with pytest.raises(MCPError, match="Internal server error"):
        asked(two, lambda client: client.get_prompt("post/letter"))


@pytest.mark.slow
def test_one_server_alone_keeps_its_addresses(embedder: Encoder, tmp_path_factory: pytest.TempPathFactory) -> None:
    """They are read as the server has them, of templates too; a cursor that nobody gave is told."""
    with (
        ToolSelector.open(tmp_path_factory.mktemp("one"), create=True, embedder=embedder) as selector,
        Proxy(selector, [POST], permissions=DENIED, seconds=WAIT) as proxy,
    ):
        assert proxy.follower.wait(WAIT)
        assert ["post://rules"] == [one.uri for one in asked(proxy, lambda client: client.list_resources()).resources]
        assert "Three boxes in Rome." == read(proxy, "post://boxes/Rome")
        with pytest.raises(MCPError, match="none of this server's"):
            asked(proxy, lambda client: client.list_prompts(cursor="-1"))


@pytest.mark.parametrize(
    ("template", "address", "fits"),
    [
        ("a://{x}", "a://b", True),
        ("a://{x}/c{?y}", "a://b/c", True),
        ("a://{x}/c/{y}/d", "a://b/c/e/d", True),
        ("a://{x}/c/{y}/d", "a://b/c/d", False),
        ("a://{x}/c/{y}/d", "a://b/d", False),
        ("a://{x}", "b://a://b", False),
        ("{+all}", "a://b", False),
        ("a://b", "a://b", False),
    ],
)
def test_an_address_is_told_from_a_template(template: str, address: str, *, fits: bool) -> None:
    """By the fixed parts; one without a scheme would take everything from the other servers."""
    assert fits == listings._made_of(template, address)
