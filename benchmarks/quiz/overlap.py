"""Report which questions of the quiz repeat content words of the sentence that answers them.

python -m benchmarks.quiz.overlap [FILE ...]

Compared are stems; stop words, names (capitals, digits) and the words that a question lists under `kept` do not count.
"""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
STOP = frozenset(
    """a about after all an and any anybody are as at be because been before being between both but by can could did do
    does done during each either else every everybody for from get gets give gives had has have he her his how i if in
    into is it its itself last least less long made make makes many may me more most much must my new no nobody not now
    of off old on once one only or other our out over own please shall she should since so some somebody something take
    takes than that the their them then there they thing things this those through to too two under until up us was we
    were what when where whether which while who whom whose why will with without would you your""".split()
)
ENDINGS = (
    "ations",
    "ation",
    "ings",
    "ing",
    "ions",
    "ion",
    "ers",
    "ies",
    "ied",
    "er",
    "ed",
    "es",
    "ly",
    "al",
    "s",
    "e",
    "y",
)


def stem(word: str) -> str:
    """Return a word without its ending; at least three letters stay."""
    for ending in ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            word = word.removesuffix(ending)
            break
    return word[:-1] if len(word) > 3 and word[-1] == word[-2] else word


def folded(text: str) -> str:
    """Return the text without diacritics."""
    return "".join(one for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one))


def words(text: str) -> list[str]:
    """Return the words of a text, as they are written; `X's` is `X`."""
    return re.findall(r"\w+", re.sub(r"['’]s?\b", "", folded(text)))


def content(text: str) -> set[str]:
    """Return the stems of all words but stop words."""
    return {stem(word.lower()) for word in words(text)} - {stem(word) for word in STOP}


def repeated(question: Mapping[str, Any]) -> set[str]:
    """Return the stems that a question shares with its sentence, other than names and `kept` words."""
    first, *others = words(question["question"])
    plain = [first, *(word for word in others if word.islower() and not re.search(r"\d", word))]
    return (content(" ".join(plain)) & content(question["sentence"])) - content(" ".join(question.get("kept", [])))


def main(paths: list[Path]) -> None:
    """Print each question that repeats words, without its text, and the shares of all."""
    for path in paths:
        questions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        found = {one["id"]: repeated(one) for one in questions if repeated(one)}
        for name, stems in found.items():
            print(name, " ".join(sorted(stems)))
        kept = sum("kept" in one for one in questions)
        print(
            f"{path.parent.name}: {len(found)} of {len(questions)} questions repeat a word; {kept} keep one knowingly"
        )


if __name__ == "__main__":
    main([Path(name) for name in sys.argv[1:]] or sorted(HERE.glob("*/questions.jsonl")))
