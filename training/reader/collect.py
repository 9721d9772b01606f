"""Readings from the files of published question sets, one function for each format."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...core.words import fold, sentences
from .lists import MOST, GoldReading, GoldSentence, nearest, words

Chance = np.random.Generator
#: sentences of other paragraphs of the same document
OTHERS = 5
#: how many paragraphs away these are at most
NEAR = 7
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


def _cut(text: str, heading: str) -> list[tuple[int, GoldSentence]]:
    """Return the sentences of a paragraph, each with its place and the one before it."""
    found: list[tuple[int, GoldSentence]] = []
    place, before = 0, ""
    for one in sentences(text):
        at = text.find(one, place)
        place = max(place, at) + (len(one) if at >= 0 else 0)
        found.append((max(0, at), GoldSentence(one, heading, before)))
        before = one
    return found


def _marked(cut: Sequence[tuple[int, GoldSentence]], starts: Iterable[tuple[int, int]]) -> list[GoldSentence]:
    """Return the sentences, marked where an answer of these places and ends lies in them."""
    spans = list(starts)

    def label(at: int, one: GoldSentence) -> GoldSentence:
        holds = any(at <= start and end <= at + len(one.text) + 1 for start, end in spans)
        return GoldSentence(one.text, one.heading, one.before, "holds" if holds else "no")

    return [label(at, one) for at, one in cut]


def squad(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of a file in the format of SQuAD, 1.1 or 2.0."""
    for article in json.loads(_text(file))["data"]:
        named = str(article.get("title") or "").replace("_", " ")
        cuts = []
        for paragraph in article["paragraphs"]:
            # A document in one piece has its title on its first line; titles of collections say nothing.
            title = named or paragraph["context"].split("\n", 1)[0][:120]
            cuts.append(_cut(paragraph["context"], "" if re.search("Reviews|Comments", title) else title))
        for place, paragraph in enumerate(article["paragraphs"]):
            near = [cut for at, cut in enumerate(cuts) if at != place and abs(at - place) <= NEAR]
            others = [one for cut in near for _, one in cut]
            yield from _of_paragraph(paragraph["qas"], domain, cuts[place], others)


