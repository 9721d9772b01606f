"""Files as people have them: whether their passages are found, and whether what is quoted is right and where it says.

python -m benchmarks.documents FILES... QUESTIONS.jsonl --profiles fast,quality --systems bm25,hybrid --json OUT.json

A line of the questions is `{question, answer | answers, gold}`; each of the gold is a passage `{title, text}`, or
`{file, page, section, sentence}` as far as known. `file`, `page`, `section` and `sentence` may also stand in the line
itself. A question without gold and answers is one that nothing answers: the right outcome is that none is given.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from polyhop.agent import Agent, Answer, Collection, Settings
from polyhop.agent.evaluate.metrics import auroc
from polyhop.agent.evaluate.systems import SYSTEMS
from polyhop.core.files import read_rows
from polyhop.core.types import Document
from polyhop.ingest.readers import read_file

from .answers import holds, plain
from .harness import PROFILES, BenchmarkError, Command, Given, Report, option, peak_mb, positive, progress
from .metrics import percent

DEEPEST, KS, ALL = 10, (1, 2, 5, 10), 5
#: words in a row by which a passage is known that was cut in another way
SHINGLE = 5
#: of the shingles of the shorter of two texts, how many the other one has if it is the same passage
ALIKE = 0.5
BINS = 10

OPTIONS = (
    option("files", metavar="FILES", nargs="+", help="files and folders to index"),
    option("questions", metavar="QUESTIONS.jsonl", type=Path, help="questions with what answers them"),
    option("--profiles", default="fast", help="profiles of polyhop, with commas between them (default: %(default)s)"),
    option("--systems", default="", help="plain searches to compare with, with commas between: dense, bm25, hybrid"),
    option("--retrieval", action="store_true", help="measure what is found alone, no answers"),
    option("--limit", type=positive, help="ask only the first N questions"),
    option("--kinds", action="store_true", help="tell answers by type of question too"),
    option("--wrong", action="store_true", help="print what was answered wrongly or not found"),
)


@dataclass(frozen=True, slots=True)
class GoldPlace:
    """Where an answer stands; what is not known is empty. `file` is the end of a path, `text` a passage or sentence."""

    file: str = ""
    page: int = 0
    section: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class DocumentQuestion:
    """A question, the answers that are right, and where they stand; neither for one that nothing answers."""

    text: str
    answers: tuple[str, ...]
    gold: tuple[GoldPlace, ...]
    kind: str = ""


def questions_of(path: Path, limit: int | None = None) -> list[DocumentQuestion]:
    """Return the questions of a file."""
    found = [_question(place, row) for place, row in read_rows(path)][:limit]
    if not found:
        raise BenchmarkError(f"{str(path)!r} holds no questions")
    return found


def _question(place: str, row: Mapping[str, Any]) -> DocumentQuestion:
    text = row.get("question")
    if not isinstance(text, str) or not text.strip():
        raise BenchmarkError(f"{place}: its question is {text!r}; a text is expected")
    answers = row.get("answers") or ([row["answer"]] if row.get("answer") else [])
    gold = [one for each in row.get("gold") or [row] for one in _places(each)]
    return DocumentQuestion(text, tuple(map(str, answers)), tuple(gold), str(row.get("type") or ""))


def _places(given: Mapping[str, Any]) -> Iterator[GoldPlace]:
    """Yield the places of one gold entry, one for each of its files; `page` may be the name of a file."""
    page, text = given.get("page"), str(given.get("sentence") or given.get("text") or "")
    files = given.get("file") or (page if isinstance(page, str) else "")
    number, section = page if isinstance(page, int) else 0, str(given.get("section") or "")
    for file in [files] if isinstance(files, str) else files:
        if file or text:
            yield GoldPlace(file, number, section, text)


@dataclass(frozen=True, slots=True)
class Found:
    """Ranks of what a question needs, its files and its passages; 0: not among the first."""

    question: DocumentQuestion
    files: Sequence[int]
    passages: Sequence[int]


@dataclass(frozen=True, slots=True)
class Asked(Found):
    """What became of a question: what was found, its answer, and how that was."""

    outcome: str
    answer: Answer
    seconds: float


def measure(options: Given, report: Report) -> None:
    """Index the files, ask the questions in each profile, and show the tables as they come."""
    profiles = options.profiles.split(",")
    if wrong := [one for one in profiles if one not in PROFILES]:
        raise BenchmarkError(f"unknown profile {wrong[0]!r}; there are {', '.join(PROFILES)}")
    systems = [one for one in options.systems.split(",") if one]
    if wrong := [one for one in systems if one not in SYSTEMS]:
        raise BenchmarkError(f"unknown system {wrong[0]!r}; there are {', '.join(SYSTEMS)}")
    questions = questions_of(options.questions, options.limit)
    with tempfile.TemporaryDirectory(prefix="polyhop-documents-") as home:
        indexed = _indexed(Path(home), options.files)
        report.add(indexing=indexed)
        report.show("indexing", [indexed])
        texts: dict[str, str] = {}
        for system in [*systems, *(profiles if options.retrieval else ())]:
            _tell_found(report, system, _retrieved(home, system, questions), kinds=options.kinds)
        for profile in () if options.retrieval else profiles:
            with Agent.open(home, settings=Settings(profile=profile)) as agent:
                asked = [_asked(agent, one) for one in progress(questions, profile, len(questions))]
            _tell_found(report, profile, asked, kinds=options.kinds)
            figures = _outcomes(asked)
            report.add_to("answers", {"profile": profile} | figures)
            report.show(f"{profile}: answers, percent", [_shown(figures)])
            if options.kinds:
                kinds = sorted({one.question.kind for one in asked})
                rows = [[one for one in asked if one.question.kind == kind] for kind in kinds]
                report.show(
                    f"{profile}: by type, percent",
                    [{"type": kind} | _shown(_outcomes(row)) for kind, row in zip(kinds, rows, strict=True)],
                )
            if options.wrong:
                _tell(report, profile, asked)
            exact = _exact(asked, options.files, texts)
            report.add_to("citations", {"profile": profile} | exact)
            report.show(f"{profile}: citations", [exact])


def _retrieved(home: str, system: str, questions: Sequence[DocumentQuestion]) -> list[Found]:
    """Return what a plain search finds for each question, or a profile of polyhop."""
    profile = system if system in PROFILES else "fast"
    with Agent.open(home, settings=Settings(profile=profile)) as agent:
        search = SYSTEMS[system](agent.retriever) if system in SYSTEMS else agent.retrieve
        asked = progress(questions, system, len(questions))
        return [_found(one, _passages(search(one.text, DEEPEST))) for one in asked]


def _passages(found: Any) -> Sequence[Any]:
    return getattr(found, "passages", found)  # type: ignore[no-any-return]


COMMAND = Command("documents", __doc__, OPTIONS, measure)


def _indexed(home: Path, files: Sequence[str]) -> dict[str, Any]:
    """Index files and return what that took; reading is measured apart, in a run of its own."""
    began = time.perf_counter()
    count = sum(1 for file in _all_files(files) for _ in read_file(file))
    reading = time.perf_counter() - began
    began = time.perf_counter()
    Collection.create(home).close()
    with Agent.open(home) as agent:
        found = agent.index(files)
    seconds = time.perf_counter() - began
    number = max(1, found.files)
    return {
        "files": found.files,
        "documents": count,
        "passages": found.passages,
        "skipped": len(found.skipped),
        "left out, characters": sum(found.dropped.values()),
        "reading, s": round(reading, 1),
        "all, s": round(seconds, 1),
        "ms a file": round(1000 * seconds / number),
        "peak, MB": round(peak_mb()),
    }


def _all_files(files: Iterable[str]) -> Iterator[Path]:
    for file in map(Path, files):
        yield from sorted(one for one in file.rglob("*") if one.is_file()) if file.is_dir() else [file]


def _asked(agent: Agent, question: DocumentQuestion) -> Asked:
    began = time.perf_counter()
    answer = agent.ask(question.text, DEEPEST // 2)
    seconds = time.perf_counter() - began
    found = _found(question, agent.retrieve(question.text, DEEPEST).passages)
    return Asked(question, found.files, found.passages, _outcome(question, answer), answer, seconds)


def _found(question: DocumentQuestion, passages: Sequence[Any]) -> Found:
    own = [place for place in question.gold if place.file]
    in_file = [_rank([_is_of(passage.source or passage.document, place.file) for passage in passages]) for place in own]
    in_passage = [_rank([_holds(passage, place) for passage in passages]) for place in question.gold if place.text]
    return Found(question, in_file, in_passage)


def _rank(found: Sequence[bool]) -> int:
    return found.index(True) + 1 if True in found else 0


def _is_of(source: str, file: str) -> bool:
    """Say whether a path ends with the path of a file."""
    return f"/{source.partition('#')[0]}".endswith(f"/{file.strip('./')}")


def _holds(passage: Any, place: GoldPlace) -> bool:
    """Say whether a passage holds a gold text, or is much of it."""
    if place.file and not _is_of(passage.source or passage.document, place.file):
        return False
    own, gold = _words(f"{passage.title} {passage.heading} {passage.text}"), _words(place.text)
    if f" {' '.join(gold)} " in f" {' '.join(own)} ":
        return True
    ours, theirs = _shingles(own), _shingles(gold)
    return len(ours & theirs) >= ALIKE * max(1, min(len(ours), len(theirs)))


def _words(text: str) -> list[str]:
    return plain(text).split()


def _shingles(words: Sequence[str]) -> set[tuple[str, ...]]:
    return {tuple(words[place : place + SHINGLE]) for place in range(max(1, len(words) - SHINGLE + 1))}


def _outcome(question: DocumentQuestion, answer: Answer) -> str:
    """Return `right`, `wrong` or `not found`; a right answer holds an accepted one, out of a gold file."""
    if not answer.found:
        return "not found" if question.answers else "right"
    said = [citation["sentence"] for citation in answer.citations] or [answer.text]
    cited = {number for citation in answer.citations for number in citation["passages"]}
    shown = [answer.retrieval.passages[number - 1] for number in sorted(cited)]
    files = [place.file for place in question.gold if place.file]
    of_gold = not files or any(_is_of(passage.source, file) for passage in shown for file in files)
    return "right" if of_gold and any(holds(said, one) for one in question.answers) else "wrong"


def _tell_found(report: Report, name: str, found: Sequence[Found], *, kinds: bool) -> None:
    """Add what a system found, and show it, by type of question too if asked."""
    figures = _figures(found)
    report.add_to("retrieval", {"system": name} | figures)
    report.show(f"{name}: retrieval, percent", [_shown(figures)])
    if kinds:
        rows = []
        for kind in sorted({one.question.kind for one in found}):
            rows.append({"type": kind} | _shown(_figures([one for one in found if one.question.kind == kind])))
        report.show(f"{name}: retrieval by type, percent", rows)


def _figures(found: Sequence[Found]) -> dict[str, Any]:
    """Return the mean share of what a question needs among the first k, and how often that is all."""
    figures: dict[str, Any] = {}
    for name, ranks in (("file", [one.files for one in found]), ("passage", [one.passages for one in found])):
        counted = [each for each in ranks if each]
        figures[f"questions with a {name}"] = len(counted)
        for k in KS if counted else ():
            inside = [[0 < rank <= k for rank in each] for each in counted]
            figures[f"{name} recall@{k}"] = round(float(np.mean([np.mean(each) for each in inside])), 4)
            if k == ALL:
                figures[f"{name} all@{k}"] = round(float(np.mean([all(each) for each in inside])), 4)
    return figures


def _outcomes(asked: Sequence[Asked]) -> dict[str, Any]:
    number = max(1, len(asked))
    shares = {
        name: round(sum(one.outcome == name for one in asked) / number, 4) for name in ("right", "wrong", "not found")
    }
    given = [one for one in asked if one.answer.found and one.answer.confidence is not None]
    right = [one.outcome == "right" for one in given]
    sure = [one.answer.confidence for one in given]
    return {
        "questions": len(asked),
        **shares,
        "ms": round(1000 * float(np.median([one.seconds for one in asked]))) if asked else 0,
        "answers with confidence": len(given),
        "AUROC": round(auroc(right, sure), 4) if given else None,
        "calibration error": round(calibration(right, sure), 4) if given else None,
    }


def calibration(right: Sequence[bool], sure: Sequence[float]) -> float:
    """Return the expected calibration error over ten bins of equal size."""
    order = np.argsort(np.asarray(sure), kind="stable")
    true, stated = np.asarray(right, float)[order], np.asarray(sure, float)[order]
    bins = [one for one in np.array_split(np.arange(len(order)), BINS) if len(one)]
    return float(sum(len(one) * abs(true[one].mean() - stated[one].mean()) for one in bins) / len(order))


def _exact(asked: Sequence[Asked], files: Sequence[str], texts: dict[str, str]) -> dict[str, Any]:
    """Count the citations whose characters of the extracted text are the quoted words.

    The files are read again, as somebody would who opens a citation.
    """
    if not texts:
        for file in _all_files(files):
            texts.update((item.key, item.text) for item in read_file(file) if isinstance(item, Document))
    cited = [
        (citation.get("quote") or citation["sentence"], place)
        for one in asked
        for citation in one.answer.citations
        for place in citation.get("places", ())
    ]
    exact = sum(_text_at(texts, place).split() == words.split() for words, place in cited)
    return {"places": len(cited), "exact": exact}


def _text_at(texts: Mapping[str, str], place: Mapping[str, Any]) -> str:
    """Return the characters of a file that a citation names, nothing where it names none."""
    if place["start"] is None:
        return ""
    text = next((text for key, text in texts.items() if _is_place(key, place)), "")
    return text[place["start"] : place["end"]]


def _is_place(key: str, place: Mapping[str, Any]) -> bool:
    """Say whether a document, whose key is its path and what is behind "#", is that of a place."""
    path, _, row = key.partition("#")
    return _is_of(path, place["source"].partition("#")[0]) and row == place["key"].partition("#")[2]


def _shown(figures: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: percent(value) if isinstance(value, float) and re.search("recall|all@|right|wrong|found", name) else value
        for name, value in figures.items()
    }


def _tell(report: Report, profile: str, asked: Sequence[Asked]) -> None:
    rows = [
        {
            "outcome": one.outcome,
            "question": one.question.text,
            "right": "; ".join(one.question.answers),
            "said": one.answer.text[:160],
            "ranks": f"{list(one.files)} {list(one.passages)}",
        }
        for one in asked
        if one.outcome != "right"
    ]
    if rows:
        report.show(f"{profile}: not right", rows)


if __name__ == "__main__":
    COMMAND.run()
