"""Settings: defaults, overridden by `POLYHOP_*` environment variables."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from .private import redacted

#: settings of 0.1 that are parts' own arguments now, and what to do instead
RETIRED: Mapping[str, str] = {
    "chroma_url": "name the server in POLYHOP_INDEX, as chroma=http://HOST:PORT",
    "hops": "it counted searches; POLYHOP_MAX_HOPS counts the hops after the first, one less",
    "fusion": "give a Config whose first search has it: FirstSearch(fusion=…)",
    "augment": "give a Config with augment=…",
    "gate": "give a Config with gate=Gate(…), or Solomon(…, threshold=…) as the embedder",
    "distinct": "give a Config with duplicates=None",
    "treehop": "name the file in POLYHOP_UPDATERS, as treehop=FILE",
    "pairs": "name the number in POLYHOP_RERANKERS, as cross=PAIRS",
    "sure": "give a Config with sure=…",
    "unsure": "give a Config with escalation=WhenUnsure(…) and sure=…",
    "llm_reply": "a step asks for 400 tokens at the most, and POLYHOP_LLM_TOKENS bounds the question",
    "llm_seconds": "POLYHOP_SECONDS bounds the whole question; Budget(seconds=…) what all questions wait",
}
#: the settings by kind, in the order of the documents
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Collections and files": (
        "home",
        "cache",
        "embedder",
        "query_transform",
        "index",
        "max_bytes",
        "chunk_tokens",
        "keep_originals",
        "runs",
        "log",
    ),
    "Retrieval": ("k", "profile", "max_hops", "stop", "updaters", "rerankers", "instructions", "reader"),
    "Language model": ("llm", "llm_url", "llm_price", "llm_cache", "split"),
    "Limits of a question": (
        "seconds",
        "llm_timeout",
        "llm_calls",
        "llm_tokens",
        "llm_dollars",
    ),
}


class RetiredSettings(BaseSettings):
    """Settings of 0.1 that still hold for one release; one that is given warns."""

    chroma_url: str = ""
    hops: int | None = Field(None, ge=1, le=8)
    fusion: Literal["rrf", "minmax", "adaptive", "guided"] = "rrf"
    augment: Literal["", "feedback", "expansion", "repeat", "passage", "keywords", "thoughts"] = ""
    gate: float | None = Field(None, ge=0, le=1)
    distinct: bool = True
    treehop: str = ""
    pairs: int = Field(16, ge=1, le=200)
    sure: float = Field(0.5, ge=0, le=1)
    unsure: float = Field(0.85, ge=0, le=1)
    llm_reply: int = Field(1024, ge=16)
    llm_seconds: float | None = Field(None, ge=0)

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, given: dict[str, Any]) -> dict[str, Any]:
        """Give what has another name now that name too."""
        renamed: dict[str, Any] = {}
        if given.get("chroma_url"):
            renamed["index"] = f"chroma={given['chroma_url']}"
        if str(given.get("hops", "")).isdigit():
            renamed["max_hops"] = int(given["hops"]) - 1
        return {**renamed, **given}

    def model_post_init(self, context: Any, /) -> None:
        """Warn of what is given, whoever made the settings."""
        for name in sorted(self.model_fields_set & RETIRED.keys()):
            warnings.warn(
                f"the setting {name!r} (POLYHOP_{name.upper()}) goes with the next release; {RETIRED[name]}: "
                "see docs/parts.md",
                DeprecationWarning,
                stacklevel=4,  # past pydantic's two constructors
            )


class Settings(RetiredSettings):
    """What a user may set; every field is also an environment variable `POLYHOP_<FIELD>`."""

    model_config = SettingsConfigDict(env_prefix="POLYHOP_", frozen=True, extra="forbid")

    home: Path = Field(Path(".polyhop"), description="folder that holds the collections")
    cache: Path = Field(Path("~/.cache/polyhop"), description="folder for derived files, such as the exported embedder")
    embedder: str = Field(
        "all-MiniLM-L6-v2", description="the default embedder, any sentence-transformers model, or module:Class"
    )
    query_transform: str = Field(
        "", description="what is done to the vectors of queries: linear=FILE, or module:Class; empty: nothing"
    )
    index: str = Field(
        "chroma",
        description="vector index: chroma (embedded), chroma=http://HOST:PORT for a server, or module:Class=ADDRESS",
    )
    max_bytes: int = Field(100_000_000, ge=1, description="largest file that is read, in bytes")
    chunk_tokens: int | None = Field(
        None,
        ge=16,
        description="tokens of a passage at most; empty: as the collection has it, or all it reads",
    )
    keep_originals: bool = Field(False, description="whether a collection keeps a copy of each file that is indexed")
    runs: int = Field(0, ge=0, le=10_000, description="runs to keep for `polyhop trace`, the newest; 0: none")
    log: str = Field("warning", description="log level: debug, info, warning or error")

    k: int = Field(5, ge=1, le=1000, description="passages to return")
    profile: Literal["fast", "quality", "auto"] = Field(
        "fast", description="fast; quality: a second look at every ranking; auto: reads only where it is not sure"
    )
    max_hops: int = Field(1, ge=0, le=7, description="hops a question may take after its first search")
    stop: str = Field(
        "dry", description="stop rules, with commas: dry, settled, hopeless=SHARE, sufficient=CHANCE, module:Class"
    )
    updaters: str = Field(
        "link,hyperlink",
        description="hop updaters in use, with commas: link, hyperlink, span, treehop or treehop=FILE, directional, "
        "pagerank, shared, unborne, module:Class",
    )
    rerankers: str = Field(
        "learned,reader,cover",
        description="rerankers of quality and auto, with commas: learned, reader or reader=PASSAGES, cover, listwise, "
        "cross or cross=PAIRS, rocchio, adapter, e2rank=MODEL, cross-encoder=MODEL, module:Class; last and in all "
        "profiles choice, by an LLM",
    )
    instructions: bool = Field(True, description="whether a question may say what to leave out, as in “not about X”")
    reader: bool = Field(
        True, description="whether answers without an LLM read the passages together with the question; it takes 0.35 s"
    )

    llm: str = Field(
        "",
        description="litellm model; more with commas are asked where those before them fail; empty: no LLM",
    )
    llm_url: str = Field("", description="address of an OpenAI-compatible server that has the model")
    llm_price: str = Field("", description="dollars for a million tokens read and written, as in 0.15/0.60")
    llm_cache: bool = Field(True, description="whether replies are kept, so that the same call is not paid for twice")
    split: Literal["never", "unsure", "always"] = Field(
        "unsure", description="whether an LLM splits a question into sub-questions: never, unsure, always"
    )

    seconds: float = Field(30.0, gt=0, description="deadline of one question")
    llm_timeout: float = Field(60.0, gt=0, description="seconds one LLM call may take")
    llm_calls: int = Field(8, ge=0, description="LLM calls a question may cost, each try counted")
    llm_tokens: int | None = Field(None, ge=0, description="tokens a question may cost")
    llm_dollars: float | None = Field(None, ge=0, description="US dollars a question may cost")

    def __repr_args__(self) -> Iterator[tuple[str | None, Any]]:
        """Show addresses without the passwords in them."""
        for name, value in super().__repr_args__():
            yield name, redacted(value) if isinstance(value, str) else value

    @field_validator("home", "cache")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        """Understand `~`, which no shell expands in an environment file."""
        return path.expanduser()
