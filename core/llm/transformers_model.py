"""A causal language model that runs here, by its folder or its name on the hub: transformers behind the role."""

from __future__ import annotations

import json
import math
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any

from ..errors import CallerError, ModelError
from ..threads import outcome, started
from .role import Call, EmptyError, Message, OnText, PassingError, Price, Reply

_UNBOUNDED = 1_000_000


@dataclass(frozen=True, slots=True)
class Drawn:
    """A continuation: its text, how many tokens it has, and whether it was stopped at its bound."""

    text: str
    tokens: int
    cut: bool


class LocalModel:
    """Any causal model of transformers, such as one that `polyhop.training.tool_queries` made.

    It is loaded by the first call, and makes one reply after the other, whoever asks. A tokenizer without a chat
    template gets the messages as plain text with the names of the roles. With `exact` the weights are in 32 bits, as
    training needs them; otherwise, on a GPU, as they are stored.
    """

    def __init__(self, name: Path | str, *, exact: bool = False) -> None:
        self.name = str(name)
        self._exact = exact
        self._loaded: tuple[Any, Any] | None = None
        self._turn = threading.RLock()

    @property
    def identity(self) -> str:
        """Return the name, and for a folder what tells its content from that of another training."""
        folder = Path(self.name)
        if not folder.is_dir():
            return f"local {self.name}"
        files = sorted(file for file in folder.iterdir() if file.is_file())
        told = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files]
        return f"local {folder.resolve()} {blake2b(json.dumps(told).encode(), digest_size=8).hexdigest()}"

    @property
    def network(self) -> Any:
        """Return the network of transformers."""
        return self._parts()[0]

    @property
    def tokenizer(self) -> Any:
        """Return the tokenizer of transformers."""
        return self._parts()[1]

    async def price(self) -> Price | None:
        """Return nothing: what runs here costs nothing."""
        return Price()

    async def reply(self, call: Call, *, seconds: float, on_text: OnText | None = None) -> Reply:
        """Make one attempt in a thread, which stops by itself when its time is over; it is heard all at once."""
        return await outcome(started(self._replied, call, seconds, on_text))

    def _replied(self, call: Call, seconds: float, on_text: OnText | None) -> Reply:
        ends = time.monotonic() + seconds
        try:
            ids = self.ids(call.messages)
            drawn = self.draw(
                [ids], max_tokens=call.max_tokens, temperature=call.temperature, seed=call.sample, seconds=seconds
            )[0][0]
        except CallerError as error:
            raise ModelError(str(error)) from error
        if drawn.cut and time.monotonic() >= ends:
            raise PassingError(f"Timeout: model {self.name!r} took longer than {seconds:.3g} s", billed=True)
        said = Reply(drawn.text, len(ids), drawn.tokens, drawn.cut)
        if not drawn.text.strip():
            raise EmptyError(f"model {self.name!r} said nothing; ask it otherwise or choose another", said)
        if on_text is not None:
            on_text(drawn.text)
        return said

    def ids(self, messages: Sequence[Message]) -> list[int]:
        """Return the tokens of a conversation up to where the reply begins; nothing in it reads as a special token."""
        _, tokenizer = self._parts()
        with self._turn:
            clean = [{**message, "content": self._clean(message["content"])} for message in messages]
            if not tokenizer.chat_template:
                said = "".join(f"{message['role'].title()}: {message['content']}\n\n" for message in clean)
                return list(tokenizer(f"{said}Assistant:", verbose=False)["input_ids"])
            try:
                chat = _chat(tokenizer, clean)
            except Exception:  # a template says in its own way that it knows no system role
                chat = _chat(tokenizer, _joined(clean))
            return list(tokenizer(chat, add_special_tokens=False, verbose=False)["input_ids"])

    def closed(self, text: str) -> list[int]:
        """Return the tokens of a reply with the end token behind them.

        Raises:
            CallerError: for a tokenizer that has no end token.
        """
        _, tokenizer = self._parts()
        if tokenizer.eos_token_id is None:
            raise CallerError(f"model {self.name!r} has no end token; choose a tokenizer with an `eos_token`")
        with self._turn:
            ids = tokenizer(self._clean(text), add_special_tokens=False, verbose=False)["input_ids"]
        return [*ids, tokenizer.eos_token_id]

    def draw(
        self,
        prompts: Sequence[Sequence[int]],
        *,
        max_tokens: int,
        temperature: float = 0.0,
        draws: int = 1,
        seed: int = 0,
        seconds: float = math.inf,
    ) -> list[list[Drawn]]:
        """Return `draws` continuations of each prompt; at a temperature of 0 there is only one to be had.

        Raises:
            ModelError: for a prompt that leaves no room.
        """
        import torch

        network, _ = self._parts()
        width = max(map(len, prompts))
        most = getattr(network.config.get_text_config(), "max_position_embeddings", None) or _UNBOUNDED
        if width + max_tokens > most:
            raise ModelError(
                f"model {self.name!r} reads {most} tokens, and {width} and a reply of {max_tokens} are more; "
                "shorten the request or choose a model with more positions"
            )
        ends = sorted(self._ends())
        pad = next(iter(ends), 0)
        # Padded on the left, so that the replies begin at the same place.
        ids = torch.tensor([[*[pad] * (width - len(one)), *one] for one in prompts], device=network.device)
        mask = torch.tensor([[0] * (width - len(one)) + [1] * len(one) for one in prompts], device=network.device)
        options = _sampling(temperature, draws) | ({"max_time": seconds} if math.isfinite(seconds) else {})
        with self._turn, torch.random.fork_rng(), torch.inference_mode():
            torch.manual_seed(seed)
            network.eval()
            rows = network.generate(
                input_ids=ids,
                attention_mask=mask,
                max_new_tokens=max_tokens,
                pad_token_id=pad,
                eos_token_id=ends or None,
                **options,
            )
        found = [self._drawn(row, max_tokens) for row in rows[:, width:].tolist()]
        return [found[place : place + draws] for place in range(0, len(found), draws)]

    def save(self, folder: Path) -> None:
        """Write the network and the tokenizer as they are now."""
        network, tokenizer = self._parts()
        network.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    def _drawn(self, row: Sequence[int], most: int) -> Drawn:
        ends = self._ends()
        length = next((place for place, token in enumerate(row) if token in ends), len(row))
        text = self.tokenizer.decode(row[:length], skip_special_tokens=True)
        return Drawn(text, min(length + 1, most), cut=length == len(row))

    def _ends(self) -> set[int]:
        network, tokenizer = self._parts()
        given = network.generation_config.eos_token_id
        ends = given if isinstance(given, list) else [given]
        return {one for one in [*ends, tokenizer.eos_token_id] if one is not None}

    def _clean(self, text: str) -> str:
        for token in sorted(self.tokenizer.get_added_vocab(), key=lambda token: (-len(token), token)):
            text = text.replace(token, " ")
        return text

    def _parts(self) -> tuple[Any, Any]:
        with self._turn:
            if self._loaded is None:
                self._loaded = _loaded(self.name, exact=self._exact)
            return self._loaded


