"""The one writer: a thread that does every write, one after the other, to its end whoever waits for it."""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from ...core.errors import CallerError, PolyhopError
from ...core.logs import get_logger
from ...store.collection import Collection
from .jobs import UPLOADS, Job, Jobs, Stopping, fresh, read_part, take_over
from .keys import DEFAULT, TENANTS, home_of
from .limits import BusyError
from .shelf import Shelf

T = TypeVar("T")
log = get_logger(__name__)


class WriteQueue:
    """Does writes in the order in which they came, in the pauses of an upload too. Used in one event loop.

    A collection has one writer in any case. One thread for all keeps embedding from taking both cores, and a request
    whose client has left is written nevertheless: it was begun. An upload pauses between two files, and inside a large
    one after so many rows, pages or passages, wherever nothing is half written.

    Args:
        most: writes that may wait.
        grace: seconds that an upload has once the server is told to end; the next start does the rest.
    """

    def __init__(self, shelf: Shelf, *, most: int, grace: float) -> None:
        self._shelf, self._most, self._grace = shelf, most, grace
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="polyhop-writer")
        self.waiting = 0
        #: files that an upload is reading; nobody deletes them
        self.reading: frozenset[str] = frozenset()
        self._waits: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self.jobs: dict[tuple[str, str], Job] = {}
        self._queue: asyncio.Queue[tuple[str, str]] = asyncio.Queue()
        self._worker: asyncio.Task[None] | None = None
        self._ends: float | None = None

    async def run(self, work: Callable[..., T], *arguments: object) -> T:
        """Do a write and wait for it; giving up does not stop it.

        Raises:
            BusyError: where too many wait.
        """
        if self.waiting >= self._most:
            raise BusyError(1.0)
        self.waiting += 1
        future: Future[T] = Future()
        self._waits.append((future, partial(work, *arguments)))
        self._thread.submit(self._let_others)
        done = asyncio.wrap_future(future)
        done.add_done_callback(self._count)
        return await asyncio.shield(done)

    def take(self, tenant: str, job: Job) -> None:
        """Put an upload that is on disk into the queue."""
        self.jobs[tenant, job.id] = job
        self._queue.put_nowait((tenant, job.id))

    def begin(self) -> None:
        """Take up what an earlier server left, and begin."""
        root = self._shelf.settings.home / TENANTS
        tenants = [DEFAULT, *sorted(one.name for one in root.iterdir() if one.is_dir())] if root.is_dir() else [DEFAULT]
        for tenant in tenants:
            with suppress(CallerError):  # a folder that somebody else put there
                for job in Jobs(home_of(self._shelf.settings.home, tenant)).unfinished():
                    self.take(tenant, fresh(job))
        self._worker = asyncio.create_task(self._work())

    async def end(self) -> None:
        """Do what was accepted; of uploads as much as there is time for."""
        self._ends = time.monotonic() + self._grace
        if self._worker is not None:
            self._queue.put_nowait(("", ""))
            await self._worker
        await asyncio.to_thread(self._thread.shutdown)

    async def _work(self) -> None:
        while True:
            tenant, name = await self._queue.get()
            if not name:  # `end` says so, behind all that was accepted
                return
            if not self._late():
                await self._do(tenant, self.jobs[tenant, name])
            self.jobs.pop((tenant, name), None)

    async def _do(self, tenant: str, job: Job) -> None:
        jobs = Jobs(self._shelf.home(tenant))
        job.state = "running"
        try:
            async with self._shelf.documents(tenant, job.collection, create=True) as collection:
                for names in await self._threaded(take_over, job, jobs, collection):
                    await self._threaded(self._read, job, names, collection)
            job.state = "done"
        except Stopping:
            return
        except PolyhopError as error:
            log.error("upload failed", job=job.id, error=str(error))
            job.state, job.error = "failed", str(error) if isinstance(error, CallerError) else FAILED
        except Exception as error:
            log.exception("upload failed", job=job.id, error=str(error))
            job.state, job.error = "failed", FAILED
        job.file = ""
        await asyncio.to_thread(jobs.put, job)

    def _read(self, job: Job, names: Sequence[str], collection: Collection) -> None:
        settings = self._shelf.settings
        self.reading = frozenset(os.path.realpath(collection.folder / UPLOADS / name) for name in names)
        options = {"max_bytes": settings.max_bytes, "keep_originals": settings.keep_originals}
        try:
            read_part(job, names, collection, self._pause, **options)
        finally:
            self.reading = frozenset()

    async def _threaded(self, work: Callable[..., T], *arguments: object) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work, *arguments)

    def _pause(self) -> None:
        """Let the writes that wait have their turn, in the thread of the upload that pauses.

        Raises:
            Stopping: when the server ends.
        """
        self._let_others()
        if self._late():
            raise Stopping

    def _let_others(self) -> None:
        """Do the writes that wait."""
        with suppress(IndexError):  # none is left
            while True:
                future, work = self._waits.popleft()
                if not future.set_running_or_notify_cancel():
                    continue
                try:
                    future.set_result(work())
                except BaseException as error:  # whoever waits must hear of it
                    future.set_exception(error)

    def _late(self) -> bool:
        return self._ends is not None and time.monotonic() >= self._ends

    def _count(self, _done: object) -> None:
        self.waiting -= 1


FAILED = "the server failed at it; its log says why"
