"""The language model role and its litellm gateway.

Nothing here imports litellm until a model is called: its import takes seconds and a run without an LLM must not pay
them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .errors import ModelError

Message = dict[str, str]

ATTEMPTS = 3
LONGEST_WAIT = 20.0


class LanguageModel(Protocol):
    """Something that continues a conversation."""

    @property
    def name(self) -> str: ...

    async def complete(self, messages: Sequence[Message]) -> str:
        """Return the reply to the messages (`role` and `content` each), or raise `ModelError`."""
        ...


@dataclass(frozen=True, slots=True)
class LiteLLM:
    """Any model that litellm knows, by its litellm name.

    Time-outs, rate limits and server errors are tried again with exponential back-off, at most `ATTEMPTS` times in
    all; bad requests and refused keys are not, since they would fail again.
    """

    name: str
    timeout: float = 60.0
    options: dict[str, Any] = field(default_factory=dict)

    async def complete(self, messages: Sequence[Message]) -> str:
        """Return the reply, or raise `ModelError` with the cause and what to do."""
        litellm = _litellm()
        try:
            reply = await self._retrying(litellm)(
                litellm.acompletion,
                model=self.name,
                messages=list(messages),
                timeout=self.timeout,
                num_retries=0,
                max_retries=0,
                temperature=0,
                **self.options,
            )
            text = reply.choices[0].message.content
        except Exception as error:  # litellm raises openai's, httpx's and its own types
            said = str(error).splitlines()[0][:300] if str(error) else ""
            raise ModelError(
                f"model {self.name!r} failed: {type(error).__name__}: {said}; check POLYHOP_LLM, its key and its server"
            ) from error
        if not isinstance(text, str) or not text.strip():
            raise ModelError(f"model {self.name!r} returned nothing; try again or choose another in POLYHOP_LLM")
        return text

    @staticmethod
    def _retrying(litellm: Any) -> Any:
        from tenacity import AsyncRetrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

        unreachable = (litellm.exceptions.Timeout, litellm.exceptions.APIConnectionError)

        def passing(error: BaseException) -> bool:
            status = getattr(error, "status_code", None)
            return isinstance(error, unreachable) or (isinstance(status, int) and (status == 429 or status >= 500))

        return AsyncRetrying(
            stop=stop_after_attempt(ATTEMPTS),
            wait=wait_exponential_jitter(multiplier=0.5, max=LONGEST_WAIT),
            retry=retry_if_exception(passing),
            reraise=True,
        )


def _litellm() -> Any:
    # Set first: without it litellm fetches a price list from the net while it is imported.
    os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    import litellm

    litellm.suppress_debug_info = True
    litellm.telemetry = False
    return litellm
