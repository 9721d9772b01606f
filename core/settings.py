"""Settings: defaults, overridden by `POLYHOP_*` environment variables."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
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
    llm: str = Field(
        "",
        description="litellm model; more with commas are asked where those before them fail; empty: no LLM",
    )
    llm_url: str = Field("", description="address of an OpenAI-compatible server that has the model")
    llm_price: str = Field("", description="dollars for a million tokens read and written, as in 0.15/0.60")
    split: Literal["never", "unsure", "always"] = Field(
        "unsure", description="whether an LLM splits a question into sub-questions: never, unsure, always"
    )
    unsure: float = Field(0.85, ge=0, le=1, description="sufficiency below which `split=unsure` has an LLM split")
    llm_timeout: float = Field(60.0, gt=0, description="seconds one LLM call may take")
    llm_reply: int = Field(1024, ge=16, description="tokens one reply may have")
    llm_calls: int = Field(8, ge=0, description="LLM calls a question may cost, each try counted")
    llm_tokens: int | None = Field(None, ge=0, description="tokens a question may cost")
    llm_dollars: float | None = Field(None, ge=0, description="US dollars a question may cost")
    llm_seconds: float | None = Field(None, ge=0, description="seconds a question may wait for LLMs")
    llm_cache: bool = Field(True, description="whether replies are kept, so that the same call is not paid for twice")
    profile: Literal["fast", "quality", "auto"] = Field(
        "fast", description="fast; quality: a second look at every ranking; auto: reads only where it is not sure"
    )
    sure: float = Field(0.5, ge=0, le=1, description="sufficiency from which on `auto` reads no passages")
    rerankers: str = Field(
        "listwise,cross,listwise,cover",
        description="rerankers of quality and auto, with commas: listwise, cross, cover, rocchio, adapter, "
        "e2rank=MODEL, cross-encoder=MODEL",
    )
    pairs: int = Field(16, ge=1, le=200, description="passages that the cross-encoder reads")
    k: int = Field(5, ge=1, le=1000, description="passages to return")
    max_bytes: int = Field(100_000_000, ge=1, description="largest file that is read, in bytes")
    max_hops: int = Field(1, ge=0, le=7, description="hops a question may take after its first search")
    stop: str = Field("dry", description="stop rules, with commas: dry, settled, hopeless=SHARE, sufficient=CHANCE")
    updaters: str = Field(
        "link",
        description="hop updaters in use, with commas: link, span, treehop, directional, pagerank, shared",
    )
    treehop: str = Field(
        "", description="file of TreeHop weights; empty: the collection's own, else those that come along"
    )
    fusion: Literal["rrf", "minmax", "adaptive", "guided"] = Field(
        "rrf", description="how the dense and the lexical ranking are fused: rrf, minmax, adaptive, guided"
    )
    augment: Literal["", "feedback", "expansion", "repeat", "passage", "keywords", "thoughts"] = Field(
        "",
        description="reformulation beside the question: feedback, expansion, repeat; by an LLM: passage, keywords, "
        "thoughts; empty: none",
    )
    gate: float | None = Field(
        None,
        ge=0,
        le=1,
        description="chance of helping from which a question is augmented; empty: always, or as `solomon` decides",
    )
    instructions: bool = Field(True, description="whether a question may say what to leave out, as in “not about X”")
    distinct: bool = Field(True, description="whether passages that say nearly the same as a better one come last")
    seconds: float = Field(30.0, gt=0, description="deadline of one question")
    log: str = Field("warning", description="log level: debug, info, warning or error")

    @model_validator(mode="before")
    @classmethod
    def _old_name_of_index(cls, given: dict[str, Any]) -> dict[str, Any]:
        url = given.pop("chroma_url", "") or os.environ.get("POLYHOP_CHROMA_URL", "")
        if url:
            warnings.warn(f"POLYHOP_CHROMA_URL is POLYHOP_INDEX=chroma={url} now", DeprecationWarning, stacklevel=2)
            given.setdefault("index", f"chroma={url}")
        return given

    @field_validator("home", "cache")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        """Understand `~`, which no shell expands in an environment file."""
        return path.expanduser()
