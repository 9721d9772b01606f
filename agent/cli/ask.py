"""`polyhop ask`, `polyhop retrieve`, `polyhop chat` and `polyhop demo`."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Unpack

import typer

from ...core.errors import CallerError
from .collections import progress_of_indexing
from .common import CHOICES, Home, Json, Names, Where, command, explain_error, load_settings, note, opened, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from ...core.settings import Settings
    from ..agent import Agent
    from ..chat import Chat
    from ..options import QuestionOptions
    from ..results import Answer, Retrieval

Question = Annotated[str, typer.Argument(help="The question.", show_default=False)]
K = Annotated[int | None, typer.Option("-k", help="Passages to return.  [POLYHOP_K; 5]", show_default=False)]
Svg = Annotated[Path | None, typer.Option(help="Draw the hops as a picture into this SVG file; - is standard output.")]
Keep = Annotated[bool, typer.Option("--keep", help="Keep the run for `polyhop trace`.")]
Explain = Annotated[bool, typer.Option("--explain", help="Show whole passages, why each is there, and every step.")]


@command(*CHOICES)
def ask(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    thread: Annotated[str, typer.Option(help="Name of a run that can be resumed; needs --checkpoints.")] = "",
    checkpoints: Annotated[Path | None, typer.Option(help="SQLite file that keeps such runs.")] = None,
    explain: Explain = False,
    svg: Svg = None,
    keep: Keep = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Answer a question, with the passages and the hops that led to them."""
    from ..show import console

    one_output(svg, as_json=as_json)
    options: QuestionOptions = {"where": where, "thread": thread, "explain": explain or svg is not None}
    with opened(kept(settings, keep=keep), *(collection or ["default"]), checkpoints=checkpoints) as agent:
        if as_json or to_stdout(svg):
            said = agent.ask(question, k, **options)
            if as_json:
                print_json(said.to_dict())
        else:
            screen = console()
            said = stream(agent, question, screen, k=k, shown=explain, **options)
            show_answer(said, screen, explain=explain)
    draw(said.to_dict(), svg)


@command(*CHOICES)
def retrieve(
    question: Question,
    *,
    k: K = None,
    where: Where = "",
    collection: Names = None,
    explain: Explain = False,
    svg: Svg = None,
    keep: Keep = False,
    as_json: Json = False,
    settings: Settings,
) -> None:
    """Find the passages that together answer a question."""
    from ..show import console, left_out, passages, summary

    one_output(svg, as_json=as_json)
    with opened(kept(settings, keep=keep), *(collection or ["default"])) as agent:
        found: Retrieval = agent.retrieve(question, k, where=where, explain=explain or svg is not None)
    draw(found.to_dict(), svg)
    if as_json:
        print_json(found.to_dict())
    elif not to_stdout(svg):
        screen = console()
        screen.print(passages(found, whole=explain))
        if explain and found.left_out:
            screen.print(left_out(found))
        screen.print(summary(found, whole=explain))
        for notice in found.notices:
            note(notice)


def kept(settings: Settings, *, keep: bool) -> Settings:
    """Return the settings under which runs are kept, where that is wanted."""
    if not keep:
        return settings
    from ..traces import KEPT

    return settings.model_copy(update={"runs": settings.runs or KEPT})


def to_stdout(path: Path | None) -> bool:
    """Say whether a picture goes to standard output, which then holds nothing else."""
    return str(path) == "-"


def one_output(svg: Path | None, *, as_json: bool) -> None:
    """Refuse two documents on standard output."""
    if as_json and to_stdout(svg):
        raise CallerError("--json and --svg - both write to standard output; give --svg a file")


def draw(result: Mapping[str, Any], path: Path | None) -> None:
    """Write the hop tree of a result as SVG, where a file is given."""
    if path is None:
        return
    from ...core.files import write_whole
    from ..hop_svg import hop_tree_svg

    drawn = hop_tree_svg(result)
    if to_stdout(path):
        sys.stdout.write(drawn)
    else:
        write_whole(path, drawn.encode())


