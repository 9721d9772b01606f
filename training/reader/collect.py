"""Readings from the files of published question sets, one function for each format."""

from __future__ import annotations

import ast
import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.words import fold, sentences
from .lists import GoldPage, GoldReading, GoldSentence, nearest, words

Chance = np.random.Generator
#: how many paragraphs away the others of a document are at most
NEAR = 7
#: rows of a table at most, and characters of the cells of a row that answers
ROWS, LONG = 12, 300
#: characters of a line that may be a heading
HEADING = 100
#: questions that a table's row alone does not answer
_OVER_ROWS = re.compile(
    r"\b(?:how many|total|most|least|more|less|fewer|last|first|next|previous|before|after|above|below|average|"
    r"\w+est|difference|sum|only|same|listed|consecutive|both|or|number of|other|besides|top|bottom)\b"
)
_NAME = re.compile(r"\b[A-Z][\w'-]+\b")
_NUMBER = re.compile(r"\b\d[\d.,]*\b")


def _text(file: Path) -> str:
    data = file.read_bytes()
    return (gzip.decompress(data) if file.suffix == ".gz" else data).decode()


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    return (json.loads(line) for line in _text(file).splitlines() if line)


# Running text


def _page(text: str, heading: str = "", spans: Iterable[tuple[int, int]] = ()) -> GoldPage:
    """Return the sentences of a text; one holds the answer if a span of these characters lies in it."""
    spans, made, end = list(spans), [], 0
    for one in sentences(text):
        start = max(end, text.find(one, end))
        end = start + len(one)
        inside = [(at - start, to - start) for at, to in spans if start <= at < to <= end + 1]
        answer = (inside[0][0], min(len(one), inside[0][1])) if inside else None
        made.append(GoldSentence(one, "holds" if inside else "no", answer))
    return GoldPage(heading, made)


def _reading(
    domain: str, question: str, own: Sequence[GoldPage], others: Iterable[GoldPage], **more: bool
) -> GoldReading:
    others = [page for page in others if page.sentences and page not in own]
    return GoldReading(domain, question.strip(), [*own, *nearest(question, others)], **more)


