"""Keeping in step with MCP servers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from mcp import Client

from polyhop.encoders import Encoder
from polyhop.tools import follow
from polyhop.tools.catalogue import Catalogue
from polyhop.tools.follow import GIVEN_UP, IN_STEP, Follower, Patience
from polyhop.tools.importers.mcp import McpServer, ServerConnection

from .importers.mcp_servers import growing, raw, relist, row, served

WAIT = 90.0


@pytest.fixture
def catalogue(tmp_path: Path, embedder: Encoder) -> Iterator[Catalogue]:
    """Lend an empty catalogue."""
    with Catalogue.create(tmp_path / "home", embedder=embedder) as made:
        yield made


def names(catalogue: Catalogue) -> list[str]:
    """Return the names of all tools."""
    return [tool.name for tool in catalogue.tools()]


@pytest.mark.slow
def test_a_change_over_http_is_followed(catalogue: Catalogue) -> None:
    """A server of today tells over its stream of changes; the new tool is searched without anybody asking."""

    async def grow(url: str) -> None:
        async with Client(url) as client:
            await client.call_tool("grow", {"name": "tree"})

    with served(growing()) as url, Follower(catalogue, [McpServer(url=url, seconds=WAIT)]) as follower:
        assert follower.wait(WAIT)
        before = names(catalogue)
        asyncio.run(grow(url))
        assert follower.wait(WAIT, syncs=2)

    assert (["grow"], ["grow", "tree"]) == (before, names(catalogue))


@pytest.mark.slow
def test_a_change_over_stdio_is_followed(catalogue: Catalogue, tmp_path: Path) -> None:
    """A server of 2025 tells by a notification."""
    with Follower(catalogue, [raw(tmp_path, [row("a"), row("b")])]) as follower:
        assert follower.wait(WAIT)
        relist(tmp_path, [row("b"), row("c"), row("d")])
        assert follower.wait(WAIT, syncs=2)
        (status,) = follower.statuses

    assert ["b", "c", "d"] == names(catalogue)
    assert IN_STEP == status.state and status.report is not None
    assert (2, 1) == (status.report.added, status.report.removed)


@pytest.mark.slow
def test_a_server_that_dies_is_given_up_and_holds_up_nobody(catalogue: Catalogue, tmp_path: Path) -> None:
    """Its tools stay, the reason is told, and the other server is in step all the while."""
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    dying = raw(tmp_path / "one", [row("a")])
    other = McpServer(raw(tmp_path / "two", [row("b")]).command, name="other", seconds=WAIT)
    patience = Patience(tries=2, pause=0.05)
    with Follower(catalogue, [dying, other], patience=patience) as follower:
        assert follower.wait(WAIT)
        (tmp_path / "one" / "rows.json").unlink()
        for _ in range(int(WAIT * 10)):
            if follower.statuses[0].state == GIVEN_UP:
                break
            follower.wait(0.1, syncs=99)
        dead, alive = follower.statuses

    assert (GIVEN_UP, IN_STEP) == (dead.state, alive.state)
    assert "'mcp:raw'" in dead.reason
    assert ["a", "b"] == sorted(names(catalogue))


@pytest.mark.parametrize(("failed", "seconds"), [(0, 0.5), (1, 0.5), (3, 2.0), (1_025, 30.0), (10**9, 30.0)])
def test_a_pause_grows_up_to_the_longest(failed: int, seconds: float) -> None:
    """However often a server failed, there is a pause after which it is tried again."""
    assert seconds == Patience().after(failed)


@pytest.mark.slow
def test_an_error_that_nobody_expects_ends_no_following(
    catalogue: Catalogue, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is told as the reason, and the server is connected to again."""
    real, tried, reasons = follow.connected, list[str](), list[str]()

    @asynccontextmanager
    async def breaking(server: McpServer) -> AsyncIterator[ServerConnection]:
        tried.append(server.owner)
        if len(tried) == 1:
            raise OverflowError("out of range")
        reasons.append(follower.statuses[0].reason)
        async with real(server) as link:
            yield link

    monkeypatch.setattr(follow, "connected", breaking)
    with Follower(catalogue, [raw(tmp_path, [row("a")])], patience=Patience(pause=0.5)) as follower:
        assert follower.wait(WAIT)

    assert ["it cannot be followed (OverflowError('out of range'))"] == reasons
    assert ["a"] == names(catalogue)
