"""Running questions: through the loop, or through the graph where they are streamed or kept in checkpoints."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..core.errors import CallerError, OperatorError
from ..core.forked import never_close, register
from ..core.private import private_file
from ..graphs.loop import aask, ask, observed
from ..graphs.state import Request, State
from ..retrieval.run import Run

MODES = ["custom", "values"]

# With the write-ahead log this survives a killed process as FULL does; only a power cut may cost the last step of a
# run.
RELAXED = "PRAGMA synchronous = NORMAL"


@dataclass(slots=True)
class PreparedRun:
    """A question and the run that answers it, under a thread if it is to be kept.

    `explain` is whether the result says what was left out.
    """

    request: Request
    run: Run
    thread: str
    own_event: bool = True
    explain: bool = False

    def abandon(self) -> None:
        """End a run that nobody listens to any more; an event of the caller's is left as it is, he may use it again."""
        if self.own_event:
            self.run.cancelled.set()

    def options(self) -> dict[str, Any]:
        """Return what the graph is run with; each checkpoint is on disk before the next step begins."""
        if not self.thread:
            return {"context": self.run}
        kept = {"configurable": {"thread_id": self.thread}, "metadata": {"query_transform": self.query_transform}}
        return {"context": self.run, "config": kept, "durability": "sync"}

    @property
    def query_transform(self) -> str:
        """Return which transform the queries go through, with the hash of its weights; empty without one."""
        return getattr(self.run.retriever.embedder, "checkpoint", "")


class Runtime:
    """The loop, the compiled graph, and the checkpoints of runs that have a thread.

    Asking the same question again under the thread of a run that did not finish goes on where it stopped; anything
    else under a known thread begins anew.
    """

    def __init__(self, checkpoints: Path | str | None) -> None:
        self._path = None if checkpoints is None else Path(checkpoints)
        self._graphs: dict[bool, Any] = {}
        self._saver: Any = None
        self._inside = threading.Lock()
        register(self)

    def invoke(self, asked: PreparedRun) -> State:
        """Run to the end and return the last state."""
        if not asked.thread:  # LangGraph would only cost time
            return ask(asked.request, asked.run)
        with self._file_errors(), observed(asked.request, asked.run) as ended:
            graph = self._graph(asked)
            return ended(graph.invoke(self._begin(graph, asked), **asked.options()))

    def stream(self, asked: PreparedRun) -> Iterator[tuple[str, Any]]:
        """Yield ("custom", event) and ("values", state)."""
        with self._file_errors(), observed(asked.request, asked.run) as ended:
            graph = self._graph(asked)
            for mode, part in graph.stream(self._begin(graph, asked), stream_mode=MODES, **asked.options()):
                yield mode, ended(part) if mode == "values" else part

    async def ainvoke(self, asked: PreparedRun) -> State:
        """Do what `invoke` does."""
        if not asked.thread:
            try:
                return await aask(asked.request, asked.run)
            except asyncio.CancelledError:
                asked.abandon()
                raise
        with self._file_errors(), observed(asked.request, asked.run) as ended:
            async with self._agraph(asked) as graph:
                begun = await self._abegin(graph, asked)
                return ended(await graph.ainvoke(begun, **asked.options()))

    async def astream(self, asked: PreparedRun) -> AsyncIterator[tuple[str, Any]]:
        """Do what `stream` does."""
        with self._file_errors(), observed(asked.request, asked.run) as ended:
            async with self._agraph(asked) as graph:
                begun = await self._abegin(graph, asked)
                async for mode, part in graph.astream(begun, stream_mode=MODES, **asked.options()):
                    yield mode, ended(part) if mode == "values" else part

    def close(self) -> None:
        """Close the checkpoints."""
        if self._saver is not None:
            self._saver.conn.close()

    def before_fork(self) -> None:
        """Do nothing: runs in other threads may be writing their checkpoints."""

    def in_child(self) -> None:
        """Leave the parent's connection alone; the next run opens one of its own."""
        never_close(self._saver)
        self._saver, self._graphs = None, {}
        self._inside = threading.Lock()

    def _graph(self, asked: PreparedRun) -> Any:
        from ..graphs.graph import question_graph

        kept = bool(asked.thread)
        with self._inside:
            if kept not in self._graphs:
                self._graphs[kept] = question_graph(self._open_saver() if kept else None)
            return self._graphs[kept]

    def _open_saver(self) -> Any:
        from langgraph.checkpoint.sqlite import SqliteSaver

        if self._saver is None:
            path = self._checkpoints()
            saver = SqliteSaver(sqlite3.connect(path, check_same_thread=False))
            try:
                saver.setup()
                saver.conn.execute(RELAXED)
            except sqlite3.Error:
                saver.conn.close()
                raise
            self._saver = saver
        return self._saver

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        """Turn what SQLite says of the checkpoints into an error that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            raise OperatorError(
                f"the checkpoints {str(self._path)!r} failed ({error}); check the disk or choose another file"
            ) from error

    def _begin(self, graph: Any, asked: PreparedRun) -> Request | None:
        if not asked.thread:
            return asked.request
        if _resumable(graph.get_state(asked.options()["config"]), asked):
            return None
        self._saver.delete_thread(asked.thread)
        return asked.request

    @asynccontextmanager
    async def _agraph(self, asked: PreparedRun) -> AsyncIterator[Any]:
        if not asked.thread:
            yield self._graph(asked)
            return
        from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

        from ..graphs.graph import question_graph

        async with AsyncSqliteSaver.from_conn_string(str(self._checkpoints())) as saver:
            await saver.setup()
            await saver.conn.execute(RELAXED)
            yield question_graph(saver)

    @staticmethod
    async def _abegin(graph: Any, asked: PreparedRun) -> Request | None:
        if not asked.thread:
            return asked.request
        if _resumable(await graph.aget_state(asked.options()["config"]), asked):
            return None
        await graph.checkpointer.adelete_thread(asked.thread)
        return asked.request

    def _checkpoints(self) -> Path:
        if self._path is None:
            raise CallerError("a run with a thread needs a file to keep it in; give the agent `checkpoints=FILE`")
        # A connection of aiosqlite that fails to open leaves its thread behind, so this is tried without it.
        try:
            private_file(self._path)
        except OSError as error:
            raise sqlite3.OperationalError(str(error)) from error
        sqlite3.connect(self._path).close()
        return self._path


def _resumable(snapshot: Any, asked: PreparedRun) -> bool:
    """Say whether there is an unfinished run of the same request; what it holds so far is the request at least."""
    values = snapshot.values
    # `next` leaves out a step whose result is kept already but not yet applied; `tasks` does not.
    if not snapshot.tasks or any(values.get(key) != value for key, value in asked.request.items()):
        return False
    begun = (snapshot.metadata or {}).get("query_transform", "")
    if begun != asked.query_transform:
        raise OperatorError(
            f"the run was begun with query transform {begun!r}, and {asked.query_transform!r} is loaded now; resume it "
            "with the same settings or ask again under another thread"
        )
    return True