def stream(
    agent: Agent | Chat,
    question: str,
    screen: Console,
    *,
    k: int | None,
    shown: bool,
    **options: Unpack[QuestionOptions],
) -> Answer:
    """Ask, showing the steps on a terminal (and elsewhere if they are to be `shown`), and return the answer."""
    from ..results import Answer
    from ..show import event_line

    for item in agent.stream(question, k, **options):
        if isinstance(item, Answer):
            return item
        if (screen.is_terminal or shown) and (line := event_line(item)):
            screen.print(line)
    raise RuntimeError("the run ended without an answer")


def show_answer(said: Answer, screen: Console, *, explain: bool = False) -> None:
    """Print hops, passages, answer and timings."""
    from .. import show

    screen.print(show.heading("Hops"), show.hop_tree(said.retrieval), sep="\n")
    if said.retrieval.sub_questions:
        screen.print(show.heading("Sub-questions"), show.sub_questions(said.retrieval), sep="\n")
    screen.print(show.heading("Passages"), show.passages(said.retrieval, whole=explain), sep="\n")
    if explain and said.retrieval.left_out:
        screen.print(show.left_out(said.retrieval))
    screen.print(show.heading(show.answer_kind(said, whole=explain)), show.answer(said), sep="\n")
    screen.print()
    answered = said.confidence is not None
    screen.print(show.summary(said.retrieval, whole=explain, answered=answered))
    for notice in said.notices:
        note(notice)


PROMPT = "you: "
HELP = "/new forgets the conversation, /quit ends it, and so do Ctrl-D and Ctrl-C; all else is asked"


@command(*CHOICES)
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
        code = _converse(agent.chat(), screen, k=k, explain=explain, asking={"where": where, "explain": explain})
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
        said = stream(conversation, line, screen, k=k, shown=explain, **asking)
    except Exception as error:
        return explain_error(error)
    if said.retrieval.understood:
        screen.print(f"understood as: {show.plain(said.question)}", style="dim")
    if explain:
        show_answer(said, screen, explain=True)
    else:
        screen.print(show.hop_tree(said.retrieval), show.heading(show.answer_kind(said)), show.answer(said), sep="\n")
        for place in show.cited(said):
            screen.print(place)
        for notice in said.notices:
            note(notice)
    screen.print()
    return 0


COLLECTION = "example"
TYPES = ("compositional", "inference", "bridge comparison")


@command()
def demo(*, home: Home = None) -> None:
    """Index the example corpus and answer three questions from it, a minute at most."""
    from .. import example, show

    settings = load_settings(home=home)
    screen = show.console()
    screen.print(f"The example corpus goes into collection {COLLECTION!r} in {str(settings.home)!r}.", soft_wrap=True)
    with opened(settings, COLLECTION, create=True) as agent, example.passages_path() as path:
        _index(agent, path, screen)
        questions = example.questions()
        for number, kind in enumerate(TYPES, start=1):
            chosen = next(one for one in questions if one.type == kind)
            screen.print()
            screen.print(f"── {number} of {len(TYPES)}: {kind} ──", style="bold cyan")
            said = stream(agent, chosen.question, screen, k=None, shown=False)
            show_answer(said, screen)
            screen.print(f"The data set's answer is: {chosen.answer}", style="dim")
    screen.print()
    screen.print("── Now you ──", style="bold cyan")
    where = f" --home {home}" if home else ""
    screen.print(f'polyhop ask "{questions[1].question}" --collection {COLLECTION}{where}', soft_wrap=True)
    screen.print(f"polyhop index PATH{where}      your own files, then: polyhop ask QUESTION{where}", soft_wrap=True)


def _index(agent: Agent, path: Path, screen: Console) -> None:
    began = time.monotonic()
    with progress_of_indexing() as watcher:
        report = agent.index([path], watcher=watcher)
    # Another installation may have left the same corpus here under its own path.
    place = agent.collection.files.path_of
    other = [key for key, _, source in agent.collection.documents() if place(source) != str(path)]
    if other:
        agent.collection.remove(other)
    documents = agent.collection.status()["documents"]
    seconds = time.monotonic() - began
    screen.print(f"{documents} documents, {report.embedded} passages embedded now, {seconds:.1f} s.")