def squad(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of a file in the format of SQuAD, 1.1 or 2.0."""
    for article in json.loads(_text(file))["data"]:
        yield from _of_article(article, domain)


def _of_article(article: Mapping[str, Any], domain: str) -> Iterator[GoldReading]:
    named = str(article.get("title") or "").replace("_", " ")
    titles, pages = [], []
    for paragraph in article["paragraphs"]:
        # A document in one piece has its title on its first line; titles of collections say nothing.
        title = named or paragraph["context"].split("\n", 1)[0][:120]
        titles.append("" if re.search("Reviews|Comments", title) else title)
        pages.append(_page(paragraph["context"], titles[-1]))
    for place, paragraph in enumerate(article["paragraphs"]):
        near = [page for at, page in enumerate(pages) if at != place and abs(at - place) <= NEAR]
        for one in paragraph["qas"]:
            marks = [(each["answer_start"], each["answer_start"] + len(each["text"])) for each in one["answers"]]
            own = _page(paragraph["context"], titles[place], marks)
            if own.holds or not marks:
                yield _reading(domain, one["question"], [own], near)


def spans(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of JSON lines with `question`, `heading`, `text`, `spans`, and `others` of heading and text.

    A span is the first character of an answer and the one behind its last.
    """
    for row in _rows(file):
        own = _page(row["text"], row["heading"], map(tuple, row["spans"]))
        if own.holds or not row["spans"]:
            yield _reading(
                domain, row["question"], [own], (_page(one["text"], one["heading"]) for one in row["others"])
            )


def fairytale(folder: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of FairytaleQA's folder `data-by-train-split`, of explicit answers within one section."""
    for file in sorted(folder.glob("questions/*/*.csv")):
        story = folder / "section-stories" / file.parent.name / file.name.replace("-questions", "-story")
        if not story.exists():
            continue
        title = file.name.removesuffix("-questions.csv").replace("-", " ").capitalize()
        parts = csv.DictReader(io.StringIO(_text(story)))
        pages = {row["section"]: _page(row["text"], title) for row in parts}
        for row in csv.DictReader(io.StringIO(_text(file))):
            own = pages.get(row["cor_section"])
            if own is None or row["ex-or-im1"] != "explicit" or row["local-or-sum"] != "local":
                continue
            marked = _with_answer(row["answer1"], row["question"], [own])
            if marked is not None:
                yield _reading(domain, row["question"], marked, (page for page in pages.values() if page is not own))


def _with_answer(answer: str, question: str, pages: Sequence[GoldPage]) -> list[GoldPage] | None:
    """Return pages with the sentence marked that has an answer and shares most words with the question, if any does."""
    asked = words(question)
    best, where = -1, (-1, -1)
    for at, page in enumerate(pages):
        for place, one in enumerate(page.sentences):
            before = page.sentences[place - 1].text if place else ""
            shared = len(asked & words(f"{one.text} {before}"))
            if shared > best and f" {_plain(answer)} " in f" {_plain(one.text)} ":
                best, where = shared, (at, place)
    return (
        None
        if best < 0
        else [_marked(page, where[1] if at == where[0] else -1, answer) for at, page in enumerate(pages)]
    )


def _marked(page: GoldPage, held: int, answer: str = "") -> GoldPage:
    """Return a page with one sentence marked as the one that holds an answer; -1 marks none."""
    made = list(page.sentences)
    if held >= 0:
        text = made[held].text
        at = text.casefold().find(answer.casefold()) if answer else -1
        made[held] = GoldSentence(text, "holds", (at, at + len(answer)) if at >= 0 else None)
    return GoldPage(page.heading, made)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


def clapnq(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of a file of ClapNQ; those that need more than two sentences are left out."""
    for row in _rows(file):
        passage, said = row["passages"][0], row.get("output") or [{}]
        chosen = {fold(one) for one in said[0].get("selected_sentences", [])}
        if len(chosen) <= 2:
            texts = [(_tidy(one), "holds" if fold(one) in chosen else "no") for one in passage["sentences"]]
            page = GoldPage(passage["title"], [GoldSentence(text, label) for text, label in texts])  # type: ignore[arg-type]
            yield GoldReading(domain, row["input"], [page])


def _tidy(text: str) -> str:
    """Undo the spaces that a tokenizer put around marks."""
    text = re.sub(r"\s+([.,;:!?%)\]])", r"\1", text.replace("``", '"').replace("''", '"'))
    return re.sub(r"([(\[])\s+", r"\1", text).replace(" 's", "'s").replace(" - ", "-")


def multihop(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of questions with gold passages, with the sentences that lead to the answer marked."""
    for row in _rows(file):
        answer, golden = row["answer"], row["gold"]
        if fold(answer) in ("yes", "no") or fold(answer) in fold(row["question"]):
            continue
        pages = _with_answer(answer, row["question"], [_page(one["text"], one["title"] or "") for one in golden])
        if pages is None:
            continue
        names = [re.sub(r"\s*\(.*\)$", "", one["title"] or "") for one in golden]
        made = [_led(page, [name for at, name in enumerate(names) if at != place]) for place, page in enumerate(pages)]
        others = (_page(one["text"], one["title"] or "") for one in row.get("distractors") or [])
        yield _reading(domain, row["question"], made, others, led=True)


def _led(page: GoldPage, names: Sequence[str]) -> GoldPage:
    """Return a gold page with the sentences marked that name another one and do not hold the answer."""

    def marked(one: GoldSentence) -> GoldSentence:
        leads = one.label == "no" and any(len(name) > 3 and name in one.text for name in names)
        return GoldSentence(one.text, "supports") if leads else one

    return GoldPage(page.heading, [marked(one) for one in page.sentences])


# Tables


def row_text(columns: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row as `column: value; column: value`, without empty cells."""
    pairs = zip(columns, cells, strict=False)
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell and cell not in "-–—")


def _table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], heading: str, *, held: int = -1, column: int = -1
) -> GoldPage:
    """Return the rows of a table as sentences, some of a long one, behind its header, which holds nothing.

    Args:
        held: the row that holds the answer, -1 for none; `column` is the one where it stands, -1 for unknown.
    """
    first = max(0, held - ROWS // 2)
    made = [GoldSentence("; ".join(filter(None, columns)))]
    for number, row in list(enumerate(rows))[first : first + ROWS]:
        text, answer = row_text(columns, row), None
        if number == held and column >= 0:
            start = len(row_text(columns[: column + 1], row[: column + 1])) - len(row[column])
            answer = (start, start + len(row[column]))
        if text:
            made.append(GoldSentence(text, "holds" if number == held else "no", answer))
    return GoldPage(heading, made)


def wikitables(folder: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of WikiTableQuestions, of questions that one row answers, and questions made of its tables.

    `folder` holds `training.tsv` and the folder `csv`.
    """
    tables: dict[str, tuple[list[str], list[list[str]]]] = {}
    for row in csv.DictReader(io.StringIO(_text(folder / "training.tsv")), delimiter="\t", quoting=csv.QUOTE_NONE):
        name = row["context"]
        if name not in tables:
            lines = list(csv.reader(io.StringIO(_text(folder / name)), escapechar="\\", doublequote=False))
            cells = [[re.sub(r"\s+", " ", cell) for cell in line] for line in lines]
            tables[name] = cells[0], [line for line in cells[1:] if len(line) == len(cells[0])]
        columns, lines = tables[name]
        question, answer = row["utterance"], fold(row["targetValue"])
        held = [at for at, line in enumerate(lines) if answer in map(fold, line)]
        if len(held) != 1 or _OVER_ROWS.search(question) or len(" ".join(lines[held[0]])) > LONG:
            continue
        beside = " ".join(cell for cell in lines[held[0]] if fold(cell) != answer)
        if words(question) & words(beside):
            column = [fold(cell) for cell in lines[held[0]]].index(answer)
            yield GoldReading(domain, question, [_table(columns, lines, "", held=held[0], column=column)])
    for columns, lines in tables.values():
        yield from _cells(columns, lines, domain, chance)


def _cells(
    columns: Sequence[str], lines: Sequence[Sequence[str]], domain: str, chance: Chance
) -> Iterator[GoldReading]:
    """Yield questions for a cell of a table by its column and what names its row."""
    keys = [line[0] for line in lines]
    named = [at for at, key in enumerate(keys) if re.search("[A-Za-z]{3}", key) and keys.count(key) == 1]
    others = [at for at in range(1, len(columns)) if re.search("[A-Za-z]{3}", columns[at]) and len(columns[at]) < 30]
    if len(named) < 4 or not others:
        return
    for at in chance.choice(named, size=2, replace=False):
        column = int(chance.choice(others))
        if not lines[at][column] or sum(map(len, lines[at])) > LONG:
            continue
        asked, key = fold(columns[column]), keys[at]
        forms = (f"What is the {asked} of {key}?", f"{key} {asked}", f"Which {asked} does {key} have?")
        question = forms[int(chance.integers(len(forms)))]
        if chance.random() >= 0.25:
            yield GoldReading(domain, question, [_table(columns, lines, "", held=int(at), column=column)])
        elif chance.random() < 0.5:  # the row is not there
            kept = [line for place, line in enumerate(lines) if place != at]
            yield GoldReading(domain, question, [_table(columns, kept[max(0, at - ROWS // 2) :], "")])
        else:  # the row is there, the column is not
            kept = [[cell for place, cell in enumerate(line) if place != column] for line in lines]
            left = [name for place, name in enumerate(columns) if place != column]
            yield GoldReading(domain, question, [_table(left, kept[max(0, at - ROWS // 2) :], "")])


def tatqa(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of TAT-QA whose answer stands in one row of the table or in the text."""
    for report in json.loads(_text(file)):
        yield from _of_report(report, domain)


def _of_report(report: Mapping[str, Any], domain: str) -> Iterator[GoldReading]:
    cells = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in report["table"]["table"]]
    first = next((at for at, row in enumerate(cells) if at and any(map(_is_amount, row[1:]))), 1)
    columns = [" ".join(dict.fromkeys(filter(None, names))) for names in zip(*cells[:first], strict=False)]
    lines = cells[first:]
    texts = [_page(one["text"]) for one in report["paragraphs"]]
    for asked in report["questions"]:
        if asked["answer_type"] != "span" or asked.get("req_comparison"):
            continue
        answer, question = str(asked["answer"][0]), asked["question"]
        if asked["answer_from"] == "text":
            marked = _with_answer(answer, question, texts) or []
            own = [page for page in marked if page.holds]
            others = [*(page for page in marked if not page.holds), _table(columns, lines, "")]
        else:
            own, others = _held_in_table(columns, lines, answer), texts
        if own:
            yield _reading(domain, question, own, others)


def _held_in_table(columns: Sequence[str], lines: Sequence[Sequence[str]], answer: str) -> list[GoldPage]:
    """Return a table as a page where one row alone has an answer."""
    places = [
        (at, column)
        for at, row in enumerate(lines)
        for column, cell in enumerate(row)
        if column and _bare(answer) == _bare(cell)
    ]
    if len({at for at, _ in places}) != 1:
        return []
    return [_table(columns, lines, "", held=places[0][0], column=places[0][1])]


def _is_amount(cell: str) -> bool:
    return bool(re.search(r"\d", cell)) and not re.fullmatch(r"(?:19|20)\d\d|.*[A-Za-z]{3}.*", cell)


def _bare(cell: str) -> str:
    return re.sub(r"[$€£%(),\s]|million|thousand", "", cell)


def feta(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of FeTaQA that one row of the table answers."""
    for row in _rows(file):
        columns, *lines = [[re.sub(r"\s+", " ", cell) for cell in line] for line in row["table_array"]]
        held = {place[0] - 1 for place in row["highlighted_cell_ids"] if place[0]}
        if len(held) == 1 and len(lines) > 2 and all(sum(map(len, lines[at])) < LONG for at in held):
            heading = " > ".join(filter(None, [row["table_page_title"], row["table_section_title"]]))
            yield GoldReading(domain, row["question"], [_table(columns, lines, heading, held=held.pop())])


def aitqa(folder: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of AIT-QA that one cell of a table answers.

    `folder` holds `aitqa_tables.jsonl` and `aitqa_questions.jsonl`.
    """
    tables = {table["id"]: table for table in _rows(folder / "aitqa_tables.jsonl")}
    for asked in _rows(folder / "aitqa_questions.jsonl"):
        table = tables[asked["table_id"]]
        above = [[_joined(parts)] for parts in table["row_header"]] or [[]] * len(table["data"])
        lines = [[*named, *map(str.strip, cells)] for named, cells in zip(above, table["data"], strict=False)]
        columns = [*[""] * len(above[0]), *map(_joined, table["column_header"])] if above else []
        answers = [answer.strip() for answer in asked["answers"]]
        places = [
            (at, column) for at, line in enumerate(lines) for column, cell in enumerate(line) if [cell] == answers
        ]
        if len(places) == 1:
            held, column = places[0]
            yield GoldReading(domain, asked["question"], [_table(columns, lines, "", held=held, column=column)])


def _joined(parts: Iterable[str]) -> str:
    """Return the levels of a header as one name."""
    return " - ".join(re.sub(r"\s+", " ", part).strip() for part in parts if part.strip())


# Dialogues and products

_ASKS = re.compile(
    r"(?:what|when|where|who|which|why|how|can|could|do|does|did|is|are|am|will|would|should|may|must|i|my|if|tell|any)"
    r"\b",
    re.IGNORECASE,
)
_IT = r"(?:it|this|that|these|those|they|them|there|one)\b"
#: turns that mean nothing without those before them
_LEANS = re.compile(
    rf"(?:\w+\W+){{0,4}}{_IT}|(?:yes|no|ok|okay|thanks|sure|and|but|what about|how about|what if)\b|"
    r"(?:is|do|does|can|will) (?:so|not)\b",
    re.IGNORECASE,
)
#: words that a question of its own has at least
_OWN = 3


def doc2dial(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of Doc2Dial's file of reading comprehension (CSV), of newest turns that stand alone.

    Left out are those that the agent answers with a question: what is marked there is no answer.
    """
    csv.field_size_limit(10**9)
    rows = list(csv.DictReader(io.StringIO(_text(file).removeprefix("\ufeff"))))
    dialogues: dict[str, list[str]] = {}
    for row in rows:
        turns = _turns(row)
        dialogues[_dialogue(row)] = max(dialogues.get(_dialogue(row), []), turns, key=len)
    for row in rows:
        newest, turns = _turns(row)[0], dialogues[_dialogue(row)]
        reply = turns[turns.index(newest) - 1] if newest in turns[1:] else ""
        question = newest.removeprefix("user:").strip()
        alone = _ASKS.match(question) and not _LEANS.match(question) and len(words(question)) >= _OWN
        if alone and not reply.endswith("?"):
            pages = _sections(row)
            own = [page for page in pages if page.holds]
            if own:
                yield _reading(domain, question, own, (page for page in pages if not page.holds))


def _dialogue(row: Mapping[str, str]) -> str:
    return row["id"].rsplit("_", 1)[0]


def _turns(row: Mapping[str, str]) -> list[str]:
    """Return what was said, the newest turn first."""
    return [turn.strip() for turn in row["question"].split("\t") if turn.strip()]


def _sections(row: Mapping[str, str]) -> list[GoldPage]:
    """Return the paragraphs of a page, each under the short line without an answer that stands above it."""
    text, answer = row["context"], ast.literal_eval(row["answers"])
    marks = [(at, at + len(one)) for at, one in zip(answer["answer_start"], answer["text"], strict=True)]
    title, heading, made = row["title"].rsplit("#", 1)[0], "", list[GoldPage]()
    for found in re.finditer(r"\S(?:.|\n(?!\s*\n))*", text):
        start, end = found.span()
        inside = [(max(at, start) - start, min(to, end) - start) for at, to in marks if at < end and to > start]
        if not inside and "\n" not in found[0].strip() and len(found[0]) < HEADING:
            heading = found[0].strip()
            continue
        page = _page(found[0], " > ".join(filter(None, [title, heading])))
        made.append(_overlapped(page, found[0], inside))
    return made


def _overlapped(page: GoldPage, text: str, marks: Sequence[tuple[int, int]]) -> GoldPage:
    """Return a page with those sentences marked of which more than half is in an answer; an answer may be several."""
    made, end = list[GoldSentence](), 0
    for one in page.sentences:
        start = max(end, text.find(one.text, end))
        end = start + len(one.text)
        parts = [(max(at, start) - start, min(to, end) - start) for at, to in marks if at < end and to > start]
        longest = max(parts, key=lambda part: part[1] - part[0], default=(0, 0))
        holds = 2 * (longest[1] - longest[0]) > len(one.text)
        made.append(GoldSentence(one.text, "holds", longest) if holds else GoldSentence(one.text))
    return GoldPage(page.heading, made)


def dstc11(folder: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of the fifth track of DSTC11: reviews of one hotel or restaurant, and its list of questions.

    `folder` holds `logs.json` and `labels.json` of a part, and `knowledge.json`.
    """
    logs, labels, known = (json.loads(_text(folder / f"{name}.json")) for name in ("logs", "labels", "knowledge"))
    for turns, label in zip(logs, labels, strict=True):
        told = label.get("knowledge", ())
        places = {(one["domain"], str(one["entity_id"])) for one in told}
        question = sentences(turns[-1]["text"])[-1]
        if len(places) == 1 and "?" in question and len(words(question)) >= _OWN - 1:
            ((kind, number),) = places
            wanted = {(one["doc_type"], str(one["doc_id"]), str(one.get("sent_id", ""))) for one in told}
            pages = list(_of_place(known[kind][number], wanted))
            own = [page for page in pages if page.holds]
            yield _reading(domain, question, own, (page for page in pages if not page.holds))


def _of_place(place: Mapping[str, Any], wanted: Collection[tuple[str, str, str]]) -> Iterator[GoldPage]:
    """Yield a page for each review of a place, and one of its questions with their answers."""
    name = place["name"].title()
    for key, review in place["reviews"].items():
        said = [(text, ("review", key, number) in wanted) for number, text in review["sentences"].items()]
        yield GoldPage(f"{name} > Guest review", [_whole(text, holds=holds) for text, holds in said])
    listed = [(f"{one['question']} {one['answer']}", ("faq", key, "") in wanted) for key, one in place["faqs"].items()]
    yield GoldPage(f"{name} > FAQ", [_whole(text, holds=holds) for text, holds in listed])


def _whole(text: str, *, holds: bool) -> GoldSentence:
    return GoldSentence(text, "holds", (0, len(text))) if holds else GoldSentence(text)


def semipqa(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of semiPQA (tabs between cells): the attributes of a product, some on each page.

    Left out are questions made of the name of the attribute that answers.
    """
    asked: dict[str, list[tuple[str, GoldSentence]]] = {}
    for row in csv.DictReader(io.StringIO(_text(file)), delimiter="\t"):
        text = attribute(row["candidate"])
        if not text.endswith(":"):
            asked.setdefault(row["qid"], []).append((row["question"], _whole(text, holds=row["label"] == "1")))
    for rows in asked.values():
        question, told = rows[0][0], [rows[int(at)][1] for at in chance.permutation(len(rows))]
        answers = " ".join(one.text for one in told if one.label == "holds")
        if len(words(question) & words(answers)) <= 1:
            pages = [GoldPage("Product details", told[at : at + ROWS]) for at in range(0, len(told), ROWS)]
            own = [page for page in pages if page.holds] or pages[:1]
            yield _reading(domain, question, own, (page for page in pages if page not in own))


def attribute(text: str) -> str:
    """Return an attribute as a page shows it: of `item_weight: { unit:pounds, value:2 }` "Item weight: 2 pounds"."""
    key, _, value = text.partition(":")
    value = re.sub(r"\b(?:normalized_value|standardized_values):\s*(?:\{[^}]*\}|\[[^\]]*\]),?", "", value)
    value = re.sub(r"unit:(\w+),\s*value:([\d.]+)", r"\2 \1", value)
    value = re.sub(r"\b(?:value|language_tag|name|unit):|[{}\[\]\"]", " ", value).replace("_", " ")
    said = re.sub(r" (?=[,;])", "", " ".join(value.split())).strip(" ,;")
    return f"{key.strip().replace('_', ' ').capitalize()}: {said}".strip()


FORMATS: Mapping[str, Callable[[Path, str, Chance], Iterator[GoldReading]]] = {
    "squad": squad,
    "spans": spans,
    "fairytale": fairytale,
    "clapnq": clapnq,
    "multihop": multihop,
    "wikitables": wikitables,
    "tatqa": tatqa,
    "feta": feta,
    "aitqa": aitqa,
    "doc2dial": doc2dial,
    "dstc11": dstc11,
    "semipqa": semipqa,
}


# More of the same


def collected(kind: str, file: Path, domain: str, *, limit: int, seed: int = 0) -> list[GoldReading]:
    """Return the readings of a file, at most `limit` (0 for all) drawn by chance, some asked or told otherwise.

    One question in six is in lower case or made of its key words; where a page with the answer shares
    a name or a number with the question, two in five have a copy of it beside it that is of something else; and of one
    question in ten the asked thing itself is exchanged, so that nothing holds its answer.
    """
    chance = np.random.default_rng(seed)
    found = list(FORMATS[kind](file, domain, chance))
    order = chance.permutation(len(found))[: limit or None]
    pool = [found[at] for at in chance.permutation(len(found))[:400]]
    names = sorted({name for one in pool for name in _NAME.findall(one.question)[1:]})
    return [_varied(found[at], names, chance) for at in sorted(order)]


def _varied(one: GoldReading, names: Sequence[str], chance: Chance) -> GoldReading:
    pages, question, drawn = list(one.pages), one.question, chance.random()
    holding = next((page for page in pages if page.holds), None)
    told = "" if holding is None else f"{holding.heading} {' '.join(each.text for each in holding.sentences)}"
    shared = [name for name in _subjects(question) if name in told]
    if shared and holding is not None:
        old = shared[int(chance.integers(len(shared)))]
        new = _instead(old, names, chance)
        if drawn < 0.1:
            question = question.replace(old, new)
            pages = [_unmarked(page) for page in pages]
        elif drawn < 0.5:
            pages.insert(1, _unmarked(holding, old, new))
    return GoldReading(one.domain, said_otherwise(question, chance), pages, one.led)


def _unmarked(page: GoldPage, old: str = "", new: str = "") -> GoldPage:
    """Return a page whose sentences hold nothing, of something else where a name is exchanged."""

    def other(text: str) -> str:
        return text.replace(old, new) if old else text

    return GoldPage(other(page.heading), [GoldSentence(other(each.text)) for each in page.sentences])


def said_otherwise(question: str, chance: Chance) -> str:
    """Return a question as it is, or in lower case, or as key words."""
    drawn = chance.random()
    if drawn < 0.09:
        return question.lower()
    if drawn < 0.17:
        kept = re.findall(r"[\w'’.,-]*\w", question)
        kept = [word for word in kept if words(word)]
        return " ".join(kept[::-1] if len(kept) == 2 and chance.random() < 0.5 else kept) or question
    return question


def _subjects(question: str) -> list[str]:
    """Return the names and numbers of a question; its first word is none."""
    rest = question.split(" ", 1)[-1]
    return [name for name in [*_NAME.findall(rest), *_NUMBER.findall(rest)] if len(name) > 1]


def _instead(old: str, names: Sequence[str], chance: Chance) -> str:
    if old[0].isdigit():
        digits = re.sub(r"\D", "", old)[:9]
        return str(int(digits or 1) + int(chance.choice([-3, -2, -1, 1, 2, 3, 10])))
    others = [name for name in names if name != old] or ["Verano"]
    return others[int(chance.integers(len(others)))]
