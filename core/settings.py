"""Settings: defaults, overridden by `POLYHOP_*` environment variables."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

#: settings of 0.1 that are parts' own arguments now, and what to do instead
RETIRED: Mapping[str, str] = {
    "fusion": "give a profile whose first search has it: FirstSearch(fusion=…)",
    "augment": "give a profile with augment=…",
    "gate": "give a profile with gate=Gate(…), or Solomon(…, threshold=…) as the embedder",
    "distinct": "give a profile with duplicates=None",
    "treehop": "name the file in POLYHOP_UPDATERS, as treehop=FILE",
    "pairs": "name the number in POLYHOP_RERANKERS, as cross=PAIRS",
    "sure": "give a profile with sure=…",
    "unsure": "give a profile with spend=WhenUnsure(…) and sure=…",
}
#: the settings by kind, in the order of the documents
GROUPS: Mapping[str, tuple[str, ...]] = {
    "Collections and files": ("home", "cache", "embedder", "chroma_url", "max_bytes", "log"),
    "Retrieval": ("k", "profile", "hops", "updaters", "rerankers", "instructions"),
    "Language model": ("llm", "llm_url", "llm_price", "llm_cache", "split"),
    "Limits of a question": (
        "seconds",
        "llm_timeout",
        "llm_reply",
        "llm_calls",
        "llm_tokens",
        "llm_dollars",
        "llm_seconds",
    ),
}


class RetiredSettings(BaseSettings):
    """Settings of 0.1 that still hold for one release; one that is given warns."""

    fusion: Literal["rrf", "minmax", "adaptive", "guided"] = "rrf"
    augment: Literal["", "feedback", "expansion", "repeat", "passage", "keywords", "thoughts"] = ""
    gate: float | None = Field(None, ge=0, le=1)
    distinct: bool = True
    treehop: str = ""
    pairs: int = Field(16, ge=1, le=200)
    sure: float = Field(0.5, ge=0, le=1)
    unsure: float = Field(0.85, ge=0, le=1)

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
    embedder: str = Field("all-MiniLM-L6-v2", description="the default embedder, or any sentence-transformers model")
    chroma_url: str = Field("", description="address of a Chroma server that holds the vectors; empty: embedded")
    max_bytes: int = Field(100_000_000, ge=1, description="largest file that is read, in bytes")
    log: str = Field("warning", description="log level: debug, info, warning or error")

    k: int = Field(5, ge=1, le=1000, description="passages to return")
    profile: Literal["fast", "quality", "auto"] = Field(
        "fast", description="fast; quality: a second look at every ranking; auto: reads only where it is not sure"
    )
    hops: int = Field(2, ge=1, le=8, description="searches a question may cost, the first included")
    updaters: str = Field(
        "link",
        description="hop updaters in use, with commas: link, span, treehop or treehop=FILE, directional, pagerank, "
        "shared",
    )
    rerankers: str = Field(
        "listwise,cross,listwise,cover",
        description="rerankers of quality and auto, with commas: listwise, cross or cross=PAIRS, cover, "
        "rocchio, adapter, e2rank=MODEL, cross-encoder=MODEL",
    )
    instructions: bool = Field(True, description="whether a question may say what to leave out, as in “not about X”")

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
    llm_reply: int = Field(1024, ge=16, description="tokens one reply may have")
    llm_calls: int = Field(8, ge=0, description="LLM calls a question may cost, each try counted")
    llm_tokens: int | None = Field(None, ge=0, description="tokens a question may cost")
    llm_dollars: float | None = Field(None, ge=0, description="US dollars a question may cost")
    llm_seconds: float | None = Field(None, ge=0, description="seconds a question may wait for LLMs")

    @field_validator("home", "cache")
    @classmethod
    def _expand(cls, path: Path) -> Path:
        """Understand `~`, which no shell expands in an environment file."""
        return path.expanduser()