def _loaded(name: str, *, exact: bool) -> tuple[Any, Any]:
    """Return network and tokenizer; the library's import takes seconds, so it waits until somebody asks."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    gpu = torch.cuda.is_available()
    dtype = "auto" if gpu and not exact else torch.float32
    try:
        network: Any = AutoModelForCausalLM.from_pretrained(name, dtype=dtype)
        return network.to("cuda" if gpu else "cpu").eval(), AutoTokenizer.from_pretrained(name)
    except (OSError, ValueError, RuntimeError, KeyError) as error:
        raise CallerError(
            f"model {name!r}: transformers cannot load it: {error}; check the name, give the folder of a downloaded "
            "causal model, or unset HF_HUB_OFFLINE to download it"
        ) from error


def _chat(tokenizer: Any, messages: Sequence[Message]) -> str:
    said: str = tokenizer.apply_chat_template(
        list(messages), tokenize=False, add_generation_prompt=True, enable_thinking=False
    )
    return said


def _joined(messages: Sequence[Message]) -> list[Message]:
    """Return a conversation whose system message is the beginning of the first one of the user."""
    if len(messages) < 2 or messages[0]["role"] != "system":
        return list(messages)
    first, second, *others = messages
    return [{**second, "content": f"{first['content']}\n\n{second['content']}"}, *others]


def _sampling(temperature: float, draws: int) -> dict[str, Any]:
    """Return how tokens are chosen, whatever the model's own settings say."""
    if temperature > 0:
        chosen = {"do_sample": True, "temperature": temperature, "top_k": 0, "top_p": 1.0}
        return chosen | {"num_return_sequences": draws}
    if draws != 1:
        raise CallerError(f"{draws!r} draws at a temperature of 0 are all the same; ask for one, or for a temperature")
    return {"do_sample": False, "temperature": None, "top_k": None, "top_p": None}
