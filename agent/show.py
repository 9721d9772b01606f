"""What the command line shows: hops as a tree, passages, answers, reports."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

if TYPE_CHECKING:
    from ..core.types import Passage
    from ..graphs.state import Event
    from ..ingest.index import IndexReport
    from .doctor import Diagnosis
    from .evaluate.calibrate import CalibrationReport
    from .evaluate.compare import Evaluation
    from .results import Answer, LeftOutPassage, PathStep, RankedPassage, Retrieval
    from .traces import Replay

MOST_SKIPPED = 50
SNIPPET = 200
#: what parts the reason from the list of all formats where a format is not read
READABLE = "; readable are "
#: characters of an id that nearly always tell it from all others
SHORT_ID = 8
NARROWEST = 20
UNBROKEN = 100_000
WAYS = {"search": "found by search", "named": "named in the question"}


def console(*, stderr: bool = False) -> Console:
    """Return a console that leaves the text of documents as it is, and breaks lines on a terminal only."""
    made = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not made.is_terminal:
        made.width = UNBROKEN
    return made


@dataclass(frozen=True, slots=True)
class Indented:
    """Lines that stand in from the left; nothing pads them on the right."""

    lines: Sequence[Text]
    by: int = 4

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Break the lines at the width that is left."""
        for line in self.lines:
            for piece in line.wrap(console, max(NARROWEST, options.max_width - self.by)):
                yield Text(" " * self.by).append_text(piece)


def plain(text: str) -> str:
    """Return a text without control characters: those of a document must not reach the terminal."""
    return "".join(char if char.isprintable() or char == "\n" else " " for char in text)


def counted(number: int, thing: str) -> str:
    """Return a number with its noun, in the plural where it belongs."""
    return f"{number:,} {thing}" if number == 1 else f"{number:,} {thing}s"


def heading(text: str) -> Text:
    """Return the title of a section."""
    return Text(f"\n{text}", style="bold")


def event_line(event: Event) -> Text | None:
    """Return one line on a step of a run, or nothing for steps that say little."""
    facts: dict[str, Any] = dict(event)
    name, milliseconds = facts.get("event"), facts.get("ms", 0.0)
    if name == "search":
        said = f"search {facts['hop'] + 1}: {facts['found']} passages, {facts['new']} of them new"
    elif name == "hop":
        said = f"hop: {facts['queries']} names followed from {', '.join(facts['bridges'][:3]) or 'nothing'}"
        said += ", …" if len(facts["bridges"]) > 3 else ""
    elif name == "augment":
        said = "augment: " + ("the question was reformulated" if facts["queries"] else "the question stands alone")
        said += f", chance of helping {100 * facts['chance']:.0f} %" if "chance" in facts else ""
    elif name == "instruct" and facts.get("understood"):
        said = f"understood: {'; '.join(facts['understood'])}"
    elif name == "rerank":
        said = f"{'second look' if facts.get('again') else 'order'}: {facts['new']} passages moved into the result"
    elif name == "escalate":
        said = f"split: {facts['queries']} sub-questions, {facts.get('new', 0)} passages moved into the result"
    elif name == "choose":
        said = f"choice: {counted(facts['found'], 'passage')} chosen, {facts['new']} moved into the result"
    else:
        return None
    return Text(f"· {plain(said)} ({milliseconds:.0f} ms)", style="dim")


# Hops and passages


def hop_tree(retrieval: Retrieval) -> Tree:
    """Return how the passages of the result were reached: the question, the bridges, and what each led to."""
    tree = Tree(Text(plain(retrieval.question), style="bold"), guide_style="dim")
    numbers = {passage.id: number for number, passage in enumerate(retrieval.passages, start=1)}
    by_id = {passage.id: passage for passage in retrieval.passages}
    branches: dict[str, Tree] = {}

    def branch(id: str, title: str, parent: Tree) -> Tree:
        if id not in branches:
            branches[id] = parent.add(_node(title, numbers.get(id), by_id.get(id)))
        return branches[id]

    for passage in sorted(retrieval.passages, key=lambda one: len(one.path)):
        parent = tree
        for step in passage.path:
            parent = branch(step.id, step.title, parent)
        branch(passage.id, _title(passage), parent)
    return tree


