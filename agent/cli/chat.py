"""`polyhop chat`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

import typer

from .ask import Explain, K, show_answer, stream
from .common import Names, Where, explain_error, guarded, note, opened, settled

if TYPE_CHECKING:
    from rich.console import Console

    from ...core.settings import Settings
    from ..chat import Chat
    from ..options import QuestionOptions

PROMPT = "you: "
HELP = "/new forgets the conversation, /quit ends it, and so do Ctrl-D and Ctrl-C; all else is asked"


@guarded
@settled
def chat(
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    explain: Explain = False,
    settings: Settings,
) -> None:
    """Ask one question after the other, each understood by those before; reads lines where input is a pipe."""
    from ..show import console

    screen = console()
    code = 0
    # From the first word shown on: whoever reads how it ends may end it at once.
    with opened(settings, *(collection or ["default"])) as agent, suppress(KeyboardInterrupt):
        screen.print(HELP, style="dim")
        code = _converse(agent.chat(), screen, k=k, explain=explain, asking={"where": where})
    if code and not sys.stdin.isatty():
        raise typer.Exit(code)


def _converse(conversation: Chat, screen: Console, *, k: int | None, explain: bool, asking: QuestionOptions) -> int:
    """Answer turns until they end, and return the exit code of what went wrong last."""
    code = 0
    for line in turns(screen):
        if line == "/quit":
            break
        if line == "/new":
            conversation.clear()
        elif line.startswith("/"):
            screen.print(HELP, style="dim")
        else:
            code = _answered(conversation, line, screen, k=k, explain=explain, asking=asking) or code
    return code


def turns(screen: Console) -> Iterator[str]:
    """Yield what is typed, or the lines of a pipe, until there are no more; empty lines are passed over."""
    with suppress(ImportError):
        import readline  # noqa: F401 - gives `input` a memory and arrow keys
    while True:
        try:
            line = screen.input(PROMPT) if sys.stdin.isatty() else _piped(screen)
        except EOFError:
            return
        if line.strip():
            yield line.strip()


def _piped(screen: Console) -> str:
    """Return the next line of a pipe, and show it as if it had been typed."""
    from ..show import plain

    line = sys.stdin.readline()
    if not line:
        raise EOFError
    if line.strip():
        screen.print(f"{PROMPT}{plain(line.strip())}")
    return line


def _answered(
    conversation: Chat, line: str, screen: Console, *, k: int | None, explain: bool, asking: QuestionOptions
) -> int:
    """Answer a turn and return the exit code of what went wrong: a mistake does not end the conversation."""
    from .. import show

    try:
        said = stream(conversation, line, screen, k=k, explain=explain, **asking)
    except Exception as error:
        return explain_error(error)
    if said.retrieval.understood:
        screen.print(f"understood as: {show.plain(said.question)}", style="dim")
    if explain:
        show_answer(said, screen, explain=True)
    else:
        screen.print(show.hop_tree(said.retrieval), show.heading(show.answer_kind(said)), show.answer(said), sep="\n")
        for notice in said.notices:
            note(notice)
    screen.print()
    return 0
