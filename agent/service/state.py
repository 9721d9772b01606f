"""What the operations of a server share: who asks, what is open, how much is under way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Security
from fastapi.security import APIKeyHeader, HTTPAuthorizationCredentials, HTTPBearer

from ...core.settings import Settings
from ...encoders import Encoder
from .keys import DEFAULT, SCOPES, KeyStore, Scope
from .limits import Admission, QuestionPool, Rates, ServerLimits
from .metrics import Metrics
from .problems import Refused
from .shelf import Shelf
from .writer import WriteQueue

T = TypeVar("T")

#: seconds after the start
WARM_AFTER = 3.0

_BEARER = HTTPBearer(auto_error=False, description="a key of `polyhop keys add`; on this machine none is needed")
_HEADER = APIKeyHeader(name="X-API-Key", auto_error=False, description="the same key")


class ClientLeft(Exception):
    """Whoever asked is gone; nobody reads what is answered."""


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: a tenant, what he may do, and the id of his key, "" where none is needed."""

    tenant: str
    scopes: frozenset[str]
    key: str = ""


class Service:
    """A server's state. Used in one event loop.

    Args:
        open_here: whether nobody needs a key as long as there is none.
    """

    def __init__(self, settings: Settings, embedder: Encoder, limits: ServerLimits, *, open_here: bool) -> None:
        self.settings, self.limits, self.open_here = settings, limits, open_here
        self.keys = KeyStore(settings.home)
        self.metrics = Metrics()
        self.admission = Admission(limits.most)
        self.rates = Rates(limits.rate)
        self.pool = QuestionPool(limits.workers)
        self.shelf = Shelf(settings, embedder, self.pool.quiet)
        self.writer = WriteQueue(self.shelf, most=limits.most, grace=limits.grace)
        self.ready = False
        self._warming: asyncio.Task[None] | None = None
        self.metrics.inside.set_function(lambda: self.admission.inside)
        self.metrics.writes.set_function(lambda: self.writer.waiting)
        self.metrics.uploads.set_function(lambda: len(self.writer.jobs))

    @property
    def unlocked(self) -> bool:
        """Say whether everybody who reaches the server may do everything."""
        return self.open_here and not self.keys.any()

    async def begin(self, *, alone: bool = True) -> None:
        """Take up what an earlier server left; from now on threads of this loop are those of the pool.

        Args:
            alone: whether this is the server of the home; one beside it neither reads uploads nor streams runs.
        """
        asyncio.get_running_loop().set_default_executor(self.pool)
        if alone:
            self.writer.begin()
            self._warming = asyncio.create_task(_warmed())
        self.ready = True

    async def end(self) -> None:
        """Finish the writes that were accepted, and close everything."""
        self.ready = False
        if self._warming is not None:
            self._warming.cancel()
            await asyncio.wait([self._warming])
        await self.writer.end()
        await self.shelf.close()
        self.keys.close()

    def caller(self, scope: Scope, given: str, address: str) -> Caller:
        """Return who asks from an address with a key that was given, "" for none.

        Raises:
            Refused: for a key that does not hold, or lacks the scope.
            BusyError: for one request too many in a minute.
        """
        if self.unlocked:
            self.rates.take(address)
            return Caller(DEFAULT, frozenset(SCOPES))
        key = self.keys.check(given)
        if key is None:
            self.metrics.refused.labels("key").inc()
            raise Refused(401, "a key is needed that holds; give it as a bearer token", {"WWW-Authenticate": "Bearer"})
        self.rates.take(key.id)
        if scope not in key.scopes:
            self.metrics.refused.labels("scope").inc()
            raise Refused(403, f"the key lacks the scope {scope!r}")
        return Caller(key.tenant, key.scopes, key.id)

    @asynccontextmanager
    async def admitted(self) -> AsyncIterator[None]:
        """Hold a place among the requests under way.

        Raises:
            BusyError: where all are taken.
        """
        with self.admission.place():
            yield

    def within_deadline(self) -> asyncio.Timeout:
        """Return a context that raises `TimeoutError` once the deadline of a request passes."""
        return asyncio.timeout(self.limits.deadline)

    async def unless_left(self, request: Request, work: Coroutine[Any, Any, T]) -> T:
        """Do work, and give it up when the client leaves or the deadline passes.

        Raises:
            ClientLeft: when he leaves.
            TimeoutError: when it passes.
        """
        task = asyncio.ensure_future(work)
        gone = asyncio.ensure_future(left(request))
        try:
            await asyncio.wait({task, gone}, timeout=self.limits.deadline, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                return task.result()
            if gone.done():
                self.metrics.cancelled.inc()
                raise ClientLeft
            raise TimeoutError
        finally:
            task.cancel()
            gone.cancel()


async def _warmed() -> None:
    """Import what streams need before the first one asks for it: it takes a second. The first answer goes first."""
    await asyncio.sleep(WARM_AFTER)
    await asyncio.to_thread(_warm)


def _warm() -> None:
    from ...graphs.graph import question_graph

    question_graph()


async def left(request: Request) -> None:
    """Wait until the client has gone away; the body must have been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


def service_of(request: Request) -> Service:
    """Return the state of the server that a request has reached."""
    found: Service = request.app.state.service
    return found


def holder(scope: Scope) -> Callable[..., Coroutine[Any, Any, Caller]]:
    """Return the dependency that lets those in whose key has a scope."""

    async def who(
        request: Request,
        bearer: Annotated[HTTPAuthorizationCredentials | None, Security(_BEARER)],
        header: Annotated[str | None, Security(_HEADER)],
    ) -> Caller:
        given = bearer.credentials if bearer else header or ""
        return service_of(request).caller(scope, given, request.client.host if request.client else "")

    return who


Reader = Annotated[Caller, Depends(holder("read"))]
Author = Annotated[Caller, Depends(holder("write"))]
Admin = Annotated[Caller, Depends(holder("admin"))]