def _node(title: str, number: int | None, passage: RankedPassage | None) -> Text:
    """Return a node: number in the result, title, how it was found; a bridge that is not in the result is dim."""
    if passage is None or number is None:
        return Text(plain(title), style="dim").append("  on the way")
    text = Text.assemble((f"[{number}] ", "cyan"), (plain(title), "bold not dim"))
    return text.append(f"  {plain(_way(passage))}, {passage.score:.2f}", style="dim")


def _way(passage: RankedPassage | LeftOutPassage) -> str:
    if passage.via in WAYS:
        return WAYS[passage.via]
    return f"{passage.via} “{passage.name}”" if passage.name else passage.via


def _title(passage: RankedPassage) -> str:
    title = passage.title or passage.text[:60].replace("\n", " ")
    return f"{title} › {passage.heading}" if passage.heading else title


def passages(retrieval: Retrieval, *, whole: bool = False) -> RenderableType:
    """Return the ranked passages; `whole` shows their full text, why they are there, and metadata."""
    if not retrieval.passages:
        return Text("no passage fits", style="dim")
    return Group(
        *(_passage(number, passage, whole=whole) for number, passage in enumerate(retrieval.passages, start=1))
    )


def _passage(number: int, passage: RankedPassage, *, whole: bool) -> RenderableType:
    head = Text.assemble((f"[{number}] ", "cyan"), (plain(_title(passage)), "bold"))
    head.append(f"  {passage.score:.2f}", style="green").append(f"  {plain(_way(passage))}", style="dim")
    head.append(plain(_through(passage.path)), style="dim")
    lines: list[Text] = [Text(plain(passage.text if whole else _snippet(passage.text)))]
    lines += [Text(plain(reason), style="dim") for reason in (reasons(passage) if whole else ())]
    if passage.source not in ("", _SHIPPED):
        lines.append(Text(f"{plain(place(passage))}  (id {passage.id[:SHORT_ID]})", style="dim", overflow="fold"))
    if whole and passage.metadata:
        lines.append(Text(plain(", ".join(f"{key}={value!r}" for key, value in passage.metadata.items())), style="dim"))
    return Group(head, Indented(lines))


def left_out(retrieval: Retrieval) -> RenderableType:
    """Return what was found and is not in the result, with the way to it and the reason."""
    lines = [
        Text(f"{plain(one.title)}", style="dim").append(
            plain(f"  {one.score:.2f}, {_way(one)}{_through(one.path)}: {one.why}")
        )
        for one in retrieval.left_out
    ]
    return Group(heading("Left out"), Indented(lines))


def _through(path: Sequence[PathStep]) -> str:
    return " in " + " → ".join(step.title for step in path) if path else ""


def steps(events: Iterable[Event]) -> RenderableType:
    """Return every step of a run with its time and what it did."""
    lines = []
    for event in events:
        facts: dict[str, Any] = dict(event)
        name, hop, ms = facts.pop("event", ""), facts.pop("hop", 0), facts.pop("ms", None)
        said = [f"{key.replace('_', ' ')} {_fact(value)}" for key, value in facts.items() if value not in ([], "")]
        time_taken = "" if ms is None else f"{ms:.1f} ms"
        lines.append(
            Text(f"{plain(name):<9}  hop {hop}  {time_taken:>10}  ").append(plain(", ".join(said)), style="dim")
        )
    return Indented(lines, 2)


