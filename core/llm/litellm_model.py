"""Any model that litellm knows: hosted, Ollama, vLLM, or whatever speaks OpenAI's protocol at an address."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import threading
import warnings
from concurrent.futures import Future
from contextvars import copy_context
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from socket import gaierror
from time import time
from typing import Any, cast

from ..errors import ModelError
from ..private import is_secret, mark_of_secrets, redacted
from ..threads import aside, outcome, started
from .role import Call, EmptyError, OnText, PassingError, Price, Reply, estimated

# What litellm puts before the words of a provider, once or several times.
_WRAPPING = re.compile(r"^(?:(?:litellm\.\w+|Timeout Error|\w*(?:Error|Exception))(?:: | - ))+")

_loaded: Future[Any] | None = None
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """A model by its litellm name, such as `openai/gpt-4o-mini` or `ollama/llama3`.

    `options` go into every call: `api_base` for an address of your own, `api_key` where it is in no environment
    variable, and whatever else litellm takes. `dollars` is the price where litellm knows none.
    """

    name: str
    options: dict[str, Any] = field(default_factory=dict, repr=False)  # it may hold a key
    dollars: Price | None = None

    @property
    def identity(self) -> str:
        """Return the name and the options, but no secret: of those a hash, so that each user has replies of his own."""
        plain = {key: value for key, value in self.options.items() if not is_secret(key) and key != "extra_headers"}
        mark = mark_of_secrets(self.options, self.name.partition("/")[0] if "/" in self.name else "")
        return redacted(json.dumps([self.name, plain, mark], sort_keys=True, default=repr), self.options)

    async def price(self) -> Price | None:
        """Return the price that litellm's list has for the model, 0 for one that runs here."""
        if self.dollars is not None:
            return self.dollars
        litellm = await _litellm()
        try:
            read, written = litellm.cost_per_token(model=self.name, prompt_tokens=1, completion_tokens=1)
        except Exception:  # whatever litellm raises for a model that is not in its list
            return None
        return Price(float(read), float(written))

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Make one attempt, in one event loop for all: litellm keeps connections and tasks that belong to a loop."""
        litellm = await _litellm()
        here, context = asyncio.get_running_loop(), copy_context()

        def hear(text: str | None) -> None:
            here.call_soon_threadsafe(cast(OnText, on_text), text, context=context)

        return await aside(self._reply(litellm, call, seconds, on_text=None if on_text is None else hear))

    async def _reply(self, litellm: Any, call: Call, seconds: float, *, on_text: OnText | None) -> Reply:
        """Ask litellm, whose own retries are off, since they would be in no budget."""
        asked: dict[str, Any] = {
            "model": self.name,
            "messages": [dict(message) for message in call.messages],
            "max_tokens": call.max_tokens,
            "temperature": call.temperature,
            "timeout": seconds,
            "num_retries": 0,
            "max_retries": 0,
            "drop_params": True,
            **self._format(litellm, call),
            **self.options,
        }
        try:
            if on_text is None:
                return self._whole(await litellm.acompletion(**asked), call)
            stream = await litellm.acompletion(**asked, stream=True, stream_options={"include_usage": True})
            return await self._streamed(stream, call, on_text)
        except ModelError:
            raise
        except Exception as error:  # litellm raises openai's, httpx's and its own types
            telling = redacted(str(error), self.options) == str(error)
            raise self._typed(error, litellm) from (error if telling else None)

    def _format(self, litellm: Any, call: Call) -> dict[str, Any]:
        """Hold a model to the schema where litellm knows that it can be; others have it in their prompt alone."""
        if call.schema is None or not litellm.supports_response_schema(model=self.name):
            return {}
        schema = {"name": "reply", "schema": dict(call.schema)}
        return {"response_format": {"type": "json_schema", "json_schema": schema}}

    def _whole(self, reply: Any, call: Call) -> Reply:
        said: list[Any] = [(choice.message.content, choice.finish_reason) for choice in reply.choices[:1]]
        text, finished = said[0] if said else (None, None)
        return self._checked(text, getattr(reply, "usage", None), finished, call)

    async def _streamed(self, stream: Any, call: Call, on_text: OnText) -> Reply:
        pieces: list[str] = []
        usage = None
        finished = None
        async for chunk in stream:
            usage = getattr(chunk, "usage", None) or usage
            for choice in chunk.choices[:1]:
                finished = choice.finish_reason or finished
                if choice.delta.content:
                    pieces.append(choice.delta.content)
                    on_text(choice.delta.content)
        # litellm makes up a finish reason for a stream that ended without one.
        if getattr(stream, "received_finish_reason", finished) is None:
            raise PassingError(f"the stream of model {self.name!r} broke off; try again", billed=True)
        return self._checked("".join(pieces), usage, finished, call)

    def _checked(self, text: object, usage: Any, finished: object, call: Call) -> Reply:
        said = text if isinstance(text, str) else ""
        read, written = (getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens"))
        reply = Reply(said, _count(read, call.tokens), _count(written, estimated(said)), finished == "length")
        if not said.strip():
            what = f"model {self.name!r} returned nothing (finish reason {finished!r})"
            raise EmptyError(f"{what}; try again or choose another in POLYHOP_LLM", reply)
        return reply

    def _typed(self, error: Exception, litellm: Any) -> ModelError:
        """Return a failure as one that may pass or one that lasts."""
        first = str(error).partition("\n")[0].partition(" Original exception: ")[0]
        said = redacted(_WRAPPING.sub("", first), self.options)[:300]
        message = (
            f"model {self.name!r} failed: {type(error).__name__}: {said}; check POLYHOP_LLM, its key and its server"
        )
        status = getattr(error, "status_code", None)
        late = isinstance(error, (litellm.exceptions.Timeout, TimeoutError))
        lost = isinstance(error, litellm.exceptions.APIConnectionError)
        if late or lost or (isinstance(status, int) and (status == 429 or status >= 500)):
            return PassingError(message, retry_after=_retry_after(error), billed=late or _billed(error))
        return ModelError(message)


def _count(said: object, estimate: int) -> int:
    """Return a number of tokens as the provider gives it, or the estimate where that cannot be true."""
    return said if isinstance(said, int) and said > 0 else estimate


def _billed(error: BaseException | None) -> bool:
    """Say whether a provider may want money for an attempt: not where it refused it, nor where nobody was reached."""
    from httpx import HTTPStatusError

    while error is not None:
        if isinstance(error, (HTTPStatusError, ConnectionRefusedError, gaierror)):
            return False
        error = error.__cause__ or error.__context__
    return True


def _retry_after(error: Exception) -> float | None:
    """Return the seconds of a Retry-After header, which holds seconds or a date."""
    response = getattr(error, "response", None)
    headers = getattr(error, "litellm_response_headers", None) or getattr(response, "headers", None) or {}
    said = str(headers.get("retry-after") or "").strip()
    try:
        return max(0.0, float(said))
    except ValueError:
        pass
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time())
    except (TypeError, ValueError):
        return None


async def _litellm() -> Any:
    """Return litellm, imported in a thread of its own: whoever waits can give up, which an import cannot."""
    return await outcome(_load())


def _load() -> Future[Any]:
    global _loaded
    with _loading:
        if _loaded is None:
            _loaded = started(_import)
        return _loaded


def _import() -> Any:
    # Set first: without it litellm fetches a price list from the net while it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    # pydantic tells everybody about a type inside litellm.
    warnings.filterwarnings("ignore", message="Item '.*' on TypedDict class", category=UserWarning)
    litellm.suppress_debug_info = True
    litellm.telemetry = False
    # Its connections would outlive the event loop of a synchronous question, and complain of that.
    litellm.disable_aiohttp_transport = True
    # It warns, through a handler of its own, whoever asks from one event loop after another.
    logging.getLogger("LiteLLM").setLevel(logging.ERROR)
    return litellm