def _of_paragraph(
    asked: Sequence[Mapping[str, Any]],
    domain: str,
    cut: Sequence[tuple[int, GoldSentence]],
    others: Sequence[GoldSentence],
) -> Iterator[GoldReading]:
    """Yield the readings of a paragraph's questions, but those whose answer goes over the end of a sentence."""
    for one in asked:
        question = one["question"].strip()
        spans = [(each["answer_start"], each["answer_start"] + len(each["text"])) for each in one["answers"]]
        marked = _marked(cut, spans)
        if spans and not any(each.label == "holds" for each in marked):
            continue
        chosen = nearest(question, marked, MOST - OTHERS // 2)
        chosen += nearest(question, others, OTHERS)[: MOST - len(chosen)]
        yield GoldReading(domain, question, chosen)


def fairytale(folder: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of FairytaleQA's folder `data-by-train-split`, of explicit answers within one section."""
    for file in sorted(folder.glob("questions/*/*.csv")):
        story = folder / "section-stories" / file.parent.name / file.name.replace("-questions", "-story")
        if not story.exists():
            continue
        sections = {row["section"]: row["text"] for row in csv.DictReader(io.StringIO(_text(story)))}
        title = file.name.removesuffix("-questions.csv").replace("-", " ").capitalize()
        cuts = {number: [one for _, one in _cut(text, title)] for number, text in sections.items()}
        for row in csv.DictReader(io.StringIO(_text(file))):
            own = cuts.get(row["cor_section"], [])
            if row["ex-or-im1"] != "explicit" or row["local-or-sum"] != "local" or not own:
                continue
            holding = _best_with(row["answer1"], row["question"], own)
            if holding is None:
                continue
            marked = [
                GoldSentence(one.text, one.heading, one.before, "holds" if one is holding else "no") for one in own
            ]
            yield GoldReading(domain, row["question"], nearest(row["question"], marked))


def _best_with(answer: str, question: str, cut: Sequence[GoldSentence]) -> GoldSentence | None:
    """Return the sentence with an answer that shares most words with the question."""
    sought, asked = f" {_plain(answer)} ", words(question)
    holding = [one for one in cut if sought in f" {_plain(one.text)} "]
    return max(holding, key=lambda one: len(asked & words(one.text + " " + one.before)), default=None)


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", fold(text)))


def clapnq(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of a file of ClapNQ; those that need more than two sentences are left out."""
    for row in _rows(file):
        passage, said = row["passages"][0], row.get("output") or [{}]
        texts = passage["sentences"]
        chosen = {fold(one) for one in said[0].get("selected_sentences", [])}
        if len(chosen) > 2:
            continue
        made = [
            GoldSentence(_tidy(text), passage["title"], _tidy(before), "holds" if fold(text) in chosen else "no")
            for before, text in zip(["", *texts], texts, strict=False)
        ]
        yield GoldReading(domain, row["input"], nearest(row["input"], made))


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
        cuts = [[one for _, one in _cut(one["text"], one["title"] or "")] for one in golden]
        holding = _best_with(answer, row["question"], [one for cut in cuts for one in cut])
        if holding is None:
            continue
        names = [re.sub(r"\s*\(.*\)$", "", one["title"] or "") for one in golden]
        made = [
            GoldSentence(
                one.text,
                one.heading,
                one.before,
                "holds" if one is holding else "supports" if _leads(one, place, names) else "no",
            )
            for place, cut in enumerate(cuts)
            for one in cut
        ]
        other = [one for each in row.get("distractors") or [] for _, one in _cut(each["text"], each["title"] or "")[:3]]
        yield GoldReading(domain, row["question"], nearest(row["question"], [*made, *other]), led=True)


def _leads(one: GoldSentence, place: int, names: Sequence[str]) -> bool:
    """Say whether a sentence of one gold passage names another."""
    return any(len(name) > 3 and name in one.text for at, name in enumerate(names) if at != place)


# Tables


def row_text(columns: Sequence[str], cells: Sequence[str]) -> str:
    """Return a row as `column: value; column: value`, without empty cells."""
    pairs = zip(columns, cells, strict=False)
    return "; ".join(f"{name}: {cell}" if name else cell for name, cell in pairs if cell and cell not in "-–—")


def _table(columns: Sequence[str], rows: Sequence[Sequence[str]], heading: str, held: set[int]) -> list[GoldSentence]:
    """Return the rows of a table as sentences, and its header as one that holds nothing."""
    texts = [row_text(columns, row) for row in rows]
    made = [
        GoldSentence(text, heading, before, "holds" if number in held else "no")
        for number, (before, text) in enumerate(zip(["", *texts], texts, strict=False))
        if text
    ]
    return [*made, GoldSentence("; ".join(filter(None, columns)), heading)]


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
        if len(held) != 1 or _OVER_ROWS.search(question) or len(" ".join(lines[held[0]])) > 300:
            continue
        beside = " ".join(cell for cell in lines[held[0]] if fold(cell) != answer)
        if words(question) & words(beside):
            yield GoldReading(domain, question, nearest(question, _table(columns, lines, "", set(held))))
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
        if not lines[at][column] or sum(map(len, lines[at])) > 300:
            continue
        asked, key = fold(columns[column]), keys[at]
        forms = (f"What is the {asked} of {key}?", f"{key} {asked}", f"Which {asked} does {key} have?")
        question = forms[int(chance.integers(len(forms)))]
        held = set() if chance.random() < 0.25 else {at}
        kept = [line for place, line in enumerate(lines) if held or place != at]
        if not held and chance.random() < 0.5:  # the row is there, the column is not
            kept = [[cell for place, cell in enumerate(line) if place != column] for line in lines]
            columns = [name for place, name in enumerate(columns) if place != column]
            yield GoldReading(domain, question, nearest(question, _table(columns, kept, "", held)))
            return
        yield GoldReading(domain, question, nearest(question, _table(columns, kept, "", held)))


def tatqa(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of TAT-QA whose answer stands in one row of the table or in the text."""
    for report in json.loads(_text(file)):
        cells = [[re.sub(r"\s+", " ", cell).strip() for cell in row] for row in report["table"]["table"]]
        first = next((at for at, row in enumerate(cells) if at and any(map(_is_amount, row[1:]))), 1)
        columns = [" ".join(dict.fromkeys(filter(None, names))) for names in zip(*cells[:first], strict=False)]
        lines = cells[first:]
        texts = [[one for _, one in _cut(one["text"], "")] for one in report["paragraphs"]]
        for asked in report["questions"]:
            if asked["answer_type"] != "span" or asked.get("req_comparison"):
                continue
            answer, question = str(asked["answer"][0]), asked["question"]
            held: set[int] = set()
            holding = None
            if asked["answer_from"] == "text":
                holding = _best_with(answer, question, [one for text in texts for one in text])
            else:
                with_it = [at for at, row in enumerate(lines) if any(_bare(answer) == _bare(cell) for cell in row[1:])]
                held = set(with_it) if len(with_it) == 1 else set()
            if holding is None and not held:
                continue
            said = [
                GoldSentence(one.text, one.heading, one.before, "holds" if one is holding else "no")
                for text in texts
                for one in text
            ]
            yield GoldReading(domain, question, nearest(question, [*said, *_table(columns, lines, "", held)]))


def _is_amount(cell: str) -> bool:
    return bool(re.search(r"\d", cell)) and not re.fullmatch(r"(?:19|20)\d\d|.*[A-Za-z]{3}.*", cell)


def _bare(cell: str) -> str:
    return re.sub(r"[$€£%(),\s]|million|thousand", "", cell)


def feta(file: Path, domain: str, chance: Chance) -> Iterator[GoldReading]:
    """Yield the readings of FeTaQA that one row of the table answers."""
    for row in _rows(file):
        columns, *lines = [[re.sub(r"\s+", " ", cell) for cell in line] for line in row["table_array"]]
        held = {place[0] - 1 for place in row["highlighted_cell_ids"] if place[0]}
        if len(held) == 1 and len(lines) > 2 and all(sum(map(len, lines[at])) < 300 for at in held):
            heading = " > ".join(filter(None, [row["table_page_title"], row["table_section_title"]]))
            yield GoldReading(domain, row["question"], nearest(row["question"], _table(columns, lines, heading, held)))


FORMATS: Mapping[str, Callable[[Path, str, Chance], Iterator[GoldReading]]] = {
    "squad": squad,
    "fairytale": fairytale,
    "clapnq": clapnq,
    "multihop": multihop,
    "wikitables": wikitables,
    "tatqa": tatqa,
    "feta": feta,
}


# More of the same


def collected(kind: str, file: Path, domain: str, *, limit: int, seed: int = 0) -> list[GoldReading]:
    """Return the readings of a file, at most `limit` (0 for all) drawn by chance, some asked or told otherwise.

    One question in six is in lower case or made of its key words; a sentence that holds the answer has, where it
    shares a name or a number with the question, a copy beside it that is of something else; and of one question in
    ten the asked thing itself is exchanged, so that nothing holds its answer.
    """
    chance = np.random.default_rng(seed)
    found = list(FORMATS[kind](file, domain, chance))
    order = chance.permutation(len(found))[: limit or None]
    pool = [found[at] for at in chance.permutation(len(found))[:400]]
    names = sorted({name for one in pool for name in _NAME.findall(one.question)[1:]})
    return [_varied(found[at], names, chance) for at in sorted(order)]


def _varied(one: GoldReading, names: Sequence[str], chance: Chance) -> GoldReading:
    sentences, question, drawn = list(one.sentences), one.question, chance.random()
    holding = [each for each in sentences if each.label == "holds"]
    shared = [name for name in _subjects(question) if holding and name in holding[0].text + holding[0].heading]
    if shared:
        old = shared[int(chance.integers(len(shared)))]
        new = _instead(old, names, chance)
        if drawn < 0.1:
            question = question.replace(old, new)
            sentences = [GoldSentence(each.text, each.heading, each.before) for each in sentences]
        elif drawn < 0.6:
            text, above, before = (
                part.replace(old, new) for part in (holding[0].text, holding[0].heading, holding[0].before)
            )
            sentences.insert(0, GoldSentence(text, above, before))  # where the likeliest of the wrong ones stand
    return GoldReading(one.domain, said_otherwise(question, chance), sentences, one.led)


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