def _fact(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def kept_runs(runs: Sequence[Mapping[str, Any]]) -> RenderableType:
    """Return a line for each kept run."""
    return Group(
        *(
            Text(f"{one['id']}  {plain(one['at'])}  {one['ms']:>8.0f} ms  ", style="dim").append(
                plain(one["question"]), style="not dim"
            )
            for one in runs
        )
    )


def kept_run(record: Mapping[str, Any]) -> RenderableType:
    """Return when a kept run was, of what it was asked, and how."""
    facts = {
        "run": record["id"],
        "at": f"{record.get('at', '')}, polyhop {record.get('polyhop', '')}",
        "question": record["question"],
        "turns before": len(record.get("history", ())) or "",
        "collections": ", ".join(str(one.get("name", "")) for one in record["collections"]),
        "k": record["k"],
        "where": record["where"],
        "settings": ", ".join(
            f"{name}={value}" for name, value in record["settings"].items() if value not in ("", None)
        ),
        "own": ", ".join(record.get("own", ())),
    }
    return table({name: value for name, value in facts.items() if value != ""})


def replayed(again: Replay) -> RenderableType:
    """Return what differs between a run and the same asked again."""
    if again.same:
        return Text(f"run {again.run}: all came out as it did", style="green")
    head = Text(f"run {again.run}: {counted(len(again.differences), 'difference')}", style="yellow")
    lines = [
        Text(f"{plain(one.what)}: ").append(plain(one.before), style="dim").append(f" → {plain(one.now)}")
        for one in again.differences
    ]
    return Group(head, Indented(lines, 2))


class _Placed(Protocol):
    """What has a place in a file."""

    @property
    def source(self) -> str: ...
    @property
    def page(self) -> int: ...
    @property
    def heading(self) -> str: ...


def place(passage: _Placed) -> str:
    """Return where a passage is, as a person would cite it: file, page, and the innermost heading."""
    page = f", p. {passage.page}" if passage.page else ""
    section = passage.heading.rpartition(" > ")[2]
    return f"{_near(passage.source)}{page}" + (f" › {section}" if section else "")


# The example's passages all come from one file inside the installation.
_SHIPPED = "example/passages.jsonl"


def _near(source: str) -> str:
    """Return a path below the working directory without what leads there."""
    here = os.getcwd() + os.sep
    return source.removeprefix(here)


def _snippet(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= SNIPPET else flat[: SNIPPET - 1].rsplit(" ", 1)[0] + " …"


def whole_passage(passage: Passage, *, quote: tuple[int, int] | None, path: str) -> RenderableType:
    """Return a passage by itself: its title and headings, where it is, and its text with quoted words in brackets."""
    said = Text(plain(passage.text))
    if quote is not None:
        start, end = quote
        marked = Text(f"[[{plain(passage.text[start:end])}]]", style="bold yellow")
        said = Text.assemble(plain(passage.text[:start]), marked, plain(passage.text[end:]))
    span = passage.span()
    facts = {
        "id": passage.id,
        "document": passage.document,
        "headings": passage.heading.replace(" > ", " › "),
        "where": place(passage),
        "file": path,
        "characters": f"{span[0]:,} to {span[1]:,}" if span else "",
    }
    shown = table({name: value for name, value in facts.items() if value})
    return Group(Text(plain(passage.title), style="bold"), shown, Text(), said)


def neighbour(name: str, passage: Passage | None) -> RenderableType:
    """Return the beginning of the passage before or after another."""
    if passage is None:
        return Text(f"{name}: nothing", style="dim")
    return Group(
        Text(f"{name}: {passage.id}", style="dim"), Indented([Text(plain(_snippet(passage.text)), style="dim")])
    )


def cited(said: Answer) -> Iterator[RenderableType]:
    """Yield for each passage that an answer cites its number and where it is."""
    numbers = dict.fromkeys(number for citation in said.citations for number in citation["passages"])
    for number in sorted(numbers):
        if number <= len(said.retrieval.passages):
            passage = said.retrieval.passages[number - 1]
            where = place(passage) if passage.source else passage.title
            yield Text(f"  [{number}] {plain(where)}", style="dim", overflow="fold")


# Answers


def answer(said: Answer) -> RenderableType:
    """Return the answer, what it is, and for a model's answer which sentences the passages bear out."""
    if not said.found:
        return Indented([Text(plain(said.text))], 2)
    lines: list[Text] = []
    for citation in said.citations:
        line = Text(plain(citation["sentence"]))
        line.append("".join(f" [{number}]" for number in citation["passages"]), style="cyan")
        if not said.extractive and not citation["supported"]:
            line.append(f"  not borne out: {plain(citation.get('why', ''))}", style="yellow")
        lines.append(line)
    return Indented(lines, 2)


def answer_kind(said: Answer, *, whole: bool = False) -> str:
    """Return what kind of answer it is, for the heading; `whole` says whether its probability is calibrated."""
    if not said.extractive:
        held = sum(citation["supported"] for citation in said.citations)
        return f"Answer by {said.model}, {held} of {len(said.citations)} sentences borne out by the passages"
    if not said.found:
        return "Answer"
    sure = "" if said.confidence is None else f", right with {100 * said.confidence:.0f} % probability"
    sure += f", {_calibrated(said)}" if sure and whole else ""
    return f"Answer{sure} (quoted from the passages, no language model)"


def summary(retrieval: Retrieval, *, whole: bool = False, answered: bool = False) -> RenderableType:
    """Return how sufficient the passages are, if that is known, how long each step took and why the run ended.

    `whole` says in words what the first means; beside an answer that says how sure it is, it alone tells the first.
    """
    lines = [Text(plain(said), style="yellow") for said in retrieval.instructions]
    lines.append(timings(retrieval.events, retrieval.stopped))
    if retrieval.sufficiency is not None and (whole or not answered):
        short = f"sufficient: {100 * retrieval.sufficiency:.0f} %"
        lines.insert(-1, Text(assurance(retrieval) if whole else short, style="dim"))
    if retrieval.spent:
        lines.append(spending(retrieval))
    return Group(*lines)


def sub_questions(retrieval: Retrieval) -> RenderableType:
    """Return what the question was split into, each part with its likeliest answer."""
    parts = [
        Text(plain(one.question)).append(f"  {plain(one.answers[0]) if one.answers else 'no answer'}", style="green")
        for one in retrieval.sub_questions
    ]
    return Indented(parts, 2)


def spending(retrieval: Retrieval) -> Text:
    """Return what language models were asked for, and what that cost."""
    cost, steps = retrieval.cost, ", ".join(retrieval.spent)
    said = f"language model ({steps}): {counted(cost.calls, 'call')}, {cost.tokens_in + cost.tokens_out:,} tokens"
    said += f", ${cost.dollars:.4f}" if cost.dollars else ""
    said += f", {cost.cached} from the cache" if cost.cached else ""
    said += f", {cost.failed} failed" if cost.failed else ""
    return Text(f"{said}, {cost.seconds:.1f} s", style="dim")


def timings(events: Iterable[Event], stopped: str) -> Text:
    """Return how long each step took and why the run ended."""
    steps = [(event["event"], event.get("ms", 0.0)) for event in events]
    shown = [f"{name} {ms:.0f} ms" for name, ms in steps if name not in ("finish", "judge") and ms >= 0.5]
    total = sum(ms for name, ms in steps if name != "finish")
    return Text(f"{', '.join(shown)}; {total:.0f} ms in all; stopped: {plain(stopped)}", style="dim")


# Reports


def index_report(report: IndexReport, seconds: float) -> RenderableType:
    """Return what indexing did, and what it could not use."""
    vanished = f"{len(report.vanished):,}"
    if report.vanished:
        vanished += ", their documents removed" if report.pruned else ", kept; --prune removes their documents"
    reread = f"{report.reread:,} that had not changed: they are read in another way now" if report.reread else ""
    facts = {
        "files": f"{report.files:,}: {report.indexed:,} read, {report.unchanged:,} unchanged",
        "reread": reread,
        "folder": "; ".join(f"{_near(new)} was {_near(old)}" for old, new in report.folders),
        "moved": f"{len(report.moved):,}" if report.moved else "",
        "vanished": vanished if report.vanished else "",
        "documents": f"{report.documents_added:,} added, {report.documents_changed:,} changed, "
        f"{report.documents_removed:,} removed",
        "passages": f"{report.passages:,} written, {report.embedded:,} embedded",
        "seconds": f"{seconds:.1f}",
    }
    parts: list[RenderableType] = [table({name: value for name, value in facts.items() if value})]
    if report.dropped or report.left_out:
        parts += [heading("Left out"), *_left_out(report)]
    if report.skipped:
        parts += [heading(f"Skipped ({len(report.skipped):,})"), skipped(report.skipped)]
    return Group(*parts)


def changes(report: IndexReport) -> RenderableType:
    """Return a line on a pass over what changed, and what it could not use."""
    gone = counted(len(report.vanished), "file") + " gone"
    facts = {
        counted(report.indexed, "file") + " read": report.indexed,
        f"{len(report.moved):,} moved": len(report.moved),
        gone if report.pruned else f"{gone}, what stood there is kept without --prune": len(report.vanished),
        counted(report.embedded, "passage") + " embedded": report.embedded,
        counted(report.documents_removed, "document") + " removed": report.documents_removed,
    }
    folders = [f"{_near(new)} was {_near(old)}" for old, new in report.folders]
    said = ", ".join([*folders, *(what for what, number in facts.items() if number)]) or "skipped"
    faults = [
        Text(f"{plain(_near(place))}: {plain(reason.partition(READABLE)[0])}", style="yellow", overflow="fold")
        for place, reason in report.skipped[:MOST_SKIPPED]
    ]
    if len(report.skipped) > MOST_SKIPPED:
        faults.append(Text(f"and {len(report.skipped) - MOST_SKIPPED:,} more", style="dim"))
    return Group(Text(f"{time.strftime('%H:%M:%S')}  {plain(said)}"), Indented(faults, 10))


def _left_out(report: IndexReport) -> Iterator[RenderableType]:
    """Yield a line for each kind of text that readers dropped, and for each folder that was not looked at."""
    for what, characters in sorted(report.dropped.items(), key=lambda one: (-one[1], one[0])):
        yield Text(f"{plain(what)}: {counted(characters, 'character')}", style="dim")
    for folder, reason, files in report.left_out[:MOST_SKIPPED]:
        yield Text(f"{plain(_near(folder))}: {counted(files, 'file')}, {plain(reason)}", style="dim", overflow="fold")
    if len(report.left_out) > MOST_SKIPPED:
        yield Text(f"and {len(report.left_out) - MOST_SKIPPED:,} more folders; --json lists all", style="dim")
    if report.left_out:
        yield Text("--all takes these files", style="dim")


def skipped(items: Sequence[tuple[str, str]]) -> RenderableType:
    """Return places with the reason why they were skipped, the first fifty of them."""
    rows: list[RenderableType] = []
    readable = ""
    for place, reason in items[:MOST_SKIPPED]:
        reason, _, formats = reason.partition(READABLE)
        readable = formats or readable
        rows.append(Text(plain(_near(place)), overflow="fold"))
        rows.append(Indented([Text(plain(reason), style="yellow")]))
    if len(items) > MOST_SKIPPED:
        rows.append(Text(f"and {len(items) - MOST_SKIPPED:,} more; --json lists all", style="dim"))
    if readable:
        rows.append(Text(f"readable are {readable}", style="dim"))
    return Group(*rows)


def table(facts: Mapping[str, Any]) -> RenderableType:
    """Return names and values in two columns."""
    wide = max(map(len, facts))
    return Group(
        *(
            Text(f"{name:<{wide}}  ", style="dim").append(plain(str(value)), style="not dim")
            for name, value in facts.items()
        )
    )


def diagnosis(found: Diagnosis) -> RenderableType:
    """Return facts, what looks wrong, and at which depth of long documents sentences are found."""
    parts: list[RenderableType] = [table({name: _said(value) for name, value in found.facts.items() if value})]
    for name, depths in found.depths.items():
        ranks = ", ".join(f"{one.percent} %: {one.rank or 'not found'}" for one in depths)
        parts += [heading("Rank of a sentence by its depth"), Text(plain(f"{name}: {ranks}"))]
    parts.append(heading("Looks wrong" if found.problems else "Nothing looks wrong"))
    for problem in found.problems:
        parts.append(Text(f"{plain(problem.what)}: {plain(problem.detail)}", style="yellow"))
        parts.append(Indented([Text(plain(one), style="dim") for one in problem.places]))
    return Group(*parts)


def _said(value: object) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{name} {number:,}" for name, number in value.items())
    if isinstance(value, list):
        return "; ".join(map(str, value[:10])) + ("; …" if len(value) > 10 else "")
    return f"{value:,}" if isinstance(value, int) else str(value)


def reasons(passage: RankedPassage) -> Iterator[str]:
    """Yield a line on how it was found, one on its score, and one on its duplicates if it has any."""
    yield _found(passage)
    if passage.parts:
        yield f"score {passage.score:.2f} = {_sum(passage.parts)}"
    if passage.duplicates:
        yield f"moved back, since they say nearly the same: {', '.join(step.title for step in passage.duplicates)}"


def assurance(retrieval: Retrieval) -> str:
    """Return how likely the first passages are all that is needed, and whether the ranking was looked at again."""
    again = "after a second look" if retrieval.looked_again else "without a second look"
    known = retrieval.sufficiency
    if known is None:
        return f"nobody estimates whether the passages suffice; {again}"
    means = "that the first five passages hold all that the question needs"
    return f"sufficient: {100 * known:.0f} %, {means}; {_calibrated(retrieval)}; {again}"


def _calibrated(said: Answer | Retrieval) -> str:
    return f"{'' if said.calibrated else 'not '}calibrated for this collection"


def _found(passage: RankedPassage) -> str:
    """Return the search that found it, and what was followed: the words of the span, and where they stand."""
    hop = f"hop {passage.hop}" if passage.hop else "first search"
    span = passage.span
    if span is None:
        return f"{hop}, {passage.via}" if passage.hop else hop
    place = f"“{passage.path[-1].title}”" if passage.path else "the question"
    return f"{hop}, {passage.via} through “{span.text}”, characters {span.start} to {span.end} of {place}"


def _sum(parts: Mapping[str, float]) -> str:
    """Return the parts as a sum, the largest first."""
    first, *others = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    signed = [f" {'-' if value < 0 else '+'} {name} {abs(value):.2f}" for name, value in others]
    return f"{first[0]} {first[1]:.2f}{''.join(signed)}"


PAIRED = ("recall@5", "all@5")


def evaluation_table(evaluation: Evaluation, title: str = "") -> Table:
    """Return a row for each system: shares in percent, and the paired differences with their intervals."""
    from .evaluate.compare import DEPTHS
    from .evaluate.metrics import metrics

    shown = Table("", title=title, caption=_caption(evaluation))
    for column in (*metrics(DEPTHS), *(f"{metric} gains" for metric in PAIRED), "over", "ms"):
        shown.add_column(column, justify="right")
    for name, one in evaluation.systems.items():
        figures = [f"{100 * one.figures[metric][0]:.1f}" for metric in metrics(DEPTHS)]
        gains = [_interval(one.differences[metric]) if one.differences else "" for metric in PAIRED]
        shown.add_row(name, *figures, *gains, one.against, f"{one.ms:.0f}")
    return shown


def calibration_table(report: CalibrationReport, profile: str) -> Table:
    """Return a row for each score: shares in percent, and calibration errors."""
    shown = Table("", title=f"profile {profile}", caption=f"{report.questions:,} questions; percent")
    for column in ("questions", "stated", "true", "AUROC", "calibration error", "error calibrated, other half"):
        shown.add_column(column, justify="right")
    for name, one in report.scores.items():
        order = "" if one.auroc is None else f"{100 * one.auroc:.1f}"
        figures = (f"{100 * share:.1f}" for share in (one.error, one.error_after))
        shown.add_row(name, f"{one.questions:,}", f"{100 * one.stated:.1f}", f"{100 * one.true:.1f}", order, *figures)
    return shown


def _interval(numbers: Sequence[float]) -> str:
    """Return [mean, low, high] in percent, with signs."""
    mean, low, high = (f"{100 * number:+.1f}" for number in numbers)
    return f"{mean} [{low}, {high}]"


def _caption(evaluation: Evaluation) -> str:
    missing = len(evaluation.missing)
    lacking = f"; {missing:,} of them not in the collection, counted as missed" if missing else ""
    return f"{evaluation.questions:,} questions, {evaluation.gold:,} gold passages{lacking}"
