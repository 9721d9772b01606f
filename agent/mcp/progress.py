"""Progress notifications from work that runs in other threads or event loops."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

Tell = Callable[[float, float | None, str | None], None]


@asynccontextmanager
async def progress(context: Any) -> AsyncIterator[Tell | None]:
    """Lend what tells the client of a request how far it is, callable from any thread; None if he did not ask for it.

    All that was told has been sent when this ends, so that it stands before the result.

    Args:
        context: that of the request, as the SDK has it.
    """
    if (context.meta or {}).get("progress_token") is None:
        yield None
        return
    loop = asyncio.get_running_loop()
    waiting: asyncio.Queue[tuple[float, float | None, str | None] | None] = asyncio.Queue()

    async def send() -> None:
        while (row := await waiting.get()) is not None:
            await context.session.report_progress(*row)

    def tell(done: float, total: float | None, message: str | None) -> None:
        loop.call_soon_threadsafe(waiting.put_nowait, (done, total, message))

    sending = asyncio.ensure_future(send())
    try:
        yield tell
        waiting.put_nowait(None)
        await sending
    finally:
        sending.cancel()
