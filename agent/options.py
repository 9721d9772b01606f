"""What may be said with every question, and what is wrong with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, cast

from ..conversation.turn import ASSISTANT, USER, Turn, recent
from ..core.check import check_k, clean_text, question_text
from ..core.errors import CallerError
from ..core.settings import GROUPS
from ..graphs.state import Event, Request, Task

if TYPE_CHECKING:
    from ..core.llm.approval import Approve
    from ..core.llm.role import Budget, LanguageModel, Ledger
    from ..retrieval.config import Config
    from .models import Model

#: Turns of a history and characters of each at the most; only the last few are looked back on.
MAX_TURNS = 1_000
MAX_CHARACTERS = 100_000


class AgentOptions(TypedDict, total=False):
    """What `Agent.open` and `Agent.around` pass on to `Agent`; its docstring says what each is."""

    config: Config | None
    llm: LanguageModel | Model | Sequence[LanguageModel | Model] | None
    budget: Budget | Ledger | None
    checkpoints: Path | str | None
    approve: Approve | None
    #: what `config` was called in 0.1
    profile: Config | None


class QuestionOptions(TypedDict, total=False):
    """What may be said with every question."""

    #: a filter such as `year >= 2020`; see the filter language
    where: str
    #: a name for the run: with checkpoints, asking the same again under it resumes a run that was killed
    thread: str
    #: set it from another thread and the run ends after the step it is in, with what it has
    cancel: threading.Event
    #: hears the events of the run as they happen, in the thread that computes it; not of a run with a thread
    listener: Callable[[Event], None]
    #: the turns before this one, each a mapping with `role` (user or assistant) and `content`; see `history_of`
    history: Sequence[Mapping[str, Any]]
    #: whether the result also says which passages were found and left out, and why
    explain: bool


def check_agent_options(options: Mapping[str, Any]) -> None:
    """Refuse what no agent takes; a setting is told to be one."""
    known = (*AgentOptions.__annotations__, "create", "embedder", "settings")
    for name in sorted(options.keys() - AgentOptions.__annotations__.keys()):
        if any(name in group for group in GROUPS.values()):
            raise CallerError(f"{name!r} is a setting; give settings=Settings({name}={options[name]!r})")
        raise CallerError(f"unknown option {name!r}{nearest(name, known)}; an agent takes {sorted(known)}")


def nearest(name: str, known: Iterable[str]) -> str:
    """Return the question whether the known name most like this one was meant, nothing where none is like it."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""


def checked(options: QuestionOptions) -> str:
    """Return the filter; refuse a bad one and what no question takes: a misspelt `where` would search everything."""
    known = QuestionOptions.__annotations__.keys()
    for name in sorted(options.keys() - known):
        raise CallerError(f"unknown option {name!r}{nearest(name, known)}; a question takes {sorted(known)}")
    for name in ("where", "thread"):
        value = options.get(name)
        if value is not None and not isinstance(value, str):
            raise CallerError(f"{name} must be a string, not {value!r}")
    if not isinstance(options.get("explain", False), bool):
        raise CallerError(f"explain must be True or False, not {options['explain']!r:.40}")
    where = options.get("where") or ""
    if where.strip():
        from ..store.filter import parse

        parse(where)
    return where


def check_batch(questions: Sequence[str], options: QuestionOptions) -> None:
    """Refuse what is no list of questions, or would let its questions share a thread."""
    if isinstance(questions, str):
        raise CallerError(f"a batch is a list of questions, not the string {questions!r:.80}; put it in brackets")
    if options.get("thread"):
        raise CallerError("the questions of a batch cannot share a thread; ask them one by one, each under its own")


def requested(question: str, k: int, options: QuestionOptions, task: Task = "retrieve") -> Request:
    """Return what a run starts from; refuse what it cannot start from."""
    where, asked = checked(options), question_text(question)
    request = Request(task=task, question=asked, k=check_k(k), where=where)
    if history := recent(history_of(options.get("history") or ())):
        request = Request(task=task, turn=asked, history=history, k=request["k"], where=where)
    return request


def history_of(turns: object) -> list[Turn]:
    """Return the turns of a conversation as plain JSON, oldest first.

    A user's turn may say under `question` how it was understood, an assistant's under `titles` which documents it rests
    on.

    Raises:
        CallerError: naming the turn that is none, and what is wrong with it.
    """
    if isinstance(turns, str | bytes | Mapping) or not isinstance(turns, Sequence):
        raise CallerError(f"history must be a list of turns, not {turns!r:.80}")
    if len(turns) > MAX_TURNS:
        raise CallerError(f"history has {len(turns)} turns, at most {MAX_TURNS} are taken; leave the oldest out")
    return [_turn(one, f"turn {place} of the history") for place, one in enumerate(turns)]


#: what else a turn may hold, by its role
_EXTRAS = {USER: "question", ASSISTANT: "titles"}


def _turn(one: object, place: str) -> Turn:
    if not isinstance(one, Mapping):
        raise CallerError(f"{place} must be a mapping with role and content, not {one!r:.80}")
    role = one.get("role")
    if role not in _EXTRAS:
        raise CallerError(f"{place} has the role {role!r:.40}; only {USER!r} and {ASSISTANT!r} take part in the search")
    if unknown := sorted(map(str, one.keys() - {"role", "content", _EXTRAS[role]})):
        raise CallerError(f"{place} holds {unknown!r:.80}; its keys are role, content and {_EXTRAS[role]}")
    turn = {"role": role, "content": _text(one.get("content"), f"the content of {place}")}
    if one.get("question") is not None:
        turn["question"] = _text(one["question"], f"the question of {place}")
    titles = one.get("titles")
    if titles is not None:
        if not isinstance(titles, list | tuple):
            raise CallerError(f"the titles of {place} must be a list, not {titles!r:.80}")
        turn["titles"] = [_text(title, f"a title of {place}") for title in titles]
    return cast(Turn, turn)


def _text(text: object, what: str) -> str:
    if not isinstance(text, str):
        raise CallerError(f"{what} must be a string, not {text!r:.80}")
    if len(text) > MAX_CHARACTERS:
        raise CallerError(f"{what} has {len(text)} characters, at most {MAX_CHARACTERS} are taken; shorten it")
    return clean_text(text)
